//! Many lookups in a row. One rule: the last costs what the first did, in descriptors and in memory,
//! whatever the servers did meanwhile. `TDIG_SOAK=full` makes them very many.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::dot::{self, Behaviour, Credential, Server};
use crate::run::say;

/// `full` where all of it was asked for, `reduced` otherwise, which is said.
fn as_many(what: &str, full: usize, reduced: usize) -> usize {
    if std::env::var_os("TDIG_SOAK").is_some_and(|it| it == "full") {
        return full;
    }
    say(&format!("{what}: {reduced} of {full}, for TDIG_SOAK is not full"));
    reduced
}

/// What a server may do to each of many queries without taking all the time there is.
const QUICK: &[Behaviour] = &[
    Behaviour::CloseOnAccept,
    Behaviour::ResetOnAccept,
    Behaviour::PlainHttp,
    Behaviour::FatalAlert(40),
    Behaviour::ResetInHandshake,
    Behaviour::CloseAfterQuery,
    Behaviour::ResetAfterQuery,
    Behaviour::HalfMessage,
    Behaviour::UndecryptableRecord,
    Behaviour::GarbageMessage,
    Behaviour::ShortMessage,
    Behaviour::PointerLoop,
    Behaviour::Largest,
    Behaviour::Options,
    Behaviour::CloseAfterEachAnswer,
];

/// Open descriptors, and KiB of memory in use.
fn held(child: &Child) -> (usize, usize) {
    let process = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{process}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).expect("a running process");
    let memory = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (fs::read_dir(format!("{process}/fd")).unwrap().count(), memory)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn a_batch_of_many_lookups_holds_no_more_at_its_end_than_near_its_beginning() {
    holds_no_more(&["+unordered"]);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn a_batch_in_order_holds_no_more_at_its_end_than_near_its_beginning() {
    holds_no_more(&[]);
}

/// Asks a batch with these options beside.
fn holds_no_more(options: &[&str]) {
    let count = as_many("lookups of a batch", 20_000, 2_000);
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let bad: Vec<_> = QUICK.iter().map(|it| Server::start(Credential::Good, *it)).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tdig"))
        .args(["-f", "-", "+short", "+retry=0", "+timeout=20s"])
        .args(options)
        .arg(format!("@127.0.0.1#{}", good.port()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let shown = thread::spawn(move || output.lines().filter(|it| it.is_ok()).count());
    let mut held_then = Vec::new();
    // what a batch of this length needs is there after a quarter of it
    for quarter in 0..4 {
        for number in 0..count / 4 {
            let line = match number % 20 {
                0 => {
                    let server = &bad[(number / 20 + quarter) % bad.len()];
                    format!("example.com @127.0.0.1#{}\n", server.port())
                }
                _ => "example.com\n".into(),
            };
            input.write_all(line.as_bytes()).unwrap();
        }
        // the last lines of a quarter are answered when the next are read
        thread::sleep(Duration::from_millis(200));
        held_then.push(held(&child));
    }
    drop(input);
    assert!(child.wait().unwrap().code().is_some(), "no signal ends tdig");
    // two addresses each
    assert!(shown.join().unwrap() >= count / 20 * 19 * 2);
    let [(descriptors, memory), .., (descriptors_at_end, memory_at_end)] = held_then[..] else {
        panic!("four quarters");
    };
    println!("descriptors and KiB after each quarter of {count}: {held_then:?}");
    assert!(descriptors_at_end <= descriptors + 8, "{held_then:?}");
    assert!(memory_at_end <= memory + 4 * 1024, "{held_then:?}");
}

/// The greatest memory that a process has had, in KiB; `None` once it has ended.
fn peak(child: &Child) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The octets of the reply to the query of a number.
type SizeOf = fn(usize) -> usize;

/// A server that answers each query with a message of so many octets as its number says, but the
/// first a second late.
fn all_but_the_first(size: SizeOf) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (connection, socket) in listener.incoming().enumerate() {
            thread::spawn(move || answer_late(socket.unwrap(), size, connection == 0));
        }
    });
    port
}

fn answer_late(socket: TcpStream, size: SizeOf, first_is_late: bool) {
    const LATE: Duration = Duration::from_secs(1);
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let socket = Arc::new(Mutex::new(socket));
    let mut length = [0; 2];
    for number in 0.. {
        if reader.read_exact(&mut length).is_err() {
            return;
        }
        let mut query = vec![0; u16::from_be_bytes(length).into()];
        reader.read_exact(&mut query).unwrap();
        let mut reply = dot::answer(&query);
        reply.resize(size(number).max(reply.len()), 0);
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        let (reply, socket) = ([&length, &reply[..]].concat(), Arc::clone(&socket));
        if number == 0 && first_is_late {
            thread::spawn(move || {
                thread::sleep(LATE);
                socket.lock().unwrap().write_all(&reply).unwrap();
            });
        } else if socket.lock().unwrap().write_all(&reply).is_err() {
            return;
        }
    }
}

#[test]
fn results_that_were_dropped_for_their_size_stand_in_their_place() {
    let names = |range: std::ops::Range<usize>| -> String {
        range.map(|number| format!("n{number}.example.com\n")).collect()
    };
    // what fails has no reply to be dropped, and the last is asked by itself
    let wrong = format!("{} +nosuch\n", "a".repeat(2_000)).repeat(3_000);
    let lines = format!("{}{wrong}{}n900.example.com +cookie\n", names(0..600), names(600..900));
    let path = crate::run::file("dropped.txt", &lines);
    for pipeline in [100, 500, 5_000] {
        let port = all_but_the_first(|_| 65_000);
        let options = format!("+pipeline={pipeline} +notls +tcp +noall +question +timeout=20s");
        let seen = crate::run::tdig(&format!("-f {path} {options} @127.0.0.1#{port}"));
        assert_eq!(seen.status, 1, "{:.500}", seen.err);
        let shown: Vec<_> = seen.out.lines().filter_map(|it| it.strip_prefix(";;n")).collect();
        let number = |it: &&str| it.split('.').next().unwrap().parse::<usize>().unwrap();
        assert!(shown.iter().map(number).eq(0..901), "{pipeline}: {shown:?} {:.300}", seen.out);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn a_batch_takes_little_memory_however_large_the_replies_while_the_first_is_missing() {
    const MAX_GROWTH: usize = 16 * 1024;
    let sizes: [(&str, SizeOf); 3] = [
        ("large", |_| 65_000),
        ("small", |_| 300),
        ("large at once", |number| if number < 4_000 { 100 } else { 65_000 }),
    ];
    for (what, size) in sizes {
        for pipeline in [500, 5_000] {
            let port = all_but_the_first(size);
            let mut child = Command::new(env!("CARGO_BIN_EXE_tdig"))
                .args(["-r", "-f", "-", "+short", "+timeout=20s", "+notls", "+tcp"])
                .args([format!("+pipeline={pipeline}"), format!("@127.0.0.1#{port}")])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::sleep(Duration::from_millis(200));
            let before = peak(&child).expect("a running process");
            let mut input = child.stdin.take().unwrap();
            let output = BufReader::new(child.stdout.take().unwrap()).lines();
            let names = 6_000;
            let written = thread::spawn(move || {
                input.write_all("example.com\n".repeat(names).as_bytes()).unwrap();
            });
            let shown = thread::spawn(move || output.map(Result::unwrap).count());
            // the peak only grows, so that the last look is as good as one at the end
            let mut most = before;
            while child.try_wait().unwrap().is_none() {
                most = most.max(peak(&child).unwrap_or(most));
                thread::sleep(Duration::from_millis(2));
            }
            written.join().unwrap();
            assert_eq!(shown.join().unwrap(), 2 * names);
            assert_eq!(child.wait().unwrap().code(), Some(0), "{what} {pipeline}");
            let growth = most - before;
            println!("{what}, {pipeline} in flight: {growth} KiB");
            assert!(growth <= MAX_GROWTH, "{what}, {pipeline} in flight: {growth} KiB");
        }
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "limits a process through a shell")]
fn a_batch_that_asks_many_servers_keeps_few_sessions() {
    // a server each is what a list of resolvers asks
    let servers: Vec<_> =
        (0..150).map(|_| Server::start(Credential::Good, Behaviour::Answer)).collect();
    let lines: String =
        servers.iter().map(|it| format!("example.com @127.0.0.1#{}\n", it.port())).collect();
    let path = crate::run::file("servers.txt", &lines);
    let script =
        format!("ulimit -n 100; exec {} -f {path} +pipeline=8 +short", env!("CARGO_BIN_EXE_tdig"));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err:.2000}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 300);
}

#[test]
fn many_processes_in_a_row_end_by_themselves_and_in_time() {
    let count = as_many("processes in a row", 2_000, 150);
    let servers: Vec<_> = Behaviour::ALL
        .iter()
        .map(|it| (it, Server::start(Credential::Good, *it).expect_anything()))
        .collect();
    for number in 0..count {
        let (behaviour, server) = &servers[number * 7 % servers.len()];
        let started = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_tdig"))
            .args([&format!("@127.0.0.1#{}", server.port()), "+timeout=20ms", "example.com"])
            .output()
            .unwrap();
        let took = started.elapsed();
        let status = output.status.code();
        assert!(matches!(status, Some(0 | 4 | 5 | 9 | 11)), "{behaviour:?}: {output:?}");
        // a second for the start of a process on a machine that does a lot besides
        assert!(took < Duration::from_millis(1020), "{behaviour:?} took {took:?}");
    }
}
