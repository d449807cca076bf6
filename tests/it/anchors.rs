//! What a trust anchor may vouch for: each kind of anchor against each shape of chain. One rule: an
//! anchor certifies others as far as its certificate allows, and stands for itself besides.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::dot::{Identity, Server, der, pem, validity};
use crate::json;
use crate::run::{Seen, file, program, root, tdig};

/// A certificate and its key.
struct Made {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

impl Made {
    fn signer(&self) -> Issuer<'static, KeyPair> {
        Issuer::new(self.params.clone(), again(&self.key))
    }

    fn pem(&self) -> String {
        pem(&self.der)
    }
}

fn again(key: &KeyPair) -> KeyPair {
    KeyPair::try_from(key.serialize_der()).unwrap()
}

/// Signed by `issuer`, or by itself.
fn make(params: CertificateParams, key: KeyPair, issuer: Option<&Made>) -> Made {
    let der = match issuer {
        None => params.self_signed(&key),
        Some(issuer) => params.signed_by(&key, &issuer.signer()),
    };
    let der = der.unwrap().der().clone();
    Made { params, key, der }
}

fn named(common: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common);
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
    params
}

/// From when until when, in days from now.
fn dates(params: &mut CertificateParams, (from, until): (i64, i64)) {
    let of = validity(from, until);
    (params.not_before, params.not_after) = (of.not_before, of.not_after);
}

fn new_key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn ca() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

/// What the certificate of an anchor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A CA without limits.
    Ca,
    /// Basic constraints: no CA.
    NotCa,
    /// No basic constraints.
    Silent,
    /// A CA whose key usage is to sign handshakes.
    NoCertSign,
    /// A CA whose key usage is to sign certificates alone.
    CertSign,
    /// A CA with no CAs below it.
    PathLength0,
    /// A CA with one CA below it.
    PathLength1,
    /// A CA for mail alone.
    Email,
    /// A CA for servers.
    ForServers,
    /// A CA for any purpose.
    AnyPurpose,
    /// A CA for names under other.test.
    OtherNames,
    /// A CA for names under dot.test.
    RightNames,
    /// A CA with a critical extension that nobody understands.
    Unknown,
    /// A CA with critical certificate policies.
    Policies,
    /// A self-signed certificate of version 1.
    Version1,
    /// A certificate of version 1 that another CA signed.
    Version1Issued,
    /// A CA's certificate that another CA signed: an intermediate.
    Intermediate,
    /// A server's certificate that another CA signed.
    Issued,
}

const KINDS: [Kind; 18] = [
    Kind::Ca,
    Kind::NotCa,
    Kind::Silent,
    Kind::NoCertSign,
    Kind::CertSign,
    Kind::PathLength0,
    Kind::PathLength1,
    Kind::Email,
    Kind::ForServers,
    Kind::AnyPurpose,
    Kind::OtherNames,
    Kind::RightNames,
    Kind::Unknown,
    Kind::Policies,
    Kind::Version1,
    Kind::Version1Issued,
    Kind::Intermediate,
    Kind::Issued,
];

impl Kind {
    /// An anchor of this kind, for `name`.
    fn make(self, name: &str) -> Made {
        let mut params = named("Anchor", name);
        params.is_ca = ca();
        match self {
            Self::Ca | Self::Version1 | Self::Version1Issued | Self::Intermediate => {}
            Self::NotCa | Self::Issued => params.is_ca = IsCa::ExplicitNoCa,
            Self::Silent => params.is_ca = IsCa::NoCa,
            Self::NoCertSign => params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            Self::CertSign => params.key_usages = vec![KeyUsagePurpose::KeyCertSign],
            Self::PathLength0 => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
            Self::PathLength1 => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1)),
            Self::Email => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
            }
            Self::ForServers => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            Self::AnyPurpose => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
            Self::OtherNames => params.name_constraints = only("other.test"),
            Self::RightNames => params.name_constraints = only("dot.test"),
            Self::Unknown => params.custom_extensions.push(critical(&[1, 3, 6, 1, 4, 1, 32473, 1])),
            Self::Policies => params.custom_extensions.push(critical(&[2, 5, 29, 32])),
        }
        let other = matches!(self, Self::Version1Issued | Self::Intermediate | Self::Issued);
        let mut above = named("Above", name);
        above.is_ca = ca();
        let above = other.then(|| make(above, new_key(), None));
        let mut made = make(params, new_key(), above.as_ref());
        if matches!(self, Self::Version1 | Self::Version1Issued) {
            let signer = above.as_ref().map_or(&made.key, |it| &it.key);
            made.der = der::as_version_1(&made.der, signer).into();
        }
        made
    }
}

fn only(name: &str) -> Option<NameConstraints> {
    let permitted_subtrees = vec![GeneralSubtree::DnsName(name.into())];
    Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() })
}

fn critical(oid: &[u64]) -> CustomExtension {
    // anyPolicy, which any other extension may hold too
    let content = b"\x30\x08\x30\x06\x06\x04\x55\x1d\x20\x00".to_vec();
    let mut extension = CustomExtension::from_oid_content(oid, content);
    extension.set_criticality(true);
    extension
}

/// What the server presents to a client that wants dot.test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The anchor's certificate itself, which is for dot.test.
    Itself,
    /// Another certificate of the same key; both are for dot.test.
    Renewed,
    /// Another certificate of the same key, for dot.test; the anchor's is for home.test.
    Renamed,
    /// A certificate for dot.test that the anchor signed.
    Signed,
    /// The same, and the anchor's certificate.
    SignedSent,
    /// The anchor signed a CA, which signed the certificate.
    Below,
    /// The same, and the anchor's certificate.
    BelowSent,
}

const SHAPES: [Shape; 7] = [
    Shape::Itself,
    Shape::Renewed,
    Shape::Renamed,
    Shape::Signed,
    Shape::SignedSent,
    Shape::Below,
    Shape::BelowSent,
];

impl Shape {
    /// The anchor, and what is presented.
    fn make(self, kind: Kind) -> (Made, Identity) {
        let anchor = kind.make(match self {
            Self::Itself | Self::Renewed => "dot.test",
            _ => "home.test",
        });
        let leaf = || named("Leaf", "dot.test");
        let by = |issuer: &Made| make(leaf(), new_key(), Some(issuer));
        let same_key = || {
            let mut params = leaf();
            params.distinguished_name = anchor.params.distinguished_name.clone();
            make(params, again(&anchor.key), None)
        };
        let below = || {
            let mut params = named("Below", "below.dot.test");
            params.is_ca = ca();
            make(params, new_key(), Some(&anchor))
        };
        let (leaf, mut chain) = match self {
            Self::Itself => (None, Vec::new()),
            Self::Renewed | Self::Renamed => (Some(same_key()), Vec::new()),
            Self::Signed => (Some(by(&anchor)), Vec::new()),
            Self::SignedSent => (Some(by(&anchor)), vec![anchor.der.clone()]),
            Self::Below | Self::BelowSent => {
                let below = below();
                (Some(by(&below)), vec![below.der])
            }
        };
        if self == Self::BelowSent {
            chain.push(anchor.der.clone());
        }
        let first = leaf.as_ref().unwrap_or(&anchor);
        chain.insert(0, first.der.clone());
        let key = PrivatePkcs8KeyDer::from(first.key.serialize_der()).into();
        (anchor, Identity { chain, key })
    }
}

fn ask(identity: Identity, options: &str) -> Seen {
    let server = Server::presenting(identity).start();
    let seen = tdig(&format!("@127.0.0.1#{} {options} e.test", server.port()));
    if seen.status == 6 {
        assert!(server.queries().is_empty(), "a query went to who was refused");
    }
    seen
}

#[test]
fn an_anchor_vouches_for_others_as_far_as_its_certificate_allows_and_for_itself() {
    for (kind, statuses) in KINDS.into_iter().zip([
        // itself, renewed, renamed, signed, signed and sent, below, below and sent
        [0, 0, 0, 0, 0, 0, 0], // Ca
        [0, 0, 6, 6, 6, 6, 6], // NotCa
        [0, 0, 6, 6, 6, 6, 6], // Silent
        [0, 0, 6, 6, 6, 6, 6], // NoCertSign
        [6, 0, 0, 0, 0, 0, 0], // CertSign: such a key signs no handshake
        [0, 0, 0, 0, 0, 6, 6], // PathLength0
        [0, 0, 0, 0, 0, 0, 0], // PathLength1
        [6, 6, 6, 6, 6, 6, 6], // Email
        [0, 0, 0, 0, 0, 0, 0], // ForServers
        [6, 0, 0, 0, 0, 0, 0], // AnyPurpose: an end-entity must name servers
        [0, 0, 6, 6, 6, 6, 6], // OtherNames
        [0, 0, 0, 0, 0, 0, 0], // RightNames
        [6, 6, 6, 6, 6, 6, 6], // Unknown
        [6, 0, 0, 0, 0, 0, 0], // Policies
        [6, 0, 0, 0, 0, 0, 0], // Version1
        [6, 6, 6, 6, 6, 6, 6], // Version1Issued
        [0, 0, 0, 0, 0, 0, 0], // Intermediate
        [0, 0, 6, 6, 6, 6, 6], // Issued
    ]) {
        for (shape, status) in SHAPES.into_iter().zip(statuses) {
            let (anchor, identity) = shape.make(kind);
            let file = file(&format!("anchor-{kind:?}-{shape:?}.pem"), &anchor.pem());
            let seen = ask(identity, &format!("+tls-ca={file} +tls-host=dot.test"));
            assert_eq!(seen.status, status, "{kind:?}, {shape:?}: {seen:#?}");
        }
    }
}

#[test]
fn each_reason_for_which_an_anchor_may_not_vouch_is_told_with_a_word_of_its_own() {
    for (kind, shape, question, flaw, why) in [
        (
            Kind::NotCa,
            Shape::SignedSent,
            "chain",
            "not-a-ca",
            "says that it is no CA's certificate; it stands for itself alone",
        ),
        (
            Kind::Silent,
            Shape::Signed,
            "chain",
            "not-a-ca",
            "does not say that it is a CA's certificate (basic constraints); it stands for itself \
             alone",
        ),
        (
            Kind::NoCertSign,
            Shape::BelowSent,
            "chain",
            "key-usage",
            "has a key usage that does not allow it to sign certificates; it stands for itself \
             alone",
        ),
        (
            Kind::PathLength0,
            Shape::BelowSent,
            "chain",
            "path-length",
            "may have 0 CAs between itself and #1, and has 1",
        ),
        (
            Kind::Email,
            Shape::Signed,
            "purpose",
            "other-purpose",
            "is for email protection only, not for servers",
        ),
        (
            Kind::Unknown,
            Shape::Signed,
            "chain",
            "unknown-critical-extension",
            "has the critical extension 1.3.6.1.4.1.32473.1, which is not understood",
        ),
        (
            Kind::Version1Issued,
            Shape::Signed,
            "chain",
            "not-a-ca",
            "does not say that it is a CA's certificate (basic constraints); it stands for itself \
             alone",
        ),
    ] {
        let (anchor, identity) = shape.make(kind);
        let file = file(&format!("reason-{kind:?}.pem"), &anchor.pem());
        let seen = ask(identity, &format!("+tls-ca={file} +tls-host=dot.test +json"));
        let object = &json::objects(&seen)[0];
        let answer = &object["tls"]["verdict"][question];
        assert_eq!((seen.status, &answer["flaw"]), (6, &flaw.into()), "{kind:?}: {answer}");
        let told = format!("the trust anchor CN=Anchor ({file}) {why}");
        assert_eq!(answer["why"], told, "{kind:?}");
    }
    let (anchor, identity) = Shape::Signed.make(Kind::OtherNames);
    let file = file("reason-names.pem", &anchor.pem());
    let seen = ask(identity, &format!("+tls-ca={file} +tls-host=dot.test"));
    let why = format!(
        "the trust anchor CN=Anchor ({file}), which may certify other.test only, is not allowed to \
         certify such names as those of #1"
    );
    assert!(seen.err.contains(&why), "{seen:#?}");
}

#[test]
fn anchors_that_add_up_lend_each_other_nothing() {
    let (home, identity) = Shape::SignedSent.make(Kind::NotCa);
    let home = file("home.pem", &home.pem());
    let again = || Identity { chain: identity.chain.clone(), key: identity.key.clone_key() };
    let strict = format!("+tls-ca={home} +tls-ca={} +tls-host=dot.test", root());
    assert_eq!(ask(again(), &strict).status, 6);
    let server = Server::presenting(again()).start().expect_no_query();
    let line = format!("@127.0.0.1#{} +tls-host=dot.test e.test", server.port());
    assert_eq!(program(&[("SSL_CERT_FILE", &home)], &line).status, 6);
}

#[test]
fn an_anchor_that_may_not_vouch_hides_none_of_the_same_name_and_key_that_may() {
    let key = new_key();
    let anchor = |is_ca: IsCa| {
        let mut params = named("Anchor", "home.test");
        params.is_ca = is_ca;
        make(params, again(&key), None)
    };
    let (bad, good) = (anchor(IsCa::ExplicitNoCa), anchor(ca()));
    for (name, text, status) in [
        ("bad-good", bad.pem() + &good.pem(), 0),
        ("good-bad", good.pem() + &bad.pem(), 0),
        ("bad-bad", bad.pem() + &bad.pem(), 6),
    ] {
        let leaf = make(named("Leaf", "dot.test"), new_key(), Some(&bad));
        let key = PrivatePkcs8KeyDer::from(leaf.key.serialize_der()).into();
        let file = file(&format!("hidden-{name}.pem"), &text);
        let seen = ask(
            Identity { chain: vec![leaf.der, bad.der.clone()], key },
            &format!("+tls-ca={file} +tls-host=dot.test"),
        );
        assert_eq!(seen.status, status, "{name}: {seen:#?}");
    }
}

#[test]
fn a_path_that_goes_round_an_anchor_that_may_not_vouch_is_found() {
    // the anchor's key has a certificate of another CA, which is trusted, beside its own
    let (anchor, mut identity) = Shape::Signed.make(Kind::NotCa);
    let mut params = named("Root", "root.test");
    params.is_ca = ca();
    let root = make(params, new_key(), None);
    let mut cross = anchor.params.clone();
    cross.is_ca = ca();
    identity.chain.push(make(cross, again(&anchor.key), Some(&root)).der);
    let file = file("round.pem", &(anchor.pem() + &root.pem()));
    let seen = ask(identity, &format!("+tls-ca={file} +tls-host=dot.test"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(!seen.out.contains("Not needed"), "{seen:#?}");
}

#[test]
fn a_self_issued_certificate_is_not_counted_against_the_path_length() {
    // a CA changes its key: the old one signs the new one, under the same name
    for (name, status) in [("Anchor", 0), ("Below", 6)] {
        let anchor = Kind::PathLength0.make("home.test");
        let mut params = named(name, "below.test");
        params.is_ca = ca();
        let next = make(params, new_key(), Some(&anchor));
        let leaf = make(named("Leaf", "dot.test"), new_key(), Some(&next));
        let key = PrivatePkcs8KeyDer::from(leaf.key.serialize_der()).into();
        let path = file(&format!("self-issued-{name}.pem"), &anchor.pem());
        let identity = Identity { chain: vec![leaf.der, next.der], key };
        let seen = ask(identity, &format!("+tls-ca={path} +tls-host=dot.test"));
        assert_eq!(seen.status, status, "{name}: {seen:#?}");
    }
}

#[test]
fn the_certificate_that_is_served_and_trusted_is_noted_to_be_a_cas() {
    let (anchor, identity) = Shape::Itself.make(Kind::Ca);
    let path = file("itself.pem", &anchor.pem());
    let seen = ask(identity, &format!("+tls-ca={path} +tls-host=dot.test"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    for line in [
        ";;     Note: it is marked as a CA's certificate\n",
        ";; Verdict: trusted for dot.test (chain, dates, name, purpose; no pin asked)\n",
    ] {
        assert!(seen.out.contains(line), "{seen:#?}");
    }
    // name and dates are checked all the same
    for (name, days, reason) in [
        ("dot.test", (-100, -10), "dates: #1 expired on "),
        ("dot.test", (10, 100), "dates: #1 is not valid before "),
        ("other.test", (-1, 10), "name: dot.test is not among the names of #1: other.test"),
    ] {
        for is_ca in [ca(), IsCa::ExplicitNoCa, IsCa::NoCa] {
            let mut params = named("Anchor", name);
            params.is_ca = is_ca;
            dates(&mut params, days);
            let made = make(params, new_key(), None);
            let path = file("itself-flawed.pem", &made.pem());
            let key = PrivatePkcs8KeyDer::from(made.key.serialize_der()).into();
            let identity = Identity { chain: vec![made.der], key };
            let seen = ask(identity, &format!("+tls-ca={path} +tls-host=dot.test"));
            assert_eq!(seen.status, 6, "{seen:#?}");
            assert!(seen.err.contains(&format!("(certificate refused: {reason}")), "{seen:#?}");
        }
    }
}

#[test]
fn a_servers_own_certificate_that_a_ca_issued_stands_for_that_server() {
    let (anchor, mut identity) = Shape::Itself.make(Kind::Issued);
    let path = file("issued.pem", &anchor.pem());
    // its issuer, sent along, is not needed
    let mut above = named("Above", "above.test");
    above.is_ca = ca();
    let above = make(above, new_key(), None);
    identity.chain.push(above.der);
    let seen = ask(identity, &format!("+tls-ca={path} +tls-host=dot.test -d"));
    assert_eq!(seen.status, 0, "{seen:#?}");
    // another certificate of that CA is not that server's
    let (_, other) = Shape::Itself.make(Kind::Issued);
    let seen = ask(other, &format!("+tls-ca={path} +tls-host=dot.test"));
    let hint =
        format!(";; HINT: {path} holds no CA's certificate: it stands for that one server alone\n");
    assert!(seen.status == 6 && seen.err.ends_with(&hint), "{seen:#?}");
}

#[test]
fn every_root_of_the_systems_store_may_vouch() {
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    let Ok(text) = std::fs::read(bundle) else {
        return crate::run::say(&format!("skipped: there is no {bundle}"));
    };
    use rustls::pki_types::pem::PemObject;
    for root in CertificateDer::pem_slice_iter(&text).map(Result::unwrap) {
        let content = tdig::tls::certificate::read(&root).content.expect("a root can be read");
        let is_ca = content.ca.is_some_and(|it| it.ca) || content.version < 3;
        assert!(is_ca, "{content:#?}");
        assert!(content.unknown_critical.is_empty(), "{content:#?}");
        let signs = |uses: &Vec<String>| uses.iter().any(|it| it == "key cert sign");
        assert!(content.key_usage.as_ref().is_none_or(signs), "{content:#?}");
    }
}
