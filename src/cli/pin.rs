//! The notations of a pin. One rule: every pin in the wild is understood, and one that can only be
//! an accident is refused with the reason.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::text::unhex;

/// A pin as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// SHA-256 of a SubjectPublicKeyInfo (RFC 7858 section 4.2).
    Hash([u8; 32]),
    /// A file with the certificate or public key to pin.
    File(String),
}

/// SHA-256 of no octets: what a pipeline prints when its first command failed.
const HASH_OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What is wrong with the path of a file in the value of an option.
pub(super) const NO_TILDE: &str = "nothing expands ~ here; type the whole path";

impl Pin {
    /// Reads bare base64, hex with or without colons, `sha256//...` (several joined by `;`, as curl
    /// has it), `pin-sha256="..."` (RFC 7469), or the path of a PEM or DER file.
    ///
    /// The error is the reason.
    pub fn parse_list(typed: &str) -> Result<Vec<Self>, String> {
        typed.split(';').map(|one| Self::parse(one.trim())).collect()
    }

    fn parse(one: &str) -> Result<Self, String> {
        if one.starts_with('~') {
            return Err(NO_TILDE.into());
        }
        let marked = one
            .strip_prefix("sha256//")
            .or_else(|| one.strip_prefix("sha256:"))
            .or_else(|| one.strip_prefix("pin-sha256=").map(|quoted| quoted.trim_matches('"')));
        let digits = marked.unwrap_or(one);
        let is_path = marked.is_none() && looks_like_a_path(one);
        let octets = hex_hash(digits).or_else(|| STANDARD.decode(digits).ok());
        match octets.map(TryInto::try_into) {
            Some(Ok(HASH_OF_NOTHING)) => {
                Err("it is the hash of nothing: the command that made it failed".into())
            }
            Some(Ok(hash)) => Ok(Self::Hash(hash)),
            _ if is_path => Ok(Self::File(one.to_owned())),
            Some(Err(octets)) => {
                let octets: Vec<u8> = octets;
                Err(format!("a SHA-256 hash has 32 octets, this has {}", octets.len()))
            }
            None => Err("a pin is base64 or hex, or a file as in ./FILE".into()),
        }
    }
}

/// 32 octets in hex, with or without colons. Anything shorter may be base64 that happens to hold
/// no other letters.
fn hex_hash(text: &str) -> Option<Vec<u8>> {
    unhex(&text.replace(':', "")).filter(|octets| octets.len() == 32)
}

fn looks_like_a_path(text: &str) -> bool {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    text.starts_with(['/', '.'])
        || extension.is_some_and(|it| ["pem", "der", "crt", "cer", "pub", "key"].contains(&&*it))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &str = "T0cdZeo5i1alEQql4G2okmhahC0wNM9mGTgmdT4kCT0=";
    const HEX: &str = "4f471d65ea398b56a5110aa5e06da892685a842d3034cf6619382675 3e24093d";

    fn hash() -> Pin {
        Pin::Hash(STANDARD.decode(BASE64).unwrap().try_into().unwrap())
    }

    #[test]
    fn every_notation_of_a_pin_is_the_same_pin() {
        let hex = HEX.replace(' ', "");
        let colons = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
            .collect::<Vec<_>>()
            .join(":");
        for typed in [
            BASE64.to_owned(),
            format!("sha256//{BASE64}"),
            format!("sha256:{hex}"),
            format!("pin-sha256=\"{BASE64}\""),
            hex,
            colons,
        ] {
            assert_eq!(Pin::parse_list(&typed), Ok(vec![hash()]), "{typed}");
        }
        assert_eq!(
            Pin::parse_list(&format!("sha256//{BASE64};sha256//{BASE64}")),
            Ok(vec![hash(), hash()])
        );
        assert_eq!(Pin::parse_list("./dot.pem"), Ok(vec![Pin::File("./dot.pem".into())]));
        assert_eq!(Pin::parse_list("dot.der"), Ok(vec![Pin::File("dot.der".into())]));
    }

    #[test]
    fn what_is_no_pin_is_refused_with_the_reason() {
        const NEITHER: &str = "a pin is base64 or hex, or a file as in ./FILE";
        for (typed, reason) in [
            ("@@@", NEITHER),
            ("AAAA", "a SHA-256 hash has 32 octets, this has 3"),
            (&BASE64[..43], NEITHER),
            ("sha256//./dot.pem", NEITHER),
            ("~/dot.pem", NO_TILDE),
            ("./dot.pem;~me/dot.pem", NO_TILDE),
            (
                "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                "it is the hash of nothing: the command that made it failed",
            ),
        ] {
            assert_eq!(Pin::parse_list(typed), Err(reason.to_owned()), "{typed}");
        }
    }
}
