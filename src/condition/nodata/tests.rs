//! Replies of every shape, and whether they hold what was asked for.

use super::*;

const A: u16 = 1;
const RRSIG: u16 = 46;
const AAAA: u16 = 28;
const TXT: u16 = 16;

/// `name` without compression.
fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut octets: Vec<u8> =
        labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    octets.push(0);
    octets
}

fn message(question: &str, record_type: u16, class: u16, answer: &[Vec<u8>]) -> Vec<u8> {
    let count = (answer.len() as u16).to_be_bytes();
    let mut octets = vec![0, 0, 0x81, 0x80, 0, 1, count[0], count[1], 0, 0, 0, 0];
    octets.extend(wire(question));
    octets.extend([record_type.to_be_bytes(), class.to_be_bytes()].concat());
    octets.extend(answer.concat());
    octets
}

/// `owner TYPE data`: the data are a name for CNAME and DNAME, and four octets otherwise. A class
/// may stand before the type.
fn record(text: &str) -> Vec<u8> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let class: u16 = if words.contains(&"CH") { 3 } else { 1 };
    let record_type = words.iter().find_map(|word| match *word {
        "A" => Some(A),
        "AAAA" => Some(AAAA),
        "TXT" => Some(TXT),
        "SOA" => Some(6),
        "MB" => Some(7),
        "MD" => Some(3),
        "CNAME" => Some(CNAME),
        "DNAME" => Some(DNAME),
        "RRSIG" => Some(RRSIG),
        _ => None,
    });
    let record_type = record_type.unwrap();
    let data = match record_type {
        CNAME | DNAME => wire(words.last().unwrap()),
        _ => vec![192, 0, 2, 1],
    };
    let length = (data.len() as u16).to_be_bytes();
    let fields = [record_type.to_be_bytes(), class.to_be_bytes(), [0, 0], [1, 0], length].concat();
    [wire(words[0]), fields, data].concat()
}

fn missing(question: (&str, u16, u16), answer: &[&str]) -> Option<String> {
    let (name, record_type, class) = question;
    let query = message(name, record_type, class, &[]);
    let answer: Vec<Vec<u8>> = answer.iter().map(|it| record(it)).collect();
    let reply = message(name, record_type, class, &answer);
    let reply = Message::read(&reply);
    // the data are not those of their type, but whole records
    assert_eq!(reply.section(Section::Answer).len(), answer.len(), "{answer:?}");
    missing_at(&Message::read(&query), &reply)
}

#[test]
fn what_was_asked_for_is_found_at_the_end_of_the_chain() {
    for (name, record_type, class, answer) in [
        ("q.test", A, 1, &["q.test A"][..]),
        ("q.test", A, 1, &["Q.TEST A"]),
        ("Q.Test", A, 1, &["q.tesT CNAME A.test", "a.TEST A"]),
        ("q.test", A, 1, &["q.test CNAME a.test", "a.test A"]),
        ("q.test", A, 1, &["a.test A", "q.test CNAME a.test"]),
        (
            "q.test",
            A,
            1,
            &["c.test A", "b.test CNAME c.test", "a.test CNAME b.test", "q.test CNAME a.test"],
        ),
        ("q.test", A, 1, &["x.test TXT", "q.test RRSIG", "q.test A"]),
        // a DNAME, with the CNAME made of it and without
        ("w.q.test", A, 1, &["q.test DNAME b.test", "w.q.test CNAME w.b.test", "w.b.test A"]),
        ("w.q.test", A, 1, &["w.b.test A", "q.test DNAME b.test"]),
        ("a.w.q.test", A, 1, &["Q.test DNAME b.test", "a.w.b.test A"]),
        ("q.test", A, 1, &["test DNAME b.example", "q.b.example A"]),
        ("q.test", A, 1, &[". DNAME b.example", "q.test.b.example A"]),
        // two chains, of which one leads somewhere
        ("q.test", A, 1, &["q.test CNAME a.test", "q.test CNAME b.test", "b.test A"]),
        ("q.test", A, 1, &["q.test CNAME b.test", "q.test CNAME a.test", "b.test A"]),
        // a loop beside the data
        ("q.test", A, 1, &["q.test CNAME a.test", "a.test CNAME q.test", "a.test A"]),
        ("q.test", A, 1, &["q.test CNAME a.test", "q.test A"]),
        ("q.test", CNAME, 1, &["q.test CNAME a.test"]),
        ("q.test", DNAME, 1, &["q.test DNAME a.test"]),
        ("q.test", RRSIG, 1, &["q.test RRSIG"]),
        ("q.test", ANY, 1, &["q.test TXT"]),
        ("q.test", ANY, 1, &["q.test CNAME a.test"]),
        ("q.test", ANY, 1, &["q.test RRSIG"]),
        ("q.test", TXT, 3, &["q.test CH TXT"]),
        ("q.test", A, ANY, &["q.test A"]),
        ("q.test", TXT, ANY, &["q.test CH TXT"]),
        ("q.test", 253, 1, &["q.test MB"]),
        ("q.test", 254, 1, &["q.test MD"]),
        (".", A, 1, &[". A"]),
    ] {
        assert_eq!(missing((name, record_type, class), answer), None, "{name}: {answer:?}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_name_at_the_end_of_the_chain() {
    for (name, record_type, class, answer, end) in [
        ("q.test", A, 1, &[][..], "q.test."),
        ("q.test", A, 1, &["q.test CNAME goo.gle.test"], "goo.gle.test."),
        ("q.test", A, 1, &["b.test CNAME c.test", "q.test CNAME b.test"], "c.test."),
        // signatures, aliases and other types are not what was asked for
        ("q.test", A, 1, &["q.test RRSIG"], "q.test."),
        ("q.test", A, 1, &["q.test CNAME b.test", "q.test RRSIG", "b.test RRSIG"], "b.test."),
        ("q.test", AAAA, 1, &["q.test A"], "q.test."),
        ("q.test", A, 1, &["q.test SOA"], "q.test."),
        ("q.test", CNAME, 1, &["q.test A"], "q.test."),
        ("q.test", DNAME, 1, &["q.test CNAME a.test"], "a.test."),
        // of another name, or another class
        ("q.test", A, 1, &["p.test A"], "q.test."),
        ("q.test", A, 1, &["w.q.test A", "test A"], "q.test."),
        ("q.test", A, 1, &["q.test CH A"], "q.test."),
        ("q.test", TXT, 3, &["q.test TXT"], "q.test."),
        ("q.test", A, 1, &["q.test CH CNAME a.test", "a.test A"], "q.test."),
        ("q.test", ANY, 1, &["p.test A"], "q.test."),
        ("q.test", 253, 1, &["q.test MD"], "q.test."),
        ("q.test", 254, 1, &["q.test MB"], "q.test."),
        // a DNAME is for names below it alone
        ("q.test", A, 1, &["q.test DNAME b.test", "b.test A"], "q.test."),
        ("w.q.test", A, 1, &["q.test DNAME b.test", "b.test A"], "w.b.test."),
        ("wq.test", A, 1, &["q.test DNAME b.test", "b.test A", "w.b.test A"], "wq.test."),
    ] {
        let found = missing((name, record_type, class), answer).unwrap_or_default();
        assert_eq!(found, end, "{name}: {answer:?}");
    }
}

#[test]
fn a_chain_without_an_end_ends() {
    for answer in [
        &["q.test CNAME q.test"][..],
        &["q.test CNAME a.test", "a.test CNAME b.test", "b.test CNAME q.test"],
        // each turn makes a longer name, until none is longer
        &["test DNAME b.test"],
        &["test DNAME b.test", "test DNAME c.test", "test DNAME d.e.test"],
        &[". DNAME a"],
    ] {
        assert!(missing(("q.test", A, 1), answer).is_some(), "{answer:?}");
    }
    // the largest reply there is, each record leading to the next
    let records: Vec<Vec<u8>> =
        (0..2500).map(|n| record(&format!("n{n} CNAME n{}", n + 1))).collect();
    let reply = message("n0", A, 1, &records);
    let query = message("n0", A, 1, &[]);
    let end = missing_at(&Message::read(&query), &Message::read(&reply));
    assert_eq!(end.as_deref(), Some("n2500."));
}
