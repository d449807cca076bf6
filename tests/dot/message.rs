//! Replies that are wrong in one way each.
//! One rule: a message, not a conversation; what happens over time is in `fault`.

use super::fault::Behaviour;
use super::wire::{PADDING, Part, QR, Query, Reply, Section, TC, wire_name};
use super::zone;

const A: u16 = 1;
const TXT: u16 = 16;
const IN: u16 = 1;

/// The reply to a query under this behaviour; the true answer where it concerns no single message.
pub fn reply(behaviour: Behaviour, query: &[u8]) -> Vec<u8> {
    let Some(asked) = Query::read(query) else { return zone::refuse(query) };
    let answer = zone::answer(query);
    match behaviour {
        Behaviour::ZeroLength => Vec::new(),
        Behaviour::ShortMessage => answer[..5].to_vec(),
        Behaviour::GarbageMessage => [&query[..2], &[0xff; 30], b"\x1b[31m"].concat(),
        Behaviour::WrongId => wrong_id(answer),
        Behaviour::OtherQuestion => other_question(query, &asked),
        Behaviour::NoQuestion => [&answer[..4], &[0; 8]].concat(),
        Behaviour::NotAReply => flagged(answer, |flags| flags & !QR),
        Behaviour::OtherOpcode => flagged(answer, |flags| flags | 5 << 11),
        Behaviour::Truncated => flagged(answer, |flags| flags | TC),
        Behaviour::TrailingOctets => [&answer[..], b"\x1b[31mtail"].concat(),
        Behaviour::LyingCounts => {
            let mut message = answer;
            message[6..8].fill(0xff);
            message
        }
        Behaviour::PointerLoop => pointer_loop(&asked),
        Behaviour::NoPadding => zone::answer_to(&asked, false),
        Behaviour::Rcode(rcode) => with_opt(Reply::to(&asked, rcode), &asked, u16::from(rcode), 1),
        Behaviour::ExtendedRcode(rcode) => {
            with_opt(Reply::to(&asked, (rcode & 15) as u8), &asked, rcode, 1)
        }
        Behaviour::TwoOpts => with_opt(zone::records(&asked), &asked, 0, 2),
        Behaviour::RdataMisfit => misfit(&asked),
        Behaviour::Options => with_options(&asked),
        Behaviour::HostileRecords => hostile_records(&asked),
        Behaviour::Largest => largest(&asked),
        _ => answer,
    }
}

/// The same message under another ID.
pub(crate) fn wrong_id(mut message: Vec<u8>) -> Vec<u8> {
    message[0] ^= 0xff;
    message
}

/// A text that would clear the screen, forge a line and turn the reading direction.
pub const HOSTILE_TEXT: &str = "\u{1b}[2J\n;; The certificate is trusted.\r\u{202e}drawkcab\u{7}\0";

fn flagged(mut message: Vec<u8>, change: impl FnOnce(u16) -> u16) -> Vec<u8> {
    let flags = change(u16::from_be_bytes([message[2], message[3]]));
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message
}

/// As asked of `other.example.`, whatever was asked.
fn other_question(query: &[u8], asked: &Query) -> Vec<u8> {
    let tail = [&asked.question[asked.question.len() - 4..], &query[12 + asked.question.len()..]];
    zone::answer(&[&query[..12], &wire_name("other.example."), &tail.concat()].concat())
}

/// One answer whose owner is a pointer to itself.
fn pointer_loop(asked: &Query) -> Vec<u8> {
    let mut message = Reply::to(asked, 0).finish();
    let here = 0xc000 | message.len() as u16;
    message[7] = 1;
    message.extend(here.to_be_bytes());
    message.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    message
}

/// Closes a reply with OPT records if the query had one; the last is padded as was asked.
fn with_opt(mut reply: Reply, asked: &Query, rcode: u16, count: usize) -> Vec<u8> {
    if let Some(edns) = &asked.edns {
        for left in (0..count).rev() {
            let pad = left == 0 && asked.option(PADDING).is_some();
            reply.opt(rcode, edns.dnssec, &[], pad);
        }
    }
    reply.finish()
}

/// An A record of 3 octets between two good ones.
fn misfit(asked: &Query) -> Vec<u8> {
    let mut reply = Reply::to(asked, 0);
    let addresses: [&[u8]; 3] = [&[192, 0, 2, 1], &[192, 0, 2], &[192, 0, 2, 2]];
    for address in addresses {
        reply.record(Section::Answer, &asked.name, (A, IN, 300), &[Part::Octets(address)]);
    }
    with_opt(reply, asked, 0, 1)
}

/// Every EDNS option in the registry that a reply may carry, then hostile and malformed ones.
fn with_options(asked: &Query) -> Vec<u8> {
    let text = |code: u16, text: &str| (15, [&code.to_be_bytes(), text.as_bytes()].concat());
    let options = [
        (1, [&[0, 1, 0, 1, 0, 0][..], &[0, 0, 0, 0, 0, 0, 0, 9], &[0, 0, 14, 16]].concat()),
        (2, vec![0, 0, 14, 16]),
        (3, b"dot.test".to_vec()),
        (3, vec![0, 0xff, 0x1b, b'[', b'm']),
        (5, vec![8, 13, 15]),
        (6, vec![1, 2, 4]),
        (7, vec![1]),
        (8, vec![0, 1, 24, 24, 198, 51, 100]),
        (8, vec![0, 2, 48, 0, 0x20, 1, 0xd, 0xb8, 0, 1]),
        (9, vec![0, 9, 0x3a, 0x80]),
        (10, (0..24).collect()),
        (11, vec![0, 100]),
        (13, wire_name("example.com.")),
        (14, vec![0x4f, 0x66, 0x98, 0x37]),
        text(0, ""),
        text(22, "no reachable authority"),
        text(18, "blocked by policy \u{17e}lutá"),
        text(49152, HOSTILE_TEXT),
        (18, wire_name("agent.example.com.")),
        (19, vec![2, 0, 0x78, 0xc3, 0x30, 0x25]),
        (65001, b"local\x1b]0;owned\x07".to_vec()),
        // malformed: a subnet of 5 octets for a /8, a half cookie, no EDE code, a keepalive of 1
        (8, vec![0, 1, 8, 0, 10, 0, 0, 0, 1]),
        (10, vec![1, 2, 3]),
        (15, vec![7]),
        (11, vec![1]),
    ];
    let mut reply = zone::records(asked);
    if let Some(edns) = &asked.edns {
        reply.opt(0, edns.dnssec, &options, asked.option(PADDING).is_some());
    }
    reply.finish()
}

/// A TXT record of hostile text, and one whose owner is hostile too.
fn hostile_records(asked: &Query) -> Vec<u8> {
    let mut reply = Reply::to(asked, 0);
    let data = &[Part::Text(HOSTILE_TEXT.as_bytes()), Part::Text(b"\"; \\ \x7f\x80\xff")];
    reply.record(Section::Answer, &asked.name, (TXT, IN, 300), data);
    let owner = "\u{1b}[31mred\n;; ok \"$@();\u{202e}\\.example.com.";
    reply.record(Section::Answer, owner, (TXT, IN, 300), data);
    with_opt(reply, asked, 0, 1)
}

/// As many TXT records as fit, the last as long as fits.
fn largest(asked: &Query) -> Vec<u8> {
    const TEXT: &[u8] = &[b'x'; 200];
    const OPT_LENGTH: usize = 11;
    let mut reply = Reply::to(asked, 0);
    let owner = if asked.name == "." { 1 } else { 2 };
    // type, class, TTL, length, and the length of the string
    let around = owner + 10 + 1;
    let room = |reply: &Reply| usize::from(u16::MAX) - OPT_LENGTH - reply.len();
    while room(&reply) >= around + TEXT.len() + around {
        reply.record(Section::Answer, &asked.name, (TXT, IN, 300), &[Part::Text(TEXT)]);
    }
    let last = &[b'y'; 255][..room(&reply) - around];
    reply.record(Section::Answer, &asked.name, (TXT, IN, 300), &[Part::Text(last)]);
    reply.opt(0, false, &[], false);
    reply.finish()
}
