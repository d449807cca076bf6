//! A line of a batch as typed, for the object of one that failed, and as a name where `+names` has
//! it so. One rule: no key of a line is shown.

use crate::cli::settings::{Name, Operation, Settings};
use crate::dns::rdata::{class_from_word, type_from_word};
use crate::error::Error;

/// What of a line that is too long is kept.
const MAX_TYPED: usize = 256;

/// A line to be shown: what may be a key is left out, and so is all behind it.
pub(super) fn without_key(line: &str) -> String {
    let secret = |word: &str| {
        let option = word.trim_start_matches(['-', '+', '\u{2010}', '\u{2011}', '\u{2012}']);
        let option = option.trim_start_matches(['\u{2013}', '\u{2014}', '\u{2212}']);
        let is_option = option.len() < word.len();
        let letters = option.split(['=', ':']).next().unwrap_or_default();
        let letters = letters.to_ascii_lowercase();
        // flags may stand before the letter, as in -4y
        let short = !word.starts_with('+')
            && letters.trim_start_matches(['4', '6', 'd', 'r', 'h', 'v']).starts_with(['y', 'k']);
        let long = matches!(&*letters, "y" | "k" | "key" | "tsig" | "secret");
        is_option && (short || long)
    };
    let mut shown = String::new();
    for word in line.split_whitespace() {
        if secret(word) {
            shown.push_str(if shown.is_empty() { "..." } else { " ..." });
            return shown;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

/// The octets of a line that is no text, or too long to be a line.
pub(super) fn beginning(octets: &[u8]) -> Vec<u8> {
    match octets.get(..MAX_TYPED) {
        Some(beginning) => [beginning, b"..."].concat(),
        None => octets.to_vec(),
    }
}

/// A line that is a name, a type and a class, and nothing else: no word of it is an option or a
/// server, so that a list of names cannot change who is asked, or how.
pub(super) fn name(line: &str, common: &Settings) -> Result<Settings, Error> {
    let mut words = line.split_whitespace();
    let name = Name::Domain(words.next().unwrap_or_default().to_owned());
    let (mut qtype, mut qclass) = (None, None);
    for word in words {
        match (type_from_word(word), class_from_word(word)) {
            (Some(number), _) if qtype.is_none() => qtype = Some(number),
            (None, Some(number)) if qclass.is_none() => qclass = Some(number),
            (None, None) => return Err(not_a_name(&format!("{word} is neither"))),
            _ => return Err(not_a_name(&format!("{word} is one too many"))),
        }
    }
    let mut settings = Settings { name: Some(name), ..common.clone() };
    if let Some(qtype) = qtype {
        settings.qtype = Some(qtype);
        settings.operation = Operation::Query;
    }
    settings.qclass = qclass.or(common.qclass);
    Ok(settings)
}

fn not_a_name(why: &str) -> Error {
    Error::usage(format!("with +names a line is a name, a type and a class: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_of_a_line_is_shown() {
        for (line, shown) in [
            ("a.test MX  @127.0.0.1", "a.test MX @127.0.0.1"),
            ("a.test -y key:SECRET b.test", "a.test ..."),
            ("a.test -ykey:SECRET", "a.test ..."),
            ("a.test -4y key:SECRET", "a.test ..."),
            ("-y SECRET:key", "..."),
            ("a.test -k hmac-sha256:key:SECRET", "a.test ..."),
            ("a.test --key=SECRET", "a.test ..."),
            ("a.test --key SECRET", "a.test ..."),
            ("a.test \u{2013}y key:SECRET", "a.test ..."),
            ("a.test \u{2014}key=SECRET", "a.test ..."),
            ("a.test +key=SECRET", "a.test ..."),
            ("a.test +y=SECRET", "a.test ..."),
            ("a.test +keepopen +nosuch", "a.test +keepopen +nosuch"),
            ("y.test k.test -x 1", "y.test k.test -x 1"),
        ] {
            assert_eq!(without_key(line), shown, "{line}");
        }
    }

    #[test]
    fn a_line_of_names_is_a_name_a_type_and_a_class() {
        let common = Settings::default();
        for (line, wanted, qtype, qclass) in [
            ("a.test", "a.test", None, None),
            ("MX", "MX", None, None),
            ("MX MX CH", "MX", Some(15), Some(3)),
            ("a.test ch mx", "a.test", Some(15), Some(3)),
            ("+notls", "+notls", None, None),
            ("@127.0.0.1 TXT", "@127.0.0.1", Some(16), None),
            ("-k AAAA", "-k", Some(28), None),
            ("a.test TYPE65000", "a.test", Some(65_000), None),
        ] {
            let settings = name(line, &common).unwrap();
            let (asked, name) = (settings.name.clone(), Name::Domain(wanted.into()));
            assert_eq!(asked, Some(name.clone()), "{line}");
            assert_eq!((settings.qtype, settings.qclass), (qtype, qclass), "{line}");
            // and nothing else of it differs
            assert_eq!(settings, Settings { name: Some(name), qtype, qclass, ..common.clone() });
        }
        for line in [
            "a.test +notls",
            "a.test @127.0.0.1",
            "a.test -k x",
            "a.test # comment",
            "a.test b.test",
            "a.test A MX",
            "a.test IN CH",
            "a.test IXFR=1",
            "a.test NOTIFY",
            "a.test \u{2013}4",
        ] {
            assert!(name(line, &common).is_err(), "{line}");
        }
    }
}
