//! Keys of TSIG: how they are written and what they compute. One rule: a secret goes into a MAC and
//! nowhere else, no message and no `Debug` shows it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::dns::name::Name;
use crate::dns::query::parse_name;
use crate::text;

/// A key that both sides know.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// What it computes.
    pub algorithm: &'static Algorithm,
    /// Its name in canonical form: uncompressed and in lower case (RFC 8945 section 4.3.3).
    name: Vec<u8>,
    secret: Vec<u8>,
}

impl Key {
    /// Reads `[algorithm:]name:base64`, as `-y` has it; hmac-sha256 where there is no algorithm.
    pub fn parse(typed: &str) -> Result<Self, KeyFault> {
        let (front, secret) = typed.rsplit_once(':').ok_or(KeyFault::Form)?;
        let (algorithm, name) = front.split_once(':').unwrap_or((DEFAULT, front));
        Self::new(algorithm, name, secret)
    }

    /// Reads the text of a file: BIND's `key "name" { algorithm hmac-sha256; secret "base64"; };`,
    /// the first one if there are more, or a first line as [`Key::parse`] has it, which may be a
    /// comment, as in what `keymgr -t` prints.
    pub fn from_file(text: &str) -> Result<Self, KeyFault> {
        if let Some(clause) = Clause::read(text) {
            let lacks = |lacks| KeyFault::Clause { lacks };
            let algorithm = clause.algorithm.ok_or(lacks("algorithm"))?;
            return Self::new(algorithm, clause.name, clause.secret.ok_or(lacks("secret"))?);
        }
        let line = text.lines().next().unwrap_or_default();
        Self::parse(line.trim_start_matches('#').trim())
    }

    /// The name.
    pub fn name(&self) -> Name<'_> {
        Name::alone(&self.name).expect("written label by label from a name")
    }

    fn new(algorithm: &str, name: &str, secret: &str) -> Result<Self, KeyFault> {
        let algorithm = ALGORITHMS
            .iter()
            .find(|row| row.name.eq_ignore_ascii_case(algorithm))
            .ok_or(KeyFault::Algorithm)?;
        let parsed = parse_name(name).map_err(|_| KeyFault::Name)?;
        let mut wire = Vec::with_capacity(name.len() + 2);
        for label in parsed.iter() {
            // labels have at most 63 octets
            wire.push(label.len() as u8);
            wire.extend(label.to_ascii_lowercase());
        }
        wire.push(0);
        match STANDARD.decode(secret) {
            Ok(secret) if secret.is_empty() => Err(KeyFault::Empty { name: text::free(name) }),
            Ok(secret) => Ok(Self { algorithm, name: wire, secret }),
            Err(_) => Err(KeyFault::Base64 { name: text::free(name) }),
        }
    }

    /// The name in canonical form.
    pub(super) fn wire(&self) -> &[u8] {
        &self.name
    }

    /// The MAC of what `parts` are when joined.
    pub(super) fn mac(&self, parts: &Parts<'_>) -> Vec<u8> {
        (self.algorithm.mac)(&self.secret, parts)
    }

    /// Whether `mac` is that of `parts`, or its beginning; in constant time.
    pub(super) fn proves(&self, parts: &Parts<'_>, mac: &[u8]) -> bool {
        (self.algorithm.proves)(&self.secret, parts, mac)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, secret, .. } = self;
        write!(f, "Key({}:{}:{} octets)", algorithm.name, self.name(), secret.len())
    }
}

/// What a key computes.
pub struct Algorithm {
    /// Its name as typed.
    pub name: &'static str,
    /// Octets of a MAC that was not truncated.
    pub octets: usize,
    /// Its domain name in canonical form (RFC 8945 section 6).
    pub(super) wire: &'static [u8],
    mac: fn(&[u8], &Parts<'_>) -> Vec<u8>,
    proves: fn(&[u8], &Parts<'_>, &[u8]) -> bool,
}

/// What a MAC covers, piece by piece.
type Parts<'a> = [&'a [u8]];

/// ALGORITHMS: one row each.
pub static ALGORITHMS: &[Algorithm] = &[
    row::<Hmac<Md5>>("hmac-md5", 16, b"\x08hmac-md5\x07sig-alg\x03reg\x03int\0"),
    row::<Hmac<Sha1>>("hmac-sha1", 20, b"\x09hmac-sha1\0"),
    row::<Hmac<Sha224>>("hmac-sha224", 28, b"\x0bhmac-sha224\0"),
    row::<Hmac<Sha256>>(DEFAULT, 32, b"\x0bhmac-sha256\0"),
    row::<Hmac<Sha384>>("hmac-sha384", 48, b"\x0bhmac-sha384\0"),
    row::<Hmac<Sha512>>("hmac-sha512", 64, b"\x0bhmac-sha512\0"),
];

const DEFAULT: &str = "hmac-sha256";

const fn row<M: hmac::Mac + KeyInit>(
    name: &'static str,
    octets: usize,
    wire: &'static [u8],
) -> Algorithm {
    Algorithm { name, octets, wire, mac: mac::<M>, proves: proves::<M> }
}

fn mac<M: hmac::Mac + KeyInit>(secret: &[u8], parts: &Parts<'_>) -> Vec<u8> {
    fed::<M>(secret, parts).finalize().into_bytes().to_vec()
}

fn proves<M: hmac::Mac + KeyInit>(secret: &[u8], parts: &Parts<'_>, mac: &[u8]) -> bool {
    fed::<M>(secret, parts).verify_truncated_left(mac).is_ok()
}

fn fed<M: hmac::Mac + KeyInit>(secret: &[u8], parts: &Parts<'_>) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes secrets of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

impl PartialEq for Algorithm {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Algorithm {}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Why a text is no key. The words stand after `bad key NAME` and hold nothing of the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// An algorithm that there is not.
    Algorithm,
    /// The secret is not base64.
    Base64 {
        /// The name of the key.
        name: String,
    },
    /// BIND's notation, incomplete.
    Clause {
        /// What it does not say.
        lacks: &'static str,
    },
    /// The secret is there, but nothing is in it.
    Empty {
        /// The name of the key.
        name: String,
    },
    /// Nothing that separates a name from a secret.
    Form,
    /// Its name is no domain name.
    Name,
}

impl KeyFault {
    /// The name of the key, where one can be sure that it is the name and not the secret.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Base64 { name } | Self::Empty { name } => Some(name),
            Self::Algorithm | Self::Clause { .. } | Self::Form | Self::Name => None,
        }
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => {
                let names: Vec<_> = ALGORITHMS.iter().map(|row| row.name).collect();
                write!(f, "unknown algorithm, not one of {}", names.join(", "))
            }
            Self::Base64 { .. } => f.write_str("the secret is not base64"),
            Self::Clause { lacks } => write!(f, "the key has no {lacks}"),
            Self::Empty { .. } => f.write_str("the secret is empty"),
            Self::Form => f.write_str("expected [algorithm:]name:base64"),
            Self::Name => f.write_str("its name is no domain name"),
        }
    }
}

/// A key as BIND writes it.
struct Clause<'a> {
    name: &'a str,
    algorithm: Option<&'a str>,
    secret: Option<&'a str>,
}

impl<'a> Clause<'a> {
    /// `None` if the text does not begin as a clause does.
    fn read(text: &'a str) -> Option<Self> {
        let mut words = Words(text);
        let (key, name, brace) = (words.next()?, words.next()?, words.next()?);
        if key != "key" || brace != "{" {
            return None;
        }
        let mut clause = Self { name, algorithm: None, secret: None };
        while let Some(word) = words.next().filter(|&word| word != "}") {
            match word {
                "algorithm" => clause.algorithm = words.next(),
                "secret" => clause.secret = words.next(),
                _ => {}
            }
        }
        Some(clause)
    }
}

/// The words of a file of BIND: without comments, and without the quotes of those in quotes.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let text = self.0.trim_start();
            let comment = if text.starts_with('#') || text.starts_with("//") {
                "\n"
            } else if text.starts_with("/*") {
                "*/"
            } else {
                return self.word(text);
            };
            self.0 = text.split_once(comment).map_or("", |(_, rest)| rest);
        }
    }
}

impl<'a> Words<'a> {
    fn word(&mut self, text: &'a str) -> Option<&'a str> {
        const MARKS: [char; 4] = ['{', '}', ';', '"'];
        let (word, rest) = if let Some(quoted) = text.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else if text.starts_with(MARKS) {
            text.split_at(1)
        } else {
            let ends = |c: char| MARKS.contains(&c) || c.is_whitespace();
            text.split_at(text.find(ends).unwrap_or(text.len()))
        };
        self.0 = rest;
        (!text.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "bGFia2V5c2VjcmV0bGFia2V5c2VjcmV0MDEyMzQ1Njc=";

    #[test]
    fn a_key_is_algorithm_name_and_secret() {
        for (typed, name, algorithm) in [
            ("labkey:", "labkey.", "hmac-sha256"),
            ("LabKey.Test.:", "labkey.test.", "hmac-sha256"),
            ("hmac-md5:labkey:", "labkey.", "hmac-md5"),
            ("HMAC-SHA512:labkey:", "labkey.", "hmac-sha512"),
        ] {
            let key = Key::parse(&format!("{typed}{SECRET}")).unwrap();
            assert_eq!((key.name().to_string(), key.algorithm.name), (name.into(), algorithm));
            assert_eq!(key.secret, b"labkeysecretlabkeysecret01234567");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason_and_without_the_secret() {
        let algorithm = "unknown algorithm, not one of \
             hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512";
        for (typed, name, reason) in [
            ("", None, "expected [algorithm:]name:base64"),
            ("c2VjcmV0", None, "expected [algorithm:]name:base64"),
            (":c2VjcmV0", None, "its name is no domain name"),
            ("a..b:c2VjcmV0", None, "its name is no domain name"),
            ("hmac-sha265:labkey:c2VjcmV0", None, algorithm),
            ("labkey:c2VjcmV0:hmac-sha256", None, algorithm),
            ("labkey:", Some("labkey"), "the secret is empty"),
            ("labkey:c2VjcmV", Some("labkey"), "the secret is not base64"),
            ("hmac-sha256:labkey:c2VjcmV\u{fc}", Some("labkey"), "the secret is not base64"),
        ] {
            let fault = Key::parse(typed).unwrap_err();
            assert_eq!((fault.name(), fault.to_string().as_str()), (name, reason), "{typed}");
            assert!(!format!("{fault:?}").contains("c2VjcmV"), "{typed}");
        }
    }

    #[test]
    fn a_file_holds_a_line_or_a_clause_of_bind() {
        let expected = Key::parse(&format!("hmac-sha512:host.example:{SECRET}")).unwrap();
        for file in [
            "hmac-sha512:host.example:SECRET",
            "  hmac-sha512:host.example:SECRET \r\nanything",
            "# hmac-sha512:host.example:SECRET\nkey:\n  - id: host.example\n",
            "key \"host.example\" {\n\talgorithm hmac-sha512;\n\tsecret \"SECRET\";\n};\n",
            "key host.example{secret SECRET;algorithm hmac-sha512;};",
            "# of the lab\n// and\n/* more: of\nit */ key Host.Example. { // this one\n\
             algorithm \"HMAC-SHA512\"; secret \"SECRET\"; }; key b { secret \"AAAA\"; };",
        ] {
            assert_eq!(Key::from_file(&file.replace("SECRET", SECRET)), Ok(expected.clone()));
        }
        for (file, fault) in [
            ("", KeyFault::Form),
            ("\nhost.example:c2VjcmV0", KeyFault::Form),
            ("/* key host.example", KeyFault::Form),
            ("key host.example {", KeyFault::Clause { lacks: "algorithm" }),
            ("key host.example { algorithm hmac-md5; };", KeyFault::Clause { lacks: "secret" }),
            ("key \"host", KeyFault::Form),
            ("key h { algorithm md5; secret c2VjcmV0; };", KeyFault::Algorithm),
        ] {
            assert_eq!(Key::from_file(file), Err(fault), "{file}");
        }
        // slashes are of base64, and begin a comment only where a word may begin
        let slashes = "key h { algorithm hmac-md5; secret ab//; };";
        assert_eq!(Key::from_file(slashes).unwrap().secret, [0x69, 0xbf, 0xff]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = Key::parse(&format!("labkey:{SECRET}")).unwrap();
        assert_eq!(format!("{key:?}"), "Key(hmac-sha256:labkey.:32 octets)");
    }

    #[test]
    fn the_rows_tell_the_truth() {
        for row in ALGORITHMS {
            assert_eq!((row.mac)(b"k", &[b"m"]).len(), row.octets, "{row:?}");
            let name = Name::alone(row.wire).unwrap().to_string();
            assert!(name.starts_with(row.name) && name.is_ascii(), "{name}");
            assert_eq!(row.wire.to_ascii_lowercase(), row.wire);
        }
    }
}
