//! One TLS session: TCP, handshake, and messages with their two-octet length (RFC 7858). One rule:
//! every read and write waits for the deadline first, and a message leaves in one record.

mod frames;

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;
#[cfg(unix)]
use rustix::fd::AsFd;
#[cfg(windows)]
use rustix::fd::AsSocket;
use rustix::fd::BorrowedFd;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion, SignatureScheme};

use self::frames::Frames;
use super::deadline::Deadline;
use super::dial::Stream;
use super::proxy;
use crate::alert::Alert;
use crate::cli::settings::Proxy;
use crate::error::{Error, Handshake, Reply, system_words};
use crate::exchange::{Endpoint, Peer};
use crate::plan::Target;
use crate::text;
use crate::tls::hello::{OwnKey, provider};
use crate::tls::roots::Trust;
use crate::tls::trust::Recorder;
use crate::tls::words;
use crate::verdict::{OwnCertificate, SessionFacts, TlsFacts};

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
    /// Whom we talk to.
    pub peer: Peer,
    /// Who that is, as far as TLS says.
    pub facts: Option<Arc<TlsFacts>>,
    /// How long the handshake took.
    pub handshake: Duration,
}

/// The largest message and its length.
const LARGEST: usize = 2 + 65_535;
/// Room for what comes at first, and at last if more comes at once: the fewer reads, the better.
const LEAST_ROOM: usize = 4 * 1024;
const MOST_ROOM: usize = 64 * 1024;
/// Reads of what lies there when time is up: enough for a message.
const MAX_LATE: usize = 8;
/// Octets that are taken in while a query waits to be sent.
const MOST_UNREAD: usize = 16 * LARGEST;

impl Session {
    /// A session in cleartext.
    pub fn plain(stream: Stream, peer: Peer) -> Self {
        Self {
            stream,
            tls: None,
            outgoing: Vec::new(),
            received: Frames::default(),
            room: vec![0; LEAST_ROOM],
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

    /// Greets the peer at the other end of `stream`. One that does not pass every check asked for
    /// gets an alert, and no query.
    pub fn greet(
        mut stream: Stream,
        peer: Peer,
        target: &Target,
        trust: Arc<Trust>,
        deadline: &Deadline,
    ) -> Result<Self, Error> {
        let start = deadline.elapsed();
        let provider = Arc::new(provider(target.hello.post_quantum));
        let own = OwnKey::load(target.hello.own.as_ref(), &provider)?;
        let recorder = Recorder::new(trust, &provider);
        let mut tls = greeting(target, &peer, &recorder, provider, &own)?;
        // the greatest message and the records around it are all that may have to wait
        tls.set_buffer_limit(None);
        let outcome = shake_hands(&mut tls, &mut stream, deadline);
        let facts = Arc::new(facts(&tls, target, &recorder, &own));
        let without_own = own.was_asked() && !own.was_sent();
        match outcome {
            Ok(()) => Ok(Self {
                tls: Some(Box::new(tls)),
                facts: Some(facts),
                handshake: deadline.elapsed() - start,
                ..Self::plain(stream, peer)
            }),
            Err(Handshake::Alert(alert)) if without_own => {
                Err(Error::Handshake(Handshake::WantsCertificate(alert)))
            }
            Err(_) if !facts.verdict.trusted() => Err(Error::Refused(facts)),
            Err(cause) => Err(Error::Handshake(cause)),
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
            let room = self.received.waiting() < MOST_UNREAD;
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

    /// Who the peer is, and the session tickets that it sent until now.
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
                if self.is_full && length < MOST_ROOM {
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

fn shake_hands(
    tls: &mut ClientConnection,
    stream: &mut Stream,
    deadline: &Deadline,
) -> Result<(), Handshake> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::TimedOut => Handshake::TimedOut(deadline.elapsed()),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Handshake::Reset,
        _ => Handshake::Protocol(system_words(&error)),
    };
    let mut first = FirstOctets::default();
    flush(tls, stream, deadline).map_err(failed)?;
    while tls.is_handshaking() {
        stream.quick_ack();
        deadline.wait(stream, PollFlags::IN).map_err(failed)?;
        first.peek(stream).map_err(failed)?;
        match tls.read_tls(stream) {
            Ok(0) => return Err(first.not_tls().unwrap_or(Handshake::Closed)),
            Ok(_) => {}
            Err(error) if is_interruption(&error) => continue,
            Err(error) => return Err(failed(error)),
        }
        if let Err(error) = tls.process_new_packets() {
            // tell the peer why; it may be gone already
            let _ = flush(tls, stream, deadline);
            return Err(match error {
                rustls::Error::AlertReceived(alert) => Handshake::Alert(Alert(alert.into())),
                error => {
                    first.not_tls().unwrap_or_else(|| Handshake::Protocol(words::of_rustls(&error)))
                }
            });
        }
        if tls.is_handshaking() {
            flush(tls, stream, deadline).map_err(failed)?;
        }
    }
    // what is left to send, our Finished, leaves in one segment with the query
    Ok(())
}

fn flush(tls: &mut ClientConnection, stream: &mut Stream, deadline: &Deadline) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(stream) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                deadline.wait(stream, PollFlags::OUT)?;
            }
            Err(error) if is_interruption(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn facts(tls: &ClientConnection, target: &Target, recorder: &Recorder, own: &OwnKey) -> TlsFacts {
    let seen = recorder.seen();
    let tls13 = tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let group = tls.negotiated_key_exchange_group().map(|group| group.name());
    let suite = tls.negotiated_cipher_suite().map(|it| format!("{:?}", it.suite()));
    let session = SessionFacts {
        version: match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS1.3".into(),
            Some(ProtocolVersion::TLSv1_2) => "TLS1.2".into(),
            _ => String::new(),
        },
        key_exchange: group.map(group_name).unwrap_or_default(),
        signature: seen.scheme.map(|it| signature_name(it, tls13)).unwrap_or_default(),
        cipher: suite.map(|it| cipher_name(&it)).unwrap_or_default(),
        sni: target.sni.as_ref().map(|name| name.to_str().into_owned()),
        offered: target.hello.alpn.clone(),
        alpn: tls.alpn_protocol().map(text::free),
        own: OwnCertificate {
            files: target.hello.own.clone(),
            asked: own.was_asked(),
            sent: own.was_sent(),
        },
        tickets: tls.tls13_tickets_received(),
        resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
    };
    match seen.judged {
        Some((chain, verdict)) => TlsFacts { session, chain, verdict },
        None => TlsFacts { session, ..TlsFacts::default() },
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

/// The first octets a peer sends, kept in case they are not TLS.
#[derive(Default)]
struct FirstOctets(Vec<u8>);

impl FirstOctets {
    fn peek(&mut self, stream: &Stream) -> io::Result<()> {
        const ENOUGH: usize = 64;
        if self.0.is_empty() {
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

fn is_interruption(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

fn greeting(
    target: &Target,
    peer: &Peer,
    recorder: &Arc<Recorder>,
    provider: Arc<CryptoProvider>,
    own: &Arc<OwnKey>,
) -> Result<ClientConnection, Error> {
    let config = target.hello.config(recorder, provider, own)?;
    // an address is never sent as a server name
    let name = target.sni.clone().unwrap_or_else(|| {
        ServerName::IpAddress(match peer.address {
            Endpoint::Ip(address) => address.ip().into(),
            Endpoint::Path(_) => IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
        })
    });
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
mod tests;
