//! A bare DNS-over-TLS client of rustls and nothing else, to try the server with.
//! One rule: it judges nothing unless it is told to; what it sees is what was sent.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    StreamOwned,
};

use crate::dot::{Pki, Server};

/// A session and the time it has.
pub(crate) struct Client {
    /// The session.
    pub(crate) stream: StreamOwned<ClientConnection, Timed>,
    /// The staple, as the verifier was shown it.
    pub(crate) staple: Arc<Mutex<Vec<u8>>>,
}

impl Client {
    /// Handshakes within a second and believes everything.
    pub(crate) fn connect(server: &Server) -> io::Result<Self> {
        Self::connect_with(server, config(Judge::believing()), Duration::from_secs(1))
    }

    /// Handshakes within this time.
    pub(crate) fn connect_with(
        server: &Server,
        (config, staple): (ClientConfig, Arc<Mutex<Vec<u8>>>),
        within: Duration,
    ) -> io::Result<Self> {
        let name = ServerName::try_from("dot.test").expect("a name");
        let mut tls = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let socket = TcpStream::connect(server.address())?;
        let mut socket = Timed { socket, until: Instant::now() + within };
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        Ok(Self { stream: StreamOwned::new(tls, socket), staple })
    }

    /// Sends a query, prefix and message in one record, and reads the first message that comes.
    pub(crate) fn ask(&mut self, query: &[u8]) -> io::Result<Vec<u8>> {
        self.send(&framed(query))?;
        self.receive()
    }

    /// Sends octets in one record.
    pub(crate) fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)?;
        self.stream.flush()
    }

    /// Reads a message.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut prefix = [0; 2];
        self.stream.read_exact(&mut prefix)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(prefix))];
        self.stream.read_exact(&mut message)?;
        Ok(message)
    }

    /// Reads to the end: octets, and whether the server said goodbye.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let mut octets = Vec::new();
        let end = self.stream.read_to_end(&mut octets).map(drop);
        (octets, end)
    }
}

/// A configuration with the verifier given; the staple it sees comes out beside it.
pub(crate) fn config(judge: Judge) -> (ClientConfig, Arc<Mutex<Vec<u8>>>) {
    let staple = judge.staple.clone();
    let mut config = builder(judge).with_no_client_auth();
    config.alpn_protocols = vec![b"dot".to_vec()];
    (config, staple)
}

/// The same with a certificate of the client's own.
pub(crate) fn config_with_certificate(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> (ClientConfig, Arc<Mutex<Vec<u8>>>) {
    let judge = Judge::believing();
    let staple = judge.staple.clone();
    (builder(judge).with_client_auth_cert(chain, key).expect("they belong together"), staple)
}

fn builder(judge: Judge) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has suites for both")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
}

/// The error of TLS within an I/O error.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// A verifier that believes everything, or asks webpki with the lab's root.
#[derive(Debug)]
pub(crate) struct Judge {
    judge: Option<Arc<WebPkiServerVerifier>>,
    staple: Arc<Mutex<Vec<u8>>>,
}

impl Judge {
    /// Believes everything, handshake signatures included.
    pub(crate) fn believing() -> Self {
        Self { judge: None, staple: Arc::default() }
    }

    /// Asks webpki with this root.
    pub(crate) fn strict(root: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(root).expect("a root");
        let provider = Arc::new(ring::default_provider());
        let judge = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
        Self { judge: Some(judge.build().expect("a root is there")), staple: Arc::default() }
    }

    /// Asks webpki with the lab's root.
    pub(crate) fn of_the_lab() -> Self {
        Self::strict(Pki::shared().root())
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        staple: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.staple.lock().expect("no panic while held") = staple.to_vec();
        match &self.judge {
            Some(judge) => judge.verify_server_cert(leaf, others, name, staple, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.judge {
            Some(judge) => judge.verify_tls12_signature(message, leaf, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.judge {
            Some(judge) => judge.verify_tls13_signature(message, leaf, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A socket with a deadline for all that is read from it.
pub(crate) struct Timed {
    socket: TcpStream,
    until: Instant,
}

impl Read for Timed {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        self.socket.read(octets).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl Write for Timed {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.socket.write(octets)
    }

    fn write_vectored(&mut self, octets: &[IoSlice<'_>]) -> io::Result<usize> {
        // rustls writes an alert but once, behind whatever else waits
        self.socket.write_vectored(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A message with its length prefix.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

/// A query with EDNS, padded to 128 octets.
pub(crate) fn padded_query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut query = plain_query(id, name, kind);
    query[11] = 1;
    let pad = 128 - query.len() - 11 - 4;
    query.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0]);
    query.extend((4 + pad as u16).to_be_bytes());
    query.extend([0, 12]);
    query.extend((pad as u16).to_be_bytes());
    query.resize(128, 0);
    query
}

/// A query without EDNS, RD set, class IN.
pub(crate) fn plain_query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut query = [id, 0x0100, 1, 0, 0, 0].map(u16::to_be_bytes).concat();
    for label in name.split_terminator('.').filter(|label| !label.is_empty()) {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.push(0);
    query.extend([kind, 1].map(u16::to_be_bytes).concat());
    query
}
