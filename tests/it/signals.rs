//! Batches and signals: those that end one, those that were ignored, and a process that stands still.
//! One rule: what was answered is shown, whatever the time or the signal.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::dot::{self, Behaviour, Credential, Server};
use crate::json;
use crate::run::{Seen, file};
use crate::time::{of_a_zone, plain_tcp};

/// Starts the program in a shell that says first what becomes of signals.
fn start(before: &str, line: &str) -> Child {
    let script = format!("{before} exec {} -r {line}", env!("CARGO_BIN_EXE_tdig"));
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn kill(child: &Child, signal: &str) {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

fn end(child: Child) -> Seen {
    let output = child.wait_with_output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    let status = output.status.code().expect("no signal ends it").try_into().unwrap();
    Seen { status, out: text(output.stdout), err: text(output.stderr) }
}

/// Waits until a server has seen so many queries, and a client what it said to them.
fn until_asked(server: &Server, queries: usize) {
    let patience = Instant::now() + Duration::from_secs(20);
    while server.queries().len() < queries && Instant::now() < patience {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(500));
}

#[test]
fn a_signal_shows_what_is_done_and_sums_up() {
    for (signals, status) in [(&["INT"][..], 130), (&["TERM", "TERM", "HUP"], 0), (&["HUP"], 129)] {
        let server = Server::start(Credential::Good, Behaviour::SkipEvery(2));
        let mut child = start("", &format!("-f - +json +timeout=60s @127.0.0.1#{}", server.port()));
        // held open: more may come
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all("example.com\n".repeat(5).as_bytes()).unwrap();
        until_asked(&server, 5);
        signals.iter().for_each(|signal| kill(&child, signal));
        let seen = end(child);
        drop(stdin);
        // the last of several is what a shell would say
        assert!(seen.status == status || (status == 0 && matches!(seen.status, 129 | 143)));
        assert_eq!(json::objects(&seen).len(), 3, "two of them behind one that is missing");
        let summary = json::summary(&seen);
        assert_eq!((&summary["queries"], &summary["interrupted"]), (&3.into(), &true.into()));
        assert_eq!(summary["exitCode"], seen.status);
    }
}

#[test]
fn a_failure_before_a_signal_is_the_exit_status() {
    let server = Server::start(Credential::Good, Behaviour::SkipEvery(2));
    let mut child = start("", &format!("-f - +timeout=60s @127.0.0.1#{}", server.port()));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"example.com +nosuch\nexample.com\nexample.com\n").unwrap();
    until_asked(&server, 2);
    kill(&child, "TERM");
    let seen = end(child);
    assert_eq!(seen.status, 1, "{seen:#?}");
    assert!(seen.out.contains("\n;; Interrupted: 2 queries in "), "{seen:#?}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "/proc says what is ignored")]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for signal in ["INT", "HUP", "TERM"] {
        let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(50)));
        let before = format!("trap '' {signal};");
        let mut child = start(&before, &format!("-f - +short @127.0.0.1#{}", server.port()));
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all("example.com\n".repeat(10).as_bytes()).unwrap();
        until_asked(&server, 1);
        kill(&child, signal);
        kill(&child, signal);
        thread::sleep(Duration::from_millis(100));
        stdin.write_all("example.com\n".repeat(10).as_bytes()).unwrap();
        drop(stdin);
        let seen = end(child);
        assert_eq!(seen.status, 0, "{signal}: {seen:#?}");
        assert!(seen.err.contains(";; Batch: 20 queries"), "{signal}: {seen:#?}");
    }
}

#[test]
fn a_signal_ends_a_transfer_that_drips() {
    // a record now and then, none, or half of a message
    for kind in 0..3 {
        let port = plain_tcp(move |mut socket, id| {
            socket.write_all(&of_a_zone(id, Some(Some(1))))?;
            loop {
                match kind {
                    0 => socket.write_all(&of_a_zone(id, Some(None)))?,
                    1 => {}
                    _ => socket.write_all(&[1])?,
                }
                thread::sleep(Duration::from_millis(300));
            }
        });
        let path = file(&format!("drip-{kind}.txt"), ". AXFR\nexample.com\n");
        let line = format!("-f {path} +notls +tcp +timeout=60s @127.0.0.1#{port}");
        let child = start("", &line);
        thread::sleep(Duration::from_millis(1_500));
        let started = Instant::now();
        kill(&child, "INT");
        let seen = end(child);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(seen.status, 130, "{seen:#?}");
        assert!(seen.out.contains(";; Interrupted: 1 queries in "), "{seen:#?}");
    }
}

/// A server that takes connections as they come, and answers what came over them, the last query
/// first, when it is told to. Its port, and what says that so many queries came.
fn answers_when_told(queries: usize, told: Receiver<()>) -> (u16, Receiver<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (all, asked) = channel();
    thread::spawn(move || {
        let (came, queue) = channel();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (mut socket, came) = (socket.unwrap(), came.clone());
                thread::spawn(move || {
                    let mut length = [0; 2];
                    while socket.read_exact(&mut length).is_ok() {
                        let mut query = vec![0; u16::from_be_bytes(length).into()];
                        socket.read_exact(&mut query).unwrap();
                        came.send((socket.try_clone().unwrap(), query)).unwrap();
                    }
                });
            }
        });
        let mut taken: Vec<(TcpStream, Vec<u8>)> = queue.iter().take(queries).collect();
        all.send(()).unwrap();
        told.recv().unwrap();
        while let Some((mut socket, query)) = taken.pop() {
            // padded to a thousand octets, so that one read does not hold them all
            let reply = [dot::answer(&query), vec![0; 900]].concat();
            let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
            socket.write_all(&[&length, &reply[..]].concat()).unwrap();
        }
        // until the client has gone
        thread::sleep(Duration::from_secs(60));
    });
    (port, asked)
}

#[test]
fn replies_that_came_while_the_process_was_stopped_are_in_time() {
    const QUERIES: usize = 400;
    for connections in [1, 3] {
        let (tell, told) = channel();
        let (port, asked) = answers_when_told(QUERIES, told);
        let path = file("stopped.txt", &"example.com\n".repeat(QUERIES));
        let options = format!("+connections={connections} +pipeline=400 +timeout=2s +notls +tcp");
        let child = start("", &format!("-f {path} +short {options} @127.0.0.1#{port}"));
        asked.recv_timeout(Duration::from_secs(20)).unwrap();
        kill(&child, "STOP");
        thread::sleep(Duration::from_millis(100));
        tell.send(()).unwrap();
        thread::sleep(Duration::from_secs(4));
        kill(&child, "CONT");
        let seen = end(child);
        assert_eq!(seen.status, 0, "{connections}: {}", seen.err);
        assert!(seen.err.contains("NOERROR 400"), "{}", seen.err);
    }
}

#[test]
fn a_reader_that_pauses_costs_no_answer() {
    let server = Server::start(Credential::Good, Behaviour::OutOfOrder(300));
    let path = file("pager.txt", &"example.com\n".repeat(600));
    let at = format!("@127.0.0.1#{}", server.port());
    for options in ["+unordered", "+connections=2"] {
        let mut child =
            start("", &format!("-f {path} +pipeline=600 +timeout=1s {options} +all +qr {at}"));
        let mut stdout = child.stdout.take().unwrap();
        thread::sleep(Duration::from_millis(3_500));
        let reader = thread::spawn(move || {
            let mut out = String::new();
            stdout.read_to_string(&mut out).map(|_| out)
        });
        let seen = end(child);
        let out = reader.join().unwrap().unwrap();
        assert_eq!(seen.status, 0, "{options}: {}", out.lines().last().unwrap_or_default());
        assert!(out.contains("NOERROR 600"), "{options}");
    }
}
