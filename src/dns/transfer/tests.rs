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
    assert_eq!(ends(since, &[&one]), Some(0));
    assert_eq!(ends(since, &[&one[..5], &one[5..]]), Some(1));
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
    assert_eq!(steps(None, &messages), Ok(vec![Step { last: true, records: 5, beyond: 2 }]));
}

#[test]
fn what_is_no_transfer_is_refused() {
    let mut refused = message(&[]);
    refused[3] = 5;
    assert!(matches!(fault(&refused), TransferFault::Rcode(_)));
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
