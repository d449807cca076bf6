//! What can go wrong, by stage. One rule: variants carry facts, `Display` carries the words, and
//! each has one exit status and at most one hint.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alert;
use crate::dns::transfer::{self, TransferFault};
use crate::exchange::{Peer, Protocol};
use crate::text;
use crate::verdict::{Question, TlsFacts};

/// The exit status when a condition did not hold.
pub const CONDITION: u8 = 2;

/// The exit status when a local file, be it the output, failed.
pub const LOCAL_FILE: u8 = 8;

/// The exit status when a reply came that is of no use.
pub const NO_ANSWER: u8 = 11;

/// What stands for the path of the trust store of the system, which is not always one file.
pub const SYSTEM_STORE: &str = "system trust store";

/// The exit status of the program, each with what it means.
pub const EXIT_STATUS: &[(u8, &str)] = &[
    (0, "every query got its reply, over a session that passed all checks asked for"),
    (1, "the command line makes no sense; nothing was sent"),
    (CONDITION, "a condition of +fail held, or a certificate expires too soon for +tls-expiry"),
    (4, "no connection: name not found, refused, unreachable, timed out"),
    (5, "the TLS handshake failed"),
    (6, "the certificate was refused: name, chain, dates, purpose or staple"),
    (7, "no pin matched"),
    (LOCAL_FILE, "a local file could not be read or written"),
    (9, "no reply: timeout, close or reset after the handshake"),
    (10, "internal error"),
    (NO_ANSWER, "the reply is no answer to the query, or cannot be read"),
    (129, "SIGHUP ended a batch, and no query had failed until then"),
    (130, "Ctrl-C (SIGINT) ended a batch, and no query had failed until then"),
    (143, "SIGTERM ended a batch, and no query had failed until then"),
];

/// What tdig offers, where a server has nothing in common with it.
const OFFERED: &str = "kdig +tls, which offers more; tdig has ECDHE with X25519, P-256 and P-384, \
                       and keys of RSA, ECDSA on P-256, P-384 and P-521, and Ed25519";

/// Why a run or a lookup failed.
#[derive(Clone, Debug)]
pub enum Error {
    /// The command line makes no sense; nothing was sent.
    Usage {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A local file could not be read or does not hold what it should.
    File {
        /// Its path as typed.
        path: String,
        /// Why.
        reason: String,
    },
    /// The name of a server has no address.
    Resolve {
        /// `host@port` as typed.
        server: String,
        /// The resolver's words.
        reason: String,
    },
    /// No TCP connection.
    Connect {
        /// `address@port(TLS)`
        peer: String,
        /// Why.
        cause: Connect,
    },
    /// No TLS session.
    Handshake(Handshake),
    /// The certificate or its key was not what was asked for, or its key was not proved.
    Refused(Arc<TlsFacts>),
    /// The session stood, or the query left, but no reply came.
    Reply {
        /// The peer that was asked.
        peer: Peer,
        /// Why.
        cause: Reply,
    },
    /// What came is not the zone that was asked for.
    Transfer {
        /// The peer that was asked.
        peer: Peer,
        /// Why.
        fault: TransferFault,
    },
    /// A bug in this program.
    Internal(String),
}

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connect {
    /// No process listens at the port.
    Refused,
    /// It did not answer in time.
    TimedOut(Duration),
    /// The source address cannot be used.
    Source(String),
    /// There was no descriptor, or no thread, to be had: the system's words.
    Shortage(String),
    /// Anything else the system says.
    Other(String),
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The peer sent a fatal alert.
    Alert(Alert),
    /// The peer sent a fatal alert after it had asked for a certificate that we do not have.
    WantsCertificate(Alert),
    /// The peer sent a fatal alert before its first handshake message, and no server name was sent.
    NoServerName(Alert),
    /// The peer closed the connection.
    Closed,
    /// The peer reset the connection.
    Reset,
    /// The peer did not go on.
    TimedOut(Duration),
    /// The peer sent nothing at all.
    Silent(Duration),
    /// This became of a handshake on port 53, which is that of DNS without TLS.
    PlainPort(Box<Handshake>),
    /// The peer did not choose the ALPN token that a transfer needs (RFC 9103 section 7.1).
    NoToken,
    /// The peer does not speak TLS; its first octets.
    NotTls(Vec<u8>),
    /// The peer broke the protocol, or has nothing in common with us.
    Protocol(String),
}

/// Why no reply came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing, or not enough, came in time.
    TimedOut(Duration),
    /// The peer closed the session (`close_notify`) before a whole reply.
    CloseNotify,
    /// The peer closed the connection without closing the session.
    Closed,
    /// The peer ended within a message, after so many octets of it, its length among them.
    Cut(usize),
    /// The peer reset the connection.
    Reset,
    /// The peer sent a fatal alert.
    Alert(Alert),
    /// A record could not be decrypted, or the peer broke the protocol.
    Protocol(String),
    /// A message of no octets.
    Empty,
    /// A message with another ID, where each depends on the one before.
    OtherId,
    /// It ended so, and this was missing.
    Lacking(Box<Reply>, Missing),
}

/// What was missing when no reply, or not all of it, came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A reply with our client cookie; so many came without it.
    OwnCookie(usize),
    /// The rest of a transfer.
    Transfer(transfer::Missing),
}

impl Missing {
    /// What is missing where so many replies were discarded for their cookies.
    pub fn cookie(discarded: usize) -> Option<Self> {
        (discarded > 0).then_some(Self::OwnCookie(discarded))
    }
}

impl Reply {
    /// How it ended, whatever was missing.
    pub fn end(&self) -> &Self {
        match self {
            Self::Lacking(end, _) => end.end(),
            end => end,
        }
    }
}

impl Error {
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// The same, and what was missing where no reply came.
    pub fn lacking(self, missing: Option<Missing>) -> Self {
        match (self, missing) {
            (Self::Reply { peer, cause }, Some(missing)) => {
                Self::Reply { peer, cause: Reply::Lacking(Box::new(cause), missing) }
            }
            (error, _) => error,
        }
    }

    /// Its kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::File { .. } => "file",
            Self::Resolve { .. } => "resolve",
            Self::Connect { .. } => "connect",
            Self::Handshake(_) => "handshake",
            Self::Refused(facts) if facts.verdict.is_unproved() => "handshake",
            Self::Refused(_) => "certificate",
            Self::Reply { cause, .. } => match cause.end() {
                Reply::TimedOut(_) => "timeout",
                _ => "reply",
            },
            Self::Transfer { .. } => "transfer",
            Self::Internal(_) => "internal",
        }
    }

    /// The exit status of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 1,
            Self::Resolve { .. } | Self::Connect { .. } => 4,
            Self::Handshake(_) => 5,
            Self::Refused(facts) => match facts.verdict.refusal() {
                Some(answer) if answer.question == Question::Key => 5,
                Some(answer) if answer.question == Question::Pin => 7,
                _ => 6,
            },
            Self::File { .. } => 8,
            Self::Reply { .. } => 9,
            Self::Internal(_) => 10,
            Self::Transfer { .. } => 11,
        }
    }

    /// Whether TLS itself failed, whatever was shown until then.
    pub fn is_handshake(&self) -> bool {
        match self {
            Self::Handshake(_) => true,
            Self::Refused(facts) => facts.verdict.is_unproved(),
            _ => false,
        }
    }

    /// Whether a descriptor or a thread was missing, so that the same may succeed a little later.
    pub fn is_shortage(&self) -> bool {
        matches!(self, Self::Connect { cause: Connect::Shortage(_), .. })
    }

    /// Whether time alone was missing.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Connect { cause, .. } => matches!(cause, Connect::TimedOut(_)),
            Self::Handshake(cause) => cause.timed_out().is_some(),
            Self::Reply { cause, .. } => matches!(cause.end(), Reply::TimedOut(_)),
            _ => false,
        }
    }

    /// The one thing to type next, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::File { path, .. } if path == SYSTEM_STORE => {
                Some("+tls-mozilla, whose roots are built in".into())
            }
            Self::Refused(facts) => facts.verdict.hint.clone(),
            Self::Handshake(cause) => cause.hint().map(str::to_owned),
            Self::Reply { cause, .. }
                if *cause.end() == Reply::Alert(Alert::CERTIFICATE_REQUIRED) =>
            {
                Some(OWN_CERTIFICATE.into())
            }
            _ => None,
        }
    }
}

/// What to type where a server wants a certificate of ours.
const OWN_CERTIFICATE: &str = "+tls-certfile=FILE +tls-keyfile=FILE";

impl Handshake {
    /// How long the peer was waited for, where time alone was missing.
    pub fn timed_out(&self) -> Option<Duration> {
        match self {
            Self::TimedOut(after) | Self::Silent(after) => Some(*after),
            Self::PlainPort(cause) => cause.timed_out(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotTls(octets) if octets.starts_with(b"HTTP/") => {
                Some("this looks like HTTP; is the port right? -p 853")
            }
            Self::NotTls(octets) if octets.starts_with(b"SSH-") => {
                Some("this looks like SSH; is the port right? -p 853")
            }
            Self::NotTls(octets) if is_dns(octets) => {
                Some("this looks like plain DNS: -p 853 for TLS, +notls for DNS in cleartext")
            }
            Self::PlainPort(_) => {
                Some("port 53 is that of plain DNS: -p 853 for TLS, +notls for DNS in cleartext")
            }
            Self::NotTls(_) | Self::Silent(_) => {
                Some("if the port is right and is one of plain DNS: +notls, in cleartext")
            }
            Self::WantsCertificate(_) | Self::Alert(Alert::CERTIFICATE_REQUIRED) => {
                Some(OWN_CERTIFICATE)
            }
            Self::Alert(Alert::HANDSHAKE_FAILURE) => Some(OFFERED),
            Self::Alert(Alert::NO_APPLICATION_PROTOCOL) => Some("+notls-alpn"),
            Self::NoToken => Some("+notls-alpn, to transfer all the same"),
            Self::Alert(Alert::UNRECOGNIZED_NAME) | Self::NoServerName(_) => {
                Some("+tls-sni=NAME, a name that the server knows")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, .. } => f.write_str(message),
            Self::File { path, reason } => write!(f, "{}: {reason}", text::free(path)),
            Self::Resolve { server, reason } => write!(f, "{reason} for {server}"),
            Self::Connect { peer, cause } => match cause {
                Connect::Refused => write!(f, "can't connect to {peer} (connection refused)"),
                Connect::TimedOut(after) => {
                    write!(f, "connection timeout for {peer} (after {})", seconds(*after))
                }
                Connect::Source(reason) => write!(f, "can't assign address {reason}"),
                Connect::Shortage(reason) | Connect::Other(reason) => {
                    write!(f, "can't connect to {peer} ({reason})")
                }
            },
            Self::Handshake(cause) => match cause.timed_out().map(seconds) {
                Some(after) => {
                    write!(f, "TLS, peer took too long to respond (handshake, after {after})")
                }
                None => write!(f, "TLS, handshake failed ({cause})"),
            },
            Self::Refused(facts) => {
                // without a key nothing else of a certificate is worth a word here
                if let Some(answer) = facts.verdict.answer(Question::Key) {
                    return write!(f, "TLS, handshake failed ({})", answer.why);
                }
                f.write_str("TLS, handshake failed (certificate refused: ")?;
                // one flaw does not hide the others
                for (place, answer) in facts.verdict.refusals().enumerate() {
                    let semicolon = if place == 0 { "" } else { "; " };
                    write!(f, "{semicolon}{}: {}", answer.question, answer.why)?;
                }
                f.write_str(")")
            }
            Self::Reply { peer, cause: Reply::Lacking(end, missing) } => {
                let ended = Self::Reply { peer: peer.clone(), cause: Reply::clone(end) };
                write!(f, "{ended}; {missing}")
            }
            Self::Reply { peer, cause } => match (peer.protocol, cause) {
                (Protocol::Tls, Reply::CloseNotify) => {
                    f.write_str("TLS, peer has closed the connection")
                }
                (Protocol::Tls, Reply::TimedOut(after)) => {
                    let after = seconds(*after);
                    write!(f, "TLS, peer took too long to respond (reply, after {after})")
                }
                (Protocol::Tls, cause) => write!(f, "TLS, failed to receive reply ({cause})"),
                (_, Reply::TimedOut(after)) => {
                    write!(f, "response timeout for {peer} (after {})", seconds(*after))
                }
                (_, Reply::Closed) => {
                    f.write_str("failed to receive reply (the peer closed the connection)")
                }
                (_, cause) => write!(f, "failed to receive reply ({cause})"),
            },
            Self::Transfer { peer, fault: TransferFault::NoSoa } => {
                write!(f, "first answer record from {peer} isn't SOA")
            }
            Self::Transfer { fault, .. } => write!(f, "{fault}"),
            Self::Internal(what) => write!(f, "internal error ({what})"),
        }
    }
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(alert) => write!(f, "the peer sent the alert {alert}"),
            Self::WantsCertificate(alert) => {
                write!(f, "the peer asked for a client certificate, then sent the alert {alert}")
            }
            Self::NoServerName(alert) => {
                write!(f, "the peer sent the alert {}", alert.without_name())
            }
            Self::Closed => f.write_str("the peer closed the connection"),
            Self::Reset => f.write_str("the peer reset the connection"),
            Self::TimedOut(after) | Self::Silent(after) => {
                write!(f, "no answer after {}", seconds(*after))
            }
            Self::PlainPort(cause) => write!(f, "{cause}"),
            Self::NoToken => f.write_str(
                "the server did not choose ALPN dot, which a transfer over TLS needs (RFC 9103 \
                 section 7.1)",
            ),
            Self::NotTls(octets) => {
                write!(f, "the peer does not speak TLS, it sent: {}", text::free(octets))
            }
            Self::Protocol(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(after) => write!(f, "no answer after {}", seconds(*after)),
            Self::CloseNotify => f.write_str("the peer closed the session"),
            Self::Closed => f.write_str("the peer closed the connection without close_notify"),
            Self::Cut(octets) => {
                write!(f, "the peer closed the connection {octets} B into the message")
            }
            Self::Reset => f.write_str("the peer reset the connection"),
            Self::Alert(alert) => write!(f, "the peer sent the alert {alert}"),
            Self::Protocol(what) => f.write_str(what),
            Self::Empty => f.write_str("a message of 0 octets"),
            Self::OtherId => f.write_str("a message with another ID"),
            Self::Lacking(end, missing) => write!(f, "{end}; {missing}"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer(missing) => missing.fmt(f),
            Self::OwnCookie(discarded) => {
                let replies = if *discarded == 1 { "reply" } else { "replies" };
                write!(f, "{discarded} {replies} discarded for the COOKIE")
            }
        }
    }
}

/// What the system says of `error`, without its number and without a capital.
pub fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    // Windows ends with a full stop
    let text = text.split(" (os error").next().unwrap_or_default().trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => text.to_owned(),
    }
}

/// Whether `octets` begin a DNS reply over TCP (RFC 1035 section 4.2.2): a length that a header fits
/// in, QR, and one question at most.
fn is_dns(octets: &[u8]) -> bool {
    const HEADER: u16 = 12;
    match *octets {
        [high, low, _, _, flags, _, 0, 0 | 1, ..] => {
            u16::from_be_bytes([high, low]) >= HEADER && flags & 0x80 != 0
        }
        _ => false,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
