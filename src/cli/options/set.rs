//! What options do to the settings, where that is more than a switch. One rule: what is wrong with a
//! value is said in words, and what follows from other options is left to the plan.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use rustls::pki_types::DnsName;

use crate::cli::pin::{NO_TILDE, Pin};
use crate::cli::server::{Server, address_of, parse_port};
use crate::cli::settings::{Batch, Cookie, Edns, Padding, Proxy, Settings, Subnet, Tls, Transport};
use crate::condition::{Condition, Margin};
use crate::display::Format;
use crate::dns::query::to_ascii;
use crate::text::unhex;
use crate::tls::groups::Group;
use crate::tls::hello::Version;

/// How an option was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `+option`
    On,
    /// `+option=value`
    With(&'a str),
    /// `+nooption`
    Off,
}

pub(super) fn tls(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    // what contradicts it is for the plan to see
    settings.transport.tls = value != Value::Off;
    Ok(())
}

/// The TLS settings; setting any of them turns TLS on.
fn with_tls<'a>(settings: &'a mut Settings, value: Value<'_>) -> &'a mut Tls {
    settings.transport.tls |= value != Value::Off;
    &mut settings.tls
}

/// The settings of TLS without the trust anchors that were inherited, now that others are typed.
fn with_anchors<'a>(settings: &'a mut Settings, value: Value<'_>) -> &'a mut Tls {
    // the no form of one option takes nothing of another's away
    let starts_anew = value != Value::Off && std::mem::take(&mut settings.inherited.anchors);
    let tls = with_tls(settings, value);
    if starts_anew {
        (tls.system, tls.mozilla) = (false, false);
        tls.files.clear();
    }
    tls
}

pub(super) fn tls_ca(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let tls = with_anchors(settings, value);
    match value {
        Value::On => tls.system = true,
        Value::With(file) => tls.files.push(path(file)?),
        Value::Off => {
            tls.system = false;
            tls.files.clear();
        }
    }
    Ok(())
}

pub(super) fn tls_mozilla(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    with_anchors(settings, value).mozilla = value != Value::Off;
    Ok(())
}

pub(super) fn tls_pin(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let starts_anew = std::mem::take(&mut settings.inherited.pins);
    let tls = with_tls(settings, value);
    if starts_anew {
        tls.pins.clear();
    }
    match value {
        Value::With(typed) => tls.pins.extend(Pin::parse_list(typed)?),
        _ => tls.pins.clear(),
    }
    Ok(())
}

pub(super) fn tls_ocsp_stapling(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    const WEEK: u64 = 168;
    let hours = match value {
        Value::On => Some(WEEK),
        // more hours than any certificate lives are a slip of the finger
        Value::With(typed) => Some(number(typed, 1..=1_000_000)?),
        Value::Off => None,
    };
    with_tls(settings, value).staple = hours.map(|hours| Duration::from_secs(hours * 3600));
    Ok(())
}

pub(super) fn tls_expiry(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.conditions.expiry = match value {
        Value::With(typed) => {
            let why = || "a time as in 30d, or a share of the lifetime as in 33%".to_owned();
            Some(Margin::parse(typed).ok_or_else(why)?)
        }
        _ => None,
    };
    Ok(())
}

pub(super) fn fail(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let Value::With(typed) = value else {
        settings.conditions.fail.clear();
        return Ok(());
    };
    for word in typed.split(',') {
        let condition = Condition::parse(word).ok_or_else(|| {
            let words: Vec<_> = Condition::WORDS.iter().map(|(word, _)| *word).collect();
            format!("one of {}, or the name of a status", words.join(", "))
        })?;
        settings.conditions.fail.push(condition);
    }
    Ok(())
}

pub(super) fn fallback(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.transport.fallback = match value {
        Value::On => Some(53),
        Value::With(typed) => Some(parse_port(typed)?),
        Value::Off => None,
    };
    Ok(())
}

pub(super) fn tls_alpn(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let tls = with_tls(settings, value);
    match value {
        Value::With(typed) => {
            if !(1..=255).contains(&typed.len()) {
                return Err("a token has 1 to 255 octets".into());
            }
            tls.alpn.get_or_insert_default().push(typed.to_owned());
        }
        Value::On => tls.alpn = None,
        Value::Off => tls.alpn = Some(Vec::new()),
    }
    Ok(())
}

pub(super) fn tls_version(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    with_tls(settings, value).version = match value {
        Value::With("1.2") => Some(Version::Tls12),
        Value::With("1.3") => Some(Version::Tls13),
        Value::With(_) => return Err("1.2 or 1.3".into()),
        Value::On | Value::Off => None,
    };
    Ok(())
}

pub(super) fn tls_groups(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    with_tls(settings, value).groups = match value {
        Value::With(typed) => Some(Group::parse_list(typed)?),
        Value::On | Value::Off => None,
    };
    Ok(())
}

pub(super) fn file(
    settings: &mut Settings,
    field: fn(&mut Tls) -> &mut Option<String>,
    value: Value<'_>,
) -> Result<(), String> {
    *field(with_tls(settings, value)) = match value {
        Value::With(file) => Some(path(file)?),
        _ => None,
    };
    Ok(())
}

/// A host name or address to check or send; a trailing dot means nothing there.
pub(super) fn tls_name(
    settings: &mut Settings,
    field: fn(&mut Tls) -> &mut Option<String>,
    value: Value<'_>,
) -> Result<(), String> {
    let name = match value {
        Value::With(typed) => {
            let name = typed.strip_suffix('.').unwrap_or(typed);
            let ascii = if name.is_ascii() { Some(name.to_owned()) } else { to_ascii(name) };
            let fits =
                |it: &String| address_of(it).is_some() || DnsName::try_from(it.as_str()).is_ok();
            let name = ascii.filter(fits).ok_or("neither a host name nor an address")?;
            Some(name)
        }
        _ => None,
    };
    *field(with_tls(settings, value)) = name;
    Ok(())
}

pub(super) fn tcp(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let on = value != Value::Off;
    settings.transport.tcp = Some(on);
    // as in kdig, +notcp also disables the retry over TCP after truncation
    settings.transport.ignore |= !on;
    Ok(())
}

pub(super) fn retry(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.transport.retry = match value {
        Value::With(typed) => number(typed, 0..=1000)?,
        _ => Transport::default().retry,
    };
    Ok(())
}

pub(super) fn pipeline(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.batch.pipeline = positive(value, Batch::default().pipeline)?;
    Ok(())
}

pub(super) fn connections(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.batch.connections = positive(value, Batch::default().connections)?;
    Ok(())
}

/// A number that is neither zero nor more than there are IDs to tell queries apart.
fn positive(value: Value<'_>, default: usize) -> Result<usize, String> {
    match value {
        Value::With(typed) => number(typed, 1..=20_000),
        _ => Ok(default),
    }
}

pub(super) fn msgdelay(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.transport.delay = match value {
        Value::With(typed) => Duration::from_millis(number(typed, 0..=u32::MAX)?.into()),
        _ => Duration::ZERO,
    };
    Ok(())
}

pub(super) fn proxy(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.transport.proxy = match value {
        Value::With(typed) => {
            let (source, destination) = typed.split_once('-').ok_or("no -")?;
            let address = |typed: &str, which: &str| {
                Server::parse_source(typed).map_err(|_| format!("no {which} address"))
            };
            let source = address(source, "source")?;
            let destination = address(destination, "destination")?;
            if source.is_ipv4() != destination.is_ipv4() {
                return Err("the addresses are of different families".into());
            }
            Some(Proxy { source, destination })
        }
        _ => None,
    };
    Ok(())
}

pub(super) fn timeout(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.timeout = match value {
        Value::With(typed) => {
            // a sign is no part of a number
            let time = match typed.parse::<f64>() {
                _ if typed.starts_with('+') => None,
                Ok(seconds) => {
                    let least = if is_zero(typed) { Duration::ZERO } else { MIN_TIME };
                    Duration::try_from_secs_f64(seconds).ok().map(|time| time.max(least))
                }
                Err(_) => humantime::parse_duration(typed).ok(),
            };
            let time = time.ok_or("a number of seconds, or a time as in 1500ms or 2s")?;
            // kdig's words for "for ever"
            (!time.is_zero()).then_some(time)
        }
        _ => None,
    };
    Ok(())
}

pub(super) fn rdflag(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.flags.rd = Some(value != Value::Off);
    Ok(())
}

pub(super) fn aaflag(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.flags.aa = Some(value != Value::Off);
    Ok(())
}

/// What the clock tells at least, and what a shorter time is rounded up to: zero is for ever.
const MIN_TIME: Duration = Duration::from_nanos(1);

/// Whether a number is zero as typed, before it is rounded: it has no other digit.
fn is_zero(typed: &str) -> bool {
    let mantissa = typed.split(['e', 'E']).next().unwrap_or_default();
    !mantissa.contains(|it: char| ('1'..='9').contains(&it))
}

pub(super) fn edns(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.on = value != Value::Off;
    match value {
        Value::With(typed) => settings.edns.version = number(typed, 0..=u8::MAX)?,
        Value::On => settings.edns.version = 0,
        Value::Off => settings.edns = Edns { on: false, ..Edns::default() },
    }
    Ok(())
}

pub(super) fn bufsize(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.size = match value {
        Value::With(typed) => match number(typed, 0..=u16::MAX)? {
            0 => Edns::default().size,
            // a message is never shorter than its header
            size => u16::max(size, 12),
        },
        _ => Edns::default().size,
    };
    Ok(())
}

pub(super) fn padding(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.padding = match value {
        Value::On => Padding::Policy,
        Value::With(typed) => Padding::Length(number(typed, 0..=u16::MAX)?),
        Value::Off => Padding::Off,
    };
    Ok(())
}

pub(super) fn alignment(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.alignment = match value {
        Value::On => Some(128),
        Value::With(typed) => Some(number(typed, 2..=u16::MAX)?),
        Value::Off => None,
    };
    Ok(())
}

pub(super) fn subnet(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.subnet = match value {
        Value::With(typed) => {
            let (address, prefix) = match typed.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix).filter(|it| !it.is_empty())),
                None => (typed, None),
            };
            // as dig: no address at all, so that the server uses that of nobody (RFC 7871 7.1.2)
            let (address, whole) = match address {
                "0" => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
                address => {
                    let address: IpAddr = address.parse().map_err(|_| "no address".to_owned())?;
                    (address, if address.is_ipv4() { 32 } else { 128 })
                }
            };
            let prefix = prefix.map_or(Ok(whole), |prefix| {
                let is_number = !prefix.starts_with('+');
                prefix.parse().ok().filter(|_| is_number).ok_or("no prefix length")
            })?;
            if prefix > whole {
                return Err(format!("a prefix is at most {whole} bits long"));
            }
            Some(Subnet { address, prefix })
        }
        _ => None,
    };
    Ok(())
}

pub(super) fn cookie(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.edns.cookie = match value {
        Value::On => Some(Cookie::Random),
        Value::With(typed) => {
            let octets = unhex(typed).ok_or_else(|| "no hex".to_owned())?;
            match octets.len() {
                8 | 16..=40 => Some(Cookie::Given(octets)),
                0..8 => return Err("a client cookie is 8 octets long".into()),
                9..16 => return Err("a server cookie is at least 8 octets long".into()),
                _ => return Err("a server cookie is at most 32 octets long".into()),
            }
        }
        Value::Off => None,
    };
    Ok(())
}

pub(super) fn expire(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    // an option of this code that +ednsopt gave data is another's
    let asked = (9, Vec::new());
    settings.edns.custom.retain(|option| *option != asked);
    if value != Value::Off {
        settings.edns.custom.push(asked);
    }
    Ok(())
}

pub(super) fn ednsopt(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    match value {
        Value::With(typed) => {
            let (code, data) = typed.split_once(':').unwrap_or((typed, ""));
            let code = number(code, 0..=u16::MAX)?;
            let data = unhex(data).ok_or_else(|| "no hex".to_owned())?;
            settings.edns.custom.push((code, data));
        }
        _ => settings.edns.custom.clear(),
    }
    Ok(())
}

pub(super) fn all(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let display = &mut settings.display;
    let on = value != Value::Off;
    for field in [
        &mut display.header,
        &mut display.comments,
        &mut display.opt,
        &mut display.question,
        &mut display.answer,
        &mut display.authority,
        &mut display.additional,
        &mut display.tsig,
        &mut display.stats,
        &mut display.cert,
    ] {
        *field = on;
    }
    // as kdig: +noall hides the query too, +all does not show it
    display.qr &= on;
    display.stats_of_data &= on;
    Ok(())
}

pub(super) fn short(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.display.format = match value {
        Value::Off => Format::Full,
        _ => Format::Short,
    };
    // as in kdig and dig, data alone are without it unless it is asked for again
    settings.display.stats_of_data = false;
    Ok(())
}

pub(super) fn stats(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let display = &mut settings.display;
    display.stats = value != Value::Off;
    display.stats_of_data = display.stats && display.format == Format::Short;
    Ok(())
}

pub(super) fn json(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.display.format = match value {
        Value::Off => Format::Full,
        _ => Format::Json,
    };
    Ok(())
}

pub(super) fn multiline(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    // which parts are shown, and in which format, is for their own options to say
    settings.display.multiline = value != Value::Off;
    Ok(())
}

pub(super) fn idnout(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    settings.idnout = Some(value != Value::Off);
    Ok(())
}

pub(super) fn additional(settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
    let display = &mut settings.display;
    display.additional = value != Value::Off;
    if !display.additional {
        display.opt = false;
        display.tsig = false;
    }
    Ok(())
}

fn number<N>(typed: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    // a sign is no digit
    let number = typed.parse().ok().filter(|it| range.contains(it) && !typed.starts_with('+'));
    number.ok_or_else(|| format!("a number from {} to {}", range.start(), range.end()))
}

/// The path of a file.
fn path(typed: &str) -> Result<String, String> {
    match typed.starts_with('~') {
        // a shell does that only where a word begins
        true => Err(NO_TILDE.into()),
        false => Ok(typed.to_owned()),
    }
}
