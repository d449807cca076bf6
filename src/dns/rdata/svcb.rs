//! Service parameters of SVCB and HTTPS (RFC 9460). One rule: a parameter is one row, its key's
//! name and the shape of its value.

use super::pen::{Writer, quoted};
use crate::dns::cursor::{Cursor, number, strings};
use crate::dns::digits::{base64, decimal, ipv4, ipv6};
use crate::text::{self, Place};

/// What the value of a parameter is.
#[derive(Clone, Copy)]
enum Shape {
    /// Strings of which each has its length, as a list in double quotes.
    Alpn,
    Base64,
    /// Addresses of so many octets.
    Addresses(usize),
    /// No value.
    Flag,
    /// Keys in ascending order.
    Keys,
    Port,
    /// Any octets, in double quotes.
    Quoted,
}

/// The keys with a name, by number (IANA "Service Parameter Keys").
const PARAMS: &[(&str, Shape)] = &[
    ("mandatory", Shape::Keys),
    ("alpn", Shape::Alpn),
    ("no-default-alpn", Shape::Flag),
    ("port", Shape::Port),
    ("ipv4hint", Shape::Addresses(4)),
    ("ech", Shape::Base64),
    ("ipv6hint", Shape::Addresses(16)),
    ("dohpath", Shape::Quoted),
    ("ohttp", Shape::Flag),
];

/// Takes the parameters to the end; `None` if one does not fit or the keys do not ascend.
pub(super) fn take(rdata: &mut Cursor<'_>) -> Option<()> {
    let mut last = None;
    while rdata.left() > 0 {
        let (key, value) = param(rdata)?;
        (last.is_none_or(|last| last < key) && shape(key).fits(value)).then_some(())?;
        last = Some(key);
    }
    Some(())
}

/// Writes parameters that [`take`] has taken, each in a line of its own when folded.
pub(super) fn write(params: &[u8], writer: &mut Writer<'_>) {
    let mut params = Cursor::new(params);
    writer.open();
    while let Some((key, value)) = param(&mut params) {
        let out = writer.piece();
        write_key(out, key);
        if !value.is_empty() {
            out.push(b'=');
            shape(key).write(value, out);
        }
        writer.fold();
    }
}

fn param<'a>(params: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let (key, length) = (params.u16()?, params.u16()?);
    Some((key, params.octets(length.into())?))
}

fn shape(key: u16) -> Shape {
    PARAMS.get(usize::from(key)).map_or(Shape::Quoted, |param| param.1)
}

fn write_key(out: &mut Vec<u8>, key: u16) {
    match PARAMS.get(usize::from(key)) {
        Some((name, _)) => out.extend(name.as_bytes()),
        None => {
            out.extend(b"key");
            decimal(out, key.into());
        }
    }
}

impl Shape {
    fn fits(self, value: &[u8]) -> bool {
        match self {
            Self::Addresses(octets) => !value.is_empty() && value.len().is_multiple_of(octets),
            Self::Alpn => {
                let taken: usize = strings(value).map(|id| 1 + id.len()).sum();
                let empty = strings(value).any(<[u8]>::is_empty);
                taken == value.len() && taken > 0 && !empty
            }
            Self::Base64 => !value.is_empty(),
            Self::Flag => value.is_empty(),
            Self::Keys => {
                !value.is_empty()
                    && value.len().is_multiple_of(2)
                    && value.chunks(2).is_sorted_by(|a, b| number(a) < number(b))
            }
            Self::Port => value.len() == 2,
            Self::Quoted => true,
        }
    }

    fn write(self, value: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Addresses(4) => list(value.chunks(4), out, |address, out| {
                ipv4(out, address);
            }),
            Self::Addresses(octets) => list(value.chunks(octets), out, |address, out| {
                ipv6(out, address);
            }),
            Self::Alpn => {
                out.push(b'"');
                list(strings(value), out, alpn_id);
                out.push(b'"');
            }
            Self::Base64 => base64(out, value),
            Self::Flag => {}
            Self::Keys => list(value.chunks(2), out, |key, out| write_key(out, number(key) as u16)),
            Self::Port => decimal(out, number(value)),
            Self::Quoted => quoted(out, value),
        }
    }
}

fn list<'a>(
    items: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
    write: impl Fn(&[u8], &mut Vec<u8>),
) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}

/// An ALPN identifier, escaped as an item of a list and then as a string (RFC 9460 appendix A.1).
fn alpn_id(id: &[u8], out: &mut Vec<u8>) {
    for part in id.split_inclusive(|octet| matches!(octet, b',' | b'\\')) {
        match part.split_last() {
            Some((last @ (b',' | b'\\'), head)) => {
                text::escape(out, head, Place::Quoted);
                text::escape(out, &[b'\\', *last], Place::Quoted);
            }
            _ => text::escape(out, part, Place::Quoted),
        }
    }
}
