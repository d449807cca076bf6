//! Transfers from messages that hold serials alone. One rule: a message is a list of serials.

use super::*;

/// A message about the root with these records: a serial is an SOA record, none an A record.
fn message(records: &[Option<u32>]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0x84, 0, 0, 0, 0, records.len() as u8, 0, 0, 0, 0];
    for record in records {
        match record {
            Some(serial) => bytes.extend(soa(&[0], *serial)),
            None => bytes.extend([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]),
        }
    }
    bytes
}

fn soa(owner: &[u8], serial: u32) -> Vec<u8> {
    let head = [0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0];
    [owner, &head, &serial.to_be_bytes(), &[0; 16]].concat()
}

/// The query for the root zone, or for what changed in it since a serial.
fn query(since: Option<u32>) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, since.is_some().into(), 0, 0];
    bytes.extend([0, 0, if since.is_some() { 251 } else { 252 }, 0, 1]);
    bytes.extend(since.map(|since| soa(&[0], since)).unwrap_or_default());
    bytes
}

/// What becomes of these messages, up to the last one.
fn steps(since: Option<u32>, messages: &[Vec<u8>]) -> Result<Vec<Step>, TransferFault> {
    let query = query(since);
    let query = Message::read(&query);
    let mut transfer = Transfer::new(&query);
    let mut steps: Vec<Step> = Vec::new();
    for bytes in messages {
        if steps.last().is_none_or(|step| !step.last) {
            let message = Message::read(bytes);
            steps.push(transfer.message(&message, &transfer.faults(&message))?);
        }
    }
    Ok(steps)
}

/// After which of the messages the transfer is over.
fn ends(since: Option<u32>, messages: &[&[Option<u32>]]) -> Option<usize> {
    let messages: Vec<_> = messages.iter().map(|records| message(records)).collect();
    steps(since, &messages).unwrap().iter().position(|step| step.last)
}

fn fault(bytes: &[u8]) -> TransferFault {
    steps(None, &[bytes.to_vec()]).unwrap_err()
}

#[test]
fn a_whole_zone_ends_with_its_soa_record() {
    let a = None;
    assert_eq!(ends(None, &[&[Some(7), a, a, Some(7)]]), Some(0));
    assert_eq!(ends(None, &[&[Some(7)], &[a, a], &[a], &[Some(7)]]), Some(3));
    assert_eq!(ends(None, &[&[Some(7), Some(7)]]), Some(0));
    assert_eq!(ends(None, &[&[Some(7), a], &[a]]), None);
}

#[test]
fn an_increment_ends_where_the_newest_version_follows_what_was_added() {
    let (a, since) = (None, Some(5));
    assert_eq!(ends(since, &[&[Some(7), a, Some(7)]]), Some(0));
    let one = [Some(7), Some(6), a, Some(7), a, Some(7)];
    assert_eq!(ends(Some(6), &[&one]), Some(0));
    assert_eq!(ends(Some(6), &[&one[..5], &one[5..]]), Some(1));
    let two = [Some(7), Some(5), a, Some(6), a, Some(6), a, Some(7), Some(7)];
    assert_eq!(ends(since, &[&two[..4], &two[4..8], &two[8..]]), Some(2));
    // a whole zone in answer to a query for an increment
    assert_eq!(ends(since, &[&[Some(7), a], &[a, Some(7)]]), Some(1));
    // each record in a message of its own
    let each: Vec<_> = two.chunks(1).collect();
    assert_eq!(ends(since, &each), Some(8));
}

#[test]
fn one_soa_record_alone_is_the_end_of_an_increment_where_it_is_not_newer() {
    for (since, serial, ends_it) in [
        (7, 7, true),
        (8, 7, true),
        (6, 7, false),
        (u32::MAX, 3, false),
        (3, u32::MAX, true),
        (0, 1 << 31, true),
        (0, (1 << 31) - 1, false),
    ] {
        let end = ends_it.then_some(0);
        assert_eq!(ends(Some(since), &[&[Some(serial)]]), end, "{since} {serial}");
    }
    assert_eq!(ends(None, &[&[Some(7)]]), None);
}

#[test]
fn a_message_without_a_record_is_taken_anywhere_and_brings_nothing() {
    let messages = [&[][..], &[Some(7)], &[], &[None], &[], &[Some(7)]].map(message);
    let steps = steps(None, &messages).unwrap();
    let records: Vec<_> = steps.iter().map(|step| step.records).collect();
    assert_eq!(records, [0, 1, 0, 1, 0, 1]);
    assert!(steps[5].last);
}

#[test]
fn records_beyond_the_end_are_counted() {
    let messages = [message(&[Some(7), None, Some(7), None, Some(7)])];
    let step = Step { last: true, records: 5, beyond: 2, odd: vec![] };
    assert_eq!(steps(None, &messages), Ok(vec![step]));
}

#[test]
fn what_is_no_transfer_is_refused() {
    let mut refused = message(&[]);
    refused[3] = 5;
    assert!(matches!(fault(&refused), TransferFault::Rcode { .. }));
    assert_eq!(fault(&message(&[None])), TransferFault::NoSoa);
    let cut = &message(&[Some(7), None])[..50];
    assert!(matches!(fault(cut), TransferFault::Unreadable(Fault::Cut { number: 2, .. })));
    let mut query = message(&[Some(7)]);
    query[2] = 0;
    assert_eq!(fault(&query), TransferFault::NoAnswer(Fault::NotAReply));
    let other = [&[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0][..], &soa(b"\x01a\0", 7)].concat();
    assert_eq!(fault(&other), TransferFault::OtherZone { owner: "a.".into() });
    let question = [&[0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x01a\0\0\x01\0\x01"];
    assert!(matches!(
        fault(&question.concat()),
        TransferFault::NoAnswer(Fault::OtherQuestion { .. })
    ));
}

#[test]
fn the_soa_record_of_another_owner_ends_no_zone() {
    let mut middle = message(&[Some(7)]);
    middle[7] = 2;
    middle.extend(soa(b"\x01a\0", 7));
    let steps = steps(None, &[middle, message(&[Some(7)])]).unwrap();
    assert_eq!(steps.iter().position(|step| step.last), Some(1));
}

#[test]
fn what_is_not_the_version_asked_for_ends_a_transfer_at_once() {
    use TransferFault::{Backwards, Changed, Gap, Start};
    let a = None;
    let changed = |last| Changed { first: 7, last };
    for (since, records, expected) in [
        // a whole zone has one version
        (None, &[Some(7), a, Some(8)][..], changed(8)),
        (None, &[Some(7), a, Some(6), a, Some(7)], changed(6)),
        (None, &[Some(7), Some(8)], changed(8)),
        (Some(5), &[Some(7), a, Some(8)], changed(8)),
        // an increment starts from the version asked for
        (Some(5), &[Some(7), Some(4), a, Some(7), a, Some(7)], Start { from: 4, since: 5 }),
        (Some(5), &[Some(7), Some(6), a, Some(7), a, Some(7)], Start { from: 6, since: 5 }),
        (Some(5), &[Some(7), Some(8)], Start { from: 8, since: 5 }),
        // goes on from where it came to
        (Some(4), &[Some(7), Some(4), a, Some(5), a, Some(6)], Gap { reached: 5, next: 6 }),
        (Some(4), &[Some(7), Some(4), a, Some(5), a, Some(7)], Gap { reached: 5, next: 7 }),
        (Some(4), &[Some(7), Some(4), a, Some(6), a, Some(5)], Gap { reached: 6, next: 5 }),
        // and leads to newer versions
        (Some(5), &[Some(7), Some(5), a, Some(4)], Backwards { from: 5, to: 4 }),
        (Some(5), &[Some(7), Some(5), a, Some(5)], Backwards { from: 5, to: 5 }),
    ] {
        assert_eq!(steps(since, &[message(records)]), Err(expected.clone()), "{records:?}");
        // and where each record has a message of its own
        let each: Vec<_> = records.chunks(1).map(message).collect();
        assert_eq!(steps(since, &each), Err(expected), "{records:?}");
    }
    // across the greatest serial, and in two steps
    let (last, first) = (Some(u32::MAX), Some(1));
    let wrapped = [first, last, a, Some(0), a, Some(0), a, first, a, first];
    assert_eq!(ends(last, &[&wrapped]), Some(0));
}

#[test]
fn what_is_odd_about_the_records_is_told() {
    let odd =
        |since, records: &[Option<u32>]| steps(since, &[message(records)]).unwrap().remove(0).odd;
    let older = |since| Fault::OlderVersion { serial: 7, since };
    assert_eq!(odd(Some(8), &[Some(7)]), [older(8)]);
    assert_eq!(odd(Some(9), &[Some(7), None, Some(7)]), [older(9)]);
    assert_eq!(odd(Some(7), &[Some(7)]), []);
    assert_eq!(odd(Some(6), &[Some(7), None, Some(7)]), []);
    // neither is newer
    assert_eq!(odd(Some(0), &[Some(1 << 31)]), []);
    // the same serial with another minimum
    let mut other = message(&[Some(7), None, Some(7)]);
    *other.last_mut().unwrap() = 1;
    assert_eq!(steps(None, &[other]).unwrap()[0].odd, [Fault::LastSoa]);
    // the same record, written with and without compression of its names
    let end = soa(&[0], 7);
    let mut query = query(None);
    query.splice(12..13, *b"\x01z\0");
    let mut zone = [&[0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0][..], b"\x01z", &end].concat();
    zone[24] = 24;
    zone.splice(25..26, *b"\x01z\0");
    let pointer = [&b"\xc0\x0c"[..], &end[1..9], &[0, 23, 0xc0, 0x0c], &end[12..]].concat();
    zone.extend(pointer);
    let (query, zone) = (Message::read(&query), Message::read(&zone));
    let mut transfer = Transfer::new(&query);
    let step = transfer.message(&zone, &[]).unwrap();
    assert_eq!((step.last, step.odd), (true, vec![]));
}

#[test]
fn a_record_is_in_the_zone_and_of_its_class() {
    let query_of = |class: u8| {
        let head = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        [&head[..], b"\x01z\x04test\0", &[0, 252, 0, class]].concat()
    };
    let zone = |owners: &[(&[u8], u8)]| {
        let count = owners.len() as u8 + 2;
        let mut zone = vec![0, 0, 0x84, 0, 0, 0, 0, count, 0, 0, 0, 0];
        zone.extend(soa(b"\x01Z\x04TEST\0", 7));
        for (owner, class) in owners {
            let tail = [0, 1, 0, *class, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1];
            zone.extend([*owner, &tail].concat());
        }
        zone.extend(soa(b"\x01z\x04test\0", 7));
        zone
    };
    let outcome = |class, owners: &[(&[u8], u8)]| {
        let (query, zone) = (query_of(class), zone(owners));
        let (query, zone) = (Message::read(&query), Message::read(&zone));
        Transfer::new(&query).message(&zone, &[]).map(|step| step.odd)
    };
    let outside = |owner: &str, count| vec![Fault::OutOfZone { owner: owner.into(), count }];
    assert_eq!(outcome(1, &[(b"\x01z\x04test\0", 1), (b"\x01a\x01z\x04tESt\0", 1)]), Ok(vec![]));
    for (owner, text) in [
        (&b"\x04test\0"[..], "test."),
        (b"\0", "."),
        (b"\x01y\x04test\0", "y.test."),
        (b"\x02az\x04test\0", "az.test."),
        (b"\x01z\x04test\x01x\0", "z.test.x."),
        // the dot is of the label
        (b"\x03a.z\x04test\0", r"a\.z.test."),
    ] {
        assert_eq!(outcome(1, &[(owner, 1)]), Ok(outside(text, 1)), "{text}");
        assert_eq!(outcome(1, &[(owner, 1), (b"\0", 1)]), Ok(outside(text, 2)), "{text}");
    }
    let other =
        |class: u8| TransferFault::OtherClass { owner: "z.test.".into(), class: class.into() };
    for class in [0, 3, 4, 254, 255] {
        assert_eq!(outcome(1, &[(b"\x01z\x04test\0", class)]), Err(other(class)), "{class}");
    }
    // the first record is of class IN
    let first = TransferFault::OtherClass { owner: "Z.TEST.".into(), class: 1 };
    assert_eq!(outcome(3, &[]), Err(first));
    assert_eq!(outcome(255, &[]), Ok(vec![]));
}

#[test]
fn what_is_missing_is_said_in_words() {
    let missing = |since, records: &[Option<u32>]| {
        let (query, message) = (query(since), message(records));
        let (query, message) = (Message::read(&query), Message::read(&message));
        let mut transfer = Transfer::new(&query);
        assert!(!transfer.message(&message, &[]).unwrap().last);
        transfer.missing().to_string()
    };
    let last = |records| {
        format!(
            "the SOA record that ends the transfer (serial 7) is missing after {records} records"
        )
    };
    assert_eq!(missing(None, &[]), "no record came");
    assert_eq!(missing(Some(5), &[]), "no record came");
    let zone = "nothing came after the first SOA record (serial 7)";
    assert_eq!(missing(None, &[Some(7)]), zone);
    assert_eq!(missing(None, &[Some(7), None]), last(2));
    let changes = "the server has serial 7 and sent nothing of what changed since 5; AXFR asks for \
                   the whole zone";
    assert_eq!(missing(Some(5), &[Some(7)]), changes);
    assert_eq!(missing(Some(5), &[Some(7), Some(5)]), last(2));
    assert_eq!(missing(Some(5), &[Some(7), Some(5), None, Some(7)]), last(4));
}
