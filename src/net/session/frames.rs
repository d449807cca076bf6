//! Messages out of a stream of octets. One rule: an octet is copied twice at most.

use super::MAX_FRAME;

/// Messages out of a stream of octets: each is preceded by its length (RFC 1035 section 4.2.2).
#[derive(Debug, Default)]
pub(super) struct Frames {
    octets: Vec<u8>,
    /// How many of them were handed out already.
    done: usize,
}

impl Frames {
    /// Takes in what was received.
    pub(super) fn extend(&mut self, octets: &[u8]) {
        if self.done > 0 && self.octets.len() + octets.len() > MAX_FRAME {
            self.octets.drain(..self.done);
            self.done = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// Octets that were not handed out yet.
    pub(super) fn waiting(&self) -> usize {
        self.octets.len() - self.done
    }
}

impl Iterator for Frames {
    type Item = Vec<u8>;

    /// The next whole message.
    fn next(&mut self) -> Option<Vec<u8>> {
        let rest = self.octets.get(self.done..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let message = rest.get(..length)?.to_vec();
        self.done += 2 + length;
        Some(message)
    }
}
