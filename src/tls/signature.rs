//! Whether a key made a signature. One rule: the algorithms of this file decide, and nothing else.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer,
    alg_id,
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::{RawPublicKeyEntity, ring};

use super::certificate::{SEQUENCE, element};

/// What signatures are verified with: ring's algorithms, then ours. `mapping` says it of the schemes
/// of a handshake; TLS 1.3 takes the first algorithm of each, whose curve is the scheme's.
pub(super) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        ring::ECDSA_P256_SHA256,
        ring::ECDSA_P256_SHA384,
        ring::ECDSA_P384_SHA256,
        ring::ECDSA_P384_SHA384,
        ring::ED25519,
        ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ring::RSA_PKCS1_2048_8192_SHA256,
        ring::RSA_PKCS1_2048_8192_SHA384,
        ring::RSA_PKCS1_2048_8192_SHA512,
        ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        P256_SHA512,
        P384_SHA512,
        P521_SHA256,
        P521_SHA384,
        P521_SHA512,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[ring::ECDSA_P384_SHA384, ring::ECDSA_P256_SHA384, P521_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256, P521_SHA256],
        ),
        (SignatureScheme::ECDSA_NISTP521_SHA512, &[P521_SHA512, P384_SHA512, P256_SHA512]),
        (SignatureScheme::ED25519, &[ring::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[ring::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[ring::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[ring::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

const P256_SHA512: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P256, Hash::Sha512);
const P384_SHA512: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P384, Hash::Sha512);
const P521_SHA256: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P521, Hash::Sha256);
const P521_SHA384: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P521, Hash::Sha384);
const P521_SHA512: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P521, Hash::Sha512);

/// ECDSA on a curve, with a hash, where ring has not the two together.
#[derive(Debug)]
struct Ecdsa(Curve, Hash);

#[derive(Clone, Copy, Debug)]
enum Curve {
    P256,
    P384,
    P521,
}

#[derive(Clone, Copy, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let Self(curve, hash) = *self;
        let digest = match hash {
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        };
        // as ring: a point is written without compression (RFC 5480 section 2.2)
        let point = Some(public_key).filter(|it| it.first() == Some(&4)).ok_or(InvalidSignature)?;
        match curve {
            Curve::P256 => p256(point, &digest, signature),
            Curve::P384 => p384(point, &digest, signature),
            Curve::P521 => p521(point, &digest, signature),
        }
        .ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            Curve::P256 => alg_id::ECDSA_P256,
            Curve::P384 => alg_id::ECDSA_P384,
            Curve::P521 => alg_id::ECDSA_P521,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.1 {
            Hash::Sha256 => alg_id::ECDSA_SHA256,
            Hash::Sha384 => alg_id::ECDSA_SHA384,
            Hash::Sha512 => alg_id::ECDSA_SHA512,
        }
    }
}

fn p256(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let signature = p256::ecdsa::Signature::from_slice(&scalars(signature, 32)?).ok()?;
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p384(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let signature = p384::ecdsa::Signature::from_slice(&scalars(signature, 48)?).ok()?;
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p521(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    const OCTETS: usize = 66;
    let signature = p521::ecdsa::Signature::from_slice(&scalars(signature, OCTETS)?).ok()?;
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
    // the hash as a number of the curve's length: the crate refuses one of less than half of it
    let mut number = vec![0; OCTETS.checked_sub(digest.len())?];
    number.extend(digest);
    key.verify_prehash(&number, &signature).ok()
}

/// The numbers r and s of an ECDSA signature (RFC 3279 section 2.2.3), each of `octets` octets.
fn scalars(signature: &[u8], octets: usize) -> Option<Vec<u8>> {
    let (pair, after) = element(signature).filter(|(it, _)| it.tag == SEQUENCE)?;
    let (r, rest) = element(pair.content)?;
    let (s, end) = element(rest)?;
    if !after.is_empty() || !end.is_empty() {
        return None;
    }
    let mut scalars = Vec::with_capacity(2 * octets);
    for number in [r, s] {
        const INTEGER: u8 = 2;
        let digits = match *number.content {
            // DER: no sign, and no zero before a number that needs none
            [0, next, ..] if next >= 0x80 => &number.content[1..],
            [1..0x80, ..] => number.content,
            _ => return None,
        };
        let zeros = octets.checked_sub(digits.len()).filter(|_| number.tag == INTEGER)?;
        scalars.extend(std::iter::repeat_n(0, zeros));
        scalars.extend(digits);
    }
    Some(scalars)
}

/// Octets and the signature on them.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// What was signed.
    pub octets: &'a [u8],
    /// AlgorithmIdentifier of the signature, without tag and length.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

impl Signed<'_> {
    /// Whether the key of `spki`, a SubjectPublicKeyInfo, made the signature.
    pub fn by(&self, spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
        let key = SubjectPublicKeyInfoDer::from(spki);
        let Ok(entity) = RawPublicKeyEntity::try_from(&key) else {
            return false;
        };
        let fitting =
            algorithms.all.iter().filter(|it| it.signature_alg_id().as_ref() == self.algorithm);
        fitting
            .into_iter()
            .any(|it| entity.verify_signature(*it, self.octets, self.signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::default_provider;

    use super::*;

    #[test]
    fn nothing_that_ring_verifies_is_left_out() {
        let theirs = default_provider().signature_verification_algorithms;
        let is_here = |it: &dyn SignatureVerificationAlgorithm| {
            ALGORITHMS.all.iter().any(|ours| {
                ours.public_key_alg_id() == it.public_key_alg_id()
                    && ours.signature_alg_id() == it.signature_alg_id()
            })
        };
        assert!(theirs.all.iter().all(|it| is_here(*it)));
        for (scheme, algorithms) in theirs.mapping {
            let (_, ours) = ALGORITHMS.mapping.iter().find(|(it, _)| it == scheme).unwrap();
            let ids = |it: &&dyn SignatureVerificationAlgorithm| it.signature_alg_id();
            assert_eq!(ours.first().map(ids), algorithms.first().map(ids), "{scheme:?}");
        }
    }

    #[test]
    fn a_scheme_of_tls_1_3_is_its_curve_and_its_hash() {
        for (scheme, key, signature) in [
            (SignatureScheme::ECDSA_NISTP256_SHA256, alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
            (SignatureScheme::ECDSA_NISTP384_SHA384, alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
            (SignatureScheme::ECDSA_NISTP521_SHA512, alg_id::ECDSA_P521, alg_id::ECDSA_SHA512),
        ] {
            let (_, algorithms) = ALGORITHMS.mapping.iter().find(|(it, _)| *it == scheme).unwrap();
            assert_eq!(algorithms[0].public_key_alg_id(), key, "{scheme:?}");
            for algorithm in *algorithms {
                assert_eq!(algorithm.signature_alg_id(), signature, "{scheme:?}");
            }
        }
    }

    #[test]
    fn a_signature_is_two_positive_numbers_as_der_has_them() {
        let two = |octets: &[u8]| scalars(octets, 4);
        assert_eq!(two(b"\x30\x06\x02\x01\x01\x02\x01\x7f"), Some(vec![0, 0, 0, 1, 0, 0, 0, 127]));
        let long = b"\x30\x09\x02\x05\0\xff\0\0\x01\x02\0";
        assert_eq!(two(long), None, "an empty number");
        let long = b"\x30\x0a\x02\x05\0\xff\0\0\x01\x02\x01\x02";
        assert_eq!(two(long), Some(vec![0xff, 0, 0, 1, 0, 0, 0, 2]));
        for (octets, why) in [
            (&b"\x30\x06\x02\x01\xff\x02\x01\x01"[..], "negative"),
            (b"\x30\x06\x02\x01\0\x02\x01\x01", "zero"),
            (b"\x30\x07\x02\x02\0\x01\x02\x01\x01", "a zero too many"),
            (b"\x30\x0a\x02\x05\x01\0\0\0\0\x02\x01\x01", "too long"),
            (b"\x30\x06\x02\x01\x01\x04\x01\x01", "no integer"),
            (b"\x31\x06\x02\x01\x01\x02\x01\x01", "no sequence"),
            (b"\x30\x06\x02\x01\x01\x02\x01\x01\0", "an octet behind it"),
            (b"\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01", "a third number"),
            (b"\x30\x03\x02\x01\x01", "one number"),
            (b"", "nothing"),
        ] {
            assert_eq!(two(octets), None, "{why}");
        }
    }

    #[test]
    fn what_is_no_point_of_the_curve_verifies_nothing() {
        for algorithm in [P256_SHA512, P384_SHA512, P521_SHA256, P521_SHA384, P521_SHA512] {
            let (name, octets) = match algorithm.public_key_alg_id() {
                it if it == alg_id::ECDSA_P256 => ("P-256", 65),
                it if it == alg_id::ECDSA_P384 => ("P-384", 97),
                _ => ("P-521", 133),
            };
            let pair = b"\x30\x06\x02\x01\x01\x02\x01\x01";
            let mut point = vec![1; octets];
            for first in [2, 3, 4, 0] {
                point[0] = first;
                assert!(algorithm.verify_signature(&point, b"", pair).is_err(), "{name} {first}");
            }
            assert!(algorithm.verify_signature(&[], b"", pair).is_err(), "{name}");
        }
    }
}
