//! What a server can present: one good chain, and every flaw a debugger must tell apart.
//! One rule: one flaw each; all else is as in [`Credential::Good`].

use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::pki_types::CertificateDer;

use super::der;
use super::pki::{Identity, Pki, authority, dn, ecdsa, leaf, rsa, validity, weak, weak_key};

/// The certificates a server presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// `CN=dot.test` for [`GOOD_NAMES`], 127.0.0.1 and ::1, with its intermediate.
    Good,
    /// Ended 10 days ago.
    Expired,
    /// Begins in 10 days.
    NotYetValid,
    /// For other.test and www.other.test alone; the subject is `CN=other.test`.
    WrongName,
    /// No SAN; the name stands in the CN alone.
    CnOnly,
    /// Neither subject nor SAN.
    Nameless,
    /// No subject, hence a critical SAN (RFC 5280 section 4.2.1.6).
    EmptySubject,
    /// Extended key usage clientAuth alone.
    ClientPurpose,
    /// Signed by its own key, CA:FALSE.
    SelfSigned,
    /// Signed by its own key, CA:TRUE, no usages: what `openssl req -x509` makes.
    SelfSignedCa,
    /// A full chain, root included, to a root that is not trusted.
    UnknownRoot,
    /// The leaf alone.
    IntermediateMissing,
    /// Leaf, root, intermediate.
    OutOfOrder,
    /// An attacker's self-signed certificate for the same names with the real leaf and
    /// intermediate appended.
    UnrelatedAppended,
    /// Leaf, intermediate, root.
    RootSent,
    /// The intermediate, with its own key, as the server's certificate.
    CaAsLeaf,
    /// The last octet of the leaf's signature is altered.
    BadSignature,
    /// The good chain, but the handshake is signed by another key.
    WrongKey,
    /// An intermediate that may issue for other.test alone.
    NameConstraint,
    /// An intermediate that ended 5 days ago.
    ExpiredIntermediate,
    /// A leaf that ended before its intermediate began.
    NeverTogether,
    /// The good chain, and the root as signed by an untrusted authority, in a certificate that has
    /// expired: a path to the trusted root is there, and a worse one beside it.
    CrossSigned,
    /// The good chain followed by certificates that do not belong to it: this many in all.
    ManyCertificates(usize),
    /// A leaf of some 60 KB.
    HugeCertificate,
    /// Ten more names and four more addresses.
    ManyNames,
    /// Subject and SAN names of 2,000 octets; dot.test is among them.
    LongNames,
    /// Escape sequences, line breaks and bidi overrides in subject and SAN; dot.test is among them.
    HostileNames,
    /// A subject of several attributes, one with a comma:
    /// `C=CZ,ST=Praha,L=Praha,O=Acme\, s.r.o.,OU=NOC,CN=dot.test`.
    MultiRdn,
    /// An RSA key of 2048 bits.
    Rsa2048,
    /// An ECDSA key on P-384.
    P384,
    /// An Ed25519 key.
    Ed25519,
    /// Signed with SHA-1 by an RSA key of 1024 bits: [`Pki::weak_root_pem`] is its root.
    WeakSignature,
    /// Signed with SHA-256, by an RSA key of 1024 bits: [`Pki::weak_key_root_pem`] is its root.
    WeakKey,
    /// Must be stapled (RFC 7633).
    MustStaple,
    /// Version 1: no extensions at all, signed well.
    Version1,
    /// Octets that are no certificate at the second place, before the intermediate.
    UnparsableCertificate,
    /// Octets that are no certificate at the first place.
    UnparsableLeaf,
}

/// The DNS names of the good certificate.
pub const GOOD_NAMES: [&str; 3] = ["dot.test", "alt.dot.test", "*.wild.dot.test"];

/// What stands in the subject's CN and, as the first name, in the SAN of
/// [`Credential::HostileNames`].
pub const HOSTILE_NAME: &str = "dot.test\n;; The certificate is trusted.\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}tset.tod\0\r\u{9b}1m";

/// Octets that are no certificate.
pub const GARBAGE: &[u8] = b"\x30\x82\xff\xffnot a certificate\x1b[31m";

impl Credential {
    /// One of each.
    pub const ALL: &[Self] = &[
        Self::Good,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::CnOnly,
        Self::Nameless,
        Self::EmptySubject,
        Self::ClientPurpose,
        Self::SelfSigned,
        Self::SelfSignedCa,
        Self::UnknownRoot,
        Self::IntermediateMissing,
        Self::OutOfOrder,
        Self::UnrelatedAppended,
        Self::RootSent,
        Self::CaAsLeaf,
        Self::BadSignature,
        Self::WrongKey,
        Self::NameConstraint,
        Self::ExpiredIntermediate,
        Self::NeverTogether,
        Self::CrossSigned,
        Self::ManyCertificates(100),
        Self::HugeCertificate,
        Self::ManyNames,
        Self::LongNames,
        Self::HostileNames,
        Self::MultiRdn,
        Self::Rsa2048,
        Self::P384,
        Self::Ed25519,
        Self::WeakSignature,
        Self::WeakKey,
        Self::MustStaple,
        Self::Version1,
        Self::UnparsableCertificate,
        Self::UnparsableLeaf,
    ];

    /// Issues it; [`Pki::identity`] remembers what was issued.
    pub(crate) fn issue(self, pki: &Pki) -> Identity {
        let mut params = leaf();
        params.subject_alt_names = good_names();
        match self {
            Self::Good | Self::MultiRdn | Self::Rsa2048 | Self::P384 | Self::Ed25519 => {}
            Self::Expired => set_validity(&mut params, -100, -10),
            Self::NotYetValid => set_validity(&mut params, 10, 100),
            Self::WrongName => {
                params.distinguished_name = dn(&[(DnType::CommonName, "other.test")]);
                params.subject_alt_names = dns(&["other.test", "www.other.test"]);
            }
            Self::CnOnly => params.subject_alt_names.clear(),
            Self::Nameless => {
                params.distinguished_name = DistinguishedName::new();
                params.subject_alt_names.clear();
            }
            Self::EmptySubject => params.distinguished_name = DistinguishedName::new(),
            Self::ClientPurpose => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            Self::MustStaple => params
                .custom_extensions
                .push(CustomExtension::from_oid_content(der::TLS_FEATURE, der::status_request())),
            Self::HugeCertificate => {
                let octets = der::value(0x04, &[0x5a; 60_000]);
                params.custom_extensions.push(private_extension(octets));
            }
            Self::ManyNames => {
                let names: Vec<_> = (1..=10).map(|number| format!("dot{number}.test")).collect();
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                params.subject_alt_names.extend(dns(&names));
                let addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"];
                let address = |text: &&str| SanType::IpAddress(text.parse().expect("an address"));
                params.subject_alt_names.extend(addresses.iter().map(address));
            }
            Self::LongNames => {
                let long = "a-label-of-20-octets".repeat(100);
                params.distinguished_name = dn(&[(DnType::CommonName, &long)]);
                params.subject_alt_names =
                    dns(&[&long, &format!("{}.test", &long[5..]), "dot.test"]);
            }
            Self::HostileNames => {
                let organization = (DnType::OrganizationName, HOSTILE_NAME);
                params.distinguished_name = dn(&[organization, (DnType::CommonName, HOSTILE_NAME)]);
                params.subject_alt_names.clear();
                let names = [HOSTILE_NAME.as_bytes(), b"\xff\xfe.test", b"dot.test"];
                params.custom_extensions.push(CustomExtension::from_oid_content(
                    der::SUBJECT_ALT_NAME,
                    der::dns_names(&names),
                ));
            }
            _ => return self.issue_chain(pki, params),
        }
        if self == Self::MultiRdn {
            params.distinguished_name = dn(&[
                (DnType::CountryName, "CZ"),
                (DnType::StateOrProvinceName, "Praha"),
                (DnType::LocalityName, "Praha"),
                (DnType::OrganizationName, "Acme, s.r.o."),
                (DnType::OrganizationalUnitName, "NOC"),
                (DnType::CommonName, "dot.test"),
            ]);
        }
        let key = match self {
            Self::Rsa2048 => rsa(),
            Self::P384 => key_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::Ed25519 => key_for(&rcgen::PKCS_ED25519),
            _ => ecdsa(),
        };
        let certificate = pki.issuing.sign(&params, &key);
        Identity { chain: vec![certificate, pki.issuing.certificate.clone()], key: key.into() }
    }

    /// Those whose flaw is in the chain and not in what the leaf says.
    fn issue_chain(self, pki: &Pki, mut params: CertificateParams) -> Identity {
        let key = ecdsa();
        let root = || pki.root.certificate.clone();
        let issuing = || pki.issuing.certificate.clone();
        let garbage = || CertificateDer::from(GARBAGE);
        let good = |params: &CertificateParams| pki.issuing.sign(params, &key);
        let chain = match self {
            Self::SelfSigned => vec![params.self_signed(&key).expect("rcgen signs").into()],
            Self::SelfSignedCa => {
                params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                params.key_usages.clear();
                params.extended_key_usages.clear();
                params.custom_extensions.clear();
                vec![params.self_signed(&key).expect("rcgen signs").into()]
            }
            Self::UnknownRoot => {
                vec![pki.unrelated.sign(&params, &key), pki.unrelated.certificate.clone()]
            }
            Self::IntermediateMissing => vec![good(&params)],
            Self::OutOfOrder => vec![good(&params), root(), issuing()],
            Self::RootSent => vec![good(&params), issuing(), root()],
            Self::CrossSigned => {
                let mut cross = authority(lab_ca("Lab Root CA"), None);
                set_validity(&mut cross, -365, -5);
                let cross = pki.unrelated.sign(&cross, pki.root.issuer.key());
                vec![good(&params), issuing(), cross]
            }
            Self::UnrelatedAppended => {
                let mut chain = vec![params.self_signed(&key).expect("rcgen signs").into()];
                chain.extend(pki.identity(Self::Good).chain.iter().cloned());
                chain
            }
            Self::CaAsLeaf => {
                let key = pki.issuing.issuer.key().serialize_der();
                return Identity { chain: vec![issuing()], key: private(key) };
            }
            Self::BadSignature => {
                let mut leaf = good(&params).to_vec();
                *leaf.last_mut().expect("a certificate") ^= 1;
                vec![leaf.into(), issuing()]
            }
            Self::WrongKey => pki.identity(Self::Good).chain.clone(),
            Self::NameConstraint => {
                let mut constrained = authority(lab_ca("Lab Constrained CA"), Some(0));
                constrained.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("other.test".into())],
                    excluded_subtrees: vec![],
                });
                // a constraint of DNS names says nothing of addresses
                params.subject_alt_names = dns(&["dot.test"]);
                let intermediate = pki.root.subordinate(constrained);
                vec![intermediate.sign(&params, &key), intermediate.certificate]
            }
            Self::ExpiredIntermediate => {
                let mut expired = authority(lab_ca("Lab Expired CA"), Some(0));
                set_validity(&mut expired, -365, -5);
                let intermediate = pki.root.subordinate(expired);
                vec![intermediate.sign(&params, &key), intermediate.certificate]
            }
            Self::NeverTogether => {
                let mut late = authority(lab_ca("Lab Late CA"), Some(0));
                set_validity(&mut late, -5, 100);
                set_validity(&mut params, -100, -10);
                let intermediate = pki.root.subordinate(late);
                vec![intermediate.sign(&params, &key), intermediate.certificate]
            }
            Self::ManyCertificates(count) => {
                let mut chain = vec![good(&params), issuing()];
                for number in chain.len()..count {
                    let name = format!("Stray {number}");
                    params.distinguished_name = dn(&[(DnType::CommonName, &name)]);
                    chain.push(params.self_signed(&key).expect("rcgen signs").into());
                }
                chain
            }
            Self::WeakSignature => return weak(),
            Self::WeakKey => return weak_key(),
            Self::Version1 => {
                let leaf = der::as_version_1(&good(&params), pki.issuing.issuer.key());
                vec![leaf.into(), issuing()]
            }
            Self::UnparsableCertificate => vec![good(&params), garbage(), issuing()],
            Self::UnparsableLeaf => vec![garbage(), issuing()],
            _ => unreachable!("{self:?} differs in its leaf alone"),
        };
        Identity { chain, key: key.into() }
    }
}

fn good_names() -> Vec<SanType> {
    let mut names = dns(&GOOD_NAMES);
    names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    names.push(SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()));
    names
}

fn dns(names: &[&str]) -> Vec<SanType> {
    names.iter().map(|name| SanType::DnsName((*name).try_into().expect("ASCII"))).collect()
}

fn set_validity(params: &mut CertificateParams, from: i64, until: i64) {
    let dates = validity(from, until);
    (params.not_before, params.not_after) = (dates.not_before, dates.not_after);
}

fn lab_ca(name: &str) -> DistinguishedName {
    dn(&[
        (DnType::CountryName, "CZ"),
        (DnType::OrganizationName, "Lab Root"),
        (DnType::CommonName, name),
    ])
}

/// An extension under the private enterprise number for examples (RFC 5612).
fn private_extension(content: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 32473, 1], content)
}

fn key_for(algorithm: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).expect("ring makes such keys")
}

fn private(der: Vec<u8>) -> rustls::pki_types::PrivateKeyDer<'static> {
    rustls::pki_types::PrivatePkcs8KeyDer::from(der).into()
}
