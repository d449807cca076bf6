//! The message of a lookup: what the settings say of the query, as values to encode. One rule: a
//! bare number stands beside the RFC that gives it.

use std::net::IpAddr;

use hickory_proto::ProtoError;
use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::DecodeError;

use super::{Idna, Transport};
use crate::cli::settings::{self, Cookie, Operation, Settings};
use crate::dns::query::{Edns, Padding, Query, Serial, flag, parse_name, to_ascii};
use crate::error::Error;

/// The block that a query is padded to (RFC 8467 section 4.1).
const BLOCK: u16 = 128;

/// A name in ASCII, whatever the case of its letters, is sent as typed.
pub(super) fn idna(settings: &Settings) -> Option<Idna> {
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

pub(super) fn query(
    settings: &Settings,
    transport: Transport,
    idna: Option<&Idna>,
) -> Result<Query, Error> {
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
    let mut bits = flags(settings.flags.decided(settings.operation));
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

pub(super) fn domain(text: &str) -> Result<Name, Error> {
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

fn flags(flags: settings::Flags) -> u16 {
    let bits = [
        (flags.aa == Some(true), flag::AA),
        (flags.tc, flag::TC),
        (flags.rd == Some(true), flag::RD),
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
