//! Conditions on a result, for checks by exit status: what a good answer is beside being one. One
//! rule: pure, from an exchange and the conditions to what did not hold.

mod nodata;

use std::fmt;
use std::time::Duration;

use crate::dns::message::Message;
use crate::dns::rcode::Rcode;
use crate::dns::rdata::write_type;
use crate::dns::section::Section;
use crate::exchange::Exchange;
use crate::moment::{day, span};
use crate::verdict::{Signer, TlsFacts};

/// What must hold beside the lookup itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// What must not be so.
    pub fail: Vec<Condition>,
    /// How much of their life all certificates of the path must have left.
    pub expiry: Option<Margin>,
}

/// Something that is to be a failure (`+fail=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Any RCODE but NOERROR.
    Rcode,
    /// This RCODE.
    Named(u16),
    /// No record in the answer section.
    Empty,
    /// No record of the type asked for, at the end of the chain of aliases.
    NoData,
    /// A reply without padding (RFC 7830).
    Unpadded,
    /// A reply that the resolver did not validate: AD is not set.
    Insecure,
    /// TLS 1.2, or no TLS at all.
    Tls12,
}

/// A transfer that came to its end.
#[derive(Clone, Copy, Debug)]
pub struct Zone<'a> {
    /// The session and the server's certificates; `None` in cleartext.
    pub tls: Option<&'a TlsFacts>,
    /// Records received.
    pub records: usize,
    /// A message came without padding.
    pub is_unpadded: bool,
}

/// What a certificate must have left (`+tls-expiry=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// This time.
    Time(Duration),
    /// This share of its lifetime, in percent.
    Share(u8),
}

impl Condition {
    /// The words of `+fail=`, beside names of RCODEs.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("rcode", Self::Rcode),
        ("empty", Self::Empty),
        ("nodata", Self::NoData),
        ("unpadded", Self::Unpadded),
        ("insecure", Self::Insecure),
        ("tls12", Self::Tls12),
    ];

    /// Reads one word of `+fail=`.
    pub fn parse(word: &str) -> Option<Self> {
        let known = Self::WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let named = || {
            let is_it = |code: &u16| {
                Rcode::new(*code).name().is_some_and(|name| name.eq_ignore_ascii_case(word))
            };
            (0..=23).find(is_it).map(Self::Named)
        };
        known.map(|(_, condition)| *condition).or_else(named)
    }

    /// The word that cannot be judged of a zone transfer, if it is one: a transfer asks for no type,
    /// and who serves a zone validates nothing.
    pub fn not_of_a_transfer(self) -> Option<&'static str> {
        match self {
            Self::NoData => Some("nodata"),
            Self::Insecure => Some("insecure"),
            Self::Rcode | Self::Named(_) | Self::Empty | Self::Unpadded | Self::Tls12 => None,
        }
    }

    /// Why the condition did not hold, if it did not.
    fn failed(self, exchange: &Exchange, reply: &Message<'_>) -> Option<String> {
        let rcode = reply.rcode();
        match self {
            Self::Rcode => (rcode.code != 0).then(|| format!("rcode, the status is {rcode}")),
            Self::Named(code) => (rcode.code == code).then(|| format!("the status is {rcode}")),
            Self::Empty => {
                let empty = reply.section(Section::Answer).is_empty();
                empty.then(|| "empty, the answer section has no record".into())
            }
            Self::NoData => {
                let query = Message::read(&exchange.query.bytes);
                let owner = nodata::missing_at(&query, reply)?;
                let qtype = query.questions.first().map_or(0, |it| it.record_type);
                let mut name = Vec::new();
                write_type(&mut name, qtype);
                let qtype = String::from_utf8_lossy(&name);
                Some(format!("nodata, the answer has no {qtype} record of {owner}"))
            }
            Self::Unpadded => {
                let padded = reply.padding().is_some();
                (!padded).then(|| "unpadded, the reply is not padded".into())
            }
            Self::Insecure => {
                let validated = reply.header.is_some_and(|it| it.flags().any(|flag| flag == "ad"));
                (!validated).then(|| "insecure, AD is not set in the reply".into())
            }
            Self::Tls12 => old_tls(exchange.tls.as_deref()),
        }
    }

    /// Why the condition did not hold for a transfer that came to its end, if it did not.
    fn failed_in_transfer(self, zone: &Zone<'_>) -> Option<String> {
        match self {
            // a transfer with another status is none
            Self::Rcode => None,
            Self::Named(code) => (code == 0).then(|| "the status is NOERROR".into()),
            Self::Empty => {
                (zone.records == 0).then(|| "empty, the transfer brought no record".into())
            }
            Self::Unpadded => {
                let why = || "unpadded, a message of the transfer is not padded".into();
                zone.is_unpadded.then(why)
            }
            Self::Tls12 => old_tls(zone.tls),
            // the plan has refused these; what cannot be judged is not passed
            Self::NoData | Self::Insecure => {
                self.not_of_a_transfer().map(|word| format!("{word}, a transfer cannot be judged"))
            }
        }
    }
}

impl Margin {
    /// Reads `30d`, `12h` or `33%`.
    pub fn parse(typed: &str) -> Option<Self> {
        if let Some(share) = typed.strip_suffix('%') {
            let is_number = share.bytes().all(|byte| byte.is_ascii_digit());
            return share
                .parse()
                .ok()
                .filter(|_| is_number)
                .filter(|share| *share <= 100)
                .map(Self::Share);
        }
        humantime::parse_duration(typed).ok().map(Self::Time)
    }

    /// Why a certificate that the trust rests on has too little left, if one has, or cannot be
    /// judged; the trust anchor comes last. The first such is told.
    fn failed(self, tls: &TlsFacts) -> Option<String> {
        let verdict = &tls.verdict;
        if verdict.rests_on().is_empty() {
            return Some("tls-expiry, there was no certificate".into());
        }
        let unreadable = |position: usize| {
            let number = position + 1;
            format!("tls-expiry, the dates of certificate #{number} cannot be read")
        };
        let of_one = |&position: &usize| {
            let Some(Ok(content)) = tls.chain.get(position).map(|it| &it.content) else {
                return Some(unreadable(position));
            };
            let whose = format!("certificate #{}", position + 1);
            self.too_short(&whose, content.not_before, content.not_after, verdict.at)
        };
        // what cannot be read is on no path, though it may have signed what is
        let beyond = || {
            let signer = verdict.signers.get(*verdict.rests_on().last()?)?;
            let Signer::Sent(position) = *signer else { return None };
            let is_readable = tls.chain.get(position)?.content.is_ok();
            (verdict.anchor.is_none() && !is_readable).then(|| unreadable(position))
        };
        let of_anchor = || {
            let anchor = verdict.anchor.as_ref()?;
            let (begin, end) = anchor.validity?;
            self.too_short(&format!("the trust anchor {}", anchor.subject), begin, end, verdict.at)
        };
        verdict.rests_on().iter().find_map(of_one).or_else(beyond).or_else(of_anchor)
    }

    /// Why a certificate that is valid from `begin` to `end` has too little left, if it has.
    fn too_short(self, whose: &str, begin: i64, end: i64, now: i64) -> Option<String> {
        if now < begin {
            let (day, wait) = (day(begin), span(begin - now));
            return Some(format!("tls-expiry, {whose} is not valid before {day}, in {wait}"));
        }
        let lifetime = end.saturating_sub(begin).max(0);
        let least = match self {
            Self::Time(time) => i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            Self::Share(percent) => lifetime / 100 * i64::from(percent),
        };
        let left = end.saturating_sub(now);
        (left < least.max(0)).then(|| {
            let words = match left {
                ..0 => format!("expired {} ago ({})", span(left), day(end)),
                _ => format!("expires in {} ({})", span(left), day(end)),
            };
            let of = match self {
                Self::Time(_) => String::new(),
                Self::Share(_) => format!(" of its {}", span(lifetime)),
            };
            format!("tls-expiry, {whose} {words}, which is less than {self}{of}")
        })
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => {
                f.write_str(&span(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
            }
            Self::Share(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Why a session is not one of TLS 1.3, if it is not.
fn old_tls(tls: Option<&TlsFacts>) -> Option<String> {
    match tls {
        Some(tls) if tls.session.version == "TLS1.3" => None,
        Some(_) => Some("tls12, the session is of TLS 1.2".into()),
        None => Some("tls12, cleartext is no TLS 1.3".into()),
    }
}

impl Conditions {
    /// What did not hold, in words, in the order typed; certificates come last.
    pub fn failed(&self, exchange: &Exchange, reply: &Message<'_>) -> Vec<String> {
        let conditions = self.fail.iter().filter_map(|it| it.failed(exchange, reply));
        conditions.chain(self.expired(exchange.tls.as_deref())).collect()
    }

    /// The same of a transfer.
    pub fn failed_in_transfer(&self, zone: &Zone<'_>) -> Vec<String> {
        let conditions = self.fail.iter().filter_map(|it| it.failed_in_transfer(zone));
        conditions.chain(self.expired(zone.tls)).collect()
    }

    fn expired(&self, tls: Option<&TlsFacts>) -> Option<String> {
        self.expiry.and_then(|margin| match tls {
            Some(tls) => margin.failed(tls),
            None => Some("tls-expiry, there was no certificate".into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use jiff::Zoned;

    use crate::exchange::{Endpoint, Packet, Peer, Phases, Protocol};
    use crate::verdict::{CertContent, CertFacts, Verdict};

    const DAY: i64 = 86_400;
    /// One question and one answer: an address of the root.
    const REPLY: [u8; 33] = [
        0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
        192, 0, 2, 1, 0,
    ];

    fn exchange() -> Exchange {
        let packet = |bytes: &[u8]| Packet {
            bytes: bytes.to_vec(),
            at: Zoned::default(),
            took: Duration::ZERO,
        };
        Exchange {
            signature: None,
            peer: Peer {
                address: Endpoint::Ip(([127, 0, 0, 1], 853).into()),
                protocol: Protocol::Tls,
            },
            query: packet(&[]),
            reply: packet(&REPLY),
            tls: None,
            phases: Phases::default(),
        }
    }

    #[test]
    fn every_word_is_read_and_what_is_none_is_not() {
        for (word, condition) in Condition::WORDS {
            assert_eq!(Condition::parse(word), Some(condition));
            assert_eq!(Condition::parse(&word.to_uppercase()), Some(condition));
        }
        assert_eq!(Condition::parse("servfail"), Some(Condition::Named(2)));
        assert_eq!(Condition::parse("BADCOOKIE"), Some(Condition::Named(23)));
        assert_eq!(Condition::parse("slow"), None);
        assert_eq!(Margin::parse("30d"), Some(Margin::Time(Duration::from_secs(30 * 86_400))));
        assert_eq!(Margin::parse("33%"), Some(Margin::Share(33)));
        for typed in ["30", "", "%", "101%", "-1d", "soon", "+33%", "+30d", " 33%"] {
            assert_eq!(Margin::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn an_answer_fails_what_it_should() {
        let exchange = exchange();
        let reply = Message::read(&exchange.reply.bytes);
        let failed = |condition| {
            let conditions = Conditions { fail: vec![condition], expiry: None };
            !conditions.failed(&exchange, &reply).is_empty()
        };
        assert!(!failed(Condition::Rcode) && !failed(Condition::Named(2)));
        assert!(failed(Condition::Named(0)));
        assert!(!failed(Condition::Empty) && failed(Condition::Insecure));
        assert!(failed(Condition::Tls12), "cleartext is no TLS 1.3");
    }

    #[test]
    fn a_transfer_fails_what_it_should() {
        let tls = |version: &str| {
            let mut facts = TlsFacts {
                chain: vec![CertFacts {
                    der: Vec::new(),
                    pin: None,
                    fingerprint: [0; 32],
                    content: Ok(CertContent { not_after: 90 * DAY, ..CertContent::default() }),
                }],
                verdict: Verdict { at: 60 * DAY, path: vec![0], needed: 1, ..Verdict::default() },
                ..TlsFacts::default()
            };
            facts.session.version = version.into();
            facts
        };
        let (old, new) = (tls("TLS1.2"), tls("TLS1.3"));
        let whole = Zone { tls: Some(&new), records: 3, is_unpadded: false };
        let over_old = Zone { tls: Some(&old), ..whole };
        let in_cleartext = Zone { tls: None, ..whole };
        let margin = |days: u64| Margin::Time(Duration::from_secs(days * 86_400));
        for (fail, expiry, zone, count) in [
            (vec![], None, whole, 0),
            (vec![], Some(margin(30)), whole, 0),
            (vec![], Some(margin(31)), whole, 1),
            (vec![], Some(margin(1)), in_cleartext, 1),
            (vec![Condition::Tls12], None, whole, 0),
            (vec![Condition::Tls12], None, over_old, 1),
            (vec![Condition::Tls12], Some(margin(31)), in_cleartext, 2),
            (vec![Condition::Rcode, Condition::Named(5), Condition::Empty], None, whole, 0),
            (vec![Condition::Named(0)], None, whole, 1),
            (vec![Condition::Empty], None, Zone { records: 0, ..whole }, 1),
            (vec![Condition::Unpadded], None, whole, 0),
            (vec![Condition::Unpadded], None, Zone { is_unpadded: true, ..whole }, 1),
            // what cannot be judged does not pass
            (vec![Condition::NoData, Condition::Insecure], None, whole, 2),
        ] {
            let conditions = Conditions { fail, expiry };
            assert_eq!(
                conditions.failed_in_transfer(&zone).len(),
                count,
                "{conditions:?} {zone:?}"
            );
        }
    }

    #[test]
    fn a_margin_is_of_the_path_alone_and_of_its_shortest_life() {
        let certificate = |begins: i64, ends: i64| CertFacts {
            der: Vec::new(),
            pin: None,
            fingerprint: [0; 32],
            content: Ok(CertContent {
                not_before: begins * DAY,
                not_after: ends * DAY,
                ..CertContent::default()
            }),
        };
        let mut tls = TlsFacts {
            // a leaf of 90 days with 30 left, its CA, and a stranger that is over
            chain: vec![certificate(0, 90), certificate(0, 900), certificate(0, 1)],
            verdict: Verdict { at: 60 * DAY, path: vec![0, 1], needed: 2, ..Verdict::default() },
            ..TlsFacts::default()
        };
        let days = |days: u64| Margin::Time(Duration::from_secs(days * 86_400));
        assert_eq!(days(30).failed(&tls), None);
        assert_eq!(
            days(31).failed(&tls).unwrap(),
            "tls-expiry, certificate #1 expires in 30days (1970-04-01), which is less than 31days"
        );
        assert_eq!(Margin::Share(33).failed(&tls), None);
        assert!(Margin::Share(34).failed(&tls).is_some());
        tls.verdict.at = 91 * DAY;
        assert!(Margin::Share(0).failed(&tls).unwrap().contains("expired 1day ago"));
        let mut exchange = exchange();
        exchange.tls = Some(Arc::new(tls));
        let reply = Message::read(&exchange.reply.bytes);
        let conditions = Conditions { fail: Vec::new(), expiry: Some(Margin::Share(33)) };
        assert_eq!(conditions.failed(&exchange, &reply).len(), 1);
    }
}
