//! What happens, while it happens: debug lines, warnings, errors, hints. This file talks, and these
//! are its rules. No capital at the start and no full stop at the end, but where kdig has them. The
//! fact first, then what was expected and what came. A hint only where it is one thing to type.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;

use super::certificates as who;
use super::ink::{Ink, Role};
use crate::error::{Error, Reply};
use crate::event::{Event, Source};
use crate::exchange::Protocol;
use crate::text;
use crate::verdict::{Flaw, Question, TlsFacts};

/// The two streams that a person sees, and what may be said on them.
pub struct Talk<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Warnings, errors, hints.
    pub err: &'a mut dyn Write,
    /// The pen for results.
    pub ink: Ink,
    /// The pen for the rest.
    pub err_ink: Ink,
    /// How often `-d` was given.
    pub debug: u8,
    /// The chain is shown as PEM.
    pub pem: bool,
    /// Debug lines are on `err`, because `out` belongs to data.
    pub data_only: bool,
    /// A person reads `out`, so that objects are laid out for the eye.
    pub pretty: bool,
    /// A person watches `err` and would like to know how far a batch is.
    pub watched: bool,
    /// The last line of `err` says how far, and goes when another is written.
    pub passing: bool,
    /// How many replies were not padded although the query was: counted in a batch, told at once
    /// where there is no count.
    pub unpadded: Option<usize>,
    /// The reader of `out` has left, and what is written there is discarded.
    pub is_left: Rc<Cell<bool>>,
}

impl Talk<'_> {
    /// Words one event.
    pub fn tell(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            // what follows says it
            Event::Turn { .. } | Event::Dialling(_) => Ok(()),
            Event::Querying { owner, qclass, qtype, host, port, protocol } => {
                self.debug(format_args!(
                    "Querying for owner({owner}), class({qclass}), type({qtype}), server({host}), \
                     port({port}), protocol({protocol})"
                ))
            }
            Event::Reused { owner, qclass, qtype } => self.debug(format_args!(
                "Querying for owner({owner}), class({qclass}), type({qtype}), reused connection"
            )),
            Event::Warning(words) => self.warning(words),
            Event::Hint(hint) => self.say(Role::Hint, format_args!(";; HINT: {hint}")),
            Event::Truncated(words) => {
                self.warning(words)?;
                // kdig parts the attempts with an empty line
                if self.data_only { Ok(()) } else { writeln!(self.out) }
            }
            Event::Retrying(peer) => self.debug(format_args!("retrying server {peer}")),
            Event::Imported { source, count } => match source {
                Source::System => {
                    self.debug(format_args!("TLS, imported {count} system certificates"))
                }
                Source::Mozilla => {
                    self.debug(format_args!("TLS, imported {count} built-in Mozilla certificates"))
                }
                Source::File(path) => self.debug(format_args!(
                    "TLS, imported {count} certificates from '{}'",
                    text::free(path)
                )),
            },
            Event::Met(facts) => self.met(facts),
            Event::Ended(facts) => match facts.session.tickets {
                0 => Ok(()),
                tickets => self.debug(format_args!("TLS, session tickets received: {tickets}")),
            },
            Event::Stray { id, expected } => self
                .warning(format_args!("reply ID ({id}) is different from query ID ({expected})")),
            Event::Failed(error) => self.failed(error),
            Event::GivenUp { server, error, .. } => {
                // what concerns the command line, or a file here, concerns no server
                if !matches!(error, Error::Usage { .. } | Error::File { .. }) {
                    self.error(format_args!("failed to query server {server}"))?;
                }
                self.hint(error)
            }
        }
    }

    /// `;; INFO: ...`, among the results.
    pub fn info(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        let words = one_line(words);
        self.ink.paint(self.out, Role::Comment, |out| write!(out, ";; INFO: {words}"))?;
        writeln!(self.out)
    }

    /// `;; WARNING: ...`
    pub fn warning(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        self.say(Role::Warning, format_args!(";; WARNING: {words}"))
    }

    /// The query was padded and the reply is not.
    pub fn unpadded(&mut self) -> io::Result<()> {
        match &mut self.unpadded {
            Some(count) => {
                *count += 1;
                Ok(())
            }
            None => self.warning(format_args!(
                "the query was padded and the reply is not (RFC 7830 section 4)"
            )),
        }
    }

    /// `;; ERROR: ...`
    pub fn error(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        self.say(Role::Bad, format_args!(";; ERROR: {words}"))
    }

    /// `;; HINT: ...`, where there is one.
    pub fn hint(&mut self, error: &Error) -> io::Result<()> {
        match error.hint() {
            Some(hint) => self.say(Role::Hint, format_args!(";; HINT: {hint}")),
            None => Ok(()),
        }
    }

    /// The last line of a batch, where the results are unless those are bare data.
    pub fn summary(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        // what no reader has taken tells whether there is one
        self.out.flush()?;
        if self.data_only || self.is_left.get() {
            return self.say(Role::Comment, format_args!(";; {words}"));
        }
        self.ink.paint(self.out, Role::Comment, |out| write!(out, "\n;; {words}"))?;
        writeln!(self.out)
    }

    /// How far a batch is, in the place of what was last said of it, which goes in any case.
    pub fn progress(&mut self, words: Option<&str>) -> io::Result<()> {
        let passing = words.is_some();
        if passing || self.passing {
            write!(self.err, "\r{}\x1b[K", words.unwrap_or_default())?;
            self.err.flush()?;
        }
        self.passing = passing;
        Ok(())
    }

    fn failed(&mut self, error: &Error) -> io::Result<()> {
        match error {
            Error::Refused(facts) => {
                // the chain and the verdict are a result, whatever became of the lookup
                if self.debug == 0 && !self.data_only {
                    who::session(facts, self.ink, self.out)?;
                    who::section(facts, self.ink, self.out)?;
                }
                if self.pem {
                    who::pem(facts, self.out)?;
                }
                if facts.verdict.refusal().is_some_and(|it| it.question == Question::Staple) {
                    if let Some(words) = kdig_staple(facts) {
                        self.warning(format_args!("TLS, {words}"))?;
                    }
                    self.warning(format_args!("TLS, failed to validate required OCSP data"))?;
                }
                self.warning(format_args!("{error}"))
            }
            Error::Usage { .. }
            | Error::Resolve { .. }
            | Error::Transfer { .. }
            | Error::Internal(_) => self.error(format_args!("{error}")),
            // no server is given up for it
            Error::File { .. } => {
                self.error(format_args!("{error}"))?;
                self.hint(error)
            }
            Error::Connect { .. } | Error::Handshake(_) => self.warning(format_args!("{error}")),
            Error::Reply { peer, cause } => {
                self.warning(format_args!("{error}"))?;
                match (peer.protocol, cause.end()) {
                    // all is said
                    (Protocol::Tcp | Protocol::Udp, Reply::TimedOut(_)) => Ok(()),
                    _ => self.warning(format_args!("can't receive reply from {peer}")),
                }
            }
        }
    }

    fn met(&mut self, facts: &TlsFacts) -> io::Result<()> {
        if self.debug == 0 || facts.verdict.answers.is_empty() {
            return Ok(());
        }
        self.hierarchy(facts)?;
        self.verdict(facts)?;
        self.session(facts)
    }

    /// Our certificate, then those that came.
    fn hierarchy(&mut self, facts: &TlsFacts) -> io::Result<()> {
        if let Some((chain, key)) = &facts.session.own.files {
            self.debug(format_args!(
                "TLS, added client certfile '{}' and keyfile '{}'",
                text::free(chain),
                text::free(key)
            ))?;
        }
        self.debug(format_args!("TLS, received certificate hierarchy:"))?;
        for (position, certificate) in facts.chain.iter().enumerate() {
            self.debug(format_args!(" {}", who::heading(position, certificate)))?;
            if let (2.., Ok(content)) = (self.debug, &certificate.content)
                && !content.names.is_empty()
            {
                self.debug(format_args!("     Subject Alternative Name:"))?;
                for name in &content.names {
                    self.debug(format_args!("       {}", who::kdig_name(name)))?;
                }
            }
            let mark = who::pin_mark(position, &facts.verdict);
            self.debug(format_args!("     {}{mark}", who::pin_line(certificate)))?;
            for (_, line) in who::own_lines(position, facts, self.debug) {
                self.debug(format_args!("     {line}"))?;
            }
        }
        // worded differently from a sent certificate, so that scripts count only what was sent
        if let Some((heading, lines)) = who::anchor_not_sent(facts) {
            let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
            self.debug(format_args!("     {heading}, {}", lines.join(", ")))?;
        }
        Ok(())
    }

    /// kdig's words for what became of pin and chain, then ours.
    fn verdict(&mut self, facts: &TlsFacts) -> io::Result<()> {
        let verdict = &facts.verdict;
        let mut pin_failed = false;
        match verdict.answer(Question::Pin).map(|it| (it.asked, it.holds)) {
            Some((true, Some(true))) => {}
            Some((true, _)) => {
                pin_failed = true;
                self.debug(format_args!("TLS, no certificate PIN match"))?;
            }
            _ => self.debug(format_args!("TLS, skipping certificate PIN check"))?,
        }
        let staple_failed = verdict
            .refusal()
            .is_some_and(|it| it.question == Question::Staple && it.flaw != Some(Flaw::Revoked));
        if pin_failed || staple_failed || verdict.is_unproved() {
            // as in kdig, no peer is called trusted after this, whatever the chain is worth
        } else if verdict.asked(Question::Chain) {
            let reasons = kdig_reasons(facts);
            if reasons.is_empty() {
                self.debug(format_args!("TLS, The certificate is trusted."))?;
            } else {
                let reasons = reasons.join(" ");
                self.debug(format_args!("TLS, The certificate is NOT trusted. {reasons}"))?;
            }
        } else {
            self.debug(format_args!("TLS, skipping certificate verification"))?;
        }
        self.debug(format_args!("TLS, Verdict: {}", who::verdict(verdict).1))?;
        for answer in who::reasons(verdict) {
            self.debug(format_args!("     {}", who::answered(answer)))?;
        }
        Ok(())
    }

    /// What was offered, chosen, stapled and asked for.
    fn session(&mut self, facts: &TlsFacts) -> io::Result<()> {
        let session = &facts.session;
        let sni = session.sni.as_deref().unwrap_or("none");
        let chosen = session.alpn.as_deref().unwrap_or("none");
        let offered = match &session.offered[..] {
            [] => "none".to_owned(),
            tokens => text::free(tokens.join(", ")),
        };
        self.debug(format_args!(
            "TLS, sent SNI {sni}, offered ALPN {offered}, the server chose {chosen}"
        ))?;
        if facts.verdict.staple.is_none() {
            self.debug(format_args!("TLS, the server stapled no OCSP response"))?;
        }
        let own = &session.own;
        match (own.asked, own.sent, &own.files) {
            (true, true, _) => self.debug(format_args!(
                "TLS, the server asked for a client certificate, one was sent"
            )),
            (true, false, Some(_)) => self.debug(format_args!(
                "TLS, the server asked for a client certificate of a kind that ours is not"
            )),
            (true, false, None) => self.debug(format_args!(
                "TLS, the server asked for a client certificate, there was none to send"
            )),
            (false, _, Some(_)) => {
                self.debug(format_args!("TLS, the server asked for no client certificate"))
            }
            (false, _, None) => Ok(()),
        }
    }

    fn debug(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        if self.debug == 0 {
            return Ok(());
        }
        if self.data_only {
            return self.say(Role::Comment, format_args!(";; DEBUG: {words}"));
        }
        let words = one_line(words);
        self.ink.paint(self.out, Role::Comment, |out| write!(out, ";; DEBUG: {words}"))?;
        writeln!(self.out)?;
        self.out.flush()
    }

    /// One line on `err`; what was said on `out` before stands before it on a terminal too.
    fn say(&mut self, role: Role, words: fmt::Arguments<'_>) -> io::Result<()> {
        self.out.flush()?;
        self.progress(None)?;
        let words = one_line(words);
        self.err_ink.paint(self.err, role, |err| write!(err, "{words}"))?;
        writeln!(self.err)
    }
}

/// Whatever was typed, sent or found in a file: what is said in one line stays in it.
fn one_line(words: fmt::Arguments<'_>) -> String {
    text::free(words.to_string())
}

/// What kdig says of a staple that is not good enough, in kdig's words.
fn kdig_staple(facts: &TlsFacts) -> Option<&'static str> {
    let answer = facts.verdict.answer(Question::Staple)?;
    Some(match (answer.flaw?, facts.verdict.staple.as_ref()) {
        (Flaw::NoStaple, _) => "unable to retrieve stapled OCSP data",
        (Flaw::Revoked, _) => "OCSP data shows that cert was revoked",
        (Flaw::StaleStaple, Some(Ok(it)))
            if it.next_update.is_some_and(|it| it < facts.verdict.at) =>
        {
            "a newer OCSP response is available but was not sent"
        }
        (Flaw::StaleStaple, _) => "OCSP response is out of date.",
        (_, Some(Ok(_))) => "OCSP response either empty or not for provided server cert",
        _ => "unable to verify OCSP response against issuer cert",
    })
}

/// What kdig says of a refused chain, in kdig's words and order. As there, the dates of a chain
/// without a trust anchor are not among the reasons.
fn kdig_reasons(facts: &TlsFacts) -> Vec<&'static str> {
    let verdict = &facts.verdict;
    let flaw = |question| verdict.answer(question).and_then(|it| it.flaw);
    let failed = |question| verdict.answer(question).is_some_and(|it| it.holds != Some(true));
    let contents = verdict.path.iter().filter_map(|&it| facts.chain.get(it)?.content.as_ref().ok());
    let not_yet = contents.into_iter().any(|it| verdict.at < it.not_before);
    let dates = failed(Question::Dates) && !failed(Question::Chain);
    let chain = flaw(Question::Chain);
    let only = [
        (Flaw::NotCa, "The certificate issuer is not a CA."),
        (Flaw::WeakAlgorithm, "The certificate chain uses insecure algorithm."),
        (Flaw::NameConstraint, "The certificate chain violates the signer's constraints."),
        (Flaw::PathLength, "The certificate chain violates the signer's constraints."),
        (Flaw::BadSignature, "The signature in the certificate is invalid."),
        (Flaw::UnknownCritical, "The certificate contains an unknown critical extension."),
    ];
    let chain_words = only
        .iter()
        .find(|(flaw, _)| Some(*flaw) == chain)
        .map_or("The certificate issuer is unknown.", |(_, words)| *words);
    [
        (flaw(Question::Staple) == Some(Flaw::Revoked), "The certificate chain is revoked."),
        (failed(Question::Chain), chain_words),
        (failed(Question::Purpose), "The certificate chain does not match the intended purpose."),
        (dates && not_yet, "The certificate chain uses not yet valid certificate."),
        (dates && !not_yet, "The certificate chain uses expired certificate."),
        (failed(Question::Name), "The name in the certificate does not match the expected."),
    ]
    .into_iter()
    .filter(|(applies, _)| *applies)
    .map(|(_, words)| words)
    .collect()
}
