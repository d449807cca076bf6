//! Throwaway certificates for the servers: a root, an intermediate, and a leaf for each way to be
//! right or wrong.
//!
//! Every key is made anew in each run. Names follow the files: `root.pem` is the trust anchor,
//! `X.chain.pem` what a server sends and `X.key` its key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData, SanType, date_time_ymd,
};
use sha2::{Digest, Sha256};

use crate::process::Scratch;

/// The name that the good certificate is for.
pub(crate) const HOST: &str = "dot.test";

/// The subject of each authority, outermost attribute first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    /// Of the root.
    pub(crate) root: &'static [(DnType, &'static str)],
    /// Of the intermediate, which signs the leaves.
    pub(crate) issuing: &'static [(DnType, &'static str)],
    /// Of a second root, from which nothing descends.
    pub(crate) unrelated: &'static [(DnType, &'static str)],
}

/// Subjects as good as any.
pub(crate) const PLAIN: Subjects = Subjects {
    root: &[(DnType::CountryName, "NZ"), (DnType::CommonName, "Sloth Root")],
    issuing: &[
        (DnType::CountryName, "NZ"),
        (DnType::OrganizationName, "Sloths, slow & sure"),
        (DnType::CommonName, "Sloth Issuing"),
    ],
    unrelated: &[(DnType::CommonName, "Another Root")],
};

/// The files of one certificate authority in a folder, and the pins of the keys.
#[derive(Debug)]
pub(crate) struct Pki {
    pins: Vec<(&'static str, String)>,
}

impl Pki {
    /// Makes everything and writes it below `folder` of the scratch folder.
    pub(crate) fn make(scratch: &Scratch, folder: &str, subjects: Subjects) -> Pki {
        let mut pki = Pki { pins: Vec::new() };
        let write = |name: String, text: &str| {
            scratch.write(&format!("{folder}/{name}"), text);
        };

        let (root_params, root_key) = (authority(subjects.root), key());
        let root_pem = root_params.self_signed(&root_key).expect("a root can be made").pem();
        write("root.pem".into(), &root_pem);
        let root = Issuer::new(root_params, root_key);

        let (inter_params, inter_key) = (authority(subjects.issuing), key());
        pki.note("inter", &inter_key);
        let inter_pem = inter_params.signed_by(&inter_key, &root).expect("a CA can be made").pem();
        write("inter.pem".into(), &inter_pem);
        let issuing = Issuer::new(inter_params, inter_key);

        let other = authority(subjects.unrelated).self_signed(&key()).expect("a root can be made");
        write("root2.pem".into(), &other.pem());

        for leaf in LEAVES {
            let key = leaf.key.map_or_else(key, |make| make());
            pki.note(leaf.name, &key);
            let params = leaf.params();
            let (pem, chain) = if leaf.own_signature {
                let pem = params.self_signed(&key).expect("a leaf can be made").pem();
                (pem.clone(), pem)
            } else {
                let pem = params.signed_by(&key, &issuing).expect("a leaf can be made").pem();
                (pem.clone(), format!("{pem}{inter_pem}"))
            };
            write(format!("{}.pem", leaf.name), &pem);
            write(format!("{}.chain.pem", leaf.name), &chain);
            write(format!("{}.key", leaf.name), &key.serialize_pem());
        }
        pki
    }

    /// The SHA-256 pin of the key of that name (a leaf's, or `inter`) in base64.
    pub(crate) fn pin(&self, name: &str) -> &str {
        let found = self.pins.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("no key is named {name}")).1
    }

    fn note(&mut self, name: &'static str, key: &KeyPair) {
        let digest = Sha256::digest(key.subject_public_key_info());
        self.pins.push((name, base64::engine::general_purpose::STANDARD.encode(digest)));
    }
}

/// How one leaf differs from the others.
struct Leaf {
    name: &'static str,
    subject: &'static [(DnType, &'static str)],
    names: &'static [&'static str],
    addresses: &'static [IpAddr],
    usage: ExtendedKeyUsagePurpose,
    years: (i32, i32),
    own_signature: bool,
    key: Option<fn() -> KeyPair>,
}

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const BY_HOST: &[(DnType, &str)] = &[(DnType::CommonName, HOST)];

const GOOD: Leaf = Leaf {
    name: "good",
    subject: BY_HOST,
    names: &[HOST, "alt.dot.test"],
    addresses: &[V4, V6],
    usage: ExtendedKeyUsagePurpose::ServerAuth,
    years: (2020, 2090),
    own_signature: false,
    key: None,
};

const LEAVES: &[Leaf] = &[
    GOOD,
    Leaf {
        name: "wrong",
        subject: &[(DnType::CommonName, "other.test")],
        names: &["other.test"],
        addresses: &[],
        ..GOOD
    },
    Leaf { name: "cnonly", names: &[], addresses: &[], ..GOOD },
    Leaf {
        name: "clienteku",
        names: &[HOST],
        addresses: &[V4],
        usage: ExtendedKeyUsagePurpose::ClientAuth,
        ..GOOD
    },
    Leaf {
        name: "client",
        subject: &[(DnType::CommonName, "client.test")],
        names: &["client.test"],
        addresses: &[],
        usage: ExtendedKeyUsagePurpose::ClientAuth,
        ..GOOD
    },
    Leaf { name: "nodn", subject: &[], names: &[HOST], addresses: &[V4], ..GOOD },
    Leaf { name: "expired", names: &[HOST], addresses: &[V4], years: (2020, 2021), ..GOOD },
    Leaf { name: "notyet", names: &[HOST], addresses: &[V4], years: (2088, 2089), ..GOOD },
    Leaf { name: "self", names: &[HOST], addresses: &[V4], own_signature: true, ..GOOD },
    Leaf {
        name: "rsa",
        subject: &[
            (DnType::CountryName, "CZ"),
            (DnType::StateOrProvinceName, "Praha"),
            (DnType::LocalityName, "Praha"),
            (DnType::OrganizationName, "Acme, s.r.o."),
            (DnType::OrganizationalUnitName, "NOC"),
            (DnType::CommonName, HOST),
        ],
        names: &[HOST],
        addresses: &[V4],
        key: Some(rsa_key),
        ..GOOD
    },
];

impl Leaf {
    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(self.subject);
        let dns = |name: &&str| SanType::DnsName((*name).try_into().expect("an ASCII name"));
        params.subject_alt_names = self.names.iter().map(dns).collect();
        params.subject_alt_names.extend(self.addresses.iter().map(|&ip| SanType::IpAddress(ip)));
        params.is_ca = if self.own_signature { IsCa::NoCa } else { IsCa::ExplicitNoCa };
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![self.usage.clone()];
        params.use_authority_key_identifier_extension = !self.own_signature;
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params
    }
}

fn authority(names: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(names);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    params
}

fn subject(names: &[(DnType, &str)]) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    for (kind, text) in names {
        // RFC 5280 A.1: a country is a PrintableString, and GnuTLS shows any other in hex
        match kind {
            DnType::CountryName => {
                let code = (*text).try_into().expect("two letters");
                subject.push(kind.clone(), DnValue::PrintableString(code));
            }
            _ => subject.push(kind.clone(), *text),
        }
    }
    subject
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("an EC key can be made")
}

/// A fixed RSA key, since ring makes none: it protects nothing but these tests.
fn rsa_key() -> KeyPair {
    KeyPair::from_pem(include_str!("rsa.key")).expect("the key of the tests is well formed")
}

#[test]
fn a_pin_is_the_hash_of_the_whole_key() {
    let scratch = Scratch::new("pki");
    let pki = Pki::make(&scratch, "pki", PLAIN);
    assert_eq!(pki.pin("rsa"), include_str!("rsa.pin").trim_end());
    assert_eq!(pki.pin("good").len(), 44);
    assert_ne!(pki.pin("good"), pki.pin("inter"));
}
