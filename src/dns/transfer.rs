//! Zone transfers: which message is the last (RFC 5936, RFC 1995). One rule: it remembers a serial
//! and a count, never a record.

use std::fmt;

use super::message::{Header, Message, Record};
use super::rcode::Rcode;
use super::section::Section;
use super::tsig::TsigFault;

/// A transfer under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Messages received.
    pub messages: usize,
    /// Records received.
    pub records: usize,
    stage: Stage,
    /// The serial of the zone's newest version, once the first record told it.
    serial: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The first SOA record is awaited.
    #[default]
    Start,
    /// The first SOA record was read; what follows tells the kind of transfer.
    First,
    /// A whole zone, which its SOA record ends.
    Whole,
    /// Records that were removed, after the SOA record of an older version.
    Removed,
    /// Records that were added, after the SOA record of a newer version.
    Added,
    /// The last record was read.
    Done,
}

/// Why a transfer cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferFault {
    /// The server refuses, or knows no such zone.
    Rcode(Rcode),
    /// A message without a record: it brings the end no nearer.
    Empty,
    /// It does not begin with the SOA record of the zone.
    NoSoa,
    /// The reply is cut off (TC), which no message over TCP is.
    Truncated,
    /// A message of the transfer cannot be read to its end.
    Unreadable,
    /// The signature does not hold.
    Signature(TsigFault),
}

const SOA: u16 = 6;

impl Transfer {
    /// Takes in the next message. The outcome says whether it was the last.
    pub fn message(
        &mut self,
        message: &Message<'_>,
        incremental: bool,
    ) -> Result<bool, TransferFault> {
        if message.rcode().code != 0 {
            return Err(TransferFault::Rcode(message.rcode()));
        }
        if message.header.is_some_and(|header| header.is(Header::TC)) {
            return Err(TransferFault::Truncated);
        }
        if message.faults.iter().any(|fault| fault.gravity() == super::fault::Gravity::Unreadable) {
            return Err(TransferFault::Unreadable);
        }
        let answers = message.section(Section::Answer);
        if answers.is_empty() && self.stage != Stage::Start {
            return Err(TransferFault::Empty);
        }
        for record in answers {
            self.record(record, incremental)?;
        }
        self.messages += 1;
        self.records += answers.len();
        // one SOA record alone says that there is nothing newer (RFC 1995 section 4)
        let nothing_newer = incremental && self.stage == Stage::First && self.records == 1;
        Ok(self.stage == Stage::Done || nothing_newer)
    }

    fn record(&mut self, record: &Record<'_>, incremental: bool) -> Result<(), TransferFault> {
        let serial = (record.record_type == SOA).then(|| record.rdata.soa_serial()).flatten();
        self.stage = match (self.stage, serial) {
            (Stage::Start, Some(serial)) => {
                self.serial = serial;
                Stage::First
            }
            (Stage::Start, None) => return Err(TransferFault::NoSoa),
            (Stage::First, Some(serial)) if incremental && serial != self.serial => Stage::Removed,
            (Stage::First | Stage::Whole, Some(serial)) if serial == self.serial => Stage::Done,
            (Stage::First | Stage::Whole, _) => Stage::Whole,
            (Stage::Removed, Some(_)) => Stage::Added,
            (Stage::Removed, None) => Stage::Removed,
            (Stage::Added, Some(serial)) if serial == self.serial => Stage::Done,
            (Stage::Added, Some(_)) => Stage::Removed,
            (Stage::Added, None) => Stage::Added,
            (Stage::Done, _) => Stage::Done,
        };
        Ok(())
    }
}

impl fmt::Display for TransferFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rcode(rcode) => write!(f, "server replied with error '{rcode}'"),
            Self::Empty => f.write_str("a message of the transfer without a record"),
            Self::NoSoa => f.write_str("first answer record isn't SOA"),
            Self::Truncated => f.write_str("truncated reply"),
            Self::Unreadable => f.write_str("malformed reply packet"),
            Self::Signature(fault) => write!(f, "reply verification ({fault})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with these records: a serial is an SOA record, none an A record.
    fn message(records: &[Option<u32>]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0x84, 0, 0, 0, 0, records.len() as u8, 0, 0, 0, 0];
        for record in records {
            match record {
                Some(serial) => {
                    bytes.extend([0, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
                    bytes.extend(serial.to_be_bytes());
                    bytes.extend([0; 16]);
                }
                None => bytes.extend([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]),
            }
        }
        bytes
    }

    /// After which of the messages the transfer is over.
    fn ends(incremental: bool, messages: &[&[Option<u32>]]) -> Option<usize> {
        let mut transfer = Transfer::default();
        messages.iter().position(|records| {
            let bytes = message(records);
            transfer.message(&Message::read(&bytes), incremental).unwrap()
        })
    }

    #[test]
    fn a_whole_zone_ends_with_its_soa_record() {
        let a = None;
        assert_eq!(ends(false, &[&[Some(7), a, a, Some(7)]]), Some(0));
        assert_eq!(ends(false, &[&[Some(7)], &[a, a], &[a], &[Some(7)]]), Some(3));
        assert_eq!(ends(false, &[&[Some(7), Some(7)]]), Some(0));
        assert_eq!(ends(false, &[&[Some(7), a], &[a]]), None);
    }

    #[test]
    fn an_increment_ends_where_the_newest_version_follows_what_was_added() {
        let a = None;
        assert_eq!(ends(true, &[&[Some(7)]]), Some(0));
        assert_eq!(ends(true, &[&[Some(7), a, Some(7)]]), Some(0));
        let one = [Some(7), Some(6), a, Some(7), a, Some(7)];
        assert_eq!(ends(true, &[&one]), Some(0));
        assert_eq!(ends(true, &[&one[..5], &one[5..]]), Some(1));
        let two = [Some(7), Some(5), a, Some(6), a, Some(6), a, Some(7), Some(7)];
        assert_eq!(ends(true, &[&two[..4], &two[4..8], &two[8..]]), Some(2));
        // a whole zone in answer to a query for an increment
        assert_eq!(ends(true, &[&[Some(7), a], &[a, Some(7)]]), Some(1));
    }

    #[test]
    fn what_is_no_transfer_is_refused() {
        let mut refused = message(&[]);
        refused[3] = 5;
        let mut transfer = Transfer::default();
        assert!(matches!(
            transfer.message(&Message::read(&refused), false),
            Err(TransferFault::Rcode(_))
        ));
        let no_soa = message(&[None]);
        assert_eq!(transfer.message(&Message::read(&no_soa), false), Err(TransferFault::NoSoa));
        let cut = &message(&[Some(7), None])[..50];
        assert_eq!(transfer.message(&Message::read(cut), false), Err(TransferFault::Unreadable));
    }
}
