//! Batches: many queries in flight. One rule: no query is lost, whatever the server does, and each
//! result stands in its place.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tdig::tls::hello::can_post_quantum;

use crate::dot::{self, Behaviour, Credential, Server};
use crate::json;
use crate::run::{file, not_there, say, tdig};

/// A file of so many lines, each of which asks for something else.
fn lines(name: &str, count: usize) -> String {
    let types = ["A", "MX", "TXT", "AAAA", "NS", "SOA"];
    let text: String =
        (0..count).map(|it| format!("example.com {}\n", types[it % types.len()])).collect();
    file(name, &text)
}

/// The types asked for, in the order shown.
fn order(out: &str) -> Vec<&str> {
    let questions = out.lines().filter(|line| line.starts_with(";; example.com."));
    questions.filter_map(|line| line.rsplit('\t').next()).collect()
}

#[test]
fn results_stand_in_the_order_of_the_lines() {
    let path = lines("ordered.txt", 60);
    for behaviour in [Behaviour::Answer, Behaviour::OutOfOrder(6)] {
        let server = Server::start(Credential::Good, behaviour);
        let seen = tdig(&format!("-f {path} @127.0.0.1#{}", server.port()));
        assert_eq!(seen.status, 0, "{seen:#?}");
        let types = order(&seen.out);
        assert_eq!(types.len(), 60);
        assert!(
            types.chunks(6).all(|it| it == ["A", "MX", "TXT", "AAAA", "NS", "SOA"]),
            "{types:?}"
        );
        assert_eq!(server.finish().connections, 1);
    }
}

#[test]
fn results_come_as_they_are_when_that_is_asked_for() {
    let path = lines("unordered.txt", 6);
    let server = Server::start(Credential::Good, Behaviour::OutOfOrder(6));
    let seen = tdig(&format!("-f {path} +unordered @127.0.0.1#{}", server.port()));
    assert_eq!(order(&seen.out), ["SOA", "NS", "AAAA", "TXT", "MX", "A"], "{seen:#?}");
}

#[test]
fn a_server_that_closes_early_costs_no_query() {
    let path = lines("early.txt", 30);
    let server = Server::start(Credential::Good, Behaviour::CloseAfterEachAnswer);
    let seen = tdig(&format!("-f {path} @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(order(&seen.out).len(), 30);
    let accounts = server.finish();
    assert!(accounts.queries.len() <= 90, "{} queries", accounts.queries.len());
}

#[test]
fn what_fails_fails_in_its_place_and_the_first_failure_is_the_exit_status() {
    let path = file(
        "failing.txt",
        "# a comment\n\nexample.com\nexample.com +nosuch\n; another\nexample.com MX @127.0.0.1#1\nexample.com TXT",
    );
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = tdig(&format!("-f {path} @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 1, "{seen:#?}");
    assert_eq!(order(&seen.out), ["A", "TXT"], "{seen:#?}");
    assert!(seen.err.contains(";; ERROR: line 4: invalid option: +nosuch"), "{seen:#?}");
    assert!(seen.err.contains("connection refused"), "{seen:#?}");
    assert!(seen.out.contains("usage 1") && seen.out.contains("connect 1"), "{seen:#?}");
}

#[test]
fn a_query_without_a_reply_fails_in_time_and_alone() {
    let path = lines("silent.txt", 4);
    let server = Server::start(Credential::Good, Behaviour::NoReply);
    let started = std::time::Instant::now();
    let seen = tdig(&format!("-f {path} +timeout=300ms @127.0.0.1#{}", server.port()));
    assert!(started.elapsed() < std::time::Duration::from_millis(600), "{seen:#?}");
    assert_eq!(seen.status, 9, "{seen:#?}");
    assert!(seen.out.contains("timeout 4"), "{seen:#?}");
}

#[test]
fn a_silent_server_is_given_up_by_as_many_as_are_in_flight() {
    let path = lines("silent-many.txt", 60);
    let server = Server::start(Credential::Good, Behaviour::NoReply);
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +short +pipeline=20 +timeout=300ms {at}"));
    assert!(seen.err.contains("timeout 60"), "{seen:#?}");
    // 20 at a time, or 10 where half of them are finished
    assert!(server.finish().connections <= 8);
}

#[test]
fn several_sessions_share_the_work() {
    let path = lines("shared.txt", 40);
    let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(20)));
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +connections=4 +pipeline=5 {at}"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(order(&seen.out).len(), 40);
    assert_eq!(server.finish().connections, 4);
}

#[test]
fn a_strict_batch_sends_nothing_to_a_peer_that_is_refused() {
    let path = lines("strict.txt", 10);
    let server = Server::start(Credential::Expired, Behaviour::Answer).expect_no_query();
    let root = crate::run::root();
    let seen = tdig(&format!("-f {path} +tls-ca={root} @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 6, "{seen:#?}");
    assert!(seen.out.contains("certificate 10"), "{seen:#?}");
}

#[test]
fn a_batch_of_data_alone_is_data_alone() {
    let path = file("short.txt", "example.com\nexample.com MX\n");
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = tdig(&format!("-f {path} +short @127.0.0.1#{}", server.port()));
    assert_eq!(
        seen.out, "192.0.2.1\n192.0.2.2\n10 mail.example.com.\n20 mail2.example.com.\n",
        "{seen:#?}"
    );
    assert!(seen.err.contains(";; Batch: 2 queries in "), "{seen:#?}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let seen = tdig("-f /nonexistent.txt @127.0.0.1");
    assert_eq!(seen.status, 8);
    assert!(seen.err.contains(&not_there("/nonexistent.txt")), "{seen:#?}");
}

#[test]
fn a_server_that_closes_after_so_many_answers_costs_no_query() {
    let path = lines("some.txt", 200);
    for most in [1, 2, 7, 50] {
        let server = Server::start(Credential::Good, Behaviour::CloseAfterAnswers(most));
        let seen = tdig(&format!("-f {path} +short @127.0.0.1#{}", server.port()));
        assert_eq!(seen.status, 0, "{most}: {seen:#?}");
        assert!(seen.err.contains("200 queries") && seen.err.contains("NOERROR 200"), "{seen:#?}");
        let accounts = server.finish();
        assert!(accounts.queries.len() <= 600, "{most}: {} queries", accounts.queries.len());
    }
}

#[test]
fn a_server_that_closes_without_an_answer_is_asked_three_times() {
    let path = lines("hopeless.txt", 4);
    let server = Server::start(Credential::Good, Behaviour::CloseAfterQuery);
    let seen = tdig(&format!("-f {path} +json @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 9, "{seen:#?}");
    let objects = json::objects(&seen);
    assert_eq!(objects.len(), 4);
    assert!(objects.iter().all(|it| it["error"]["kind"] == "reply"), "{seen:#?}");
    assert!(server.finish().connections <= 12);
}

#[test]
fn a_server_that_answers_one_query_at_a_time_may_take_its_time() {
    let path = lines("slow.txt", 30);
    let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(40)));
    let seen = tdig(&format!("-f {path} +short +timeout=500ms @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.err.contains("NOERROR 30"), "{seen:#?}");
    assert_eq!(server.finish().connections, 1);
}

#[test]
fn a_server_that_is_started_anew_costs_only_who_has_waited_for_too_long() {
    let path = lines("restart.txt", 5);
    // one query has waited for the first session and its end when the next session is begun
    // a server that is silent for half of the time is dialled once more, and answers the first
    let again = if can_post_quantum() { 3 } else { 2 };
    for (millis, status, words, connections) in
        [(350, 0, "NOERROR 5", 2), (600, 4, "NOERROR 4, connect 1", again)]
    {
        let restart = Behaviour::Restart(Duration::from_millis(millis));
        let server = Server::start(Credential::Good, restart);
        let at = format!("@127.0.0.1#{}", server.port());
        let seen = tdig(&format!("-f {path} +short +pipeline=3 +timeout=1s {at}"));
        assert_eq!(seen.status, status, "{seen:#?}");
        assert!(seen.err.contains(words), "{seen:#?}");
        assert_eq!(server.finish().connections, connections);
    }
}

#[test]
fn what_a_server_never_answers_fails_in_its_place() {
    let path = lines("skipped.txt", 9);
    let server = Server::start(Credential::Good, Behaviour::SkipEvery(3));
    let seen = tdig(&format!("-f {path} +json +timeout=500ms @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 9, "{seen:#?}");
    let objects = json::objects(&seen);
    let failed: Vec<_> = objects.iter().map(|it| it["error"]["kind"] == "timeout").collect();
    assert_eq!(failed, [false, false, true].repeat(3), "{seen:#?}");
    let summary = json::summary(&seen);
    assert_eq!((&summary["queries"], &summary["exitCode"]), (&9.into(), &9.into()));
    assert_eq!(summary["error"], serde_json::json!({ "timeout": 3 }));
    assert_eq!(summary["RCODEname"], serde_json::json!({ "NOERROR": 6 }));
    let reply = &summary["timing"]["reply"];
    assert!(reply["p50"].as_f64() <= reply["max"].as_f64());
}

#[test]
fn a_server_that_never_greets_holds_a_batch_for_the_deadline() {
    let path = lines("greetless.txt", 5);
    let server = Server::start(Credential::Good, Behaviour::Silence);
    let started = Instant::now();
    let seen = tdig(&format!("-f {path} +short +timeout=300ms @127.0.0.1#{}", server.port()));
    assert!(started.elapsed() < Duration::from_millis(900), "{seen:#?}");
    assert_eq!(seen.status, 5, "{seen:#?}");
    assert!(seen.err.contains("5 queries") && seen.err.contains("handshake 5"), "{seen:#?}");
}

#[test]
fn a_session_whose_ids_are_used_up_is_left_for_another() {
    let path = file("unanswered.txt", &"example.com\n".repeat(50_000));
    let server = Server::start(Credential::Good, Behaviour::SkipEvery(2));
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +short +unordered +pipeline=5000 +timeout=400ms {at}"));
    assert_eq!(seen.status, 9);
    assert!(seen.err.contains("50000 queries"), "{:?}", seen.err.lines().last());
    assert_eq!(server.finish().connections, 2);
}

#[test]
fn a_session_that_has_fallen_silent_is_left_for_another() {
    let path = lines("fallen.txt", 60);
    // each session answers so many queries and says nothing more
    let server = Server::start(Credential::Good, Behaviour::Fallen(20));
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +json +pipeline=10 +timeout=500ms {at}"));
    assert_eq!(seen.status, 9, "{seen:#?}");
    let answered = &json::summary(&seen)["RCODEname"]["NOERROR"];
    // ten at most are lost with each
    assert!(answered.as_u64() >= Some(40), "{seen:#?}");
}

#[test]
fn a_far_server_that_closes_after_few_answers_costs_no_query() {
    // all of them take longer to open than a query may take
    let path = lines("far.txt", 60);
    let server = Server::start(Credential::Good, Behaviour::Far(Duration::from_millis(40), 2));
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +short +timeout=600ms {at}"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.err.contains("NOERROR 60"), "{seen:#?}");
}

#[test]
fn a_server_that_leaves_before_it_is_asked_is_met_three_times() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let met = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&met);
    thread::spawn(move || {
        for socket in listener.incoming() {
            drop(socket.unwrap());
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let path = lines("leaves.txt", 3);
    let seen = tdig(&format!("-f {path} +notls +tcp +short +timeout=2s @127.0.0.1#{port}"));
    assert_eq!(seen.status, 9, "{seen:#?}");
    assert!(seen.err.contains("reply 3"), "{seen:#?}");
    assert!(met.load(Ordering::Relaxed) <= 9, "{met:?} sessions");
}

#[test]
fn a_query_that_comes_late_has_its_own_time_with_a_silent_server() {
    let server = Server::start(Credential::Good, Behaviour::Silence);
    let at = format!("@127.0.0.1#{}", server.port());
    let mut child = Command::new(env!("CARGO_BIN_EXE_tdig"))
        .args(["-r", "-f", "-", "+short", "+timeout=1s", &at])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let started = Instant::now();
    stdin.write_all(b"example.com\n").unwrap();
    thread::sleep(Duration::from_millis(800));
    stdin.write_all(b"example.com MX\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() > Duration::from_millis(1_750), "{:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_millis(2_300), "{:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(5), "{output:?}");
}

#[test]
fn five_thousand_in_flight_do_not_block_where_buffers_are_small() {
    let path = lines("flood.txt", 20_000);
    let server = Server::with(Credential::Good).narrow().start();
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +short +timeout=20s +pipeline=5000 {at}"));
    assert_eq!(seen.status, 0, "{}", seen.err);
    assert!(seen.err.contains("NOERROR 20000"), "{}", seen.err);
    assert_eq!(server.finish().queries.len(), 20_000);
}

#[test]
fn a_summary_in_json_stands_beside_the_objects() {
    let path = file("objects.txt", "example.com\nwww.example.com +nosuch\nexample.com MX\n");
    let server = Server::plain().start();
    let seen = tdig(&format!("-f {path} +notls +json @127.0.0.1#{}", server.port()));
    let objects = json::objects(&seen);
    assert_eq!((objects.len(), seen.out.lines().count()), (3, 3), "{seen:#?}");
    assert_eq!(objects[1]["error"]["kind"], "usage", "in its place");
    let summary = json::summary(&seen);
    assert_eq!((&summary["queries"], &summary["exitCode"]), (&3.into(), &1.into()));
    assert_eq!(summary["error"], serde_json::json!({ "usage": 1 }));
    assert_eq!(summary["RCODEname"], serde_json::json!({ "NOERROR": 2 }), "{seen:#?}");
    assert_eq!(summary["interrupted"], false);

    let seen = tdig(&format!("-f {} +json @127.0.0.1", file("empty.txt", "")));
    assert_eq!(seen.out, "");
    let summary = json::summary(&seen);
    assert_eq!(summary["queries"], 0);
    assert!(summary["timing"]["reply"].is_null());
}

/// What a terminal gets on standard error while standard output is a file; `None`, which is said,
/// where there is no `script` to be one.
fn on_a_terminal(name: &str, input: &str, at: &str) -> Option<String> {
    let out = file(name, "");
    let tdig = env!("CARGO_BIN_EXE_tdig");
    let line =
        format!("stty cols 100; {tdig} -r --color=never -f {input} +pipeline=1 {at} >{out}; true");
    let typescript = format!("{out}.typescript");
    let mut child = Command::new("script")
        .args(["-qec", &line, &typescript])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .inspect_err(|error| say(&format!("skipped the progress line: script: {error}")))
        .ok()?;
    assert!(child.wait().unwrap().success());
    let mut text = Vec::new();
    File::open(typescript).unwrap().read_to_end(&mut text).unwrap();
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn progress_has_the_time_left_where_the_size_is_known() {
    let path = lines("progress.txt", 12);
    let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(100)))
        .expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let Some(seen) = on_a_terminal("sized.out", &path, &at) else { return };
    assert!(seen.contains(" done, ") && seen.contains("/s, 0 failed, "), "{seen:?}");
    assert!(seen.contains("s left"), "{seen:?}");
    let Some(seen) = on_a_terminal("endless.out", "-", &format!("{at} <{path}")) else { return };
    // standard input may have no end
    assert!(seen.contains("0 failed [") && !seen.contains(" left"), "{seen:?}");
}

#[test]
fn progress_makes_room_for_what_is_said() {
    let line = "example.com\n".repeat(6);
    let path = file("said.txt", &format!("{line}example.com +nosuch\n{line}"));
    let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(100)))
        .expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let Some(seen) = on_a_terminal("said.out", &path, &at) else { return };
    let (before, after) = seen.split_once("\r\x1b[K;; ERROR: line 7").expect("its own line");
    assert!(before.contains("0 failed") && after.contains("1 failed"), "{seen:?}");
}

#[test]
fn every_query_of_a_line_is_asked_also_where_each_is_asked_alone() {
    let path = file("line.txt", "example.com www.example.com example.com MX\nexample.com TXT\n");
    let server = Server::plain().start();
    let seen = tdig(&format!("-f {path} +notls +json @127.0.0.1#{}", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    let asked: Vec<_> = json::objects(&seen)
        .iter()
        .map(|it| {
            format!("{} {}", it["QNAME"].as_str().unwrap(), it["QTYPEname"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        asked,
        ["example.com. A", "www.example.com. A", "example.com. MX", "example.com. TXT"]
    );
}

#[test]
fn results_behind_a_query_that_is_asked_alone_do_not_wait_for_ever() {
    // more than may wait for their turn
    let names = " example.com MX".repeat(80);
    let path = file("alone.txt", &format!("example.com AXFR{names}\nexample.com TXT\n"));
    let server = Server::plain().behaviour(Behaviour::Largest).start();
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} +notls +tcp +json +timeout=5 {at}"));
    assert!(seen.err.contains("\"queries\":82"), "{:.500}", seen.err);
    // of the transfer that failed there is the message too
    assert_eq!(json::objects(&seen).len(), 83);
}

#[test]
fn a_refused_certificate_puts_nothing_among_the_data_of_a_batch() {
    let path = lines("refused.txt", 2);
    let server = Server::start(Credential::Expired, Behaviour::Answer).expect_no_query();
    let root = crate::run::root();
    let at = format!("+tls-ca={root} @127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f {path} -d +json {at}"));
    assert_eq!((seen.status, json::objects(&seen).len()), (6, 2), "{seen:#?}");
    let seen = tdig(&format!("-f {path} -d +short {at}"));
    assert_eq!((seen.status, &*seen.out), (6, ""), "{seen:#?}");
    let seen = tdig(&format!("-f {path} +short +pem {at}"));
    assert!(seen.out.starts_with("-----BEGIN CERTIFICATE-----\n"), "{seen:#?}");
}

#[test]
fn each_line_has_its_own_time() {
    let server = Server::start(Credential::Good, Behaviour::Slow(Duration::from_millis(600)));
    let at = format!("@127.0.0.1#{}", server.port());
    for (first, second, status) in [("300ms", "9", 9), ("9", "300ms", 9)] {
        let text = format!("example.com +timeout={first}\nexample.com MX +timeout={second}\n");
        let path = file(&format!("own-{first}.txt"), &text);
        let seen = tdig(&format!("-f {path} +short +pipeline=1 {at}"));
        assert_eq!(seen.status, status, "{seen:#?}");
        assert!(seen.err.contains("NOERROR 1, timeout 1"), "{seen:#?}");
    }
}

#[test]
fn servers_that_do_not_greet_keep_nobody_else_waiting() {
    let silent: Vec<_> =
        (0..5).map(|_| Server::start(Credential::Good, Behaviour::Silence)).collect();
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let mut text: String =
        silent.iter().map(|it| format!("example.com @127.0.0.1#{}\n", it.port())).collect();
    text += &"example.com\n".repeat(20);
    let path = file("beside.txt", &text);
    let started = Instant::now();
    let at = format!("@127.0.0.1#{}", good.port());
    let seen = tdig(&format!("-f {path} +json +unordered +timeout=1s {at}"));
    assert!(started.elapsed() < Duration::from_millis(1_900), "{:?}", started.elapsed());
    let summary = json::summary(&seen);
    assert_eq!(summary["error"], serde_json::json!({ "handshake": 5 }), "{seen:#?}");
    assert!(summary["timing"]["reply"]["max"].as_f64() < Some(500.0), "{summary}");
    let objects = json::objects(&seen);
    assert!(objects[..20].iter().all(|it| it["server"]["port"] == good.port()), "{seen:#?}");
}

#[test]
fn a_reply_to_another_query_is_none_although_its_id_is_right() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut older: Option<Vec<u8>> = None;
        let mut length = [0; 2];
        while socket.read_exact(&mut length).is_ok() {
            let mut query = vec![0; u16::from_be_bytes(length).into()];
            socket.read_exact(&mut query).unwrap();
            let reply = dot::answer(&query);
            // what was asked before, under the new ID
            for reply in older.replace(reply.clone()).into_iter().chain([reply]) {
                let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                socket.write_all(&[&length, &query[..2], &reply[2..]].concat()).unwrap();
            }
        }
    });
    let path = lines("older.txt", 6);
    let seen = tdig(&format!("-f {path} +notls +tcp +json +timeout=2s @127.0.0.1#{port}"));
    assert_eq!(seen.status, 0, "{seen:#?}");
}

#[test]
fn a_line_that_is_none_fails_once_and_a_comment_may_be_anything() {
    let path = std::env::temp_dir().join(format!("tdig-{}-octets.txt", std::process::id()));
    let long = "example.com ".repeat(20_000);
    let text = [
        b"\xef\xbb\xbf# \xff caf\xe9\n# ",
        long.as_bytes(),
        b"\nex\xffample.com\n",
        long.as_bytes(),
    ];
    std::fs::write(&path, [&text.concat(), &b"\nexample.com\n"[..]].concat()).unwrap();
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = tdig(&format!("-f {} +short @127.0.0.1#{}", path.display(), server.port()));
    std::fs::remove_file(path).unwrap();
    assert_eq!(seen.status, 1, "{seen:#?}");
    assert!(seen.err.contains(";; ERROR: line 3: it is not UTF-8"), "{seen:#?}");
    assert!(seen.err.contains(";; ERROR: line 4: it is longer than 16 KiB"), "{seen:#?}");
    assert!(seen.err.contains("3 queries in ") && seen.err.contains("usage 2"), "{seen:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_no_fault_of_the_output() {
    let folder = std::env::temp_dir();
    let seen = tdig(&format!("-f {} @127.0.0.1#1", folder.display()));
    assert_eq!(seen.status, 8, "{seen:#?}");
    assert!(seen.err.contains(&format!("{}: ", folder.display())), "{seen:#?}");
    assert!(!seen.err.contains("output"), "{seen:#?}");
}

#[test]
fn nobody_is_asked_before_the_batch_can_begin() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    let at = format!("@127.0.0.1#{}", server.port());
    let seen = tdig(&format!("-f /nonexistent.txt +json example.com {at}"));
    assert_eq!(seen.status, 8, "{seen:#?}");
    assert_eq!(json::objects(&seen)[0]["error"]["kind"], "file");
    let path = lines("unasked.txt", 1);
    let seen = tdig(&format!("-f {path} +fallback example.com {at}"));
    assert_eq!(seen.status, 1, "{seen:#?}");
}
