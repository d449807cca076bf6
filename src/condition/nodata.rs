//! Whether a reply holds what was asked for: a record of the type at the end of the chain of aliases
//! (RFC 1034 section 3.6.2, RFC 6672). One rule: the order of the records does not matter, and
//! neither does what else is in the answer.

use std::collections::{HashMap, HashSet};

use crate::dns::message::{Message, Question, Record};
use crate::dns::name::Name;
use crate::dns::section::Section;

const CNAME: u16 = 5;
const DNAME: u16 = 39;
const ANY: u16 = 255;
/// The most octets of a name on the wire (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;

/// A name without compression and in lower case, so that equal names are equal octets (RFC 4343).
type Key = Vec<u8>;

/// The name at whose end the type asked for is missing, in presentation format; `None` where there
/// is a record of it, or where nothing was asked.
pub(super) fn missing_at(query: &Message<'_>, reply: &Message<'_>) -> Option<String> {
    let question = query.questions.first()?;
    let records = of_class(reply, question);
    let start = key(&question.name);
    let mut end = start.clone();
    let (mut todo, mut seen) = (vec![start.clone()], HashSet::from([start]));
    // each name is looked at once, and there are only as many as the records can lead to
    while let Some(owner) = todo.pop() {
        let here = records.get(&owner).map(Vec::as_slice).unwrap_or_default();
        if here.iter().any(|record| is_asked(question.record_type, record.record_type)) {
            return None;
        }
        for target in aliases(&owner, here, &records) {
            if seen.len() <= records.len() + MAX_NAME && seen.insert(target.clone()) {
                end.clone_from(&target);
                todo.push(target);
            }
        }
    }
    Name::alone(&end).map(|name| name.to_string())
}

/// The records of the answer section, by owner, that are of the class asked for.
fn of_class<'a>(
    reply: &'a Message<'a>,
    question: &Question<'_>,
) -> HashMap<Key, Vec<&'a Record<'a>>> {
    let mut records: HashMap<Key, Vec<_>> = HashMap::new();
    for record in reply.section(Section::Answer) {
        if question.class == ANY || record.class == question.class {
            records.entry(key(&record.owner)).or_default().push(record);
        }
    }
    records
}

/// Whether a record of type `found` is what `asked` asks for. MAILB and MAILA stand for several
/// types (RFC 1035 section 3.2.3).
fn is_asked(asked: u16, found: u16) -> bool {
    match asked {
        ANY => true,
        253 => (7..=9).contains(&found),
        254 => (3..=4).contains(&found),
        asked => asked == found,
    }
}

/// What `owner` is another name of: by a CNAME of its own, and by a DNAME of a name above it.
fn aliases(
    owner: &Key,
    here: &[&Record<'_>],
    records: &HashMap<Key, Vec<&Record<'_>>>,
) -> Vec<Key> {
    let target = |record: &&Record<'_>, kind| {
        (record.record_type == kind).then(|| record.rdata.name()).flatten().map(|it| key(&it))
    };
    let mut found: Vec<Key> = here.iter().filter_map(|it| target(it, CNAME)).collect();
    let mut cut = 0;
    while let Some(length @ 1..) = owner.get(cut) {
        cut += 1 + usize::from(*length);
        let (below, above) = owner.split_at_checked(cut).unwrap_or_default();
        for record in records.get(above).into_iter().flatten() {
            let whole = target(record, DNAME).map(|target| [below, &target].concat());
            found.extend(whole.filter(|it| it.len() <= MAX_NAME));
        }
    }
    found
}

fn key(name: &Name<'_>) -> Key {
    let mut key = Vec::with_capacity(name.length());
    name.write_wire(&mut key);
    // no length of a label is a capital
    key.make_ascii_lowercase();
    key
}

#[cfg(test)]
mod tests;
