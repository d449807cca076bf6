//! A session of a batch and what is in flight over it. One rule: an ID stands for one query, also
//! after that query was given up.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Zoned;

use super::{AsTyped, Job, Outcome};
use crate::error::{Error, Reply};
use crate::exchange::{Exchange, Packet, Phases};
use crate::net::session::Session;

/// Reads that one reply takes at most, but for those that find a room which is small at first.
const READS_A_REPLY: usize = 8;
/// Replies that never came on a session: beyond this it runs out of IDs, and another is opened.
const MAX_GIVEN_UP: usize = 16_384;

/// A session and what is in flight over it.
pub(super) struct Line {
    pub(super) session: Session,
    /// The server that is asked.
    pub(super) server: Arc<AsTyped>,
    /// By ID. Those that were given up stay, so that a late reply finds no other query.
    flights: HashMap<u16, Box<Flight>, BuildHasherDefault<IdHasher>>,
    given_up: usize,
    pub(super) answered: usize,
    sent: usize,
    budget: usize,
    /// What is in flight is asked for the last time, and alone.
    pub(super) careful: bool,
    /// When the last reply came.
    heard: Instant,
    /// When there was last nothing more to read.
    emptied: Instant,
    /// Reads since then.
    reads: usize,
    /// The first of the queries answered since time was looked at, by its number among those sent.
    progress: Option<usize>,
    /// Of the first query.
    phases: Phases,
}

/// A query under way.
pub(super) struct Flight {
    pub(super) job: Job,
    query: Vec<u8>,
    /// How often it was sent, but for sessions that a server would not have.
    pub(super) asked: u32,
    /// How often it was sent over one of those.
    pub(super) spared: u32,
    at: Zoned,
    sent: Instant,
    /// Its number among the queries sent over the session.
    order: usize,
    /// Since when it waits: for a session, or for its reply and for none before it.
    pub(super) owed: Instant,
    /// How long it waited before that.
    pub(super) before: Duration,
    over: bool,
}

impl Flight {
    pub(super) fn new(job: Job, query: Vec<u8>, now: Instant) -> Self {
        // what changes once it is sent is filled in then
        let (at, before) = (Zoned::default(), Duration::ZERO);
        Self {
            job,
            query,
            asked: 0,
            spared: 0,
            at,
            sent: now,
            order: 0,
            owed: now,
            before,
            over: false,
        }
    }

    /// Takes down how long it waited until now.
    pub(super) fn waited(&mut self, now: Instant) -> Duration {
        self.before += now.saturating_duration_since(self.owed);
        self.owed = now;
        self.before
    }

    /// Gives back the time of a `pause` that ended just before `now`.
    pub(super) fn forgive(&mut self, pause: Duration, now: Instant) {
        self.owed = (self.owed + pause).min(now);
    }

    /// The time that is left of that which it may take.
    pub(super) fn left(&self) -> Option<Duration> {
        Some(self.job.lookup.route.timeout?.saturating_sub(self.before))
    }

    /// Whether this is a reply to it (RFC 7766 section 7): the ID alone may be that of an older
    /// query. A reply without a question is judged when it is shown.
    fn is_answered_by(&self, reply: &[u8]) -> bool {
        const HEADER: usize = 12;
        const TYPE_AND_CLASS: usize = 4;
        let mut end = HEADER;
        while let Some(length @ 1..) = self.query.get(end) {
            end += 1 + usize::from(*length);
        }
        end += 1;
        let same_name = || {
            let (name, other) = (self.query.get(HEADER..end)?, reply.get(HEADER..end)?);
            Some(name.eq_ignore_ascii_case(other))
        };
        let rest = end..end + TYPE_AND_CLASS;
        reply.get(4..6) != Some(&[0, 1])
            || (same_name() == Some(true) && reply.get(rest.clone()) == self.query.get(rest))
    }
}

/// IDs are as random as hashes are meant to be, and this program alone chooses them.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.write_u16(octet.into());
        }
    }

    fn write_u16(&mut self, id: u16) {
        // the table looks at both ends
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Line {
    pub(super) fn new(
        session: Session,
        phases: Phases,
        server: Arc<AsTyped>,
        budget: usize,
    ) -> Self {
        Self {
            session,
            server,
            flights: HashMap::default(),
            given_up: 0,
            answered: 0,
            sent: 0,
            budget,
            careful: false,
            heard: Instant::now(),
            emptied: Instant::now(),
            reads: 0,
            progress: None,
            phases,
        }
    }

    /// Whether nothing was ever asked over it.
    pub(super) fn is_unused(&self) -> bool {
        self.sent == 0
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len() - self.given_up
    }

    /// Whether it is over: too few IDs are left, or nothing that is asked for the last time may be
    /// asked over it.
    pub(super) fn is_spent(&self, last: bool) -> bool {
        let spent = last && self.sent >= self.budget;
        self.in_flight() == 0 && (spent || self.given_up >= MAX_GIVEN_UP)
    }

    /// Whether another query fits, with `most` in flight. A session that answered all it was
    /// thought to answer takes as many again.
    pub(super) fn takes(&mut self, most: usize, last: bool) -> bool {
        let in_flight = self.in_flight();
        if in_flight == 0 {
            self.careful = false;
            if self.sent >= self.budget && !last {
                self.budget = self.budget.saturating_mul(2);
            }
        }
        // what ended is about to be left, and its server has had no chance to answer
        let free = in_flight < if last { 1 } else { most } && self.session.ended().is_none();
        free && !self.careful && self.sent < self.budget && self.given_up < MAX_GIVEN_UP
    }

    /// Notes what the replies of late say: a server that answers one query after the other owes
    /// none of those behind the one that it answered before that.
    pub(super) fn look_at_time(&mut self, now: Instant) {
        let Some(first) = self.progress.take() else { return };
        for flight in self.flights.values_mut().filter(|flight| flight.order > first) {
            flight.owed = now;
        }
    }

    pub(super) fn send(&mut self, mut flight: Box<Flight>, at: &Zoned, now: Instant) {
        let Some(place) = flight.query.first_chunk_mut() else { return };
        let mut id = u16::from_be_bytes(*place);
        // the window and those given up are fewer than there are IDs
        while self.flights.contains_key(&id) {
            id = rand::random();
        }
        *place = id.to_be_bytes();
        (flight.sent, flight.owed, flight.order) = (now, now, self.sent);
        if flight.asked == 0 {
            flight.at = at.clone();
        }
        flight.asked += 1;
        self.sent += 1;
        // a query that was encoded fits
        if self.session.queue(&flight.query).is_ok() {
            self.flights.insert(id, flight);
        }
    }

    /// Takes in what came.
    pub(super) fn pull(&mut self) {
        let before = Instant::now();
        self.session.pull();
        if self.session.is_behind() {
            self.reads += 1;
        } else {
            (self.emptied, self.reads) = (before, 0);
        }
    }

    /// Gives back the time in which nothing was read, for a reason of our own.
    pub(super) fn forgive(&mut self, pause: Duration, now: Instant) {
        self.flights.values_mut().for_each(|flight| flight.forgive(pause, now));
    }

    /// Finds out whose reply it is.
    pub(super) fn reply(&mut self, reply: Vec<u8>, now: Instant) -> Option<Outcome> {
        let id = u16::from_be_bytes(*reply.first_chunk()?);
        if !self.flights.get(&id)?.is_answered_by(&reply) {
            return None;
        }
        let flight = self.flights.remove(&id)?;
        if flight.over {
            self.given_up -= 1;
            return None;
        }
        self.answered += 1;
        self.heard = now;
        self.progress = Some(self.progress.map_or(flight.order, |it| it.min(flight.order)));
        let waited = now - flight.sent;
        let first = self.answered == 1;
        let before =
            if first { self.phases.connect + self.phases.handshake } else { Duration::ZERO };
        let Flight { job, query, at, .. } = *flight;
        let phases = match first {
            true => Phases { reply: waited, ..self.phases },
            false => Phases { reused: true, reply: waited, ..Phases::default() },
        };
        let exchange = Exchange {
            peer: self.session.peer.clone(),
            query: Packet { bytes: query, at: at.clone(), took: before },
            reply: Packet { bytes: reply, at, took: before + waited },
            tls: self.session.facts.clone(),
            signature: None,
            phases,
        };
        Some(Outcome { job, server: Some(Arc::clone(&self.server)), result: Ok(exchange) })
    }

    /// Fails what waited for its whole time. A session that has nothing else, and over which nothing
    /// came meanwhile, is left: what is at its other end may be gone.
    pub(super) fn give_up(&mut self, now: Instant, finished: &mut Vec<Outcome>) {
        // a reply that lies there is in time, however late it is read; a peer that sends more than
        // the replies to all queries is not read to its end
        let is_flood = self.reads > READS_A_REPLY * (self.in_flight() + 1);
        let now = if is_flood { now } else { self.emptied };
        self.look_at_time(now);
        let mut unheard = None;
        for flight in self.flights.values_mut().filter(|flight| !flight.over) {
            let waited = flight.before + now.saturating_duration_since(flight.owed);
            if flight.job.lookup.route.timeout.is_some_and(|timeout| waited >= timeout) {
                flight.over = true;
                self.given_up += 1;
                unheard = Some(waited).filter(|_| flight.sent > self.heard).or(unheard);
                let cause = Reply::TimedOut(waited);
                let error = Error::Reply { peer: self.session.peer.clone(), cause };
                let (job, server) = (flight.job.clone(), Some(Arc::clone(&self.server)));
                finished.push(Outcome { job, server, result: Err(error) });
            }
        }
        if let (Some(waited), 0) = (unheard, self.in_flight()) {
            self.session.end(Reply::TimedOut(waited));
        }
    }

    /// What was left unanswered, the last query first.
    pub(super) fn into_unanswered(mut self, now: Instant) -> impl Iterator<Item = Box<Flight>> {
        self.look_at_time(now);
        let mut left: Vec<_> = self.flights.into_values().filter(|flight| !flight.over).collect();
        left.sort_by_key(|flight| std::cmp::Reverse(flight.job.number));
        left.into_iter()
    }
}
