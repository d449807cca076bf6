//! A batch as a whole. One rule: a count stands beside the name that its objects have for it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Zoned;
use serde::Serialize;

use super::{date, milliseconds};

/// What a batch came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    queries: usize,
    interrupted: bool,
    exit_code: u8,
    #[serde(rename = "RCODEname")]
    rcodes: BTreeMap<String, usize>,
    error: BTreeMap<&'static str, usize>,
    unpadded: usize,
    timing: Timing,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Timing {
    date_string: String,
    total: f64,
    reply: Option<Latency>,
}

/// Milliseconds from query to reply, by percentile.
#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Batch {
    /// So many queries, asked from `at` on and in `took`.
    pub fn new(queries: usize, at: &Zoned, took: Duration) -> Self {
        let timing = Timing { date_string: date(at), total: milliseconds(took), reply: None };
        Self {
            queries,
            interrupted: false,
            exit_code: 0,
            rcodes: BTreeMap::new(),
            error: BTreeMap::new(),
            unpadded: 0,
            timing,
        }
    }

    /// Replies by the name of their RCODE, and failures by kind.
    pub fn counts(
        mut self,
        rcodes: impl Iterator<Item = (String, usize)>,
        failures: &BTreeMap<&'static str, usize>,
    ) -> Self {
        self.rcodes = rcodes.collect();
        self.error.clone_from(failures);
        self
    }

    /// Replies that were not padded although the query was.
    pub fn unpadded(self, unpadded: usize) -> Self {
        Self { unpadded, ..self }
    }

    /// The latencies at these quantiles, in milliseconds.
    pub fn latency(mut self, at: impl Fn(f64) -> f64) -> Self {
        let (p50, p90, p99, max) = (at(0.5), at(0.9), at(0.99), at(1.0));
        self.timing.reply = Some(Latency { p50, p90, p99, max });
        self
    }

    /// How it ended.
    pub fn ended(self, interrupted: bool, exit_code: u8) -> Self {
        Self { interrupted, exit_code, ..self }
    }
}
