//! Where a chain leads: the path that webpki verifies, who signed what, and why there is no path.
//! One rule: a path is webpki's or it is none; what is said beside it explains.

use std::time::Duration;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::certificate::{Outline, sequence};
use super::roots::Trust;
use super::words;
use crate::verdict::{CertContent, CertFacts, Flaw, Signer};

/// A certificate with 99 others that all claim to have signed it must not cost a minute, nor a
/// tenth of a second: one check of a slow curve costs a thousandth.
const MOST_SIGNATURE_CHECKS: usize = 64;

/// What judging needs.
pub(super) struct Bench<'a> {
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) facts: &'a [CertFacts],
    pub(super) staple: &'a [u8],
    pub(super) trust: &'a Trust,
    pub(super) now: UnixTime,
    pub(super) algorithms: &'a WebPkiSupportedAlgorithms,
    pub(super) checks: usize,
}

/// A path that webpki verified: positions in the chain, end-entity first, and the position of its
/// trust anchor.
pub(super) struct Path {
    pub(super) certificates: Vec<usize>,
    pub(super) anchor: usize,
}

impl Bench<'_> {
    pub(super) fn content(&self, position: usize) -> Option<&CertContent> {
        self.facts.get(position)?.content.as_ref().ok()
    }

    /// webpki's verdict on the chain, as of `time` and for `usage`.
    pub(super) fn verify(
        &self,
        time: UnixTime,
        usage: impl ExtendedKeyUsageValidator,
    ) -> Result<Path, webpki::Error> {
        let (first, rest) = self.chain.split_first().ok_or(webpki::Error::BadDer)?;
        let end_entity = EndEntityCert::try_from(first)?;
        let anchors = &self.trust.anchors.anchors;
        let verified = end_entity.verify_for_usage(
            self.algorithms.all,
            anchors,
            rest,
            time,
            usage,
            None,
            None,
        )?;
        let position = |der: &[u8]| self.chain.iter().position(|it| it.as_ref() == der);
        let intermediates = verified.intermediate_certificates();
        let certificates =
            std::iter::once(0).chain(intermediates.filter_map(|it| position(&it.der()))).collect();
        let anchor = anchors.iter().position(|it| std::ptr::eq(it, verified.anchor()));
        Ok(Path { certificates, anchor: anchor.unwrap_or_default() })
    }

    /// Whether signatures lead to a trust anchor, apart from dates and purpose: as of a moment at
    /// which all certificates were valid, for any purpose.
    pub(super) fn verify_chain_alone(&self) -> Option<Path> {
        let contents = || self.facts.iter().filter_map(|it| it.content.as_ref().ok());
        let end = self.facts.first()?.content.as_ref().ok()?;
        let mut moments = vec![self.now.as_secs().cast_signed(), end.not_before, end.not_after];
        // an expired certificate is often in the company of valid ones and the other way round
        moments.extend(contents().map(|it| it.not_before).max());
        moments.extend(contents().map(|it| it.not_after).min());
        moments.into_iter().find_map(|moment| {
            let moment = u64::try_from(moment).ok()?;
            let moment = UnixTime::since_unix_epoch(Duration::from_secs(moment));
            self.verify(moment, AnyPurpose).ok()
        })
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

    /// Who claims to be the signer of the certificate at `position`, whom nobody sent is.
    fn namesake(&self, position: usize) -> Signer {
        let Some(outline) = Outline::of(&self.chain[position]) else { return Signer::Unknown };
        let namesake = (0..self.chain.len()).find(|&other| {
            other != position
                && Outline::of(&self.chain[other]).is_some_and(|it| it.subject == outline.issuer)
        });
        let verified = self.is_supported(&outline) && self.checks < MOST_SIGNATURE_CHECKS;
        match namesake {
            Some(other) if verified => Signer::Forged(other),
            Some(other) => Signer::Unverified(other),
            None => Signer::Unknown,
        }
    }

    /// Whether the key of certificate `issuer` made the signature of certificate `subject`.
    fn signed(&mut self, subject: usize, issuer: usize) -> bool {
        let (Some(subject), Some(issuer)) =
            (Outline::of(&self.chain[subject]), Outline::of(&self.chain[issuer]))
        else {
            return false;
        };
        if subject.issuer != issuer.subject || self.checks >= MOST_SIGNATURE_CHECKS {
            return false;
        }
        self.checks += 1;
        subject.signed().by(issuer.spki, self.algorithms)
    }

    fn is_ca(&self, position: usize) -> bool {
        self.content(position).is_some_and(|it| it.ca.is_some_and(|it| it.ca))
    }

    /// Tells apart what webpki calls an unknown issuer, and says the rest in words.
    pub(super) fn why_no_chain(
        &mut self,
        fault: Option<&webpki::Error>,
        descent: &[usize],
        signers: &[Signer],
    ) -> (Flaw, String) {
        use webpki::Error as E;
        let top = descent.last().copied().unwrap_or_default();
        let number = top + 1;
        let Some(content) = self.content(top) else {
            return (Flaw::Malformed, format!("#{number} cannot be read"));
        };
        let is_root = content.issuer == content.subject;
        match fault {
            Some(E::CaUsedAsEndEntity) if self.is_ca(0) => {
                let own = if top == 0 && is_root { "its own " } else { "a " };
                let why = format!("#1 is {own}CA's certificate, which must not be a server's");
                (Flaw::CaAsServer, why)
            }
            _ if signers.first() == Some(&Signer::Itself) => {
                (Flaw::SelfSigned, "#1 is self-signed and is no trust anchor".into())
            }
            Some(E::EndEntityUsedAsCa) => self.signed_by_no_ca(top),
            Some(E::NameConstraintViolation) => self.broken_constraint(descent),
            Some(E::PathLenConstraintViolated) => self.too_many_below(descent),
            Some(E::UnsupportedCriticalExtension) => self.unknown_critical(),
            Some(E::UnsupportedCertVersion) => self.old_version(),
            Some(
                E::UnsupportedSignatureAlgorithmContext(_)
                | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_),
            ) => self.weak_signature(),
            // a weak root is found by its name alone, and webpki looks no further
            _ if self.has_weak_signature(top) => self.weak_signature(),
            Some(E::CertExpired { .. } | E::CertNotValidYet { .. })
                if self.signed_by_anchor(top) =>
            {
                (Flaw::Expired, "its certificates were never valid at the same time".into())
            }
            _ if self.has_bad_signature(top) => {
                let why =
                    format!("the signature of #{number} was not made by the key of its issuer");
                (Flaw::BadSignature, why)
            }
            // what webpki says of the form of a certificate explains more than where the chain ends
            Some(fault) if tells_more(fault) => words::of_webpki(fault),
            _ if is_root => {
                let why =
                    format!("#{number} {} is a root that is no trust anchor", content.subject);
                (Flaw::UnknownRoot, why)
            }
            _ if top == 0 => {
                let fetch = match content.issuer_urls.first() {
                    Some(url) => format!(" (it may be fetched from {url})"),
                    None => String::new(),
                };
                let issuer = &content.issuer;
                let why =
                    format!("the certificate of the issuer of #1, {issuer}, was not sent{fetch}");
                (Flaw::IntermediateMissing, why)
            }
            _ => {
                let issuer = &content.issuer;
                let why = format!("#{number} was signed by {issuer}, which is no trust anchor");
                (Flaw::UnknownIssuer, why)
            }
        }
    }

    /// Which certificate that is no CA's signed which.
    fn signed_by_no_ca(&mut self, top: usize) -> (Flaw, String) {
        let candidates = (0..self.chain.len()).filter(|&it| it != top);
        let signer = candidates.into_iter().find(|&it| !self.is_ca(it) && self.signed(top, it));
        let why = match signer.map(|it| (it + 1, self.content(it).and_then(|it| it.ca))) {
            Some((number, Some(_))) => {
                format!("#{number} signed #{}, but says that it is no CA's certificate", top + 1)
            }
            Some((number, None)) => format!(
                "#{number} signed #{}, but does not say that it is a CA's certificate (basic \
                 constraints)",
                top + 1
            ),
            None => "a certificate was signed by one that is no CA's".into(),
        };
        (Flaw::NotCa, why)
    }

    fn broken_constraint(&self, descent: &[usize]) -> (Flaw, String) {
        let limited = descent.iter().find_map(|&it| {
            Some(format!(
                "#{}, which may certify {}",
                it + 1,
                self.content(it)?.constraints.as_ref()?
            ))
        });
        let who = limited.unwrap_or_else(|| "a CA of the chain".into());
        let why = format!("{who}, is not allowed to certify such names as those of #1");
        (Flaw::NameConstraint, why.replacen("chain, is", "chain is", 1))
    }

    fn too_many_below(&self, descent: &[usize]) -> (Flaw, String) {
        let violated = descent.iter().enumerate().find_map(|(place, &it)| {
            let most = self.content(it)?.ca?.path_len?;
            let below = u32::try_from(place.saturating_sub(1)).ok()?;
            (below > most).then(|| {
                format!("#{} may have {most} CAs between itself and #1, and has {below}", it + 1)
            })
        });
        let why = violated
            .unwrap_or_else(|| "a CA of the chain has more CAs below it than it may".into());
        (Flaw::PathLength, why)
    }

    fn unknown_critical(&self) -> (Flaw, String) {
        let of = |position: usize| {
            let oid = self.content(position)?.unknown_critical.first()?;
            let number = position + 1;
            Some(format!("#{number} has the critical extension {oid}, which is not understood"))
        };
        let why = (0..self.chain.len()).find_map(of);
        let why =
            why.unwrap_or_else(|| "a certificate has a critical extension nobody knows".into());
        (Flaw::UnknownCritical, why)
    }

    fn old_version(&self) -> (Flaw, String) {
        let old = |&it: &usize| self.content(it).is_some_and(|it| it.version < 3);
        let number = (0..self.chain.len()).find(old).unwrap_or_default() + 1;
        let version = self.content(number - 1).map_or(1, |it| it.version);
        (Flaw::OldVersion, format!("#{number} is an X.509 certificate of version {version}, not 3"))
    }

    fn has_weak_signature(&self, position: usize) -> bool {
        Outline::of(&self.chain[position]).is_some_and(|outline| !self.is_supported(&outline))
    }

    fn is_supported(&self, outline: &Outline<'_>) -> bool {
        self.algorithms.all.iter().any(|it| it.signature_alg_id().as_ref() == outline.algorithm)
    }

    fn weak_signature(&self) -> (Flaw, String) {
        let weak = (0..self.chain.len()).find_map(|position| {
            let content = self.content(position)?;
            let outline = Outline::of(&self.chain[position])?;
            let number = position + 1;
            (!self.is_supported(&outline))
                .then(|| format!("#{number} is signed with {}", content.signature))
        });
        let weak = weak.unwrap_or_else(|| "a signature does not fit the key of its issuer".into());
        (Flaw::WeakAlgorithm, weak + ", which is weak or not supported")
    }

    fn signed_by_anchor(&self, position: usize) -> bool {
        let Some(outline) = self.chain.get(position).and_then(|it| Outline::of(it)) else {
            return false;
        };
        self.trust.anchors.anchors.iter().any(|anchor| {
            anchor.subject.as_ref() == outline.issuer
                && outline.signed().by(&sequence(&anchor.subject_public_key_info), self.algorithms)
        })
    }

    /// Whether a certificate names an issuer that was sent or is trusted, whose key did not sign it.
    fn has_bad_signature(&self, position: usize) -> bool {
        let Some(outline) = self.chain.get(position).and_then(|it| Outline::of(it)) else {
            return false;
        };
        let sent = self.chain.iter().enumerate().any(|(other, der)| {
            other != position && Outline::of(der).is_some_and(|it| it.subject == outline.issuer)
        });
        sent || self.trust.anchors.anchors.iter().any(|it| it.subject.as_ref() == outline.issuer)
    }
}

/// Accepts every purpose: whether a chain holds is another question than what it is for.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// Whether webpki's reason is about what a certificate is, not about where its issuer may be.
fn tells_more(fault: &webpki::Error) -> bool {
    use webpki::Error as E;
    !matches!(
        fault,
        E::UnknownIssuer
            | E::CaUsedAsEndEntity
            | E::InvalidSignatureForPublicKey
            | E::CertExpired { .. }
            | E::CertNotValidYet { .. }
            | E::CertNotValidForName(_)
            | E::RequiredEkuNotFoundContext(_)
    )
}
