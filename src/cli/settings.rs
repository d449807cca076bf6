//! What was asked for one query, as typed. One rule: `Default` is the documentation of the
//! defaults; nothing is decided here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::pin::Pin;
use super::server::Server;
use crate::condition::Conditions;
use crate::display::Display;
use crate::dns::tsig::Key;
use crate::tls::groups::Group;
use crate::tls::hello::Version;

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
    /// The address that queries come from.
    pub source: Option<SocketAddr>,
    /// The time a whole lookup may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// What is done to the zone or name.
    pub operation: Operation,
    /// How the query travels.
    pub transport: Transport,
    /// Header bits of the query.
    pub flags: Flags,
    /// EDNS of the query.
    pub edns: Edns,
    /// How a batch is asked.
    pub batch: Batch,
    /// The key that signs the query (RFC 8945).
    pub key: Option<KeySource>,
    /// TLS, and what the server must prove.
    pub tls: Tls,
    /// What is shown.
    pub display: Display,
    /// What must hold beside.
    pub conditions: Conditions,
    /// What of this was said further off.
    pub inherited: Inherited,
}

/// What was said of who may answer further off: in the start file, or for a line of a batch on the
/// command line. Something of the same kind that is said closer replaces it instead of adding to
/// it, so that nobody else is asked or trusted than those who are named there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited {
    /// The servers.
    pub servers: bool,
    /// The trust anchors.
    pub anchors: bool,
    /// The pins.
    pub pins: bool,
}

impl Inherited {
    /// What the words of a start file set.
    pub fn of(settings: &Settings) -> Self {
        let tls = &settings.tls;
        Self {
            servers: !settings.servers.is_empty(),
            anchors: tls.system || tls.mozilla || !tls.files.is_empty(),
            pins: !tls.pins.is_empty(),
        }
    }
}

/// The types that decide more than what is asked.
pub(crate) const NS: u16 = 2;
pub(crate) const SOA: u16 = 6;
pub(crate) const IXFR: u16 = 251;
pub(crate) const AXFR: u16 = 252;

/// The name of a query as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A domain name in presentation format.
    Domain(String),
    /// An address whose name is asked for (`-x`).
    Reverse(IpAddr),
}

/// What a message asks the server to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// Answer a question; the types AXFR and IXFR ask for a transfer.
    #[default]
    Query,
    /// Transfer what changed in a zone since this serial (RFC 1995).
    Ixfr(u32),
    /// Hear that a zone changed (RFC 1996), to this serial where one is known.
    Notify(Option<u32>),
}

/// How a query travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// Over TLS (RFC 7858).
    pub tls: bool,
    /// Over TCP, or over UDP; decided by what is asked where nothing is said.
    pub tcp: Option<bool>,
    /// A truncated reply is not asked for again over TCP.
    pub ignore: bool,
    /// The session is kept for the next query.
    pub keepopen: bool,
    /// How often a query over UDP is repeated.
    pub retry: u32,
    /// A query is repeated with the cookie that the server asks for (RFC 7873 section 5.3).
    pub badcookie: bool,
    /// The pause before each message of a transfer.
    pub delay: Duration,
    /// The addresses that a PROXYv2 header names; plain DNS only.
    pub proxy: Option<Proxy>,
    /// The port to ask over TCP in cleartext where TLS cannot be had.
    pub fallback: Option<u16>,
}

/// How the queries of a batch are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Replies are shown as they come, not in the order of the queries.
    pub unordered: bool,
    /// A line is a name, a type and a class, and nothing else.
    pub names: bool,
    /// Sessions to one server at most.
    pub connections: usize,
    /// Queries in flight over one session at most.
    pub pipeline: usize,
}

/// The addresses of a PROXYv2 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The client that the query is for.
    pub source: SocketAddr,
    /// The address that the client sent it to.
    pub destination: SocketAddr,
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `-4`
    V4,
    /// `-6`
    V6,
}

/// The header bits of a query. `None` is what its operation is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a field has the name of its bit")]
pub struct Flags {
    pub aa: Option<bool>,
    pub tc: bool,
    pub rd: Option<bool>,
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
    /// The query is padded to a multiple of this many octets, unless it is not padded at all.
    pub alignment: Option<u16>,
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

/// Where a TSIG key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// It was typed (`-y`).
    Typed(Key),
    /// The file of this path holds it (`-k`).
    File(String),
}

/// How a query is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// As the policy has it where the query is encrypted, not at all where it is not.
    Auto,
    /// To a multiple of 128 octets (RFC 8467 section 4.1).
    Policy,
    /// Not at all.
    Off,
    /// With exactly this many octets.
    Length(u16),
}

/// What the server must prove, and what the handshake offers.
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
    /// A stapled OCSP response, at most this old, must say that the certificate is good.
    pub staple: Option<Duration>,
    /// The file of our own certificate chain.
    pub certfile: Option<String>,
    /// The file of its key.
    pub keyfile: Option<String>,
    /// The ALPN tokens to offer; `dot` where nothing was said.
    pub alpn: Option<Vec<String>>,
    /// The only TLS version to offer.
    pub version: Option<Version>,
    /// The key exchange groups to offer, in this order; the default list where nothing was said.
    pub groups: Option<Vec<Group>>,
}

impl Settings {
    /// Asks for this type, and what goes with it.
    pub fn ask_for(&mut self, qtype: u16, operation: Operation) {
        self.qtype = Some(qtype);
        self.operation = operation;
    }

    /// Asks `server` too; those that were inherited are asked no longer.
    pub fn add_server(&mut self, server: Server) {
        if std::mem::take(&mut self.inherited.servers) {
            self.servers.clear();
        }
        self.servers.push(server);
    }

    /// The settings with what follows from the operation, so that they compare as they act.
    pub fn decided(&self) -> Self {
        Self { flags: self.flags.decided(self.operation), ..self.clone() }
    }

    /// Whether a zone is asked for, or what changed in it.
    pub fn is_transfer(&self) -> bool {
        self.qtype == Some(AXFR) || matches!(self.operation, Operation::Ixfr(_))
    }

    /// Whether a query of these settings goes the way of one of `other`, and is shown as that.
    pub fn is_routed_as(&self, other: &Self) -> bool {
        self.servers == other.servers
            && self.port == other.port
            && self.family == other.family
            && self.source == other.source
            && self.timeout == other.timeout
            && self.operation == other.operation
            // which decides how plain DNS travels
            && self.is_transfer() == other.is_transfer()
            && self.transport == other.transport
            && self.tls == other.tls
            && self.key == other.key
            && self.display == other.display
            && self.idnout == other.idnout
            && self.conditions == other.conditions
    }
}

impl Flags {
    /// The flags with those that nobody typed: a NOTIFY is authoritative and does not ask for
    /// recursion (RFC 1996 section 3.7), a query is the opposite.
    pub fn decided(self, operation: Operation) -> Self {
        let notifies = matches!(operation, Operation::Notify(_));
        Self { aa: self.aa.or(Some(notifies)), rd: self.rd.or(Some(!notifies)), ..self }
    }
}

impl Edns {
    /// Whether an OPT record is sent: it was asked for, or something is to be said in it.
    pub fn is_sent(&self) -> bool {
        let silent = Self { on: false, ..Self::default() };
        let unpadded = Self { padding: Padding::Off, ..silent.clone() };
        *self != silent && *self != unpadded
    }
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
            source: None,
            timeout: Some(Duration::from_secs(5)),
            operation: Operation::default(),
            transport: Transport::default(),
            batch: Batch::default(),
            flags: Flags {
                aa: None,
                tc: false,
                rd: None,
                ra: false,
                z: false,
                ad: true,
                cd: false,
            },
            edns: Edns::default(),
            key: None,
            tls: Tls::default(),
            display: Display::default(),
            conditions: Conditions::default(),
            inherited: Inherited::default(),
        }
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: true,
            tcp: None,
            ignore: false,
            keepopen: false,
            retry: 2,
            badcookie: true,
            delay: Duration::ZERO,
            proxy: None,
            fallback: None,
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self { unordered: false, names: false, connections: 1, pipeline: 500 }
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
            padding: Padding::Auto,
            alignment: None,
        }
    }
}
