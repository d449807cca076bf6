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

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches};

use crate::dns::rdata::{class_from_word, type_from_word};
use crate::dns::tsig::{Key, KeyFault};
use crate::error::Error;
use options::{Argument, LEFT_OUT, OPTIONS, Row, Value};
use server::{Server, parse_port};
use settings::{Family, KeySource, Name, Operation, Settings};

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

/// Whether a command line wants nothing of the start file.
pub fn skips_start_file(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "-r")
}

/// The words of a start file: options and servers, which stand before those of the command line.
pub fn start_words(text: &str) -> Result<Vec<OsString>, Error> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let words = lines.flat_map(str::split_whitespace);
    words
        .map(|word| match word.starts_with(['+', '-', '@']) {
            true => Ok(word.into()),
            false => Err(Error::usage(format!("only options and servers belong there: {word}"))),
        })
        .collect()
}

/// Reads a command line, without the program's name.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Error> {
    let matches = clap_command().no_binary_name(true).try_get_matches_from(args).map_err(usage)?;
    if matches.get_flag("help") {
        return Ok(Command::Help);
    }
    if matches.get_flag("version") {
        return Ok(Command::Version);
    }
    let mut fold = Fold::default();
    for word in in_typed_order(&matches) {
        match word {
            Word::Bare(word) => fold.word(&word)?,
            Word::Dash(option, value) => fold.dash(option, &value)?,
        }
    }
    let color = match matches.get_one::<String>("color").map(String::as_str) {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    };
    let batch = matches.get_one::<String>("f").cloned();
    if fold.queries.is_empty() && batch.is_none() {
        fold.root();
    }
    let (queries, common, warnings) = fold.finish();
    let debug = matches.get_count("debug");
    Ok(Command::Look(Box::new(Look { queries, common, batch, debug, color, warnings })))
}

/// Reads one line of a batch: the queries it asks for, each of which starts from `common`. What was
/// odd is added to `warnings`.
pub fn parse_line(
    line: &str,
    common: &Settings,
    warnings: &mut Vec<String>,
) -> Result<Vec<Settings>, Error> {
    let mut fold = Fold { common: common.clone(), ..Fold::default() };
    let words = || line.split_whitespace();
    if words().any(|word| word.starts_with('-')) {
        let args = words().map(OsString::from);
        let matches =
            clap_command().no_binary_name(true).try_get_matches_from(args).map_err(usage)?;
        let global = ["help", "version"].into_iter().any(|it| matches.get_flag(it));
        if global || matches.contains_id("f") || matches.contains_id("color") {
            return Err(Error::usage("-f, -h, -V and --color have no place in a batch"));
        }
        for word in in_typed_order(&matches) {
            match word {
                Word::Bare(word) => fold.word(&word)?,
                Word::Dash(option, value) => fold.dash(option, &value)?,
            }
        }
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
        .arg(valued("q", 'q', "NAME").help("Ask for NAME, also if it looks like a type."))
        .arg(valued("t", 't', "TYPE").help("Ask for records of this TYPE."))
        .arg(valued("c", 'c', "CLASS").help("Ask in this CLASS."))
        .arg(valued("x", 'x', "ADDR").help("Ask for the name of the address ADDR."))
        .arg(valued("p", 'p', "PORT").help("Use PORT for servers that name none (853)."))
        .arg(valued("b", 'b', "ADDR").help("Ask from the address ADDR[@PORT]."))
        .arg(
            Arg::new("f")
                .short('f')
                .value_name("FILE")
                .overrides_with("f")
                .help("Ask what the lines of FILE say; - is standard input."),
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
                .help("Show what happens while it does; -dd shows more."),
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
}

impl Fold {
    /// The settings that an option now acts on: the last query's, or everybody's.
    fn current(&mut self) -> &mut Settings {
        self.queries.last_mut().unwrap_or(&mut self.common)
    }

    fn query(&mut self, name: Name) {
        // a query's own servers replace everybody's, so it begins with none
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
            self.current().servers.push(server);
            return Ok(());
        }
        if word.is_empty() {
            return Err(Error::usage("invalid empty parameter"));
        }
        if word == "-" {
            return Err(Error::usage("invalid option: -"));
        }
        if let Some(set) = type_word(word) {
            set(self.current());
        } else if let Some(qclass) = class_from_word(word) {
            self.current().qclass = Some(qclass);
        } else if word.eq_ignore_ascii_case("IXFR") {
            return Err(Error::Usage {
                message: "SOA serial is required for IXFR query".into(),
                hint: Some("IXFR=SERIAL".into()),
            });
        } else if let Some(meant) = meant_as_number(word) {
            return Err(Error::Usage {
                message: format!("bad {meant} {word}"),
                hint: Some(format!("if {word} is a name: -q {word}")),
            });
        } else {
            self.query(Name::Domain(word.to_owned()));
        }
        Ok(())
    }

    fn dash(&mut self, option: &str, value: &str) -> Result<(), Error> {
        match option {
            "q" => self.query(Name::Domain(value.to_owned())),
            "x" => {
                let address =
                    value.parse().map_err(|_| Error::usage(format!("bad reverse name {value}")))?;
                self.query(Name::Reverse(address));
                // a type for all queries is for their names; only one typed after -x is for it
                self.current().qtype = None;
            }
            "t" => match type_word(value) {
                Some(set) => set(self.current()),
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
                let source = Server::parse(value)
                    .map_err(|why| Error::usage(format!("bad address {value} ({why})")))?;
                if source.address().is_none() {
                    return Err(Error::usage(format!("bad address {value} (no address)")));
                }
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
        let (row, on) = find(word).map_err(|found| unknown_option(typed, word, found))?;
        let value = match (on, row.argument, argument) {
            (false, _, Some(_)) | (_, Argument::None, Some(_)) => {
                if argument != Some("") {
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

const SOA: u16 = 6;
const AXFR: u16 = 252;
const NS: u16 = 2;
const IXFR: u16 = 251;

/// What a type word does: types by name or number, `IXFR=serial`, `NOTIFY` and `NOTIFY=serial`.
fn type_word(word: &str) -> Option<impl FnOnce(&mut Settings)> {
    let (name, serial) = match word.split_once('=') {
        Some((name, serial)) => (name, Some(serial.parse().ok()?)),
        None => (word, None),
    };
    let (qtype, operation) = match (&*name.to_ascii_uppercase(), serial) {
        ("IXFR", Some(serial)) => (IXFR, Operation::Ixfr(serial)),
        // what changed since when?
        ("IXFR", None) => return None,
        ("NOTIFY", serial) => (SOA, Operation::Notify(serial)),
        (_, Some(_)) => return None,
        (_, None) => (type_from_word(word)?, Operation::Query),
    };
    Some(move |settings: &mut Settings| {
        settings.qtype = Some(qtype);
        settings.operation = operation;
        if matches!(operation, Operation::Notify(_)) {
            // who notifies has authority, and asks for no recursion (RFC 1996 section 3.7)
            settings.flags.aa = true;
            settings.flags.rd = false;
        }
    })
}

/// Without what was typed: a secret is in it.
fn bad_key(fault: KeyFault) -> Error {
    let name = fault.name().map(|name| format!(" {name}")).unwrap_or_default();
    Error::usage(format!("bad key{name} ({fault})"))
}

/// `TYPE65536`, `CLASS70000`: meant as a type or class, so asking for it as a name helps nobody.
fn meant_as_number(word: &str) -> Option<&'static str> {
    let is_numbered = |prefix: &str| {
        let (head, digits) = word.split_at_checked(prefix.len()).unwrap_or_default();
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole && head.eq_ignore_ascii_case(prefix)
    };
    ["type", "class"].into_iter().find(|it| is_numbered(it))
}

/// Finds the option that `word` spells or abbreviates, and whether it is its `no` form: kdig's
/// rule, applied to kdig's names first. The error holds the names it could be.
pub fn find(word: &str) -> Result<(&'static Row, bool), Vec<String>> {
    if let Some(found) = matching(|name| name == word).first() {
        return Ok(*found);
    }
    for kdig in [true, false] {
        let found: Vec<_> = matching(|name| !word.is_empty() && name.starts_with(word))
            .into_iter()
            .filter(|(row, _)| row.kdig == kdig)
            .collect();
        match found[..] {
            [] => {}
            [only] => return Ok(only),
            _ => return Err(found.iter().map(spell).collect()),
        }
    }
    Err(Vec::new())
}

fn matching(wanted: impl Fn(&str) -> bool) -> Vec<(&'static Row, bool)> {
    let on = OPTIONS.iter().filter(|row| wanted(row.name)).map(|row| (row, true));
    let off = OPTIONS.iter().filter(|row| wanted(&format!("no{}", row.name)));
    on.chain(off.map(|row| (row, false))).collect()
}

fn spell((row, on): &(&Row, bool)) -> String {
    format!("+{}{}", if *on { "" } else { "no" }, row.name)
}

fn unknown_option(typed: &str, word: &str, found: Vec<String>) -> Error {
    if !found.is_empty() {
        return Error::Usage {
            message: format!("ambiguous option: +{typed}"),
            hint: Some(format!("one of {}", found.join(", "))),
        };
    }
    Error::Usage { message: format!("invalid option: +{typed}"), hint: nearest_option(word) }
}

/// Why kdig's option of this name is none of ours, where it is not.
fn left_out(name: &str) -> Option<String> {
    let (_, why) = LEFT_OUT.iter().find(|(left_out, _)| *left_out == name)?;
    Some(format!("left out on purpose: {why}"))
}

/// What was meant by an option that there is not.
fn nearest_option(word: &str) -> Option<String> {
    let name = word.strip_prefix("no").unwrap_or(word);
    if let Some(why) = left_out(name) {
        return Some(why);
    }
    let hyphens = |character: char| matches!(character, '\u{2010}'..='\u{2015}' | '\u{2212}');
    if let Some(odd) = word.chars().find(|&character| hyphens(character)) {
        let plain = word.replace(hyphens, "-");
        let code = u32::from(odd);
        return Some(format!("{odd} (U+{code:04X}) is not a hyphen; type +{plain}"));
    }
    let lower = word.to_ascii_lowercase();
    if lower.is_empty() {
        return None;
    }
    let plain = lower.strip_prefix("no-").map_or_else(|| lower.clone(), |rest| format!("no{rest}"));
    if let Ok(found) = find(&plain) {
        return Some(format!("did you mean {}?", spell(&found)));
    }
    let names = OPTIONS.iter().flat_map(|row| [row.name.to_owned(), format!("no{}", row.name)]);
    let near = |name: &String| {
        // the unabbreviated name, or its beginning as long as what was typed
        let start = name.get(..plain.len()).unwrap_or(name);
        strsim::damerau_levenshtein(name, &plain).min(strsim::damerau_levenshtein(start, &plain))
    };
    let (distance, best) = names.map(|name| (near(&name), name)).min()?;
    // one slip in three letters, two in six
    (distance <= 2 && distance * 3 <= plain.len()).then(|| format!("did you mean +{best}?"))
}

/// clap's complaint in our words.
fn usage(error: clap::Error) -> Error {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let option = context(ContextKind::InvalidArg).unwrap_or_default();
    // without the name of its value
    let option = option.split([' ', '=']).next().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::UnknownArgument => format!("invalid option: {option}"),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        ErrorKind::InvalidValue
            if context(ContextKind::InvalidValue).is_some_and(|it| !it.is_empty()) =>
        {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            format!("invalid {option}: {value}")
        }
        ErrorKind::InvalidValue | ErrorKind::NoEquals => match option {
            "-q" => "missing name".to_owned(),
            "-t" => "missing type".to_owned(),
            "-c" => "missing class".to_owned(),
            "-x" | "-b" => "missing address".to_owned(),
            "-p" => "missing port".to_owned(),
            "-y" => "missing key".to_owned(),
            "-f" | "-k" => "missing filename".to_owned(),
            _ => format!("missing value: {option}"),
        },
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    };
    let hint = match error.get(ContextKind::ValidValue) {
        _ if error.kind() == ErrorKind::UnknownArgument => Some(match left_out(option) {
            Some(why) => why,
            None => "tdig -h lists the options".into(),
        }),
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            Some(format!("one of {}", values.join(", ")))
        }
        _ => None,
    };
    Error::Usage { message, hint }
}

#[cfg(test)]
mod tests;
