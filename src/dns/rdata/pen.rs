//! The pen that RDATA is written with, folded or in one line. One rule: between two pieces of text
//! stands one gap, and a gap is only written when a piece follows it: no line ends with a space.

use super::key;
use crate::dns::cursor::number;
use crate::dns::digits::{decimal, hex};
use crate::text::{self, Place};

/// How RDATA is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Long RDATA goes over several lines, in parentheses.
    pub multiline: bool,
    /// Keys, signatures and digests are written; otherwise `[omitted]`.
    pub crypto: bool,
    /// Every type as `\# length hex`.
    pub generic: bool,
    /// Labels in Punycode become Unicode.
    pub idn: bool,
    /// The moment, seconds since 1970, that times of 32 bits are near (RFC 4034 section 3.1.5).
    pub now: i64,
}

impl Default for Style {
    fn default() -> Self {
        Self { multiline: false, crypto: true, generic: false, idn: false, now: ERA }
    }
}

/// 2026-01-01, the reference time if none is given: times within 68 years of it are read right.
const ERA: i64 = 1_767_225_600;

/// A pen for the RDATA of one record.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    /// For what stands behind a piece without a gap.
    pub(super) out: &'o mut Vec<u8>,
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
        quoted(self.piece(), octets);
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
    pub(super) fn omitted(&mut self) {
        match self.gap {
            Gap::StartOpen => self.gap = Gap::Start,
            Gap::Open => self.gap = Gap::Space,
            Gap::Start | Gap::Space | Gap::Break => {}
        }
        self.piece().extend(b"[omitted]");
    }
}

/// Appends a character string in double quotes (RFC 1035 section 5.1).
pub(in crate::dns) fn quoted(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'"');
    text::escape(out, octets, Place::Quoted);
    out.push(b'"');
}

/// A new line within folded text.
const FOLD: &[u8] = b"\n\t\t\t\t";

/// Octets that make a line of 40 characters.
pub(super) const HEX_LINE: usize = 20;
pub(super) const BASE64_LINE: usize = 30;
