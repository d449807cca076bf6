//! What a process cost: the operating system's account of it when it ended. One rule: a process
//! that fails is an error, not a fast one.

use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::Outcome;
use crate::commands::Command;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Octets of memory at the most.
    pub(crate) memory: u64,
}

/// The runs of one command, in the order of the rounds; none where it is not installed.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) title: &'static str,
    pub(crate) runs: Vec<Cost>,
}

/// Runs the commands in turn, `count` times, after a round that warms up. Those that are not
/// installed have no runs.
pub(crate) fn rounds<const N: usize>(count: usize, commands: [Command; N]) -> Outcome<[Series; N]> {
    let mut series =
        commands.each_ref().map(|command| Series { title: command.title, runs: Vec::new() });
    for round in 0..=count {
        for (command, series) in commands.iter().zip(&mut series) {
            if command.is_installed() {
                let cost = cost(command)?;
                if round > 0 {
                    series.runs.push(cost);
                }
            }
        }
    }
    Ok(series)
}

fn cost(command: &Command) -> Outcome<Cost> {
    let start = Instant::now();
    let used = command.command().spawn()?.wait4()?;
    let wall = start.elapsed();
    if !used.status.success() {
        return Err(format!("{command:?}: {}", used.status).into());
    }
    let rusage = used.rusage;
    Ok(Cost { wall, cpu: rusage.utime + rusage.stime, memory: rusage.maxrss })
}

impl Series {
    /// Seconds on the clock.
    pub(crate) const WALL: fn(&Cost) -> f64 = |cost| cost.wall.as_secs_f64();
    /// Seconds of CPU.
    pub(crate) const CPU: fn(&Cost) -> f64 = |cost| cost.cpu.as_secs_f64();

    /// What this cost for each one that `other` cost, round by round.
    pub(crate) fn ratios(&self, other: &Self, what: fn(&Cost) -> f64) -> Vec<f64> {
        self.runs.iter().zip(&other.runs).map(|(ours, theirs)| what(ours) / what(theirs)).collect()
    }

    /// The median of `what`.
    pub(crate) fn median(&self, what: fn(&Cost) -> f64) -> f64 {
        median(self.runs.iter().map(what).collect())
    }

    /// The most octets of memory of any run.
    pub(crate) fn most_memory(&self) -> f64 {
        self.runs.iter().map(|run| run.memory).max().unwrap_or_default() as f64
    }
}

/// The median; not a number where there is none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
