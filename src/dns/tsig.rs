//! TSIG (RFC 8945): a key that both sides know proves who wrote a message. One rule: octets and the
//! time in, a verdict out; no clock is asked here, and nothing is believed before its MAC is right.

mod clause;
mod key;

use std::fmt;

use super::cursor::{Cursor, number};
use super::fault::Gravity;
use super::message::{Header, Message, Record};
use super::name::Name;
use super::rcode::Rcode;
use super::section::Section;

pub use key::{ALGORITHMS, Algorithm, Key, KeyFault};

/// The seconds that the clocks of both sides may differ by (RFC 8945 section 10).
pub const FUDGE: u16 = 300;

/// The MAC of a message, which what follows is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac(Vec<u8>);

/// Signs a query: appends the TSIG record and counts it. The record takes [`length`] octets.
///
/// `message` has a header and no TSIG record; `time` is in seconds since 1970, `fudge` in seconds,
/// usually [`FUDGE`]. The reply is verified with the MAC that comes back.
pub fn sign(message: &mut Vec<u8>, key: &Key, time: u64, fudge: u16) -> Mac {
    let timers = timers(time, fudge);
    let mac = key.mac(&[message, &variables(key, &timers, 0, b"")]);
    let id = [0, 1].map(|at| message.get(at).copied().unwrap_or(0));
    let rdata = [
        key.algorithm.wire,
        &timers,
        &length_of(&mac),
        &mac,
        &id,
        // no error and no other data
        &[0; 4],
    ]
    .concat();
    message.extend(key.wire());
    message.extend(TSIG.to_be_bytes());
    message.extend(ANY.to_be_bytes());
    message.extend(TTL);
    message.extend(length_of(&rdata));
    message.extend(rdata);
    if let Some(count) = message.get_mut(ARCOUNT..Header::LENGTH) {
        let more = (number(count) as u16).wrapping_add(1);
        count.copy_from_slice(&more.to_be_bytes());
    }
    Mac(mac)
}

/// The octets of the record that [`sign`] appends.
pub fn length(key: &Key) -> usize {
    // type, class, TTL and length, then timers, MAC, original ID, error and other data
    let fixed = 10 + TIMERS + 2 + 2 + 2 + 2;
    key.wire().len() + fixed + key.algorithm.wire.len() + key.algorithm.octets
}

/// Verifies what answers one signed query: one reply, or the messages of a transfer in turn.
#[derive(Clone, Debug)]
pub struct Verifier<'a> {
    key: &'a Key,
    /// What the next MAC covers before its own message: the MAC before it with its length, and the
    /// messages since then that are not signed.
    before: Vec<u8>,
    /// How many those are.
    unsigned: usize,
    /// A message has been verified.
    begun: bool,
}

impl<'a> Verifier<'a> {
    /// Messages in a row that need not be signed, in a transfer (RFC 8945 section 5.3.1).
    pub const MAX_UNSIGNED: usize = 99;

    /// For the replies to the query that [`sign`] gave `request` for.
    pub fn new(key: &'a Key, request: &Mac) -> Self {
        Self { key, before: prefixed(&request.0), unsigned: 0, begun: false }
    }

    /// Verifies the next message, which came at `time`, seconds since 1970. The first one must be
    /// signed; one that is not, later on, is good only if one that is follows.
    ///
    /// The ID in the header is not covered: it is compared with that of the query elsewhere. A
    /// message that fails leaves the verifier as it was.
    pub fn verify(&mut self, message: &[u8], time: u64) -> Result<(), TsigFault> {
        let reply = Message::read(message);
        let broken = reply.faults.iter().any(|fault| fault.gravity() == Gravity::Unreadable);
        if broken || !reply.unread().is_empty() {
            return Err(TsigFault::Unreadable);
        }
        let Some(record) = signature(&reply)? else { return self.unsigned(message) };
        let tsig = Tsig::read(record).ok_or(TsigFault::Malformed)?;
        if tsig.mac.is_empty() && tsig.error != 0 {
            // a server that cannot verify a query signs no reply (RFC 8945 section 5.2)
            return Err(tsig.refusal());
        }
        self.prove(message, record, &tsig)?;
        if tsig.error != 0 {
            return Err(tsig.refusal());
        }
        if time.abs_diff(tsig.time) > tsig.fudge.into() {
            return Err(TsigFault::Time { signed: tsig.time, now: time, fudge: tsig.fudge });
        }
        *self = Self { before: prefixed(tsig.mac), unsigned: 0, begun: true, ..*self };
        Ok(())
    }

    /// To be asked after the last message: whether that one was signed.
    pub fn finish(&self) -> Result<(), TsigFault> {
        match (self.begun, self.unsigned) {
            (true, 0) => Ok(()),
            (true, messages) => Err(TsigFault::End { messages }),
            (false, _) => Err(TsigFault::Absent),
        }
    }

    fn unsigned(&mut self, message: &[u8]) -> Result<(), TsigFault> {
        if !self.begun {
            return Err(TsigFault::Absent);
        }
        if self.unsigned == Self::MAX_UNSIGNED {
            return Err(TsigFault::Run { messages: self.unsigned + 1 });
        }
        self.before.extend(message);
        self.unsigned += 1;
        Ok(())
    }

    /// Whether the MAC is that of the message as it was before it was signed (RFC 8945 section
    /// 4.3), after all that came before.
    fn prove(&self, message: &[u8], record: &Record<'_>, tsig: &Tsig<'_>) -> Result<(), TsigFault> {
        let Key { algorithm, .. } = self.key;
        let ours = Name::alone(algorithm.wire).is_some_and(|name| name.is(&tsig.algorithm));
        if !ours || !record.owner.is(&self.key.name()) {
            let (name, algorithm) = (record.owner.to_string(), tsig.algorithm.to_string());
            return Err(TsigFault::OtherKey { name, algorithm });
        }
        let (octets, least) = (tsig.mac.len(), MIN_MAC.max(algorithm.octets.div_ceil(2)));
        if !(least..=algorithm.octets).contains(&octets) {
            return Err(TsigFault::MacLength { octets, least, most: algorithm.octets });
        }
        let covered = if self.begun {
            tsig.timers.to_vec()
        } else {
            variables(self.key, tsig.timers, tsig.error, tsig.other)
        };
        let (header, body) = message
            .get(..record.at)
            .and_then(|signed| signed.split_at_checked(Header::LENGTH))
            .ok_or(TsigFault::Unreadable)?;
        let (flags_and_counts, count) = header.split_at(ARCOUNT);
        let count = (number(count) as u16).wrapping_sub(1).to_be_bytes();
        let flags_and_counts = flags_and_counts.get(tsig.id.len()..).unwrap_or_default();
        let parts = [&self.before, tsig.id, flags_and_counts, &count, body, &covered];
        if self.key.proves(&parts, tsig.mac) { Ok(()) } else { Err(TsigFault::Mac) }
    }
}

/// Why a message is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TsigFault {
    /// It is not signed.
    Absent,
    /// The transfer ends with messages that are not signed.
    End {
        /// How many.
        messages: usize,
    },
    /// The MAC is not that of this message, this key and the messages before.
    Mac,
    /// A MAC that is cut too short (RFC 8945 section 5.2.2.1), or too long.
    MacLength {
        /// Its octets.
        octets: usize,
        /// The least that will do.
        least: usize,
        /// What the algorithm makes.
        most: usize,
    },
    /// The fields of the TSIG record are not what they must be (RFC 8945 section 4.2).
    Malformed,
    /// The TSIG record is not the last one, or not the only one (RFC 8945 section 5.1).
    Misplaced,
    /// It is signed with another key.
    OtherKey {
        /// The name of that key, in presentation format.
        name: String,
        /// The domain name of its algorithm, in presentation format.
        algorithm: String,
    },
    /// The server did not accept the signature of the query, as it says (RFC 8945 section 5.2).
    Refused {
        /// Its reason: BADSIG, BADKEY, BADTIME or BADTRUNC, usually.
        error: Rcode,
        /// When the query was signed, seconds since 1970, as the server repeats it.
        signed: u64,
        /// The time of the server, seconds since 1970, which comes with BADTIME.
        server: Option<u64>,
    },
    /// Too many messages of a transfer in a row are not signed (RFC 8945 section 5.3.1).
    Run {
        /// How many.
        messages: usize,
    },
    /// It was signed too long before it came, or after that.
    Time {
        /// When it was signed, seconds since 1970.
        signed: u64,
        /// When it came, seconds since 1970.
        now: u64,
        /// Seconds that these may differ by, as it says.
        fudge: u16,
    },
    /// The message cannot be read to its end, or goes on behind it.
    Unreadable,
}

impl fmt::Display for TsigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ABSENT: &str = "expected a TSIG or SIG(0)";
        const FAILED: &str = "failed to verify TSIG";
        const TIME: &str = "TSIG out of time window";
        match self {
            Self::Absent => write!(f, "{ABSENT}: the reply is not signed"),
            Self::End { .. } => write!(f, "{ABSENT}: the last message is not signed"),
            Self::Mac => write!(f, "{FAILED}: the MAC is not that of this reply and key"),
            Self::MacLength { octets, least, most } => {
                write!(f, "{FAILED}: a MAC of {octets} octets, expected {least} to {most}")
            }
            Self::Malformed => write!(f, "{FAILED}: malformed TSIG"),
            Self::Misplaced => write!(f, "{FAILED}: a TSIG that is not the last record"),
            Self::OtherKey { name, algorithm } => write!(
                f,
                "TSIG key not recognized or invalid: the reply is signed with {name} ({algorithm})"
            ),
            Self::Refused { error, signed, server } => match (error.code, server) {
                (BADSIG, _) => {
                    write!(f, "{FAILED}: the server finds the query's MAC wrong ({error})")
                }
                (BADKEY, _) => {
                    write!(f, "{FAILED}: the server has no such key and algorithm ({error})")
                }
                (BADTIME, Some(server)) => {
                    let way = if server < signed { "behind" } else { "ahead" };
                    let apart = server.abs_diff(*signed);
                    write!(f, "{TIME}: the server's clock is {apart} s {way} ({error})")
                }
                (BADTIME, None) => write!(f, "{TIME}: the server's clock differs ({error})"),
                (BADTRUNC, _) => {
                    write!(f, "{FAILED}: the server finds the query's MAC too short ({error})")
                }
                _ => write!(f, "{FAILED}: the server says {error}"),
            },
            Self::Run { messages } => {
                write!(f, "{ABSENT}: {messages} messages in a row are not signed")
            }
            Self::Time { signed, now, fudge } => {
                let way = if signed < now { "ago" } else { "ahead of our clock" };
                write!(f, "{TIME}: signed {} s {way}, {fudge} s allowed", now.abs_diff(*signed))
            }
            Self::Unreadable => write!(f, "{FAILED}: malformed reply packet"),
        }
    }
}

/// The fields of a TSIG record (RFC 8945 section 4.2).
struct Tsig<'a> {
    algorithm: Name<'a>,
    /// Time signed and fudge, as they are covered by the MAC.
    timers: &'a [u8],
    /// Seconds since 1970.
    time: u64,
    /// Seconds.
    fudge: u16,
    mac: &'a [u8],
    id: &'a [u8],
    error: u16,
    other: &'a [u8],
}

impl<'a> Tsig<'a> {
    fn read(record: &Record<'a>) -> Option<Self> {
        if record.class != ANY || record.ttl != 0 {
            return None;
        }
        let mut rest = Cursor::new(record.rdata.octets());
        let algorithm = rest.plain_name()?;
        let timers = rest.octets(TIMERS)?;
        let (time, fudge) = timers.split_at(TIMERS - 2);
        let length = rest.u16()?;
        let mac = rest.octets(length.into())?;
        let id = rest.octets(2)?;
        let error = rest.u16()?;
        let length = rest.u16()?;
        let other = rest.octets(length.into())?;
        let (time, fudge) = (number(time), number(fudge) as u16);
        (rest.left() == 0).then_some(Self { algorithm, timers, time, fudge, mac, id, error, other })
    }

    fn refusal(&self) -> TsigFault {
        TsigFault::Refused {
            error: Rcode::tsig(self.error),
            signed: self.time,
            server: (self.other.len() == 6).then(|| number(self.other)),
        }
    }
}

/// The TSIG record of a message that was read to its end; `None` if it is not signed.
fn signature<'m, 'a>(message: &'m Message<'a>) -> Result<Option<&'m Record<'a>>, TsigFault> {
    let sections = [Section::Answer, Section::Authority, Section::Additional];
    let records = || sections.into_iter().flat_map(|section| message.section(section));
    let last = message.section(Section::Additional).last().filter(|record| record.is_tsig());
    match (records().filter(|record| record.is_tsig()).count(), last) {
        (0, _) => Ok(None),
        (1, Some(record)) => Ok(Some(record)),
        _ => Err(TsigFault::Misplaced),
    }
}

/// What the MAC covers of the TSIG record (RFC 8945 section 4.3.3).
fn variables(key: &Key, timers: &[u8], error: u16, other: &[u8]) -> Vec<u8> {
    let (class, error) = (ANY.to_be_bytes(), error.to_be_bytes());
    let algorithm = key.algorithm.wire;
    [key.wire(), &class, &TTL, algorithm, timers, &error, &length_of(other), other].concat()
}

fn timers(time: u64, fudge: u16) -> [u8; TIMERS] {
    // 48 bits of seconds last for nine million years
    let [_, _, time @ ..] = time.to_be_bytes();
    let mut timers = [0; TIMERS];
    let (first, last) = timers.split_at_mut(time.len());
    first.copy_from_slice(&time);
    last.copy_from_slice(&fudge.to_be_bytes());
    timers
}

fn prefixed(mac: &[u8]) -> Vec<u8> {
    [&length_of(mac), mac].concat()
}

/// The length as two octets; what has one here is a part of a message, and shorter than 65,536.
fn length_of(octets: &[u8]) -> [u8; 2] {
    (octets.len() as u16).to_be_bytes()
}

const TSIG: u16 = 250;
const ANY: u16 = 255;
const TTL: [u8; 4] = [0; 4];
/// Octets of time signed and fudge.
const TIMERS: usize = 8;
/// Where the header counts the records of the additional section.
const ARCOUNT: usize = 10;
/// Octets that a MAC must have, whatever the algorithm (RFC 8945 section 5.2.2.1).
const MIN_MAC: usize = 10;

const BADSIG: u16 = 16;
const BADKEY: u16 = 17;
const BADTIME: u16 = 18;
const BADTRUNC: u16 = 22;

#[cfg(test)]
mod tests;
