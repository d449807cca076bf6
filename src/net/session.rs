//! One TLS session: TCP, handshake, and messages with their two-octet length (RFC 7858). One rule:
//! every read and write waits for the deadline first, and a message leaves in one record.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion, SignatureScheme};
use socket2::{Domain, Socket, Type};

use super::deadline::Deadline;
use crate::alert::Alert;
use crate::error::{Connect, Error, Handshake, Reply, system_words};
use crate::exchange::{OwnCertificate, Peer, Protocol, SessionFacts, TlsFacts};
use crate::plan::Target;
use crate::text;
use crate::tls::hello::{OwnKey, provider};
use crate::tls::trust::{Recorder, Trust};
use crate::tls::words;

/// An open session whose peer passed every check asked for.
pub struct Session {
    stream: TcpStream,
    tls: ClientConnection,
    received: Frames,
    /// Whom we talk to.
    pub peer: Peer,
    /// Who that is.
    pub facts: Arc<TlsFacts>,
    /// How long the TCP connection took.
    pub connect: Duration,
    /// How long the handshake took.
    pub handshake: Duration,
}

/// The largest message and its length.
const LARGEST: usize = 2 + 65_535;

impl Session {
    /// Connects to `address` and greets it; a peer that does not pass every check asked for gets an
    /// alert, and no query. `trusted` loads the trust anchors; it is called while the connection is
    /// on its way.
    pub fn open(
        target: &Target,
        address: SocketAddr,
        deadline: &Deadline,
        trusted: impl FnOnce() -> Result<Arc<Trust>, Error>,
    ) -> Result<Self, Error> {
        let peer = Peer { address, protocol: Protocol::Tls };
        let start = deadline.elapsed();
        let socket = dial(&peer)?;
        let trust = trusted()?;
        let stream = await_connection(socket, &peer, deadline)?;
        let connected = deadline.elapsed();

        let provider = Arc::new(provider(target.hello.post_quantum));
        let own = OwnKey::load(target.hello.own.as_ref(), &provider)?;
        let recorder = Recorder::new(trust, &provider);
        let tls = greet(target, address.ip(), &recorder, provider, &own)?;
        let facts = Arc::new(TlsFacts::default());
        let mut session = Self {
            stream,
            tls,
            received: Frames::default(),
            peer,
            facts,
            connect: connected - start,
            handshake: Duration::ZERO,
        };
        let outcome = session.shake_hands(deadline);
        session.handshake = deadline.elapsed() - connected;
        session.facts = Arc::new(session.facts(target, &recorder, &own));
        let without_own = own.was_asked() && !own.was_sent();
        match outcome {
            Ok(()) => Ok(session),
            Err(Handshake::Alert(alert)) if without_own => {
                Err(Error::Handshake(Handshake::WantsCertificate(alert)))
            }
            Err(_) if !session.facts.verdict.trusted() => {
                Err(Error::Refused(Arc::clone(&session.facts)))
            }
            Err(cause) => Err(Error::Handshake(cause)),
        }
    }

    /// Sends one message, with its length, as one TLS record.
    pub fn send(&mut self, message: &[u8], deadline: &Deadline) -> Result<(), Error> {
        let mut framed = Vec::with_capacity(2 + message.len());
        let length =
            u16::try_from(message.len()).map_err(|_| Error::usage("the query is too long"))?;
        framed.extend(length.to_be_bytes());
        framed.extend(message);
        let sent = self.tls.writer().write_all(&framed).and_then(|()| self.flush(deadline));
        sent.map_err(|error| self.lost(&error, deadline))
    }

    /// Waits for the next message.
    pub fn receive(&mut self, deadline: &Deadline) -> Result<Vec<u8>, Error> {
        loop {
            if let Some(message) = self.received.next() {
                return match message.is_empty() {
                    true => Err(self.no_reply(Reply::Empty)),
                    false => Ok(message),
                };
            }
            self.read(deadline)?;
        }
    }

    /// Who the peer is, and the session tickets that it sent until now.
    pub fn facts_now(&self) -> Arc<TlsFacts> {
        let tickets = self.tls.tls13_tickets_received();
        let mut facts = Arc::clone(&self.facts);
        if facts.session.tickets != tickets {
            Arc::make_mut(&mut facts).session.tickets = tickets;
        }
        facts
    }

    /// Says goodbye, without waiting for an answer.
    pub fn close(mut self) {
        self.tls.send_close_notify();
        // whether it arrives changes nothing
        let _ = self.tls.write_tls(&mut self.stream);
    }

    /// Reads what is there, waiting until something is.
    fn read(&mut self, deadline: &Deadline) -> Result<(), Error> {
        let mut buffer = [0; 16 * 1024];
        match self.tls.reader().read(&mut buffer) {
            Ok(0) => return Err(self.no_reply(Reply::CloseNotify)),
            Ok(length) => {
                self.received.extend(&buffer[..length]);
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(self.lost(&error, deadline)),
        }
        match self.pull(deadline) {
            Ok(0) => Err(self.no_reply(Reply::Closed)),
            Ok(_) => match self.tls.process_new_packets() {
                Ok(_) => Ok(()),
                Err(rustls::Error::AlertReceived(alert)) => {
                    Err(self.no_reply(Reply::Alert(Alert(alert.into()))))
                }
                Err(error) => {
                    // tell the peer why
                    let _ = self.tls.write_tls(&mut self.stream);
                    Err(self.no_reply(Reply::Protocol(words::of_rustls(&error))))
                }
            },
            Err(error) => Err(self.lost(&error, deadline)),
        }
    }

    /// Reads from the socket into the TLS connection: how many octets, 0 at the end of the stream.
    fn pull(&mut self, deadline: &Deadline) -> io::Result<usize> {
        loop {
            quick_ack(&self.stream);
            deadline.wait(&self.stream, PollFlags::IN)?;
            match self.tls.read_tls(&mut self.stream) {
                Err(error) if is_interruption(&error) => {}
                outcome => return outcome,
            }
        }
    }

    fn flush(&mut self, deadline: &Deadline) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    deadline.wait(&self.stream, PollFlags::OUT)?;
                }
                Err(error) if is_interruption(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn shake_hands(&mut self, deadline: &Deadline) -> Result<(), Handshake> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::TimedOut => Handshake::TimedOut(deadline.elapsed()),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Handshake::Reset,
            _ => Handshake::Protocol(system_words(&error)),
        };
        let mut first = FirstOctets::default();
        self.flush(deadline).map_err(failed)?;
        while self.tls.is_handshaking() {
            first.peek(&self.stream, deadline).map_err(failed)?;
            if self.pull(deadline).map_err(failed)? == 0 {
                return Err(first.not_tls().unwrap_or(Handshake::Closed));
            }
            if let Err(error) = self.tls.process_new_packets() {
                // tell the peer why; it may be gone already
                let _ = self.flush(deadline);
                return Err(match error {
                    rustls::Error::AlertReceived(alert) => Handshake::Alert(Alert(alert.into())),
                    error => first
                        .not_tls()
                        .unwrap_or_else(|| Handshake::Protocol(words::of_rustls(&error))),
                });
            }
            if self.tls.is_handshaking() {
                self.flush(deadline).map_err(failed)?;
            }
        }
        // what is left to send, our Finished, leaves in one segment with the query
        Ok(())
    }

    fn facts(&self, target: &Target, recorder: &Recorder, own: &OwnKey) -> TlsFacts {
        let seen = recorder.seen();
        let tls13 = self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let group = self.tls.negotiated_key_exchange_group().map(|group| group.name());
        let suite = self.tls.negotiated_cipher_suite().map(|it| format!("{:?}", it.suite()));
        let session = SessionFacts {
            version: match self.tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS1.3".into(),
                Some(ProtocolVersion::TLSv1_2) => "TLS1.2".into(),
                _ => String::new(),
            },
            key_exchange: group.map(group_name).unwrap_or_default(),
            signature: seen.scheme.map(|it| signature_name(it, tls13)).unwrap_or_default(),
            cipher: suite.map(|it| cipher_name(&it)).unwrap_or_default(),
            sni: target.sni.as_ref().map(|name| name.to_str().into_owned()),
            offered: target.hello.alpn.clone(),
            alpn: self.tls.alpn_protocol().map(text::free),
            own: OwnCertificate {
                files: target.hello.own.clone(),
                asked: own.was_asked(),
                sent: own.was_sent(),
            },
            tickets: self.tls.tls13_tickets_received(),
            resumed: self.tls.handshake_kind() == Some(HandshakeKind::Resumed),
        };
        match seen.judged {
            Some((chain, verdict)) => TlsFacts { session, chain, verdict },
            None => TlsFacts { session, ..TlsFacts::default() },
        }
    }

    fn lost(&self, error: &io::Error, deadline: &Deadline) -> Error {
        self.no_reply(match error.kind() {
            ErrorKind::TimedOut => Reply::TimedOut(deadline.elapsed()),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Reply::Reset,
            ErrorKind::UnexpectedEof => Reply::Closed,
            _ => Reply::Protocol(system_words(error)),
        })
    }

    fn no_reply(&self, cause: Reply) -> Error {
        Error::Reply { peer: self.peer.to_string(), cause }
    }
}

/// Messages out of a stream of octets: each is preceded by its length (RFC 1035 section 4.2.2).
#[derive(Debug, Default)]
pub struct Frames {
    octets: Vec<u8>,
    /// How many of them were handed out already.
    done: usize,
}

impl Frames {
    /// Takes in what was received.
    pub fn extend(&mut self, octets: &[u8]) {
        if self.done > 0 && self.octets.len() + octets.len() > LARGEST {
            self.octets.drain(..self.done);
            self.done = 0;
        }
        self.octets.extend_from_slice(octets);
    }
}

impl Iterator for Frames {
    type Item = Vec<u8>;

    /// The next whole message.
    fn next(&mut self) -> Option<Vec<u8>> {
        let rest = self.octets.get(self.done..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let message = rest.get(..length)?.to_vec();
        self.done += 2 + length;
        Some(message)
    }
}

/// The first octets a peer sends, kept in case they are not TLS.
#[derive(Default)]
struct FirstOctets(Vec<u8>);

impl FirstOctets {
    fn peek(&mut self, stream: &TcpStream, deadline: &Deadline) -> io::Result<()> {
        const ENOUGH: usize = 64;
        if self.0.is_empty() {
            quick_ack(stream);
            deadline.wait(stream, PollFlags::IN)?;
            let mut octets = [0; ENOUGH];
            match stream.peek(&mut octets) {
                Ok(length) => self.0.extend(&octets[..length]),
                Err(error) if is_interruption(&error) => {}
                // the kernel tells it once
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A TLS record begins with the type handshake or alert and the version 3 (RFC 8446 section
    /// 5.1).
    fn not_tls(&self) -> Option<Handshake> {
        match self.0[..] {
            [] | [21 | 22] | [21 | 22, 3, ..] => None,
            _ => Some(Handshake::NotTls(self.0.clone())),
        }
    }
}

/// Begins to connect.
fn dial(peer: &Peer) -> Result<Socket, Error> {
    let failed = |cause| Error::Connect { peer: peer.to_string(), cause };
    let other = |error: io::Error| failed(Connect::Other(system_words(&error)));
    let socket =
        Socket::new(Domain::for_address(peer.address), Type::STREAM, None).map_err(other)?;
    socket.set_nonblocking(true).map_err(other)?;
    // what is written leaves at once; a system that cannot do that is slower, not wrong
    let _ = socket.set_tcp_nodelay(true);
    match socket.connect(&peer.address.into()) {
        Ok(()) => Ok(socket),
        Err(error) if is_in_progress(&error) => Ok(socket),
        Err(error) => Err(failed(connect_cause(&error))),
    }
}

fn await_connection(socket: Socket, peer: &Peer, deadline: &Deadline) -> Result<TcpStream, Error> {
    let failed = |error: io::Error| {
        let cause = match error.kind() {
            ErrorKind::TimedOut => Connect::TimedOut(deadline.elapsed()),
            _ => connect_cause(&error),
        };
        Error::Connect { peer: peer.to_string(), cause }
    };
    deadline.wait(&socket, PollFlags::OUT).map_err(failed)?;
    match socket.take_error().map_err(failed)? {
        Some(error) => Err(failed(error)),
        None => Ok(socket.into()),
    }
}

fn connect_cause(error: &io::Error) -> Connect {
    match error.kind() {
        ErrorKind::ConnectionRefused => Connect::Refused,
        _ => Connect::Other(system_words(error)),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}

fn is_interruption(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

/// Acknowledges at once what was received: a server without TCP_NODELAY holds its answer back
/// until then, for 40 ms otherwise. The kernel forgets the wish, so it is repeated.
fn quick_ack(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    // a system that cannot do that is slower, not wrong
    let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

fn greet(
    target: &Target,
    address: IpAddr,
    recorder: &Arc<Recorder>,
    provider: Arc<CryptoProvider>,
    own: &Arc<OwnKey>,
) -> Result<ClientConnection, Error> {
    let config = target.hello.config(recorder, provider, own)?;
    // an address is never sent as a server name
    let name = target.sni.clone().unwrap_or_else(|| ServerName::IpAddress(address.into()));
    ClientConnection::new(Arc::new(config), name)
        .map_err(|error| Error::Internal(words::of_rustls(&error)))
}

fn group_name(group: NamedGroup) -> String {
    match group {
        NamedGroup::secp256r1 => "ECDHE-SECP256R1".into(),
        NamedGroup::secp384r1 => "ECDHE-SECP384R1".into(),
        NamedGroup::secp521r1 => "ECDHE-SECP521R1".into(),
        NamedGroup::X25519 => "ECDHE-X25519".into(),
        NamedGroup::X25519MLKEM768 => "X25519-MLKEM768".into(),
        other => format!("{other:?}"),
    }
}

/// GnuTLS's names, which kdig prints: in TLS 1.3 a scheme names its curve.
fn signature_name(scheme: SignatureScheme, tls13: bool) -> String {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 if tls13 => "ECDSA-SECP256R1-SHA256".into(),
        SignatureScheme::ECDSA_NISTP384_SHA384 if tls13 => "ECDSA-SECP384R1-SHA384".into(),
        SignatureScheme::ECDSA_NISTP521_SHA512 if tls13 => "ECDSA-SECP521R1-SHA512".into(),
        SignatureScheme::ECDSA_NISTP256_SHA256 => "ECDSA-SHA256".into(),
        SignatureScheme::ECDSA_NISTP384_SHA384 => "ECDSA-SHA384".into(),
        SignatureScheme::ECDSA_NISTP521_SHA512 => "ECDSA-SHA512".into(),
        SignatureScheme::RSA_PSS_SHA256 => "RSA-PSS-RSAE-SHA256".into(),
        SignatureScheme::RSA_PSS_SHA384 => "RSA-PSS-RSAE-SHA384".into(),
        SignatureScheme::RSA_PSS_SHA512 => "RSA-PSS-RSAE-SHA512".into(),
        SignatureScheme::RSA_PKCS1_SHA256 => "RSA-SHA256".into(),
        SignatureScheme::RSA_PKCS1_SHA384 => "RSA-SHA384".into(),
        SignatureScheme::RSA_PKCS1_SHA512 => "RSA-SHA512".into(),
        SignatureScheme::ED25519 => "EdDSA-Ed25519".into(),
        other => format!("{other:?}"),
    }
}

/// `TLS13_AES_256_GCM_SHA384` -> `AES-256-GCM`
fn cipher_name(suite: &str) -> String {
    let cipher = suite.strip_prefix("TLS13_").unwrap_or(suite);
    let cipher = cipher.split_once("_WITH_").map_or(cipher, |(_, cipher)| cipher);
    let cipher = cipher.rsplit_once("_SHA").map_or(cipher, |(cipher, _)| cipher);
    cipher.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_split_of_a_stream_gives_the_same_messages() {
        let stream = b"\0\x03abc\0\0\0\x01d\0\x02ef\0\x09cut";
        let whole = vec![b"abc".to_vec(), Vec::new(), b"d".to_vec(), b"ef".to_vec()];
        for size in 1..=stream.len() {
            let mut frames = Frames::default();
            let mut messages = Vec::new();
            for part in stream.chunks(size) {
                frames.extend(part);
                messages.extend(frames.by_ref());
            }
            assert_eq!(messages, whole, "parts of {size} octets");
        }
    }

    #[test]
    fn a_session_line_uses_the_names_that_kdig_prints() {
        assert_eq!(cipher_name("TLS13_AES_256_GCM_SHA384"), "AES-256-GCM");
        assert_eq!(cipher_name("TLS13_CHACHA20_POLY1305_SHA256"), "CHACHA20-POLY1305");
        assert_eq!(cipher_name("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "AES-128-GCM");
        assert_eq!(signature_name(SignatureScheme::ECDSA_NISTP256_SHA256, false), "ECDSA-SHA256");
        assert_eq!(group_name(NamedGroup::X25519MLKEM768), "X25519-MLKEM768");
    }
}
