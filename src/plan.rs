//! Settings -> Lookup. One rule: after this nothing is undecided, and nothing is checked twice.

mod query;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;

use crate::cli::pin::Pin;
use crate::cli::server::{Server, address_of};
use crate::cli::settings::{self, Cookie, Family, KeySource, Proxy, Settings};
use crate::condition::Conditions;
use crate::display::Display;
use crate::dns::query::{Query, to_ascii};
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
    /// The servers and the way to them. Queries of a batch share theirs.
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

/// The servers, what they must prove, the way to them, and what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The servers, asked in turn.
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
    /// What the server must prove.
    pub policy: Policy,
    /// The server name to send; never an address.
    pub sni: Option<ServerName<'static>>,
    /// What else to greet it with.
    pub hello: Hello,
    /// What is asked there is encrypted.
    encrypted: bool,
    /// The server's notation demands TLS, so that nothing is asked there without.
    pub demands_tls: bool,
    /// No option gave a name to check, so that the server's notation decides it.
    name_from_server: bool,
    /// No option gave a name to send.
    sni_from_name: bool,
}

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
                name: query::domain(name)?,
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
        let idna = query::idna(settings);
        Ok(Self {
            query: query::query(settings, route.transport, idna.as_ref())?,
            idna,
            random_cookie: settings.edns.cookie == Some(Cookie::Random),
            transfer: settings.is_transfer(),
            route,
        })
    }
}

impl Route {
    /// Decides the servers and the way to them.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let settings::Transport { keepopen, badcookie, delay, proxy, fallback, .. } =
            settings.transport;
        let transport = transport(settings)?;
        if proxy.is_some() && transport == Transport::Tls {
            return Err(Error::usage(
                "+proxy is for plain DNS; TLS would need it before the handshake",
            ));
        }
        let conditions = settings.conditions.fail.iter();
        if let Some(word) = conditions.filter_map(|it| it.not_of_a_transfer()).next()
            && settings.is_transfer()
        {
            return Err(Error::usage(format!(
                "+fail={word} is for queries, a zone transfer cannot be judged by it"
            )));
        }
        let targets = targets(settings, transport)?;
        if fallback.is_some() {
            may_fall_back(&targets, transport, settings.is_transfer())?;
        }
        Ok(Self {
            targets,
            transport,
            source: settings.source,
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
        if let Some(demand) = server.demand().filter(|_| !self.encrypted) {
            return Err(in_cleartext(&demand, format!("@{} +notls", server.host)));
        }
        let mut target = self.clone();
        target.host = ascii(&server.host);
        target.port = server.port.unwrap_or(self.port);
        target.demands_tls = server.demand().is_some();
        // an option beats a server's notation, wherever either was written
        match &server.name {
            _ if !self.name_from_server => {}
            Some(name) => {
                target.policy.name = Some(server_name(name)?);
                target.policy.demand_anchor();
            }
            None => target.policy.name = server_name(&target.host).ok(),
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
        (false, _) if let Some(option) = demand(settings) => {
            Err(in_cleartext(&format!("+{option}"), format!("+no{option} +notls")))
        }
        (false, Some(true)) => Ok(Transport::Tcp),
        (false, None) if settings.is_transfer() => Ok(Transport::Tcp),
        (false, _) => Ok(Transport::Udp { retry, ignore }),
    }
}

/// The option that was typed and that nothing but TLS can satisfy, if there is one.
fn demand(settings: &Settings) -> Option<&'static str> {
    let tls = &settings.tls;
    let options = [
        (tls.hostname.is_some(), "tls-hostname"),
        (!tls.pins.is_empty(), "tls-pin"),
        (tls.system || !tls.files.is_empty(), "tls-ca"),
        (tls.mozilla, "tls-mozilla"),
        (tls.staple.is_some(), "tls-ocsp-stapling"),
        (settings.conditions.expiry.is_some(), "tls-expiry"),
        (tls.sni.is_some(), "tls-sni"),
        (tls.version.is_some(), "tls-version"),
        (tls.groups.is_some(), "tls-groups"),
        (tls.certfile.is_some(), "tls-certfile"),
        (tls.keyfile.is_some(), "tls-keyfile"),
        (tls.alpn.as_ref().is_some_and(|tokens| !tokens.is_empty()), "tls-alpn"),
    ];
    options.into_iter().find(|(is_set, _)| *is_set).map(|(_, option)| option)
}

/// A demand is kept or refused, never dropped.
fn in_cleartext(demand: &str, instead: String) -> Error {
    Error::Usage {
        message: format!("+notls contradicts {demand}, which only TLS can satisfy"),
        hint: Some(format!("in cleartext and without it: {instead}")),
    }
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
        encrypted: transport == Transport::Tls,
        demands_tls: false,
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
    if let Some(target) = targets.iter().find(|it| it.demands_tls) {
        let host = &target.host;
        return error(&format!("+fallback contradicts @tls://{host}, which only TLS can satisfy"));
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

/// A host name in ASCII; letters beyond it are in no certificate and in no query for an address.
fn ascii(host: &str) -> String {
    match to_ascii(host) {
        Some(ascii) if !host.is_ascii() && !host.starts_with('/') => ascii,
        _ => host.to_owned(),
    }
}

/// A name or address to check. A zone is no part of an address that a certificate can hold.
fn server_name(text: &str) -> Result<ServerName<'static>, Error> {
    let name = ascii(text.strip_suffix('.').unwrap_or(text));
    if let Some(address) = address_of(&name) {
        return Ok(ServerName::IpAddress(address.into()));
    }
    ServerName::try_from(name)
        .map_err(|_| Error::usage(format!("{text} is neither a host name nor an address")))
}

fn is_dns(name: &ServerName<'_>) -> bool {
    matches!(name, ServerName::DnsName(_))
}

#[cfg(test)]
mod tests;
