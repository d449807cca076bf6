//! tdig at work without a network: a resolver with throwaway certificates in this process, and
//! the command lines that a user would type. What is printed is exactly what tdig prints.

#[path = "../tests/dot/mod.rs"]
mod dot;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use dot::{Behaviour, Credential, Pki, Server};
use tdig::Surroundings;

fn main() -> io::Result<ExitCode> {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let directory = std::env::temp_dir().join(format!("tdig-demo-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let root = directory.join("root.pem");
    std::fs::write(&root, Pki::shared().root_pem())?;

    let line = |name| {
        let (port, root) = (server.port(), root.display());
        format!("-d @127.0.0.1#{port} +tls-ca={root} +tls-host={name} example.com")
    };
    let accepted = tdig(&line("dot.test"))?;
    println!();
    let refused = tdig(&line("wrong.test"))?;

    std::fs::remove_dir_all(&directory)?;
    Ok(if (accepted, refused) == (0, 6) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows a command line, what tdig prints, and the exit status.
fn tdig(line: &str) -> io::Result<u8> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    writeln!(out, "$ tdig {line}")?;
    let surroundings = Surroundings {
        out_is_terminal: out.is_terminal(),
        err_is_terminal: err.is_terminal(),
        ..Surroundings::default()
    };
    let args = line.split_whitespace().map(OsString::from);
    let status = tdig::run(args, &surroundings, &mut out, &mut err);
    writeln!(out, "$ echo $?\n{status}")?;
    Ok(status)
}
