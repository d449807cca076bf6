//! RECORD TYPES and classes: their numbers, their mnemonics, and what their RDATA is made of. One
//! rule: a type is one row; it takes code only if one of its fields is of a new kind.

use super::field::Field;
use super::field::Field::*;
use crate::dns::digits::decimal;

/// What is known of a record type.
#[derive(Debug)]
pub struct RecordType {
    /// Its name in text.
    pub mnemonic: &'static str,
    /// Its number on the wire.
    pub number: u16,
    /// What its RDATA is made of; empty when it is shown in hex (RFC 3597).
    pub(super) fields: &'static [Field],
}

/// The types with a name of their own, by number (IANA "Resource Record (RR) TYPEs"). DELEG, ALIAS
/// and DELEGPARAM are kdig's names: IANA has not assigned their numbers.
pub static RECORD_TYPES: &[RecordType] = &[
    row("A", 1, &[Ipv4]),
    row("NS", 2, &[Name]),
    row("MD", 3, &[Name]),
    row("MF", 4, &[Name]),
    row("CNAME", 5, &[Name]),
    row("SOA", 6, SOA),
    row("MB", 7, &[Name]),
    row("MG", 8, &[Name]),
    row("MR", 9, &[Name]),
    row("NULL", 10, OPAQUE),
    row("WKS", 11, &[Ipv4, U8, Ports]),
    row("PTR", 12, &[Name]),
    row("HINFO", 13, &[Quoted, Quoted]),
    row("MINFO", 14, &[Name, Name]),
    row("MX", 15, &[U16, Name]),
    row("TXT", 16, &[Strings]),
    row("RP", 17, &[Name, Name]),
    row("AFSDB", 18, &[U16, Name]),
    row("X25", 19, &[Quoted]),
    row("ISDN", 20, &[Quoted, QuotedIfAny]),
    row("RT", 21, &[U16, Name]),
    row("NSAP", 22, &[Nsap]),
    row("NSAP-PTR", 23, &[PlainName]),
    row("SIG", 24, &[SigType, U8, U8, U32, Time, Open, Time, U16, Name, Break, Crypto64]),
    row("KEY", 25, DNSKEY),
    row("PX", 26, &[U16, Name, Name]),
    row("GPOS", 27, &[Quoted, Quoted, Quoted]),
    row("AAAA", 28, &[Ipv6]),
    row("LOC", 29, &[Loc]),
    row("NXT", 30, &[Name, NxtTypes]),
    row("EID", 31, &[Hex]),
    row("NIMLOC", 32, &[Hex]),
    row("SRV", 33, &[U16, U16, U16, Name]),
    row("ATMA", 34, &[Atma]),
    row("NAPTR", 35, &[U16, U16, Quoted, Quoted, Quoted, Name]),
    row("KX", 36, &[U16, Name]),
    row("CERT", 37, &[U16, U16, U8, Open, Crypto64]),
    row("A6", 38, &[A6]),
    row("DNAME", 39, &[Name]),
    row("SINK", 40, &[U8, U8, U8, Base64IfAny]),
    row("OPT", 41, OPAQUE),
    row("APL", 42, &[Apl]),
    row("DS", 43, DS),
    row("SSHFP", 44, &[U8, U8, Open, CryptoHex]),
    row("IPSECKEY", 45, &[U8, Open, IpsecGateway, Break, Base64IfAny]),
    row("RRSIG", 46, &[Type, U8, U8, U32, Time, Open, Time, U16, PlainName, Break, Crypto64]),
    row("NSEC", 47, &[PlainName, Types]),
    row("DNSKEY", 48, DNSKEY),
    row("DHCID", 49, &[Open, Crypto64]),
    row("NSEC3", 50, &[U8, U8, U16, Salt, Open, NextHash, Break, Types]),
    row("NSEC3PARAM", 51, &[U8, U8, U16, Salt]),
    row("TLSA", 52, TLSA),
    row("SMIMEA", 53, TLSA),
    row("HIP", 55, &[Hip]),
    row("NINFO", 56, &[Strings]),
    row("RKEY", 57, &[U16, U8, U8, Base64]),
    row("TALINK", 58, &[PlainName, PlainName]),
    row("CDS", 59, DS),
    row("CDNSKEY", 60, DNSKEY),
    row("OPENPGPKEY", 61, &[Open, Crypto64]),
    row("CSYNC", 62, &[U32, U16, Types]),
    row("ZONEMD", 63, &[U32, U8, U8, Open, CryptoHex]),
    row("SVCB", 64, &[U16, PlainName, SvcParams]),
    row("HTTPS", 65, &[U16, PlainName, SvcParams]),
    row("DSYNC", 66, &[Type, DsyncScheme, U16, PlainName]),
    row("HHIT", 67, &[Base64]),
    row("BRID", 68, &[Base64]),
    row("SPF", 99, &[Strings]),
    row("UINFO", 100, OPAQUE),
    row("UID", 101, OPAQUE),
    row("GID", 102, OPAQUE),
    row("UNSPEC", 103, OPAQUE),
    row("NID", 104, &[U16, Locator]),
    row("L32", 105, &[U16, Ipv4]),
    row("L64", 106, &[U16, Locator]),
    row("LP", 107, &[U16, Name]),
    row("EUI48", 108, &[Eui(6)]),
    row("EUI64", 109, &[Eui(8)]),
    row("NXNAME", 128, OPAQUE),
    row("TKEY", 249, &[PlainName, U32, U32, U16, TsigError, Sized64, Sized64]),
    row("TSIG", 250, TSIG),
    row("IXFR", 251, OPAQUE),
    row("AXFR", 252, OPAQUE),
    row("MAILB", 253, OPAQUE),
    row("MAILA", 254, OPAQUE),
    row("ANY", 255, OPAQUE),
    row("URI", 256, &[U16, U16, QuotedRest]),
    row("CAA", 257, &[U8, Tag, QuotedRest]),
    row("AVC", 258, &[Strings]),
    row("DOA", 259, &[U32, U32, U8, Quoted, Base64OrDash]),
    row("AMTRELAY", 260, &[U8, AmtRelay]),
    row("RESINFO", 261, &[Strings]),
    row("WALLET", 262, &[Strings]),
    row("CLA", 263, OPAQUE),
    row("IPN", 264, OPAQUE),
    row("TA", 32768, DS),
    row("DLV", 32769, DS),
    row("DELEG", 61440, OPAQUE),
    row("ALIAS", 65401, OPAQUE),
    row("DELEGPARAM", 65433, OPAQUE),
];

const OPAQUE: &[Field] = &[];
const DS: &[Field] = &[U16, U8, U8, Open, CryptoHex];
const TLSA: &[Field] = &[U8, U8, U8, Open, CryptoHex];
const DNSKEY: &[Field] = &[U16, U8, U8, Open, Key];
const SOA: &[Field] = &[
    Name,
    Name,
    Open,
    Noted("serial"),
    Break,
    Period("refresh"),
    Break,
    Period("retry"),
    Break,
    Period("expire"),
    Break,
    Period("minimum"),
];
const TSIG: &[Field] = &[PlainName, U48, U16, Open, TsigMac, Break, U16, TsigError, Sized64];

/// The classes with a name of their own, and their other names.
static CLASSES: &[(u16, &str, &str)] =
    &[(1, "IN", "INTERNET"), (3, "CH", "CHAOS"), (254, "NONE", "NONE"), (255, "ANY", "ANY")];

/// The row of a type.
pub fn record_type(number: u16) -> Option<&'static RecordType> {
    let found = RECORD_TYPES.binary_search_by_key(&number, |row| row.number).ok()?;
    RECORD_TYPES.get(found)
}

/// The mnemonic of a type; `None` if it is written `TYPEn`.
pub fn type_name(number: u16) -> Option<&'static str> {
    record_type(number).map(|row| row.mnemonic)
}

/// The type that a word means: a mnemonic or `TYPEn`, in any case.
pub fn type_from_word(word: &str) -> Option<u16> {
    let row = RECORD_TYPES.iter().find(|row| row.mnemonic.eq_ignore_ascii_case(word));
    row.map(|row| row.number).or_else(|| numbered("TYPE", word))
}

/// The name of a class; `None` if it is written `CLASSn`.
pub fn class_name(number: u16) -> Option<&'static str> {
    CLASSES.iter().find(|class| class.0 == number).map(|class| class.1)
}

/// The class that a word means: a name or `CLASSn`, in any case.
pub fn class_from_word(word: &str) -> Option<u16> {
    let named = CLASSES
        .iter()
        .find(|class| class.1.eq_ignore_ascii_case(word) || class.2.eq_ignore_ascii_case(word));
    // Hesiod's, which is read everywhere and shown by its number
    let hesiod = || ["HS", "HESIOD"].iter().any(|it| it.eq_ignore_ascii_case(word)).then_some(4);
    named.map(|class| class.0).or_else(hesiod).or_else(|| numbered("CLASS", word))
}

/// Appends the mnemonic of a type, or `TYPEn`.
pub fn write_type(out: &mut Vec<u8>, number: u16) {
    write_code(out, type_name(number), "TYPE", number);
}

/// Appends the name of a class, or `CLASSn`.
pub fn write_class(out: &mut Vec<u8>, number: u16) {
    write_code(out, class_name(number), "CLASS", number);
}

const fn row(mnemonic: &'static str, number: u16, fields: &'static [Field]) -> RecordType {
    RecordType { mnemonic, number, fields }
}

/// `TYPE65280`: digits alone after the prefix (RFC 3597 section 5).
fn numbered(prefix: &str, word: &str) -> Option<u16> {
    let (head, digits) = word.split_at_checked(prefix.len())?;
    let whole = head.eq_ignore_ascii_case(prefix) && digits.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| digits.parse().ok())?
}

fn write_code(out: &mut Vec<u8>, name: Option<&str>, prefix: &str, number: u16) {
    match name {
        Some(name) => out.extend(name.as_bytes()),
        None => {
            out.extend(prefix.as_bytes());
            decimal(out, number.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_in_order_and_no_mnemonic_stands_twice() {
        assert!(RECORD_TYPES.is_sorted_by(|a, b| a.number < b.number));
        for row in RECORD_TYPES {
            assert_eq!(type_from_word(row.mnemonic), Some(row.number));
            assert_eq!(type_from_word(&row.mnemonic.to_lowercase()), Some(row.number));
            assert_eq!(type_name(row.number), Some(row.mnemonic));
        }
    }

    #[test]
    fn types_and_classes_have_numbers_too() {
        assert_eq!(type_from_word("type65280"), Some(65280));
        assert_eq!(type_from_word("TYPE0"), Some(0));
        assert_eq!(type_from_word("TYPE1"), Some(1));
        for word in ["TYPE65536", "TYPE", "TYPE+1", "TYPE 1", "NOPE", "MAILC", "", "é"] {
            assert_eq!(type_from_word(word), None, "{word}");
        }
        assert_eq!(class_from_word("internet"), Some(1));
        assert_eq!(class_from_word("Ch"), Some(3));
        assert_eq!(class_from_word("CLASS4"), Some(4));
        assert_eq!(class_from_word("HS"), Some(4));
        let text = |write: fn(&mut Vec<u8>, u16), number| {
            let mut out = Vec::new();
            write(&mut out, number);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(write_type, 65305), "TYPE65305");
        assert_eq!(text(write_type, 253), "MAILB");
        assert_eq!(text(write_type, 252 + 16), "TYPE268");
        assert_eq!(text(write_class, 4), "CLASS4");
        assert_eq!(text(write_class, 254), "NONE");
    }
}
