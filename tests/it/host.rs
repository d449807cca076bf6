//! The name of a certificate: what is said where it is another, and what is hinted. One rule: a hint
//! is typed here, and passes.

use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    CertificateParams, CustomExtension, DnType, IsCa, KeyPair, SanType, string::Ia5String,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::dot::{Identity, Server, pem};
use crate::run::{file, tdig};

/// Names of a certificate: one with `@` before it is an address, the others are DNS names.
fn serve(names: &[&str]) -> (Server, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Host");
    params.is_ca = IsCa::ExplicitNoCa;
    let name = |name: &&str| match name.strip_prefix('@') {
        Some(address) => SanType::IpAddress(address.parse().unwrap()),
        None => SanType::DnsName(Ia5String::try_from(*name).unwrap()),
    };
    match names.iter().all(|it| it.is_ascii()) {
        true => params.subject_alt_names = names.iter().map(name).collect(),
        // what rcgen does not write: a dNSName that is not ASCII
        false => {
            let length = names[0].len() as u8;
            let san = [&[0x30, length + 2, 0x82, length], names[0].as_bytes()].concat();
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], san)];
        }
    }
    let pair = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&pair).unwrap().der().clone();
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let root = file(&format!("host-{number}.pem"), &pem(&certificate));
    let key = PrivatePkcs8KeyDer::from(pair.serialize_der()).into();
    (Server::presenting(Identity { chain: vec![certificate], key }).start(), root)
}

#[test]
fn another_name_is_told_as_it_stands_and_only_one_that_passes_is_hinted() {
    const SECTION: &str = "(RFC 5280 section 4.2.1.6)";
    let as_name = |it: &str| {
        format!("name: the certificate has {it} as a DNS name, not as an address {SECTION}")
    };
    let dotted = |it: &str| {
        format!(
            "name: the certificate has {it} with a dot at its end, which does not count {SECTION}"
        )
    };
    let among = |it: &str, names: &str| format!("name: {it} is not among the names of #1: {names}");
    for (names, wanted, words, hint) in [
        (&["127.0.0.1"][..], "127.0.0.1", as_name("127.0.0.1"), None),
        (&["127.0.0.1", "dot.test"], "127.0.0.1", as_name("127.0.0.1"), Some("dot.test")),
        (&["127.0.0.1", "@127.0.0.2"], "127.0.0.1", as_name("127.0.0.1"), Some("127.0.0.2")),
        (&["::1"], "::1", as_name(r"\:\:1"), None),
        (&["[::1]"], "::1", as_name(r"\[\:\:1\]"), None),
        (&["0:0:0:0:0:0:0:1"], "::1", as_name(r"0\:0\:0\:0\:0\:0\:0\:1"), None),
        (&["@::1"], "127.0.0.1", among("127.0.0.1", "::1"), Some("::1")),
        (&["@127.0.0.1"], "::1", among("::1", "127.0.0.1"), Some("127.0.0.1")),
        (&["*.test"], "127.0.0.1", among("127.0.0.1", "*.test, none"), None),
        (&["dot.test."], "dot.test", dotted("dot.test."), None),
        (&["DOT.test."], "dot.test", dotted("DOT.test."), None),
        (&["*.test."], "dot.test", dotted("*.test."), None),
        (&["*.dot.test"], "dot.test", among("dot.test", "*.dot.test"), None),
        (
            &["*.dot.test", "b.test"],
            "dot.test",
            among("dot.test", "*.dot.test, b.test"),
            Some("b.test"),
        ),
        (&["*.test"], "a.dot.test", among("a.dot.test", "*.test"), None),
        (
            &["xn--bcher-kva.test"],
            "dot.test",
            among("dot.test", "xn--"),
            Some("xn--bcher-kva.test"),
        ),
        (
            &["b\u{fc}cher.test"],
            "xn--bcher-kva.test",
            format!(
                "name: the certificate has b\\195\\188cher.test in letters beyond ASCII, not as an \
                 A-label, which does not count {SECTION}"
            ),
            None,
        ),
        (&["dot.test, a"], "dot.test", among("dot.test", r"dot.test\,\032a"), None),
        (&["-", "other.test"], "dot.test", among("dot.test", "other.test, -"), Some("other.test")),
        (&["other.test."], "dot.test", among("dot.test", "other.test."), None),
        (&["a_b.test"], "dot.test", among("dot.test", "a_b.test"), Some("a_b.test")),
    ] {
        let what = format!("{names:?} {wanted}");
        let (server, root) = serve(names);
        let ask = |host: &str| {
            tdig(&format!("@127.0.0.1#{} +tls-ca={root} +tls-host={host} e.test", server.port()))
        };
        let seen = ask(wanted);
        assert_eq!(seen.status, 6, "{what}: {seen:#?}");
        assert!(seen.err.contains(&words), "{what}: {words} {}", seen.err);
        let told = seen.err.lines().find_map(|it| it.strip_prefix(";; HINT: +tls-host="));
        assert_eq!(told, hint, "{what}: {}", seen.err);
        assert_eq!(seen.err.contains("HINT"), hint.is_some(), "{what}: {}", seen.err);
        let passing = hint.map_or(0, |hint| ask(hint).status);
        assert_eq!(passing, 0, "{what}");
        if hint.is_none() {
            drop(server.expect_no_query());
        }
    }
}

#[test]
fn no_name_is_hinted_where_more_than_the_name_is_wrong() {
    let (server, root) = serve(&["other.test"]);
    let (stranger, _) = serve(&["other.test"]);
    let pin = server.pin(0);
    for (server, more, hinted) in [
        (&server, String::new(), true),
        (&server, format!("+tls-pin={pin}"), true),
        (&server, format!("+tls-pin={}", stranger.pin(0)), false),
        (&stranger, String::new(), false),
        (&stranger, format!("+tls-pin={}", stranger.pin(0)), false),
    ] {
        let port = server.port();
        let line = format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test {more} e.test");
        let seen = tdig(&line);
        assert_eq!(seen.status, 6, "{seen:#?}");
        assert_eq!(seen.err.contains("HINT: +tls-host=other.test"), hinted, "{more} {seen:#?}");
    }
}
