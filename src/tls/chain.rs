//! Where a chain leads: the path that webpki verifies, and the signer of each certificate. One
//! rule: only a path that webpki verified counts, and its work is bounded whatever a server sends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, VerifiedPath};

use super::algorithm::is_supported_key;
use super::anchor::Unfit;
use super::certificate::{Outline, sequence};
use super::roots::Trust;
use crate::verdict::{CertContent, CertFacts, Signer};

/// A certificate with 99 others that all claim to have signed it must not cost a minute, nor a
/// tenth of a second: one check of a slow curve costs a thousandth.
const MAX_SIGNATURE_CHECKS: usize = 64;
/// Certificates that may be on a path. webpki follows every branch, up to six certificates deep:
/// these have a hundred branches at most, and no server needs half of them.
const MAX_CANDIDATES: usize = 12;
/// Chains of no more certificates go to webpki as they are: all that they can cost is some dozens of
/// checks, and whether signatures lead anywhere is what it finds out.
const FEW: usize = 5;

/// What judging needs.
pub(super) struct Bench<'a> {
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) facts: &'a [CertFacts],
    pub(super) staple: &'a [u8],
    pub(super) trust: &'a Trust,
    pub(super) now: UnixTime,
    pub(super) algorithms: &'a WebPkiSupportedAlgorithms,
    /// What signatures need, of each certificate that has it.
    pub(super) links: Vec<Option<Link<'a>>>,
    /// #1, and the certificates from which its signatures descend, in the order sent; until that is
    /// known, all of a few.
    pub(super) candidates: Vec<usize>,
    /// Positions of the trust anchors that signed one of them, or may have.
    anchors: Vec<usize>,
    searched: bool,
    /// There are more of them than were followed.
    pub(super) crowded: bool,
    /// Whether a key, a SubjectPublicKeyInfo, made the signature of the certificate at a position.
    checked: BTreeMap<(usize, &'a [u8]), bool>,
    /// Why anchors that signed were refused.
    pub(super) unfit: RefCell<Vec<Unfit>>,
}

/// One certificate as a link of a chain.
pub(super) struct Link<'a> {
    pub(super) outline: Outline<'a>,
    /// Its signature is of a kind that can be verified.
    pub(super) is_verifiable: bool,
    /// Its key is of a kind, and of a length, that signatures can be verified with.
    pub(super) can_verify: bool,
}

/// A path that webpki verified: positions in the chain, end-entity first, and the position of its
/// trust anchor.
pub(super) struct Path {
    pub(super) certificates: Vec<usize>,
    pub(super) anchor: usize,
    /// #1 is that anchor: it needs no signature.
    pub(super) is_itself: bool,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        chain: &'a [CertificateDer<'static>],
        facts: &'a [CertFacts],
        staple: &'a [u8],
        trust: &'a Trust,
        now: UnixTime,
        algorithms: &'a WebPkiSupportedAlgorithms,
    ) -> Self {
        let link = |der: &'a CertificateDer<'static>| {
            let outline = Outline::of(der)?;
            let is_verifiable =
                algorithms.all.iter().any(|it| it.signature_alg_id().as_ref() == outline.algorithm);
            let can_verify = is_supported_key(outline.spki, algorithms);
            Some(Link { outline, is_verifiable, can_verify })
        };
        let mut bench = Self {
            chain,
            facts,
            staple,
            trust,
            now,
            algorithms,
            links: chain.iter().map(link).collect(),
            candidates: (0..chain.len()).collect(),
            anchors: Vec::new(),
            searched: false,
            crowded: false,
            checked: BTreeMap::new(),
            unfit: RefCell::default(),
        };
        if chain.len() > FEW {
            bench.search();
        } else {
            for subject in 0..chain.len() {
                let named = bench.namesake_anchors(subject);
                bench.anchors.extend(named);
            }
            bench.anchors.sort_unstable();
            bench.anchors.dedup();
        }
        bench
    }

    /// Finds the certificates, and the trust anchors, from which the signature of #1 descends: the
    /// nearest ones first, so that strangers sent along keep none of them out. Returns whether that
    /// was not known.
    pub(super) fn search(&mut self) -> bool {
        if std::mem::replace(&mut self.searched, true) {
            return false;
        }
        (self.candidates, self.anchors) = (vec![0], Vec::new());
        let mut next = 0;
        while let Some(&subject) = self.candidates.get(next) {
            next += 1;
            for anchor in self.anchors_that_signed(subject) {
                if !self.anchors.contains(&anchor) {
                    self.anchors.push(anchor);
                }
            }
            for issuer in 1..self.chain.len() {
                if self.candidates.contains(&issuer) {
                    continue;
                }
                match self.made(subject, issuer) {
                    Some(true) if self.chain[..issuer].contains(&self.chain[issuer]) => {}
                    Some(true) if self.candidates.len() <= MAX_CANDIDATES => {
                        self.candidates.push(issuer);
                    }
                    Some(true) => self.crowded = true,
                    None if self.has_checked_enough() => self.crowded = true,
                    _ => {}
                }
            }
        }
        // the order in which webpki would have met them
        self.candidates.sort_unstable();
        self.anchors.sort_unstable();
        true
    }

    pub(super) fn content(&self, position: usize) -> Option<&'a CertContent> {
        self.facts.get(position)?.content.as_ref().ok()
    }

    pub(super) fn link(&self, position: usize) -> Option<&Link<'a>> {
        self.links.get(position)?.as_ref()
    }

    /// webpki's verdict on the chain, as of `time` and for `usage`, by anchors that may vouch for
    /// it; by those within their dates, where they suffice.
    pub(super) fn verify(&self, time: UnixTime, usage: Usage) -> Result<Path, webpki::Error> {
        let in_dates: Vec<_> =
            self.anchors.iter().copied().filter(|&it| self.is_in_dates(it)).collect();
        let by_all = || self.verify_by(&self.anchors, time, usage);
        let verified = match in_dates.len() < self.anchors.len() {
            true => self.verify_by(&in_dates, time, usage).or_else(|_| by_all()),
            false => by_all(),
        };
        verified.or_else(|fault| self.itself(time, usage).ok_or(fault))
    }

    fn verify_by(
        &self,
        positions: &[usize],
        time: UnixTime,
        usage: Usage,
    ) -> Result<Path, webpki::Error> {
        let first = self.chain.first().ok_or(webpki::Error::BadDer)?;
        let end_entity = EndEntityCert::try_from(first)?;
        let borrowed = |&it: &usize| CertificateDer::from(self.chain[it].as_ref());
        let rest: Vec<_> = self.candidates.iter().skip(1).map(borrowed).collect();
        let anchors: Vec<_> =
            positions.iter().map(|&it| self.trust.anchors.anchors[it].clone()).collect();
        let contents: Vec<_> = positions.iter().map(|&it| self.trust.anchors.content(it)).collect();
        let place = |path: &VerifiedPath<'_>| {
            let place = anchors.iter().position(|it| std::ptr::eq(it, path.anchor()));
            place.ok_or(webpki::Error::UnknownIssuer)
        };
        let accept = |path: &VerifiedPath<'_>| {
            let place = place(path)?;
            self.accept_anchor(positions[place], contents[place].as_ref(), path, usage)
        };
        let verified = end_entity.verify_for_usage(
            self.algorithms.all,
            &anchors,
            &rest,
            time,
            usage,
            None,
            Some(&accept),
        )?;
        let position = |der: &[u8]| self.chain.iter().position(|it| it.as_ref() == der);
        let intermediates = verified.intermediate_certificates();
        let certificates =
            std::iter::once(0).chain(intermediates.filter_map(|it| position(&it.der()))).collect();
        Ok(Path { certificates, anchor: positions[place(&verified)?], is_itself: false })
    }

    /// Whether signatures lead to a trust anchor, apart from dates and purpose: as of the moment at
    /// which most of the candidates were valid, for any purpose.
    pub(super) fn verify_chain_alone(&self) -> Option<Path> {
        let contents = || self.candidates.iter().filter_map(|&it| self.content(it));
        let is_valid = |it: &CertContent, at| (it.not_before..=it.not_after).contains(&at);
        let end = self.content(0)?;
        let moments = std::iter::once(self.now.as_secs().cast_signed());
        let moments = moments.chain(contents().map(|it| it.not_before));
        let moments = moments.filter(|&at| is_valid(end, at));
        let valid = |at: i64| contents().filter(|it| is_valid(it, at)).count();
        // the first of the best: the present, where that is one
        let best = moments.reduce(|best, at| if valid(at) > valid(best) { at } else { best })?;
        let moment = Duration::from_secs(u64::try_from(best).ok()?);
        self.verify(UnixTime::since_unix_epoch(moment), Usage::Any).ok()
    }

    /// The certificates from which the end-entity's signatures descend: those of `descent`, which
    /// are proved, and every one beyond them that was sent and signed the last.
    pub(super) fn descent(&mut self, mut descent: Vec<usize>) -> Vec<usize> {
        while let Some(&last) = descent.last() {
            let next = (0..self.chain.len()).find(|&candidate| {
                !descent.contains(&candidate)
                    && self.is_ca(candidate)
                    && self.signed(last, candidate)
            });
            match next {
                Some(next) => descent.push(next),
                None => break,
            }
        }
        descent
    }

    pub(super) fn signers(&mut self, path: Option<&Path>) -> Vec<Signer> {
        let on_path = |position| {
            let path = path?;
            let place = path.certificates.iter().position(|&it| it == position)?;
            if path.is_itself {
                return None;
            }
            Some(match path.certificates.get(place + 1) {
                Some(&next) => Signer::Sent(next),
                None => Signer::Anchor,
            })
        };
        (0..self.chain.len())
            .map(|position| match on_path(position) {
                // a root that was sent along signed itself, whatever anchor stands for it
                Some(Signer::Anchor) if self.signed(position, position) => Signer::Itself,
                Some(signer) => signer,
                None if self.signed(position, position) => Signer::Itself,
                None => (0..self.chain.len())
                    .find(|&other| other != position && self.signed(position, other))
                    .map_or_else(|| self.namesake(position), Signer::Sent),
            })
            .collect()
    }

    /// The apparent signer of the certificate at `position`, which no sent certificate signed:
    /// found by the name of the issuer.
    fn namesake(&mut self, position: usize) -> Signer {
        let mut namesakes = self.namesakes(position).into_iter();
        // itself is not sent beside it
        let forged = self.namesakes(position).into_iter().find(|&it| it != position);
        match (namesakes.find(|&it| self.made(position, it).is_none()), forged) {
            (Some(other), _) => Signer::Unverified(other),
            (None, Some(other)) => Signer::Forged(other),
            (None, None) => Signer::Unknown,
        }
    }

    /// The certificates that have the name of the issuer of the one at `position`.
    pub(super) fn namesakes(&self, position: usize) -> Vec<usize> {
        let Some(issuer) = self.link(position).map(|it| it.outline.issuer) else {
            return Vec::new();
        };
        let named = |&it: &usize| self.link(it).is_some_and(|it| it.outline.subject == issuer);
        (0..self.chain.len()).filter(named).collect()
    }

    fn signed(&mut self, subject: usize, issuer: usize) -> bool {
        self.made(subject, issuer) == Some(true)
    }

    /// Whether the key of certificate `issuer` made the signature of certificate `subject`; `None`
    /// where that cannot be verified, because one of them is weak or the checks are used up.
    pub(super) fn made(&mut self, subject: usize, issuer: usize) -> Option<bool> {
        let (Some(Some(signed)), Some(Some(by))) =
            (self.links.get(subject), self.links.get(issuer))
        else {
            return Some(false);
        };
        if signed.outline.issuer != by.outline.subject {
            return Some(false);
        }
        if !signed.is_verifiable || !by.can_verify {
            return None;
        }
        let key = (subject, by.outline.spki);
        if let Some(&known) = self.checked.get(&key) {
            return Some(known);
        }
        if self.has_checked_enough() {
            return None;
        }
        let made = signed.outline.signed().by(by.outline.spki, self.algorithms);
        self.checked.insert(key, made);
        Some(made)
    }

    fn has_checked_enough(&self) -> bool {
        self.checked.len() >= MAX_SIGNATURE_CHECKS
    }

    pub(super) fn is_ca(&self, position: usize) -> bool {
        self.content(position).is_some_and(|it| it.ca.is_some_and(|it| it.ca))
    }

    /// Positions of the trust anchors that have the name of the issuer of the certificate at
    /// `position`.
    pub(super) fn namesake_anchors(&self, position: usize) -> Vec<usize> {
        let Some(link) = self.link(position) else { return Vec::new() };
        let anchors = self.trust.anchors.anchors.iter().enumerate();
        let named = anchors.filter(|(_, it)| it.subject.as_ref() == link.outline.issuer);
        named.map(|(position, _)| position).collect()
    }

    /// Positions of the trust anchors whose key made the signature of the certificate at
    /// `position`.
    pub(super) fn anchors_that_signed(&self, position: usize) -> Vec<usize> {
        let Some(link) = self.link(position) else { return Vec::new() };
        let mut anchors = self.namesake_anchors(position);
        anchors.retain(|&it| link.outline.signed().by(&self.anchor_key(it), self.algorithms));
        anchors
    }

    /// SubjectPublicKeyInfo of the trust anchor at `index`.
    pub(super) fn anchor_key(&self, index: usize) -> Vec<u8> {
        sequence(&self.trust.anchors.anchors[index].subject_public_key_info)
    }
}

/// What a chain is to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// TLS servers.
    Server,
    /// Whatever it is: whether a chain holds is another question than what it is for.
    Any,
}

impl ExtendedKeyUsageValidator for Usage {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        match self {
            Self::Server => KeyUsage::server_auth().validate(purposes),
            Self::Any => Ok(()),
        }
    }
}
