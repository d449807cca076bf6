//! Names in a certificate as text: distinguished names and Subject Alternative Names. One rule: every
//! text among them is escaped here.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::der_parser::asn1_rs::Any;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::certificate::{hex, sequence};
use crate::text;
use crate::verdict::AltName;

pub(super) fn alt_name(name: &GeneralName<'_>) -> AltName {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_name_are_escaped_once() {
        assert_eq!(rfc4514(b"Acme, s.r.o."), r"Acme\, s.r.o.");
        assert_eq!(rfc4514(b" a#b "), r"\ a#b\ ");
        assert_eq!(rfc4514(b"#1"), r"\#1");
        assert_eq!(rfc4514(br"a\b"), r"a\\b");
        assert_eq!(rfc4514(b"a\n;; forged"), r"a\010\;\; forged");
    }
}
