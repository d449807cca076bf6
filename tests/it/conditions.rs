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
        (Behaviour::NoPadding, "+fail=unpadded", "unpadded, the reply is not padded"),
        (Behaviour::Answer, "+fail=insecure", "insecure, the reply has not the flag AD"),
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
        (Behaviour::Answer, "+fail=rcode,empty,unpadded,tls12,nxdomain"),
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
        ("+fail=slow", "invalid +fail=slow (one of rcode, empty, unpadded, insecure, tls12, or"),
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
