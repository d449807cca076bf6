//! Flaws that no resolver has by accident: chains made for one test each. One rule: each is told
//! apart from every other, with the number of the certificate that has it.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::dot::{Behaviour, Credential, Identity, Pki, Server, der, pem};
use crate::json;
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
    let table: [(&str, Change, &str); 9] = [
        (
            "encipherment",
            |place, params| {
                if place == 0 {
                    params.key_usages =
                        vec![KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
                }
            },
            "purpose: the key usage of #1 is key encipherment, data encipherment, not digital \
             signature)",
        ),
        (
            "purpose-before-usage",
            |place, params| {
                if place == 0 {
                    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
                    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
                }
            },
            "purpose: #1 is for client authentication only, not for servers)",
        ),
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
fn an_issuer_whose_key_usage_does_not_allow_it_to_sign_is_refused() {
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign};
    fn with(place: usize, params: &mut CertificateParams, usages: &[KeyUsagePurpose]) {
        if place == 1 {
            params.key_usages = usages.to_vec();
        }
    }
    let table: [(&str, Change, bool); 4] = [
        ("crl", |place, it| with(place, it, &[CrlSign]), false),
        ("digital", |place, it| with(place, it, &[CrlSign, DigitalSignature]), false),
        ("unlimited", |place, it| with(place, it, &[]), true),
        ("signs", |place, it| with(place, it, &[DigitalSignature, KeyCertSign]), true),
    ];
    for (name, change, is_trusted) in table {
        let seen = ask(name, change);
        assert_eq!(seen.status, if is_trusted { 0 } else { 6 }, "{name}: {seen:#?}");
        let words = "(certificate refused: chain: #2 signed #1, but has a key usage that does not \
                     allow it to sign certificates)";
        assert_eq!(seen.err.contains(words), !is_trusted, "{name}: {seen:#?}");
    }
}

#[test]
fn a_server_signs_so_its_key_usage_must_allow_digital_signature() {
    use KeyUsagePurpose::{
        ContentCommitment, DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment,
    };
    for (usages, status, words) in [
        (vec![], 0, ""),
        (vec![DigitalSignature], 0, ""),
        (vec![DigitalSignature, KeyEncipherment], 0, ""),
        (vec![KeyEncipherment], 6, "key encipherment"),
        (vec![KeyAgreement], 6, "key agreement"),
        (vec![KeyCertSign], 6, "key cert sign"),
        (vec![ContentCommitment], 6, "non repudiation"),
        (vec![KeyEncipherment, KeyAgreement], 6, "key encipherment, key agreement"),
    ] {
        let root = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let anchor = params.self_signed(&root).unwrap();
        let issuer = Issuer::new(params, root);
        let mut params = CertificateParams::new(["dot.test".to_owned()]).unwrap();
        params.key_usages = usages;
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let anchor = file("server-usage-root.pem", &pem(anchor.der()));
        let chain = vec![leaf.der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let server = Server::presenting(Identity { chain, key }).start();
        let at = format!("@127.0.0.1#{} e.test", server.port());
        for version in ["1.2", "1.3"] {
            let ca = format!("{at} +tls-version={version} +tls-ca={anchor} +tls-host=dot.test");
            let seen = tdig(&ca);
            assert_eq!(seen.status, status, "{words}: {seen:#?}");
            let line =
                format!(";;     Key usage: {words} (a TLS server needs digital signature)\n");
            assert_eq!(seen.out.contains(&line), status != 0, "{seen:#?}");
            let why = format!("purpose: the key usage of #1 is {words}, not digital signature");
            assert_eq!(seen.err.contains(&why), status != 0, "{seen:#?}");
            let answer = &json::objects(&tdig(&format!("{ca} +json")))[0]["tls"]["verdict"];
            let flaw = (status != 0).then_some("key-usage");
            assert_eq!(answer["purpose"]["flaw"].as_str(), flaw, "{answer:#}");
        }
        // neither a pin nor nobody asks for a purpose
        for pin in ["", &format!("+tls-pin={}", server.pin(0))] {
            assert_eq!(tdig(&format!("{at} {pin}")).status, 0, "{words}");
        }
    }
}

/// What an authority key identifier says (RFC 5280 section 4.2.1.1): the key, or issuer and serial
/// number.
fn authority(key: Option<&[u8]>, certificate: Option<(&str, u8)>) -> CustomExtension {
    let mut parts = Vec::new();
    parts.extend(key.map(|it| der::value(0x80, it)));
    if let Some((name, serial)) = certificate {
        let common_name =
            der::sequence(&[der::value(6, &[0x55, 4, 3]), der::value(12, name.as_bytes())]);
        let name = der::sequence(&[der::value(0x31, &common_name)]);
        parts.push(der::value(0xa1, &der::value(0xa4, &name)));
        parts.push(der::value(0x82, &[serial]));
    }
    CustomExtension::from_oid_content(&[2, 5, 29, 35], der::sequence(&parts))
}

#[test]
fn an_authority_key_identifier_of_another_key_is_noted_where_it_can_be_compared() {
    use rcgen::KeyIdMethod::PreSpecified;
    // the root's key identifier and serial number; what #1 says of it; then what does not fit
    const KEY: &[u8] = b"the key of the root";
    let clause = |number: usize, what: &str, others: &str| {
        format!("the authority key identifier of #{number} is of another {what}; {others} it")
    };
    let other_key = clause(1, "key", "OpenSSL and GnuTLS refuse");
    let other_certificate = clause(1, "certificate", "OpenSSL refuses");
    for (name, named, fault) in [
        ("none", None, None),
        ("key", Some(authority(Some(KEY), None)), None),
        ("both", Some(authority(Some(KEY), Some(("Root", 7)))), None),
        ("serial", Some(authority(None, Some(("Root", 7)))), None),
        ("other-key", Some(authority(Some(b"another key"), None)), Some(&other_key)),
        ("other-all", Some(authority(Some(b"another"), Some(("Root", 7)))), Some(&other_key)),
        ("other-serial", Some(authority(None, Some(("Root", 8)))), Some(&other_certificate)),
        ("other-name", Some(authority(Some(KEY), Some(("Other", 7)))), Some(&other_certificate)),
    ] {
        // as a trust anchor, sent along, and as the certificate of itself
        for place in ["anchor", "sent", "itself"] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(["dot.test".to_owned()]).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, "Root");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_identifier_method = PreSpecified(KEY.to_vec());
            params.serial_number = Some(7.into());
            let mut leaf = CertificateParams::new(["dot.test".to_owned()]).unwrap();
            let (identity, anchor) = if place == "itself" {
                params.custom_extensions.extend(named.clone());
                let root = params.self_signed(&key).unwrap().der().clone();
                let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
                (Identity { chain: vec![root.clone()], key }, root)
            } else {
                let root = params.self_signed(&key).unwrap().der().clone();
                let issuer = Issuer::new(params, key);
                leaf.custom_extensions.extend(named.clone());
                let key = KeyPair::generate().unwrap();
                let mut chain = vec![leaf.signed_by(&key, &issuer).unwrap().der().clone()];
                if place == "sent" {
                    chain.push(root.clone());
                }
                let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
                (Identity { chain, key }, root)
            };
            let anchor = file(&format!("authority-{name}-{place}.pem"), &pem(&anchor));
            let server = Server::presenting(identity).start();
            let port = server.port();
            let line = format!("@127.0.0.1#{port} +tls-ca={anchor} +tls-host=dot.test e.test");
            let seen = tdig(&line);
            assert_eq!((seen.status, &*seen.err), (0, ""), "{name} {place}: {seen:#?}");
            let clause = fault.map(|it| format!("no pin asked); {it}\n"));
            let expected = clause.as_deref().unwrap_or("no pin asked)\n");
            assert!(seen.out.contains(expected), "{name} {place}: {seen:#?}");
            let note = "Note: its authority key identifier is of another ";
            assert_eq!(seen.out.contains(note), fault.is_some(), "{name} {place}: {seen:#?}");
            let object = &json::objects(&tdig(&format!("{line} +json")))[0]["tls"];
            assert_eq!(object["notes"], serde_json::json!(Vec::from_iter(fault)), "{object:#}");
            let notes = object["chain"][0]["notes"].to_string();
            assert_eq!(notes.contains("authority key identifier"), fault.is_some(), "{object:#}");
        }
    }
}

#[test]
fn an_issuer_that_cannot_be_compared_contradicts_no_authority_key_identifier() {
    // no subject key identifier; then another certificate of the issuer that fits
    for second in [false, true] {
        let key = KeyPair::generate().unwrap();
        let anchor = |id: Option<&[u8]>| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, "Root");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            if let Some(id) = id {
                params.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(id.to_vec());
            } else {
                // rcgen writes a subject key identifier for every CA that it knows to be one
                params.is_ca = IsCa::NoCa;
                params.custom_extensions.push(CustomExtension::from_oid_content(
                    &[2, 5, 29, 19],
                    b"\x30\x03\x01\x01\xff".to_vec(),
                ));
            }
            (params.self_signed(&key).unwrap().der().clone(), params)
        };
        let certificates = match second {
            true => vec![anchor(Some(b"other")).0, anchor(Some(b"named")).0],
            false => vec![anchor(None).0],
        };
        let text: String = certificates.iter().map(|it| pem(it)).collect();
        let path = file(&format!("incomparable-{second}.pem"), &text);
        let issuer = Issuer::new(anchor(None).1, KeyPair::try_from(key.serialize_der()).unwrap());
        let mut leaf = CertificateParams::new(["dot.test".to_owned()]).unwrap();
        leaf.custom_extensions.push(authority(Some(b"named"), None));
        let own = KeyPair::generate().unwrap();
        let chain = vec![leaf.signed_by(&own, &issuer).unwrap().der().clone()];
        let own = PrivatePkcs8KeyDer::from(own.serialize_der()).into();
        let server = Server::presenting(Identity { chain, key: own }).start();
        let port = server.port();
        let seen = tdig(&format!("@127.0.0.1#{port} +tls-ca={path} +tls-host=dot.test e.test"));
        assert_eq!(seen.status, 0, "{seen:#?}");
        assert!(!seen.out.contains("authority key identifier"), "{seen:#?}");
    }
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
