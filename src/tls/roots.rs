//! A policy loaded: trust anchors, where from and how many, and the keys of pin files. One rule:
//! what is asked for and cannot be had is an error, never an empty store.

use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::certificate;
use super::files;
use super::policy::{Policy, Root};
use crate::error::{Error, SYSTEM_STORE};
use crate::file::Wait;
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
    /// Reads stores and files, no longer than `wait` lets them take.
    pub fn load(policy: &Policy, wait: &Wait) -> Result<Self, Error> {
        let mut policy = policy.clone();
        for path in std::mem::take(&mut policy.pin_files) {
            policy.pins.push(files::pin_of(&path, wait)?);
        }
        Ok(Self { anchors: Anchors::load(&policy, wait)?, policy })
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
    pub fn load(policy: &Policy, wait: &Wait) -> Result<Self, Error> {
        if policy.roots.is_empty() {
            let mut loaded = Self::default();
            loaded.extend_from_built_in();
            return Ok(loaded);
        }
        let mut loaded = Self::default();
        for root in &policy.roots {
            let before = loaded.anchors.len();
            match root {
                Root::System => loaded.extend(system(wait)?),
                Root::Mozilla => loaded.extend_from_built_in(),
                Root::File(path) => loaded.extend(file(path, wait)?),
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

fn system(wait: &Wait) -> Result<Vec<Anchor>, Error> {
    let anchors = anchors(files::system(wait)?);
    match anchors.is_empty() {
        true => Err(unreadable(SYSTEM_STORE, "holds no certificate that can be read")),
        false => Ok(anchors),
    }
}

fn file(path: &str, wait: &Wait) -> Result<Vec<Anchor>, Error> {
    let anchors = anchors(files::certificates(path, wait)?);
    match anchors.is_empty() {
        true => Err(unreadable(path, "holds no certificate that can be read")),
        false => Ok(anchors),
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
