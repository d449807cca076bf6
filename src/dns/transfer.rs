//! Zone transfers: which message is the last, and whether they are what was asked for (RFC 5936,
//! RFC 1995). One rule: it remembers serials and counts, and of all records the first alone.

use std::fmt;

use super::edns::{self, View};
use super::fault::{Fault, Gravity};
use super::message::{Header, Message, Record};
use super::rcode::Rcode;
use super::rdata;
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
    /// The data of the first record, which the last one repeats.
    soa: Vec<u8>,
    /// The serial of the SOA record that began the present part of an increment.
    part: u32,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// It was the last.
    pub last: bool,
    /// Records in its answer section: without one the end came no nearer.
    pub records: usize,
    /// How many of them follow the record that ends the transfer.
    pub beyond: usize,
    /// What is odd about its records, each kind once.
    pub odd: Vec<Fault>,
}

/// What a transfer that ended too soon has not brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Any record.
    Records,
    /// What follows the first SOA record of a zone.
    Zone {
        /// The serial that record has.
        serial: u32,
    },
    /// What changed: one SOA record came, and it is newer than what was asked from.
    Changes {
        /// The serial that record has.
        serial: u32,
        /// The serial that was asked from.
        since: u32,
    },
    /// The SOA record at the end.
    LastSoa {
        /// The serial it has.
        serial: u32,
        /// The records that came.
        records: usize,
    },
}

/// Why a transfer cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferFault {
    /// The server refuses, or knows no such zone.
    Rcode {
        /// What it says.
        rcode: Rcode,
        /// The extended errors that it gives as reasons (RFC 8914), as text.
        reasons: Vec<String>,
    },
    /// A record of another class than the zone.
    OtherClass {
        /// Whose that is, in presentation format.
        owner: String,
        /// Its class.
        class: u16,
    },
    /// An SOA record of another version within or behind a whole zone (RFC 5936 section 2.2).
    Changed {
        /// The serial of the first.
        first: u32,
        /// The serial of this one.
        last: u32,
    },
    /// An increment from another version than the one asked for (RFC 1995 section 4).
    Start {
        /// Where it starts.
        from: u32,
        /// Where it was to start.
        since: u32,
    },
    /// Versions between two parts of an increment are left out (RFC 1995 section 4).
    Gap {
        /// Where the first part ends.
        reached: u32,
        /// Where the next part starts.
        next: u32,
    },
    /// A part of an increment that leads to no newer version.
    Backwards {
        /// Where it starts.
        from: u32,
        /// Where it ends.
        to: u32,
    },
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
/// QCLASS of a query for every class.
const ANY: u16 = 255;

impl<'a> Transfer<'a> {
    /// The transfer that `query` asks for: what changed since the serial in its authority section
    /// (RFC 1995 section 3), or the whole zone.
    pub fn new(query: &'a Message<'a>) -> Self {
        let ours = query.section(Section::Authority).iter().find(|it| it.record_type == SOA);
        let since = ours.and_then(|record| record.rdata.soa_serial());
        Self {
            messages: 0,
            records: 0,
            query,
            since,
            stage: Stage::Start,
            serial: 0,
            soa: Vec::new(),
            part: 0,
        }
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
            let (rcode, reasons) = (message.status(), reasons(message));
            return Err(TransferFault::Rcode { rcode, reasons });
        }
        if message.header.is_some_and(|header| header.is(Header::TC)) {
            return Err(TransferFault::Truncated);
        }
        if let Some(fault) = first(Gravity::Unreadable) {
            return Err(TransferFault::Unreadable(fault));
        }
        let answers = message.section(Section::Answer);
        let mut step = Step { records: answers.len(), ..Step::default() };
        for record in answers {
            match self.stage {
                Stage::Done => step.beyond += 1,
                _ => self.record(record, &mut step.odd)?,
            }
        }
        self.messages += 1;
        self.records += answers.len();
        step.last = self.stage == Stage::Done || self.is_nothing_newer();
        Ok(step)
    }

    /// What has not come yet.
    pub fn missing(&self) -> Missing {
        let Self { serial, records, .. } = *self;
        match (self.stage, self.since) {
            (Stage::Start, _) => Missing::Records,
            (Stage::First, None) => Missing::Zone { serial },
            (Stage::First, Some(since)) => Missing::Changes { serial, since },
            _ => Missing::LastSoa { serial, records },
        }
    }

    /// One SOA record alone says that there is nothing newer (RFC 1995 section 4), if what it says
    /// is not newer: a server may put each record in a message of its own.
    fn is_nothing_newer(&self) -> bool {
        let newer = |since: u32| is_newer(self.serial, since);
        self.stage == Stage::First && self.since.is_some_and(|since| !newer(since))
    }

    fn record(&mut self, record: &Record<'_>, odd: &mut Vec<Fault>) -> Result<(), TransferFault> {
        let zone = self.query.questions.first();
        let ours = zone.is_none_or(|zone| zone.name.is(&record.owner));
        let serial = (record.record_type == SOA).then(|| record.rdata.soa_serial()).flatten();
        match (self.stage, serial) {
            (Stage::Start, Some(_)) if !ours => {
                return Err(TransferFault::OtherZone { owner: record.owner.to_string() });
            }
            (Stage::Start, None) => return Err(TransferFault::NoSoa),
            _ => {}
        }
        if zone.is_some_and(|zone| zone.class != record.class && zone.class != ANY) {
            let (owner, class) = (record.owner.to_string(), record.class);
            return Err(TransferFault::OtherClass { owner, class });
        }
        if zone.is_some_and(|zone| !record.owner.is_in(&zone.name)) {
            outside(record, odd);
        }
        // that of another owner begins and ends nothing
        self.stage = match serial.filter(|_| ours) {
            Some(serial) => self.soa(serial, record, odd)?,
            None => match self.stage {
                Stage::First => Stage::Whole,
                stage => stage,
            },
        };
        Ok(())
    }

    /// The stage behind an SOA record of the zone.
    fn soa(
        &mut self,
        serial: u32,
        record: &Record<'_>,
        odd: &mut Vec<Fault>,
    ) -> Result<Stage, TransferFault> {
        let newest = self.serial;
        let part = std::mem::replace(&mut self.part, serial);
        let stage = match self.stage {
            Stage::Start => {
                (self.serial, self.soa) = (serial, record.rdata.uncompressed(SOA));
                if let Some(since) = self.since.filter(|&since| is_older(serial, since)) {
                    odd.push(Fault::OlderVersion { serial, since });
                }
                Stage::First
            }
            Stage::First | Stage::Whole if serial == newest => Stage::Done,
            Stage::First => match self.since {
                Some(since) if since == serial => Stage::Removed,
                Some(since) => return Err(TransferFault::Start { from: serial, since }),
                None => return Err(TransferFault::Changed { first: newest, last: serial }),
            },
            Stage::Whole => return Err(TransferFault::Changed { first: newest, last: serial }),
            Stage::Removed if is_newer(serial, part) => Stage::Added,
            Stage::Removed => return Err(TransferFault::Backwards { from: part, to: serial }),
            Stage::Added if part != serial => {
                return Err(TransferFault::Gap { reached: part, next: serial });
            }
            Stage::Added if serial == newest => Stage::Done,
            Stage::Added => Stage::Removed,
            Stage::Done => Stage::Done,
        };
        if stage == Stage::Done && record.rdata.uncompressed(SOA) != self.soa {
            odd.push(Fault::LastSoa);
        }
        Ok(stage)
    }
}

/// Counts a record outside of the zone, which a secondary server drops.
fn outside(record: &Record<'_>, odd: &mut Vec<Fault>) {
    for fault in odd.iter_mut() {
        if let Fault::OutOfZone { count, .. } = fault {
            *count += 1;
            return;
        }
    }
    odd.push(Fault::OutOfZone { owner: record.owner.to_string(), count: 1 });
}

/// The extended errors of a message as text, the first few.
fn reasons(message: &Message<'_>) -> Vec<String> {
    const MAX_REASONS: usize = 4;
    let options = message.opt().into_iter().flat_map(|opt| opt.options());
    let errors = options.filter(|option| option.code == edns::EDE);
    errors.filter_map(|error| error.value(&View::default())).take(MAX_REASONS).collect()
}

/// Whether a serial comes after another (RFC 1982 section 3.2). Of two that are half of all serials
/// apart neither does.
fn is_newer(serial: u32, other: u32) -> bool {
    const HALF: u32 = 1 << 31;
    (1..HALF).contains(&serial.wrapping_sub(other))
}

fn is_older(serial: u32, other: u32) -> bool {
    is_newer(other, serial)
}

impl fmt::Display for TransferFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rcode { rcode, reasons } => {
                write!(f, "server replied with error '{rcode}'")?;
                reasons.iter().try_for_each(|reason| write!(f, ", EDE: {reason}"))
            }
            Self::OtherClass { owner, class } => {
                let mut name = Vec::new();
                rdata::write_class(&mut name, *class);
                let name = String::from_utf8_lossy(&name);
                write!(f, "record of another class than the zone ({owner} {name})")
            }
            Self::Changed { first, last } => write!(
                f,
                "the last SOA has serial {last}, the first {first}: the zone changed during the \
                 transfer"
            ),
            Self::Start { from, since } => {
                write!(f, "the increment starts from serial {from}, not from {since} as asked")
            }
            Self::Gap { reached, next } => write!(
                f,
                "the increment has a gap: it reaches serial {reached} and goes on from {next}"
            ),
            Self::Backwards { from, to } => {
                write!(f, "the increment leads from serial {from} to {to}, which is not newer")
            }
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

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("no record came"),
            Self::Zone { serial } => {
                write!(f, "nothing came after the first SOA record (serial {serial})")
            }
            Self::Changes { serial, since } => write!(
                f,
                "the server has serial {serial} and sent nothing of what changed since {since}; \
                 AXFR asks for the whole zone"
            ),
            Self::LastSoa { serial, records } => write!(
                f,
                "the SOA record that ends the transfer (serial {serial}) is missing after \
                 {records} records"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
