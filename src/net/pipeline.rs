//! Many queries in flight: RFC 7766 section 6.2.1.1. One rule: a session that ends early costs no
//! query; what it left unanswered is asked again, each at most twice, over another.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Zoned;
use rustix::event::{PollFd, PollFlags};
use rustix::fd::BorrowedFd;

use super::clock::Clock;
use super::deadline::poll;
use super::lookup::{Asker, encode};
use super::session::Session;
use crate::error::{Error, Reply};
use crate::event::Event;
use crate::exchange::{Exchange, Packet, Phases};
use crate::plan::{Lookup, Route};

/// One query of a batch.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its position in the batch.
    pub number: usize,
    /// What is asked.
    pub lookup: Lookup,
}

/// What became of a query.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub job: Job,
    /// Its reply, or why there is none.
    pub result: Result<Exchange, Error>,
}

/// The sessions of a batch, and what is in flight over them.
pub struct Pipeline {
    /// Queries in flight over one session at most.
    window: usize,
    /// Sessions to one server at most.
    connections: usize,
    pools: Vec<Pool>,
    /// Queries that were added and are not finished.
    open: usize,
    /// Queries are wanted; they are not from when there are enough until half of them are finished.
    hungry: bool,
    finished: Vec<Outcome>,
    checked: Instant,
    clock: Clock,
}

/// The sessions that lead the same way.
struct Pool {
    route: Arc<Route>,
    waiting: VecDeque<Box<Flight>>,
    lines: Vec<Line>,
    /// In flight over one session at most.
    window: usize,
    /// Sessions at most, as far as the server took them.
    connections: usize,
    /// Queries that a session takes before all of them must be answered, as the server's habits
    /// have it.
    budget: usize,
}

struct Line {
    session: Session,
    /// By ID. Those that were given up stay, so that a late reply finds nobody else.
    flights: HashMap<u16, Box<Flight>, BuildHasherDefault<IdHasher>>,
    given_up: usize,
    answered: usize,
    sent: usize,
    budget: usize,
    /// What is in flight is asked for the last time, and alone.
    careful: bool,
    /// The first of the queries answered since time was looked at, by its number among those sent.
    progress: Option<usize>,
    /// Of the first query.
    phases: Phases,
}

struct Flight {
    job: Job,
    query: Vec<u8>,
    /// How often it was sent.
    asked: u32,
    at: Zoned,
    sent: Instant,
    /// Its number among the queries sent over the session.
    order: usize,
    /// Since when the server owes this reply and none before it.
    owed: Instant,
    /// How long it was owed over sessions that ended.
    before: Duration,
    over: bool,
}

/// IDs are as random as hashes are meant to be, and nobody but us chooses them.
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

/// A session with so many replies that never came runs out of IDs, and is left for another.
const MOST_GIVEN_UP: usize = 16_384;
/// How often a query is sent at most.
const MOST_ASKED: u32 = 3;
/// The wait after which a peer may be waiting for us.
const LONG: Duration = Duration::from_millis(1);
/// Servers that are talked to at a time, unless more queries than that are in flight.
const MOST_POOLS: usize = 64;
/// How often time is looked at.
const TICK: Duration = Duration::from_millis(20);

impl Pipeline {
    /// A pipeline with this many queries in flight over each of so many sessions.
    pub fn new(window: usize, connections: usize) -> Self {
        let (window, connections) = (window.max(1), connections.max(1));
        Self {
            window,
            connections,
            pools: Vec::new(),
            open: 0,
            hungry: true,
            finished: Vec::new(),
            checked: Instant::now(),
            clock: Clock::default(),
        }
    }

    /// Whether another query can be added without waiting long. Many at a time make few records
    /// and segments, which spares both ends.
    pub fn has_room(&mut self) -> bool {
        let most = self.window * self.connections;
        self.hungry = self.open < if self.hungry { most } else { most.div_ceil(2) };
        self.hungry
    }

    /// Whether everything that was added is finished.
    pub fn is_idle(&self) -> bool {
        self.open == 0
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> usize {
        self.pools.iter().map(|pool| pool.lines.len()).sum()
    }

    /// Adds a query.
    pub fn add(&mut self, job: Job) {
        self.open += 1;
        let query = match encode(&job.lookup, None, None) {
            Ok((query, _)) => query,
            Err(error) => return self.finished.push(Outcome { job, result: Err(error) }),
        };
        // what changes once a query is sent is filled in then
        let (at, now) = (Zoned::default(), self.checked);
        let route = Arc::clone(&job.lookup.route);
        let flight = Box::new(Flight {
            job,
            query,
            asked: 0,
            at,
            sent: now,
            order: 0,
            owed: now,
            before: Duration::ZERO,
            over: false,
        });
        match self.pools.iter_mut().find(|pool| pool.route.leads_as(&route)) {
            Some(pool) => pool.waiting.push_back(flight),
            None => {
                self.close_idle();
                self.pools.push(Pool {
                    route,
                    waiting: VecDeque::from([flight]),
                    lines: Vec::new(),
                    window: self.window,
                    connections: self.connections,
                    budget: usize::MAX,
                });
            }
        }
    }

    /// Makes room for the sessions with another server, where there are many already.
    fn close_idle(&mut self) {
        if self.pools.len() < MOST_POOLS {
            return;
        }
        // the oldest first
        if let Some(idle) = self.pools.iter().position(Pool::is_idle) {
            let pool = self.pools.remove(idle);
            pool.lines.into_iter().for_each(|line| line.session.close());
        }
    }

    /// What is finished, in the order in which it was.
    pub fn finished(&mut self) -> Vec<Outcome> {
        let finished = std::mem::take(&mut self.finished);
        self.open -= finished.len();
        finished
    }

    /// Sends what can be sent, waits until something happens, takes in what came. Returns whether
    /// `also` can be read, where it is given.
    pub fn turn(
        &mut self,
        also: Option<BorrowedFd<'_>>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> io::Result<bool> {
        let at = self.clock.now();
        for pool in &mut self.pools {
            pool.send(&at, &mut self.finished, tell);
        }
        if !self.finished.is_empty() {
            return Ok(false);
        }
        let readable = self.wait(also)?;
        for pool in &mut self.pools {
            pool.receive(&mut self.finished);
        }
        if self.checked.elapsed() >= TICK {
            self.checked = Instant::now();
            for pool in &mut self.pools {
                pool.give_up(&mut self.finished);
            }
        }
        Ok(readable)
    }

    /// Says goodbye to everybody.
    pub fn close(self) {
        for line in self.pools.into_iter().flat_map(|pool| pool.lines) {
            line.session.close();
        }
    }

    fn wait(&self, also: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let lines = || self.pools.iter().flat_map(|pool| &pool.lines);
        let mut sockets: Vec<_> = lines()
            .map(|line| {
                let out =
                    if line.session.wants_write() { PollFlags::OUT } else { PollFlags::empty() };
                PollFd::new(&line.session, PollFlags::IN | out)
            })
            .collect();
        if let Some(also) = &also {
            sockets.push(PollFd::new(also, PollFlags::IN));
        }
        // who has to wait long tells the peer what arrived, so that it does not wait as well; told
        // at once, it would send every reply in a segment of its own
        if poll(&mut sockets, Some(LONG))? == 0 {
            lines().for_each(|line| line.session.quick_ack());
            poll(&mut sockets, Some(TICK))?;
        }
        Ok(also.is_some() && sockets.last().is_some_and(|it| !it.revents().is_empty()))
    }
}

impl Pool {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.lines.iter().all(|line| line.in_flight() == 0)
    }

    /// Puts what waits on sessions with room, and opens those that may be opened.
    fn send(&mut self, at: &Zoned, finished: &mut Vec<Outcome>, tell: &mut dyn FnMut(Event<'_>)) {
        let mut now = Instant::now();
        while let Some(flight) = self.waiting.front() {
            let last = flight.asked + 1 == MOST_ASKED;
            // what is asked for the last time is asked within what the server is known to answer
            for spent in self.lines.extract_if(.., |line| line.is_spent(last)) {
                spent.session.close();
            }
            let (most, open) = (self.window, self.lines.len());
            let lines = self.lines.iter_mut();
            let free = lines.filter_map(|line| line.takes(most, last).then_some(line));
            let line = match free.min_by_key(|line| line.in_flight()) {
                Some(line) => line,
                None if open < self.connections => {
                    // all that may be had: one query that has little left costs no other
                    let left = self
                        .waiting
                        .iter()
                        .try_fold(Duration::ZERO, |most, it| Some(most.max(it.left()?)));
                    match Asker::default().open(&flight.job.lookup, left, tell) {
                        Ok((session, phases)) => {
                            self.lines.push(Line::new(session, phases, self.budget));
                            now = Instant::now();
                        }
                        // a server may take fewer sessions than it is offered
                        Err(_) if open > 0 => self.connections = open,
                        Err(error) => {
                            // nobody who waits now would fare better
                            let waiting = std::mem::take(&mut self.waiting);
                            finished.extend(waiting.into_iter().map(|flight| Outcome {
                                job: flight.job,
                                result: Err(error.clone()),
                            }));
                            return;
                        }
                    }
                    continue;
                }
                None => break,
            };
            if let Some(flight) = self.waiting.pop_front() {
                line.send(flight, at, now);
                line.careful = last;
            }
        }
        for line in &mut self.lines {
            if let Err(cause) = line.session.push() {
                line.session.end(cause);
            }
        }
    }

    fn receive(&mut self, finished: &mut Vec<Outcome>) {
        let mut ended = Vec::new();
        for (position, line) in self.lines.iter_mut().enumerate() {
            line.session.pull();
            let now = Instant::now();
            while let Some(reply) = line.session.message() {
                finished.extend(line.reply(reply, now));
            }
            if line.session.ended().is_some() {
                ended.push(position);
            }
        }
        for position in ended.into_iter().rev() {
            let line = self.lines.swap_remove(position);
            self.end(line, finished);
        }
    }

    /// What a session left unanswered waits for another. A server that ends sessions after so many
    /// answers is asked so many questions at once from now on.
    fn end(&mut self, mut line: Line, finished: &mut Vec<Outcome>) {
        line.look_at_time(Instant::now());
        let cause = line.session.ended().cloned().unwrap_or(Reply::Closed);
        let peer = line.session.peer.clone();
        if line.in_flight() > 0 {
            self.budget = line.answered.max(1);
        }
        let mut left: Vec<_> = line.flights.into_values().filter(|flight| !flight.over).collect();
        left.sort_by_key(|flight| std::cmp::Reverse(flight.job.number));
        for mut flight in left {
            flight.before += flight.owed.elapsed();
            let cause = match flight.left() {
                Some(Duration::ZERO) => Reply::TimedOut(flight.before),
                _ if flight.asked < MOST_ASKED => {
                    self.waiting.push_front(flight);
                    continue;
                }
                _ => cause.clone(),
            };
            let error = Error::Reply { peer: peer.clone(), cause };
            finished.push(Outcome { job: flight.job, result: Err(error) });
        }
    }

    fn give_up(&mut self, finished: &mut Vec<Outcome>) {
        let Some(timeout) = self.route.timeout else { return };
        let now = Instant::now();
        for line in &mut self.lines {
            line.look_at_time(now);
            let peer = &line.session.peer;
            for flight in line.flights.values_mut().filter(|flight| !flight.over) {
                let waited = flight.before + (now - flight.owed);
                if waited >= timeout {
                    flight.over = true;
                    line.given_up += 1;
                    let cause = Reply::TimedOut(waited);
                    let error = Error::Reply { peer: peer.clone(), cause };
                    finished.push(Outcome { job: flight.job.clone(), result: Err(error) });
                }
            }
        }
    }
}

impl Flight {
    /// The time that is left of that which it may take, once it was sent.
    fn left(&self) -> Option<Duration> {
        let timeout = self.job.lookup.route.timeout.filter(|_| self.asked > 0)?;
        Some(timeout.saturating_sub(self.before))
    }
}

impl Line {
    fn new(session: Session, phases: Phases, budget: usize) -> Self {
        Self {
            session,
            flights: HashMap::default(),
            given_up: 0,
            answered: 0,
            sent: 0,
            budget,
            careful: false,
            progress: None,
            phases,
        }
    }

    fn in_flight(&self) -> usize {
        self.flights.len() - self.given_up
    }

    /// Whether it is over: too few IDs are left, or nothing that is asked for the last time may be
    /// asked over it.
    fn is_spent(&self, last: bool) -> bool {
        let spent = last && self.sent >= self.budget;
        self.in_flight() == 0 && (spent || self.given_up >= MOST_GIVEN_UP)
    }

    /// Whether another query fits, with `most` in flight. A session that answered all it was
    /// thought to answer takes as many again.
    fn takes(&mut self, most: usize, last: bool) -> bool {
        let in_flight = self.in_flight();
        if in_flight == 0 {
            self.careful = false;
            if self.sent >= self.budget && !last {
                self.budget = self.budget.saturating_mul(2);
            }
        }
        let free = in_flight < if last { 1 } else { most };
        free && !self.careful && self.sent < self.budget && self.given_up < MOST_GIVEN_UP
    }

    /// Notes what the replies of late say: a server that answers one query after the other owes
    /// none of those behind the one that it answered before that.
    fn look_at_time(&mut self, now: Instant) {
        let Some(first) = self.progress.take() else { return };
        for flight in self.flights.values_mut().filter(|flight| flight.order > first) {
            flight.owed = now;
        }
    }

    fn send(&mut self, mut flight: Box<Flight>, at: &Zoned, now: Instant) {
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

    /// Finds out whose reply it is.
    fn reply(&mut self, reply: Vec<u8>, now: Instant) -> Option<Outcome> {
        let id = u16::from_be_bytes(*reply.first_chunk()?);
        let flight = self.flights.remove(&id)?;
        if flight.over {
            self.given_up -= 1;
            return None;
        }
        self.answered += 1;
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
        Some(Outcome { job, result: Ok(exchange) })
    }
}
