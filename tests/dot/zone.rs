//! What the server knows: `example.com.` with a record of each common type, and how it answers.
//! One rule: one row, one record; answers never change, so that transcripts may show them.

use super::wire::Part::{Name, Octets, Text, U8, U16, U32, WholeName};
use super::wire::{PADDING, Part, Query, Reply, Section};

type Row = (&'static str, u16, u32, &'static [Part<'static>]);

const IN: u16 = 1;
const CH: u16 = 3;
const ANY: u16 = 255;
const SOA: u16 = 6;
const CNAME: u16 = 5;
const RRSIG: u16 = 46;
const NSID: u16 = 3;
const CLIENT_SUBNET: u16 = 8;
const COOKIE: u16 = 10;

/// RCODEs.
const NOERROR: u8 = 0;
const FORMERR: u8 = 1;
const NXDOMAIN: u8 = 3;
const NOTIMP: u8 = 4;
const REFUSED: u8 = 5;
const BADVERS: u16 = 16;

const APEX: &str = "example.com.";
const KEY: &[u8] = &[0x5a; 64];
const HASH: &[u8] = &[0xd1; 32];

/// Name, type, TTL, data; class IN.
const ZONE: &[Row] = &[
    (APEX, 1, 300, &[Octets(&[192, 0, 2, 1])]),
    (APEX, 1, 300, &[Octets(&[192, 0, 2, 2])]),
    (APEX, 28, 300, &[Octets(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]),
    (APEX, 2, 86400, &[Name("ns1.example.com.")]),
    (APEX, 2, 86400, &[Name("ns2.example.com.")]),
    (APEX, SOA, 3600, SOA_DATA),
    (APEX, 15, 3600, &[U16(10), Name("mail.example.com.")]),
    (APEX, 15, 3600, &[U16(20), Name("mail2.example.com.")]),
    (APEX, 16, 3600, &[Text(b"v=spf1 -all")]),
    (APEX, 16, 3600, &[Text(b"say \"hello\""), Text(b"back\\slash; semicolon")]),
    (APEX, 257, 3600, &[U8(0), Text(b"issue"), Octets(b"ca.example.net")]),
    (APEX, 65, 3600, HTTPS_DATA),
    (APEX, 43, 3600, &[U16(2371), U8(13), U8(2), Octets(HASH)]),
    (APEX, 48, 3600, &[U16(257), U8(3), U8(13), Octets(KEY)]),
    (APEX, RRSIG, 300, RRSIG_DATA),
    (APEX, 47, 3600, &[WholeName("www.example.com."), Octets(&[0, 6, 0x62, 1, 0x80, 8, 0, 3])]),
    (APEX, 10, 3600, &[Octets(b"\0\x01null")]),
    (APEX, 65280, 3600, &[Octets(&[0xde, 0xad, 0xbe, 0xef])]),
    ("www.example.com.", CNAME, 300, &[Name(APEX)]),
    ("alias.example.com.", CNAME, 300, &[Name("www.example.com.")]),
    ("ns1.example.com.", 1, 86400, &[Octets(&[192, 0, 2, 53])]),
    ("ns2.example.com.", 1, 86400, &[Octets(&[198, 51, 100, 53])]),
    ("mail.example.com.", 1, 3600, &[Octets(&[192, 0, 2, 25])]),
    ("_dns.example.com.", 64, 3600, SVCB_DATA),
    ("_853._tcp.example.com.", 52, 3600, &[U8(3), U8(1), U8(1), Octets(HASH)]),
    ("_imaps._tcp.example.com.", 33, 3600, SRV_DATA),
    ("1.2.0.192.in-addr.arpa.", 12, 3600, &[Name(APEX)]),
    (".", 2, 518_400, &[Name("a.root-servers.net.")]),
    (".", 2, 518_400, &[Name("b.root-servers.net.")]),
    (".", SOA, 86400, ROOT_SOA_DATA),
];

/// The same in class CH.
const CHAOS: &[Row] = &[
    ("version.bind.", 16, 0, &[Text(b"lab 1.0")]),
    ("id.server.", 16, 0, &[Text(b"dot.test")]),
    ("hostname.bind.", 16, 0, &[Text(b"dot.test")]),
];

const SOA_DATA: &[Part<'_>] = &[
    Name("ns1.example.com."),
    Name("hostmaster.example.com."),
    U32(2026010101),
    U32(7200),
    U32(3600),
    U32(1209600),
    U32(300),
];

const ROOT_SOA_DATA: &[Part<'_>] = &[
    Name("a.root-servers.net."),
    Name("nstld.verisign-grs.com."),
    U32(2026010100),
    U32(1800),
    U32(900),
    U32(604800),
    U32(86400),
];

/// `1 . alpn=h3,h2 ipv4hint=192.0.2.1`
const HTTPS_DATA: &[Part<'_>] = &[
    U16(1),
    WholeName("."),
    Octets(b"\x00\x01\x00\x06\x02h3\x02h2"),
    Octets(&[0, 4, 0, 4, 192, 0, 2, 1]),
];

/// `1 dot.example.com. alpn=dot port=853`
const SVCB_DATA: &[Part<'_>] = &[
    U16(1),
    WholeName("dot.example.com."),
    Octets(b"\x00\x01\x00\x04\x03dot"),
    Octets(&[0, 3, 0, 2, 3, 0x55]),
];

const SRV_DATA: &[Part<'_>] = &[U16(0), U16(1), U16(993), WholeName("mail.example.com.")];

/// Over the A records, from 2026-01-01 to 2027-01-01.
const RRSIG_DATA: &[Part<'_>] = &[
    U16(1),
    U8(13),
    U8(2),
    U32(300),
    U32(1_798_761_600),
    U32(1_767_225_600),
    U16(2371),
    WholeName(APEX),
    Octets(KEY),
];

/// The reply that a resolver would send, with padding as asked.
pub fn answer(query: &[u8]) -> Vec<u8> {
    match Query::read(query) {
        Some(query) => answer_to(&query, query.option(PADDING).is_some()),
        None => refuse(query),
    }
}

/// The reply to a query, padded or not.
pub fn answer_to(query: &Query, pad: bool) -> Vec<u8> {
    let mut reply = records(query);
    let Some(edns) = &query.edns else { return reply.finish() };
    let mut options = Vec::new();
    if query.option(NSID).is_some() {
        options.push((NSID, b"dot.test".to_vec()));
    }
    if let Some(subnet) = query.option(CLIENT_SUBNET) {
        options.push((CLIENT_SUBNET, subnet.to_vec()));
    }
    if let Some(cookie) = query.option(COOKIE) {
        let client = &cookie[..cookie.len().min(8)];
        options.push((COOKIE, [client, &[0x11; 8][..]].concat()));
    }
    let rcode = if edns.version == 0 { 0 } else { BADVERS };
    reply.opt(rcode, edns.dnssec, &options, pad);
    reply.finish()
}

/// The reply up to the OPT record, which the caller adds.
pub fn records(query: &Query) -> Reply {
    let table = match query.class {
        _ if query.edns.as_ref().is_some_and(|edns| edns.version > 0) => {
            return Reply::to(query, NOERROR);
        }
        _ if query.flags & 0x7800 != 0 => return Reply::to(query, NOTIMP),
        IN | ANY => ZONE,
        CH => CHAOS,
        _ => return Reply::to(query, REFUSED),
    };
    // a CNAME is followed; the zone has no loop
    let dnssec = query.edns.as_ref().is_some_and(|edns| edns.dnssec);
    let class = if query.class == ANY { IN } else { query.class };
    let mut owner = query.name.clone();
    let mut answers: Vec<(String, Row)> = Vec::new();
    loop {
        let here = || table.iter().filter(|row| row.0.eq_ignore_ascii_case(&owner));
        let wanted = |kind| query.kind == kind || query.kind == ANY || kind == CNAME;
        answers.extend(here().filter(|row| wanted(row.1)).map(|row| (owner.clone(), *row)));
        if dnssec && query.kind == 1 {
            answers.extend(here().filter(|row| row.1 == RRSIG).map(|row| (owner.clone(), *row)));
        }
        let alias = here().find(|row| row.1 == CNAME && query.kind != CNAME && query.kind != ANY);
        match alias {
            Some((_, _, _, [Name(target)])) => owner = (*target).into(),
            _ => break,
        }
    }
    let exists = table.iter().any(|row| {
        let (row, name) = (row.0, owner.to_ascii_lowercase());
        row == name || row.ends_with(&format!(".{name}"))
    });
    let mut reply = Reply::to(query, if exists { NOERROR } else { NXDOMAIN });
    for (owner, (_, kind, ttl, data)) in &answers {
        reply.record(Section::Answer, owner, (*kind, class, *ttl), data);
    }
    if answers.is_empty() && class == IN {
        let inside = format!(".{owner}").to_ascii_lowercase().ends_with(".example.com.");
        let (name, data) = if inside { (APEX, SOA_DATA) } else { (".", ROOT_SOA_DATA) };
        reply.record(Section::Authority, name, (SOA, IN, 300), data);
    }
    reply
}

/// FORMERR to what cannot be read: its ID and nothing else.
pub fn refuse(query: &[u8]) -> Vec<u8> {
    let id = query.first_chunk::<2>().copied().unwrap_or_default();
    [&id[..], &[0x80, FORMERR], &[0; 8]].concat()
}
