//! What was typed. One rule: opens no file, asks no clock, resolves no name.
//!
//! clap reads the dash options; the words between them are folded, in the order typed, into one
//! [`Settings`] a query: options before the first name are for all queries, after a name for that
//! one.

pub mod help;
pub mod options;
pub mod pin;
pub mod server;
pub mod settings;
mod spelling;
mod start;

pub use spelling::find;
pub use start::{skips_start_file, start_words};

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use crate::display::Format;
use crate::dns::rdata::{class_from_word, type_from_word};
use crate::dns::tsig::{Key, KeyFault};
use crate::error::Error;
use options::{Argument, Value};
use server::{Server, parse_port};
use settings::{AXFR, Family, IXFR, Inherited, KeySource, NS, Name, Operation, SOA, Settings};

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Lookups.
    Look(Box<Look>),
    /// `-h`
    Help,
    /// `-V`
    Version,
}

/// The lookups of one command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// One for each query.
    pub queries: Vec<Settings>,
    /// The settings that every query started from: what separates queries follows these.
    pub common: Settings,
    /// The file of a batch; `-` is standard input.
    pub batch: Option<String>,
    /// How often `-d` was given.
    pub debug: u8,
    /// Whether to write in colour.
    pub color: Color,
    /// What was odd, but not wrong.
    pub warnings: Vec<String>,
}

impl Look {
    /// Whether Punycode is shown as Unicode where no option says it.
    pub fn in_unicode(&mut self, on: bool) {
        for settings in self.queries.iter_mut().chain([&mut self.common]) {
            settings.display.idnout = on;
        }
    }
}

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One word or dash option, in the order typed.
enum Word {
    Bare(String),
    Dash(&'static str, String),
}

/// Reads a command line, without the program's name.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Error> {
    parse_after(Vec::new(), args.into_iter().collect())
}

/// Reads a command line behind the words of a start file.
pub fn parse_after(start: Vec<OsString>, args: Vec<OsString>) -> Result<Command, Error> {
    let (first, typed) = (matches(start)?, matches(args)?);
    let both = [&first, &typed];
    if both.iter().any(|it| it.get_flag("help")) {
        return Ok(Command::Help);
    }
    if both.iter().any(|it| it.get_flag("version")) {
        return Ok(Command::Version);
    }
    let mut fold = Fold::default();
    fold.words(&first)?;
    fold.common.inherited = Inherited::of(&fold.common);
    fold.words(&typed)?;
    // the last one counts
    let last = |id: &str| both.iter().rev().find_map(|it| it.get_one::<String>(id));
    let color = match last("color").map(String::as_str) {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    };
    let batch = last("f").cloned();
    if batch.as_deref() == Some("") {
        return Err(Error::usage("missing filename"));
    }
    if fold.queries.is_empty() && batch.is_none() {
        fold.root();
    }
    let (queries, common, warnings) = fold.finish();
    let debug = first.get_count("debug").saturating_add(typed.get_count("debug"));
    Ok(Command::Look(Box::new(Look { queries, common, batch, debug, color, warnings })))
}

/// Whether the words ask for JSON, whatever else is wrong with them: for one query or for all.
pub fn writes_json(start: &[OsString], args: &[OsString]) -> bool {
    let mut fold = Fold::default();
    for arg in start.iter().chain(args).filter_map(|arg| arg.to_str()) {
        // what makes no sense is told elsewhere
        let _ = fold.word(arg);
    }
    let queries = if fold.queries.is_empty() { vec![fold.common] } else { fold.queries };
    queries.iter().any(|it| it.display.format == Format::Json)
}

/// Reads one line of a batch: the queries it asks for, each of which starts from `common`. What was
/// odd is added to `warnings`.
pub fn parse_line(
    line: &str,
    common: &Settings,
    warnings: &mut Vec<String>,
) -> Result<Vec<Settings>, Error> {
    let mut fold = Fold { common: common.clone(), is_line: true, ..Fold::default() };
    // whichever side of the name they stand on, the servers of a line are its own
    fold.common.inherited.servers = true;
    let words = || line.split_whitespace();
    if words().any(|word| word.starts_with('-')) {
        let matches = matches(words().map(OsString::from))?;
        for (id, option) in OF_THE_WHOLE {
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                return Err(no_place_in_a_line(option));
            }
        }
        fold.words(&matches)?;
    } else {
        for word in words() {
            fold.word(word)?;
        }
    }
    if fold.queries.is_empty() {
        fold.root();
    }
    let (queries, _, odd) = fold.finish();
    warnings.extend(odd);
    Ok(queries)
}

/// The dash options that are for a whole command line, and so for no line of a batch.
const OF_THE_WHOLE: [(&str, &str); 6] = [
    ("f", "-f"),
    ("help", "-h"),
    ("version", "-V"),
    ("color", "--color"),
    ("debug", "-d"),
    ("r", "-r"),
];

fn no_place_in_a_line(option: &str) -> Error {
    Error::usage(format!("{option} has no place in a line of a batch"))
}

/// A name, and what is asked of it in place of what all queries ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The name as typed.
    pub name: &'a str,
    /// A record type.
    pub qtype: Option<u16>,
    /// A class.
    pub qclass: Option<u16>,
}

/// Reads a line of a batch that is a name with a dot in it, and types and classes: most lines of
/// most batches, and [`parse_line`] would say the same of them. `None` is any other line.
pub fn parse_question(line: &str) -> Option<Question<'_>> {
    let mut words = line.split_ascii_whitespace();
    let name = words.next()?;
    // no type and no class has a dot in it, but IXFR=1.5 is no name
    let is_name = name.contains('.') && !name.starts_with(['+', '@', '-']) && !name.contains('=');
    let mut question = Question { name, qtype: None, qclass: None };
    for word in words {
        if let Some(qtype) = type_from_word(word) {
            question.qtype = Some(qtype);
        } else {
            question.qclass = Some(class_from_word(word)?);
        }
    }
    // a transfer is more than a question, and a name beyond ASCII is sent in other letters
    (is_name && name.is_ascii() && !matches!(question.qtype, Some(AXFR | IXFR))).then_some(question)
}

/// The dash options, each with its one line of help.
pub fn clap_command() -> clap::Command {
    let valued = |id: &'static str, short: char, value: &'static str| {
        Arg::new(id).short(short).value_name(value).action(ArgAction::Append)
    };
    let flag = |id: &'static str, short: char| {
        Arg::new(id).short(short).num_args(0).default_missing_value("").action(ArgAction::Append)
    };
    let repeatable = |id: &'static str, short: char| {
        Arg::new(id).short(short).action(ArgAction::SetTrue).overrides_with(id)
    };
    clap::Command::new("tdig")
        .about("ask a DNS resolver over TLS: who answered, and what")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(valued("q", 'q', "NAME").help("Query NAME, even if it looks like a type."))
        .arg(valued("t", 't', "TYPE").help("Ask for records of this TYPE."))
        .arg(valued("c", 'c', "CLASS").help("Ask in this CLASS."))
        .arg(valued("x", 'x', "ADDR").help("Ask for the name of the address ADDR."))
        .arg(valued("p", 'p', "PORT").help("Use PORT for servers that name none (853)."))
        .arg(valued("b", 'b', "ADDR").help("Ask from the address ADDR[@PORT], any if 0."))
        .arg(
            Arg::new("f")
                .short('f')
                .value_name("FILE")
                .overrides_with("f")
                .help("Read queries from FILE (- is standard input)."),
        )
        .arg(valued("y", 'y', "[ALG:]NAME:BASE64").help("Sign with this TSIG key (hmac-sha256)."))
        .arg(valued("k", 'k', "FILE").help("Sign with the TSIG key in FILE, as -y or BIND has it."))
        .arg(repeatable("r", 'r').help("Do not read ~/.tdigrc."))
        .arg(flag("4", '4').help("Use IPv4 only."))
        .arg(flag("6", '6').help("Use IPv6 only."))
        .arg(
            Arg::new("debug")
                .short('d')
                .action(ArgAction::Count)
                .help("Show debug messages; -dd shows more."),
        )
        .arg(
            Arg::new("color")
                .long("color")
                .value_name("WHEN")
                .require_equals(true)
                .overrides_with("color")
                .value_parser(["auto", "always", "never"])
                .help("Write in colour: auto, always or never."),
        )
        .arg(repeatable("help", 'h').long("help").help("Print this help."))
        .arg(repeatable("version", 'V').long("version").help("Print the version."))
        .arg(Arg::new("words").num_args(0..).action(ArgAction::Append).hide(true))
}

fn matches(args: impl IntoIterator<Item = OsString>) -> Result<ArgMatches, Error> {
    let args: Vec<_> = args.into_iter().collect();
    let matches = clap_command().no_binary_name(true).try_get_matches_from(&args);
    matches.map_err(|error| spelling::usage(&error, &args))
}

fn in_typed_order(matches: &ArgMatches) -> Vec<Word> {
    let mut words = Vec::new();
    for id in ["q", "t", "c", "x", "p", "b", "y", "k", "4", "6", "words"] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        let places = matches.indices_of(id).into_iter().flatten();
        words.extend(places.zip(values).map(|(place, value)| match id {
            "words" => (place, Word::Bare(value.clone())),
            _ => (place, Word::Dash(id, value.clone())),
        }));
    }
    words.sort_by_key(|(place, _)| *place);
    words.into_iter().map(|(_, word)| word).collect()
}

#[derive(Default)]
struct Fold {
    common: Settings,
    queries: Vec<Settings>,
    warnings: Vec<String>,
    /// These are the words of a line of a batch.
    is_line: bool,
}

impl Fold {
    fn words(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        in_typed_order(matches).into_iter().try_for_each(|word| match word {
            Word::Bare(word) => self.word(&word),
            Word::Dash(option, value) => self.dash(option, &value),
        })
    }

    /// The settings that an option now acts on: the last query's, or those of all queries.
    fn current(&mut self) -> &mut Settings {
        self.queries.last_mut().unwrap_or(&mut self.common)
    }

    fn query(&mut self, name: Name) {
        // a query's own servers replace the common ones, so it begins with none
        let servers = Vec::new();
        self.queries.push(Settings { name: Some(name), servers, ..self.common.clone() });
    }

    fn word(&mut self, word: &str) -> Result<(), Error> {
        if let Some(option) = word.strip_prefix('+') {
            return self.option(option);
        }
        if let Some(typed) = word.strip_prefix('@') {
            let server = Server::parse(typed)
                .map_err(|why| Error::usage(format!("invalid server @{typed} ({why})")))?;
            self.current().add_server(server);
            return Ok(());
        }
        if word.is_empty() {
            return Err(Error::usage("invalid empty parameter"));
        }
        if word == "-" {
            return Err(Error::usage("invalid option: -"));
        }
        let no_name = |what: &str| Error::Usage {
            message: format!("bad {what}"),
            hint: Some(format!("if {word} is a name: -q {word}")),
        };
        if word.eq_ignore_ascii_case("IXFR") {
            return Err(Error::Usage {
                message: NO_SERIAL.into(),
                hint: Some("IXFR=SERIAL".into()),
            });
        }
        if let Some(typed) = type_word(word) {
            let (qtype, operation) =
                typed.map_err(|why| no_name(&format!("type {word} ({why})")))?;
            self.current().ask_for(qtype, operation);
        } else if let Some(qclass) = class_from_word(word) {
            self.current().qclass = Some(qclass);
        } else if let Some(meant) = meant_as_number(word) {
            return Err(no_name(&format!("{meant} {word} (a number from 0 to 65535)")));
        } else {
            spelling::may_be_name(word)?;
            self.warnings.extend(spelling::like_an_option(word));
            self.query(Name::Domain(word.to_owned()));
        }
        Ok(())
    }

    fn dash(&mut self, option: &str, value: &str) -> Result<(), Error> {
        match option {
            "q" => self.query(Name::Domain(value.to_owned())),
            "x" => {
                let address = value.parse().map_err(|_| {
                    Error::usage(format!("bad reverse name {value} (an address is meant)"))
                })?;
                self.query(Name::Reverse(address));
                // a type for all queries is for their names; only one typed after -x is for it
                self.current().qtype = None;
                self.current().operation = Operation::Query;
            }
            "t" => match type_word(value) {
                Some(Ok((qtype, operation))) => self.current().ask_for(qtype, operation),
                Some(Err(why)) => return Err(Error::usage(format!("bad type {value} ({why})"))),
                None => return Err(Error::usage(format!("bad type {value}"))),
            },
            "c" => match class_from_word(value) {
                Some(qclass) => self.current().qclass = Some(qclass),
                None => return Err(Error::usage(format!("bad class {value}"))),
            },
            "p" => {
                let port = parse_port(value)
                    .map_err(|why| Error::usage(format!("bad port {value} ({why})")))?;
                self.current().port = Some(port);
            }
            "b" => {
                let source = Server::parse_source(value)
                    .map_err(|why| Error::usage(format!("bad address {value} ({why})")))?;
                self.current().source = Some(source);
            }
            "y" if value.is_empty() => return Err(Error::usage("missing key")),
            "y" => {
                let key = Key::parse(value).map_err(bad_key)?;
                self.current().key = Some(KeySource::Typed(key));
            }
            "k" if value.is_empty() => return Err(Error::usage("missing filename")),
            "k" => self.current().key = Some(KeySource::File(value.to_owned())),
            "4" => self.current().family = Some(Family::V4),
            _ => self.current().family = Some(Family::V6),
        }
        Ok(())
    }

    fn option(&mut self, typed: &str) -> Result<(), Error> {
        let (word, argument) = match typed.split_once('=') {
            Some((word, argument)) => (word, Some(argument.trim_start_matches('='))),
            None => (typed, None),
        };
        let (row, on) =
            find(word).map_err(|found| spelling::unknown_option(typed, word, &found))?;
        if self.is_line && row.is_of_batch {
            return Err(no_place_in_a_line(&format!("+{}", row.name)));
        }
        let value = match (on, row.argument, argument) {
            (false, _, Some(_)) | (_, Argument::None, Some(_)) => {
                if argument != Some("") {
                    let typed = spelling::without_key(typed, true);
                    self.warnings.push(format!("superfluous option argument: +{typed}"));
                }
                if on { Value::On } else { Value::Off }
            }
            (false, _, None) => Value::Off,
            (true, Argument::Required(_), None) => {
                return Err(Error::usage(format!("missing argument: +{typed}")));
            }
            (true, _, Some("")) => {
                return Err(Error::usage(format!("empty argument: +{typed}")));
            }
            (true, _, Some(argument)) => Value::With(argument),
            (true, _, None) => Value::On,
        };
        row.set(self.current(), value).map_err(Error::usage)
    }

    /// A type or class given without a name applies to the root.
    fn root(&mut self) {
        let qtype = self.common.qtype.or(Some(NS));
        self.query(Name::Domain(".".into()));
        self.current().qtype = qtype;
    }

    /// The queries, what they have in common, and what was odd.
    fn finish(mut self) -> (Vec<Settings>, Settings, Vec<String>) {
        for query in &mut self.queries {
            if query.servers.is_empty() {
                query.servers.clone_from(&self.common.servers);
            }
        }
        (self.queries, self.common, self.warnings)
    }
}

/// kdig's words.
const NO_SERIAL: &str = "SOA serial is required for IXFR query";

/// What a type word asks for: types by name or number, `IXFR=serial`, `NOTIFY` and `NOTIFY=serial`.
/// `None` is a word that begins with no type, the error why it is none though it does.
fn type_word(word: &str) -> Option<Result<(u16, Operation), &'static str>> {
    let Some((name, serial)) = word.split_once('=') else {
        return match &*word.to_ascii_uppercase() {
            // what changed since when?
            "IXFR" => Some(Err(NO_SERIAL)),
            "NOTIFY" => Some(Ok((SOA, Operation::Notify(None)))),
            _ => type_from_word(word).map(|qtype| Ok((qtype, Operation::Query))),
        };
    };
    let digits = |it: &&str| !it.starts_with('+');
    let serial = Some(serial).filter(digits).and_then(|it| it.parse().ok());
    let serial = serial.ok_or("a serial is a number from 0 to 4294967295");
    match &*name.to_ascii_uppercase() {
        "IXFR" => Some(serial.map(|serial| (IXFR, Operation::Ixfr(serial)))),
        "NOTIFY" => Some(serial.map(|serial| (SOA, Operation::Notify(Some(serial))))),
        _ => type_from_word(name).map(|_| Err("only IXFR and NOTIFY have a serial")),
    }
}

/// Without what was typed: a secret is in it, and where it stands is not sure.
fn bad_key(fault: KeyFault) -> Error {
    let name = fault.name().map(|name| format!(" {name}")).unwrap_or_default();
    Error::usage(format!("bad key{name} ({fault})"))
}

/// `TYPE65536`, `CLASS70000`: meant as a type or class, so it is not taken for a name.
fn meant_as_number(word: &str) -> Option<&'static str> {
    let is_numbered = |prefix: &str| {
        let (head, digits) = word.split_at_checked(prefix.len()).unwrap_or_default();
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole && head.eq_ignore_ascii_case(prefix)
    };
    ["type", "class"].into_iter().find(|it| is_numbered(it))
}

#[cfg(test)]
mod tests;
