//! Keys of TSIG: how they are written and what they compute. One rule: a secret goes into a MAC and
//! nowhere else, no message and no `Debug` shows it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::clause::Clause;
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
    /// or a first line as [`Key::parse`] has it, which may be a comment, as in what `keymgr -t`
    /// prints. A file with more keys than one does not say which is meant.
    pub fn from_file(text: &str) -> Result<Self, KeyFault> {
        let mut clauses = Clause::all(text)?;
        if let [_, _, ..] = clauses[..] {
            return Err(KeyFault::Number(clauses.len()));
        }
        if let Some(Clause { name, algorithm, secret }) = clauses.pop() {
            let algorithm = algorithm.ok_or(KeyFault::Clause { lacks: "algorithm" })?;
            let secret = secret.ok_or(KeyFault::Clause { lacks: "secret" })?;
            // it may go on in the next line
            let secret: String = secret.split_ascii_whitespace().collect();
            return Self::new(algorithm, name, &secret);
        }
        let of_line = |line: &str| Self::parse(line.trim_start_matches('#').trim());
        let mut lines = text.lines();
        let first = of_line(lines.next().unwrap_or_default());
        match first {
            Ok(key) => {
                // a comment may look like a name and base64, but hardly like an algorithm too
                let begins = |line: &str| ALGORITHMS.iter().any(|row| has_algorithm(line, row));
                let is_key = |line: &&str| !line.starts_with('#') || begins(line);
                let more = lines.filter(is_key).filter(|line| of_line(line).is_ok()).count();
                if more == 0 { Ok(key) } else { Err(KeyFault::Number(1 + more)) }
            }
            Err(_) if is_of_another_server(text) => Err(KeyFault::Notation),
            Err(fault) => Err(fault),
        }
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
            Ok(secret) if secret.is_empty() => Err(KeyFault::Empty { name: shown(name) }),
            Ok(secret) if is_rather_a_secret(name, &secret) => Err(KeyFault::Order),
            Ok(secret) => Ok(Self { algorithm, name: wire, secret }),
            Err(_) => Err(KeyFault::Base64 { name: shown(name) }),
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

/// Whether a line begins with this algorithm, be it in a comment.
fn has_algorithm(line: &str, row: &Algorithm) -> bool {
    let line = line.trim_start_matches('#').trim_start();
    let head = line.split_at_checked(row.name.len());
    head.is_some_and(|(name, rest)| name.eq_ignore_ascii_case(row.name) && rest.starts_with(':'))
}

/// Whether the name of a key is its secret, typed before the name: one long label in the letters of
/// base64 and hex, with more octets than what stands in the secret's place. It would be sent, in
/// the clear where there is no TLS, and shown.
fn is_rather_a_secret(name: &str, secret: &[u8]) -> bool {
    const MIN_LETTERS: usize = 16;
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = name.trim_end_matches('=');
    let is_base64 = digits.len() >= MIN_LETTERS && digits.bytes().all(of_base64);
    name.contains('=') || (is_base64 && digits.len() * 3 / 4 > secret.len())
}

/// The name of a key that cannot be used, unless it may be the secret, typed before the name: no
/// secret is so short.
fn shown(name: &str) -> Option<String> {
    const MIN_SECRET: usize = 8;
    name.split('.').all(|label| label.len() < MIN_SECRET).then(|| text::free(name))
}

/// Whether a file has a key in the notation of NSD, Unbound or Knot DNS.
fn is_of_another_server(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '\t', '-']);
        ["key:", "secret:"].iter().any(|it| line.starts_with(it))
    })
}

/// Why a text is no key. The words hold nothing of it: where the secret stands in a text that is no
/// key, nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// An algorithm that there is not.
    Algorithm,
    /// The secret is not base64.
    Base64 {
        /// The name of the key.
        name: Option<String>,
    },
    /// BIND's notation, incomplete.
    Clause {
        /// What it does not say.
        lacks: &'static str,
    },
    /// BIND's notation: a statement that is there twice, or is not ended by a semicolon.
    Statement,
    /// The secret is there, but nothing is in it.
    Empty {
        /// The name of the key.
        name: Option<String>,
    },
    /// Nothing that separates a name from a secret.
    Form,
    /// Its name is no domain name.
    Name,
    /// The notation of NSD, Unbound or Knot DNS.
    Notation,
    /// So many keys in one file.
    Number(usize),
    /// The secret stands where the name belongs.
    Order,
}

impl KeyFault {
    /// The name of the key, where it is sure not to be the secret.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Base64 { name } | Self::Empty { name } => name.as_deref(),
            _ => None,
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
            Self::Statement => {
                f.write_str("a statement of the key is there twice, or not ended by a semicolon")
            }
            Self::Empty { .. } => f.write_str("the secret is empty"),
            Self::Form => f.write_str("expected [algorithm:]name:base64"),
            Self::Name => f.write_str("its name is no domain name"),
            Self::Notation => f.write_str(
                "the notation of another server, expected key NAME { algorithm ALGORITHM; \
                 secret BASE64; }; or a line [algorithm:]name:base64",
            ),
            Self::Number(keys) => write!(f, "{keys} keys where one is meant"),
            Self::Order => f.write_str("the secret stands where the name belongs"),
        }
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
    fn what_is_no_key_is_refused_with_the_reason_and_without_what_was_typed() {
        let algorithm = "unknown algorithm, not one of \
             hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512";
        let order = "the secret stands where the name belongs";
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
            // what was meant as the name may be base64 too
            (&format!("{SECRET}:labkey"), None, "the secret is not base64"),
            (&format!("{SECRET}:testkey1"), None, order),
            (&format!("hmac-sha512:{SECRET}:testkey1"), None, order),
            ("c2VjcmV0LXNlY3JldC1z:key1", None, order),
            ("c2VjcmV0Zg==:name", None, order),
            ("00112233445566778899aabbccddeeff:key1", None, order),
        ] {
            let fault = Key::parse(typed).unwrap_err();
            assert_eq!((fault.name(), &*fault.to_string()), (name, reason), "{typed}");
            assert!(!format!("{fault:?}").contains("c2VjcmV"), "{typed}");
        }
        // a name may be long, or look like base64
        for typed in ["transfer-key-of-the-primary:c2VjcmV0", "keyofprimaryserver:SECRET"] {
            assert!(Key::parse(&typed.replace("SECRET", SECRET)).is_ok(), "{typed}");
        }
    }

    #[test]
    fn a_file_holds_a_line_or_a_clause_of_bind() {
        let expected = Key::parse(&format!("hmac-sha512:host.example:{SECRET}")).unwrap();
        for file in [
            "hmac-sha512:host.example:BASE64",
            "  hmac-sha512:host.example:BASE64 \r\nanything",
            "hmac-sha512:host.example:BASE64\n# of:note",
            "# hmac-sha512:host.example:BASE64\nkey:\n  - id: host.example\n    secret: BASE64\n",
            "key \"host.example\" {\n\talgorithm hmac-sha512;\n\tsecret \"BASE64\";\n};\n",
            "key host.example{secret BASE64;algorithm hmac-sha512;};",
            "KEY \"host.example\" { ALGORITHM HMAC-SHA512; SECRET \"BASE64\"; };",
            "key host.example { algorithm hmac-sha512; secret BASE64 }",
            "# caf\u{fffd}\n// and\n/* more: of\nit */ key Host.Example. { // this one\n\
             algorithm \"HMAC-SHA512\"; secret \"BASE64\"; }; server 192.0.2.1 { keys { b; }; };",
        ] {
            let file = file.replace("BASE64", SECRET);
            assert_eq!(Key::from_file(&file), Ok(expected.clone()), "{file}");
        }
        let (front, back) = SECRET.split_at(20);
        let folded =
            format!("key host.example {{ algorithm hmac-sha512; secret \"{front}\n\t{back}\"; }};");
        assert_eq!(Key::from_file(&folded), Ok(expected));
        // slashes are of base64, and begin a comment only where a word may begin
        let slashes = "key h { algorithm hmac-md5; secret ab//; };";
        assert_eq!(Key::from_file(slashes).unwrap().secret, [0x69, 0xbf, 0xff]);
    }

    #[test]
    fn what_is_no_key_in_a_file_is_refused_with_the_reason() {
        let clause = |name| format!("key {name} {{ algorithm hmac-md5; secret c2VjcmV0; }};\n");
        let line = "hmac-md5:a:c2VjcmV0\n";
        for (file, fault) in [
            ("", KeyFault::Form),
            ("\nhost.example:c2VjcmV0", KeyFault::Form),
            ("/* key host.example", KeyFault::Form),
            ("key host.example {", KeyFault::Clause { lacks: "algorithm" }),
            ("key host.example { algorithm hmac-md5; };", KeyFault::Clause { lacks: "secret" }),
            ("key h { algorithm hmac-md5; secret ; };", KeyFault::Clause { lacks: "secret" }),
            ("key \"host", KeyFault::Form),
            ("key h { algorithm md5; secret c2VjcmV0; };", KeyFault::Algorithm),
            ("key h { algorithm hmac-md5; secret c2Vj cmV0; };", KeyFault::Statement),
            ("key h { algorithm hmac-md5 secret c2VjcmV0; };", KeyFault::Statement),
            (
                "key h { algorithm hmac-md5; algorithm hmac-sha1; secret c2VjcmV0; };",
                KeyFault::Statement,
            ),
            (&(clause("a") + &clause("b")), KeyFault::Number(2)),
            (
                &(clause("a") + "options { port 1; };" + &clause("a") + &clause("c")),
                KeyFault::Number(3),
            ),
            (&line.repeat(2), KeyFault::Number(2)),
            (&format!("# {line}key:\n# {line}"), KeyFault::Number(2)),
            ("key:\n    name: \"a\"\n    secret: \"c2VjcmV0\"\n", KeyFault::Notation),
            ("# mine\nkey:\n  - id: a\n    secret: c2VjcmV0\n", KeyFault::Notation),
        ] {
            assert_eq!(Key::from_file(file), Err(fault), "{file}");
        }
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
