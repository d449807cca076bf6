//! Whether the server's certificate is for the name that was asked for. One rule: webpki compares
//! names; here it is said why it found none, and which one it would find.

use std::net::IpAddr;

use idna::AsciiDenyList;
use rustls::pki_types::ServerName;
use webpki::EndEntityCert;

use super::chain::Bench;
use super::names::{common_name, dns_names};
use super::words;
use crate::text;
use crate::verdict::{AltName, Answer, Flaw, Question};

/// Names shown where a name does not match.
const MAX_NAMES: usize = 3;
/// Octets of a name shown in an answer; the section shows more.
const MAX_NAME_OCTETS: usize = 100;
/// Names that are looked at for a reason or a hint: a certificate may have thousands.
const MAX_LOOKS: usize = 100;

impl Bench<'_> {
    pub(super) fn name(&self) -> Answer {
        let Some(name) = &self.trust.policy.name else {
            return Answer::open(Question::Name, "no name to check");
        };
        let wanted = name.to_str();
        let end_entity = match self.chain.first() {
            Some(first) => EndEntityCert::try_from(first),
            None => Err(webpki::Error::BadDer),
        };
        if end_entity.as_ref().is_ok_and(|it| is_for(it, name)) {
            return Answer::yes(Question::Name, format!("#1 is for {wanted}"));
        }
        let no = |flaw, why: String| Answer::no(Question::Name, flaw, why);
        let Some(content) = self.content(0) else {
            return no(Flaw::Malformed, "#1 cannot be read".into());
        };
        let names = nearest_first(&content.names, &wanted);
        if names.is_empty() {
            let common = self.chain.first().and_then(|it| common_name(it));
            let why = match common.map(|name| shortened(&name)) {
                Some(name) => {
                    format!("#1 has no names, only the common name {name}, which does not count")
                }
                None => "#1 has no names".into(),
            };
            return no(Flaw::NoNames, why);
        }
        if let Err(fault) = end_entity {
            let (_, why) = match fault {
                webpki::Error::UnsupportedCriticalExtension => self.unknown_critical(),
                webpki::Error::UnsupportedCertVersion => self.old_version(),
                fault => words::of_webpki(&fault),
            };
            return Answer::open(Question::Name, format!("cannot be judged: {why}"));
        }
        if let Some(why) = self.badly_written(name) {
            return no(Flaw::OtherName, why);
        }
        let is_address = matches!(name, ServerName::IpAddress(_));
        let addresses = content.names.iter().any(|it| matches!(it, AltName::Ip(_)));
        let shown: Vec<_> = names.iter().take(MAX_NAMES).map(|it| shortened(it)).collect();
        let more = match names.len().saturating_sub(MAX_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let none = if is_address && !addresses { ", none of which is an address" } else { "" };
        let shown = shown.join(", ");
        no(Flaw::OtherName, format!("{wanted} is not among the names of #1: {shown}{more}{none}"))
    }

    /// Why `name` does not count, where the certificate has it in a form that never does.
    fn badly_written(&self, name: &ServerName<'_>) -> Option<String> {
        const SECTION: &str = "(RFC 5280 section 4.2.1.6)";
        let wanted = name.to_str();
        dns_names(self.chain.first()?).iter().take(MAX_LOOKS).find_map(|raw| {
            let shown = shortened(&text::escaped(raw, text::Place::Name));
            if let ServerName::IpAddress(address) = name {
                let typed = raw.trim_start_matches('[').trim_end_matches(']');
                let is_it = typed.parse() == Ok(IpAddr::from(*address));
                return is_it.then(|| {
                    format!(
                        "the certificate has {shown} as a DNS name, not as an address {SECTION}"
                    )
                });
            }
            let what = match raw.strip_suffix('.') {
                Some(undotted) if matches(undotted, &wanted) => "with a dot at its end",
                None if is_unicode_of(raw, &wanted) => "in letters beyond ASCII, not as an A-label",
                _ => return None,
            };
            Some(format!("the certificate has {shown} {what}, which does not count {SECTION}"))
        })
    }

    /// What to type where the certificate is for another name, and would be accepted by that.
    pub(super) fn other_name(&self) -> Option<String> {
        let wanted = self.trust.policy.name.as_ref()?.to_str();
        let end_entity = EndEntityCert::try_from(self.chain.first()?).ok()?;
        let would_pass = |it: &&String| {
            ServerName::try_from(it.as_str()).is_ok_and(|it| is_for(&end_entity, &it))
        };
        let names = nearest_first(&self.content(0)?.names, &wanted);
        let name = names.iter().take(MAX_LOOKS).find(would_pass)?;
        Some(format!("+tls-host={name}"))
    }
}

fn is_for(certificate: &EndEntityCert<'_>, name: &ServerName<'_>) -> bool {
    certificate.verify_is_valid_for_subject_name(name).is_ok()
}

/// Whether `presented` has the letters that `wanted`, a name in Punycode, stands for.
fn is_unicode_of(presented: &str, wanted: &str) -> bool {
    // no name of a host has more octets, and what is longer would cost time
    const MAX_OCTETS: usize = 4 * 255;
    let encoded = (!presented.is_ascii() && presented.len() <= MAX_OCTETS)
        .then(|| idna::domain_to_ascii_cow(presented.as_bytes(), AsciiDenyList::EMPTY).ok());
    encoded.flatten().is_some_and(|encoded| matches(&encoded, wanted))
}

/// Whether `presented`, which may begin with a wildcard, is for `wanted` (RFC 9525 section 6.3).
fn matches(presented: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    match presented.strip_prefix("*.") {
        None => presented.eq_ignore_ascii_case(wanted),
        Some(parent) => {
            wanted.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent))
        }
    }
}

fn shortened(name: &str) -> String {
    text::shortened(name, MAX_NAME_OCTETS)
}

fn nearest_first(names: &[AltName], wanted: &str) -> Vec<String> {
    let mut names: Vec<_> = names
        .iter()
        .filter_map(|name| match name {
            AltName::Dns(_) | AltName::Ip(_) => Some(name.to_string()),
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
