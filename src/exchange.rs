//! The result of one lookup as plain data: what was asked, what came back, from whom, and when.
//! One rule: everything a renderer needs is in here, so that a renderer asks nothing of the world.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::dns::tsig::TsigFault;
use crate::text;
use crate::verdict::TlsFacts;

/// One query and its reply over one session.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The peer that was asked.
    pub peer: Peer,
    /// The query as sent.
    pub query: Packet,
    /// The reply as received.
    pub reply: Packet,
    /// The session and the server's certificates; `None` when the transport was not TLS.
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
    /// The session and the server's certificates; `None` when the transport was not TLS.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl fmt::Display for Peer {
    /// `127.0.0.1@853(TLS)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Endpoint::Ip(address) => {
                write!(f, "{}@{}({})", address.ip(), address.port(), self.protocol)
            }
            Endpoint::Path(path) => write!(f, "{}({})", text::free(path), self.protocol),
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
