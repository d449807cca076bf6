//! The sessions of a batch where they are scarce: a server that allows a client few, a process that
//! may open few. One rule: what can be answered later is answered, and every name once.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::dot::{self, Behaviour, Credential, Server};
use crate::run::{file, root, tdig};

/// What a server does to a session that it would not have.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Close,
    CloseLater,
    CloseAfterQuery,
    Reset,
}

fn query(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    socket.read_exact(&mut length)?;
    let mut query = vec![0; u16::from_be_bytes(length).into()];
    socket.read_exact(&mut query).map(|()| query)
}

/// Answers so many queries, and closes with the rest unread.
fn serve(socket: &mut TcpStream, answers: usize) -> std::io::Result<()> {
    for _ in 0..answers {
        let reply = dot::answer(&query(socket)?);
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        socket.write_all(&[&length, &reply[..]].concat())?;
        thread::sleep(Duration::from_micros(200));
    }
    // what was answered arrives before the end does
    socket.shutdown(Shutdown::Write)?;
    while socket.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

fn refuse(mut socket: TcpStream, refusal: Refusal) {
    match refusal {
        Refusal::Close => {}
        Refusal::CloseLater => thread::sleep(Duration::from_millis(20)),
        Refusal::CloseAfterQuery => drop(query(&mut socket)),
        Refusal::Reset => {
            let _ = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
        }
    }
}

/// A server with at most so many sessions, which counts those; each answers so many queries, and
/// counts for a while beyond its end.
fn few_sessions(most: usize, answers: usize, refusal: Refusal) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (open, all) = (Arc::new(Mutex::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&all);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, open) = (socket.unwrap(), Arc::clone(&open));
            count.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || {
                if *open.lock().unwrap() == most {
                    return refuse(socket, refusal);
                }
                *open.lock().unwrap() += 1;
                let _ = serve(&mut socket, answers);
                *open.lock().unwrap() -= 1;
            });
        }
    });
    (port, all)
}

#[test]
fn a_server_that_allows_few_sessions_costs_no_name() {
    const NAMES: usize = 300;
    let path = file("few-sessions.txt", &"example.com\n".repeat(NAMES));
    for refusal in [Refusal::Close, Refusal::CloseLater, Refusal::CloseAfterQuery, Refusal::Reset] {
        for (most, connections, pipeline) in
            [(1, 2, 500), (1, 4, 20), (1, 10, 500), (2, 4, 50), (3, 20, 10), (1, 1, 500)]
        {
            let (port, sessions) = few_sessions(most, 20, refusal);
            let options = format!("+connections={connections} +pipeline={pipeline} +notls +tcp");
            let seen = tdig(&format!("-f {path} {options} +short @127.0.0.1#{port}"));
            let what = format!("{refusal:?} {most} {options}");
            assert_eq!(seen.status, 0, "{what}: {}", seen.err);
            assert!(seen.err.contains("NOERROR 300"), "{what}: {}", seen.err);
            let sessions = sessions.load(Ordering::Relaxed);
            assert!(sessions < 300, "{what}: {sessions} sessions");
        }
    }
}

#[test]
fn a_name_that_ends_every_session_fails_and_the_others_do_not() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, count) = (socket.unwrap(), Arc::clone(&count));
            thread::spawn(move || {
                while let Ok(query) = query(&mut socket) {
                    if query[12..].starts_with(b"\x04evil") {
                        count.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                    let reply = dot::answer(&query);
                    let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                    let _ = socket.write_all(&[&length, &reply[..]].concat());
                }
            });
        }
    });
    let names = format!("{0}evil.test\n{0}", "example.com\n".repeat(50));
    let path = file("evil.txt", &names);
    for connections in [1, 2, 8] {
        let options = format!("+connections={connections} +notls +tcp +json");
        let seen = tdig(&format!("-f {path} {options} @127.0.0.1#{port}"));
        assert_eq!(seen.status, 9, "{connections}: {}", seen.err);
        let objects = crate::json::objects(&seen);
        let failed: Vec<_> = objects.iter().filter(|it| !it["error"].is_null()).collect();
        assert!(failed.len() == 1 && failed[0]["line"] == 51, "{connections}: {}", seen.err);
    }
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked <= 3 * (3 + 8), "asked {asked} times");
}

/// Runs a line in a shell that limits the process.
fn limited(limit: &str, line: &str) -> Output {
    let script = format!("{limit}; exec {} -r {line}", env!("CARGO_BIN_EXE_tdig"));
    Command::new("sh").args(["-c", &script]).output().unwrap()
}

#[test]
fn lines_wait_for_a_descriptor() {
    let servers: Vec<_> =
        (0..40).map(|_| Server::start(Credential::Good, Behaviour::Answer)).collect();
    let lines: String =
        servers.iter().map(|it| format!("example.com @127.0.0.1#{}\n", it.port())).collect();
    let path = file("scarce.txt", &lines);
    let verified = format!("+tls-ca={} +tls-host=dot.test", root());
    for (limit, options) in [(16, ""), (9, ""), (16, &verified), (16, "+unordered +connections=3")]
    {
        let output = limited(&format!("ulimit -n {limit}"), &format!("-f {path} +short {options}"));
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{limit} {options}: {err:.2000}");
        // nothing that was tried again is told
        assert_eq!(err.lines().count(), 1, "{limit} {options}: {err:.2000}");
        assert_eq!(output.stdout.iter().filter(|it| **it == b'\n').count(), 80);
    }
}

#[test]
fn a_line_that_never_gets_a_descriptor_fails_in_time() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    let path = file("none.txt", "example.com\nexample.com MX\n");
    let line = format!("-f {path} +short +timeout=1s @127.0.0.1#{}", server.port());
    // the streams and the file take all
    let output = limited("ulimit -n 4", &line);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("(too many open files)") && err.contains("connect 2"), "{err}");
}
