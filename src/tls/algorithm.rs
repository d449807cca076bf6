//! Keys and signatures by name. One rule: what has no name here is told by its object identifier.

use rustls::crypto::WebPkiSupportedAlgorithms;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::certificate::element;

pub(super) fn key(spki: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = spki.algorithm.algorithm.to_id_string();
    match &*oid {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let name = if oid.ends_with(".10") { "RSA-PSS" } else { "RSA" };
            match spki.parsed() {
                Ok(PublicKey::RSA(key)) => format!("{name} {}", rsa_bits(key.modulus)),
                _ => name.to_owned(),
            }
        }
        "1.2.840.10045.2.1" => {
            let curve = spki.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "ECDSA P-256".into(),
                Some("1.3.132.0.34") => "ECDSA P-384".into(),
                Some("1.3.132.0.35") => "ECDSA P-521".into(),
                Some("1.3.132.0.10") => "ECDSA secp256k1".into(),
                Some(other) => format!("ECDSA curve {other}"),
                None => "ECDSA".into(),
            }
        }
        "1.3.101.112" => "Ed25519".into(),
        "1.3.101.113" => "Ed448".into(),
        other => format!("key type {other}"),
    }
}

/// What kind of key is in `spki`, a SubjectPublicKeyInfo: `RSA 1024`.
pub(super) fn key_of(spki: &[u8]) -> String {
    match SubjectPublicKeyInfo::from_der(spki) {
        Ok((_, info)) => key(&info),
        Err(_) => "which cannot be read".into(),
    }
}

/// The length of the RSA key in `spki`, a SubjectPublicKeyInfo; `None` where it is of another kind.
fn rsa_bits_of(spki: &[u8]) -> Option<usize> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => Some(rsa_bits(key.modulus)),
        _ => None,
    }
}

/// Whether signatures by the key of `spki`, a SubjectPublicKeyInfo, can be verified at all: it is of
/// a kind that webpki knows, and where it is RSA of 2048 to 8192 bits, which is what ring takes.
pub(super) fn is_supported_key(spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
    let Some(kind) = element(spki).and_then(|(info, _)| element(info.content)) else {
        return false;
    };
    let is_known =
        algorithms.all.iter().any(|it| it.public_key_alg_id().as_ref() == kind.0.content);
    // ring counts whole octets
    let fits = |bits: usize| (2048..=8192).contains(&bits.next_multiple_of(8));
    is_known && rsa_bits_of(spki).is_none_or(fits)
}

fn rsa_bits(modulus: &[u8]) -> usize {
    let significant = &modulus[modulus.iter().take_while(|&&octet| octet == 0).count()..];
    match significant.first() {
        Some(first) => significant.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

pub(super) fn signature(algorithm: &AlgorithmIdentifier<'_>) -> String {
    match &*algorithm.algorithm.to_id_string() {
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.2.840.113549.1.1.4" => "RSA-MD5",
        "1.2.840.113549.1.1.5" => "RSA-SHA1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA-SHA256",
        "1.2.840.113549.1.1.12" => "RSA-SHA384",
        "1.2.840.113549.1.1.13" => "RSA-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => return format!("algorithm {other}"),
    }
    .to_owned()
}
