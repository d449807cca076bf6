//! One clock for a whole lookup. One rule: it is asked before every wait, so that a server which
//! drips octets holds nobody.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// When a lookup began, and when it must be done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    start: Instant,
    limit: Option<Duration>,
}

impl Deadline {
    /// A lookup that begins now and may take `limit`; for ever where there is none.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { start: Instant::now(), limit }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time that is left: `None` is for ever, zero is over.
    pub fn left(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.elapsed()))
    }

    /// Waits until `socket` is ready for `what`. An error of kind `TimedOut` says that time is up.
    pub fn wait(&self, socket: &impl AsFd, what: PollFlags) -> io::Result<()> {
        loop {
            let left = self.left();
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // a limit too long for the clock is for ever
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut [PollFd::new(socket, what)], timeout.as_ref()) {
                Ok(0) => {}
                Ok(_) => return Ok(()),
                Err(error) if error == rustix::io::Errno::INTR => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
