//! Options on the wire and their text. One rule: a row here is one option in one notation.

use super::*;

fn line(code: u16, data: &[u8]) -> String {
    text(EdnsOption { code, data }, EdnsOption::write, false)
}

fn presentation(code: u16, data: &[u8]) -> String {
    text(EdnsOption { code, data }, EdnsOption::write_presentation, false)
}

fn text<'a>(
    option: EdnsOption<'a>,
    write: fn(&EdnsOption<'a>, &View<'_>, &mut Vec<u8>),
    text: bool,
) -> String {
    let mut out = Vec::new();
    let question = Name::alone(b"\x03www\x03lab\x04test\x00");
    write(&option, &View { question, text, idn: false }, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_option_is_one_line() {
    for (code, data, expected) in [
        (3, &b"lab-ns-1"[..], "NSID: 6C61622D6E732D31 \"lab-ns-1\""),
        (3, b"\x00\x01x", "NSID: 000178"),
        (3, b"", "NSID:"),
        (5, b"\x08\x0d\xc8", "DAU: 8 (RSASHA256) 13 (ECDSAP256SHA256) 200"),
        (6, b"\x01\x04\x00", "DHU: 1 (SHA-1) 4 (SHA-384) 0"),
        (7, b"\x01", "N3U: 1 (SHA-1)"),
        (8, b"\x00\x01\x18\x14\xc0\x00\x02", "CLIENT-SUBNET: 192.0.2.0/24/20"),
        (8, b"\x00\x02\x20\x00\x20\x01\x0d\xb8", "CLIENT-SUBNET: 2001:db8::/32/0"),
        (8, b"\x00\x01\x18\x00\xc0", "CLIENT-SUBNET: (malformed) 00011800C0"),
        (8, b"\x00\x03\x00\x00", "CLIENT-SUBNET: (malformed) 00030000"),
        (
            8,
            b"\x00\x01\x21\x00\xc0\x00\x02\x00\x00",
            "CLIENT-SUBNET: (malformed) 00012100C000020000",
        ),
        // more octets than the prefix needs (RFC 7871 section 6)
        (8, b"\x00\x01\x18\x18\xc0\x00\x02\x00", "CLIENT-SUBNET: (malformed) 00011818C0000200"),
        (8, b"", "CLIENT-SUBNET: (malformed)"),
        (9, b"\x00\x01\x5f\xcd", "EXPIRE: 90061 (1 day 1 hour 1 minute 1 second)"),
        (9, b"\x00\x00\x00\x00", "EXPIRE: 0"),
        (9, b"", "EXPIRE: (empty)"),
        (9, b"\x00", "EXPIRE: (malformed) 00"),
        (10, b"\x00\x01\x02\x03\x04\x05\x06\x07", "COOKIE: 0001020304050607"),
        (11, b"\x00\x64", "KEEPALIVE: 10.0 s"),
        (11, b"\x00\x07", "KEEPALIVE: 0.7 s"),
        (11, b"", "KEEPALIVE: (empty)"),
        (10, b"\x00\x01\x02", "COOKIE: (malformed) 000102"),
        (10, b"", "COOKIE: (malformed)"),
        (11, b"\x00", "KEEPALIVE: (malformed) 00"),
        (11, b"\x01\x02\x03", "KEEPALIVE: (malformed) 010203"),
        (12, b"\x00\x00\x00", "PADDING: 3 B"),
        (12, b"", "PADDING: 0 B"),
        (12, b"\x00\x01", "PADDING: 2 B (not zero) 0001"),
        (13, b"\x03lab\x04test\x00", "CHAIN: lab.test."),
        (13, b"\x03lab", "CHAIN: (malformed) 036C6162"),
        (18, b"\x01a\x00\x00", "REPORTCHANNEL: (malformed) 01610000"),
        (15, b"\x00\x06dnssec bogus text", "EDE: 6 (DNSSEC Bogus): 'dnssec bogus text'"),
        (15, b"\x00\x12", "EDE: 18 (Prohibited)"),
        (15, b"\x03\xe7", "EDE: 999 (Unknown code)"),
        (15, b"\x00\x1f", "EDE: 31 (Unknown code)"),
        (15, b"\x00\x21", "EDE: 33 (Negative Trust Anchor)"),
        (15, b"\x00", "EDE: (malformed) 00"),
        (15, b"\x00\x06bogus\0", "EDE: 6 (DNSSEC Bogus): 'bogus'"),
        (15, b"\x00\x06a\0\0", r"EDE: 6 (DNSSEC Bogus): 'a\000'"),
        (15, b"\x00\x06\0", "EDE: 6 (DNSSEC Bogus)"),
        (15, b"\x00\x00\x1b[31m\n;; x\xff", r"EDE: 0 (Other): '\027[31m\010;; x\255'"),
        (18, b"\x05agent\x04test\x00", "REPORTCHANNEL: agent.test."),
        (19, b"\x02\x00\x78\xc2\x75\xf5", "ZONEVERSION: lab.test. SOA-SERIAL 2026010101"),
        (19, b"\x02\xf6\x01", "ZONEVERSION: lab.test. UNKNOWN (246) 01"),
        (19, b"", "ZONEVERSION:"),
        (19, b"\x04\x00\x00\x00\x00\x01", "ZONEVERSION: (malformed) 040000000001"),
        (19, b"\x02", "ZONEVERSION: (malformed) 02"),
        (19, b"\x02\x00\x01", "ZONEVERSION: (malformed) 020001"),
        (65001, b"hello", "Option (65001): 68656C6C6F"),
        (65003, b"", "Option (65003):"),
    ] {
        assert_eq!(line(code, data), expected);
    }
}

#[test]
fn unknown_options_are_text_on_request() {
    let line = |data| text(EdnsOption { code: 65001, data }, EdnsOption::write, true);
    assert_eq!(line(b"hello"), "Option (65001): hello");
    assert_eq!(line(b"\x00\xff"), "Option (65001): 00FF");
    assert_eq!(line(b"hi "), "Option (65001): 686920");
}

#[test]
fn options_have_a_presentation_format() {
    for (code, data, expected) in [
        (3, &b""[..], "NSID:  \"\""),
        (5, b"", "DAU: \"\""),
        (6, b"", "DHU: \"\""),
        (7, b"", "N3U: \"\""),
        (11, b"", "KEEPALIVE: \"\""),
        (19, b"", "ZONEVERSION: \"\""),
        (3, b"lab-ns-1", "NSID: 6C61622D6E732D31 \"lab-ns-1\""),
        (8, b"\x00\x01\x18\x00\xc0\x00\x02", "ECS: \"192.0.2.0/24\""),
        (8, b"\x00\x01\x18\x14\xc0\x00\x02", "ECS: \"192.0.2.0/24/20\""),
        (8, b"\x00", "OPT8: 00"),
        (9, b"", "EXPIRE: NONE"),
        (10, b"\x8a\x45\xd6\xdd\xe7\x63\xcd\x09", "COOKIE: 8A45D6DDE763CD09"),
        (10, b"12345678ABCDEFGH", "COOKIE: 3132333435363738,4142434445464748"),
        (10, b"1234567", "OPT10: 31323334353637"),
        (12, &[0; 60], "PADDING: 60 \"\""),
        (15, b"\x00\x12no\n", r#"EDE: 18 "no\010""#),
        (15, b"\x00\x12no\0", r#"EDE: 18 "no""#),
        (15, b"\x00", "OPT15: 00"),
        (65003, b"", "OPT65003: \"\""),
    ] {
        assert_eq!(presentation(code, data), expected);
    }
}

#[test]
fn an_opt_record_is_its_fields() {
    let opt = Opt::new(1232, 0x0100_e001, b"\x00\x0c\x00\x01\x00\x00\x03\x00\x05ab");
    assert_eq!((opt.udp_size, opt.extended_rcode, opt.version), (1232, 1, 0));
    let flags: Vec<Flag> = opt.flags(1).collect();
    assert_eq!(flags, [Flag::Do, Flag::Bit(2), Flag::De, Flag::Bit(16)]);
    assert_eq!(opt.options().count(), 1);
    assert_eq!(opt.unread(), b"\x00\x03\x00\x05ab");
}

/// Data of each option that has a name, and of some that have none.
const SAMPLES: &[(u16, &[u8])] = &[
    (1, b"\0\x01\0\x02"),
    (3, b"ns 1"),
    (5, b"\x08\x0d"),
    (6, b"\x01\x04"),
    (7, b"\x01\x02"),
    (8, b"\0\x01\x14\0\xc0\0\x10"),
    (8, b"\0\x02\x20\0\x20\x01\x0d\xb8"),
    (9, b"\0\x01\x5f\xcd"),
    (10, b"\0\x01\x02\x03\x04\x05\x06\x07"),
    (10, b"\0\x01\x02\x03\x04\x05\x06\x0701234567"),
    (11, b"\0\x64"),
    (12, b"\0\0\0"),
    (13, b"\x03lab\0"),
    (15, b"\0\x06a'\\"),
    (16, b"\0\x01"),
    (18, b"\x01a\x01.\0"),
    (19, b"\x02\0\x78\xc2\x75\xf5"),
    (19, b"\x02\x01\x78\xc2"),
    (65001, b"hello"),
];

/// The data, and all that is one octet longer, shorter or another, one bit at a time.
fn altered(data: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![data.to_vec(), Vec::new()];
    for place in 0..=data.len() {
        for octet in [0, 1, b'0', b' '] {
            all.push([&data[..place], &[octet], &data[place..]].concat());
        }
        let Some((&octet, after)) = data[place..].split_first() else { continue };
        all.push([&data[..place], after].concat());
        all.extend((0..8).map(|bit| [&data[..place], &[octet ^ 1 << bit], after].concat()));
    }
    all
}

#[test]
fn no_two_options_have_one_text() {
    // the NUL that a text may end in is no part of it (RFC 8914 section 2)
    let plain = |code, data: &[u8]| match code {
        EDE if data.len() > 2 => data.strip_suffix(b"\0").unwrap_or(data).to_vec(),
        _ => data.to_vec(),
    };
    for notation in [line, presentation] {
        let mut texts = std::collections::HashMap::new();
        for (code, sample) in SAMPLES {
            for data in altered(sample) {
                let (text, data) = (notation(*code, &data), (*code, plain(*code, &data)));
                let before = texts.insert(text.clone(), data.clone());
                assert!(before.is_none_or(|before| before == data), "{text}: {data:?}");
            }
        }
        assert!(texts.len() > 1000, "{}", texts.len());
    }
}
