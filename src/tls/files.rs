//! The files of certificates and keys. One rule: a certificate that is in a file is read or named
//! by its line, and what is said of a file holds no octet of it.

use std::path::{Path, PathBuf};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use rustls_native_certs::{CertificateResult, ErrorKind, load_native_certs};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{Outline, element, pin};
use super::pem::{Flaw, Label, Section, sections};
use crate::error::{Error, SYSTEM_STORE, system_words};
use crate::file::{self, Wait};
use crate::text;

type Certificate = CertificateDer<'static>;

/// The certificates in the file at `path`: PEM, or one in DER.
pub(super) fn certificates(path: &str, wait: &Wait) -> Result<Vec<Certificate>, Error> {
    let octets = file::read(path, wait)?;
    match all(&octets).and_then(|found| found.into_iter().collect()) {
        Ok(found) => Ok(found),
        Err(reason) => Err(unusable(path, reason)),
    }
}

/// The certificates of a file and its damaged sections; an error if there is neither.
fn all(octets: &[u8]) -> Result<Vec<Result<Certificate, String>>, String> {
    const NONE: &str = "holds no certificate";
    if file::is_utf16(octets) {
        return Err(file::UTF16.to_owned());
    }
    let found: Vec<_> = sections(octets)
        .iter()
        .filter(|section| section.label == Label::Certificate)
        .map(certificate)
        .collect();
    match (found.is_empty(), Outline::of(octets)) {
        (false, _) => Ok(found),
        (true, Some(_)) => Ok(vec![Ok(first_element(octets).into())]),
        (true, None) => Err(NONE.to_owned()),
    }
}

fn certificate(section: &Section) -> Result<Certificate, String> {
    let der = section.content.as_ref().map_err(|flaw| not_pem(section.line, *flaw))?;
    match Outline::of(der) {
        Some(_) => Ok(first_element(der).into()),
        None => Err(not_pem(section.line, Flaw::Content)),
    }
}

/// Without what OpenSSL writes behind a certificate that it trusts for something.
fn first_element(der: &[u8]) -> Vec<u8> {
    element(der).map_or(der, |(first, _)| first.whole).to_vec()
}

fn not_pem(line: usize, flaw: Flaw) -> String {
    format!("not PEM (line {line}: {flaw})")
}

/// The hash of the key in the PEM or DER file at `path`: that of its first certificate, or the
/// public key it holds.
pub(super) fn pin_of(path: &str, wait: &Wait) -> Result<[u8; 32], Error> {
    const NEITHER: &str = "holds neither a certificate nor a public key";
    let octets = file::read(path, wait)?;
    let unusable = |reason: &str| unusable(path, reason.to_owned());
    if file::is_utf16(&octets) {
        return Err(unusable(file::UTF16));
    }
    if let Some(outline) = Outline::of(&octets) {
        return Ok(pin(outline.spki));
    }
    let sections = sections(&octets);
    let first = |label| sections.iter().find(|section| section.label == label);
    if let Some(section) = first(Label::Certificate) {
        let certificate = certificate(section).map_err(|reason| unusable(&reason))?;
        return match Outline::of(&certificate) {
            Some(outline) => Ok(pin(outline.spki)),
            None => Err(unusable(NEITHER)),
        };
    }
    let key = match first(Label::PublicKey) {
        None => &octets,
        Some(Section { content: Ok(key), .. }) => key,
        Some(Section { content: Err(flaw), line, .. }) => {
            return Err(unusable(&not_pem(*line, *flaw)));
        }
    };
    match (SubjectPublicKeyInfo::from_der(key), first(Label::PublicKey)) {
        (Ok((rest, _)), _) => Ok(pin(&key[..key.len() - rest.len()])),
        (Err(_), Some(section)) => Err(unusable(&not_pem(section.line, Flaw::Content))),
        (Err(_), None) => Err(unusable(NEITHER)),
    }
}

/// The private key in the file at `path`, the first if there are more: PEM or DER.
pub(super) fn private_key(path: &str, wait: &Wait) -> Result<PrivateKeyDer<'static>, Error> {
    let octets = file::read(path, wait)?;
    if file::is_utf16(&octets) {
        return Err(unusable(path, file::UTF16.to_owned()));
    }
    const ENCRYPTED: &str = "the key is encrypted; openssl pkey -in FILE decrypts it";
    let Some(section) = sections(&octets).into_iter().find(|it| it.label.is_private()) else {
        return match PrivateKeyDer::try_from(&*octets) {
            Ok(key) => Ok(key.clone_key()),
            Err(_) if is_encrypted(&octets) => Err(unusable(path, ENCRYPTED.into())),
            Err(_) => Err(unusable(path, "holds no private key".into())),
        };
    };
    match (section.label, section.content) {
        (Label::EncryptedPrivateKey, _) | (_, Err(Flaw::Encrypted)) => {
            Err(unusable(path, ENCRYPTED.into()))
        }
        (_, Err(flaw)) => Err(unusable(path, not_pem(section.line, flaw))),
        (Label::RsaPrivateKey, Ok(der)) => Ok(PrivatePkcs1KeyDer::from(der).into()),
        (Label::EcPrivateKey, Ok(der)) => Ok(PrivateSec1KeyDer::from(der).into()),
        (_, Ok(der)) => Ok(PrivatePkcs8KeyDer::from(der).into()),
    }
}

/// EncryptedPrivateKeyInfo: an algorithm, then an octet string (RFC 5958 section 3).
fn is_encrypted(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const OCTET_STRING: u8 = 0x04;
    let parts = || {
        let (whole, _) = element(der)?;
        let (algorithm, rest) = element(whole.content)?;
        let (data, rest) = element(rest)?;
        Some((algorithm.tag, data.tag, rest.is_empty()))
    };
    parts() == Some((SEQUENCE, OCTET_STRING, true))
}

/// The certificates of the system's store, or of what `SSL_CERT_FILE` and `SSL_CERT_DIR` name in
/// its place. The bundle alone is read where there is one: it holds the same as the directory
/// beside it, at a quarter of the cost.
pub(super) fn system(wait: &Wait) -> Result<Vec<Certificate>, Error> {
    const BUNDLES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let of_user = |name| std::env::var_os(name).map(PathBuf::from);
    let (file, folders) = (of_user("SSL_CERT_FILE"), of_user("SSL_CERT_DIR"));
    if file.is_some() || folders.is_some() {
        return chosen(file.as_deref(), folders.as_deref(), wait)
            .map_err(|reason| unusable(SYSTEM_STORE, reason));
    }
    let bundle = BUNDLES.iter().map(Path::new).find(|it| cfg!(target_os = "linux") && it.exists());
    let (certificates, reason) = match bundle {
        Some(bundle) => match bundle_of_system(bundle, wait) {
            Ok(certificates) => (certificates, None),
            Err(reason) => (Vec::new(), Some(reason)),
        },
        None => {
            let CertificateResult { certs, errors, .. } = load_native_certs();
            (certs, errors.first().map(|error| words(&error.kind)))
        }
    };
    match (certificates.is_empty(), reason) {
        (false, _) => Ok(certificates),
        (true, reason) => Err(unusable(SYSTEM_STORE, reason.unwrap_or("not found".into()))),
    }
}

/// The system keeps its bundle, not who runs us: what is damaged there is no anchor.
fn bundle_of_system(path: &Path, wait: &Wait) -> Result<Vec<Certificate>, String> {
    let found = file::octets(path, file::MAX_OCTETS, wait).and_then(|octets| all(&octets));
    let found = found.map_err(|reason| of_path(path, &reason))?;
    Ok(found.into_iter().flatten().collect())
}

/// What the user named in place of the store.
fn chosen(
    file: Option<&Path>,
    folders: Option<&Path>,
    wait: &Wait,
) -> Result<Vec<Certificate>, String> {
    let mut certificates = Vec::new();
    if let Some(file) = file {
        let path = file.to_string_lossy();
        match self::certificates(&path, wait) {
            Ok(found) => certificates.extend(found),
            Err(error) => return Err(error.to_string()),
        }
    }
    for folder in folders.into_iter().flat_map(std::env::split_paths) {
        // as OpenSSL, which looks into those that there are
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // a directory may hold anything, and a link may lead nowhere
            if !path.is_file() {
                continue;
            }
            let octets = file::octets(&path, file::MAX_OCTETS, wait)
                .map_err(|reason| of_path(&path, &reason))?;
            for certificate in all(&octets).unwrap_or_default() {
                certificates.push(certificate.map_err(|reason| of_path(&path, &reason))?);
            }
        }
    }
    // a directory names each certificate twice
    certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    certificates.dedup();
    match certificates.is_empty() {
        true => Err("holds no certificate".into()),
        false => Ok(certificates),
    }
}

fn of_path(path: &Path, reason: &str) -> String {
    format!("{}: {reason}", text::free(path.to_string_lossy().as_bytes()))
}

/// What another reader says of a file of the system, without what it read.
fn words(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Io { inner, path } => of_path(path, &system_words(inner)),
        ErrorKind::Os(error) => text::free(error.to_string()),
        _ => "not PEM".to_owned(),
    }
}

fn unusable(path: &str, reason: String) -> Error {
    Error::File { path: path.to_owned(), reason }
}
