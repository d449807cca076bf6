//! Messages: a walk from record to record that never fails. One rule: what can be read is kept,
//! what cannot is a [`Fault`], and octets that were not understood are still there to be shown.

use std::fmt;

use super::cursor::Cursor;
use super::edns::{self, OPT, Opt};
use super::fault::{Cause, Fault};
use super::name::Name;
use super::query::flag;
use super::rcode::Rcode;
use super::rdata::Rdata;
use super::section::Section;

/// A message, borrowed from its octets.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The octets it was read from.
    pub bytes: &'a [u8],
    /// The header; `None` if there is not even an ID and the flags. Counts that the message is too
    /// short for are 0.
    pub header: Option<Header>,
    /// The questions that could be read.
    pub questions: Vec<Question<'a>>,
    /// What is wrong with it, each kind once.
    pub faults: Vec<Fault>,
    /// The records that could be read, section after section.
    records: Vec<Record<'a>>,
    /// Where the answer and the authority section end in `records`.
    ends: [usize; 2],
    /// Where the OPT record is in `records`.
    opt: Option<usize>,
    /// Where reading ended.
    read: usize,
}

impl<'a> Message<'a> {
    /// Reads a message without its length prefix.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(bytes);
        let mut message = Self {
            bytes,
            header: Header::read(&mut cursor),
            questions: Vec::new(),
            faults: Vec::new(),
            records: Vec::new(),
            ends: [0; 2],
            opt: None,
            read: cursor.at,
        };
        if bytes.len() < Header::LENGTH {
            message.faults.push(Fault::ShortHeader { octets: bytes.len() });
        } else if let Err(fault) = message.sections(&mut cursor) {
            message.faults.push(fault);
        } else if cursor.left() > 0 {
            message.faults.push(Fault::Trailing { octets: cursor.left() });
        }
        message
    }

    /// The records of a section, in wire order. The question section has none.
    pub fn section(&self, section: Section) -> &[Record<'a>] {
        let [answer, authority] = self.ends;
        let range = match section {
            Section::Question => 0..0,
            Section::Answer => 0..answer,
            Section::Authority => answer..authority,
            Section::Additional => authority..self.records.len(),
        };
        self.records.get(range).unwrap_or_default()
    }

    /// The OPT record: the first of the additional section.
    pub fn opt(&self) -> Option<Opt<'a>> {
        let record = self.records.get(self.opt?)?;
        Some(Opt::new(record.class, record.ttl, record.rdata.octets()))
    }

    /// Whether `record` is the one that [`Message::opt`] reads.
    pub fn is_opt(&self, record: &Record<'_>) -> bool {
        self.opt.and_then(|opt| self.records.get(opt)).is_some_and(|opt| opt.at == record.at)
    }

    /// The octets of the PADDING option (RFC 7830), its header among them; of all of them, should
    /// there be several; `None` without the option.
    pub fn padding(&self) -> Option<usize> {
        let options = self.opt()?.options().filter(|option| option.code == edns::PADDING);
        options.map(|option| edns::OPTION_HEADER + option.data.len()).reduce(|a, b| a + b)
    }

    /// The data of the first COOKIE option: all others are ignored (RFC 7873 section 5.3).
    pub fn cookie(&self) -> Option<&'a [u8]> {
        self.opt()?.options().find(|option| option.code == edns::COOKIE).map(|option| option.data)
    }

    /// What is wrong with the cookie of the message as a reply to `query`. A reply without one is
    /// as good as one to a query without one (RFC 7873 section 5.3).
    pub fn cookie_fault(&self, query: &Message<'_>) -> Option<Fault> {
        let ours = query.cookie()?.get(..edns::CLIENT_COOKIE)?;
        let theirs = self.cookie()?;
        if !edns::is_cookie(theirs) {
            return Some(Fault::CookieLength { octets: theirs.len() });
        }
        (!theirs.starts_with(ours)).then_some(Fault::OtherCookie)
    }

    /// The response code of header and OPT record (RFC 6891 section 6.1.3).
    pub fn rcode(&self) -> Rcode {
        let low = self.header.map_or(0, |header| header.rcode());
        let high = self.opt().map_or(0, |opt| opt.extended_rcode);
        Rcode::new(u16::from(high) << 4 | u16::from(low))
    }

    /// The response code, or the error of TSIG that stands behind NOTAUTH (RFC 8945 section 5.2).
    pub fn status(&self) -> Rcode {
        let rcode = self.rcode();
        let signed = self.section(Section::Additional).iter().rev().find(|r| r.is_tsig());
        match signed.and_then(|record| record.rdata.tsig_error()) {
            Some(error) if rcode.code == NOTAUTH && error != 0 => Rcode::tsig(error),
            _ => rcode,
        }
    }

    /// The octets that were not read: what follows the last record, or the first that is broken.
    pub fn unread(&self) -> &'a [u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }

    /// What is wrong with the message as a reply to `query`.
    pub fn mismatches(&self, query: &Message<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let (Some(ours), Some(theirs)) = (self.header, query.header) else { return faults };
        if ours.id != theirs.id {
            faults.push(Fault::OtherId { reply: ours.id, query: theirs.id });
        }
        if !ours.is(Header::QR) {
            faults.push(Fault::NotAReply);
        }
        if ours.opcode() != theirs.opcode() {
            let (reply, query) = (ours.opcode(), theirs.opcode());
            faults.push(Fault::OtherOpcode { reply, query });
        }
        match (self.questions.first(), query.questions.first()) {
            (Some(reply), Some(query)) => {
                let name = !reply.name.is(&query.name);
                let record_type = reply.record_type != query.record_type;
                let class = reply.class != query.class;
                if name || record_type || class {
                    faults.push(Fault::OtherQuestion { name, record_type, class });
                }
            }
            (None, Some(_)) if ours.counts[0] == 0 => {
                faults.push(Fault::NoQuestion { rcode: self.rcode(), opcode: ours.opcode() });
            }
            _ => {}
        }
        let count = self.questions.len().saturating_sub(query.questions.len().max(1));
        if count > 0 {
            faults.push(Fault::ExtraQuestion { count });
        }
        if ours.is(Header::TC) {
            faults.push(Fault::Truncated);
        }
        faults.extend(self.cookie_fault(query));
        faults
    }

    fn sections(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let [questions, answers, authority, additional] =
            self.header.map_or([0; 4], |header| header.counts);
        self.read_questions(questions, cursor)?;
        let promised = usize::from(answers) + usize::from(authority) + usize::from(additional);
        self.records.reserve(promised.min(cursor.left() / Record::MIN_OCTETS));
        let mut oddities = Oddities::default();
        let outcome = [
            (Section::Answer, answers),
            (Section::Authority, authority),
            (Section::Additional, additional),
        ]
        .into_iter()
        .try_for_each(|(section, count)| {
            let outcome = self.read_records(section, count, cursor, &mut oddities);
            self.end(section);
            outcome
        });
        self.faults.extend(oddities.faults());
        if self.opt().is_some_and(|opt| !opt.unread().is_empty()) {
            self.faults.push(Fault::Options);
        }
        outcome
    }

    fn read_questions(&mut self, of: u16, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.questions.reserve(usize::from(of).min(cursor.left() / Question::MIN_OCTETS));
        for number in 1..=usize::from(of) {
            let question = Question::read(cursor).map_err(|cause| Fault::Cut {
                section: Section::Question,
                number,
                of,
                at: self.read,
                cause,
            })?;
            self.questions.push(question);
            self.read = cursor.at;
        }
        Ok(())
    }

    fn read_records(
        &mut self,
        section: Section,
        of: u16,
        cursor: &mut Cursor<'a>,
        oddities: &mut Oddities,
    ) -> Result<(), Fault> {
        for number in 1..=usize::from(of) {
            let record = Record::read(cursor).map_err(|cause| Fault::Cut {
                section,
                number,
                of,
                at: self.read,
                cause,
            })?;
            self.note(section, number, &record, oddities);
            self.records.push(record);
            self.read = cursor.at;
        }
        Ok(())
    }

    /// Remembers the OPT record, and what is odd about a record.
    fn note(
        &mut self,
        section: Section,
        number: usize,
        record: &Record<'a>,
        oddities: &mut Oddities,
    ) {
        if record.record_type == OPT {
            match (section, self.opt) {
                (Section::Additional, None) => {
                    self.opt = Some(self.records.len());
                    oddities.owned_opt = record.owner.length() > 1;
                }
                (Section::Additional, Some(_)) => oddities.extra_opt += 1,
                _ => oddities.misplaced_opt += 1,
            }
            return;
        }
        // an UPDATE has records without data (RFC 2136 section 2.4)
        let update = self.header.is_some_and(|header| header.opcode() == UPDATE);
        let absent = update && record.rdata.octets().is_empty();
        if absent || record.rdata.fits(record.record_type) {
            return;
        }
        match &mut oddities.rdata {
            Some(Fault::Rdata { count, .. }) => *count += 1,
            rdata => {
                let record_type = record.record_type;
                *rdata = Some(Fault::Rdata { section, number, record_type, count: 1 });
            }
        }
    }

    fn end(&mut self, section: Section) {
        let end = self.records.len();
        match section {
            Section::Question | Section::Additional => {}
            Section::Answer => self.ends = [end; 2],
            Section::Authority => self.ends[1] = end,
        }
    }
}

/// What is odd about the records but does not end the walk, counted by kind.
#[derive(Default)]
struct Oddities {
    rdata: Option<Fault>,
    extra_opt: usize,
    misplaced_opt: usize,
    owned_opt: bool,
}

impl Oddities {
    fn faults(self) -> impl Iterator<Item = Fault> {
        let extra = Some(Fault::ExtraOpt { count: self.extra_opt });
        let misplaced = Some(Fault::MisplacedOpt { count: self.misplaced_opt });
        let faults = [
            self.rdata,
            extra.filter(|_| self.extra_opt > 0),
            misplaced.filter(|_| self.misplaced_opt > 0),
            self.owned_opt.then_some(Fault::OptOwner),
        ];
        faults.into_iter().flatten()
    }
}

/// The header of a message (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// ID.
    pub id: u16,
    /// The octets with flags, opcode and response code.
    pub bits: u16,
    /// QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT as they stand there, true or not.
    pub counts: [u16; 4],
}

impl Header {
    /// Octets.
    pub const LENGTH: usize = 12;
    /// The message is a reply.
    pub const QR: u16 = 0x8000;
    /// The message is truncated.
    pub const TC: u16 = flag::TC;

    /// Whether the flag `bit` is set.
    pub fn is(self, bit: u16) -> bool {
        self.bits & bit != 0
    }

    /// The flags that are set, in wire order: `qr aa tc rd ra z ad cd`.
    pub fn flags(self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (Self::QR, "qr"),
            (flag::AA, "aa"),
            (flag::TC, "tc"),
            (flag::RD, "rd"),
            (flag::RA, "ra"),
            (flag::Z, "z"),
            (flag::AD, "ad"),
            (flag::CD, "cd"),
        ];
        flags.into_iter().filter(move |flag| self.is(flag.0)).map(|flag| flag.1)
    }

    /// The operation.
    pub fn opcode(self) -> Opcode {
        Opcode((self.bits >> 11 & 0xf) as u8)
    }

    /// The four bits of response code that the header has.
    pub fn rcode(self) -> u8 {
        (self.bits & 0xf) as u8
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut ahead = *cursor;
        let (id, bits) = (ahead.u16()?, ahead.u16()?);
        let counts = [(); 4].map(|()| ahead.u16().unwrap_or(0));
        *cursor = ahead;
        Some(Self { id, bits, counts })
    }
}

/// The operation of a message (RFC 6895 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

/// RFC 1996.
pub const NOTIFY: Opcode = Opcode(4);

/// RFC 2136.
pub const UPDATE: Opcode = Opcode(5);

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "QUERY",
            1 => "IQUERY",
            2 => "STATUS",
            4 => "NOTIFY",
            5 => "UPDATE",
            code => return write!(f, "OPCODE {code}"),
        })
    }
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// QNAME.
    pub name: Name<'a>,
    /// QTYPE.
    pub record_type: u16,
    /// QCLASS.
    pub class: u16,
}

impl<'a> Question<'a> {
    /// Octets of a question about the root.
    const MIN_OCTETS: usize = 5;

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Cause> {
        if cursor.left() == 0 {
            return Err(Cause::Nothing);
        }
        let name = cursor.name().map_err(Cause::Name)?;
        let mut fields = || Some((cursor.u16()?, cursor.u16()?));
        let (record_type, class) = fields().ok_or(Cause::Fields)?;
        Ok(Self { name, record_type, class })
    }
}

/// A record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where it begins in the message.
    pub at: usize,
    /// Whose it is.
    pub owner: Name<'a>,
    /// TYPE.
    pub record_type: u16,
    /// CLASS.
    pub class: u16,
    /// TTL, seconds.
    pub ttl: u32,
    /// Its data.
    pub rdata: Rdata<'a>,
}

impl<'a> Record<'a> {
    /// Octets of a record of the root without data.
    const MIN_OCTETS: usize = 11;

    /// Whether it is the signature of the message (RFC 8945).
    pub fn is_tsig(&self) -> bool {
        self.record_type == TSIG
    }

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Cause> {
        let at = cursor.at;
        if cursor.left() == 0 {
            return Err(Cause::Nothing);
        }
        let owner = cursor.name().map_err(Cause::Name)?;
        let mut fields = || Some((cursor.u16()?, cursor.u16()?, cursor.u32()?, cursor.u16()?));
        let (record_type, class, ttl, length) = fields().ok_or(Cause::Fields)?;
        let left = cursor.left();
        let rdata = Rdata::take(cursor, length.into()).ok_or(Cause::Data { length, left })?;
        Ok(Self { at, owner, record_type, class, ttl, rdata })
    }
}

const TSIG: u16 = 250;
const NOTAUTH: u16 = 9;

#[cfg(test)]
mod tests;
