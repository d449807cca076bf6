//! tdig as the tests run it: the library's `run` with the arguments of a command line, or the
//! program where its environment matters. One rule: what a user would see is all that comes back.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tdig::Surroundings;

use crate::dot::Pki;

/// What a user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Exit status.
    pub(crate) status: u8,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Runs a command line, split at spaces.
pub(crate) fn tdig(line: &str) -> Seen {
    tdig_in(&Surroundings::default(), line)
}

/// The same with something to know of the terminal.
pub(crate) fn tdig_in(surroundings: &Surroundings, line: &str) -> Seen {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = line.split_whitespace().map(OsString::from);
    let status = tdig::run(args, surroundings, &mut out, &mut err);
    Seen { status, out: text(out), err: text(err) }
}

/// Runs the program with these variables in its environment.
pub(crate) fn program(environment: &[(&str, &str)], line: &str) -> Seen {
    let output = Command::new(env!("CARGO_BIN_EXE_tdig"))
        .args(line.split_whitespace())
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let status = output.status.code().expect("no signal ends tdig");
    Seen { status: status.try_into().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("tdig writes UTF-8")
}

/// The path of a file that holds `content`, made once.
pub(crate) fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().expect("the path of the tests is UTF-8").to_owned()
}

/// The file of the lab's root certificate.
pub(crate) fn root() -> &'static str {
    static ROOT: OnceLock<String> = OnceLock::new();
    ROOT.get_or_init(|| file("root.pem", &Pki::shared().root_pem()))
}

/// The file of a root that signed nothing here.
pub(crate) fn unrelated_root() -> &'static str {
    static ROOT: OnceLock<String> = OnceLock::new();
    ROOT.get_or_init(|| file("unrelated.pem", &Pki::shared().unrelated_root_pem()))
}

/// What is said of a file that is not there: its path and the system's words.
pub(crate) fn not_there(path: &str) -> String {
    let error = std::fs::read(path).expect_err("nobody has such a file");
    format!("{path}: {}", tdig::error::system_words(&error))
}

/// Says what a test could not or would not do, past the harness, which keeps what `eprintln!` writes
/// to itself where a test passes.
pub(crate) fn say(line: &str) {
    // one write, since other tests write too; if it fails, there is no place to say so
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
