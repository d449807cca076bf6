//! Facts and policy -> a verdict. One rule: every question is answered, asked or not, whatever the
//! answers to the others; and what webpki does not accept is never accepted here.

use std::time::Duration;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, DnsName, SubjectPublicKeyInfoDer, UnixTime};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, RawPublicKeyEntity,
};

use super::certificate::{Outline, distinguished_name_of, pin, sequence};
use super::trust::Trust;
use crate::exchange::{
    AltName, AnchorFacts, Answer, CertContent, CertFacts, Question, Signer, Verdict,
};
use crate::moment::{day, span};
use crate::text::base64;

/// Judges a chain whose first key was proved by the handshake. `facts` are those of `chain`, in
/// its order.
pub fn judge(
    chain: &[CertificateDer<'static>],
    facts: &[CertFacts],
    trust: &Trust,
    now: UnixTime,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Verdict {
    Bench { chain, facts, trust, now, algorithms, checks: 0 }.verdict()
}

/// A certificate with 99 others that all claim to have signed it must not cost a minute.
const MOST_SIGNATURE_CHECKS: usize = 64;
/// Names shown where a name does not match.
const MOST_NAMES: usize = 3;

/// What judging needs.
struct Bench<'a> {
    chain: &'a [CertificateDer<'static>],
    facts: &'a [CertFacts],
    trust: &'a Trust,
    now: UnixTime,
    algorithms: &'a WebPkiSupportedAlgorithms,
    checks: usize,
}

/// A path that webpki verified: positions in the chain, end-entity first, and the position of its
/// trust anchor.
struct Path {
    certificates: Vec<usize>,
    anchor: usize,
}

impl Bench<'_> {
    fn verdict(mut self) -> Verdict {
        let strict = self.verify(self.now, KeyUsage::server_auth());
        let (path, fault) = match strict {
            Ok(path) => (Some(path), None),
            Err(fault) => (self.verify_chain_alone(), Some(fault)),
        };
        let proved = path.as_ref().map_or_else(|| vec![0], |it| it.certificates.clone());
        let descent = self.descent(proved.clone());
        // what lies beyond a trust anchor may be over: the path does not need it
        let dated = if path.is_some() { &proved } else { &descent };
        let signers = self.signers(path.as_ref());
        let anchor = path.as_ref().map(|path| self.anchor(path.anchor));
        let pinned = self.positions_of_pins(|position| descent.contains(&position));

        let policy = &self.trust.policy;
        let asked = |question| match question {
            Question::Pin => policy.asks_pin(),
            _ => policy.asks_chain(),
        };
        let led = match (&path, &anchor) {
            (Some(path), Some(anchor)) => Ok((path, anchor)),
            _ => Err(self.why_no_chain(fault.as_ref(), &descent, &signers)),
        };
        let mut answers = vec![
            self.name(asked(Question::Name)),
            self.chain(asked(Question::Chain), led),
            self.dates(asked(Question::Dates), dated),
            self.purpose(asked(Question::Purpose)),
            self.pin(asked(Question::Pin), &pinned, &descent, anchor.as_ref()),
        ];
        if let Some(fault) = fault {
            refuse_what_webpki_refuses(&mut answers, &fault);
        }
        let mut verdict = Verdict {
            opportunistic: policy.is_opportunistic(),
            name: policy.name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default(),
            answers,
            path: descent,
            signers,
            anchor,
            pinned,
            at: self.now.as_secs().cast_signed(),
            hint: None,
        };
        verdict.hint = verdict.refusal().and_then(|answer| self.hint(answer.question));
        verdict
    }

    /// webpki's verdict on the chain, as of `time` and for `usage`.
    fn verify(
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
    fn verify_chain_alone(&self) -> Option<Path> {
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
    fn descent(&mut self, mut descent: Vec<usize>) -> Vec<usize> {
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

    fn signers(&mut self, path: Option<&Path>) -> Vec<Signer> {
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
                    .map_or(Signer::Unknown, Signer::Sent),
            })
            .collect()
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
        let key = SubjectPublicKeyInfoDer::from(issuer.spki);
        let Ok(entity) = RawPublicKeyEntity::try_from(&key) else {
            return false;
        };
        let mut fitting = self
            .algorithms
            .all
            .iter()
            .filter(|it| it.signature_alg_id().as_ref() == subject.algorithm);
        fitting.any(|it| entity.verify_signature(*it, subject.signed, subject.signature).is_ok())
    }

    fn is_ca(&self, position: usize) -> bool {
        self.content(position).is_some_and(|it| it.ca.is_some_and(|it| it.ca))
    }

    fn content(&self, position: usize) -> Option<&CertContent> {
        self.facts.get(position)?.content.as_ref().ok()
    }

    fn anchor(&self, index: usize) -> AnchorFacts {
        let anchor = &self.trust.anchors.anchors[index];
        AnchorFacts {
            subject: distinguished_name_of(&anchor.subject),
            pin: pin(&sequence(&anchor.subject_public_key_info)),
            origin: self.trust.anchors.origin(index),
        }
    }

    fn name(&self, asked: bool) -> Answer {
        let answer = |holds, why| Answer { question: Question::Name, asked, holds, why };
        let Some(name) = &self.trust.policy.name else {
            return answer(None, "no name to check".into());
        };
        let wanted = name.to_str();
        let matches = self
            .chain
            .first()
            .and_then(|first| EndEntityCert::try_from(first).ok())
            .is_some_and(|it| it.verify_is_valid_for_subject_name(name).is_ok());
        if matches {
            return answer(Some(true), format!("#1 is for {wanted}"));
        }
        let Some(content) = self.content(0) else {
            return answer(Some(false), "#1 cannot be read".into());
        };
        let names = nearest_first(&content.names, &wanted);
        if names.is_empty() {
            let common = content.subject.rsplit_once("CN=").map(|(_, name)| name);
            return answer(
                Some(false),
                match common {
                    Some(name) => format!(
                        "#1 has no names, only the common name {name}, which does not count"
                    ),
                    None => "#1 has no names".into(),
                },
            );
        }
        let shown = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>();
        let more = match names.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        answer(
            Some(false),
            format!("{wanted} is not among the names of #1: {}{more}", shown.join(", ")),
        )
    }

    /// `led` is where the chain leads, or why it leads nowhere.
    fn chain(&self, asked: bool, led: Result<(&Path, &AnchorFacts), String>) -> Answer {
        let answer =
            |holds, why| Answer { question: Question::Chain, asked, holds: Some(holds), why };
        match led {
            Ok((path, AnchorFacts { subject, origin, .. })) => {
                let sorted = path.certificates.is_sorted();
                let order = if sorted { "" } else { ", though sent out of order" };
                answer(true, format!("to {subject} ({origin}){order}"))
            }
            Err(why) => answer(false, why),
        }
    }

    /// Tells apart what webpki calls an unknown issuer, and says the rest in words.
    fn why_no_chain(
        &self,
        fault: Option<&webpki::Error>,
        descent: &[usize],
        signers: &[Signer],
    ) -> String {
        use webpki::Error as E;
        let top = descent.last().copied().unwrap_or_default();
        let number = top + 1;
        let Some(content) = self.content(top) else {
            return format!("#{number} cannot be read");
        };
        match fault {
            Some(E::CaUsedAsEndEntity) if self.is_ca(0) => {
                let own =
                    if top == 0 && content.issuer == content.subject { "its own " } else { "a " };
                format!("#1 is {own}CA's certificate, which must not be a server's")
            }
            _ if signers.first() == Some(&Signer::Itself) => {
                "#1 is self-signed and is no trust anchor".into()
            }
            Some(E::EndEntityUsedAsCa) => "a certificate was signed by one that is no CA's".into(),
            Some(E::NameConstraintViolation) => {
                "a CA of the chain is not allowed to certify such names".into()
            }
            Some(E::PathLenConstraintViolated) => {
                "a CA of the chain has too many others below it".into()
            }
            Some(E::UnsupportedCertVersion) => {
                "#1 is an X.509 certificate of an old version".into()
            }
            Some(
                E::UnsupportedSignatureAlgorithmContext(_)
                | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_),
            ) => self.weak_signature(),
            _ if self.has_bad_signature(top) => {
                format!("the signature of #{number} was not made by the key of its issuer")
            }
            _ if content.issuer == content.subject => {
                format!("#{number} {} is a root that is no trust anchor", content.subject)
            }
            _ if top == 0 => {
                let fetch = match content.issuer_urls.first() {
                    Some(url) => format!(" (it may be fetched from {url})"),
                    None => String::new(),
                };
                format!(
                    "the certificate of the issuer of #1, {}, was not sent{fetch}",
                    content.issuer
                )
            }
            _ => format!("#{number} was signed by {}, which is no trust anchor", content.issuer),
        }
    }

    fn weak_signature(&self) -> String {
        let weak = self.facts.iter().enumerate().find_map(|(position, it)| {
            let content = it.content.as_ref().ok()?;
            let outline = Outline::of(&it.der)?;
            let known = self
                .algorithms
                .all
                .iter()
                .any(|it| it.signature_alg_id().as_ref() == outline.algorithm);
            (!known).then(|| format!("#{} is signed with {}", position + 1, content.signature))
        });
        weak.unwrap_or_else(|| "a signature does not fit the key of its issuer".into())
            + ", which is weak or not supported"
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

    fn dates(&self, asked: bool, descent: &[usize]) -> Answer {
        let now = self.now.as_secs().cast_signed();
        let answer = |holds, why| Answer { question: Question::Dates, asked, holds, why };
        let contents = || descent.iter().filter_map(|&it| Some((it + 1, self.content(it)?)));
        for (number, content) in contents() {
            if now > content.not_after {
                let (day, age) = (day(content.not_after), span(now - content.not_after));
                return answer(Some(false), format!("#{number} expired on {day}, {age} ago"));
            }
            if now < content.not_before {
                let (day, wait) = (day(content.not_before), span(content.not_before - now));
                return answer(
                    Some(false),
                    format!("#{number} is not valid before {day}, in {wait}"),
                );
            }
        }
        match contents().map(|(_, it)| it.not_after).min() {
            Some(end) => answer(Some(true), format!("until {} ({})", day(end), span(end - now))),
            None => answer(None, "#1 cannot be read".into()),
        }
    }

    fn purpose(&self, asked: bool) -> Answer {
        let answer = |holds, why| Answer { question: Question::Purpose, asked, holds, why };
        match self.content(0).map(|it| it.extended_key_usage.as_deref()) {
            Some(None) => answer(Some(true), "#1 is not limited to a purpose".into()),
            Some(Some(uses)) if uses.iter().any(|it| it == "server authentication") => {
                answer(Some(true), "#1 is for server authentication".into())
            }
            Some(Some(uses)) => {
                answer(Some(false), format!("#1 is for {} only, not for servers", uses.join(", ")))
            }
            None => answer(None, "#1 cannot be read".into()),
        }
    }

    fn pin(
        &self,
        asked: bool,
        pinned: &[usize],
        descent: &[usize],
        anchor: Option<&AnchorFacts>,
    ) -> Answer {
        let answer = |holds, why| Answer { question: Question::Pin, asked, holds, why };
        if !asked {
            return answer(None, "no pin asked".into());
        }
        if let Some(first) = pinned.first() {
            return answer(Some(true), format!("matches #{}", first + 1));
        }
        if anchor.is_some_and(|it| self.trust.policy.pins.contains(&it.pin)) {
            return answer(Some(true), "matches the trust anchor".into());
        }
        let unproved = self.positions_of_pins(|position| !descent.contains(&position));
        if let Some(position) = unproved.first() {
            let number = position + 1;
            let why = format!("matches certificate #{number}, which did not sign #1: not counted");
            return answer(Some(false), why);
        }
        let served = self.facts.first().and_then(|it| it.pin).map(|it| base64(&it));
        let expected: Vec<_> = self.trust.policy.pins.iter().map(|it| base64(it)).collect();
        let served = served.unwrap_or_else(|| "no key".into());
        answer(Some(false), format!("served {served}, expected {}", expected.join(" or ")))
    }

    fn positions_of_pins(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let is_pinned =
            |it: &CertFacts| it.pin.is_some_and(|pin| self.trust.policy.pins.contains(&pin));
        let positions = self.facts.iter().enumerate().filter(|(_, it)| is_pinned(it));
        positions.map(|(position, _)| position).filter(|&position| wanted(position)).collect()
    }

    fn hint(&self, question: Question) -> Option<String> {
        match question {
            Question::Name => {
                let wanted = self.trust.policy.name.as_ref()?.to_str();
                let names = nearest_first(&self.content(0)?.names, &wanted);
                let typeable = |name: &&String| {
                    DnsName::try_from(name.as_str()).is_ok()
                        || name.parse::<std::net::IpAddr>().is_ok()
                };
                names.iter().find(typeable).map(|name| format!("+tls-host={name}"))
            }
            Question::Chain
                if self.chain.len() == 1 && self.content(0)?.issuer == self.content(0)?.subject =>
            {
                let pin = self.facts.first()?.pin?;
                Some(format!("if you know this key: +tls-pin={}", base64(&pin)))
            }
            _ => None,
        }
    }
}

/// Accepts every purpose: whether a chain holds is another question than what it is for.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// What is answered here must add up to what webpki answers for all at once: where every answer
/// was yes and webpki's is no, the one it is about becomes no.
fn refuse_what_webpki_refuses(answers: &mut [Answer], fault: &webpki::Error) {
    use webpki::Error as E;
    let about =
        |question| matches!(question, Question::Chain | Question::Dates | Question::Purpose);
    if answers.iter().any(|it| about(it.question) && it.holds != Some(true)) {
        return;
    }
    let question = match fault {
        E::CertExpired { .. } | E::CertNotValidYet { .. } | E::InvalidCertValidity => {
            Question::Dates
        }
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => Question::Purpose,
        _ => Question::Chain,
    };
    if let Some(answer) = answers.iter_mut().find(|it| it.question == question) {
        answer.holds = Some(false);
        answer.why = match question {
            Question::Purpose => "a CA of the chain is not for server authentication".into(),
            _ => fault.to_string(),
        };
    }
}

fn nearest_first(names: &[AltName], wanted: &str) -> Vec<String> {
    let mut names: Vec<_> = names
        .iter()
        .filter_map(|name| match name {
            AltName::Dns(name) | AltName::Ip(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    names.sort_by_cached_key(|name| {
        // a certificate may hold names of any length
        let start: String = name.chars().take(255).collect();
        strsim::damerau_levenshtein(&start, wanted)
    });
    names
}
