//! Zone transfers: which message is the last (RFC 5936, RFC 1995). One rule: it remembers a serial
//! and a count, never a record.

use std::fmt;

use super::fault::{Fault, Gravity};
use super::message::{Header, Message, Record};
use super::rcode::Rcode;
use super::section::Section;
use super::tsig::TsigFault;

/// A transfer under way.
#[derive(Clone, Debug)]
pub struct Transfer<'a> {
    /// Messages received.
    pub messages: usize,
    /// Records received.
    pub records: usize,
    query: &'a Message<'a>,
    /// The serial that an increment is to start from; `None` where a whole zone is wanted.
    since: Option<u32>,
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

/// What a message did for a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// It was the last.
    pub last: bool,
    /// Records in its answer section: without one the end came no nearer.
    pub records: usize,
    /// How many of them follow the record that ends the transfer.
    pub beyond: usize,
}

/// Why a transfer cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferFault {
    /// The server refuses, or knows no such zone.
    Rcode(Rcode),
    /// It does not begin with an SOA record.
    NoSoa,
    /// It begins with the SOA record of another zone.
    OtherZone {
        /// Whose that is, in presentation format.
        owner: String,
    },
    /// The reply is cut off (TC), which no message over TCP is.
    Truncated,
    /// A message is no answer to the query.
    NoAnswer(Fault),
    /// A message cannot be read to its end.
    Unreadable(Fault),
    /// The signature does not hold.
    Signature(TsigFault),
}

const SOA: u16 = 6;

impl<'a> Transfer<'a> {
    /// The transfer that `query` asks for: what changed since the serial in its authority section
    /// (RFC 1995 section 3), or the whole zone.
    pub fn new(query: &'a Message<'a>) -> Self {
        let ours = query.section(Section::Authority).iter().find(|it| it.record_type == SOA);
        let since = ours.and_then(|record| record.rdata.soa_serial());
        Self { messages: 0, records: 0, query, since, stage: Stage::Start, serial: 0 }
    }

    /// What is wrong with the next message. Only the first has to repeat the question (RFC 5936
    /// section 2.2.1).
    pub fn faults(&self, message: &Message<'_>) -> Vec<Fault> {
        let mut faults = message.mismatches(self.query);
        faults.retain(|fault| self.messages == 0 || !matches!(fault, Fault::NoQuestion { .. }));
        faults.extend_from_slice(&message.faults);
        faults
    }

    /// Takes in the next message, in which `faults` are wrong: see [`Transfer::faults`].
    pub fn message(
        &mut self,
        message: &Message<'_>,
        faults: &[Fault],
    ) -> Result<Step, TransferFault> {
        let first = |gravity| {
            // a question that is missing is no other one
            let mut faults = faults.iter().filter(|it| !matches!(it, Fault::NoQuestion { .. }));
            faults.find(|fault| fault.gravity() == gravity).cloned()
        };
        if let Some(fault) = first(Gravity::NoAnswer) {
            return Err(TransferFault::NoAnswer(fault));
        }
        if message.rcode().code != 0 {
            return Err(TransferFault::Rcode(message.status()));
        }
        if message.header.is_some_and(|header| header.is(Header::TC)) {
            return Err(TransferFault::Truncated);
        }
        if let Some(fault) = first(Gravity::Unreadable) {
            return Err(TransferFault::Unreadable(fault));
        }
        let answers = message.section(Section::Answer);
        let mut beyond = 0;
        for record in answers {
            beyond += usize::from(self.stage == Stage::Done);
            self.record(record)?;
        }
        self.messages += 1;
        self.records += answers.len();
        let last = self.stage == Stage::Done || self.is_nothing_newer();
        Ok(Step { last, records: answers.len(), beyond })
    }

    /// One SOA record alone says that there is nothing newer (RFC 1995 section 4), if what it says
    /// is not newer: a server may put each record in a message of its own.
    fn is_nothing_newer(&self) -> bool {
        let newer = |since: u32| is_newer(self.serial, since);
        self.stage == Stage::First && self.since.is_some_and(|since| !newer(since))
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), TransferFault> {
        let ours = self.query.questions.first().is_none_or(|it| it.name.is(&record.owner));
        let serial = (record.record_type == SOA).then(|| record.rdata.soa_serial()).flatten();
        if let (Stage::Start, Some(_), false) = (self.stage, serial, ours) {
            return Err(TransferFault::OtherZone { owner: record.owner.to_string() });
        }
        let incremental = self.since.is_some();
        // that of another owner begins and ends nothing
        self.stage = match (self.stage, serial.filter(|_| ours)) {
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

/// Whether a serial comes after another (RFC 1982 section 3.2). Of two that are half of all serials
/// apart neither does.
fn is_newer(serial: u32, other: u32) -> bool {
    const HALF: u32 = 1 << 31;
    (1..HALF).contains(&serial.wrapping_sub(other))
}

impl fmt::Display for TransferFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rcode(rcode) => write!(f, "server replied with error '{rcode}'"),
            Self::NoSoa => f.write_str("first answer record isn't SOA"),
            Self::OtherZone { owner } => {
                write!(f, "first answer record is the SOA of another zone ({owner})")
            }
            Self::Truncated => f.write_str("truncated reply"),
            Self::NoAnswer(fault) | Self::Unreadable(fault) => fault.fmt(f),
            Self::Signature(fault) => write!(f, "reply verification ({fault})"),
        }
    }
}

#[cfg(test)]
mod tests;
