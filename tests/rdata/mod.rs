//! Any RDATA of any type that has a text, laid out by the RFC of the type and not by the table of the
//! program. One rule: what comes out is valid, and written in the only way that its text stands for,
//! so that a reader of the text must come to the same octets.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each crate that includes this module uses its own part of it"
)]

pub mod notation;
pub mod reader;

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use tdig::dns::message::Message;
use tdig::dns::rdata::Style;
use tdig::dns::section::Section;

type Octets = BoxedStrategy<Vec<u8>>;

/// A field of RDATA.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// So many octets of any value.
    Any(usize),
    /// One of these octets.
    Of(&'static [u8]),
    /// These octets.
    Fixed(&'static [u8]),
    /// Any octets to the end, so many at least.
    Rest(usize),
    /// A name of any octets, without compression.
    Name,
    /// A character string.
    Text,
    /// Character strings, one at least.
    Texts,
    /// A character string of digits, so many at least.
    Digits(usize),
    /// Octets with their number in one octet before them.
    Counted,
    /// The same with two octets.
    Long,
    /// A record type.
    Type,
    /// Record types as windows of bit maps (RFC 4034 section 4.1.2).
    Types,
    /// A type in a function of its own.
    Own(fn() -> Octets),
}

use Kind::{Any, Counted, Digits, Fixed, Long, Name, Of, Own, Rest, Text, Texts, Type, Types};

/// Every type with a text and what its RDATA is made of.
pub const LAYOUTS: &[(&str, &[Kind])] = &[
    ("A", &[Any(4)]),
    ("NS", &[Name]),
    ("MD", &[Name]),
    ("MF", &[Name]),
    ("CNAME", &[Name]),
    ("SOA", &[Name, Name, Any(20)]),
    ("MB", &[Name]),
    ("MG", &[Name]),
    ("MR", &[Name]),
    ("WKS", &[Any(4), Of(&[6, 17]), Own(ports)]),
    ("PTR", &[Name]),
    ("HINFO", &[Text, Text]),
    ("MINFO", &[Name, Name]),
    ("MX", &[Any(2), Name]),
    ("TXT", &[Texts]),
    ("RP", &[Name, Name]),
    ("AFSDB", &[Any(2), Name]),
    ("X25", &[Digits(4)]),
    ("ISDN", &[Text, Text]),
    ("RT", &[Any(2), Name]),
    ("NSAP", &[Rest(1)]),
    ("NSAP-PTR", &[Name]),
    ("SIG", SIGNATURE),
    ("KEY", KEY),
    ("PX", &[Any(2), Name, Name]),
    ("GPOS", &[Digits(1), Digits(1), Digits(1)]),
    ("AAAA", &[Any(16)]),
    ("LOC", &[Own(location)]),
    ("NXT", &[Name, Own(nxt_types)]),
    ("EID", &[Rest(1)]),
    ("NIMLOC", &[Rest(1)]),
    ("SRV", &[Any(6), Name]),
    ("ATMA", &[Fixed(&[0]), Rest(1)]),
    ("NAPTR", &[Any(4), Text, Text, Fixed(b"\x0a!^.*$!sip!"), Name]),
    ("KX", &[Any(2), Name]),
    ("CERT", &[Fixed(&[0xfd, 0xe8]), Any(2), Fixed(&[8]), Rest(1)]),
    ("A6", &[Own(a6)]),
    ("DNAME", &[Name]),
    ("SINK", &[Any(3), Rest(1)]),
    ("APL", &[Own(prefixes)]),
    ("DS", DIGEST),
    ("SSHFP", &[Any(1), Fixed(&[77]), Rest(1)]),
    ("IPSECKEY", &[Any(1), Own(ipsec_gateway), Rest(1)]),
    ("RRSIG", SIGNATURE),
    ("NSEC", &[Name, Types]),
    ("DNSKEY", KEY),
    ("DHCID", &[Rest(1)]),
    ("NSEC3", &[Fixed(&[1]), Any(3), Counted, Fixed(&[20]), Any(20), Types]),
    ("NSEC3PARAM", &[Fixed(&[1]), Any(3), Counted]),
    ("TLSA", &[Any(3), Rest(1)]),
    ("SMIMEA", &[Any(3), Rest(1)]),
    ("HIP", &[Own(hip)]),
    ("NINFO", &[Texts]),
    ("RKEY", &[Fixed(&[0, 0]), Any(1), Fixed(&[8]), Rest(1)]),
    ("TALINK", &[Name, Name]),
    ("CDS", DIGEST),
    ("CDNSKEY", KEY),
    ("OPENPGPKEY", &[Rest(1)]),
    ("CSYNC", &[Any(6), Types]),
    ("ZONEMD", &[Any(4), Fixed(&[240, 240]), Rest(12)]),
    ("SVCB", &[Own(service)]),
    ("HTTPS", &[Own(service)]),
    ("DSYNC", &[Type, Any(3), Name]),
    ("HHIT", &[Rest(1)]),
    ("BRID", &[Rest(1)]),
    ("SPF", &[Texts]),
    ("NID", &[Any(10)]),
    ("L32", &[Any(6)]),
    ("L64", &[Any(10)]),
    ("LP", &[Any(2), Name]),
    ("EUI48", &[Any(6)]),
    ("EUI64", &[Any(8)]),
    ("TKEY", &[Name, Any(8), Any(2), Fixed(&[0, 0]), Long, Long]),
    ("TSIG", &[Name, Any(8), Long, Any(2), Fixed(&[0, 0]), Long]),
    ("URI", &[Any(4), Rest(1)]),
    ("CAA", &[Any(1), Own(tag), Rest(0)]),
    ("AVC", &[Texts]),
    ("DOA", &[Any(8), Any(1), Text, Rest(1)]),
    ("AMTRELAY", &[Any(1), Own(relay)]),
    ("RESINFO", &[Texts]),
    ("WALLET", &[Texts]),
    ("TA", DIGEST),
    ("DLV", DIGEST),
];

/// Flags of a zone key, the protocol, an algorithm, and a key.
const KEY: &[Kind] = &[Fixed(&[1]), Of(&[0, 1]), Fixed(&[3]), Of(&[8, 13, 15]), Rest(64)];
/// Key tag, algorithm, a digest type whose length is unknown, and a digest.
const DIGEST: &[Kind] = &[Any(2), Of(&[8, 13, 15]), Fixed(&[77]), Rest(1)];
const SIGNATURE: &[Kind] =
    &[Type, Of(&[8, 13, 15]), Any(1), Any(4), Own(time), Own(time), Any(2), Name, Rest(64)];

/// The types whose RDATA have no text but `\# length hex`.
pub const WITHOUT_TEXT: &[&str] = &[
    "NULL",
    "OPT",
    "UINFO",
    "UID",
    "GID",
    "UNSPEC",
    "NXNAME",
    "IXFR",
    "AXFR",
    "MAILB",
    "MAILA",
    "CLA",
    "IPN",
    "ANY",
    "DELEG",
    "ALIAS",
    "DELEGPARAM",
];

/// Any RDATA of these fields.
pub fn rdata(layout: &[Kind]) -> Octets {
    let empty = Just(Vec::new()).boxed();
    layout.iter().fold(empty, |before, kind| {
        (before, kind.octets()).prop_map(|(before, octets)| [before, octets].concat()).boxed()
    })
}

/// Our text of these RDATA; None if they do not fit their type.
pub fn text(record_type: u16, rdata: &[u8], style: Style) -> Option<String> {
    written(record_type, rdata, style).filter(|it| it.2).map(|it| it.0)
}

/// Our text of these octets, in whatever form, and the octets with every name written out.
pub fn any_text(record_type: u16, rdata: &[u8], style: Style) -> (String, Vec<u8>) {
    let (text, octets, _) = written(record_type, rdata, style).expect("any octets have a text");
    (text, octets)
}

/// Text, octets without compression, and whether the text is more than those in hex.
fn written(record_type: u16, rdata: &[u8], style: Style) -> Option<(String, Vec<u8>, bool)> {
    // a header that counts one answer, owned by the root, in IN, of no TTL
    let mut message = b"\0\0\x80\0\0\0\0\x01\0\0\0\0\0".to_vec();
    message.extend(record_type.to_be_bytes());
    message.extend(b"\0\x01\0\0\0\0");
    message.extend(u16::try_from(rdata.len()).ok()?.to_be_bytes());
    message.extend(rdata);
    let message = Message::read(&message);
    let record = message.section(Section::Answer).first()?;
    let mut text = Vec::new();
    record.rdata.write(record_type, style, &mut text);
    let octets = record.rdata.uncompressed(record_type);
    Some((String::from_utf8(text).ok()?, octets, record.rdata.has_text(record_type)))
}

impl Kind {
    fn octets(self) -> Octets {
        let any = |range| vec(any::<u8>(), range);
        match self {
            Any(count) => any(count..=count).boxed(),
            Of(octets) => select(octets).prop_map(|octet| vec![octet]).boxed(),
            Fixed(octets) => Just(octets.to_vec()).boxed(),
            Rest(least) => any(least..=least + 80).boxed(),
            Name => name(),
            Text | Counted => any(0..=40).prop_map(counted).boxed(),
            Texts => vec(any(0..=40).prop_map(counted), 1..4).prop_map(|it| it.concat()).boxed(),
            Digits(least) => vec(b'0'..=b'9', least..=least).prop_map(counted).boxed(),
            Long => any(1..=40)
                .prop_map(|it| [&(it.len() as u16).to_be_bytes()[..], &it].concat())
                .boxed(),
            Type => select(NUMBERS).prop_map(|number| number.to_be_bytes().to_vec()).boxed(),
            Types => btree_set(select(NUMBERS), 1..8).prop_map(windows).boxed(),
            Own(octets) => octets(),
        }
    }
}

/// Record types with a mnemonic, and some without one.
const NUMBERS: &[u16] =
    &[1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 46, 47, 48, 50, 51, 52, 257, 1234, 65_280, 65_534];

/// A time of 32 bits that is no year before 1970 today, which BIND does not read.
fn time() -> Octets {
    (0..=0xe000_0000_u32).prop_map(|time| time.to_be_bytes().to_vec()).boxed()
}

fn counted(octets: Vec<u8>) -> Vec<u8> {
    // at most 40 or so
    [&[octets.len() as u8], &octets[..]].concat()
}

fn name() -> Octets {
    // BIND takes a label that begins with `\[` for one of bits (RFC 2673)
    let octets = vec(any::<u8>(), 1..=12).prop_filter("bits", |it| it.first() != Some(&b'['));
    let label = octets.prop_map(counted);
    vec(label, 0..=4).prop_map(|labels| [labels.concat(), vec![0]].concat()).boxed()
}

/// The bits of a map, without zeros at its end.
fn bits(set: &BTreeSet<u8>) -> Vec<u8> {
    let last = set.last().map_or(0, |last| usize::from(last / 8) + 1);
    let mut map = vec![0; last];
    for bit in set {
        map[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    map
}

fn windows(types: BTreeSet<u16>) -> Vec<u8> {
    let mut octets = Vec::new();
    let windows: BTreeSet<u16> = types.iter().map(|number| number >> 8).collect();
    for window in windows {
        let inside = types.iter().filter(|number| *number >> 8 == window);
        octets.push(window as u8);
        octets.extend(counted(bits(&inside.map(|number| *number as u8).collect())));
    }
    octets
}

fn ports() -> Octets {
    btree_set(any::<u8>(), 1..8).prop_map(|ports| bits(&ports)).boxed()
}

fn nxt_types() -> Octets {
    btree_set(select(&[1_u8, 2, 6, 15, 16, 30][..]), 1..5).prop_map(|types| bits(&types)).boxed()
}

fn tag() -> Octets {
    vec(b'a'..=b'z', 1..=15).prop_map(counted).boxed()
}

fn location() -> Octets {
    // a digit and a power of ten; zero has no power
    let size = || (1..=9_u8, 0..=9_u8).prop_map(|(digit, power)| digit << 4 | power);
    let place = |most: u32| (1_u32 << 31) - most..=(1 << 31) + most;
    let latitude = place(90 * 3_600_000);
    let longitude = place(180 * 3_600_000);
    (size(), size(), size(), latitude, longitude, 0..=0xffff_ffff_u32)
        .prop_map(|(size, horizontal, vertical, latitude, longitude, altitude)| {
            let mut octets = vec![0, size, horizontal, vertical];
            for number in [latitude, longitude, altitude] {
                octets.extend(number.to_be_bytes());
            }
            octets
        })
        .boxed()
}

/// The first `prefix` bits of an address.
fn masked(address: &[u8], prefix: u8) -> Vec<u8> {
    let keep = |position: usize| usize::from(prefix).saturating_sub(8 * position).min(8);
    let mask = |position| (0xff00_u16 >> keep(position)) as u8;
    address.iter().enumerate().map(|(at, octet)| octet & mask(at)).collect()
}

fn prefixes() -> Octets {
    let item = |family: u16, octets: usize| {
        let bits = (octets * 8) as u8;
        (vec(any::<u8>(), octets), 0..=bits, any::<bool>()).prop_map(move |(it, prefix, not)| {
            let mut address = masked(&it, prefix);
            while address.last() == Some(&0) {
                address.pop();
            }
            let not = if not { 0x80 } else { 0 };
            let head = [&family.to_be_bytes()[..], &[prefix, not | address.len() as u8]].concat();
            [head, address].concat()
        })
    };
    vec(prop_oneof![item(1, 4), item(2, 16)], 1..4).prop_map(|items| items.concat()).boxed()
}

fn a6() -> Octets {
    (0..=128_u8, vec(any::<u8>(), 16), name())
        .prop_map(|(prefix, address, name)| {
            let kept = masked(&address, prefix);
            let suffix: Vec<u8> = address.iter().zip(kept).map(|(one, two)| one ^ two).collect();
            let name = if prefix > 0 { name } else { Vec::new() };
            let suffix = &suffix[usize::from(prefix / 8)..];
            [&[prefix][..], suffix, &name].concat()
        })
        .boxed()
}

/// No gateway, or one of three kinds.
fn gateway() -> impl Strategy<Value = (u8, Vec<u8>)> {
    prop_oneof![
        Just((0, Vec::new())),
        vec(any::<u8>(), 4).prop_map(|it| (1, it)),
        vec(any::<u8>(), 16).prop_map(|it| (2, it)),
        name().prop_map(|it| (3, it)),
    ]
}

fn ipsec_gateway() -> Octets {
    (gateway(), 1..=3_u8)
        .prop_map(|((kind, gateway), algorithm)| [&[kind, algorithm][..], &gateway].concat())
        .boxed()
}

fn relay() -> Octets {
    (gateway(), any::<bool>())
        .prop_map(|((kind, gateway), discovery)| {
            let discovery = if discovery { 0x80 } else { 0 };
            [&[discovery | kind][..], &gateway].concat()
        })
        .boxed()
}

fn hip() -> Octets {
    (vec(any::<u8>(), 1..=32), 1..=3_u8, vec(any::<u8>(), 1..=80), vec(name(), 0..3))
        .prop_map(|(tag, algorithm, key, servers)| {
            let mut octets = vec![tag.len() as u8, algorithm];
            octets.extend((key.len() as u16).to_be_bytes());
            [octets, tag, key, servers.concat()].concat()
        })
        .boxed()
}

/// A service with parameters in ascending order, and without contradictions.
fn service() -> Octets {
    let parameter = |key: u16, value: Octets| {
        proptest::option::of(value.prop_map(move |value| {
            let (key, length) = (key.to_be_bytes(), (value.len() as u16).to_be_bytes());
            [&key[..], &length[..], &value].concat()
        }))
        .prop_map(Option::unwrap_or_default)
    };
    let addresses =
        |octets: usize| vec(vec(any::<u8>(), octets), 1..4).prop_map(|it| it.concat()).boxed();
    // what is written in a list needs two kinds of escapes, which not all read alike
    let alpn = vec(vec(b'a'..=b'z', 1..8).prop_map(counted), 1..4);
    let parameters = (
        parameter(1, alpn.prop_map(|it| it.concat()).boxed()),
        parameter(3, vec(any::<u8>(), 2).boxed()),
        parameter(4, addresses(4)),
        parameter(5, vec(any::<u8>(), 1..40).boxed()),
        parameter(6, addresses(16)),
        parameter(7, Just(b"/q{?dns}".to_vec()).boxed()),
        parameter(65_280, vec(any::<u8>(), 1..20).boxed()),
    );
    (1..=u16::MAX, name(), parameters)
        .prop_map(|(priority, target, (a, b, c, d, e, f, g))| {
            [priority.to_be_bytes().to_vec(), target, a, b, c, d, e, f, g].concat()
        })
        .boxed()
}
