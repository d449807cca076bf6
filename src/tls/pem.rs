//! PEM (RFC 7468), as lenient as files are odd: whatever can be read without doubt is. One rule: a
//! certificate or key that is there and cannot be read is named by its line, and no message holds
//! an octet of the file.
//!
//! No library reads all of these: boundaries without a line feed between them, indented sections,
//! line feeds written as `\n`, everything on one line, a byte order mark, lone CR.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What a section holds, by the label of its boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// RFC 5280, with OpenSSL's older labels. `TRUSTED CERTIFICATE` has octets of OpenSSL's behind
    /// the certificate.
    Certificate,
    /// SubjectPublicKeyInfo
    PublicKey,
    /// PKCS #8 (RFC 5958)
    PrivateKey,
    /// PKCS #1 (RFC 8017)
    RsaPrivateKey,
    /// RFC 5915
    EcPrivateKey,
    /// PKCS #8, encrypted.
    EncryptedPrivateKey,
    /// What nobody here asks for.
    Other,
}

impl Label {
    /// The label that `text` begins with, which ends at the dashes behind it.
    fn of(text: &[u8]) -> Self {
        match text.trim_ascii() {
            b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => Self::Certificate,
            b"PUBLIC KEY" => Self::PublicKey,
            b"PRIVATE KEY" => Self::PrivateKey,
            b"RSA PRIVATE KEY" => Self::RsaPrivateKey,
            b"EC PRIVATE KEY" => Self::EcPrivateKey,
            b"ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            _ => Self::Other,
        }
    }

    /// Whether it is that of a private key.
    pub(super) fn is_private(self) -> bool {
        matches!(
            self,
            Self::PrivateKey | Self::RsaPrivateKey | Self::EcPrivateKey | Self::EncryptedPrivateKey
        )
    }
}

/// Why a section cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Something that looks like a boundary and is none.
    Boundary,
    /// No END line before the next section or the end of the file.
    NoEnd,
    /// The END line names something else.
    OtherEnd,
    /// An END line without a BEGIN line.
    NoBegin,
    /// The content is no base64.
    Base64,
    /// Nothing between the boundaries.
    Empty,
    /// RFC 1421 section 4.6.1.1, as OpenSSL writes old private keys.
    Encrypted,
    /// The content is not what the label says.
    Content,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boundary => "a damaged BEGIN or END line",
            Self::NoEnd => "BEGIN without END",
            Self::OtherEnd => "BEGIN and END do not name the same",
            Self::NoBegin => "END without BEGIN",
            Self::Base64 => "no base64",
            Self::Empty => "nothing between BEGIN and END",
            Self::Encrypted => "the key is encrypted",
            Self::Content => "not what its BEGIN line says",
        })
    }
}

/// One section, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// What it holds.
    pub(super) label: Label,
    /// The line that it begins in, or that is damaged; the first is 1.
    pub(super) line: usize,
    /// Its octets.
    pub(super) content: Result<Vec<u8>, Flaw>,
}

/// The sections of a file in their order.
pub(super) fn sections(text: &[u8]) -> Vec<Section> {
    let mut lines = Lines { text, counted: 0, line: 1 };
    let mut found = Vec::new();
    let mut end_of_last = 0;
    let mut boundaries = Boundaries { text, at: 0 }.peekable();
    while let Some(begin) = boundaries.next() {
        gap(&text[end_of_last..begin.start], end_of_last, &mut lines, &mut found);
        end_of_last = begin.end;
        let mut add = |label, at, content| {
            found.push(Section { label, line: lines.of(at), content });
        };
        if !begin.begins {
            add(begin.label, begin.start, Err(Flaw::NoBegin));
            continue;
        }
        if begin.is_damaged {
            add(begin.label, begin.start, Err(Flaw::Boundary));
            continue;
        }
        let Some(end) = boundaries.next_if(|next| !next.begins) else {
            add(begin.label, begin.start, Err(Flaw::NoEnd));
            // what stands there belongs to the section
            end_of_last = boundaries.peek().map_or(text.len(), |next| next.start);
            continue;
        };
        end_of_last = end.end;
        let body = &text[begin.end..end.start];
        match (begin.label == end.label, begin.label) {
            (_, Label::Other) if end.label == Label::Other => {}
            (true, label) => match decode(body) {
                Err((Flaw::Base64, at)) => add(label, begin.end + at, Err(Flaw::Base64)),
                decoded => add(label, begin.start, decoded.map_err(|(flaw, _)| flaw)),
            },
            (false, label) => {
                add(label, begin.start, Err(Flaw::OtherEnd));
                if label != Label::Certificate {
                    add(end.label, end.start, Err(Flaw::OtherEnd));
                }
            }
        }
    }
    gap(&text[end_of_last..], end_of_last, &mut lines, &mut found);
    found
}

/// Looks for damaged boundaries of certificates in the text between sections: it may say anything,
/// but a line of those words alone, in whatever dashes, was meant as a boundary.
fn gap(text: &[u8], start: usize, lines: &mut Lines<'_>, found: &mut Vec<Section>) {
    const MIN_OCTETS: usize = "END CERTIFICATE".len();
    if text.len() < MIN_OCTETS {
        return;
    }
    let mut at = start;
    for line in text.split_inclusive(|it| matches!(it, b'\n' | b'\r')) {
        let upper = line.trim_ascii().to_ascii_uppercase();
        let is_word = |it: &&[u8]| it.iter().any(u8::is_ascii_alphanumeric);
        let mut words = upper.split(|it| !it.is_ascii_alphanumeric()).filter(is_word);
        let is_boundary = matches!(words.next(), Some(b"BEGIN" | b"END"))
            && words.next_back() == Some(b"CERTIFICATE")
            && words.all(|it| matches!(it, b"X509" | b"TRUSTED"));
        if is_boundary && !upper.starts_with(b"#") {
            let content = Err(Flaw::Boundary);
            found.push(Section { label: Label::Certificate, line: lines.of(at), content });
        }
        at += line.len();
    }
}

/// A BEGIN or END line, which may be a part of one.
struct Boundary {
    begins: bool,
    label: Label,
    /// Something stands where the dashes should.
    is_damaged: bool,
    start: usize,
    end: usize,
}

struct Boundaries<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Boundaries<'_> {
    type Item = Boundary;

    fn next(&mut self) -> Option<Boundary> {
        const DASHES: &[u8] = b"-----";
        loop {
            let rest = &self.text[self.at..];
            let start = self.at + rest.iter().position(|&octet| octet == b'-')?;
            let after = self.text[start..].strip_prefix(DASHES);
            let begins = after.is_some_and(|it| it.starts_with(b"BEGIN "));
            let word = if begins { "BEGIN ".len() } else { "END ".len() };
            let Some(after) = after.filter(|it| begins || it.starts_with(b"END ")) else {
                self.at = start + 1;
                continue;
            };
            let after = &after[word..];
            let of_label = |it: &u8| it.is_ascii_alphanumeric() || *it == b' ';
            let length = after.iter().position(|it| !of_label(it)).unwrap_or(after.len());
            // the dashes behind an END line may be those of the next section
            let most = if begins { usize::MAX } else { DASHES.len() };
            let dashes = after[length..].iter().take(most).take_while(|it| **it == b'-');
            let label = Label::of(&after[..length]);
            let meant = after.starts_with(b"CERTIFICATE") && after.get(11) != Some(&b' ');
            self.at = start + DASHES.len() + word + length + dashes.count();
            if is_commented_out(&self.text[..start]) {
                continue;
            }
            let is_damaged = label == Label::Other && meant;
            let label = if is_damaged { Label::Certificate } else { label };
            return Some(Boundary { begins, label, is_damaged, start, end: self.at });
        }
    }
}

/// Whether the line that `before` ends with begins as a comment.
fn is_commented_out(before: &[u8]) -> bool {
    let line = before.rsplit(|it| matches!(it, b'\n' | b'\r')).next().unwrap_or_default();
    line.trim_ascii_start().starts_with(b"#")
}

/// The octets of a section, or what is wrong and where in `body`.
fn decode(body: &[u8]) -> Result<Vec<u8>, (Flaw, usize)> {
    /// OpenSSL does without the padding neither; nothing else could be meant.
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let has = |word: &[u8]| body.windows(word.len()).any(|it| it == word);
    let start = if !body.contains(&b':') {
        0
    } else if has(b"Proc-Type") && has(b"ENCRYPTED") {
        return Err((Flaw::Encrypted, 0));
    } else {
        headers(body)
    };
    let mut digits = Vec::with_capacity(body.len());
    let mut at = start;
    while let Some(&octet) = body.get(at) {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'/' | b'=' => digits.push(octet),
            // of a string in a program
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b'"' => {}
            b'\\' => match body.get(at + 1) {
                Some(b'n' | b'r' | b't' | b'\n' | b'\r') => at += 1,
                // twice escaped, or JSON's slash
                Some(b'\\' | b'/') | None => {}
                Some(_) => return Err((Flaw::Base64, at)),
            },
            _ => return Err((Flaw::Base64, at)),
        }
        at += 1;
    }
    match LENIENT.decode(&digits) {
        Ok(octets) if octets.is_empty() => Err((Flaw::Empty, 0)),
        Ok(octets) => Ok(octets),
        Err(_) => Err((Flaw::Base64, 0)),
    }
}

/// Where the headers of RFC 1421 end, which an empty line follows.
fn headers(body: &[u8]) -> usize {
    let mut at = 0;
    let mut any = false;
    for line in body.split_inclusive(|&it| it == b'\n') {
        let text = line.trim_ascii();
        match (text.is_empty(), any) {
            (true, true) => return at + line.len(),
            (false, false) if !text.contains(&b':') => return 0,
            (empty, _) => any |= !empty,
        }
        at += line.len();
    }
    0
}

/// Counts lines, each of which is asked for after those before it.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the octet at `at`. CRLF is one end, and so is a lone CR.
    fn of(&mut self, at: usize) -> usize {
        for place in self.counted..at.max(self.counted) {
            let ends = match self.text[place] {
                b'\n' => true,
                b'\r' => self.text.get(place + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += usize::from(ends);
        }
        self.counted = at.max(self.counted);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "aGVsbG8sIHdvcmxk";
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";

    /// What was read: the octets as text or the flaw, each with its line; of certificates alone.
    fn read(text: impl AsRef<[u8]>) -> Vec<(usize, Result<String, Flaw>)> {
        let certificates = sections(text.as_ref());
        let certificates = certificates.into_iter().filter(|it| it.label == Label::Certificate);
        certificates
            .map(|it| (it.line, it.content.map(|octets| String::from_utf8(octets).unwrap())))
            .collect()
    }

    #[test]
    fn a_section_is_read_however_odd_its_form() {
        let plain = format!("{BEGIN}\naGVsbG8s\nIHdvcmxk\n{END}\n");
        for (form, line) in [
            (plain.clone(), 1),
            (format!("\u{feff}{plain}"), 1),
            (plain.replace('\n', "\r\n"), 1),
            (plain.replace('\n', "\r"), 1),
            (plain.replace('\n', "\\n"), 1),
            (plain.replace('\n', "\\r\\n"), 1),
            (plain.replace('\n', "\\\\n"), 1),
            (plain.replace('\n', " "), 1),
            (plain.replace('\n', ""), 1),
            (plain.replace('\n', "\n    "), 1),
            (format!("ca: |\n  {}", plain.replace('\n', "\n  ")), 2),
            (format!("{{\"ca\": \"{}\"}}", plain.replace('\n', "\\n")), 1),
            (format!("\"{}\"", plain.replace('\n', "\\n\"\r\n\"")), 1),
            (format!("CA='{}'", plain.replace('\n', "\\\n")), 1),
            (format!("subject=CN = a\r\n\r\n{plain}trailer\n"), 3),
            (format!("mac\rfile\r{plain}"), 3),
            (plain.replace("N CERT", "N X509 CERT").replace("ND CERT", "ND X509 CERT"), 1),
            (plain.replace("N CERT", "N TRUSTED CERT").replace("ND CERT", "ND TRUSTED CERT"), 1),
            (plain.replace("E-----", "E -----"), 1),
            (plain.replace("E-----", "E------"), 1),
            (plain.replace("E-----\n", "E\n"), 1),
            (plain.replace("\nIH", "\n\nIH"), 1),
            (format!("{BEGIN}\nX-Note: a\n more\n\n{HELLO}\n{END}"), 1),
            // what is commented out is not there
            (format!("# {}{plain}", plain.trim_end().replace('\n', "\n# ") + "\n"), 5),
        ] {
            assert_eq!(read(&form), [(line, Ok("hello, world".to_owned()))], "{form}");
        }
        // padding may lack, and so may the bits that nobody reads be set
        for digits in ["aGk=", "aGk", "aGl="] {
            assert_eq!(read(format!("{BEGIN}\n{digits}\n{END}")), [(1, Ok("hi".to_owned()))]);
        }
    }

    #[test]
    fn no_section_is_lost() {
        let one = format!("{BEGIN}\n{HELLO}\n{END}");
        let other = format!("-----BEGIN DH PARAMETERS-----\n{HELLO}\n-----END DH PARAMETERS-----");
        let ok = |line| (line, Ok("hello, world".to_owned()));
        for (text, lines) in [
            (format!("{one}{one}{one}"), &[1, 3, 5][..]),
            (format!("{one}\n{one}"), &[1, 4]),
            (format!("{one} {one}"), &[1, 3]),
            (format!("{one}\u{feff}{one}"), &[1, 3]),
            (format!("{other}{one}"), &[3]),
            (format!("-----BEGIN X-----\n{one}"), &[2]),
            (format!("a -----BEGIN\n{one}"), &[2]),
        ] {
            let expected: Vec<_> = lines.iter().map(|line| ok(*line)).collect();
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        use Flaw::{Base64, Boundary, Empty, NoBegin, NoEnd, OtherEnd};
        let key = "-----END PRIVATE KEY-----";
        for (text, expected) in [
            (format!("{BEGIN}\n{HELLO}\n"), &[(1, NoEnd)][..]),
            (format!("x\n{BEGIN}\n{HELLO}\n{BEGIN}\n{HELLO}\n"), &[(2, NoEnd), (4, NoEnd)]),
            (format!("{HELLO}\n{END}\n"), &[(2, NoBegin)]),
            (format!("{BEGIN}\n{HELLO}\n{key}\n"), &[(1, OtherEnd)]),
            (format!("-----BEGIN PRIVATE KEY-----\n{HELLO}\n{END}\n"), &[(3, OtherEnd)]),
            (format!("{BEGIN}\n{END}\n"), &[(1, Empty)]),
            (format!("{BEGIN}\r\naGVs\r\nbG8!\r\n{END}"), &[(3, Base64)]),
            (format!("{BEGIN}\naGVs\\xbG8=\n{END}"), &[(2, Base64)]),
            (format!("{BEGIN}\naGVsb\n{END}"), &[(1, Base64)]),
            (format!("> {BEGIN}\n> {HELLO}\n> {END}"), &[(2, Base64)]),
            (format!("-----BEGIN CERTIFICATE{HELLO}{END}"), &[(1, Boundary), (1, Boundary)]),
            (format!("----BEGIN CERTIFICATE-----\n{HELLO}\n{END}"), &[(1, Boundary), (3, NoBegin)]),
            (format!("—–BEGIN CERTIFICATE–—\n{HELLO}\n"), &[(1, Boundary)]),
            (format!("\n-----begin certificate-----\n{HELLO}\n"), &[(2, Boundary)]),
            (format!("{BEGIN}\nProc-Type: 4,ENCRYPTED\n\n{HELLO}\n{END}"), &[(1, Flaw::Encrypted)]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(line, flaw)| (*line, Err(*flaw))).collect();
            assert_eq!(read(&text), expected, "{text}");
        }
        for text in
            ["", "-", "-----", "-----BEGIN ", "# -----BEGIN CERTIFICATE-----", "the certificate"]
        {
            assert_eq!(read(text), [], "{text}");
        }
    }
}
