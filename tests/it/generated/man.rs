//! The manual page. One rule: options, their groups and the exit status come from the tables; prose
//! may mention an option, and a test holds that there is one of that name.
//!
//! In prose, `` `word` `` is typed as it stands, and `{word}` stands for something else. Words that
//! begin with `+` need no marks.

mod prose;

use clap::Arg;
use roff::{Inline, Roff, bold, italic, roman};
use tdig::cli::options::{Argument, Group, LEFT_OUT, OPTIONS, Row};
use tdig::cli::{Command, clap_command, find, help, parse};
use tdig::error::EXIT_STATUS;
use tdig::plan::Lookup;

use super::{NOTICE, run};
use prose::*;

/// A day in the month that the page was last read from start to end.
const READ: &str = "2026-11-21";

/// man/tdig.1
pub(super) fn page() -> String {
    let version = concat!("tdig ", env!("CARGO_PKG_VERSION"));
    let mut page = Roff::new();
    page.control("TH", ["TDIG", "1", READ, version, "User Commands"]);
    section(&mut page, "NAME");
    let about = clap_command().get_about().expect("the program says what it is").to_string();
    page.text([roman(format!("tdig - {about}"))]);
    section(&mut page, "SYNOPSIS");
    page.text(synopsis(help::USAGE));
    section(&mut page, "DESCRIPTION");
    opening(&mut page, DESCRIPTION);
    entries(&mut page, PROFILES);
    section(&mut page, "SERVERS");
    opening(&mut page, &SERVERS[..1]);
    entries(&mut page, NOTATIONS);
    paragraphs(&mut page, &SERVERS[1..]);
    section(&mut page, "OPTIONS");
    for argument in clap_command().get_arguments().filter(|it| !it.is_hide_set()) {
        dash_option(&mut page, argument);
    }
    section(&mut page, "+OPTIONS");
    opening(&mut page, PLUS);
    for group in Group::ALL {
        page.control("SS", [group.title()]);
        for row in OPTIONS.iter().filter(|it| it.group == group) {
            option(&mut page, row);
        }
    }
    section(&mut page, "PINS");
    opening(&mut page, &PINS[..1]);
    example(&mut page, PIN_COMMAND);
    paragraphs(&mut page, &PINS[1..]);
    for (title, texts) in CHAPTERS {
        section(&mut page, title);
        opening(&mut page, texts);
    }
    section(&mut page, "OUTPUT");
    opening(&mut page, OUTPUT);
    example(&mut page, OUTPUT_EXAMPLE);
    entries(&mut page, OUTPUT_LINES);
    paragraphs(&mut page, OUTPUT_FORMS);
    section(&mut page, "EXIT STATUS");
    for (code, meaning) in EXIT_STATUS {
        entry(&mut page, vec![bold(code.to_string())], &format!("{}.", capital(meaning)));
    }
    paragraphs(&mut page, STATUS);
    section(&mut page, "ENVIRONMENT");
    entries(&mut page, ENVIRONMENT);
    section(&mut page, "FILES");
    entries(&mut page, FILES);
    section(&mut page, "EXAMPLES");
    for (position, (line, purpose)) in EXAMPLES.iter().enumerate() {
        if position > 0 {
            page.control("PP", []);
        }
        sentences(&mut page, purpose, None);
        example(&mut page, &[line]);
    }
    section(&mut page, "DIFFERENCES FROM KDIG");
    opening(&mut page, DIFFERENCES);
    for (name, why) in LEFT_OUT {
        let plus = if name.starts_with('-') { "" } else { "+" };
        entry(&mut page, vec![bold(format!("{plus}{name}"))], &format!("{}.", capital(why)));
    }
    section(&mut page, "SEE ALSO");
    page.text(marked("`kdig`(1), `dig`(1), `openssl-s_client`(1), `resolv.conf`(5)", None));
    section(&mut page, "STANDARDS");
    entries(&mut page, STANDARDS);
    // groff has an accent and an arrow of its own for these two
    let text = page.render().replace('~', r"\(ti").replace('^', r"\(ha");
    format!(".\\\" {NOTICE}\n{text}")
}

fn section(page: &mut Roff, title: &str) {
    page.control("SH", [title]);
}

/// The first paragraph under a heading needs no mark, and formatters complain of one.
fn opening(page: &mut Roff, texts: &[&str]) {
    if let [first, rest @ ..] = texts {
        sentences(page, first, None);
        paragraphs(page, rest);
    }
}

fn paragraphs(page: &mut Roff, texts: &[&str]) {
    for text in texts {
        page.control("PP", []);
        sentences(page, text, None);
    }
}

fn entries(page: &mut Roff, entries: &[(&str, &str)]) {
    for (tag, text) in entries {
        let tag = if tag.contains(['`', '{']) { marked(tag, None) } else { vec![bold(*tag)] };
        entry(page, tag, text);
    }
}

fn entry(page: &mut Roff, tag: Vec<Inline>, text: &str) {
    page.control("TP", []);
    page.text(tag);
    sentences(page, text, None);
}

fn example(page: &mut Roff, lines: &[&str]) {
    page.control("PP", []).control("RS", ["4"]).control("EX", []);
    for line in lines {
        page.text([roman(*line)]);
    }
    page.control("EE", []).control("RE", []);
}

fn dash_option(page: &mut Roff, argument: &Arg) {
    let names = argument.get_value_names();
    let takes = argument.get_action().takes_values() && argument.get_num_args() != Some(0.into());
    let value = names.and_then(|it| it.first()).filter(|_| takes).map(|it| it.as_str());
    let short = argument.get_short().map(|it| format!("-{it}"));
    let long = argument.get_long().map(|it| format!("--{it}"));
    let mut tag = Vec::new();
    for name in [short, long].into_iter().flatten() {
        if !tag.is_empty() {
            tag.push(roman(", "));
        }
        let joint = if name.starts_with("--") { "=" } else { " " };
        tag.push(bold(name));
        tag.extend(value.iter().flat_map(|&it| [roman(joint), italic(it)]));
    }
    page.control("TP", []).text(tag);
    let help = argument.get_help().expect("every option has a line of help").to_string();
    sentences(page, &help, value);
}

/// Tag, help, manual, and whether it is on: everything from its row.
fn option(page: &mut Roff, row: &Row) {
    let value = match row.argument {
        Argument::None => None,
        Argument::Optional(value) | Argument::Required(value) => Some(value),
    };
    page.control("TP", []).text(synopsis(&help::synopsis(row)));
    sentences(page, row.help, value);
    sentences(page, row.manual, value);
    let default = match (row.argument, row.on_where) {
        // what is not there by default, its row says
        (Argument::Required(_), _) => String::new(),
        (_, Some(place)) => format!("On by default {place}."),
        _ if row.on_by_default() => "On by default.".into(),
        _ => "Off by default.".into(),
    };
    sentences(page, &default, None);
}

/// What is typed as it stands in bold, what stands for something else in italics:
/// `+[no]tls-ca[=FILE]`, `[name [type] [class]]`.
fn synopsis(text: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |it: char| it.is_ascii_alphanumeric() || "+-@".contains(it);
        let same = is_word(first);
        let end = rest.find(|it| is_word(it) != same).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let before = &text[..text.len() - rest.len()];
        parts.push(match same {
            false => roman(part),
            true if stands_for_something(part, before) => italic(part),
            true => bold(part),
        });
        rest = after;
    }
    parts
}

fn stands_for_something(word: &str, before: &str) -> bool {
    let is_value = before.ends_with('=');
    let is_option = before.starts_with('+') || word.starts_with('+') || word == "tdig";
    is_value || !is_option
}

/// One sentence, one line of the source: so a change is small in a diff.
fn sentences(page: &mut Roff, text: &str, value: Option<&str>) {
    if text.is_empty() {
        return;
    }
    let mut rest = text;
    while let Some((sentence, after)) = rest.split_once(". ") {
        page.text(marked(&format!("{sentence}."), value));
        rest = after;
    }
    page.text(marked(rest, value));
}

/// Marks as the head of this file has them; `value` is italic wherever it stands as a word.
fn marked(text: &str, value: Option<&str>) -> Vec<Inline> {
    let mut parts = Vec::new();
    for (position, part) in text.split('`').enumerate() {
        if position % 2 == 1 {
            parts.push(bold(part));
            continue;
        }
        for (position, part) in part.split(['{', '}']).enumerate() {
            if position % 2 == 1 {
                parts.push(italic(part));
            } else {
                parts.extend(words(part, value));
            }
        }
    }
    parts
}

fn words(text: &str, value: Option<&str>) -> Vec<Inline> {
    let mut parts = Vec::new();
    for word in text.split_inclusive([' ', ',']) {
        let end = word
            .find(|it: char| !it.is_ascii_alphanumeric() && !"+-[]".contains(it))
            .unwrap_or(word.len());
        let (head, tail) = word.split_at(end);
        match value {
            _ if head.len() > 1 && head.starts_with('+') => parts.push(bold(head)),
            Some(value) if head == value => parts.push(italic(head)),
            Some(value) if head.starts_with(&format!("{value}[")) => {
                parts.push(italic(value));
                parts.push(roman(&head[value.len()..]));
            }
            _ => {
                parts.push(roman(word));
                continue;
            }
        }
        parts.push(roman(tail));
    }
    parts
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn every_option_the_manual_mentions_exists() {
    let mut prose =
        [DESCRIPTION, SERVERS, PLUS, PINS, OUTPUT, OUTPUT_FORMS, STATUS, DIFFERENCES].concat();
    prose.extend(CHAPTERS.iter().flat_map(|(_, texts)| texts.iter()));
    let pairs = [PROFILES, NOTATIONS, OUTPUT_LINES, ENVIRONMENT, FILES].concat();
    let rows = OPTIONS.iter().flat_map(|row| [row.help, row.manual]);
    let texts = prose.into_iter().chain(pairs.into_iter().map(|it| it.1)).chain(rows);
    let mut mentioned = 0;
    for text in texts {
        let is_end = |it: char| !it.is_ascii_alphanumeric() && it != '-';
        for word in text.split(['+', '`']).skip(1).filter(|it| !it.is_empty()) {
            let word = word.split(is_end).next().unwrap_or_default();
            let word = word.trim_end_matches('-');
            let plus = text.contains(&format!("+{word}")) && !["", "no"].contains(&word);
            let known = !plus || find(word).is_ok();
            assert!(known, "+{word} in: {text}");
            mentioned += usize::from(plus);
        }
    }
    assert!(mentioned > 10, "{mentioned}");
}

#[test]
fn every_example_is_a_command_line_that_can_be_asked() {
    for (line, _) in EXAMPLES {
        let words = line.split(' ').skip(1).map(Into::into);
        let Ok(Command::Look(look)) = parse(words) else { panic!("{line}") };
        assert!(look.warnings.is_empty(), "{line}");
        for query in &look.queries {
            assert!(Lookup::new(query).is_ok(), "{line}");
        }
    }
}

#[test]
fn formatters_find_nothing_to_warn_of() {
    for (program, arguments) in [
        ("mandoc", &["-Tlint", "-W", "warning", "man/tdig.1"][..]),
        ("groff", &["-man", "-ww", "-Tutf8", "-z", "man/tdig.1"]),
    ] {
        let Some(output) = run(program, arguments) else { continue };
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(output.status.success() && told.is_empty(), "{program}: {told}");
    }
}
