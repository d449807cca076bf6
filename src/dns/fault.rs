//! What can be wrong with a reply. One rule: the facts are in the variants, the words in `Display`;
//! where kdig has words they are kept.

use std::fmt;

use super::message::{NOTIFY, Opcode};
use super::name::NameFault;
use super::rcode::Rcode;
use super::rdata;
use super::section::Section;

/// Something wrong with a message, or with a reply as an answer to its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The message ends, or cannot be read on, within a question or a record.
    Cut {
        /// Where it belongs.
        section: Section,
        /// Its position in the section, from 1.
        number: usize,
        /// How many the header promised.
        of: u16,
        /// Where it begins, octets from the start of the message.
        at: usize,
        /// Why it cannot be read.
        cause: Cause,
    },
    /// A COOKIE option of a length that none has (RFC 7873 section 4).
    CookieLength {
        /// Its octets.
        octets: usize,
    },
    /// More than one OPT record (RFC 6891 section 6.1.1); the first counts.
    ExtraOpt {
        /// How many there are beside it.
        count: usize,
    },
    /// More questions than the query has (RFC 9619 section 4).
    ExtraQuestion {
        /// How many more.
        count: usize,
    },
    /// The last SOA record of a transfer has the serial of the first and other data.
    LastSoa,
    /// OPT records outside of the additional section.
    MisplacedOpt {
        /// How many.
        count: usize,
    },
    /// A reply without its question.
    NoQuestion {
        /// Its response code: an error may come without.
        rcode: Rcode,
        /// Its operation: the reply to a NOTIFY may be a header alone.
        opcode: Opcode,
    },
    /// QR is not set.
    NotAReply,
    /// The owner of the OPT record is not the root (RFC 6891 section 6.1.2).
    OptOwner,
    /// The options of the OPT record do not end where its data end.
    Options,
    /// A transfer from a version brings an older one.
    OlderVersion {
        /// The serial of the server.
        serial: u32,
        /// The serial that was asked from.
        since: u32,
    },
    /// Records of a transfer whose owners are not in the zone.
    OutOfZone {
        /// The first owner, in presentation format.
        owner: String,
        /// How many records there are in the message.
        count: usize,
    },
    /// Another client cookie than the query has.
    OtherCookie,
    /// Another ID.
    OtherId {
        /// That of the reply.
        reply: u16,
        /// That of the query.
        query: u16,
    },
    /// Another operation: the reply to a query is a QUERY too (RFC 1035 section 4.1.1).
    OtherOpcode {
        /// That of the reply.
        reply: Opcode,
        /// That of the query.
        query: Opcode,
    },
    /// Another question (RFC 5452 section 9.1).
    OtherQuestion {
        /// The name differs in more than case.
        name: bool,
        /// The type differs.
        record_type: bool,
        /// The class differs.
        class: bool,
    },
    /// Records whose data do not fit their type.
    Rdata {
        /// Where the first of them is.
        section: Section,
        /// Its position in the section, from 1.
        number: usize,
        /// Its type.
        record_type: u16,
        /// How many there are.
        count: usize,
    },
    /// Fewer octets than a header has.
    ShortHeader {
        /// How many.
        octets: usize,
    },
    /// Octets after the last record.
    Trailing {
        /// How many.
        octets: usize,
    },
    /// TC is set, which nothing but UDP has a reason for.
    Truncated,
}

/// Why a question or a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// More data promised than there are octets left.
    Data {
        /// RDLENGTH.
        length: u16,
        /// Octets left.
        left: usize,
    },
    /// The fields after the name are cut short.
    Fields,
    /// Its name.
    Name(NameFault),
    /// Nothing is left: the header counts more than there is.
    Nothing,
}

/// What a fault does to a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// The reply can be used.
    Warning,
    /// The reply is no answer to the query.
    NoAnswer,
    /// The reply cannot be read to its end.
    Unreadable,
}

impl Fault {
    /// What the fault does to the reply.
    pub fn gravity(&self) -> Gravity {
        match self {
            Self::Cut { .. } | Self::ShortHeader { .. } => Gravity::Unreadable,
            Self::NotAReply
            | Self::OtherId { .. }
            | Self::OtherOpcode { .. }
            | Self::OtherQuestion { .. } => Gravity::NoAnswer,
            // the reply to a NOTIFY says nothing but that the NOTIFY came (RFC 1996 section 3.3)
            Self::NoQuestion { rcode, opcode } if rcode.code == 0 && *opcode != NOTIFY => {
                Gravity::NoAnswer
            }
            // over UDP such a reply is discarded before it is looked at; an established session
            // proves what the cookie would (RFC 7873 section 5.2.3)
            Self::CookieLength { .. }
            | Self::OtherCookie
            | Self::ExtraOpt { .. }
            | Self::ExtraQuestion { .. }
            | Self::LastSoa
            | Self::MisplacedOpt { .. }
            | Self::OlderVersion { .. }
            | Self::OutOfZone { .. }
            | Self::NoQuestion { .. }
            | Self::OptOwner
            | Self::Options
            | Self::Rdata { .. }
            | Self::Trailing { .. }
            | Self::Truncated => Gravity::Warning,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { section, number, of, at, cause } => write!(
                f,
                "malformed reply packet ({section} {number} of {of} at octet {at}: {cause})"
            ),
            Self::CookieLength { octets } => {
                write!(f, "COOKIE of {octets} B, not of 8 or 16 to 40 (RFC 7873 section 4)")
            }
            Self::ExtraOpt { count } => {
                write!(f, "malformed reply packet ({} OPT records, the first counts)", count + 1)
            }
            Self::ExtraQuestion { count } => {
                let s = plural(*count);
                write!(f, "response has {count} question{s} more than the query")
            }
            Self::LastSoa => {
                f.write_str("the last SOA record has the serial of the first and other data")
            }
            Self::OlderVersion { serial, since } => {
                write!(f, "the server has serial {serial}, which is older than {since} as asked")
            }
            Self::OutOfZone { owner, count } => {
                write!(f, "record outside of the zone ({owner}")?;
                match count - 1 {
                    0 => f.write_str(")"),
                    more => write!(f, " and {more} more record{})", plural(more)),
                }
            }
            Self::MisplacedOpt { count } => {
                let s = plural(*count);
                write!(f, "malformed reply packet ({count} OPT record{s} in the wrong section)")
            }
            Self::NoQuestion { .. } => f.write_str("response doesn't have question section"),
            Self::NotAReply => f.write_str("response QR bit not set"),
            Self::OptOwner => {
                f.write_str("malformed reply packet (the owner of the OPT record is not the root)")
            }
            Self::Options => f.write_str("malformed reply packet (EDNS options cut short)"),
            Self::OtherCookie => f.write_str("client COOKIE mismatch (RFC 7873 section 5.3)"),
            Self::OtherId { reply, query } => {
                write!(f, "reply ID ({reply}) is different from query ID ({query})")
            }
            Self::OtherOpcode { reply, query } => {
                write!(f, "reply opcode ({reply}) is different from query opcode ({query})")
            }
            Self::OtherQuestion { name, record_type, class } => {
                let mut open = " (";
                f.write_str("query/response question sections are different")?;
                for (differs, what) in [(name, "name"), (record_type, "type"), (class, "class")] {
                    if *differs {
                        write!(f, "{open}{what}")?;
                        open = ", ";
                    }
                }
                f.write_str(if open == ", " { ")" } else { "" })
            }
            Self::Rdata { section, number, record_type, count } => {
                let mut name = Vec::new();
                rdata::write_type(&mut name, *record_type);
                let name = String::from_utf8_lossy(&name);
                write!(f, "malformed {name} data, shown in hex ({section} {number}")?;
                match count - 1 {
                    0 => f.write_str(")"),
                    more => write!(f, " and {more} more record{})", plural(more)),
                }
            }
            Self::ShortHeader { octets } => {
                write!(f, "malformed reply packet ({octets} of the 12 octets of a header)")
            }
            Self::Trailing { octets } => {
                write!(f, "malformed reply packet (trailing data): {octets} B")
            }
            Self::Truncated => f.write_str("reply is truncated (TC is set)"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { length, left } => write!(f, "{length} B of data promised, {left} B left"),
            Self::Fields => f.write_str("cut short"),
            Self::Name(fault) => fault.fmt(f),
            Self::Nothing => f.write_str("nothing left"),
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
