//! The one escape function. One rule: every octet that a server, a certificate or a stranger wrote
//! goes through here before it reaches a terminal, a file or JSON, so that none of it can be a
//! control character, change the direction of the text or begin a line of its own.

/// Where a text stands, which decides what must be escaped beside what always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A label of a domain name (RFC 1035 section 5.1): punctuation gets a backslash.
    Label,
    /// A character string between double quotes.
    Quoted,
    /// A domain name in a certificate: a label, with dots.
    Name,
    /// A URI or a mail address: one word in a list, whatever it holds.
    Word,
    /// A value in a distinguished name (RFC 4514 section 2.4), which reads back to the same value.
    Value,
    /// Free text in one line; UTF-8 stays where it is printable.
    Free,
}

/// Appends `bytes` to `out`, escaped for `place`. Octets that cannot stand are written as `\DDD`,
/// decimal, as RFC 1035 has it.
pub fn escape(out: &mut Vec<u8>, bytes: &[u8], place: Place) {
    match place {
        Place::Label | Place::Name => {
            for &byte in bytes {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'*' | b'/' => {
                        out.push(byte);
                    }
                    b'.' if place == Place::Name => out.push(byte),
                    b'#' => decimal(out, byte),
                    b'!'..=b'~' => out.extend([b'\\', byte]),
                    _ => decimal(out, byte),
                }
            }
        }
        Place::Quoted => {
            for &byte in bytes {
                match byte {
                    b'"' | b'\\' => out.extend([b'\\', byte]),
                    b' '..=b'~' => out.push(byte),
                    _ => decimal(out, byte),
                }
            }
        }
        Place::Word => {
            for &byte in bytes {
                match byte {
                    b',' | b';' | b'"' | b'(' | b')' | b'\\' => out.extend([b'\\', byte]),
                    b'!'..=b'~' => out.push(byte),
                    _ => decimal(out, byte),
                }
            }
        }
        Place::Value => value(out, bytes),
        Place::Free => {
            for chunk in bytes.utf8_chunks() {
                for character in chunk.valid().chars() {
                    let mut utf8 = [0; 4];
                    let encoded = character.encode_utf8(&mut utf8).as_bytes();
                    if unsafe_to_print(character) {
                        encoded.iter().for_each(|&byte| decimal(out, byte));
                    } else {
                        out.extend(encoded);
                    }
                }
                chunk.invalid().iter().for_each(|&byte| decimal(out, byte));
            }
        }
    }
}

/// A value of a distinguished name. Colons, and an opening parenthesis behind a blank, are escaped
/// beside what RFC 4514 asks for: a name must not look like a field, or like a remark of ours.
fn value(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut before = None;
    let end = bytes.len();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let is_edge = at == 0 || at + character.len_utf8() == end;
            let mut utf8 = [0; 4];
            let encoded = character.encode_utf8(&mut utf8).as_bytes();
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '#' | '=' => {
                    out.extend([b'\\', encoded[0]]);
                }
                ' ' if is_edge => out.extend(b"\\ "),
                ' ' => out.push(b' '),
                ':' => pair(out, b':'),
                '(' if before == Some(' ') => pair(out, b'('),
                it if it.is_whitespace() || unsafe_to_print(it) => {
                    encoded.iter().for_each(|&byte| pair(out, byte));
                }
                _ => out.extend(encoded),
            }
            before = Some(character);
            at += encoded.len();
        }
        chunk.invalid().iter().for_each(|&byte| pair(out, byte));
        at += chunk.invalid().len();
    }
}

/// A backslash and two hex digits (RFC 4514 section 3).
fn pair(out: &mut Vec<u8>, byte: u8) {
    let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value)];
    out.extend([b'\\', digit(byte >> 4), digit(byte & 15)]);
}

/// Whether somebody may have typed a key where something else belongs: PEM, or so many letters in a
/// row as base64 and hex have them. Words and dates are of one kind of letter each.
pub fn may_be_key(text: &str, run: usize) -> bool {
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=');
    let is_mixed = |piece: &str| {
        let has = |is: fn(&u8) -> bool| usize::from(piece.as_bytes().iter().any(&is));
        let kinds = has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase);
        kinds + has(u8::is_ascii_digit) + has(|octet| *octet == b'=') > 1
    };
    let mut pieces = text.split(|c| !of_base64(c));
    let has_run = pieces.any(|piece| piece.len() >= run && is_mixed(piece));
    has_run || text.contains("-----") || text.contains(char::is_control)
}

/// `bytes` as free text: what may be put between words of our own.
pub fn free(bytes: impl AsRef<[u8]>) -> String {
    escaped(bytes, Place::Free)
}

/// `bytes`, escaped for `place`.
pub fn escaped(bytes: impl AsRef<[u8]>, place: Place) -> String {
    let mut out = Vec::with_capacity(bytes.as_ref().len());
    escape(&mut out, bytes.as_ref(), place);
    // `escape` writes ASCII and whole characters only
    String::from_utf8(out).unwrap_or_default()
}

/// `text`, which was escaped already, cut to `most` octets or so; what was left out is counted.
pub fn shortened(text: &str, most: usize) -> String {
    // a little more does no harm, and less than the note of it would be a loss
    const SLACK: usize = 40;
    if text.len() <= most + SLACK {
        return text.to_owned();
    }
    let mut end = 0;
    let mut rest = text;
    while let Some(length) = length_of_first(rest).filter(|length| end + length <= most) {
        end += length;
        rest = &text[end..];
    }
    format!("{}... ({} octets left out)", &text[..end], text.len() - end)
}

/// Octets of the first character of `text`, or of the escape that it begins with.
fn length_of_first(text: &str) -> Option<usize> {
    let digits = |most: usize, is_digit: fn(&u8) -> bool| {
        text.bytes().skip(1).take(most).take_while(is_digit).count() == most
    };
    let first = text.chars().next()?;
    Some(match first {
        '\\' if digits(3, u8::is_ascii_digit) => 4,
        '\\' if digits(2, u8::is_ascii_hexdigit) => 3,
        '\\' => 1 + text.chars().nth(1).map_or(0, char::len_utf8),
        _ => first.len_utf8(),
    })
}

/// `octets` in base64, as pins are written (RFC 7858 section 4.2).
pub fn base64(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// Characters that steer a terminal or the reader's eye instead of being seen: controls (C0, DEL,
/// C1), line separators, bidi controls, zero-width and tag characters; all that has the property
/// Default_Ignorable_Code_Point is among them.
fn unsafe_to_print(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn decimal(out: &mut Vec<u8>, byte: u8) {
    out.extend([b'\\', b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10]);
}

/// Octets from an even number of hex digits.
pub(crate) fn unhex(typed: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| (digit as char).to_digit(16);
    let pairs = typed.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some((value(pair[0])? << 4 | value(pair[1])?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use icu_properties::CodePointSetData;
    use icu_properties::props::DefaultIgnorableCodePoint;

    use super::*;

    #[test]
    fn a_label_keeps_letters_digits_and_four_marks() {
        assert_eq!(escaped(b"aZ09-_*/", Place::Label), "aZ09-_*/");
        assert_eq!(escaped(b"a.b#c d\xc3\x1b", Place::Label), r"a\.b\035c\032d\195\027");
        assert_eq!(escaped(br#"(x;"@$)"#, Place::Label), r#"\(x\;\"\@\$\)"#);
    }

    #[test]
    fn a_quoted_string_escapes_its_quotes_and_what_is_not_printable_ascii() {
        assert_eq!(
            escaped(b"q\"uote b\\ \x1b[31m \xff;", Place::Quoted),
            r#"q\"uote b\\ \027[31m \255;"#
        );
    }

    #[test]
    fn one_name_in_a_list_is_one_name_and_no_words_of_ours() {
        for (name, text) in [
            ("*.dot.test", "*.dot.test"),
            ("a_b-c.test.", "a_b-c.test."),
            ("dot.test, dns.google", r"dot.test\,\032dns.google"),
            ("a (+1, all with -dd)", r"a\032\(\+1\,\032all\032with\032-dd\)"),
            ("SHA-256 PIN: AAAA=", r"SHA-256\032PIN\:\032AAAA\="),
            ("a\u{a0}b\u{3001}\n#2", r"a\194\160b\227\128\129\010\0352"),
            (r"a\b", r"a\\b"),
        ] {
            assert_eq!(escaped(name, Place::Name), text, "{name}");
        }
        for (word, text) in [
            ("https://a.test/b?c=d#e", "https://a.test/b?c=d#e"),
            ("mailto:a@b.test, c", r"mailto:a@b.test\,\032c"),
            ("x; chain: (y)", r"x\;\032chain:\032\(y\)"),
            ("a\u{a0}\tb\\", r"a\194\160\009b\\"),
        ] {
            assert_eq!(escaped(word, Place::Word), text, "{word}");
        }
    }

    #[test]
    fn a_value_of_a_distinguished_name_is_no_field_and_no_remark() {
        for (value, text) in [
            (&b"Acme, s.r.o."[..], r"Acme\, s.r.o."),
            (b" a#b ", r"\ a\#b\ "),
            (b" ", r"\ "),
            (b"#1", r"\#1"),
            (br"a\b", r"a\\b"),
            (b"x\x1b\\,O=Bank", r"x\1B\\\,O\=Bank"),
            (b"a\n;; forged", r"a\0A\;\; forged"),
            (b"SHA-256 PIN: AAAA=", r"SHA-256 PIN\3A AAAA\="),
            (b"(STAGING) Let's Encrypt", "(STAGING) Let's Encrypt"),
            (b"x (trust anchor, y)", r"x \28trust anchor\, y)"),
            ("h\u{e1}\u{a0}\u{202e}\u{3000}".as_bytes(), "h\u{e1}\\C2\\A0\\E2\\80\\AE\\E3\\80\\80"),
            (b"\xff\xe9", r"\FF\E9"),
        ] {
            assert_eq!(escaped(value, Place::Value), text);
        }
    }

    #[test]
    fn what_is_shortened_is_cut_between_escapes() {
        for (text, kept) in [
            ("a".repeat(99), "aaaa"),
            (r"ab\1234567890".to_owned() + &"x".repeat(90), r"ab"),
            (r"a\1B567890".to_owned() + &"x".repeat(90), r"a\1B"),
            (r"abc\\\,".to_owned() + &"x".repeat(90), "abc"),
            (r"ab\\\,".to_owned() + &"x".repeat(90), r"ab\\"),
            ("abc\u{e1}".to_owned() + &"x".repeat(90), "abc"),
        ] {
            let short = shortened(&text, 4);
            let left = text.len() - kept.len();
            assert_eq!(short, format!("{kept}... ({left} octets left out)"));
        }
    }

    /// Default_Ignorable_Code_Point in DerivedCoreProperties.txt of Unicode 17.0; the test holds it
    /// against the version of the newest `icu_properties`.
    const DEFAULT_IGNORABLE: [RangeInclusive<char>; 17] = [
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{fff0}'..='\u{fff8}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e0fff}',
    ];

    #[test]
    fn what_unicode_lets_a_terminal_leave_out_is_escaped() {
        let listed = |it: char| DEFAULT_IGNORABLE.iter().any(|range| range.contains(&it));
        let property = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        for character in '\0'..=char::MAX {
            let (code, text) = (u32::from(character), character.to_string());
            assert_eq!(listed(character), property.contains(character), "{code:x}");
            let more = character.is_control()
                || matches!(character, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}');
            let is_escaped = listed(character) || more;
            assert_eq!(free(&text) != text, is_escaped, "{code:x}");
            let quoted = escaped(&text, Place::Value);
            assert!(!is_escaped || quoted.is_ascii(), "{code:x}");
        }
    }

    #[test]
    fn free_text_keeps_printable_utf8_and_nothing_that_steers_the_terminal() {
        assert_eq!(free("Plzeň's 'blocked' \\o/"), "Plzeň's 'blocked' \\o/");
        assert_eq!(free("a\n;; ->>HEADER<<-\r\x1b[2J\x7f"), r"a\010;; ->>HEADER<<-\013\027[2J\127");
        assert_eq!(free("\u{202e}gpj\u{85}\u{feff}"), r"\226\128\174gpj\194\133\239\187\191");
        assert_eq!(free(b"ok \xff\xc3"), r"ok \255\195");
    }
}
