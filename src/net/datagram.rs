//! Queries in datagrams: UDP, and UNIX sockets of that kind. One rule: only the peer that was asked
//! is heard.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::unix::net::UnixDatagram;
#[cfg(unix)]
use std::path::PathBuf;

use rustix::event::PollFlags;
#[cfg(unix)]
use rustix::fd::AsFd;
#[cfg(windows)]
use rustix::fd::AsSocket;
use rustix::fd::BorrowedFd;
use socket2::{Socket, Type};

use super::deadline::Deadline;
use super::dial::{connect_cause, socket};
use super::proxy;
use crate::error::{Error, Reply};
use crate::exchange::{Endpoint, Peer};
use crate::plan::Route;

/// A datagram socket connected to one peer.
pub struct Datagrams {
    socket: Kind,
    /// What every datagram begins with.
    prefix: Vec<u8>,
    /// The peer that it is connected to.
    pub peer: Peer,
}

enum Kind {
    Udp(Socket),
    /// With the path of our own end, which is removed in the end.
    #[cfg(unix)]
    Unix(UnixDatagram, PathBuf),
}

/// The largest datagram.
const MAX_DATAGRAM: usize = 65_535;

impl Datagrams {
    /// A socket that talks to `peer` alone.
    pub fn open(peer: &Peer, route: &Route) -> Result<Self, Error> {
        let socket = match &peer.address {
            Endpoint::Ip(address) => udp(*address, route.source).map(Kind::Udp),
            #[cfg(unix)]
            Endpoint::Path(path) => unix(path),
            #[cfg(not(unix))]
            Endpoint::Path(_) => Err(ErrorKind::Unsupported.into()),
        };
        let prefix = route.proxy.map(|it| proxy::header(it, proxy::Over::Udp)).unwrap_or_default();
        match socket {
            Ok(socket) => Ok(Self { socket, prefix, peer: peer.clone() }),
            Err(error) => {
                Err(Error::Connect { peer: peer.to_string(), cause: connect_cause(&error) })
            }
        }
    }

    /// Sends one message, as soon as there is room for it.
    pub fn send(&self, message: &[u8], deadline: &Deadline) -> Result<(), Error> {
        let datagram = [&self.prefix, message].concat();
        loop {
            let sent = match &self.socket {
                Kind::Udp(socket) => socket.send(&datagram),
                #[cfg(unix)]
                Kind::Unix(socket, _) => socket.send(&datagram),
            };
            match sent {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    deadline
                        .wait(self, PollFlags::OUT)
                        .map_err(|error| self.failed(&error, deadline))?;
                }
                Err(error) => return Err(self.unreached(&error)),
            }
        }
    }

    /// Waits for the next message.
    pub fn receive(&self, deadline: &Deadline) -> Result<Vec<u8>, Error> {
        let mut octets = vec![0; MAX_DATAGRAM];
        loop {
            let received = deadline.wait(self, PollFlags::IN).and_then(|()| {
                let (length, _) =
                    rustix::net::recv(self, &mut octets[..], rustix::net::RecvFlags::empty())?;
                Ok(length)
            });
            match received {
                Ok(length) => {
                    octets.truncate(length);
                    return Ok(octets);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.failed(&error, deadline)),
            }
        }
    }
}

impl Datagrams {
    fn failed(&self, error: &io::Error, deadline: &Deadline) -> Error {
        match error.kind() {
            ErrorKind::TimedOut => {
                let cause = Reply::TimedOut(deadline.elapsed());
                Error::Reply { peer: self.peer.clone(), cause }
            }
            _ => self.unreached(error),
        }
    }

    /// The peer cannot be reached: another datagram would not reach it either.
    fn unreached(&self, error: &io::Error) -> Error {
        Error::Connect { peer: self.peer.to_string(), cause: connect_cause(error) }
    }
}

#[cfg(unix)]
impl AsFd for Datagrams {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Kind::Udp(socket) => socket.as_fd(),
            Kind::Unix(socket, _) => socket.as_fd(),
        }
    }
}

#[cfg(windows)]
impl AsSocket for Datagrams {
    fn as_socket(&self) -> BorrowedFd<'_> {
        let Kind::Udp(socket) = &self.socket;
        socket.as_socket()
    }
}

fn udp(address: SocketAddr, source: Option<SocketAddr>) -> io::Result<Socket> {
    let socket = socket(address, Type::DGRAM, source)?;
    socket.connect(&address.into())?;
    Ok(socket)
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Kind::Unix(_, path) = &self.socket {
            // a name left over in the temporary directory does no harm
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A datagram socket needs an address of its own to be answered.
#[cfg(unix)]
fn unix(path: &str) -> io::Result<Kind> {
    let name = format!("tdig-{}-{:08x}", std::process::id(), rand::random::<u32>());
    let own = std::env::temp_dir().join(name);
    let socket = UnixDatagram::bind(&own)?;
    let connected = socket.connect(path).and_then(|()| socket.set_nonblocking(true));
    if connected.is_err() {
        let _ = std::fs::remove_file(&own);
    }
    connected.map(|()| Kind::Unix(socket, own))
}
