//! Chains that were built to be misjudged (x509-limbo), where the folder of TDIG_CORPUS has them.
//! One rule: rustls-webpki's own result, which the file holds, is ours.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tdig::tls::policy::{Policy, Root};
use tdig::tls::roots::Anchors;
use tdig::tls::roots::Trust;
use tdig::tls::{certificate, diagnosis};
use tdig::verdict::Question;

use crate::run::say;

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
        if trusted != (text("webpki") == "SUCCESS") {
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

/// Whether the chain is trusted, and why not.
fn judged(chain: &str, roots: &str, host: &str) -> (bool, String) {
    let certificates = |pem: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect()
    };
    let chain = certificates(chain);
    let anchors = certificates(roots);
    let anchors = anchors.iter().filter_map(|it| webpki::anchor_from_trusted_cert(it).ok());
    let anchors: Vec<_> = anchors.map(|it| it.to_owned()).collect();
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
    let imported = vec![(root, anchors.len())];
    let trust = Trust { policy, anchors: Anchors { anchors, imported } };
    let facts: Vec<_> = chain.iter().map(|der| certificate::read(der)).collect();
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let verdict = diagnosis::judge(&chain, &facts, &[], &trust, UnixTime::now(), &algorithms);
    let why: Vec<_> = verdict.refusals().map(|it| format!("{}: {}", it.question, it.why)).collect();
    assert!(verdict.answer(Question::Chain).is_some(), "every question is answered");
    (verdict.trusted(), why.join("; "))
}
