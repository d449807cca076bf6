//! The files that are made from the program's own tables: manual and completions. One rule: they
//! are checked in, and the test that makes them keeps them true: it compares, rewrites and fails.

mod bash;
mod fish;
mod man;
mod powershell;
mod zsh;

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use clap::Arg;
use tdig::cli::options::{Argument, OPTIONS};
use tdig::cli::server::Server;
use tdig::dns::rdata::{RECORD_TYPES, class_name};

use crate::run::say;

/// What every file says of itself in a comment.
const NOTICE: &str = "made from the tables of tdig by its tests; changes here are lost";

#[test]
fn manual_is_fresh() {
    keep("man/tdig.1", &man::page());
}

#[test]
fn completion_for_bash_is_fresh() {
    keep("completions/tdig.bash", &bash::script());
}

#[test]
fn completion_for_zsh_is_fresh() {
    keep("completions/_tdig", &zsh::script());
}

#[test]
fn completion_for_fish_is_fresh() {
    keep("completions/tdig.fish", &fish::script());
}

#[test]
fn completion_for_powershell_is_fresh() {
    keep("completions/_tdig.ps1", &powershell::script());
}

#[test]
fn every_server_offered_has_an_address_and_a_name() {
    for offered in servers() {
        let server = Server::parse(&offered[1..]).expect(&offered);
        assert!(server.address().is_some() && server.name.is_some(), "{offered}");
    }
}

/// Compares a file of the repository with what it should be; a stale one is rewritten.
fn keep(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if fs::read_to_string(&file).is_ok_and(|found| found == wanted) {
        return;
    }
    let written = fs::create_dir_all(file.parent().expect("a path below the repository"))
        .and_then(|()| fs::write(&file, wanted));
    match written {
        Ok(()) => panic!("{path} was stale and has been rewritten: look at it and commit it"),
        Err(error) => panic!("{path} is stale and cannot be rewritten: {error}"),
    }
}

/// A word that completes, with what it does.
struct Word {
    text: String,
    help: String,
}

/// What an option takes as its value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Nothing,
    Free,
    File,
    Type,
    Class,
    OneOf(Vec<String>),
}

/// A dash option.
struct Dash {
    short: Option<char>,
    long: Option<String>,
    help: String,
    value: Value,
}

impl Dash {
    /// `-h` and `--help`; a long name that takes a value ends with `=`.
    fn words(&self) -> Vec<Word> {
        let equals = if self.value == Value::Nothing { "" } else { "=" };
        let short = self.short.map(|it| format!("-{it}"));
        let long = self.long.as_ref().map(|it| format!("--{it}{equals}"));
        let word = |text| Word { text, help: self.help.clone() };
        short.into_iter().chain(long).map(word).collect()
    }
}

/// `+tls-ca` and `+tls-ca=`: what takes a value ends with `=`, once the value may be left out also
/// without.
fn on_words() -> Vec<Word> {
    let spellings = OPTIONS.iter().flat_map(|row| {
        let (bare, valued) = match row.argument {
            Argument::None => (true, false),
            Argument::Optional(_) => (true, true),
            Argument::Required(_) => (false, true),
        };
        let bare = bare.then(|| format!("+{}", row.name));
        let valued = valued.then(|| format!("+{}=", row.name));
        let word = |text| Word { text, help: row.help.to_owned() };
        bare.into_iter().chain(valued).map(word)
    });
    spellings.collect()
}

/// `+notls-ca`
fn off_words() -> Vec<Word> {
    let word = |name| Word { text: format!("+no{name}"), help: format!("Undo +{name}.") };
    OPTIONS.iter().map(|row| word(row.name)).collect()
}

/// `+tls-ca=`: the options whose value is a file, or may be one.
fn file_options() -> Vec<String> {
    let takes_file = |argument| match argument {
        Argument::None => false,
        Argument::Optional(name) | Argument::Required(name) => named(name) == Value::File,
    };
    let rows = OPTIONS.iter().filter(|row| takes_file(row.argument));
    rows.map(|row| format!("+{}=", row.name)).collect()
}

fn dash_options() -> Vec<Dash> {
    let command = tdig::cli::clap_command();
    let shown = command.get_arguments().filter(|it| !it.is_hide_set());
    let dash = |it: &Arg| Dash {
        short: it.get_short(),
        long: it.get_long().map(str::to_owned),
        help: it.get_help().expect("every option has a line of help").to_string(),
        value: value_of(it),
    };
    shown.map(dash).collect()
}

fn value_of(argument: &Arg) -> Value {
    if !argument.get_action().takes_values() || argument.get_num_args() == Some(0.into()) {
        return Value::Nothing;
    }
    let listed = argument.get_possible_values();
    if !listed.is_empty() {
        return Value::OneOf(listed.iter().map(|it| it.get_name().to_owned()).collect());
    }
    let name = argument.get_value_names().and_then(|names| names.first());
    named(name.expect("every value has a name"))
}

/// The names of values are few and mean the same everywhere.
fn named(value: &str) -> Value {
    match value {
        "FILE" | "PIN" => Value::File,
        "TYPE" => Value::Type,
        "CLASS" => Value::Class,
        _ => Value::Free,
    }
}

fn types() -> Vec<&'static str> {
    RECORD_TYPES.iter().map(|row| row.mnemonic).collect()
}

fn classes() -> Vec<&'static str> {
    (0..=u16::MAX).filter_map(class_name).collect()
}

/// Both without what is listed twice, as `ANY` is.
fn types_and_classes() -> Vec<&'static str> {
    let types = types();
    let classes = classes().into_iter().filter(|it| !types.contains(it)).collect::<Vec<_>>();
    [types, classes].concat()
}

/// Public resolvers: the name on their certificate, and their addresses.
const RESOLVERS: &[(&str, [&str; 4])] = &[
    ("one.one.one.one", ["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"]),
    ("dns.google", ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"]),
    ("dns.quad9.net", ["9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"]),
    (
        "dns.adguard-dns.com",
        ["94.140.14.14", "94.140.15.15", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff"],
    ),
];

/// `@1.1.1.1#one.one.one.one`
fn servers() -> Vec<String> {
    let each = |(name, addresses): &(&str, [&str; 4])| {
        addresses.iter().map(|it| format!("@{it}#{name}")).collect::<Vec<_>>()
    };
    RESOLVERS.iter().flat_map(each).collect()
}

/// Words in lines of at most 96 columns.
fn wrapped(words: &[impl AsRef<str>], indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in words {
        let last = lines.last_mut().expect("there is always a line");
        if last.len() + word.as_ref().len() > 96 {
            lines.push(indent.to_owned());
        } else if last.len() > indent.len() {
            last.push(' ');
        }
        lines.last_mut().expect("there is always a line").push_str(word.as_ref());
    }
    lines.join("\n")
}

/// Runs a program that may not be installed. Where it must be (`TDIG_PEERS=required`), its absence
/// fails; elsewhere it is said on the real stderr, which no test harness hides.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let outcome = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TERM", "dumb")
        .output();
    match outcome {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let required = std::env::var_os("TDIG_PEERS").is_some_and(|it| it == "required");
            assert!(!required, "{program} is required and not installed");
            say(&format!("skipped: {program} is not installed"));
            None
        }
        Err(error) => panic!("cannot run {program}: {error}"),
    }
}

/// What a shell printed, which must not have complained.
fn said(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{}: {complaint}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
