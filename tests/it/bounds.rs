//! What a reply or a handshake may cost. One rule: never more than 64 MiB, nor more than a second of
//! a processor where the program was optimised, whatever the server sends.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use rcgen::{
    CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P384_SHA384,
    SanType,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::dot::{Behaviour, Credential, HOSTILE_NAME, Identity, Server};
use crate::run::file;

/// MiB of data.
const MEMORY: u32 = 64;
/// Seconds of a processor; what was not optimised takes so many times longer.
const CPU: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

/// Runs tdig where it may cost no more: a signal ends it if it wants more.
fn within_bounds(line: &str, status: i32) -> usize {
    let program = std::env::var("TDIG_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_tdig").into());
    let script = format!("ulimit -d {}; ulimit -t {CPU}; exec {program} {line}", MEMORY * 1024);
    let output = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let ended = output.status.code();
    assert_eq!(ended, Some(status), "{line}: {}: {err:.2000}", output.status);
    assert!(err.lines().count() < 20, "warnings are counted, not repeated: {line}: {err:.2000}");
    String::from_utf8(output.stdout).unwrap().len()
}

/// Replies with this message, under the right ID and with the question that was asked.
fn replying(message: &[u8]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let message = message.to_vec();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, mut reply) = (socket.unwrap(), message.clone());
            let mut query = [0; 2 + 512];
            // a client that left asks nothing
            let Ok(2..) = socket.read(&mut query) else { continue };
            reply[..2].copy_from_slice(&query[2..4]);
            let length = u16::try_from(reply.len()).unwrap();
            let _ = socket.write_all(&[&length.to_be_bytes(), &reply[..]].concat());
        }
    });
    port
}

/// The longest message that has this name in its question and then the same record again and again.
fn full_of(name: &[u8], record: &[u8]) -> Vec<u8> {
    let mut message = [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0].to_vec();
    message.extend(name);
    message.extend([0, 1, 0, 1]);
    let count = (usize::from(u16::MAX) - message.len()) / record.len();
    message[6..8].copy_from_slice(&(count as u16).to_be_bytes());
    message.extend(record.repeat(count));
    message
}

/// A record whose owner is the name of the question.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let head = [&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60]].concat();
    [&head[..], &(data.len() as u16).to_be_bytes(), data].concat()
}

/// A name of 255 octets, all of them escaped.
fn longest_name() -> Vec<u8> {
    let label = |length: u8| [&[length][..], &vec![0x1b; length.into()]].concat();
    [label(63), label(63), label(63), label(61), vec![0]].concat()
}

/// A name of 127 labels, in a chain of pointers where it is repeated.
fn name_of_labels() -> Vec<u8> {
    [&[1, 0xff].repeat(127)[..], &[0]].concat()
}

/// A name in Punycode, about as long as a name can be.
fn name_in_punycode() -> Vec<u8> {
    let letters: String = ('à'..='ö').collect();
    let label = idna::domain_to_ascii(&letters).unwrap();
    let label = [&[label.len() as u8], label.as_bytes()].concat();
    [&label.repeat(250 / label.len())[..], &[0]].concat()
}

/// An OPT record full of this option.
fn options(option: &[u8]) -> Vec<u8> {
    let mut message = [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 1].to_vec();
    message.extend(b"\x07example\x03com\0\0\x01\0\x01");
    message.extend([0, 0, 41, 4, 208, 0, 0, 0, 0]);
    let count = (usize::from(u16::MAX) - message.len() - 2) / option.len();
    message.extend(((count * option.len()) as u16).to_be_bytes());
    message.extend(option.repeat(count));
    message
}

fn replies() -> Vec<(&'static str, Vec<u8>)> {
    let pointer: &[u8] = &[0xc0, 12];
    let soa = [pointer, pointer, &[0xff; 20]].concat();
    let example = b"\x07example\x03com\0";
    vec![
        ("records without data", full_of(&longest_name(), &record(65280, &[]))),
        ("three names a record", full_of(&longest_name(), &record(17, &pointer.repeat(2)))),
        ("names of many labels", full_of(&name_of_labels(), &record(17, &pointer.repeat(2)))),
        ("names in Punycode", full_of(&name_in_punycode(), &record(17, &pointer.repeat(2)))),
        ("SOA records", full_of(&longest_name(), &record(6, &soa))),
        ("strings of no octet", full_of(example, &record(16, &[0; 60_000]))),
        ("strings of one octet", full_of(example, &record(16, &[1, 0x1b].repeat(30_000)))),
        ("types of all numbers", full_of(&longest_name(), &record(47, &bitmap()))),
        ("data that do not fit", full_of(&longest_name(), &record(1, &[1, 2, 3]))),
        ("address prefixes", full_of(example, &record(42, &[0, 1, 32, 0].repeat(15_000)))),
        ("options without data", options(&[0xff, 0xf0, 0, 0])),
        ("errors with a text", options(&[0, 15, 0, 8, 0, 1, 0x1b, b'[', b'2', b'J', 0xe2, 0x80])),
        ("chains of options", options(&[0, 14, 0, 4, 1, 2, 3, 4])),
    ]
}

/// The next name is the root; then a bit map of all types.
fn bitmap() -> Vec<u8> {
    let windows = (0..=255).map(|window: u8| [&[window, 32][..], &[0xff; 32]].concat());
    [vec![0], windows.collect::<Vec<_>>().concat()].concat()
}

#[test]
fn no_reply_costs_more_than_64_mib_in_any_format() {
    let rows = replies();
    // a test for each processor that a small machine has
    thread::scope(|scope| {
        for half in rows.chunks(rows.len().div_ceil(2)) {
            scope.spawn(move || {
                for (name, message) in half {
                    let port = replying(message);
                    for format in ["+qr +multiline +idnout", "+short", "+json +qr"] {
                        let line = format!("-dd @127.0.0.1#{port} +notls +tcp {format} name.test");
                        // another question was asked, and all of the reply is shown
                        let length = within_bounds(&line, 11);
                        println!("{name} {format}: {} octets, {length} shown", message.len());
                    }
                }
            });
        }
    });
}

/// Certificates of this many issuers, the server's first, each as its place says; of a curve whose
/// signatures take long to check.
fn chain(count: usize, change: impl Fn(usize, &mut CertificateParams)) -> Identity {
    let mut issuer: Option<Issuer<'static, KeyPair>> = None;
    let (mut chain, mut key) = (Vec::new(), Vec::new());
    for place in (0..count).rev() {
        let mut params = CertificateParams::default();
        if place > 0 {
            params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        change(place, &mut params);
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        key = pair.serialize_der();
        let certificate = match &issuer {
            None => params.self_signed(&pair),
            Some(issuer) => params.signed_by(&pair, issuer),
        };
        chain.insert(0, certificate.unwrap().der().clone());
        issuer = Some(Issuer::new(params, pair));
    }
    Identity { chain, key: PrivatePkcs8KeyDer::from(key).into() }
}

fn chains() -> Vec<(&'static str, Identity)> {
    let hostile = |_, params: &mut CertificateParams| {
        params.distinguished_name.push(DnType::CommonName, HOSTILE_NAME);
        let name = format!("{}.test", "a".repeat(60));
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
    };
    let same = |place, params: &mut CertificateParams| {
        let name = if place == 0 { "leaf" } else { "issuer" };
        params.distinguished_name.push(DnType::CommonName, name);
    };
    let names = |_, params: &mut CertificateParams| {
        let name = |number: usize| SanType::DnsName(format!("{number:x}.t").try_into().unwrap());
        params.subject_alt_names = (0..7000).map(name).collect();
    };
    let extensions = |place, params: &mut CertificateParams| {
        if place == 0 {
            let octets = [0x1b; 600];
            let extension =
                |number| CustomExtension::from_oid_content(&[2, 5, 29, number], octets.to_vec());
            params.custom_extensions = (1000..1090).map(extension).collect();
        }
    };
    vec![
        ("100 certificates of hostile names", chain(100, hostile)),
        ("100 certificates of the same issuer", chain(100, same)),
        ("a certificate of 7,000 names", chain(1, names)),
        ("a certificate of 90 extensions", chain(1, extensions)),
    ]
}

#[test]
fn no_chain_costs_more_than_64_mib_in_any_format() {
    for (name, identity) in chains() {
        let length: usize = identity.chain.iter().map(|it| it.len()).sum();
        let server = Server::presenting(identity).start();
        let at = format!("@127.0.0.1#{}", server.port());
        for (format, status) in
            [("-dd +pem", 0), ("+json", 0), ("-dd +tls-mozilla +tls-host=dot.test", 6)]
        {
            let shown = within_bounds(&format!("{at} {format} +timeout=60 example.com"), status);
            println!("{name} {format}: {length} octets, {shown} shown");
        }
    }
}

#[test]
fn no_batch_costs_more_than_64_mib_where_all_wait_for_the_first() {
    let silent = Server::start(Credential::Good, Behaviour::NoReply);
    let server = Server::start(Credential::Good, Behaviour::Largest);
    let queries = format!("example.com @127.0.0.1#{}\n", silent.port());
    let path = file("longest.txt", &(queries + &"example.com\n".repeat(600)));
    let line = format!("-f {path} @127.0.0.1#{} +short +nopadding +timeout=4s", server.port());
    let length = within_bounds(&line, 9);
    println!("600 replies of the greatest length: {length} shown");
}
