//! Our text of RDATA, read back by somebody else. One rule: the `domain` crate's scanner of zone files
//! must come to the octets that the text was made of; for the types that it does not know, BIND does
//! so in the tests beside the peers.

use domain::base::Name;
use domain::base::rdata::ComposeRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};
use proptest::test_runner::{Config, TestRunner};
use tdig::dns::rdata::{RECORD_TYPES, Style, type_from_word};

use crate::rdata::{LAYOUTS, WITHOUT_TEXT, rdata, text};

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
