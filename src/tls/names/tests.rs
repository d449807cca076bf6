//! Distinguished names read back by a reader of RFC 4514 that knows nothing of the writer.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Attribute types: their DER, and what RFC 4514 section 2.3 writes for them.
const TYPES: [(&[u8], &str); 4] = [
    (b"\x06\x03\x55\x04\x03", "CN"),
    (b"\x06\x03\x55\x04\x0a", "O"),
    (b"\x06\x0a\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
    (b"\x06\x03\x55\x04\x7f", "2.5.4.127"),
];

/// One attribute: its type among [`TYPES`], the tag of its value, the value.
type Attribute = (usize, u8, Vec<u8>);

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = sequence(content);
    der[0] = tag;
    der
}

/// A Name without its own tag and length.
fn encoded(rdns: &[Vec<Attribute>]) -> Vec<u8> {
    let attribute =
        |(kind, tag, value): &Attribute| sequence(&[TYPES[*kind].0, &der(*tag, value)].concat());
    let rdn = |rdn: &Vec<Attribute>| der(0x31, &rdn.iter().flat_map(attribute).collect::<Vec<_>>());
    rdns.iter().flat_map(rdn).collect()
}

/// Reads a distinguished name as RFC 4514 section 3 has it, character by character.
fn read_back(text: &str) -> Vec<Vec<(String, Vec<u8>)>> {
    let octets = text.as_bytes();
    let (mut rdns, mut at) = (vec![Vec::new()], 0);
    while at < octets.len() {
        let equals = at + text[at..].find('=').expect("an attribute type");
        let kind = text[at..equals].to_owned();
        assert!(kind.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'.'), "{text}");
        at = equals + 1;
        let mut value = Vec::new();
        let mut separator = None;
        while at < octets.len() {
            let octet = octets[at];
            at += 1;
            match octet {
                b',' | b'+' => {
                    separator = Some(octet);
                    break;
                }
                b'\\' if b" \"#+,;<=>\\".contains(&octets[at]) => {
                    value.push(octets[at]);
                    at += 1;
                }
                b'\\' => {
                    value.push(u8::from_str_radix(&text[at..at + 2], 16).expect("a hex pair"));
                    at += 2;
                }
                b'"' | b';' | b'<' | b'>' | 0 => panic!("{text}: stands alone: {octet}"),
                _ => value.push(octet),
            }
        }
        rdns.last_mut().unwrap().push((kind, value));
        match separator {
            Some(b',') => rdns.push(Vec::new()),
            Some(_) => {}
            None => break,
        }
    }
    rdns
}

fn reads_back(rdns: &[Vec<Attribute>]) {
    let text = distinguished_name_of(&encoded(rdns));
    let named = |(kind, _, value): &Attribute| (TYPES[*kind].1.to_owned(), value.clone());
    let expected: Vec<Vec<_>> = rdns.iter().map(|rdn| rdn.iter().map(named).collect()).collect();
    assert_eq!(read_back(&text), expected, "{text}");
    assert_eq!(text::free(&text), text, "steers a terminal: {text:?}");
    assert!(!text.contains(':'), "looks like a field: {text}");
    let word = as_word(&text);
    assert_eq!(read_back(&word), expected, "{word}");
    assert!(!word.contains(char::is_whitespace), "more than one word: {word}");
}

const UTF8: u8 = 12;

#[test]
fn what_could_be_read_in_two_ways_reads_back_to_the_same_names() {
    for value in [
        "x\x1b\\,O=Bank",
        "\\",
        "\\\\,",
        "x\\2C",
        "a\\027b",
        "\x00",
        " ",
        "  ",
        "#41",
        " #",
        "a+CN=b",
        "SHA-256 PIN: AAAA=",
        "a\n;; forged",
        "\u{202e}a\\\u{feff}",
        "\u{e1}\\\u{a0} ",
        "",
    ] {
        let attribute = (0, UTF8, value.as_bytes().to_vec());
        if value.is_empty() {
            continue;
        }
        reads_back(&[vec![attribute.clone()]]);
        reads_back(&[vec![attribute.clone(), attribute.clone()], vec![attribute]]);
    }
}

proptest! {
    #[test]
    fn every_distinguished_name_reads_back_to_the_same(
        rdns in vec(
            vec(
                (
                    0..TYPES.len(),
                    Just(UTF8),
                    prop_oneof![
                        "[ -~]{1,12}".prop_map(String::into_bytes),
                        "[\\\\,+\"<>;=# :()\u{0}-\u{1f}a0]{1,9}".prop_map(String::into_bytes),
                        "\\PC{1,9}".prop_map(String::into_bytes),
                        vec(any::<char>(), 1..6).prop_map(|it| String::from_iter(it).into_bytes()),
                        vec(any::<u8>(), 1..9),
                    ],
                ),
                1..4,
            ),
            1..5,
        )
    ) {
        reads_back(&rdns);
    }
}

#[test]
fn values_of_every_string_type_are_their_characters_and_others_are_their_der() {
    for (tag, octets, text) in [
        (19, &b"Acme"[..], "CN=Acme"),
        (20, b"caf\xe9", r"CN=caf\E9"),
        (22, b"a@b", "CN=a@b"),
        (28, b"\0\0\0H\0\x01\xf6\0", "CN=H\u{1f600}"),
        (28, b"\0\0\xd8\0", "CN=#1C040000D800"),
        (28, b"\0\0\0H\0", "CN=#1C050000004800"),
        (30, b"\0H\x01\x0d", "CN=H\u{10d}"),
        (30, b"\xd8\x3d\xde\0", "CN=\u{1f600}"),
        (30, b"\xd8\0", "CN=#1E02D800"),
        (30, b"\0H\0", "CN=#1E03004800"),
        (4, b"\x01,", "CN=#0402012C"),
        (5, b"", "CN=#0500"),
    ] {
        let rdns = [vec![(0, tag, octets.to_vec())]];
        assert_eq!(distinguished_name_of(&encoded(&rdns)), text, "{tag} {octets:02x?}");
    }
}
