//! The streams that results and messages leave by. One rule: a slow reader is waited for, and a
//! reader that has left costs neither the lookup nor its exit status.

use std::cell::Cell;
#[cfg(unix)]
use std::io::ErrorKind;
use std::io::{self, Write};
use std::rc::Rc;

#[cfg(unix)]
use rustix::event::{PollFd, PollFlags};
#[cfg(unix)]
use rustix::fd::AsFd;
#[cfg(unix)]
use rustix::io::Errno;

/// A standard stream that is written to without a buffer. It may be shared with a program that has
/// set O_NONBLOCK on it: then a write waits for room, as it does elsewhere.
#[cfg(unix)]
pub struct Blocking<S>(pub S);

#[cfg(unix)]
impl<S: AsFd> Write for Blocking<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.0, octets) {
                Ok(written) => return Ok(written),
                // the standard library takes a stream that was never opened for one without a reader
                Err(Errno::BADF) => return Ok(octets.len()),
                Err(Errno::AGAIN) => {
                    let mut stream = [PollFd::new(&self.0, PollFlags::OUT)];
                    match rustix::event::poll(&mut stream, None) {
                        // a signal; what it asks for is done when the write is
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(Errno::INTR) => return Err(ErrorKind::Interrupted.into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream whose reader may leave: what is written from then on is discarded.
pub(crate) struct Outlet<'a> {
    to: &'a mut dyn Write,
    is_left: Rc<Cell<bool>>,
}

impl<'a> Outlet<'a> {
    /// The same stream; `is_left` becomes true when its reader leaves.
    pub(crate) fn new(to: &'a mut dyn Write, is_left: &Rc<Cell<bool>>) -> Self {
        Self { to, is_left: Rc::clone(is_left) }
    }

    /// The outcome of a write, and `discarded` where there is no reader.
    fn unless_left<T>(&self, outcome: io::Result<T>, discarded: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_left.set(true);
                Ok(discarded)
            }
            outcome => outcome,
        }
    }
}

impl Write for Outlet<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.is_left.get() {
            return Ok(octets.len());
        }
        let written = self.to.write(octets);
        self.unless_left(written, octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_left.get() {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.unless_left(flushed, ())
    }
}
