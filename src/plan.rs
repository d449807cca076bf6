//! Settings -> Lookup. One rule: after this nothing is undecided, and nothing is checked twice.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::ProtoError;
use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::DecodeError;
use rustls::pki_types::ServerName;

use crate::cli::pin::Pin;
use crate::cli::server::{Server, address_of};
use crate::cli::settings::{self, Cookie, Family, KeySource, Operation, Proxy, Settings};
use crate::condition::Conditions;
use crate::display::Display;
use crate::dns::query::{Edns, Padding, Query, Serial, flag, parse_name, to_ascii};
use crate::error::Error;
use crate::tls::groups::Group;
use crate::tls::hello::{DOT, Hello, can_post_quantum};
use crate::tls::policy::{Policy, Root};

/// One query, and its way.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// What is asked.
    pub query: Query,
    /// Eight random octets go out as a cookie.
    pub random_cookie: bool,
    /// The answer is a whole zone, or what changed in it.
    pub transfer: bool,
    /// What became of letters beyond ASCII in the name.
    pub idna: Option<Idna>,
    /// How, and whom. Queries of a batch share theirs.
    pub route: Arc<Route>,
}

/// What became of letters beyond ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idna {
    /// They are sent in Punycode.
    Ascii {
        /// As typed.
        typed: String,
        /// As sent.
        sent: String,
    },
    /// They are in no host name; the octets of the name are sent as they are.
    Failed,
}

/// Whom to ask, whom to believe, how to get there, and what to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Whom to ask, in turn.
    pub targets: Targets,
    /// How a message travels.
    pub transport: Transport,
    /// The address that queries come from.
    pub source: Option<SocketAddr>,
    /// The addresses of a PROXYv2 header.
    pub proxy: Option<Proxy>,
    /// The key that signs queries (RFC 8945).
    pub key: Option<KeySource>,
    /// The session is kept for the next query.
    pub keepopen: bool,
    /// A query is repeated with the cookie that the server asks for.
    pub badcookie: bool,
    /// The port to ask over TCP in cleartext where TLS cannot be had.
    pub fallback: Option<u16>,
    /// The pause before each message of a transfer.
    pub delay: Duration,
    /// The time all of it may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// What is shown.
    pub display: Display,
    /// What must hold beside.
    pub conditions: Conditions,
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS over TCP (RFC 7858).
    Tls,
    /// TCP in cleartext.
    Tcp,
    /// UDP in cleartext.
    Udp {
        /// How often a query is repeated.
        retry: u32,
        /// A truncated reply is not asked for again over TCP.
        ignore: bool,
    },
}

/// The servers of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Those of the command line.
    Given(Vec<Target>),
    /// Those of the system's resolver configuration, each as this one with its host replaced.
    System(Box<Target>),
}

/// One server: the address dialled, the name checked and the name sent are three things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name or address to dial, or the path of a UNIX socket, as typed.
    pub host: String,
    /// The port to dial; a UNIX socket has none.
    pub port: u16,
    /// The only address family to dial.
    pub family: Option<Family>,
    /// Whom to believe there.
    pub policy: Policy,
    /// The server name to send; never an address.
    pub sni: Option<ServerName<'static>>,
    /// What else to greet it with.
    pub hello: Hello,
    /// Nobody typed a name to check with an option, so that the server decides it.
    name_from_server: bool,
    /// Nobody typed a name to send.
    sni_from_name: bool,
}

/// The block that a query is padded to (RFC 8467 section 4.1).
const BLOCK: u16 = 128;

impl Lookup {
    /// Decides everything that `settings` leave open.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let route = Arc::new(Route::new(settings)?);
        Self::on(route, settings)
    }

    /// The same question about another name, which is in ASCII, and with these in place of its type
    /// and class.
    pub fn about(
        &self,
        name: &str,
        qtype: Option<u16>,
        qclass: Option<u16>,
    ) -> Result<Self, Error> {
        Ok(Self {
            query: Query {
                name: domain(name)?,
                qtype: qtype.unwrap_or(self.query.qtype),
                qclass: qclass.unwrap_or(self.query.qclass),
                edns: self.query.edns.clone(),
                ..self.query
            },
            route: Arc::clone(&self.route),
            idna: None,
            ..*self
        })
    }

    /// The same on a way that is decided already.
    pub fn on(route: Arc<Route>, settings: &Settings) -> Result<Self, Error> {
        let idna = idna(settings);
        Ok(Self {
            query: query(settings, route.transport, idna.as_ref())?,
            idna,
            random_cookie: settings.edns.cookie == Some(Cookie::Random),
            transfer: settings.is_transfer(),
            route,
        })
    }
}

impl Route {
    /// Decides how, and whom.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let settings::Transport { keepopen, badcookie, delay, proxy, fallback, .. } =
            settings.transport;
        let transport = transport(settings)?;
        if proxy.is_some() && transport == Transport::Tls {
            return Err(Error::usage(
                "+proxy is for plain DNS; TLS would need it before the handshake",
            ));
        }
        let source = settings.source.as_ref().map(|server| {
            // what is no address was refused when it was read
            let address = server.address().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            SocketAddr::new(address, server.port.unwrap_or(0))
        });
        let targets = targets(settings, transport)?;
        if fallback.is_some() {
            may_fall_back(&targets, transport, settings.is_transfer())?;
        }
        Ok(Self {
            targets,
            transport,
            source,
            proxy,
            key: settings.key.clone(),
            keepopen,
            badcookie,
            fallback,
            delay,
            timeout: settings.timeout,
            display: Display {
                idnout: settings.idnout.unwrap_or(settings.display.idnout),
                ..settings.display.clone()
            },
            conditions: settings.conditions.clone(),
        })
    }
}

impl Route {
    /// Whether a session of this route serves `other` as well.
    pub fn leads_as(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.transport == other.transport
                && self.source == other.source
                && self.proxy == other.proxy
                && self.targets == other.targets)
    }
}

impl Transport {
    /// The port of servers that name none.
    fn port(self) -> u16 {
        match self {
            Self::Tls => 853,
            Self::Tcp | Self::Udp { .. } => 53,
        }
    }
}

impl Target {
    /// The same demands on another host: a server that the system's configuration names.
    pub fn at(&self, server: &Server) -> Result<Self, Error> {
        let mut target = self.clone();
        target.host.clone_from(&server.host);
        target.port = server.port.unwrap_or(self.port);
        // what an option says beats what a notation says, whoever wrote it down
        match &server.name {
            _ if !self.name_from_server => {}
            Some(name) => {
                target.policy.name = Some(server_name(name)?);
                target.policy.demand_anchor();
            }
            None => target.policy.name = server_name(&server.host).ok(),
        }
        if self.sni_from_name {
            target.sni = target.policy.name.clone().filter(is_dns);
        }
        Ok(target)
    }

    /// `host@port`, as messages have it.
    pub fn typed(&self) -> String {
        match self.is_path() {
            true => format!("{}@UNIX", self.host),
            false => format!("{}@{}", self.host, self.port),
        }
    }

    /// Whether the host is the path of a UNIX socket.
    pub fn is_path(&self) -> bool {
        self.host.starts_with('/')
    }

    /// The address, where the host is one without a zone.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

fn transport(settings: &Settings) -> Result<Transport, Error> {
    let settings::Transport { tls, tcp, retry, ignore, .. } = settings.transport;
    match (tls, tcp) {
        // what was asked to be encrypted never leaves in cleartext
        (true, Some(false)) => Err(Error::Usage {
            message: "TLS runs over TCP".into(),
            hint: Some("for a query in cleartext: +notls +notcp".into()),
        }),
        (true, _) => Ok(Transport::Tls),
        (false, Some(true)) => Ok(Transport::Tcp),
        (false, None) if settings.is_transfer() => Ok(Transport::Tcp),
        (false, _) => Ok(Transport::Udp { retry, ignore }),
    }
}

/// A name in ASCII, whatever the case of its letters, is sent as typed.
fn idna(settings: &Settings) -> Option<Idna> {
    match &settings.name {
        Some(settings::Name::Domain(typed)) if settings.idnin && !typed.is_ascii() => {
            Some(match to_ascii(typed) {
                Some(sent) => Idna::Ascii { typed: typed.clone(), sent },
                None => Idna::Failed,
            })
        }
        _ => None,
    }
}

fn query(settings: &Settings, transport: Transport, idna: Option<&Idna>) -> Result<Query, Error> {
    let (name, default) = match settings.name.as_ref() {
        None => (Name::root(), 1),
        Some(settings::Name::Domain(text)) => {
            let text = match idna {
                Some(Idna::Ascii { sent, .. }) => sent,
                _ => text,
            };
            (domain(text)?, 1)
        }
        // an address in reverse is always a name
        Some(settings::Name::Reverse(address)) => (Name::from(*address), 12),
    };
    let serial = match settings.operation {
        Operation::Ixfr(serial) => Some(Serial::Authority(serial)),
        Operation::Notify(serial) => serial.map(Serial::Answer),
        Operation::Query => None,
    };
    let mut bits = flags(&settings.flags);
    if matches!(settings.operation, Operation::Notify(_)) {
        bits |= flag::NOTIFY;
    }
    Ok(Query {
        name,
        qtype: settings.qtype.unwrap_or(default),
        qclass: settings.qclass.unwrap_or(1),
        flags: bits,
        serial,
        edns: settings.edns.is_sent().then(|| edns(&settings.edns, transport)),
    })
}

fn domain(text: &str) -> Result<Name, Error> {
    parse_name(text).map_err(|fault| {
        let dot = if text.is_empty() || text.ends_with('.') { "" } else { "." };
        let why = why_no_name(&fault);
        Error::usage(format!("'{text}{dot}' is not a valid domain name ({why})"))
    })
}

fn why_no_name(fault: &ProtoError) -> String {
    match fault {
        ProtoError::Decode(DecodeError::LabelBytesTooLong(octets)) => {
            format!("a label has at most 63 octets, one has {octets}")
        }
        ProtoError::Decode(DecodeError::DomainNameTooLong(octets)) => {
            format!("a name has at most 255 octets, this has {octets} or more")
        }
        // of a label without octets the crate speaks in its own words
        ProtoError::Message(text) if text.starts_with("Label") => "an empty label".into(),
        fault => fault.to_string(),
    }
}

fn flags(flags: &settings::Flags) -> u16 {
    let bits = [
        (flags.aa, flag::AA),
        (flags.tc, flag::TC),
        (flags.rd, flag::RD),
        (flags.ra, flag::RA),
        (flags.z, flag::Z),
        (flags.ad, flag::AD),
        (flags.cd, flag::CD),
    ];
    bits.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum()
}

fn edns(settings: &settings::Edns, transport: Transport) -> Edns {
    const DO: u16 = 1 << 15;
    const DE: u16 = 1 << 13;
    let mut options = Vec::new();
    if settings.nsid {
        options.push((3, Vec::new()));
    }
    if settings.zone_version {
        options.push((19, Vec::new()));
    }
    if let Some(subnet) = settings.subnet {
        options.push((8, client_subnet(subnet)));
    }
    match &settings.cookie {
        Some(Cookie::Given(octets)) => options.push((10, octets.clone())),
        // filled in when it is sent
        Some(Cookie::Random) => options.push((10, vec![0; 8])),
        None => {}
    }
    options.extend(settings.custom.iter().cloned());
    Edns {
        size: settings.size,
        version: settings.version,
        flags: if settings.dnssec_ok { DO } else { 0 } | if settings.delegation { DE } else { 0 },
        options,
        padding: match (settings.padding, settings.alignment) {
            (settings::Padding::Off, _) => Padding::Off,
            (_, Some(block)) => Padding::Block(block),
            (settings::Padding::Auto, None) if transport != Transport::Tls => Padding::Off,
            (settings::Padding::Auto | settings::Padding::Policy, None) => Padding::Block(BLOCK),
            (settings::Padding::Length(length), None) => Padding::Length(length),
        },
    }
}

/// RFC 7871 section 6: family, prefix lengths, and only as many octets as the prefix needs.
fn client_subnet(subnet: settings::Subnet) -> Vec<u8> {
    let (family, mut octets) = match subnet.address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (2, address.octets().to_vec()),
    };
    octets.truncate(usize::from(subnet.prefix).div_ceil(8));
    if let (Some(last), bits @ 1..) = (octets.last_mut(), subnet.prefix % 8) {
        *last &= 0xff << (8 - bits);
    }
    let mut data = vec![0, family, subnet.prefix, 0];
    data.extend(octets);
    data
}

fn targets(settings: &Settings, transport: Transport) -> Result<Targets, Error> {
    let tls = &settings.tls;
    let mut policy = Policy {
        roots: Vec::new(),
        name: None,
        pins: Vec::new(),
        pin_files: Vec::new(),
        staple: tls.staple,
    };
    if tls.system {
        policy.roots.push(Root::System);
    }
    if tls.mozilla {
        policy.roots.push(Root::Mozilla);
    }
    policy.roots.extend(tls.files.iter().cloned().map(Root::File));
    for pin in &tls.pins {
        match pin {
            Pin::Hash(hash) => policy.pins.push(*hash),
            Pin::File(path) => policy.pin_files.push(path.clone()),
        }
    }
    if let Some(hostname) = &tls.hostname {
        policy.name = Some(server_name(hostname)?);
        policy.demand_anchor();
    }
    if policy.staple.is_some() {
        policy.demand_anchor();
    }
    let sni = match &tls.sni {
        Some(typed) => Some(server_name(typed)?).filter(is_dns),
        None => policy.name.clone().filter(is_dns),
    };
    let template = Target {
        host: String::new(),
        port: settings.port.unwrap_or(transport.port()),
        family: settings.family,
        policy,
        sni,
        hello: hello(tls)?,
        name_from_server: tls.hostname.is_none(),
        sni_from_name: tls.sni.is_none(),
    };
    if settings.servers.is_empty() {
        return Ok(Targets::System(Box::new(template)));
    }
    let at = |server: &Server| {
        let target = template.at(server)?;
        match target.policy.asks_chain() && target.policy.name.is_none() {
            true => Err(Error::Usage {
                message: format!("no name to check the certificate of {} for", target.host),
                hint: Some("+tls-host=NAME".into()),
            }),
            false => Ok(target),
        }
    };
    Ok(Targets::Given(settings.servers.iter().map(at).collect::<Result<_, Error>>()?))
}

/// What must be authentic, or encrypted, is never asked in cleartext.
fn may_fall_back(targets: &Targets, transport: Transport, transfer: bool) -> Result<(), Error> {
    let targets = match targets {
        Targets::Given(targets) => targets.as_slice(),
        Targets::System(template) => std::slice::from_ref(&**template),
    };
    let error = |message: &str| Err(Error::usage(message));
    if transport != Transport::Tls {
        return error("+fallback is what to do without TLS, and TLS was not asked for");
    }
    if transfer {
        return error("+fallback is for queries, not for zone transfers");
    }
    if targets.iter().any(|it| !it.policy.is_opportunistic()) {
        return error("+fallback would give up what the options ask of the server's certificate");
    }
    Ok(())
}

fn hello(tls: &settings::Tls) -> Result<Hello, Error> {
    let own = match (&tls.certfile, &tls.keyfile) {
        (Some(chain), Some(key)) => Some((chain.clone(), key.clone())),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Error::usage("TLS, cannot use client certfile without a keyfile"));
        }
        (None, Some(_)) => {
            return Err(Error::usage("TLS, cannot use client keyfile without a certfile"));
        }
    };
    let alpn = tls.alpn.clone().unwrap_or_else(|| vec![DOT.to_owned()]);
    let (version, groups, post_quantum) = (tls.version, tls.groups.clone(), can_post_quantum());
    if let Some(groups) = &groups {
        Group::can_offer(groups, version, post_quantum).map_err(Error::usage)?;
    }
    Ok(Hello { version, alpn, own, groups, post_quantum })
}

/// A name or address to check. A zone is no part of an address that a certificate can hold.
fn server_name(text: &str) -> Result<ServerName<'static>, Error> {
    if let Some(address) = address_of(text) {
        return Ok(ServerName::IpAddress(address.into()));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_owned();
    ServerName::try_from(name)
        .map_err(|_| Error::usage(format!("{text} is neither a host name nor an address")))
}

fn is_dns(name: &ServerName<'_>) -> bool {
    matches!(name, ServerName::DnsName(_))
}

#[cfg(test)]
mod tests;
