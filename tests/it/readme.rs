//! The transcripts of the README, its table of exit statuses and its picture. One rule: each is what
//! tdig prints or does today; where it is not, the test writes the new one and fails.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anstyle_svg::{Term, WIN10_CONSOLE};
use tdig::error::EXIT_STATUS;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{root, tdig};

/// The ports of the README, and which certificate is behind them.
const SERVERS: &[(&str, Credential)] = &[
    ("8853", Credential::Good),
    ("8854", Credential::Expired),
    ("8855", Credential::IntermediateMissing),
    ("8856", Credential::UnrelatedAppended),
];

/// What differs from run to run stands as it was when the transcript was made.
const VARIABLES: &[&str] = &[
    "Serial: ",
    "SHA-256 PIN: ",
    "Valid: ",
    "until ",
    "expired on ",
    "expires in ",
    "served ",
    "id: ",
    ";; Time ",
    ";; Phases: ",
    ";; From ",
];

/// What opens a transcript: the command line in its first line says how it was made.
const OPEN: &str = "```console\n$ tdig ";

/// What opens the table of exit statuses; a blank line ends it.
const STATUS_TABLE: &str = "## Exit status\n\n| status | meaning |\n|---|---|\n";

/// The run of the picture.
const PICTURED: &str = "@127.0.0.1#8854 +tls-ca=root.pem +tls-host=dot.test example.com";

#[test]
fn the_transcripts_of_the_readme_are_what_a_user_sees() {
    let servers = Servers::start();
    let has_jq = is_installed("jq");
    if !has_jq {
        let required = std::env::var_os("TDIG_PEERS").is_some_and(|it| it == "required");
        assert!(!required, "jq is not installed");
        eprintln!("jq is not installed: its transcripts are skipped");
    }
    keep_readme(|readme| {
        let mut parts = readme.split(OPEN);
        let mut fresh = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (old, rest) = part.split_once("```").expect("a block ends");
            if old.contains("| jq ") && !has_jq {
                fresh += &format!("{OPEN}{part}");
                continue;
            }
            let new = transcripts(&servers, old);
            let same = without_variables(old) == without_variables(&new);
            fresh += &format!("{OPEN}{}```{rest}", if same { old } else { &new });
        }
        fresh
    });
}

#[test]
fn the_exit_statuses_of_the_readme_are_those_of_the_program() {
    keep_readme(|readme| {
        let (before, table) = readme.split_once(STATUS_TABLE).expect("a table");
        let (_, after) = table.split_once("\n\n").expect("a blank line after the table");
        let rows: Vec<_> = EXIT_STATUS.iter().map(|(code, meaning)| row(*code, meaning)).collect();
        format!("{before}{STATUS_TABLE}{}\n\n{after}", rows.join("\n"))
    });
}

/// A row of the table of exit statuses: options are code, and no text ends its cell.
fn row(code: u8, meaning: &str) -> String {
    let words = meaning.replace('|', "\\|");
    let words = words.split(' ').map(|word| {
        let option = word.trim_end_matches([',', ';', ':']);
        match option.starts_with('+') {
            true => format!("`{option}`{}", &word[option.len()..]),
            false => word.to_owned(),
        }
    });
    format!("| {code} | {} |", words.collect::<Vec<_>>().join(" "))
}

/// Compares the README with what `refresh` makes of it; a stale one is rewritten. One test at a
/// time, so that none writes over what another has just written.
fn keep_readme(refresh: impl FnOnce(&str) -> String) {
    static README: Mutex<()> = Mutex::new(());
    let _one = README.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let fresh = refresh(&readme);
    if fresh != readme {
        fs::write(&path, fresh).unwrap();
        panic!("README.md was stale and has been rewritten: look at it and commit it");
    }
}

#[test]
fn the_picture_of_the_readme_is_what_a_user_sees_in_colour() {
    let run = transcript(&Servers::start(), PICTURED, "--color=always");
    let svg = picture(&format!("$ tdig {run}"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/tdig.svg");
    let found = fs::read_to_string(&path).unwrap_or_default();
    if without_variables(&found) != without_variables(&svg) {
        fs::write(&path, svg).unwrap();
        panic!("man/tdig.svg was out of date and has been rewritten: look at it");
    }
}

/// A terminal that shows `text`.
fn picture(text: &str) -> String {
    let svg = Term::new().palette(WIN10_CONSOLE).min_width_px(800).render_svg(text);
    // dim as terminals have it: legible
    svg.replace("opacity: 0.4", "opacity: 0.75") + "\n"
}

/// The shell script of the README that speaks as a plugin of Nagios does.
#[cfg(unix)]
#[test]
fn the_check_of_the_readme_speaks_as_a_plugin_does() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.unwrap();
    let (_, script) = readme.split_once("```sh\n#!/bin/sh\n").expect("a script");
    let (script, _) = script.split_once("```").expect("a block ends");
    let tdig = Path::new(env!("CARGO_BIN_EXE_tdig")).parent().expect("a folder");
    let path = format!("{}:/usr/bin:/bin", tdig.display());
    for (credential, status, word) in [
        (Credential::Good, 0, "DOT OK\n"),
        (Credential::Expired, 2, "DOT CRITICAL - "),
        (Credential::WrongName, 2, "DOT CRITICAL - "),
    ] {
        let server = Server::start(credential, Behaviour::Answer).expect_anything();
        let output = Command::new("/bin/sh")
            .args(["-c", script, "check", &format!("127.0.0.1#{}", server.port())])
            .env_clear()
            .envs([("PATH", &*path), ("SSL_CERT_FILE", root())])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(status), "{credential:?}: {said}");
        assert!(said.starts_with(word), "{credential:?}: {said}");
    }
}

/// One server for each port of the README.
struct Servers(Vec<(&'static str, Server)>);

impl Servers {
    fn start() -> Self {
        let start = |&(port, credential)| {
            // what a server says of a client that leaves is of no interest here
            (port, Server::start(credential, Behaviour::Answer).expect_anything())
        };
        Self(SERVERS.iter().map(start).collect())
    }
}

/// The runs of a block, whose first line has lost its prompt.
fn transcripts(servers: &Servers, block: &str) -> String {
    let lines = block.lines().enumerate();
    let lines = lines.filter_map(|(number, line)| match number {
        0 => Some(line),
        _ => line.strip_prefix("$ tdig "),
    });
    lines.map(|line| transcript(servers, line, "")).collect::<Vec<_>>().join("$ tdig ")
}

/// A command line, everything that it prints and its exit status, with the ports and paths of the
/// README; `more` is typed without being shown.
fn transcript(servers: &Servers, line: &str, more: &str) -> String {
    let (words, filter) = match line.split_once(" 2>/dev/null | jq -r '") {
        Some((words, filter)) => (words, filter.strip_suffix('\'')),
        None => (line, None),
    };
    let mut real = words.replace("root.pem", root());
    for (port, server) in &servers.0 {
        real = real.replace(&format!("#{port}"), &format!("#{}", server.port()));
    }
    let mut seen = tdig(&format!("{real} {more}"));
    if let Some(filter) = filter {
        seen.err.clear();
        (seen.out, seen.status) = (jq(filter, &seen.out), 0);
    }
    let mut text = format!("{line}\n{}{}$ echo $?\n{}\n", seen.out, seen.err, seen.status);
    for (port, server) in &servers.0 {
        for (before, after) in [("@", ""), ("(", ")")] {
            let (real, shown) =
                (format!("{before}{}{after}", server.port()), format!("{before}{port}{after}"));
            text = text.replace(&real, &shown);
        }
    }
    text.replace(root(), "root.pem")
}

/// What jq makes of `json`.
fn jq(filter: &str, json: &str) -> String {
    let mut child = Command::new("jq")
        .args(["-r", filter])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("jq is installed");
    child.stdin.take().expect("a pipe").write_all(json.as_bytes()).expect("jq reads it all");
    let output = child.wait_with_output().expect("jq ends");
    assert!(output.status.success(), "{filter}");
    String::from_utf8(output.stdout).expect("jq writes UTF-8")
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn without_variables(text: &str) -> String {
    let cut = |line: &str| {
        let cut = VARIABLES.iter().filter_map(|it| line.find(it).map(|at| at + it.len())).min();
        line[..cut.unwrap_or(line.len())].to_owned()
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}
