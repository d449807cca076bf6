//! How long a lookup takes at most. One rule: the time that was typed and a tenth of a second more,
//! whatever keeps it: a place, a name, a peer that talks and never answers, or one that never reads.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::dot::{Behaviour, Credential, Server};
use crate::long_hello::unix_before;
use crate::run::{Seen, file, say, tdig};

const TIMEOUT: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_millis(100);

/// Runs a command line with `TIMEOUT`; it must end in time and with this status and these words.
fn in_time(line: &str, status: u8, words: &str) -> Seen {
    let started = Instant::now();
    let seen = tdig(&format!("{line} +timeout={}ms", TIMEOUT.as_millis()));
    let took = started.elapsed();
    println!("{line} | {} | {} | {took:.2?}", seen.err.lines().next().unwrap_or(""), seen.status);
    assert!(took < TIMEOUT + GRACE, "took {took:?}: {seen:#?}");
    assert_eq!(seen.status, status, "{seen:#?}");
    assert!(seen.err.contains(words), "{words}: {seen:#?}");
    seen
}

/// The path of a socket that is not there yet.
fn socket_path(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path.to_str().expect("the path of the tests is UTF-8").to_owned()
}

#[test]
fn a_listener_that_lets_nobody_in_is_a_connect_timeout() {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // these connections wait there, so that the next SYN stays unanswered
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        })
        .collect();
    thread::sleep(Duration::from_millis(50));
    let port = address.as_socket().unwrap().port();
    for over in ["", "+notls +tcp", "+fallback"] {
        let line = format!("@127.0.0.1#{port} {over} example.com");
        in_time(&line, 4, "connection timeout for 127.0.0.1@");
    }
    drop(crowd);
}

#[test]
fn a_unix_socket_that_is_full_silent_or_not_there_takes_no_longer_than_any_other() {
    let full = socket_path("full.sock");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&full).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&SockAddr::unix(&full).unwrap());
            socket
        })
        .collect();
    in_time(&format!("@{full} +notls +tcp example.com"), 4, "connection timeout for /");
    in_time(&format!("@{full} +tls example.com"), 4, "connection timeout for /");
    drop(crowd);

    let silent = socket_path("silent.sock");
    let _listener = UnixListener::bind(&silent).unwrap();
    in_time(&format!("@{silent} +notls +tcp example.com"), 9, "response timeout for /");
    in_time(&format!("@{silent} +tls example.com"), 5, "took too long to respond (handshake");

    let deaf = socket_path("deaf.sock");
    let receiver = UnixDatagram::bind(&deaf).unwrap();
    in_time(&format!("@{deaf} +notls example.com"), 9, "response timeout for /");
    let sender = UnixDatagram::unbound().unwrap();
    sender.set_nonblocking(true).unwrap();
    while sender.send_to(&[0; 100], &deaf).is_ok() {}
    in_time(&format!("@{deaf} +notls example.com"), 9, "response timeout for /");
    drop(receiver);

    let absent = socket_path("absent.sock");
    in_time(&format!("@{absent} +notls +tcp example.com"), 4, "no such file or directory");
}

#[test]
fn the_phases_of_a_lookup_are_those_of_a_unix_socket_too() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let pause = Duration::from_millis(200);
    let path = unix_before(&server, "phases.sock", pause);
    let seen = tdig(&format!("@{path} +json +tls a.test"));
    let object: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    let phase = |name: &str| object["timing"][name].as_f64().unwrap();
    // the kernel connects, whoever accepts, and the server greets after the pause
    assert!(phase("connect") < 100.0, "{object:#}");
    assert!((200.0..900.0).contains(&phase("handshake")), "{object:#}");
    let sum = phase("connect") + phase("handshake") + phase("reply");
    assert!((sum - phase("total")).abs() < 50.0, "{object:#}");

    let seen = tdig(&format!("@{path} +tls a.test"));
    let line = seen.out.lines().find(|it| it.starts_with(";; Phases: ")).unwrap();
    let tls: f64 = line.split("TLS ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((200.0..900.0).contains(&tls), "{line}");
}

/// What may be typed and is neither zero nor of any use.
const EXTREMES: [(&str, bool); 9] = [
    ("1e-10", false),
    ("1e-400", false),
    ("0.0000000000000001", false),
    ("1ns", false),
    ("1.8e19", true),
    ("18446744073709500000", true),
    ("18446744073709551615s", true),
    ("500000000000years", true),
    ("18446744073709551615s999999999ns", true),
];

#[test]
fn the_shortest_time_is_over_at_once_and_the_longest_never() {
    let tls = Server::start(Credential::Good, Behaviour::Answer);
    let plain = Server::plain().start();
    let path = file("extreme.txt", "a.test\nb.test\n");
    for (time, is_long) in EXTREMES {
        for (server, options) in [
            (&tls, ""),
            (&tls, "+keepopen a.test"),
            (&tls, "+fallback"),
            (&tls, &format!("-f {path}")),
            (&plain, "+notls +retry=0"),
            (&plain, "+notls +retry=1000"),
            (&plain, "+notls +tcp"),
            (&plain, &format!("+notls +tcp -f {path}")),
        ] {
            let started = Instant::now();
            let line = format!("@127.0.0.1#{} {options} +timeout={time} a.test", server.port());
            let seen = tdig(&line);
            assert_eq!(seen.status == 0, is_long, "{line}: {seen:#?}");
            assert!(is_long || matches!(seen.status, 4 | 5 | 9), "{line}: {seen:#?}");
            assert!(started.elapsed() < Duration::from_secs(2), "{line}");
        }
    }
    // two servers share the time, and so do the tries over UDP
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    for time in ["1e-10", "1ns"] {
        let line = format!("@127.0.0.1#{port} @127.0.0.1#{port} +notls +timeout={time} a.test");
        assert_eq!(tdig(&line).status, 9, "{line}");
    }
}

#[test]
fn datagrams_of_strangers_and_under_other_ids_do_not_prolong_a_lookup() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = server.local_addr().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut query = [0; 512];
            server.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let mut client = None;
            while !done.load(Ordering::Relaxed) {
                if let Ok((length, from)) = server.recv_from(&mut query) {
                    client = Some((length, from));
                }
                let Some((length, from)) = client else { continue };
                for _ in 0..300 {
                    // the right reply from the wrong peer, and the reverse
                    query[2] |= 0x80;
                    let _ = stranger.send_to(&query[..length], from);
                    query[0] ^= 0x55;
                    let _ = server.send_to(&query[..length], from);
                    query[0] ^= 0x55;
                }
            }
        });
        let line = format!("@127.0.0.1#{} +notls +retry=0 example.com", at.port());
        let seen = in_time(&line, 9, "is different from query ID (");
        done.store(true, Ordering::Relaxed);
        assert_eq!(seen.err.matches("is different from query ID").count(), 1, "{seen:#?}");
    });
}

/// A server for one connection over plain TCP: what follows the query is up to `talk`, whose error
/// is the client's leaving.
pub(crate) fn plain_tcp(
    talk: impl FnOnce(TcpStream, [u8; 2]) -> std::io::Result<()> + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut length = [0; 2];
        socket.read_exact(&mut length).unwrap();
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        socket.read_exact(&mut query).unwrap();
        let _ = talk(socket, [query[0], query[1]]);
    });
    port
}

/// A message of a transfer of the root zone: an SOA record with this serial, an A record, nothing.
pub(crate) fn of_a_zone(id: [u8; 2], record: Option<Option<u8>>) -> Vec<u8> {
    let mut message =
        [id[0], id[1], 0x84, 0, 0, 1, 0, record.is_some().into(), 0, 0, 0, 0].to_vec();
    message.extend([0, 0, 252, 0, 1]);
    match record {
        Some(Some(serial)) => {
            message.extend([0, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, 0, 0, 0, serial]);
            message.extend([0; 16]);
        }
        Some(None) => message.extend([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]),
        None => {}
    }
    [&(message.len() as u16).to_be_bytes(), &message[..]].concat()
}

#[test]
fn a_transfer_has_its_time_for_each_message_that_brings_a_record() {
    let silent = plain_tcp(|mut socket, id| {
        socket.write_all(&of_a_zone(id, Some(Some(1))))?;
        thread::sleep(2 * TIMEOUT);
        Ok(())
    });
    in_time(&format!("@127.0.0.1#{silent} +notls . AXFR"), 9, "response timeout for");
    // of messages without one as few as a tenth of the time apart, or more than can be read
    for (first, pause) in [(Some(Some(1)), 50), (None, 50), (Some(Some(1)), 0)] {
        let empty = plain_tcp(move |mut socket, id| {
            socket.write_all(&of_a_zone(id, first))?;
            loop {
                socket.write_all(&of_a_zone(id, None))?;
                thread::sleep(Duration::from_millis(pause));
            }
        });
        in_time(&format!("@127.0.0.1#{empty} +notls . AXFR"), 9, "response timeout for");
    }
    // more than one lookup may take, yet each message in time
    let slow = plain_tcp(|mut socket, id| {
        socket.write_all(&of_a_zone(id, Some(Some(1))))?;
        for _ in 0..4 {
            thread::sleep(TIMEOUT / 3);
            socket.write_all(&of_a_zone(id, Some(None)))?;
        }
        socket.write_all(&of_a_zone(id, Some(Some(1))))
    });
    let line = format!("@127.0.0.1#{slow} +notls . AXFR +timeout={}ms", TIMEOUT.as_millis());
    let seen = tdig(&line);
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.out.contains("6 records"), "{seen:#?}");
}

#[test]
fn a_session_that_is_kept_and_silent_is_a_timeout_and_nothing_else() {
    let port = plain_tcp(|mut socket, id| {
        socket.write_all(&[0, 12, id[0], id[1], 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        thread::sleep(4 * TIMEOUT);
        Ok(())
    });
    let line = format!("@127.0.0.1#{port} +notls +tcp +keepopen . example.com");
    let seen = in_time(&line, 11, "response timeout for 127.0.0.1@");
    assert!(!seen.err.contains("connection timeout"), "{seen:#?}");
}

#[test]
fn a_batch_ends_in_time_whatever_keeps_it() {
    let lines = "example.com\nexample.com MX\nexample.com TXT\n";
    let path = file("held.txt", lines);
    for (behaviour, status) in [
        (Behaviour::Silence, 5),
        (Behaviour::DripHandshake(Duration::from_millis(100)), 5),
        (Behaviour::Deaf, 9),
        (Behaviour::NoReply, 9),
        (Behaviour::EndlessWrongIds, 9),
        (Behaviour::EndlessEmptyMessages, 9),
        (Behaviour::EndlessKeyUpdates, 9),
        (Behaviour::DripReply(Duration::from_millis(100)), 9),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        let seen = in_time(&format!("-f {path} @127.0.0.1#{}", server.port()), status, "");
        assert!(seen.out.contains(";; Batch: 3 queries in "), "{behaviour:?}: {seen:#?}");
    }
}

#[test]
fn a_batch_that_nobody_reads_ends_in_time_however_much_it_has_to_say() {
    // 500 queries of 60 kB are more than the buffers between two sockets hold
    let path = file("much.txt", &"example.com +padding=60000\n".repeat(500));
    let server = Server::start(Credential::Good, Behaviour::Deaf);
    let started = Instant::now();
    let seen = tdig(&format!("-f {path} @127.0.0.1#{} +timeout=1500ms", server.port()));
    // debug builds encrypt slowly
    assert!(started.elapsed() < Duration::from_secs(4), "took {:?}", started.elapsed());
    assert_eq!(seen.status, 9, "{}", seen.err.lines().next().unwrap_or(""));
    assert!(seen.out.contains("timeout 500"), "{}", seen.out);
}

#[test]
fn a_session_that_is_opened_again_gets_no_time_of_its_own() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for (number, socket) in listener.incoming().enumerate() {
            let socket = socket.unwrap();
            if number == 0 {
                thread::sleep(TIMEOUT * 4 / 5);
            } else {
                silent.push(socket);
            }
        }
    });
    let path = file("again.txt", "example.com\n");
    in_time(&format!("-f {path} @127.0.0.1#{port} +notls +tcp"), 9, "response timeout for");
}

#[test]
fn a_resolver_that_hangs_holds_neither_the_lookup_nor_the_end_of_the_program() {
    // a resolver of the test's own needs a namespace of mounts, which not every machine gives
    let resolver = file("resolv.conf", "nameserver 192.0.2.1\noptions timeout:20 attempts:5\n");
    let nsswitch = file("nsswitch.conf", "hosts: dns\n");
    let script = format!(
        "ip link set lo up && ip route add 192.0.2.1/32 dev lo \
         && mount --bind {resolver} /etc/resolv.conf && mount --bind {nsswitch} /etc/nsswitch.conf \
         && exec {} @dns.example +timeout={}ms example.com",
        env!("CARGO_BIN_EXE_tdig"),
        TIMEOUT.as_millis()
    );
    if !Command::new("unshare").args(["-rmn", "true"]).output().is_ok_and(|it| it.status.success())
    {
        return say("skipped the resolver that hangs: no namespaces");
    }
    let started = Instant::now();
    let output = Command::new("unshare").args(["-rmn", "sh", "-c", &script]).output().unwrap();
    let took = started.elapsed();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains(" for dns.example@853"), "{err}");
    println!("hanging resolver | {} | 4 | {took:.2?}", err.lines().next().unwrap());
    assert!(took < TIMEOUT + 4 * GRACE, "took {took:?}: {err}");
}
