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
mod tests {
    use super::*;

    /// A message about the root with these records: a serial is an SOA record, none an A record.
    fn message(records: &[Option<u32>]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0x84, 0, 0, 0, 0, records.len() as u8, 0, 0, 0, 0];
        for record in records {
            match record {
                Some(serial) => bytes.extend(soa(&[0], *serial)),
                None => bytes.extend([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]),
            }
        }
        bytes
    }

    fn soa(owner: &[u8], serial: u32) -> Vec<u8> {
        let head = [0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0];
        [owner, &head, &serial.to_be_bytes(), &[0; 16]].concat()
    }

    /// The query for the root zone, or for what changed in it since a serial.
    fn query(since: Option<u32>) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, since.is_some().into(), 0, 0];
        bytes.extend([0, 0, if since.is_some() { 251 } else { 252 }, 0, 1]);
        bytes.extend(since.map(|since| soa(&[0], since)).unwrap_or_default());
        bytes
    }

    /// What becomes of these messages, up to the last one.
    fn steps(since: Option<u32>, messages: &[Vec<u8>]) -> Result<Vec<Step>, TransferFault> {
        let query = query(since);
        let query = Message::read(&query);
        let mut transfer = Transfer::new(&query);
        let mut steps: Vec<Step> = Vec::new();
        for bytes in messages {
            if steps.last().is_none_or(|step| !step.last) {
                let message = Message::read(bytes);
                steps.push(transfer.message(&message, &transfer.faults(&message))?);
            }
        }
        Ok(steps)
    }

    /// After which of the messages the transfer is over.
    fn ends(since: Option<u32>, messages: &[&[Option<u32>]]) -> Option<usize> {
        let messages: Vec<_> = messages.iter().map(|records| message(records)).collect();
        steps(since, &messages).unwrap().iter().position(|step| step.last)
    }

    fn fault(bytes: &[u8]) -> TransferFault {
        steps(None, &[bytes.to_vec()]).unwrap_err()
    }

    #[test]
    fn a_whole_zone_ends_with_its_soa_record() {
        let a = None;
        assert_eq!(ends(None, &[&[Some(7), a, a, Some(7)]]), Some(0));
        assert_eq!(ends(None, &[&[Some(7)], &[a, a], &[a], &[Some(7)]]), Some(3));
        assert_eq!(ends(None, &[&[Some(7), Some(7)]]), Some(0));
        assert_eq!(ends(None, &[&[Some(7), a], &[a]]), None);
    }

    #[test]
    fn an_increment_ends_where_the_newest_version_follows_what_was_added() {
        let (a, since) = (None, Some(5));
        assert_eq!(ends(since, &[&[Some(7), a, Some(7)]]), Some(0));
        let one = [Some(7), Some(6), a, Some(7), a, Some(7)];
        assert_eq!(ends(since, &[&one]), Some(0));
        assert_eq!(ends(since, &[&one[..5], &one[5..]]), Some(1));
        let two = [Some(7), Some(5), a, Some(6), a, Some(6), a, Some(7), Some(7)];
        assert_eq!(ends(since, &[&two[..4], &two[4..8], &two[8..]]), Some(2));
        // a whole zone in answer to a query for an increment
        assert_eq!(ends(since, &[&[Some(7), a], &[a, Some(7)]]), Some(1));
        // each record in a message of its own
        let each: Vec<_> = two.chunks(1).collect();
        assert_eq!(ends(since, &each), Some(8));
    }

    #[test]
    fn one_soa_record_alone_is_the_end_of_an_increment_where_it_is_not_newer() {
        for (since, serial, ends_it) in [
            (7, 7, true),
            (8, 7, true),
            (6, 7, false),
            (u32::MAX, 3, false),
            (3, u32::MAX, true),
            (0, 1 << 31, true),
            (0, (1 << 31) - 1, false),
        ] {
            let end = ends_it.then_some(0);
            assert_eq!(ends(Some(since), &[&[Some(serial)]]), end, "{since} {serial}");
        }
        assert_eq!(ends(None, &[&[Some(7)]]), None);
    }

    #[test]
    fn a_message_without_a_record_is_taken_anywhere_and_brings_nothing() {
        let messages = [&[][..], &[Some(7)], &[], &[None], &[], &[Some(7)]].map(message);
        let steps = steps(None, &messages).unwrap();
        let records: Vec<_> = steps.iter().map(|step| step.records).collect();
        assert_eq!(records, [0, 1, 0, 1, 0, 1]);
        assert!(steps[5].last);
    }

    #[test]
    fn records_beyond_the_end_are_counted() {
        let messages = [message(&[Some(7), None, Some(7), None, Some(7)])];
        assert_eq!(steps(None, &messages), Ok(vec![Step { last: true, records: 5, beyond: 2 }]));
    }

    #[test]
    fn what_is_no_transfer_is_refused() {
        let mut refused = message(&[]);
        refused[3] = 5;
        assert!(matches!(fault(&refused), TransferFault::Rcode(_)));
        assert_eq!(fault(&message(&[None])), TransferFault::NoSoa);
        let cut = &message(&[Some(7), None])[..50];
        assert!(matches!(fault(cut), TransferFault::Unreadable(Fault::Cut { number: 2, .. })));
        let mut query = message(&[Some(7)]);
        query[2] = 0;
        assert_eq!(fault(&query), TransferFault::NoAnswer(Fault::NotAReply));
        let other = [&[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0][..], &soa(b"\x01a\0", 7)].concat();
        assert_eq!(fault(&other), TransferFault::OtherZone { owner: "a.".into() });
        let question = [&[0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x01a\0\0\x01\0\x01"];
        assert!(matches!(
            fault(&question.concat()),
            TransferFault::NoAnswer(Fault::OtherQuestion { .. })
        ));
    }

    #[test]
    fn the_soa_record_of_another_owner_ends_no_zone() {
        let mut middle = message(&[Some(7)]);
        middle[7] = 2;
        middle.extend(soa(b"\x01a\0", 7));
        let steps = steps(None, &[middle, message(&[Some(7)])]).unwrap();
        assert_eq!(steps.iter().position(|step| step.last), Some(1));
    }
}
