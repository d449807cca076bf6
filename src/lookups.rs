//! Lookups, from the plan to the streams: one query after the other, or a transfer. One rule:
//! warnings stand before the text that they are about, and the first failure is the exit status.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::Look;
use crate::cli::settings::Name;
use crate::condition::Zone;
use crate::display::Format;
use crate::dns::fault::{Fault, Gravity};
use crate::dns::message::Message;
use crate::dns::rcode::Rcode;
use crate::error::{CONDITION, Error, NO_ANSWER};
use crate::event::Event;
use crate::exchange::{Exchange, Packet};
use crate::net::clock::Clock;
use crate::net::lookup::Asker;
use crate::plan::{Idna, Lookup};
use crate::render::json::{self, Asked, Heard};
use crate::render::trace::Talk;
use crate::render::{certificates, dig, short};
use crate::text;

const A: u16 = 1;
const PTR: u16 = 12;
const IN: u16 = 1;

/// Plans the queries of the command line.
pub(crate) fn plan(look: &Look) -> Result<Vec<Lookup>, Error> {
    let mut planned = look.queries.iter().map(Lookup::new).collect::<Result<Vec<_>, _>>()?;
    if look.debug > 0 {
        // debug lines say the same and more
        for lookup in &mut planned {
            Arc::make_mut(&mut lookup.route).display.cert = false;
        }
    }
    Ok(planned)
}

/// Reports why nothing is sent. Returns the exit status.
pub(crate) fn refuse(look: &Look, error: &Error, talk: &mut Talk<'_>) -> io::Result<u8> {
    warn(look, talk)?;
    usage(error, writes_json(look).then(|| unplanned(look)), talk)
}

/// Whether a query of the line, or the lines of its batch, are asked for in JSON.
fn writes_json(look: &Look) -> bool {
    let batch = look.batch.iter().map(|_| &look.common);
    look.queries.iter().chain(batch).any(|it| it.display.format == Format::Json)
}

/// The query that cannot be planned, as typed.
fn unplanned(look: &Look) -> Heard {
    let Some(query) = look.queries.iter().find(|query| Lookup::new(query).is_err()) else {
        return Heard::default();
    };
    let name = match &query.name {
        Some(Name::Domain(name)) => name.clone(),
        Some(Name::Reverse(address)) => address.to_string(),
        None => ".".into(),
    };
    let reverse = matches!(query.name, Some(Name::Reverse(_)));
    let qtype = query.qtype.unwrap_or(if reverse { PTR } else { A });
    Heard::of(Asked::typed(name, Some(qtype), Some(query.qclass.unwrap_or(IN))))
}

/// What a lookup asks, in this line of a batch.
pub(crate) fn asked(lookup: &Lookup, line: Option<usize>) -> Asked {
    let query = &lookup.query;
    Asked::query(query.owner(), query.qtype, query.qclass).in_line(line)
}

fn warn(look: &Look, talk: &mut Talk<'_>) -> io::Result<()> {
    look.warnings.iter().try_for_each(|warning| talk.warning(format_args!("{warning}")))
}

/// The queries in turn; the status is that of the first that failed.
pub(crate) fn ask(look: &Look, planned: &[Lookup], talk: &mut Talk<'_>) -> io::Result<u8> {
    warn(look, talk)?;
    for lookup in planned {
        international(lookup, talk)?;
    }
    let mut asker = Asker::default();
    let mut status = 0;
    let mut last = None;
    for lookup in planned {
        let format = lookup.route.display.format;
        if last.is_some_and(|it: Format| it.is_parted_from(format, look.common.display.format)) {
            writeln!(talk.out)?;
        }
        last = Some(format);
        let code = one(lookup, None, &mut asker, talk)?.code();
        if status == 0 {
            status = code;
        }
    }
    Ok(status)
}

/// Tells how a name with letters beyond ASCII is sent.
pub(crate) fn international(lookup: &Lookup, talk: &mut Talk<'_>) -> io::Result<()> {
    let display = &lookup.route.display;
    match &lookup.idna {
        Some(Idna::Ascii { typed, sent }) if display.header && display.format == Format::Full => {
            talk.info(format_args!("IDNA qname {} -> {sent}", text::free(typed)))
        }
        Some(Idna::Failed) => {
            talk.error(format_args!("IDNA (a host name has no such letters; sent as they are)"))
        }
        _ => Ok(()),
    }
}

/// What became of a lookup that was shown.
pub(crate) enum Shown {
    /// A reply: the exit status, its RCODE, and how long it took.
    Answered(u8, Rcode, Duration),
    /// A zone, and the exit status.
    Transferred(u8),
    /// Neither.
    Failed(Error),
}

impl Shown {
    /// The exit status.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Answered(code, ..) => *code,
            Self::Transferred(code) => *code,
            Self::Failed(error) => error.exit_code(),
        }
    }
}

/// One lookup, which may be that of a line of a batch.
pub(crate) fn one(
    lookup: &Lookup,
    line: Option<usize>,
    asker: &mut Asker,
    talk: &mut Talk<'_>,
) -> io::Result<Shown> {
    let format = lookup.route.display.format;
    // JSON has the certificates anyway
    talk.pem = lookup.route.display.pem && format != Format::Json;
    talk.data_only = format != Format::Full;
    if lookup.transfer {
        return transfer(lookup, line, asker, talk);
    }
    let mut told = Ok(());
    let mut heard = Heard::of(asked(lookup, line));
    let outcome = asker.ask(lookup, &mut |event| {
        if format == Format::Json {
            heard.hear(&event);
        }
        if told.is_ok() {
            told = talk.tell(event);
        }
    });
    told?;
    match outcome {
        Ok(exchange) => {
            let (code, rcode) = answered(lookup, &exchange, &heard, talk)?;
            Ok(Shown::Answered(code, rcode, exchange.phases.reply))
        }
        Err(error) => {
            if format == Format::Json {
                json::failed(&heard, &error, talk.pretty, talk.out)?;
            }
            Ok(Shown::Failed(error))
        }
    }
}

/// A zone, record after record while they come.
fn transfer(
    lookup: &Lookup,
    line: Option<usize>,
    asker: &mut Asker,
    talk: &mut Talk<'_>,
) -> io::Result<Shown> {
    let display = &lookup.route.display;
    let kind = if lookup.query.serial.is_some() { "IXFR" } else { "AXFR" };
    if display.header && display.format == Format::Full {
        writeln!(talk.out, ";; {kind} for {}", lookup.query.owner())?;
    }
    // both the news and the records go to the same streams
    let talk = RefCell::new(talk);
    let mut told = Ok(());
    let mut written = Ok(());
    let mut is_unpadded = false;
    let heard = RefCell::new(Heard::of(asked(lookup, line)));
    let mut first = true;
    let (started, at) = (Instant::now(), Clock::default().now());
    let now = at.timestamp().as_second();
    let (summary, outcome) = asker.transfer(
        lookup,
        &mut |event| {
            heard.borrow_mut().hear(&event);
            if told.is_ok() {
                told = talk.borrow_mut().tell(event);
            }
        },
        &mut |message| {
            let Talk { out, ink, pretty, is_left, .. } = &mut **talk.borrow_mut();
            is_unpadded |= message.padding().is_none();
            // the session and its certificates stand before the records
            let heard = heard.borrow();
            let server = Some(&*heard).filter(|_| std::mem::take(&mut first));
            if let (Format::Full, Ok(()), Some(tls)) =
                (display.format, &written, server.and_then(Heard::tls))
            {
                written = dig::peer(tls, display, *ink, *out);
            }
            if written.is_ok() {
                written = match display.format {
                    Format::Json => {
                        let (bytes, took) = (message.bytes.to_vec(), started.elapsed());
                        let packet = Packet { bytes, at: at.clone(), took };
                        json::transferred(server, message, &packet, *pretty, *out)
                    }
                    Format::Full => dig::records(message, now, display, *ink, *out),
                    Format::Short => short::reply(message, now, display, *out),
                };
            }
            // a zone has no bound that a reader who has left would want to wait for
            written.is_ok() && !is_left.get()
        },
    );
    told.and(written)?;
    let mut talk = talk.borrow_mut();
    let Talk { out, ink, pretty, .. } = &mut **talk;
    match (display.format, &summary, &outcome) {
        (Format::Full, Some(summary), _) => dig::transferred(summary, display, *ink, *out)?,
        (Format::Short, Some(summary), _) if display.stats_of_data => {
            dig::transferred(summary, display, *ink, *out)?;
        }
        (Format::Json, _, Err(error)) => json::failed(&heard.borrow(), error, *pretty, *out)?,
        _ => {}
    }
    if let Err(error) = outcome {
        return Ok(Shown::Failed(error));
    }
    let failed = summary.map_or_else(Vec::new, |it| {
        let zone = Zone { tls: it.tls.as_deref(), records: it.records, is_unpadded };
        lookup.route.conditions.failed_in_transfer(&zone)
    });
    if !failed.is_empty() && display.format == Format::Json {
        json::unfit(&heard.borrow(), &failed, *pretty, *out)?;
    }
    tell_failed(&failed, &mut talk)?;
    Ok(Shown::Transferred(if failed.is_empty() { 0 } else { CONDITION }))
}

/// Whether the reply to a padded query is not padded, although its server could (RFC 7830 section
/// 4).
pub(crate) fn is_unpadded(query: &Message<'_>, reply: &Message<'_>) -> bool {
    query.padding().is_some() && reply.opt().is_some() && reply.padding().is_none()
}

/// Whether a server that knows no EDNS has met it (RFC 6891 section 7).
fn rejects_edns(query: &Message<'_>, reply: &Message<'_>) -> bool {
    const FORMERR: u16 = 1;
    const NOTIMP: u16 = 4;
    let is_refused = [FORMERR, NOTIMP].contains(&reply.rcode().code);
    is_refused && query.opt().is_some() && reply.opt().is_none()
}

/// Says which conditions did not hold.
fn tell_failed(failed: &[String], talk: &mut Talk<'_>) -> io::Result<()> {
    failed.iter().try_for_each(|it| talk.error(format_args!("condition failed: {it}")))
}

/// Shows what came back: warnings before the text that they are about. Returns the exit status, and
/// what the server said.
pub(crate) fn answered(
    lookup: &Lookup,
    exchange: &Exchange,
    heard: &Heard,
    talk: &mut Talk<'_>,
) -> io::Result<(u8, Rcode)> {
    let (query, reply) =
        (Message::read(&exchange.query.bytes), Message::read(&exchange.reply.bytes));
    let mut faults = reply.mismatches(&query);
    faults.extend_from_slice(&reply.faults);
    for fault in &faults {
        match fault.gravity() {
            Gravity::Unreadable => talk.error(format_args!("{fault} from {}", exchange.peer))?,
            // a stranger's ID was told when it came
            _ if matches!(fault, Fault::OtherId { .. }) => {}
            _ => talk.warning(format_args!("{fault}"))?,
        }
    }
    if let Some(Err(fault)) = &exchange.signature {
        talk.error(format_args!("reply verification for {} ({fault})", exchange.peer))?;
    }
    // a batch counts what a single lookup only remarks on
    let has_remarks = lookup.route.display.format.has_remarks() || talk.unpadded.is_some();
    if has_remarks && is_unpadded(&query, &reply) {
        talk.unpadded()?;
    }
    if rejects_edns(&query, &reply) {
        talk.warning(format_args!("the server may not know EDNS: {} without it", reply.rcode()))?;
        talk.tell(Event::Hint("+noedns"))?;
    }
    let failed = lookup.route.conditions.failed(exchange, &reply);
    let Talk { out, ink, pretty, .. } = talk;
    match lookup.route.display.format {
        Format::Full => {
            if lookup.route.display.qr {
                dig::query(exchange, &query, &lookup.route.display, *ink, *out)?;
            }
            dig::reply(exchange, &query, &reply, &lookup.route.display, *ink, *out)?;
        }
        Format::Short if lookup.route.display.pem => {
            if let Some(tls) = &exchange.tls {
                certificates::pem(tls, *out)?;
            }
        }
        // data that answer something else are no answer for a script either
        Format::Short if faults.iter().any(|it| it.gravity() == Gravity::NoAnswer) => {}
        Format::Short => {
            let now = exchange.reply.at.timestamp().as_second();
            short::reply(&reply, now, &lookup.route.display, *out)?;
            if lookup.route.display.stats_of_data {
                dig::received(exchange, &query, &reply, &lookup.route.display, *ink, *out)?;
            }
        }
        Format::Json => {
            let qr = lookup.route.display.qr;
            let (query, reply, faults, failed) = (&query, &reply, &*faults, &*failed);
            let answered = json::Answered { exchange, query, reply, faults, failed, qr };
            json::answered(heard, answered, *pretty, *out)?;
        }
    }
    let signed = !matches!(exchange.signature, Some(Err(_)));
    let usable = signed && faults.iter().all(|fault| fault.gravity() == Gravity::Warning);
    tell_failed(&failed, talk)?;
    let code = match (usable, failed.is_empty()) {
        (false, _) => NO_ANSWER,
        (true, false) => CONDITION,
        (true, true) => 0,
    };
    Ok((code, reply.rcode()))
}

/// A command line that makes no sense; `in_json` is what an object of its own says of the query.
pub(crate) fn usage(error: &Error, in_json: Option<Heard>, talk: &mut Talk<'_>) -> io::Result<u8> {
    if let Some(heard) = in_json {
        json::failed(&heard, error, talk.pretty, talk.out)?;
    }
    talk.error(format_args!("{error}"))?;
    talk.hint(error)?;
    Ok(error.exit_code())
}
