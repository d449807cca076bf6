//! The chain and the verdict, as the section of a reply and as debug lines. One rule: one function
//! words the facts of a certificate, wherever they stand.

use std::io::{self, Write};

use super::ink::{Ink, Role};
use crate::dns::digits::in_hex;
use crate::moment::{day, span};
use crate::text::{base64, shortened};
use crate::verdict::{
    AltName, AnchorFacts, Answer, AuthorityFault, CertContent, CertFacts, Question, SessionFacts,
    Signer, StapleStatus, TlsFacts, Verdict,
};

/// Names shown where not all are asked for.
const MAX_NAMES: usize = 4;
/// Notes shown where not all are asked for: a certificate may have thousands of things to note.
const MAX_NOTES: usize = 4;
/// Octets of a text that a certificate holds shown where not all are asked for.
const MAX_TEXT: usize = 200;

/// The certificate section: every certificate sent, the trust anchor, the verdict.
pub fn section(facts: &TlsFacts, ink: Ink, out: &mut dyn Write) -> io::Result<()> {
    if facts.chain.is_empty() {
        return Ok(());
    }
    line(out, ink, Role::Comment, ";; CERTIFICATE CHAIN:")?;
    for (position, certificate) in facts.chain.iter().enumerate() {
        let heading = shortened(&heading(position, certificate), MAX_TEXT);
        line(out, ink, Role::Owner, &format!(";; {heading}"))?;
        for (role, text) in details(position, facts) {
            line(out, ink, role, &format!(";;     {text}"))?;
        }
    }
    if let Some((heading, lines)) = anchor_not_sent(facts) {
        line(out, ink, Role::Owner, &format!(";; {heading}"))?;
        for (role, text) in lines {
            line(out, ink, role, &format!(";;     {text}"))?;
        }
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
pub(super) fn heading(position: usize, certificate: &CertFacts) -> String {
    let subject = match &certificate.content {
        Ok(content) if content.subject.is_empty() => "<SUBJECT NOT PRESENT>".to_owned(),
        Ok(content) => content.subject.clone(),
        Err(reason) => format!("unreadable: {reason}"),
    };
    format!("#{}, {subject}", position + 1)
}

/// `SHA-256 PIN: ...` of a certificate.
pub(super) fn pin_line(certificate: &CertFacts) -> String {
    match certificate.pin {
        Some(pin) => format!("SHA-256 PIN: {}", base64(&pin)),
        None => "SHA-256 PIN: none, no key was found".to_owned(),
    }
}

/// What a pin is worth: that it was asked for, or that the server did not prove to hold the key.
pub(super) fn pin_mark(position: usize, verdict: &Verdict) -> &'static str {
    match verdict.pinned.contains(&position) {
        true => ", MATCH",
        false if position == 0 && verdict.is_unproved() => ", NOT PROVED",
        false => "",
    }
}

/// The lines under a heading: pin first.
fn details(position: usize, facts: &TlsFacts) -> Vec<(Role, String)> {
    let certificate = &facts.chain[position];
    let mark = pin_mark(position, &facts.verdict);
    let mut lines = vec![(Role::Pin, pin_line(certificate) + mark)];
    lines.extend(own_lines(position, facts, 0));
    lines
}

/// The chain as PEM (RFC 7468), in the order sent: what `openssl` reads.
pub fn pem(facts: &TlsFacts, out: &mut dyn Write) -> io::Result<()> {
    for certificate in &facts.chain {
        let text = base64(&certificate.der);
        writeln!(out, "-----BEGIN CERTIFICATE-----")?;
        for row in text.as_bytes().chunks(64) {
            out.write_all(row)?;
            out.write_all(b"\n")?;
        }
        writeln!(out, "-----END CERTIFICATE-----")?;
    }
    Ok(())
}

/// What kdig does not say of a certificate: names, dates, key, signer, serial number and what is
/// odd about it; with `-dd`, which is a `debug` of 2, everything.
pub(super) fn own_lines(position: usize, facts: &TlsFacts, debug: u8) -> Vec<(Role, String)> {
    let certificate = &facts.chain[position];
    let verdict = &facts.verdict;
    let all = debug > 1;
    let mut lines = Vec::new();
    if all {
        lines.extend(forms(position, certificate));
    }
    let off_path = !verdict.path.contains(&position);
    let Ok(content) = &certificate.content else {
        return lines;
    };
    // all of them stand above, in kdig's words
    if !content.names.is_empty() && !all {
        lines.push((Role::Comment, names(&content.names)));
    }
    lines.push(validity(content.not_before, content.not_after, verdict.at));
    let text = |text: String| if all { text } else { shortened(&text, MAX_TEXT) };
    lines.push((Role::Comment, text(key(position, content, verdict))));
    lines.push((Role::Comment, format!("Serial: {}", text(content.serial.clone()))));
    if all {
        lines.push((Role::Comment, format!("Use: {}", uses(content))));
    }
    if let (0, Some(uses)) = (position, content.usage_without_signature()) {
        let why = "a TLS server needs digital signature";
        lines.push((Role::Warning, format!("Key usage: {uses} ({why})")));
    }
    if let (0, Some(staple)) = (position, staple(verdict)) {
        lines.push(staple);
    }
    let notes = notes(position, content, facts);
    let shown = if all { notes.len() } else { MAX_NOTES.min(notes.len()) };
    for note in &notes[..shown] {
        lines.push((Role::Warning, format!("Note: {}", text(note.clone()))));
    }
    if let more @ 1.. = notes.len() - shown {
        lines.push((Role::Warning, format!("Note: +{more} more, all with -dd")));
    }
    if off_path {
        let why = match verdict.signers.contains(&Signer::Unverified(position)) {
            true => "whether it signed #1 cannot be verified",
            false => "it did not sign #1",
        };
        lines.push((Role::Warning, format!("Not on the path: {why}")));
    } else if !verdict.rests_on().contains(&position) {
        let why = match (&verdict.anchor, verdict.rests_on().last()) {
            (Some(AnchorFacts { is_first: false, .. }), Some(last)) => {
                format!("a trust anchor signed #{}", last + 1)
            }
            _ => "#1 is a trust anchor itself".to_owned(),
        };
        lines.push((Role::Comment, format!("Not needed: {why}")));
    }
    lines
}

/// The pin as others write it, and the hash of the whole certificate.
fn forms(position: usize, certificate: &CertFacts) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    if let Some(pin) = &certificate.pin {
        // a TLSA record of a CA's key has usage 2 (RFC 7671 section 5)
        let usage = if position == 0 { 3 } else { 2 };
        lines.push((Role::Pin, format!("Pin forms: sha256//{}", base64(pin))));
        lines.push((Role::Pin, format!("TLSA: {usage} 1 1 {}", in_hex(pin))));
    }
    let fingerprint = in_hex(&certificate.fingerprint);
    lines.push((Role::Comment, format!("SHA-256 fingerprint: {fingerprint}")));
    lines
}

/// `CA, at most 0 CAs below it; key cert sign, crl sign`
fn uses(content: &CertContent) -> String {
    let mut uses = vec![match content.ca {
        Some(it) if it.ca => match it.path_len {
            Some(most) => format!("CA, at most {most} CAs below it"),
            None => "CA".to_owned(),
        },
        Some(_) => "no CA".to_owned(),
        None => "no basic constraints".to_owned(),
    }];
    uses.extend(content.key_usage.as_ref().map(|it| it.join(", ")));
    uses.extend(content.extended_key_usage.as_ref().map(|it| it.join(", ")));
    uses.extend(content.constraints.as_ref().map(|it| format!("certifies {it}")));
    uses.extend(content.must_staple.then(|| "must be stapled".to_owned()));
    uses.join("; ")
}

/// `Staple: good, 1day old, next in 6days, signed by its issuer`
fn staple(verdict: &Verdict) -> Option<(Role, String)> {
    let facts = match verdict.staple.as_ref()? {
        Ok(facts) => facts,
        Err(why) => return Some((Role::Warning, format!("Staple: proves nothing, {why}"))),
    };
    let (role, status) = match &facts.status {
        StapleStatus::Good => (Role::Comment, "good".to_owned()),
        StapleStatus::Unknown => (Role::Warning, "not known to the responder".to_owned()),
        StapleStatus::Revoked { at, reason } => {
            let reason = reason.map(|it| format!(" ({it})")).unwrap_or_default();
            (Role::Bad, format!("revoked on {}{reason}", day(*at)))
        }
    };
    let age = span(verdict.at - facts.this_update);
    let next = match facts.next_update {
        Some(next) if next < verdict.at => format!(", ended {} ago", span(verdict.at - next)),
        Some(next) => format!(", next in {}", span(next - verdict.at)),
        None => String::new(),
    };
    Some((role, format!("Staple: {status}, {age} old{next}, signed by {}", facts.signer)))
}

/// What is odd about a certificate for the place it has: a CA in front, an issuer that is none.
pub(super) fn notes(position: usize, content: &CertContent, facts: &TlsFacts) -> Vec<String> {
    const SIGN: &str = "key cert sign";
    let mut notes = Vec::new();
    let signed = facts.verdict.signers.iter().enumerate().find(|(other, signer)| {
        *signer == &Signer::Sent(position) && facts.verdict.path.contains(other)
    });
    let is_ca = content.ca.is_some_and(|it| it.ca);
    if position == 0 && is_ca {
        notes.push("it is marked as a CA's certificate".to_owned());
    }
    if let Some((other, _)) = signed {
        let number = other + 1;
        if !is_ca {
            notes.push(format!("it signed #{number} and is not marked as a CA's certificate"));
        }
        if content.key_usage.as_ref().is_some_and(|it| !it.iter().any(|it| it == SIGN)) {
            notes.push(format!("it signed #{number} without the usage to sign certificates"));
        }
    }
    let before = facts.verdict.path.iter().take_while(|&&it| it != position).last();
    if let Some(before) = before.filter(|&&it| it > position && is_on_path(facts, position)) {
        let number = before + 1;
        notes.push(format!(
            "sent out of order: before #{number}, which it signed (RFC 8446 section 4.4.2 permits it)"
        ));
    }
    if content.version < 3 {
        notes.push(format!("an X.509 certificate of version {}", content.version));
    }
    let serves = |uses: &Vec<String>| uses.iter().any(|it| it == "server authentication");
    match &content.extended_key_usage {
        Some(uses) if !serves(uses) => notes.push(format!("it is for {} only", uses.join(", "))),
        _ => {}
    }
    let faults = facts.verdict.authority_faults.iter().filter(|(it, _)| *it == position);
    notes.extend(faults.map(|(_, fault)| {
        let what = match fault {
            AuthorityFault::Key => "key",
            AuthorityFault::Certificate => "certificate",
        };
        format!("its authority key identifier is of another {what} than that of its issuer")
    }));
    if position == 0 && content.must_staple && facts.verdict.staple.is_none() {
        notes.push("it demands a stapled OCSP response, and none came".to_owned());
    }
    notes.extend(
        content
            .unknown_critical
            .iter()
            .map(|oid| format!("it has the critical extension {oid}, which is not understood")),
    );
    notes
}

fn is_on_path(facts: &TlsFacts, position: usize) -> bool {
    facts.verdict.path.contains(&position)
}

/// The trust anchor, where it ends the path without having been sent: a heading, and lines.
pub(super) fn anchor_not_sent(facts: &TlsFacts) -> Option<(String, Vec<(Role, String)>)> {
    let anchor = facts.verdict.anchor.as_ref()?;
    let AnchorFacts { subject, pin, origin, validity: dates, .. } = anchor;
    let sent = facts.chain.iter().any(|it| it.pin.as_ref() == Some(pin));
    let number = facts.chain.len() + 1;
    let subject = shortened(subject, MAX_TEXT);
    (!sent).then(|| {
        let mut lines = vec![(Role::Pin, format!("SHA-256 PIN: {}", base64(pin)))];
        lines.extend(dates.map(|(begin, end)| validity(begin, end, facts.verdict.at)));
        (format!("#{number}, not sent: {subject} (trust anchor, {origin})"), lines)
    })
}

/// The verdict in one line.
pub(super) fn verdict(verdict: &Verdict) -> (Role, String) {
    let name = &verdict.name;
    if verdict.is_unproved() {
        return (Role::Bad, format!("REFUSED for {name}: the key of #1 was not proved"));
    }
    let notes: String = verdict.notes.iter().map(|it| format!("; {it}")).collect();
    if verdict.opportunistic {
        let would = match &verdict.strict_refusal {
            None => format!("trust it for {name} by the built-in Mozilla roots{notes}"),
            Some(answer) => format!("refuse it for {name}: {}: {}", answer.question, answer.why),
        };
        let words = format!("not verified (opportunistic profile); a strict client would {would}");
        return (Role::Warning, words);
    }
    if !verdict.trusted() {
        return (Role::Bad, format!("REFUSED for {name}"));
    }
    let asked = [
        Question::Chain,
        Question::Dates,
        Question::Name,
        Question::Purpose,
        Question::Staple,
        Question::Pin,
    ];
    let asked: Vec<_> =
        asked.iter().filter(|it| verdict.asked(**it)).map(ToString::to_string).collect();
    let mut not_asked = "";
    if !verdict.asked(Question::Pin) {
        not_asked = "; no pin asked";
    } else if !verdict.asked(Question::Chain) {
        not_asked = "; chain, dates, name and purpose not asked";
    }
    let order = if verdict.path.is_sorted() { "" } else { "; the chain was sent out of order" };
    let asked = asked.join(", ");
    (Role::Good, format!("trusted for {name} ({asked}{not_asked}{order}){notes}"))
}

/// The answers to show under the verdict: all of them when the peer was refused.
pub(super) fn reasons(verdict: &Verdict) -> &[Answer] {
    let is_let_in = verdict.opportunistic && !verdict.is_unproved();
    if is_let_in || verdict.trusted() { &[] } else { &verdict.answers }
}

/// `name:    no, #1 is for other.test`
pub(super) fn answered(answer: &Answer) -> String {
    let Answer { question, asked, holds, why, .. } = answer;
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
fn role_of(answer: &Answer) -> Role {
    match (answer.asked, answer.holds) {
        (_, Some(true)) => Role::Good,
        (true, _) => Role::Bad,
        (false, _) => Role::Comment,
    }
}

/// kdig's lines for a Subject Alternative Name.
pub(super) fn kdig_name(name: &AltName) -> String {
    match name {
        AltName::Dns(name) => format!("DNSname: {name}"),
        AltName::Ip(address) => format!("IPAddress: {address}"),
        AltName::Email(address) => format!("RFC822Name: {address}"),
        AltName::Uri(uri) => format!("URI: {uri}"),
        AltName::Other(other) => other.clone(),
    }
}

fn names(names: &[AltName]) -> String {
    let shown = names.iter().take(MAX_NAMES).map(|name| shortened(&name.to_string(), MAX_TEXT));
    let shown: Vec<_> = shown.collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" (+{more}, all with -dd)"),
    };
    format!("Names: {}{more}", shown.join(", "))
}

fn validity(not_before: i64, not_after: i64, now: i64) -> (Role, String) {
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
        Some(Signer::Forged(other)) => format!("another key than that of #{}", other + 1),
        Some(Signer::Unverified(other)) if *other == position => "itself (not verified)".to_owned(),
        Some(Signer::Unverified(other)) => format!("#{} (not verified)", other + 1),
        Some(Signer::Unknown) | None => format!("{} (not sent)", content.issuer),
    };
    format!("Key: {}, signed by {signer} with {}", content.key, content.signature)
}

fn line(out: &mut dyn Write, ink: Ink, role: Role, text: &str) -> io::Result<()> {
    ink.paint(out, role, |out| out.write_all(text.as_bytes()))?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_about_a_certificate_is_a_few_lines_unless_all_is_asked_for() {
        let oids = (0..3_000).map(|number| format!("1.2.{number}")).collect();
        let content = CertContent { unknown_critical: oids, version: 3, ..CertContent::default() };
        let (der, pin, fingerprint) = (Vec::new(), None, [0; 32]);
        let certificate = CertFacts { der, pin, fingerprint, content: Ok(content) };
        let facts = TlsFacts { chain: vec![certificate], ..TlsFacts::default() };

        let mut out = Vec::new();
        section(&facts, Ink::new(false), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("critical extension").count(), MAX_NOTES, "{text}");
        assert!(text.contains("\n;;     Note: +2996 more, all with -dd\n"), "{text}");
        assert!(text.lines().count() < 20, "{text}");

        let all = own_lines(0, &facts, 2);
        assert_eq!(all.iter().filter(|(_, line)| line.contains("critical")).count(), 3_000);
        assert!(!all.iter().any(|(_, line)| line.contains("more")));
    }
}
