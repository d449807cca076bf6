//! How long what the trust rests on lasts: trust anchors that are over or to come, and
//! `+tls-expiry`. One rule: a date counts where the trust rests on it, and one that cannot be read
//! fails.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::dot::{Behaviour, Credential, Identity, Server, pem, validity};
use crate::json;
use crate::run::{Seen, file, root, tdig};

/// A root, its days from now, and what it signed for dot.test: the chain ends with the root.
fn chain(root: (i64, i64), key: &KeyPair) -> Identity {
    let root_key = || KeyPair::try_from(key.serialize_der()).unwrap();
    let params = named("Root", root);
    let certificate = params.self_signed(&root_key()).unwrap().der().clone();
    let issuer = Issuer::new(params, root_key());
    let mut params = named("Leaf", (-30, 60));
    params.is_ca = IsCa::ExplicitNoCa;
    params.subject_alt_names = vec![SanType::DnsName("dot.test".try_into().unwrap())];
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap().der().clone();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    Identity { chain: vec![leaf, certificate], key }
}

fn named(name: &str, (from, until): (i64, i64)) -> CertificateParams {
    let mut params = validity(from, until);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn ask(identity: Identity, options: &str) -> Seen {
    let server = Server::presenting(identity).start();
    tdig(&format!("@127.0.0.1#{} {options} e.test", server.port()))
}

const EXPIRED: &str = "; the trust anchor expired 2days 23h ago; OpenSSL and GnuTLS refuse it";
const TO_COME: &str = "; the trust anchor is not valid until ";

#[test]
fn an_anchor_that_is_over_or_to_come_is_accepted_with_a_word_and_counts() {
    let key = KeyPair::generate().unwrap();
    for (days, clause, flaw, expiry, status, condition) in [
        ((-400, -3), EXPIRED, Some("expired"), "0s", 2, "expired 2days 23h ago ("),
        ((-400, -3), EXPIRED, Some("expired"), "0%", 2, "expired 2days 23h ago ("),
        ((3, 400), TO_COME, Some("not-yet-valid"), "1d", 2, "is not valid before "),
        ((3, 400), TO_COME, Some("not-yet-valid"), "0%", 2, "is not valid before "),
        ((-400, 3), "", None, "30d", 2, "expires in 3days ("),
        ((-400, 3), "", None, "1%", 2, "which is less than 1% of its 403days"),
        ((-400, 3), "", None, "2d", 0, ""),
        ((-400, 400), "", None, "30d", 0, ""),
    ] {
        for is_sent in [true, false] {
            let mut identity = chain(days, &key);
            let path = file("dated.pem", &pem(&identity.chain[1]));
            if !is_sent {
                identity.chain.truncate(1);
            }
            let again = Identity { chain: identity.chain.clone(), key: identity.key.clone_key() };
            let options = format!("+tls-ca={path} +tls-host=dot.test");
            let seen = ask(again, &options);
            assert_eq!((seen.status, &*seen.err), (0, ""), "{days:?}: {seen:#?}");
            let verdict = seen.out.lines().find(|it| it.starts_with(";; Verdict: ")).unwrap();
            let trusted = "(chain, dates, name, purpose; no pin asked)";
            let (_, words) = verdict.split_once(trusted).unwrap();
            assert_eq!(words.is_empty(), clause.is_empty(), "{verdict}");
            assert!(words.starts_with(clause), "{verdict}");
            assert_eq!(words.contains("OpenSSL and GnuTLS refuse it"), !clause.is_empty());
            // its dates are in its line, whether it was sent or not
            assert_eq!(seen.out.matches(";;     Valid: ").count(), 2, "{seen:#?}");

            let seen = ask(identity, &format!("{options} +tls-expiry={expiry} +json"));
            assert_eq!(seen.status, status, "{days:?}, {expiry}: {seen:#?}");
            let object = &json::objects(&seen)[0];
            assert_eq!(object["tls"]["anchor"]["flaw"].as_str(), flaw, "{object:#}");
            assert!(object["tls"]["anchor"]["notAfter"].is_string(), "{object:#}");
            assert_eq!(
                object["tls"]["notes"].as_array().unwrap().len(),
                usize::from(flaw.is_some())
            );
            if status == 2 {
                let message = object["error"]["message"].as_str().unwrap();
                let whose = "tls-expiry, the trust anchor CN=Root ";
                assert!(message.contains(whose) && message.contains(condition), "{message}");
            }
        }
    }
}

#[test]
fn of_two_anchors_of_one_key_the_one_within_its_dates_counts() {
    let key = KeyPair::generate().unwrap();
    let (old, new) = (chain((-400, -3), &key), chain((-3, 400), &key));
    let (old, new) = (pem(&old.chain[1]), pem(&new.chain[1]));
    for text in [old.clone() + &new, new + &old] {
        let path = file("renewed.pem", &text);
        let seen = ask(
            chain((-400, -3), &key),
            &format!("+tls-ca={path} +tls-host=dot.test +tls-expiry=30d"),
        );
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert!(!seen.out.contains("refuse it"), "{seen:#?}");
    }
}

#[test]
fn what_is_not_needed_does_not_count() {
    // the last of this chain is a root that another CA signed, and is over
    let server = Server::start(Credential::CrossSigned, Behaviour::Answer);
    let at = format!("@127.0.0.1#{} +tls-ca={} e.test", server.port(), root());
    let seen = tdig(&format!("{at} +tls-expiry=30d"));
    assert_eq!((seen.status, &*seen.err), (0, ""), "{seen:#?}");
    assert_eq!(seen.out.matches("Not needed: a trust anchor signed #2").count(), 1, "{seen:#?}");
    let chain = &json::objects(&tdig(&format!("{at} +json")))[0]["tls"]["chain"];
    let needed: Vec<_> = (0..3).map(|it| chain[it]["needed"].as_bool().unwrap()).collect();
    assert_eq!(needed, [true, true, false]);
    // where no anchor was found, all of it counts
    let seen = tdig(&format!("@127.0.0.1#{} e.test +tls-expiry=30d", server.port()));
    assert!(seen.status == 2 && seen.err.contains("certificate #3 expired"), "{seen:#?}");
}

/// The same certificate with a date in it that cannot be read.
fn without_date(der: &CertificateDer<'_>, date: usize) -> CertificateDer<'static> {
    let mut octets = der.to_vec();
    // UTCTime, of 13 octets
    let places = octets.windows(2).enumerate().filter(|(_, it)| *it == b"\x17\x0d");
    let place = places.map(|(place, _)| place).nth(date).expect("notBefore and notAfter");
    octets[place + 4] = b'z';
    octets.into()
}

#[test]
fn dates_that_cannot_be_read_fail() {
    let good = crate::dot::Pki::shared().identity(Credential::Good);
    for date in [0, 1] {
        for (position, number) in [(0, "#1"), (1, "#2")] {
            let mut chain = good.chain.clone();
            chain[position] = without_date(&chain[position], date);
            let server = Server::presenting(Identity { chain, key: good.key.clone_key() }).start();
            for pin in [String::new(), format!("+tls-pin={}", good.pin(0))] {
                let at = format!("@127.0.0.1#{} {pin} e.test", server.port());
                assert_eq!(tdig(&at).status, 0);
                for expiry in ["1d", "0s", "0%", "33%"] {
                    let seen = tdig(&format!("{at} +tls-expiry={expiry}"));
                    assert_eq!(seen.status, 2, "{number} {pin} {expiry}: {seen:#?}");
                    let why =
                        format!("tls-expiry, the dates of certificate {number} cannot be read");
                    assert!(seen.err.contains(&why), "{seen:#?}");
                }
            }
        }
    }
}

#[test]
fn a_certificate_that_is_to_come_fails_as_one_that_is_over() {
    for (credential, why) in [
        (Credential::NotYetValid, "tls-expiry, certificate #1 is not valid before "),
        (Credential::Expired, "tls-expiry, certificate #1 expired "),
    ] {
        let server = Server::start(credential, Behaviour::Answer);
        let (port, pin) = (server.port(), server.pin(0));
        let seen = tdig(&format!("@127.0.0.1#{port} +tls-pin={pin} +tls-expiry=1% e.test"));
        assert!(seen.status == 2 && seen.err.contains(why), "{seen:#?}");
    }
}

#[test]
fn a_renewed_certificate_is_judged_by_itself_and_not_by_the_one_before_it() {
    let key = KeyPair::generate().unwrap();
    let with = |span, is_ca: bool| {
        let mut params = named("home", span);
        params.subject_alt_names = vec![SanType::DnsName("dot.test".try_into().unwrap())];
        if !is_ca {
            params.is_ca = IsCa::ExplicitNoCa;
        }
        params.self_signed(&key).unwrap().der().clone()
    };
    for is_ca in [false, true] {
        let (old, new) = (with((-400, -3), is_ca), with((-3, 300), is_ca));
        // another of the key, which stands for the same name
        let served = with((-2, 200), is_ca);
        for (number, first) in [&new, &served].into_iter().enumerate() {
            for (order, anchors) in [[&old, &new], [&new, &old]].into_iter().enumerate() {
                let name = format!("renewed-{is_ca}-{number}-{order}.pem");
                let path = file(&name, &anchors.map(|it| pem(it)).concat());
                let own = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
                let identity = Identity { chain: vec![first.clone()], key: own };
                let options = format!("+tls-ca={path} +tls-host=dot.test +tls-expiry=1d");
                let seen = ask(identity, &options);
                assert_eq!(seen.status, 0, "{name}: {seen:#?}");
                assert!(!seen.out.contains("expired"), "{name}: {seen:#?}");
            }
        }
    }
}
