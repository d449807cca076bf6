//! Whether a stapled OCSP response says that the server's certificate is good. One rule: a response
//! that does not verify says nothing, and one without an end is not good for ever.

use super::chain::{Bench, Path};
use super::ocsp::{self, Issuer};
use crate::moment::{day, span};
use crate::verdict::{Answer, Flaw, Question, Signer, StapleFacts, StapleStatus};

impl Bench<'_> {
    /// What the staple says of #1, if its issuer is known; `None` when there is no staple.
    pub(super) fn stapled(
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
        let anchored = path.filter(|_| signers.first() == Some(&Signer::Anchor));
        let key = sent.or_else(|| anchored.map(|path| self.anchor_key(path.anchor)));
        Some(match (subject, key) {
            (Some(subject), Some(key)) => {
                let issuer = Issuer { name: subject.issuer, spki: &key };
                ocsp::read(self.staple, &subject, issuer, self.seconds(), self.algorithms)
            }
            _ => Err("it cannot be verified: the issuer of #1 is not known".into()),
        })
    }

    pub(super) fn staple(&self, staple: Option<&Result<StapleFacts, String>>) -> Answer {
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
}

fn seconds_of(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
