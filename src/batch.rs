//! A batch: one command line a line, streamed. One rule: constant memory, whatever the number of
//! lines; and what fails, fails in its place.

mod early;
mod guard;
mod input;
mod lines;
mod progress;
mod signals;
mod summary;
mod typed;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use early::{Early, Ready};
use lines::{Lines, NoLine, is_comment};
use progress::Progress;
use signals::Signals;
use summary::Summary;

use crate::cli::settings::{Operation, Settings};
use crate::cli::{self, Look};
use crate::display::Format;
use crate::dns::edns::COOKIE;
use crate::error::{Error, system_words};
use crate::lookups::{self, Shown};
use crate::net::lookup::Asker;
use crate::net::pipeline::{Job, Outcome, Pipeline};
use crate::plan::{Lookup, Route, Transport};
use crate::render::json::{self, Asked, Heard};
use crate::render::trace::Talk;

/// A batch that can begin.
pub(crate) struct Plan {
    path: String,
    lines: Lines,
    /// The way of every query that says nothing else.
    route: Arc<Route>,
    /// What a line without options asks, but for its name; `None` where that is no question.
    plain: Option<Lookup>,
}

impl Plan {
    /// Opens the file at `path` and plans the route, before anything is sent.
    pub(crate) fn new(path: &str, look: &Look) -> Result<Self, Error> {
        let lines = Lines::open(path).map_err(|error| file(path, &error))?;
        let route = route(&look.common, look.debug)?;
        let plain = match Lookup::on(Arc::clone(&route), &look.common) {
            Ok(lookup) if is_question(look, &lookup) => Some(lookup),
            _ => None,
        };
        Ok(Self { path: path.to_owned(), lines, route, plain })
    }

    /// Asks what the lines say, and sums up. Returns the exit status of the first query that failed.
    pub(crate) fn run(self, look: &Look, talk: &mut Talk<'_>) -> io::Result<u8> {
        let options = look.common.batch;
        let Self { path, lines, route, plain } = self;
        let progress = talk.watched.then(Progress::new);
        talk.unpadded = Some(0);
        let batch = Batch {
            look,
            talk,
            path,
            lines,
            route,
            plain,
            pipeline: Pipeline::new(options.pipeline, options.connections),
            signals: Signals::new(),
            line: String::new(),
            rest: VecDeque::new(),
            next: 0,
            shown: 0,
            early: Early::default(),
            barrier: None,
            summary: Summary::new(),
            progress,
            is_cut: false,
            status: None,
        };
        batch.run()
    }
}

fn file(path: &str, error: &io::Error) -> Error {
    Error::File { path: path.to_owned(), reason: system_words(error) }
}

struct Batch<'a, 'b> {
    look: &'a Look,
    talk: &'a mut Talk<'b>,
    path: String,
    lines: Lines,
    route: Arc<Route>,
    plain: Option<Lookup>,
    pipeline: Pipeline,
    signals: Signals,
    /// The last line, where its object would show it.
    line: String,
    /// Queries of the line read last that have not started yet.
    rest: VecDeque<Settings>,
    /// The number of the next query.
    next: usize,
    /// How many results were shown.
    shown: usize,
    /// Results whose turn has not come.
    early: Early,
    /// A query that is asked by itself, once all before it are shown.
    barrier: Option<Job>,
    summary: Summary,
    progress: Option<Progress>,
    /// Lines were left unread, because nobody reads the results.
    is_cut: bool,
    /// The number and the exit status of the first query that failed.
    status: Option<(usize, u8)>,
}

impl Batch<'_, '_> {
    fn run(mut self) -> io::Result<u8> {
        while self.signals.status().is_none() {
            if self.talk.is_left.get() {
                self.ask_no_more();
            }
            let hungry = self.take_lines()?;
            if hungry && self.lines.input.source().is_none() && self.fill()? {
                continue;
            }
            if self.pipeline.is_idle() && self.early.lacks_none() {
                if let Some(job) = self.barrier.take() {
                    self.alone(&job)?;
                    continue;
                }
                if self.lines.ended() && self.rest.is_empty() {
                    break;
                }
            }
            let display = &self.look.common.display;
            self.talk.data_only = display.format != Format::Full;
            self.talk.pem = display.pem && display.format != Format::Json;
            let Self { pipeline, talk, lines, .. } = &mut self;
            let mut told = Ok(());
            let input = lines.input.source().filter(|_| hungry);
            let readable = pipeline.turn(input, &mut |event| {
                if told.is_ok() {
                    told = talk.tell(event);
                }
            })?;
            told?;
            if readable {
                self.fill()?;
            }
            for outcome in self.pipeline.finished() {
                self.finish(outcome.job.number, Ready::Outcome(Box::new(outcome)))?;
            }
            self.progressed()?;
        }
        let interrupted = self.signals.status();
        // what has come counts, whether or not there is a reader for it
        for outcome in self.pipeline.finished() {
            self.finish(outcome.job.number, Ready::Outcome(Box::new(outcome)))?;
        }
        // what is done is shown, also where something before it is not
        for (number, ready) in self.early.take_all() {
            self.show(number, &ready)?;
        }
        self.talk.progress(None)?;
        let failed = self.status.map(|(_, status)| status);
        let status = failed.or(interrupted).unwrap_or(0);
        let is_cut = interrupted.is_some() || self.is_cut;
        let format = self.look.common.display.format;
        self.talk.data_only = format != Format::Full;
        match format {
            Format::Json => self.summary.write_json(self.talk, self.shown, is_cut, status)?,
            _ => self.summary.write(self.talk, self.shown, is_cut)?,
        }
        self.pipeline.close();
        Ok(status)
    }

    /// Ends the input where nobody reads the results: what was asked goes on to its end, for the
    /// exit status is that of what was found.
    fn ask_no_more(&mut self) {
        let has_more = !self.lines.ended() || !self.rest.is_empty() || self.barrier.is_some();
        self.is_cut |= has_more;
        self.lines.end();
        self.rest.clear();
        self.barrier = None;
    }

    fn progressed(&mut self) -> io::Result<()> {
        let Some(progress) = &mut self.progress else { return Ok(()) };
        // the lines to come are taken to be as long as those that came
        let all = self.lines.size.map(|size| {
            let part = size as f64 / self.lines.handed_out as f64;
            self.next as f64 * part.max(1.0)
        });
        match progress.line(self.shown, self.summary.failures(), all) {
            Some(line) => self.talk.progress(Some(&line)),
            None => Ok(()),
        }
    }

    /// Reads on; whether there was anything, be it the end. What cannot be read ends the input.
    fn fill(&mut self) -> io::Result<bool> {
        match self.lines.fill() {
            Ok(any) => Ok(any),
            Err(error) => {
                let error = file(&self.path, &error);
                self.lines.at_end = true;
                self.summary.failed(&error);
                self.note(self.next, error.exit_code());
                self.talk.error(format_args!("{error}"))?;
                Ok(true)
            }
        }
    }

    /// Takes lines while there is room; whether more input is wanted.
    fn take_lines(&mut self) -> io::Result<bool> {
        while self.has_room() {
            if let Some(job) = self.early.again() {
                self.pipeline.add(job);
                continue;
            }
            if self.barrier.is_some() {
                break;
            }
            if let Some(settings) = self.rest.pop_front() {
                self.ask(&settings)?;
                continue;
            }
            match self.lines.next() {
                Some(Ok(line)) => self.take(&line)?,
                Some(Err(NoLine { typed, why })) => {
                    self.fail_as(Error::usage(why), Asked::typed(typed, None, None))?;
                }
                None => return Ok(!self.lines.ended()),
            }
        }
        Ok(false)
    }

    fn has_room(&mut self) -> bool {
        let room = match self.look.common.batch.unordered {
            true => Some(usize::MAX),
            false => self.early.room(),
        };
        room.is_some_and(|octets| self.pipeline.has_room(octets))
    }

    fn take(&mut self, line: &str) -> io::Result<()> {
        let line = line.trim();
        if line.is_empty() || is_comment(line.as_bytes()) {
            return Ok(());
        }
        if self.look.common.display.format == Format::Json {
            line.clone_into(&mut self.line);
        }
        if self.look.common.batch.names {
            return match typed::name(line, &self.look.common) {
                Ok(settings) => self.ask(&settings),
                Err(error) => self.fail(error),
            };
        }
        if let (Some(plain), Some(question)) = (&self.plain, cli::parse_question(line)) {
            let cli::Question { name, qtype, qclass } = question;
            return match plain.about(name, qtype, qclass) {
                Ok(lookup) => {
                    self.queue(lookup);
                    Ok(())
                }
                Err(error) => self.fail(error),
            };
        }
        let mut warnings = Vec::new();
        match cli::parse_line(line, &self.look.common, &mut warnings) {
            Ok(queries) => {
                for warning in warnings {
                    self.talk.warning(format_args!("line {}: {warning}", self.lines.number))?;
                }
                self.rest.extend(queries);
                Ok(())
            }
            Err(error) => self.fail(error),
        }
    }

    fn ask(&mut self, settings: &Settings) -> io::Result<()> {
        let route = match settings.is_routed_as(&self.look.common) {
            true => Ok(Arc::clone(&self.route)),
            false => route(settings, self.look.debug),
        };
        match route.and_then(|route| Lookup::on(route, settings)) {
            Ok(lookup) => {
                self.queue(lookup);
                Ok(())
            }
            Err(error) => self.fail(error),
        }
    }

    fn queue(&mut self, lookup: Lookup) {
        let job = Job { number: self.next, line: self.lines.number, lookup };
        self.next += 1;
        match can_be_pipelined(&job.lookup) {
            true => self.pipeline.add(job),
            false => self.barrier = Some(job),
        }
    }

    /// A line that makes no sense fails in its place.
    fn fail(&mut self, error: Error) -> io::Result<()> {
        let asked = Asked::typed(typed::without_key(&self.line), None, None);
        self.fail_as(error, asked)
    }

    fn fail_as(&mut self, error: Error, asked: Asked) -> io::Result<()> {
        let line = self.lines.number;
        let error = match error {
            Error::Usage { message, hint } => {
                Error::Usage { message: format!("line {line}: {message}"), hint }
            }
            other => other,
        };
        let number = self.next;
        self.next += 1;
        self.finish(number, Ready::Senseless(error, asked.in_line(Some(line))))
    }

    /// What a pipeline is not made for: transfers, datagrams, cookies, signatures.
    fn alone(&mut self, job: &Job) -> io::Result<()> {
        self.part()?;
        lookups::international(&job.lookup, self.talk)?;
        let mut asker = Asker::until(self.signals.interrupt());
        let shown = lookups::one(&job.lookup, Some(job.line), &mut asker, self.talk)?;
        match &shown {
            Shown::Answered(code, rcode, waited) => self.summary.answered(*code, *rcode, *waited),
            Shown::Transferred(code) => self.summary.zone(*code),
            Shown::Failed(error) => self.summary.failed(error),
        }
        // nothing behind it was asked yet, and what a signal ended did not fail
        if self.signals.status().is_none() {
            self.note(job.number, shown.code());
        }
        self.shown += 1;
        Ok(())
    }

    fn finish(&mut self, number: usize, ready: Ready) -> io::Result<()> {
        if self.look.common.batch.unordered {
            return self.show(number, &ready);
        }
        if number == self.shown {
            self.show(number, &ready)?;
        } else {
            self.early.keep(number, ready);
        }
        while let Some(ready) = self.early.take(self.shown) {
            self.show(self.shown, &ready)?;
        }
        Ok(())
    }

    fn show(&mut self, number: usize, ready: &Ready) -> io::Result<()> {
        let outcome = match ready {
            Ready::Outcome(outcome) => outcome,
            Ready::Senseless(error, asked) => return self.refuse(number, error, asked),
        };
        self.part()?;
        self.shown += 1;
        let lookup = &outcome.job.lookup;
        lookups::international(lookup, self.talk)?;
        self.talk.data_only = lookup.route.display.format != Format::Full;
        let code = match &outcome.result {
            Ok(exchange) => {
                let (code, rcode) =
                    lookups::answered(lookup, exchange, &heard(outcome), self.talk)?;
                self.summary.answered(code, rcode, exchange.phases.reply);
                code
            }
            Err(error) => {
                self.summary.failed(error);
                self.talk.error(format_args!("{}: {error}", lookup.query.owner()))?;
                if lookup.route.display.format == Format::Json {
                    json::failed(&heard(outcome), error, self.talk.pretty, self.talk.out)?;
                }
                error.exit_code()
            }
        };
        self.note(number, code);
        Ok(())
    }

    fn refuse(&mut self, number: usize, error: &Error, asked: &Asked) -> io::Result<()> {
        self.shown += 1;
        self.talk.error(format_args!("{error}"))?;
        self.talk.hint(error)?;
        if self.look.common.display.format == Format::Json {
            json::failed(&Heard::of(asked.clone()), error, self.talk.pretty, self.talk.out)?;
        }
        self.summary.failed(error);
        self.note(number, error.exit_code());
        Ok(())
    }

    /// The empty line between two results.
    fn part(&mut self) -> io::Result<()> {
        match self.shown > 0 && self.look.common.display.format == Format::Full {
            true => self.talk.out.write_all(b"\n"),
            false => Ok(()),
        }
    }

    fn note(&mut self, number: usize, code: u8) {
        if code != 0 && self.status.is_none_or(|(first, _)| number < first) {
            self.status = Some((number, code));
        }
    }
}

fn route(settings: &Settings, debug: u8) -> Result<Arc<Route>, Error> {
    let mut route = Route::new(settings)?;
    if route.fallback.is_some() {
        return Err(Error::usage("+fallback is for single queries, not for a batch"));
    }
    // debug lines say the same and more
    route.display.cert &= debug == 0;
    Ok(Arc::new(route))
}

/// What JSON says of the query and of the server.
fn heard(outcome: &Outcome) -> Heard {
    let Outcome { job, server, .. } = outcome;
    if job.lookup.route.display.format != Format::Json {
        return Heard::default();
    }
    let heard = Heard::of(lookups::asked(&job.lookup, Some(job.line)));
    match server {
        Some(server) => heard.from(&server.host, server.port, server.peer.as_ref()),
        None => heard,
    }
}

/// Whether lines without options ask a question, all in the same way.
fn is_question(look: &Look, lookup: &Lookup) -> bool {
    look.common.operation == Operation::Query && !lookup.transfer
}

fn can_be_pipelined(lookup: &Lookup) -> bool {
    let stream = matches!(lookup.route.transport, Transport::Tls | Transport::Tcp);
    let options = lookup.query.edns.iter().flat_map(|edns| &edns.options);
    let has_cookie = options.map(|(code, _)| *code).any(|code| code == COOKIE);
    // a server may want to see its own cookie
    let may_repeat = lookup.random_cookie || (has_cookie && lookup.route.badcookie);
    stream && !lookup.transfer && !may_repeat && lookup.route.key.is_none()
}
