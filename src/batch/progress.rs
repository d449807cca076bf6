//! How far a batch is, for a person who watches. One rule: said a few times a second, in a line that
//! is shorter than any terminal is wide.

use std::time::{Duration, Instant};

use crate::moment::span;

/// How often it is said.
const EVERY: Duration = Duration::from_millis(250);

/// When it was said, and since when there was anything to say.
pub(super) struct Progress {
    started: Instant,
    said: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { started: now, said: now }
    }

    /// `1200 done, 400/s, 0 failed, 3s left`; with the time that has passed where `all`, the number
    /// of queries, is unknown. `None` until it is time to say it again.
    pub(super) fn line(&mut self, done: usize, failed: usize, all: Option<f64>) -> Option<String> {
        let now = Instant::now();
        if now - self.said < EVERY {
            return None;
        }
        self.said = now;
        let passed = (now - self.started).as_secs_f64();
        let rate = done as f64 / passed;
        let time = match all {
            Some(all) if done > 0 => {
                format!(", {} left", span(((all - done as f64) / rate).ceil() as i64))
            }
            Some(_) => String::new(),
            None => format!(" [{}]", span(passed as i64)),
        };
        Some(format!("{done} done, {rate:.0}/s, {failed} failed{time}"))
    }
}
