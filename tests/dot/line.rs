//! One connection as its handler sees it: octets, TLS records or plain TCP, and DNS messages.
//! One rule: what the client sent is entered in the accounts before anything is done about it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{Accepted, Acceptor, ServerConnection};
use rustls::{HandshakeKind, ServerConfig};
use socket2::SockRef;

use super::accounts::{Hello, Ledger, Session};

/// The connection.
pub(crate) struct Line<'a> {
    socket: Arc<TcpStream>,
    tls: Tls,
    ledger: &'a Ledger,
    first: bool,
    /// Plaintext received and not yet taken.
    inbox: Vec<u8>,
    /// One octet each such interval instead of all at once.
    pub(crate) pace: Option<Duration>,
}

enum Tls {
    /// Plain TCP: no TLS will be spoken.
    Never,
    /// The ClientHello has not come.
    Awaited(Arc<ServerConfig>),
    /// The ClientHello has come.
    Begun(Box<ServerConnection>),
}

impl<'a> Line<'a> {
    /// A connection that has just been accepted; without a configuration it is plain TCP.
    pub(crate) fn new(
        socket: Arc<TcpStream>,
        config: Option<Arc<ServerConfig>>,
        ledger: &'a Ledger,
    ) -> Self {
        let tls = config.map_or(Tls::Never, Tls::Awaited);
        let first = ledger.copy().connections == 1;
        Self { socket, tls, ledger, first, inbox: Vec::new(), pace: None }
    }

    /// Whether no client was connected before.
    pub(crate) fn is_of_the_first_session(&self) -> bool {
        self.first
    }

    /// Whether the server is being stopped: a fault that goes on for ever ends here.
    pub(crate) fn pause(&self, duration: Duration) -> io::Result<()> {
        match self.ledger.stopped_within(duration) {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }

    /// How long the first record is, of which nothing is taken.
    pub(crate) fn record_length(&self) -> io::Result<usize> {
        let mut head = [0; 5];
        loop {
            match self.socket.peek(&mut head)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                5 => break,
                _ => self.pause(Duration::from_millis(1))?,
            }
        }
        Ok(head.len() + usize::from(u16::from_be_bytes([head[3], head[4]])))
    }

    /// Reads the ClientHello (on plain TCP nothing) and says nothing yet.
    pub(crate) fn client_hello(&mut self) -> io::Result<()> {
        let Tls::Awaited(config) = &self.tls else { return Ok(()) };
        let config = config.clone();
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            acceptor.read_tls(&mut &self.record()?[..])?;
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((error, mut alert)) => {
                    alert.write_all(&mut &*self.socket)?;
                    return Err(self.failed(&error));
                }
            }
        };
        self.ledger.enter(|accounts| accounts.hellos.push(hello(&accepted)));
        match accepted.into_connection(config) {
            Ok(mut connection) => {
                // a message of 65,535 octets goes out whole
                connection.set_buffer_limit(None);
                self.tls = Tls::Begun(Box::new(connection));
            }
            Err((error, mut alert)) => {
                alert.write_all(&mut &*self.socket)?;
                return Err(self.failed(&error));
            }
        }
        Ok(())
    }

    /// What the handshake has to say first, as octets: ServerHello and, in TLS 1.3, all the rest.
    pub(crate) fn server_hello(&mut self) -> io::Result<Vec<u8>> {
        self.client_hello()?;
        Ok(self.outbox())
    }

    /// Handshakes to the end; on plain TCP there is nothing to do.
    pub(crate) fn handshake(&mut self) -> io::Result<()> {
        self.client_hello()?;
        loop {
            self.flush()?;
            match &self.tls {
                Tls::Begun(connection) if connection.is_handshaking() => {}
                _ => break,
            }
            if !self.receive_record()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if let Tls::Begun(connection) = &self.tls {
            let session = session(connection);
            self.ledger.enter(|accounts| accounts.sessions.push(session));
        }
        Ok(())
    }

    /// The next query, without its length prefix; `None` when the client has ended.
    pub(crate) fn query(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some((prefix, rest)) = self.inbox.split_first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*prefix));
                if rest.len() >= length {
                    let query = rest[..length].to_vec();
                    self.inbox.drain(..2 + length);
                    self.ledger.enter(|accounts| accounts.queries.push(query.clone()));
                    return Ok(Some(query));
                }
            }
            if !self.receive()? {
                return Ok(None);
            }
        }
    }

    /// Sends octets in one TLS record (up to 16 KiB), or as they are on plain TCP.
    pub(crate) fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Tls::Begun(connection) => {
                connection.writer().write_all(octets)?;
                self.flush()
            }
            _ => self.raw(octets),
        }
    }

    /// Sends a message with its length prefix, both in one record.
    pub(crate) fn reply(&mut self, message: &[u8]) -> io::Result<()> {
        self.send(&framed(message))
    }

    /// Sends octets past TLS.
    pub(crate) fn raw(&self, octets: &[u8]) -> io::Result<()> {
        let Some(interval) = self.pace else { return (&*self.socket).write_all(octets) };
        for octet in octets {
            (&*self.socket).write_all(&[*octet])?;
            self.pause(interval)?;
        }
        Ok(())
    }

    /// Changes the keys, and asks the client to do so too.
    pub(crate) fn new_keys(&mut self) -> io::Result<()> {
        if let Tls::Begun(connection) = &mut self.tls {
            connection.refresh_traffic_keys().map_err(io::Error::other)?;
        }
        self.flush()
    }

    /// Says goodbye within TLS.
    pub(crate) fn close_notify(&mut self) -> io::Result<()> {
        if let Tls::Begun(connection) = &mut self.tls {
            connection.send_close_notify();
        }
        self.flush()
    }

    /// Sends FIN and waits until the client has ended too, so that no RST follows.
    pub(crate) fn close(self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)?;
        self.drain()
    }

    /// Says nothing until the client has ended.
    pub(crate) fn drain(&self) -> io::Result<()> {
        io::copy(&mut &*self.socket, &mut io::sink()).map(drop)
    }

    /// Sends RST.
    pub(crate) fn reset(self) -> io::Result<()> {
        SockRef::from(&*self.socket).set_linger(Some(Duration::ZERO))
    }

    fn receive(&mut self) -> io::Result<bool> {
        if let Tls::Begun(_) = self.tls {
            return self.receive_record();
        }
        let mut chunk = vec![0; 65_536];
        let length = (&*self.socket).read(&mut chunk)?;
        self.take(&chunk[..length]);
        Ok(length > 0)
    }

    /// One TLS record; `false` when the client has ended.
    fn receive_record(&mut self) -> io::Result<bool> {
        let record = match self.record() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            record => record?,
        };
        let Tls::Begun(connection) = &mut self.tls else { return Ok(false) };
        let mut octets = &record[..];
        let mut state = Ok(());
        // the connection takes in so much at a time and no more
        while state.is_ok() && connection.read_tls(&mut octets)? > 0 && !octets.is_empty() {
            state = connection.process_new_packets().map(|_| ());
        }
        match state.and_then(|()| connection.process_new_packets()) {
            Ok(state) => {
                let mut plaintext = vec![0; state.plaintext_bytes_to_read()];
                let ended = state.peer_has_closed();
                if !plaintext.is_empty() {
                    connection.reader().read_exact(&mut plaintext)?;
                }
                self.take(&plaintext);
                Ok(!ended)
            }
            Err(error) => {
                // the alert, if the client still listens
                let _ = self.flush();
                Err(self.failed(&error))
            }
        }
    }

    /// The octets of one TLS record as they came (RFC 8446 section 5.1).
    fn record(&self) -> io::Result<Vec<u8>> {
        let mut record = vec![0; 5];
        (&*self.socket).read_exact(&mut record)?;
        if (20..=24).contains(&record[0]) {
            record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
            (&*self.socket).read_exact(&mut record[5..])?;
        }
        Ok(record)
    }

    fn take(&mut self, plaintext: &[u8]) {
        if !plaintext.is_empty() {
            self.ledger.enter(|accounts| accounts.chunks.push(plaintext.len()));
            self.inbox.extend(plaintext);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let octets = self.outbox();
        self.raw(&octets)
    }

    fn outbox(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        if let Tls::Begun(connection) = &mut self.tls {
            while connection.wants_write() {
                connection.write_tls(&mut octets).expect("a Vec takes all");
            }
        }
        octets
    }

    fn failed(&self, error: &rustls::Error) -> io::Error {
        self.ledger.enter(|accounts| accounts.failures.push(error.to_string()));
        io::ErrorKind::InvalidData.into()
    }
}

/// A message with its length prefix.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a DNS message is no longer");
    [&length.to_be_bytes(), message].concat()
}

fn hello(accepted: &Accepted) -> Hello {
    let hello = accepted.client_hello();
    Hello {
        sni: hello.server_name().map(str::to_owned),
        alpn: hello.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect(),
        suites: hello.cipher_suites().to_vec(),
        groups: hello.named_groups().unwrap_or_default().to_vec(),
    }
}

fn session(connection: &ServerConnection) -> Session {
    Session {
        version: connection.protocol_version().expect("handshake complete"),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        client_certificates: connection.peer_certificates().map_or(0, <[_]>::len),
    }
}
