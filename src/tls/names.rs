//! Names in a certificate as text: distinguished names and Subject Alternative Names. One rule: every
//! text among them is escaped here, and one name in a list can be read as one name alone.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, ToDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::certificate::{hex, sequence};
use crate::text::{self, Place};
use crate::verdict::AltName;

pub(super) fn alt_name(name: &GeneralName<'_>) -> AltName {
    match name {
        GeneralName::DNSName(name) => AltName::Dns(text::escaped(name, Place::Name)),
        GeneralName::IPAddress(octets) => {
            match (<[u8; 4]>::try_from(*octets), <[u8; 16]>::try_from(*octets)) {
                (Ok(v4), _) => AltName::Ip(Ipv4Addr::from(v4).to_string()),
                (_, Ok(v6)) => AltName::Ip(Ipv6Addr::from(v6).to_string()),
                _ => AltName::Other(format!("IP address of {} octets", octets.len())),
            }
        }
        GeneralName::RFC822Name(address) => AltName::Email(text::escaped(address, Place::Word)),
        GeneralName::URI(uri) => AltName::Uri(text::escaped(uri, Place::Word)),
        GeneralName::DirectoryName(name) => {
            AltName::Other(format!("directory {}", as_word(&distinguished_name(name))))
        }
        GeneralName::RegisteredID(oid) => {
            AltName::Other(format!("registered ID {}", oid.to_id_string()))
        }
        GeneralName::OtherName(oid, _) => {
            AltName::Other(format!("otherName {}", oid.to_id_string()))
        }
        GeneralName::Invalid(tag, octets) => {
            let octets = text::escaped(octets, Place::Word);
            AltName::Other(format!("unreadable name of kind {}: {octets}", tag.0))
        }
        _ => AltName::Other("name of an unusual kind".into()),
    }
}

/// A distinguished name in encoding order, with the escapes of RFC 4514.
pub(super) fn distinguished_name(name: &X509Name<'_>) -> String {
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
            text.push_str(&attribute_value(attribute.attr_value()));
        }
    }
    text
}

/// A distinguished name from the content of its DER sequence.
pub(super) fn distinguished_name_of(content: &[u8]) -> String {
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

/// RFC 4514 section 2.4: the characters, or the whole DER of what has none.
fn attribute_value(value: &Any<'_>) -> String {
    match attribute_text(value) {
        Some(text) => text::escaped(text, Place::Value),
        None => format!("#{}", hex(&value.to_der_vec().unwrap_or_default())),
    }
}

/// The characters of a directory string, whatever its encoding.
fn attribute_text(value: &Any<'_>) -> Option<Vec<u8>> {
    const UTF8: u32 = 12;
    const SINGLE_OCTET: [u32; 6] = [18, 19, 20, 22, 26, 27];
    const UNIVERSAL: u32 = 28;
    const BMP: u32 = 30;
    match value.tag().0 {
        UTF8 => Some(value.data.to_vec()),
        tag if SINGLE_OCTET.contains(&tag) => Some(value.data.to_vec()),
        UNIVERSAL => {
            let characters = value
                .data
                .chunks(4)
                .map(|octets| char::from_u32(u32::from_be_bytes(octets.try_into().ok()?)));
            characters.collect::<Option<String>>().map(String::into_bytes)
        }
        BMP => {
            let units = value.data.chunks(2);
            let units = units.map(|it| it.try_into().ok().map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok().map(String::into_bytes)
        }
        _ => None,
    }
}

/// A distinguished name as one word of a list: blanks are escaped too (RFC 4514 section 3).
fn as_word(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' => word.push_str("\\20"),
            '\\' => match characters.next() {
                Some(' ') => word.push_str("\\20"),
                escaped => word.extend([character].into_iter().chain(escaped)),
            },
            other => word.push(other),
        }
    }
    word
}

/// The DNS names of a certificate as they stand there, not escaped.
pub(super) fn dns_names(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    names.collect()
}

/// The last common name of the subject of a certificate.
pub(super) fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let attribute = certificate.subject().iter_common_name().last()?;
    Some(attribute_value(attribute.attr_value()))
}

#[cfg(test)]
#[path = "names/tests.rs"]
mod tests;
