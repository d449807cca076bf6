//! The start file. One rule: what it holds are options and servers, whole in themselves, so that
//! nothing of it changes what a word of the command line is.

use std::ffi::OsString;

use super::spelling::without_key;
use crate::error::Error;

/// Whether a command line wants nothing of the start file. One that asks nothing, or that makes no
/// sense, does not either.
pub fn skips_start_file(args: &[OsString]) -> bool {
    super::matches(args.iter().cloned())
        .map_or(true, |matches| ["r", "help", "version"].into_iter().any(|it| matches.get_flag(it)))
}

/// The words of a start file, which stand before those of the command line. From a word that begins
/// with `#` or `;` to the end of its line is a comment, of whatever octets.
pub fn start_words(octets: &[u8]) -> Result<Vec<OsString>, Error> {
    // some editors begin every file with a byte order mark
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    if matches!(octets, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]) {
        return Err(Error::usage("is UTF-16; iconv -f UTF-16 -t UTF-8 converts it"));
    }
    // or end its lines as no system does any longer
    let end = if octets.contains(&b'\n') { b'\n' } else { b'\r' };
    let lines: Vec<_> = octets.split(|&it| it == end).map(words).collect();
    let in_line = |number: usize, what: &str| Error::usage(format!("line {}: {what}", number + 1));
    for (number, line) in lines.iter().enumerate() {
        match line {
            Err(()) => return Err(in_line(number, "it is not UTF-8")),
            // it would make names of the options behind it
            Ok(words) if words.contains(&"--") => return Err(in_line(number, &no_place("--"))),
            Ok(_) => {}
        }
    }
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    let whole = check(&lines.concat());
    // where the lines make no sense together, one of them makes none alone
    if let Err(error) = whole {
        let alone = lines.iter().map(|line| check(line)).enumerate();
        let mut wrong = alone.filter_map(|(number, checked)| Some((number, checked.err()?)));
        return Err(wrong.next().map_or(error.clone(), |(number, error)| match error {
            Error::Usage { message, hint } => {
                Error::Usage { message: format!("line {}: {message}", number + 1), hint }
            }
            other => other,
        }));
    }
    Ok(lines.concat().into_iter().map(OsString::from).collect())
}

/// The words of a line before its comment.
fn words(line: &[u8]) -> Result<Vec<&str>, ()> {
    let words = line.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty());
    let words = words.take_while(|it| !it.starts_with(b"#") && !it.starts_with(b";"));
    words.map(|word| str::from_utf8(word).map_err(|_| ())).collect()
}

/// Whether words are options and servers, each with its value.
fn check(words: &[&str]) -> Result<(), Error> {
    let matches = super::matches(words.iter().map(OsString::from))?;
    for name in ["q", "x"] {
        if matches.contains_id(name) {
            return Err(Error::usage(no_place(&format!("-{name}"))));
        }
    }
    let mut bare = matches.get_many::<String>("words").into_iter().flatten();
    match bare.find(|word| !word.starts_with(['+', '@'])) {
        Some(word) => Err(Error::usage(no_place(&without_key(word, false)))),
        None => Ok(()),
    }
}

fn no_place(word: &str) -> String {
    format!("only options and servers belong there: {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Vec<String>, String> {
        let text_of = |word: OsString| word.into_string().unwrap();
        let words = start_words(text.as_bytes()).map_err(|error| error.to_string())?;
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
            ("a.test", "line 1: only options and servers belong there: a.test"),
            ("+short MX", "line 1: only options and servers belong there: MX"),
            ("+short\n-q a.test", "line 2: only options and servers belong there: -q"),
            ("-x192.0.2.1", "line 1: only options and servers belong there: -x"),
            ("+short\n--", "line 2: only options and servers belong there: --"),
            ("-4\n# none\n@192.0.2.1 -p", "line 3: missing port"),
            ("-p # none", "line 1: missing port"),
            ("-4\r\n-z\r\n", "line 2: invalid option: -z"),
            ("-4\r-z\r", "line 2: invalid option: -z"),
            // what may be of a key is not repeated
            ("-4\nc2VjcmV0c2Vj", "line 2: only options and servers belong there: c2Vj..."),
            ("secret/c2Vj/cmV0", "line 1: only options and servers belong there: secr..."),
            ("-----BEGIN PRIVATE KEY-----", "line 1: invalid option: ----..."),
            ("key \"a\" {", "line 1: only options and servers belong there: key"),
        ] {
            assert_eq!(words(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn octets_that_are_no_text_may_stand_in_comments_alone() {
        let words = |octets: &[u8]| start_words(octets).map_err(|error| error.to_string());
        for octets in [&b"# caf\xe9\n+short ; \xff\n"[..], b"\xef\xbb\xbf# \xe9\n+short"] {
            assert_eq!(words(octets), Ok(vec!["+short".into()]));
        }
        let error = "line 2: it is not UTF-8";
        assert_eq!(words(b"# \xe9\n+tls-ca=caf\xe9.pem\n").unwrap_err(), error);
        for octets in [&b"\xff\xfe+\0s\0"[..], b"+\0s\0h\0", b"\0+\0s"] {
            assert!(words(octets).unwrap_err().starts_with("is UTF-16"), "{octets:?}");
        }
    }
}
