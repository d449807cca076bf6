//! Facts and policy -> a verdict. One rule: every question is answered, asked or not, whatever the
//! answers to the others; and what webpki does not accept is never accepted here.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::KeyUsage;

use super::certificate::{pin, sequence};
use super::chain::{Bench, Path};
use super::names::distinguished_name_of;
use super::ocsp::{self, Issuer};
use super::reason::is_too_complex;
use super::roots::Trust;
use super::words;
use crate::moment::{day, span};
use crate::text::base64;
use crate::verdict::{
    AnchorFacts, Answer, CertFacts, Flaw, Question, Signer, StapleFacts, StapleStatus, Verdict,
};

/// Judges a chain whose first key was proved by the handshake. `facts` are those of `chain`, in
/// its order; `staple` is the OCSP response sent along, empty when there was none.
pub fn judge(
    chain: &[CertificateDer<'static>],
    facts: &[CertFacts],
    staple: &[u8],
    trust: &Trust,
    now: UnixTime,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Verdict {
    Bench::new(chain, facts, staple, trust, now, algorithms).verdict()
}

impl Bench<'_> {
    fn verdict(mut self) -> Verdict {
        let mut strict = self.verify(self.now, KeyUsage::server_auth());
        // strangers among them must not be blamed
        if strict.is_err() && self.search() {
            strict = self.verify(self.now, KeyUsage::server_auth());
        }
        let (path, fault) = match strict {
            Ok(path) => (Some(path), None),
            Err(fault) if is_too_complex(&fault) => (None, Some(fault)),
            Err(fault) => (self.verify_chain_alone(), Some(fault)),
        };
        let proved = path.as_ref().map_or_else(|| vec![0], |it| it.certificates.clone());
        let descent = self.descent(proved.clone());
        // what lies beyond a trust anchor may be over: the path does not need it
        let dated = if path.is_some() { &proved } else { &descent };
        let signers = self.signers(path.as_ref());
        let anchor = path.as_ref().map(|path| self.anchor(path.anchor));
        let pinned = self.positions_of_pins(|position| descent.contains(&position));

        let led = match (&path, &anchor) {
            (Some(_), Some(anchor)) => Ok(anchor),
            _ => Err(self.why_no_chain(fault.as_ref(), &descent, &signers)),
        };
        let staple = self.stapled(&signers, path.as_ref());
        let mut answers = vec![
            self.name(),
            chain(led, &descent),
            self.dates(dated),
            self.purpose(),
            self.staple(staple.as_ref()),
            self.pin(&pinned, &descent, &signers, anchor.as_ref()),
        ];
        if let Some(fault) = fault {
            self.refuse_what_webpki_refuses(&mut answers, &fault, &descent);
        }
        self.mark_asked(&mut answers);
        let policy = &self.trust.policy;
        let mut verdict = Verdict {
            opportunistic: policy.is_opportunistic(),
            name: policy.name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default(),
            answers,
            path: descent,
            signers,
            anchor,
            pinned,
            staple,
            at: self.seconds(),
            hint: None,
        };
        verdict.hint = verdict.refusal().and_then(|answer| {
            let is_alone = verdict.refusals().count() == 1;
            self.hint(answer, is_alone)
        });
        verdict
    }

    /// Says of each answer whether the policy asked for it.
    fn mark_asked(&self, answers: &mut [Answer]) {
        let policy = &self.trust.policy;
        for answer in answers {
            answer.asked = match answer.question {
                Question::Pin => policy.asks_pin(),
                // nobody goes on with a certificate that its issuer revoked, or that demands a
                // staple and has none
                Question::Staple => {
                    policy.staple.is_some()
                        || policy.asks_chain() && answer.flaw == Some(Flaw::Revoked)
                        || policy.asks_chain() && self.content(0).is_some_and(|it| it.must_staple)
                }
                _ => policy.asks_chain(),
            };
            if !answer.asked && answer.flaw == Some(Flaw::NoStaple) {
                *answer = Answer::open(Question::Staple, "no OCSP response was stapled");
            }
        }
    }

    fn seconds(&self) -> i64 {
        self.now.as_secs().cast_signed()
    }

    fn anchor(&self, index: usize) -> AnchorFacts {
        let anchor = &self.trust.anchors.anchors[index];
        AnchorFacts {
            subject: distinguished_name_of(&anchor.subject),
            pin: pin(&sequence(&anchor.subject_public_key_info)),
            origin: self.trust.anchors.origin(index),
        }
    }

    fn dates(&self, descent: &[usize]) -> Answer {
        let now = self.seconds();
        let no = |flaw, why| Answer::no(Question::Dates, flaw, why);
        let contents = || descent.iter().filter_map(|&it| Some((it + 1, self.content(it)?)));
        for (number, content) in contents() {
            if now > content.not_after {
                let (day, age) = (day(content.not_after), span(now - content.not_after));
                return no(Flaw::Expired, format!("#{number} expired on {day}, {age} ago"));
            }
            if now < content.not_before {
                let (day, wait) = (day(content.not_before), span(content.not_before - now));
                return no(
                    Flaw::NotYetValid,
                    format!("#{number} is not valid before {day}, in {wait}"),
                );
            }
        }
        match contents().map(|(_, it)| it.not_after).min() {
            Some(end) => {
                Answer::yes(Question::Dates, format!("until {} ({})", day(end), span(end - now)))
            }
            None => Answer::open(Question::Dates, "#1 cannot be read"),
        }
    }

    fn purpose(&self) -> Answer {
        let yes = |why: &str| Answer::yes(Question::Purpose, why);
        match self.content(0).map(|it| it.extended_key_usage.as_deref()) {
            Some(None) => yes("#1 is not limited to a purpose"),
            Some(Some(uses)) if uses.iter().any(|it| it == SERVER) => {
                yes("#1 is for server authentication")
            }
            Some(Some(uses)) => {
                Answer::no(Question::Purpose, Flaw::OtherPurpose, limited_to(1, uses))
            }
            None => Answer::open(Question::Purpose, "#1 cannot be read"),
        }
    }

    /// What the staple says of #1, if its issuer is known; `None` when there is no staple.
    fn stapled(
        &self,
        signers: &[Signer],
        path: Option<&Path>,
    ) -> Option<Result<StapleFacts, String>> {
        if self.staple.is_empty() {
            return None;
        }
        let outline = |position: usize| self.link(position).map(|it| it.outline);
        let subject = outline(0);
        let sent = match signers.first() {
            Some(Signer::Sent(issuer)) => outline(*issuer),
            Some(Signer::Itself) => subject,
            _ => None,
        };
        let sent = sent.map(|it| it.spki.to_vec());
        // the anchor itself issued #1
        let anchored = path.map(|path| &self.trust.anchors.anchors[path.anchor]);
        let key = sent.or_else(|| anchored.map(|it| sequence(&it.subject_public_key_info)));
        Some(match (subject, key) {
            (Some(subject), Some(key)) => {
                let issuer = Issuer { name: subject.issuer, spki: &key };
                ocsp::read(self.staple, &subject, issuer, self.seconds(), self.algorithms)
            }
            _ => Err("it cannot be verified: the issuer of #1 is not known".into()),
        })
    }

    fn staple(&self, staple: Option<&Result<StapleFacts, String>>) -> Answer {
        /// Clocks differ, seconds.
        const SKEW: i64 = 300;
        /// What +tls-ocsp-stapling takes where no other age is said, seconds.
        const WEEK: i64 = 7 * 86_400;
        let no = |flaw, why| Answer::no(Question::Staple, flaw, why);
        let now = self.seconds();
        let facts = match staple {
            None => return no(Flaw::NoStaple, "the server stapled no OCSP response".into()),
            Some(Err(why)) => {
                return no(
                    Flaw::BadStaple,
                    format!("the stapled OCSP response proves nothing: {why}"),
                );
            }
            Some(Ok(facts)) => facts,
        };
        match &facts.status {
            StapleStatus::Good => {}
            StapleStatus::Unknown => {
                return no(Flaw::BadStaple, "the OCSP responder does not know #1".into());
            }
            StapleStatus::Revoked { at, reason } => {
                let reason = reason.map(|it| format!(" ({it})")).unwrap_or_default();
                return no(Flaw::Revoked, format!("#1 was revoked on {}{reason}", day(*at)));
            }
        }
        let age = now - facts.this_update;
        if age < -SKEW {
            let why = format!(
                "the stapled OCSP response is of {}, which is to come",
                day(facts.this_update)
            );
            return no(Flaw::StaleStaple, why);
        }
        if let Some(next) = facts.next_update.filter(|&next| next < now) {
            let (day, ago) = (day(next), span(now - next));
            return no(
                Flaw::StaleStaple,
                format!("the stapled OCSP response ended on {day}, {ago} ago"),
            );
        }
        // one that does not say until when it holds would hold for ever
        let most = self.trust.policy.staple.map(seconds_of);
        let most = most.or_else(|| facts.next_update.is_none().then_some(WEEK));
        if let Some(most) = most.filter(|&most| age > most) {
            let (age, most) = (span(age), span(most));
            return no(
                Flaw::StaleStaple,
                format!("the stapled OCSP response is {age} old, more than {most}"),
            );
        }
        Answer::yes(Question::Staple, format!("good, {} old", span(age)))
    }

    fn pin(
        &self,
        pinned: &[usize],
        descent: &[usize],
        signers: &[Signer],
        anchor: Option<&AnchorFacts>,
    ) -> Answer {
        let no = |flaw, why| Answer::no(Question::Pin, flaw, why);
        let policy = &self.trust.policy;
        if !policy.asks_pin() {
            return Answer::open(Question::Pin, "no pin asked");
        }
        if let Some(first) = pinned.first() {
            return Answer::yes(Question::Pin, format!("matches #{}", first + 1));
        }
        if anchor.is_some_and(|it| policy.pins.contains(&it.pin)) {
            return Answer::yes(Question::Pin, "matches the trust anchor");
        }
        let unproved = self.positions_of_pins(|position| !descent.contains(&position));
        if let Some(position) = unproved.first() {
            let number = position + 1;
            let did_not = if signers.contains(&Signer::Unverified(*position)) {
                "of which nobody can tell whether it signed"
            } else {
                "which did not sign"
            };
            let why = format!("matches certificate #{number}, {did_not} #1: not counted");
            return no(Flaw::PinUnproved, why);
        }
        let served = self.facts.first().and_then(|it| it.pin).map(|it| base64(&it));
        let expected: Vec<_> = policy.pins.iter().map(|it| base64(it)).collect();
        let served = served.unwrap_or_else(|| "no key".into());
        no(Flaw::OtherKey, format!("served {served}, expected {}", expected.join(" or ")))
    }

    fn positions_of_pins(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let is_pinned =
            |it: &CertFacts| it.pin.is_some_and(|pin| self.trust.policy.pins.contains(&pin));
        let positions = self.facts.iter().enumerate().filter(|(_, it)| is_pinned(it));
        positions.map(|(position, _)| position).filter(|&position| wanted(position)).collect()
    }

    /// `is_alone` says that nothing else is wrong.
    fn hint(&self, answer: &Answer, is_alone: bool) -> Option<String> {
        match answer.flaw? {
            // the name of one who is not believed either is no way out
            Flaw::OtherName if is_alone => self.other_name(),
            Flaw::SelfSigned | Flaw::CaAsServer if self.chain.len() == 1 => {
                let content = self.content(0)?;
                let pin = self.facts.first()?.pin?;
                (content.issuer == content.subject)
                    .then(|| format!("if you know this key: +tls-pin={}", base64(&pin)))
            }
            _ => None,
        }
    }

    /// What is answered here must add up to what webpki answers for all at once: where every answer
    /// was yes and webpki's is no, the one it is about becomes no.
    fn refuse_what_webpki_refuses(
        &self,
        answers: &mut [Answer],
        fault: &webpki::Error,
        descent: &[usize],
    ) {
        let about =
            |question| matches!(question, Question::Chain | Question::Dates | Question::Purpose);
        if answers.iter().any(|it| about(it.question) && it.holds != Some(true)) {
            return;
        }
        let (flaw, mut why) = words::of_webpki(fault);
        let question = match fault {
            webpki::Error::InvalidCertValidity => Question::Dates,
            _ => match flaw {
                Flaw::Expired | Flaw::NotYetValid => Question::Dates,
                Flaw::OtherPurpose => Question::Purpose,
                _ => Question::Chain,
            },
        };
        if question == Question::Purpose {
            let limited = descent.iter().find_map(|&it| {
                let uses = self.content(it)?.extended_key_usage.as_deref()?;
                let serves = uses.iter().any(|it| it == SERVER);
                (!serves).then(|| limited_to(it + 1, uses))
            });
            why = limited.unwrap_or(why);
        }
        if let Some(answer) = answers.iter_mut().find(|it| it.question == question) {
            *answer = Answer::no(question, flaw, why);
        }
    }
}

const SERVER: &str = "server authentication";

/// `#1 is for client authentication only, not for servers`
fn limited_to(number: usize, uses: &[String]) -> String {
    format!("#{number} is for {} only, not for servers", uses.join(", "))
}

fn seconds_of(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// `led` is where the chain leads, or why it leads nowhere.
fn chain(led: Result<&AnchorFacts, (Flaw, String)>, descent: &[usize]) -> Answer {
    match led {
        Ok(AnchorFacts { subject, origin, .. }) => {
            let order = if descent.is_sorted() { "" } else { ", though sent out of order" };
            Answer::yes(Question::Chain, format!("to {subject} ({origin}){order}"))
        }
        Err((flaw, why)) => Answer::no(Question::Chain, flaw, why),
    }
}
