//! EDNS: the OPT record and its options as text. One rule: an option is one row; one that does not
//! fit its row is said to be malformed, is shown in hex and costs no other.

use std::io::Write;

use super::cursor::{Cursor, number};
use super::digits::{decimal, hex, ipv4, ipv6};
use super::name::Name;
use super::period;
use super::rdata::{algorithm_name, quoted};
use crate::text::{self, Place};

mod ede;

pub use ede::{error_purpose, extra_text};

/// The OPT record of a message (RFC 6891 section 6.1).
#[derive(Clone, Copy, Debug)]
pub struct Opt<'a> {
    /// The largest UDP message that the sender takes, octets.
    pub udp_size: u16,
    /// The upper eight bits of the response code.
    pub extended_rcode: u8,
    /// EDNS version.
    pub version: u8,
    /// DO is the highest bit.
    pub flags: u16,
    /// The octets of the options.
    pub rdata: &'a [u8],
}

impl<'a> Opt<'a> {
    /// The OPT record with these fields of a record.
    pub fn new(class: u16, ttl: u32, rdata: &'a [u8]) -> Self {
        let [extended_rcode, version, high, low] = ttl.to_be_bytes();
        let flags = u16::from_be_bytes([high, low]);
        Self { udp_size: class, extended_rcode, version, flags, rdata }
    }

    /// The options in wire order, up to the first that is cut short.
    pub fn options(&self) -> Options<'a> {
        Options { rest: Cursor::new(self.rdata) }
    }

    /// The octets after the last whole option: none in a sound record.
    pub fn unread(&self) -> &'a [u8] {
        let mut options = self.options();
        options.by_ref().for_each(drop);
        options.rest.rest()
    }

    /// The flags that are set by name, from the highest bit: `do`, `de` and `bitN`, where N counts
    /// from `first` as the caller's notation does.
    pub fn flags(&self, first: u16) -> impl Iterator<Item = Flag> {
        let flags = self.flags;
        (0..16).filter(move |bit| flags & 0x8000 >> bit != 0).map(move |bit| match bit {
            0 => Flag::Do,
            2 => Flag::De,
            bit => Flag::Bit(bit + first),
        })
    }
}

/// A flag of EDNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// DNSSEC answer OK (RFC 3225).
    Do,
    /// Delegation extensions.
    De,
    /// A flag without a name.
    Bit(u16),
}

/// The options of an OPT record.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: Cursor<'a>,
}

impl<'a> Iterator for Options<'a> {
    type Item = EdnsOption<'a>;

    fn next(&mut self) -> Option<EdnsOption<'a>> {
        let mut ahead = self.rest;
        let (code, length) = (ahead.u16()?, ahead.u16()?);
        let data = ahead.octets(length.into())?;
        self.rest = ahead;
        Some(EdnsOption { code, data })
    }
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdnsOption<'a> {
    /// OPTION-CODE.
    pub code: u16,
    /// OPTION-DATA.
    pub data: &'a [u8],
}

/// What the text of an option depends on beside the option.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// The name asked for, which ZONEVERSION counts the labels of.
    pub question: Option<Name<'a>>,
    /// Options without a row as text where it is printable.
    pub text: bool,
    /// Labels in Punycode become Unicode.
    pub idn: bool,
}

impl EdnsOption<'_> {
    /// The value in the words of the EDNS pseudosection; `None` if the option is not known by name
    /// or does not fit.
    pub fn value(&self, view: &View<'_>) -> Option<String> {
        let mut out = Vec::new();
        (row(self.code)?.line)(self.data, view, &mut out)?;
        String::from_utf8(out).ok()
    }

    /// Appends `NAME: value` as in the EDNS pseudosection, without a space at its end.
    pub fn write(&self, view: &View<'_>, out: &mut Vec<u8>) {
        let row = row(self.code);
        match row {
            Some(row) => out.extend(row.name.as_bytes()),
            None => drop(write!(out, "Option ({})", self.code)),
        }
        out.extend(b": ");
        let start = out.len();
        match row {
            Some(row) => {
                if (row.line)(self.data, view, out).is_none() {
                    out.truncate(start);
                    out.extend(b"(malformed)");
                    if !self.data.is_empty() {
                        out.push(b' ');
                        hex(out, self.data);
                    }
                }
            }
            // no line ends with a space
            None if view.text && printable(self.data) && !self.data.ends_with(b" ") => {
                out.extend(self.data);
            }
            None => hex(out, self.data),
        }
        if out.len() == start {
            out.pop();
        }
    }

    /// Appends `NAME: value` as in an OPT record in presentation format. What does not fit its row
    /// is written as an option without one: `OPT15: 00`.
    pub fn write_presentation(&self, view: &View<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(row) = row(self.code) {
            let _ = write!(out, "{}: ", row.presentation_name);
            let value = out.len();
            if (row.presentation)(self.data, view, out).is_some() {
                if out.len() == value {
                    out.extend(NOTHING);
                }
                return;
            }
            out.truncate(start);
        }
        let _ = write!(out, "OPT{}: ", self.code);
        if self.data.is_empty() {
            out.extend(NOTHING);
        }
        hex(out, self.data);
    }
}

/// The record type OPT (RFC 6891 section 6.1.1).
pub const OPT: u16 = 41;

/// The code of the NSID option (RFC 5001).
pub const NSID: u16 = 3;

/// The code of the COOKIE option (RFC 7873).
pub const COOKIE: u16 = 10;

/// The octets of a client cookie (RFC 7873 section 4).
pub const CLIENT_COOKIE: usize = 8;

/// Whether `data` have a length of a COOKIE option: a client cookie, alone or with a server cookie
/// of 8 to 32 octets (RFC 7873 section 4).
pub fn is_cookie(data: &[u8]) -> bool {
    matches!(data.len(), CLIENT_COOKIE | 16..=40)
}

/// The code of the PADDING option (RFC 7830).
pub const PADDING: u16 = 12;

/// The code of the option for extended errors (RFC 8914).
pub const EDE: u16 = 15;

/// The octets of an option before its data: code and length.
pub(super) const OPTION_HEADER: usize = 4;

/// What stands for no octets in presentation format.
const NOTHING: &[u8] = b"\"\"";

/// Appends the value of an option; `None` if the data do not fit.
type Print = fn(&[u8], &View<'_>, &mut Vec<u8>) -> Option<()>;

/// What is known of an option.
struct Row {
    code: u16,
    name: &'static str,
    line: Print,
    presentation_name: &'static str,
    presentation: Print,
}

/// The options with a name of their own (IANA "DNS EDNS0 Option Codes (OPT)").
static ROWS: &[Row] = &[
    same(NSID, "NSID", nsid).but("NSID", nsid_presentation),
    same(5, "DAU", algorithms),
    same(6, "DHU", digests),
    same(7, "N3U", hashes),
    same(8, "CLIENT-SUBNET", subnet).but("ECS", subnet_presentation),
    same(9, "EXPIRE", expire).but("EXPIRE", expire_presentation),
    same(COOKIE, "COOKIE", cookie).but("COOKIE", cookie_presentation),
    same(11, "KEEPALIVE", keepalive).but("KEEPALIVE", keepalive_presentation),
    same(PADDING, "PADDING", padding).but("PADDING", padding_presentation),
    same(13, "CHAIN", name),
    same(EDE, "EDE", error).but("EDE", error_presentation),
    same(18, "REPORTCHANNEL", name),
    same(19, "ZONEVERSION", zone_version),
];

/// An option with one text in both notations.
const fn same(code: u16, name: &'static str, line: Print) -> Row {
    Row { code, name, line, presentation_name: name, presentation: line }
}

impl Row {
    const fn but(self, presentation_name: &'static str, presentation: Print) -> Self {
        Self { presentation_name, presentation, ..self }
    }
}

fn row(code: u16) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.code == code)
}

fn nsid(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    hex(out, data);
    if !data.is_empty() && printable(data) {
        out.push(b' ');
        quoted(out, data);
    }
    Some(())
}

fn nsid_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    hex(out, data);
    out.push(b' ');
    quoted(out, if printable(data) { data } else { b"" });
    Some(())
}

fn algorithms(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    numbers(data, out, algorithm_name);
    Some(())
}

/// IANA "Digest Algorithms" of DS records.
fn digests(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    numbers(data, out, |digest| {
        let names = ["SHA-1", "SHA-256", "GOST R 34.11-94", "SHA-384", "GOST R 34.11-2012", "SM3"];
        names.get(usize::from(digest).wrapping_sub(1)).copied()
    });
    Some(())
}

/// IANA "DNSSEC NSEC3 Hash Algorithms".
fn hashes(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    numbers(data, out, |hash| (hash == 1).then_some("SHA-1"));
    Some(())
}

fn subnet(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let scope = subnet_address(data, out)?;
    let _ = write!(out, "/{scope}");
    Some(())
}

fn subnet_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    out.push(b'"');
    let scope = subnet_address(data, out)?;
    if scope > 0 {
        let _ = write!(out, "/{scope}");
    }
    out.push(b'"');
    Some(())
}

/// Appends address and source prefix length, returns the scope prefix length (RFC 7871 section 6).
fn subnet_address(data: &[u8], out: &mut Vec<u8>) -> Option<u8> {
    let mut data = Cursor::new(data);
    let (family, source, scope) = (data.u16()?, data.u8()?, data.u8()?);
    let address = data.rest();
    let bits = match family {
        1 => 32,
        2 => 128,
        _ => return None,
    };
    let octets = usize::from(source).div_ceil(8);
    (source <= bits && scope <= bits && address.len() == octets).then_some(())?;
    let mut whole = [0; 16];
    whole.get_mut(..octets)?.copy_from_slice(address);
    match family {
        1 => ipv4(out, &whole[..4]),
        _ => ipv6(out, &whole),
    }
    let _ = write!(out, "/{source}");
    Some(scope)
}

fn expire(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    if data.is_empty() {
        out.extend(b"(empty)");
        return Some(());
    }
    let seconds = (data.len() == 4).then(|| number(data))?;
    let _ = write!(out, "{seconds}");
    if seconds > 0 {
        out.extend(b" (");
        period::write(out, seconds);
        out.push(b')');
    }
    Some(())
}

fn expire_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    match data.len() {
        0 => out.extend(b"NONE"),
        4 => drop(write!(out, "{}", number(data))),
        _ => return None,
    }
    Some(())
}

fn cookie(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    is_cookie(data).then(|| hex(out, data))
}

/// Client cookie of 8 octets, server cookie of 8 to 32 (RFC 7873 section 4).
fn cookie_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let (client, server) = data.split_at_checked(CLIENT_COOKIE).filter(|_| is_cookie(data))?;
    hex(out, client);
    if !server.is_empty() {
        out.push(b',');
        hex(out, server);
    }
    Some(())
}

/// Idle timeout in units of 100 ms (RFC 7828 section 3.1).
fn keepalive(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    match data.len() {
        0 => out.extend(b"(empty)"),
        2 => drop(write!(out, "{}.{} s", number(data) / 10, number(data) % 10)),
        _ => return None,
    }
    Some(())
}

fn keepalive_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    match data.len() {
        0 => {}
        2 => drop(write!(out, "{}", number(data))),
        _ => return None,
    }
    Some(())
}

/// The octets are shown only if they are not the zeros that RFC 7830 section 3 asks for.
fn padding(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    decimal(out, data.len() as u64);
    out.extend(b" B");
    if data.iter().any(|&octet| octet != 0) {
        out.extend(b" (not zero) ");
        hex(out, data);
    }
    Some(())
}

fn padding_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let _ = write!(out, "{} \"", data.len());
    if data.iter().any(|&octet| octet != 0) {
        hex(out, data);
    }
    out.push(b'"');
    Some(())
}

fn name(data: &[u8], view: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    Name::alone(data)?.write(out, view.idn);
    Some(())
}

fn error(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let (code, text) = data.split_at_checked(2)?;
    let code = number(code) as u16;
    let _ = write!(out, "{code} ({})", error_purpose(code).unwrap_or("Unknown code"));
    let text = extra_text(text);
    if !text.is_empty() {
        out.extend(b": '");
        text::escape(out, text, Place::Free);
        out.push(b'\'');
    }
    Some(())
}

fn error_presentation(data: &[u8], _: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let (code, text) = data.split_at_checked(2)?;
    let _ = write!(out, "{}", number(code));
    let text = extra_text(text);
    if !text.is_empty() {
        out.push(b' ');
        quoted(out, text);
    }
    Some(())
}

/// The zone is the last labels of the name asked for (RFC 9660 section 2).
fn zone_version(data: &[u8], view: &View<'_>, out: &mut Vec<u8>) -> Option<()> {
    let [labels, kind, ref version @ ..] = *data else {
        return data.is_empty().then_some(());
    };
    view.question?.write_last(labels.into(), out, view.idn)?;
    match (kind, version.len()) {
        (0, 4) => drop(write!(out, " SOA-SERIAL {}", number(version))),
        (0, _) => return None,
        _ => {
            let _ = write!(out, " UNKNOWN ({kind}) ");
            hex(out, version);
        }
    }
    Some(())
}

/// `8 (RSASHA256) 13 (ECDSAP256SHA256)`
fn numbers(data: &[u8], out: &mut Vec<u8>, name: impl Fn(u8) -> Option<&'static str>) {
    for (index, &number) in data.iter().enumerate() {
        let space = if index > 0 { " " } else { "" };
        let _ = write!(out, "{space}{number}");
        if let Some(name) = name(number) {
            let _ = write!(out, " ({name})");
        }
    }
}

/// ASCII without controls.
fn printable(octets: &[u8]) -> bool {
    octets.iter().all(|octet| matches!(octet, b' '..=b'~'))
}

#[cfg(test)]
mod tests;
