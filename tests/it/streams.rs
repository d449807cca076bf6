//! The streams of the program: closed, full, or left by who read them. One rule: a reader who has
//! enough is no error, a disk that has not is one, and no signal ends tdig.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

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

#[test]
fn a_reader_who_has_enough_is_no_error() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    for line in lines(&server) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (status, err) = run(&line, writer.into());
        assert_eq!((status, &*err), (Some(0), ""), "{line}");
    }
    // the same in a shell, whose reader takes one line before it has enough
    for line in lines(&server) {
        let tdig = env!("CARGO_BIN_EXE_tdig");
        let script = format!("{{ {tdig} {line}; echo $? >&2; }} | head -n 1");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "0\n", "{line}");
    }
}

#[test]
fn a_reader_who_has_enough_changes_nothing_about_what_is_wrong() {
    let server = Server::start(Credential::Expired, Behaviour::Answer).expect_anything();
    let at = format!("@127.0.0.1#{} example.com", server.port());
    for (options, status, words) in [
        (format!("+tls-ca={}", crate::run::root()), 6, "certificate refused"),
        ("+fail=insecure".into(), 2, "condition failed"),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (ended, err) = run(&format!("{options} {at}"), writer.into());
        assert_eq!(ended, Some(status), "{err}");
        assert!(err.contains(words), "{err}");
    }
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
