//! Domain names where they lie in a message. One rule: a [`Name`] has been followed to its end when
//! it is read, so writing it cannot fail: it has 255 octets at most, and its text four times as
//! many.

use std::fmt;

use super::idn;
use crate::text::{self, Place};

/// A domain name in a message: where it begins. Compression (RFC 1035 section 4.1.4) is resolved
/// when the labels are walked.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    message: &'a [u8],
    at: usize,
    /// Octets of the name without compression.
    length: u8,
}

impl<'a> Name<'a> {
    /// The name that stands alone in `octets`, without compression.
    pub fn alone(octets: &'a [u8]) -> Option<Self> {
        let (name, next) = Self::read(octets, 0, octets.len()).ok()?;
        (next == octets.len() && name.length() == next).then_some(name)
    }

    /// Follows the name at `at` and tells where it ends. What stands in place must end before
    /// `end`; a pointer leads strictly backwards, so every name ends.
    pub(super) fn read(
        message: &'a [u8],
        at: usize,
        end: usize,
    ) -> Result<(Self, usize), NameFault> {
        let mut here = message.get(..end).unwrap_or(message);
        let (mut place, mut segment) = (at, at);
        let (mut length, mut hops) = (0, 0);
        let mut next = None;
        loop {
            let octet = *here.get(place).ok_or(NameFault::Cut)?;
            match octet {
                0 => {
                    length += 1;
                    if length > MAX_NAME {
                        return Err(NameFault::Long);
                    }
                    // at most MAX_NAME, which is what an octet holds
                    let name = Self { message, at, length: length as u8 };
                    return Ok((name, next.unwrap_or(place + 1)));
                }
                1..=63 => {
                    let label = 1 + usize::from(octet);
                    length += label;
                    place += label;
                    if length >= MAX_NAME {
                        return Err(NameFault::Long);
                    }
                }
                0xc0.. => {
                    let low = *here.get(place + 1).ok_or(NameFault::Cut)?;
                    let target = usize::from(octet & 0x3f) << 8 | usize::from(low);
                    if target >= segment {
                        return Err(NameFault::Forward);
                    }
                    hops += 1;
                    if hops > MAX_HOPS {
                        return Err(NameFault::Hops);
                    }
                    next.get_or_insert(place + 2);
                    // what is pointed at lies before this name, not inside its record's bounds
                    here = message;
                    (place, segment) = (target, target);
                }
                _ => return Err(NameFault::LabelType),
            }
        }
    }

    /// Octets of the name without compression, the root label included: 1 to 255.
    pub fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// The labels without the root label.
    pub fn labels(&self) -> Labels<'a> {
        Labels { message: self.message, at: self.at }
    }

    /// Appends the name in presentation format (RFC 1035 section 5.1), absolute. With `idn`,
    /// labels in Punycode become Unicode.
    pub fn write(&self, out: &mut Vec<u8>, idn: bool) {
        write_labels(self.labels(), out, idn);
    }

    /// Appends the last `labels` labels; `None` if there are not so many.
    pub fn write_last(&self, labels: usize, out: &mut Vec<u8>, idn: bool) -> Option<()> {
        let skipped = self.labels().count().checked_sub(labels)?;
        write_labels(self.labels().skip(skipped), out, idn);
        Some(())
    }

    /// Appends the octets of the name without compression.
    pub fn write_wire(&self, out: &mut Vec<u8>) {
        for label in self.labels() {
            // labels have at most 63 octets
            out.push(label.len() as u8);
            out.extend(label);
        }
        out.push(0);
    }

    /// Whether this is `zone` or a name below it.
    pub fn is_in(&self, zone: &Name<'_>) -> bool {
        let below = self.labels().count().checked_sub(zone.labels().count());
        below.is_some_and(|below| same(self.labels().skip(below), zone.labels()))
    }

    /// Whether both are the same name (RFC 4343: ASCII case does not matter).
    pub fn is(&self, other: &Name<'_>) -> bool {
        same(self.labels(), other.labels())
    }
}

/// Whether both are the same labels, whatever the case of their letters.
fn same<'a>(
    mut ours: impl Iterator<Item = &'a [u8]>,
    mut theirs: impl Iterator<Item = &'a [u8]>,
) -> bool {
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(our), Some(their)) if our.eq_ignore_ascii_case(their) => {}
            _ => return false,
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(self.length());
        self.write(&mut out, false);
        // `write` writes ASCII only
        f.pad(&String::from_utf8_lossy(&out))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The labels of a [`Name`], as they stand on the wire.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let octet = *self.message.get(self.at)?;
            match octet {
                0 => return None,
                1..=63 => {
                    let start = self.at + 1;
                    self.at = start + usize::from(octet);
                    return self.message.get(start..self.at);
                }
                _ => {
                    // `Name::read` has seen that this leads backwards
                    let low = *self.message.get(self.at + 1)?;
                    self.at = usize::from(octet & 0x3f) << 8 | usize::from(low);
                }
            }
        }
    }
}

/// Why a name cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// The message or the record ends within the name.
    Cut,
    /// A pointer that does not lead backwards.
    Forward,
    /// More than 127 pointers.
    Hops,
    /// A label type other than label and pointer (RFC 6891 section 5).
    LabelType,
    /// More than 255 octets.
    Long,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "name cut short",
            Self::Forward => "name with a pointer that does not lead backwards",
            Self::Hops => "name with more than 127 pointers",
            Self::LabelType => "name with an unknown kind of label",
            Self::Long => "name of more than 255 octets",
        })
    }
}

/// RFC 1035 section 3.1.
const MAX_NAME: usize = 255;

/// Compression pointers in a name of 255 octets: each brings one label of two octets or more.
const MAX_HOPS: usize = 127;

fn write_labels<'a>(labels: impl Iterator<Item = &'a [u8]> + Clone, out: &mut Vec<u8>, idn: bool) {
    let start = out.len();
    let top = if idn { labels.clone().last() } else { None };
    let under_ascii = !top.is_some_and(idn::is_punycode);
    for label in labels {
        match idn.then(|| idn::unicode(label, under_ascii)).flatten() {
            Some(unicode) => out.extend(unicode.as_bytes()),
            None => text::escape(out, label, Place::Label),
        }
        out.push(b'.');
    }
    if out.len() == start {
        out.push(b'.');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8], at: usize) -> Result<(String, usize), NameFault> {
        Name::read(message, at, message.len()).map(|(name, next)| (name.to_string(), next))
    }

    #[test]
    fn a_pointer_leads_backwards_and_the_name_goes_on_there() {
        let message = b"\x03lab\x04test\x00\x03www\xc0\x00\xc0\x0a";
        assert_eq!(read(message, 0), Ok(("lab.test.".into(), 10)));
        assert_eq!(read(message, 10), Ok(("www.lab.test.".into(), 16)));
        assert_eq!(read(message, 16), Ok(("www.lab.test.".into(), 18)));
        let (name, _) = Name::read(message, 16, 18).unwrap();
        assert_eq!(name.length(), 14);
        let mut wire = Vec::new();
        name.write_wire(&mut wire);
        assert_eq!(wire, b"\x03www\x03lab\x04test\x00");
        assert!(name.is(&Name::alone(b"\x03WWW\x03lab\x04TEST\x00").unwrap()));
        assert!(!name.is(&Name::alone(b"\x03lab\x04test\x00").unwrap()));
    }

    #[test]
    fn a_name_that_does_not_end_is_refused() {
        assert_eq!(read(b"\xc0\x00", 0), Err(NameFault::Forward));
        assert_eq!(read(b"\x00\xc0\x03\x00", 1), Err(NameFault::Forward));
        // back to the label before the pointer, and round again
        assert_eq!(read(b"\x01a\xc0\x00", 0), Err(NameFault::Forward));
        assert_eq!(read(b"\x03ab", 0), Err(NameFault::Cut));
        assert_eq!(read(b"", 0), Err(NameFault::Cut));
        assert_eq!(read(b"\x00\xc0", 1), Err(NameFault::Cut));
        assert_eq!(read(b"\x41a\x00", 0), Err(NameFault::LabelType));
        assert_eq!(read(&[1; 255], 0), Err(NameFault::Long));
    }

    #[test]
    fn a_name_has_255_octets_and_127_pointers_at_most() {
        let mut longest = [b'\x01', b'a'].repeat(127);
        longest.push(0);
        assert_eq!(Name::read(&longest, 0, 255).unwrap().0.length(), 255);
        longest.splice(0..0, [1, b'b']);
        assert_eq!(read(&longest, 0), Err(NameFault::Long));

        let mut chain = vec![0];
        for hop in 0..128_u16 {
            let target = if hop == 0 { 0 } else { hop * 2 - 1 };
            chain.extend((0xc000 | target).to_be_bytes());
        }
        assert_eq!(read(&chain, 127 * 2 - 1), Ok((".".into(), 127 * 2 + 1)));
        assert_eq!(read(&chain, 128 * 2 - 1), Err(NameFault::Hops));
    }

    #[test]
    fn punycode_becomes_unicode_only_if_all_of_it_is_safe_to_print() {
        let text = |wire: &[u8]| {
            let mut out = Vec::new();
            Name::alone(wire).unwrap().write(&mut out, true);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            text(b"\x13xn--hkyrky-ptac70bc\x03lab\x00"),
            "h\u{e1}\u{10d}ky\u{10d}\u{e1}rky.lab."
        );
        assert_eq!(text(b"\x0bxn--\x80\x81\x1babcd\x00"), r"xn--\128\129\027abcd.");
        assert_eq!(text(b"\x03a.b\x00"), r"a\.b.");
        assert_eq!(text(b"\x00"), ".");
    }
}
