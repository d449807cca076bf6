//! The streams of the program: closed, full, or left by their readers. One rule: a reader who has
//! enough is no error, a disk that has not is one, and no signal ends tdig.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{file, say};
use crate::time::{of_a_zone, plain_tcp};

/// A zone of many messages, until the client has enough.
fn zone_server() -> u16 {
    plain_tcp(|mut socket, id| {
        socket.write_all(&of_a_zone(id, Some(Some(1))))?;
        for _ in 0..20_000 {
            socket.write_all(&of_a_zone(id, Some(None)))?;
        }
        socket.write_all(&of_a_zone(id, Some(Some(1))))
    })
}

/// Command lines of every kind that write something; the transfer is made once for each.
fn lines(server: &Server) -> Vec<String> {
    let at = format!("@127.0.0.1#{}", server.port());
    let batch = file("streams.txt", &"example.com\nexample.com MX\n".repeat(200));
    [
        "example.com",
        "-d example.com",
        "-dd +pem example.com",
        "+short example.com",
        "+json example.com",
        &format!("-f {batch}"),
        &format!("-f {batch} +json"),
        &format!("@127.0.0.1#{} +notls . AXFR", zone_server()),
        &format!("@127.0.0.1#{} +notls . AXFR +json", zone_server()),
        "-h",
        "-V",
    ]
    .map(|line| if line.contains('@') { line.to_owned() } else { format!("{at} {line}") })
    .into()
}

fn run(line: &str, out: Stdio) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tdig"));
    let child = command.args(line.split_whitespace()).stdout(out).stderr(Stdio::piped());
    let output = child.spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What is on standard error beside the summary of a batch, which has no other place there.
fn beside_summary(err: &str) -> String {
    let is_summary = |line: &&str| {
        line.starts_with(";; Batch: ")
            || line.starts_with(";; Interrupted: ")
            || line.starts_with("{\"queries\":")
    };
    err.lines().filter(|line| !is_summary(line)).map(|line| format!("{line}\n")).collect()
}

/// Runs the program with a pipe that nobody reads.
fn unread(line: &str) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    run(line, writer.into())
}

#[test]
fn a_reader_who_has_enough_is_no_error() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    for line in lines(&server) {
        let (status, err) = unread(&line);
        assert_eq!((status, &*beside_summary(&err)), (Some(0), ""), "{line}");
        assert_eq!(err.lines().count(), usize::from(line.contains("-f ")), "{line}: {err}");
    }
    // the same in a shell, whose reader takes one line before it has enough
    for line in lines(&server) {
        let tdig = env!("CARGO_BIN_EXE_tdig");
        let script = format!("{{ {tdig} {line}; echo $? >&2; }} | head -n 1");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(beside_summary(&err), "0\n", "{line}");
    }
}

#[test]
fn a_reader_who_has_enough_changes_nothing_about_what_is_wrong() {
    let expired = Server::start(Credential::Expired, Behaviour::Answer).expect_anything();
    let silent = Server::start(Credential::Good, Behaviour::Silence).expect_anything();
    let largest = Server::start(Credential::Good, Behaviour::Largest).expect_anything();
    let (root, other) = (crate::run::root(), crate::run::unrelated_root());
    let pin = format!("+tls-pin=sha256//{}", tdig::text::base64(&[7; 32]));
    let batch = file("wrong-first.txt", &format!("example.com {pin}\n{}", "a.test\n".repeat(400)));
    let [expired, silent, largest] =
        [&expired, &silent, &largest].map(|it| format!("@127.0.0.1#{}", it.port()));
    for (line, status, words) in [
        (format!("{expired} +tls-ca={root} a.test"), 6, "certificate refused"),
        (format!("{expired} +tls-ca={other} a.test"), 6, "certificate refused"),
        (format!("{expired} {pin} a.test"), 7, "certificate refused"),
        (format!("{expired} +fail=insecure a.test"), 2, "condition failed"),
        (format!("{silent} +timeout=300ms a.test"), 5, "took too long"),
        ("@127.0.0.1#1 a.test".into(), 4, "connection refused"),
        (format!("{largest} +fail=insecure a.test b.test c.test"), 2, "condition failed"),
        (format!("a.test @127.0.0.1#1 b.test {largest}"), 4, "connection refused"),
        (format!("{largest} -f {batch}"), 7, "certificate refused"),
    ] {
        for options in ["", "-d", "-dd", "+short", "+json", "-d +short", "-d +json"] {
            let line = format!("{options} {line}");
            let (ended, err) = unread(&line);
            assert_eq!(ended, Some(status), "{line}: {err}");
            // what is debugged among data is on standard error, too
            assert!(err.contains(words), "{line}: {err}");
        }
    }
}

#[test]
fn a_batch_stops_where_nobody_reads_and_keeps_the_status_of_what_it_found() {
    let server = Server::start(Credential::Good, Behaviour::Largest).expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let batch = file("endless.txt", &format!("a.test @127.0.0.1#1\n{}", "a.test\n".repeat(5_000)));
    for options in ["", "+json", "+unordered", "+short +fail=insecure"] {
        let (status, err) = unread(&format!("{at} -f {batch} {options} +pipeline=20"));
        // a reply that the condition refuses may come first where order is not kept
        assert!(matches!(status, Some(4)), "{options}: {status:?} {err}");
        let last = err.lines().last().unwrap_or_default();
        let is_cut = last.starts_with(";; Interrupted: ") || last.contains("\"interrupted\":true");
        assert!(is_cut, "{options}: {last}");
    }
    assert!(server.finish().queries.len() < 1_000);
}

/// Runs a line with standard output and error on a pipe that never blocks, and reads it slowly.
fn without_blocking(line: &str, both: bool) -> (Option<i32>, Vec<u8>) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    let err = if both { writer.try_clone().unwrap().into() } else { Stdio::null() };
    let mut child = Command::new(env!("CARGO_BIN_EXE_tdig"))
        .args(line.split_whitespace())
        .stdout(writer)
        .stderr(err)
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(300));
    let mut octets = Vec::new();
    reader.read_to_end(&mut octets).unwrap();
    (child.wait().unwrap().code(), octets)
}

#[test]
fn a_stream_that_does_not_block_is_waited_for() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let batch = file("nonblocking.txt", &"example.com\n".repeat(2_000));
    let (status, out) = without_blocking(&format!("{at} -f {batch} +json"), false);
    assert_eq!((status, out.iter().filter(|it| **it == b'\n').count()), (Some(0), 2_000));
    let (status, out) = without_blocking(&format!("{at} -f {batch} +short"), false);
    assert_eq!((status, out.iter().filter(|it| **it == b'\n').count()), (Some(0), 4_000));
    let wrong = file("nonblocking-err.txt", &"example.com +nosuch\n".repeat(4_000));
    let (status, out) = without_blocking(&format!("{at} -f {wrong} +short"), true);
    let told = String::from_utf8(out).unwrap().matches("invalid option").count();
    assert_eq!((status, told), (Some(1), 4_000));
}

#[test]
fn a_full_disk_is_one_line_and_exit_status_8() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    for line in lines(&server) {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            return say("skipped the full disk: no /dev/full");
        };
        let (status, err) = run(&line, full.into());
        let words = ";; ERROR: failed writing output (no space left on device)\n";
        assert_eq!((status, &*err), (Some(8), words), "{line}");
    }
}

#[test]
fn closed_streams_are_nobody_who_reads() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let tdig = env!("CARGO_BIN_EXE_tdig");
    for line in lines(&server) {
        for closed in ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-"] {
            let script = format!("exec {tdig} {line} {closed}");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let line = format!("{line} {closed}");
            // a transfer is made once
            let again = line.contains("AXFR") && closed != "2>&-";
            assert_eq!(output.status.code(), Some(if again { 4 } else { 0 }), "{line}");
            assert_eq!(output.stdout.is_empty(), closed != "2>&-", "{line}");
        }
    }
}

#[test]
fn a_closed_or_full_standard_error_hides_no_failure() {
    let tdig = env!("CARGO_BIN_EXE_tdig");
    for line in ["@127.0.0.1#1 example.com", "@127.0.0.1#1 +json example.com"] {
        for (err, status) in [("2>&-", 4), ("2>/dev/full", 8)] {
            let script = format!("exec {tdig} {line} {err}");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{line} {err}");
        }
    }
}

#[test]
fn a_limit_on_files_is_an_error_as_a_full_disk_is() {
    let path = file("limited.txt", "");
    let script = format!("ulimit -f 0; exec {} -h > {path}", env!("CARGO_BIN_EXE_tdig"));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{:?}: {err}", output.status);
    assert_eq!(err, ";; ERROR: failed writing output (file too large)\n");
}
