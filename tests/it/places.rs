//! Where on the line an option stands, and which format it meets there. One rule: an option means
//! the same before and behind the name that it is for.

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
