//! What is no list of names, though somebody gave it as one: a file with a key in it. One rule: of
//! such a file nothing is asked and nothing is shown.

use crate::file;
use crate::text;

/// Octets of a label (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

/// Why nothing more is read of a file in which such a line stands.
pub(super) fn why_not_a_list(line: &[u8], is_first: bool) -> Option<&'static str> {
    if is_first && file::is_utf16(line) {
        return Some("UTF-16; nothing is read of it (iconv -f UTF-16 -t UTF-8 converts it)");
    }
    holds_key(line).then_some("a key or a certificate stands there; nothing more is read")
}

fn holds_key(line: &[u8]) -> bool {
    const PARTS: [&[u8]; 6] = [
        b"--BEGIN ",
        b"-- BEGIN ",
        b"--END ",
        // "-----BEGIN" in base64, as in a secret of Kubernetes
        b"LS0tLS1CRUdJT",
        // a key in JSON (RFC 7517)
        b"\"kty\"",
        b"AGE-SECRET-KEY-",
    ];
    // most lines of most lists
    let is_mark = |octet: &u8| matches!(octet, b':' | b'"' | b'{' | b'}' | b';' | b'=');
    if line.len() <= MAX_LABEL
        && !line.iter().any(is_mark)
        && !line.windows(2).any(|it| it == b"--")
    {
        return false;
    }
    if PARTS.iter().any(|part| line.windows(part.len()).any(|it| it == *part)) {
        return true;
    }
    let text = String::from_utf8_lossy(line);
    is_of_pem(&text) || is_of_tsig(&text) || is_of_private_key(&text)
}

/// A line of base64 alone. No label is so long, and no name ends with an equals sign.
fn is_of_pem(line: &str) -> bool {
    const MIN_PADDED: usize = 16;
    let mut words = line.split_whitespace();
    let (Some(word), None) = (words.next(), words.next()) else { return false };
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let min = if word.ends_with('=') { MIN_PADDED } else { MAX_LABEL + 1 };
    word.len() >= min && word.bytes().all(of_base64)
}

/// A line of a file of TSIG keys in any notation, or a key as `-y` has it without the `-y`.
fn is_of_tsig(line: &str) -> bool {
    const MIN_SECRET: usize = 16;
    let line = line.trim_matches([' ', '\t', '\r', '-', '"', '\'', '{', ',']);
    let word = line.split([' ', '\t', '"']).next().unwrap_or_default().to_ascii_lowercase();
    let is_statement = || line.ends_with([';', '}']) || line.contains(['{', '"']);
    match &*word {
        "key:" | "secret:" => true,
        "secret" if line.split_whitespace().any(|it| it.starts_with([':', '='])) => true,
        "key" | "secret" | "algorithm" => is_statement() || line.contains("\":"),
        word if word.starts_with(['+', '@']) => false,
        word => {
            let is_key = word.starts_with("hmac-") && word.contains(':');
            let word = line.split_whitespace().next().unwrap_or_default();
            is_key || (word.contains(':') && text::may_be_key(word, MIN_SECRET))
        }
    }
}

/// Private keys of DNSSEC as BIND stores them, of PuTTY and of WireGuard.
fn is_of_private_key(line: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    ["private-key-format:", "privatekey:", "privatekey =", "privatekey=", "putty-user-key-file"]
        .iter()
        .any(|it| line.starts_with(it))
}

/// A line without its comment: from a word that begins with `#` or `;` to its end, as in a start
/// file.
pub(super) fn without_comment(line: &str) -> &str {
    let is_start = |at: &usize| {
        let before = line[..*at].chars().next_back();
        line[*at..].starts_with(['#', ';']) && before.is_none_or(char::is_whitespace)
    };
    let mut marks = line.char_indices().filter(|(_, c)| matches!(c, '#' | ';')).map(|(at, _)| at);
    marks.find(is_start).map_or(line, |at| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_key_is_none_of_a_list() {
        for line in [
            "-----BEGIN PRIVATE KEY-----",
            "  -----BEGIN CERTIFICATE-----\\nMIIB",
            "\u{feff}-----BEGIN PRIVATE KEY-----",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVcB/UNPxalR9zDYA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1J",
            "key \"labkey\" {",
            "KEY labkey { algorithm hmac-md5; secret \"c2VjcmV0\"; };",
            "\talgorithm hmac-sha256;",
            "secret \"c2VjcmV0\";",
            "key:",
            "    secret: c2VjcmV0",
            "  - secret: c2VjcmV0",
            "{\"secret\": \"c2VjcmV0\"}",
            "secret = c2VjcmV0",
            "hmac-sha256:labkey:c2VjcmV0",
            "labkey:bGFia2V5c2VjcmV0bGFia2V5c2VjcmV0",
            "bGFia2V5c2VjcmV0bGFia2V5c2VjcmV0:labkey",
            "{\"kty\":\"EC\",\"d\":\"c2VjcmV0\"}",
            "Private-key-format: v1.3",
            "PrivateKey: c2VjcmV0",
            "PrivateKey = c2VjcmV0",
        ] {
            assert!(why_not_a_list(line.as_bytes(), false).is_some(), "{line}");
        }
        let utf16: Vec<u8> = "a.test\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(why_not_a_list(&utf16, true).is_some());
    }

    #[test]
    fn a_line_of_a_list_is_none_of_a_key() {
        for line in [
            "",
            "a.test",
            "key",
            "key MX",
            "secret.test TXT",
            "secret MX",
            "algorithm A",
            "IXFR=2026112501 a.test",
            "-x 2001:db8::1",
            "@2001:db8:1111:2222:3333:4444:5555:6666 a.test",
            "2001:db8:1111:2222:3333:4444:5555:6666",
            "a.test +tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "a.test -y labkey:bGFia2V5c2VjcmV0bGFia2V5c2VjcmV0",
            "-y hmac-sha256:labkey:bGFia2V5c2VjcmV0bGFia2V5c2VjcmV0 a.test",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde.test",
            "xn--begin-x.test",
        ] {
            assert_eq!(why_not_a_list(line.as_bytes(), false), None, "{line}");
        }
        assert_eq!(why_not_a_list(b"a.test", true), None);
    }

    #[test]
    fn a_comment_begins_with_a_word() {
        for (line, expected) in [
            ("a.test", "a.test"),
            ("a.test # of mine", "a.test "),
            ("a.test\t;mine", "a.test\t"),
            ("a.test MX #", "a.test MX "),
            ("# mine", ""),
            ("a#b.test x;y MX", "a#b.test x;y MX"),
            ("@192.0.2.1#853 a.test", "@192.0.2.1#853 a.test"),
            ("-q#a", "-q#a"),
            ("ü # x", "ü "),
        ] {
            assert_eq!(without_comment(line), expected, "{line}");
        }
    }
}
