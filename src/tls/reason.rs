//! Why a chain leads nowhere, in words. One rule: no certificate is accused of what another did, or
//! of what could not be verified.

use super::algorithm::{fault_of_key, fault_of_signature, is_supported_key, key_of};
use super::chain::Bench;
use super::names::distinguished_name_of;
use super::words;
use crate::verdict::{Flaw, Signer};

impl Bench<'_> {
    /// Tells apart what webpki calls an unknown issuer, and says the rest in words.
    pub(super) fn why_no_chain(
        &mut self,
        fault: Option<&webpki::Error>,
        descent: &[usize],
        signers: &[Signer],
    ) -> (Flaw, String) {
        let top = descent.last().copied().unwrap_or_default();
        if self.content(top).is_none() {
            return (Flaw::Malformed, format!("#{} cannot be read", top + 1));
        }
        if let Some(unfit) = self.unfit(|flaw| flaw != Flaw::OtherPurpose) {
            return (unfit.flaw, unfit.why);
        }
        self.what_webpki_found(fault, descent)
            .or_else(|| self.what_signatures_say(fault, descent, signers))
            // what webpki says of the form of a certificate explains more than where the chain ends
            .or_else(|| fault.filter(|it| tells_more(it)).map(words::of_webpki))
            .unwrap_or_else(|| self.where_it_ends(fault, top))
    }

    /// What webpki has against one certificate, or against where that stands.
    fn what_webpki_found(
        &self,
        fault: Option<&webpki::Error>,
        descent: &[usize],
    ) -> Option<(Flaw, String)> {
        use webpki::Error as E;
        Some(match fault? {
            E::CaUsedAsEndEntity if self.is_ca(0) => {
                let alone = self.content(0).is_some_and(|it| it.issuer == it.subject);
                let own = if alone && descent.len() == 1 { "its own " } else { "a " };
                let why = format!("#1 is {own}CA's certificate, which must not be a server's");
                (Flaw::CaAsServer, why)
            }
            E::NameConstraintViolation => self.broken_constraint(descent),
            E::PathLenConstraintViolated => self.too_many_below(descent),
            E::UnsupportedCriticalExtension => self.unknown_critical(),
            E::UnsupportedCertVersion => self.old_version(),
            E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                self.useless_signature(descent)
            }
            _ => return None,
        })
    }

    /// What is wrong with the signatures on the way to the last certificate of `descent`, or with
    /// its own.
    fn what_signatures_say(
        &mut self,
        fault: Option<&webpki::Error>,
        descent: &[usize],
        signers: &[Signer],
    ) -> Option<(Flaw, String)> {
        let top = descent.last().copied().unwrap_or_default();
        if signers.first() == Some(&Signer::Itself) && !self.is_anchor(0) {
            return Some((Flaw::SelfSigned, "#1 is self-signed and is no trust anchor".into()));
        }
        if fault == Some(&webpki::Error::EndEntityUsedAsCa) {
            return Some(self.signed_by_no_ca(top));
        }
        if let Some(fault) = fault.filter(|it| is_too_complex(it)) {
            return Some(words::of_webpki(fault));
        }
        if self.crowded {
            return Some(words::of_webpki(&webpki::Error::MaximumPathBuildCallsExceeded));
        }
        // such a root is found by its name alone, and webpki looks no further
        if self.link(top).is_some_and(|it| !it.is_verifiable) {
            return Some(self.useless_signature(descent));
        }
        if !self.anchors_that_signed(top).is_empty() {
            return self.were_never_valid_together(descent).then(|| {
                (Flaw::Expired, "its certificates were never valid at the same time".into())
            });
        }
        self.useless_key(top).or_else(|| {
            let number = top + 1;
            self.has_bad_signature(top).then(|| {
                let why =
                    format!("the signature of #{number} was not made by the key of its issuer");
                (Flaw::BadSignature, why)
            })
        })
    }

    /// Where the chain ends, and that this is no trust anchor.
    fn where_it_ends(&self, fault: Option<&webpki::Error>, top: usize) -> (Flaw, String) {
        let number = top + 1;
        let unknown = webpki::Error::UnknownIssuer;
        let Some(content) = self.content(top) else { return words::of_webpki(&unknown) };
        let (issuer, subject) = (&content.issuer, &content.subject);
        if self.is_anchor(top) || !self.anchors_that_signed(top).is_empty() {
            return words::of_webpki(fault.unwrap_or(&unknown));
        }
        if issuer == subject {
            let why = format!("#{number} {subject} is a root that is no trust anchor");
            return (Flaw::UnknownRoot, why);
        }
        if top == 0 {
            let fetch = match content.issuer_urls.first() {
                Some(url) => format!(" (it may be fetched from {url})"),
                None => String::new(),
            };
            let why = format!("the certificate of the issuer of #1, {issuer}, was not sent{fetch}");
            return (Flaw::IntermediateMissing, why);
        }
        let why = format!("#{number} was signed by {issuer}, which is no trust anchor");
        (Flaw::UnknownIssuer, why)
    }

    /// Which certificate that is no CA's signed which.
    fn signed_by_no_ca(&mut self, top: usize) -> (Flaw, String) {
        let signer = (0..self.chain.len())
            .find(|&it| it != top && !self.is_ca(it) && self.made(top, it) == Some(true));
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
        let sent = descent.iter().filter_map(|&it| {
            let constraints = self.content(it)?.constraints.as_ref()?;
            Some(format!("#{}, which may certify {constraints},", it + 1))
        });
        let anchors = descent.iter().flat_map(|&it| self.namesake_anchors(it));
        let is_sent = |it: usize| {
            let certificate = self.trust.anchors.certificate(it);
            descent.iter().any(|&sent| Some(&self.chain[sent]) == certificate)
        };
        let anchors = anchors.filter(|&it| !is_sent(it)).filter_map(|it| {
            let constraints = self.trust.anchors.content(it)?.ok()?.constraints?;
            Some(format!("{}, which may certify {constraints},", self.anchor_words(it)))
        });
        let limited = sent.chain(anchors);
        // which of several it is, webpki does not say
        let limited: Vec<_> = limited.collect();
        let who = match limited.is_empty() {
            true => "a CA of the chain".into(),
            false => limited.join(" or "),
        };
        let why = format!("{who} is not allowed to certify such names as those of #1");
        (Flaw::NameConstraint, why)
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

    /// Which of the candidates has a critical extension that is not understood.
    pub(super) fn unknown_critical(&self) -> (Flaw, String) {
        let of = |&position: &usize| {
            let oid = self.content(position)?.unknown_critical.first()?;
            let number = position + 1;
            Some(format!("#{number} has the critical extension {oid}, which is not understood"))
        };
        let why = self.candidates.iter().find_map(of);
        let why =
            why.unwrap_or_else(|| "a certificate has a critical extension nobody knows".into());
        (Flaw::UnknownCritical, why)
    }

    /// Which of the candidates is of an old version.
    pub(super) fn old_version(&self) -> (Flaw, String) {
        let of = |&position: &usize| {
            let version = self.content(position).map(|it| it.version).filter(|&it| it < 3)?;
            let number = position + 1;
            Some(format!("#{number} is an X.509 certificate of version {version}, not 3"))
        };
        let why = self.candidates.iter().find_map(of);
        (Flaw::OldVersion, why.unwrap_or_else(|| "a certificate is of an old version".into()))
    }

    /// Which of the candidates has a signature that cannot be verified.
    fn useless_signature(&self, descent: &[usize]) -> (Flaw, String) {
        let useless = self.candidates.iter().find_map(|&position| {
            let link = self.link(position).filter(|it| !it.is_verifiable)?;
            let signature = &self.content(position)?.signature;
            let (flaw, fault) = fault_of_signature(link.outline.algorithm);
            let number = position + 1;
            Some((flaw, format!("#{number} is signed with {signature}, which is {fault}")))
        });
        useless.or_else(|| descent.iter().find_map(|&it| self.useless_key(it))).unwrap_or_else(
            || {
                let why = "a signature does not fit the key of its issuer";
                (Flaw::UnsupportedAlgorithm, why.to_owned())
            },
        )
    }

    /// Whether the issuer of the certificate at `position` has a key that proves nothing.
    fn useless_key(&self, position: usize) -> Option<(Flaw, String)> {
        let sent = self.namesakes(position).into_iter().find_map(|issuer| {
            let link = self.link(issuer).filter(|it| !it.can_verify)?;
            Some((format!("#{}", issuer + 1), link.outline.spki.to_vec()))
        });
        let useless = sent.or_else(|| {
            self.namesake_anchors(position).into_iter().find_map(|index| {
                let key = self.anchor_key(index);
                let subject = distinguished_name_of(&self.trust.anchors.anchors[index].subject);
                (!is_supported_key(&key, self.algorithms))
                    .then(|| (format!("the trust anchor {subject}"), key))
            })
        });
        let (who, spki) = useless?;
        let (flaw, fault) = fault_of_key(&spki);
        Some((flaw, format!("the key of {who}, {}, is {fault}", key_of(&spki))))
    }

    fn were_never_valid_together(&self, descent: &[usize]) -> bool {
        let contents = || descent.iter().filter_map(|&it| self.content(it));
        let begin = contents().map(|it| it.not_before).max();
        let end = contents().map(|it| it.not_after).min();
        begin > end
    }

    /// Whether the key of this certificate is a trust anchor's.
    fn is_anchor(&self, position: usize) -> bool {
        let Some(key) = self.link(position).map(|it| it.outline.spki) else { return false };
        (0..self.trust.anchors.anchors.len()).any(|it| self.anchor_key(it) == key)
    }

    /// Whether a certificate names an issuer that was sent or is trusted, and the key of none that
    /// has this name signed it.
    fn has_bad_signature(&mut self, position: usize) -> bool {
        let sent = self.namesakes(position);
        let mut others = sent.iter().filter(|&&it| it != position);
        let claimed = others.next().is_some() || !self.namesake_anchors(position).is_empty();
        claimed && sent.iter().all(|&it| self.made(position, it) == Some(false))
    }
}

/// Whether webpki gave up: to ask again would cost as much again.
pub(super) fn is_too_complex(fault: &webpki::Error) -> bool {
    words::of_webpki(fault).0 == Flaw::TooComplex
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
