//! DER -> facts of one certificate. One rule: whatever octets come, something is said of them, and
//! every text among them is escaped here.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::crypto::WebPkiSupportedAlgorithms;
use sha2::{Digest, Sha256};
use x509_parser::der_parser::asn1_rs::{Any, Oid};
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};

use super::authority;
use super::signature::Signed;
use crate::text;
use crate::verdict::{AltName, CaFacts, CertContent, CertFacts};

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
    /// Name, without tag and length.
    pub subject: &'a [u8],
    /// SubjectPublicKeyInfo, with tag and length.
    pub spki: &'a [u8],
    /// AlgorithmIdentifier of the signature, without tag and length.
    pub algorithm: &'a [u8],
    /// The octets of the signature.
    pub signature: &'a [u8],
}

const SEQUENCE: u8 = 0x30;

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
        let (_algorithm, issuer, _validity, subject, spki) =
            (next()?, next()?, next()?, next()?, next()?);
        Some(Self {
            covered: covered.whole,
            serial: serial.content,
            issuer: issuer.content,
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
        Ok((_, certificate)) => Ok(content(&certificate)),
        Err(error) => Err(why_unreadable(der, &error)),
    };
    CertFacts {
        der: der.to_vec(),
        pin: Outline::of(der).map(|outline| pin(outline.spki)),
        fingerprint: Sha256::digest(der).into(),
        content,
    }
}

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
            X509Error::InvalidDate => "one of its dates makes no sense",
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

fn content(certificate: &X509Certificate<'_>) -> CertContent {
    let mut facts = CertContent {
        subject: distinguished_name(certificate.subject()),
        issuer: distinguished_name(certificate.issuer()),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        key: key(certificate.public_key()),
        signature: signature(&certificate.signature_algorithm),
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
                        facts.issuer_urls.push(text::free(url));
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

fn alt_name(name: &GeneralName<'_>) -> AltName {
    match name {
        GeneralName::DNSName(name) => AltName::Dns(text::free(name)),
        GeneralName::IPAddress(octets) => {
            match (<[u8; 4]>::try_from(*octets), <[u8; 16]>::try_from(*octets)) {
                (Ok(v4), _) => AltName::Ip(Ipv4Addr::from(v4).to_string()),
                (_, Ok(v6)) => AltName::Ip(Ipv6Addr::from(v6).to_string()),
                _ => AltName::Other(format!("IP address of {} octets", octets.len())),
            }
        }
        GeneralName::RFC822Name(address) => AltName::Email(text::free(address)),
        GeneralName::URI(uri) => AltName::Uri(text::free(uri)),
        GeneralName::DirectoryName(name) => {
            AltName::Other(format!("directory {}", distinguished_name(name)))
        }
        GeneralName::RegisteredID(oid) => {
            AltName::Other(format!("registered ID {}", oid.to_id_string()))
        }
        GeneralName::OtherName(oid, _) => {
            AltName::Other(format!("otherName {}", oid.to_id_string()))
        }
        GeneralName::Invalid(tag, octets) => {
            AltName::Other(format!("kind {}, not readable: {}", tag.0, text::free(octets)))
        }
        _ => AltName::Other("name of an unusual kind".into()),
    }
}

/// A distinguished name in encoding order, with the escapes of RFC 4514.
pub fn distinguished_name(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    for (position, rdn) in name.iter_rdn().enumerate() {
        for (part, attribute) in rdn.iter().enumerate() {
            text.push_str(match (position, part) {
                (0, 0) => "",
                (_, 0) => ",",
                _ => "+",
            });
            let oid = attribute.attr_type().to_id_string();
            match short_name(&oid) {
                Some(short) => text.push_str(short),
                None => text.push_str(&oid),
            }
            text.push('=');
            match attribute_text(attribute.attr_value()) {
                Some(value) => text.push_str(&rfc4514(&value)),
                None => {
                    text.push('#');
                    text.push_str(&hex(attribute.attr_value().data));
                }
            }
        }
    }
    text
}

/// A distinguished name from the content of its DER sequence.
pub fn distinguished_name_of(content: &[u8]) -> String {
    match X509Name::from_der(&sequence(content)) {
        Ok((_, name)) => distinguished_name(&name),
        Err(_) => format!("#{}", hex(content)),
    }
}

/// The short names of RFC 4519 and the few that certificates use beside them.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.13" => "description",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "givenName",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "EMAIL",
        "1.3.6.1.4.1.311.60.2.1.1" => "jurisdictionOfIncorporationLocalityName",
        "1.3.6.1.4.1.311.60.2.1.2" => "jurisdictionOfIncorporationStateOrProvinceName",
        "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionOfIncorporationCountryName",
        _ => return None,
    })
}

/// The characters of a directory string, whatever its encoding.
fn attribute_text(value: &Any<'_>) -> Option<Vec<u8>> {
    const UTF8: u32 = 12;
    const SINGLE_OCTET: [u32; 6] = [18, 19, 20, 22, 26, 27];
    const UNIVERSAL: u32 = 28;
    const BMP: u32 = 30;
    let wide = |size: usize| {
        let characters = value.data.chunks(size).map(|octets| {
            let code = octets.iter().fold(0, |code, &octet| code << 8 | u32::from(octet));
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        });
        characters.collect::<String>().into_bytes()
    };
    match value.tag().0 {
        UTF8 => Some(value.data.to_vec()),
        tag if SINGLE_OCTET.contains(&tag) => Some(value.data.to_vec()),
        UNIVERSAL => Some(wide(4)),
        BMP => Some(wide(2)),
        _ => None,
    }
}

/// RFC 4514 section 2.4, on top of the one escape function.
fn rfc4514(value: &[u8]) -> String {
    let safe = text::free(value);
    let mut escaped = String::with_capacity(safe.len());
    // a backslash of the value itself must be told from those that the escape function wrote
    let plain_backslashes = value.contains(&b'\\') && safe.len() == value.len();
    for (position, character) in safe.char_indices() {
        let at_edge = position == 0 || position + character.len_utf8() == safe.len();
        match character {
            ',' | '+' | '"' | '<' | '>' | ';' => escaped.push('\\'),
            '\\' if plain_backslashes => escaped.push('\\'),
            ' ' if at_edge => escaped.push('\\'),
            '#' if position == 0 => escaped.push('\\'),
            _ => {}
        }
        escaped.push(character);
    }
    escaped
}

fn key(spki: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = spki.algorithm.algorithm.to_id_string();
    match &*oid {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let name = if oid.ends_with(".10") { "RSA-PSS" } else { "RSA" };
            match spki.parsed() {
                Ok(PublicKey::RSA(key)) => format!("{name} {}", rsa_bits(key.modulus)),
                _ => name.to_owned(),
            }
        }
        "1.2.840.10045.2.1" => {
            let curve = spki.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "ECDSA P-256".into(),
                Some("1.3.132.0.34") => "ECDSA P-384".into(),
                Some("1.3.132.0.35") => "ECDSA P-521".into(),
                Some("1.3.132.0.10") => "ECDSA secp256k1".into(),
                Some(other) => format!("ECDSA curve {other}"),
                None => "ECDSA".into(),
            }
        }
        "1.3.101.112" => "Ed25519".into(),
        "1.3.101.113" => "Ed448".into(),
        other => format!("key type {other}"),
    }
}

/// What kind of key is in `spki`, a SubjectPublicKeyInfo: `RSA 1024`.
pub fn key_of(spki: &[u8]) -> String {
    match SubjectPublicKeyInfo::from_der(spki) {
        Ok((_, info)) => key(&info),
        Err(_) => "which cannot be read".into(),
    }
}

/// The length of the RSA key in `spki`, a SubjectPublicKeyInfo; `None` where it is of another kind.
fn rsa_bits_of(spki: &[u8]) -> Option<usize> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => Some(rsa_bits(key.modulus)),
        _ => None,
    }
}

/// Whether signatures by the key of `spki`, a SubjectPublicKeyInfo, can be verified at all: it is of
/// a kind that webpki knows, and where it is RSA of 2048 to 8192 bits, which is what ring takes.
pub(super) fn is_supported_key(spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
    let Some(kind) = element(spki).and_then(|(info, _)| element(info.content)) else {
        return false;
    };
    let is_known =
        algorithms.all.iter().any(|it| it.public_key_alg_id().as_ref() == kind.0.content);
    // ring counts whole octets
    let fits = |bits: usize| (2048..=8192).contains(&bits.next_multiple_of(8));
    is_known && rsa_bits_of(spki).is_none_or(fits)
}

fn rsa_bits(modulus: &[u8]) -> usize {
    let significant = &modulus[modulus.iter().take_while(|&&octet| octet == 0).count()..];
    match significant.first() {
        Some(first) => significant.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

fn signature(algorithm: &AlgorithmIdentifier<'_>) -> String {
    match &*algorithm.algorithm.to_id_string() {
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.2.840.113549.1.1.4" => "RSA-MD5",
        "1.2.840.113549.1.1.5" => "RSA-SHA1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA-SHA256",
        "1.2.840.113549.1.1.12" => "RSA-SHA384",
        "1.2.840.113549.1.1.13" => "RSA-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => return format!("algorithm {other}"),
    }
    .to_owned()
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
    fn values_of_a_name_are_escaped_once() {
        assert_eq!(rfc4514(b"Acme, s.r.o."), r"Acme\, s.r.o.");
        assert_eq!(rfc4514(b" a#b "), r"\ a#b\ ");
        assert_eq!(rfc4514(b"#1"), r"\#1");
        assert_eq!(rfc4514(br"a\b"), r"a\\b");
        assert_eq!(rfc4514(b"a\n;; forged"), r"a\010\;\; forged");
    }

    #[test]
    fn a_sequence_has_the_shortest_length() {
        assert_eq!(sequence(b"ab"), b"\x30\x02ab");
        assert_eq!(sequence(&[7; 200])[..3], [0x30, 0x81, 200]);
        assert_eq!(sequence(&[7; 300])[..4], [0x30, 0x82, 1, 44]);
    }
}
