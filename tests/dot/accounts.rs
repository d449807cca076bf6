//! What a server saw: connections, ClientHellos, sessions, queries, and how it was stopped.
//! One rule: handlers write, tests read copies.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

/// What a server saw so far.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// TCP connections accepted.
    pub connections: usize,
    /// UDP queries received, on a plain server.
    pub datagrams: usize,
    /// ClientHellos received, in order.
    pub hellos: Vec<Hello>,
    /// Handshakes completed, in order.
    pub sessions: Vec<Session>,
    /// Queries as received, without their length prefixes.
    pub queries: Vec<Vec<u8>>,
    /// Octets of plaintext in each TLS record (each read, on a plain server) that had some.
    pub chunks: Vec<usize>,
    /// What TLS had to complain about, alerts from the client included.
    pub failures: Vec<String>,
}

/// What a client offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Server name, lower case; `None` when none was sent.
    pub sni: Option<String>,
    /// ALPN tokens in order.
    pub alpn: Vec<Vec<u8>>,
    /// Cipher suites in order.
    pub suites: Vec<CipherSuite>,
    /// Groups in order.
    pub groups: Vec<NamedGroup>,
}

/// What a completed handshake negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// TLS version.
    pub version: ProtocolVersion,
    /// The ALPN token chosen.
    pub alpn: Option<Vec<u8>>,
    /// Resumed from a ticket.
    pub resumed: bool,
    /// Certificates the client presented.
    pub client_certificates: usize,
}

/// The accounts as handlers share them, and the word that ends them.
#[derive(Default)]
pub(crate) struct Ledger {
    accounts: Mutex<Accounts>,
    stop: Mutex<bool>,
    stopping: Condvar,
}

impl Ledger {
    /// Enters something.
    pub(crate) fn enter(&self, write: impl FnOnce(&mut Accounts)) {
        write(&mut self.accounts.lock().expect("no panic while held"));
    }

    /// A copy of the accounts.
    pub(crate) fn copy(&self) -> Accounts {
        self.accounts.lock().expect("no panic while held").clone()
    }

    /// Wakes every thread that waits in [`Ledger::stopped_within`].
    pub(crate) fn stop(&self) {
        *self.stop.lock().expect("no panic while held") = true;
        self.stopping.notify_all();
    }

    /// Waits this long; `true` at once when the server is stopped.
    pub(crate) fn stopped_within(&self, duration: Duration) -> bool {
        let stop = self.stop.lock().expect("no panic while held");
        let waited = self.stopping.wait_timeout_while(stop, duration, |stop| !*stop);
        *waited.expect("no panic while held").0
    }
}
