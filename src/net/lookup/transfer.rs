//! Zone transfers: the messages of one reply, handed on while they come. One rule: over TLS, only
//! a session that may be used for transfers is.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use super::{Attempt, Opened, encode, has_id_of, now, protocol};
use crate::dns::fault::Fault;
use crate::dns::message::Message;
use crate::dns::section::Section;
use crate::dns::transfer::{Step, Transfer, TransferFault};
use crate::dns::tsig::Verifier;
use crate::error::{Error, Handshake, Missing, Reply};
use crate::event::Event;
use crate::exchange::{Packet, Protocol, Transferred};
use crate::net::deadline::Deadline;
use crate::net::session::Session;
use crate::verdict::{SessionFacts, TlsFacts};

impl Attempt<'_> {
    /// Only the first server is asked: another may have another version of the zone.
    pub(super) fn transfer(
        &mut self,
        summary: &mut Option<Transferred>,
        each: &mut dyn FnMut(&Message<'_>) -> bool,
    ) -> Result<(), Error> {
        let targets = self.targets()?;
        // neither a command line nor a system's configuration yields no server at all
        let target = targets.first().ok_or_else(|| Error::Internal("no server".into()))?;
        let protocol = match protocol(&self.lookup.route) {
            Protocol::Udp => {
                (self.tell)(Event::Warning(format_args!(
                    "a transfer goes over TCP (RFC 5936 section 4.2), whatever +notcp says"
                )));
                Protocol::Tcp
            }
            protocol => protocol,
        };
        (self.tell)(Event::Turn { host: &target.host, port: target.port, at: &self.at });
        let outcome =
            self.open(target, protocol).and_then(|Opened { mut session, start, .. }| {
                let mut odd = Odd::default();
                let outcome = self.messages(&mut session, start, summary, &mut odd, each);
                if let Odd { more: more @ 1.., .. } = odd {
                    (self.tell)(Event::Warning(format_args!(
                        "messages of the transfer with more of this: {more}"
                    )));
                }
                match &outcome {
                    Ok(()) => session.close(),
                    Err(error) => (self.tell)(Event::Failed(error)),
                }
                outcome
            });
        outcome.inspect_err(|error| {
            if !matches!(error, Error::File { .. }) {
                self.given_up(target, protocol, error);
            }
        })
    }

    fn messages(
        &mut self,
        session: &mut Session,
        start: Duration,
        summary: &mut Option<Transferred>,
        odd: &mut Odd,
        each: &mut dyn FnMut(&Message<'_>) -> bool,
    ) -> Result<(), Error> {
        let peer = session.peer.clone();
        if let Some(facts) = &session.facts {
            match transfer_may_use(facts) {
                // not to offer the token is to know that it cannot be chosen
                Err(cause @ Handshake::NoToken) if facts.session.offered.is_empty() => {
                    (self.tell)(Event::Warning(format_args!("{cause}")));
                }
                fit => fit.map_err(Error::Handshake)?,
            }
            if facts.verdict.opportunistic {
                (self.tell)(Event::Warning(format_args!(
                    "the peer of this transfer was not verified (RFC 9103 section 7.5 wants it)"
                )));
            }
        }
        let key = self.key()?;
        let (query, mac) = encode(self.lookup, key.as_ref(), None)?;
        let mut verifier = key.as_ref().zip(mac.as_ref()).map(|(key, mac)| Verifier::new(key, mac));
        session.queue(&query)?;
        session.send(&self.deadline)?;
        let sent = self.deadline.elapsed();
        let summary = summary.insert(Transferred {
            peer: peer.clone(),
            query: Packet { bytes: query.clone(), at: self.at.clone(), took: sent - start },
            tls: session.facts.clone(),
            took: Duration::ZERO,
            octets: 0,
            messages: 0,
            records: 0,
        });
        let asked = Message::read(&query);
        let mut transfer = Transfer::new(&asked);
        // the time that one lookup may take is that of each message here: no zone is too large. A
        // message without a record (RFC 9103 section 7.9.1) brings the end no nearer, and no time
        let mut begun: Option<Deadline> = None;
        loop {
            let left = begun.map(|deadline| (deadline, deadline.left()));
            std::thread::sleep(self.lookup.route.delay);
            let deadline = match left {
                Some((deadline, left)) => deadline.within(left),
                None => self.deadline.anew(self.lookup.route.timeout),
            };
            let received = session.receive(&deadline);
            let lacking = || Some(Missing::Transfer(transfer.missing()));
            let reply = match received.map_err(|error| error.lacking(lacking()))? {
                reply if has_id_of(&reply, &query) => reply,
                stray => {
                    self.tell_stray(&stray, &query);
                    return Err(Error::Reply { peer, cause: Reply::OtherId });
                }
            };
            let message = Message::read(&reply);
            let faults = transfer.faults(&message);
            let mut outcome = transfer.message(&message, &faults);
            if let (Some(verifier), Ok(step)) = (&mut verifier, &outcome) {
                let verified = verifier.verify(&reply, now());
                let verified =
                    verified.and_then(|()| if step.last { verifier.finish() } else { Ok(()) });
                if let Err(fault) = verified {
                    outcome = Err(TransferFault::Signature(fault));
                }
            }
            self.warn(&faults, &outcome, odd);
            summary.took = self.deadline.elapsed() - sent;
            match outcome {
                Ok(step) => {
                    summary.octets += reply.len();
                    (summary.messages, summary.records) = (transfer.messages, transfer.records);
                    if !each(&message) || step.last {
                        return Ok(());
                    }
                    begun = Some(deadline).filter(|_| step.records == 0);
                    // what waits to be read is read without a look at the time
                    if begun.is_some() && deadline.is_over() {
                        let cause = Reply::TimedOut(deadline.elapsed());
                        let missing = Some(Missing::Transfer(transfer.missing()));
                        return Err(Error::Reply { peer, cause }.lacking(missing));
                    }
                }
                Err(fault) => {
                    // its records are shown; a refusal without any is not counted, as in kdig
                    let records = message.section(Section::Answer).len();
                    if records > 0 {
                        summary.octets += reply.len();
                        summary.messages += 1;
                        summary.records += records;
                    }
                    each(&message);
                    return Err(Error::Transfer { peer, fault });
                }
            }
        }
    }

    /// Tells what is wrong with a message, each kind once in a transfer, but not what the transfer
    /// ends with.
    fn warn(&mut self, faults: &[Fault], outcome: &Result<Step, TransferFault>, odd: &mut Odd) {
        let is_end = |fault: &Fault| match outcome {
            Err(TransferFault::NoAnswer(end) | TransferFault::Unreadable(end)) => end == fault,
            Err(TransferFault::Truncated) => *fault == Fault::Truncated,
            _ => false,
        };
        let mut again = false;
        let records = outcome.as_ref().map_or(&[][..], |step| &step.odd);
        for fault in faults.iter().filter(|fault| !is_end(fault)).chain(records) {
            let kind = discriminant(fault);
            if odd.told.contains(&kind) {
                again = true;
            } else {
                odd.told.push(kind);
                (self.tell)(Event::Warning(format_args!("{fault}")));
            }
        }
        odd.more += usize::from(again);
        if let Ok(Step { beyond: beyond @ 1.., .. }) = outcome {
            let records = if *beyond == 1 { "record" } else { "records" };
            (self.tell)(Event::Warning(format_args!(
                "{beyond} {records} after the SOA record that ends the transfer"
            )));
        }
    }
}

/// What was wrong with messages of a transfer.
#[derive(Default)]
struct Odd {
    /// The kinds of faults that were told.
    told: Vec<Discriminant<Fault>>,
    /// Messages with one of them again.
    more: usize,
}

/// What RFC 9103 demands of a session for transfers.
fn transfer_may_use(facts: &TlsFacts) -> Result<(), Handshake> {
    let SessionFacts { version, alpn, .. } = &facts.session;
    match (&**version, alpn.as_deref()) {
        ("TLS1.3", Some("dot")) => Ok(()),
        ("TLS1.3", _) => Err(Handshake::NoToken),
        _ => Err(Handshake::Protocol(
            "the session is not of TLS 1.3, which a transfer over TLS needs (RFC 9103 section 7.2)"
                .into(),
        )),
    }
}
