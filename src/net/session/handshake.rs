//! The handshake of a session, up to the peer's verdict. One rule: a peer that does not pass every
//! check asked for gets an alert, and no query.

use std::io::{self, ErrorKind};
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
use rustls::{ClientConnection, HandshakeKind, ProtocolVersion};

use super::names::{cipher_name, group_name, signature_name};
use super::{Session, is_interruption};
use crate::alert::Alert;
use crate::error::{Error, Handshake, system_words};
use crate::exchange::{Endpoint, Peer};
use crate::file::Wait;
use crate::net::deadline::Deadline;
use crate::net::dial::Stream;
use crate::plan::Target;
use crate::text;
use crate::tls::hello::OwnKey;
use crate::tls::roots::Trust;
use crate::tls::trust::{Recorder, Seen};
use crate::tls::words;
use crate::verdict::{OwnCertificate, SessionFacts, TlsFacts};

/// A handshake under way.
pub struct Greeting<'a> {
    tls: ClientConnection,
    stream: Stream,
    peer: Peer,
    target: &'a Target,
    recorder: Arc<Recorder>,
    own: Arc<OwnKey>,
    first: FirstOctets,
    start: Duration,
}

/// Why a handshake failed, and how far it had come.
pub struct Unfinished {
    /// Why.
    pub error: Error,
    /// What the peer did instead of its first handshake message, where that may be due to the
    /// length of the ClientHello.
    pub refusal: Option<Handshake>,
}

impl<'a> Greeting<'a> {
    /// Makes the ClientHello for the peer at the other end of `stream`, and sends what can be sent
    /// of it without waiting.
    pub fn begin(
        stream: Stream,
        peer: Peer,
        target: &'a Target,
        trust: Arc<Trust>,
        deadline: &Deadline,
    ) -> Result<Self, Error> {
        let start = deadline.elapsed();
        let provider = Arc::new(target.hello.provider());
        let wait = Wait::new(deadline.left());
        let own = OwnKey::load(target.hello.own.as_ref(), &provider, &wait)?;
        let recorder = Recorder::new(trust, &provider);
        let mut tls = greeting(target, &peer, &recorder, provider, &own)?;
        // the greatest message and the records around it are all that may have to wait
        tls.set_buffer_limit(None);
        let first = FirstOctets::default();
        let mut greeting = Self { tls, stream, peer, target, recorder, own, first, start };
        // an error is told again by the end of the handshake, as part of what it is for
        let _ = greeting.tls.write_tls(&mut greeting.stream);
        Ok(greeting)
    }

    /// Waits until something comes from the peer, be it the end; false is that time was up before.
    pub fn hears(&mut self, deadline: &Deadline) -> bool {
        let heard = flush(&mut self.tls, &mut self.stream, deadline)
            .and_then(|()| deadline.wait(&self.stream, PollFlags::IN));
        !heard.is_err_and(|error| error.kind() == ErrorKind::TimedOut)
    }

    /// Goes on to the end. A peer that does not pass every check asked for gets an alert, and no
    /// query.
    pub fn finish(mut self, deadline: &Deadline) -> Result<Session, Unfinished> {
        let outcome = shake_hands(&mut self.tls, &mut self.stream, deadline, &mut self.first);
        let Self { tls, stream, peer, target, recorder, own, first, start } = self;
        let failure = outcome.as_ref().err().map(|cause| cause as _);
        let facts = Arc::new(facts(&tls, target, recorder.seen(failure), &own));
        let without_own = own.was_asked() && !own.was_sent();
        let cause = match outcome {
            Ok(()) => {
                return Ok(Session {
                    tls: Some(Box::new(tls)),
                    facts: Some(facts),
                    handshake: deadline.elapsed() - start,
                    ..Session::plain(stream, peer)
                });
            }
            Err(cause) => cause,
        };
        let early = first.is_before_hello();
        let refusal = Some(&cause).filter(|cause| early && blames(cause)).cloned();
        let error = match cause {
            Handshake::Alert(alert) if without_own => {
                Error::Handshake(Handshake::WantsCertificate(alert))
            }
            _ if !facts.verdict.trusted() => Error::Refused(facts),
            Handshake::Alert(alert) if early && target.sni.is_none() && alert.may_want_name() => {
                Error::Handshake(Handshake::NoServerName(alert))
            }
            cause => Error::Handshake(cause.on(&peer)),
        };
        Err(Unfinished { error, refusal })
    }
}

#[cfg(windows)]
impl AsSocket for Greeting<'_> {
    fn as_socket(&self) -> BorrowedFd<'_> {
        self.stream.as_socket()
    }
}

#[cfg(unix)]
impl AsFd for Greeting<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Whether it may be due to the length of the ClientHello: devices on the way and servers that take
/// what comes in one packet for the whole of it end the connection, or say that they cannot read it.
/// One that waits for nothing has not ended, and may yet go on.
fn blames(cause: &Handshake) -> bool {
    match cause {
        Handshake::Closed | Handshake::Reset => true,
        Handshake::Alert(alert) => alert.may_blame_length(),
        _ => false,
    }
}

impl Handshake {
    /// The same, with what the port of the peer may have to do with it.
    fn on(self, peer: &Peer) -> Self {
        const PLAIN_DNS: u16 = 53;
        let is_plain = matches!(&peer.address, Endpoint::Ip(it) if it.port() == PLAIN_DNS);
        let said_nothing =
            matches!(self, Self::Closed | Self::Reset | Self::Silent(_) | Self::TimedOut(_));
        if is_plain && said_nothing { Self::PlainPort(Box::new(self)) } else { self }
    }
}

fn shake_hands(
    tls: &mut ClientConnection,
    stream: &mut Stream,
    deadline: &Deadline,
    first: &mut FirstOctets,
) -> Result<(), Handshake> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::TimedOut => Handshake::TimedOut(deadline.elapsed()),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Handshake::Reset,
        _ => Handshake::Protocol(system_words(&error)),
    };
    let silent = |error: io::Error| match error.kind() {
        ErrorKind::TimedOut => Handshake::Silent(deadline.elapsed()),
        _ => failed(error),
    };
    flush(tls, stream, deadline).map_err(silent)?;
    while tls.is_handshaking() {
        stream.quick_ack();
        let waited = deadline.wait(stream, PollFlags::IN);
        waited.map_err(|error| if first.0.is_empty() { silent(error) } else { failed(error) })?;
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

fn facts(tls: &ClientConnection, target: &Target, seen: Seen, own: &OwnKey) -> TlsFacts {
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

/// The first octets a peer sends, kept in case they are not TLS.
#[derive(Default)]
struct FirstOctets(Vec<u8>);

impl FirstOctets {
    /// Whether no octet of a handshake message came.
    fn is_before_hello(&self) -> bool {
        const ALERT: u8 = 21;
        matches!(self.0[..], [] | [ALERT, ..])
    }

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
