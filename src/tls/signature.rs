//! Whether a key made a signature. One rule: webpki's algorithms decide, and nothing else.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use webpki::RawPublicKeyEntity;

use super::certificate::{element, rsa_bits_of};

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
