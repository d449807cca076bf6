//! A whole session with a peer that says these octets and ends: a UNIX socket stands in for TCP.
//! The messages are those that stand there, and the time is kept whatever the peer says.
#![no_main]

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tdig::cli::{self, Command};
use tdig::error::Error;
use tdig::exchange::{Endpoint, Peer, Protocol};
use tdig::file::Wait;
use tdig::net::deadline::Deadline;
use tdig::net::dial::Stream;
use tdig::net::session::{Greeting, Session};
use tdig::plan::{Lookup, Target, Targets};
use tdig::tls::roots::Trust;

#[path = "../../tests/shown/mod.rs"]
mod shown;

const TIMEOUT: Duration = Duration::from_millis(100);
/// A machine that does a lot besides is late, not wrong.
const GRACE: Duration = Duration::from_secs(2);

fuzz_target!(|input: (bool, bool, &[u8])| {
    let (encrypted, ended, octets) = input;
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    // what is longer than the buffer of a socket would wait for us
    theirs.set_nonblocking(true).unwrap();
    let Ok(sent) = theirs.write(octets) else { return };
    if ended {
        theirs.shutdown(Shutdown::Write).unwrap();
    }
    let deadline = Deadline::new(Some(if ended { TIMEOUT } else { Duration::from_millis(2) }));
    let protocol = if encrypted { Protocol::Tls } else { Protocol::Tcp };
    let peer = Peer { address: Endpoint::Path("/run/dns".into()), protocol };
    let stream = Stream::Unix(ours);
    let greeted = match encrypted {
        true => {
            let (target, trust) = asked();
            Greeting::begin(stream, peer, target, Arc::clone(trust), &deadline)
                .and_then(|greeting| greeting.finish(&deadline).map_err(|it| it.error))
        }
        false => Ok(Session::plain(stream, peer)),
    };
    let error = match greeted {
        // octets known beforehand hold no signature over this handshake
        Ok(_) if encrypted => panic!("a handshake with octets known beforehand"),
        Ok(session) => converse(session, &octets[..sent], &deadline),
        Err(error) => error,
    };
    shown::is_harmless(&error.to_string());
    shown::is_harmless(&error.hint().unwrap_or_default());
    assert!(deadline.elapsed() < TIMEOUT + GRACE, "{:?}: {error}", deadline.elapsed());
});

/// One query, and all that is answered; how it ended.
fn converse(mut session: Session, octets: &[u8], deadline: &Deadline) -> Error {
    session.queue(b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x07example\0\0\x01\0\x01").unwrap();
    session.send(deadline).unwrap();
    let mut rest = octets;
    loop {
        match session.receive(deadline) {
            Ok(message) => {
                let (length, tail) = rest.split_first_chunk().unwrap();
                let (expected, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)));
                assert_eq!(message, expected);
                rest = tail;
            }
            Err(error) => return error,
        }
    }
}

/// The server that the command line below names, and its trust.
fn asked() -> &'static (Target, Arc<Trust>) {
    static ASKED: OnceLock<(Target, Arc<Trust>)> = OnceLock::new();
    ASKED.get_or_init(|| {
        let line = ["@192.0.2.1", "+tls-mozilla", "+tls-host=dns.example", "example.com"];
        let Ok(Command::Look(look)) = cli::parse(line.map(Into::into)) else { panic!("{line:?}") };
        let lookup = Lookup::new(&look.queries[0]).unwrap();
        let Targets::Given(targets) = &lookup.route.targets else { panic!("a server is given") };
        let trust = Trust::load(&targets[0].policy, &Wait::new(None)).unwrap();
        (targets[0].clone(), Arc::new(trust))
    })
}
