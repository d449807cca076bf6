//! What the opportunistic profile says of a strict client. One rule: it is what a strict client of
//! the same trust anchors does, whatever is served.

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tdig::tls::policy::{Policy, Root};
use tdig::tls::roots::{Anchors, Trust};
use tdig::tls::{certificate, diagnosis};
use tdig::verdict::{Answer, Flaw, Verdict};

use crate::dot::{Credential, Pki, Staple};

fn verdict(
    chain: &[CertificateDer<'static>],
    staple: &[u8],
    anchor: Anchor,
    strict: bool,
) -> Verdict {
    let pki = Pki::shared();
    let certificate = match anchor {
        Anchor::Root => pki.root(),
        Anchor::First => chain[0].clone(),
    };
    let root = Root::File("root.pem".into());
    let policy = Policy {
        roots: if strict { vec![root.clone()] } else { Vec::new() },
        name: Some(ServerName::try_from("dot.test").unwrap()),
        pins: Vec::new(),
        pin_files: Vec::new(),
        staple: None,
    };
    let trust = Trust { policy, anchors: Anchors::of(root, vec![certificate]) };
    let facts: Vec<_> = chain.iter().map(|der| certificate::read(der)).collect();
    let algorithms = ring::default_provider().signature_verification_algorithms;
    diagnosis::judge(chain, &facts, staple, &trust, UnixTime::now(), &algorithms)
}

#[derive(Clone, Copy, Debug)]
enum Anchor {
    Root,
    First,
}

#[test]
fn a_strict_client_would_do_what_a_strict_client_does() {
    let pki = Pki::shared();
    let mut flaws = Vec::new();
    for credential in Credential::ALL {
        let chain = &pki.identity(*credential).chain;
        let mut staples = vec![Vec::new()];
        if matches!(credential, Credential::Good | Credential::MustStaple) {
            staples.extend(Staple::ALL.iter().map(|it| it.of(pki, &chain[0])));
        }
        for staple in staples {
            for anchor in [Anchor::Root, Anchor::First] {
                let strict = verdict(chain, &staple, anchor, true);
                let opportunistic = verdict(chain, &staple, anchor, false);
                assert!(opportunistic.opportunistic && opportunistic.trusted());
                let refusal = strict.refusal();
                assert_eq!(
                    opportunistic.strict_refusal.as_ref(),
                    refusal,
                    "{credential:?}, {anchor:?}"
                );
                flaws.extend(refusal.and_then(|Answer { flaw, .. }| *flaw));
            }
        }
    }
    for flaw in [Flaw::NoStaple, Flaw::Revoked, Flaw::BadStaple, Flaw::StaleStaple, Flaw::Expired] {
        assert!(flaws.contains(&flaw), "{flaw} among {flaws:?}");
    }
}
