//! The transcripts of the README. One rule: each is what tdig prints today; where it is not, the
//! test writes the new one and fails.

use std::fs;
use std::path::Path;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{root, tdig};

/// What differs from run to run stands as it was when the transcript was made.
const VARIABLES: &[&str] = &[
    "Serial: ",
    "SHA-256 PIN: ",
    "Valid: ",
    "until ",
    "id: ",
    ";; Time ",
    ";; Phases: ",
    ";; From ",
];

/// What opens a transcript: the command line in its first line says how it was made.
const OPEN: &str = "```console\n$ tdig ";

#[test]
fn the_transcripts_of_the_readme_are_what_a_user_sees() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut parts = readme.split(OPEN);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (old, rest) = part.split_once("```").expect("a block ends");
        let line = old.lines().next().unwrap_or_default();
        let new = transcript(&server, line);
        let same = without_variables(old) == without_variables(&new);
        fresh += &format!("{OPEN}{}```{rest}", if same { old } else { &new });
    }
    if fresh != readme {
        fs::write(&path, fresh).unwrap();
        panic!("README.md was out of date and has been rewritten");
    }
}

/// A command line and everything that it prints and its exit status, with the port and the path of the README.
fn transcript(server: &Server, line: &str) -> String {
    let port = format!("#{}", server.port());
    let real = line.replace("#8853", &port).replace("root.pem", root());
    let seen = tdig(&real);
    let text = format!("{line}\n{}{}$ echo $?\n{}\n", seen.out, seen.err, seen.status);
    text.replace(&format!("@{}", server.port()), "@8853")
        .replace(&format!("({})", server.port()), "(8853)")
        .replace(root(), "root.pem")
}

fn without_variables(text: &str) -> String {
    let cut = |line: &str| {
        let cut = VARIABLES.iter().filter_map(|it| line.find(it).map(|at| at + it.len())).min();
        line[..cut.unwrap_or(line.len())].to_owned()
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}
