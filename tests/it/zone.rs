//! Zone transfers from servers that a test writes message by message. One rule: what is no zone, or
//! not the one asked for, is an error, and what is odd about one is told.

use std::io::Write;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{root, tdig};
use crate::time::plain_tcp;

/// `example.com.` on the wire.
const ZONE: &[u8] = b"\x07example\x03com\0";
/// `other.test.`
const OTHER: &[u8] = b"\x05other\x04test\0";
const AXFR: u16 = 252;
const IXFR: u16 = 251;
const QR: u8 = 0x84;

/// A message with a question, or without, and with these records.
fn message(flags: u8, rcode: u8, question: Option<(&[u8], u16)>, records: &[Vec<u8>]) -> Vec<u8> {
    let mut message =
        vec![0, 0, flags, rcode, 0, question.is_some().into(), 0, records.len() as u8, 0, 0, 0, 0];
    if let Some((name, record_type)) = question {
        message.extend([name, &record_type.to_be_bytes(), &[0, 1]].concat());
    }
    message.extend(records.concat());
    message
}

fn record(owner: &[u8], record_type: u16, data: &[u8]) -> Vec<u8> {
    let class_and_ttl = [0, 1, 0, 0, 1, 0];
    let length = (data.len() as u16).to_be_bytes();
    [owner, &record_type.to_be_bytes(), &class_and_ttl, &length, data].concat()
}

fn soa(owner: &[u8], serial: u8) -> Vec<u8> {
    record(owner, 6, &[&[0, 0, 0, 0, 0, serial][..], &[0; 16]].concat())
}

fn a(owner: &[u8]) -> Vec<u8> {
    record(owner, 1, &[192, 0, 2, 1])
}

/// The same record in another class.
fn in_class(mut record: Vec<u8>, class: u8) -> Vec<u8> {
    let class_at = record.len() - 4 - 2 - 4 - 1;
    record[class_at] = class;
    record
}

/// The message with an OPT record that has this option alone.
fn with_option(mut message: Vec<u8>, code: u8, data: &[u8]) -> Vec<u8> {
    message[11] += 1;
    let length = data.len() as u8;
    message.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, length + 4, 0, code, 0, length]);
    message.extend(data);
    message
}

/// A server that answers with these messages under the ID of the query, and then says nothing.
fn sending(messages: Vec<Vec<u8>>) -> u16 {
    plain_tcp(move |mut socket, id| {
        for mut message in messages {
            message[..2].copy_from_slice(&id);
            socket.write_all(&[&(message.len() as u16).to_be_bytes(), &message[..]].concat())?;
        }
        thread::sleep(Duration::from_secs(2));
        Ok(())
    })
}

#[test]
fn messages_that_hold_nothing_but_padding_are_read_past_anywhere() {
    let question = Some((ZONE, AXFR));
    // an OPT record with 20 octets of padding (RFC 9103 section 7.9.1)
    let mut padding = message(QR, 0, None, &[]);
    padding[11] = 1;
    padding.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 24, 0, 12, 0, 20]);
    padding.extend([0; 20]);
    let port = sending(vec![
        padding.clone(),
        message(QR, 0, question, &[soa(ZONE, 1)]),
        padding.clone(),
        padding.clone(),
        message(QR, 0, None, &[a(ZONE)]),
        padding,
        message(QR, 0, None, &[soa(ZONE, 1)]),
    ]);
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=1 example.com AXFR"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.out.contains("(7 messages, 3 records)"), "{seen:#?}");
    assert_eq!(seen.err.lines().count(), 1, "the first repeats no question: {seen:#?}");
}

#[test]
fn an_increment_of_one_record_a_message_is_read_to_its_end() {
    let question = Some((ZONE, IXFR));
    let increment = || {
        let records = [soa(ZONE, 3), soa(ZONE, 1), soa(ZONE, 3), a(ZONE), soa(ZONE, 3)];
        sending(records.map(|record| message(QR, 0, question, &[record])).into())
    };
    let line = |port| format!("@127.0.0.1#{port} +notls +timeout=1 example.com");
    let seen = tdig(&format!("{} IXFR=1", line(increment())));
    assert_eq!((seen.status, &*seen.err), (0, ""), "{seen:#?}");
    assert!(seen.out.contains("(5 messages, 5 records)"), "{seen:#?}");
    // nothing is newer than what is there already
    let older = ";; WARNING: the server has serial 3, which is older than 4 as asked\n";
    for (serial, words) in [(3, ""), (4, older)] {
        let seen = tdig(&format!("{} IXFR={serial}", line(increment())));
        assert_eq!((seen.status, &*seen.err), (0, words), "{seen:#?}");
        assert!(seen.out.contains("(1 messages, 1 records)"), "{seen:#?}");
    }
}

#[test]
fn what_is_no_answer_is_no_zone() {
    let ours = Some((ZONE, AXFR));
    let whole = |zone| [soa(zone, 1), a(zone), soa(zone, 1)];
    let mut cut = message(QR, 0, ours, &whole(ZONE));
    cut.truncate(cut.len() - 5);
    for (message, words) in [
        (message(0, 0, ours, &whole(ZONE)), ";; ERROR: response QR bit not set\n"),
        (
            message(QR, 0, Some((OTHER, 1)), &whole(OTHER)),
            ";; ERROR: query/response question sections are different (name, type)\n",
        ),
        (
            message(QR, 0, ours, &whole(OTHER)),
            ";; ERROR: first answer record is the SOA of another zone (other.test.)\n",
        ),
        (message(QR, 0, ours, &[a(ZONE)]), "isn't SOA\n"),
        (
            cut,
            ";; ERROR: malformed reply packet (answer 3 of 3 at octet 101: 22 B of data promised, 17 \
             B left)\n",
        ),
        (message(QR | 2, 0, ours, &whole(ZONE)), ";; ERROR: truncated reply\n"),
        (message(QR, 5, ours, &[]), ";; ERROR: server replied with error 'REFUSED'\n"),
        (
            with_option(message(QR, 5, ours, &[]), 15, b"\0\x15over TLS\x1b[31m only"),
            ";; ERROR: server replied with error 'REFUSED', EDE: 21 (Not Supported): 'over \
             TLS\\027[31m only'\n",
        ),
        (
            message(QR, 0, ours, &[soa(ZONE, 7), a(ZONE), soa(ZONE, 8)]),
            ";; ERROR: the last SOA has serial 8, the first 7: the zone changed during the \
             transfer\n",
        ),
        (
            message(QR, 0, ours, &[soa(ZONE, 7), in_class(a(ZONE), 3), soa(ZONE, 7)]),
            ";; ERROR: record of another class than the zone (example.com. CH)\n",
        ),
    ] {
        let port = sending(vec![message]);
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=1 example.com AXFR"));
        assert_eq!(seen.status, 11, "{words}: {seen:#?}");
        assert!(seen.err.contains(words), "{words}: {seen:#?}");
        // as in kdig, a refusal without records is not counted
        let counted =
            if words.contains("REFUSED") { ";; Received 0 B\n" } else { " B (1 messages, " };
        assert!(seen.out.contains(counted), "{words}: {seen:#?}");
        assert_eq!(seen.err.lines().count(), 2, "{words}: {seen:#?}");
    }
}

#[test]
fn the_question_of_a_later_message_is_ours_or_absent() {
    for (question, status) in [(None, 0), (Some((ZONE, AXFR)), 0), (Some((OTHER, AXFR)), 11)] {
        let port = sending(vec![
            message(QR, 0, Some((ZONE, AXFR)), &[soa(ZONE, 1)]),
            message(QR, 0, question, &[soa(ZONE, 1)]),
        ]);
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=1 example.com AXFR"));
        assert_eq!(seen.status, status, "{question:?}: {seen:#?}");
        assert_eq!(seen.err.is_empty(), status == 0, "{question:?}: {seen:#?}");
    }
}

#[test]
fn what_is_odd_about_a_zone_is_told_and_told_once() {
    let (first, odd) = (soa(ZONE, 1), record(ZONE, 1, &[192, 0, 2]));
    let (question, last) = (Some((ZONE, AXFR)), [odd.clone(), soa(ZONE, 1), a(ZONE)]);
    let port = sending(vec![
        message(QR, 0, question, &[first, odd.clone()]),
        message(QR, 0, None, &[odd.clone(), odd]),
        message(QR, 0, None, &last),
    ]);
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=1 example.com AXFR"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(
        seen.err,
        ";; WARNING: malformed A data, shown in hex (answer 2)\n\
         ;; WARNING: 1 record after the SOA record that ends the transfer\n\
         ;; WARNING: messages of the transfer with more of this: 2\n"
    );
}

#[test]
fn a_key_that_the_server_does_not_know_is_named_as_the_reason() {
    const BADKEY: u8 = 17;
    let mut refused = message(QR, 9, Some((ZONE, AXFR)), &[]);
    refused[11] = 1;
    // time, fudge, no MAC, original ID, error, no other data (RFC 8945 section 5.2.1)
    let data = [b"\x0bhmac-sha256\0".as_slice(), &[0; 13], &[BADKEY, 0, 0]].concat();
    refused.extend([b"\x01k\0", &[0, 250, 0, 255, 0, 0, 0, 0, 0, data.len() as u8][..]].concat());
    refused.extend(data);
    let port = sending(vec![refused]);
    let key = "-y hmac-sha256:k:c2VjcmV0c2VjcmV0c2VjcmV0";
    let seen = tdig(&format!("@127.0.0.1#{port} +notls {key} +timeout=1 example.com AXFR"));
    assert_eq!(seen.status, 11, "{seen:#?}");
    assert!(seen.err.contains(";; ERROR: server replied with error 'BADKEY'\n"), "{seen:#?}");
}

#[test]
fn json_of_a_failed_transfer_says_whom_was_asked_and_when() {
    let server = Server::start(Credential::Good, Behaviour::CloseAfterQuery);
    let port = server.port();
    let seen = tdig(&format!("+json @127.0.0.1#{port} example.com AXFR"));
    let object: Value = serde_json::from_str(&seen.out).unwrap();
    assert_eq!(object["server"]["host"], "127.0.0.1", "{object:#}");
    assert_eq!(object["server"]["port"], port, "{object:#}");
    assert!(object["timing"]["total"].is_number(), "{object:#}");
    assert_eq!(object["error"]["exitCode"], 9, "{object:#}");
}

#[test]
fn a_session_that_no_zone_may_go_over_is_refused_with_the_section_that_says_so() {
    let good = || Server::with(Credential::Good);
    const NO_TLS13: &str = "TLS 1.3, which a transfer over TLS needs (RFC 9103 section 7.2)";
    const NO_TOKEN: &str = "ALPN dot, which a transfer over TLS needs (RFC 9103 section 7.1)";
    for (server, options, words) in [
        (good().tls12().start(), "", NO_TLS13),
        (good().start(), "+tls-version=1.2", NO_TLS13),
        (good().tls12().start(), "+notls-alpn", NO_TLS13),
        // the server ignores ALPN, or chooses another token
        (good().alpn(&[]).start(), "", NO_TOKEN),
        (good().alpn(&["h2"]).start(), "+tls-alpn=h2", NO_TOKEN),
        (good().alpn(&[]).start(), "+notls-alpn +tls-alpn=dot", NO_TOKEN),
    ] {
        let server = server.expect_no_query();
        for query in ["AXFR", "IXFR=1"] {
            let seen = tdig(&format!("@127.0.0.1#{} {options} example.com {query}", server.port()));
            assert_eq!(seen.status, 5, "{seen:#?}");
            assert!(seen.err.contains(words), "{words}: {seen:#?}");
            let hint = seen.err.contains(";; HINT: +notls-alpn, to transfer all the same\n");
            assert_eq!(hint, words == NO_TOKEN, "{words}: {seen:#?}");
        }
    }
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let unverified = "the peer of this transfer was not verified (RFC 9103 section 7.5 wants it)";
    for (options, warned) in [(String::new(), true), (format!("+tls-ca={}", root()), false)] {
        let host = "+tls-host=dot.test";
        let host = if warned { "" } else { host };
        let seen = tdig(&format!(
            "@127.0.0.1#{} {options} {host} +timeout=300ms example.com AXFR",
            server.port()
        ));
        assert_eq!(seen.err.contains(unverified), warned, "{seen:#?}");
    }
}

#[test]
fn increments_that_are_not_those_asked_for_are_refused() {
    let gap = [soa(ZONE, 7), soa(ZONE, 5), soa(ZONE, 6), soa(ZONE, 7)];
    for (serial, records, words) in [
        (5, &gap[..], "the increment has a gap: it reaches serial 6 and goes on from 7"),
        (4, &gap, "the increment starts from serial 5, not from 4 as asked"),
    ] {
        let port = sending(vec![message(QR, 0, Some((ZONE, IXFR)), records)]);
        let line = format!("@127.0.0.1#{port} +notls +timeout=1 example.com IXFR={serial} +json");
        let seen = tdig(&line);
        assert_eq!(seen.status, 11, "{seen:#?}");
        assert!(seen.err.contains(&format!(";; ERROR: {words}\n")), "{seen:#?}");
        let object: Value = serde_json::from_str(seen.out.lines().last().unwrap()).unwrap();
        assert_eq!(object["error"]["message"], words);
    }
}

#[test]
fn records_outside_of_the_zone_are_counted() {
    let records = [soa(ZONE, 7), a(OTHER), a(ZONE), a(OTHER), soa(ZONE, 7)];
    let port = sending(vec![message(QR, 0, Some((ZONE, AXFR)), &records)]);
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=1 example.com AXFR"));
    let words = ";; WARNING: record outside of the zone (other.test. and 1 more record)\n";
    assert_eq!((seen.status, &*seen.err), (0, words), "{seen:#?}");
}

#[test]
fn a_transfer_that_ends_too_soon_says_what_was_missing() {
    let question = |record_type| Some((ZONE, record_type));
    for (words, record_type, records, missing) in [
        ("AXFR", AXFR, vec![], "no record came"),
        ("AXFR", AXFR, vec![soa(ZONE, 7)], "nothing came after the first SOA record (serial 7)"),
        (
            "AXFR",
            AXFR,
            vec![soa(ZONE, 7), a(ZONE)],
            "the SOA record that ends the transfer (serial 7) is missing after 2 records",
        ),
        (
            "IXFR=5",
            IXFR,
            vec![soa(ZONE, 7)],
            "the server has serial 7 and sent nothing of what changed since 5; AXFR asks for the \
             whole zone",
        ),
    ] {
        let port = sending(vec![message(QR, 0, question(record_type), &records)]);
        let line = format!("@127.0.0.1#{port} +notls +timeout=500ms example.com {words} +json");
        let seen = tdig(&line);
        assert_eq!(seen.status, 9, "{seen:#?}");
        // a busy machine takes longer than the time it has
        let end = format!(" s); {missing}");
        assert!(seen.err.contains(&format!("{end}\n")), "{end}: {seen:#?}");
        let object: Value = serde_json::from_str(seen.out.lines().last().unwrap()).unwrap();
        assert_eq!(object["error"]["kind"], "timeout", "{object:#}");
        assert!(object["error"]["message"].as_str().unwrap().ends_with(&end), "{object:#}");
    }
}

#[test]
fn a_transfer_goes_over_tcp_and_says_so() {
    for (options, warned) in [("", false), ("+tcp", false), ("+notcp", true)] {
        let records = [soa(ZONE, 7), a(ZONE), soa(ZONE, 7)];
        let port = sending(vec![message(QR, 0, Some((ZONE, AXFR)), &records)]);
        let line = format!("@127.0.0.1#{port} +notls {options} +timeout=1 example.com AXFR");
        let seen = tdig(&line);
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert!(seen.out.contains(&format!(";; From 127.0.0.1@{port}(TCP) in ")), "{seen:#?}");
        let words = "a transfer goes over TCP (RFC 5936 section 4.2), whatever +notcp says";
        let expected = if warned { format!(";; WARNING: {words}\n") } else { String::new() };
        assert_eq!(seen.err, expected);
    }
}

#[test]
fn a_transfer_over_tls_says_who_sends_it_once() {
    // no zone, but a message, which is shown
    let ask = |options: &str| {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        let line =
            format!("@127.0.0.1#{} {options} +timeout=300ms example.com AXFR", server.port());
        tdig(&line).out
    };
    let lines = |out: &str| {
        let titles = [";; AXFR for ", ";; TLS session ", ";; CERTIFICATE CHAIN:", ";; Verdict: "];
        let of = |line: &str| titles.iter().position(|title| line.starts_with(title));
        out.lines().filter_map(of).collect::<Vec<_>>()
    };
    for (options, expected) in [
        ("", &[0, 1, 2, 3][..]),
        ("+nocert", &[0, 1]),
        ("+noheader", &[2, 3]),
        ("-d", &[0, 1]),
        ("+short", &[]),
    ] {
        let out = ask(options);
        assert_eq!(lines(&out), expected, "{options}: {out}");
    }
    let out = ask("+json");
    let objects: Vec<Value> = out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert!(objects.len() > 1, "{out}");
    assert_eq!(objects[0]["server"]["protocol"], "TLS", "{out}");
    assert_eq!(objects[0]["tls"]["version"], "TLS1.3", "{out}");
    // a zone in cleartext comes from somebody, too
    let record = |serial| soa(ZONE, serial);
    let messages = [vec![record(7)], vec![a(ZONE)], vec![record(7)]];
    let port = sending(messages.map(|it| message(QR, 0, Some((ZONE, AXFR)), &it)).into());
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +json example.com AXFR"));
    let objects: Vec<Value> =
        seen.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let has = |member: &str| objects.iter().map(|it| it.get(member).is_some()).collect::<Vec<_>>();
    assert_eq!(has("server"), [true, false, false], "{objects:#?}");
    assert_eq!(has("tls"), [false; 3], "{objects:#?}");
}

/// The port of a server that transfers a zone of three records, or all of it for an increment.
pub(crate) fn whole() -> u16 {
    sending(vec![message(QR, 0, None, &[soa(ZONE, 9), a(ZONE), soa(ZONE, 9)])])
}

#[test]
fn a_transfer_goes_on_without_the_token_where_none_is_offered() {
    for tokens in [&[][..], &["dot"]] {
        for query in ["AXFR", "IXFR=1"] {
            let server = Server::with(Credential::Good).alpn(tokens).start();
            let port = server.port();
            let line = format!("@127.0.0.1#{port} +notls-alpn +timeout=300ms example.com {query}");
            let seen = tdig(&line);
            let warning = ";; WARNING: the server did not choose ALPN dot, which a transfer over \
                           TLS needs (RFC 9103 section 7.1)\n";
            assert!(seen.err.starts_with(warning), "{seen:#?}");
            assert_ne!(seen.status, 5, "{seen:#?}");
            assert_eq!(server.queries().len(), 1, "{query}: {seen:#?}");
        }
    }
}
