//! A session with a server: its addresses in turn, a connection, a handshake. One rule: an address
//! that is silent leaves as much time to each of the others.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Attempt, share};
use crate::error::{Connect, Error, Handshake};
use crate::event::{Event, Source};
use crate::exchange::{Endpoint, Peer, Phases, Protocol};
use crate::net::deadline::Deadline;
use crate::net::dial::{self, Race, Stream};
use crate::net::resolve;
use crate::net::session::{Limits, Session, Unfinished};
use crate::plan::Target;
use crate::tls::hello::OwnKey;
use crate::tls::policy::{Policy, Root};
use crate::tls::roots::Trust;

/// A session that is open, and what that took.
pub(super) struct Opened {
    /// The session.
    pub(super) session: Session,
    /// How long connection and handshake took.
    pub(super) phases: Phases,
    /// When opening began, as the lookup counts.
    pub(super) start: Duration,
}

impl Opened {
    fn new(session: Session, start: Duration, connected: Duration) -> Self {
        let connect = connected.saturating_sub(start);
        let phases = Phases { connect, handshake: session.handshake, ..Phases::default() };
        Self { session, phases, start }
    }
}

/// The peers that took a hello only without the post-quantum share, so that the next session with
/// them begins with that. All who ask for one command line share what they learned.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct ShortHellos(Arc<Mutex<BTreeSet<Endpoint>>>);

impl ShortHellos {
    fn contains(&self, peer: &Endpoint) -> bool {
        self.peers().contains(peer)
    }

    fn insert(&self, peer: &Endpoint) {
        self.peers().insert(peer.clone());
    }

    fn peers(&self) -> MutexGuard<'_, BTreeSet<Endpoint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a peer may be silent before the hello is made shorter, where a lookup may take for ever.
const PATIENCE: Duration = Duration::from_millis(2500);

impl Attempt<'_> {
    /// A session with the first address of a server that gets as far as that.
    pub(super) fn open(&mut self, target: &Target, protocol: Protocol) -> Result<Opened, Error> {
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
                let peer = Peer { address: Endpoint::Path(target.host.clone()), protocol };
                self.greet(stream, peer, target, trust, start)
            });
            return opened.inspect_err(|error| (self.tell)(Event::Failed(error)));
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
            // who is silent leaves as much to each of the others
            let whole = self.deadline;
            self.deadline = share(whole, 1 + race.rest());
            let peer = Peer { address: Endpoint::Ip(address), protocol };
            let opened = self.greet(stream, peer, target, trust.clone(), start);
            self.deadline = whole;
            match opened {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    (self.tell)(Event::Failed(&error));
                    last = Some(weightier(last, error));
                }
            }
        }
    }

    /// Handshakes with a peer that is connected, where the protocol has a handshake. A peer that may
    /// not bear the length of the ClientHello is dialled once more, and gets a shorter one.
    fn greet(
        &mut self,
        stream: Stream,
        peer: Peer,
        target: &Target,
        trust: Option<Arc<Trust>>,
        start: Duration,
    ) -> Result<Opened, Error> {
        let connected = self.deadline.elapsed();
        (self.tell)(Event::Dialling(&peer));
        if peer.protocol != Protocol::Tls {
            let mut session = Session::plain(stream, peer);
            session.introduce(self.lookup.route.proxy);
            return Ok(Opened::new(session, start, connected));
        }
        let trust = match trust {
            Some(trust) => trust,
            None => self.trust(target)?,
        };
        let whole = self.deadline;
        let smaller = target.hello.smaller().map(|hello| {
            let mut target = target.clone();
            target.hello = hello;
            target
        });
        let Some(smaller) = smaller else {
            let session = self.shake_hands(stream, peer, target, trust, whole)?;
            return Ok(Opened::new(session, start, connected));
        };
        if self.asker.short_hellos.contains(&peer.address) {
            let session = self.shake_hands(stream, peer, &smaller, trust, whole)?;
            return Ok(Opened::new(session, start, connected));
        }
        let half = whole.within(Some(whole.left().map_or(PATIENCE, |left| left / 2)));
        let Unfinished { error, refusal } =
            match self.shake_hands(stream, peer.clone(), target, Arc::clone(&trust), half) {
                Ok(session) => return Ok(Opened::new(session, start, connected)),
                Err(unfinished) => unfinished,
            };
        let Some(refusal) = refusal.filter(|_| !whole.is_over()) else { return Err(error) };
        (self.tell)(Event::Warning(format_args!(
            "TLS, no ServerHello from {peer} ({refusal}), trying once more without the \
             post-quantum share of X25519MLKEM768"
        )));
        let again = self.dial_again(&peer).and_then(|stream| {
            let connected = self.deadline.elapsed();
            let session = self.shake_hands(stream, peer.clone(), &smaller, trust, whole)?;
            Ok(Opened::new(session, start, connected))
        });
        match again {
            Ok(opened) => {
                self.asker.short_hellos.insert(&peer.address);
                Ok(opened)
            }
            Err(again) => Err(more_telling(error, again)),
        }
    }

    /// Another connection to a peer that was connected before.
    fn dial_again(&mut self, peer: &Peer) -> Result<Stream, Error> {
        (self.tell)(Event::Dialling(peer));
        let address = match &peer.address {
            Endpoint::Path(path) => return dial::unix(path, peer.protocol, &self.deadline),
            Endpoint::Ip(address) => *address,
        };
        let mut race = Race::new(vec![address], self.lookup.route.source, peer.protocol);
        let mut failure = None;
        let next = race.next(&self.deadline, &mut |error| failure = Some(error));
        next.map(|(_, stream)| stream).ok_or_else(|| {
            let cause = Connect::TimedOut(self.deadline.elapsed());
            failure.unwrap_or_else(|| Error::Connect { peer: peer.to_string(), cause })
        })
    }

    /// One handshake; the first octet of the peer's is waited for until `first`.
    fn shake_hands(
        &mut self,
        stream: Stream,
        peer: Peer,
        target: &Target,
        trust: Arc<Trust>,
        first: Deadline,
    ) -> Result<Session, Unfinished> {
        let limits = Limits { first, whole: self.deadline };
        let session = Session::greet(stream, peer, target, trust, &limits);
        let facts = match &session {
            Ok(session) => session.facts.as_ref(),
            Err(Unfinished { error: Error::Refused(facts), .. }) => Some(facts),
            Err(_) => None,
        };
        if let Some(facts) = facts {
            (self.tell)(Event::Met(facts));
        }
        session
    }

    /// What a target is judged by, once it is sure that our own certificate can be shown.
    fn trust(&mut self, target: &Target) -> Result<Arc<Trust>, Error> {
        if let Some(own) = &target.hello.own {
            // the session loads it again; what is wrong with it is told before anybody is dialled
            OwnKey::load(Some(own), &target.hello.provider())?;
        }
        let trust = Trust::load(&target.policy)?;
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

/// Which of the errors of two handshakes with one peer says more of it: what it said rather than that
/// it ended the connection, and that rather than that time was up. Of equals it is the first, but for
/// time, which the second has waited for to its end.
fn more_telling(first: Error, second: Error) -> Error {
    let weight = |error: &Error| match error {
        Error::Connect { .. } => 0,
        error if error.is_timeout() => 0,
        Error::Handshake(Handshake::Closed | Handshake::Reset | Handshake::PlainPort(_)) => 1,
        Error::Handshake(_) => 2,
        _ => 3,
    };
    match (weight(&first), weight(&second)) {
        (0, 0) if second.is_timeout() => second,
        (older, newer) if newer > older => second,
        _ => first,
    }
}
