//! kdig's text for a transfer: the session and its certificates, the records of each message, how
//! it went. One rule: records are written as they come, and nothing is kept of them.

use std::io::{self, Write};

use super::Part::{Milliseconds, Number, Text, Time, Whom};
use super::{Page, certificates};
use crate::display::Display;
use crate::dns::message::Message;
use crate::dns::section::Section;
use crate::exchange::Transferred;
use crate::render::ink::Ink;
use crate::verdict::TlsFacts;

/// Writes who sends a zone, before its first record.
pub fn peer(tls: &TlsFacts, display: &Display, ink: Ink, out: &mut dyn Write) -> io::Result<()> {
    if display.header {
        certificates::session(tls, ink, out)?;
    }
    if display.cert {
        certificates::section(tls, ink, out)?;
    }
    if display.pem {
        certificates::pem(tls, out)?;
    }
    Ok(())
}

/// Writes the records of one message of a transfer that came `now`, in seconds since 1970, without
/// titles.
pub fn records(
    message: &Message<'_>,
    now: i64,
    display: &Display,
    ink: Ink,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bare = Display { comments: false, ..display.clone() };
    let mut page = Page::new(message, &bare, ink);
    page.style.now = now;
    page.section(Section::Answer, display.answer);
    page.signature();
    out.write_all(&page.out)
}

/// Writes how a transfer went.
pub fn transferred(
    summary: &Transferred,
    display: &Display,
    ink: Ink,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !display.stats {
        return Ok(());
    }
    let nothing = Message::read(&[]);
    let mut page = Page::new(&nothing, display, ink);
    let Transferred { peer, query, took, octets, messages, records, .. } = summary;
    match messages {
        0 => page.line([Text(";; Received 0 B")]),
        _ => page.line([
            Text(";; Received "),
            Number(*octets as u64),
            Text(" B ("),
            Number(*messages as u64),
            Text(" messages, "),
            Number(*records as u64),
            Text(" records)"),
        ]),
    }
    page.line([Text(";; Time "), Time(&query.at)]);
    page.line([Text(";; From "), Whom(peer), Text(" in "), Milliseconds(*took)]);
    out.write_all(&page.out)
}
