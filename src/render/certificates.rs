//! Who answered: the chain and the verdict, as the section of a reply and as debug lines. One rule:
//! one function words the facts of a certificate, wherever they stand.

use std::io::{self, Write};

use super::ink::{Ink, Role};
use crate::exchange::{
    AltName, AnchorFacts, Answer, CertContent, CertFacts, Question, SessionFacts, Signer, TlsFacts,
    Verdict,
};
use crate::moment::{day, span};
use crate::text::base64;

/// Names shown where not all are asked for.
const MOST_NAMES: usize = 4;

/// The certificate section: every certificate sent, the trust anchor, the verdict.
pub fn section(facts: &TlsFacts, ink: Ink, out: &mut dyn Write) -> io::Result<()> {
    if facts.chain.is_empty() {
        return Ok(());
    }
    line(out, ink, Role::Comment, ";; CERTIFICATE CHAIN:")?;
    for (position, certificate) in facts.chain.iter().enumerate() {
        line(out, ink, Role::Owner, &format!(";; {}", heading(position, certificate)))?;
        for (role, text) in details(position, facts) {
            line(out, ink, role, &format!(";;     {text}"))?;
        }
    }
    if let Some((heading, pin)) = anchor_not_sent(facts) {
        line(out, ink, Role::Owner, &format!(";; {heading}"))?;
        line(out, ink, Role::Pin, &format!(";;     {pin}"))?;
    }
    let (role, words) = verdict(&facts.verdict);
    line(out, ink, role, &format!(";; Verdict: {words}"))?;
    for answer in reasons(&facts.verdict) {
        line(out, ink, role_of(answer), &format!(";;     {}", answered(answer)))?;
    }
    Ok(())
}

/// The line that says what was negotiated.
pub fn session(facts: &TlsFacts, ink: Ink, out: &mut dyn Write) -> io::Result<()> {
    ink.paint(out, Role::Comment, |out| {
        let SessionFacts { version, key_exchange, signature, cipher, .. } = &facts.session;
        out.write_all(b";; TLS session ")?;
        for (before, fact) in
            [("(", version), ("-(", key_exchange), ("-(", signature), ("-(", cipher)]
        {
            for part in [before, fact, ")"] {
                out.write_all(part.as_bytes())?;
            }
        }
        Ok(())
    })?;
    out.write_all(b"\n")
}

/// `#1, CN=dot.test`
pub fn heading(position: usize, certificate: &CertFacts) -> String {
    let subject = match &certificate.content {
        Ok(content) if content.subject.is_empty() => "<SUBJECT NOT PRESENT>".to_owned(),
        Ok(content) => content.subject.clone(),
        Err(reason) => format!("unreadable: {reason}"),
    };
    format!("#{}, {subject}", position + 1)
}

/// `SHA-256 PIN: ...` of a certificate.
pub fn pin_line(certificate: &CertFacts) -> String {
    match certificate.pin {
        Some(pin) => format!("SHA-256 PIN: {}", base64(&pin)),
        None => "SHA-256 PIN: none, no key was found".to_owned(),
    }
}

/// The lines under a heading: pin first.
fn details(position: usize, facts: &TlsFacts) -> Vec<(Role, String)> {
    let certificate = &facts.chain[position];
    let matched = if facts.verdict.pinned.contains(&position) { ", MATCH" } else { "" };
    let mut lines = vec![(Role::Pin, pin_line(certificate) + matched)];
    lines.extend(own_lines(position, facts));
    lines
}

/// What kdig does not say of a certificate: names, dates, key, signer.
pub fn own_lines(position: usize, facts: &TlsFacts) -> Vec<(Role, String)> {
    let Ok(content) = &facts.chain[position].content else {
        return Vec::new();
    };
    let verdict = &facts.verdict;
    let mut lines = Vec::new();
    if !content.names.is_empty() {
        lines.push((Role::Comment, names(&content.names)));
    }
    lines.push(validity(content, verdict.at));
    lines.push((Role::Comment, key(position, content, verdict)));
    if !verdict.path.contains(&position) {
        lines.push((Role::Warning, "Not on the path: it did not sign #1".to_owned()));
    }
    lines
}

/// The trust anchor, where it ends the path without having been sent.
pub fn anchor_not_sent(facts: &TlsFacts) -> Option<(String, String)> {
    let AnchorFacts { subject, pin, origin } = facts.verdict.anchor.as_ref()?;
    let sent = facts.chain.iter().any(|it| it.pin.as_ref() == Some(pin));
    let number = facts.chain.len() + 1;
    (!sent).then(|| {
        (
            format!("#{number}, not sent: {subject} (trust anchor, {origin})"),
            format!("SHA-256 PIN: {}", base64(pin)),
        )
    })
}

/// The verdict in one line.
pub fn verdict(verdict: &Verdict) -> (Role, String) {
    let name = &verdict.name;
    if verdict.opportunistic {
        let held = |it: &&Answer| it.question != Question::Pin && it.holds != Some(true);
        return match verdict.answers.iter().find(held) {
            None => (
                Role::Warning,
                format!(
                    "not verified (opportunistic profile); a strict client would trust it for {name} \
                     by the built-in Mozilla roots"
                ),
            ),
            Some(answer) => (
                Role::Warning,
                format!(
                    "not verified (opportunistic profile); a strict client would refuse it for {name}: \
                     {}: {}",
                    answer.question, answer.why
                ),
            ),
        };
    }
    if !verdict.trusted() {
        return (Role::Bad, format!("REFUSED for {name}"));
    }
    let asked =
        [Question::Chain, Question::Dates, Question::Name, Question::Purpose, Question::Pin];
    let asked: Vec<_> =
        asked.iter().filter(|it| verdict.asked(**it)).map(ToString::to_string).collect();
    let mut not_asked = "";
    if !verdict.asked(Question::Pin) {
        not_asked = "; no pin asked";
    } else if !verdict.asked(Question::Chain) {
        not_asked = "; chain, dates, name and purpose not asked";
    }
    (Role::Good, format!("trusted for {name} ({}{not_asked})", asked.join(", ")))
}

/// The answers to show under the verdict: all of them when the peer was refused.
pub fn reasons(verdict: &Verdict) -> &[Answer] {
    if verdict.opportunistic || verdict.trusted() { &[] } else { &verdict.answers }
}

/// `name:    no, #1 is for other.test`
pub fn answered(answer: &Answer) -> String {
    let Answer { question, asked, holds, why } = answer;
    let question = format!("{question}:");
    let word = match holds {
        Some(true) => "yes, ",
        Some(false) => "no, ",
        None => "",
    };
    let suffix = if *asked || why == "no pin asked" { "" } else { " (not asked)" };
    format!("{question:<8} {word}{why}{suffix}")
}

/// The role of an answer's line.
pub fn role_of(answer: &Answer) -> Role {
    match (answer.asked, answer.holds) {
        (_, Some(true)) => Role::Good,
        (true, _) => Role::Bad,
        (false, _) => Role::Comment,
    }
}

/// kdig's lines for a Subject Alternative Name.
pub fn kdig_name(name: &AltName) -> String {
    match name {
        AltName::Dns(name) => format!("DNSname: {name}"),
        AltName::Ip(address) => format!("IPAddress: {address}"),
        AltName::Email(address) => format!("RFC822Name: {address}"),
        AltName::Uri(uri) => format!("URI: {uri}"),
        AltName::Other(other) => other.clone(),
    }
}

fn names(names: &[AltName]) -> String {
    let text = |name: &AltName| match name {
        AltName::Dns(it)
        | AltName::Ip(it)
        | AltName::Email(it)
        | AltName::Uri(it)
        | AltName::Other(it) => it.clone(),
    };
    let shown: Vec<_> = names.iter().take(MOST_NAMES).map(text).collect();
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" (+{more}, all with -dd)"),
    };
    format!("Names: {}{more}", shown.join(", "))
}

fn validity(content: &CertContent, now: i64) -> (Role, String) {
    let CertContent { not_before, not_after, .. } = *content;
    let (role, words) = if now > not_after {
        (Role::Bad, format!("expired {} ago", span(now - not_after)))
    } else if now < not_before {
        (Role::Bad, format!("not valid for another {}", span(not_before - now)))
    } else {
        (Role::Comment, format!("expires in {}", span(not_after - now)))
    };
    (role, format!("Valid: {} to {} UTC, {words}", day(not_before), day(not_after)))
}

fn key(position: usize, content: &CertContent, verdict: &Verdict) -> String {
    let signer = match verdict.signers.get(position) {
        Some(Signer::Sent(other)) => format!("#{}", other + 1),
        Some(Signer::Itself) => "itself".to_owned(),
        Some(Signer::Anchor) => match &verdict.anchor {
            Some(anchor) => anchor.subject.clone(),
            None => content.issuer.clone(),
        },
        Some(Signer::Unknown) | None => format!("{} (not sent)", content.issuer),
    };
    format!("Key: {}, signed by {signer} with {}", content.key, content.signature)
}

fn line(out: &mut dyn Write, ink: Ink, role: Role, text: &str) -> io::Result<()> {
    ink.paint(out, role, |out| out.write_all(text.as_bytes()))?;
    out.write_all(b"\n")
}
