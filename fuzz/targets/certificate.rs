//! Octets that a server calls a certificate: something harmless is said of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tdig::render::certificates;
use tdig::render::ink::Ink;
use tdig::tls::certificate;
use tdig::verdict::{CertContent, TlsFacts, Verdict};

#[path = "../../tests/shown/mod.rs"]
mod shown;

fuzz_target!(|der: &[u8]| {
    let facts = certificate::read(der);
    if let Ok(CertContent { serial, names, key_usage, extended_key_usage, .. }) = &facts.content {
        shown::is_harmless(serial);
        shown::is_harmless(&format!("{names:?} {key_usage:?} {extended_key_usage:?}"));
    }
    let verdict = Verdict { path: vec![0], ..Verdict::default() };
    let facts = TlsFacts { chain: vec![facts], verdict, ..TlsFacts::default() };
    let mut out = Vec::new();
    certificates::section(&facts, Ink::new(false), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    shown::is_harmless(&text);
    assert!(text.lines().all(|line| line.starts_with(";; ")), "{text}");
});
