//! What a server can do instead of answering, in the order a connection lives.
//! One rule: a fault ends when the client has gone or the server is stopped, and harms nothing else.

use std::io;
use std::time::Duration;

use super::line::{Line, framed};
use super::long_hello::{OnLong, PACKET};
use super::message;
use super::zone;

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers every query from the zone.
    Answer,

    /// Accepts and never speaks.
    Silence,
    /// Sends FIN at once.
    CloseOnAccept,
    /// Sends RST at once.
    ResetOnAccept,
    /// Speaks first: `SSH-2.0-...`.
    SshBanner,
    /// Replies to the ClientHello as a web server does: 400 Bad Request.
    PlainHttp,
    /// Replies to the ClientHello with a DNS message over plain TCP: FORMERR.
    PlainDns,
    /// Replies to the ClientHello with these octets and closes.
    PlainText(&'static [u8]),
    /// Replies to the ClientHello with a fatal alert of this number (RFC 8446 section 6).
    FatalAlert(u8),
    /// Replies to the ClientHello with a ServerHello of TLS 1.1.
    OldVersion,
    /// Replies to the ClientHello with warning alerts, for ever.
    EndlessAlerts,
    /// Replies to the ClientHello with a handshake message that has no end.
    EndlessServerHello,
    /// Sends the first half of its ServerHello record and then nothing.
    HalfServerHello,
    /// Does this to a ClientHello that is longer than one packet, and answers after any other.
    LongHello(OnLong),
    /// Sends FIN after the ClientHello.
    CloseInHandshake,
    /// Sends RST after the ClientHello.
    ResetInHandshake,
    /// Handshakes at one octet each interval, then answers.
    DripHandshake(Duration),

    /// Reads queries and says nothing.
    NoReply,
    /// Handshakes, then neither reads nor says anything.
    Deaf,
    /// New keys in place of the reply (RFC 8446 section 4.6.3), for ever.
    EndlessKeyUpdates,
    /// Takes the query, says goodbye and closes.
    CloseAfterQuery,
    /// Takes the query and closes without goodbye.
    CloseAfterQueryNoNotify,
    /// Takes the query and sends RST.
    ResetAfterQuery,
    /// A prefix of 100, 20 octets, goodbye and FIN.
    HalfMessage,
    /// A prefix of 100, 20 octets, FIN without goodbye.
    HalfMessageNoNotify,
    /// One octet of the prefix, goodbye and FIN.
    CutLength,
    /// A record that was altered on its way, in place of the reply.
    UndecryptableRecord,
    /// Empty messages, for ever.
    EndlessEmptyMessages,
    /// Replies with wrong IDs, for ever.
    EndlessWrongIds,
    /// The reply at one octet each interval.
    DripReply(Duration),

    /// A message of no octets.
    ZeroLength,
    /// A message of 5 octets.
    ShortMessage,
    /// A message of which only the ID makes sense.
    GarbageMessage,
    /// The answer under another ID.
    WrongId,
    /// The answer to another name.
    OtherQuestion,
    /// A header that counts no question, and nothing else.
    NoQuestion,
    /// The answer with QR=0: a query.
    NotAReply,
    /// The answer with opcode UPDATE.
    OtherOpcode,
    /// More records counted than there are.
    LyingCounts,
    /// An owner name that points to itself.
    PointerLoop,

    /// The answer under another ID, then the answer.
    WrongIdThenRight,
    /// An A record of 3 octets before the true ones.
    RdataMisfit,
    /// Two OPT records.
    TwoOpts,
    /// Octets behind the answer.
    TrailingOctets,
    /// The answer with TC=1.
    Truncated,
    /// The answer without padding.
    NoPadding,
    /// The answer with every EDNS option, hostile texts among them.
    Options,
    /// The answer with names and texts that would move a cursor or forge a line.
    HostileRecords,
    /// A message of the greatest length.
    Largest,
    /// The answer with this RCODE.
    Rcode(u8),
    /// The answer with this extended RCODE (RFC 6891 section 6.1.3).
    ExtendedRcode(u16),
    /// The answer after this time.
    Slow(Duration),
    /// Each octet of the answer in a TLS record of its own.
    SplitFrames,
    /// The answer, then copies of it for ever.
    FloodAfterAnswer,
    /// Goodbye and FIN after each answer.
    CloseAfterEachAnswer,
    /// Goodbye and FIN after this many answers, whatever else was asked.
    CloseAfterAnswers(usize),
    /// Says nothing to each query of such a number.
    SkipEvery(usize),
    /// Collects this many queries and answers the last first.
    OutOfOrder(usize),
    /// Says nothing more after this many answers.
    Fallen(usize),
    /// Greets after this time, and says goodbye and FIN after so many answers.
    Far(Duration, usize),
    /// Is started anew: the first session gets no answer to its first query, one to its third after
    /// this time, and ends; each later one is greeted as late.
    Restart(Duration),
}

/// Where a behaviour takes effect, and so what is lost to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No session comes about in a second.
    Handshake,
    /// A session, but no whole reply comes within a second.
    Reply,
    /// A reply comes and is no answer to the query, or cannot be read.
    Message,
    /// The answer comes, perhaps not alone, not at once or with something to warn of.
    Answered,
}

const DRIP: Duration = Duration::from_millis(100);
/// Between the items of an endless row: a client is to give up, not to be buried.
const BREATH: Duration = Duration::from_millis(1);

impl Behaviour {
    /// One of each.
    pub const ALL: &[Self] = &[
        Self::Answer,
        Self::Silence,
        Self::CloseOnAccept,
        Self::ResetOnAccept,
        Self::SshBanner,
        Self::PlainHttp,
        Self::PlainDns,
        Self::PlainText(b"\x1b[2Jhello\n;; The certificate is trusted.\n"),
        Self::FatalAlert(40),
        Self::OldVersion,
        Self::EndlessAlerts,
        Self::EndlessServerHello,
        Self::HalfServerHello,
        Self::CloseInHandshake,
        Self::ResetInHandshake,
        Self::DripHandshake(DRIP),
        Self::NoReply,
        Self::Deaf,
        Self::EndlessKeyUpdates,
        Self::CloseAfterQuery,
        Self::CloseAfterQueryNoNotify,
        Self::ResetAfterQuery,
        Self::HalfMessage,
        Self::HalfMessageNoNotify,
        Self::CutLength,
        Self::UndecryptableRecord,
        Self::EndlessEmptyMessages,
        Self::EndlessWrongIds,
        Self::DripReply(DRIP),
        Self::ZeroLength,
        Self::ShortMessage,
        Self::GarbageMessage,
        Self::WrongId,
        Self::OtherQuestion,
        Self::NoQuestion,
        Self::NotAReply,
        Self::OtherOpcode,
        Self::LyingCounts,
        Self::PointerLoop,
        Self::WrongIdThenRight,
        Self::RdataMisfit,
        Self::TwoOpts,
        Self::TrailingOctets,
        Self::Truncated,
        Self::NoPadding,
        Self::Options,
        Self::HostileRecords,
        Self::Largest,
        Self::Rcode(5),
        Self::ExtendedRcode(23),
        Self::Slow(Duration::from_millis(200)),
        Self::SplitFrames,
        Self::FloodAfterAnswer,
        Self::CloseAfterEachAnswer,
        Self::CloseAfterAnswers(2),
        Self::SkipEvery(2),
        Self::OutOfOrder(1),
        Self::Fallen(1),
        Self::Far(Duration::from_millis(40), 2),
        Self::Restart(Duration::from_millis(200)),
        Self::LongHello(OnLong::Reset),
    ];

    /// Where it takes effect. [`Behaviour::OutOfOrder`] is taken to get its queries.
    pub fn stage(self) -> Stage {
        match self {
            Self::Silence
            | Self::CloseOnAccept
            | Self::ResetOnAccept
            | Self::SshBanner
            | Self::PlainHttp
            | Self::PlainDns
            | Self::PlainText(_)
            | Self::FatalAlert(_)
            | Self::OldVersion
            | Self::EndlessAlerts
            | Self::EndlessServerHello
            | Self::HalfServerHello
            | Self::CloseInHandshake
            | Self::ResetInHandshake
            | Self::DripHandshake(_) => Stage::Handshake,
            Self::NoReply
            | Self::Deaf
            | Self::EndlessKeyUpdates
            | Self::CloseAfterQuery
            | Self::CloseAfterQueryNoNotify
            | Self::ResetAfterQuery
            | Self::HalfMessage
            | Self::HalfMessageNoNotify
            | Self::CutLength
            | Self::UndecryptableRecord
            | Self::DripReply(_)
            | Self::Restart(_) => Stage::Reply,
            Self::EndlessEmptyMessages
            | Self::EndlessWrongIds
            | Self::ZeroLength
            | Self::ShortMessage
            | Self::GarbageMessage
            | Self::WrongId
            | Self::OtherQuestion
            | Self::NoQuestion
            | Self::NotAReply
            | Self::OtherOpcode
            | Self::LyingCounts
            | Self::PointerLoop => Stage::Message,
            Self::Answer
            | Self::WrongIdThenRight
            | Self::RdataMisfit
            | Self::TwoOpts
            | Self::TrailingOctets
            | Self::Truncated
            | Self::NoPadding
            | Self::Options
            | Self::HostileRecords
            | Self::Largest
            | Self::Rcode(_)
            | Self::ExtendedRcode(_)
            | Self::Slow(_)
            | Self::SplitFrames
            | Self::FloodAfterAnswer
            | Self::CloseAfterEachAnswer
            | Self::CloseAfterAnswers(_)
            | Self::SkipEvery(_)
            | Self::Fallen(_)
            | Self::Far(..)
            | Self::LongHello(_)
            | Self::OutOfOrder(_) => Stage::Answered,
        }
    }

    /// Serves one connection to its end. An error is the client's doing, or the server's stopping.
    pub(crate) fn serve(self, mut line: Line<'_>) -> io::Result<()> {
        match self {
            Self::Silence => return line.drain(),
            Self::CloseOnAccept => return line.close(),
            Self::ResetOnAccept => return line.reset(),
            Self::SshBanner => {
                line.raw(b"SSH-2.0-OpenSSH_9.6p1 Debian-3\r\n")?;
                return line.drain();
            }
            Self::LongHello(what) if line.record_length()? > PACKET => return what.serve(line),
            _ => line.client_hello()?,
        }
        match self {
            Self::PlainHttp => return last_words(line, HTTP),
            Self::PlainDns => return last_words(line, &framed(&zone::refuse(&[]))),
            Self::PlainText(octets) => return last_words(line, octets),
            Self::FatalAlert(number) => return last_words(line, &alert(2, number)),
            Self::OldVersion => {
                line.raw(&SERVER_HELLO_OF_TLS_1_1)?;
                return line.drain();
            }
            Self::EndlessAlerts => loop {
                // user_canceled, which a client is to ignore (RFC 8446 section 6.1)
                line.raw(&alert(1, 90))?;
                line.pause(BREATH)?;
            },
            Self::EndlessServerHello => {
                // ServerHello of 16 MB, which is as much as its length can say, and more of it
                line.raw(&[22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff])?;
                loop {
                    line.raw(&[&[22, 3, 3, 0x40, 0], &[0x5a; 0x4000][..]].concat())?;
                }
            }
            Self::HalfServerHello => {
                let octets = line.server_hello()?;
                if let [_, _, _, high, low, ..] = octets[..] {
                    let record = 5 + usize::from(u16::from_be_bytes([high, low]));
                    line.raw(&octets[..record / 2])?;
                }
                return line.drain();
            }
            Self::CloseInHandshake => return line.close(),
            Self::ResetInHandshake => return line.reset(),
            Self::DripHandshake(interval) => line.pace = Some(interval),
            Self::Far(duration, _) => line.pause(duration)?,
            Self::Restart(duration) if !line.is_of_the_first_session() => line.pause(duration)?,
            _ => {}
        }
        line.handshake()?;
        line.pace = None;
        match self {
            Self::OutOfOrder(count) => reversed(line, count),
            Self::Deaf => line.pause(Duration::MAX),
            _ => self.converse(line),
        }
    }

    /// Takes query after query.
    fn converse(self, mut line: Line<'_>) -> io::Result<()> {
        let mut count = 0;
        while let Some(query) = line.query()? {
            let answer = zone::answer(&query);
            count += 1;
            match self {
                Self::NoReply => {}
                Self::EndlessKeyUpdates => loop {
                    line.new_keys()?;
                },
                Self::CloseAfterQuery => break,
                Self::CloseAfterQueryNoNotify => return line.close(),
                Self::ResetAfterQuery => return line.reset(),
                Self::HalfMessage => {
                    line.send(&cut(&answer))?;
                    break;
                }
                Self::HalfMessageNoNotify => {
                    line.send(&cut(&answer))?;
                    return line.close();
                }
                Self::CutLength => {
                    line.send(&framed(&answer)[..1])?;
                    break;
                }
                Self::UndecryptableRecord => {
                    line.raw(&ALTERED_RECORD)?;
                    return line.drain();
                }
                Self::EndlessEmptyMessages => return for_ever(line, &[]),
                Self::EndlessWrongIds => return for_ever(line, &message::wrong_id(answer)),
                Self::DripReply(interval) => {
                    line.pace = Some(interval);
                    line.reply(&answer)?;
                }
                Self::WrongIdThenRight => {
                    line.reply(&message::wrong_id(answer.clone()))?;
                    line.reply(&answer)?;
                }
                Self::Slow(duration) => {
                    line.pause(duration)?;
                    line.reply(&answer)?;
                }
                Self::SplitFrames => {
                    for octet in framed(&answer) {
                        line.send(&[octet])?;
                    }
                }
                Self::FloodAfterAnswer => loop {
                    line.reply(&answer)?;
                },
                Self::CloseAfterEachAnswer => {
                    line.reply(&answer)?;
                    break;
                }
                Self::CloseAfterAnswers(most) | Self::Far(_, most) => {
                    line.reply(&answer)?;
                    if count == most {
                        break;
                    }
                }
                Self::Fallen(most) if count > most => {}
                Self::SkipEvery(number) if count % number == 0 => {}
                Self::Restart(_) if line.is_of_the_first_session() && count == 1 => {}
                Self::Restart(duration) if line.is_of_the_first_session() && count == 3 => {
                    line.pause(duration)?;
                    line.reply(&answer)?;
                    break;
                }
                _ => line.reply(&message::reply(self, &query))?,
            }
        }
        line.close_notify()?;
        line.close()
    }
}

const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n";

/// A record with a ServerHello of TLS 1.1 and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (RFC 4346).
const SERVER_HELLO_OF_TLS_1_1: [u8; 47] = {
    let mut record = [0x5a; 47];
    let head = [22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    let mut at = 0;
    while at < head.len() {
        record[at] = head[at];
        at += 1;
    }
    // no session ID, the suite, no compression
    [record[43], record[44], record[45], record[46]] = [0, 0xc0, 0x13, 0];
    record
};

/// Application data that no key decrypts.
const ALTERED_RECORD: [u8; 69] = {
    let mut record = [0xa5; 69];
    [record[0], record[1], record[2], record[3], record[4]] = [23, 3, 3, 0, 64];
    record
};

/// An alert record before encryption: 1 is a warning, 2 is fatal.
pub(super) fn alert(level: u8, number: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, level, number]
}

/// A prefix of 100 and the first 20 octets of the answer.
fn cut(answer: &[u8]) -> Vec<u8> {
    [&[0, 100], &answer[..answer.len().min(20)]].concat()
}

fn last_words(line: Line<'_>, octets: &[u8]) -> io::Result<()> {
    line.raw(octets)?;
    line.close()
}

fn for_ever(mut line: Line<'_>, message: &[u8]) -> io::Result<()> {
    loop {
        line.reply(message)?;
        line.pause(BREATH)?;
    }
}

fn reversed(mut line: Line<'_>, count: usize) -> io::Result<()> {
    let mut waiting = Vec::new();
    while let Some(query) = line.query()? {
        waiting.push(zone::answer(&query));
        if waiting.len() >= count {
            while let Some(answer) = waiting.pop() {
                line.reply(&answer)?;
            }
        }
    }
    line.close_notify()?;
    line.close()
}
