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

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};

use cli::{Color, Command, Look};
use display::Format;
use dns::fault::{Fault, Gravity};
use dns::message::Message;
use error::{Error, NO_ANSWER, system_words};
use exchange::Exchange;
use plan::{Idna, Lookup};
use render::ink::Ink;
use render::trace::Talk;
use render::{dig, json, short};

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
    };
    match parsed {
        Ok(Command::Help) => cli::help::write(talk.out).map(|()| 0),
        Ok(Command::Version) => {
            writeln!(talk.out, "tdig {}", env!("CARGO_PKG_VERSION")).map(|()| 0)
        }
        Ok(Command::Look(look)) => {
            talk.debug = look.debug;
            lookups(&look, surroundings, &mut talk)
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
fn lookups(look: &Look, surroundings: Surroundings, talk: &mut Talk<'_>) -> io::Result<u8> {
    for warning in &look.warnings {
        talk.warning(format_args!("{warning}"))?;
    }
    // nothing is sent before the whole line makes sense
    let planned: Result<Vec<_>, _> = look
        .queries
        .iter()
        .map(|settings| {
            let mut lookup = Lookup::new(settings)?;
            lookup.display.idnout = settings.idnout.unwrap_or(surroundings.out_is_terminal);
            Ok(lookup)
        })
        .collect();
    let mut planned = match planned {
        Ok(planned) => planned,
        Err(error) => return usage(&error, talk),
    };
    if look.debug > 0 {
        // debug lines say the same and more
        planned.iter_mut().for_each(|lookup| lookup.display.cert = false);
    }
    for lookup in &planned {
        international(lookup, talk)?;
    }
    let mut status = 0;
    for (position, lookup) in planned.iter().enumerate() {
        if position > 0 && look.common.display.format == Format::Full {
            writeln!(talk.out)?;
        }
        let code = one(lookup, surroundings, talk)?;
        if status == 0 {
            status = code;
        }
    }
    Ok(status)
}

/// Tells how a name with letters beyond ASCII is sent.
fn international(lookup: &Lookup, talk: &mut Talk<'_>) -> io::Result<()> {
    let display = &lookup.display;
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

fn one(lookup: &Lookup, surroundings: Surroundings, talk: &mut Talk<'_>) -> io::Result<u8> {
    let format = lookup.display.format;
    talk.data_only = format != Format::Full;
    let mut told = Ok(());
    let mut heard = json::Heard::default();
    let outcome = net::lookup::run(lookup, &mut |event| {
        if format == Format::Json {
            heard.hear(&event);
        }
        if told.is_ok() {
            told = talk.tell(event);
        }
    });
    told?;
    let object = Object { heard, pretty: surroundings.out_is_terminal };
    match outcome {
        Ok(exchange) => answered(lookup, &exchange, &object, talk),
        Err(error) => {
            if format == Format::Json {
                json::failed(&object.heard, &error, object.pretty, talk.out)?;
            }
            Ok(error.exit_code())
        }
    }
}

/// What JSON has beside the exchange.
struct Object {
    heard: json::Heard,
    /// Indented, for a person.
    pretty: bool,
}

/// Shows what came back: warnings before the text that they are about.
fn answered(
    lookup: &Lookup,
    exchange: &Exchange,
    object: &Object,
    talk: &mut Talk<'_>,
) -> io::Result<u8> {
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
    if query.padding().is_some() && reply.opt().is_some() && reply.padding().is_none() {
        talk.warning(format_args!(
            "the query was padded and the reply is not (RFC 7830 section 4)"
        ))?;
    }
    let Talk { out, ink, .. } = talk;
    match lookup.display.format {
        Format::Full => {
            if lookup.display.qr {
                dig::query(exchange, &query, &lookup.display, *ink, *out)?;
            }
            dig::reply(exchange, &query, &reply, &lookup.display, *ink, *out)?;
        }
        Format::Short => short::reply(&reply, &lookup.display, *out)?,
        Format::Json => {
            let qr = lookup.display.qr;
            let answered =
                json::Answered { exchange, query: &query, reply: &reply, faults: &faults, qr };
            json::answered(&object.heard, answered, object.pretty, *out)?;
        }
    }
    let usable = faults.iter().all(|fault| fault.gravity() == Gravity::Warning);
    Ok(if usable { 0 } else { NO_ANSWER })
}
