//! Session, certificates and verdict. One rule: every fact is there, in the words of the text; a
//! position counts from 0, as in the array that it points into.

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::super::certificates::notes;
use crate::dns::digits::in_hex;
use crate::text::{base64, free};
use crate::verdict::{
    AltName, AnchorFacts, Answer, CaFacts, CertContent, CertFacts, SessionFacts, Signer,
    StapleFacts, StapleStatus, TlsFacts, Verdict,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tls<'a> {
    version: &'a str,
    key_exchange: &'a str,
    signature: &'a str,
    cipher: &'a str,
    sni: Option<String>,
    alpn_offered: Vec<String>,
    alpn: Option<&'a str>,
    tickets: u32,
    resumed: bool,
    client_certificate: ClientCertificate,
    profile: &'static str,
    name: String,
    trusted: Option<bool>,
    verdict: Answers<'a>,
    chain: Vec<Certificate<'a>>,
    path: &'a [usize],
    anchor: Option<Anchor<'a>>,
    staple: Option<Staple<'a>>,
    notes: Vec<String>,
    hint: Option<String>,
}

/// Whether the server asked for a certificate of ours, and got one.
#[derive(Serialize)]
struct ClientCertificate {
    asked: bool,
    sent: bool,
}

impl<'a> Tls<'a> {
    pub(super) fn new(facts: &'a TlsFacts) -> Self {
        let TlsFacts { session, chain, verdict } = facts;
        let SessionFacts { version, key_exchange, signature, cipher, sni, alpn, .. } = session;
        let SessionFacts { offered, own, tickets, resumed, .. } = session;
        let Verdict { opportunistic, name, answers, path, anchor, staple, notes, hint, .. } =
            verdict;
        let certificates = chain.iter().enumerate();
        Self {
            version,
            key_exchange,
            signature,
            cipher,
            sni: sni.as_ref().map(free),
            alpn_offered: offered.iter().map(free).collect(),
            alpn: alpn.as_deref(),
            tickets: *tickets,
            resumed: *resumed,
            client_certificate: ClientCertificate { asked: own.asked, sent: own.sent },
            profile: if *opportunistic { "opportunistic" } else { "strict" },
            name: free(name),
            // null in the opportunistic profile, which checks nothing
            trusted: (!opportunistic).then(|| verdict.trusted()),
            verdict: Answers(answers),
            chain: certificates.map(|(at, it)| Certificate::new(at, it, facts)).collect(),
            path,
            anchor: anchor.as_ref().map(|anchor| Anchor::new(anchor, chain, verdict.at)),
            staple: staple.as_ref().map(Staple::new),
            notes: notes.iter().map(free).collect(),
            hint: hint.as_ref().map(free),
        }
    }
}

/// What a stapled OCSP response says, or why it says nothing.
#[derive(Serialize)]
#[serde(untagged)]
enum Staple<'a> {
    Readable(StapleView<'a>),
    Useless { useless: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StapleView<'a> {
    status: &'static str,
    revoked_at: Option<String>,
    reason: Option<&'static str>,
    this_update: String,
    next_update: Option<String>,
    signer: &'a str,
}

impl<'a> Staple<'a> {
    fn new(staple: &'a Result<StapleFacts, String>) -> Self {
        let StapleFacts { status, this_update, next_update, signer } = match staple {
            Ok(facts) => facts,
            Err(why) => return Self::Useless { useless: free(why) },
        };
        let (status, revoked_at, reason) = match status {
            StapleStatus::Good => ("good", None, None),
            StapleStatus::Revoked { at, reason } => ("revoked", Some(moment(*at)), *reason),
            StapleStatus::Unknown => ("unknown", None, None),
        };
        Self::Readable(StapleView {
            status,
            revoked_at,
            reason,
            this_update: moment(*this_update),
            next_update: next_update.map(moment),
            signer,
        })
    }
}

/// The answers by their question.
struct Answers<'a>(&'a [Answer]);

impl Serialize for Answers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Answer { question, asked, holds, flaw, why } in self.0 {
            let flaw = flaw.map(|flaw| flaw.to_string());
            let view = AnswerView { asked: *asked, holds: *holds, flaw, why: free(why) };
            map.serialize_entry(&question.to_string(), &view)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct AnswerView {
    asked: bool,
    holds: Option<bool>,
    flaw: Option<String>,
    why: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    pin: Option<String>,
    fingerprint: String,
    pinned: bool,
    on_path: bool,
    needed: bool,
    signed_by: SignedBy,
    notes: Vec<String>,
    der: String,
}

/// What a certificate says, or why it cannot be read.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Readable(Box<Readable<'a>>),
    Unreadable { unreadable: &'a str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Readable<'a> {
    subject: &'a str,
    issuer: &'a str,
    names: Vec<AltNameView<'a>>,
    not_before: String,
    not_after: String,
    key: &'a str,
    signature: &'a str,
    serial: &'a str,
    version: u32,
    ca: Option<bool>,
    path_len: Option<u32>,
    key_usage: Option<&'a [String]>,
    extended_key_usage: Option<&'a [String]>,
    issuer_urls: &'a [String],
    constraints: Option<&'a str>,
    unknown_critical: &'a [String],
    must_staple: bool,
    authority_key_id: Option<String>,
    subject_key_id: Option<String>,
}

#[derive(Serialize)]
struct AltNameView<'a> {
    r#type: &'static str,
    value: &'a str,
}

/// `{"position": 1}`, or a word where there is no position.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum SignedBy {
    Position(usize),
    Forged(usize),
    Unverified(usize),
    Itself,
    Anchor,
    Unknown,
}

impl<'a> Certificate<'a> {
    fn new(position: usize, certificate: &'a CertFacts, facts: &TlsFacts) -> Self {
        let CertFacts { der, pin, fingerprint, content } = certificate;
        let verdict = &facts.verdict;
        let notes = content.as_ref().map(|it| notes(position, it, facts)).unwrap_or_default();
        let content = match content {
            Ok(content) => Content::Readable(Box::new(Readable::new(content))),
            Err(unreadable) => Content::Unreadable { unreadable },
        };
        Self {
            content,
            pin: pin.map(|pin| base64(&pin)),
            fingerprint: in_hex(fingerprint),
            pinned: verdict.pinned.contains(&position),
            on_path: verdict.path.contains(&position),
            needed: verdict.rests_on().contains(&position),
            signed_by: match verdict.signers.get(position) {
                Some(Signer::Sent(other)) => SignedBy::Position(*other),
                Some(Signer::Itself) => SignedBy::Itself,
                Some(Signer::Anchor) => SignedBy::Anchor,
                Some(Signer::Forged(other)) => SignedBy::Forged(*other),
                Some(Signer::Unverified(other)) => SignedBy::Unverified(*other),
                Some(Signer::Unknown) | None => SignedBy::Unknown,
            },
            notes: notes.iter().map(free).collect(),
            der: base64(der),
        }
    }
}

impl<'a> Readable<'a> {
    fn new(content: &'a CertContent) -> Self {
        let CertContent {
            subject,
            issuer,
            names,
            not_before,
            not_after,
            key,
            signature,
            serial,
            version,
            ca,
            key_usage,
            extended_key_usage,
            issuer_urls,
            constraints,
            unknown_critical,
            must_staple,
            authority_key,
            subject_key,
        } = content;
        Self {
            subject,
            issuer,
            names: names.iter().map(AltNameView::new).collect(),
            not_before: moment(*not_before),
            not_after: moment(*not_after),
            key,
            signature,
            serial,
            version: *version,
            ca: ca.map(|CaFacts { ca, .. }| ca),
            path_len: ca.and_then(|CaFacts { path_len, .. }| path_len),
            key_usage: key_usage.as_deref(),
            extended_key_usage: extended_key_usage.as_deref(),
            issuer_urls,
            constraints: constraints.as_deref(),
            unknown_critical,
            must_staple: *must_staple,
            authority_key_id: key_id(authority_key.as_ref().and_then(|it| it.key_id.as_ref())),
            subject_key_id: key_id(subject_key.as_ref()),
        }
    }
}

fn key_id(octets: Option<&Vec<u8>>) -> Option<String> {
    octets.map(|it| in_hex(it))
}

impl<'a> AltNameView<'a> {
    fn new(name: &'a AltName) -> Self {
        let (r#type, value) = match name {
            AltName::Dns(value) => ("dns", value),
            AltName::Ip(value) => ("ip", value),
            AltName::Email(value) => ("email", value),
            AltName::Uri(value) => ("uri", value),
            AltName::Other(value) => ("other", value),
        };
        Self { r#type, value }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Anchor<'a> {
    subject: &'a str,
    pin: String,
    origin: String,
    sent: bool,
    not_before: Option<String>,
    not_after: Option<String>,
    flaw: Option<String>,
}

impl<'a> Anchor<'a> {
    fn new(anchor: &'a AnchorFacts, chain: &[CertFacts], now: i64) -> Self {
        let AnchorFacts { subject, pin, origin, validity, .. } = anchor;
        Self {
            subject,
            pin: base64(pin),
            origin: free(origin),
            sent: chain.iter().any(|it| it.pin.as_ref() == Some(pin)),
            not_before: validity.map(|(begin, _)| moment(begin)),
            not_after: validity.map(|(_, end)| moment(end)),
            flaw: anchor.date_flaw(now).map(|flaw| flaw.to_string()),
        }
    }
}

/// RFC 3339, UTC; the end of time where a certificate has an impossible year.
fn moment(seconds: i64) -> String {
    let limit = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(limit).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
