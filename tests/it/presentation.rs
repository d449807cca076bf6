//! Our text of RDATA, read back by another program. One rule: the `domain` crate's scanner of zone
//! files must come to the octets that the text was made of; for the types that it does not know,
//! BIND does so in the tests beside the peers, and a reader of our own reads all of them.

use domain::base::Name;
use domain::base::rdata::ComposeRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tdig::dns::rdata::{RECORD_TYPES, Style, type_from_word};

use crate::rdata::{LAYOUTS, WITHOUT_TEXT, any_text, rdata, reader, text};

/// The types that the scanner has no rows for.
const UNKNOWN: &[&str] = &[
    "WKS", "AFSDB", "X25", "ISDN", "RT", "NSAP", "NSAP-PTR", "SIG", "KEY", "PX", "GPOS", "LOC",
    "NXT", "EID", "NIMLOC", "ATMA", "KX", "CERT", "A6", "SINK", "APL", "DHCID", "SMIMEA", "HIP",
    "NINFO", "RKEY", "TALINK", "CSYNC", "DSYNC", "HHIT", "BRID", "SPF", "NID", "L32", "L64", "LP",
    "EUI48", "EUI64", "TKEY", "TSIG", "URI", "AVC", "DOA", "AMTRELAY", "RESINFO", "WALLET", "TA",
    "DLV",
];

#[test]
fn every_type_is_laid_out_or_has_no_text() {
    for row in RECORD_TYPES {
        let laid_out = LAYOUTS.iter().any(|(name, _)| *name == row.mnemonic);
        assert_ne!(laid_out, WITHOUT_TEXT.contains(&row.mnemonic), "{}", row.mnemonic);
    }
}

#[test]
fn any_data_have_a_text_that_stands_for_them_alone() {
    let folded = Style { multiline: true, ..Style::default() };
    for (name, layout) in LAYOUTS {
        let number = type_from_word(name).unwrap();
        let mut runner =
            TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&rdata(layout), |octets| {
            for style in [Style::default(), folded] {
                let text = text(number, &octets, style).expect("it fits its type");
                assert!(!text.contains(|it: char| it.is_control() && it != '\n' && it != '\t'));
                if UNKNOWN.contains(name) {
                    continue;
                }
                let read = read(name, &text);
                assert_eq!(read.as_ref(), Ok(&octets), "{name} {text}");
            }
            Ok(())
        });
        if let Err(fault) = outcome {
            panic!("{name}: {fault}");
        }
    }
}

/// What may become of RDATA: an octet is another, one is there twice or is a zero, one is missing,
/// zeros follow.
fn altered(octets: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (0..5_u8, any::<prop::sample::Index>(), any::<u8>());
    prop::collection::vec(change, 0..3).prop_map(move |changes| {
        let mut octets = octets.clone();
        for (kind, place, value) in changes {
            let place = place.index(octets.len() + 1);
            match kind {
                0 if place < octets.len() => octets[place] = value,
                1 if place < octets.len() => octets[place] ^= 1 << (value % 8),
                2 if place < octets.len() => drop(octets.remove(place)),
                3 => octets.insert(place, 0),
                _ => octets.push(value & 1),
            }
        }
        octets
    })
}

#[test]
fn any_octets_at_all_have_a_text_that_stands_for_them_alone() {
    let folded = Style { multiline: true, ..Style::default() };
    for (name, layout) in LAYOUTS {
        let number = type_from_word(name).unwrap();
        let mut runner =
            TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let octets = rdata(layout).prop_flat_map(altered);
        let outcome = runner.run(&octets, |octets| {
            for style in [Style::default(), folded] {
                let (text, octets) = any_text(number, &octets, style);
                assert_eq!(reader::read(name, &text).as_ref(), Some(&octets), "{name} {text}");
            }
            Ok(())
        });
        if let Err(fault) = outcome {
            panic!("{name}: {fault}");
        }
    }
}

#[test]
fn what_a_text_would_leave_out_is_shown_in_hex() {
    for (name, hex) in [
        // bit maps with zeros at the end, of zeros, with windows twice and in another order
        ("NSEC", "00 0002 4000"),
        ("NSEC", "00 0001 00"),
        ("NSEC", "00 0001 40 0102 4000"),
        ("NSEC", "00 0100 0001 40"),
        ("NSEC", "00 0001 40 0001 40"),
        ("NSEC", "00 0101 40 0001 40"),
        ("NSEC", "00 0000"),
        ("NSEC3", "01 00 0000 00 01 AA 0002 4000"),
        ("NSEC3", "01 00 0000 00 01 AA 0001 00"),
        ("CSYNC", "00000001 0003 0002 6000"),
        ("CSYNC", "00000001 0003 0001 00"),
        ("NXT", "00 4000"),
        ("NXT", "00 00"),
        ("WKS", "C0000201 06 00000040 00"),
        ("WKS", "C0000201 06 00"),
        // prefixes
        ("APL", "0001 18 04 C0000200"),
        ("APL", "0001 18 01 00"),
        ("APL", "0001 18 04 C0000201"),
        ("APL", "0001 17 03 C00001"),
        ("APL", "0001 00 01 80"),
        ("APL", "0002 20 05 20010DB801"),
        ("APL", "0001 18 03 C00002 0001 18 84 C0000200"),
        ("A6", "01 FF010DB8000000000000000000000001 00"),
        ("A6", "41 FF00000000000001 00"),
        ("A6", "7F 02 00"),
        // a zero with a power, a digit or a power of more than nine
        ("LOC", "00 05 16 13 80000000 80000000 00989680"),
        ("LOC", "00 12 01 13 80000000 80000000 00989680"),
        ("LOC", "00 12 16 09 80000000 80000000 00989680"),
        ("LOC", "00 A2 16 13 80000000 80000000 00989680"),
        ("LOC", "00 1A 16 13 80000000 80000000 00989680"),
        // values that a parameter of this kind does not have
        ("SVCB", "0001 00 0002 0001 00"),
        ("SVCB", "0001 00 0005 0000"),
        ("HTTPS", "0001 00 0001 0001 00"),
        ("HTTPS", "0001 00 0004 0005 C000020100"),
        // more than the fields
        ("HINFO", "0141 0142 0143"),
        ("URI", "000A"),
        ("DSYNC", "003B 01 14EF 00 00"),
    ] {
        let octets: Vec<u8> = hex.split(' ').flat_map(unhex).collect();
        let number = type_from_word(name).unwrap();
        let expected = format!("\\# {} {}", octets.len(), hex.replace(' ', ""));
        assert_eq!(any_text(number, &octets, Style::default()).0, expected, "{name}");
    }
    // and what it does not leave out is not
    for (name, hex, expected) in [
        ("NSEC", "00", "."),
        ("NSEC", "00 0001 40 0102 0001", ". A TYPE271"),
        ("NXT", "00", "."),
        ("WKS", "C0000201 06", "192.0.2.1 6"),
        ("APL", "0001 17 03 C00002", "1:192.0.2.0/23"),
        ("APL", "0001 00 00", "1:0.0.0.0/0"),
        ("A6", "41 7F00000000000001 00", "65 ::7f00:0:0:1 ."),
        ("LOC", "00 00 16 13 80000000 80000000 00989680", "0 0 0 N  0 0 0 E  0m  0m 10000m 10m"),
    ] {
        let octets: Vec<u8> = hex.split(' ').flat_map(unhex).collect();
        let number = type_from_word(name).unwrap();
        assert_eq!(any_text(number, &octets, Style::default()).0, expected, "{name}");
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}

/// The octets that the scanner reads from a text.
fn read(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let mut zone = Zonefile::new();
    zone.set_origin(Name::root());
    zone.extend_from_slice(format!("x. 300 IN {name} {text}\n").as_bytes());
    match zone.next_entry() {
        Ok(Some(Entry::Record(record))) => {
            let mut octets = Vec::new();
            record.data().compose_rdata(&mut octets).map_err(|fault| fault.to_string())?;
            Ok(octets)
        }
        Ok(_) => Err("no record".into()),
        Err(fault) => Err(fault.to_string()),
    }
}
