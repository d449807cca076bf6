//! OCSP responses to staple (RFC 6960 section 4.2), signed by the issuing intermediate.
//! One rule: one flaw each, as with the certificates.

use jiff::{SignedDuration, Timestamp};
use rcgen::{DnType, ExtendedKeyUsagePurpose, SigningKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::der::{self, sequence, value};
use super::pki::{Authority, Pki, dn, leaf};

/// What an OCSP response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staple {
    /// Good since yesterday, for a week.
    Good,
    /// Revoked two days ago: keyCompromise.
    Revoked,
    /// The responder does not know the certificate.
    Unknown,
    /// Good, until three days ago.
    Stale,
    /// Good, as of ten years ago, and it does not say until when.
    Endless,
    /// Good, but of another serial number.
    OtherCertificate,
    /// Good, but signed by a root that is not trusted.
    Forged,
    /// No certificate status: the responder says tryLater.
    TryLater,
    /// Octets that are no OCSP response.
    Garbage,
    /// Good, signed by a responder that the issuer appointed, with hashes of SHA-1.
    Delegated,
    /// Good, signed by the holder of another certificate of the issuer's.
    Usurped,
}

impl Staple {
    /// One of each.
    pub const ALL: &[Self] = &[
        Self::Good,
        Self::Revoked,
        Self::Unknown,
        Self::Stale,
        Self::Endless,
        Self::OtherCertificate,
        Self::Forged,
        Self::TryLater,
        Self::Garbage,
        Self::Delegated,
        Self::Usurped,
    ];

    /// The response for a certificate that the lab's intermediate issued, DER.
    pub fn of(self, pki: &Pki, certificate: &[u8]) -> Vec<u8> {
        match self {
            Self::TryLater => return sequence(&[value(ENUMERATED, &[3])]),
            Self::Garbage => return b"\x30\x03\x0a\x01not OCSP\x1b[31m".to_vec(),
            _ => {}
        }
        let mut params = leaf();
        params.distinguished_name = dn(&[(DnType::CommonName, "Lab Responder")]);
        if self == Self::Delegated {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        }
        let responder = pki.issuing.subordinate(params);
        let signer = match self {
            Self::Forged => &pki.unrelated,
            Self::Delegated | Self::Usurped => &responder,
            _ => &pki.issuing,
        };
        let certificates = match self {
            Self::Delegated | Self::Usurped => {
                value(0xa0, &sequence(&[responder.certificate.to_vec()]))
            }
            _ => Vec::new(),
        };
        let data = sequence(&[
            value(0xa1, &subject(&pki.issuing)),
            time(-1),
            sequence(&[self.single(pki, certificate)]),
        ]);
        let signature = signer.issuer.key().sign(&data).expect("ring signs");
        let basic = sequence(&[
            data,
            sequence(&[value(OID, der::ECDSA_WITH_SHA256)]),
            value(BIT_STRING, &[vec![0], signature].concat()),
            certificates,
        ]);
        let bytes = sequence(&[value(OID, BASIC), value(OCTETS, &basic)]);
        sequence(&[value(ENUMERATED, &[0]), value(0xa0, &bytes)])
    }

    /// SingleResponse: which certificate, its status, and from when until when.
    fn single(self, pki: &Pki, certificate: &[u8]) -> Vec<u8> {
        let (_, parsed) = X509Certificate::from_der(certificate).expect("a certificate");
        let mut serial = parsed.raw_serial().to_vec();
        if self == Self::OtherCertificate {
            *serial.last_mut().expect("a serial number") ^= 1;
        }
        let algorithm = if self == Self::Delegated { SHA1 } else { SHA256 };
        let hash = |octets: &[u8]| match self {
            Self::Delegated => value(OCTETS, &Sha1::digest(octets)),
            _ => value(OCTETS, &Sha256::digest(octets)),
        };
        let (_, issuing) = X509Certificate::from_der(&pki.issuing.certificate).expect("our own");
        let key = issuing.public_key().subject_public_key.data.to_vec();
        let of = sequence(&[
            sequence(&[value(OID, algorithm), value(NULL, &[])]),
            hash(&subject(&pki.issuing)),
            hash(&key),
            value(INTEGER, &serial),
        ]);
        let status = match self {
            Self::Revoked => value(0xa1, &[time(-2), value(0xa0, &KEY_COMPROMISE)].concat()),
            Self::Unknown => value(0x82, &[]),
            _ => value(0x80, &[]),
        };
        let (from, until) = match self {
            Self::Stale => (-10, Some(-3)),
            Self::Endless => (-3650, None),
            _ => (-1, Some(6)),
        };
        let until = until.map(|days| value(0xa0, &time(days))).unwrap_or_default();
        sequence(&[of, status, time(from), until])
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const GENERALIZED_TIME: u8 = 0x18;

const KEY_COMPROMISE: [u8; 3] = [ENUMERATED, 1, 1];
/// id-pkix-ocsp-basic
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
const SHA1: &[u8] = &[0x2b, 14, 3, 2, 26];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// The subject of an authority, DER.
fn subject(authority: &Authority) -> Vec<u8> {
    let (_, parsed) = X509Certificate::from_der(&authority.certificate).expect("our own");
    parsed.subject().as_raw().to_vec()
}

/// This many days from now.
fn time(days: i64) -> Vec<u8> {
    let at = Timestamp::now() + SignedDuration::from_hours(24 * days);
    value(GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}
