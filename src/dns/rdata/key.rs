//! What can be said of a DNSSEC key in a few words: key tag, algorithm and size. One rule: the
//! words are kdig's.

use std::io::Write;

use crate::dns::cursor::{Cursor, number};
use crate::dns::name::Name;

/// The key tag of the RDATA of a DNSKEY (RFC 4034 appendix B).
pub(super) fn tag(rdata: &[u8]) -> u16 {
    if rdata.get(3) == Some(&1) {
        // RSAMD5: bits of the modulus instead of a sum (appendix B.1)
        let end = rdata.len().saturating_sub(1);
        return number(rdata.get(end.saturating_sub(2)..end).unwrap_or_default()) as u16;
    }
    let sum: u32 = rdata
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u32::from(high) << 8 | u32::from(low),
            [high] => u32::from(high) << 8,
            _ => 0,
        })
        .sum();
    (sum + (sum >> 16)) as u16
}

/// Appends ` ; ZSK, ECDSAP256SHA256 (256b), id = 46806` for the RDATA of a DNSKEY.
pub(super) fn note(out: &mut Vec<u8>, rdata: &[u8], idn: bool) {
    let &[_, flags, _, algorithm, ref key @ ..] = rdata else { return };
    // secure entry point (RFC 4034 section 2.1.1)
    out.extend(if flags & 1 == 1 { b" ; KSK, " } else { b" ; ZSK, " });
    out.extend(algorithm_name(algorithm).unwrap_or("UNKNOWN").as_bytes());
    match algorithm {
        DELETE | INDIRECT | PRIVATEOID => {}
        PRIVATEDNS => {
            if let Ok((name, _)) = Name::read(key, 0, key.len()) {
                out.extend(b" (");
                name.write(out, idn);
                out.push(b')');
            }
        }
        _ => {
            let _ = write!(out, " ({}b)", bits(algorithm, key));
        }
    }
    let _ = write!(out, ", id = {}", tag(rdata));
}

/// The mnemonic of an algorithm (IANA "DNS Security Algorithm Numbers"), spelled as kdig does.
pub(in crate::dns) fn algorithm_name(algorithm: u8) -> Option<&'static str> {
    Some(match algorithm {
        DELETE => "DELETE",
        1 => "RSAMD5",
        2 => "DH",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA_NSEC3_SHA1",
        7 => "RSASHA1_NSEC3_SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC_GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        INDIRECT => "INDIRECT",
        PRIVATEDNS => "PRIVATEDNS",
        PRIVATEOID => "PRIVATEOID",
        _ => return None,
    })
}

const DELETE: u8 = 0;
const INDIRECT: u8 = 252;
const PRIVATEDNS: u8 = 253;
const PRIVATEOID: u8 = 254;

/// The size of a key in bits; 0 if it cannot be told.
fn bits(algorithm: u8, key: &[u8]) -> usize {
    match algorithm {
        1 | 5 | 7 | 8 | 10 => 8 * rsa_modulus(key).map_or(0, <[u8]>::len),
        // T of RFC 2536 section 2
        3 | 6 => key.first().map_or(0, |&t| 512 + 64 * usize::from(t)),
        12 => 512,
        13 | 15 => 256,
        14 => 384,
        16 => 456,
        _ => 0,
    }
}

/// RFC 3110 section 2: the exponent has its length before it, the modulus is the rest.
fn rsa_modulus(key: &[u8]) -> Option<&[u8]> {
    let mut key = Cursor::new(key);
    let exponent = match key.u8()? {
        0 => key.u16()?.into(),
        length => usize::from(length),
    };
    key.octets(exponent)?;
    Some(key.rest())
}
