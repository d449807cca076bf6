//! One TLS session: TCP, handshake, and messages with their two-octet length (RFC 7858). One rule:
//! every read and write waits for the deadline first, and a message leaves in one record.

mod frames;
mod handshake;
mod names;

pub use handshake::{Greeting, Unfinished};

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;
#[cfg(unix)]
use rustix::fd::AsFd;
#[cfg(windows)]
use rustix::fd::AsSocket;
use rustix::fd::BorrowedFd;
use rustls::ClientConnection;

use self::frames::Frames;
use super::deadline::Deadline;
use super::dial::Stream;
use super::proxy;
use crate::alert::Alert;
use crate::cli::settings::Proxy;
use crate::error::{Error, Reply, system_words};
use crate::exchange::Peer;
use crate::tls::words;
use crate::verdict::TlsFacts;

/// An open session whose peer passed every check asked for; or one in cleartext, whose peer was
/// asked for nothing.
pub struct Session {
    stream: Stream,
    tls: Option<Box<ClientConnection>>,
    /// What is to be sent and is not encrypted yet, or never will be.
    outgoing: Vec<u8>,
    received: Frames,
    /// Room for what comes, encrypted or not.
    room: Vec<u8>,
    /// The last read filled the room, so that more may be there.
    is_behind: bool,
    /// Why nothing more will come.
    ended: Option<Reply>,
    /// The peer.
    pub peer: Peer,
    /// What TLS says of the peer; `None` in cleartext.
    pub facts: Option<Arc<TlsFacts>>,
    /// How long the handshake took.
    pub handshake: Duration,
}

/// The largest message and its length.
const MAX_FRAME: usize = 2 + 65_535;
/// Octets of the read buffer: at first, and at most after it was filled. A larger one saves reads.
const MIN_ROOM: usize = 4 * 1024;
const MAX_ROOM: usize = 64 * 1024;
/// Reads of what lies there when time is up: enough for a message.
const MAX_LATE: usize = 8;
/// Octets that are taken in while a query waits to be sent.
const MAX_UNREAD: usize = 16 * MAX_FRAME;

impl Session {
    /// A session in cleartext.
    pub fn plain(stream: Stream, peer: Peer) -> Self {
        Self {
            stream,
            tls: None,
            outgoing: Vec::new(),
            received: Frames::default(),
            room: vec![0; MIN_ROOM],
            is_behind: false,
            ended: None,
            peer,
            facts: None,
            handshake: Duration::ZERO,
        }
    }

    /// Sends a PROXYv2 header before the first message.
    pub fn introduce(&mut self, proxy: Option<Proxy>) {
        if let Some(proxy) = proxy {
            self.outgoing.extend(proxy::header(proxy, proxy::Over::Tcp));
        }
    }

    /// Adds a message, with its length, to what is to be sent. What is queued together leaves
    /// together: one message is one TLS record.
    pub fn queue(&mut self, message: &[u8]) -> Result<(), Error> {
        let too_long = |_| Error::usage("the query is too long");
        let length = u16::try_from(message.len()).map_err(too_long)?;
        self.outgoing.extend(length.to_be_bytes());
        self.outgoing.extend(message);
        Ok(())
    }

    /// Sends what was queued. What comes meanwhile is taken in, so that two peers with full buffers
    /// do not wait for each other.
    pub fn send(&mut self, deadline: &Deadline) -> Result<(), Error> {
        loop {
            self.push().map_err(|cause| self.no_reply(cause))?;
            if !self.wants_write() {
                return Ok(());
            }
            // a peer that talks and does not listen is not listened to for ever
            let room = self.received.waiting() < MAX_UNREAD;
            let what = if room { PollFlags::IN | PollFlags::OUT } else { PollFlags::OUT };
            self.wait(what, deadline)?;
            if room {
                self.pull();
            }
            if let Some(cause) = &self.ended {
                return Err(self.no_reply(cause.clone()));
            }
        }
    }

    /// Waits for the next message.
    pub fn receive(&mut self, deadline: &Deadline) -> Result<Vec<u8>, Error> {
        let mut late = 0;
        loop {
            if let Some(message) = self.received.next() {
                return match message.is_empty() {
                    true => Err(self.no_reply(Reply::Empty)),
                    false => Ok(message),
                };
            }
            if let Some(cause) = &self.ended {
                return Err(self.no_reply(match (cause, self.received.waiting()) {
                    (Reply::Closed | Reply::CloseNotify, octets @ 1..) => Reply::Cut(octets),
                    _ => cause.clone(),
                }));
            }
            // what lies there already is taken before time is looked at, as after a stop of this
            // process; octets that never become a message, such as session tickets, have no time
            let may_pull = late < MAX_LATE;
            if may_pull && self.pull() {
                late += usize::from(deadline.is_over());
                continue;
            }
            if let Err(error) = self.wait(PollFlags::IN, deadline) {
                if !may_pull || !self.pull() {
                    return Err(error);
                }
                late += 1;
            }
        }
    }

    /// What TLS says of the peer, with the number of session tickets received until now.
    pub fn facts_now(&mut self) -> Option<Arc<TlsFacts>> {
        let tickets = self.tls.as_ref()?.tls13_tickets_received();
        let facts = self.facts.as_mut()?;
        if facts.session.tickets != tickets {
            Arc::make_mut(facts).session.tickets = tickets;
        }
        Some(Arc::clone(facts))
    }

    /// Says goodbye, without waiting for an answer.
    pub fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // whether it arrives changes nothing
            let _ = tls.write_tls(&mut self.stream);
        }
    }

    /// Whether something waits to be sent.
    pub fn wants_write(&self) -> bool {
        !self.outgoing.is_empty() || self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Whether more may be there than was read last.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The next message that was received.
    pub fn message(&mut self) -> Option<Vec<u8>> {
        self.received.next()
    }

    /// Why nothing more will come.
    pub fn ended(&self) -> Option<&Reply> {
        self.ended.as_ref()
    }

    /// Remembers why nothing more will come.
    pub fn end(&mut self, cause: Reply) {
        self.ended.get_or_insert(cause);
    }

    /// Acknowledges what was received, so that the peer goes on.
    pub fn quick_ack(&self) {
        self.stream.quick_ack();
    }

    fn wait(&self, what: PollFlags, deadline: &Deadline) -> Result<(), Error> {
        self.stream.quick_ack();
        deadline.wait(&self.stream, what).map_err(|error| {
            self.no_reply(match error.kind() {
                ErrorKind::TimedOut => Reply::TimedOut(deadline.elapsed()),
                _ => Reply::Protocol(system_words(&error)),
            })
        })
    }

    /// Sends what can be sent without waiting.
    pub fn push(&mut self) -> Result<(), Reply> {
        if let (Some(tls), false) = (&mut self.tls, self.outgoing.is_empty()) {
            tls.writer().write_all(&self.outgoing).map_err(|error| broken(&error))?;
            self.outgoing.clear();
        }
        while self.wants_write() {
            let written = match &mut self.tls {
                Some(tls) => tls.write_tls(&mut self.stream),
                None => self.stream.write(&self.outgoing),
            };
            match written {
                Ok(length) if self.tls.is_none() => drop(self.outgoing.drain(..length)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(())
    }

    /// Takes in what came; whether there was anything. The end is remembered in `ended`.
    pub fn pull(&mut self) -> bool {
        let mut socket = Socket { stream: &mut self.stream, room: &mut self.room, is_full: false };
        let pulled = match &mut self.tls {
            Some(tls) => pull_tls(tls, &mut socket, &mut self.received),
            None => pull_plain(&mut socket, &mut self.received),
        };
        self.is_behind = socket.is_full;
        match pulled {
            Ok(any) => any,
            Err(cause) => {
                self.ended.get_or_insert(cause);
                true
            }
        }
    }

    fn no_reply(&self, cause: Reply) -> Error {
        Error::Reply { peer: self.peer.clone(), cause }
    }
}

/// Where octets are read from, and to.
struct Socket<'a> {
    stream: &'a mut Stream,
    room: &'a mut Vec<u8>,
    /// The last read filled the room.
    is_full: bool,
}

fn pull_plain(socket: &mut Socket<'_>, received: &mut Frames) -> Result<bool, Reply> {
    match socket.read()? {
        None => Ok(false),
        Some([]) => Err(Reply::Closed),
        Some(octets) => {
            received.extend(octets);
            Ok(true)
        }
    }
}

fn pull_tls(
    tls: &mut ClientConnection,
    socket: &mut Socket<'_>,
    received: &mut Frames,
) -> Result<bool, Reply> {
    let Some(length) = socket.read()?.map(<[u8]>::len) else {
        // something may have come with the end of the handshake
        return take_plaintext(tls, received);
    };
    let Socket { stream, room, .. } = socket;
    let mut octets = &room[..length];
    loop {
        // the reader says below what the end means
        tls.read_tls(&mut octets).map_err(|error| broken(&error))?;
        if let Err(error) = tls.process_new_packets() {
            // tell the peer why
            let _ = tls.write_tls(*stream);
            return Err(match error {
                rustls::Error::AlertReceived(alert) => Reply::Alert(Alert(alert.into())),
                error => Reply::Protocol(words::of_rustls(&error)),
            });
        }
        take_plaintext(tls, received)?;
        if octets.is_empty() {
            return Ok(true);
        }
    }
}

/// Takes over what was decrypted; whether there was anything.
fn take_plaintext(tls: &mut ClientConnection, received: &mut Frames) -> Result<bool, Reply> {
    let mut any = false;
    loop {
        let mut reader = tls.reader();
        let length = match reader.fill_buf() {
            Ok([]) => return Err(Reply::CloseNotify),
            Ok(octets) => {
                received.extend(octets);
                octets.len()
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(any),
            Err(error) => return Err(broken(&error)),
        };
        reader.consume(length);
        any = true;
    }
}

impl Socket<'_> {
    /// The octets that were read: none at the end of the stream; `None` if there is nothing yet.
    /// Room that was filled was too small.
    fn read(&mut self) -> Result<Option<&[u8]>, Reply> {
        match self.stream.read(self.room) {
            Ok(length) => {
                self.is_full = length == self.room.len();
                if self.is_full && length < MAX_ROOM {
                    self.room.resize(2 * length, 0);
                }
                Ok(Some(&self.room[..length]))
            }
            Err(error) if is_interruption(&error) => Ok(None),
            Err(error) => Err(broken(&error)),
        }
    }
}

fn broken(error: &io::Error) -> Reply {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Reply::Reset,
        ErrorKind::UnexpectedEof => Reply::Closed,
        _ => Reply::Protocol(system_words(error)),
    }
}

#[cfg(windows)]
impl AsSocket for Session {
    fn as_socket(&self) -> BorrowedFd<'_> {
        self.stream.as_socket()
    }
}

#[cfg(unix)]
impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn is_interruption(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests;
