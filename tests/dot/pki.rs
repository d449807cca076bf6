//! Throwaway certificate authorities, made in memory, and what they issue.
//! One rule: keys are made once a process, so that a credential asked for twice is the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use super::credential::Credential;
use super::der;

/// The key of the RSA certificate: ring signs with RSA but does not make such keys.
const RSA_2048: &str = include_str!("rsa2048.pem");
/// A key, its certificate signed with SHA-1, and the authority: rcgen signs with nothing that weak.
const WEAK: &str = include_str!("weak.pem");
/// A key, its certificate, and the authority, whose key is too short for ring to make or use.
const WEAK_KEY: &str = include_str!("weak_key.pem");

/// Where leaf certificates say that their issuer may be fetched.
pub const ISSUER_URL: &str = "http://aia.lab.test/issuing.crt";

/// What a server presents: certificates in the order sent, and the key of the first.
#[derive(Debug)]
pub struct Identity {
    /// The certificates in the order sent.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key that signs the handshake.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// The pin of the certificate at this position, counted from 0.
    pub fn pin(&self, position: usize) -> String {
        pin(&self.chain[position])
    }

    /// The chain as PEM.
    pub fn pem(&self) -> String {
        self.chain.iter().map(|certificate| pem(certificate)).collect()
    }

    /// The private key as PEM.
    pub fn key_pem(&self) -> String {
        armour("PRIVATE KEY", self.key.secret_der())
    }
}

/// The throwaway authorities: a root, its issuing intermediate, and a root that is not trusted.
pub struct Pki {
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
    pub(crate) unrelated: Authority,
    issued: Mutex<BTreeMap<Credential, Arc<Identity>>>,
}

impl Pki {
    /// The authorities of this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Pki> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }

    /// New authorities; most callers want [`Pki::shared`], which the servers present from.
    pub fn new() -> Self {
        let lab = |name| dn(&[(DnType::CountryName, "CZ"), LAB, (DnType::CommonName, name)]);
        let root = Authority::root(lab("Lab Root CA"));
        let issuing = root.subordinate(authority(lab("Lab Issuing CA"), Some(0)));
        let unrelated = Authority::root(dn(&[
            (DnType::CountryName, "US"),
            (DnType::OrganizationName, "Elsewhere"),
            (DnType::CommonName, "Elsewhere Root CA"),
        ]));
        Self { root, issuing, unrelated, issued: Mutex::default() }
    }

    /// The root that tests trust.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.certificate.clone()
    }

    /// The root that tests trust, as PEM.
    pub fn root_pem(&self) -> String {
        pem(&self.root.certificate)
    }

    /// The issuing intermediate as PEM.
    pub fn issuing_pem(&self) -> String {
        pem(&self.issuing.certificate)
    }

    /// A root that signed nothing but [`Credential::UnknownRoot`], as PEM.
    pub fn unrelated_root_pem(&self) -> String {
        pem(&self.unrelated.certificate)
    }

    /// The root of [`Credential::WeakSignature`] (RSA 1024, SHA-1), as PEM.
    pub fn weak_root_pem(&self) -> String {
        pem(&weak().chain[1])
    }

    /// The root of [`Credential::WeakKey`] (RSA 1024, SHA-256), as PEM.
    pub fn weak_key_root_pem(&self) -> String {
        pem(&weak_key().chain[1])
    }

    /// What a server presents for this credential: the same each time.
    pub fn identity(&self, credential: Credential) -> Arc<Identity> {
        if let Some(identity) = self.issued.lock().expect("no panic while held").get(&credential) {
            return identity.clone();
        }
        let made = Arc::new(credential.issue(self));
        let mut issued = self.issued.lock().expect("no panic while held");
        issued.entry(credential).or_insert(made).clone()
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}

/// The SHA-256 pin of a certificate's SubjectPublicKeyInfo in base64 (RFC 7858 section 4.2).
pub fn pin(certificate: &[u8]) -> String {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).expect("a certificate");
    BASE64_STANDARD.encode(Sha256::digest(parsed.public_key().raw))
}

/// A certificate as PEM.
pub fn pem(certificate: &[u8]) -> String {
    armour("CERTIFICATE", certificate)
}

fn armour(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

const LAB: (DnType, &str) = (DnType::OrganizationName, "Lab Root");

/// A certificate authority: its certificate and what is needed to sign.
pub(crate) struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn root(name: DistinguishedName) -> Self {
        let (params, key) = (authority(name, None), ecdsa());
        let certificate = params.self_signed(&key).expect("rcgen signs");
        Self { certificate: certificate.into(), issuer: Issuer::new(params, key) }
    }

    /// An authority under this one.
    pub(crate) fn subordinate(&self, params: CertificateParams) -> Self {
        let key = ecdsa();
        let certificate = self.sign(&params, &key);
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Issues a certificate for a key.
    pub(crate) fn sign(
        &self,
        params: &CertificateParams,
        key: &impl PublicKeyData,
    ) -> CertificateDer<'static> {
        params.signed_by(key, &self.issuer).expect("rcgen signs").into()
    }
}

/// What an authority's certificate says: ten years, of which one has passed.
pub(crate) fn authority(name: DistinguishedName, path_len: Option<u8>) -> CertificateParams {
    let mut params = validity(-365, 9 * 365);
    params.distinguished_name = name;
    params.is_ca =
        IsCa::Ca(path_len.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

/// What a server's certificate says: subject `CN=dot.test`, no name yet, 90 days of which 30 have
/// passed.
pub(crate) fn leaf() -> CertificateParams {
    let mut params = validity(-30, 60);
    params.distinguished_name = dn(&[(DnType::CommonName, "dot.test")]);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.custom_extensions = vec![CustomExtension::from_oid_content(
        der::AUTHORITY_INFO_ACCESS,
        der::issuer_url(ISSUER_URL),
    )];
    params
}

/// Valid between these days from now. Half an hour more, so that the days left are whole ones while
/// a test runs.
pub(crate) fn validity(from: i64, until: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let at = |days: i64| {
        let seconds = now.saturating_add_signed(days * 86_400) + 1800;
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    (params.not_before, params.not_after) = (at(from), at(until));
    params
}

/// A distinguished name in this order.
pub(crate) fn dn(attributes: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, text) in attributes {
        name.push(kind.clone(), *text);
    }
    name
}

/// A new P-256 key.
pub(crate) fn ecdsa() -> KeyPair {
    KeyPair::generate().expect("ring makes P-256 keys")
}

/// The RSA key that ships with the tests.
pub(crate) fn rsa() -> KeyPair {
    KeyPair::from_pem(RSA_2048).expect("the fixture is an RSA key")
}

/// The weak chain that ships with the tests: the server's certificate and its root.
pub(crate) fn weak() -> Identity {
    identity(WEAK)
}

/// The chain under a weak key that ships with the tests: the server's certificate and its root.
pub(crate) fn weak_key() -> Identity {
    identity(WEAK_KEY)
}

fn identity(fixture: &str) -> Identity {
    let chain = CertificateDer::pem_slice_iter(fixture.as_bytes()).collect::<Result<_, _>>();
    Identity {
        chain: chain.expect("the fixture holds certificates"),
        key: PrivateKeyDer::from_pem_slice(fixture.as_bytes()).expect("the fixture holds a key"),
    }
}
