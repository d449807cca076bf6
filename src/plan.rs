//! Settings -> Lookup. One rule: after this nothing is undecided, and nothing is checked twice.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;
use rustls::pki_types::ServerName;

use crate::cli::pin::Pin;
use crate::cli::server::{Server, address_of};
use crate::cli::settings::{self, Cookie, Family, Settings};
use crate::display::Display;
use crate::dns::query::{Edns, Padding, Query, flag, parse_name, to_ascii};
use crate::error::Error;
use crate::tls::trust::{Policy, Root};

/// One query, whom to ask, whom to believe, and what to show.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// What is asked.
    pub query: Query,
    /// Eight random octets go out as a cookie.
    pub random_cookie: bool,
    /// Whom to ask, in turn.
    pub targets: Targets,
    /// The time all of it may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// What is shown.
    pub display: Display,
    /// What became of letters beyond ASCII in the name.
    pub idna: Option<Idna>,
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

/// The servers of a lookup.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Those of the command line.
    Given(Vec<Target>),
    /// Those of the system's resolver configuration, each as this one with its host replaced.
    System(Box<Target>),
}

/// One server: the address dialled, the name checked and the name sent are three things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name or address to dial, as typed.
    pub host: String,
    /// The port to dial.
    pub port: u16,
    /// The only address family to dial.
    pub family: Option<Family>,
    /// Whom to believe there.
    pub policy: Policy,
    /// The server name to send; never an address.
    pub sni: Option<ServerName<'static>>,
    /// Nobody typed a name to check, so that the host decides it.
    name_from_host: bool,
    /// Nobody typed a name to send.
    sni_from_name: bool,
}

/// DNS over TLS (RFC 7858 section 3.1).
const PORT: u16 = 853;
/// The block that a query is padded to (RFC 8467 section 4.1).
const BLOCK: u16 = 128;

impl Lookup {
    /// Decides everything that `settings` leave open.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let idna = idna(settings);
        Ok(Self {
            query: query(settings, idna.as_ref())?,
            random_cookie: settings.edns.on && settings.edns.cookie == Some(Cookie::Random),
            targets: targets(settings)?,
            timeout: settings.timeout,
            display: settings.display.clone(),
            idna,
        })
    }
}

impl Target {
    /// The same demands on another host: a server that the system's configuration names.
    pub fn at(&self, server: &Server) -> Result<Self, Error> {
        let mut target = self.clone();
        target.host.clone_from(&server.host);
        target.port = server.port.unwrap_or(self.port);
        if let Some(name) = &server.name {
            target.policy.name = Some(server_name(name)?);
            target.policy.demand_name();
        } else if self.name_from_host {
            target.policy.name = server_name(&server.host).ok();
        }
        if self.sni_from_name {
            target.sni = target.policy.name.clone().filter(is_dns);
        }
        Ok(target)
    }

    /// `host@port`, as messages have it.
    pub fn typed(&self) -> String {
        format!("{}@{}", self.host, self.port)
    }

    /// The address, where the host is one without a zone.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
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

fn query(settings: &Settings, idna: Option<&Idna>) -> Result<Query, Error> {
    let (name, default) = match settings.name.as_ref() {
        None => (Name::root(), 1),
        Some(settings::Name::Domain(text)) => {
            let text = match idna {
                Some(Idna::Ascii { sent, .. }) => sent,
                _ => text,
            };
            let name = parse_name(text).map_err(|_| {
                let text =
                    if text.is_empty() || text.ends_with('.') { text } else { &format!("{text}.") };
                Error::usage(format!("'{text}' is not a valid domain name"))
            })?;
            (name, 1)
        }
        // an address in reverse is always a name
        Some(settings::Name::Reverse(address)) => (Name::from(*address), 12),
    };
    let flags = &settings.flags;
    let flags = [
        (flags.aa, flag::AA),
        (flags.tc, flag::TC),
        (flags.rd, flag::RD),
        (flags.ra, flag::RA),
        (flags.z, flag::Z),
        (flags.ad, flag::AD),
        (flags.cd, flag::CD),
    ];
    Ok(Query {
        name,
        qtype: settings.qtype.unwrap_or(default),
        qclass: settings.qclass.unwrap_or(1),
        flags: flags.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum(),
        edns: settings.edns.on.then(|| edns(&settings.edns)),
    })
}

fn edns(settings: &settings::Edns) -> Edns {
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
        padding: match settings.padding {
            settings::Padding::Policy => Padding::Block(BLOCK),
            settings::Padding::Off => Padding::Off,
            settings::Padding::Block(block) => Padding::Block(block),
            settings::Padding::Length(length) => Padding::Length(length),
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

fn targets(settings: &Settings) -> Result<Targets, Error> {
    let tls = &settings.tls;
    let mut policy =
        Policy { roots: Vec::new(), name: None, pins: Vec::new(), pin_files: Vec::new() };
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
        policy.demand_name();
    }
    let sni = match &tls.sni {
        Some(typed) => Some(server_name(typed)?).filter(is_dns),
        None => policy.name.clone().filter(is_dns),
    };
    let template = Target {
        host: String::new(),
        port: settings.port.unwrap_or(PORT),
        family: settings.family,
        policy,
        sni,
        name_from_host: tls.hostname.is_none(),
        sni_from_name: tls.sni.is_none(),
    };
    if settings.servers.is_empty() {
        return Ok(Targets::System(Box::new(template)));
    }
    let at = |server: &Server| {
        let mut target = template.at(server)?;
        if let Some(hostname) = &tls.hostname {
            // what an option says beats what a notation says
            target.policy.name = Some(server_name(hostname)?);
        }
        Ok(target)
    };
    Ok(Targets::Given(settings.servers.iter().map(at).collect::<Result<_, Error>>()?))
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
