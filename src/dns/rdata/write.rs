//! Fields of RDATA as text, folded or in one line. One rule: between two pieces of text stands one
//! gap, and a gap is only written when a piece follows it: no line ends with a space.

use std::io::Write;
use std::net::Ipv6Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::field::Field;
use super::{Style, compound, key, svcb, table};
use crate::dns::cursor::{Cursor, number};
use crate::dns::period;
use crate::dns::rcode::Rcode;
use crate::text::{self, Place};

/// A pen for the RDATA of one record.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    pub(super) style: Style,
    gap: Gap,
    folded: bool,
}

/// What stands before the next piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// The text begins.
    Start,
    /// The text begins, and it is folded at once.
    StartOpen,
    Space,
    /// A parenthesis and a new line, a space when nothing is folded.
    Open,
    /// A new line, a space when nothing is folded.
    Break,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, style: Style) -> Self {
        Self { out, style, gap: Gap::Start, folded: false }
    }

    /// `\# length hex` (RFC 3597 section 5).
    pub(super) fn unknown(mut self, octets: &[u8]) {
        self.open();
        let out = self.piece();
        out.extend(b"\\# ");
        decimal(out, octets.len() as u64);
        self.fold();
        self.blob(octets, HEX_LINE, hex);
        self.finish(false, octets);
    }

    /// The field that [`Field::take`] took at `place`, where `octets` are its octets.
    pub(super) fn field(&mut self, field: Field, octets: &[u8], mut place: Cursor<'_>) {
        let idn = self.style.idn;
        match field {
            Field::Open => self.open(),
            Field::Break => self.fold(),
            Field::U8 | Field::U16 | Field::U32 | Field::U48 => self.number(octets),
            Field::Name | Field::PlainName => {
                let out = self.piece();
                if let Ok(name) = place.name() {
                    name.write(out, idn);
                }
            }
            Field::Ipv4 => ipv4(self.piece(), octets),
            Field::Ipv6 => ipv6(self.piece(), octets),
            Field::Quoted | Field::Strings | Field::QuotedIfAny => {
                for string in strings(octets) {
                    self.quoted(string);
                }
            }
            Field::QuotedRest => self.quoted(octets),
            Field::Tag => {
                text::escape(self.piece(), octets.get(1..).unwrap_or_default(), Place::Label);
            }
            Field::Hex => self.blob(octets, HEX_LINE, hex),
            Field::Base64 => self.blob(octets, BASE64_LINE, base64),
            Field::Base64OrDash if octets.is_empty() => self.piece().push(b'-'),
            Field::Base64OrDash => self.blob(octets, BASE64_LINE, base64),
            Field::CryptoHex | Field::Crypto64 if !self.style.crypto => self.omitted(),
            Field::CryptoHex => self.blob(octets, HEX_LINE, hex),
            Field::Crypto64 => self.blob(octets, BASE64_LINE, base64),
            Field::Key if self.style.crypto => self.blob(octets, BASE64_LINE, base64),
            Field::Key if self.style.multiline => self.omitted(),
            Field::Key => {
                // the fixed fields before the key are four octets (RFC 4034 section 2.1)
                let rdata = place.message.get(place.at.saturating_sub(4)..place.end);
                let tag = key::tag(rdata.unwrap_or_default());
                let _ = write!(self.piece(), "[id = {tag}]");
            }
            Field::Sized64 | Field::TsigMac => {
                let (length, octets) = octets.split_at_checked(2).unwrap_or_default();
                self.number(length);
                match field {
                    Field::TsigMac if !self.style.crypto && !octets.is_empty() => self.omitted(),
                    _ if !octets.is_empty() => base64(self.piece(), octets),
                    _ => {}
                }
            }
            Field::Noted(note) | Field::Period(note) => {
                self.number(octets);
                if self.style.multiline {
                    let _ = write!(self.out, " ; {note}");
                    let seconds = number(octets);
                    if matches!(field, Field::Period(_)) && seconds > 0 {
                        self.out.extend(b" (");
                        period::write(self.out, seconds);
                        self.out.push(b')');
                    }
                }
            }
            Field::Time => time(self.piece(), number(octets) as i64),
            Field::Type => table::write_type(self.piece(), number(octets) as u16),
            Field::SigType if number(octets) == 0 => self.piece().push(b'0'),
            Field::SigType => table::write_type(self.piece(), number(octets) as u16),
            Field::TsigError => match Rcode::tsig(number(octets) as u16).name() {
                Some(name) => self.piece().extend(name.as_bytes()),
                None => self.number(octets),
            },
            Field::DsyncScheme if octets == [1] => self.piece().extend(b"NOTIFY"),
            Field::DsyncScheme => self.number(octets),
            Field::Eui(_) => joined(self.piece(), octets.chunks(1), b'-'),
            Field::Locator => joined(self.piece(), octets.chunks(2), b':'),
            Field::Nsap => {
                let out = self.piece();
                out.extend(b"0x");
                compound::lower_hex(out, octets);
            }
            Field::Salt if octets.len() < 2 => self.piece().push(b'-'),
            Field::Salt => hex(self.piece(), octets.get(1..).unwrap_or_default()),
            Field::NextHash => base32hex(self.piece(), octets.get(1..).unwrap_or_default()),
            Field::SvcParams => svcb::write(octets, self),
            Field::A6
            | Field::AmtRelay
            | Field::Apl
            | Field::Atma
            | Field::Hip
            | Field::IpsecGateway
            | Field::Loc
            | Field::NxtTypes
            | Field::Ports
            | Field::Types => compound::write(field, octets, self),
        }
    }

    /// Ends the text: closes the parenthesis and tells what the key is.
    pub(super) fn finish(&mut self, with_key: bool, rdata: &[u8]) {
        if self.folded {
            self.out.extend(FOLD);
            self.out.push(b')');
        }
        if with_key && self.style.multiline {
            if !self.folded {
                self.out.extend(FOLD);
            }
            key::note(self.out, rdata, self.style.idn);
        }
    }

    /// Writes the gap; a piece of text follows.
    pub(super) fn piece(&mut self) -> &mut Vec<u8> {
        match self.gap {
            Gap::Start => {}
            Gap::StartOpen | Gap::Open if self.style.multiline => {
                if self.gap == Gap::Open {
                    self.out.push(b' ');
                }
                self.out.push(b'(');
                self.out.extend(FOLD);
                self.folded = true;
            }
            Gap::StartOpen => {}
            Gap::Break if self.folded => self.out.extend(FOLD),
            Gap::Space | Gap::Open | Gap::Break => self.out.push(b' '),
        }
        self.gap = Gap::Space;
        self.out
    }

    /// What follows is folded.
    pub(super) fn open(&mut self) {
        self.gap = if self.gap == Gap::Start { Gap::StartOpen } else { Gap::Open };
    }

    /// What follows stands in the next line.
    pub(super) fn fold(&mut self) {
        if self.gap == Gap::Space {
            self.gap = Gap::Break;
        }
    }

    pub(super) fn number(&mut self, octets: &[u8]) {
        decimal(self.piece(), number(octets));
    }

    pub(super) fn quoted(&mut self, octets: &[u8]) {
        let out = self.piece();
        out.push(b'"');
        text::escape(out, octets, Place::Quoted);
        out.push(b'"');
    }

    /// Octets in lines of `line` octets, or in one piece.
    pub(super) fn blob(&mut self, octets: &[u8], line: usize, text: fn(&mut Vec<u8>, &[u8])) {
        let line = if self.folds() { line } else { usize::MAX };
        for octets in octets.chunks(line) {
            text(self.piece(), octets);
            self.fold();
        }
    }

    fn folds(&self) -> bool {
        let open = matches!(self.gap, Gap::StartOpen | Gap::Open);
        self.style.multiline && (self.folded || open)
    }

    /// What `+nocrypto` leaves of a blob; nothing is folded for its sake.
    fn omitted(&mut self) {
        match self.gap {
            Gap::StartOpen => self.gap = Gap::Start,
            Gap::Open => self.gap = Gap::Space,
            Gap::Start | Gap::Space | Gap::Break => {}
        }
        self.piece().extend(b"[omitted]");
    }
}

/// A new line within folded text.
const FOLD: &[u8] = b"\n\t\t\t\t";

/// Octets that make a line of 40 characters.
const HEX_LINE: usize = 20;
pub(super) const BASE64_LINE: usize = 30;

/// Appends a number in decimal.
pub(crate) fn decimal(out: &mut Vec<u8>, mut number: u64) {
    // 64 bits are 20 digits at most
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend(&digits[20 - used..]);
}

/// Appends upper-case hex.
pub(crate) fn hex(out: &mut Vec<u8>, octets: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend(
        octets
            .iter()
            .flat_map(|&octet| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]),
    );
}

pub(super) fn base64(out: &mut Vec<u8>, octets: &[u8]) {
    let start = out.len();
    out.resize(start + octets.len().div_ceil(3) * 4, 0);
    // the room is exactly what padded base64 takes
    let written = STANDARD.encode_slice(octets, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
}

/// Lower-case base32hex without padding (RFC 5155 section 3.3).
fn base32hex(out: &mut Vec<u8>, octets: &[u8]) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    for chunk in octets.chunks(5) {
        let bits = number(chunk) << (8 * (5 - chunk.len()));
        for digit in 0..(chunk.len() * 8).div_ceil(5) {
            out.push(DIGITS[(bits >> (35 - 5 * digit) & 0x1f) as usize]);
        }
    }
}

pub(in crate::dns) fn ipv4(out: &mut Vec<u8>, octets: &[u8]) {
    for (index, &octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        decimal(out, octet.into());
    }
}

pub(in crate::dns) fn ipv6(out: &mut Vec<u8>, octets: &[u8]) {
    let address = octets.iter().fold(0, |bits: u128, &octet| bits << 8 | u128::from(octet));
    // inet_ntop writes the low 32 bits as IPv4 when all above them are 0
    if address >> 32 == 0 && address >> 16 != 0 {
        out.extend(b"::");
        ipv4(out, &(address as u32).to_be_bytes());
    } else {
        let _ = write!(out, "{}", Ipv6Addr::from_bits(address));
    }
}

/// The character strings of octets that [`Field::take`] has cut at a string's end.
pub(super) fn strings(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, rest) = octets.split_first()?;
        let (string, rest) = rest.split_at_checked(length.into())?;
        octets = rest;
        Some(string)
    })
}

fn joined<'a>(out: &mut Vec<u8>, parts: impl Iterator<Item = &'a [u8]>, by: u8) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(by);
        }
        hex(out, part);
    }
}

/// Seconds since 1970 as `YYYYMMDDHHMMSS` (RFC 4034 section 3.2).
fn time(out: &mut Vec<u8>, seconds: i64) {
    // 32 bits of seconds end in the year 2106
    let time = Offset::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or_default());
    let date =
        i64::from(time.year()) * 10_000 + i64::from(time.month()) * 100 + i64::from(time.day());
    let clock =
        i64::from(time.hour()) * 10_000 + i64::from(time.minute()) * 100 + i64::from(time.second());
    decimal(out, (date * 1_000_000 + clock).unsigned_abs());
}
