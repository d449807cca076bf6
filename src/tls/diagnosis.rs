//! Facts and policy -> a verdict. One rule: every question is answered, asked or not, whatever the
//! answers to the others; and what webpki does not accept is never accepted here.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::chain::{Bench, Usage};
use super::reason::is_too_complex;
use super::roots::Trust;
use super::words;
use crate::moment::{day, span};
use crate::text::base64;
use crate::verdict::{
    AnchorFacts, Answer, AuthorityFault, CertFacts, Flaw, Question, Signer, Verdict,
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

/// What a client asks of a peer.
#[derive(Clone, Copy, Debug)]
struct Demands {
    /// Chain, dates, purpose and name.
    chain: bool,
    pin: bool,
    staple: bool,
}

impl Bench<'_> {
    fn verdict(mut self) -> Verdict {
        let mut strict = self.verify(self.now, Usage::Server);
        // strangers among them must not be blamed
        if strict.is_err() && self.search() {
            strict = self.verify(self.now, Usage::Server);
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
        let anchor = path.as_ref().map(|path| self.anchor(path));
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
        let policy = &self.trust.policy;
        // the same judgement, whoever asks
        let strict = Demands { chain: true, pin: false, staple: false };
        let strict_refusal = answers
            .iter()
            .cloned()
            .find_map(|answer| Some(self.demanded(answer, strict)).filter(Answer::refuses));
        let demands = Demands {
            chain: policy.asks_chain(),
            pin: policy.asks_pin(),
            staple: policy.staple.is_some(),
        };
        let answers = answers.into_iter().map(|it| self.demanded(it, demands)).collect();
        let needed = if path.is_some() { proved.len() } else { descent.len() };
        let authority_faults = self.authority_faults(&descent[..needed], &signers, path.as_ref());
        let mut verdict = Verdict {
            opportunistic: policy.is_opportunistic(),
            name: policy.name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default(),
            answers,
            notes: notes(anchor.as_ref(), &authority_faults, self.seconds()),
            path: descent,
            needed,
            signers,
            anchor,
            pinned,
            staple,
            at: self.seconds(),
            authority_faults,
            strict_refusal,
            hint: None,
        };
        verdict.hint = verdict.refusal().and_then(|answer| {
            let is_alone = verdict.refusals().count() == 1;
            self.hint(answer, is_alone)
        });
        verdict
    }

    /// An answer, with whether `demands` ask for it.
    fn demanded(&self, mut answer: Answer, demands: Demands) -> Answer {
        answer.asked = match answer.question {
            Question::Pin => demands.pin,
            // a certificate that its issuer revoked, or that demands a staple and has none, is
            // refused by every policy that checks the chain
            Question::Staple => {
                let must_staple = self.content(0).is_some_and(|it| it.must_staple);
                let is_revoked = answer.flaw == Some(Flaw::Revoked);
                demands.staple || demands.chain && (is_revoked || must_staple)
            }
            _ => demands.chain,
        };
        if !answer.asked && answer.flaw == Some(Flaw::NoStaple) {
            return Answer::open(Question::Staple, "no OCSP response was stapled");
        }
        answer
    }

    pub(super) fn seconds(&self) -> i64 {
        self.now.as_secs().cast_signed()
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
        let no = |flaw, why| Answer::no(Question::Purpose, flaw, why);
        let Some(content) = self.content(0) else {
            return Answer::open(Question::Purpose, "#1 cannot be read");
        };
        let purposes = content.extended_key_usage.as_ref();
        if let Some(uses) = purposes.filter(|it| !it.iter().any(|it| it == SERVER)) {
            return no(Flaw::OtherPurpose, limited_to(1, uses));
        }
        // RFC 8446 section 4.4.2.2, and the same in TLS 1.2 where the key signs the key exchange
        if let Some(uses) = content.usage_without_signature() {
            let why = format!("the key usage of #1 is {uses}, not digital signature");
            return no(Flaw::KeyUsage, why);
        }
        let why = match purposes {
            None => "#1 is not limited to a purpose",
            Some(_) => "#1 is for server authentication",
        };
        Answer::yes(Question::Purpose, why)
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
            Flaw::SelfSigned
            | Flaw::UnknownRoot
            | Flaw::UnknownIssuer
            | Flaw::IntermediateMissing => self.only_server(),
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
            let unfit = || self.unfit(|flaw| flaw == Flaw::OtherPurpose).map(|it| it.why);
            why = limited.or_else(unfit).unwrap_or(why);
        }
        if let Some(answer) = answers.iter_mut().find(|it| it.question == question) {
            *answer = Answer::no(question, flaw, why);
        }
    }
}

const SERVER: &str = "server authentication";

/// `#1 is for client authentication only, not for servers`
fn limited_to(number: usize, uses: &[String]) -> String {
    if uses.is_empty() {
        return format!("#{number} is limited to purposes that cannot be read");
    }
    format!("#{number} is for {} only, not for servers", uses.join(", "))
}

/// `led` is where the chain leads, or why it leads nowhere.
fn chain(led: Result<&AnchorFacts, (Flaw, String)>, descent: &[usize]) -> Answer {
    match led {
        Ok(AnchorFacts { origin, is_first: true, .. }) => {
            Answer::yes(Question::Chain, format!("#1 is a trust anchor itself ({origin})"))
        }
        Ok(AnchorFacts { subject, origin, .. }) => {
            let order = if descent.is_sorted() { "" } else { ", though sent out of order" };
            Answer::yes(Question::Chain, format!("to {subject} ({origin}){order}"))
        }
        Err((flaw, why)) => Answer::no(Question::Chain, flaw, why),
    }
}

/// What others refuse a trusted path for, as clauses of the verdict.
fn notes(
    anchor: Option<&AnchorFacts>,
    authority: &[(usize, AuthorityFault)],
    now: i64,
) -> Vec<String> {
    let dated = anchor.and_then(|anchor| {
        let (begin, end) = anchor.validity?;
        let state = match anchor.date_flaw(now)? {
            Flaw::Expired => format!("expired {} ago", span(now - end)),
            _ => format!("is not valid until {}, in {}", day(begin), span(begin - now)),
        };
        Some(format!("the trust anchor {state}; OpenSSL and GnuTLS refuse it"))
    });
    let authority = authority.iter().map(|(position, fault)| {
        let (what, others) = match fault {
            AuthorityFault::Key => ("key", "OpenSSL and GnuTLS refuse"),
            AuthorityFault::Certificate => ("certificate", "OpenSSL refuses"),
        };
        let number = position + 1;
        format!("the authority key identifier of #{number} is of another {what}; {others} it")
    });
    dated.into_iter().chain(authority).collect()
}
