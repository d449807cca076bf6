//! Batches: many queries in flight. One rule: no query is lost, whatever the server does, and each
//! result stands in its place.

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{file, tdig};

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
fn several_sessions_share_the_work() {
    let path = lines("shared.txt", 40);
    let server = Server::start(Credential::Good, Behaviour::Answer);
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
    assert!(seen.err.contains("/nonexistent.txt: no such file or directory"), "{seen:#?}");
}
