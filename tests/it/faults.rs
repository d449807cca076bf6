//! What a server can do wrong: every fault with its words, its exit status and its time. One rule:
//! no lookup takes longer than it may, whatever the server does.

use std::time::{Duration, Instant};

use rustls::CipherSuite;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{Seen, root, tdig};

/// The time that a lookup may take here, and what the end of it may cost.
const TIMEOUT: Duration = Duration::from_millis(700);
const GRACE: Duration = Duration::from_millis(100);

fn ask(server: &Server) -> (Seen, Duration) {
    ask_with(server, "")
}

fn ask_with(server: &Server, options: &str) -> (Seen, Duration) {
    let started = Instant::now();
    let seen = tdig(&format!(
        "@127.0.0.1#{} +tls-ca={} +tls-host=dot.test +timeout={}ms {options} example.com",
        server.port(),
        root(),
        TIMEOUT.as_millis()
    ));
    let took = started.elapsed();
    assert!(took < TIMEOUT + GRACE, "took {took:?}: {seen:#?}");
    (seen, took)
}

#[test]
fn every_fault_has_its_words_and_its_exit_status() {
    let drip = Duration::from_millis(100);
    for (behaviour, status, words) in [
        (Behaviour::Silence, 5, "TLS, peer took too long to respond (handshake, after 0.7 s)"),
        (Behaviour::CloseOnAccept, 5, "handshake failed (the peer closed the connection)"),
        (Behaviour::ResetOnAccept, 5, "handshake failed (the peer reset the connection)"),
        (Behaviour::SshBanner, 5, "the peer does not speak TLS, it sent: SSH-2.0-"),
        (Behaviour::PlainHttp, 5, "the peer does not speak TLS, it sent: HTTP/1.1 400 Bad Request"),
        (Behaviour::PlainDns, 5, "the peer does not speak TLS, it sent: "),
        (
            Behaviour::PlainText(b"\x1b[2Jhello\n;; The certificate is trusted.\n"),
            5,
            r"it sent: \027[2Jhello\010;; The certificate is trusted.\010",
        ),
        (Behaviour::FatalAlert(40), 5, "the peer sent the alert handshake_failure (40)"),
        (Behaviour::FatalAlert(120), 5, "the peer sent the alert no_application_protocol (120)"),
        (Behaviour::OldVersion, 5, "handshake failed (the server speaks only TLS 1.1 or older)"),
        (
            Behaviour::EndlessAlerts,
            5,
            "handshake failed (the server sent warning alerts without end)",
        ),
        (
            Behaviour::EndlessServerHello,
            5,
            "handshake failed (the server sent a TLS message that is longer than anyone takes)",
        ),
        (Behaviour::HalfServerHello, 5, "TLS, peer took too long to respond (handshake"),
        (Behaviour::CloseInHandshake, 5, "handshake failed (the peer closed the connection)"),
        (Behaviour::ResetInHandshake, 5, "handshake failed (the peer reset the connection)"),
        (Behaviour::DripHandshake(drip), 5, "TLS, peer took too long to respond (handshake"),
        (Behaviour::NoReply, 9, "TLS, peer took too long to respond (reply, after 0.7 s)"),
        (Behaviour::Deaf, 9, "TLS, peer took too long to respond (reply, after 0.7 s)"),
        (Behaviour::EndlessKeyUpdates, 9, "broke the rules of TLS: too many key update requests)"),
        (Behaviour::CloseAfterQuery, 9, "TLS, peer has closed the connection"),
        (
            Behaviour::CloseAfterQueryNoNotify,
            9,
            "failed to receive reply (the peer closed the connection without close_notify)",
        ),
        (Behaviour::ResetAfterQuery, 9, "failed to receive reply (the peer reset the connection)"),
        (Behaviour::HalfMessage, 9, "(the peer closed the connection 22 B into the message)"),
        (Behaviour::HalfMessageNoNotify, 9, "closed the connection 22 B into the message)"),
        (Behaviour::CutLength, 9, "(the peer closed the connection 1 B into the message)"),
        (
            Behaviour::UndecryptableRecord,
            9,
            "failed to receive reply (what the server sent cannot be decrypted",
        ),
        (Behaviour::ZeroLength, 9, "failed to receive reply (a message of 0 octets)"),
        (Behaviour::EndlessEmptyMessages, 9, "failed to receive reply (a message of 0 octets)"),
        (Behaviour::DripReply(drip), 9, "TLS, peer took too long to respond (reply"),
        (Behaviour::EndlessWrongIds, 11, "is different from query ID ("),
        (Behaviour::WrongId, 11, "is different from query ID ("),
        (Behaviour::OtherQuestion, 11, "query/response question sections are different"),
        (Behaviour::NoQuestion, 11, "response doesn't have question section"),
        (Behaviour::NotAReply, 11, "response QR bit not set"),
        (
            Behaviour::OtherOpcode,
            11,
            "reply opcode (UPDATE) is different from query opcode (QUERY)",
        ),
        (Behaviour::ShortMessage, 11, "malformed reply packet"),
        (Behaviour::GarbageMessage, 11, "malformed reply packet"),
        (Behaviour::LyingCounts, 11, "malformed reply packet"),
        (Behaviour::PointerLoop, 11, "malformed reply packet"),
        (Behaviour::WrongIdThenRight, 0, "is different from query ID ("),
        (Behaviour::RdataMisfit, 0, "A"),
        (Behaviour::TwoOpts, 0, "OPT"),
        (Behaviour::TrailingOctets, 0, "malformed reply packet (trailing data)"),
        (Behaviour::Truncated, 0, "truncated"),
        (Behaviour::NoPadding, 0, "padd"),
        (Behaviour::Options, 0, ""),
        (Behaviour::HostileRecords, 0, ""),
        (Behaviour::Largest, 0, ""),
        (Behaviour::Rcode(5), 0, ""),
        (Behaviour::ExtendedRcode(23), 0, ""),
        (Behaviour::Slow(Duration::from_millis(200)), 0, ""),
        (Behaviour::SplitFrames, 0, ""),
        (Behaviour::FloodAfterAnswer, 0, ""),
        (Behaviour::CloseAfterEachAnswer, 0, ""),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        let (seen, took) = ask(&server);
        assert_eq!(seen.status, status, "{behaviour:?}: {seen:#?}");
        // the table as a person reads it: cargo test --test it every_fault -- --nocapture
        let said = seen.err.lines().next().unwrap_or_default();
        println!("{behaviour:?} | {said} | {status} | {took:.2?}");
        assert!(seen.err.contains(words), "{behaviour:?}: {words}\n{}", seen.err);
        assert_eq!(
            seen.out.contains("HEADER"),
            matches!(status, 0 | 11),
            "{behaviour:?}: {seen:#?}"
        );
        let odd = |it: char| it.is_control() && it != '\n' && it != '\t';
        assert!(!seen.out.contains(odd) && !seen.err.contains(odd), "{behaviour:?}: {seen:#?}");
        for forged in [&seen.out, &seen.err] {
            assert!(!forged.lines().any(|it| it.starts_with(";; The certificate")), "{seen:#?}");
        }
    }
}

#[test]
fn bare_data_come_from_an_answer_alone() {
    for (behaviour, printed) in [
        (Behaviour::Answer, true),
        (Behaviour::Truncated, true),
        (Behaviour::OtherOpcode, false),
        (Behaviour::NotAReply, false),
        (Behaviour::OtherQuestion, false),
        (Behaviour::WrongId, false),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        let (seen, _) = ask_with(&server, "+short");
        assert_eq!(seen.out.is_empty(), !printed, "{behaviour:?}: {seen:#?}");
        assert_eq!(seen.status, if printed { 0 } else { 11 }, "{behaviour:?}: {seen:#?}");
        let (seen, _) = ask_with(&server, "+json");
        let object: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
        assert_eq!(object["error"]["exitCode"] == 11, !printed, "{behaviour:?}: {object:#}");
    }
}

#[test]
fn servers_with_nothing_in_common_are_told_apart() {
    let good = || Server::with(Credential::Good);
    let suites = [CipherSuite::TLS13_AES_128_GCM_SHA256];
    for (setup, options, words, hint) in [
        (
            good().tls12(),
            "+tls-version=1.3",
            "the peer sent the alert protocol_version (70): it speaks no TLS version that was offered",
            "",
        ),
        (
            // the suite is of TLS 1.3 and all that is offered is of TLS 1.2
            good().suites(&suites),
            "+tls-version=1.2",
            "it speaks no TLS version that was offered",
            "",
        ),
        (
            good().alpn(&["h2"]),
            "",
            "the peer sent the alert no_application_protocol (120)",
            ";; HINT: +notls-alpn",
        ),
        (
            good().require_client_certificate().tls12(),
            "",
            "the peer asked for a client certificate, then sent the alert",
            ";; HINT: +tls-certfile=FILE +tls-keyfile=FILE",
        ),
        (good().behaviour(Behaviour::FatalAlert(40)), "", "handshake_failure (40): nothing", ""),
        (
            good().behaviour(Behaviour::PlainHttp),
            "",
            "the peer does not speak TLS",
            ";; HINT: this looks like HTTP; is the port right? -p 853",
        ),
        (
            good().behaviour(Behaviour::SshBanner),
            "",
            "the peer does not speak TLS",
            ";; HINT: this looks like SSH; is the port right? -p 853",
        ),
        (
            good().behaviour(Behaviour::PlainDns),
            "",
            "the peer does not speak TLS",
            ";; HINT: this looks like plain DNS: -p 853 for TLS, +notls for DNS in cleartext",
        ),
    ] {
        let server = setup.start().expect_no_query();
        let (seen, took) = ask_with(&server, options);
        assert_eq!(seen.status, 5, "{words}: {seen:#?}");
        assert!(seen.err.contains(words), "{words}: {seen:#?}");
        assert!(seen.err.contains(hint), "{hint}: {seen:#?}");
        println!("{words} {hint} | {} | {took:.2?}", seen.status);
    }
    let server = good().require_client_certificate().tls13().start();
    let (seen, _) = ask(&server);
    assert_eq!(seen.status, 9, "TLS 1.3 tells it after the handshake: {seen:#?}");
    assert!(seen.err.contains("certificate_required (116): it wants a certificate"), "{seen:#?}");
    assert!(seen.err.contains(";; HINT: +tls-certfile=FILE +tls-keyfile=FILE"), "{seen:#?}");
}

#[test]
fn a_place_that_cannot_be_reached_is_no_connection_and_said_at_once() {
    // no stream leads to the broadcast address, whatever the routes of the machine
    let started = Instant::now();
    let seen = tdig("@255.255.255.255 +timeout=5 example.com");
    assert!(started.elapsed() < TIMEOUT, "{seen:#?}");
    assert_eq!(seen.status, 4, "{seen:#?}");
    let words = ";; WARNING: can't connect to 255.255.255.255@853(TLS) (";
    assert!(seen.err.starts_with(words), "{seen:#?}");
}

#[test]
fn nobody_at_home_is_no_connection() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    let port = server.port();
    drop(server);
    let seen = tdig(&format!("@127.0.0.1#{port} example.com"));
    assert_eq!(seen.status, 4);
    assert_eq!(
        seen.err,
        format!(
            ";; WARNING: can't connect to 127.0.0.1@{port}(TLS) (connection refused)\n\
             ;; ERROR: failed to query server 127.0.0.1@{port}(TLS)\n"
        )
    );
}

#[test]
fn a_name_without_an_address_is_no_connection() {
    let seen = tdig("@no-such-host.invalid +timeout=3 example.com");
    assert_eq!(seen.status, 4);
    assert!(seen.err.contains("for no-such-host.invalid@853"), "{seen:#?}");
    for line in ["-6 @127.0.0.1 example.com", "-4 @::1 example.com"] {
        let seen = tdig(line);
        assert_eq!(seen.status, 4, "{line}: {seen:#?}");
    }
}

#[test]
fn the_query_and_its_length_are_one_record_padded_to_128_octets() {
    for (options, length) in [("", 128), ("+nsid +cookie +dnssec", 128), ("+nopadding", 40)] {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        let seen = tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()));
        assert_eq!(seen.status, 0, "{seen:#?}");
        let accounts = server.finish();
        assert_eq!(accounts.queries.len(), 1, "{options}");
        assert_eq!(accounts.queries[0].len(), length, "{options}");
        assert_eq!(accounts.chunks, [length + 2], "{options}");
    }
}

#[test]
fn the_first_failure_of_several_queries_is_the_exit_status_and_the_others_still_run() {
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let silent = Server::start(Credential::Good, Behaviour::CloseAfterQuery);
    let seen = tdig(&format!(
        "example.com @127.0.0.1#{} example.com @127.0.0.1#{} example.com @127.0.0.1#{}",
        silent.port(),
        good.port(),
        good.port()
    ));
    assert_eq!(seen.status, 9, "{seen:#?}");
    assert_eq!(seen.out.matches("status: NOERROR").count(), 2, "{seen:#?}");
}
