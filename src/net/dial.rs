//! From an address to a connected socket. One rule: no lookup waits for one address while another
//! would have answered (RFC 8305).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fd::AsFd;
#[cfg(windows)]
use rustix::fd::AsSocket;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
#[cfg(unix)]
use socket2::SockAddr;
use socket2::{Domain, Socket, Type};

use super::deadline::{Deadline, poll};
use crate::error::{Connect, Error, system_words};
use crate::exchange::{Endpoint, Peer, Protocol};

/// A connected stream socket that does not block.
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A UNIX socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// What the system says where there is no descriptor to be had.
pub(super) const SHORTAGES: [Errno; 2] = [Errno::MFILE, Errno::NFILE];

/// How long the first address may be silent before the next is tried too (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How often a UNIX socket is asked whether there is room now.
#[cfg(unix)]
const TICK: Duration = Duration::from_millis(5);

/// A race of connections, the first to succeed being wanted.
pub struct Race {
    protocol: Protocol,
    source: Option<SocketAddr>,
    waiting: std::vec::IntoIter<SocketAddr>,
    running: Vec<(SocketAddr, Socket)>,
    /// At least one has connected, whatever became of it then.
    has_arrived: bool,
}

impl Race {
    /// A race of `addresses`; no connection is begun yet.
    pub fn new(addresses: Vec<SocketAddr>, source: Option<SocketAddr>, protocol: Protocol) -> Self {
        let waiting = families_in_turn(addresses).into_iter();
        Self { protocol, source, waiting, running: Vec::new(), has_arrived: false }
    }

    /// Sends the first one off, so that other work can be done meanwhile.
    pub fn start(&mut self) -> Option<Error> {
        if !self.running.is_empty() {
            return None;
        }
        let address = self.waiting.next()?;
        match dial(address, self.source) {
            Ok(socket) => {
                self.running.push((address, socket));
                None
            }
            Err(error) => Some(self.failed(address, connect_cause(&error))),
        }
    }

    /// How many may still arrive.
    pub fn rest(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// The next connection; `None` when all addresses, or all the time, was used up. What fails is
    /// told; an address that was given no time did not fail.
    pub fn next(
        &mut self,
        deadline: &Deadline,
        failed: &mut dyn FnMut(Error),
    ) -> Option<(SocketAddr, Stream)> {
        loop {
            if self.running.is_empty() {
                if deadline.is_over() {
                    self.waiting = Vec::new().into_iter();
                }
                if self.waiting.len() == 0 {
                    return None;
                }
                self.start_another(failed);
                continue;
            }
            let left = deadline.left();
            if left.is_some_and(|left| left.is_zero()) {
                self.waiting = Vec::new().into_iter();
                self.end(deadline, failed);
                return None;
            }
            let patience = if self.waiting.len() == 0 {
                left
            } else {
                Some(HEAD_START.min(left.unwrap_or(HEAD_START)))
            };
            let ready = match self.ready(patience) {
                Ok(Some(ready)) => ready,
                Ok(None) => {
                    if self.waiting.len() > 0 {
                        self.start_another(failed);
                    }
                    continue;
                }
                // the sockets cannot be waited for
                Err(error) => {
                    for (address, _) in std::mem::take(&mut self.running) {
                        failed(self.failed(address, connect_cause(&error)));
                    }
                    continue;
                }
            };
            let (address, socket) = self.running.swap_remove(ready);
            match socket.take_error() {
                Ok(None) => {
                    self.has_arrived = true;
                    return Some((address, Stream::Tcp(socket.into())));
                }
                // a reset means that the peer did accept: the first write reports it in its context
                Ok(Some(error)) if error.kind() == ErrorKind::ConnectionReset => {
                    self.has_arrived = true;
                    return Some((address, Stream::Tcp(socket.into())));
                }
                Ok(Some(error)) | Err(error) => {
                    failed(self.failed(address, connect_cause(&error)));
                }
            }
        }
    }

    /// Reports the addresses that did not connect in time, except those that connected while an
    /// earlier connection used up the time.
    fn end(&mut self, deadline: &Deadline, failed: &mut dyn FnMut(Error)) {
        while let (true, Ok(Some(ready))) = (self.has_arrived, self.ready(Some(Duration::ZERO))) {
            let (address, socket) = self.running.swap_remove(ready);
            if let Ok(Some(error)) | Err(error) = socket.take_error() {
                failed(self.failed(address, connect_cause(&error)));
            }
        }
        for (address, _) in std::mem::take(&mut self.running) {
            failed(self.failed(address, Connect::TimedOut(deadline.elapsed())));
        }
    }

    fn start_another(&mut self, failed: &mut dyn FnMut(Error)) {
        if let Some(address) = self.waiting.next() {
            match dial(address, self.source) {
                Ok(socket) => self.running.push((address, socket)),
                Err(error) => failed(self.failed(address, connect_cause(&error))),
            }
        }
    }

    /// The index of a pending socket that connected or failed; `None` after `patience`.
    fn ready(&self, patience: Option<Duration>) -> io::Result<Option<usize>> {
        let mut sockets: Vec<_> =
            self.running.iter().map(|(_, socket)| PollFd::new(socket, PollFlags::OUT)).collect();
        poll(&mut sockets, patience)?;
        Ok(sockets.iter().position(|it| !it.revents().is_empty()))
    }

    fn failed(&self, address: SocketAddr, cause: Connect) -> Error {
        let peer = Peer { address: Endpoint::Ip(address), protocol: self.protocol };
        Error::Connect { peer: peer.to_string(), cause }
    }
}

/// Connects to the UNIX socket at `path`.
#[cfg(unix)]
pub fn unix(path: &str, protocol: Protocol, deadline: &Deadline) -> Result<Stream, Error> {
    let connected = (|| {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        while let Err(error) = socket.connect(&SockAddr::unix(path)?) {
            if error.kind() != ErrorKind::WouldBlock {
                return Err(error);
            }
            // too many wait there already, and nothing tells when one of them is let in
            if deadline.is_over() {
                return Err(ErrorKind::TimedOut.into());
            }
            std::thread::sleep(deadline.left().map_or(TICK, |left| left.min(TICK)));
        }
        Ok(UnixStream::from(OwnedFd::from(socket)))
    })();
    connected.map(Stream::Unix).map_err(|error| {
        let peer = Peer { address: Endpoint::Path(path.to_owned()), protocol };
        let cause = match error.kind() {
            ErrorKind::TimedOut => Connect::TimedOut(deadline.elapsed()),
            _ => connect_cause(&error),
        };
        Error::Connect { peer: peer.to_string(), cause }
    })
}

/// Dials a peer that was connected before. `None` is that something came over the connection
/// `before`, where there is one, while the new one was on its way.
pub fn again(
    peer: &Peer,
    source: Option<SocketAddr>,
    before: Option<&impl AsFd>,
    deadline: &Deadline,
) -> Result<Option<Stream>, Error> {
    let address = match &peer.address {
        Endpoint::Path(path) => {
            // the earlier connection is not looked at while this one waits for room
            let patience = before.and(deadline.left()).map(|left| left / 2);
            return unix(path, peer.protocol, &deadline.within(patience)).map(Some);
        }
        Endpoint::Ip(address) => *address,
    };
    let failed = |cause| Error::Connect { peer: peer.to_string(), cause };
    let unreachable = |error: io::Error| failed(connect_cause(&error));
    let socket = dial(address, source).map_err(unreachable)?;
    while !deadline.is_over() {
        let mut sockets = vec![PollFd::new(&socket, PollFlags::OUT)];
        sockets.extend(before.map(|before| PollFd::new(before, PollFlags::IN)));
        poll(&mut sockets, deadline.left()).map_err(unreachable)?;
        let ready: Vec<_> = sockets.iter().map(|it| !it.revents().is_empty()).collect();
        match ready[..] {
            [_, true] => return Ok(None),
            // a reset is told by the first write
            [true, ..] => match socket.take_error().map_err(unreachable)? {
                Some(error) if error.kind() != ErrorKind::ConnectionReset => {
                    return Err(unreachable(error));
                }
                _ => return Ok(Some(Stream::Tcp(socket.into()))),
            },
            _ => {}
        }
    }
    Err(failed(Connect::TimedOut(deadline.elapsed())))
}

/// There are none on this system.
#[cfg(not(unix))]
pub fn unix(path: &str, protocol: Protocol, _: &Deadline) -> Result<Stream, Error> {
    let peer = Peer { address: Endpoint::Path(path.to_owned()), protocol };
    let cause = connect_cause(&ErrorKind::Unsupported.into());
    Err(Error::Connect { peer: peer.to_string(), cause })
}

/// A socket of this type, bound to `source` where there is one.
pub fn socket(to: SocketAddr, kind: Type, source: Option<SocketAddr>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), kind, None)?;
    socket.set_nonblocking(true)?;
    if let Some(source) = source {
        socket.bind(&source.into()).map_err(|error| {
            io::Error::new(
                ErrorKind::AddrNotAvailable,
                format!("{}: {}", source.ip(), system_words(&error)),
            )
        })?;
    }
    Ok(socket)
}

/// What a failed connection attempt says.
pub fn connect_cause(error: &io::Error) -> Connect {
    let number = error.raw_os_error();
    if SHORTAGES.iter().any(|it| Some(it.raw_os_error()) == number) {
        return Connect::Shortage(system_words(error));
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => Connect::Refused,
        ErrorKind::AddrNotAvailable => Connect::Source(system_words(error)),
        _ => Connect::Other(system_words(error)),
    }
}

/// The system's order within a family, the families in turn (RFC 8305 section 4).
fn families_in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|it| it.is_ipv6() == first_is_v6);
    let longer = first.len().max(second.len());
    (0..longer).flat_map(|it| [first.get(it), second.get(it)]).flatten().copied().collect()
}

/// Takes a descriptor, if one is to be had, and gives it back.
pub fn spare_descriptor() -> io::Result<()> {
    Socket::new(Domain::IPV4, Type::STREAM, None).map(drop)
}

fn dial(address: SocketAddr, source: Option<SocketAddr>) -> io::Result<Socket> {
    let socket = socket(address, Type::STREAM, source)?;
    // what is written leaves at once; a system that cannot do that is slower, not wrong
    let _ = socket.set_tcp_nodelay(true);
    match socket.connect(&address.into()) {
        Err(error) if !is_in_progress(&error) => Err(error),
        _ => Ok(socket),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}

impl Stream {
    /// Acknowledges at once what was received: a server without TCP_NODELAY holds its answer back
    /// until then, for 40 ms otherwise. The kernel forgets the wish, so it is repeated.
    pub fn quick_ack(&self) {
        #[cfg(target_os = "linux")]
        if let Self::Tcp(stream) = self {
            // a system that cannot do that is slower, not wrong
            let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
        }
    }

    /// Looks at what was received without taking it.
    pub fn peek(&self, octets: &mut [u8]) -> io::Result<usize> {
        let (length, _) = rustix::net::recv(self, octets, rustix::net::RecvFlags::PEEK)?;
        Ok(length)
    }
}

impl Read for Stream {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(octets),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(octets),
        }
    }

    fn write_vectored(&mut self, octets: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write_vectored(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

#[cfg(windows)]
impl AsSocket for Stream {
    fn as_socket(&self) -> BorrowedFd<'_> {
        let Self::Tcp(stream) = self;
        stream.as_socket()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn an_address_that_was_given_no_time_did_not_fail() {
        let ((_first, a), (_second, b)) = (listener(), listener());
        let mut failed = Vec::new();
        let (time, none) = (Deadline::new(None), Deadline::new(Some(Duration::ZERO)));
        let mut race = Race::new(vec![a, b], None, Protocol::Tls);
        let arrived = race.next(&time, &mut |error| failed.push(error)).map(|it| it.0);
        assert_eq!(arrived, Some(a));
        // what became of it took all the time there was
        assert!(race.next(&none, &mut |error| failed.push(error)).is_none());
        assert!(failed.is_empty(), "{failed:?}");
        assert!(race.next(&time, &mut |error| failed.push(error)).is_none(), "it is over");

        let mut race = Race::new(vec![a, b], None, Protocol::Tls);
        race.has_arrived = true;
        assert!(race.start().is_none());
        race.ready(None).unwrap();
        assert!(race.next(&none, &mut |error| failed.push(error)).is_none());
        assert!(failed.is_empty(), "it was connected while another had the time: {failed:?}");
    }

    #[test]
    fn who_was_dialled_and_is_not_there_in_time_is_told() {
        let (_listener, address) = listener();
        let mut failed = Vec::new();
        let mut race = Race::new(vec![address], None, Protocol::Tls);
        assert!(race.start().is_none());
        let none = Deadline::new(Some(Duration::ZERO));
        assert!(race.next(&none, &mut |error| failed.push(error)).is_none());
        let timed_out =
            |it: &Error| matches!(it, Error::Connect { cause: Connect::TimedOut(_), .. });
        assert!(failed.len() == 1 && failed.iter().all(timed_out), "{failed:?}");
    }

    #[test]
    fn families_take_turns_and_the_system_says_which_is_first() {
        let address = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let [a, b, c] = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"].map(address);
        let [d, e] = ["[2001:db8::1]:1", "[2001:db8::2]:1"].map(address);
        assert_eq!(families_in_turn(vec![d, e, a, b, c]), [d, a, e, b, c]);
        assert_eq!(families_in_turn(vec![a, d]), [a, d]);
        assert_eq!(families_in_turn(vec![a, b]), [a, b]);
    }
}
