//! Signals that end a batch. One rule: what is done is shown and summed up, and a signal that was
//! ignored when the program started stays ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::net::deadline::Interrupt;

/// The signals that end a batch, and which of them came.
pub(super) struct Signals {
    caught: &'static AtomicUsize,
}

impl Signals {
    /// Takes the signals from now on. What cannot be taken keeps its effect, which loses the summary
    /// and nothing else.
    pub(super) fn new() -> Self {
        // handlers stay as long as the program does
        let caught: &'static AtomicUsize = Box::leak(Box::default());
        let ignored = ignored();
        // a terminal that hangs up under nohup is no end, so that is taken where we can know
        #[cfg(unix)]
        let hangup = ignored.map(|_| signal_hook::consts::SIGHUP);
        #[cfg(not(unix))]
        let hangup = None;
        for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
            let is_ignored = ignored.is_some_and(|mask| mask & (1 << (signal - 1)) != 0);
            let Ok(number) = usize::try_from(signal) else { continue };
            if is_ignored {
                continue;
            }
            if signal == SIGINT {
                // a second Ctrl-C ends the program at once; timeout(1) sends SIGTERM twice, and
                // systemd SIGHUP behind it
                let again = Arc::new(AtomicBool::new(false));
                let _ = flag::register_conditional_default(signal, Arc::clone(&again));
                let _ = flag::register(signal, again);
            }
            let _ = flag::register_usize(signal, caught, number);
        }
        Self { caught }
    }

    /// The exit status of a program that a signal ended, as a shell has it, once there was one.
    pub(super) fn status(&self) -> Option<u8> {
        const ENDED: u8 = 128;
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(ENDED.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX))),
        }
    }

    /// What ends a lookup when a signal comes.
    pub(super) fn interrupt(&self) -> Interrupt {
        Interrupt(self.caught)
    }
}

/// The signals that are ignored, one bit each from the lowest; `None` where the system does not say.
fn ignored() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}
