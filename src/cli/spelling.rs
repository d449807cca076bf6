//! What an option is called, and what was meant by one that there is not. One rule: a hint is one
//! thing to type, or there is none.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::options::{LEFT_OUT, OPTIONS, Row};
use crate::error::Error;
use crate::text;

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

pub(super) fn matching(wanted: impl Fn(&str) -> bool) -> Vec<(&'static Row, bool)> {
    let on = OPTIONS.iter().filter(|row| wanted(row.name)).map(|row| (row, true));
    let off = OPTIONS.iter().filter(|row| wanted(&format!("no{}", row.name)));
    on.chain(off.map(|row| (row, false))).collect()
}

pub(super) fn spell((row, on): &(&Row, bool)) -> String {
    format!("+{}{}", if *on { "" } else { "no" }, row.name)
}

pub(super) fn unknown_option(typed: &str, word: &str, found: &[String]) -> Error {
    // options listed; a longer list helps no reader
    const MAX_LISTED: usize = 12;
    let (what, hint) = match found.len() {
        0 => ("invalid", meant(word)),
        1..=MAX_LISTED => ("ambiguous", Some(format!("one of {}", found.join(", ")))),
        many => ("ambiguous", Some(format!("{many} options begin so; tdig -h lists them"))),
    };
    let is_near = !found.is_empty() || hint.is_some();
    Error::Usage { message: format!("{what} option: +{}", without_key(typed, is_near)), hint }
}

/// A word that makes no sense, without what may be a key: one typed behind the wrong option, with a
/// plus before it, or with its option forgotten. No key is so short that what is shown would do.
pub(super) fn without_key(typed: &str, is_near: bool) -> String {
    const MIN_KEY: usize = 8;
    /// More than any option has letters.
    const MAX_NAME: usize = 24;
    let (name, value) = typed.split_at(typed.find(['=', ':']).unwrap_or(typed.len()));
    let of_key = name.trim_start_matches('-').starts_with(['k', 'y']);
    let is_long = name.len() > MAX_NAME;
    let may_be_key =
        name.len() >= MIN_KEY && (of_key || text::may_be_key(&name.replace('/', ""), MIN_KEY));
    let name = match name.char_indices().nth(MIN_KEY / 2) {
        Some((end, _)) if is_long || (may_be_key && !is_near) => format!("{}...", &name[..end]),
        _ => name.to_owned(),
    };
    match value.get(1..).filter(|it| it.len() >= MIN_KEY) {
        Some(_) => format!("{name}{}...", &value[..1]),
        None => name + value,
    }
}

/// A value that makes no sense, unless it may be the text of a file in place of its path.
pub(super) fn value_without_key(typed: &str) -> &str {
    const MAX_VALUE: usize = 96;
    let may_be_key = typed.contains("-----") || typed.contains(char::is_control);
    if may_be_key || typed.len() > MAX_VALUE { "..." } else { typed }
}

/// Why kdig's option of this name is none of ours, where it is not.
fn left_out(is_it: impl Fn(&str) -> bool) -> Option<String> {
    let (_, why) = LEFT_OUT.iter().find(|(name, _)| is_it(name))?;
    Some(format!("left out on purpose: {why}"))
}

/// What was meant by an option that there is not.
fn meant(word: &str) -> Option<String> {
    let name = word.strip_prefix("no").unwrap_or(word);
    // kdig's may be shortened too
    if let Some(why) = left_out(|it| !name.is_empty() && it.starts_with(name)) {
        return Some(why);
    }
    if let Some(odd) = word.chars().find(|&it| meant_sign(it) == Some('-')) {
        let plain = with_hyphens(word);
        return Some(not_the_sign(odd, '-', &format!("+{}", without_key(&plain, false))));
    }
    nearest(word).map(|best| format!("did you mean {best}?"))
}

/// The sign of an option or a server that a character which looks like it was meant to be:
/// typographic ones, mathematical ones, and those as wide or as small as other letters are.
fn meant_sign(character: char) -> Option<char> {
    match character {
        '\u{2010}'..='\u{2015}'
        | '\u{02d7}'
        | '\u{1806}'
        | '\u{2043}'
        | '\u{207b}'
        | '\u{208b}'
        | '\u{2212}'
        | '\u{2796}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}' => Some('-'),
        '\u{02d6}' | '\u{207a}' | '\u{208a}' | '\u{2795}' | '\u{fb29}' | '\u{fe62}'
        | '\u{ff0b}' => Some('+'),
        '\u{fe6b}' | '\u{ff20}' => Some('@'),
        _ => None,
    }
}

fn with_hyphens(word: &str) -> String {
    word.replace(|it| meant_sign(it) == Some('-'), "-")
}

fn not_the_sign(odd: char, sign: char, plain: &str) -> String {
    let name = match sign {
        '-' => "a hyphen",
        '+' => "a plus sign",
        _ => "an at sign",
    };
    format!("{odd} (U+{:04X}) is not {name}; type {plain}", u32::from(odd))
}

/// Whether nothing is seen of a character where a word begins.
fn is_unseen(character: char) -> bool {
    const UNSEEN: [char; 8] = [
        '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}',
        '\u{feff}',
    ];
    character.is_whitespace() || UNSEEN.contains(&character)
}

/// Quotation marks, as an editor puts them around a word.
fn is_quote(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '`' | '\u{ab}' | '\u{b4}' | '\u{2018}'
            ..='\u{201f}' | '\u{2039}' | '\u{bb}' | '\u{203a}'
    )
}

/// Refuses a bare word that only looks like an option, a server or two words: what it asks for
/// would silently not be done. `-q` takes it as a name.
pub(super) fn may_be_name(word: &str) -> Result<(), Error> {
    let seen = word.trim_start_matches(is_unseen);
    let Some(first) = seen.chars().next() else { return Ok(()) };
    let rest = seen.get(first.len_utf8()..).unwrap_or_default();
    let refused = |hint: String| {
        Err(Error::Usage { message: format!("invalid option: {word}"), hint: Some(hint) })
    };
    if let Some(sign) = meant_sign(first) {
        let name = with_hyphens(rest);
        let name = name.trim_start_matches('-');
        let is_option = name.len() > 1 && find(name.split('=').next().unwrap_or_default()).is_ok();
        let plain = if sign == '-' && is_option { '+' } else { sign };
        return refused(not_the_sign(first, sign, &format!("{plain}{name}")));
    }
    let is_sign = |it: char| ['+', '-', '@'].contains(&it) || meant_sign(it).is_some();
    let unquoted = seen.trim_start_matches(is_quote);
    if let Some(sign) = unquoted.chars().next().filter(|it| unquoted != seen && is_sign(*it)) {
        let plain = unquoted.trim_end_matches(is_quote);
        let plain = plain.get(sign.len_utf8()..).unwrap_or_default();
        let sign = meant_sign(sign).unwrap_or(sign);
        return refused(format!(
            "it begins with U+{:04X}; type {sign}{}",
            u32::from(first),
            without_key(plain, false)
        ));
    }
    if seen.len() < word.len() && ['+', '-', '@'].contains(&first) {
        let odd = word.chars().next().map_or(0, u32::from);
        return refused(format!("it begins with U+{odd:04X}; type {seen}"));
    }
    match word.chars().find(|it| it.is_whitespace() && !it.is_ascii()) {
        Some(blank) => Err(Error::Usage {
            message: format!("U+{:04X} is no blank between two words: {word}", u32::from(blank)),
            hint: Some(format!("if it is a name: -q '{word}'")),
        }),
        None => Ok(()),
    }
}

/// What to warn of where a name is spelt like an option whose + is missing.
pub(super) fn like_an_option(word: &str) -> Option<String> {
    let plain = with_hyphens(word).to_ascii_lowercase();
    let (name, value) = plain.split_once('=').map_or((&*plain, None), |it| (it.0, Some(it.1)));
    let is_whole = !matching(|it| it == name).is_empty();
    // few names have a hyphen, fewer an equals sign; those of the options may be shortened then
    let may_be_short = name.contains('-') || value.is_some();
    let found = find(name).ok().filter(|_| is_whole || may_be_short)?;
    let spelt = spell(&found);
    let value = word.split_once('=').map(|(_, value)| format!("={value}")).unwrap_or_default();
    Some(format!("{word} is asked as a name; the option is {spelt}{value}"))
}

/// The slips that a word may have and still be meant as an option.
const MAX_DISTANCE: usize = 2;

/// The option nearest to `word`, as it is typed.
fn nearest(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let plain = lower.strip_prefix("no-").map_or_else(|| lower.clone(), |rest| format!("no{rest}"));
    match find(&plain) {
        Ok(found) => return Some(spell(&found)),
        // it is one of too many
        Err(names) if !names.is_empty() => return None,
        Err(_) => {}
    }
    let longest = OPTIONS.iter().map(|row| "no".len() + row.name.len()).max()?;
    // it is too far from all of them, and the distance takes long
    if plain.len() > longest + MAX_DISTANCE {
        return None;
    }
    let names = OPTIONS.iter().flat_map(|row| [row.name.to_owned(), format!("no{}", row.name)]);
    // of those that are as near, a whole name goes before one that begins so
    let near = |name: &String| {
        let whole = strsim::damerau_levenshtein(name, &plain);
        // a few letters are near the beginning of anything
        let start = name.get(..plain.len()).filter(|_| plain.len() > 4);
        let start = start.map_or(usize::MAX, |it| strsim::damerau_levenshtein(it, &plain));
        (whole.min(start), start < whole)
    };
    let ((distance, _), best) = names.map(|name| (near(&name), name)).min()?;
    // one slip in three letters, two in six, not counting those that every second name begins with
    let letters = plain.strip_prefix("no").unwrap_or(&plain).len();
    (distance <= MAX_DISTANCE && (1..=letters).contains(&(distance * 3)))
        .then(|| format!("+{best}"))
}

/// What was meant by a word of the command line that clap understands up to `-s` or `--short`.
fn meant_by_dash(word: &str) -> Option<String> {
    let name = word.trim_start_matches('-');
    let name = name.split('=').next().unwrap_or_default();
    // one letter is like too many
    let best = nearest(name).filter(|_| name.len() > 1)?;
    Some(format!("did you mean {best}?"))
}

/// The word of `args` in which clap found the unknown `option`.
fn word_with<'a>(args: &'a [OsString], option: &str) -> Option<&'a str> {
    let command = super::clap_command();
    let takes_value = |letter| {
        let argument = command.get_arguments().find(|it| it.get_short() == Some(letter));
        argument
            .is_some_and(|it| it.get_action().takes_values() && it.get_num_args() != Some(0.into()))
    };
    let is_it = |word: &&str| {
        if option.starts_with("--") {
            return word.split('=').next() == Some(option);
        }
        let letters = word.strip_prefix('-').filter(|it| !it.starts_with('-')).unwrap_or_default();
        let unknown = option.chars().nth(1);
        // the letters behind one with a value are its value
        let end = letters.find(|letter| takes_value(letter) || Some(letter) == unknown);
        end.is_some_and(|end| letters[end..].chars().next() == unknown)
    };
    args.iter().filter_map(|arg| arg.to_str()).find(is_it)
}

/// A word with an unknown option: what stands behind one letter may be the key of `-y`.
fn shown(word: &str, option: &str, is_near: bool) -> String {
    const MIN_KEY: usize = 8;
    let unknown = option.chars().nth(1).filter(|_| !word.starts_with("--") && !is_near);
    let end = unknown.and_then(|letter| Some(1 + word.get(1..)?.find(letter)? + letter.len_utf8()));
    match end.map(|end| word.split_at(end)) {
        Some((until, behind)) if behind.len() >= MIN_KEY => until.to_owned(),
        _ => without_key(word, is_near),
    }
}

/// clap's complaint about `args` in our words.
pub(super) fn usage(error: &clap::Error, args: &[OsString]) -> Error {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    // without the name of its value
    let option = argument.split([' ', '=']).next().unwrap_or_default();
    let value = context(ContextKind::InvalidValue).filter(|it| !it.is_empty());
    let message = match (error.kind(), value) {
        (ErrorKind::UnknownArgument, _) => {
            let word = word_with(args, &argument).unwrap_or(&argument);
            let hint = left_out(|it| it == option).or_else(|| meant_by_dash(word));
            return Error::Usage {
                message: format!("invalid option: {}", shown(word, &argument, hint.is_some())),
                hint: Some(hint.unwrap_or_else(|| "tdig -h lists the options".into())),
            };
        }
        (ErrorKind::InvalidUtf8, _) => "an argument is not UTF-8".to_owned(),
        (ErrorKind::InvalidValue, Some(value)) => format!("invalid {option}: {value}"),
        (ErrorKind::InvalidValue | ErrorKind::NoEquals, _) => match option {
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
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            Some(format!("one of {}", values.join(", ")))
        }
        _ if error.kind() == ErrorKind::NoEquals => with_equals(option),
        _ => None,
    };
    Error::Usage { message, hint }
}

/// A long option whose value was typed after a blank, as it is to be typed.
fn with_equals(option: &str) -> Option<String> {
    let command = super::clap_command();
    let name = option.strip_prefix("--")?;
    let argument = command.get_arguments().find(|it| it.get_long() == Some(name))?;
    let values = argument.get_possible_values();
    let typed: Vec<_> = values.iter().map(|it| format!("{option}={}", it.get_name())).collect();
    Some(format!("one of {}", typed.join(", ")))
}
