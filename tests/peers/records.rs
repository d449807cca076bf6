//! The records that kdig 3.2.6 shows as RFC 3597 data, beside dig, white space and case folded.
//!
//! tdig has to have dig's words for each of them; only kdig in its place may have data.

use std::path::Path;

use crate::alterations::UNKNOWN_TO_KDIG;
use crate::commands::{Subject, owners_and_types};
use crate::process::{run, say, tools};
use crate::servers::Lab;

/// Asks dig over plain TCP and tdig over TLS for the same sets; panics with all that differ.
pub(crate) fn check(lab: &Lab) {
    let Some([dig]) = tools("records-dig", ["dig"]) else { return };
    let subject = Subject::of_this_run();
    let mut faults = Vec::new();
    let (mut in_words, mut generic) = (Vec::new(), Vec::new());
    for (owner, kind) in owners_and_types(lab) {
        let Some((name, number)) = UNKNOWN_TO_KDIG.iter().find(|(name, _)| *name == kind) else {
            continue;
        };
        let question = format!("+short -q {owner} -t TYPE{number}");
        let ours = answer(lab, &subject.program, &format!("+tls @127.0.0.1#{{dot}} {question}"));
        let plain = format!("@127.0.0.1 -p {{plain}} +tcp {question}");
        if ours == answer(lab, &dig, &plain) {
            in_words.push(*name);
        } else if subject.is_kdig && ours == answer(lab, &dig, &format!("{plain} +unknownformat")) {
            generic.push(*name);
        } else {
            let wanted = answer(lab, &dig, &plain);
            faults.push(format!("  {owner} {name}: dig has {wanted:?}, tdig {ours:?}"));
        }
    }
    say(&format!("as in dig: {}", in_words.join(" ")));
    if subject.is_kdig {
        say(&format!("as RFC 3597 data: {}", generic.join(" ")));
    }
    assert!(in_words.len() + generic.len() + faults.len() >= 25, "the zone has lost types");
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

/// The records of a `+short` answer without white space, in one order and one case.
fn answer(lab: &Lab, program: &Path, line: &str) -> Vec<String> {
    let said = run(program, &lab.words(line), lab.place());
    let mut records: Vec<String> = said.stdout.lines().map(folded).collect();
    records.sort();
    records
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

#[test]
fn white_space_and_case_are_folded() {
    assert_eq!(folded("0xAB cd \t EF"), "0xabcdef");
}
