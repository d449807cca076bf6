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
    /// Free text in one line; UTF-8 stays where it is printable.
    Free,
}

/// Appends `bytes` to `out`, escaped for `place`. Octets that cannot stand are written as `\DDD`,
/// decimal, as RFC 1035 has it.
pub fn escape(out: &mut Vec<u8>, bytes: &[u8], place: Place) {
    match place {
        Place::Label => {
            for &byte in bytes {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'*' | b'/' => {
                        out.push(byte);
                    }
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
    let mut out = Vec::with_capacity(bytes.as_ref().len());
    escape(&mut out, bytes.as_ref(), Place::Free);
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
    let mut end = (0..=most).rev().find(|&it| text.is_char_boundary(it)).unwrap_or_default();
    // an escape of an octet is four characters, all ASCII
    if let Some(start) = text[..end].rfind('\\').filter(|start| end - start < 4) {
        end = start;
    }
    format!("{}... ({} octets left out)", &text[..end], text.len() - end)
}

/// `octets` in base64, as pins are written (RFC 7858 section 4.2).
pub fn base64(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// Characters that steer a terminal or the reader's eye instead of being seen: controls (C0, DEL,
/// C1), line separators, bidi controls, zero-width and tag characters.
fn unsafe_to_print(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
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
    use super::*;

    fn escaped(bytes: &[u8], place: Place) -> String {
        let mut out = Vec::new();
        escape(&mut out, bytes, place);
        String::from_utf8(out).unwrap()
    }

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
    fn free_text_keeps_printable_utf8_and_nothing_that_steers_the_terminal() {
        assert_eq!(free("Plzeň's 'blocked' \\o/"), "Plzeň's 'blocked' \\o/");
        assert_eq!(free("a\n;; ->>HEADER<<-\r\x1b[2J\x7f"), r"a\010;; ->>HEADER<<-\013\027[2J\127");
        assert_eq!(free("\u{202e}gpj\u{85}\u{feff}"), r"\226\128\174gpj\194\133\239\187\191");
        assert_eq!(free(b"ok \xff\xc3"), r"ok \255\195");
    }
}
