//! A line of a batch as typed, for the object of one that failed, and as a name where `+names` has
//! it so. One rule: no key of a line is shown.

use crate::cli::settings::{Name, Operation, Settings};
use crate::dns::rdata::{class_from_word, type_from_word};
use crate::error::Error;
use crate::text;

/// What of a line that is too long is kept.
const MAX_TYPED: usize = 256;

/// A line to be shown: what may be a key is left out, and so is all behind it.
pub(super) fn without_key(line: &str) -> String {
    const MIN_KEY: usize = 8;
    let secret = |word: &str| {
        let option = word.trim_start_matches(['-', '+', '\u{2010}', '\u{2011}', '\u{2012}']);
        let option = option.trim_start_matches(['\u{2013}', '\u{2014}', '\u{2212}']);
        if option.len() == word.len() {
            return text::may_be_key(word, 2 * MIN_KEY);
        }
        let (letters, value) = option.split_at(option.find(['=', ':']).unwrap_or(option.len()));
        let lower = letters.to_ascii_lowercase();
        // other letters may stand before the one of a key, as in -4y
        let may_be_short = !word.starts_with('+') && lower.contains(['y', 'k']);
        let is_long = matches!(&*lower, "y" | "k" | "key" | "tsig" | "secret");
        // a control character alone makes no key of a word of a line
        let plain = |part: &str| part.trim_matches('=').replace(char::is_control, "");
        let may_be_key = |part: &str| text::may_be_key(&plain(part), MIN_KEY);
        may_be_short || is_long || may_be_key(letters) || may_be_key(value)
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

/// The octets of a line that is no text, or too long to be a line; none where they may be of a key,
/// as a file in DER has them: text in another encoding has few octets beyond ASCII and no control
/// characters.
pub(super) fn beginning(octets: &[u8]) -> Vec<u8> {
    const MIN_KEY: usize = 16;
    let is_control = |octet: &u8| octet.is_ascii_control() && !matches!(octet, b'\t' | b'\r');
    let foreign = octets.iter().filter(|octet| !octet.is_ascii()).count();
    let is_text = !octets.iter().any(is_control) && foreign <= octets.len() / 4;
    let line = String::from_utf8_lossy(octets);
    let words = || line.split_whitespace();
    if !is_text || words().any(|word| text::may_be_key(word, MIN_KEY)) {
        return Vec::new();
    }
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
            ("-zySECRET a.test", "..."),
            ("a.test -4zkSECRET", "a.test ..."),
            ("a.test --yc2VjcmV0", "a.test ..."),
            ("a.test +c2VjcmV0c2Vj b.test", "a.test ..."),
            ("a.test +tls-hots=c2VjcmV0c2Vj", "a.test ..."),
            ("a.test c2VjcmV0c2VjcmV0c2VjcmV0:key", "a.test ..."),
            ("a.test +tls-hots=dns.example -q", "a.test +tls-hots=dns.example -q"),
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
