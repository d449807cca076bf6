//! tdig asks a DNS resolver a question over TLS, shows who answered and what was answered.
//!
//! ```text
//! words  ->  Settings  ->  Lookup  ->  Exchange  ->  text
//!       cli          plan        net          render
//! ```
//!
//! Five values, four steps, each a function of the value before it.
//!
//! | where | what lives there | what it imports |
//! |---|---|---|
//! | `main` | argv in, streams and exit status out | this |
//! | `lib` | this map, and [`run`] | all |
//! | `batch` | the queries of a file, many at a time, to the streams | `lookups`, `net`, `plan`, `cli`, `render`, `file`, `error`, `dns`, `display`, `moment`, `text` |
//! | `lookups` | the queries of a command line, from the plan to the streams | `net`, `plan`, `cli`, `render`, `condition`, `event`, `error`, `exchange`, `dns`, `display`, `text` |
//! | [`net`] | the only sockets | `plan`, `cli`, `tls`, `event`, `file`, `error`, `exchange`, `dns`, `verdict`, `alert`, `text` |
//! | [`plan`] | Settings -> Lookup; after it nothing is undecided | `cli`, `tls`, `condition`, `error`, `dns`, `display` |
//! | [`cli`] | what was typed; opens no file, asks no clock | `tls`, `condition`, `error`, `dns`, `display`, `text` |
//! | [`render`] | Exchange -> text; pure | `event`, `error`, `exchange`, `dns`, `verdict`, `display`, `moment`, `text` |
//! | [`tls`] | who is at the other end; the only place that rustls calls dangerous | `file`, `error`, `verdict`, `moment`, `text` |
//! | [`condition`] | what a good result is; pure | `exchange`, `dns`, `verdict`, `moment` |
//! | [`event`] | what is told while a lookup runs | `error`, `exchange`, `verdict` |
//! | `file` | files read whole, bounded in octets and time | `error`, `text` |
//! | [`error`] | what can go wrong, each with its exit status | `exchange`, `dns`, `verdict`, `alert`, `text` |
//! | [`exchange`] | the result of a lookup | `dns`, `verdict`, `text` |
//! | [`dns`] | messages: bytes in, values out; pure | `text` |
//! | [`verdict`] | who answered, and what that is worth; plain values | `text` |
//! | [`alert`] | the alerts of TLS | |
//! | [`display`] | what is to be shown | |
//! | [`stream`] | the two streams that everything leaves by | |
//! | [`moment`] | days and spans of time in words | |
//! | [`text`] | the one escape function | |
//!
//! No circle: each imports only what stands below it. Files are opened by `lib` (the start file),
//! `batch`, `net` (TSIG keys) and `tls` (roots, own keys); the clock is asked by those who act, and
//! never by `plan`, `cli`, `render`, `condition` and `dns`.

// A peer's data must not end the program, and all output goes to the streams that `run` is given.
#![cfg_attr(
    not(test),
    warn(
        clippy::clone_on_ref_ptr,
        clippy::panic,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::unwrap_used
    )
)]

pub mod alert;
mod batch;
pub mod cli;
pub mod condition;
pub mod display;
pub mod dns;
pub mod error;
pub mod event;
pub mod exchange;
pub mod file;
mod lookups;
pub mod moment;
pub mod net;
pub mod plan;
pub mod render;
pub mod stream;
pub mod text;
pub mod tls;
pub mod verdict;

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cli::{Color, Command};
use error::{Error, LOCAL_FILE, system_words};
use render::ink::Ink;
use render::trace::Talk;
use stream::Outlet;

/// What the program must know of the place it runs in.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Results go to a terminal.
    pub out_is_terminal: bool,
    /// Messages go to a terminal.
    pub err_is_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor 0.
    pub color_forced: bool,
    /// The folder that may hold a start file.
    pub home: Option<PathBuf>,
}

/// Runs one command line, without the program's name, and returns the exit status.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let (out_is_left, err_is_left) = (Rc::default(), Rc::default());
    let (mut out, mut err) = (Outlet::new(out, &out_is_left), Outlet::new(err, &err_is_left));
    let outcome = command(args, surroundings, &mut out, &mut err, &out_is_left);
    match outcome.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            // where nothing can be written, nothing can be said either
            let _ = writeln!(err, ";; ERROR: failed writing output ({})", system_words(&error));
            LOCAL_FILE
        }
    }
}

fn command(
    args: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
    out_is_left: &Rc<Cell<bool>>,
) -> io::Result<u8> {
    let args: Vec<OsString> = args.into_iter().collect();
    let start = start_file(&args, surroundings.home.as_deref());
    // a word that makes no sense does not hide what the others say of the format
    let in_json = cli::writes_json(start.as_deref().unwrap_or_default(), &args);
    let parsed = start.and_then(|start| cli::parse_after(start, args));
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
        pem: false,
        data_only: false,
        pretty: surroundings.out_is_terminal,
        watched: false,
        passing: false,
        unpadded: None,
        is_left: Rc::clone(out_is_left),
    };
    match parsed {
        Ok(Command::Help) => cli::help::write(talk.out).map(|()| 0),
        Ok(Command::Version) => {
            writeln!(talk.out, "tdig {}", env!("CARGO_PKG_VERSION")).map(|()| 0)
        }
        Ok(Command::Look(mut look)) => {
            look.in_unicode(surroundings.out_is_terminal);
            talk.debug = look.debug;
            talk.watched = surroundings.err_is_terminal && !surroundings.out_is_terminal;
            // nothing is sent before the whole line makes sense
            let batch = look.batch.as_ref().map(|path| batch::Plan::new(path, &look)).transpose();
            let (lookups, batch) = match (lookups::plan(&look), batch) {
                (Ok(lookups), Ok(batch)) => (lookups, batch),
                (Err(error), _) | (_, Err(error)) => {
                    return lookups::refuse(&look, &error, &mut talk);
                }
            };
            let status = lookups::ask(&look, &lookups, &mut talk)?;
            let code = batch.map_or(Ok(0), |batch| batch.run(&look, &mut talk))?;
            Ok(if status == 0 { code } else { status })
        }
        Err(error) => lookups::usage(&error, in_json.then(Default::default), &mut talk),
    }
}

/// The words of the start file, where there is one and `args` want it.
fn start_file(args: &[OsString], home: Option<&Path>) -> Result<Vec<OsString>, Error> {
    let Some(home) = home.filter(|_| !cli::skips_start_file(args)) else { return Ok(Vec::new()) };
    let Some(octets) = file::start_file(home)? else { return Ok(Vec::new()) };
    cli::start_words(&octets).map_err(|error| {
        let path = home.join(".tdigrc");
        Error::usage(format!("{}: {error}", text::free(path.to_string_lossy().as_bytes())))
    })
}

/// An option beats `NO_COLOR`, which beats `CLICOLOR_FORCE`, which beats what is a terminal.
fn in_color(color: Color, is_terminal: bool, surroundings: &Surroundings) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !surroundings.no_color && (surroundings.color_forced || is_terminal),
    }
}
