//! A ClientHello that is longer than one packet, and what is in its way. One rule: it is made
//! shorter once, where nobody asked for its length, and the output says so.

use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use rustls::NamedGroup;
use tdig::tls::hello::can_post_quantum;

use crate::dot::{Behaviour, Credential, OnLong, Server};
use crate::run::{Seen, file, root, say, tdig};

const HYBRID: NamedGroup = NamedGroup::X25519MLKEM768;

/// Whether this processor has the group that makes a hello long.
fn is_long() -> bool {
    if !can_post_quantum() {
        say("skipped the long hello: this processor has no post-quantum group");
    }
    can_post_quantum()
}

fn ask(server: &Server, options: &str) -> Seen {
    let (port, root) = (server.port(), root());
    tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test {options} example.com"))
}

fn warnings(seen: &Seen) -> Vec<&str> {
    let lines = seen.err.lines();
    lines.filter(|it| it.contains("without the post-quantum share")).collect()
}

/// What is in the way, and how that is said.
const WAYS: [(OnLong, &str); 9] = [
    (OnLong::Reset, "the peer reset the connection"),
    (OnLong::Close, "the peer closed the connection"),
    (OnLong::CloseNotify, "the peer closed the connection"),
    (OnLong::Silence, "no answer after 1.0 s)"),
    (OnLong::Alert(50), "the peer sent the alert decode_error (50)"),
    (OnLong::Alert(47), "the peer sent the alert illegal_parameter (47)"),
    (OnLong::Alert(40), "the peer sent the alert handshake_failure (40)"),
    (OnLong::Alert(80), "the peer sent the alert internal_error (80)"),
    (OnLong::Alert(10), "the peer sent the alert unexpected_message (10)"),
];

#[test]
fn a_server_that_bears_no_long_hello_is_asked_once_more_with_a_short_one() {
    if !is_long() {
        return;
    }
    for (what, reason) in WAYS {
        let server = Server::start(Credential::Good, Behaviour::LongHello(what));
        let begun = Instant::now();
        let seen = ask(&server, "+timeout=2s");
        assert_eq!(seen.status, 0, "{what:?}: {seen:#?}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{what:?}: {:?}", begun.elapsed());
        let session = ";; TLS session (TLS1.3)-(ECDHE-X25519)-";
        assert!(seen.out.starts_with(session), "{what:?}: {seen:#?}");
        let [warning] = warnings(&seen)[..] else { panic!("{what:?}: one warning: {seen:#?}") };
        let start = format!(
            ";; WARNING: TLS, no ServerHello from 127.0.0.1@{}(TLS) ({reason}",
            server.port()
        );
        assert!(warning.starts_with(&start), "{what:?}: {warning}");
        let seen = server.finish();
        assert_eq!((seen.connections, seen.queries.len()), (2, 1), "{what:?}");
        let [hello] = &seen.hellos[..] else { panic!("{what:?}: {:?}", seen.hellos) };
        assert!(!hello.groups.contains(&HYBRID), "{what:?}: {hello:?}");
        assert_eq!(hello.groups[0], NamedGroup::X25519, "{what:?}");
    }
}

#[test]
fn every_way_of_asking_makes_the_hello_short_and_remembers_that() {
    if !is_long() {
        return;
    }
    let lines = file("long-hello.txt", "a.test\nb.test\nc.test\n");
    for (options, sessions, queries) in [
        ("+short", 1, 1),
        ("+json", 1, 1),
        ("+fallback", 1, 1),
        ("+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0),
        ("one.test two.test", 3, 3),
        ("+keepopen one.test two.test", 1, 3),
        (&format!("-f {lines}"), 2, 4),
        (&format!("-f {lines} +connections=3 +pipeline=1"), 2, 4),
        ("+notimeout", 1, 1),
        ("+timeout=99999999999", 1, 1),
    ] {
        let server = Server::start(Credential::Good, Behaviour::LongHello(OnLong::Close));
        // a fallback wants no demands
        let seen = match options {
            "+fallback" => tdig(&format!("@127.0.0.1#{} +fallback a.test", server.port())),
            _ => ask(&server, options),
        };
        assert_eq!(seen.status, if sessions == 0 { 7 } else { 0 }, "{options}: {seen:#?}");
        assert!(!seen.err.contains("CLEARTEXT"), "{options}: {seen:#?}");
        let seen = server.finish();
        assert_eq!(seen.queries.len(), queries, "{options}");
        assert!(seen.sessions.len() >= sessions, "{options}: {seen:#?}");
        if !options.contains("-f") {
            // each but the first begins with the short one
            assert_eq!(seen.connections, sessions.max(1) + 1, "{options}");
        }
    }
}

#[test]
fn two_queries_of_one_line_are_warned_of_once() {
    if !is_long() {
        return;
    }
    let server = Server::start(Credential::Good, Behaviour::LongHello(OnLong::Reset));
    let seen = ask(&server, "one.test two.test");
    assert_eq!((seen.status, warnings(&seen).len()), (0, 1), "{seen:#?}");
}

#[test]
fn no_other_end_of_a_handshake_makes_it_begin_again() {
    if !is_long() {
        return;
    }
    let long = |what| Server::start(Credential::Good, Behaviour::LongHello(what));
    for (server, options, status) in [
        // typed, so that it is meant
        (long(OnLong::Reset), "+tls-groups=X25519MLKEM768,x25519", 5),
        // the peer has begun to answer, or says what else is wrong
        (long(OnLong::HelloThenReset), "", 5),
        (long(OnLong::Alert(70)), "", 5),
        (long(OnLong::Alert(112)), "", 5),
        (long(OnLong::Alert(120)), "", 5),
        (long(OnLong::Alert(116)), "", 5),
        // these hellos are short
        (long(OnLong::Reset), "+tls-groups=x25519,secp256r1", 0),
        (long(OnLong::Reset), "+tls-version=1.2", 0),
        (Server::start(Credential::Good, Behaviour::ResetInHandshake), "+tls-groups=x25519", 5),
        (Server::start(Credential::Good, Behaviour::CloseInHandshake), "+tls-version=1.2", 5),
        (Server::start(Credential::Good, Behaviour::PlainHttp), "", 5),
        (Server::start(Credential::Expired, Behaviour::Answer), "", 6),
    ] {
        let seen = ask(&server, options);
        assert_eq!(seen.status, status, "{options}: {seen:#?}");
        assert_eq!(server.connections(), 1, "{options}: {seen:#?}");
        assert!(warnings(&seen).is_empty(), "{options}: {seen:#?}");
    }
}

#[test]
fn a_server_that_ends_both_handshakes_is_left_after_the_second() {
    if !is_long() {
        return;
    }
    for (behaviour, words) in [
        (Behaviour::ResetInHandshake, "handshake failed (the peer reset the connection)"),
        (Behaviour::CloseInHandshake, "handshake failed (the peer closed the connection)"),
        (Behaviour::CloseOnAccept, "handshake failed (the peer closed the connection)"),
        (Behaviour::FatalAlert(40), "the peer sent the alert handshake_failure (40)"),
        (Behaviour::FatalAlert(50), "the peer sent the alert decode_error (50)"),
        (Behaviour::Silence, "took too long to respond (handshake, after 0.6 s)"),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        let begun = Instant::now();
        let seen = ask(&server, "+timeout=600ms");
        assert!(begun.elapsed() < Duration::from_millis(700), "{behaviour:?}");
        assert_eq!(seen.status, 5, "{behaviour:?}: {seen:#?}");
        assert!(seen.err.contains(words), "{behaviour:?}: {seen:#?}");
        assert_eq!(server.connections(), 2, "{behaviour:?}");
        assert_eq!(warnings(&seen).len(), 1, "{behaviour:?}");
    }
}

#[test]
fn a_server_that_is_slow_to_answer_is_not_cut_off_for_it() {
    if !is_long() {
        return;
    }
    // 700 ms of a second: the second connection, begun at half of it, would have to wait too long
    let slow = Behaviour::Far(Duration::from_millis(700), 9);
    let server = Server::start(Credential::Good, slow);
    let begun = Instant::now();
    let seen = ask(&server, "+timeout=1s");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!((seen.status, warnings(&seen).len()), (0, 1), "{seen:#?}");
    assert_eq!((server.connections(), server.queries().len()), (2, 1));
    // the first answer is to the first hello, and nothing was learned from it
    assert!(seen.out.starts_with(";; TLS session (TLS1.3)-"), "{seen:#?}");
    let path = unix_before(&server, "slow.sock", Duration::ZERO);
    let line = format!("@{path} +tls-ca={} +tls-host=dot.test +timeout=1s a.test", root());
    let seen = tdig(&line);
    assert_eq!((seen.status, warnings(&seen).len()), (0, 1), "{seen:#?}");
}

#[test]
fn a_short_hello_is_no_less_strict() {
    if !is_long() {
        return;
    }
    for (credential, status) in [
        (Credential::Expired, 6),
        (Credential::WrongName, 6),
        (Credential::SelfSigned, 6),
        (Credential::WrongKey, 5),
    ] {
        let server = Server::start(credential, Behaviour::LongHello(OnLong::Alert(50)));
        let server = server.expect_no_query();
        let seen = ask(&server, "");
        assert_eq!(seen.status, status, "{credential:?}: {seen:#?}");
        assert_eq!(server.connections(), 2, "{credential:?}");
    }
}

/// A UNIX socket before a server on a port, which waits so long before each connection is served.
#[cfg(unix)]
pub(crate) fn unix_before(server: &Server, name: &str, pause: Duration) -> String {
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let address = server.address();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let near = near.unwrap();
            std::thread::sleep(pause);
            let far = TcpStream::connect(address).unwrap();
            let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let (mut from, mut to) = (far, near);
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_connected_again_too() {
    if !is_long() {
        return;
    }
    let server = Server::start(Credential::Good, Behaviour::LongHello(OnLong::Close));
    let path = unix_before(&server, "long-hello.sock", Duration::ZERO);
    let seen = tdig(&format!("@{path} +tls-ca={} +tls-host=dot.test a.test", root()));
    assert_eq!((seen.status, warnings(&seen).len()), (0, 1), "{seen:#?}");
}
