//! Zone transfers: the messages of one reply, handed on while they come. One rule: over TLS, only
//! a session that may be used for transfers is.

use std::time::Duration;

use super::{Attempt, encode, has_id_of, now, protocol, targets};
use crate::dns::message::Message;
use crate::dns::query::Serial;
use crate::dns::transfer::{Transfer, TransferFault};
use crate::dns::tsig::Verifier;
use crate::error::{Error, Handshake, Reply};
use crate::event::Event;
use crate::exchange::{Packet, Transferred};
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
        let targets = targets(self.lookup)?;
        // neither a command line nor a system's configuration yields no server at all
        let target = targets.first().ok_or_else(|| Error::Internal("no server".into()))?;
        let protocol = protocol(self.lookup);
        let outcome = self.open(target, protocol).and_then(|(mut session, _, start)| {
            let outcome = self.messages(&mut session, start, summary, each);
            match &outcome {
                Ok(()) => session.close(),
                Err(error) => (self.tell)(Event::Failed(error)),
            }
            outcome
        });
        outcome.inspect_err(|error| {
            let server = format!("{}({protocol})", target.typed());
            let took = self.deadline.elapsed();
            (self.tell)(Event::GivenUp { server: &server, error, took });
        })
    }

    fn messages(
        &mut self,
        session: &mut Session,
        start: Duration,
        summary: &mut Option<Transferred>,
        each: &mut dyn FnMut(&Message<'_>) -> bool,
    ) -> Result<(), Error> {
        let peer = session.peer.clone();
        if let Some(facts) = &session.facts {
            transfer_may_use(facts)?;
            if facts.verdict.opportunistic {
                (self.tell)(Event::Warning(format_args!(
                    "the peer of this transfer was not verified (RFC 9103 section 7.3 wants it)"
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
        let incremental = matches!(self.lookup.query.serial, Some(Serial::Authority(_)));
        let mut transfer = Transfer::default();
        // the time that one lookup may take is that of each message here: no zone is too large, and
        // as every message has a record in it, every wait brings the end nearer
        loop {
            std::thread::sleep(self.lookup.route.delay);
            let deadline = Deadline::new(self.lookup.route.timeout);
            let reply = match session.receive(&deadline)? {
                reply if has_id_of(&reply, &query) => reply,
                stray => {
                    self.tell_stray(&stray, &query);
                    return Err(Error::Reply { peer, cause: Reply::OtherId });
                }
            };
            let message = Message::read(&reply);
            let mut outcome = transfer.message(&message, incremental);
            if let (Some(verifier), Ok(last)) = (&mut verifier, &outcome) {
                let verified = verifier.verify(&reply, now());
                let verified =
                    verified.and_then(|()| if *last { verifier.finish() } else { Ok(()) });
                if let Err(fault) = verified {
                    outcome = Err(TransferFault::Signature(fault));
                }
            }
            summary.took = self.deadline.elapsed() - sent;
            match outcome {
                Ok(last) => {
                    summary.octets += reply.len();
                    (summary.messages, summary.records) = (transfer.messages, transfer.records);
                    if !each(&message) || last {
                        return Ok(());
                    }
                }
                Err(fault) => {
                    each(&message);
                    return Err(Error::Transfer { peer, fault });
                }
            }
        }
    }
}

/// What RFC 9103 section 7.1 demands of a session for transfers.
fn transfer_may_use(facts: &TlsFacts) -> Result<(), Error> {
    let SessionFacts { version, alpn, .. } = &facts.session;
    let missing = match (&**version, alpn.as_deref()) {
        ("TLS1.3", Some("dot")) => return Ok(()),
        ("TLS1.3", _) => "the server did not choose ALPN dot",
        _ => "the server does not speak TLS 1.3",
    };
    let what = format!("{missing}, which a transfer over TLS needs (RFC 9103 section 7.1)");
    Err(Error::Handshake(Handshake::Protocol(what)))
}
