//! What the object of a query that failed says: what was asked, and of which server. One rule: each
//! object of a batch says which line it is of.

use serde_json::{Value, json};

use crate::dot::{Behaviour, Credential, Server};
use crate::json::{objects, summary};
use crate::run::{file, tdig};

/// The members that say what was asked.
fn asked(object: &Value) -> Value {
    let members = ["line", "typed", "QNAME", "QTYPEname", "QCLASSname"];
    members.iter().map(|member| object[*member].clone()).collect()
}

#[test]
fn a_line_that_failed_says_which_it_is_and_what_it_asked() {
    let lines: [(&[u8], Value); 12] = [
        (b"a.test @127.0.0.1#1", json!([1, null, "a.test.", "A", "IN"])),
        (b"a.test MX CH @127.0.0.1#1", json!([2, null, "a.test.", "MX", "CH"])),
        (b"-x 192.0.2.1 @127.0.0.1#1", json!([3, null, "1.2.0.192.in-addr.arpa.", "PTR", "IN"])),
        (
            b"b\\032c.test TYPE65000 @127.0.0.1#1",
            json!([4, null, "b\\032c.test.", "TYPE65000", "IN"]),
        ),
        (b"z.test AXFR @127.0.0.1#1", json!([5, null, "z.test.", "AXFR", "IN"])),
        (b"z.test +cookie @127.0.0.1#1", json!([6, null, "z.test.", "A", "IN"])),
        (b"a.test  +nosuch", json!([7, "a.test +nosuch", null, null, null])),
        (b"a..test", json!([8, "a..test", null, null, null])),
        (
            b"a.test MX +noadflag\x1b[2J",
            json!([9, "a.test MX +noadflag\\027[2J", null, null, null]),
        ),
        (b"caf\xe9.test", json!([10, "caf\\233.test", null, null, null])),
        (b"a.test -y a:SECRET +nosuch", json!([11, "a.test ...", null, null, null])),
        (b"a.test -k x:a:SECRET +nosuch", json!([12, "a.test ...", null, null, null])),
    ];
    let text = lines.iter().flat_map(|(line, _)| [line, &b"\n"[..]].concat()).collect::<Vec<_>>();
    let path = file("asked.txt", "");
    std::fs::write(&path, text).unwrap();
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    for options in ["", "+unordered"] {
        let seen = tdig(&format!("-f {path} {options} +json @127.0.0.1#{}", server.port()));
        let mut shown = objects(&seen);
        shown.sort_by_key(|it| it["line"].as_u64());
        assert_eq!(shown.len(), lines.len(), "{seen:#?}");
        for (object, (_, right)) in shown.iter().zip(&lines) {
            assert_eq!(&asked(object), right, "{object:#}");
        }
        assert!(!seen.out.contains("SECRET") && !seen.err.contains("SECRET"), "{seen:#?}");
    }
}

#[test]
fn a_line_that_is_too_long_is_shown_by_its_beginning() {
    let path = file("too-long.txt", &format!("{}\n", "a.".repeat(20_000)));
    let seen = tdig(&format!("-f {path} +json @127.0.0.1#1"));
    let object = &objects(&seen)[0];
    assert_eq!((&object["line"], &object["error"]["kind"]), (&1.into(), &"usage".into()));
    assert_eq!(object["typed"], format!("{}...", "a.".repeat(128)));
}

#[test]
fn a_single_lookup_that_failed_says_what_it_asked() {
    for (line, right) in [
        ("a.test MX @127.0.0.1#1", json!([null, null, "a.test.", "MX", "IN"])),
        ("-x ::1 @127.0.0.1#1 +notls +tcp", {
            let name = format!("1.{}ip6.arpa.", "0.".repeat(31));
            json!([null, null, name, "PTR", "IN"])
        }),
        ("z.test AXFR CH @127.0.0.1#1", json!([null, null, "z.test.", "AXFR", "CH"])),
        ("a..test TXT @127.0.0.1#1", json!([null, "a..test", null, "TXT", "IN"])),
        ("a.test @no-such-host.invalid", json!([null, null, "a.test.", "A", "IN"])),
    ] {
        let seen = tdig(&format!("+json +timeout=2 {line}"));
        assert_eq!(asked(&objects(&seen)[0]), right, "{seen:#?}");
    }
}

#[test]
fn the_server_of_a_failure_is_the_one_that_failed() {
    let path = file("two.txt", "example.com\n");
    let silent = Server::start(Credential::Good, Behaviour::Silence).expect_anything();
    let port = silent.port();
    for (servers, host, address, kind) in [
        ("@127.0.0.1#1 @127.0.0.9#1".to_owned(), "127.0.0.9", json!("127.0.0.9"), "connect"),
        ("@127.0.0.9#1 @127.0.0.1#1".into(), "127.0.0.1", json!("127.0.0.1"), "connect"),
        (format!("@127.0.0.9#1 @127.0.0.1#{port}"), "127.0.0.1", json!("127.0.0.1"), "handshake"),
        (
            "@127.0.0.1#1 @no-such-host.invalid".into(),
            "no-such-host.invalid",
            json!(null),
            "resolve",
        ),
    ] {
        for mode in [format!("-f {path}"), "example.com".into()] {
            for tls in ["", "+notls +tcp"] {
                if kind == "handshake" && !tls.is_empty() {
                    continue;
                }
                let seen = tdig(&format!("{tls} {servers} +json +timeout=2 {mode}"));
                let object = &objects(&seen)[0];
                let server = &object["server"];
                assert_eq!(
                    (&server["host"], &server["address"]),
                    (&host.into(), &address),
                    "{seen:#?}"
                );
                // a handshake that takes all the time may be given up before it says so itself
                let found = &object["error"]["kind"];
                assert!(*found == kind || (kind == "handshake" && found == "connect"), "{seen:#?}");
            }
        }
    }
}

#[test]
fn a_list_of_names_cannot_change_who_is_asked_or_how() {
    let spy = Server::plain().start().expect_unused();
    let path = file(
        "names.txt",
        &format!(
            "example.com\nexample.com MX\nexample.com @127.0.0.1#{0} +notls\n\
             @127.0.0.1#{0}\n+notls\n-k\nexample.com -4\nexample.com # comment\n# comment\n\n",
            spy.port()
        ),
    );
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let root = crate::run::root();
    let strict = format!("+tls-ca={root} +tls-host=dot.test @127.0.0.1#{}", server.port());
    for place in ["+names", "+names +nonames +names", "+unordered +names"] {
        let seen = tdig(&format!("{place} -f {path} +json {strict}"));
        assert_eq!(seen.status, 1, "{seen:#?}");
        let sum = summary(&seen);
        assert_eq!(
            (&sum["queries"], &sum["error"]),
            (&8.into(), &json!({ "usage": 2 })),
            "{sum:#}"
        );
        assert!(seen.err.contains("line 3: with +names a line is a name, a type and a class: "));
    }
    // the start of a line that looks like an option is a name, and asked
    let names: Vec<_> = server.queries().iter().map(|query| query[12..].to_vec()).collect();
    for label in [&b"\x06+notls"[..], b"\x02-k"] {
        assert!(names.iter().any(|it| it.starts_with(label)), "{names:?}");
    }
}

#[test]
fn replies_that_are_not_padded_are_counted_in_one_line() {
    let path = file("unpadded.txt", &format!("{}z.test +nopadding\n", "a.test\n".repeat(30)));
    let words =
        ";; WARNING: 30 replies were not padded although the query was (RFC 7830 section 4)";
    for (options, count) in [("", 1), ("+short", 1), ("+unordered", 1), ("+json", 0)] {
        let server = Server::start(Credential::Good, Behaviour::NoPadding);
        let seen = tdig(&format!("-f {path} {options} @127.0.0.1#{}", server.port()));
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert_eq!(seen.err.matches("padded although").count(), count, "{seen:#?}");
        assert_eq!(seen.err.contains("WARNING"), seen.err.contains(words), "{seen:#?}");
        if options == "+json" {
            assert_eq!(summary(&seen)["unpadded"], 30);
        }
    }
    // one by one they are warned of as before
    let server = Server::start(Credential::Good, Behaviour::NoPadding);
    let seen = tdig(&format!("a.test @127.0.0.1#{}", server.port()));
    assert!(
        seen.err.contains(";; WARNING: the query was padded and the reply is not"),
        "{seen:#?}"
    );
}
