//! The OPT record. One rule: no octet is lost, and no name stands twice. What may come several times
//! (NSID, EDE, options without a name) is always an array; what should not, comes malformed or comes
//! again, stands in hex under `OPTn`, which is an array too.

use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::dns::digits::in_hex;
use crate::dns::edns::{
    COOKIE, EDE, EdnsOption, Flag, NSID, Opt, PADDING, View, error_purpose, extra_text,
};
use crate::dns::name::Name;
use crate::dns::rcode::Rcode;
use crate::text;

pub(super) struct EdnsView<'a> {
    pub(super) opt: Opt<'a>,
    /// That of the whole message.
    pub(super) rcode: Rcode,
    /// The name that ZONEVERSION counts the labels of.
    pub(super) question: Option<Name<'a>>,
}

impl Serialize for EdnsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let opt = self.opt;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Version", &opt.version)?;
        let flags = opt.flags(0).map(|flag| match flag {
            Flag::Do => "DO".to_owned(),
            Flag::De => "DE".to_owned(),
            Flag::Bit(bit) => format!("BIT{bit}"),
        });
        map.serialize_entry("FLAGS", &flags.collect::<Vec<_>>())?;
        map.serialize_entry("RCODE", &rcode_name(self.rcode))?;
        map.serialize_entry("UDPSIZE", &opt.udp_size)?;
        for Member { name, value } in &members(opt, self.question) {
            map.serialize_entry(name, value)?;
        }
        if !opt.unread().is_empty() {
            map.serialize_entry("unreadHEX", &in_hex(opt.unread()))?;
        }
        map.end()
    }
}

/// `NOERROR`, or `RCODE12` for a code without a name.
pub(super) fn rcode_name(rcode: Rcode) -> String {
    rcode.name().map_or_else(|| format!("RCODE{}", rcode.code), str::to_owned)
}

struct Member {
    name: String,
    value: Value,
}

/// What a member can be.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    /// `NSID`, `EDE`, `OPTn`: one element each time it came.
    Several(Vec<Value>),
    Text(String),
    /// `KEEPALIVE`: units of 100 ms, null in a query (RFC 7828 section 3.2).
    Time(Option<u16>),
    /// `COOKIE`: of the client, of the server.
    Cookies(Vec<String>),
    /// `DAU`, `DHU`, `N3U`.
    Numbers(Vec<u8>),
    #[serde(rename_all = "UPPERCASE")]
    Nsid {
        hex: String,
        text: String,
    },
    Error {
        #[serde(rename = "CODE")]
        code: u16,
        #[serde(rename = "Purpose", skip_serializing_if = "Option::is_none")]
        purpose: Option<&'static str>,
        #[serde(rename = "TEXT", skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    #[serde(rename_all = "UPPERCASE")]
    Padding {
        length: usize,
        /// Octets that are not the zeros of RFC 7830 section 3.
        #[serde(skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
    },
    #[serde(rename_all = "UPPERCASE")]
    ZoneVersion {
        #[serde(skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        r#type: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<Box<Value>>,
    },
    Serial(u32),
}

/// The members in the order in which their names came, found by name: there may be as many names as
/// a message has room for.
#[derive(Default)]
struct Members {
    list: Vec<Member>,
    places: HashMap<String, usize>,
}

impl Members {
    /// Adds a value, to those of its name where there may be several; false if it is one too many.
    fn put(&mut self, name: String, value: Value, several: bool) -> bool {
        match self.places.get(&name).map(|&place| &mut self.list[place].value) {
            None => {
                self.places.insert(name.clone(), self.list.len());
                let value = if several { Value::Several(vec![value]) } else { value };
                self.list.push(Member { name, value });
                true
            }
            Some(Value::Several(values)) => {
                values.push(value);
                true
            }
            Some(_) => false,
        }
    }

    /// Adds an option that has no name, or cannot stand under it.
    fn put_octets(&mut self, option: EdnsOption<'_>) {
        let octets = Value::Text(in_hex(option.data));
        self.put(format!("OPT{}", option.code), octets, true);
    }
}

fn members(opt: Opt<'_>, question: Option<Name<'_>>) -> Vec<Member> {
    let view = View { question, ..View::default() };
    let mut members = Members::default();
    for option in opt.options() {
        let stands = named(option, &view).is_some_and(|(name, value)| {
            members.put(name.to_owned(), value, matches!(option.code, NSID | EDE))
        });
        // it has no name, does not fit, or should not have come again
        if !stands {
            members.put_octets(option);
        }
    }
    members.list
}

/// The option under its own name; `None` if it has none or does not fit.
fn named(option: EdnsOption<'_>, view: &View<'_>) -> Option<(&'static str, Value)> {
    let data = option.data;
    let words = option.value(view)?;
    Some(match option.code {
        NSID => ("NSID", Value::Nsid { hex: in_hex(data), text: text::free(data) }),
        5 => ("DAU", Value::Numbers(data.to_vec())),
        6 => ("DHU", Value::Numbers(data.to_vec())),
        7 => ("N3U", Value::Numbers(data.to_vec())),
        8 => ("ECS", Value::Text(words)),
        9 => ("EXPIRE", Value::Text(expire(data)?)),
        COOKIE => {
            let (client, server) = data.split_at_checked(8)?;
            let fits = server.is_empty() || (8..=32).contains(&server.len());
            let cookies = [client, server].into_iter().filter(|it| !it.is_empty()).map(in_hex);
            ("COOKIE", Value::Cookies(fits.then(|| cookies.collect())?))
        }
        11 => {
            let time = data.try_into().ok().map(u16::from_be_bytes);
            ("KEEPALIVE", Value::Time(time))
        }
        PADDING => {
            let hex = data.iter().any(|&octet| octet != 0).then(|| in_hex(data));
            ("PADDING", Value::Padding { length: data.len(), hex })
        }
        13 => ("CHAIN", Value::Text(words)),
        EDE => {
            let (code, rest) = data.split_first_chunk()?;
            let code = u16::from_be_bytes(*code);
            let text = Some(extra_text(rest)).filter(|it| !it.is_empty()).map(text::free);
            ("EDE", Value::Error { code, purpose: error_purpose(code), text })
        }
        18 => ("REPORTCHANNEL", Value::Text(words)),
        19 => ("ZONEVERSION", zone_version(data, &words)),
        _ => return None,
    })
}

fn expire(data: &[u8]) -> Option<String> {
    if data.is_empty() {
        return Some("NONE".into());
    }
    Some(u32::from_be_bytes(data.try_into().ok()?).to_string())
}

/// `words` begin with the zone, in which a space is `\032`.
fn zone_version(data: &[u8], words: &str) -> Value {
    let [_, kind, version @ ..] = data else {
        return Value::ZoneVersion { zone: None, r#type: None, version: None };
    };
    let serial = version.try_into().ok().filter(|_| *kind == 0).map(u32::from_be_bytes);
    Value::ZoneVersion {
        zone: words.split(' ').next().map(str::to_owned),
        r#type: Some(if *kind == 0 { "SOA-SERIAL".into() } else { kind.to_string() }),
        version: Some(Box::new(serial.map_or_else(|| Value::Text(in_hex(version)), Value::Serial))),
    }
}
