//! What happens during a lookup, reported while it happens. One rule: the sender does not know its
//! listeners.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::error::Error;
use crate::exchange::{Peer, Protocol};
use crate::verdict::TlsFacts;

/// What happens during a lookup, told while it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// It is this server's turn.
    Turn {
        /// Name or address as typed.
        host: &'a str,
        /// Its port.
        port: u16,
        /// Local time.
        at: &'a Zoned,
    },
    /// An address of the server is about to be dialled, or answered and is about to be greeted.
    Dialling(&'a Peer),
    /// A query is about to be asked.
    Querying {
        /// The name asked for, in presentation format.
        owner: &'a str,
        /// Class.
        qclass: u16,
        /// Record type.
        qtype: u16,
        /// Name or address of the server as typed.
        host: &'a str,
        /// Its port.
        port: u16,
        /// TCP or UDP, as kdig has it.
        protocol: Protocol,
    },
    /// A query goes out over the session of the one before it.
    Reused {
        /// The name asked for, in presentation format.
        owner: &'a str,
        /// Class.
        qclass: u16,
        /// Record type.
        qtype: u16,
    },
    /// Something that the user should know, in words.
    Warning(fmt::Arguments<'a>),
    /// The one next thing to try.
    Hint(&'a str),
    /// The reply did not fit into a datagram; the query is repeated over TCP.
    Truncated(fmt::Arguments<'a>),
    /// A datagram was not answered; it is sent again.
    Retrying(&'a Peer),
    /// A source of trust anchors was read.
    Imported {
        /// Which.
        source: Source<'a>,
        /// How many anchors it held.
        count: usize,
    },
    /// The handshake is over; the verdict says whether the peer passed the checks.
    Met(&'a Arc<TlsFacts>),
    /// The session is about to be closed.
    Ended(&'a TlsFacts),
    /// A message with another ID came; ours is still awaited.
    Stray {
        /// Its ID.
        id: u16,
        /// Ours.
        expected: u16,
    },
    /// An address failed; the next one is tried.
    Failed(&'a Error),
    /// A server failed; the next one is tried.
    GivenUp {
        /// `host@port(TLS)`, as typed.
        server: &'a str,
        /// Why.
        error: &'a Error,
        /// Since the lookup began.
        took: Duration,
    },
}

/// An event that outlives what it was told of, to be told again.
pub type Kept = Box<dyn Fn(&mut dyn FnMut(Event<'_>)) + Send>;

impl Event<'_> {
    /// Keeps the event for a listener in another thread.
    pub fn kept(&self) -> Kept {
        match *self {
            Self::Turn { host, port, at } => {
                let (host, at) = (host.to_owned(), at.clone());
                Box::new(move |tell| tell(Event::Turn { host: &host, port, at: &at }))
            }
            Self::Dialling(peer) => {
                let peer = peer.clone();
                Box::new(move |tell| tell(Event::Dialling(&peer)))
            }
            Self::Querying { owner, qclass, qtype, host, port, protocol } => {
                let (owner, host) = (owner.to_owned(), host.to_owned());
                Box::new(move |tell| {
                    let (owner, host) = (&*owner, &*host);
                    tell(Event::Querying { owner, qclass, qtype, host, port, protocol });
                })
            }
            Self::Reused { owner, qclass, qtype } => {
                let owner = owner.to_owned();
                Box::new(move |tell| tell(Event::Reused { owner: &owner, qclass, qtype }))
            }
            Self::Warning(words) => {
                let words = words.to_string();
                Box::new(move |tell| tell(Event::Warning(format_args!("{words}"))))
            }
            Self::Hint(hint) => {
                let hint = hint.to_owned();
                Box::new(move |tell| tell(Event::Hint(&hint)))
            }
            Self::Truncated(words) => {
                let words = words.to_string();
                Box::new(move |tell| tell(Event::Truncated(format_args!("{words}"))))
            }
            Self::Retrying(peer) => {
                let peer = peer.clone();
                Box::new(move |tell| tell(Event::Retrying(&peer)))
            }
            Self::Imported { source: Source::File(path), count } => {
                let path = path.to_owned();
                Box::new(move |tell| {
                    tell(Event::Imported { source: Source::File(&path), count });
                })
            }
            Self::Imported { source: Source::System, count } => {
                Box::new(move |tell| tell(Event::Imported { source: Source::System, count }))
            }
            Self::Imported { source: Source::Mozilla, count } => {
                Box::new(move |tell| tell(Event::Imported { source: Source::Mozilla, count }))
            }
            Self::Met(facts) => {
                let facts = Arc::clone(facts);
                Box::new(move |tell| tell(Event::Met(&facts)))
            }
            Self::Ended(facts) => {
                let facts = facts.clone();
                Box::new(move |tell| tell(Event::Ended(&facts)))
            }
            Self::Stray { id, expected } => {
                Box::new(move |tell| tell(Event::Stray { id, expected }))
            }
            Self::Failed(error) => {
                let error = error.clone();
                Box::new(move |tell| tell(Event::Failed(&error)))
            }
            Self::GivenUp { server, error, took } => {
                let (server, error) = (server.to_owned(), error.clone());
                Box::new(move |tell| {
                    tell(Event::GivenUp { server: &server, error: &error, took });
                })
            }
        }
    }
}

/// A source of trust anchors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// The system's store.
    System,
    /// The built-in Mozilla roots.
    Mozilla,
    /// A file.
    File(&'a str),
}
