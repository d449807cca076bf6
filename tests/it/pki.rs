//! The lab's certificates are what they say they are.
//! One rule: webpki is the judge, and it is asked with the lab's root and for dot.test.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::client::{Client, Judge, config, padded_query, tls_error};
use crate::dot::{
    Behaviour, Credential, GARBAGE, GOOD_NAMES, HOSTILE_NAME, ISSUER_URL, Pki, Server, Staple, pin,
};

fn judged(credential: Credential) -> Result<(), String> {
    let server = Server::start(credential, Behaviour::Answer);
    let strict = config(Judge::of_the_lab());
    let verdict = match Client::connect_with(&server, strict, Duration::from_secs(5)) {
        Ok(mut client) => {
            client.ask(&padded_query(1, "example.com.", 1)).expect("an answer");
            Ok(())
        }
        Err(error) => Err(words(&error)),
    };
    drop(server);
    verdict
}

fn words(error: &io::Error) -> String {
    match tls_error(error) {
        Some(Error::InvalidCertificate(CertificateError::Other(other))) => other.to_string(),
        Some(Error::InvalidCertificate(reason)) => {
            format!("{reason:?}").split([' ', '{', '(']).next().expect("a word").to_owned()
        }
        Some(other) => other.to_string(),
        None => error.to_string(),
    }
}

#[test]
fn each_credential_is_judged_by_its_one_flaw() {
    use Credential as C;
    let rows = [
        (C::Good, ""),
        (C::Expired, "ExpiredContext"),
        (C::NotYetValid, "NotValidYetContext"),
        (C::WrongName, "NotValidForNameContext"),
        (C::CnOnly, "NotValidForNameContext"),
        (C::Nameless, "NotValidForNameContext"),
        (C::EmptySubject, ""),
        (C::ClientPurpose, "InvalidPurposeContext"),
        (C::SelfSigned, "UnknownIssuer"),
        (C::SelfSignedCa, "CaUsedAsEndEntity"),
        (C::UnknownRoot, "UnknownIssuer"),
        (C::IntermediateMissing, "UnknownIssuer"),
        (C::OutOfOrder, ""),
        // its issuer, itself, has the name of the certificate appended
        (C::UnrelatedAppended, "EndEntityUsedAsCa"),
        (C::RootSent, ""),
        (C::CaAsLeaf, "CaUsedAsEndEntity"),
        (C::BadSignature, "BadSignature"),
        (C::WrongKey, "BadSignature"),
        (C::NameConstraint, "NameConstraintViolation"),
        (C::ExpiredIntermediate, "ExpiredContext"),
        (C::NeverTogether, "ExpiredContext"),
        (C::CrossSigned, ""),
        (C::ManyCertificates(100), ""),
        (C::HugeCertificate, ""),
        (C::ManyNames, ""),
        (C::LongNames, ""),
        (C::HostileNames, ""),
        (C::MultiRdn, ""),
        (C::Rsa2048, ""),
        (C::P384, ""),
        (C::Ed25519, ""),
        (C::WeakSignature, "UnknownIssuer"),
        (C::WeakKey, "UnknownIssuer"),
        (C::MustStaple, ""),
        (C::Version1, "UnsupportedCertVersion"),
        (C::UnparsableCertificate, ""),
        (C::UnparsableLeaf, "BadEncoding"),
    ];
    assert_eq!(rows.map(|row| row.0), Credential::ALL, "every credential has a row");
    for (credential, expected) in rows {
        let verdict = judged(credential).err().unwrap_or_default();
        assert_eq!(verdict, expected, "{credential:?}");
    }
}

#[test]
fn every_credential_is_served_to_a_client_that_believes_everything() {
    for credential in Credential::ALL {
        let server = Server::start(*credential, Behaviour::Answer);
        let mut client = Client::connect(&server).unwrap_or_else(|e| panic!("{credential:?}: {e}"));
        let sent = client.stream.conn.peer_certificates().expect("certificates");
        assert_eq!(sent, server.chain(), "{credential:?}");
        client.ask(&padded_query(1, "example.com.", 1)).expect("an answer");
    }
}

#[test]
fn a_credential_asked_for_twice_is_the_same() {
    for credential in Credential::ALL {
        let [one, two] = [(); 2].map(|()| Pki::shared().identity(*credential));
        assert_eq!(one.chain, two.chain, "{credential:?}");
    }
}

#[test]
fn the_good_leaf_has_the_names_addresses_and_issuer_that_it_should() {
    let good = Pki::shared().identity(Credential::Good);
    let (_, leaf) = X509Certificate::from_der(&good.chain[0]).expect("a certificate");
    assert_eq!(leaf.subject().to_string(), "CN=dot.test");
    assert_eq!(leaf.issuer().to_string(), "C=CZ, O=Lab Root, CN=Lab Issuing CA");
    let names = leaf.subject_alternative_name().expect("readable").expect("there");
    let names: Vec<_> = names.value.general_names.iter().map(ToString::to_string).collect();
    let dns: Vec<_> = GOOD_NAMES.iter().map(|name| format!("DNSName({name})")).collect();
    assert_eq!(names[..3], dns);
    assert_eq!(names.len(), 5);
    let text = String::from_utf8_lossy(&good.chain[0]).into_owned();
    assert!(text.contains(ISSUER_URL));
    let (_, issuing) = X509Certificate::from_der(&good.chain[1]).expect("a certificate");
    let constraints = issuing.basic_constraints().expect("readable").expect("there").value;
    assert_eq!((constraints.ca, constraints.path_len_constraint), (true, Some(0)));
}

#[test]
fn dates_lie_whole_days_from_now() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    for (credential, begins, ends) in [
        (Credential::Good, -30, 60),
        (Credential::Expired, -100, -10),
        (Credential::NotYetValid, 10, 100),
    ] {
        let identity = Pki::shared().identity(credential);
        let (_, leaf) = X509Certificate::from_der(&identity.chain[0]).expect("a certificate");
        let days = |timestamp: i64| (timestamp - now).div_euclid(86_400);
        assert_eq!(days(leaf.validity().not_before.timestamp()), begins, "{credential:?}");
        assert_eq!(days(leaf.validity().not_after.timestamp()), ends, "{credential:?}");
    }
}

#[test]
fn what_is_out_of_shape_is_so_in_the_octets_sent() {
    let chain = |credential| Pki::shared().identity(credential).chain.clone();
    let good = chain(Credential::Good);
    assert_eq!(chain(Credential::UnrelatedAppended)[1..], good);
    assert_ne!(pin(&chain(Credential::UnrelatedAppended)[0]), pin(&good[0]));
    assert_eq!(chain(Credential::CaAsLeaf)[0], good[1]);
    assert_eq!(chain(Credential::ManyCertificates(100)).len(), 100);
    assert!(chain(Credential::HugeCertificate)[0].len() > 60_000);
    assert_eq!(&chain(Credential::UnparsableCertificate)[1][..], GARBAGE);
    let out_of_order = chain(Credential::OutOfOrder);
    assert_eq!(out_of_order[1..], [Pki::shared().root(), good[1].clone()]);
    let hostile = chain(Credential::HostileNames);
    let (_, leaf) = X509Certificate::from_der(&hostile[0]).expect("readable");
    let common_name = leaf.subject().iter_common_name().next().expect("there");
    assert_eq!(common_name.as_str().expect("UTF-8"), HOSTILE_NAME);
    let version_1 = chain(Credential::Version1);
    let (_, leaf) = X509Certificate::from_der(&version_1[0]).expect("readable");
    assert_eq!((leaf.version.0, leaf.extensions().len()), (0, 0));
}

#[test]
fn a_weak_chain_is_refused_even_where_its_root_is_trusted() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let root = CertificateDer::from_pem_slice(Pki::shared().weak_root_pem().as_bytes());
    let server = Server::start(Credential::WeakSignature, Behaviour::Answer).expect_no_query();
    let strict = config(Judge::strict(root.expect("PEM")));
    let error = Client::connect_with(&server, strict, Duration::from_secs(5)).err().expect("no");
    assert_eq!(words(&error), "UnsupportedSignatureAlgorithmContext");
}

#[test]
fn a_new_lab_shares_no_key_with_the_old() {
    assert_ne!(pin(&Pki::new().root()), pin(&Pki::shared().root()));
    assert_ne!(Pki::shared().root_pem(), Pki::shared().unrelated_root_pem());
}

#[test]
fn each_staple_arrives_and_is_another() {
    let mut seen = Vec::new();
    for staple in Staple::ALL {
        let leaf = Pki::shared().identity(Credential::Good).chain[0].clone();
        let response = staple.of(Pki::shared(), &leaf);
        let server = Server::with(Credential::Good).staple(&response).start();
        let client = Client::connect(&server).expect("a session");
        let arrived = client.staple.lock().expect("no panic while held").clone();
        assert_eq!(arrived, response, "{staple:?}");
        assert!(!seen.contains(&arrived), "{staple:?}");
        seen.push(arrived);
    }
}
