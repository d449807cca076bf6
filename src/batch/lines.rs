//! The lines of a batch. One rule: constant memory, however long the input and each of its lines.

use std::io::{self, ErrorKind};

use super::guard::{why_not_a_list, without_comment};
use super::input::Input;
use super::typed::beginning;

/// Octets of a line. A longer line is refused.
const MAX_LINE: usize = 16 * 1024;

/// Whether a line is there to be read by people.
pub(super) fn is_comment(line: &[u8]) -> bool {
    matches!(line, [b'#' | b';', ..])
}

/// What cannot be a line.
pub(super) struct NoLine {
    /// Its octets, or the first of them.
    pub(super) typed: Vec<u8>,
    /// Why it is none.
    pub(super) why: &'static str,
}

impl NoLine {
    fn new(line: &[u8], why: &'static str) -> Self {
        Self { typed: beginning(line), why }
    }
}

/// The lines of a file, read when they are wanted.
pub(super) struct Lines {
    pub(super) input: Input,
    buffer: Vec<u8>,
    /// How much of the buffer was handed out.
    taken: usize,
    pub(super) at_end: bool,
    /// What comes next belongs to a line that was too long.
    in_long_line: bool,
    /// The number of the last line.
    pub(super) number: usize,
    /// Octets of all lines that were handed out.
    pub(super) handed_out: u64,
    /// Octets of the file, if it is one that says so.
    pub(super) size: Option<u64>,
}

impl Lines {
    pub(super) fn open(path: &str) -> io::Result<Self> {
        let input = Input::open(path)?;
        let size = match path {
            "-" => None,
            path => std::fs::metadata(path).ok().filter(|it| it.is_file()).map(|it| it.len()),
        };
        Ok(Self {
            input,
            buffer: Vec::new(),
            taken: 0,
            at_end: false,
            in_long_line: false,
            number: 0,
            handed_out: 0,
            size,
        })
    }

    /// Reads on; whether there was anything, be it the end.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        const PIECE: usize = 64 * 1024;
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + PIECE, 0);
        let read = self.input.read(&mut self.buffer[before..]);
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        match read {
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                Ok(false)
            }
            read => {
                self.at_end = read? == 0;
                Ok(true)
            }
        }
    }

    /// The next whole line, or why it is none. Comments may be longer than lines, and of any octets.
    pub(super) fn next(&mut self) -> Option<Result<String, NoLine>> {
        loop {
            let rest = self.buffer.get(self.taken..)?;
            let end = rest.iter().position(|&octet| octet == b'\n');
            // the last line may lack its end
            let whole = end.is_some() || (self.at_end && !rest.is_empty());
            let too_long = end.unwrap_or(rest.len()) > MAX_LINE;
            if !whole && !too_long && !self.in_long_line {
                return None;
            }
            let length = end.map_or(rest.len(), |end| end + 1);
            if length == 0 {
                return None;
            }
            let line = &rest[..end.unwrap_or(rest.len())];
            // some editors begin every file with a byte order mark
            let mark = if self.number == 0 { "\u{feff}".as_bytes() } else { b"" };
            let line = line.strip_prefix(mark).unwrap_or(line);
            let begins = !std::mem::replace(&mut self.in_long_line, !whole);
            let is_read = begins && !is_comment(line.trim_ascii_start());
            if let Some(why) = why_not_a_list(line, self.number == 0).filter(|_| is_read) {
                self.at_end = true;
                self.taken = self.buffer.len();
                self.number += 1;
                // no octet of it is shown
                return Some(Err(NoLine { typed: Vec::new(), why }));
            }
            let line = match (is_read, too_long) {
                (false, _) => None,
                (true, true) => Some(Err(NoLine::new(line, "it is longer than 16 KiB"))),
                (true, false) if line.contains(&0) => {
                    Some(Err(NoLine::new(line, "it holds a NUL")))
                }
                (true, false) => Some(match str::from_utf8(line) {
                    Ok(line) => Ok(without_comment(line).to_owned()),
                    Err(_) => Err(NoLine::new(line, "it is not UTF-8")),
                }),
            };
            self.taken += length;
            self.handed_out += length as u64;
            self.number += usize::from(begins);
            if line.is_some() {
                return line;
            }
        }
    }

    /// Leaves what was not handed out.
    pub(super) fn end(&mut self) {
        self.at_end = true;
        self.taken = self.buffer.len();
    }

    pub(super) fn ended(&self) -> bool {
        self.at_end && self.taken == self.buffer.len()
    }
}
