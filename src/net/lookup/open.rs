//! A session with a server: its addresses in turn, a connection, a handshake. One rule: an address
//! that is silent leaves as much time to each of the others.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::{Attempt, share};
use crate::error::{Error, Handshake, system_words};
use crate::event::{Event, Source};
use crate::exchange::{Endpoint, Peer, Phases, Protocol};
use crate::file::Wait;
use crate::net::deadline::{Deadline, poll};
use crate::net::dial::{self, Race, Stream};
use crate::net::resolve;
use crate::net::session::{Greeting, Session, Unfinished};
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

/// How long a peer may be silent before it gets a shorter hello, where a lookup may take for ever.
const PATIENCE: Duration = Duration::from_millis(2500);

impl Attempt<'_> {
    /// A session with the first address of a server that gets as far as that.
    pub(super) fn open(&mut self, target: &Target, protocol: Protocol) -> Result<Opened, Error> {
        self.querying(target, Protocol::Tcp);
        // fail on unreadable local files before connecting
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
            // keep an equal share of the time for each of the remaining addresses
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

    /// Handshakes with a peer that is connected, where the protocol has a handshake. A peer that
    /// may not bear the length of the ClientHello is dialled once more, and gets a shorter one.
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
        let deadline = self.deadline;
        let smaller = target.hello.smaller().map(|hello| {
            let mut target = target.clone();
            target.hello = hello;
            target
        });
        let is_known = self.asker.short_hellos.contains(&peer.address);
        let long = smaller.is_some() && !is_known;
        let target = smaller.as_ref().filter(|_| is_known).unwrap_or(target);
        let begun = Greeting::begin(stream, peer.clone(), target, Arc::clone(&trust), &deadline)?;
        let mut first = Hello { greeting: begun, connected, is_again: false };
        let Some(smaller) = smaller.as_ref().filter(|_| long) else {
            let session = self.finish(first.greeting).map_err(|it| it.error)?;
            return Ok(Opened::new(session, start, connected));
        };
        let patience = deadline.left().map_or(PATIENCE, |left| left / 2);
        let (running, refusal, error) =
            if first.greeting.hears(&deadline.within(Some(patience))) || deadline.is_over() {
                match self.finish(first.greeting) {
                    Ok(session) => return Ok(Opened::new(session, start, connected)),
                    Err(Unfinished { error, refusal: Some(refusal) }) if !deadline.is_over() => {
                        (None, refusal, Some(error))
                    }
                    Err(Unfinished { error, .. }) => return Err(error),
                }
            } else {
                (Some(first), Handshake::Silent(deadline.elapsed()), None)
            };
        (self.tell)(Event::Warning(format_args!(
            "TLS, no ServerHello from {peer} ({refusal}), trying once more without the \
             post-quantum share of X25519MLKEM768"
        )));
        self.greet_again(&peer, smaller, trust, start, running, error)
    }

    /// Dials a peer that was connected before, and greets it anew. A first handshake that may yet
    /// go on is `running` beside that: a server that is slow is none that bears no long hello.
    fn greet_again(
        &mut self,
        peer: &Peer,
        smaller: &Target,
        trust: Arc<Trust>,
        start: Duration,
        running: Option<Hello<'_>>,
        mut error: Option<Error>,
    ) -> Result<Opened, Error> {
        let deadline = self.deadline;
        (self.tell)(Event::Dialling(peer));
        let source = self.lookup.route.source;
        let before = running.as_ref().map(|hello| &hello.greeting);
        let dialled = dial::again(peer, source, before, &deadline);
        let mut hellos: Vec<_> = running.into_iter().collect();
        match dialled {
            Ok(Some(stream)) => {
                let connected = deadline.elapsed();
                let greeting = Greeting::begin(stream, peer.clone(), smaller, trust, &deadline)?;
                hellos.push(Hello { greeting, connected, is_again: true });
            }
            // the first was sooner
            Ok(None) => {}
            Err(newer) => error = Some(more_telling(error, newer)),
        }
        while !hellos.is_empty() {
            let place = sooner(&hellos, &deadline).map_err(|error| {
                let cause = Handshake::Protocol(system_words(&error));
                Error::Handshake(cause)
            })?;
            let Hello { greeting, connected, is_again } = hellos.swap_remove(place);
            match self.finish(greeting) {
                Ok(session) => {
                    if is_again {
                        self.asker.short_hellos.insert(&peer.address);
                    }
                    return Ok(Opened::new(session, start, connected));
                }
                Err(Unfinished { error: newer, refusal }) => {
                    error = Some(more_telling(error, newer));
                    if refusal.is_none() || deadline.is_over() {
                        break;
                    }
                }
            }
        }
        Err(error.unwrap_or_else(|| Error::Internal("no handshake".into())))
    }

    /// Goes on with a handshake to its end.
    fn finish(&mut self, greeting: Greeting<'_>) -> Result<Session, Unfinished> {
        let session = greeting.finish(&self.deadline);
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
        let wait = Wait::new(self.deadline.left());
        if let Some(own) = &target.hello.own {
            // check the client certificate before connecting; the session loads it again
            OwnKey::load(Some(own), &target.hello.provider(), &wait)?;
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

/// Whether a lookup needs files that the user named, which may not be there.
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

/// A handshake under way.
struct Hello<'a> {
    greeting: Greeting<'a>,
    /// When the connection stood.
    connected: Duration,
    /// It is the second, whose hello is short.
    is_again: bool,
}

/// The position of a handshake whose peer says something, or of any when time is up.
fn sooner(hellos: &[Hello<'_>], deadline: &Deadline) -> io::Result<usize> {
    loop {
        if hellos.len() < 2 || deadline.is_over() {
            return Ok(0);
        }
        let hellos = hellos.iter();
        let mut sockets: Vec<_> =
            hellos.map(|hello| PollFd::new(&hello.greeting, PollFlags::IN)).collect();
        poll(&mut sockets, deadline.left())?;
        if let Some(place) = sockets.iter().position(|socket| !socket.revents().is_empty()) {
            return Ok(place);
        }
    }
}

/// Which of the errors of two handshakes with one peer says more of it: what it said rather than
/// that it ended the connection, and that rather than that time was up. Of equals it is the first,
/// but for time, which the second has waited for to its end.
fn more_telling(first: Option<Error>, second: Error) -> Error {
    let weight = |error: &Error| match error {
        Error::Connect { .. } => 0,
        error if error.is_timeout() => 1,
        Error::Handshake(Handshake::Closed | Handshake::Reset | Handshake::PlainPort(_)) => 2,
        Error::Handshake(_) => 3,
        _ => 4,
    };
    match first {
        Some(first) if second.is_timeout() && weight(&first) == weight(&second) => second,
        Some(first) if weight(&first) >= weight(&second) => first,
        _ => second,
    }
}
