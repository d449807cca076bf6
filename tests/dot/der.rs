//! The little DER that rcgen does not write: extensions with hostile names, a version 1 certificate.
//! One rule: nothing here checks what it writes; that is the point.

use rcgen::{KeyPair, SigningKey};
use x509_parser::asn1_rs::{FromDer, Header};
use x509_parser::prelude::{TbsCertificate, X509Certificate};

/// SubjectAltName (RFC 5280 section 4.2.1.6).
pub(crate) const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
/// AuthorityInfoAccess (RFC 5280 section 4.2.2.1).
pub(crate) const AUTHORITY_INFO_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
/// TLS feature (RFC 7633).
pub(crate) const TLS_FEATURE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 24];
/// The content of the OID ecdsa-with-SHA256 (RFC 5758 section 3.2).
pub(crate) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

const SEQUENCE: u8 = 0x30;

/// One value: tag, length in its shortest form, content.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let mut out = vec![tag];
    match (content.len(), length.len()) {
        (0..=127, _) => out.push(content.len() as u8),
        (_, octets) => out.push(0x80 | octets as u8),
    }
    if content.len() > 127 {
        out.extend(length);
    }
    out.extend(content);
    out
}

/// A SEQUENCE of values.
pub(crate) fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
    value(SEQUENCE, &values.concat())
}

/// The content of a SubjectAltName extension with these dNSNames, whatever their octets.
pub(crate) fn dns_names(names: &[&[u8]]) -> Vec<u8> {
    sequence(&names.iter().map(|name| value(0x82, name)).collect::<Vec<_>>())
}

/// The content of an AuthorityInfoAccess extension: where the issuer's certificate may be fetched.
pub(crate) fn issuer_url(url: &str) -> Vec<u8> {
    let ca_issuers = value(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    sequence(&[sequence(&[ca_issuers, value(0x86, url.as_bytes())])])
}

/// The content of a TLS feature extension: a staple must come.
pub(crate) fn status_request() -> Vec<u8> {
    sequence(&[value(0x02, &[5])])
}

/// The same certificate as version 1 (no version field, no extensions), signed anew.
pub(crate) fn as_version_1(certificate: &[u8], issuer: &KeyPair) -> Vec<u8> {
    let (_, parsed) = X509Certificate::from_der(certificate).expect("our own certificate");
    let tbs: &TbsCertificate<'_> = &parsed.tbs_certificate;
    let (fields, _) = Header::from_der(tbs.as_ref()).expect("a SEQUENCE");
    let tbs = value(
        SEQUENCE,
        &elements(fields)
            .into_iter()
            .filter(|field| !matches!(field[0], 0xa0 | 0xa3))
            .collect::<Vec<_>>()
            .concat(),
    );
    let algorithm = sequence(&[value(0x06, ECDSA_WITH_SHA256)]);
    let signature = issuer.sign(&tbs).expect("ring signs");
    sequence(&[tbs, algorithm, value(0x03, &[vec![0], signature].concat())])
}

/// The elements of a SEQUENCE's content, each with tag and length.
fn elements(mut content: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    while !content.is_empty() {
        let (rest, header) = Header::from_der(content).expect("our own certificate");
        let length = header.length().definite().expect("DER");
        let (element, next) = content.split_at(content.len() - rest.len() + length);
        out.push(element);
        content = next;
    }
    out
}
