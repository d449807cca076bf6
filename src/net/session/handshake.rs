//! The handshake of a session, up to the peer's verdict. One rule: a peer that does not pass every
//! check asked for gets an alert, and no query.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rustix::event::PollFlags;
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
use crate::tls::hello::{OwnKey, provider};
use crate::tls::roots::Trust;
use crate::tls::trust::Recorder;
use crate::tls::words;
use crate::verdict::{OwnCertificate, SessionFacts, TlsFacts};

impl Session {
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
        let own = OwnKey::load(target.hello.own.as_ref(), &provider, &Wait::new(deadline.left()))?;
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
