//! Checks by exit status. One rule: the lookup is shown whatever became of the conditions.

use crate::dot::{Behaviour, Credential, Server};
use crate::json;
use crate::run::{Seen, tdig};

fn ask(behaviour: Behaviour, options: &str) -> Seen {
    let server = Server::start(Credential::Good, behaviour);
    tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()))
}

#[test]
fn a_condition_that_does_not_hold_is_status_2_and_one_line() {
    for (behaviour, options, line) in [
        (Behaviour::Rcode(3), "+fail=rcode", "rcode, the status is NXDOMAIN"),
        (Behaviour::Rcode(2), "+fail=servfail", "the status is SERVFAIL"),
        (Behaviour::Rcode(2), "+fail=empty,rcode +nofail +fail=refused,SERVFAIL", "the status is"),
        (Behaviour::ExtendedRcode(23), "+fail=badcookie", "the status is BADCOOKIE"),
        (Behaviour::Rcode(5), "+fail=empty", "empty, the answer section has no record"),
        (Behaviour::Rcode(3), "+fail=nodata", "nodata, the answer has no A record of example.com."),
        (
            Behaviour::Answer,
            "-t LOC +fail=nodata",
            "nodata, the answer has no LOC record of example.com.",
        ),
        (
            Behaviour::Answer,
            "CH +fail=nodata",
            "nodata, the answer has no A record of example.com.",
        ),
        (Behaviour::NoPadding, "+fail=unpadded", "unpadded, the reply is not padded"),
        (Behaviour::Answer, "+fail=insecure", "insecure, AD is not set in the reply"),
        (Behaviour::Answer, "+tls-version=1.2 +fail=tls12", "tls12, the session is of TLS 1.2"),
        (Behaviour::Answer, "+tls-expiry=61d", "tls-expiry, certificate #1 expires in 60days (2"),
        (Behaviour::Answer, "+tls-expiry=67%", "which is less than 67% of its 90days"),
    ] {
        let seen = ask(behaviour, options);
        assert_eq!(seen.status, 2, "{options}: {seen:#?}");
        let told = format!(";; ERROR: condition failed: {line}");
        let last = seen.err.lines().last().unwrap();
        assert!(last.starts_with(&told) || last.ends_with(line), "{options}: {last}");
        assert!(seen.out.contains("->>HEADER<<-"), "{seen:#?}");
        let [object] = &json::objects(&ask(behaviour, &format!("{options} +json")))[..] else {
            panic!("one object: {options}");
        };
        let error = &object["error"];
        assert_eq!((&error["kind"], &error["exitCode"]), (&"condition".into(), &2.into()));
        assert!(error["message"].as_str().unwrap().contains(line), "{error}");
    }
}

#[test]
fn conditions_that_hold_change_nothing() {
    for (behaviour, options) in [
        (Behaviour::Answer, "+fail=rcode,empty,nodata,unpadded,tls12,nxdomain"),
        (Behaviour::Answer, "+tls-expiry=59d"),
        (Behaviour::Answer, "+tls-expiry=66%"),
        (Behaviour::Rcode(3), "+fail=servfail"),
        (Behaviour::Rcode(3), "+fail=rcode +nofail"),
        (Behaviour::Answer, "+tls-expiry=61d +notls-expiry"),
    ] {
        let seen = ask(behaviour, options);
        assert_eq!((seen.status, &*seen.err), (0, ""), "{options}");
    }
}

#[test]
fn a_condition_that_is_none_is_a_usage_error_and_nobody_is_asked() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    for (option, words) in [
        (
            "+fail=slow",
            "invalid +fail=slow (one of rcode, empty, nodata, unpadded, insecure, tls12, or",
        ),
        ("+fail", "+fail"),
        ("+tls-expiry=soon", "invalid +tls-expiry=soon (a time as in 30d, or a share"),
    ] {
        let seen = tdig(&format!("@127.0.0.1#{} {option} example.com", server.port()));
        assert_eq!(seen.status, 1, "{option}");
        assert!(seen.err.contains(words), "{seen:#?}");
    }
}

#[test]
fn what_is_worse_than_a_condition_stays_the_status() {
    assert_eq!(ask(Behaviour::WrongId, "+fail=insecure +timeout=700ms").status, 11);
    assert_eq!(ask(Behaviour::CloseAfterQuery, "+fail=rcode").status, 9);
    assert_eq!(
        ask(
            Behaviour::Answer,
            "+tls-expiry=61d +tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        )
        .status,
        7
    );
}

#[test]
fn cleartext_is_no_tls_13() {
    const WORDS: &str = ";; ERROR: condition failed: tls12, cleartext is no TLS 1.3\n";
    let plain = Server::plain().start();
    let tls = Server::start(Credential::Good, Behaviour::FatalAlert(40)).expect_no_query();
    let (at, port) = (format!("@127.0.0.1#{}", tls.port()), plain.port());
    for line in [
        format!("@127.0.0.1#{port} +notls +tcp"),
        format!("@127.0.0.1#{port} +notls"),
        format!("{at} +fallback={port}"),
        format!("{at} +fallback={port} +tls-version=1.3"),
    ] {
        let seen = tdig(&format!("{line} +fail=tls12 example.com"));
        assert_eq!(seen.status, 2, "{line}: {seen:#?}");
        assert!(seen.err.ends_with(WORDS), "{line}: {seen:#?}");
    }
}

#[test]
fn a_transfer_is_judged_by_what_can_be_judged_of_it() {
    for (options, line) in [
        ("+fail=tls12", "tls12, cleartext is no TLS 1.3"),
        ("+fail=unpadded", "unpadded, a message of the transfer is not padded"),
        ("+fail=noerror", "the status is NOERROR"),
        ("+fail=rcode,empty,nxdomain", ""),
    ] {
        for query in ["example.com AXFR", "-t IXFR=1 example.com"] {
            let ask = |options: &str| {
                let port = crate::zone::whole();
                tdig(&format!("@127.0.0.1#{port} +notls +timeout=2 {options} {query}"))
            };
            let seen = ask(options);
            assert_eq!(seen.status, if line.is_empty() { 0 } else { 2 }, "{options}: {seen:#?}");
            let told = format!(";; ERROR: condition failed: {line}\n");
            assert!(line.is_empty() || seen.err.ends_with(&told), "{options}: {seen:#?}");
            let seen = ask(&format!("{options} +json"));
            let objects = json::objects(&seen);
            let error = objects.last().map(|it| it["error"].clone()).unwrap_or_default();
            assert_eq!(error["message"].as_str().unwrap_or_default(), line, "{options}: {seen:#?}");
        }
        let path = crate::run::file("conditions.txt", "example.com AXFR\n");
        let port = crate::zone::whole();
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=2 {options} -f {path}"));
        assert_eq!(seen.status, if line.is_empty() { 0 } else { 2 }, "{options}: {seen:#?}");
        assert_eq!(seen.out.contains("condition 1"), !line.is_empty(), "{options}: {seen:#?}");
    }
}

#[test]
fn what_cannot_be_judged_of_a_transfer_is_a_usage_error() {
    for word in ["nodata", "insecure", "rcode,nodata", "INSECURE"] {
        let server = Server::plain().start().expect_unused();
        let at = format!("@127.0.0.1#{} +notls", server.port());
        let path = crate::run::file("judged.txt", "example.com AXFR\n");
        for line in ["example.com AXFR", "IXFR=1 example.com", &format!("-f {path}")] {
            for line in [format!("+fail={word} {at} {line}"), format!("{at} {line} +fail={word}")] {
                let seen = tdig(&line);
                let named = word.rsplit(',').next().unwrap().to_lowercase();
                let words =
                    format!("+fail={named} is for queries, a zone transfer cannot be judged");
                assert!(seen.status == 1 && seen.err.contains(&words), "{line}: {seen:#?}");
            }
        }
    }
}
