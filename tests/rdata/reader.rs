//! Text of RDATA read back, for every type that has one. One rule: it is written by the RFC of each
//! type, and takes the text word by word: what a text leaves out, this reader cannot know.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tdig::dns::rdata::type_from_word;

use super::notation::{
    Token, base32hex, centimetres, counted, error, map, name, parameter, prefix, time, tokens,
    unescaped, unhex, windows,
};

/// What the words of a text stand for, in order.
#[derive(Clone, Copy)]
enum Word {
    /// A number of so many octets.
    Number(usize),
    Name,
    Ipv4,
    Ipv6,
    /// A character string.
    Text,
    /// Character strings to the end.
    Texts,
    /// A string without its length, to the end.
    Bare,
    /// A tag with its length.
    Tag,
    Hex,
    /// Hex behind `0x`.
    Nsap,
    /// Base64 to the end, or none.
    Base64,
    /// The same, `-` for none.
    Dash,
    /// A length of two octets, and base64 unless it is 0.
    Sized,
    Type,
    Time,
    Error,
    Scheme,
    /// Octets in hex, parted by this.
    Parted(char),
    Salt,
    Hash,
    Parameters,
    A6,
    Relay,
    Prefixes,
    Atm,
    Hip,
    Gateway,
    Location,
    /// Types to the end as one bit map.
    Map,
    /// Numbers to the end as one bit map.
    Ports,
    /// Types to the end as windows.
    Windows,
}

use Word::*;

const ROWS: &[(&str, &[Word])] = &[
    ("A", &[Ipv4]),
    ("NS MD MF CNAME MB MG MR PTR NSAP-PTR DNAME", &[Name]),
    ("SOA", &[Name, Name, Number(4), Number(4), Number(4), Number(4), Number(4)]),
    ("WKS", &[Ipv4, Number(1), Ports]),
    ("HINFO", &[Text, Text]),
    ("MINFO RP TALINK", &[Name, Name]),
    ("MX AFSDB RT KX LP", &[Number(2), Name]),
    ("TXT NINFO SPF AVC RESINFO WALLET ISDN X25 GPOS", &[Texts]),
    ("NSAP", &[Nsap]),
    ("SIG RRSIG", SIGNATURE),
    ("KEY DNSKEY CDNSKEY RKEY", &[Number(2), Number(1), Number(1), Base64]),
    ("PX", &[Number(2), Name, Name]),
    ("AAAA", &[Ipv6]),
    ("LOC", &[Location]),
    ("NXT", &[Name, Map]),
    ("EID NIMLOC", &[Hex]),
    ("SRV", &[Number(2), Number(2), Number(2), Name]),
    ("ATMA", &[Atm]),
    ("NAPTR", &[Number(2), Number(2), Text, Text, Text, Name]),
    ("CERT", &[Number(2), Number(2), Number(1), Base64]),
    ("A6", &[A6]),
    ("SINK", &[Number(1), Number(1), Number(1), Base64]),
    ("APL", &[Prefixes]),
    ("DS CDS TA DLV", &[Number(2), Number(1), Number(1), Hex]),
    ("SSHFP", &[Number(1), Number(1), Hex]),
    ("IPSECKEY", &[Number(1), Gateway, Base64]),
    ("NSEC", &[Name, Windows]),
    ("DHCID OPENPGPKEY HHIT BRID", &[Base64]),
    ("NSEC3", &[Number(1), Number(1), Number(2), Salt, Hash, Windows]),
    ("NSEC3PARAM", &[Number(1), Number(1), Number(2), Salt]),
    ("TLSA SMIMEA", &[Number(1), Number(1), Number(1), Hex]),
    ("HIP", &[Hip]),
    ("CSYNC", &[Number(4), Number(2), Windows]),
    ("ZONEMD", &[Number(4), Number(1), Number(1), Hex]),
    ("SVCB HTTPS", &[Number(2), Name, Parameters]),
    ("DSYNC", &[Type, Scheme, Number(2), Name]),
    ("NID L64", &[Number(2), Parted(':')]),
    ("L32", &[Number(2), Ipv4]),
    ("EUI48 EUI64", &[Parted('-')]),
    ("TKEY", &[Name, Number(4), Number(4), Number(2), Error, Sized, Sized]),
    ("TSIG", &[Name, Number(6), Number(2), Sized, Number(2), Error, Sized]),
    ("URI", &[Number(2), Number(2), Bare]),
    ("CAA", &[Number(1), Tag, Bare]),
    ("DOA", &[Number(4), Number(4), Number(1), Text, Dash]),
    ("AMTRELAY", &[Number(1), Relay]),
];

const SIGNATURE: &[Word] =
    &[Type, Number(1), Number(1), Number(4), Time, Time, Number(2), Name, Base64];

/// The octets that a text of a type stands for; None if a word is not of its kind.
pub fn read(name: &str, text: &str) -> Option<Vec<u8>> {
    let mut tokens = Tokens { list: tokens(text), next: 0 };
    if tokens.list.first().is_some_and(|first| first.raw == "\\#") {
        tokens.next = 1;
        let length: usize = tokens.word()?.parse().ok()?;
        let octets = unhex(&tokens.rest())?;
        return (octets.len() == length).then_some(octets);
    }
    let of = |row: &&(&str, &[Word])| row.0.split(' ').any(|word| word == name);
    let (_, words) = ROWS.iter().find(of)?;
    let mut octets = Vec::new();
    for word in *words {
        octets.extend(tokens.octets(*word)?);
    }
    (tokens.next == tokens.list.len()).then_some(octets)
}

struct Tokens {
    list: Vec<Token>,
    next: usize,
}

impl Tokens {
    fn token(&mut self) -> Option<&Token> {
        self.next += 1;
        self.list.get(self.next - 1)
    }

    fn word(&mut self) -> Option<String> {
        self.token().map(|token| token.raw.clone())
    }

    fn number(&mut self, length: usize) -> Option<Vec<u8>> {
        let number: u64 = self.word()?.parse().ok()?;
        let octets = number.to_be_bytes();
        let (above, octets) = octets.split_at(8 - length);
        above.iter().all(|it| *it == 0).then(|| octets.to_vec())
    }

    fn ends(&self) -> bool {
        self.next == self.list.len()
    }

    /// What is left, in one piece.
    fn rest(&mut self) -> String {
        let rest = self.list[self.next..].iter().map(|token| &*token.raw).collect();
        self.next = self.list.len();
        rest
    }

    fn types(&mut self) -> Option<Vec<u16>> {
        let types = self.list[self.next..].iter().map(|it| type_from_word(&it.raw)).collect();
        self.next = self.list.len();
        types
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let token = self.token().filter(|token| token.quoted)?;
        unescaped(&token.raw)
    }

    fn address(&mut self, kind: u8) -> Option<Vec<u8>> {
        Some(match kind {
            0 => (self.word()? == ".").then(Vec::new)?,
            1 => self.octets(Ipv4)?,
            2 => self.octets(Ipv6)?,
            _ => self.octets(Name)?,
        })
    }

    fn octets(&mut self, word: Word) -> Option<Vec<u8>> {
        Some(match word {
            Number(length) => self.number(length)?,
            Name => name(&self.word()?)?,
            Ipv4 => self.word()?.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
            Ipv6 => self.word()?.parse::<Ipv6Addr>().ok()?.octets().to_vec(),
            Text => counted(self.text()?)?,
            Texts => {
                let mut octets = Vec::new();
                while !self.ends() {
                    octets.extend(counted(self.text()?)?);
                }
                octets
            }
            Bare => self.text()?,
            Tag => counted(unescaped(&self.word()?)?)?,
            Hex => unhex(&self.rest())?,
            Nsap => unhex(self.word()?.strip_prefix("0x")?)?,
            Base64 => STANDARD.decode(self.rest()).ok()?,
            Dash => match &*self.rest() {
                "-" => Vec::new(),
                text => STANDARD.decode(text).ok()?,
            },
            Sized => {
                let length = self.number(2)?;
                let octets = match &length[..] {
                    [0, 0] => Vec::new(),
                    _ => STANDARD.decode(self.word()?).ok()?,
                };
                let fits = octets.len() == usize::from(u16::from_be_bytes([length[0], length[1]]));
                fits.then(|| [length, octets].concat())?
            }
            Type => match &*self.word()? {
                "0" => vec![0; 2],
                word => type_from_word(word)?.to_be_bytes().to_vec(),
            },
            Time => time(&self.word()?)?.to_be_bytes().to_vec(),
            Error => error(&self.word()?)?.to_be_bytes().to_vec(),
            Scheme => match &*self.word()? {
                "NOTIFY" => vec![1],
                word => vec![word.parse().ok()?],
            },
            Parted(by) => unhex(&self.word()?.replace(by, ""))?,
            Salt => match &*self.word()? {
                "-" => vec![0],
                word => counted(unhex(word)?)?,
            },
            Hash => counted(base32hex(&self.word()?)?)?,
            Map => map(&self.types()?),
            Ports => {
                let rest = self.list[self.next..].iter().map(|it| it.raw.parse().ok());
                let ports: Option<Vec<u16>> = rest.collect();
                self.next = self.list.len();
                map(&ports?)
            }
            Windows => windows(&self.types()?)?,
            Parameters => {
                let mut octets = Vec::new();
                while let Some(word) = self.word() {
                    octets.extend(parameter(&word)?);
                }
                self.next = self.list.len();
                octets
            }
            Prefixes => {
                let mut octets = Vec::new();
                while let Some(word) = self.word() {
                    octets.extend(prefix(&word)?);
                }
                self.next = self.list.len();
                octets
            }
            A6 => {
                let prefix = self.number(1)?[0];
                let suffix = 16_usize.checked_sub(usize::from(prefix / 8))?;
                let address = if prefix < 128 { self.octets(Ipv6)? } else { Vec::new() };
                let mut suffix = address[address.len() - suffix..].to_vec();
                if let Some(first) = suffix.first_mut() {
                    *first &= 0xff >> (prefix % 8);
                }
                let name = if prefix > 0 { self.octets(Name)? } else { Vec::new() };
                [vec![prefix], suffix, name].concat()
            }
            Relay => {
                let (discovery, kind) = (self.number(1)?[0], self.number(1)?[0]);
                [vec![discovery << 7 | kind], self.address(kind)?].concat()
            }
            Gateway => {
                let (kind, algorithm) = (self.number(1)?[0], self.number(1)?[0]);
                [vec![kind, algorithm], self.address(kind)?].concat()
            }
            Atm => {
                let word = self.word()?;
                match word.strip_prefix('+') {
                    Some(digits) => [&[1], digits.as_bytes()].concat(),
                    None => [vec![0], unhex(&word)?].concat(),
                }
            }
            Hip => {
                let algorithm = self.number(1)?;
                let (tag, key) = (unhex(&self.word()?)?, STANDARD.decode(self.word()?).ok()?);
                let length = (key.len() as u16).to_be_bytes().to_vec();
                let mut octets = [vec![tag.len() as u8], algorithm, length, tag, key].concat();
                while !self.ends() {
                    octets.extend(self.octets(Name)?);
                }
                octets
            }
            Location => self.location()?,
        })
    }

    fn location(&mut self) -> Option<Vec<u8>> {
        let mut places = Vec::new();
        for sides in [["S", "N"], ["W", "E"]] {
            let (degrees, minutes) = (self.word()?.parse::<i64>(), self.word()?.parse::<i64>());
            let seconds = self.word()?;
            let (whole, rest) = seconds.split_once('.').unwrap_or((&seconds, "000"));
            let seconds = whole.parse::<i64>().ok()? * 1000 + rest.parse::<i64>().ok()?;
            let place = (degrees.ok()? * 60 + minutes.ok()?) * 60_000 + seconds;
            let side = self.word()?;
            let side = sides.iter().position(|it| *it == side)?;
            let place = if side == 1 { place } else { -place };
            places.extend(((1 << 31) + place).to_be_bytes()[4..].to_vec());
        }
        let altitude = centimetres(&self.word()?)? + 10_000_000;
        places.extend(altitude.to_be_bytes()[4..].to_vec());
        let mut octets = vec![0];
        for _ in 0..3 {
            let (mut digit, mut power) = (centimetres(&self.word()?)?, 0);
            while digit > 9 {
                (digit, power) = ((digit % 10 == 0).then_some(digit / 10)?, power + 1);
            }
            octets.push((digit as u8) << 4 | power);
        }
        Some([octets, places].concat())
    }
}
