//! What a command line decides: every option in both forms, alone and beside others.

mod changes;
mod words;

use super::*;
use crate::cli::options::{Argument, OPTIONS};
use crate::cli::{Command, Look, parse};
use crate::dns::query::{Padding, Serial, flag};
use crate::dns::rdata::{class_name, type_name};
use changes::CHANGES;

fn look(line: &str) -> Look {
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Look(look)) => *look,
        other => panic!("{line}: {other:?}"),
    }
}

fn lookups(line: &str) -> Vec<Lookup> {
    let plan = |settings| Lookup::new(settings).unwrap_or_else(|error| panic!("{line}: {error}"));
    look(line).queries.iter().map(plan).collect()
}

/// `name type class` of each query.
fn questions(line: &str) -> Vec<String> {
    lookups(line).iter().map(|it| question(&it.query)).collect()
}

fn question(query: &Query) -> String {
    let qtype = type_name(query.qtype).map_or(format!("TYPE{}", query.qtype), str::to_owned);
    let qclass = class_name(query.qclass).map_or(format!("CLASS{}", query.qclass), str::to_owned);
    format!("{} {qtype} {qclass}", query.owner())
}

/// `host@port` of each server of the only query.
fn servers(line: &str) -> Vec<String> {
    match &lookups(line)[..] {
        [only] => targets_of(only).iter().map(Target::typed).collect(),
        several => panic!("{line}: {several:?}"),
    }
}

fn targets_of(lookup: &Lookup) -> &[Target] {
    match &lookup.route.targets {
        Targets::Given(targets) => targets,
        Targets::System(template) => std::slice::from_ref(template),
    }
}

fn message(line: &str) -> String {
    let fault = |error: Error| error.to_string();
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Look(look)) => {
            let plans = look.queries.iter().map(Lookup::new).collect::<Result<Vec<_>, _>>();
            plans.map_or_else(fault, |_| panic!("{line} can be asked"))
        }
        Ok(other) => panic!("{line}: {other:?}"),
        Err(error) => fault(error),
    }
}

/// Everything that is decided, a word for each fact.
fn facts(lookup: &Lookup) -> Vec<String> {
    let mut facts = vec![question(&lookup.query).replace(' ', "/")];
    facts.extend(facts_of_query(&lookup.query));
    facts.extend(lookup.random_cookie.then(|| "random-cookie".to_owned()));
    facts.extend(lookup.transfer.then(|| "transfer".to_owned()));
    facts.extend(facts_of_route(&lookup.route));
    targets_of(lookup).iter().for_each(|target| facts.extend(facts_of_target(target)));
    facts.extend(facts_of_display(&lookup.route.display));
    facts
}

fn facts_of_query(query: &Query) -> Vec<String> {
    let bits = [
        (flag::NOTIFY, "notify"),
        (flag::AA, "aa"),
        (flag::TC, "tc"),
        (flag::RD, "rd"),
        (flag::RA, "ra"),
        (flag::Z, "z"),
        (flag::AD, "ad"),
        (flag::CD, "cd"),
    ];
    let set = bits.iter().filter(|(bit, _)| query.flags & bit != 0);
    let mut facts: Vec<String> = set.map(|(_, name)| name.to_string()).collect();
    facts.extend(query.serial.map(|serial| match serial {
        Serial::Answer(serial) => format!("answer={serial}"),
        Serial::Authority(serial) => format!("authority={serial}"),
    }));
    let Some(edns) = &query.edns else { return facts };
    facts.push(format!("edns={}", edns.version));
    facts.push(format!("size={}", edns.size));
    facts.extend((edns.flags & 0x8000 != 0).then(|| "do".to_owned()));
    facts.extend((edns.flags & 0x2000 != 0).then(|| "de".to_owned()));
    facts.extend(edns.options.iter().map(|(code, data)| {
        let hex: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("opt={code}:{hex}")
    }));
    facts.push(match edns.padding {
        Padding::Off => "pad=no".to_owned(),
        Padding::Block(block) => format!("pad=to{block}"),
        Padding::Length(length) => format!("pad={length}"),
    });
    facts
}

fn facts_of_route(route: &Route) -> Vec<String> {
    let mut facts = vec![match route.transport {
        Transport::Tls => "tls".to_owned(),
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp { retry, ignore } => format!("udp,retry={retry},ignore={ignore}"),
    }];
    facts.extend(route.source.map(|source| format!("from={source}")));
    facts.extend(route.proxy.map(|it| format!("proxy={}-{}", it.source, it.destination)));
    facts.extend(route.key.as_ref().map(|key| match key {
        KeySource::Typed(_) => "key".to_owned(),
        KeySource::File(path) => format!("key={path}"),
    }));
    facts.extend(route.keepopen.then(|| "keepopen".to_owned()));
    facts.extend(route.badcookie.then(|| "badcookie".to_owned()));
    facts.extend(route.fallback.map(|port| format!("fallback={port}")));
    facts.extend((!route.delay.is_zero()).then(|| format!("delay={:?}", route.delay)));
    facts.push(route.timeout.map_or("for-ever".to_owned(), |time| format!("time={time:?}")));
    facts.extend(route.conditions.fail.iter().map(|it| format!("fail={it:?}")));
    facts.extend(route.conditions.expiry.map(|it| format!("expiry={it:?}")));
    facts
}

fn facts_of_target(target: &Target) -> Vec<String> {
    let mut facts = vec![format!("to={}", target.typed())];
    let policy = &target.policy;
    facts.extend(target.family.map(|family| format!("{family:?}")));
    facts.extend(policy.roots.iter().map(|root| match root {
        Root::File(path) => format!("root={path}"),
        root => format!("root={root:?}"),
    }));
    // what is not verified is still compared, for the verdict
    facts.extend(policy.name.as_ref().map(|name| format!("name={}", name.to_str())));
    facts.extend(policy.pins.iter().map(|pin| format!("pin={:02x}", pin[0])));
    facts.extend(policy.pin_files.iter().map(|path| format!("pin={path}")));
    facts.extend(policy.staple.map(|age| format!("staple={}h", age.as_secs() / 3600)));
    facts.extend(target.sni.as_ref().map(|name| format!("sni={}", name.to_str())));
    facts.extend(target.hello.alpn.iter().map(|token| format!("alpn={token}")));
    facts.extend(target.hello.version.map(|version| format!("{version:?}")));
    facts.extend(target.hello.groups.iter().map(|groups| format!("{groups:?}")));
    facts.extend(target.hello.own.iter().map(|(chain, key)| format!("own={chain},{key}")));
    facts
}

fn facts_of_display(display: &Display) -> Vec<String> {
    let shown = [
        (display.multiline, "multiline"),
        (display.generic, "generic"),
        (display.crypto, "crypto"),
        (display.qr, "qr"),
        (display.header, "header"),
        (display.comments, "comments"),
        (display.opt, "opt"),
        (display.opttext, "opttext"),
        (display.optpresent, "optpresent"),
        (display.question, "question"),
        (display.answer, "answer"),
        (display.authority, "authority"),
        (display.additional, "additional"),
        (display.tsig, "tsig"),
        (display.stats, "stats"),
        (display.stats_of_data, "stats-of-data"),
        (display.class, "class"),
        (display.ttl, "ttl"),
        (display.idnout, "idnout"),
        (display.cert, "cert"),
        (display.pem, "pem"),
    ];
    let shown = shown.iter().filter(|(on, _)| *on).map(|(_, name)| name.to_string());
    [format!("{:?}", display.format)].into_iter().chain(shown).collect()
}

/// What `words` change in a lookup: facts that are gone, then facts that are new.
fn changes(words: &str) -> String {
    let plain = facts(&lookups("@192.0.2.1 example.com")[0]);
    let found = facts(&lookups(&format!("@192.0.2.1 example.com {words}"))[0]);
    let gone = plain.iter().filter(|it| !found.contains(it)).map(|it| format!("-{it}"));
    let new = found.iter().filter(|it| !plain.contains(it)).map(|it| format!("+{it}"));
    gone.chain(new).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_option_decides_what_it_says() {
    for (words, expected) in CHANGES {
        assert_eq!(changes(words), *expected, "{words}");
    }
}

#[test]
fn each_option_is_tried_in_both_forms() {
    let words: Vec<&str> = CHANGES.iter().flat_map(|(words, _)| words.split(' ')).collect();
    let tried = |name: String| words.iter().any(|it| it.split('=').next() == Some(&name));
    for row in OPTIONS {
        assert!(tried(format!("+{}", row.name)), "+{}", row.name);
        assert!(tried(format!("+no{}", row.name)), "+no{}", row.name);
    }
}

#[test]
fn what_is_on_over_tls_changes_nothing_there_and_something_in_cleartext() {
    for row in OPTIONS.iter().filter(|it| it.on_where == Some("over TLS")) {
        assert_eq!(changes(&format!("+{}", row.name)), "", "+{}", row.name);
        let there = changes(&format!("+notls +{}", row.name));
        assert_ne!(there, changes("+notls"), "+{}", row.name);
    }
}

#[test]
fn what_is_off_changes_something_when_it_is_on() {
    // a batch, UDP, and the multiple that a query is padded to anyway
    const UNSEEN: [&str; 4] = ["unordered", "names", "ignore", "alignment"];
    for row in OPTIONS.iter().filter(|it| !it.on_by_default() && it.on_where.is_none()) {
        let needs_value = matches!(row.argument, Argument::Required(_));
        if !needs_value && !UNSEEN.contains(&row.name) {
            assert_ne!(changes(&format!("+{}", row.name)), "", "+{}", row.name);
        }
    }
}
