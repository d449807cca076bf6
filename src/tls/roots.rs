//! A policy loaded: trust anchors, where from and how many, and the keys of pin files. One rule:
//! what is asked for and cannot be had is an error, never an empty store.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, TrustAnchor};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{self, Outline, pin};
use super::policy::{Policy, Root};
use crate::error::{Error, SYSTEM_STORE, system_words};
use crate::verdict::CertContent;

/// A policy with everything it names loaded.
#[derive(Debug)]
pub struct Trust {
    /// The policy, with its pin files read.
    pub policy: Policy,
    /// Its trust anchors.
    pub anchors: Anchors,
}

impl Trust {
    /// Reads stores and files.
    pub fn load(policy: &Policy) -> Result<Self, Error> {
        let mut policy = policy.clone();
        for path in std::mem::take(&mut policy.pin_files) {
            policy.pins.push(pin_file(&path)?);
        }
        Ok(Self { anchors: Anchors::load(&policy)?, policy })
    }
}

/// The trust anchors of one policy.
#[derive(Debug, Default)]
pub struct Anchors {
    /// All of them.
    pub anchors: Vec<TrustAnchor<'static>>,
    /// The certificate of each, in the same order; `None` of the built-in roots, of which name, key
    /// and name constraints alone are known.
    pub certificates: Vec<Option<CertificateDer<'static>>>,
    /// Where they came from, in their order, and how many there were of each.
    pub imported: Vec<(Root, usize)>,
}

impl Anchors {
    /// Loads what `policy` trusts. In a profile that verifies no chain these are the built-in
    /// roots, by which a strict client would have judged.
    pub fn load(policy: &Policy) -> Result<Self, Error> {
        if policy.roots.is_empty() {
            let mut loaded = Self::default();
            loaded.extend_from_built_in();
            return Ok(loaded);
        }
        let mut loaded = Self::default();
        for root in &policy.roots {
            let before = loaded.anchors.len();
            match root {
                Root::System => loaded.extend(system()?),
                Root::Mozilla => loaded.extend_from_built_in(),
                Root::File(path) => loaded.extend(file(path)?),
            }
            loaded.imported.push((root.clone(), loaded.anchors.len() - before));
        }
        Ok(loaded)
    }

    /// The anchors that `certificates`, which came from `root`, are.
    pub fn of(root: Root, certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut loaded = Self::default();
        loaded.extend(anchors(certificates));
        loaded.imported.push((root, loaded.anchors.len()));
        loaded
    }

    fn extend(&mut self, anchors: Vec<Anchor>) {
        for (anchor, certificate) in anchors {
            self.anchors.push(anchor);
            self.certificates.push(Some(certificate));
        }
    }

    fn extend_from_built_in(&mut self) {
        self.anchors.extend_from_slice(webpki_roots::TLS_SERVER_ROOTS);
        self.certificates.resize(self.anchors.len(), None);
    }

    /// The certificate of the anchor at `index`, where it is at hand.
    pub(super) fn certificate(&self, index: usize) -> Option<&CertificateDer<'static>> {
        self.certificates.get(index)?.as_ref()
    }

    /// What that certificate says, or why it cannot be read.
    pub(super) fn content(&self, index: usize) -> Option<Result<CertContent, String>> {
        Some(certificate::read(self.certificate(index)?).content)
    }

    /// Where the anchor at `index` came from, in words.
    pub fn origin(&self, index: usize) -> String {
        let mut end = 0;
        for (root, count) in &self.imported {
            end += count;
            if index < end {
                return root.to_string();
            }
        }
        Root::Mozilla.to_string()
    }
}

/// The hash of the key in the PEM or DER file at `path`: that of its first certificate, or the
/// public key it holds.
fn pin_file(path: &str) -> Result<[u8; 32], Error> {
    let octets = std::fs::read(path).map_err(|error| unreadable(path, &system_words(&error)))?;
    let certificate = CertificateDer::from_pem_slice(&octets)
        .map(|it| it.to_vec())
        .ok()
        .or_else(|| Outline::of(&octets).map(|_| octets.clone()));
    if let Some(outline) = certificate.as_deref().and_then(Outline::of) {
        return Ok(pin(outline.spki));
    }
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&octets)
        .unwrap_or_else(|_| SubjectPublicKeyInfoDer::from(octets.as_slice()).into_owned());
    match SubjectPublicKeyInfo::from_der(&key) {
        Ok(_) => Ok(pin(&key)),
        Err(_) => Err(unreadable(path, "holds neither a certificate nor a public key")),
    }
}

/// The system's store. The bundle alone is read where there is one: it holds the same as the
/// directory beside it, at a quarter of the cost.
fn system() -> Result<Vec<Anchor>, Error> {
    const BUNDLES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let chosen_by_user =
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|it| std::env::var_os(it).is_some());
    let bundle = BUNDLES.iter().map(Path::new).find(|it| cfg!(target_os = "linux") && it.exists());
    let CertificateResult { certs, errors, .. } = match bundle {
        Some(bundle) if !chosen_by_user => load_certs_from_paths(Some(bundle), None),
        _ => load_native_certs(),
    };
    let anchors = anchors(certs);
    match (anchors.is_empty(), errors.first()) {
        (false, _) => Ok(anchors),
        (true, Some(error)) => Err(unreadable(SYSTEM_STORE, &error.to_string())),
        (true, None) => Err(unreadable(SYSTEM_STORE, "not found")),
    }
}

fn file(path: &str) -> Result<Vec<Anchor>, Error> {
    let octets = std::fs::read(path).map_err(|error| unreadable(path, &system_words(&error)))?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&octets) {
        certificates.push(certificate.map_err(|error| unreadable(path, &error.to_string()))?);
    }
    if certificates.is_empty() {
        if Outline::of(&octets).is_none() {
            return Err(unreadable(path, "holds no certificate"));
        }
        certificates.push(CertificateDer::from(octets));
    }
    let anchors = anchors(certificates);
    match anchors.len() {
        0 => Err(unreadable(path, "holds no certificate that can be read")),
        _ => Ok(anchors),
    }
}

/// A trust anchor and the certificate that it was read from.
type Anchor = (TrustAnchor<'static>, CertificateDer<'static>);

/// Certificates that cannot be read are no anchors; that is all that is lost.
fn anchors(certificates: Vec<CertificateDer<'static>>) -> Vec<Anchor> {
    let anchor = |it| {
        let anchor = webpki::anchor_from_trusted_cert(&it).ok()?.to_owned();
        Some((anchor, it))
    };
    certificates.into_iter().filter_map(anchor).collect()
}

fn unreadable(path: &str, reason: &str) -> Error {
    Error::File { path: path.to_owned(), reason: reason.to_owned() }
}
