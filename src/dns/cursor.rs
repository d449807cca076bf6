//! A place in a message and how far one may read from there. One rule: nothing is read past `end`,
//! and nothing is lost when a read fails: the cursor stays where it was.

use super::name::{Name, NameFault};

/// A place in `message`, with the octets up to `end` still to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// The whole message, for the compression pointers of names.
    pub(super) message: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { message, at: 0, end: message.len() }
    }

    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    pub(super) fn octets(&mut self, length: usize) -> Option<&'a [u8]> {
        let octets = self.message.get(self.at..self.end)?.get(..length)?;
        self.at += length;
        Some(octets)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        self.octets(self.left()).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, length: usize) -> Option<()> {
        self.octets(length).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.octets(1).map(|octets| number(octets) as u8)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.octets(2).map(|octets| number(octets) as u16)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.octets(4).map(|octets| number(octets) as u32)
    }

    /// A character string (RFC 1035 section 3.3): its octets without the length.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = usize::from(ahead.u8()?);
        let octets = ahead.octets(length)?;
        *self = ahead;
        Some(octets)
    }

    /// A name that may be compressed (RFC 1035 section 4.1.4).
    pub(super) fn name(&mut self) -> Result<Name<'a>, NameFault> {
        let (name, next) = Name::read(self.message, self.at, self.end)?;
        self.at = next;
        Ok(name)
    }

    /// A name that must not be compressed (RFC 3597 section 4).
    pub(super) fn plain_name(&mut self) -> Option<Name<'a>> {
        let mut ahead = *self;
        let name = ahead.name().ok()?;
        // a name that was followed elsewhere is longer or shorter than what it takes here
        (ahead.at - self.at == name.length()).then(|| {
            *self = ahead;
            name
        })
    }
}

/// The unsigned number that `octets` spell in network order.
pub(super) fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, &octet| number << 8 | u64::from(octet))
}

/// The character strings that `octets` are made of; what is left at the end is no string.
pub(super) fn strings(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, rest) = octets.split_first()?;
        let (string, rest) = rest.split_at_checked(length.into())?;
        octets = rest;
        Some(string)
    })
}
