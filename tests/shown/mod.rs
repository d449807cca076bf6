//! A reply in every format, and what has to hold of it whatever its octets: for the corpus of the
//! integration tests and for the fuzz targets. One rule: it panics with what does not hold.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each crate that includes this module uses its own part of it"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Zoned;
use tdig::display::{Display, Format};
use tdig::dns::message::Message;
use tdig::dns::section::Section;
use tdig::exchange::{Endpoint, Exchange, Packet, Peer, Phases, Protocol};
use tdig::render::ink::Ink;
use tdig::render::{dig, json, short};

/// Shows one reply in every format; how many answers it had.
pub fn show(octets: &[u8]) -> usize {
    let packet = |bytes| Packet { bytes, at: Zoned::default(), took: Duration::ZERO };
    let exchange = Exchange {
        peer: Peer {
            address: Endpoint::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 853))),
            protocol: Protocol::Tls,
        },
        query: packet(octets.to_vec()),
        reply: packet(octets.to_vec()),
        tls: None,
        signature: None,
        phases: Phases::default(),
    };
    let message = Message::read(&exchange.reply.bytes);
    for display in displays() {
        let out = shown(&exchange, &message, &display);
        // a name of 255 octets, each escaped, behind a pointer of two
        let most = 4096 + 800 * octets.len();
        assert!(out.len() <= most, "{} octets of {} as {display:?}", out.len(), octets.len());
        let text = String::from_utf8(out).unwrap();
        is_harmless(&text);
        if display.format == Format::Json {
            let object: serde_json::Result<serde_json::Value> = serde_json::from_str(&text);
            assert!(object.is_ok(), "{text}");
        }
    }
    for fault in message.faults.iter().chain(&message.mismatches(&message)) {
        is_harmless(&fault.to_string());
    }
    message.section(Section::Answer).len()
}

/// Nothing in `text` steers a terminal.
pub fn is_harmless(text: &str) {
    let odd = |it: char| {
        it.is_control() && it != '\n' && it != '\t'
            || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(odd), "{text:?}");
}

fn shown(exchange: &Exchange, message: &Message<'_>, display: &Display) -> Vec<u8> {
    let mut out = Vec::new();
    match display.format {
        Format::Full => {
            let ink = Ink::new(false);
            dig::query(exchange, message, display, ink, &mut out).unwrap();
            dig::reply(exchange, message, message, display, ink, &mut out).unwrap();
        }
        Format::Short => short::reply(message, 0, display, &mut out).unwrap(),
        Format::Json => {
            let (faults, qr) = (&message.faults[..], display.qr);
            let it = json::Answered {
                exchange,
                query: message,
                reply: message,
                faults,
                failed: &[],
                qr,
            };
            json::answered(&json::Heard::default(), it, qr, &mut out).unwrap();
        }
    }
    out
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
