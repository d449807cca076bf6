//! The sessions that lead the same way. One rule: every query has the time that its lookup may take,
//! whatever becomes of the sessions that it is sent over, and no other query's.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Zoned;

use super::line::{Flight, Line};
use super::{AsTyped, Outcome, TICK};
use crate::error::{Connect, Error, Reply, system_words};
use crate::event::{Event, Kept};
use crate::exchange::Phases;
use crate::net::dial::{self, connect_cause};
use crate::net::lookup::{Asker, ShortHellos, protocol};
use crate::net::session::Session;
use crate::plan::{Route, Target, Targets};

/// How often a query is sent at most.
const MAX_ASKED: u32 = 3;
/// How often a query is sent over sessions that the server would not have, beside.
const MAX_SPARED: u32 = 8;
/// Sessions in a row without an answer, where there was one before, that cost no query a try.
const MAX_FRUITLESS: u32 = 8;
/// What opens a session has so much more time to say why it could not.
const GRACE: Duration = TICK.saturating_mul(3);

/// The sessions that lead the same way.
pub(super) struct Pool {
    /// Its number among the pools that there were.
    pub(super) number: usize,
    pub(super) route: Arc<Route>,
    pub(super) waiting: VecDeque<Box<Flight>>,
    pub(super) lines: Vec<Line>,
    /// Sessions that are being opened.
    pub(super) opening: usize,
    /// The server that is being tried, or was tried last.
    pub(super) trying: Option<Arc<AsTyped>>,
    /// In flight over one session at most.
    window: usize,
    /// Sessions at most, as far as the server took them.
    connections: usize,
    /// Queries that a session takes before all of them must be answered, as the server's habits
    /// have it.
    budget: usize,
    /// Why no session could be opened, where that was for want of a descriptor or a thread.
    pub(super) shortage: Option<Shortage>,
    /// There was an answer.
    has_answered: bool,
    /// Sessions in a row, and attempts to open one, that brought no answer.
    fruitless: u32,
}

/// A descriptor or a thread was missing.
#[derive(Clone)]
pub(super) struct Shortage {
    error: Error,
    /// When it was found out.
    at: Instant,
}

/// What a thread says that opens a session.
pub(super) struct News {
    /// The number of the pool.
    pub(super) pool: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// Something happened.
    Told(Kept),
    /// This server is about to be tried, or an address of it.
    Trying(Arc<AsTyped>),
    /// A session is open, or none could be opened.
    Opened(Result<Box<Opened>, Box<NotOpened>>),
}

pub(super) struct Opened {
    session: Session,
    phases: Phases,
    server: Arc<AsTyped>,
}

/// Why no session is open, and who was tried last.
pub(super) struct NotOpened {
    error: Error,
    server: Option<Arc<AsTyped>>,
}

impl Opened {
    /// Closes a session that no query needs.
    pub(super) fn close(self) {
        self.session.close();
    }
}

impl Pool {
    /// A pool without sessions.
    pub(super) fn new(number: usize, route: Arc<Route>, window: usize, connections: usize) -> Self {
        Self {
            number,
            route,
            waiting: VecDeque::new(),
            lines: Vec::new(),
            opening: 0,
            trying: None,
            window,
            connections,
            budget: usize::MAX,
            shortage: None,
            has_answered: false,
            fruitless: 0,
        }
    }

    pub(super) fn has_nothing_in_flight(&self) -> bool {
        self.lines.iter().all(|line| line.in_flight() == 0)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.opening == 0 && self.has_nothing_in_flight()
    }

    /// Puts what waits on sessions with room.
    pub(super) fn send(&mut self, at: &Zoned) {
        let now = Instant::now();
        while let Some(flight) = self.waiting.front() {
            let last = flight.asked + 1 == MAX_ASKED;
            // what is asked for the last time is asked within what the server is known to answer
            for spent in self.lines.extract_if(.., |line| line.is_spent(last)) {
                spent.session.close();
            }
            let most = self.window;
            let lines = self.lines.iter_mut();
            let free = lines.filter_map(|line| line.takes(most, last).then_some(line));
            // what a session was refused for goes to one that is known to live, if there is one
            let spared = flight.spared > 0;
            let best = free.min_by_key(|line| (spared && line.answered == 0, line.in_flight()));
            let Some(line) = best else { break };
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

    /// Begins to open the sessions that what waits could use, so many at most. Returns how many.
    pub(super) fn open(
        &mut self,
        most: usize,
        news: &Sender<News>,
        short_hellos: &ShortHellos,
    ) -> usize {
        if self.shortage.as_ref().is_some_and(|it| it.at.elapsed() < TICK) {
            return 0;
        }
        let open = self.lines.len() + self.opening;
        let wanted = self.waiting.len().div_ceil(self.window).saturating_sub(self.opening);
        let count = wanted.min(self.connections.saturating_sub(open)).min(most);
        // what waits for a descriptor waits since it could have had one
        if count > 0 && open == 0 && self.shortage.is_none() {
            let now = Instant::now();
            self.waiting.iter_mut().for_each(|flight| flight.owed = now);
        }
        (0..count).take_while(|_| self.open_one(news, short_hellos)).count()
    }

    /// In a thread, for a server may take all the time there is.
    fn open_one(&mut self, news: &Sender<News>, short_hellos: &ShortHellos) -> bool {
        let Some(first) = self.waiting.front() else { return false };
        let lookup = first.job.lookup.clone();
        // the longest time that any waiting query has left; one with less is given up meanwhile
        let left =
            self.waiting.iter().try_fold(Duration::ZERO, |most, it| Some(most.max(it.left()?)));
        let (news, pool) = (news.clone(), self.number);
        let mut asker = Asker::with(short_hellos.clone());
        let begun = thread::Builder::new().spawn(move || {
            let mut server: Option<Arc<AsTyped>> = None;
            let outcome = asker.open(&lookup, left, &mut |event| {
                // what is tried again is no failure
                if is_shortage(&event) {
                    return;
                }
                // the receiver is gone once the batch is over
                if let Some(trying) = trying(server.as_deref(), &event) {
                    let trying = Arc::clone(server.insert(Arc::new(trying)));
                    let _ = news.send(News { pool, what: What::Trying(trying) });
                }
                let _ = news.send(News { pool, what: What::Told(event.kept()) });
            });
            let opened = match (outcome, server) {
                (Ok((session, phases)), Some(server)) => {
                    Ok(Box::new(Opened { session, phases, server }))
                }
                // a session is opened with a server that was told of
                (Ok(_), None) => {
                    let error = Error::Internal("a session with no server".into());
                    Err(Box::new(NotOpened { error, server: None }))
                }
                (Err(error), server) => {
                    let peer = || protocol(&lookup.route).to_string();
                    let error = match shortage(&error) {
                        Some(cause) if !error.is_shortage() => {
                            Error::Connect { peer: peer(), cause }
                        }
                        _ => error,
                    };
                    Err(Box::new(NotOpened { error, server }))
                }
            };
            let _ = news.send(News { pool, what: What::Opened(opened) });
        });
        if let Err(error) = begun {
            let error = Error::Connect { peer: self.peer(), cause: no_thread(&error) };
            self.shortage = Some(Shortage { error, at: Instant::now() });
            return false;
        }
        self.opening += 1;
        true
    }

    /// Takes in what became of a session that was being opened.
    pub(super) fn opened(
        &mut self,
        outcome: Result<Box<Opened>, Box<NotOpened>>,
        finished: &mut Vec<Outcome>,
    ) {
        self.opening -= 1;
        let now = Instant::now();
        match outcome {
            Ok(opened) => {
                self.shortage = None;
                let Opened { session, phases, server } = *opened;
                if self.lines.is_empty() {
                    // those that it takes waited for it, the rest wait for room
                    let takes = self.window.min(self.budget);
                    for flight in self.waiting.iter_mut().take(takes) {
                        flight.waited(now);
                    }
                }
                self.lines.push(Line::new(session, phases, server, self.budget));
            }
            // a server may take fewer sessions than it is offered
            Err(failed) if !failed.error.is_shortage() && self.opening + self.lines.len() > 0 => {
                self.connections = self.opening + self.lines.len();
            }
            Err(failed) => {
                let NotOpened { error, server } = *failed;
                if let Error::Connect { cause: cause @ Connect::Shortage(_), .. } = error {
                    let error = Error::Connect { peer: self.peer(), cause };
                    self.shortage = Some(Shortage { error, at: now });
                    return;
                }
                self.fruitless += 1;
                let again = self.has_answered && self.fruitless <= MAX_FRUITLESS;
                for mut flight in std::mem::take(&mut self.waiting) {
                    flight.waited(now);
                    // a later query has time for another try; any other error would only repeat
                    let may_wait = again || error.is_timeout();
                    if may_wait && flight.left().is_none_or(|left| left > GRACE) {
                        self.waiting.push_back(flight);
                        continue;
                    }
                    let (server, result) = (server.clone(), Err(error.clone()));
                    finished.push(Outcome { job: flight.job, server, result });
                }
            }
        }
    }

    pub(super) fn receive(&mut self, finished: &mut Vec<Outcome>) {
        let mut ended = Vec::new();
        for (position, line) in self.lines.iter_mut().enumerate() {
            line.pull();
            let now = Instant::now();
            while let Some(reply) = line.session.message() {
                if let Some(outcome) = line.reply(reply, now) {
                    (self.has_answered, self.fruitless) = (true, 0);
                    finished.push(outcome);
                }
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
    fn end(&mut self, line: Line, finished: &mut Vec<Outcome>) {
        let now = Instant::now();
        let cause = line.session.ended().cloned().unwrap_or(Reply::Closed);
        let (peer, server) = (line.session.peer.clone(), Arc::clone(&line.server));
        let is_refusal = self.is_refusal(&line);
        if line.in_flight() > 0 && !is_refusal {
            self.budget = line.answered.max(1);
        }
        if is_refusal && line.is_unused() {
            return;
        }
        if line.is_unused() && self.lines.is_empty() && self.opening == 0 {
            // it ended before anything could be asked, which is as good as not to answer
            for mut flight in std::mem::take(&mut self.waiting) {
                flight.asked += 1;
                if flight.asked < MAX_ASKED {
                    self.waiting.push_back(flight);
                    continue;
                }
                let error = Error::Reply { peer: peer.clone(), cause: cause.clone() };
                let server = Some(Arc::clone(&server));
                finished.push(Outcome { job: flight.job, server, result: Err(error) });
            }
            return;
        }
        for mut flight in line.into_unanswered(now) {
            let waited = flight.waited(now);
            if is_refusal && flight.spared < MAX_SPARED {
                flight.spared += 1;
                flight.asked -= 1;
            }
            let cause = match flight.left() {
                Some(Duration::ZERO) => Reply::TimedOut(waited),
                _ if flight.asked < MAX_ASKED => {
                    self.waiting.push_front(flight);
                    continue;
                }
                _ => cause.clone(),
            };
            let (server, error) =
                (Some(Arc::clone(&server)), Error::Reply { peer: peer.clone(), cause });
            finished.push(Outcome { job: flight.job, server, result: Err(error) });
        }
    }

    /// Fails what has waited for a descriptor or a thread for its whole time.
    fn give_up_waiting(&mut self, is_alone: bool, now: Instant, finished: &mut Vec<Outcome>) {
        let Some(Shortage { error, .. }) = self.shortage.clone() else { return };
        if !is_alone {
            self.waiting.iter_mut().for_each(|flight| flight.owed = now);
            return;
        }
        for mut flight in std::mem::take(&mut self.waiting) {
            flight.waited(now);
            if flight.left() == Some(Duration::ZERO) {
                let (server, result) = (self.trying.clone(), Err(error.clone()));
                finished.push(Outcome { job: flight.job, server, result });
            } else {
                self.waiting.push_back(flight);
            }
        }
    }

    /// The server that is being tried, or the first, as messages have it.
    fn peer(&self) -> String {
        let server = match (&self.trying, &self.route.targets) {
            (Some(it), _) if it.host.starts_with('/') => format!("{}@UNIX", it.host),
            (Some(it), _) => format!("{}@{}", it.host, it.port),
            (None, Targets::Given(targets)) => {
                targets.first().map(Target::typed).unwrap_or_default()
            }
            (None, Targets::System(_)) => "the servers of this system".into(),
        };
        format!("{server}({})", protocol(&self.route))
    }

    /// Closes the sessions of which nothing is expected, to make room for others.
    pub(super) fn close_idle(&mut self) {
        if self.waiting.is_empty() {
            for idle in self.lines.extract_if(.., |line| line.in_flight() == 0) {
                idle.session.close();
            }
        }
    }

    /// Whether a server that answers over another session, or did before, would not have this one:
    /// it may allow a client so many sessions, and one that has ended may count for a while.
    fn is_refusal(&mut self, line: &Line) -> bool {
        if line.answered > 0 {
            return false;
        }
        let others = self.lines.len() + self.opening;
        if others > 0 {
            self.connections = others;
            return true;
        }
        self.fruitless += 1;
        self.has_answered && self.fruitless <= MAX_FRUITLESS
    }

    /// Gives back the time in which nothing was read, for a reason of our own.
    pub(super) fn forgive(&mut self, pause: Duration, now: Instant) {
        self.lines.iter_mut().for_each(|line| line.forgive(pause, now));
        self.waiting.iter_mut().for_each(|flight| flight.forgive(pause, now));
    }

    /// Fails what waited for its whole time, for a reply or for a session.
    ///
    /// Where a descriptor or a thread is missing, that time passes only while the pool is alone, so
    /// that nothing of ours can make room.
    pub(super) fn give_up(&mut self, is_alone: bool, finished: &mut Vec<Outcome>) {
        let now = Instant::now();
        for line in &mut self.lines {
            line.give_up(now, finished);
        }
        self.give_up_waiting(is_alone, now, finished);
        // what waits for room waits because of us
        if !self.lines.is_empty() || self.opening == 0 {
            return;
        }
        let is_over = |flight: &Flight| {
            let waited = flight.before + now.saturating_duration_since(flight.owed);
            let timeout = flight.job.lookup.route.timeout?;
            (waited >= timeout.saturating_add(GRACE)).then_some(waited)
        };
        if self.waiting.iter().all(|flight| is_over(flight).is_none()) {
            return;
        }
        let peer = self.peer();
        for flight in std::mem::take(&mut self.waiting) {
            match is_over(&flight) {
                Some(waited) => {
                    let cause = Connect::TimedOut(waited);
                    let result = Err(Error::Connect { peer: peer.clone(), cause });
                    let server = self.trying.clone();
                    finished.push(Outcome { job: flight.job, server, result });
                }
                None => self.waiting.push_back(flight),
            }
        }
    }
}

fn no_thread(error: &io::Error) -> Connect {
    Connect::Shortage(format!("no thread: {}", system_words(error)))
}

/// Whether an event is of a shortage, after which the same is tried again.
fn is_shortage(event: &Event<'_>) -> bool {
    match event {
        Event::Failed(error) | Event::GivenUp { error, .. } => shortage(error).is_some(),
        _ => false,
    }
}

/// The shortage that an error comes from: what reads files and asks the system's resolver has its own
/// errors for one.
fn shortage(error: &Error) -> Option<Connect> {
    let reason = match error {
        Error::Connect { cause: cause @ Connect::Shortage(_), .. } => return Some(cause.clone()),
        Error::File { reason, .. } | Error::Resolve { reason, .. } => reason,
        _ => return None,
    };
    let words = dial::SHORTAGES.map(|number| system_words(&number.into()));
    if words.iter().any(|words| reason.ends_with(words)) {
        return Some(Connect::Shortage(reason.clone()));
    }
    // the resolver may say only that it could not ask
    let spare = dial::spare_descriptor().map_err(|error| connect_cause(&error));
    let thread = || thread::Builder::new().spawn(|| {}).map_err(|error| no_thread(&error));
    let cause = spare.and_then(|()| thread().map(drop)).err()?;
    matches!(cause, Connect::Shortage(_)).then_some(cause)
}

/// The server that an event says is about to be tried, where it is not the one that is known.
fn trying(known: Option<&AsTyped>, event: &Event<'_>) -> Option<AsTyped> {
    match *event {
        Event::Querying { host, port, .. } => {
            Some(AsTyped { host: host.to_owned(), port, peer: None })
        }
        Event::Dialling(peer) => {
            let known = known.filter(|known| known.peer.as_ref() != Some(peer))?;
            Some(AsTyped { peer: Some(peer.clone()), ..known.clone() })
        }
        _ => None,
    }
}
