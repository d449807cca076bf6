//! What a lookup says when a handshake fails, and what it says to type next. One rule: a hint is
//! about what was seen, and what was typed already is no hint.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::Value;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{Seen, root, say, tdig};

fn ask(server: &Server, options: &str) -> Seen {
    tdig(&format!("@127.0.0.1#{} +timeout=400ms {options} example.com", server.port()))
}

#[test]
fn an_alert_where_no_server_name_was_sent_says_that_and_what_sends_one() {
    const HINT: &str = ";; HINT: +tls-sni=NAME, a name that the server knows\n";
    let named = format!("+tls-ca={} +tls-host=dot.test", root());
    for (alert, without, with, hint_with) in [
        (
            112,
            "unrecognized_name (112): no server name was sent)",
            "unrecognized_name (112): it does not know the server name that was sent)",
            true,
        ),
        (
            80,
            "internal_error (80): something is wrong within the server; no server name was sent)",
            "internal_error (80): something is wrong within the server)",
            false,
        ),
        (
            49,
            "access_denied (49): no server name was sent)",
            "access_denied (49): it knows us and refuses us)",
            false,
        ),
        (
            40,
            "handshake_failure (40): nothing that was offered is acceptable to it; no server name \
             was sent)",
            "handshake_failure (40): nothing that was offered is acceptable to it)",
            false,
        ),
    ] {
        let server = Server::start(Credential::Good, Behaviour::FatalAlert(alert));
        for (options, words, hint) in [
            ("", without, true),
            ("+tls-sni=192.0.2.1", without, true),
            ("+tls-sni=other.test", with, hint_with),
            (&named, with, hint_with),
        ] {
            let seen = ask(&server, options);
            assert_eq!(seen.status, 5, "{alert} {options}: {seen:#?}");
            assert!(seen.err.contains(words), "{alert} {options}: {seen:#?}");
            assert_eq!(seen.err.ends_with(HINT), hint, "{alert} {options}: {seen:#?}");
            // what tdig offers is the other thing that may not suit the server
            let offers = alert == 40 && !hint;
            assert_eq!(seen.err.contains(";; HINT: kdig +tls"), offers, "{alert} {options}");
            let hints = seen.err.matches("HINT").count();
            assert_eq!(hints, usize::from(hint || offers), "{alert} {options}: {seen:#?}");
        }
        let seen = tdig(&format!("@127.0.0.1#{} +json example.com", server.port()));
        let object: Value = serde_json::from_str(&seen.out).unwrap();
        let hint = object["error"]["hint"].as_str().unwrap();
        assert!(hint.starts_with("+tls-sni=NAME"), "{object:#}");
    }
    // these say nothing of a name
    for alert in [42, 70, 116, 120] {
        let server = Server::start(Credential::Good, Behaviour::FatalAlert(alert));
        let seen = ask(&server, "");
        assert!(!seen.err.contains("no server name"), "{alert}: {seen:#?}");
    }
}

#[test]
fn what_does_not_speak_tls_may_speak_plain_dns() {
    for (behaviour, hint) in [
        (Behaviour::Silence, "if the port is right and is one of plain DNS: +notls, in cleartext"),
        (
            Behaviour::PlainDns,
            "this looks like plain DNS: -p 853 for TLS, +notls for DNS in cleartext",
        ),
        (
            Behaviour::PlainText(b"\x00\x01?"),
            "if the port is right and is one of plain DNS: +notls, in cleartext",
        ),
        (
            Behaviour::PlainText(b"\x17\x03\x03"),
            "if the port is right and is one of plain DNS: +notls, in cleartext",
        ),
        (Behaviour::PlainHttp, "this looks like HTTP; is the port right? -p 853"),
        // these speak TLS, or were not heard
        (Behaviour::HalfServerHello, ""),
        (Behaviour::DripHandshake(Duration::from_millis(100)), ""),
        (Behaviour::CloseInHandshake, ""),
        (Behaviour::ResetInHandshake, ""),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        for options in ["", "+tls-groups=x25519"] {
            let seen = ask(&server, options);
            assert_eq!(seen.status, 5, "{behaviour:?}: {seen:#?}");
            let line = format!(";; HINT: {hint}\n");
            assert_eq!(seen.err.ends_with(&line), !hint.is_empty(), "{behaviour:?}: {seen:#?}");
            assert_eq!(seen.err.contains("HINT"), !hint.is_empty(), "{behaviour:?}: {seen:#?}");
        }
    }
}

#[test]
fn port_53_is_that_of_plain_dns_whatever_it_does_instead_of_tls() {
    let place = Ipv4Addr::new(127, 0, 0, 53);
    if TcpListener::bind((place, 53)).is_err() {
        return say("skipped port 53: it is not to be had");
    }
    for (behaviour, words, hint) in [
        (Behaviour::Silence, "took too long to respond (handshake", true),
        (Behaviour::CloseInHandshake, "the peer closed the connection", true),
        (Behaviour::ResetInHandshake, "the peer reset the connection", true),
        (Behaviour::HalfServerHello, "took too long to respond (handshake", true),
        // it speaks TLS
        (Behaviour::FatalAlert(70), "protocol_version (70)", false),
    ] {
        let server = Server::with(Credential::Good).behaviour(behaviour).on(place).port(53).start();
        let seen = tdig(&format!("@{place} -p 53 +timeout=400ms example.com"));
        assert_eq!(seen.status, 5, "{behaviour:?}: {seen:#?}");
        assert!(seen.err.contains(words), "{behaviour:?}: {seen:#?}");
        let line =
            ";; HINT: port 53 is that of plain DNS: -p 853 for TLS, +notls for DNS in cleartext\n";
        assert_eq!(seen.err.ends_with(line), hint, "{behaviour:?}: {seen:#?}");
        drop(server);
    }
}
