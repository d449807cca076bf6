//! The command lines that are compared. One rule: each does the same work as the others of its
//! table, with the program's own defaults for everything else.

use std::process::{self, Stdio};

/// The name in the server's certificate, by which the programs know it.
pub(crate) const NAME: &str = "dot.bench.test";

/// tdig as it is released.
pub(crate) const TDIG: &str = env!("CARGO_BIN_EXE_tdig");

/// Where to ask.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) port: u16,
    /// The PEM file of the authority.
    pub(crate) root: &'a str,
    /// The home directory of the programs.
    pub(crate) home: &'a str,
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// What the tables call it.
    pub(crate) title: &'static str,
    program: String,
    arguments: Vec<String>,
    home: String,
}

impl Command {
    fn new(title: &'static str, program: &str, place: &Place<'_>, words: &str) -> Self {
        let words = words
            .replace("{port}", &place.port.to_string())
            .replace("{root}", place.root)
            .replace("{name}", NAME);
        Self {
            title,
            program: program.to_owned(),
            arguments: words.split_whitespace().map(str::to_owned).collect(),
            home: place.home.to_owned(),
        }
    }

    /// The smallest client.
    pub(crate) fn floor(place: &Place<'_>) -> Self {
        Self::new("floor", &itself(), place, "floor {port} {root} {name} 1")
    }

    /// The same with so many queries, 500 of them in flight.
    pub(crate) fn floor_batch(place: &Place<'_>, names: usize) -> Self {
        Self::new("floor", &itself(), place, &format!("floor {{port}} {{root}} {{name}} {names}"))
    }

    /// One query that believes the authority alone.
    pub(crate) fn tdig_file(place: &Place<'_>) -> Self {
        let words = "@127.0.0.1 -p {port} +tls-ca={root} +tls-hostname={name} n.bench.test A";
        Self::new("tdig", TDIG, place, words)
    }

    /// One query that believes the system's store and the authority.
    pub(crate) fn tdig_store(place: &Place<'_>) -> Self {
        let words =
            "@127.0.0.1 -p {port} +tls-ca +tls-ca={root} +tls-hostname={name} n.bench.test A";
        Self::new("tdig", TDIG, place, words)
    }

    /// A batch over one session, all of its text written.
    pub(crate) fn tdig_batch(place: &Place<'_>, lines: &str) -> Self {
        let words =
            format!("@127.0.0.1 -p {{port}} +tls-ca={{root}} +tls-hostname={{name}} -f {lines}");
        Self::new("tdig", TDIG, place, &words)
    }

    /// One query that believes the authority alone.
    pub(crate) fn kdig_file(place: &Place<'_>) -> Self {
        let words = "@127.0.0.1 -p {port} +tls +tls-ca={root} +tls-hostname={name} n.bench.test A";
        Self::new("kdig", "kdig", place, words)
    }

    /// One query that believes the system's store and the authority.
    pub(crate) fn kdig_store(place: &Place<'_>) -> Self {
        let words =
            "@127.0.0.1 -p {port} +tls +tls-ca +tls-ca={root} +tls-hostname={name} n.bench.test A";
        Self::new("kdig", "kdig", place, words)
    }

    /// A batch over one session; its replies are counted, not written.
    pub(crate) fn dnsperf(place: &Place<'_>, lines: &str) -> Self {
        let words = format!("-m dot -s 127.0.0.1 -p {{port}} -c1 -q100 -n1 -d {lines}");
        Self::new("dnsperf", "dnsperf", place, &words)
    }

    /// Whether it can be run.
    pub(crate) fn is_installed(&self) -> bool {
        self.program.contains('/') || is_installed(&self.program)
    }

    /// The command, ready to run: what it writes is thrown away, errors are not.
    pub(crate) fn command(&self) -> process::Command {
        let mut command = process::Command::new(&self.program);
        // no environment makes one of them do more than another
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(&self.arguments).env_clear().env("PATH", path).env("HOME", &self.home);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// Whether a program is on the path.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn itself() -> String {
    std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default()
}
