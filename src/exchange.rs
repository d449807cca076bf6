//! The result of one lookup as plain data: what was asked, what came back, from whom, and when.
//! One rule: everything a renderer needs is in here, so that a renderer asks nothing of the world.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::dns::tsig::TsigFault;
use crate::error::Error;

/// One query and its reply over one session.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The peer that was asked.
    pub peer: Peer,
    /// The query as sent.
    pub query: Packet,
    /// The reply as received.
    pub reply: Packet,
    /// Who answered; `None` when the transport was not TLS.
    pub tls: Option<Arc<TlsFacts>>,
    /// What the signature of the reply is worth; `None` when the query was not signed.
    pub signature: Option<Result<(), TsigFault>>,
    /// Where the time went.
    pub phases: Phases,
}

/// How a zone transfer went, from its query to its last message.
#[derive(Clone, Debug)]
pub struct Transferred {
    /// The peer that was asked.
    pub peer: Peer,
    /// The query as sent.
    pub query: Packet,
    /// Who answered.
    pub tls: Option<Arc<TlsFacts>>,
    /// From the query until the last message.
    pub took: Duration,
    /// Octets of all messages.
    pub octets: usize,
    /// Messages.
    pub messages: usize,
    /// Records of their answer sections.
    pub records: usize,
}

/// A DNS message on the wire, without its two-octet length prefix.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The octets.
    pub bytes: Vec<u8>,
    /// When the lookup began, in local time.
    pub at: Zoned,
    /// From the start of the lookup (connecting included; the query alone on a reused session)
    /// until the message was sent or received.
    pub took: Duration,
}

/// The address that was dialled and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it is.
    pub address: Endpoint,
    /// Transport.
    pub protocol: Protocol,
}

/// Where a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Address and port.
    Ip(SocketAddr),
    /// The path of a UNIX socket.
    Path(String),
}

/// The transport of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// DNS over TLS (RFC 7858).
    Tls,
    /// TCP in cleartext.
    Tcp,
    /// UDP, or datagrams of a UNIX socket, in cleartext.
    Udp,
}

/// The time each phase took, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Session reused: no connect, no handshake.
    pub reused: bool,
    /// TCP connect.
    pub connect: Duration,
    /// TLS handshake.
    pub handshake: Duration,
    /// Query sent until reply received.
    pub reply: Duration,
}

/// Who was at the other end of a TLS session: facts and the verdict on them.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts {
    /// What was negotiated.
    pub session: SessionFacts,
    /// The certificates in the order sent.
    pub chain: Vec<CertFacts>,
    /// What was asked of them and whether it holds.
    pub verdict: Verdict,
}

/// What a handshake negotiated, in the words kdig prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// `TLS1.3` or `TLS1.2`.
    pub version: String,
    /// `ECDHE-X25519`.
    pub key_exchange: String,
    /// `ECDSA-SECP256R1-SHA256`; empty if the handshake did not get there.
    pub signature: String,
    /// `AES-256-GCM`.
    pub cipher: String,
    /// The server name sent (SNI); `None` when none was.
    pub sni: Option<String>,
    /// The ALPN token the server chose, escaped.
    pub alpn: Option<String>,
}

impl fmt::Display for SessionFacts {
    /// `(TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, key_exchange, signature, cipher, .. } = self;
        write!(f, "({version})-({key_exchange})-({signature})-({cipher})")
    }
}

/// What one certificate says. Every text in it has passed [`crate::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertFacts {
    /// The certificate as sent, DER.
    pub der: Vec<u8>,
    /// SHA-256 of the SubjectPublicKeyInfo (RFC 7858 section 4.2); `None` if no key was found.
    pub pin: Option<[u8; 32]>,
    /// Its content, or why it cannot be read.
    pub content: Result<CertContent, String>,
}

/// The content of a certificate that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertContent {
    /// Distinguished name in encoding order, RFC 4514 escapes; empty when it has none.
    pub subject: String,
    /// The same of the issuer.
    pub issuer: String,
    /// Subject Alternative Names.
    pub names: Vec<AltName>,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// `ECDSA P-256`, `RSA 2048`.
    pub key: String,
    /// `ECDSA-SHA384`.
    pub signature: String,
    /// Upper-case hex.
    pub serial: String,
    /// Certificate version, 1 or 3.
    pub version: u32,
    /// Basic constraints; `None` when absent.
    pub ca: Option<CaFacts>,
    /// Key usage in RFC 5280's words; `None` when absent.
    pub key_usage: Option<Vec<String>>,
    /// Extended key usage; `None` when absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// Where the issuer's certificate may be fetched (AIA).
    pub issuer_urls: Vec<String>,
}

/// Basic constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaFacts {
    /// May sign certificates.
    pub ca: bool,
    /// How many intermediates may follow.
    pub path_len: Option<u32>,
}

/// One Subject Alternative Name, escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AltName {
    /// dNSName.
    Dns(String),
    /// iPAddress as text.
    Ip(String),
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// Any other kind, with its name.
    Other(String),
}

/// The questions that can be asked of a certificate chain, in the order they are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Does the end-entity certificate carry the name?
    Name,
    /// Does a path of valid signatures lead to a trust anchor?
    Chain,
    /// Is every certificate of the path within its dates?
    Dates,
    /// Is the certificate meant for a TLS server?
    Purpose,
    /// Is a proved key among the pins?
    Pin,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Name => "name",
            Self::Chain => "chain",
            Self::Dates => "dates",
            Self::Purpose => "purpose",
            Self::Pin => "pin",
        })
    }
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// Whether the command line asked it: what was not asked cannot refuse.
    pub asked: bool,
    /// Whether it holds; `None` when it could not be judged.
    pub holds: Option<bool>,
    /// Why, as one line without a full stop.
    pub why: String,
}

/// What the chain was judged by and how it came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Nothing was asked: the session is encrypted, its peer is not verified (RFC 8310 section 5).
    pub opportunistic: bool,
    /// The name or address the certificate was checked for.
    pub name: String,
    /// One answer for each question.
    pub answers: Vec<Answer>,
    /// Positions (from 0) in the chain of the verified path, end-entity first; where none could
    /// be verified, of the certificates from which the end-entity's signatures descend.
    pub path: Vec<usize>,
    /// Who made the signature of each certificate of the chain.
    pub signers: Vec<Signer>,
    /// Where the path ends.
    pub anchor: Option<AnchorFacts>,
    /// Positions in the chain of the pinned, proved keys.
    pub pinned: Vec<usize>,
    /// When it was judged, seconds since 1970.
    pub at: i64,
    /// The one next thing to type.
    pub hint: Option<String>,
}

/// Who made the signature of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The certificate at this position of the chain.
    Sent(usize),
    /// Its own key.
    Itself,
    /// The trust anchor of the verified path.
    Anchor,
    /// Nobody who was sent or is trusted.
    Unknown,
}

/// A trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorFacts {
    /// Distinguished name in encoding order.
    pub subject: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub pin: [u8; 32],
    /// `system store`, `built-in Mozilla roots`, or the file.
    pub origin: String,
}

/// What happens during a lookup, told while it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// It is this server's turn.
    Turn {
        /// Name or address as typed.
        host: &'a str,
        /// Its port.
        port: u16,
        /// Local time.
        at: &'a Zoned,
    },
    /// An address of the server took the connection, or is sent a datagram.
    Dialling(&'a Peer),
    /// A query is about to be asked.
    Querying {
        /// The name asked for, in presentation format.
        owner: &'a str,
        /// Class.
        qclass: u16,
        /// Record type.
        qtype: u16,
        /// Name or address of the server as typed.
        host: &'a str,
        /// Its port.
        port: u16,
        /// TCP or UDP, as kdig has it.
        protocol: Protocol,
    },
    /// A query goes out over the session of the one before it.
    Reused {
        /// The name asked for, in presentation format.
        owner: &'a str,
        /// Class.
        qclass: u16,
        /// Record type.
        qtype: u16,
    },
    /// Something that the user should know, in words.
    Warning(fmt::Arguments<'a>),
    /// The reply did not fit into a datagram; the query is repeated over TCP.
    Truncated(fmt::Arguments<'a>),
    /// A datagram was not answered; it is sent again.
    Retrying(&'a Peer),
    /// A source of trust anchors was read.
    Imported {
        /// Which.
        source: Source<'a>,
        /// How many anchors it held.
        count: usize,
    },
    /// The handshake is over, and the peer is or is not whom we want.
    Met(&'a Arc<TlsFacts>),
    /// A message with another ID came; ours is still awaited.
    Stray {
        /// Its ID.
        id: u16,
        /// Ours.
        expected: u16,
    },
    /// An address failed; the next one is tried.
    Failed(&'a Error),
    /// A server failed; the next one is tried.
    GivenUp {
        /// `host@port(TLS)`, as typed.
        server: &'a str,
        /// Why.
        error: &'a Error,
        /// Since the lookup began.
        took: Duration,
    },
}

/// A source of trust anchors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// The system's store.
    System,
    /// The built-in Mozilla roots.
    Mozilla,
    /// A file.
    File(&'a str),
}

impl Verdict {
    /// The answer to `question`; every verdict that was reached has one.
    pub fn answer(&self, question: Question) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question == question)
    }

    /// Whether `question` was asked.
    pub fn asked(&self, question: Question) -> bool {
        self.answer(question).is_some_and(|answer| answer.asked)
    }

    /// The first question asked that does not hold: the reason of a refusal.
    pub fn refusal(&self) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.asked && answer.holds != Some(true))
    }

    /// Whether every question asked holds.
    pub fn trusted(&self) -> bool {
        self.refusal().is_none()
    }
}

impl fmt::Display for Peer {
    /// `127.0.0.1@853(TLS)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Endpoint::Ip(address) => {
                write!(f, "{}@{}({})", address.ip(), address.port(), self.protocol)
            }
            Endpoint::Path(path) => write!(f, "{path}({})", self.protocol),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}
