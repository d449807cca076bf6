//! argv in, streams out, exit status.

use std::env;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use tdig::Surroundings;
#[cfg(unix)]
use tdig::stream::Blocking;

fn main() -> ExitCode {
    writes_beyond_a_limit_fail();
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let surroundings = Surroundings {
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal(),
        no_color: set("NO_COLOR"),
        color_forced: set("CLICOLOR_FORCE")
            && env::var_os("CLICOLOR_FORCE").is_some_and(|it| it != "0"),
        home: home(),
    };
    #[cfg(unix)]
    let (out, mut err) = (Blocking(io::stdout()), Blocking(io::stderr()));
    #[cfg(not(unix))]
    let (out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    ExitCode::from(tdig::run(env::args_os().skip(1), &surroundings, &mut out, &mut err))
}

/// The folder that may hold a start file. A HOME that is set counts, also one that is empty, which is
/// no folder.
fn home() -> Option<PathBuf> {
    let named = env::var_os("HOME").filter(|_| cfg!(unix)).map(PathBuf::from);
    named.or_else(env::home_dir)
}

/// Makes a write beyond `ulimit -f` an error, as one to a full disk is, instead of the end of the
/// program by a signal.
#[cfg(unix)]
fn writes_beyond_a_limit_fail() {
    let nobody_looks = std::sync::Arc::default();
    // without it the system's way holds: the signal ends the program
    let _ = signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, nobody_looks);
}

#[cfg(not(unix))]
fn writes_beyond_a_limit_fail() {}
