//! One clock for a whole lookup. One rule: it is asked before every wait, so that a server which
//! drips octets does not hold up the lookup.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::AsFd;

/// What ends every wait of a lookup, once it is not 0.
#[derive(Clone, Copy, Debug)]
pub struct Interrupt(pub &'static AtomicUsize);

impl Interrupt {
    fn is_set(self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// When a lookup began, and when it must be done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    start: Instant,
    limit: Option<Duration>,
    interrupt: Option<Interrupt>,
}

/// How long an interrupt may remain unseen that came just before a wait.
const MAX_UNSEEN: Duration = Duration::from_millis(100);

impl Deadline {
    /// A lookup that begins now and may take `limit`; for ever where there is none.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { start: Instant::now(), limit, interrupt: None }
    }

    /// The same, but over once `interrupt` is set.
    pub fn until(self, interrupt: Option<Interrupt>) -> Self {
        Self { interrupt, ..self }
    }

    /// One that begins now, may take `limit`, and ends by the same interrupt.
    pub fn anew(&self, limit: Option<Duration>) -> Self {
        Self::new(limit).until(self.interrupt)
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_some_and(Interrupt::is_set)
    }

    /// The same lookup with at most `patience` from now; `None` is as long as there is.
    pub fn within(&self, patience: Option<Duration>) -> Self {
        let limit = patience.map(|patience| self.elapsed().saturating_add(patience));
        Self { limit: limit.or(self.limit), ..*self }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time that is left: `None` is for ever, zero is over.
    pub fn left(&self) -> Option<Duration> {
        if self.is_interrupted() {
            return Some(Duration::ZERO);
        }
        self.limit.map(|limit| limit.saturating_sub(self.elapsed()))
    }

    /// Whether time is up.
    pub fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// Waits until `socket` is ready for `what`. An error of kind `TimedOut` says that time is up,
    /// one of kind `Interrupted` that the interrupt is set.
    pub fn wait(&self, socket: &impl AsFd, what: PollFlags) -> io::Result<()> {
        loop {
            if self.is_interrupted() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.is_over() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let patience = match self.interrupt {
                Some(_) => Some(self.left().map_or(MAX_UNSEEN, |left| left.min(MAX_UNSEEN))),
                None => self.left(),
            };
            if poll(&mut [PollFd::new(socket, what)], patience)? > 0 {
                return Ok(());
            }
        }
    }
}

/// What every system's poll takes, 24 days.
const MAX_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Waits until one of `sockets` is ready, or for `patience`, though no longer than 24 days; `None` is
/// for ever. Returns how many are ready.
pub fn poll(sockets: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<usize> {
    // on Windows it is an error to wait for no socket
    if let (true, Some(patience)) = (cfg!(windows) && sockets.is_empty(), patience) {
        std::thread::sleep(patience);
        return Ok(0);
    }
    // without ppoll a longer timeout is an error; the caller asks the clock again anyway
    let timeout = patience.map(|patience| patience.min(MAX_TIMEOUT));
    let timeout = timeout.and_then(|patience| Timespec::try_from(patience).ok());
    match rustix::event::poll(sockets, timeout.as_ref()) {
        Ok(ready) => Ok(ready),
        Err(rustix::io::Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn no_time_is_too_long_to_be_waited_for() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for patience in [MAX_TIMEOUT, MAX_TIMEOUT * 2, Duration::MAX] {
            let mut sockets = [PollFd::new(&socket, PollFlags::OUT)];
            assert_eq!(poll(&mut sockets, Some(patience)).unwrap(), 1, "{patience:?}");
        }
    }
}
