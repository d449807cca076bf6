//! The smallest client that does the work: verifies a certificate by one file and a name, sends
//! padded queries, takes the replies, shows nothing. One rule: it does nothing else, so that what
//! it costs is what TLS, TCP and starting a process cost.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::Outcome;

/// Queries in flight at most.
const WINDOW: usize = 500;
/// A padded query and its length.
const QUERY: usize = 2 + 128;

/// Asks as `PORT FILE NAME COUNT` say.
pub(crate) fn run(words: &[String]) -> Outcome<()> {
    let [port, file, name, count] = words else { return Err("PORT FILE NAME COUNT".into()) };
    let count: usize = count.parse()?;
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(file)? {
        roots.add(root?)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.clone())?;
    let mut stream = TcpStream::connect(("127.0.0.1", port.parse()?))?;
    stream.set_nodelay(true)?;
    let mut tls = ClientConnection::new(Arc::new(config), name)?;
    while tls.is_handshaking() {
        while tls.wants_write() {
            tls.write_tls(&mut stream)?;
        }
        tls.read_tls(&mut stream)?;
        tls.process_new_packets()?;
    }
    let query = query();
    let (mut sent, mut received) = (0, 0);
    let mut replies = Replies::default();
    let mut octets = vec![0; if count == 1 { 4096 } else { 256 * 1024 }];
    let mut plain = octets.clone();
    while received < count {
        // half a window at a time: a query alone in its record is dear
        if sent < count && (sent - received) <= WINDOW / 2 {
            let more = (WINDOW - (sent - received)).min(count - sent);
            tls.writer().write_all(&query.repeat(more))?;
            sent += more;
        }
        while tls.wants_write() {
            tls.write_tls(&mut stream)?;
        }
        let length = stream.read(&mut octets)?;
        if length == 0 {
            return Err("the server ended the session".into());
        }
        let mut rest = &octets[..length];
        while !rest.is_empty() {
            tls.read_tls(&mut rest)?;
            let state = tls.process_new_packets()?;
            let length = state.plaintext_bytes_to_read();
            tls.reader().read_exact(&mut plain[..length])?;
            received += replies.count(&plain[..length]);
        }
    }
    tls.send_close_notify();
    tls.write_tls(&mut stream)?;
    Ok(())
}

/// A query for a name, padded to 128 octets.
fn query() -> Vec<u8> {
    let mut query = b"\0\x80\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01".to_vec();
    query.extend(b"\x08n0000000\x05bench\x04test\0\0\x01\0\x01");
    query.extend(b"\0\0\x29\x04\xd0\0\0\0\0");
    // the length of the options, and the header of the only one
    let padding = QUERY - query.len() - 2 - 4;
    query.extend(((4 + padding) as u16).to_be_bytes());
    query.extend([0, 12]);
    query.extend((padding as u16).to_be_bytes());
    query.resize(QUERY, 0);
    query
}

/// Counts messages by their lengths.
#[derive(Default)]
struct Replies {
    /// Octets until the next length begins.
    left: usize,
    /// The first octet of a length that is not whole.
    half: Option<u8>,
}

impl Replies {
    /// The messages that end in `octets`.
    fn count(&mut self, mut octets: &[u8]) -> usize {
        let mut ended = 0;
        while let Some((&first, rest)) = octets.split_first() {
            if self.left > 0 {
                let passed = self.left.min(octets.len());
                self.left -= passed;
                ended += usize::from(self.left == 0);
                octets = &octets[passed..];
                continue;
            }
            match self.half.take() {
                Some(high) => self.left = usize::from(u16::from_be_bytes([high, first])),
                None => self.half = Some(first),
            }
            octets = rest;
        }
        ended
    }
}
