//! DER -> facts of one certificate. One rule: whatever octets come, something is said of them, and
//! every text among them is escaped here.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::algorithm::{key, signature};
use super::authority;
use super::names::{alt_name, distinguished_name};
use super::signature::Signed;
use crate::text::{self, Place};
use crate::verdict::{CaFacts, CertContent, CertFacts};

/// The parts of a certificate that verification by hand needs, as encoded; found even where the
/// rest cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    /// What the signature covers, with tag and length.
    pub covered: &'a [u8],
    /// The octets of the serial number.
    pub serial: &'a [u8],
    /// Name, without tag and length.
    pub issuer: &'a [u8],
    /// The two times, without the tag and length of their sequence.
    pub validity: &'a [u8],
    /// Name, without tag and length.
    pub subject: &'a [u8],
    /// SubjectPublicKeyInfo, with tag and length.
    pub spki: &'a [u8],
    /// AlgorithmIdentifier of the signature, without tag and length.
    pub algorithm: &'a [u8],
    /// The octets of the signature.
    pub signature: &'a [u8],
}

pub(super) const SEQUENCE: u8 = 0x30;

impl<'a> Outline<'a> {
    /// Finds the parts (RFC 5280 section 4.1).
    pub fn of(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = element(der).filter(|(it, _)| it.tag == SEQUENCE)?;
        let (covered, rest) = element(certificate.content)?;
        let (algorithm, rest) = element(rest)?;
        let (signature, _) = element(rest)?;
        let (mut serial, mut fields) = element(covered.content)?;
        if serial.tag == 0xa0 {
            // an explicit version; the serial number follows
            (serial, fields) = element(fields)?;
        }
        let mut next = || {
            let (field, rest) = element(fields)?;
            fields = rest;
            Some(field)
        };
        let (_algorithm, issuer, validity, subject, spki) =
            (next()?, next()?, next()?, next()?, next()?);
        Some(Self {
            covered: covered.whole,
            serial: serial.content,
            issuer: issuer.content,
            validity: validity.content,
            subject: subject.content,
            spki: Some(spki.whole).filter(|_| spki.tag == SEQUENCE)?,
            algorithm: algorithm.content,
            // a bit string begins with the number of its unused bits
            signature: signature.content.strip_prefix(&[0]).unwrap_or_default(),
        })
    }

    /// The certificate as something signed.
    pub fn signed(&self) -> Signed<'a> {
        let Self { covered, algorithm, signature, .. } = *self;
        Signed { octets: covered, algorithm, signature }
    }
}

/// One DER element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
}

/// The first DER element of `input`, and what follows it.
pub(super) fn element(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, after_tag) = input.split_first()?;
    let (&first, after_first) = after_tag.split_first()?;
    let (length, content) = match first {
        0..=0x7f => (usize::from(first), after_first),
        0x81..=0x83 => {
            let (octets, rest) = after_first.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = content.split_at_checked(length)?;
    Some((Element { tag, content, whole: &input[..input.len() - rest.len()] }, rest))
}

/// SHA-256 of a SubjectPublicKeyInfo (RFC 7858 section 4.2).
pub fn pin(spki: &[u8]) -> [u8; 32] {
    Sha256::digest(spki).into()
}

/// The octets of the key in a SubjectPublicKeyInfo, without its algorithm.
pub(super) fn key_octets(spki: &[u8]) -> Option<&[u8]> {
    let (info, _) = element(spki)?;
    let (_algorithm, rest) = element(info.content)?;
    let (key, _) = element(rest)?;
    // a bit string begins with the number of its unused bits
    key.content.get(1..)
}

/// `content` with the header of a DER sequence before it.
pub fn sequence(content: &[u8]) -> Vec<u8> {
    let mut der = vec![SEQUENCE];
    match content.len() {
        length @ 0..0x80 => der.push(length as u8),
        length => {
            let octets = length.to_be_bytes();
            let octets = &octets[octets.iter().take_while(|&&octet| octet == 0).count()..];
            der.push(0x80 | octets.len() as u8);
            der.extend(octets);
        }
    }
    der.extend(content);
    der
}

/// Reads one certificate as sent.
pub fn read(der: &[u8]) -> CertFacts {
    let content = match X509Certificate::from_der(der) {
        Ok((rest, _)) if !rest.is_empty() => {
            Err(format!("{} octets follow the certificate", rest.len()))
        }
        Ok(_) if !Outline::of(der).is_some_and(|it| are_times(it.validity)) => Err(NO_DATE.into()),
        Ok((_, certificate)) => Ok(content(&certificate, der)),
        Err(error) => Err(why_unreadable(der, &error)),
    };
    CertFacts {
        der: der.to_vec(),
        pin: Outline::of(der).map(|outline| pin(outline.spki)),
        fingerprint: Sha256::digest(der).into(),
        content,
    }
}

/// Whether the two times of a validity have the only forms that a certificate may have (RFC 5280
/// section 4.1.2.5): with seconds, in UTC, without fractions. Other readers take more, and each
/// reads another time in it.
fn are_times(validity: &[u8]) -> bool {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let is_time = |time: &Element<'_>| {
        let length = match time.tag {
            UTC_TIME => "YYMMDDHHMMSSZ".len(),
            GENERALIZED_TIME => "YYYYMMDDHHMMSSZ".len(),
            _ => return false,
        };
        let digits = time.content.strip_suffix(b"Z");
        time.content.len() == length && digits.is_some_and(|it| it.iter().all(u8::is_ascii_digit))
    };
    let Some((begin, rest)) = element(validity) else { return false };
    let Some((end, [])) = element(rest) else { return false };
    is_time(&begin) && is_time(&end)
}

const NO_DATE: &str = "one of its dates makes no sense";

fn why_unreadable(der: &[u8], error: &x509_parser::nom::Err<X509Error>) -> String {
    use x509_parser::nom::Err::{Error, Failure, Incomplete};
    if element(der).is_none() {
        return "it is no DER, or not all of it".into();
    }
    match error {
        Incomplete(_) => "it ends too early",
        Error(error) | Failure(error) => match error {
            X509Error::InvalidVersion => "its version makes no sense",
            X509Error::InvalidSerial => "its serial number makes no sense",
            X509Error::InvalidAlgorithmIdentifier => "the name of an algorithm makes no sense",
            X509Error::InvalidX509Name => "its subject or issuer makes no sense",
            X509Error::InvalidDate => NO_DATE,
            X509Error::InvalidSPKI => "its key makes no sense",
            X509Error::InvalidExtensions => "its extensions make no sense",
            X509Error::DuplicateExtensions => "it has an extension twice",
            X509Error::SignatureVerificationError | X509Error::SignatureUnsupportedAlgorithm => {
                "its signature makes no sense"
            }
            _ => "it is not built as a certificate is",
        },
    }
    .into()
}

fn content(certificate: &X509Certificate<'_>, der: &[u8]) -> CertContent {
    let mut facts = CertContent {
        subject: distinguished_name(certificate.subject()),
        issuer: distinguished_name(certificate.issuer()),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        key: key(certificate.public_key()),
        signature: Outline::of(der).map(|it| signature(it.algorithm)).unwrap_or_default(),
        serial: hex(certificate.raw_serial()),
        version: certificate.version().0.saturating_add(1),
        ..CertContent::default()
    };
    for extension in certificate.extensions() {
        let oid = extension.oid.to_id_string();
        if extension.critical && !UNDERSTOOD.contains(&&*oid) {
            facts.unknown_critical.push(oid.clone());
        } else if oid == TLS_FEATURE {
            facts.must_staple = demands_staple(extension.value);
        }
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                facts.names.extend(names.general_names.iter().map(alt_name));
            }
            ParsedExtension::BasicConstraints(it) => {
                facts.ca = Some(CaFacts { ca: it.ca, path_len: it.path_len_constraint });
            }
            ParsedExtension::KeyUsage(it) => {
                facts.key_usage = Some(words(&it.to_string()));
            }
            ParsedExtension::AuthorityKeyIdentifier(it) => {
                facts.authority_key = Some(authority::read(it));
            }
            ParsedExtension::SubjectKeyIdentifier(it) => facts.subject_key = Some(it.0.to_vec()),
            // a limit that cannot be read allows nothing
            ParsedExtension::ParseError { .. } => match &*oid {
                KEY_USAGE => facts.key_usage = Some(Vec::new()),
                EXTENDED_KEY_USAGE => facts.extended_key_usage = Some(Vec::new()),
                _ => {}
            },
            ParsedExtension::NameConstraints(it) => facts.constraints = Some(constraints(it)),
            ParsedExtension::ExtendedKeyUsage(it) => {
                let known = [
                    (it.any, "any"),
                    (it.server_auth, "server authentication"),
                    (it.client_auth, "client authentication"),
                    (it.code_signing, "code signing"),
                    (it.email_protection, "email protection"),
                    (it.time_stamping, "time stamping"),
                    (it.ocsp_signing, "OCSP signing"),
                ];
                let known = known.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned());
                let other = it.other.iter().map(Oid::to_id_string);
                facts.extended_key_usage = Some(known.chain(other).collect());
            }
            ParsedExtension::AuthorityInfoAccess(it) => {
                const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
                for access in &it.accessdescs {
                    if let (CA_ISSUERS, GeneralName::URI(url)) =
                        (&*access.access_method.to_id_string(), &access.access_location)
                    {
                        facts.issuer_urls.push(text::escaped(url, Place::Word));
                    }
                }
            }
            _ => {}
        }
    }
    facts
}

/// The extensions that webpki acts on: key usage, names, basic and name constraints, CRLs, extended
/// key usage.
const UNDERSTOOD: [&str; 6] =
    ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.37"];
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// RFC 7633
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";

/// Whether a TLS feature extension, a sequence of integers, names status_request.
fn demands_staple(value: &[u8]) -> bool {
    const STATUS_REQUEST: u8 = 5;
    let Some((list, _)) = element(value) else { return false };
    let mut rest = list.content;
    while let Some((feature, next)) = element(rest) {
        if feature.content == [STATUS_REQUEST] {
            return true;
        }
        rest = next;
    }
    false
}

/// `other.test only`, `all but example.com`
fn constraints(constraints: &NameConstraints<'_>) -> String {
    let list = |subtrees: &[GeneralSubtree<'_>]| {
        let names = subtrees.iter().map(|it| match &it.base {
            // an address and its mask
            GeneralName::IPAddress(octets) => format!("addresses {}", hex(octets)),
            name => alt_name(name).to_string(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let permitted =
        constraints.permitted_subtrees.as_deref().map(|it| format!("{} only", list(it)));
    let excluded =
        constraints.excluded_subtrees.as_deref().map(|it| format!("all but {}", list(it)));
    [permitted, excluded].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn words(list: &str) -> Vec<String> {
    list.split(", ").map(|word| word.trim().to_lowercase()).collect()
}

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // writing to a String cannot fail
        let _ = write!(text, "{octet:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_that_are_no_certificate_are_said_to_be_unreadable() {
        for der in [&b""[..], b"\x30", b"\x30\x82\xff\xff\0", b"hello", &[0x30; 64]] {
            let facts = read(der);
            assert!(facts.content.is_err(), "{der:02x?}");
            assert_eq!(facts.pin, None);
        }
    }

    #[test]
    fn a_sequence_has_the_shortest_length() {
        assert_eq!(sequence(b"ab"), b"\x30\x02ab");
        assert_eq!(sequence(&[7; 200])[..3], [0x30, 0x81, 200]);
        assert_eq!(sequence(&[7; 300])[..4], [0x30, 0x82, 1, 44]);
    }

    fn time(tag: u8, text: &str) -> Vec<u8> {
        [&[tag, text.len() as u8], text.as_bytes()].concat()
    }

    #[test]
    fn a_time_has_seconds_and_is_in_utc() {
        const UTC: u8 = 0x17;
        const GENERALIZED: u8 = 0x18;
        for (tag, text, expected) in [
            (UTC, "251101000000Z", true),
            (GENERALIZED, "20511101000000Z", true),
            (UTC, "2511010000Z", false),
            (UTC, "251101000000", false),
            (UTC, "251101000000+0000", false),
            (UTC, "250101000000-2359", false),
            (UTC, "2511010000+01", false),
            (UTC, "20251101000000Z", false),
            (UTC, "2511010000 0Z", false),
            (GENERALIZED, "251101000000Z", false),
            (GENERALIZED, "20251101000000", false),
            (GENERALIZED, "20251101000000.5Z", false),
            (GENERALIZED, "20251101000000,Z", false),
            (0x16, "251101000000Z", false),
        ] {
            let (good, tried) = (time(UTC, "250101000000Z"), time(tag, text));
            assert_eq!(are_times(&[&*good, &tried].concat()), expected, "{text} as the end");
            assert_eq!(are_times(&[&*tried, &good].concat()), expected, "{text} as the beginning");
            assert!(!are_times(&tried), "{text} alone");
            assert!(!are_times(&[&*good, &tried, &good].concat()), "{text} and two others");
        }
    }
}
