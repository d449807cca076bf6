//! Results that came before their turn. One rule: they take no more memory than is fixed here,
//! whatever servers send, and none of them is lost.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::net::pipeline::{Job, Outcome};
use crate::render::json::Asked;

/// Results that take more octets than this hold up the input.
const MAX_EARLY: usize = 3 * 1024 * 1024;
/// The octets of results, and of those that are expected.
const MAX_HELD: usize = 6 * 1024 * 1024;
/// The octets of replies that may be expected whatever waits already.
const MIN_EXPECTED: usize = MAX_HELD / 8;

/// What can be shown when its turn comes.
pub(super) enum Ready {
    Outcome(Box<Outcome>),
    /// A line that makes no sense, and what it asks.
    Senseless(Error, Asked),
}

/// Results by the number of their query.
#[derive(Default)]
pub(super) struct Early {
    results: BTreeMap<usize, Ready>,
    /// The octets that they take.
    octets: usize,
    /// Queries whose replies were dropped, to be asked again.
    dropped: BTreeMap<usize, Job>,
}

impl Early {
    /// Keeps a result until its turn.
    pub(super) fn keep(&mut self, number: usize, ready: Ready) {
        self.octets += octets(&ready);
        self.results.insert(number, ready);
        // where some were dropped, the rest leaves room for the first of them to be asked again
        while self.octets > if self.dropped.is_empty() { MAX_HELD } else { MAX_EARLY / 2 } {
            if !self.drop_last() {
                break;
            }
        }
    }

    /// Drops the reply whose turn is last, to ask for it again; whether there was one.
    fn drop_last(&mut self) -> bool {
        let is_reply = |ready: &Ready| matches!(ready, Ready::Outcome(it) if it.result.is_ok());
        let last = self.results.iter().rfind(|(_, it)| is_reply(it)).map(|(number, _)| *number);
        let Some((number, ready)) = last.and_then(|it| Some((it, self.take(it)?))) else {
            return false;
        };
        if let Ready::Outcome(outcome) = ready {
            self.dropped.insert(number, outcome.job);
        }
        true
    }

    /// The result of a query whose turn has come.
    pub(super) fn take(&mut self, number: usize) -> Option<Ready> {
        let ready = self.results.remove(&number)?;
        self.octets -= octets(&ready);
        Some(ready)
    }

    /// All that are there, in their order.
    pub(super) fn take_all(&mut self) -> BTreeMap<usize, Ready> {
        self.octets = 0;
        std::mem::take(&mut self.results)
    }

    /// The next query to be asked again.
    pub(super) fn again(&mut self) -> Option<Job> {
        self.dropped.pop_first().map(|(_, job)| job)
    }

    /// Whether no query is to be asked again.
    pub(super) fn lacks_none(&self) -> bool {
        self.dropped.is_empty()
    }

    /// The octets that replies may take which are not there yet; `None` while nothing should be
    /// asked.
    pub(super) fn room(&self) -> Option<usize> {
        // nothing is shown before what is missing was asked again, however much waits behind it
        let missing = self.dropped.first_key_value().map(|(number, _)| *number);
        let is_next = missing.is_some_and(|it| self.results.range(..it).next().is_none());
        (is_next || self.octets < MAX_EARLY)
            .then(|| MAX_HELD.saturating_sub(self.octets).max(MIN_EXPECTED))
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
        Ready::Senseless(error, asked) => error.to_string().len() + asked.size(),
    };
    size_of::<Outcome>() + REST + messages
}
