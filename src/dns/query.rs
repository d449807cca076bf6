//! A query: values in, bytes out. One rule: padding is computed last, over the whole message.

use hickory_proto::ProtoError;
use hickory_proto::rr::Name;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::edns::{OPT, OPTION_HEADER, PADDING};
use crate::text::{Place, escape};

/// A query ready to be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The name asked for.
    pub name: Name,
    /// Record type.
    pub qtype: u16,
    /// Class.
    pub qclass: u16,
    /// The second pair of octets of the header: opcode and flags.
    pub flags: u16,
    /// A version of the zone that is told.
    pub serial: Option<Serial>,
    /// The OPT record to send (RFC 6891).
    pub edns: Option<Edns>,
}

/// The version of a zone, sent as an otherwise empty SOA record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serial {
    /// The new one, in the answer section of a NOTIFY (RFC 1996 section 3.7).
    Answer(u32),
    /// The one we have, in the authority section of an IXFR query (RFC 1995 section 3).
    Authority(u32),
}

/// An OPT record to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edns {
    /// UDP payload size, octets.
    pub size: u16,
    /// EDNS version.
    pub version: u8,
    /// DO and its neighbours.
    pub flags: u16,
    /// Options as code and data, in the order sent.
    pub options: Vec<(u16, Vec<u8>)>,
    /// The padding that follows them.
    pub padding: Padding,
}

/// Padding (RFC 7830).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// None.
    Off,
    /// To a multiple of this many octets, the whole message counted (RFC 8467 section 4.1).
    Block(u16),
    /// Exactly this many octets.
    Length(u16),
}

/// The flags of a header, as bits of its second pair of octets (RFC 1035 section 4.1.1).
pub mod flag {
    /// Authoritative answer.
    pub const AA: u16 = 1 << 10;
    /// Truncated.
    pub const TC: u16 = 1 << 9;
    /// Recursion desired.
    pub const RD: u16 = 1 << 8;
    /// Recursion available.
    pub const RA: u16 = 1 << 7;
    /// Reserved.
    pub const Z: u16 = 1 << 6;
    /// Authentic data.
    pub const AD: u16 = 1 << 5;
    /// Checking disabled.
    pub const CD: u16 = 1 << 4;
    /// The operation NOTIFY (RFC 1996).
    pub const NOTIFY: u16 = 4 << 11;
}

impl Query {
    /// The name asked for, in presentation format.
    pub fn owner(&self) -> String {
        if self.name.is_root() {
            return ".".into();
        }
        let mut text = Vec::new();
        for label in self.name.iter() {
            escape(&mut text, label, Place::Label);
            text.push(b'.');
        }
        // escaped labels are ASCII
        String::from_utf8(text).unwrap_or_default()
    }

    /// The message as sent, without a length prefix.
    ///
    /// `tail` octets will be added to it, which padding counts in. Fails only if with options,
    /// padding and tail it has more than 65,535 octets.
    pub fn encode(&self, id: u16, tail: usize) -> Result<Vec<u8>, ProtoError> {
        // what a padded query takes
        let mut out = Vec::with_capacity(128);
        put(&mut out, id);
        put(&mut out, self.flags);
        let (answers, authorities) = match self.serial {
            Some(Serial::Answer(_)) => (1, 0),
            Some(Serial::Authority(_)) => (0, 1),
            None => (0, 0),
        };
        for count in [1, answers, authorities, u16::from(self.edns.is_some())] {
            put(&mut out, count);
        }
        self.put_name(&mut out);
        put(&mut out, self.qtype);
        put(&mut out, self.qclass);
        if let Some(Serial::Answer(serial) | Serial::Authority(serial)) = self.serial {
            self.put_soa(&mut out, serial);
        }
        if let Some(edns) = &self.edns {
            edns.put(&mut out, tail)?;
        }
        Ok(out)
    }

    fn put_name(&self, out: &mut Vec<u8>) {
        for label in self.name.iter() {
            // labels have at most 63 octets
            out.push(label.len() as u8);
            out.extend(label);
        }
        out.push(0);
    }

    /// The SOA record of the name asked for, empty but for its serial.
    fn put_soa(&self, out: &mut Vec<u8>, serial: u32) {
        const SOA: u16 = 6;
        const TTL: [u8; 4] = [0; 4];
        const NAMES: [u8; 2] = [0; 2];
        const TIMES: [u8; 16] = [0; 16];
        // where the question has the name, behind the header (RFC 1035 section 4.1.4)
        const QNAME: u16 = 0xc000 | 12;
        match self.name.is_root() {
            true => self.put_name(out),
            false => put(out, QNAME),
        }
        put(out, SOA);
        put(out, self.qclass);
        out.extend(TTL);
        put(out, (NAMES.len() + 4 + TIMES.len()) as u16);
        out.extend(NAMES);
        out.extend(serial.to_be_bytes());
        out.extend(TIMES);
    }
}

fn put(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

impl Edns {
    fn put(&self, out: &mut Vec<u8>, tail: usize) -> Result<(), ProtoError> {
        const OPT_HEADER: usize = 11;
        let before = out.len() + OPT_HEADER;
        let options: usize = self.options.iter().map(|(_, data)| OPTION_HEADER + data.len()).sum();
        let padding = self.padding.length(before + options + tail);
        let length = options + padding.map_or(0, |padding| OPTION_HEADER + padding);
        let length = u16::try_from(length).map_err(|_| "the EDNS options are too long")?;

        out.push(0);
        put(out, OPT);
        put(out, self.size);
        out.extend([0, self.version]);
        put(out, self.flags);
        put(out, length);
        for (code, data) in &self.options {
            put(out, *code);
            // no longer than all together
            put(out, data.len() as u16);
            out.extend(data);
        }
        if let Some(padding) = padding {
            put(out, PADDING);
            put(out, padding as u16);
            out.resize(out.len() + padding, 0);
        }
        // a question, these options and the tail may be more than a message holds
        match u16::try_from(out.len() + tail) {
            Ok(_) => Ok(()),
            Err(_) => Err("the EDNS options are too long".into()),
        }
    }
}

impl Padding {
    /// The data octets of a padding option that ends a message of `size` octets without it. A
    /// message that fits its block without padding gets a whole block more: a responder pads only
    /// when the query did (RFC 7830 section 4).
    fn length(self, size: usize) -> Option<usize> {
        match self {
            Self::Off => None,
            Self::Length(length) => Some(length.into()),
            Self::Block(block) => {
                Some((size + OPTION_HEADER).next_multiple_of(block.into()) - size - OPTION_HEADER)
            }
        }
    }
}

/// Reads a domain name in presentation format (RFC 1035 section 5.1): `\X` is the character X,
/// `\DDD` the octet of that decimal value. It is absolute with or without a final dot.
pub fn parse_name(text: &str) -> Result<Name, ProtoError> {
    if text == "." {
        return Ok(Name::root());
    }
    let mut name = Name::root();
    let mut label = Vec::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'.' => {
                name = name.append_label(label.as_slice())?;
                label.clear();
            }
            b'\\' => label.push(escaped(&mut octets)?),
            _ => label.push(octet),
        }
    }
    if !label.is_empty() {
        name = name.append_label(label.as_slice())?;
    }
    match name.is_root() {
        true => Err("an empty label".into()),
        false => Ok(name),
    }
}

/// A name with its labels beyond ASCII in Punycode (UTS 46, nontransitional, without a rule for the
/// characters of ASCII, so that `_tcp` and escapes pass); None if it has letters that no host has.
pub fn to_ascii(text: &str) -> Option<String> {
    let (deny, hyphens) = (AsciiDenyList::EMPTY, Hyphens::Allow);
    let ascii = Uts46::new().to_ascii(text.as_bytes(), deny, hyphens, DnsLength::Ignore).ok()?;
    Some(ascii.into_owned())
}

fn escaped(octets: &mut std::str::Bytes<'_>) -> Result<u8, ProtoError> {
    let digit = |octet: Option<u8>| {
        octet.filter(u8::is_ascii_digit).map(|octet| u16::from(octet - b'0')).ok_or("a bad escape")
    };
    match octets.next() {
        Some(first @ b'0'..=b'9') => {
            let value =
                digit(Some(first))? * 100 + digit(octets.next())? * 10 + digit(octets.next())?;
            Ok(u8::try_from(value).map_err(|_| "an escape above 255")?)
        }
        Some(octet) => Ok(octet),
        None => Err("a bad escape".into()),
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::serialize::binary::{BinEncodable, BinEncoder};

    use super::*;

    fn query(name: &str, options: Vec<(u16, Vec<u8>)>, padding: Padding) -> Vec<u8> {
        let edns = Edns { size: 1232, version: 0, flags: 0, options, padding };
        Query {
            name: parse_name(name).unwrap(),
            qtype: 1,
            qclass: 1,
            flags: flag::RD | flag::AD,
            serial: None,
            edns: Some(edns),
        }
        .encode(0x1234, 0)
        .unwrap()
    }

    #[test]
    fn a_query_is_header_question_and_opt() {
        let mut expected =
            b"\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\x03lab\x04test\0\0\x01\0\x01".to_vec();
        expected.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\0");
        assert_eq!(query("lab.test", Vec::new(), Padding::Off), expected);
    }

    #[test]
    fn padding_fills_the_block_whatever_the_name_and_the_options() {
        for length in 1..=63 {
            let name = format!("{}.example", "n".repeat(length));
            for data in [0, 1, 24, 100] {
                let options = vec![(65_001, vec![7; data])];
                let bytes = query(&name, options, Padding::Block(128));
                assert_eq!(bytes.len() % 128, 0, "name of {length}, option of {data} octets");
            }
        }
        assert_eq!(query("lab.test", Vec::new(), Padding::Block(128)).len(), 128);
        assert_eq!(query("lab.test", Vec::new(), Padding::Length(3)).len(), 37 + 4 + 3);
    }

    #[test]
    fn options_that_do_not_fit_are_an_error() {
        let edns = Edns {
            size: 1232,
            version: 0,
            flags: 0,
            options: vec![(1, vec![0; 40_000]), (1, vec![0; 40_000])],
            padding: Padding::Off,
        };
        let query = Query {
            name: Name::root(),
            qtype: 1,
            qclass: 1,
            flags: 0,
            serial: None,
            edns: Some(edns),
        };
        assert!(query.encode(1, 0).is_err());

        // header, question and OPT record are 28 octets, the option has 4 before its data
        let mut query = query;
        let padding = Padding::Length(65_535 - 28 - 4 - 60);
        query.edns = Some(Edns { size: 1232, version: 0, flags: 0, options: Vec::new(), padding });
        assert_eq!(query.encode(1, 60).map(|it| it.len() + 60).ok(), Some(65_535));
        assert!(query.encode(1, 61).is_err(), "the tail is part of the message");
    }

    #[test]
    fn names_keep_their_case_and_their_octets() {
        let wire = |name: &str| {
            let mut bytes = Vec::new();
            parse_name(name).unwrap().emit(&mut BinEncoder::new(&mut bytes)).unwrap();
            bytes
        };
        assert_eq!(wire("."), b"\0");
        assert_eq!(wire("WwW.lab.test"), b"\x03WwW\x03lab\x04test\0");
        assert_eq!(wire(r"a\.b.\200\032x."), b"\x03a.b\x03\xc8 x\0");
        assert_eq!(wire("b\u{fc}cher"), b"\x07b\xc3\xbccher\0");
    }

    #[test]
    fn letters_beyond_ascii_become_punycode() {
        for (name, ascii) in [
            ("h\u{e1}\u{10d}ky.lab.test", Some("xn--hky-ela4t.lab.test")),
            ("_sip.B\u{dc}CHER.example.", Some("_sip.xn--bcher-kva.example.")),
            // the same letter in two code points, and a full stop of ideographs
            ("bu\u{308}cher\u{3002}example", Some("xn--bcher-kva.example")),
            ("fa\u{df}.example", Some("xn--fa-hia.example")),
            ("\u{2028}.example", None),
            ("a\u{202e}b.example", None),
            ("\u{300}a.example", None),
        ] {
            assert_eq!(to_ascii(name).as_deref(), ascii, "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{}.", "a".repeat(63)).repeat(4) + "toolong";
        for name in
            ["", "a..b", ".a", "..", &"a".repeat(64), &long, r"a\", r"a\25", r"a\256", r"a\2x5"]
        {
            assert!(parse_name(name).is_err(), "{name}");
        }
    }
}
