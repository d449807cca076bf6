//! Whether a key made a signature. One rule: webpki's algorithms decide, and nothing else.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use webpki::RawPublicKeyEntity;

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
