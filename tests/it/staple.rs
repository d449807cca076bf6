//! Stapled OCSP responses: when one is needed, and what each kind of useless one is called. One
//! rule: a staple whose signature does not verify says nothing, for or against.

use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::UnixTime;
use tdig::tls::policy::{Policy, Root};
use tdig::tls::roots::Anchors;
use tdig::tls::roots::Trust;
use tdig::tls::{certificate, diagnosis};
use tdig::verdict::Question;

use crate::dot::{Behaviour, Credential, Pki, Server, Staple};
use crate::run::{Seen, root, tdig};

fn stapled(staple: Staple) -> Server {
    stapled_to(Credential::Good, staple)
}

fn stapled_to(credential: Credential, staple: Staple) -> Server {
    let leaf = Pki::shared().identity(credential).chain[0].clone();
    Server::with(credential).staple(&staple.of(Pki::shared(), &leaf)).start()
}

fn ask(server: &Server, options: &str) -> Seen {
    let (port, root) = (server.port(), root());
    tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test {options} example.com"))
}

#[test]
fn a_staple_that_is_asked_for_must_be_good_fresh_and_of_this_certificate() {
    for (staple, kdig, reason) in [
        (Staple::Good, "", ""),
        (Staple::Revoked, "OCSP data shows that cert was revoked", "#1 was revoked on "),
        (
            Staple::Unknown,
            "OCSP response either empty or not for provided server cert",
            "the OCSP responder does not know #1",
        ),
        (
            Staple::Stale,
            "a newer OCSP response is available but was not sent",
            "the stapled OCSP response ended on ",
        ),
        (Staple::Endless, "", "the stapled OCSP response is 9years 11months old, more than 7days"),
        (Staple::OtherCertificate, "unable to verify", "proves nothing: it is about another"),
        (Staple::Forged, "unable to verify", "it was not signed by the issuer, nor by a responder"),
        (Staple::TryLater, "unable to verify", "the responder gave no status, it says tryLater"),
        (Staple::Garbage, "unable to verify", "proves nothing: it cannot be read ("),
        (Staple::Delegated, "", ""),
        (Staple::Usurped, "unable to verify", "nor by a responder that the issuer appointed"),
    ] {
        let good = matches!(staple, Staple::Good | Staple::Delegated);
        let mut server = stapled(staple);
        if !good {
            server = server.expect_no_query();
        }
        let seen = ask(&server, "+tls-ocsp-stapling");
        assert_eq!(seen.status, if good { 0 } else { 6 }, "{staple:?} {seen:#?}");
        assert!(seen.err.contains(kdig) && seen.err.contains(reason), "{staple:?}\n{}", seen.err);
        let odd = |it: char| it.is_control() && it != '\n' && it != '\t';
        assert!(!seen.out.contains(odd) && !seen.err.contains(odd), "{seen:#?}");
    }
}

#[test]
fn none_at_all_is_refused_by_who_asks_for_one_alone() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    assert_eq!(ask(&server, "").status, 0);
    let seen = ask(&server, "+tls-ocsp-stapling");
    assert_eq!(seen.status, 6);
    assert!(seen.err.starts_with(
        ";; WARNING: TLS, unable to retrieve stapled OCSP data\n\
         ;; WARNING: TLS, failed to validate required OCSP data\n\
         ;; WARNING: TLS, handshake failed (certificate refused: staple: the server stapled no OCSP \
         response)\n"
    ));
}

#[test]
fn a_staple_may_be_as_old_as_was_said_and_no_older() {
    let server = stapled(Staple::Good);
    assert_eq!(ask(&server, "+tls-ocsp-stapling=25").status, 0);
    let seen = ask(&server, "+tls-ocsp-stapling=23");
    assert_eq!(seen.status, 6);
    assert!(seen.err.contains("staple: the stapled OCSP response is 1day old, more than 23h"));
    for option in ["=0", "=x", "=99999999"] {
        let seen = ask(&server, &format!("+tls-ocsp-stapling{option}"));
        assert_eq!(seen.status, 1, "{option}");
        assert!(seen.err.contains(&format!("invalid +tls-ocsp-stapling{option}")), "{seen:#?}");
    }
}

#[test]
fn a_revoked_certificate_is_refused_without_being_asked_and_only_by_a_staple_that_verifies() {
    for staple in Staple::ALL {
        let server = stapled(*staple);
        let (strict, nothing) =
            (ask(&server, "-d"), tdig(&format!("@127.0.0.1#{} example.com", server.port())));
        assert_eq!(nothing.status, 0, "nothing was asked: {staple:?}");
        match staple {
            Staple::Revoked => {
                assert_eq!(strict.status, 6, "{strict:#?}");
                let kdig = "The certificate is NOT trusted. The certificate chain is revoked.";
                assert!(strict.out.contains(kdig), "{strict:#?}");
                assert!(nothing.out.contains("Staple: revoked on "), "{nothing:#?}");
            }
            _ => assert_eq!(strict.status, 0, "{staple:?}: {strict:#?}"),
        }
    }
}

#[test]
fn a_certificate_that_must_be_stapled_is_so_by_no_response_that_holds_for_ever() {
    for (staple, status) in [(Staple::Good, 0), (Staple::Stale, 6), (Staple::Endless, 6)] {
        let seen = ask(&stapled_to(Credential::MustStaple, staple), "");
        assert_eq!(seen.status, status, "{staple:?}: {seen:#?}");
    }
    let seen = ask(&stapled_to(Credential::Good, Staple::Endless), "");
    assert_eq!(seen.status, 0, "nobody asked for a staple: {seen:#?}");
}

#[test]
fn a_pin_alone_asks_nothing_of_a_staple() {
    let server = stapled(Staple::Revoked);
    let pin = server.pin(0);
    let seen = tdig(&format!("@127.0.0.1#{} +tls-pin={pin} example.com", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.out.contains(";;     Staple: revoked on "), "{seen:#?}");
}

#[test]
fn the_signer_is_named() {
    let seen = ask(&stapled(Staple::Delegated), "");
    let line = ";;     Staple: good, 1day old, next in 6days, signed by CN=Lab Responder\n";
    assert!(seen.out.contains(line), "{seen:#?}");
}

/// One bit altered anywhere: nothing panics, and nothing that is not what was signed is good.
#[test]
fn a_staple_that_was_altered_is_good_for_nothing() {
    let pki = Pki::shared();
    let chain = &pki.identity(Credential::Good).chain;
    let facts: Vec<_> = chain.iter().map(|der| certificate::read(der)).collect();
    let root = pki.root();
    let policy = Policy {
        roots: vec![Root::System],
        name: None,
        pins: Vec::new(),
        pin_files: Vec::new(),
        staple: Some(Duration::from_secs(604_800)),
    };
    let trust = Trust { policy, anchors: Anchors::of(Root::System, vec![root]) };
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let holds = |staple: &[u8]| {
        let now = UnixTime::now();
        let verdict = diagnosis::judge(chain, &facts, staple, &trust, now, &algorithms);
        verdict.answer(Question::Staple).unwrap().holds
    };
    for staple in [Staple::Good, Staple::Delegated] {
        let good = staple.of(pki, &chain[0]);
        assert_eq!(holds(&good), Some(true));
        for position in 0..good.len() {
            for bit in [0, 3, 7] {
                let mut altered = good.clone();
                altered[position] ^= 1 << bit;
                assert_eq!(holds(&altered), Some(false), "{staple:?}: bit {bit} of {position}");
            }
            assert_eq!(holds(&good[..position]), Some(false), "{staple:?}: cut at {position}");
        }
    }
}
