//! The start file. One rule: what it holds are options and servers, whole in themselves, so that
//! nothing of it changes what a word of the command line is.

use std::ffi::OsString;

use crate::error::Error;

/// Whether a command line wants nothing of the start file. One that asks nothing, or that makes no
/// sense, does not either.
pub fn skips_start_file(args: &[OsString]) -> bool {
    super::matches(args.iter().cloned())
        .map_or(true, |matches| ["r", "help", "version"].into_iter().any(|it| matches.get_flag(it)))
}

/// The words of a start file, which stand before those of the command line. From a word that begins
/// with `#` or `;` to the end of its line is a comment.
pub fn start_words(text: &str) -> Result<Vec<OsString>, Error> {
    let of_line = |line| str::split_whitespace(line).take_while(|it| !it.starts_with(['#', ';']));
    // some editors begin every file with a byte order mark
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let words: Vec<OsString> = text.lines().flat_map(of_line).map(OsString::from).collect();
    let no_place =
        |word: &str| Error::usage(format!("only options and servers belong there: {word}"));
    // it would make names of the options behind it
    if words.iter().any(|word| word == "--") {
        return Err(no_place("--"));
    }
    let matches = super::matches(words.iter().cloned())?;
    for name in ["q", "x"] {
        if matches.contains_id(name) {
            return Err(no_place(&format!("-{name}")));
        }
    }
    let mut bare = matches.get_many::<String>("words").into_iter().flatten();
    match bare.find(|word| !word.starts_with(['+', '@'])) {
        Some(word) => Err(no_place(word)),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Vec<String>, String> {
        let text_of = |word: OsString| word.into_string().unwrap();
        let words = start_words(text).map_err(|error| error.to_string())?;
        Ok(words.into_iter().map(text_of).collect())
    }

    #[test]
    fn r_is_seen_wherever_it_is_joined_to() {
        for line in ["-r", "-rd a.test", "a.test -4r", "-dr4 +short", "-r -r", "-h", "-V", "-z"] {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert!(skips_start_file(&args), "{line}");
        }
        for line in ["", "a.test", "-d", "-qr", "-tr", "-- -r"] {
            let args: Vec<_> = line.split_whitespace().map(OsString::from).collect();
            assert!(!skips_start_file(&args), "{line}");
        }
    }

    #[test]
    fn a_value_may_follow_its_option_after_a_blank_and_a_comment_after_both() {
        for (text, expected) in [
            ("", ""),
            ("# mine\n; too\n  # and this", ""),
            ("-p 18853\n@192.0.2.1\n+short\n", "-p 18853 @192.0.2.1 +short"),
            ("+short # data alone\n-4 ; no IPv6", "+short -4"),
            ("-p18853 -b 192.0.2.9 -k my.key", "-p18853 -b 192.0.2.9 -k my.key"),
            ("@192.0.2.1#dns.example +tls-ca", "@192.0.2.1#dns.example +tls-ca"),
            ("-t MX -c CH", "-t MX -c CH"),
        ] {
            assert_eq!(words(text).unwrap().join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_option_and_no_server_is_refused() {
        for (text, message) in [
            ("a.test", "only options and servers belong there: a.test"),
            ("+short MX", "only options and servers belong there: MX"),
            ("-q a.test", "only options and servers belong there: -q"),
            ("-x192.0.2.1", "only options and servers belong there: -x"),
            ("+short\n--", "only options and servers belong there: --"),
            ("@192.0.2.1 -p", "missing port"),
            ("-p # none", "missing port"),
            ("-z", "invalid option: -z"),
        ] {
            assert_eq!(words(text), Err(message.to_owned()), "{text}");
        }
    }
}
