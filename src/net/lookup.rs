//! Lookup -> Exchange: the servers in turn, the addresses of each. One rule: what happens is
//! reported while it happens, and what fails is reported before the next is tried.

mod open;
mod query;
mod transfer;
mod udp;

use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use super::clock::Clock;
use super::deadline::{Deadline, Interrupt};
use super::resolve;
use super::session::Session;
use crate::dns::message::Message;
use crate::dns::query::Padding;
use crate::dns::tsig::Key;
use crate::error::Error;
use crate::event::Event;
use crate::exchange::{Exchange, Packet, Peer, Phases, Protocol, Transferred};
use crate::file::Wait;
use crate::plan::{Lookup, Route, Target, Targets, Transport};

use open::Opened;
pub(super) use open::ShortHellos;
pub(super) use query::encode;
use query::{key, now, signature, wanted_cookie};

/// Performs lookups, and keeps the session that the next query may use.
#[derive(Default)]
pub struct Asker {
    kept: Option<Kept>,
    clock: Clock,
    short_hellos: ShortHellos,
    interrupt: Option<Interrupt>,
}

/// A session that the next query may use.
struct Kept {
    route: Arc<Route>,
    /// The server that it is with.
    target: Target,
    session: Session,
}

/// Messages with a wrong ID that are skipped before the lookup gives up.
const MAX_STRAYS: usize = 1000;
/// How often a query is repeated for the sake of a cookie.
const MAX_COOKIES: usize = 10;

impl Asker {
    /// One whose lookups end once `interrupt` is set.
    pub fn until(interrupt: Interrupt) -> Self {
        Self { interrupt: Some(interrupt), ..Self::default() }
    }

    /// Asks the servers in turn until one replies. The error is the last one's, already reported.
    pub fn ask(
        &mut self,
        lookup: &Lookup,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Exchange, Error> {
        let deadline = Deadline::new(lookup.route.timeout).until(self.interrupt);
        let at = self.clock.now();
        let mut attempt = Attempt { asker: self, lookup, deadline, at, tell };
        let targets = attempt.targets()?;
        attempt.deadline = share(deadline, targets.len());
        if let Some(outcome) = attempt.on_kept_session(targets.len()) {
            return outcome;
        }
        let mut refused = None;
        let mut last = None;
        for (position, target) in targets.iter().enumerate() {
            if position > 0 && deadline.is_over() {
                // a server that was never tried has not failed
                break;
            }
            attempt.deadline = share(deadline, targets.len() - position);
            (attempt.tell)(Event::Turn { host: &target.host, port: target.port, at: &attempt.at });
            match attempt.server(target) {
                Ok(exchange) => match server_failure(&exchange.reply.bytes) {
                    Some(rcode) if position + 1 < targets.len() => {
                        let peer = &exchange.peer;
                        (attempt.tell)(Event::Warning(format_args!(
                            "{peer} replied with error '{rcode}', asking the next server"
                        )));
                        refused = Some(exchange);
                    }
                    _ => return Ok(exchange),
                },
                // what the next server would need as well
                Err(error @ Error::File { .. }) => return Err(error),
                Err(error) => {
                    attempt.given_up(target, protocol(&lookup.route), &error);
                    last = Some(error);
                }
            }
        }
        if refused.is_none() && matches!(lookup.route.targets, Targets::System(_)) {
            let tls = lookup.route.transport == Transport::Tls;
            (attempt.tell)(Event::Hint(match tls {
                true => {
                    "the system's resolver may not support TLS; try a public one (@1.1.1.1), or \
                     +notls"
                }
                false => "name a server, as in @1.1.1.1",
            }));
        }
        // a reply that is no help is better than none
        refused.ok_or_else(|| {
            // neither a command line nor a system's configuration yields no server at all
            last.unwrap_or_else(|| Error::Internal("no servers to query".into()))
        })
    }
}

impl Asker {
    /// One that knows already which peers take a short hello alone, and tells what it learns.
    pub(super) fn with(short_hellos: ShortHellos) -> Self {
        Self { short_hellos, ..Self::default() }
    }

    /// Opens a session with the first server that gets as far as that, in the time that is `left`,
    /// where there is a bound. The error is that of the last one, and was reported already.
    pub fn open(
        &mut self,
        lookup: &Lookup,
        left: Option<Duration>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Session, Phases), Error> {
        let deadline = Deadline::new(left);
        let at = self.clock.now();
        let mut attempt = Attempt { asker: self, lookup, deadline, at, tell };
        let protocol = protocol(&lookup.route);
        // neither a command line nor a system's configuration yields no server at all
        let mut last = Error::Internal("no servers to query".into());
        let targets = attempt.targets()?;
        for (position, target) in targets.iter().enumerate() {
            if position > 0 && deadline.is_over() {
                break;
            }
            attempt.deadline = share(deadline, targets.len() - position);
            match attempt.open(target, protocol) {
                Ok(Opened { session, phases, .. }) => return Ok((session, phases)),
                Err(error @ Error::File { .. }) => return Err(error),
                Err(error) => {
                    attempt.given_up(target, protocol, &error);
                    last = error;
                }
            }
        }
        Err(last)
    }

    /// Asks for a zone, or for what changed in it, and hands over every message as it comes, as
    /// long as `each` says that it goes on. The
    /// summary is there as soon as the query left, whatever became of the rest; the error was
    /// reported already.
    pub fn transfer(
        &mut self,
        lookup: &Lookup,
        tell: &mut dyn FnMut(Event<'_>),
        each: &mut dyn FnMut(&Message<'_>) -> bool,
    ) -> (Option<Transferred>, Result<(), Error>) {
        let deadline = Deadline::new(lookup.route.timeout).until(self.interrupt);
        let at = self.clock.now();
        let mut attempt = Attempt { asker: self, lookup, deadline, at, tell };
        let mut summary = None;
        let outcome = attempt.transfer(&mut summary, each);
        (summary, outcome)
    }
}

/// What a server says of itself that another may not say (RFC 1035 section 4.1.1).
fn server_failure(reply: &[u8]) -> Option<&'static str> {
    match reply.get(3)? & 0xf {
        2 => Some("SERVFAIL"),
        5 => Some("REFUSED"),
        _ => None,
    }
}

fn targets(lookup: &Lookup) -> Result<Vec<Target>, Error> {
    match &lookup.route.targets {
        Targets::Given(targets) => Ok(targets.clone()),
        Targets::System(template) => {
            resolve::system_servers()?.iter().map(|server| template.at(server)).collect()
        }
    }
}

/// An even share of the time that is left, for the next of `servers` servers or addresses, so that
/// one that is silent cannot use up all of it.
fn share(deadline: Deadline, servers: usize) -> Deadline {
    match u32::try_from(servers).unwrap_or(u32::MAX) {
        // the last one gets all, to the nanosecond
        0 | 1 => deadline,
        servers => deadline.within(deadline.left().map(|left| left / servers)),
    }
}

/// What the lookup goes over.
pub(super) fn protocol(route: &Route) -> Protocol {
    match route.transport {
        Transport::Tls => Protocol::Tls,
        Transport::Tcp => Protocol::Tcp,
        Transport::Udp { .. } => Protocol::Udp,
    }
}

/// One lookup under way.
struct Attempt<'a> {
    asker: &'a mut Asker,
    lookup: &'a Lookup,
    deadline: Deadline,
    at: Zoned,
    tell: &'a mut dyn FnMut(Event<'_>),
}

impl Attempt<'_> {
    /// Asks over the session of the query before, if it leads where this one wants to go. One that
    /// the server has closed meanwhile is no failure (RFC 7766 section 6.2.4); one that took all the
    /// time there was is, and leads on to the next where there are several servers.
    fn on_kept_session(&mut self, servers: usize) -> Option<Result<Exchange, Error>> {
        let Kept { route, target, mut session } = self.asker.kept.take()?;
        let query = &self.lookup.query;
        if !self.lookup.route.keepopen || !route.leads_as(&self.lookup.route) {
            if self.lookup.route.keepopen {
                let owner = query.owner();
                (self.tell)(Event::Warning(format_args!(
                    "connection parameters mismatch for query ({owner}), ignoring keepopen"
                )));
            }
            session.close();
            return None;
        }
        (self.tell)(Event::Turn { host: &target.host, port: target.port, at: &self.at });
        let (owner, qclass, qtype) = (query.owner(), query.qclass, query.qtype);
        (self.tell)(Event::Reused { owner: &owner, qclass, qtype });
        let start = self.deadline.elapsed();
        let phases = Phases { reused: true, ..Phases::default() };
        match self.exchange(&mut session, start, phases) {
            Ok(exchange) => {
                self.asker.kept = Some(Kept { route, target, session });
                Some(Ok(exchange))
            }
            Err(error) if self.deadline.is_over() => {
                let server = session.peer.to_string();
                (self.tell)(Event::Failed(&error));
                let took = self.deadline.elapsed();
                (self.tell)(Event::GivenUp { server: &server, error: &error, took });
                (servers < 2).then_some(Err(error))
            }
            Err(_) => None,
        }
    }

    /// One server, at all of its addresses.
    fn server(&mut self, target: &Target) -> Result<Exchange, Error> {
        let route = Arc::clone(&self.lookup.route);
        match route.transport {
            Transport::Udp { retry, ignore } => {
                self.querying(target, Protocol::Udp);
                let mut exchange = self.datagrams(target, retry, None)?;
                for _ in 0..MAX_COOKIES {
                    let Exchange { peer, query, reply, .. } = &exchange;
                    let wanted = self.cookie_wanted(peer, &query.bytes, &reply.bytes);
                    let Some(cookie) = wanted else { break };
                    exchange = self.datagrams(target, retry, Some(&cookie))?;
                }
                if ignore || !is_truncated(&exchange.reply.bytes) {
                    return Ok(exchange);
                }
                let peer = &exchange.peer;
                (self.tell)(Event::Truncated(format_args!(
                    "truncated reply from {peer}, retrying over TCP"
                )));
                self.stream(target, Protocol::Tcp)
            }
            Transport::Tcp => self.stream(target, Protocol::Tcp),
            Transport::Tls => {
                let may_fall_back =
                    target.policy.is_opportunistic() && !target.demands_tls && !target.is_path();
                let Some(port) = route.fallback.filter(|_| may_fall_back) else {
                    return self.stream(target, Protocol::Tls);
                };
                // a port that does not answer leaves time for the other
                let whole = self.deadline;
                self.deadline = share(whole, 2);
                let outcome = self.stream(target, Protocol::Tls);
                self.deadline = whole;
                match outcome {
                    Err(error)
                        if matches!(error, Error::Connect { .. }) || error.is_handshake() =>
                    {
                        self.in_cleartext(target.clone(), port)
                    }
                    outcome => outcome,
                }
            }
        }
    }

    /// The same query over TCP in cleartext: only if no option demands more.
    fn in_cleartext(&mut self, mut target: Target, port: u16) -> Result<Exchange, Error> {
        target.port = port;
        (self.tell)(Event::Warning(format_args!(
            "no TLS with {}: asking over TCP on port {} IN CLEARTEXT, for anyone to read and \
             change",
            target.host, target.port
        )));
        let mut lookup = self.lookup.clone();
        if let Some(edns) = &mut lookup.query.edns {
            // padding is for what is encrypted (RFC 7830 section 6)
            edns.padding = Padding::Off;
        }
        let Self { asker, deadline, at, tell, .. } = self;
        let (deadline, at) = (*deadline, at.clone());
        Attempt { asker, lookup: &lookup, deadline, at, tell }.stream(&target, Protocol::Tcp)
    }

    fn targets(&mut self) -> Result<Vec<Target>, Error> {
        targets(self.lookup).inspect_err(|error| {
            (self.tell)(Event::Failed(error));
            if let Some(hint) = error.hint() {
                (self.tell)(Event::Hint(&hint));
            }
        })
    }

    fn given_up(&mut self, target: &Target, protocol: Protocol, error: &Error) {
        let server = format!("{}({protocol})", target.typed());
        let took = self.deadline.elapsed();
        (self.tell)(Event::GivenUp { server: &server, error, took });
    }

    fn querying(&mut self, target: &Target, protocol: Protocol) {
        let query = &self.lookup.query;
        (self.tell)(Event::Querying {
            owner: &query.owner(),
            qclass: query.qclass,
            qtype: query.qtype,
            host: &target.host,
            port: target.port,
            protocol,
        });
    }

    fn stream(&mut self, target: &Target, protocol: Protocol) -> Result<Exchange, Error> {
        let Opened { mut session, phases, start } = self.open(target, protocol)?;
        let outcome = self.exchange(&mut session, start, phases);
        if let Some(facts) = session.facts_now() {
            (self.tell)(Event::Ended(&facts));
        }
        match &outcome {
            // cleartext is no session for a query that may yet be encrypted
            Ok(_)
                if self.lookup.route.keepopen
                    && (protocol == Protocol::Tls)
                        == (self.lookup.route.transport == Transport::Tls) =>
            {
                let (route, target) = (Arc::clone(&self.lookup.route), target.clone());
                self.asker.kept = Some(Kept { route, target, session });
            }
            Ok(_) => session.close(),
            Err(error) => (self.tell)(Event::Failed(error)),
        }
        outcome
    }

    fn key(&mut self) -> Result<Option<Key>, Error> {
        let wait = Wait::new(self.deadline.left());
        key(&self.lookup.route, &wait).inspect_err(|error| (self.tell)(Event::Failed(error)))
    }

    /// One query, and the reply to it, over a session; again with the cookie that the server asks
    /// for.
    fn exchange(
        &mut self,
        session: &mut Session,
        start: Duration,
        mut phases: Phases,
    ) -> Result<Exchange, Error> {
        let key = self.key()?;
        let mut cookie = None;
        for attempt in 0.. {
            let (query, mac) = encode(self.lookup, key.as_ref(), cookie.as_deref())?;
            session.queue(&query)?;
            session.send(&self.deadline)?;
            let sent = self.deadline.elapsed();
            let reply = self.reply(session, &query)?;
            let received = self.deadline.elapsed();
            phases.reply = received - sent;
            let peer = session.peer.clone();
            if attempt < MAX_COOKIES {
                cookie = self.cookie_wanted(&peer, &query, &reply);
                if cookie.is_some() {
                    continue;
                }
            }
            let (at, tls) = (self.at.clone(), session.facts_now());
            let signature = signature(key.as_ref(), mac.as_ref(), &reply);
            return Ok(Exchange {
                signature,
                peer,
                query: Packet { bytes: query, at: at.clone(), took: sent - start },
                reply: Packet { bytes: reply, at, took: received - start },
                tls,
                phases,
            });
        }
        // the loop ends by returning
        Err(Error::Internal("no exchange".into()))
    }

    /// The cookie that the query is to be repeated with, if it is.
    fn cookie_wanted(&mut self, peer: &Peer, query: &[u8], reply: &[u8]) -> Option<Vec<u8>> {
        let wanted = wanted_cookie(query, reply).filter(|_| self.lookup.route.badcookie)?;
        (self.tell)(Event::Warning(format_args!(
            "bad cookie from {peer}, retrying with the received one"
        )));
        Some(wanted)
    }

    /// The reply with our ID. One with another ID is not ours; it is the outcome only if nothing
    /// better comes.
    fn reply(&mut self, session: &mut Session, query: &[u8]) -> Result<Vec<u8>, Error> {
        let mut stray = None;
        for _ in 0..MAX_STRAYS {
            let reply = match (session.receive(&self.deadline), stray.take()) {
                (Ok(reply), _) if has_id_of(&reply, query) => return Ok(reply),
                (Ok(reply), before) => {
                    if before.is_none() {
                        self.tell_stray(&reply, query);
                    }
                    reply
                }
                (Err(_), Some(stray)) => return Ok(stray),
                (Err(error), None) => return Err(error),
            };
            stray = Some(reply);
        }
        Ok(stray.unwrap_or_default())
    }

    fn tell_stray(&mut self, reply: &[u8], query: &[u8]) {
        let id = |octets: &[u8]| octets.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        (self.tell)(Event::Stray { id: id(reply), expected: id(query) });
    }
}

/// Whether a reply has the ID of `query`; one too short for an ID is taken as it is.
fn has_id_of(reply: &[u8], query: &[u8]) -> bool {
    reply.get(..2).is_none_or(|id| Some(id) == query.get(..2))
}

fn is_truncated(reply: &[u8]) -> bool {
    const TC: u8 = 0x02;
    reply.get(2).is_some_and(|flags| flags & TC != 0)
}
