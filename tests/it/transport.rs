//! The ways around TLS: plain DNS, kept sessions, transfers. One rule: what was asked to be
//! encrypted never leaves in cleartext.

use std::net::Ipv6Addr;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{Seen, file, not_there, root, say, tdig, tdig_in};

#[test]
fn plain_dns_is_udp_and_says_so() {
    let server = Server::plain().start();
    let seen = tdig(&format!("+notls @127.0.0.1#{} example.com", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(!seen.out.contains("TLS session") && !seen.out.contains("CERTIFICATE"), "{seen:#?}");
    assert!(seen.out.contains(&format!(";; From 127.0.0.1@{}(UDP) in ", server.port())));
    let accounts = server.finish();
    assert_eq!((accounts.datagrams, accounts.connections), (1, 0));
    // nothing is padded in cleartext
    assert_eq!(accounts.queries[0].len(), 40);
}

#[test]
fn plain_dns_over_tcp_says_so() {
    let server = Server::plain().start();
    let seen = tdig(&format!("+notls +tcp @127.0.0.1#{} example.com", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.out.contains("(TCP) in "), "{seen:#?}");
    assert_eq!(server.finish().datagrams, 0);
}

#[test]
fn a_truncated_datagram_is_asked_for_again_over_tcp_unless_that_is_not_wanted() {
    let server = Server::plain().behaviour(Behaviour::Truncated).start();
    let seen = tdig(&format!("+notls @127.0.0.1#{} example.com", server.port()));
    let warning =
        format!("truncated reply from 127.0.0.1@{}(UDP), retrying over TCP", server.port());
    assert!(seen.err.contains(&warning), "{seen:#?}");
    assert!(seen.out.contains("(TCP) in "), "{seen:#?}");
    let seen = tdig(&format!("+notls +ignore @127.0.0.1#{} example.com", server.port()));
    assert!(seen.out.contains("(UDP) in "), "{seen:#?}");
}

#[test]
fn a_silent_datagram_server_is_asked_again_within_the_time() {
    let server = Server::plain().behaviour(Behaviour::NoReply).start();
    let started = std::time::Instant::now();
    let seen = tdig(&format!(
        "-d +notls +timeout=600ms +retry=1 @127.0.0.1#{} example.com",
        server.port()
    ));
    assert!(started.elapsed() < std::time::Duration::from_millis(750));
    assert_eq!(seen.status, 9, "{seen:#?}");
    assert_eq!(seen.err.matches("response timeout for 127.0.0.1").count(), 2, "{seen:#?}");
    assert!(seen.out.contains("retrying server 127.0.0.1"), "{seen:#?}");
    assert_eq!(server.finish().datagrams, 2);
}

#[test]
fn tls_without_tcp_is_an_error_and_nothing_is_sent() {
    let server = Server::plain().start().expect_unused();
    for options in ["+tls +notcp", "+notcp", "+notls +tls-ca +notcp"] {
        let seen = tdig(&format!("{options} @127.0.0.1#{} example.com", server.port()));
        assert_eq!(seen.status, 1, "{options}: {seen:#?}");
        assert!(seen.err.contains("TLS runs over TCP"), "{options}: {seen:#?}");
    }
    assert_eq!(server.accounts().datagrams, 0);
}

#[test]
fn queries_share_a_session_when_they_are_told_to() {
    for (options, connections) in [("", 2), ("+keepopen", 1)] {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        let seen =
            tdig(&format!("{options} @127.0.0.1#{} example.com example.com MX", server.port()));
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert_eq!(seen.out.contains("session reused"), connections == 1, "{seen:#?}");
        assert_eq!(server.finish().connections, connections);
    }
}

#[test]
fn a_kept_session_that_the_server_closed_is_opened_again() {
    let server = Server::start(Credential::Good, Behaviour::CloseAfterEachAnswer);
    let seen = tdig(&format!(
        "+keepopen @127.0.0.1#{} example.com example.com MX example.com TXT",
        server.port()
    ));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(seen.out.matches("status: NOERROR").count(), 3);
    assert_eq!(server.finish().connections, 3);
}

#[test]
fn a_session_is_not_shared_by_queries_that_trust_differently() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = tdig(&format!(
        "+keepopen @127.0.0.1#{} example.com example.com +tls-ca={}",
        server.port(),
        crate::run::root()
    ));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.err.contains("connection parameters mismatch"), "{seen:#?}");
    assert_eq!(server.finish().connections, 2);
}

#[test]
fn a_server_that_fails_leads_on_to_the_next() {
    let failing = Server::start(Credential::Good, Behaviour::Rcode(2));
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let servers = format!("@127.0.0.1#{} @127.0.0.1#{}", failing.port(), good.port());
    let seen = tdig(&format!("{servers} example.com"));
    assert_eq!(seen.status, 0);
    assert!(seen.out.contains("status: NOERROR"), "{seen:#?}");
    assert!(seen.err.contains("replied with error 'SERVFAIL', asking the next"), "{seen:#?}");
    // a reply that is no help is better than none
    let alone = tdig(&format!("@127.0.0.1#{} @127.0.0.1#1 example.com", failing.port()));
    assert_eq!(alone.status, 0, "{alone:#?}");
    assert!(alone.out.contains("status: SERVFAIL"), "{alone:#?}");
}

/// Runs a command line that may take `timeout`, and at most a tenth of a second more.
fn within(timeout: Duration, line: &str) -> Seen {
    let started = Instant::now();
    let seen = tdig(&format!("{line} +timeout={}ms", timeout.as_millis()));
    let took = started.elapsed();
    assert!(took < timeout + Duration::from_millis(100), "took {took:?}: {seen:#?}");
    seen
}

#[test]
fn a_server_that_is_silent_leaves_the_others_their_share_of_the_time() {
    let timeout = Duration::from_millis(900);
    for (options, silence) in [
        ("+notls", Behaviour::NoReply),
        ("+notls +tcp", Behaviour::NoReply),
        ("", Behaviour::Silence),
        ("", Behaviour::NoReply),
    ] {
        let start = |behaviour| match options {
            "" => Server::start(Credential::Good, behaviour),
            _ => Server::plain().behaviour(behaviour).start(),
        };
        let (silent, good) = (start(silence), start(Behaviour::Answer));
        let line = format!("{options} @127.0.0.1#{} @127.0.0.1#{}", silent.port(), good.port());
        let seen = within(timeout, &format!("{line} example.com"));
        assert_eq!(seen.status, 0, "{line}: {seen:#?}");
        assert!(seen.out.contains(&format!(";; From 127.0.0.1@{}", good.port())), "{seen:#?}");
        assert_eq!(seen.err.matches("failed to query server").count(), 1, "{seen:#?}");
        assert!(!seen.err.contains(&format!("@{}(", good.port())), "{seen:#?}");
    }
    // each of them was asked, and each says after how long it was given up
    let silent = [(); 3].map(|()| Server::plain().behaviour(Behaviour::NoReply).start());
    let servers = silent.each_ref().map(|it| format!("@127.0.0.1#{}", it.port())).join(" ");
    let seen = within(timeout, &format!("+notls +retry=0 {servers} example.com"));
    assert_eq!(seen.status, 9, "{seen:#?}");
    for after in ["(after 0.3 s)", "(after 0.6 s)", "(after 0.9 s)"] {
        assert!(seen.err.contains(after), "{after}: {seen:#?}");
    }
    for server in silent {
        assert_eq!(server.finish().datagrams, 1);
    }
}

#[test]
fn a_kept_session_that_is_silent_leaves_the_servers_their_share_of_the_time() {
    let silent = Server::start(Credential::Good, Behaviour::SkipEvery(2));
    let good = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let servers = format!("@127.0.0.1#{} @127.0.0.1#{}", silent.port(), good.port());
    let line = format!("+keepopen {servers} example.com example.com MX");
    let seen = within(Duration::from_millis(900), &line);
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(seen.out.matches("status: NOERROR").count(), 2, "{seen:#?}");
}

#[test]
fn a_kept_session_is_with_the_server_that_answered() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let line = format!("@localhost#1 @127.0.0.1#{} +keepopen +json", server.port());
    let seen = tdig(&format!("{line} example.com example.com MX"));
    let objects = crate::json::objects(&seen);
    assert_eq!(objects.len(), 2, "{seen:#?}");
    assert!(objects.iter().all(|it| it["server"]["host"] == "127.0.0.1"), "{seen:#?}");
    assert_eq!(server.finish().connections, 1);
}

#[test]
fn a_datagram_is_repeated_as_often_as_there_is_time_for() {
    let server = Server::plain().behaviour(Behaviour::NoReply).start();
    let line = format!("+notls +retry=1000 @127.0.0.1#{} example.com", server.port());
    let seen = within(Duration::from_millis(300), &line);
    assert_eq!(seen.status, 9, "{:.500}", seen.err);
    let told = seen.err.matches("response timeout").count();
    assert!((2..=1_001).contains(&told), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_told_once_and_nobody_is_dialled() {
    let servers = [(); 2].map(|()| Server::start(Credential::Good, Behaviour::Answer));
    let servers = servers.map(Server::expect_unused);
    let [first, second] = servers.each_ref().map(|it| format!("@127.0.0.1#{}", it.port()));
    for options in [
        "+tls-ca=/nonexistent",
        "+tls-pin=/nonexistent",
        "-k /nonexistent",
        "+tls-certfile=/nonexistent +tls-keyfile=/nonexistent",
    ] {
        for query in ["example.com", "example.com AXFR"] {
            let seen = tdig(&format!("{first} {second} {options} {query}"));
            assert_eq!(seen.status, 8, "{options}: {seen:#?}");
            let words = format!(";; ERROR: {}\n", not_there("/nonexistent"));
            assert_eq!(seen.err, words, "{options} {query}");
        }
    }
}

#[test]
fn both_families_of_a_name_are_tried() {
    let server = Server::with(Credential::Good).on([127, 0, 0, 1]).start();
    let seen = tdig(&format!("@localhost#{} example.com", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.out.contains(&format!("From 127.0.0.1@{}", server.port())), "{seen:#?}");
}

#[test]
fn a_proxy_header_is_for_plain_dns_alone() {
    let seen = tdig("+proxy=192.0.2.1-192.0.2.2 @127.0.0.1 example.com");
    assert_eq!(seen.status, 1, "{seen:#?}");
    assert!(seen.err.contains("+proxy is for plain DNS"), "{seen:#?}");
}

#[test]
fn a_start_file_stands_before_the_command_line_unless_it_is_skipped() {
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(&home).unwrap();
    let surroundings = tdig::Surroundings { home: Some(home.clone()), ..Default::default() };
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let text = format!("# mine\n+short\n@127.0.0.1#{}\n", server.port());
    std::fs::write(home.join(".tdigrc"), text).unwrap();
    let seen = tdig_in(&surroundings, "example.com");
    assert_eq!((seen.status, &*seen.out), (0, "192.0.2.1\n192.0.2.2\n"), "{seen:#?}");
    let seen = tdig_in(&surroundings, "-r @127.0.0.1#1 example.com");
    assert_eq!(seen.status, 4, "{seen:#?}");
    std::fs::write(home.join(".tdigrc"), "example.com").unwrap();
    let seen = tdig_in(&surroundings, "example.com");
    assert_eq!(seen.status, 1, "{seen:#?}");
    assert!(seen.err.contains("only options and servers belong there: example.com"), "{seen:#?}");
}

#[test]
#[cfg_attr(not(unix), ignore = "has no UNIX sockets")]
fn what_is_not_there_is_told_with_the_reason_before_anybody_is_asked() {
    let not_there = format!(";; ERROR: {}", not_there("/nonexistent"));
    for (line, status, words) in [
        (
            "+notls @/nonexistent.sock example.com",
            4,
            ";; WARNING: can't connect to /nonexistent.sock(UDP) (no such file or directory)",
        ),
        (
            "@/nonexistent.sock example.com",
            4,
            ";; WARNING: can't connect to /nonexistent.sock(TLS) (no such file or directory)",
        ),
        ("-k /nonexistent @192.0.2.1 example.com", 8, &not_there),
        ("+notls -k /nonexistent @192.0.2.1 a.test", 8, &not_there),
    ] {
        let seen = tdig(line);
        assert_eq!(seen.status, status, "{line}: {seen:#?}");
        assert!(seen.err.starts_with(words), "{line}: {seen:#?}");
    }
}

/// Runs the program where `two.test` has the addresses ::1 and 127.0.0.1; `None`, which is said,
/// where the user may not mount a file for that.
fn with_two_addresses(line: &str) -> Option<(Option<i32>, String)> {
    if !Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|it| it.status.success()) {
        say("skipped a name with two addresses: no namespaces");
        return None;
    }
    let hosts = file("hosts", "::1 two.test\n127.0.0.1 two.test\n");
    let script =
        format!("mount --bind {hosts} /etc/hosts && exec {} {line}", env!("CARGO_BIN_EXE_tdig"));
    let output = Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().unwrap();
    Some((output.status.code(), String::from_utf8(output.stderr).unwrap()))
}

#[test]
fn an_address_where_nobody_listens_does_not_hide_a_refusal_at_another() {
    let server = Server::with(Credential::Expired).on(Ipv6Addr::LOCALHOST).start();
    let line = format!("@two.test#{} +tls-ca={} example.com", server.port(), root());
    let server = server.expect_anything();
    let Some((status, err)) = with_two_addresses(&line) else { return };
    assert!(err.contains("can't connect to 127.0.0.1@"), "{err}");
    assert!(err.contains("certificate refused"), "{err}");
    assert_eq!(status, Some(6), "{err}");
    assert!(server.queries().is_empty());
}

#[test]
fn an_address_that_is_silent_leaves_time_for_another() {
    let silent = Server::with(Credential::Good).on(Ipv6Addr::LOCALHOST);
    let silent = silent.behaviour(Behaviour::Silence).start().expect_anything();
    let good = Server::with(Credential::Good).port(silent.port()).start().expect_anything();
    let line = format!("@two.test#{} +timeout=1s example.com", good.port());
    let Some((status, err)) = with_two_addresses(&line) else { return };
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("handshake, after 0.5 s"), "{err}");
}
