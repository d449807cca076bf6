//! What a session negotiated, in the names that kdig prints. One rule: what has no name here keeps
//! that of rustls.

use rustls::{NamedGroup, SignatureScheme};

pub(super) fn group_name(group: NamedGroup) -> String {
    match group {
        NamedGroup::secp256r1 => "ECDHE-SECP256R1".into(),
        NamedGroup::secp384r1 => "ECDHE-SECP384R1".into(),
        NamedGroup::secp521r1 => "ECDHE-SECP521R1".into(),
        NamedGroup::X25519 => "ECDHE-X25519".into(),
        NamedGroup::X25519MLKEM768 => "X25519-MLKEM768".into(),
        other => format!("{other:?}"),
    }
}

/// GnuTLS's names, which kdig prints: in TLS 1.3 a scheme names its curve.
pub(super) fn signature_name(scheme: SignatureScheme, tls13: bool) -> String {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 if tls13 => "ECDSA-SECP256R1-SHA256".into(),
        SignatureScheme::ECDSA_NISTP384_SHA384 if tls13 => "ECDSA-SECP384R1-SHA384".into(),
        SignatureScheme::ECDSA_NISTP521_SHA512 if tls13 => "ECDSA-SECP521R1-SHA512".into(),
        SignatureScheme::ECDSA_NISTP256_SHA256 => "ECDSA-SHA256".into(),
        SignatureScheme::ECDSA_NISTP384_SHA384 => "ECDSA-SHA384".into(),
        SignatureScheme::ECDSA_NISTP521_SHA512 => "ECDSA-SHA512".into(),
        SignatureScheme::RSA_PSS_SHA256 => "RSA-PSS-RSAE-SHA256".into(),
        SignatureScheme::RSA_PSS_SHA384 => "RSA-PSS-RSAE-SHA384".into(),
        SignatureScheme::RSA_PSS_SHA512 => "RSA-PSS-RSAE-SHA512".into(),
        SignatureScheme::RSA_PKCS1_SHA256 => "RSA-SHA256".into(),
        SignatureScheme::RSA_PKCS1_SHA384 => "RSA-SHA384".into(),
        SignatureScheme::RSA_PKCS1_SHA512 => "RSA-SHA512".into(),
        SignatureScheme::ED25519 => "EdDSA-Ed25519".into(),
        other => format!("{other:?}"),
    }
}

/// `TLS13_AES_256_GCM_SHA384` -> `AES-256-GCM`
pub(super) fn cipher_name(suite: &str) -> String {
    let cipher = suite.strip_prefix("TLS13_").unwrap_or(suite);
    let cipher = cipher.split_once("_WITH_").map_or(cipher, |(_, cipher)| cipher);
    let cipher = cipher.rsplit_once("_SHA").map_or(cipher, |(cipher, _)| cipher);
    cipher.replace('_', "-")
}
