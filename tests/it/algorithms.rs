//! Keys and signatures of every kind: which are verified, which are weak, and which tdig does not
//! know. One rule: a certificate that came is shown, whatever its key.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use p521::ecdsa::SigningKey;
use p521::ecdsa::signature::hazmat::PrehashSigner;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
};
use sha2::{Digest, Sha512};
use tdig::tls::certificate;

use crate::dot::{Identity, Server, pem, pin};
use crate::run::{file, tdig};

const FIXTURE: &str = include_str!("../dot/algorithms.pem");

/// A kind of authority: its name in the fixture, its key, its signature, and why tdig refuses a
/// certificate that it signed, if tdig does.
type Row = (&'static str, &'static str, &'static str, Option<&'static str>);

const WEAK: &str = "is weak)";
const UNSUPPORTED: &str = "is not supported by tdig)";

const AUTHORITIES: [Row; 29] = [
    ("p256-sha224", "ECDSA P-256", "ECDSA-SHA224", Some(UNSUPPORTED)),
    ("p256-sha256", "ECDSA P-256", "ECDSA-SHA256", None),
    ("p256-sha384", "ECDSA P-256", "ECDSA-SHA384", None),
    ("p256-sha512", "ECDSA P-256", "ECDSA-SHA512", None),
    ("p384-sha224", "ECDSA P-384", "ECDSA-SHA224", Some(UNSUPPORTED)),
    ("p384-sha256", "ECDSA P-384", "ECDSA-SHA256", None),
    ("p384-sha384", "ECDSA P-384", "ECDSA-SHA384", None),
    ("p384-sha512", "ECDSA P-384", "ECDSA-SHA512", None),
    ("p521-sha224", "ECDSA P-521", "ECDSA-SHA224", Some(UNSUPPORTED)),
    ("p521-sha256", "ECDSA P-521", "ECDSA-SHA256", None),
    ("p521-sha384", "ECDSA P-521", "ECDSA-SHA384", None),
    ("p521-sha512", "ECDSA P-521", "ECDSA-SHA512", None),
    ("p256-sha3", "ECDSA P-256", "ECDSA-SHA3-256", Some(UNSUPPORTED)),
    ("p256-sha1", "ECDSA P-256", "ECDSA-SHA1", Some(WEAK)),
    ("rsa-sha1", "RSA 2048", "RSA-SHA1", Some(WEAK)),
    ("rsa-md5", "RSA 2048", "RSA-MD5", Some(WEAK)),
    ("rsa-sha224", "RSA 2048", "RSA-SHA224", Some(UNSUPPORTED)),
    ("rsa-sha3", "RSA 2048", "RSA-SHA3-256", Some(UNSUPPORTED)),
    ("rsa-1536", "RSA 1536", "RSA-SHA256", Some(WEAK)),
    ("pss-sha256", "RSA 2048", "RSA-PSS-SHA256", None),
    ("pss-sha1", "RSA 2048", "RSA-PSS-SHA1", Some(WEAK)),
    ("pss-sha224", "RSA 2048", "RSA-PSS-SHA224", Some(UNSUPPORTED)),
    ("pss-key", "RSA-PSS 2048", "RSA-PSS-SHA256", Some(UNSUPPORTED)),
    ("ed25519", "Ed25519", "Ed25519", None),
    ("ed448", "Ed448", "Ed448", Some(UNSUPPORTED)),
    ("secp256k1", "ECDSA secp256k1", "ECDSA-SHA256", Some(UNSUPPORTED)),
    ("brainpool", "ECDSA brainpoolP256r1", "ECDSA-SHA256", Some(UNSUPPORTED)),
    ("explicit", "ECDSA with explicit parameters", "ECDSA-SHA256", Some(UNSUPPORTED)),
    ("dsa", "DSA", "DSA-SHA256", Some(UNSUPPORTED)),
];

/// The certificate that the authority of this name in the fixture signed, and its own.
fn issued(name: &str) -> Vec<CertificateDer<'static>> {
    let (_, rest) = FIXTURE.split_once(&format!("# {name}\n")).unwrap();
    CertificateDer::pem_slice_iter(rest.as_bytes()).take(2).map(Result::unwrap).collect()
}

fn key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(FIXTURE.as_bytes()).unwrap()
}

#[test]
fn an_authority_of_each_kind_is_believed_or_told_what_it_is() {
    assert_eq!(FIXTURE.matches("\n# ").count(), AUTHORITIES.len());
    for (name, key_words, signature, fault) in AUTHORITIES {
        let chain = issued(name);
        let content = certificate::read(&chain[1]).content.unwrap();
        assert_eq!((&*content.key, &*content.signature), (key_words, signature), "{name}");
        let root = file(&format!("{name}-root.pem"), &pem(&chain[1]));
        // with the authority's certificate sent along, and without
        for sent in [1, 2] {
            let identity = Identity { chain: chain[..sent].to_vec(), key: key() };
            let server = Server::presenting(identity).start().expect_anything();
            let seen = tdig(&format!(
                "@127.0.0.1#{} +tls-ca={root} +tls-host=dot.test example.com",
                server.port()
            ));
            let Some(fault) = fault else {
                assert_eq!(seen.status, 0, "{name}: {seen:#?}");
                let words = format!("signed by CN=Root {name} with {signature}\n");
                assert!(seen.out.contains(&words), "{name}: {seen:#?}");
                continue;
            };
            assert_eq!(seen.status, 6, "{name}: {seen:#?}");
            assert!(
                seen.err.contains(&format!("chain: {}", what(name, key_words, signature, sent))),
                "{name}: {seen:#?}"
            );
            assert!(seen.err.contains(fault), "{name}: {seen:#?}");
            assert_eq!(seen.err.contains("weak"), fault == WEAK, "{name}: {seen:#?}");
        }
    }
}

/// What is wrong: the signature where tdig does not know it, else the key of its issuer.
fn what(name: &str, key: &str, signature: &str, sent: usize) -> String {
    let by_key = ["rsa-1536", "secp256k1", "brainpool", "explicit"].contains(&name);
    match (by_key, sent) {
        (false, _) => format!("#1 is signed with {signature}, which "),
        (true, 1) => format!("the key of the trust anchor CN=Root {name}, {key}, "),
        (true, _) => format!("the key of #2, {key}, "),
    }
}

#[test]
fn whatever_came_is_shown_although_its_key_was_not_proved() {
    for (name, words) in [
        ("rsa-1536", "RSA 1536, is weak, so nobody can prove to hold it"),
        ("pss-key", "RSA-PSS 2048, is not supported by tdig, so nobody can prove to hold it"),
        ("ed448", "Ed448, is not supported by tdig, so nobody can prove to hold it"),
        ("dsa", "DSA, is not supported by tdig, so nobody can prove to hold it"),
        ("secp256k1", "ECDSA secp256k1, is not supported by tdig, so nobody can prove to hold it"),
        ("brainpool", "ECDSA brainpoolP256r1, is not supported by tdig, so nobody can prove"),
        ("p256-sha256", "the server does not hold the key of its certificate: its handshake"),
        ("p521-sha512", "the server does not hold the key of its certificate: its handshake"),
        ("rsa-sha224", "the server does not hold the key of its certificate: its handshake"),
    ] {
        // shown by a server that signs with another key
        let chain = vec![issued(name).remove(1)];
        let facts = certificate::read(&chain[0]);
        let pin = pin(&chain[0]);
        let root = file(&format!("{name}-unproved.pem"), &pem(&chain[0]));
        for version in ["1.2", "1.3"] {
            let ask = |words: &str| {
                let identity = Identity { chain: chain.clone(), key: key() };
                let server = Server::presenting(identity).start().expect_no_query();
                let port = server.port();
                tdig(&format!("@127.0.0.1#{port} +tls-version={version} {words} example.com"))
            };
            for profile in [
                String::new(),
                format!("+tls-pin={pin}"),
                format!("+tls-ca={root} +tls-host=dot.test"),
            ] {
                let what = format!("{name} {version} {profile}");
                let seen = ask(&profile);
                assert_eq!(seen.status, 5, "{what}: {seen:#?}");
                let day = tdig::moment::day(facts.content.as_ref().unwrap().not_after);
                for line in [
                    format!(";;     SHA-256 PIN: {pin}, NOT PROVED\n"),
                    format!(";; #1, CN=Root {name}\n"),
                    format!(" to {day} UTC, expires in "),
                    ": the key of #1 was not proved\n;;     key:     no, the ".into(),
                ] {
                    assert_eq!(seen.out.matches(&line).count(), 1, "{what}: {line} {seen:#?}");
                }
                assert!(!seen.out.contains("MATCH"), "{what}: {seen:#?}");
                assert!(!seen.out.contains("pin:     yes"), "{what}: {seen:#?}");
                assert!(seen.err.contains(words), "{what}: {seen:#?}");
                assert_eq!(seen.err.matches("handshake failed").count(), 1, "{what}: {seen:#?}");

                let seen = ask(&format!("{profile} +json"));
                assert_eq!(seen.status, 5, "{what}: {seen:#?}");
                let json: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
                let tls = &json["tls"];
                assert_eq!(tls["verdict"]["key"]["holds"], false, "{what}");
                assert_eq!(tls["chain"][0]["pin"], *pin, "{what}");
                assert_eq!(tls["chain"][0]["pinned"], false, "{what}");
                assert_ne!(tls["trusted"], true, "{what}");
                assert_ne!(tls["verdict"]["pin"]["holds"], true, "{what}");
                assert_eq!(json["error"]["kind"], "handshake", "{what}");

                let seen = ask(&format!("{profile} -d"));
                assert!(seen.out.contains(&format!("{pin}, NOT PROVED\n")), "{what}: {seen:#?}");
                assert!(!seen.out.contains("certificate is trusted"), "{what}: {seen:#?}");
            }
        }
    }
}

/// A key that ring does not sign with: that of the authority `p521-sha512`.
#[derive(Clone, Debug)]
struct P521(SigningKey);

const P521_SCALAR: &str = "00767659160e27ec42345dc2bb6a4a667db7e7ae6cf068ed72f6cf70218aca7609\
                           a1e05bdfffba7d942d7fcf11d78ee42e157e09065e71fb1abe18fb4c13264d2f3d";

impl P521 {
    fn new() -> Self {
        let octet = |at: usize| u8::from_str_radix(&P521_SCALAR[at..at + 2], 16).unwrap();
        let scalar: Vec<_> = (0..P521_SCALAR.len()).step_by(2).map(octet).collect();
        Self(SigningKey::from_slice(&scalar).unwrap())
    }
}

impl rustls::sign::SigningKey for P521 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: p521::ecdsa::Signature =
            self.0.sign_prehash(&Sha512::digest(message)).unwrap();
        let der = |tag, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let integer = |octets: &[u8]| {
            let digits = &octets[octets.iter().take_while(|it| **it == 0).count()..];
            let sign: &[u8] = if digits[0] < 0x80 { &[] } else { &[0] };
            der(2, &[sign, digits].concat())
        };
        let octets = signature.to_bytes();
        let (r, s) = octets.split_at(octets.len() / 2);
        let pair = [integer(r), integer(s)].concat();
        // more than 127 octets
        Ok([&[0x30, 0x81, pair.len() as u8], &*pair].concat())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

#[derive(Debug)]
struct Presented(Arc<CertifiedKey>);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Greets one client with the certificate of this authority and the P-521 key, and says no more.
fn greet(listener: &TcpListener, name: &str, version: &'static SupportedProtocolVersion) {
    let key = CertifiedKey::new(vec![issued(name).remove(1)], Arc::new(P521::new()));
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Presented(Arc::new(key))));
    let (mut stream, _) = listener.accept().unwrap();
    let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
    while tls.is_handshaking() {
        // a client that refuses the key goes
        if tls.complete_io(&mut stream).is_err() {
            return;
        }
    }
}

#[test]
fn a_handshake_is_signed_on_p521_and_a_key_that_did_not_sign_it_is_not_proved() {
    for version in [&TLS13, &TLS12] {
        for (name, status) in [("p521-sha512", 9), ("p521-sha256", 5), ("p256-sha256", 5)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = thread::spawn(move || greet(&listener, name, version));
            let pin = pin(&issued(name)[1]);
            let seen = tdig(&format!("@127.0.0.1#{port} +tls-pin={pin} -d example.com"));
            server.join().unwrap();
            assert_eq!(seen.status, status, "{name}: {seen:#?}");
            let mark = if status == 9 { "MATCH" } else { "NOT PROVED" };
            assert!(seen.out.contains(&format!("{pin}, {mark}\n")), "{name}: {seen:#?}");
        }
    }
}
