//! A policy loaded: trust anchors, where from and how many, and the keys of pin files. One rule:
//! what is asked for and cannot be had is an error, never an empty store.

use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::files;
use super::policy::{Policy, Root};
use crate::error::{Error, SYSTEM_STORE};
use crate::file::Wait;

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
    /// Where they came from, in their order, and how many there were of each.
    pub imported: Vec<(Root, usize)>,
}

impl Anchors {
    /// Loads what `policy` trusts. In a profile that verifies no chain these are the built-in
    /// roots, by which a strict client would have judged.
    pub fn load(policy: &Policy, wait: &Wait) -> Result<Self, Error> {
        if policy.roots.is_empty() {
            return Ok(Self {
                anchors: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
                imported: Vec::new(),
            });
        }
        let mut loaded = Self::default();
        for root in &policy.roots {
            let before = loaded.anchors.len();
            match root {
                Root::System => loaded.anchors.extend(system(wait)?),
                Root::Mozilla => loaded.anchors.extend_from_slice(webpki_roots::TLS_SERVER_ROOTS),
                Root::File(path) => loaded.anchors.extend(file(path, wait)?),
            }
            loaded.imported.push((root.clone(), loaded.anchors.len() - before));
        }
        Ok(loaded)
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

fn system(wait: &Wait) -> Result<Vec<TrustAnchor<'static>>, Error> {
    let anchors = anchors(&files::system(wait)?);
    match anchors.is_empty() {
        true => Err(unreadable(SYSTEM_STORE, "holds no certificate that can be read")),
        false => Ok(anchors),
    }
}

fn file(path: &str, wait: &Wait) -> Result<Vec<TrustAnchor<'static>>, Error> {
    let anchors = anchors(&files::certificates(path, wait)?);
    match anchors.is_empty() {
        true => Err(unreadable(path, "holds no certificate that can be read")),
        false => Ok(anchors),
    }
}

/// Certificates that cannot be read are no anchors; that is all that is lost.
fn anchors(certificates: &[CertificateDer<'_>]) -> Vec<TrustAnchor<'static>> {
    let anchor = |it| webpki::anchor_from_trusted_cert(it).ok().map(|anchor| anchor.to_owned());
    certificates.iter().filter_map(anchor).collect()
}

fn unreadable(path: &str, reason: &str) -> Error {
    Error::File { path: path.to_owned(), reason: reason.to_owned() }
}
