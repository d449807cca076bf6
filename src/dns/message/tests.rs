//! Sound, broken and hostile messages. One rule: whatever they are, each says in words what is
//! wrong with it, and no octet is lost.

use std::time::{Duration, Instant};

use super::*;
use crate::dns::fault::Gravity;
use crate::dns::unhex;

#[test]
fn a_sound_message_has_no_faults() {
    let octets =
        unhex(&format!("0001 8180 0001 0001 0001 0002 {LAB} {RECORD} {RECORD} {RECORD} {OPT}"));
    let message = Message::read(&octets);
    assert_eq!(message.faults, []);
    assert_eq!(message.questions.len(), 1);
    assert_eq!(message.questions[0].name.to_string(), "lab.test.");
    for (section, count) in
        [(Section::Answer, 1), (Section::Authority, 1), (Section::Additional, 2)]
    {
        assert_eq!(message.section(section).len(), count);
    }
    let additional = message.section(Section::Additional);
    assert!(!message.is_opt(&additional[0]) && message.is_opt(&additional[1]));
    assert_eq!(message.opt().unwrap().udp_size, 1232);
    assert_eq!(message.padding(), Some(4 + 3));
    assert_eq!(message.unread(), b"");
    assert_eq!(Message::read(&octets[..12]).padding(), None);
}

#[test]
fn a_broken_frame_ends_the_walk_and_leaves_the_rest() {
    let answer = "malformed reply packet (answer";
    for (reply, words, unread) in [
        ("", "malformed reply packet (0 of the 12 octets of a header)", ""),
        ("0001 81", "malformed reply packet (3 of the 12 octets of a header)", "0001 81"),
        ("0001 8180 00", "malformed reply packet (5 of the 12 octets of a header)", "00"),
        (
            "0001 8180 0001 0000 0000 0000 40",
            "malformed reply packet \
             (question 1 of 1 at octet 12: name with an unknown kind of label)",
            "40",
        ),
        (
            "0001 8180 0001 0000 0000 0000 00 0001 00",
            "malformed reply packet (question 1 of 1 at octet 12: cut short)",
            "00 0001 00",
        ),
        (
            &format!("0001 8180 0001 0002 0000 0000 {LAB} {RECORD}"),
            &format!("{answer} 2 of 2 at octet 42: nothing left)"),
            "",
        ),
        (
            &format!("0001 8180 0001 0001 0000 0000 {LAB} C01A 0001 0001"),
            &format!(
                "{answer} 1 of 1 at octet 26: name with a pointer that does not lead backwards)"
            ),
            "C01A 0001 0001",
        ),
        (
            &format!("0001 8180 0001 0001 0000 0000 {LAB} C00C 0001 0001"),
            &format!("{answer} 1 of 1 at octet 26: cut short)"),
            "C00C 0001 0001",
        ),
        (
            &format!("0001 8180 0001 0001 0000 0000 {LAB} C00C 0001 0001 0000003C 0004 C00002"),
            &format!("{answer} 1 of 1 at octet 26: 4 B of data promised, 3 B left)"),
            "C00C 0001 0001 0000003C 0004 C00002",
        ),
    ] {
        let octets = unhex(reply);
        let message = Message::read(&octets);
        assert_eq!(message.faults.iter().map(Fault::to_string).collect::<Vec<_>>(), [words]);
        assert_eq!(message.faults[0].gravity(), Gravity::Unreadable);
        assert_eq!(message.unread(), unhex(unread), "{reply}");
    }
}

#[test]
fn what_was_read_before_the_fault_is_kept_in_its_section() {
    let octets = unhex(&format!("0001 8180 0001 0001 0002 0001 {LAB} {RECORD} {RECORD} 40"));
    let message = Message::read(&octets);
    let counts = [Section::Answer, Section::Authority, Section::Additional]
        .map(|section| message.section(section).len());
    assert_eq!(counts, [1, 1, 0]);
    assert_eq!(message.unread(), [0x40]);
}

#[test]
fn what_is_only_odd_is_warned_of_once() {
    let short = "C00C 0001 0001 0000003C 0003 C00002";
    let opt = "00 0029 04D0 00000000 0000";
    for (reply, words) in [
        (
            format!("0001 8180 0001 0001 0000 0000 {LAB} {RECORD} 0000000000"),
            "malformed reply packet (trailing data): 5 B",
        ),
        (
            format!("0001 8180 0001 0002 0000 0000 {LAB} {RECORD} {short}"),
            "malformed A data, shown in hex (answer 2)",
        ),
        (
            format!("0001 8180 0001 0003 0000 0000 {LAB} {short} {short} {short}"),
            "malformed A data, shown in hex (answer 1 and 2 more records)",
        ),
        (
            format!("0001 8180 0001 0000 0000 0003 {LAB} {opt} {opt} {opt}"),
            "malformed reply packet (3 OPT records, the first counts)",
        ),
        (
            format!("0001 8180 0001 0001 0000 0001 {LAB} {opt} {opt}"),
            "malformed reply packet (1 OPT record in the wrong section)",
        ),
        (
            format!("0001 8180 0001 0000 0000 0001 {LAB} C00C 0029 04D0 00000000 0000"),
            "malformed reply packet (the owner of the OPT record is not the root)",
        ),
        (
            format!("0001 8180 0001 0000 0000 0001 {LAB} 00 0029 04D0 00000000 0001 00"),
            "malformed reply packet (EDNS options cut short)",
        ),
    ] {
        let octets = unhex(&reply);
        let message = Message::read(&octets);
        assert_eq!(message.faults.iter().map(Fault::to_string).collect::<Vec<_>>(), [words]);
        assert_eq!(message.faults[0].gravity(), Gravity::Warning);
    }
    // without data is what records of an UPDATE may be
    let update =
        unhex(&format!("0001 A800 0001 0001 0000 0000 {LAB} C00C 0001 00FF 00000000 0000"));
    assert_eq!(Message::read(&update).faults, []);
    // an unknown type is no fault
    let unknown =
        unhex(&format!("0001 8180 0001 0001 0000 0000 {LAB} C00C FF00 0001 00000000 0001 40"));
    assert_eq!(Message::read(&unknown).faults, []);
}

#[test]
fn a_reply_answers_its_query_or_says_where_it_differs() {
    let query = unhex(&format!("0001 0120 0001 0000 0000 0001 {LAB} {OPT}"));
    let query = Message::read(&query);
    for (reply, words, gravity) in [
        (format!("0001 8180 0001 0000 0000 0000 {LAB}"), "", None),
        ("0001 8180 0001 0000 0000 0000 034C4162 0454455354 00 0001 0001".into(), "", None),
        (
            format!("0001 0180 0001 0000 0000 0000 {LAB}"),
            "response QR bit not set",
            Some(Gravity::NoAnswer),
        ),
        (
            format!("0002 8180 0001 0000 0000 0000 {LAB}"),
            "reply ID (2) is different from query ID (1)",
            Some(Gravity::NoAnswer),
        ),
        (
            "0001 8180 0000 0000 0000 0000".into(),
            "response doesn't have question section",
            Some(Gravity::NoAnswer),
        ),
        (
            "0001 8185 0000 0000 0000 0000".into(),
            "response doesn't have question section",
            Some(Gravity::Warning),
        ),
        (
            "0001 8180 0001 0000 0000 0000 056F74686572 0474657374 00 0001 0001".into(),
            "query/response question sections are different (name)",
            Some(Gravity::NoAnswer),
        ),
        (
            "0001 8180 0001 0000 0000 0000 036C6162 0474657374 00 001C 0003".into(),
            "query/response question sections are different (type, class)",
            Some(Gravity::NoAnswer),
        ),
        (
            format!("0001 8180 0002 0000 0000 0000 {LAB} 056F74686572 00 0001 0001"),
            "response has 1 question more than the query",
            Some(Gravity::Warning),
        ),
        (
            format!("0001 8380 0001 0000 0000 0000 {LAB}"),
            "reply is truncated (TC is set)",
            Some(Gravity::Warning),
        ),
    ] {
        let octets = unhex(&reply);
        let faults = Message::read(&octets).mismatches(&query);
        assert_eq!(faults.first().map(Fault::to_string).unwrap_or_default(), words);
        assert_eq!(faults.first().map(Fault::gravity), gravity);
        assert!(faults.len() < 2);
    }
    let both = unhex(&format!("0009 0380 0001 0000 0000 0000 {LAB}"));
    assert_eq!(Message::read(&both).mismatches(&query).len(), 3);
}

#[test]
fn a_reply_has_the_operation_of_its_query() {
    for asked in [0, 4_u16] {
        let query = unhex(&format!("0001 {:04X} 0001 0000 0000 0000 {LAB}", asked << 11));
        let query = Message::read(&query);
        for code in 0..16 {
            let bits = 0x8000 | code << 11;
            let reply = unhex(&format!("0001 {bits:04X} 0001 0001 0000 0000 {LAB} {RECORD}"));
            let faults = Message::read(&reply).mismatches(&query);
            let (reply, query) = (Opcode(code as u8), Opcode(asked as u8));
            let expected = [Fault::OtherOpcode { reply, query }];
            assert_eq!(faults, expected[usize::from(code == asked)..], "{asked} {code}");
            assert!(faults.iter().all(|it| it.gravity() == Gravity::NoAnswer));
        }
    }
    let fault = Fault::OtherOpcode { reply: UPDATE, query: Opcode(0) };
    assert_eq!(fault.to_string(), "reply opcode (UPDATE) is different from query opcode (QUERY)");
    let fault = Fault::OtherOpcode { reply: Opcode(15), query: NOTIFY };
    let words = "reply opcode (OPCODE 15) is different from query opcode (NOTIFY)";
    assert_eq!(fault.to_string(), words);
}

#[test]
fn the_client_cookie_of_a_reply_is_that_of_its_query() {
    const OURS: &str = "0102030405060708";
    let message = |cookies: &[&str]| {
        let options: String =
            cookies.iter().map(|cookie| format!("000A{:04X}{cookie}", cookie.len() / 2)).collect();
        let length = options.len() / 2;
        unhex(&format!(
            "0001 8180 0001 0000 0000 0001 {LAB} 00 0029 04D0 00000000 {length:04X} {options}"
        ))
    };
    let server = |octets| format!("{OURS}{}", "99".repeat(octets));
    let illegal = |octets| Some(Fault::CookieLength { octets });
    let (other, half) = (Some(Fault::OtherCookie), "0102030405060709");
    for (sent, reply, expected) in [
        (&[OURS][..], &[OURS][..], None),
        (&[OURS], &[&server(8)], None),
        (&[OURS], &[&server(32)], None),
        // no cookie is no other one
        (&[OURS], &[], None),
        (&[OURS], &[half], other.clone()),
        (&[OURS], &[&"99".repeat(16)], other.clone()),
        (&[OURS], &[""], illegal(0)),
        (&[OURS], &[&OURS[..14]], illegal(7)),
        (&[OURS], &[&server(1)], illegal(9)),
        (&[OURS], &[&server(7)], illegal(15)),
        (&[OURS], &[&server(33)], illegal(41)),
        // the first counts
        (&[OURS], &[OURS, half], None),
        (&[OURS], &[half, OURS], other.clone()),
        // that of the server is not compared
        (&[&server(8)], &[&server(9)], None),
        (&[&server(8)], &["99"], illegal(1)),
        // none was sent, or none that a server can return
        (&[], &[half], None),
        (&[], &["99"], None),
        (&["99"], &[half], None),
    ] {
        let (query, octets) = (message(sent), message(reply));
        let faults = Message::read(&octets).mismatches(&Message::read(&query));
        assert_eq!(faults.first(), expected.as_ref(), "{sent:?} {reply:?}");
        assert!(faults.iter().all(|fault| fault.gravity() == Gravity::Warning));
    }
    let words = "COOKIE of 7 B, not of 8 or 16 to 40 (RFC 7873 section 4)";
    assert_eq!(Fault::CookieLength { octets: 7 }.to_string(), words);
    assert_eq!(Fault::OtherCookie.to_string(), "client COOKIE mismatch (RFC 7873 section 5.3)");
}

#[test]
fn a_notify_may_be_answered_by_a_header_alone() {
    let query = unhex("0001 2400 0001 0000 0000 0000 036C6162 00 0006 0001");
    let query = Message::read(&query);
    for (header, gravities) in [
        ("0001 A400 0000 0000 0000 0000", &[Gravity::Warning][..]),
        ("0001 A404 0000 0000 0000 0000", &[Gravity::Warning]),
        // not a reply, another ID, another operation
        ("0001 2400 0000 0000 0000 0000", &[Gravity::NoAnswer, Gravity::Warning]),
        ("0002 A400 0000 0000 0000 0000", &[Gravity::NoAnswer, Gravity::Warning]),
        ("0001 8400 0000 0000 0000 0000", &[Gravity::NoAnswer, Gravity::NoAnswer]),
    ] {
        let octets = unhex(header);
        let faults = Message::read(&octets).mismatches(&query);
        assert_eq!(faults.iter().map(Fault::gravity).collect::<Vec<_>>(), gravities, "{header}");
    }
}

#[test]
fn hostile_messages_take_no_longer_than_long_ones() {
    // 127 pointers in a row, and then as many names as fit that follow all of them
    let mut chain = unhex("0001 8180 FFFF FFFF FFFF FFFF 00 0001 0001");
    for hop in 0..126_u16 {
        let target = if hop == 0 { 12 } else { 12 + 5 + (hop - 1) * 6 };
        chain.extend((0xc000 | target).to_be_bytes());
        chain.extend([0, 1, 0, 1]);
    }
    let last = 0xc000 | (12 + 5 + 125 * 6) as u16;
    while chain.len() + 6 <= 0xffff {
        chain.extend(last.to_be_bytes());
        chain.extend([0, 1, 0, 1]);
    }
    let opts = [unhex("0001 8180 0000 0000 0000 FFFF"), [0, 0, 41].repeat(21_000)].concat();
    for octets in [chain, opts, vec![0; 0xffff], vec![0xff; 0xffff]] {
        let start = Instant::now();
        let message = Message::read(&octets);
        assert!(message.faults.len() <= 4);
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

const LAB: &str = "036C6162 0474657374 00 0001 0001";
const RECORD: &str = "C00C 0001 0001 0000003C 0004 C0000237";
const OPT: &str = "00 0029 04D0 00000000 0007 000C 0003 000000";
