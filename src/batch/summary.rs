//! What a batch came to. One rule: its memory does not grow with what it counts.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::Zoned;

use crate::dns::rcode::Rcode;
use crate::error::{CONDITION, Error, NO_ANSWER};
use crate::net::clock::Clock;
use crate::render::json;
use crate::render::trace::Talk;

/// What a batch came to.
pub(super) struct Summary {
    start: Instant,
    at: Zoned,
    rcodes: BTreeMap<u16, usize>,
    failures: BTreeMap<&'static str, usize>,
    /// Zones that came whole.
    pub(super) transferred: usize,
    /// Microseconds from query to reply.
    latency: Histogram<u64>,
}

impl Summary {
    pub(super) fn new() -> Self {
        const HOUR: u64 = 3_600_000_000;
        // bounds that the crate accepts, and two digits, keep it at some kilobytes
        let latency = Histogram::new_with_bounds(1, HOUR, 2).expect("bounds in order");
        let (rcodes, failures) = (BTreeMap::new(), BTreeMap::new());
        let (start, at) = (Instant::now(), Clock::default().now());
        Self { start, at, rcodes, failures, transferred: 0, latency }
    }

    /// A reply of no use counts as a failure; one that a condition does not hold for counts as
    /// both.
    pub(super) fn answered(&mut self, code: u8, rcode: Rcode, waited: Duration) {
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

    /// A zone that came whole counts as one, also where a condition does not hold for it.
    pub(super) fn zone(&mut self, code: u8) {
        if code == CONDITION {
            *self.failures.entry("condition").or_default() += 1;
        }
        self.transferred += 1;
    }

    pub(super) fn failed(&mut self, error: &Error) {
        *self.failures.entry(error.kind()).or_default() += 1;
    }

    pub(super) fn failures(&self) -> usize {
        self.failures.values().sum()
    }

    pub(super) fn write(
        &self,
        talk: &mut Talk<'_>,
        shown: usize,
        interrupted: bool,
    ) -> io::Result<()> {
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
        if let Some(count @ 1..) = talk.unpadded {
            let replies = if count == 1 { "reply was" } else { "replies were" };
            talk.warning(format_args!(
                "{count} {replies} not padded although the query was (RFC 7830 section 4)"
            ))?;
        }
        let cut = if interrupted { "Interrupted" } else { "Batch" };
        talk.summary(format_args!("{cut}: {}", parts.join(", ")))
    }

    /// The same as an object, beside the data and not among them.
    pub(super) fn write_json(
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
            .unpadded(talk.unpadded.unwrap_or_default())
            .ended(interrupted, status);
        if !self.latency.is_empty() {
            batch = batch.latency(|it| self.latency.value_at_quantile(it) as f64 / 1e3);
        }
        json::summed_up(&batch, talk.err)
    }
}
