//! How a server is greeted: versions, groups, ALPN, and a certificate of our own. One rule: nothing
//! here decides whether the server is believed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SignatureScheme, SupportedProtocolVersion};

use super::files;
use super::groups::{Group, hybrid};
use super::key_log::SecretFile;
use super::signature::ALGORITHMS;
use super::trust::Recorder;
use crate::error::{Error, system_words};
use crate::file::Wait;

/// The token of DNS over TLS (RFC 7858, IANA "ALPN protocol IDs").
pub const DOT: &str = "dot";

/// How to greet a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The only TLS version to offer.
    pub version: Option<Version>,
    /// The ALPN tokens to offer.
    pub alpn: Vec<String>,
    /// The files of our own certificate chain and its key.
    pub own: Option<(String, String)>,
    /// The key exchange groups to offer, in this order; the default list where there is none.
    pub groups: Option<Vec<Group>>,
    /// The default list begins with the post-quantum group; see [`can_post_quantum`].
    pub post_quantum: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246
    Tls12,
    /// RFC 8446
    Tls13,
}

/// Our own certificate, and whether a server asked for it.
#[derive(Debug)]
pub struct OwnKey {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
    sent: AtomicBool,
}

impl Hello {
    /// The configuration of a session whose peer `recorder` judges.
    pub fn config(
        &self,
        recorder: &Arc<Recorder>,
        provider: Arc<CryptoProvider>,
        own: &Arc<OwnKey>,
    ) -> Result<ClientConfig, Error> {
        let mut config = recorder
            .install(provider, self.versions())?
            .with_client_cert_resolver(Arc::clone(own) as _);
        config.alpn_protocols = self.alpn.iter().map(|token| token.clone().into_bytes()).collect();
        // every lookup shows the certificates; a resumed session has none
        config.resumption = rustls::client::Resumption::disabled();
        if let Some(path) = std::env::var_os("SSLKEYLOGFILE").filter(|it| !it.is_empty()) {
            let path = Path::new(&path);
            let file = SecretFile::open(path)
                .map_err(|error| failed(&path.to_string_lossy(), &system_words(&error)))?;
            config.key_log = Arc::new(file);
        }
        Ok(config)
    }

    /// The algorithms to offer. Where the post-quantum group is among them, the processor must have
    /// what [`can_post_quantum`] looks for.
    pub fn provider(&self) -> CryptoProvider {
        let mut provider = provider(self.post_quantum);
        if let Some(groups) = &self.groups {
            provider.kx_groups = groups.iter().filter_map(|group| group.exchange()).collect();
        }
        provider
    }

    /// The same without the post-quantum share, whose size a device on the way may not bear; `None`
    /// where that share is not offered, or where it was asked for.
    pub fn smaller(&self) -> Option<Self> {
        let is_offered = self.post_quantum && self.version != Some(Version::Tls12);
        let is_default = self.groups.is_none();
        (is_offered && is_default).then(|| Self { post_quantum: false, ..self.clone() })
    }

    fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        const TLS12_ALONE: &[&SupportedProtocolVersion] = &[&TLS12];
        const TLS13_ALONE: &[&SupportedProtocolVersion] = &[&TLS13];
        let typed = self.groups.as_deref().unwrap_or_default();
        match self.version {
            // a server that takes TLS 1.2 would have no group left
            None if !typed.is_empty() && !typed.iter().any(|it| it.is_for(Version::Tls12)) => {
                TLS13_ALONE
            }
            None => rustls::DEFAULT_VERSIONS,
            Some(Version::Tls12) => TLS12_ALONE,
            Some(Version::Tls13) => TLS13_ALONE,
        }
    }
}

/// ring's algorithms, and before its groups the post-quantum X25519MLKEM768 where `post_quantum`
/// says so. The processor must have what [`can_post_quantum`] looks for.
pub fn provider(post_quantum: bool) -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.signature_verification_algorithms = ALGORITHMS;
    if post_quantum {
        provider.kx_groups.splice(0..0, hybrid());
    }
    provider
}

/// Whether this processor has all that graviola, which has no other way, asserts.
pub fn can_post_quantum() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("aes")
            && is_x86_feature_detected!("pclmulqdq")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("adx")
            && is_x86_feature_detected!("avx")
            && is_x86_feature_detected!("avx2")
    }
    #[cfg(target_arch = "aarch64")]
    {
        std::arch::is_aarch64_feature_detected!("neon")
            && std::arch::is_aarch64_feature_detected!("aes")
            && std::arch::is_aarch64_feature_detected!("pmull")
            && std::arch::is_aarch64_feature_detected!("sha2")
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        false
    }
}

impl OwnKey {
    /// Reads chain and key of `files`: PEM; the key may be DER, and so may a single certificate.
    pub fn load(
        files: Option<&(String, String)>,
        provider: &CryptoProvider,
        wait: &Wait,
    ) -> Result<Arc<Self>, Error> {
        let key = files.map(|(chain, key)| pair(chain, key, provider, wait)).transpose()?;
        let (asked, sent) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Arc::new(Self { key: key.map(Arc::new), asked, sent }))
    }

    /// Whether the server asked for a certificate.
    pub fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether it got one.
    pub fn was_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for OwnKey {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        let key = self.key.as_ref().filter(|it| it.key.choose_scheme(schemes).is_some())?;
        self.sent.store(true, Ordering::Relaxed);
        Some(Arc::clone(key))
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

fn pair(
    chain: &str,
    key: &str,
    provider: &CryptoProvider,
    wait: &Wait,
) -> Result<CertifiedKey, Error> {
    let certificates = files::certificates(chain, wait)?;
    let parsed = files::private_key(key, wait)?;
    let signing = provider.key_provider.load_private_key(parsed);
    let signing = signing.map_err(|_| failed(key, "the private key cannot be used"))?;
    let pair = CertifiedKey::new(certificates, signing);
    match pair.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(failed(key, &format!("is not the key of the certificate in {chain}")))
        }
        _ => Ok(pair),
    }
}

fn failed(path: &str, reason: &str) -> Error {
    Error::File { path: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::*;

    #[test]
    fn the_post_quantum_group_is_offered_first_or_not_at_all() {
        let groups = |on| provider(on).kx_groups.iter().map(|it| it.name()).collect::<Vec<_>>();
        assert_eq!(groups(false)[0], NamedGroup::X25519);
        if hybrid().is_some() {
            assert_eq!(groups(true)[..2], [NamedGroup::X25519MLKEM768, NamedGroup::X25519]);
        }
    }
}
