//! tdig asks a DNS resolver a question over TLS, shows who answered and what was answered.
//!
//! ```text
//! words  ->  Settings  ->  Lookup  ->  Exchange  ->  text
//!       cli          plan        net          render
//! ```
//!
//! Five values, four steps, each a function of the value before it.
//!
//! | where | what lives there | what it may import |
//! |---|---|---|
//! | `main` | argv in, streams and exit status out | this |
//! | `lib` | this map, and [`run`]: the only place that knows both `cli` and `net` | all |
//! | [`cli`] | what was typed; opens no file, asks no clock | `dns` (words), `display`, `error` |
//! | [`plan`] | Settings -> Lookup; after it nothing is undecided | `cli`, `dns`, `tls::trust`, `display` |
//! | [`dns`] | messages: bytes in, values out; pure | `text` |
//! | [`tls`] | who is at the other end; the only `dangerous()` | `exchange`, `moment` |
//! | [`net`] | the only sockets | `plan`, `tls`, `exchange` |
//! | [`render`] | Exchange -> text; pure | `exchange`, `dns`, `display`, `moment` |
//! | [`exchange`], [`display`], [`error`], [`text`], [`moment`] | plain values and words | each other |
//!
//! No circle, and only `net`, `tls::roots` and `main` touch the world.

pub mod batch;
pub mod cli;
pub mod display;
pub mod dns;
pub mod error;
pub mod exchange;
pub mod moment;
pub mod net;
pub mod plan;
pub mod render;
pub mod text;
pub mod tls;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};

use cli::{Color, Command, Look};
use display::Format;
use dns::fault::{Fault, Gravity};
use dns::message::Message;
use dns::rcode::Rcode;
use error::{Error, system_words};
use exchange::Exchange;
use net::lookup::Asker;
use plan::Lookup;
use render::ink::Ink;
use render::trace::Talk;
use render::{dig, short};

/// What the program must know of the place it runs in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// Results go to a terminal.
    pub out_is_terminal: bool,
    /// Messages go to a terminal.
    pub err_is_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor 0.
    pub color_forced: bool,
}

/// Runs one command line, without the program's name, and returns the exit status.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    surroundings: Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    match command(args, surroundings, out, err).and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => code,
        // who reads no further has what they wanted
        Err(error) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(error) => {
            const FILE: u8 = 8;
            // where nothing can be written, nothing can be said either
            let _ = writeln!(err, ";; ERROR: failed writing output ({})", system_words(&error));
            FILE
        }
    }
}

fn command(
    args: impl IntoIterator<Item = OsString>,
    surroundings: Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let parsed = cli::parse(args);
    let color = match &parsed {
        Ok(Command::Look(look)) => look.color,
        _ => Color::Auto,
    };
    let mut talk = Talk {
        out,
        err,
        ink: Ink::new(in_color(color, surroundings.out_is_terminal, surroundings)),
        err_ink: Ink::new(in_color(color, surroundings.err_is_terminal, surroundings)),
        debug: 0,
        data_only: false,
        progress: false,
    };
    match parsed {
        Ok(Command::Help) => cli::help::write(talk.out).map(|()| 0),
        Ok(Command::Version) => {
            writeln!(talk.out, "tdig {}", env!("CARGO_PKG_VERSION")).map(|()| 0)
        }
        Ok(Command::Look(look)) => {
            talk.debug = look.debug;
            talk.progress = surroundings.err_is_terminal && !surroundings.out_is_terminal;
            lookups(&look, &mut talk)
        }
        Err(error) => usage(&error, &mut talk),
    }
}

/// An option beats `NO_COLOR`, which beats `CLICOLOR_FORCE`, which beats what is a terminal.
fn in_color(color: Color, is_terminal: bool, surroundings: Surroundings) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !surroundings.no_color && (surroundings.color_forced || is_terminal),
    }
}

fn usage(error: &Error, talk: &mut Talk<'_>) -> io::Result<u8> {
    talk.error(format_args!("{error}"))?;
    talk.hint(error)?;
    Ok(error.exit_code())
}

/// The queries in turn; the status is that of the first that failed.
fn lookups(look: &Look, talk: &mut Talk<'_>) -> io::Result<u8> {
    for warning in &look.warnings {
        talk.warning(format_args!("{warning}"))?;
    }
    // nothing is sent before the whole line makes sense
    let planned: Result<Vec<_>, _> = look.queries.iter().map(Lookup::new).collect();
    let mut planned = match planned {
        Ok(planned) => planned,
        Err(error) => return usage(&error, talk),
    };
    if look.debug > 0 {
        // debug lines say the same and more
        for lookup in &mut planned {
            std::sync::Arc::make_mut(&mut lookup.route).display.cert = false;
        }
    }
    let mut asker = Asker::default();
    let mut status = 0;
    for (position, lookup) in planned.iter().enumerate() {
        if position > 0 && look.common.display.format == Format::Full {
            writeln!(talk.out)?;
        }
        let code = one(lookup, &mut asker, talk)?;
        if status == 0 {
            status = code;
        }
    }
    match &look.batch {
        Some(path) => {
            let code = batch::run(path, look, talk)?;
            Ok(if status == 0 { code } else { status })
        }
        None => Ok(status),
    }
}

fn one(lookup: &Lookup, asker: &mut Asker, talk: &mut Talk<'_>) -> io::Result<u8> {
    talk.data_only = lookup.route.display.format == Format::Short;
    if lookup.transfer {
        return transfer(lookup, asker, talk);
    }
    let mut told = Ok(());
    let outcome = asker.ask(lookup, &mut |event| {
        if told.is_ok() {
            told = talk.tell(event);
        }
    });
    told?;
    match outcome {
        Ok(exchange) => answered(lookup, &exchange, talk).map(|(code, _)| code),
        Err(error) => Ok(error.exit_code()),
    }
}

/// A zone, record after record while they come.
fn transfer(lookup: &Lookup, asker: &mut Asker, talk: &mut Talk<'_>) -> io::Result<u8> {
    let display = &lookup.route.display;
    let kind = if lookup.query.serial.is_some() { "IXFR" } else { "AXFR" };
    if display.header && display.format == Format::Full {
        writeln!(talk.out, ";; {kind} for {}", lookup.query.owner())?;
    }
    // both the news and the records go to the same streams
    let talk = RefCell::new(talk);
    let mut told = Ok(());
    let mut written = Ok(());
    let (summary, outcome) = asker.transfer(
        lookup,
        &mut |event| {
            if told.is_ok() {
                told = talk.borrow_mut().tell(event);
            }
        },
        &mut |message| {
            let Talk { out, ink, .. } = &mut **talk.borrow_mut();
            if written.is_ok() {
                written = match display.format {
                    Format::Full => dig::records(message, display, *ink, *out),
                    Format::Short => short::reply(message, display, *out),
                };
            }
            written.is_ok()
        },
    );
    told.and(written)?;
    let Talk { out, ink, .. } = &mut **talk.borrow_mut();
    if let (Some(summary), Format::Full) = (&summary, display.format) {
        dig::transferred(summary, display, *ink, *out)?;
    }
    Ok(outcome.map_or_else(|error| error.exit_code(), |()| 0))
}

/// Shows what came back: warnings before the text that they are about. Returns the exit status, and
/// what the server said.
fn answered(lookup: &Lookup, exchange: &Exchange, talk: &mut Talk<'_>) -> io::Result<(u8, Rcode)> {
    const NO_ANSWER: u8 = 11;
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
    if query.padding().is_some() && reply.opt().is_some() && reply.padding().is_none() {
        talk.warning(format_args!(
            "the query was padded and the reply is not (RFC 7830 section 4)"
        ))?;
    }
    let Talk { out, ink, .. } = talk;
    match lookup.route.display.format {
        Format::Full => {
            if lookup.route.display.qr {
                dig::query(exchange, &query, &lookup.route.display, *ink, *out)?;
            }
            dig::reply(exchange, &query, &reply, &lookup.route.display, *ink, *out)?;
        }
        Format::Short => short::reply(&reply, &lookup.route.display, *out)?,
    }
    let signed = !matches!(exchange.signature, Some(Err(_)));
    let usable = signed && faults.iter().all(|fault| fault.gravity() == Gravity::Warning);
    Ok((if usable { 0 } else { NO_ANSWER }, reply.rcode()))
}
