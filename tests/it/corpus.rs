//! Messages of strangers, of every kind that fuzzers of name servers came upon: `dns-messages.tar.gz`
//! in the folder that `TDIG_CORPUS` names. One rule: whatever they hold, each is shown in every
//! format, in bounded time and space, without a control octet.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use jiff::Zoned;
use tdig::display::{Display, Format};
use tdig::dns::message::Message;
use tdig::exchange::{Endpoint, Exchange, Packet, Peer, Phases, Protocol};
use tdig::render::ink::Ink;
use tdig::render::{dig, json, short};

/// Each message may take this long in all formats together, without optimisation.
const BOUND: Duration = Duration::from_millis(500);

#[test]
fn the_messages_of_strangers_are_shown_in_every_format() {
    let Some(folder) = std::env::var_os("TDIG_CORPUS").map(PathBuf::from) else {
        // past the harness, which keeps back what a test says that passes
        let _ = io::stderr().write_all(b"skipped the corpus: TDIG_CORPUS names no folder\n");
        return;
    };
    let archive = File::open(folder.join("dns-messages.tar.gz")).expect("the folder has messages");
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let (mut messages, mut records) = (0, 0);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        // no message is longer
        bytes.truncate(65_535);
        let started = Instant::now();
        records += show(&name, bytes);
        assert!(started.elapsed() < BOUND, "{name} took {:?}", started.elapsed());
        messages += 1;
    }
    assert!(messages > 0, "the archive is empty");
    let said = format!("{messages} messages of strangers with {records} answers\n");
    let _ = io::stderr().write_all(said.as_bytes());
}

/// Shows one reply in every format; how many answers it had.
fn show(name: &str, bytes: Vec<u8>) -> usize {
    let packet = |bytes| Packet { bytes, at: Zoned::default(), took: Duration::ZERO };
    let exchange = Exchange {
        peer: Peer {
            address: Endpoint::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 853))),
            protocol: Protocol::Tls,
        },
        query: packet(bytes.clone()),
        reply: packet(bytes),
        tls: None,
        signature: None,
        phases: Phases::default(),
    };
    let message = Message::read(&exchange.reply.bytes);
    let ink = Ink::new(false);
    for display in displays() {
        let mut out = Vec::new();
        match display.format {
            Format::Full => {
                dig::query(&exchange, &message, &display, ink, &mut out).unwrap();
                dig::reply(&exchange, &message, &message, &display, ink, &mut out).unwrap();
            }
            Format::Short => short::reply(&message, &display, &mut out).unwrap(),
            Format::Json => {
                let (faults, qr) = (&message.faults[..], display.qr);
                let (query, reply) = (&message, &message);
                let it = json::Answered { exchange: &exchange, query, reply, faults, qr };
                json::answered(&json::Heard::default(), it, qr, &mut out).unwrap();
            }
        }
        // a name of 255 octets, each escaped, behind a pointer of two
        let most = 4096 + 800 * exchange.reply.bytes.len();
        assert!(out.len() <= most, "{name} is {} octets as {display:?}", out.len());
        let text = String::from_utf8(out).unwrap();
        let odd = |it: char| it.is_control() && it != '\n' && it != '\t';
        assert!(!text.contains(odd), "{name} as {display:?}:\n{text}");
        if display.format == Format::Json {
            serde_json::from_str::<serde_json::Value>(&text).expect(name);
        }
    }
    for fault in message.faults.iter().chain(&message.mismatches(&message)) {
        assert!(!fault.to_string().contains(char::is_control), "{name}: {fault}");
    }
    message.section(tdig::dns::message::Section::Answer).len()
}

fn displays() -> Vec<Display> {
    let full = Display { qr: true, opttext: true, ..Display::default() };
    vec![
        Display { multiline: true, ..full.clone() },
        Display { generic: true, multiline: true, ..full.clone() },
        Display { crypto: false, optpresent: true, ..full.clone() },
        Display { idnout: true, comments: false, ..full.clone() },
        Display { format: Format::Short, ..full.clone() },
        Display { format: Format::Json, ..full.clone() },
        Display { format: Format::Json, qr: false, ..full.clone() },
        full,
    ]
}
