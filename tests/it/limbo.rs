//! Chains that were built to be misjudged: those of x509-limbo, where the folder of TDIG_CORPUS has
//! them, and such as cost more than they are worth. One rule: rustls-webpki's own result is ours,
//! but for what a trust anchor may not do.

use std::time::{Duration, Instant};

use rcgen::{
    CertificateParams, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints,
    PKCS_ECDSA_P384_SHA384, SanType,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tdig::tls::policy::{Policy, Root};
use tdig::tls::roots::Anchors;
use tdig::tls::roots::Trust;
use tdig::tls::{certificate, diagnosis};
use tdig::verdict::Question;

use crate::run::say;

/// Chains that webpki accepts, for it does not look at the certificate of a trust anchor, and that
/// x509-limbo says to refuse: so does tdig.
const FLAWED_ANCHORS: [&str; 3] = [
    "rfc5280::unknown-critical-extension-root",
    "rfc5280::root-missing-basic-constraints",
    "rfc5280::root-inconsistent-ca-extensions",
];

#[test]
fn limbo_is_judged_as_webpki_judges_it_and_every_refusal_has_words() {
    let Some(folder) = std::env::var_os("TDIG_CORPUS") else {
        return say("skipped limbo: TDIG_CORPUS names no folder");
    };
    let path = std::path::Path::new(&folder).join("limbo_tls.json");
    let cases: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).expect("limbo_tls.json is JSON");
    let cases = cases.as_array().expect("a list of cases");
    let mut odd = Vec::new();
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let (trusted, why) = judged(text("chain"), text("roots"), text("host"));
        let accepted = text("webpki") == "SUCCESS" && !FLAWED_ANCHORS.contains(&text("id"));
        if trusted != accepted {
            let (id, expected) = (text("id"), text("why"));
            odd.push(format!("{id}: trusted={trusted} ({why}), webpki: {expected}"));
        }
        let camel = |word: &str| {
            let mut capitals = word.chars().filter(char::is_ascii_uppercase);
            word.chars().all(|it| it.is_ascii_alphabetic())
                && word.chars().any(|it| it.is_ascii_lowercase())
                && capitals.nth(1).is_some()
                && word != "CAs"
        };
        assert!(!why.split(' ').any(camel), "{}: {why}", text("id"));
    }
    assert_eq!(cases.len(), 150);
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), cases.len(), odd.join("\n"));
}

/// A certificate of this key, signed by this issuer.
fn certificate(subject: &str, key: &KeyPair, issuer: &Issuer<'_, KeyPair>) -> Vec<u8> {
    named(subject).signed_by(key, issuer).unwrap().der().to_vec()
}

fn named(subject: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.is_ca = match subject {
        "leaf" => IsCa::ExplicitNoCa,
        _ => IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
    };
    params
}

fn slow_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap()
}

/// Chains of branches without end, the end-entity first; the trust anchor is called Root.
fn thickets(root: &Issuer<'_, KeyPair>) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let key = KeyPair::generate().unwrap();
    let signer = |name: &str, key: KeyPair| Issuer::new(named(name), key);
    let leaf = |issuer: &Issuer<'_, KeyPair>| {
        let mut params = named("leaf");
        params.subject_alt_names = vec![SanType::DnsName("dot.test".try_into().unwrap())];
        params.signed_by(&key, issuer).unwrap().der().to_vec()
    };
    let above = |layer: usize| if layer == 6 { "Root".into() } else { format!("L{}", layer + 1) };

    // every one of a layer may have signed any of the layer below, and none did; as nothing leads to
    // a trust anchor, webpki would never come to check a signature
    let mut layers = vec![leaf(&signer("L1", slow_key()))];
    for layer in 1..=6 {
        let issuer = signer(&format!("L{}", layer + 1), KeyPair::generate().unwrap());
        let one = || {
            let key = KeyPair::generate().unwrap();
            certificate(&format!("L{layer}"), &key, &issuer)
        };
        layers.extend((0..8).map(|_| one()));
    }
    let nobody = signer("nobody", KeyPair::generate().unwrap());
    layers.extend((0..330).map(|_| certificate("stranger", &key, &nobody)));

    // every one claims that the root signed it
    let other = signer("Root", slow_key());
    let mut claims = vec![leaf(&signer("L1", slow_key()))];
    claims.extend((0..110).map(|_| certificate("L1", &slow_key(), &other)));

    // all of a layer have one key, which did sign all of the layer below
    let branches = |count: usize, top: &KeyPair| {
        let keys: Vec<_> = (0..7).map(|_| slow_key()).collect();
        let again = |key: &KeyPair| KeyPair::try_from(key.serialize_der()).unwrap();
        let mut signed = vec![leaf(&signer("L1", again(&keys[1])))];
        for layer in 1..=6 {
            let issuer = signer(&above(layer), again(keys.get(layer + 1).unwrap_or(top)));
            let mut params = named(&format!("L{layer}"));
            params.name_constraints = (layer == 6).then(|| NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("other.test".into())],
                excluded_subtrees: Vec::new(),
            });
            // each has a serial number of its own
            let one = |_| params.signed_by(&keys[layer], &issuer).unwrap().der().to_vec();
            signed.extend((0..count).map(one));
        }
        signed
    };
    vec![
        ("namesakes that signed nothing", layers),
        ("claims to be signed by the root", claims),
        ("true branches to no root", branches(2, &slow_key())),
        ("too many true branches", branches(8, root.key())),
        ("true branches to the root that may not be", branches(2, root.key())),
    ]
}

#[test]
fn no_chain_takes_a_tenth_of_a_second_to_be_judged() {
    // what was not optimised takes so many times longer, on a machine that has more to do
    let most = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 100 });
    let key = slow_key();
    let root = named("Root").self_signed(&key).unwrap();
    for (name, chain) in thickets(&Issuer::new(named("Root"), key)) {
        let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
        let anchors = [root.der().clone()];
        let took = (0..3).map(|_| {
            let start = Instant::now();
            let (trusted, why) = verdict(&chain, &anchors, "dot.test");
            assert!(!trusted && !why.is_empty(), "{name}: {why}");
            (start.elapsed(), why)
        });
        // other processes take time of the processor, least of it in the shortest run
        let (took, why) = took.min().unwrap();
        println!("{name}: {} certificates, {took:?}: {why}", chain.len());
        assert!(took < most, "{name}: {took:?}");
    }
}

#[test]
fn a_path_among_hundreds_of_strangers_is_found() {
    let (root, issuing, key) = (slow_key(), slow_key(), KeyPair::generate().unwrap());
    let anchor = named("Root").self_signed(&root).unwrap().der().clone();
    let (root, nobody) =
        (Issuer::new(named("Root"), root), Issuer::new(named("nobody"), slow_key()));
    let middle = certificate("Issuing", &issuing, &root);
    let issuing = Issuer::new(named("Issuing"), issuing);
    let mut leaf = named("leaf");
    leaf.subject_alt_names = vec![SanType::DnsName("dot.test".try_into().unwrap())];
    let mut chain = vec![leaf.signed_by(&key, &issuing).unwrap().der().clone()];
    // its namesake did not sign it
    chain.push(certificate("Issuing", &key, &nobody).into());
    chain.extend((0..300).map(|_| certificate("stranger", &key, &nobody).into()));
    chain.extend([middle.into(), anchor.clone()]);
    assert_eq!(verdict(&chain, &[anchor], "dot.test"), (true, String::new()));
}

/// Whether the chain is trusted, and why not.
fn judged(chain: &str, roots: &str, host: &str) -> (bool, String) {
    let certificates = |pem: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect()
    };
    verdict(&certificates(chain), &certificates(roots), host)
}

fn verdict(
    chain: &[CertificateDer<'static>],
    anchors: &[CertificateDer<'static>],
    host: &str,
) -> (bool, String) {
    let root = Root::File("limbo".into());
    let Ok(name) = ServerName::try_from(host.to_owned()) else {
        return (false, "the name cannot be checked".into());
    };
    let policy = Policy {
        roots: vec![root.clone()],
        name: Some(name),
        pins: Vec::new(),
        pin_files: Vec::new(),
        staple: None,
    };
    let trust = Trust { policy, anchors: Anchors::of(root, anchors.to_vec()) };
    let facts: Vec<_> = chain.iter().map(|der| certificate::read(der)).collect();
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let verdict = diagnosis::judge(chain, &facts, &[], &trust, UnixTime::now(), &algorithms);
    let why: Vec<_> = verdict.refusals().map(|it| format!("{}: {}", it.question, it.why)).collect();
    assert!(verdict.answer(Question::Chain).is_some(), "every question is answered");
    (verdict.trusted(), why.join("; "))
}
