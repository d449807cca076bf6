//! Fields of RDATA as text. One rule: what is written here was taken by [`Field::take`], so that
//! nothing is checked again.

use std::io::Write;

use super::field::Field;
use super::pen::{BASE64_LINE, HEX_LINE, Writer};
use super::{compound, key, svcb, table};
use crate::dns::cursor::{Cursor, number, strings};
use crate::dns::digits::{base32hex, base64, hex, ipv4, ipv6, joined, lower_hex, time};
use crate::dns::period;
use crate::dns::rcode::Rcode;
use crate::text::{self, Place};

impl Writer<'_> {
    /// The tag of CAA, as it is but for what would read as something else: kdig puts quotes around
    /// one with a space, and we do so too where a comment or a fold would begin.
    fn tag(&mut self, octets: &[u8]) {
        let parts = |octet: &u8| matches!(octet, b' ' | b';' | b'(' | b')');
        match octets.iter().any(parts) {
            true => self.quoted(octets),
            false => text::escape(self.piece(), octets, Place::Quoted),
        }
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
            Field::Tag => self.tag(octets.get(1..).unwrap_or_default()),
            Field::Hex => self.blob(octets, HEX_LINE, hex),
            Field::Base64OrDash if octets.is_empty() => self.piece().push(b'-'),
            Field::Base64 | Field::Base64IfAny | Field::Base64OrDash => {
                self.blob(octets, BASE64_LINE, base64);
            }
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
            Field::Time => {
                let now = self.style.now;
                time(self.piece(), number(octets) as u32, now);
            }
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
                lower_hex(out, octets);
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
}
