//! The text of messages. One rule: beside kdig's own text, to the byte, stands what no octets can
//! make of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;
use crate::dns::unhex;
use crate::exchange::{Endpoint, Peer, Phases, Protocol};
use crate::verdict::{SessionFacts, TlsFacts};

/// `lab.test A`: two answers, two name servers, their addresses and an OPT record.
pub(in crate::render) const LOOKUP: &str = "A678 8500 0001 0002 0002 0004
    036C6162 0474657374 00 0001 0001
    C00C 0001 0001 00000E10 0004 C0000201
    C00C 0001 0001 00000E10 0004 C0000202
    C00C 0002 0001 00000E10 0006 036E7332 C00C
    C00C 0002 0001 00000E10 0006 036E7331 C00C
    C058 0001 0001 00000E10 0004 7F000001
    C046 0001 0001 00000E10 0004 7F000002
    C058 001C 0001 00000E10 0010 00000000000000000000000000000001
    00 0029 04D0 00000000 0000";

/// The query for it, padded to 128 octets when 87 zeros follow.
const QUERY: &str = "A678 0120 0001 0000 0000 0001
    036C6162 0474657374 00 0001 0001
    00 0029 04D0 00000000 005B 000C 0057";

/// A reply with an OPT record and a signature.
const SIGNED: &str = "9D68 8500 0001 0001 0000 0002
    0474736967 0474657374 00 0001 0001
    C00C 0001 0001 00000E10 0004 C000024D
    00 0029 04D0 00000000 0000
    066C61626B6579 00 00FA 00FF 00000000 001F
    0B686D61632D736861323536 00 00006B01EBC3 012C 0002 AABB 9D68 0000 0000";

/// A reply whose second answer promises more data than there are.
const BROKEN: &str = "A678 8180 0001 0002 0000 0000
    036C6162 0474657374 00 0001 0001
    C00C 0001 0001 0000003C 0004 C0000237
    C00C 0001 0001 0000003C 0005 C0000237";

#[test]
fn a_reply_is_kdigs_text() {
    let expected = "\
;; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)
;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 42616
;; Flags: qr aa rd; QUERY: 1; ANSWER: 2; AUTHORITY: 2; ADDITIONAL: 4

;; EDNS PSEUDOSECTION:
;; Version: 0; flags: ; UDP size: 1232 B; ext-rcode: NOERROR

;; QUESTION SECTION:
;; lab.test.           \t\tIN\tA

;; ANSWER SECTION:
lab.test.           \t3600\tIN\tA\t192.0.2.1
lab.test.           \t3600\tIN\tA\t192.0.2.2

;; AUTHORITY SECTION:
lab.test.           \t3600\tIN\tNS\tns2.lab.test.
lab.test.           \t3600\tIN\tNS\tns1.lab.test.

;; ADDITIONAL SECTION:
ns1.lab.test.       \t3600\tIN\tA\t127.0.0.1
ns2.lab.test.       \t3600\tIN\tA\t127.0.0.2
ns1.lab.test.       \t3600\tIN\tAAAA\t::1

;; Received 165 B
;; Padding: query 37 B + 91 B = 128 B, reply 165 B without padding
;; Time 2026-11-21 19:12:00 UTC
;; Phases: connect 2.0 ms, TLS 3.0 ms, reply 6.2 ms
;; From 127.0.0.1@853(TLS) in 11.2 ms
";
    assert_eq!(shown(LOOKUP, Display::default()), expected);
}

#[test]
fn a_query_is_sent_to_the_peer() {
    let expected = "\
;; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)
;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 42616
;; Flags: rd ad; QUERY: 1; ANSWER: 0; AUTHORITY: 0; ADDITIONAL: 1

;; EDNS PSEUDOSECTION:
;; Version: 0; flags: ; UDP size: 1232 B; ext-rcode: NOERROR
;; PADDING: 87 B

;; QUESTION SECTION:
;; lab.test.           \t\tIN\tA

;; Sent 128 B
;; Time 2026-11-21 19:12:00 UTC
;; To 127.0.0.1@853(TLS) in 4.3 ms

";
    let mut out = Vec::new();
    let exchange = exchange(Vec::new());
    let message = Message::read(&exchange.query.bytes);
    query(&exchange, &message, &Display::default(), Ink::new(false), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn without_comments_only_the_lines_are_left() {
    let expected = "\
;; Version: 0; flags: ; UDP size: 1232 B; ext-rcode: NOERROR
;;lab.test.           \t\tIN\tA
lab.test.           \t3600\tIN\tA\t192.0.2.1
lab.test.           \t3600\tIN\tA\t192.0.2.2
";
    let display = Display {
        header: false,
        comments: false,
        authority: false,
        additional: false,
        stats: false,
        ..Display::default()
    };
    assert_eq!(shown(LOOKUP, display), expected);
}

#[test]
fn columns_can_be_left_out_folded_and_generic() {
    let bare = Display { comments: false, question: true, answer: true, ..nothing() };
    for (display, expected) in [
        (
            Display { ttl: false, class: false, ..bare.clone() },
            ";;lab.test.           \tA\nlab.test.           \tA\t192.0.2.1\n",
        ),
        (
            Display { class: false, ..bare.clone() },
            ";;lab.test.           \t\tA\nlab.test.           \t3600\tA\t192.0.2.1\n",
        ),
        (
            Display { multiline: true, ..bare.clone() },
            ";;lab.test.           \t IN A\nlab.test.           \t3600 IN A 192.0.2.1\n",
        ),
        (
            Display { generic: true, ..bare.clone() },
            ";;lab.test.           \t\tIN\tTYPE1\n\
             lab.test.           \t3600\tIN\tTYPE1\t\\# 4 C0000201\n",
        ),
    ] {
        let text = shown(LOOKUP, display);
        assert_eq!(text.lines().take(2).collect::<Vec<_>>().join("\n") + "\n", expected);
    }
}

#[test]
fn owners_from_32_characters_on_are_followed_by_a_space() {
    let row = |length: usize| {
        let mut reply = "0000 8000 0000 0001 0000 0000".to_owned();
        reply += &format!(" {:02X} {} 00", length - 2, "61".repeat(length - 2));
        reply += " 0001 0001 0000003C 0004 C0000201";
        shown(&reply, Display { answer: true, ..nothing() })
    };
    let owner = |length: usize| "a".repeat(length - 2) + ".";
    assert_eq!(row(19), format!("{}  \t60\tIN\tA\t192.0.2.1\n", owner(19)));
    assert_eq!(row(32), format!("{}\t60\tIN\tA\t192.0.2.1\n", owner(32)));
    assert_eq!(row(33), format!("{} 60\tIN\tA\t192.0.2.1\n", owner(33)));
}

#[test]
fn the_header_has_eight_flags_and_an_extended_response_code() {
    let header = |bits: &str, opt: &str| {
        let additional = u8::from(!opt.is_empty());
        let reply = format!("DEAD {bits} 0000 0000 0000 00{additional:02X} {opt}");
        shown(&reply, Display { header: true, ..nothing() })
    };
    let tail = "QUERY: 0; ANSWER: 0; AUTHORITY: 0; ADDITIONAL:";
    for (bits, opt, status, flags) in [
        ("FFF0", "", "opcode: OPCODE 15; status: NOERROR", "qr aa tc rd ra z ad cd; "),
        ("0000", "", "opcode: QUERY; status: NOERROR", "; "),
        ("8182", "", "opcode: QUERY; status: SERVFAIL", "qr rd ra; "),
        ("818B", "", "opcode: QUERY; status: RCODE 11", "qr rd ra; "),
        ("818C", "", "opcode: QUERY; status: RCODE 12", "qr rd ra; "),
        ("A180", "00 0029 04D0 01000000 0000", "opcode: NOTIFY; status: BADVERS", "qr rd ra; "),
        ("8187", "00 0029 04D0 01000000 0000", "opcode: QUERY; status: BADCOOKIE", "qr rd ra; "),
    ] {
        let expected = format!(
            ";; ->>HEADER<<- {status}; id: 57005\n;; Flags: {flags}{tail} {}\n",
            u8::from(!opt.is_empty())
        );
        let text = header(bits, opt);
        assert_eq!(text.split_once('\n').unwrap().1, expected);
    }
}

#[test]
fn the_edns_section_names_flags_and_options() {
    let reply = "0000 8180 0000 0000 0000 0001
        00 0029 04D0 0100E001 000F 000F 0002 0012 FDE9 0002 6869 000C FF";
    let opt = Display { opt: true, comments: true, ..nothing() };
    assert_eq!(
        shown(reply, opt.clone()),
        "\n;; EDNS PSEUDOSECTION:\n\
         ;; Version: 0; flags: do bit2 de bit16; UDP size: 1232 B; ext-rcode: BADVERS\n\
         ;; EDE: 18 (Prohibited)\n;; Option (65001): 6869\n;; Options cut short: 000CFF\n"
    );
    assert!(shown(reply, Display { opttext: true, ..opt.clone() }).contains("(65001): hi\n"));
    let present = Display { optpresent: true, comments: false, ..opt };
    assert_eq!(
        shown(reply, present.clone()),
        ". 0 ANY EDNS\t\t\tVersion: 0 FLAGS: DO,BIT1,DE,BIT15 RCODE: BADVERS UDPSIZE: 1232 \
         EDE: 18 OPT65001: 6869\n"
    );
    let plain = "0000 8180 0000 0000 0000 0001 00 0029 04D0 00000000 0000";
    assert_eq!(
        shown(plain, Display { multiline: true, ..present }),
        ". 0 ANY EDNS\t\t\t(\n\t\t\t\tVersion: 0\n\t\t\t\tFLAGS: \"\"\n\t\t\t\tRCODE: NOERROR\n\
         \t\t\t\tUDPSIZE: 1232\n\t\t\t\t)\n"
    );
}

#[test]
fn the_times_of_a_signature_are_those_nearest_to_the_reply() {
    let reply = "0000 8000 0000 0001 0000 0000
        00 002E 0001 0000003C 0014 0001 0D 00 0000003C FFFFFFFF 00000001 3039 00 AA";
    let display = Display { answer: true, ..nothing() };
    let now = shown(reply, display.clone());
    assert!(now.ends_with("A 13 0 60 19691231235959 19700101000001 12345 . qg==\n"), "{now}");

    let mut exchange = exchange(unhex(reply));
    exchange.reply.at = date(2106, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let message = Message::read(&exchange.reply.bytes);
    let mut out = Vec::new();
    super::reply(&exchange, &message, &message, &display, Ink::new(false), &mut out).unwrap();
    let then = String::from_utf8(out).unwrap();
    assert!(then.ends_with("A 13 0 60 21060207062815 21060207062817 12345 . qg==\n"), "{then}");
}

#[test]
fn the_signature_has_a_section_of_its_own() {
    let display = Display { additional: true, tsig: true, comments: true, ..nothing() };
    assert_eq!(
        shown(SIGNED, display),
        "\n;; TSIG PSEUDOSECTION:\nlabkey.             \t0\tANY\tTSIG\t\
         hmac-sha256. 1795288003 300 2 qrs= 40296 NOERROR 0\n"
    );
    // NOTAUTH with an error in the signature: the error is the status
    let refused = SIGNED.replace("8500", "8509").replace("9D68 0000 0000", "9D68 0011 0000");
    let text = shown(&refused, Display { header: true, ..nothing() });
    assert!(text.contains("status: BADKEY;"), "{text}");
}

#[test]
fn the_sections_of_an_update_have_other_names() {
    let update = "0000 A800 0001 0001 0001 0001
        036C6162 0474657374 00 0006 0001
        C00C 00FF 00FF 00000000 0000
        C00C 0001 0001 0000003C 0004 C0000237
        C00C 0001 0001 0000003C 0004 C0000237";
    let text = shown(update, Display::default());
    let titles: Vec<&str> = text.lines().filter(|line| line.ends_with(':')).collect();
    assert_eq!(
        titles,
        [
            ";; ZONE SECTION:",
            ";; PREREQUISITE SECTION:",
            ";; UPDATE SECTION:",
            ";; ADDITIONAL DATA:"
        ]
    );
    assert!(text.contains("lab.test.           \t0\tANY\tANY\t\\# 0\n"), "{text}");
}

#[test]
fn what_cannot_be_read_is_shown_in_hex() {
    let display = Display { answer: true, comments: true, ..nothing() };
    assert_eq!(
        shown(BROKEN, display.clone()),
        "\n;; ANSWER SECTION:\nlab.test.           \t60\tIN\tA\t192.0.2.55\n\
         \n;; unread:    42 C00C000100010000003C0005C0000237\n"
    );
    let long = format!("00{}", "AB".repeat(33));
    let mut expected = String::from("\n;; unread:    12 40AB");
    expected += &"AB".repeat(30);
    expected += "\n;; unread:    44 ABAB\n";
    let garbage = format!("0000 8000 0001 0000 0000 0000 40 {}", &long[2..]);
    assert_eq!(shown(&garbage, display.clone()), expected);
    // octets after the last record are only warned of
    assert!(!shown(&format!("{LOOKUP} 00"), display).contains("unread"));
    // less than a header
    let text = shown("DD98 8180 00", Display::default());
    let header = ";; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 56728\n\
                  ;; Flags: qr rd ra; QUERY: 0; ANSWER: 0; AUTHORITY: 0; ADDITIONAL: 0\n\n\
                  ;; unread:     4 00\n\n;; Received 5 B\n";
    assert!(text.contains(header), "{text}");
    assert!(shown("DD98 81", Display::default()).contains("\n;; unread:     0 DD9881\n"));
}

#[test]
fn colour_taken_away_leaves_the_plain_text() {
    for reply in [LOOKUP, SIGNED, BROKEN, &QUERY.replace("0120", "8183")] {
        for display in displays() {
            let coloured = written(unhex(reply), &display, Ink::new(true));
            let mut parts = coloured.split('\x1b');
            let mut plain = parts.next().unwrap().to_owned();
            parts.for_each(|part| plain += part.split_once('m').unwrap().1);
            assert_eq!(plain, shown(reply, display));
        }
    }
}

#[test]
fn no_octets_can_steer_the_terminal() {
    let mut random = Random(0x5eed);
    for round in 0..4_000 {
        let mut octets = unhex([LOOKUP, SIGNED, BROKEN, QUERY][round % 4]);
        if round % 8 < 4 {
            // records of any type with any data behind a sound header
            octets.truncate(12);
            octets[2..12].copy_from_slice(&[0x81, 0x80, 0, 0, 0, 8, 0, 0, 0, 2]);
            for _ in 0..10 {
                let types = rdata::RECORD_TYPES;
                let number = types[random.below(types.len())].number;
                let length = random.below(48);
                octets.push(0);
                octets.extend(number.to_be_bytes());
                octets.extend([0, 1, 0, 0, 0, 60, 0, length as u8]);
                octets.extend((0..length).map(|_| random.octet()));
            }
        } else {
            for _ in 0..=random.below(6) {
                let at = random.below(octets.len());
                octets[at] = random.octet();
            }
            octets.truncate(random.below(2 * octets.len()));
        }
        for display in displays() {
            let text = written(octets.clone(), &display, Ink::new(false));
            for line in text.lines() {
                let steers = |c: char| c.is_control() && c != '\t';
                assert!(!line.contains(steers) && !line.ends_with(' '), "{line:?}");
            }
        }
    }
}

pub(in crate::render) fn exchange(reply: Vec<u8>) -> Exchange {
    let session = SessionFacts {
        version: "TLS1.3".into(),
        key_exchange: "ECDHE-X25519".into(),
        signature: "ECDSA-SECP256R1-SHA256".into(),
        cipher: "AES-256-GCM".into(),
        ..SessionFacts::default()
    };
    let at = date(2026, 11, 21).at(19, 12, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let mut query = unhex(QUERY);
    query.resize(128, 0);
    Exchange {
        peer: Peer { address: Endpoint::Ip(([127, 0, 0, 1], 853).into()), protocol: Protocol::Tls },
        query: Packet { bytes: query, at: at.clone(), took: Duration::from_micros(4_300) },
        reply: Packet { bytes: reply, at, took: Duration::from_micros(11_200) },
        tls: Some(Arc::new(TlsFacts { session, ..TlsFacts::default() })),
        signature: None,
        phases: Phases {
            reused: false,
            connect: Duration::from_millis(2),
            handshake: Duration::from_millis(3),
            reply: Duration::from_micros(6_200),
        },
    }
}

fn shown(reply: &str, display: Display) -> String {
    written(unhex(reply), &display, Ink::new(false))
}

fn written(reply: Vec<u8>, display: &Display, ink: Ink) -> String {
    let exchange = exchange(reply);
    let query = Message::read(&exchange.query.bytes);
    let reply = Message::read(&exchange.reply.bytes);
    let mut out = Vec::new();
    super::reply(&exchange, &query, &reply, display, ink, &mut out).unwrap();
    String::from_utf8(out).expect("only whole characters are written")
}

/// Everything off.
fn nothing() -> Display {
    Display {
        header: false,
        comments: false,
        opt: false,
        question: false,
        answer: false,
        authority: false,
        additional: false,
        tsig: false,
        stats: false,
        ..Display::default()
    }
}

fn displays() -> [Display; 5] {
    let all = Display::default();
    [
        all.clone(),
        Display { multiline: true, optpresent: true, ..all.clone() },
        Display { crypto: false, multiline: true, opttext: true, ..all.clone() },
        Display { generic: true, idnout: true, comments: false, ..all.clone() },
        Display { crypto: false, idnout: true, optpresent: true, ..all },
    ]
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn octet(&mut self) -> u8 {
        self.next() as u8
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
