//! Many queries in flight: RFC 7766 section 6.2.1.1. One rule: a session that ends early costs no
//! query; what it left unanswered is asked again, each at most twice, over another. And a server
//! that does not complete its handshake does not delay the others.

mod line;
mod pool;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fd::BorrowedFd;

use self::line::Flight;
use self::pool::{News, Pool, What};
use super::clock::Clock;
use super::deadline::poll;
use super::lookup::{ShortHellos, encode};
use crate::error::Error;
use crate::event::Event;
use crate::exchange::{Exchange, Peer};
use crate::plan::Lookup;

/// One query of a batch.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its position in the batch.
    pub number: usize,
    /// The number of its line.
    pub line: usize,
    /// What is asked.
    pub lookup: Lookup,
}

/// What became of a query.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub job: Job,
    /// The server that was asked, if one was.
    pub server: Option<Arc<AsTyped>>,
    /// Its reply, or why there is none.
    pub result: Result<Exchange, Error>,
}

/// A server as typed, or as the system's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsTyped {
    /// Name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The address of it that was tried last.
    pub peer: Option<Peer>,
}

/// The sessions of a batch, and what is in flight over them.
pub struct Pipeline {
    /// Queries in flight over one session at most.
    window: usize,
    /// Sessions to one server at most.
    connections: usize,
    pools: Vec<Pool>,
    /// Pools that there were.
    numbered: usize,
    /// What the threads say that open sessions.
    news: (Sender<News>, Receiver<News>),
    /// Queries that were added and are not finished.
    open: usize,
    /// Queries are wanted; they are not from when there are enough until half of them are finished.
    hungry: bool,
    finished: Vec<Outcome>,
    short_hellos: ShortHellos,
    /// The octets that a reply of late takes at most.
    reply: usize,
    checked: Instant,
    /// Until when it is known what the time was spent on.
    known: Instant,
    /// Of the time since then, what was spent on the network: on writing, waiting and reading.
    listened: Duration,
    clock: Clock,
}

/// The wait after which a peer may be waiting for us.
const LONG: Duration = Duration::from_millis(1);
/// The octets that a query takes which waits for its reply.
const QUERY: usize = 1024;
/// Servers that are talked to at a time, unless more queries than that are in flight.
const MAX_POOLS: usize = 64;
/// Sessions that are opened at a time.
const MAX_OPENING: usize = 128;
/// A time without listening that costs no query its own: the process was stopped, or who reads the
/// results is slow.
const MIN_PAUSE: Duration = Duration::from_millis(100);
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
            numbered: 0,
            news: mpsc::channel(),
            open: 0,
            hungry: true,
            finished: Vec::new(),
            short_hellos: ShortHellos::default(),
            reply: 0,
            checked: Instant::now(),
            known: Instant::now(),
            listened: Duration::ZERO,
            clock: Clock::default(),
        }
    }

    /// Whether another query can be added without waiting long, and without replies that take more
    /// than so many octets, should they all be as large as those of late. Many at a time make few
    /// records and segments, which spares both ends.
    pub fn has_room(&mut self, octets: usize) -> bool {
        let affordable = (octets / (self.reply + QUERY)).max(1);
        let most = (self.window * self.connections).min(affordable);
        self.hungry = self.open < if self.hungry { most } else { most.div_ceil(2) };
        self.hungry
    }

    /// Whether everything that was added is finished.
    pub fn is_idle(&self) -> bool {
        self.open == 0
    }

    /// Adds a query.
    pub fn add(&mut self, job: Job) {
        self.open += 1;
        let query = match encode(&job.lookup, None, None) {
            Ok((query, _)) => query,
            Err(error) => {
                return self.finished.push(Outcome { job, server: None, result: Err(error) });
            }
        };
        let route = Arc::clone(&job.lookup.route);
        let flight = Box::new(Flight::new(job, query, Instant::now()));
        match self.pools.iter_mut().find(|pool| pool.route.leads_as(&route)) {
            Some(pool) => pool.waiting.push_back(flight),
            None => {
                self.close_idle();
                self.numbered += 1;
                let mut pool = Pool::new(self.numbered, route, self.window, self.connections);
                pool.waiting.push_back(flight);
                self.pools.push(pool);
            }
        }
    }

    /// Makes room for the sessions with another server, where there are many already.
    fn close_idle(&mut self) {
        if self.pools.len() < MAX_POOLS {
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
        for exchange in finished.iter().filter_map(|it| it.result.as_ref().ok()) {
            let (octets, before) = (exchange.reply.bytes.len(), self.reply);
            // a large one counts at once, small ones when there are some
            self.reply = octets.max(before - before.saturating_sub(octets).div_ceil(16));
        }
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
        self.forgive_pause();
        let at = self.clock.now();
        let mut opening: usize = self.pools.iter().map(|pool| pool.opening).sum();
        for pool in &mut self.pools {
            pool.send(&at);
            if opening < MAX_OPENING {
                opening += pool.open(MAX_OPENING - opening, &self.news.0, &self.short_hellos);
            }
        }
        // what a peer makes us do is no pause
        self.listened += self.known.elapsed();
        if !self.finished.is_empty() {
            return Ok(false);
        }
        // no socket becomes readable when a thread has opened a session, so the wait is short
        let patience = match opening {
            0 => [LONG, TICK],
            _ if self.hear(tell) => [LONG, Duration::ZERO],
            _ => [Duration::ZERO; 2],
        };
        let before = Instant::now();
        let readable = self.wait(also, patience)?;
        self.listened += before.elapsed().min(patience.iter().sum());
        let before = Instant::now();
        for pool in &mut self.pools {
            pool.receive(&mut self.finished);
        }
        self.listened += before.elapsed();
        self.forgive_pause();
        if self.checked.elapsed() >= TICK {
            self.checked = Instant::now();
            if self.pools.iter().any(|pool| pool.shortage.is_some()) {
                self.pools.iter_mut().for_each(Pool::close_idle);
            }
            let is_busy = |pool: &Pool| pool.opening > 0 || !pool.has_nothing_in_flight();
            let is_alone = !self.pools.iter().any(is_busy);
            for pool in &mut self.pools {
                pool.give_up(is_alone, &mut self.finished);
            }
        }
        Ok(readable)
    }

    /// Gives back to every query the time in which its reply could not be read. A peer has no part
    /// in that: the time of writing, of waiting and of reading counts.
    fn forgive_pause(&mut self) {
        let now = Instant::now();
        let pause = (now - self.known).saturating_sub(self.listened);
        (self.known, self.listened) = (now, Duration::ZERO);
        if pause >= MIN_PAUSE {
            self.pools.iter_mut().for_each(|pool| pool.forgive(pause, now));
        }
    }

    /// Closes every session with close_notify.
    pub fn close(self) {
        for line in self.pools.into_iter().flat_map(|pool| pool.lines) {
            line.session.close();
        }
    }

    /// Hears what the threads say that open sessions. Where nothing else can happen, waits a little
    /// for it, and returns false.
    fn hear(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> bool {
        let busy = !self.pools.iter().all(Pool::has_nothing_in_flight);
        let before = Instant::now();
        let mut news = match busy {
            true => self.news.1.try_recv().ok(),
            false => self.news.1.recv_timeout(LONG).ok(),
        };
        self.listened += before.elapsed().min(LONG);
        self.forgive_pause();
        while let Some(News { pool, what }) = news {
            let pool = self.pools.iter_mut().find(|it| it.number == pool);
            match (what, pool) {
                (What::Told(event), _) => event(tell),
                (What::Trying(server), pool) => {
                    pool.into_iter().for_each(|it| it.trying = Some(Arc::clone(&server)));
                }
                (What::Opened(outcome), Some(pool)) => pool.opened(outcome, &mut self.finished),
                (What::Opened(Ok(opened)), None) => opened.close(),
                (What::Opened(Err(_)), None) => {}
            }
            news = self.news.1.try_recv().ok();
        }
        busy
    }

    fn wait(&self, also: Option<BorrowedFd<'_>>, patience: [Duration; 2]) -> io::Result<bool> {
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
        let [little, more] = patience;
        // after a short wait, acknowledge what arrived: the peer may be waiting for that; told at
        // once, it would send every reply in a segment of its own
        if poll(&mut sockets, Some(little))? == 0 && !more.is_zero() {
            lines().for_each(|line| line.session.quick_ack());
            poll(&mut sockets, Some(more))?;
        }
        Ok(also.is_some() && sockets.last().is_some_and(|it| !it.revents().is_empty()))
    }
}
