//! argv in, locked streams out, exit status.

use std::env;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use tdig::Surroundings;

fn main() -> ExitCode {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let surroundings = Surroundings {
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal(),
        no_color: set("NO_COLOR"),
        color_forced: set("CLICOLOR_FORCE")
            && env::var_os("CLICOLOR_FORCE").is_some_and(|it| it != "0"),
        home: home(),
    };
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut err = io::stderr().lock();
    ExitCode::from(tdig::run(env::args_os().skip(1), &surroundings, &mut out, &mut err))
}

/// The folder that may hold a start file. A HOME that is set counts, also one that is empty, which is
/// no folder.
fn home() -> Option<PathBuf> {
    let named = env::var_os("HOME").filter(|_| cfg!(unix)).map(PathBuf::from);
    named.or_else(env::home_dir)
}
