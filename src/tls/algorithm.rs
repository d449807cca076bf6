//! Keys and signatures by name, and what of them is weak. One rule: what has no name here is told by
//! its object identifier.

use rustls::crypto::WebPkiSupportedAlgorithms;
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{Element, SEQUENCE, element, key_octets};
use crate::verdict::Flaw;

/// RFC 8301 section 3.2 and NIST SP 800-131A: shorter keys are not secure.
const MIN_RSA_BITS: usize = 2048;
/// ring verifies with no longer ones.
const MAX_RSA_BITS: usize = 8192;

const OBJECT_IDENTIFIER: u8 = 6;
const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC: &str = "1.2.840.10045.2.1";

/// Signature algorithms. Those that end in a hash of [`WEAK_HASHES`] are weak.
const SIGNATURES: [(&str, &str); 51] = [
    ("1.2.840.10045.4.1", "ECDSA-SHA1"),
    ("1.2.840.10045.4.3.1", "ECDSA-SHA224"),
    ("1.2.840.10045.4.3.2", "ECDSA-SHA256"),
    ("1.2.840.10045.4.3.3", "ECDSA-SHA384"),
    ("1.2.840.10045.4.3.4", "ECDSA-SHA512"),
    ("2.16.840.1.101.3.4.3.9", "ECDSA-SHA3-224"),
    ("2.16.840.1.101.3.4.3.10", "ECDSA-SHA3-256"),
    ("2.16.840.1.101.3.4.3.11", "ECDSA-SHA3-384"),
    ("2.16.840.1.101.3.4.3.12", "ECDSA-SHA3-512"),
    ("1.2.840.113549.1.1.2", "RSA-MD2"),
    ("1.2.840.113549.1.1.3", "RSA-MD4"),
    ("1.2.840.113549.1.1.4", "RSA-MD5"),
    ("1.2.840.113549.1.1.5", "RSA-SHA1"),
    ("1.3.14.3.2.2", "RSA-MD4"),
    ("1.3.14.3.2.3", "RSA-MD5"),
    ("1.3.14.3.2.4", "RSA-MD4"),
    ("1.3.14.3.2.15", "RSA-SHA1"),
    ("1.3.14.3.2.29", "RSA-SHA1"),
    ("1.2.840.113549.1.1.11", "RSA-SHA256"),
    ("1.2.840.113549.1.1.12", "RSA-SHA384"),
    ("1.2.840.113549.1.1.13", "RSA-SHA512"),
    ("1.2.840.113549.1.1.14", "RSA-SHA224"),
    ("1.2.840.113549.1.1.15", "RSA-SHA512/224"),
    ("1.2.840.113549.1.1.16", "RSA-SHA512/256"),
    ("2.16.840.1.101.3.4.3.13", "RSA-SHA3-224"),
    ("2.16.840.1.101.3.4.3.14", "RSA-SHA3-256"),
    ("2.16.840.1.101.3.4.3.15", "RSA-SHA3-384"),
    ("2.16.840.1.101.3.4.3.16", "RSA-SHA3-512"),
    ("1.3.36.3.3.1.2", "RSA-RIPEMD160"),
    ("1.2.840.10040.4.3", "DSA-SHA1"),
    ("1.3.14.3.2.13", "DSA-SHA1"),
    ("1.3.14.3.2.27", "DSA-SHA1"),
    ("2.16.840.1.101.3.4.3.1", "DSA-SHA224"),
    ("2.16.840.1.101.3.4.3.2", "DSA-SHA256"),
    ("2.16.840.1.101.3.4.3.3", "DSA-SHA384"),
    ("2.16.840.1.101.3.4.3.4", "DSA-SHA512"),
    ("2.16.840.1.101.3.4.3.5", "DSA-SHA3-224"),
    ("2.16.840.1.101.3.4.3.6", "DSA-SHA3-256"),
    ("2.16.840.1.101.3.4.3.7", "DSA-SHA3-384"),
    ("2.16.840.1.101.3.4.3.8", "DSA-SHA3-512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.501", "SM2-SM3"),
    ("1.2.643.2.2.3", "GOST2001-GOST94"),
    ("1.2.643.7.1.1.3.2", "GOST2012-256"),
    ("1.2.643.7.1.1.3.3", "GOST2012-512"),
    ("1.3.6.1.5.5.7.6.30", "RSA-PSS-SHAKE128"),
    ("1.3.6.1.5.5.7.6.31", "RSA-PSS-SHAKE256"),
];

/// Hashes for which collisions were found, or nearly so.
const WEAK_HASHES: [&str; 4] = ["-MD2", "-MD4", "-MD5", "-SHA1"];

/// Hashes in the parameters of RSASSA-PSS (RFC 4055 section 2.1).
const HASHES: [(&str, &str); 12] = [
    ("1.2.840.113549.2.5", "MD5"),
    ("1.3.14.3.2.26", "SHA1"),
    ("2.16.840.1.101.3.4.2.1", "SHA256"),
    ("2.16.840.1.101.3.4.2.2", "SHA384"),
    ("2.16.840.1.101.3.4.2.3", "SHA512"),
    ("2.16.840.1.101.3.4.2.4", "SHA224"),
    ("2.16.840.1.101.3.4.2.5", "SHA512/224"),
    ("2.16.840.1.101.3.4.2.6", "SHA512/256"),
    ("2.16.840.1.101.3.4.2.7", "SHA3-224"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("2.16.840.1.101.3.4.2.9", "SHA3-384"),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512"),
];

const KEYS: [(&str, &str); 14] = [
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "DH"),
    ("1.2.840.113549.1.3.1", "DH"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.301", "SM2"),
    ("1.2.643.2.2.19", "GOST2001"),
    ("1.2.643.7.1.1.1.1", "GOST2012-256"),
    ("1.2.643.7.1.1.1.2", "GOST2012-512"),
];

const CURVES: [(&str, &str); 15] = [
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1"),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1"),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.2.156.10197.1.301", "SM2"),
];

fn name_in(table: &[(&str, &'static str)], oid: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

/// What kind of key is in `spki`, a SubjectPublicKeyInfo: `RSA 1024`.
pub(super) fn key_of(spki: &[u8]) -> String {
    match SubjectPublicKeyInfo::from_der(spki) {
        Ok((_, info)) => key(&info),
        Err(_) => "which cannot be read".into(),
    }
}

/// `ECDSA P-256`, `RSA 2048`.
pub(super) fn key(spki: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = spki.algorithm.algorithm.to_id_string();
    match &*oid {
        RSA | RSA_PSS => {
            let name = if oid == RSA_PSS { "RSA-PSS" } else { "RSA" };
            match rsa_bits(&spki.subject_public_key.data) {
                Some(bits) => format!("{name} {bits}"),
                None => name.to_owned(),
            }
        }
        EC => match spki.algorithm.parameters.as_ref() {
            None => "ECDSA".into(),
            Some(curve) if curve.tag().0 == u32::from(OBJECT_IDENTIFIER) => {
                let curve = Oid::new(curve.data.into()).to_id_string();
                match name_in(&CURVES, &curve) {
                    Some(name) => format!("ECDSA {name}"),
                    None => format!("ECDSA curve {curve}"),
                }
            }
            // RFC 5480 section 2.1.1 allows named curves alone
            Some(_) => "ECDSA with explicit parameters".into(),
        },
        other => name_in(&KEYS, other).map_or_else(|| format!("key type {other}"), str::to_owned),
    }
}

/// The name of the signature algorithm in `algorithm`, an AlgorithmIdentifier without tag and
/// length: `ECDSA-SHA384`.
pub(super) fn signature(algorithm: &[u8]) -> String {
    let Some((oid, rest)) = element(algorithm) else { return "no algorithm".into() };
    match &*identifier(&oid) {
        RSA_PSS => match pss_hash(rest) {
            Some(hash) => format!("RSA-PSS-{hash}"),
            None => "RSA-PSS".into(),
        },
        oid => name_in(&SIGNATURES, oid).map_or_else(|| format!("algorithm {oid}"), str::to_owned),
    }
}

/// The hash that the parameters of RSASSA-PSS name; SHA-1 is what they need not name.
fn pss_hash(parameters: &[u8]) -> Option<String> {
    const HASH: u8 = 0xa0;
    let (parameters, _) = element(parameters).filter(|(it, _)| it.tag == SEQUENCE)?;
    match element(parameters.content) {
        Some((it, _)) if it.tag == HASH => {
            let (algorithm, _) = element(it.content)?;
            let oid = identifier(&element(algorithm.content)?.0);
            Some(name_in(&HASHES, &oid).map_or(oid, str::to_owned))
        }
        _ => Some("SHA1".into()),
    }
}

fn identifier(oid: &Element<'_>) -> String {
    match oid.tag {
        OBJECT_IDENTIFIER => Oid::new(oid.content.into()).to_id_string(),
        _ => "without an object identifier".into(),
    }
}

/// Why a signature of this algorithm counts for nothing where it cannot be verified.
pub(super) fn fault_of_signature(algorithm: &[u8]) -> (Flaw, &'static str) {
    let name = signature(algorithm);
    fault(WEAK_HASHES.iter().any(|hash| name.ends_with(hash)))
}

/// Why a signature by this key, a SubjectPublicKeyInfo, counts for nothing where it cannot be
/// verified.
pub(super) fn fault_of_key(spki: &[u8]) -> (Flaw, &'static str) {
    fault(rsa_bits_of(spki).is_some_and(|bits| bits < MIN_RSA_BITS))
}

/// Weak is what nobody should believe; the rest is what tdig cannot verify.
fn fault(is_weak: bool) -> (Flaw, &'static str) {
    match is_weak {
        true => (Flaw::WeakAlgorithm, "weak"),
        false => (Flaw::UnsupportedAlgorithm, "not supported by tdig"),
    }
}

/// Whether signatures by the key of `spki`, a SubjectPublicKeyInfo, can be verified at all: it is of
/// a kind that `algorithms` know, and where it is RSA of 2048 to 8192 bits, which is what ring takes.
pub(super) fn is_supported_key(spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
    let Some(kind) = element(spki).and_then(|(info, _)| element(info.content)) else {
        return false;
    };
    let is_known =
        algorithms.all.iter().any(|it| it.public_key_alg_id().as_ref() == kind.0.content);
    // ring counts whole octets
    let fits = |bits: usize| (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits.next_multiple_of(8));
    is_known && rsa_bits_of(spki).is_none_or(fits)
}

/// The length of the RSA key in `spki`, a SubjectPublicKeyInfo; `None` where it is of another kind.
fn rsa_bits_of(spki: &[u8]) -> Option<usize> {
    let (info, _) = element(spki)?;
    let (algorithm, _) = element(info.content)?;
    let (oid, _) = element(algorithm.content)?;
    matches!(&*identifier(&oid), RSA | RSA_PSS).then(|| rsa_bits(key_octets(spki)?)).flatten()
}

/// The length of an RSAPublicKey (RFC 8017 appendix A.1.1).
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (pair, _) = element(key).filter(|(it, _)| it.tag == SEQUENCE)?;
    let (modulus, _) = element(pair.content)?;
    let zeros = modulus.content.iter().take_while(|&&octet| octet == 0).count();
    let significant = modulus.content.get(zeros..)?;
    let first = significant.first()?;
    Some(significant.len() * 8 - first.leading_zeros() as usize)
}
