//! A batch: one command line a line, streamed. One rule: constant memory, whatever the number of
//! lines; and what fails, fails in its place.

mod input;
mod progress;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::Zoned;

use input::Input;
use progress::Progress;

use crate::cli::settings::{Operation, Settings};
use crate::cli::{self, Look};
use crate::display::Format;
use crate::dns::rcode::Rcode;
use crate::error::{CONDITION, Error, INTERRUPTED, NO_ANSWER, system_words};
use crate::lookups::{self, Shown};
use crate::net::lookup::Asker;
use crate::net::pipeline::{Job, Outcome, Pipeline};
use crate::plan::{Lookup, Route, Targets, Transport};
use crate::render::json::{self, Heard};
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
    /// Opens the file at `path` and decides the way, before anybody is asked anything.
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
        let interrupted = Arc::new(AtomicBool::new(false));
        // a second one ends the program at once
        let _ = signal_hook::flag::register_conditional_default(
            signal_hook::consts::SIGINT,
            Arc::clone(&interrupted),
        );
        // without it Ctrl-C ends the program at once, which loses the summary and nothing else
        let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted));
        let options = look.common.batch;
        let Self { path, lines, route, plain } = self;
        let progress = talk.watched.then(Progress::new);
        let batch = Batch {
            look,
            talk,
            path,
            lines,
            route,
            plain,
            pipeline: Pipeline::new(options.pipeline, options.connections),
            interrupted,
            rest: VecDeque::new(),
            next: 0,
            shown: 0,
            early: BTreeMap::new(),
            early_octets: 0,
            barrier: None,
            summary: Summary::new(),
            progress,
            status: None,
        };
        batch.run()
    }
}

fn file(path: &str, error: &io::Error) -> Error {
    Error::File { path: path.to_owned(), reason: system_words(error) }
}

/// Results that came before their turn and take more octets than this hold up the input.
const MOST_EARLY: usize = 3 * 1024 * 1024;
/// A longer line is none that anybody typed or meant.
const LONGEST_LINE: usize = 64 * 1024;

/// What can be shown when its turn comes.
enum Ready {
    Outcome(Box<Outcome>),
    /// A line that makes no sense.
    Senseless(Error),
}

struct Batch<'a, 'b> {
    look: &'a Look,
    talk: &'a mut Talk<'b>,
    path: String,
    lines: Lines,
    route: Arc<Route>,
    plain: Option<Lookup>,
    pipeline: Pipeline,
    interrupted: Arc<AtomicBool>,
    /// What the last line asks for and nobody has asked yet.
    rest: VecDeque<Settings>,
    /// The number of the next query.
    next: usize,
    /// How many results were shown.
    shown: usize,
    /// Results whose turn has not come.
    early: BTreeMap<usize, Ready>,
    /// The octets that they take.
    early_octets: usize,
    /// A query that is asked by itself, once all before it are shown.
    barrier: Option<Job>,
    summary: Summary,
    progress: Option<Progress>,
    /// The number and the exit status of the first query that failed.
    status: Option<(usize, u8)>,
}

impl Batch<'_, '_> {
    fn run(mut self) -> io::Result<u8> {
        while !self.interrupted.load(Ordering::Relaxed) {
            let hungry = self.take_lines()?;
            if hungry && self.lines.input.source().is_none() && self.fill()? {
                continue;
            }
            if self.pipeline.is_idle() {
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
        let interrupted = self.interrupted.load(Ordering::Relaxed);
        // what is done is shown, also where something before it is not
        for (number, ready) in std::mem::take(&mut self.early) {
            self.show(number, &ready)?;
        }
        self.talk.progress(None)?;
        let otherwise = if interrupted { INTERRUPTED } else { 0 };
        let status = self.status.map_or(otherwise, |(_, status)| status);
        let format = self.look.common.display.format;
        self.talk.data_only = format != Format::Full;
        match format {
            Format::Json => self.summary.write_json(self.talk, self.shown, interrupted, status)?,
            _ => self.summary.write(self.talk, self.shown, interrupted)?,
        }
        self.pipeline.close();
        Ok(status)
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
        while self.barrier.is_none() && self.pipeline.has_room() && self.early_octets < MOST_EARLY {
            if let Some(settings) = self.rest.pop_front() {
                self.ask(&settings)?;
                continue;
            }
            match self.lines.next() {
                Some(Ok(line)) => self.take(&line)?,
                Some(Err(why)) => self.fail(Error::usage(why))?,
                None => return Ok(!self.lines.ended()),
            }
        }
        Ok(false)
    }

    fn take(&mut self, line: &str) -> io::Result<()> {
        let line = line.trim();
        if line.is_empty() || is_comment(line.as_bytes()) {
            return Ok(());
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
        let job = Job { number: self.next, lookup };
        self.next += 1;
        match can_be_pipelined(&job.lookup) {
            true => self.pipeline.add(job),
            false => self.barrier = Some(job),
        }
    }

    /// A line that makes no sense fails in its place.
    fn fail(&mut self, error: Error) -> io::Result<()> {
        let line = self.lines.number;
        let error = match error {
            Error::Usage { message, hint } => {
                Error::Usage { message: format!("line {line}: {message}"), hint }
            }
            other => other,
        };
        let number = self.next;
        self.next += 1;
        self.finish(number, Ready::Senseless(error))
    }

    /// What a pipeline is not made for: transfers, datagrams, cookies, signatures.
    fn alone(&mut self, job: &Job) -> io::Result<()> {
        self.part()?;
        lookups::international(&job.lookup, self.talk)?;
        let shown = lookups::one(&job.lookup, &mut Asker::default(), self.talk)?;
        match &shown {
            Shown::Answered(code, rcode, waited) => self.summary.answered(*code, *rcode, *waited),
            Shown::Transferred => self.summary.transferred += 1,
            Shown::Failed(error) => self.summary.failed(error),
        }
        self.note(job.number, shown.code());
        self.shown += 1;
        self.show_early()
    }

    fn finish(&mut self, number: usize, ready: Ready) -> io::Result<()> {
        if self.look.common.batch.unordered {
            return self.show(number, &ready);
        }
        if number == self.shown {
            self.show(number, &ready)?;
        } else {
            self.early_octets += octets(&ready);
            self.early.insert(number, ready);
        }
        self.show_early()
    }

    /// Shows the results whose turn it is now.
    fn show_early(&mut self) -> io::Result<()> {
        while let Some(ready) = self.early.remove(&self.shown) {
            self.early_octets -= octets(&ready);
            self.show(self.shown, &ready)?;
        }
        Ok(())
    }

    fn show(&mut self, number: usize, ready: &Ready) -> io::Result<()> {
        let outcome = match ready {
            Ready::Outcome(outcome) => outcome,
            Ready::Senseless(error) => return self.refuse(number, error),
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

    fn refuse(&mut self, number: usize, error: &Error) -> io::Result<()> {
        self.shown += 1;
        self.talk.error(format_args!("{error}"))?;
        self.talk.hint(error)?;
        if self.look.common.display.format == Format::Json {
            json::failed(&Heard::default(), error, self.talk.pretty, self.talk.out)?;
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

/// The octets that a result takes: what is behind its pointers, its messages above all, has no
/// other bound.
fn octets(ready: &Ready) -> usize {
    const REST: usize = 384;
    let messages = match ready {
        Ready::Outcome(outcome) => outcome.result.as_ref().map_or(0, |exchange| {
            exchange.query.bytes.capacity() + exchange.reply.bytes.capacity()
        }),
        Ready::Senseless(_) => 0,
    };
    size_of::<Outcome>() + REST + messages
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

/// What JSON says of the server: its name as typed, the first where none was reached.
fn heard(outcome: &Outcome) -> Heard {
    let route = &outcome.job.lookup.route;
    if route.display.format != Format::Json {
        return Heard::default();
    }
    match (&outcome.server, &route.targets) {
        (Some(server), _) => Heard::of(&server.host, server.port),
        (None, Targets::Given(targets)) => {
            targets.first().map(|it| Heard::of(&it.host, it.port)).unwrap_or_default()
        }
        (None, Targets::System(_)) => Heard::default(),
    }
}

/// Whether lines without options ask a question, all in the same way.
fn is_question(look: &Look, lookup: &Lookup) -> bool {
    look.common.operation == Operation::Query && !lookup.transfer
}

fn can_be_pipelined(lookup: &Lookup) -> bool {
    let stream = matches!(lookup.route.transport, Transport::Tls | Transport::Tcp);
    stream && !lookup.transfer && !lookup.random_cookie && lookup.route.key.is_none()
}

fn is_comment(line: &[u8]) -> bool {
    matches!(line, [b'#' | b';', ..])
}

/// The lines of a file, read when they are wanted.
struct Lines {
    input: Input,
    buffer: Vec<u8>,
    /// How much of the buffer was handed out.
    taken: usize,
    at_end: bool,
    /// What comes next belongs to a line that was too long.
    in_long_line: bool,
    /// The number of the last line.
    number: usize,
    /// Octets of all lines that were handed out.
    handed_out: u64,
    /// Octets of the file, if it is one that says so.
    size: Option<u64>,
}

impl Lines {
    fn open(path: &str) -> io::Result<Self> {
        let input = Input::open(path)?;
        let size = match path {
            "-" => None,
            path => std::fs::metadata(path).ok().filter(|it| it.is_file()).map(|it| it.len()),
        };
        Ok(Self {
            input,
            buffer: Vec::new(),
            taken: 0,
            at_end: false,
            in_long_line: false,
            number: 0,
            handed_out: 0,
            size,
        })
    }

    /// Reads on; whether there was anything, be it the end.
    fn fill(&mut self) -> io::Result<bool> {
        const PIECE: usize = 64 * 1024;
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + PIECE, 0);
        let read = self.input.read(&mut self.buffer[before..]);
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        match read {
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                Ok(false)
            }
            read => {
                self.at_end = read? == 0;
                Ok(true)
            }
        }
    }

    /// The next whole line, or why it is none. Comments may be longer than lines, and of any octets.
    fn next(&mut self) -> Option<Result<String, &'static str>> {
        loop {
            let rest = self.buffer.get(self.taken..)?;
            let end = rest.iter().position(|&octet| octet == b'\n');
            // the last line may lack its end
            let whole = end.is_some() || (self.at_end && !rest.is_empty());
            let too_long = end.unwrap_or(rest.len()) > LONGEST_LINE;
            if !whole && !too_long && !self.in_long_line {
                return None;
            }
            let length = end.map_or(rest.len(), |end| end + 1);
            if length == 0 {
                return None;
            }
            let line = &rest[..end.unwrap_or(rest.len())];
            let begins = !std::mem::replace(&mut self.in_long_line, !whole);
            let line = match (begins && !is_comment(line.trim_ascii_start()), too_long) {
                (false, _) => None,
                (true, true) => Some(Err("it is longer than 64 KiB")),
                (true, false) => {
                    Some(str::from_utf8(line).map(str::to_owned).map_err(|_| "it is not UTF-8"))
                }
            };
            self.taken += length;
            self.handed_out += length as u64;
            self.number += usize::from(begins);
            if line.is_some() {
                return line;
            }
        }
    }

    fn ended(&self) -> bool {
        self.at_end && self.taken == self.buffer.len()
    }
}

/// What a batch came to.
struct Summary {
    start: Instant,
    at: Zoned,
    rcodes: BTreeMap<u16, usize>,
    failures: BTreeMap<&'static str, usize>,
    /// Zones that came whole.
    transferred: usize,
    /// Microseconds from query to reply.
    latency: Histogram<u64>,
}

impl Summary {
    fn new() -> Self {
        const HOUR: u64 = 3_600_000_000;
        // bounds that the crate accepts, and two digits, keep it at some kilobytes
        let latency = Histogram::new_with_bounds(1, HOUR, 2).expect("bounds in order");
        let (rcodes, failures) = (BTreeMap::new(), BTreeMap::new());
        let (start, at) = (Instant::now(), Zoned::now());
        Self { start, at, rcodes, failures, transferred: 0, latency }
    }

    /// A reply of no use counts as a failure; one that a condition does not hold for counts as
    /// both.
    fn answered(&mut self, code: u8, rcode: Rcode, waited: Duration) {
        if code == NO_ANSWER {
            *self.failures.entry("message").or_default() += 1;
            return;
        }
        if code == CONDITION {
            *self.failures.entry("condition").or_default() += 1;
        }
        *self.rcodes.entry(rcode.code).or_default() += 1;
        // a wait beyond the greatest is the greatest
        self.latency
            .saturating_record(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    fn failed(&mut self, error: &Error) {
        *self.failures.entry(error.kind()).or_default() += 1;
    }

    fn failures(&self) -> usize {
        self.failures.values().sum()
    }

    fn write(&self, talk: &mut Talk<'_>, shown: usize, interrupted: bool) -> io::Result<()> {
        let seconds = self.start.elapsed().as_secs_f64();
        let mut parts = vec![format!("{shown} queries in {seconds:.1} s")];
        if seconds > 0.0 {
            parts.push(format!("{:.0} q/s", shown as f64 / seconds));
        }
        for (code, count) in &self.rcodes {
            parts.push(format!("{} {count}", Rcode::new(*code)));
        }
        if self.transferred > 0 {
            parts.push(format!("transfers {}", self.transferred));
        }
        for (kind, count) in &self.failures {
            parts.push(format!("{kind} {count}"));
        }
        if !self.latency.is_empty() {
            let at = |quantile| self.latency.value_at_quantile(quantile) as f64 / 1e3;
            let (middle, most) = (at(0.5), at(0.99));
            let max = self.latency.max() as f64 / 1e3;
            parts.push(format!("latency 50% {middle:.1} ms, 99% {most:.1} ms, max {max:.1} ms"));
        }
        let cut = if interrupted { "Interrupted" } else { "Batch" };
        talk.summary(format_args!("{cut}: {}", parts.join(", ")))
    }

    /// The same as an object, beside the data and not among them.
    fn write_json(
        &self,
        talk: &mut Talk<'_>,
        shown: usize,
        interrupted: bool,
        status: u8,
    ) -> io::Result<()> {
        let rcodes =
            self.rcodes.iter().map(|(&code, &count)| (Rcode::new(code).to_string(), count));
        let mut batch = json::Batch::new(shown, &self.at, self.start.elapsed())
            .counts(rcodes, &self.failures)
            .ended(interrupted, status);
        if !self.latency.is_empty() {
            batch = batch.latency(|it| self.latency.value_at_quantile(it) as f64 / 1e3);
        }
        json::summed_up(&batch, talk.err)
    }
}
