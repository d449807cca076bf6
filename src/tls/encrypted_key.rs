//! Whether a file holds a private key that a passphrase encrypts. One rule: this says why a key
//! cannot be used, and nothing of the key.

use x509_parser::asn1_rs::{FromDer, Sequence};
use x509_parser::x509::AlgorithmIdentifier;

/// Whether `octets` are, or hold, an encrypted key: PKCS #8 as PEM or DER (RFC 5958 section 3), or
/// an older key whose PEM has a header that says so (RFC 1421 section 4.6.1.1).
pub(super) fn is_encrypted(octets: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let text = |wanted: &[u8]| octets.windows(wanted.len()).any(|it| it == wanted);
    text(BEGIN) || has_header(octets) || is_encrypted_der(octets)
}

/// `Proc-Type: 4,ENCRYPTED` in a line of its own.
fn has_header(octets: &[u8]) -> bool {
    octets.split(|octet| matches!(octet, b'\n' | b'\r')).any(|line| {
        let value = line.trim_ascii().strip_prefix(b"Proc-Type:");
        value.is_some_and(|value| value.trim_ascii_end().ends_with(b"ENCRYPTED"))
    })
}

/// The algorithm at the start is one of PKCS #5 or PKCS #12, which encrypt by a passphrase. In a
/// key that is not encrypted, a version number comes first.
fn is_encrypted_der(octets: &[u8]) -> bool {
    let Ok((_, outer)) = Sequence::from_der(octets) else { return false };
    let Ok((_, algorithm)) = AlgorithmIdentifier::from_der(&outer.content) else { return false };
    let id = algorithm.algorithm.to_id_string();
    ["1.2.840.113549.1.5.", "1.2.840.113549.1.12.1."].iter().any(|arc| id.starts_with(arc))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// An Ed25519 key, encrypted with PBES2 by `openssl genpkey -aes-128-cbc`.
    const PBES2: &str = "\
        MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgKpllrNGbHKgICCAAw\n\
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEIUJU4DpW4uA3jC4GJ+OS/AEQDQc\n\
        P1LuCEqaGfrtIkfq2aq0B1M/3hMwIU50Db4n9fBFFFC3bKKl5y5ZArXP7/DU/UMH\n\
        9RFLGR7KkMBT2fyO6yc=";
    /// The same with an algorithm of PKCS #12.
    const PKCS12: &str = "\
        MFgwHAYKKoZIhvcNAQwBAzAOBAjuv1gk98q6eAICCAAEOOxPJyEFrbQFPw3gx7Yh\n\
        /GD4bzDqTrFBYUGxXYIqFaMfErF/ji8WlxGtBKY9W/1R6nbb/7v+8aYj";
    /// The same as it is.
    const PLAIN: &str = "MC4CAQAwBQYDK2VwBCIEICID00Zcjb4usA8eqEEABBjY7DZb3xc7GH7kvXxvOg5g";

    #[test]
    fn an_encrypted_key_is_known_in_every_form_that_openssl_writes() {
        let pem = |label: &str, head: &str, body: &str| {
            format!("-----BEGIN {label}-----\n{head}{body}\n-----END {label}-----\n")
        };
        let old =
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n";
        for (text, encrypted) in [
            (pem("ENCRYPTED PRIVATE KEY", "", PBES2), true),
            (pem("ENCRYPTED PRIVATE KEY", "", PBES2).replace('\n', "\r\n"), true),
            (format!("\u{feff}{}", pem("ENCRYPTED PRIVATE KEY", "", PBES2)), true),
            (format!("Bag Attributes\n  x\n{}", pem("ENCRYPTED PRIVATE KEY", "", PBES2)), true),
            (pem("RSA PRIVATE KEY", old, PBES2), true),
            (pem("EC PRIVATE KEY", old, PBES2).replace('\n', "\r\n"), true),
            (pem("EC PRIVATE KEY", "Proc-Type:4,ENCRYPTED\n\n", PBES2), true),
            (pem("PRIVATE KEY", "", PLAIN), false),
            (pem("RSA PRIVATE KEY", "Proc-Type: 4,MIC-CLEAR\n\n", PLAIN), false),
            (pem("CERTIFICATE", "", "AAAA"), false),
            ("ENCRYPTED".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_encrypted(text.as_bytes()), encrypted, "{text}");
        }
        let der = |text: &str| STANDARD.decode(text.replace('\n', "")).unwrap();
        assert!(is_encrypted(&der(PBES2)));
        assert!(is_encrypted(&der(PKCS12)));
        assert!(!is_encrypted(&der(PLAIN)));
        assert!(!is_encrypted(&der(PBES2)[..20]), "it is cut off");
    }
}
