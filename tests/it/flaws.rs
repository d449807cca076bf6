//! Flaws that no resolver has by accident: chains made for one test each. One rule: each is told
//! apart from every other, with the number of the certificate that has it.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::dot::{Behaviour, Credential, Identity, Pki, Server, pem};
use crate::run::{Seen, file, root, tdig};

/// Changes what one of the certificates says: the server's is 0, its issuer 1, and so on.
type Change = fn(usize, &mut CertificateParams);

/// The server's certificate, two intermediates and a root, which is trusted and not sent.
fn ask(name: &str, change: Change) -> Seen {
    let mut issuer: Option<Issuer<'static, KeyPair>> = None;
    let mut chain = Vec::new();
    let mut key = Vec::new();
    for place in [3, 2, 1, 0] {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("Place {place}"));
        match place {
            0 => {
                params.subject_alt_names =
                    vec![rcgen::SanType::DnsName("dot.test".try_into().unwrap())];
                params.is_ca = IsCa::ExplicitNoCa;
            }
            _ => {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            }
        }
        change(place, &mut params);
        let pair = KeyPair::generate().unwrap();
        key = pair.serialize_der();
        let certificate = match &issuer {
            None => params.self_signed(&pair),
            Some(issuer) => params.signed_by(&pair, issuer),
        };
        chain.insert(0, certificate.unwrap().der().clone());
        issuer = Some(Issuer::new(params, pair));
    }
    let root = file(&format!("{name}-root.pem"), &pem(&chain.pop().unwrap()));
    let key = PrivatePkcs8KeyDer::from(key).into();
    let server = Server::presenting(Identity { chain, key }).start();
    let port = server.port();
    tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test example.com"))
}

#[test]
fn a_chain_without_a_flaw_is_trusted() {
    let seen = ask("plain", |_, _| {});
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(!seen.out.contains("Note:"), "{seen:#?}");
}

#[test]
fn each_flaw_is_told_with_the_number_of_its_certificate() {
    let table: [(&str, Change, &str); 7] = [
        (
            "no-ca",
            |place, params| {
                if place == 1 {
                    params.is_ca = IsCa::ExplicitNoCa;
                }
            },
            "chain: #2 signed #1, but says that it is no CA's certificate)",
        ),
        (
            "silent-ca",
            |place, params| {
                if place == 1 {
                    params.is_ca = IsCa::NoCa;
                }
            },
            "chain: #2 signed #1, but does not say that it is a CA's certificate (basic \
             constraints))",
        ),
        (
            "path-length",
            |place, params| {
                if place == 2 {
                    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
                }
            },
            "chain: #3 may have 0 CAs between itself and #1, and has 1)",
        ),
        (
            "critical",
            |place, params| {
                if place == 1 {
                    params.custom_extensions.push(unknown_critical());
                }
            },
            "chain: #2 has the critical extension 1.3.6.1.4.1.32473.1, which is not understood)",
        ),
        (
            "purpose-of-a-ca",
            |place, params| {
                if place == 2 {
                    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
                }
            },
            "purpose: #3 is for email protection only, not for servers)",
        ),
        (
            "old-ca",
            |place, params| {
                if place == 2 {
                    params.not_after = rcgen::date_time_ymd(2020, 1, 2);
                }
            },
            "dates: #3 expired on 2020-01-02, ",
        ),
        (
            "must-staple",
            |place, params| {
                if place == 0 {
                    params.custom_extensions.push(CustomExtension::from_oid_content(
                        &[1, 3, 6, 1, 5, 5, 7, 1, 24],
                        b"\x30\x03\x02\x01\x05".to_vec(),
                    ));
                }
            },
            "staple: the server stapled no OCSP response)",
        ),
    ];
    for (name, change, words) in table {
        let seen = ask(name, change);
        assert_eq!(seen.status, 6, "{name}: {seen:#?}");
        let told = format!("(certificate refused: {words}");
        assert!(seen.err.contains(&told), "{name}: {words}\n{}", seen.err);
    }
}

#[test]
fn an_issuer_that_may_not_sign_is_noted_although_it_is_believed() {
    let seen = ask("usage", |place, params| {
        if place == 1 {
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        }
    });
    assert_eq!(seen.status, 0, "{seen:#?}");
    let note = ";;     Note: it signed #1 without the usage to sign certificates\n";
    assert_eq!(seen.out.matches(note).count(), 1, "{seen:#?}");
}

#[test]
fn a_name_in_a_certificate_that_is_not_understood_is_not_another_name() {
    let seen = ask("critical-name", |place, params| {
        if place == 0 {
            params.custom_extensions.push(unknown_critical());
        }
    });
    assert_eq!(seen.status, 6);
    let why = "#1 has the critical extension 1.3.6.1.4.1.32473.1, which is not understood";
    assert!(
        seen.err.contains(&format!("name: cannot be judged: {why}; chain: {why})")),
        "{seen:#?}"
    );
    assert!(!seen.err.contains("HINT"), "{seen:#?}");
}

#[test]
fn a_trust_anchor_is_not_said_to_be_none() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["dot.test".to_owned()]).unwrap();
    params.custom_extensions.push(unknown_critical());
    let odd = params.self_signed(&key).unwrap();
    let root = file("odd-root.pem", &pem(odd.der()));
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let server = Server::presenting(Identity { chain: vec![odd.der().clone()], key }).start();
    let port = server.port();
    let seen = tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test example.com"));
    assert_eq!(seen.status, 6);
    assert!(seen.err.contains("chain: #1 has the critical extension 1.3.6"), "{seen:#?}");
    assert!(!seen.err.contains("is no trust anchor"), "{seen:#?}");
}

#[test]
fn strangers_sent_along_lend_a_chain_neither_their_faults_nor_their_dates() {
    let stranger = |year: i32, extension: Option<CustomExtension>| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Stranger");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(year, 1, 1);
        params.not_after = rcgen::date_time_ymd(year + 1, 1, 1);
        params.custom_extensions.extend(extension);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    };
    for (credential, chain) in [
        (Credential::Expired, "yes, to C=CZ,O=Lab Root,CN=Lab Root CA"),
        (Credential::IntermediateMissing, "no, the certificate of the issuer of #1, "),
        (Credential::NeverTogether, "no, its certificates were never valid at the same time"),
    ] {
        let identity = Pki::shared().identity(credential);
        let mut sent = identity.chain.clone();
        sent.extend([stranger(2001, None), stranger(2040, Some(unknown_critical()))]);
        let key = identity.key.clone_key();
        let server = Server::presenting(Identity { chain: sent, key }).start().expect_no_query();
        let (port, root) = (server.port(), root());
        let seen = tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test e.test"));
        assert!(seen.out.contains(&format!(";;     chain:   {chain}")), "{credential:?} {seen:#?}");
    }
}

#[test]
fn a_chain_out_of_order_is_believed_and_said_to_be_out_of_order() {
    let note = ";;     Note: sent out of order: before #3, which it signed (RFC 8446 section 4.4.2 \
                permits it)\n";
    let strict = format!("+tls-ca={} +tls-host=dot.test", root());
    for (credential, policy, is_noted, is_told) in [
        (Credential::OutOfOrder, &*strict, true, true),
        (Credential::OutOfOrder, "", true, false),
        (Credential::Good, &strict, false, false),
        (Credential::Good, "", false, false),
    ] {
        let server = Server::start(credential, Behaviour::Answer);
        let seen = tdig(&format!("@127.0.0.1#{} {policy} e.test", server.port()));
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert_eq!(seen.out.contains(note), is_noted, "{seen:#?}");
        let told = seen.out.contains("; the chain was sent out of order)\n");
        assert_eq!(told, is_told, "{seen:#?}");
    }
}

/// An extension under the private enterprise number for examples (RFC 5612).
fn unknown_critical() -> CustomExtension {
    let null = b"\x05\x00".to_vec();
    let mut odd = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 32473, 1], null);
    odd.set_criticality(true);
    odd
}
