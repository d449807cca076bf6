//! What was asked for one query, as typed. One rule: `Default` is the documentation of the
//! defaults; nothing is decided here.

use std::net::IpAddr;
use std::time::Duration;

use super::pin::Pin;
use super::server::Server;
use crate::display::Display;

/// Everything the command line can say of one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name asked for; the root where there is none.
    pub name: Option<Name>,
    /// Letters beyond ASCII in the name are a host name's, to be sent in Punycode.
    pub idnin: bool,
    /// Punycode is shown as Unicode; `None` is on a terminal only.
    pub idnout: Option<bool>,
    /// Record type; A, or PTR with `-x`, where there is none.
    pub qtype: Option<u16>,
    /// Class; IN where there is none.
    pub qclass: Option<u16>,
    /// The servers to ask in turn; the system's where there is none.
    pub servers: Vec<Server>,
    /// The port of every server that names none.
    pub port: Option<u16>,
    /// The only address family to use.
    pub family: Option<Family>,
    /// The time a whole lookup may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Header bits of the query.
    pub flags: Flags,
    /// EDNS of the query.
    pub edns: Edns,
    /// Who must be at the other end.
    pub tls: Tls,
    /// What is shown.
    pub display: Display,
}

/// The name of a query as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A domain name in presentation format.
    Domain(String),
    /// An address whose name is asked for (`-x`).
    Reverse(IpAddr),
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `-4`
    V4,
    /// `-6`
    V6,
}

/// The header bits of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Flags {
    pub aa: bool,
    pub tc: bool,
    pub rd: bool,
    pub ra: bool,
    pub z: bool,
    pub ad: bool,
    pub cd: bool,
}

/// EDNS of a query (RFC 6891).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edns {
    /// An OPT record is sent.
    pub on: bool,
    /// Its version.
    pub version: u8,
    /// DNSSEC OK (RFC 3225).
    pub dnssec_ok: bool,
    /// Delegation extension (bit 14 of the flags).
    pub delegation: bool,
    /// UDP payload size, octets.
    pub size: u16,
    /// Ask for the name server's identifier (RFC 5001).
    pub nsid: bool,
    /// Ask for the version of the zone (RFC 9660).
    pub zone_version: bool,
    /// Client subnet (RFC 7871).
    pub subnet: Option<Subnet>,
    /// Cookie (RFC 7873).
    pub cookie: Option<Cookie>,
    /// Options as code and data, in the order typed.
    pub custom: Vec<(u16, Vec<u8>)>,
    /// Padding (RFC 7830).
    pub padding: Padding,
}

/// A client subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// The address, octets beyond `prefix` bits being zero.
    pub address: IpAddr,
    /// How many bits of it count.
    pub prefix: u8,
}

/// A cookie to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Eight random octets.
    Random,
    /// Client cookie, and server cookie where there is one.
    Given(Vec<u8>),
}

/// How a query is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// To a multiple of 128 octets (RFC 8467 section 4.1).
    Policy,
    /// Not at all.
    Off,
    /// To a multiple of this many octets.
    Block(u16),
    /// With exactly this many octets.
    Length(u16),
}

/// Who must be at the other end, and how to greet them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Trust the system's store.
    pub system: bool,
    /// Trust the built-in Mozilla roots.
    pub mozilla: bool,
    /// Trust the certificates of these files.
    pub files: Vec<String>,
    /// The name to check, instead of the server's.
    pub hostname: Option<String>,
    /// The name to send, instead of the one checked.
    pub sni: Option<String>,
    /// The keys to accept.
    pub pins: Vec<Pin>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            idnin: true,
            idnout: None,
            qtype: None,
            qclass: None,
            servers: Vec::new(),
            port: None,
            family: None,
            timeout: Some(Duration::from_secs(5)),
            flags: Flags {
                aa: false,
                tc: false,
                rd: true,
                ra: false,
                z: false,
                ad: true,
                cd: false,
            },
            edns: Edns::default(),
            tls: Tls::default(),
            display: Display::default(),
        }
    }
}

impl Default for Edns {
    fn default() -> Self {
        Self {
            on: true,
            version: 0,
            dnssec_ok: false,
            delegation: false,
            size: 1232,
            nsid: false,
            zone_version: false,
            subnet: None,
            cookie: None,
            custom: Vec::new(),
            padding: Padding::Policy,
        }
    }
}
