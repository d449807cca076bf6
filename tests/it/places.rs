//! Where on the line an option stands, and which format it meets there. One rule: an option means
//! the same before and behind the name that it is for.

use std::io::Write;
use std::path::PathBuf;

use tdig::Surroundings;

use crate::dot::{Behaviour, Credential, Server};
use crate::json;
use crate::run::{Seen, tdig, tdig_in};

/// The option of each output format; none is kdig's text.
const FORMATS: [&str; 3] = ["", "+short", "+json"];

fn ask(line: &str) -> Seen {
    let server = Server::plain().start();
    tdig(&format!("@127.0.0.1#{} +notls +tcp {line}", server.port()))
}

/// Runs a command line behind a start file of this text.
fn behind(text: &str, line: &str) -> Seen {
    let mut name = text.replace(|it: char| !it.is_ascii_alphanumeric(), "_");
    name.truncate(60);
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{name}"));
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join(".tdigrc"), text).unwrap();
    tdig_in(&Surroundings { home: Some(home), ..Surroundings::default() }, line)
}

#[test]
fn results_are_parted_by_an_empty_line_where_one_of_them_is_text() {
    for (line, parted) in [
        ("a.test b.test", 1),
        ("+short a.test b.test", 0),
        ("a.test +short b.test +short", 0),
        ("+json a.test b.test", 0),
        ("a.test +json b.test +json", 0),
        ("a.test +short b.test +json", 0),
        ("a.test +json b.test +short", 0),
        ("a.test b.test +short", 1),
        ("a.test b.test +json", 1),
        ("a.test +short b.test", 1),
        ("+short a.test +noshort b.test", 1),
        ("+json a.test +nojson b.test +nojson", 1),
        // as in kdig
        ("+short a.test b.test +noshort", 0),
        ("a.test +short b.test +short c.test d.test", 2),
    ] {
        let bare = "+noall +answer";
        let seen = ask(&format!("{bare} +nocomments {line}"));
        assert_eq!(seen.status, 0, "{line}: {seen:#?}");
        let empty = seen.out.lines().filter(|line| line.is_empty()).count();
        assert_eq!(empty, parted, "{line}: {}", seen.out);
    }
}

#[test]
fn a_line_that_makes_no_sense_has_an_object_wherever_json_is_asked_for() {
    for format in FORMATS {
        for (line, words) in [
            // what the plan refuses
            ("@192.0.2.1 F x.test +tls +notcp", "TLS runs over TCP"),
            ("@192.0.2.1 +tls +notcp x.test F", "TLS runs over TCP"),
            ("@192.0.2.1 x.test +tls +notcp F", "TLS runs over TCP"),
            ("@192.0.2.1 a.test b.test +tls +notcp F", "TLS runs over TCP"),
            ("@192.0.2.1 a.test F b.test +tls +notcp", "TLS runs over TCP"),
            ("F -q a..b", "an empty label"),
            ("-q a..b F", "an empty label"),
            // what is no option, no value, no server, no type
            ("F x.test +tls-hots", "invalid option: +tls-hots"),
            ("x.test +tls-hots F", "invalid option: +tls-hots"),
            ("+tls-hots x.test F", "invalid option: +tls-hots"),
            ("+bufsize=x x.test F", "invalid +bufsize=x"),
            ("@a@ x.test F", "invalid server @a@"),
            ("TYPE65536 F", "bad type TYPE65536"),
            ("x.test -p 0 F", "bad port 0"),
            // what clap refuses
            ("--zzz x.test F", "invalid option: --zzz"),
            ("x.test F -q", "missing name"),
            // a file that is not there
            ("F -f /nowhere/names", "/nowhere/names"),
            ("-f /nowhere/names F", "/nowhere/names"),
        ] {
            let line = line.replace('F', format);
            let seen = tdig(&line);
            let status = if line.contains("/nowhere") { 8 } else { 1 };
            assert_eq!(seen.status, status, "{line}: {seen:#?}");
            assert!(seen.err.contains(words), "{line}: {seen:#?}");
            if format != "+json" {
                assert_eq!(seen.out, "", "{line}");
                continue;
            }
            let [object] = &json::objects(&seen)[..] else { panic!("{line}: {seen:#?}") };
            assert!(object["error"]["message"].as_str().unwrap().contains(words), "{object}");
            assert_eq!(object["error"]["exitCode"], status, "{line}");
        }
    }
    // what is taken back, or replaced by another format, asks for none
    for line in ["+json +nojson +zzz", "+zzz +json +nojson", "+json +zzz +short"] {
        assert_eq!(tdig(line).out, "", "{line}");
    }
    let seen = behind("+json", "x.test +zzz");
    assert_eq!(json::objects(&seen).len(), 1, "{seen:#?}");
    let seen = behind("+json +zzz", "x.test");
    assert_eq!(json::objects(&seen).len(), 1, "{seen:#?}");
}

#[test]
fn a_typed_option_is_sent_beside_the_cookie() {
    const TYPED: &str = "0011223344556677";
    let typed = [&[0, 10, 0, 8][..], &[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]].concat();
    for line in [
        "a.test +cookie +ednsopt=10:T",
        "+cookie a.test +ednsopt=10:T",
        "+ednsopt=10:T a.test +cookie",
        "+ednsopt=10:T +cookie a.test",
        "a.test +cookie=8899aabbccddeeff +ednsopt=10:T",
        "a.test +ednsopt=10:T",
    ] {
        let server = Server::plain().start();
        let words = line.replace('T', TYPED);
        let seen = tdig(&format!("@127.0.0.1#{} +notls +tcp {words}", server.port()));
        assert_eq!(seen.status, 0, "{line}: {seen:#?}");
        let query = server.finish().queries.remove(0);
        let times = query.windows(typed.len()).filter(|it| *it == typed).count();
        assert_eq!(times, 1, "{line}: {query:x?}");
        let all = query.windows(4).filter(|it| *it == [0, 10, 0, 8]).count();
        assert_eq!(all, if line.contains("+cookie") { 2 } else { 1 }, "{line}: {query:x?}");
    }
}

#[test]
fn a_typed_server_is_asked_and_those_of_the_start_file_are_not() {
    let (home, typed) = (Server::plain().start(), Server::plain().start());
    let (h, t) = (format!("@127.0.0.1#{}", home.port()), format!("@127.0.0.1#{}", typed.port()));
    let text = format!("+notls +tcp {h} {h}");
    for (line, at_home, at_typed) in [
        ("x.test", 1, 0),
        ("T x.test", 0, 1),
        ("x.test T", 0, 1),
        ("T T x.test", 0, 1),
        ("x.test T y.test", 1, 1),
        ("T x.test y.test", 0, 2),
        ("T x.test H y.test", 1, 1),
    ] {
        let before = (home.connections(), typed.connections());
        let seen = behind(&text, &line.replace('T', &t).replace('H', &h));
        assert_eq!(seen.status, 0, "{line}: {seen:#?}");
        let after = (home.connections() - before.0, typed.connections() - before.1);
        assert_eq!(after, (at_home, at_typed), "{line}");
    }
}

#[test]
fn a_typed_trust_anchor_or_pin_replaces_those_of_the_start_file() {
    const WRONG_PIN: &str = "+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let (root, other) = (crate::run::root(), crate::run::unrelated_root());
    let pin = format!("+tls-pin={}", server.pin(0));
    let (root, other) = (format!("+tls-ca={root}"), format!("+tls-ca={other}"));
    for (text, line, status) in [
        (&*root, "", 0),
        // the anchor of the start file vouches for nobody any longer
        (&root, &*other, 6),
        (&root, "+tls-mozilla", 6),
        (&other, &root, 0),
        (&root, &format!("{other} {root}"), 0),
        (&root, "+notls-mozilla", 0),
        (&pin, WRONG_PIN, 7),
        (WRONG_PIN, &pin, 0),
        (&pin, &format!("{WRONG_PIN} {pin}"), 0),
        // what is of another kind is asked for beside it
        (WRONG_PIN, &root, 7),
        (&pin, &root, 0),
        (&other, &pin, 6),
    ] {
        let mut at = format!("@127.0.0.1#{}", server.port());
        if format!("{text}{line}").contains("+tls-ca") {
            at += " +tls-host=dot.test";
        }
        for typed in [format!("{at} {line} x.test"), format!("{at} x.test {line}")] {
            let seen = behind(text, &typed);
            assert_eq!(seen.status, status, "{text}: {typed}: {seen:#?}");
        }
    }
}

#[test]
fn a_demand_and_cleartext_are_refused_together_wherever_each_is_said() {
    const DEMANDS: [(&str, &str); 5] = [
        ("+tls-ca", "+tls-ca"),
        ("+tls-host=dot.test", "+tls-hostname"),
        ("+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "+tls-pin"),
        ("+tls-expiry=30d", "+tls-expiry"),
        ("+tls-sni=dot.test", "+tls-sni"),
    ];
    let server = Server::plain().start().expect_unused();
    let at = format!("127.0.0.1:{}", server.port());
    let refused = |seen: Seen, named: &str, line: &str| {
        assert_eq!((seen.status, &*seen.out), (1, ""), "{line}: {seen:#?}");
        let words = format!("+notls contradicts {named}, which only TLS can satisfy\n");
        assert!(seen.err.contains(&words), "{line}: {seen:#?}");
    };
    for (demand, named) in DEMANDS {
        let line = format!("@{at} x.test +notls");
        refused(behind(demand, &line), named, demand);
        let path = crate::run::file("cleartext.txt", "x.test +notls\n");
        let line = format!("@{at} {demand} -f {path}");
        let seen = tdig(&line);
        assert_eq!(seen.status, 1, "{line}: {seen:#?}");
        assert!(seen.err.contains(&format!("+notls contradicts {named}")), "{line}: {seen:#?}");
    }
    for (demand, named) in [
        (format!("@{at}#dot.test"), "@127.0.0.1#dot.test"),
        (format!("@tls://{at}"), "@tls://127.0.0.1"),
    ] {
        refused(behind("+notls", &format!("{demand} x.test")), named, &demand);
        refused(behind("+notls +tcp", &format!("x.test {demand}")), named, &demand);
        refused(behind(&demand, "x.test +notls"), named, &demand);
        refused(behind(&demand, "+notls x.test"), named, &demand);
        let path = crate::run::file("cleartext-2.txt", &format!("x.test {demand}\n"));
        let seen = tdig(&format!("+notls -f {path}"));
        assert_eq!(seen.status, 1, "{demand}: {seen:#?}");
        assert!(seen.err.contains(&format!("+notls contradicts {named}")), "{seen:#?}");
    }
}

#[test]
fn what_is_asked_for_is_shown_and_nothing_else() {
    for (line, expected) in [
        ("+noall +answer +multiline", &["example.com."][..]),
        ("+multiline +noall +answer", &["example.com."]),
        ("+noall +answer +nocomments +multiline", &["example.com."]),
        ("+noall +question +multiline", &[";;example.com."]),
        ("+noall +multiline +stats", &[";; Received", ";; Time", ";; Phases", ";; From"]),
        ("+noall +stats +multiline", &[";; Received", ";; Time", ";; Phases", ";; From"]),
        ("+noall +multiline", &[]),
        ("+short +noall +answer +multiline", &["192.0.2."]),
        ("+short", &["192.0.2."]),
        ("+stats +short", &["192.0.2."]),
        ("+short +nostats", &["192.0.2."]),
        ("+short +stats", &["192.0.2.", ";; Received", ";; Time", ";; Phases", ";; From"]),
        ("+short +noall +stats", &["192.0.2.", ";; Received", ";; Time", ";; Phases", ";; From"]),
        ("+short +stats +multiline +noall", &["192.0.2."]),
    ] {
        for line in [format!("{line} example.com"), format!("example.com {line}")] {
            let seen = ask(&line);
            assert_eq!((seen.status, &*seen.err), (0, ""), "{line}");
            let shown: Vec<&str> = seen.out.lines().filter(|it| !it.is_empty()).collect();
            for line_shown in &shown {
                let is_expected = expected.iter().any(|it| line_shown.starts_with(it));
                assert!(is_expected, "{line}: {line_shown}");
            }
            for start in expected {
                assert!(shown.iter().any(|it| it.starts_with(start)), "{line}: {start}: {shown:?}");
            }
        }
    }
}

#[test]
fn data_for_programs_come_without_remarks_on_padding() {
    const WORDS: &str = "the query was padded and the reply is not";
    let server = Server::start(Credential::Good, Behaviour::NoPadding);
    for format in FORMATS {
        for line in ["F example.com", "example.com F", "F -d example.com"] {
            let words = line.replace('F', format);
            let seen = tdig(&format!("@127.0.0.1#{} {words}", server.port()));
            assert_eq!(seen.status, 0, "{words}: {seen:#?}");
            assert_eq!(seen.err.contains(WORDS), format.is_empty(), "{words}: {seen:#?}");
        }
    }
}

#[test]
fn a_server_that_does_not_know_edns_is_told_of_with_what_to_type() {
    const SAID: &str = ";; HINT: +noedns\n";
    let server = |rcode: u8, opt: bool| {
        crate::time::plain_tcp(move |mut socket, id| {
            let mut message = vec![0, 0, 0x81, 0x80 | rcode, 0, 0, 0, 0, 0, 0, 0, opt.into()];
            message[..2].copy_from_slice(&id);
            if opt {
                message.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
            }
            let length = (message.len() as u16).to_be_bytes();
            socket.write_all(&[&length[..], &message].concat())
        })
    };
    for (rcode, name) in [(1, "FORMERR"), (4, "NOTIMPL")] {
        for format in FORMATS {
            let port = server(rcode, false);
            let seen = tdig(&format!("@127.0.0.1#{port} +notls +tcp {format} q.test"));
            let warning = format!(";; WARNING: the server may not know EDNS: {name} without it\n");
            assert!(seen.err.contains(&format!("{warning}{SAID}")), "{format}: {seen:#?}");
        }
    }
    for (rcode, opt, options) in [
        (1, true, ""),
        (1, false, "+noedns"),
        (0, false, ""),
        (2, false, ""),
        (3, false, ""),
        (5, false, ""),
    ] {
        let port = server(rcode, opt);
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +tcp {options} q.test"));
        assert!(!seen.err.contains("EDNS"), "{rcode} {opt} {options}: {seen:#?}");
    }
}

#[test]
fn a_typed_token_reaches_json_escaped() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    for token in ["\u{202e}dot", "\u{9b}31m", "\u{1b}[31m", "a\u{2066}b"] {
        let line =
            format!("@127.0.0.1#{} +json +tls-alpn={token} +tls-alpn=dot x.test", server.port());
        let seen = tdig(&line);
        let [object] = &json::objects(&seen)[..] else { panic!("{seen:#?}") };
        let offered = object["tls"]["alpnOffered"][0].as_str().unwrap();
        assert_eq!(offered, tdig::text::free(token), "{seen:#?}");
        assert!(!seen.out.contains(token) && !seen.err.contains(token), "{seen:#?}");
    }
}
