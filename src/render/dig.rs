//! kdig's text for one message. One rule: byte for byte kdig's; what is ours is added in lines of
//! its own, and no line ends with a space.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Zoned;

use super::certificates;
use super::ink::{Ink, Role};
use crate::display::Display;
use crate::dns::digits::{decimal, hex};
use crate::dns::edns::{Flag, Opt, View};
use crate::dns::fault::Gravity;
use crate::dns::message::{Message, Question, Record, UPDATE};
use crate::dns::name::Name;
use crate::dns::rcode::Rcode;
use crate::dns::rdata::{self, Style};
use crate::dns::section::Section;
use crate::exchange::{Endpoint, Exchange, Packet, Peer, Phases, Protocol};
use crate::verdict::TlsFacts;

pub use zone::{peer, records, transferred};

use Part::{Milliseconds, Number, Shown, Text, Time, Whom};

/// Writes the query as it was sent, and the empty line that parts it from the reply.
pub fn query(
    exchange: &Exchange,
    query: &Message<'_>,
    display: &Display,
    ink: Ink,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(query, display, ink);
    page.style.now = exchange.query.at.timestamp().as_second();
    page.head(exchange, None)?;
    page.body();
    if display.stats {
        page.sent(exchange);
    }
    page.out.push(b'\n');
    out.write_all(&page.out)
}

/// Writes the reply to `query`, with the session and its certificates.
pub fn reply(
    exchange: &Exchange,
    query: &Message<'_>,
    reply: &Message<'_>,
    display: &Display,
    ink: Ink,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(reply, display, ink);
    page.style.now = exchange.reply.at.timestamp().as_second();
    // a session that is used again was introduced before
    let introduced = exchange.tls.as_deref().filter(|_| !exchange.phases.reused);
    page.head(exchange, introduced)?;
    page.body();
    if display.stats {
        page.received(exchange, query);
    }
    out.write_all(&page.out)
}

/// Writes the statistics of the reply to `query` alone.
pub fn received(
    exchange: &Exchange,
    query: &Message<'_>,
    reply: &Message<'_>,
    display: &Display,
    ink: Ink,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(reply, display, ink);
    page.received(exchange, query);
    out.write_all(&page.out)
}

/// How RDATA is written under these switches.
pub(super) fn style(display: &Display) -> Style {
    let &Display { multiline, crypto, generic, idnout: idn, .. } = display;
    Style { multiline, crypto, generic, idn, ..Style::default() }
}

/// The text of one message in the making.
struct Page<'a> {
    message: &'a Message<'a>,
    display: &'a Display,
    ink: Ink,
    style: Style,
    out: Vec<u8>,
}

impl<'a> Page<'a> {
    fn new(message: &'a Message<'a>, display: &'a Display, ink: Ink) -> Self {
        // most texts fit, and an allocator is quick with small pieces
        let out = Vec::with_capacity(1000);
        Self { message, display, ink, style: style(display), out }
    }

    /// Session, certificates and header: the peer, and the kind of the reply.
    fn head(&mut self, exchange: &Exchange, who: Option<&TlsFacts>) -> io::Result<()> {
        if let Some(tls) = exchange.tls.as_deref().filter(|_| self.display.header) {
            certificates::session(tls, self.ink, &mut self.out)?;
        }
        if let Some(who) = who.filter(|_| self.display.cert) {
            certificates::section(who, self.ink, &mut self.out)?;
        }
        if let Some(who) = who.filter(|_| self.display.pem) {
            certificates::pem(who, &mut self.out)?;
        }
        if self.display.header {
            self.header();
        }
        Ok(())
    }

    /// Everything between header and statistics.
    fn body(&mut self) {
        self.edns();
        self.questions();
        self.section(Section::Answer, self.display.answer);
        self.section(Section::Authority, self.display.authority);
        self.section(Section::Additional, self.display.additional);
        self.signature();
        self.unread();
    }

    fn header(&mut self) {
        let Some(header) = self.message.header else { return };
        let status = self.message.status();
        let good = status.code == 0;
        self.comment(|out| {
            let opcode = header.opcode();
            let id = u64::from(header.id);
            write(out, [Text(";; ->>HEADER<<- opcode: "), Shown(&opcode), Text("; status: ")]);
            if good {
                write(out, [Shown(&status), Text("; id: "), Number(id)]);
            }
        });
        if !good {
            self.paint(Role::Bad, |out| put(out, format_args!("{status}")));
            self.comment(|out| put(out, format_args!("; id: {}", header.id)));
        }
        self.out.push(b'\n');
        self.comment(|out| {
            out.extend(b";; Flags:");
            words(out, header.flags());
            let titles = ["; QUERY: ", "; ANSWER: ", "; AUTHORITY: ", "; ADDITIONAL: "];
            for (title, count) in titles.into_iter().zip(header.counts) {
                write(out, [Text(title), Number(count.into())]);
            }
        });
        self.out.push(b'\n');
    }

    fn edns(&mut self) {
        let Some(opt) = self.message.opt().filter(|_| self.display.opt) else { return };
        self.title("EDNS PSEUDOSECTION");
        // without an extended part kdig says NOERROR whatever the header says
        let extended = Some(self.message.rcode()).filter(|_| opt.extended_rcode != 0);
        let rcode = extended.unwrap_or(Rcode::new(0));
        let question = self.message.questions.first().map(|question| question.name);
        let view = View { question, text: self.display.opttext, idn: self.style.idn };
        if self.display.optpresent {
            self.opt_record(opt, rcode, &view);
        } else {
            self.opt_lines(opt, rcode, &view);
        }
    }

    fn opt_lines(&mut self, opt: Opt<'_>, rcode: Rcode, view: &View<'_>) {
        self.comment(|out| {
            write(out, [Text(";; Version: "), Number(opt.version.into()), Text("; flags:")]);
            words(
                out,
                opt.flags(1).map(|flag| match flag {
                    Flag::Do => "do".to_owned(),
                    Flag::De => "de".to_owned(),
                    Flag::Bit(bit) => format!("bit{bit}"),
                }),
            );
            write(out, [Text("; UDP size: "), Number(opt.udp_size.into())]);
            write(out, [Text(" B; ext-rcode: "), Shown(&rcode)]);
        });
        self.out.push(b'\n');
        for option in opt.options() {
            self.comment(|out| {
                out.extend(b";; ");
                option.write(view, out);
            });
            self.out.push(b'\n');
        }
        if !opt.unread().is_empty() {
            self.comment(|out| {
                out.extend(b";; Options cut short: ");
                hex(out, opt.unread());
            });
            self.out.push(b'\n');
        }
    }

    /// The OPT record in presentation format, folded as RDATA is.
    fn opt_record(&mut self, opt: Opt<'_>, rcode: Rcode, view: &View<'_>) {
        let fold: &[u8] = if self.display.multiline { b"\n\t\t\t\t" } else { b" " };
        let out = &mut self.out;
        out.extend(b". 0 ANY EDNS\t\t\t");
        if self.display.multiline {
            out.push(b'(');
            out.extend(fold);
        }
        put(out, format_args!("Version: {}", opt.version));
        out.extend(fold);
        let flags: Vec<String> = opt
            .flags(0)
            .map(|flag| match flag {
                Flag::Do => "DO".to_owned(),
                Flag::De => "DE".to_owned(),
                Flag::Bit(bit) => format!("BIT{bit}"),
            })
            .collect();
        let flags = if flags.is_empty() { "\"\"".to_owned() } else { flags.join(",") };
        put(out, format_args!("FLAGS: {flags}"));
        out.extend(fold);
        put(out, format_args!("RCODE: {rcode}"));
        out.extend(fold);
        put(out, format_args!("UDPSIZE: {}", opt.udp_size));
        for option in opt.options() {
            out.extend(fold);
            option.write_presentation(view, out);
        }
        if self.display.multiline {
            out.extend(fold);
            out.push(b')');
        }
        out.push(b'\n');
    }

    fn questions(&mut self) {
        let questions = &self.message.questions;
        if questions.is_empty() || !self.display.question {
            return;
        }
        let title = if self.update() { "ZONE SECTION" } else { "QUESTION SECTION" };
        self.title(title);
        for question in questions {
            self.question(question);
        }
    }

    fn question(&mut self, question: &Question<'_>) {
        let start = if self.display.comments { ";; " } else { ";;" };
        self.comment(|out| out.extend(start.as_bytes()));
        self.owner(question.name);
        if self.display.ttl {
            self.gap();
        }
        if self.display.class {
            rdata::write_class(&mut self.out, question.class);
            self.gap();
        }
        self.record_type(question.record_type);
        self.out.push(b'\n');
    }

    fn section(&mut self, section: Section, shown: bool) {
        let records = self.message.section(section);
        let message = self.message;
        let apart = |record: &Record<'_>| {
            section == Section::Additional && (message.is_opt(record) || record.is_tsig())
        };
        if !shown || records.iter().all(apart) {
            return;
        }
        self.title(match (section, self.update()) {
            (Section::Question, _) => return,
            (Section::Answer, false) => "ANSWER SECTION",
            (Section::Answer, true) => "PREREQUISITE SECTION",
            (Section::Authority, false) => "AUTHORITY SECTION",
            (Section::Authority, true) => "UPDATE SECTION",
            (Section::Additional, false) => "ADDITIONAL SECTION",
            (Section::Additional, true) => "ADDITIONAL DATA",
        });
        for record in records.iter().filter(|record| !apart(record)) {
            self.record(record);
        }
    }

    fn signature(&mut self) {
        let records = self.message.section(Section::Additional);
        if !self.display.tsig || !records.iter().any(Record::is_tsig) {
            return;
        }
        self.title("TSIG PSEUDOSECTION");
        for record in records.iter().filter(|record| record.is_tsig()) {
            self.record(record);
        }
    }

    fn record(&mut self, record: &Record<'_>) {
        self.owner(record.owner);
        if self.display.ttl {
            decimal(&mut self.out, record.ttl.into());
            self.gap();
        }
        if self.display.class {
            rdata::write_class(&mut self.out, record.class);
            self.gap();
        }
        self.record_type(record.record_type);
        self.gap();
        let start = self.out.len();
        record.rdata.write(record.record_type, self.style, &mut self.out);
        if self.out.len() == start {
            self.out.pop();
        }
        self.out.push(b'\n');
    }

    /// The owner in its column, and what parts it from the next.
    fn owner(&mut self, owner: Name<'_>) {
        let idn = self.style.idn;
        let mut length = 0;
        self.paint(Role::Owner, |out| {
            let start = out.len();
            owner.write(out, idn);
            length = out.len() - start;
        });
        let padded = self.out.len() + OWNER_COLUMN.saturating_sub(length);
        self.out.resize(padded, b' ');
        self.out.push(if length < TAB_UP_TO { b'\t' } else { b' ' });
    }

    fn record_type(&mut self, number: u16) {
        let generic = self.style.generic;
        self.paint(Role::Type, |out| {
            if generic {
                put(out, format_args!("TYPE{number}"));
            } else {
                rdata::write_type(out, number);
            }
        });
    }

    fn gap(&mut self) {
        self.out.push(if self.display.multiline { b' ' } else { b'\t' });
    }

    /// The octets behind the place where reading had to end, in lines of 32.
    fn unread(&mut self) {
        let unread = self.message.unread();
        let broken = self.message.faults.iter().any(|f| f.gravity() == Gravity::Unreadable);
        if !broken || unread.is_empty() || !self.display.comments {
            return;
        }
        self.out.push(b'\n');
        let mut at = self.message.bytes.len() - unread.len();
        for line in unread.chunks(32) {
            self.comment(|out| {
                put(out, format_args!(";; unread: {at:5} "));
                hex(out, line);
            });
            self.out.push(b'\n');
            at += line.len();
        }
    }

    fn sent(&mut self, exchange: &Exchange) {
        let Packet { bytes, at, took } = &exchange.query;
        self.out.push(b'\n');
        self.line([Text(";; Sent "), Number(bytes.len() as u64), Text(" B")]);
        self.line([Text(";; Time "), Time(at)]);
        self.line([Text(";; To "), Whom(&exchange.peer), Text(" in "), Milliseconds(*took)]);
    }

    /// kdig's lines, and before the last of them, which scripts read, where octets and time went.
    fn received(&mut self, exchange: &Exchange, query: &Message<'_>) {
        let Packet { bytes, at, took } = &exchange.reply;
        self.out.push(b'\n');
        self.line([Text(";; Received "), Number(bytes.len() as u64), Text(" B")]);
        if query.padding().or(self.message.padding()).is_some() {
            let reply = self.message;
            self.comment(|out| {
                out.extend(b";; Padding: query ");
                padded(out, query);
                out.extend(b", reply ");
                padded(out, reply);
            });
            self.out.push(b'\n');
        }
        self.line([Text(";; Time "), Time(at)]);
        let Phases { reused, connect, handshake, reply } = exchange.phases;
        self.comment(|out| {
            out.extend(b";; Phases: ");
            let (connect, handshake) = (Milliseconds(connect), Milliseconds(handshake));
            match (reused, exchange.peer.protocol) {
                (true, _) => out.extend(b"session reused, "),
                (false, Protocol::Tls) => {
                    write(out, [Text("connect "), connect, Text(", TLS "), handshake, Text(", ")]);
                }
                (false, Protocol::Tcp) => write(out, [Text("connect "), connect, Text(", ")]),
                (false, Protocol::Udp) => {}
            }
            write(out, [Text("reply "), Milliseconds(reply)]);
        });
        self.out.push(b'\n');
        self.line([Text(";; From "), Whom(&exchange.peer), Text(" in "), Milliseconds(*took)]);
    }

    /// An empty line and the title, both of them comments.
    fn title(&mut self, title: &str) {
        if self.display.comments {
            self.out.push(b'\n');
            self.line([Text(";; "), Text(title), Text(":")]);
        }
    }

    fn line<const N: usize>(&mut self, parts: [Part<'_>; N]) {
        self.comment(|out| write(out, parts));
        self.out.push(b'\n');
    }

    fn comment(&mut self, text: impl FnOnce(&mut Vec<u8>)) {
        self.paint(Role::Comment, text);
    }

    fn paint(&mut self, role: Role, text: impl FnOnce(&mut Vec<u8>)) {
        paint(self.ink, &mut self.out, role, text);
    }

    fn update(&self) -> bool {
        self.message.header.is_some_and(|header| header.opcode() == UPDATE)
    }
}

/// The octets of a message: content, then padding with the header of its option.
fn padded(out: &mut Vec<u8>, message: &Message<'_>) {
    let size = Number(message.bytes.len() as u64);
    match message.padding() {
        Some(padding) => {
            let content = Number((message.bytes.len() - padding) as u64);
            let padding = Number(padding as u64);
            write(out, [content, Text(" B + "), padding, Text(" B = "), size, Text(" B")]);
        }
        None => write(out, [size, Text(" B without padding")]),
    }
}

/// A part of a line. Writing parts takes a fifth of the time that the formatter of the standard
/// library does, which a batch would spend most of its time in.
enum Part<'a> {
    Text(&'a str),
    Number(u64),
    /// `4.2 ms`
    Milliseconds(Duration),
    /// `2026-11-21 21:39:08 UTC`
    Time(&'a Zoned),
    Whom(&'a Peer),
    Shown(&'a dyn fmt::Display),
}

fn write<const N: usize>(out: &mut Vec<u8>, parts: [Part<'_>; N]) {
    for part in parts {
        match part {
            Text(text) => out.extend(text.as_bytes()),
            Number(number) => decimal(out, number),
            Milliseconds(time) => {
                // to the nearest tenth; no lookup takes so long that 64 bits do not hold it
                let tenths = ((time.as_nanos() + 50_000) / 100_000) as u64;
                decimal(out, tenths / 10);
                out.extend([b'.', b'0' + (tenths % 10) as u8]);
                out.extend(b" ms");
            }
            Time(at) => moment(out, at),
            Whom(peer) => match &peer.address {
                Endpoint::Ip(SocketAddr::V4(address)) => {
                    for (index, octet) in address.ip().octets().into_iter().enumerate() {
                        write(out, [Text(if index > 0 { "." } else { "" }), Number(octet.into())]);
                    }
                    write(out, [Text("@"), Number(address.port().into()), Text("(")]);
                    write(out, [Shown(&peer.protocol), Text(")")]);
                }
                _ => put(out, format_args!("{peer}")),
            },
            Shown(value) => put(out, format_args!("{value}")),
        }
    }
}

/// The moment of a lookup, local time: `%Y-%m-%d %H:%M:%S %Z`.
fn moment(out: &mut Vec<u8>, at: &Zoned) {
    let time = at.datetime();
    let fields = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    // four digits from now on
    decimal(out, time.year().unsigned_abs().into());
    for (before, field) in b"-- ::".iter().zip(fields) {
        // none has more than two digits
        let field = field.unsigned_abs();
        out.extend([*before, b'0' + field / 10, b'0' + field % 10]);
    }
    out.push(b' ');
    let offset = at.time_zone().to_offset_info(at.timestamp());
    out.extend(offset.abbreviation().as_bytes());
}

/// The owner takes so many characters at least.
const OWNER_COLUMN: usize = 20;

/// Owners shorter than this are followed by a tab, the others by a space.
const TAB_UP_TO: usize = 32;

/// Each word behind a space; one space for no words at all.
fn words<W: AsRef<str>>(out: &mut Vec<u8>, words: impl Iterator<Item = W>) {
    let start = out.len();
    for word in words {
        out.push(b' ');
        out.extend(word.as_ref().as_bytes());
    }
    if out.len() == start {
        out.push(b' ');
    }
}

fn paint(ink: Ink, out: &mut Vec<u8>, role: Role, text: impl FnOnce(&mut Vec<u8>)) {
    let painted = ink.paint(out, role, |out| {
        text(out);
        Ok(())
    });
    debug_assert!(painted.is_ok(), "writing to a Vec does not fail");
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a Vec does not fail");
}

mod zone;

#[cfg(test)]
pub(super) mod tests;
