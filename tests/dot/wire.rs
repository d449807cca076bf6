//! DNS messages in wire format (RFC 1035 section 4): queries read, replies written.
//! One rule: by hand, so that what is under test is not judged by its own library.

use std::collections::BTreeMap;

/// EDNS (RFC 6891).
pub const OPT: u16 = 41;
/// The EDNS option that pads (RFC 7830).
pub const PADDING: u16 = 12;

/// Replies to padded queries are a multiple of this long (RFC 8467 section 4.1).
const BLOCK: usize = 468;
const HEADER: usize = 12;

/// What a server must know of a query.
#[derive(Clone, Debug)]
pub struct Query {
    /// Message ID.
    pub id: u16,
    /// The flags and opcode.
    pub flags: u16,
    /// The name asked, as written, with its final dot.
    pub name: String,
    /// The question in wire format.
    pub question: Vec<u8>,
    /// Type.
    pub kind: u16,
    /// Class.
    pub class: u16,
    /// EDNS, when the query had it.
    pub edns: Option<Edns>,
}

/// The OPT record of a query.
#[derive(Clone, Debug)]
pub struct Edns {
    /// Payload size.
    pub payload: u16,
    /// Version.
    pub version: u8,
    /// DNSSEC OK.
    pub dnssec: bool,
    /// Options by code.
    pub options: Vec<(u16, Vec<u8>)>,
}

impl Query {
    /// Reads a query of one question and at most an OPT record behind it; `None` for all else.
    pub fn read(message: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
        let (name, end) = read_name(message, HEADER)?;
        let edns = match word(10)? {
            0 => None,
            _ => Some(read_opt(message.get(end + 4..)?)?),
        };
        Some(Self {
            id: word(0)?,
            flags: word(2)?,
            name,
            question: message.get(HEADER..end + 4)?.to_vec(),
            kind: word(end)?,
            class: word(end + 2)?,
            edns,
        })
    }

    /// The content of an EDNS option of the query.
    pub fn option(&self, code: u16) -> Option<&[u8]> {
        let options = &self.edns.as_ref()?.options;
        options.iter().find(|option| option.0 == code).map(|option| &option.1[..])
    }
}

/// A name as text of one character an octet; a dot within a label is a one dot leader, so that
/// labels stay apart.
fn read_name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((if name.is_empty() { ".".into() } else { name }, at));
        }
        name.extend(message.get(at..at + length)?.iter().map(|octet| match octet {
            b'.' => '\u{2024}',
            octet => char::from(*octet),
        }));
        name.push('.');
        at += length;
    }
}

fn read_opt(record: &[u8]) -> Option<Edns> {
    let (fixed, mut rest) = record.split_first_chunk::<11>()?;
    let mut options = Vec::new();
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        options.push((u16::from_be_bytes([head[0], head[1]]), tail.get(..length)?.to_vec()));
        rest = &tail[length..];
    }
    Some(Edns {
        payload: u16::from_be_bytes([fixed[3], fixed[4]]),
        version: fixed[6],
        dnssec: fixed[7] & 0x80 != 0,
        options,
    })
}

/// A part of a record's data.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Octets as they are.
    Octets(&'a [u8]),
    /// 8 bits.
    U8(u8),
    /// 16 bits.
    U16(u16),
    /// 32 bits.
    U32(u32),
    /// A domain name that may be compressed (RFC 3597 section 4 lists the types).
    Name(&'a str),
    /// A domain name that may not.
    WholeName(&'a str),
    /// A character string: its length and its octets.
    Text(&'a [u8]),
}

/// A section of a message, by the position of its count in the header.
#[derive(Clone, Copy, Debug)]
pub enum Section {
    /// Answers.
    Answer = 6,
    /// Name servers, SOA.
    Authority = 8,
    /// The rest, OPT included.
    Additional = 10,
}

/// A reply while it is written.
#[derive(Clone, Debug)]
pub struct Reply {
    octets: Vec<u8>,
    names: BTreeMap<String, u16>,
}

/// QR: this is a reply.
pub const QR: u16 = 0x8000;
/// TC: truncated.
pub const TC: u16 = 0x0200;
const RD: u16 = 0x0100;
const RA: u16 = 0x0080;
const CD: u16 = 0x0010;

impl Reply {
    /// Header and question; RD and CD are copied, RA is set.
    pub fn to(query: &Query, rcode: u8) -> Self {
        let opcode = query.flags & 0x7800;
        let flags = QR | opcode | query.flags & (RD | CD) | RA | u16::from(rcode & 15);
        let words = [query.id, flags, 1, 0, 0, 0];
        let mut octets = words.map(u16::to_be_bytes).concat();
        octets.extend(&query.question);
        let mut reply = Self { octets, names: BTreeMap::new() };
        reply.remember(&query.name, HEADER);
        reply
    }

    /// Sets flags of the header.
    pub fn flags(&mut self, change: impl FnOnce(u16) -> u16) {
        let flags = change(u16::from_be_bytes([self.octets[2], self.octets[3]]));
        self.octets[2..4].copy_from_slice(&flags.to_be_bytes());
    }

    /// Adds a record.
    pub fn record(
        &mut self,
        section: Section,
        owner: &str,
        fixed: (u16, u16, u32),
        data: &[Part<'_>],
    ) {
        let (kind, class, ttl) = fixed;
        self.name(owner);
        self.u16(kind);
        self.u16(class);
        self.octets.extend(ttl.to_be_bytes());
        let start = self.octets.len();
        self.u16(0);
        for part in data {
            self.part(*part);
        }
        let length = u16::try_from(self.octets.len() - start - 2).expect("a record is no longer");
        self.octets[start..start + 2].copy_from_slice(&length.to_be_bytes());
        self.count(section);
    }

    /// Adds an OPT record with a payload of 1232, extended RCODE bits and options; with `pad`, the
    /// message is padded to a multiple of 468 octets, so it must come last.
    pub fn opt(&mut self, rcode: u16, dnssec: bool, options: &[(u16, Vec<u8>)], pad: bool) {
        let mut content = Vec::new();
        let mut option = |code: u16, data: &[u8]| {
            content.extend(code.to_be_bytes());
            content.extend((data.len() as u16).to_be_bytes());
            content.extend(data);
        };
        for (code, data) in options {
            option(*code, data);
        }
        if pad {
            let options: usize = options.iter().map(|option| 4 + option.1.len()).sum();
            let length = self.octets.len() + 11 + options + 4;
            let room = usize::from(u16::MAX).saturating_sub(length);
            option(PADDING, &vec![0; (length.next_multiple_of(BLOCK) - length).min(room)]);
        }
        self.octets.push(0);
        self.u16(OPT);
        self.u16(1232);
        self.octets.extend([(rcode >> 4) as u8, 0, if dnssec { 0x80 } else { 0 }, 0]);
        self.u16(content.len() as u16);
        self.octets.extend(content);
        self.count(Section::Additional);
    }

    /// The octets so far.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.octets
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Octets(octets) => self.octets.extend(octets),
            Part::U8(number) => self.octets.push(number),
            Part::U16(number) => self.u16(number),
            Part::U32(number) => self.octets.extend(number.to_be_bytes()),
            Part::Name(name) => self.name(name),
            Part::WholeName(name) => self.octets.extend(wire_name(name)),
            Part::Text(text) => {
                self.octets.push(u8::try_from(text.len()).expect("a string is no longer"));
                self.octets.extend(text);
            }
        }
    }

    /// A name, compressed where some suffix of it has been written before, whatever its case.
    fn name(&mut self, name: &str) {
        let mut rest = name;
        while !rest.is_empty() && rest != "." {
            if let Some(offset) = self.names.get(&rest.to_ascii_lowercase()) {
                return self.u16(0xc000 | offset);
            }
            self.remember_one(rest, self.octets.len());
            let (label, tail) = rest.split_once('.').expect("names end with a dot");
            self.octets.push(label.len() as u8);
            self.octets.extend(label.as_bytes());
            rest = tail;
        }
        self.octets.push(0);
    }

    fn remember(&mut self, name: &str, mut offset: usize) {
        let mut rest = name;
        while let Some((label, tail)) = rest.split_once('.').filter(|(label, _)| !label.is_empty())
        {
            self.remember_one(rest, offset);
            offset += label.chars().count() + 1;
            rest = tail;
        }
    }

    fn remember_one(&mut self, suffix: &str, offset: usize) {
        if offset < 0x4000 {
            self.names.entry(suffix.to_ascii_lowercase()).or_insert(offset as u16);
        }
    }

    fn u16(&mut self, number: u16) {
        self.octets.extend(number.to_be_bytes());
    }

    fn count(&mut self, section: Section) {
        let at = section as usize;
        let count = u16::from_be_bytes([self.octets[at], self.octets[at + 1]]) + 1;
        self.octets[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }
}

/// A name in wire format, uncompressed.
pub fn wire_name(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split_terminator('.').filter(|label| !label.is_empty()) {
        octets.push(label.len() as u8);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}
