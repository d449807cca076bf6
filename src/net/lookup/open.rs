//! A session with a server: its addresses in turn, a connection, a handshake. One rule: an address
//! that is silent leaves as much time to each of the others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Attempt, share};
use crate::error::Error;
use crate::event::{Event, Source};
use crate::exchange::{Endpoint, Peer, Phases, Protocol};
use crate::file::Wait;
use crate::net::dial::{self, Race, Stream};
use crate::net::resolve;
use crate::net::session::Session;
use crate::plan::Target;
use crate::tls::hello::{OwnKey, provider};
use crate::tls::policy::{Policy, Root};
use crate::tls::roots::Trust;

impl Attempt<'_> {
    /// A session with the first address of a server that gets as far as that.
    pub(super) fn open(
        &mut self,
        target: &Target,
        protocol: Protocol,
    ) -> Result<(Session, Phases, Duration), Error> {
        self.querying(target, Protocol::Tcp);
        // who cannot sign, or judge, or show who they are, need not call
        self.key()?;
        let mut trust = None;
        if protocol == Protocol::Tls && names_files(target) {
            trust =
                Some(self.trust(target).inspect_err(|error| (self.tell)(Event::Failed(error)))?);
        }
        let start = self.deadline.elapsed();
        if target.is_path() {
            let opened = dial::unix(&target.host, protocol, &self.deadline).and_then(|stream| {
                self.greet(stream, Endpoint::Path(target.host.clone()), target, protocol, trust)
            });
            let session = opened.inspect_err(|error| (self.tell)(Event::Failed(error)))?;
            return Ok((session, Phases::default(), start));
        }
        let addresses = self.addresses(target)?;
        if let Some(first) = addresses.first() {
            (self.tell)(Event::Dialling(&Peer { address: Endpoint::Ip(*first), protocol }));
        }
        let mut race = Race::new(addresses, self.lookup.route.source, protocol);
        let mut last = race.start();
        if let Some(error) = &last {
            (self.tell)(Event::Failed(error));
        }
        // while the connection is on its way
        if protocol == Protocol::Tls && trust.is_none() {
            trust =
                Some(self.trust(target).inspect_err(|error| (self.tell)(Event::Failed(error)))?);
        }
        loop {
            let tell = &mut *self.tell;
            let next = race.next(&self.deadline, &mut |error| {
                tell(Event::Failed(&error));
                last = Some(weightier(last.take(), error));
            });
            let Some((address, stream)) = next else {
                // a server without an address was an error above
                return Err(last.unwrap_or_else(|| Error::Internal("no address to query".into())));
            };
            let connected = self.deadline.elapsed();
            // who is silent leaves as much to each of the others
            let whole = self.deadline;
            self.deadline = share(whole, 1 + race.rest());
            let greeted =
                self.greet(stream, Endpoint::Ip(address), target, protocol, trust.clone());
            self.deadline = whole;
            match greeted {
                Ok(session) => {
                    let handshake = session.handshake;
                    let connect = connected - start;
                    let phases = Phases { connect, handshake, ..Phases::default() };
                    return Ok((session, phases, start));
                }
                Err(error) => {
                    (self.tell)(Event::Failed(&error));
                    last = Some(weightier(last, error));
                }
            }
        }
    }

    fn greet(
        &mut self,
        stream: Stream,
        address: Endpoint,
        target: &Target,
        protocol: Protocol,
        trust: Option<Arc<Trust>>,
    ) -> Result<Session, Error> {
        let peer = Peer { address, protocol };
        (self.tell)(Event::Dialling(&peer));
        if protocol != Protocol::Tls {
            let mut session = Session::plain(stream, peer);
            session.introduce(self.lookup.route.proxy);
            return Ok(session);
        }
        let trust = match trust {
            Some(trust) => trust,
            None => self.trust(target)?,
        };
        let greeted = Session::greet(stream, peer, target, trust, &self.deadline);
        let facts = match &greeted {
            Ok(session) => session.facts.as_ref(),
            Err(Error::Refused(facts)) => Some(facts),
            Err(_) => None,
        };
        if let Some(facts) = facts {
            (self.tell)(Event::Met(facts));
        }
        greeted
    }

    /// What a target is judged by, once it is sure that our own certificate can be shown.
    fn trust(&mut self, target: &Target) -> Result<Arc<Trust>, Error> {
        let wait = Wait::new(self.deadline.left());
        if let Some(own) = &target.hello.own {
            // the session loads it again; what is wrong with it is told before anybody is dialled
            OwnKey::load(Some(own), &provider(target.hello.post_quantum), &wait)?;
        }
        let trust = Trust::load(&target.policy, &wait)?;
        for (root, count) in &trust.anchors.imported {
            let source = match root {
                Root::System => Source::System,
                Root::Mozilla => Source::Mozilla,
                Root::File(path) => Source::File(path),
            };
            (self.tell)(Event::Imported { source, count: *count });
        }
        Ok(Arc::new(trust))
    }

    pub(super) fn addresses(&mut self, target: &Target) -> Result<Vec<SocketAddr>, Error> {
        resolve::addresses(target, &self.deadline)
            .inspect_err(|error| (self.tell)(Event::Failed(error)))
    }
}

/// Whether a lookup needs files that somebody named, which may not be there.
fn names_files(target: &Target) -> bool {
    let Policy { roots, pin_files, .. } = &target.policy;
    let files = roots.iter().any(|root| matches!(root, Root::File(_)));
    files || !pin_files.is_empty() || target.hello.own.is_some()
}

/// Which of the errors of two addresses says more of the server: a refusal more than a handshake that
/// failed, and that more than no connection. Of equals it is the newer.
fn weightier(older: Option<Error>, newer: Error) -> Error {
    let weight = |error: &Error| match error {
        Error::Connect { .. } => 0,
        Error::Handshake(_) => 1,
        _ => 2,
    };
    match older {
        Some(older) if weight(&older) > weight(&newer) => older,
        _ => newer,
    }
}
