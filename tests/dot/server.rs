//! The server: a listener, a thread a connection, and accounts that are checked when it ends.
//! One rule: it ends with the value; no thread outlives it, and no panic in one is lost.

use std::any::Any;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache,
    WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, NamedGroup, RootCertStore, ServerConfig, SupportedProtocolVersion};
use socket2::SockRef;

use super::accounts::{Accounts, Hello, Ledger};
use super::credential::Credential;
use super::fault::Behaviour;
use super::line::Line;
use super::message;
use super::pki::{Identity, Pki, pin};

/// How long handlers may go on by themselves when the server ends and clients are still there.
const GRACE: Duration = Duration::from_millis(100);

/// A running server. Dropping it ends it, and fails the test if no client ever connected.
pub struct Server {
    address: SocketAddr,
    identity: Option<Arc<Identity>>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    expected: Expected,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Used,
    NoQuery,
    Unused,
    Anything,
}

impl Server {
    /// A DNS-over-TLS server on 127.0.0.1 and a free port.
    pub fn start(credential: Credential, behaviour: Behaviour) -> Self {
        Self::with(credential).behaviour(behaviour).start()
    }

    /// The same with more to say about it: see [`Setup`].
    pub fn with(credential: Credential) -> Setup {
        Setup::new(Some(Pki::shared().identity(credential)))
    }

    /// A DNS-over-TLS server that presents a chain of the caller's making.
    pub fn presenting(identity: Identity) -> Setup {
        Setup::new(Some(Arc::new(identity)))
    }

    /// A plain DNS server over TCP and UDP, on the same port of both. Over UDP it knows the
    /// behaviours that concern a single message, and silence.
    pub fn plain() -> Setup {
        Setup::new(None)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificates it presents, in the order sent.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        self.identity.as_ref().map_or(&[], |identity| &identity.chain)
    }

    /// The pin of the certificate at this position, counted from 0.
    pub fn pin(&self, position: usize) -> String {
        pin(&self.chain()[position])
    }

    /// Fails the test at the end if a client connected.
    pub fn expect_unused(mut self) -> Self {
        self.expected = Expected::Unused;
        self
    }

    /// Fails the test at the end if no client connected, or any octet of a query arrived.
    pub fn expect_no_query(mut self) -> Self {
        self.expected = Expected::NoQuery;
        self
    }

    /// Expects nothing: neither that it is used nor that it is not.
    pub fn expect_anything(mut self) -> Self {
        self.expected = Expected::Anything;
        self
    }

    /// What it saw so far. What a client did last may not have arrived: see [`Server::finish`].
    pub fn accounts(&self) -> Accounts {
        self.shared.ledger.copy()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.accounts().connections
    }

    /// Queries received so far, without their length prefixes.
    pub fn queries(&self) -> Vec<Vec<u8>> {
        self.accounts().queries
    }

    /// Octets of plaintext in each TLS record received so far: one number for a query that was sent
    /// together with its prefix.
    pub fn chunks(&self) -> Vec<usize> {
        self.accounts().chunks
    }

    /// The ClientHello of the last connection that sent one.
    pub fn hello(&self) -> Option<Hello> {
        self.accounts().hellos.pop()
    }

    /// Ends it and returns all that it saw: complete, if its clients have ended before.
    pub fn finish(mut self) -> Accounts {
        self.stop();
        self.accounts()
    }

    fn stop(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        // the last to connect, so that all earlier connections are served
        {
            let mut last = self.shared.last.lock().unwrap_or_else(PoisonError::into_inner);
            let waker = TcpStream::connect(self.address).and_then(|socket| socket.local_addr());
            assert!(waker.is_ok() || self.threads[0].is_finished(), "the listener is there");
            *last = waker.ok();
        }
        self.shared.ledger.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join().map_err(|panic| self.shared.panicked(&*panic));
        }
        let mut handlers = self.shared.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = Instant::now() + GRACE;
        while handlers.iter().any(|handler| !handler.thread.is_finished())
            && Instant::now() < patience
        {
            thread::sleep(Duration::from_millis(1));
        }
        for handler in handlers.drain(..) {
            if let Some(socket) = handler.socket.upgrade() {
                // gone already, if it fails
                let _ = socket.shutdown(Shutdown::Both);
            }
            handler.thread.join().expect("panics are caught within");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            return;
        }
        let panics = self.shared.panics.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(panics.is_empty(), "the server of the test panicked: {}", panics.join("; "));
        let seen = self.accounts();
        let contacts = seen.connections + seen.datagrams;
        match self.expected {
            Expected::Anything => {}
            Expected::Unused => assert_eq!(contacts, 0, "the server was used, unexpectedly"),
            Expected::Used => assert_ne!(contacts, 0, "the server was never used"),
            Expected::NoQuery => {
                assert_ne!(contacts, 0, "the server was never used");
                let octets = seen.chunks.iter().sum::<usize>() + seen.datagrams;
                assert_eq!(octets, 0, "octets of a query reached the server");
            }
        }
    }
}

/// A server before it starts.
pub struct Setup {
    identity: Option<Arc<Identity>>,
    behaviour: Behaviour,
    address: SocketAddr,
    versions: Vec<&'static SupportedProtocolVersion>,
    alpn: Vec<Vec<u8>>,
    suites: Vec<CipherSuite>,
    groups: Vec<NamedGroup>,
    post_quantum: bool,
    client_certificate: bool,
    staple: Option<Vec<u8>>,
    tickets: usize,
    narrow: bool,
}

impl Setup {
    fn new(identity: Option<Arc<Identity>>) -> Self {
        Self {
            identity,
            behaviour: Behaviour::Answer,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            versions: vec![&TLS13, &TLS12],
            alpn: vec![b"dot".to_vec()],
            suites: Vec::new(),
            groups: Vec::new(),
            post_quantum: false,
            client_certificate: false,
            staple: None,
            tickets: 2,
            narrow: false,
        }
    }

    /// How it behaves; by default it answers.
    pub fn behaviour(self, behaviour: Behaviour) -> Self {
        Self { behaviour, ..self }
    }

    /// Where it listens instead of 127.0.0.1.
    pub fn on(mut self, address: impl Into<IpAddr>) -> Self {
        self.address.set_ip(address.into());
        self
    }

    /// The port, instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// TLS 1.2 alone.
    pub fn tls12(self) -> Self {
        Self { versions: vec![&TLS12], ..self }
    }

    /// TLS 1.3 alone.
    pub fn tls13(self) -> Self {
        Self { versions: vec![&TLS13], ..self }
    }

    /// The ALPN tokens it takes, instead of `dot`; a client that offers none of them is refused
    /// with no_application_protocol (RFC 7301 section 3.2). With none at all it ignores ALPN.
    pub fn alpn(mut self, tokens: &[&str]) -> Self {
        self.alpn = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        self
    }

    /// These cipher suites alone.
    pub fn suites(self, suites: &[CipherSuite]) -> Self {
        Self { suites: suites.to_vec(), ..self }
    }

    /// These groups alone.
    pub fn groups(self, groups: &[NamedGroup]) -> Self {
        Self { groups: groups.to_vec(), ..self }
    }

    /// X25519MLKEM768 before all other groups; the processor must have what graviola asserts.
    pub fn post_quantum(self) -> Self {
        Self { post_quantum: true, ..self }
    }

    /// Refuses clients without a certificate of the lab's root.
    pub fn require_client_certificate(self) -> Self {
        Self { client_certificate: true, ..self }
    }

    /// Staples these octets as an OCSP response.
    pub fn staple(self, response: &[u8]) -> Self {
        Self { staple: Some(response.to_vec()), ..self }
    }

    /// Session tickets after a handshake, instead of 2; with 0 nothing can be resumed.
    pub fn tickets(self, tickets: usize) -> Self {
        Self { tickets, ..self }
    }

    /// Socket buffers as small as the system allows, so that a writer has to wait.
    pub fn narrow(self) -> Self {
        Self { narrow: true, ..self }
    }

    /// Listens; when this returns, clients can connect.
    pub fn start(self) -> Server {
        let config = self.identity.as_ref().map(|identity| Arc::new(self.config(identity)));
        let shared = Arc::new(Shared {
            behaviour: self.behaviour,
            config,
            ledger: Ledger::default(),
            last: Mutex::default(),
            handlers: Mutex::default(),
            panics: Mutex::default(),
        });
        let (listener, datagrams) = self.sockets().expect("loopback can be listened on");
        let address = listener.local_addr().expect("bound");
        let mut threads = Vec::new();
        let (accepting, answering) = (shared.clone(), shared.clone());
        threads.push(thread::spawn(move || accept(&listener, &accepting)));
        if let Some(socket) = datagrams {
            threads.push(thread::spawn(move || answer_datagrams(&socket, &answering)));
        }
        let identity = self.identity;
        Server { address, identity, shared, threads, expected: Expected::Used }
    }

    /// The listener, and on a plain server a UDP socket on the same port.
    fn sockets(&self) -> io::Result<(TcpListener, Option<UdpSocket>)> {
        loop {
            let listener = TcpListener::bind(self.address)?;
            if self.narrow {
                // what is accepted inherits them
                SockRef::from(&listener).set_recv_buffer_size(1)?;
                SockRef::from(&listener).set_send_buffer_size(1)?;
            }
            if self.identity.is_some() {
                return Ok((listener, None));
            }
            match UdpSocket::bind(listener.local_addr()?) {
                // free for TCP, taken for UDP: try another
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && self.address.port() == 0 => {}
                socket => return Ok((listener, Some(socket?))),
            }
        }
    }

    fn config(&self, identity: &Identity) -> ServerConfig {
        let mut provider = ring::default_provider();
        if !self.suites.is_empty() {
            provider.cipher_suites.retain(|suite| self.suites.contains(&suite.suite()));
        }
        if !self.groups.is_empty() {
            provider.kx_groups.retain(|group| self.groups.contains(&group.name()));
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if self.post_quantum {
            provider.kx_groups.insert(0, rustls_graviola::kx::X25519MLKEM768);
        }
        let presented = Presented::new(identity, self.staple.clone(), &provider);
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .expect("the suites fit the versions");
        let builder = match self.client_certificate {
            true => {
                let mut roots = RootCertStore::empty();
                roots.add(Pki::shared().root()).expect("our own root");
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a root is there"))
            }
            false => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(presented));
        config.alpn_protocols.clone_from(&self.alpn);
        config.send_tls13_tickets = self.tickets;
        config.session_storage = match self.tickets {
            0 => Arc::new(NoServerSessionStorage {}),
            _ => ServerSessionMemoryCache::new(256),
        };
        config
    }
}

/// Presents the same chain to all, without a look at whether it is one.
#[derive(Debug)]
struct Presented(Arc<CertifiedKey>);

impl Presented {
    fn new(identity: &Identity, staple: Option<Vec<u8>>, provider: &CryptoProvider) -> Self {
        let key = provider.key_provider.load_private_key(identity.key.clone_key());
        let mut presented = CertifiedKey::new(identity.chain.clone(), key.expect("our own key"));
        presented.ocsp = staple;
        Self(Arc::new(presented))
    }
}

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// What the threads of a server share.
struct Shared {
    behaviour: Behaviour,
    config: Option<Arc<ServerConfig>>,
    ledger: Ledger,
    /// The address of the connection that wakes the listener for the last time.
    last: Mutex<Option<SocketAddr>>,
    handlers: Mutex<Vec<Handler>>,
    panics: Mutex<Vec<String>>,
}

struct Handler {
    /// Weak: the handler's own is the last, so that dropping it closes the connection.
    socket: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Shared {
    fn panicked(&self, panic: &(dyn Any + Send)) {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
        self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(words.into());
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let (socket, client) = match listener.accept() {
            // a client that left before it was seen
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            accepted => accepted.expect("a socket to spare"),
        };
        if *shared.last.lock().expect("no panic while held") == Some(client) {
            return;
        }
        shared.ledger.enter(|accounts| accounts.connections += 1);
        // fails on some systems when the client has reset already
        let _ = socket.set_nodelay(true);
        let socket = Arc::new(socket);
        let weak = Arc::downgrade(&socket);
        let handling = shared.clone();
        let thread = thread::spawn(move || {
            let line = Line::new(socket, handling.config.clone(), &handling.ledger);
            // an I/O error is a client that left
            let served = catch_unwind(AssertUnwindSafe(|| handling.behaviour.serve(line)));
            let _ = served.map_err(|panic| handling.panicked(&*panic));
        });
        let mut handlers = shared.handlers.lock().expect("no panic while held");
        handlers.retain(|handler| !handler.thread.is_finished());
        handlers.push(Handler { socket: weak, thread });
    }
}

fn answer_datagrams(socket: &UdpSocket, shared: &Shared) {
    let mut octets = [0; 65_535];
    socket.set_read_timeout(Some(Duration::from_millis(10))).expect("a UDP socket");
    while !shared.ledger.stopped_within(Duration::ZERO) {
        let Ok((length, client)) = socket.recv_from(&mut octets) else { continue };
        let query = octets[..length].to_vec();
        let reply = message::reply(shared.behaviour, &query);
        shared.ledger.enter(|accounts| {
            accounts.datagrams += 1;
            accounts.queries.push(query);
        });
        if !matches!(shared.behaviour, Behaviour::Silence | Behaviour::NoReply) {
            // a client that has left does not matter
            let _ = socket.send_to(&reply, client);
        }
    }
}
