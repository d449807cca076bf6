//! argv in, streams out, exit status.

use std::env;
use std::io::{self, BufWriter, IsTerminal};
use std::process::ExitCode;

use tdig::Surroundings;
#[cfg(unix)]
use tdig::stream::Blocking;

fn main() -> ExitCode {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let surroundings = Surroundings {
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal(),
        no_color: set("NO_COLOR"),
        color_forced: set("CLICOLOR_FORCE")
            && env::var_os("CLICOLOR_FORCE").is_some_and(|it| it != "0"),
        home: env::home_dir(),
    };
    #[cfg(unix)]
    let (out, mut err) = (Blocking(io::stdout()), Blocking(io::stderr()));
    #[cfg(not(unix))]
    let (out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    ExitCode::from(tdig::run(env::args_os().skip(1), &surroundings, &mut out, &mut err))
}
