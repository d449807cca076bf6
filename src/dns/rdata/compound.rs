//! The fields that are made of several values. One rule: what is written here was taken by
//! [`Field::take`]; should a value be missing all the same, the text ends there.

use std::io::Write;

use super::field::{self, Field};
use super::pen::Writer;
use super::table;
use crate::dns::cursor::Cursor;
use crate::dns::digits::{base64, decimal, hex, ipv4, ipv6, lower_hex};
use crate::dns::name::Name;

/// Writes a field made of several values.
pub(super) fn write(field: Field, octets: &[u8], writer: &mut Writer<'_>) {
    let values = Cursor::new(octets);
    let _complete = match field {
        Field::A6 => a6(values, writer),
        Field::AmtRelay => amt_relay(values, writer),
        Field::Apl => address_prefixes(values, writer),
        Field::Atma => atma(values, writer),
        Field::Hip => hip(values, writer),
        Field::IpsecGateway => ipsec_gateway(values, writer),
        Field::Loc => loc(values, writer),
        Field::NxtTypes => bits(octets, 0, |number| write_type(writer, number)),
        Field::Ports => bits(octets, 0, |port| decimal(writer.piece(), port.into())),
        Field::Types => types(values, writer),
        _ => None,
    };
}

fn a6(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let prefix = values.u8()?;
    decimal(writer.piece(), prefix.into());
    let suffix = values.octets(field::a6_suffix(prefix))?;
    if prefix < 128 {
        ipv6(writer.piece(), suffix);
    }
    if prefix > 0 {
        write_name(values.rest(), writer);
    }
    Some(())
}

fn amt_relay(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let octet = values.u8()?;
    writer.number(&[octet >> 7]);
    writer.number(&[octet & 0x7f]);
    gateway(octet & 0x7f, values.rest(), writer);
    Some(())
}

/// `1:192.168.32.0/21 !1:192.168.38.0/28`
fn address_prefixes(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    while values.left() > 0 {
        let (family, prefix, negated, address) = field::address_prefix(&mut values)?;
        let mut octets = [0; 16];
        octets.get_mut(..address.len())?.copy_from_slice(address);
        let out = writer.piece();
        if negated {
            out.push(b'!');
        }
        decimal(out, family.into());
        out.push(b':');
        match family {
            1 => ipv4(out, &octets[..4]),
            _ => ipv6(out, &octets),
        }
        out.push(b'/');
        decimal(out, prefix.into());
    }
    Some(())
}

fn atma(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let format = values.u8()?;
    let out = writer.piece();
    if format == 1 {
        out.push(b'+');
        out.extend(values.rest());
    } else {
        lower_hex(out, values.rest());
    }
    Some(())
}

/// `algorithm HIT key server...`
fn hip(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let (hit, algorithm, key) = (values.u8()?, values.u8()?, values.u16()?);
    writer.number(&[algorithm]);
    hex(writer.piece(), values.octets(hit.into())?);
    base64(writer.piece(), values.octets(key.into())?);
    while values.left() > 0 {
        let idn = writer.style.idn;
        values.name().ok()?.write(writer.piece(), idn);
    }
    Some(())
}

fn ipsec_gateway(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let (kind, algorithm) = (values.u8()?, values.u8()?);
    writer.number(&[kind]);
    writer.number(&[algorithm]);
    gateway(kind, values.rest(), writer);
    Some(())
}

fn gateway(kind: u8, octets: &[u8], writer: &mut Writer<'_>) {
    match kind {
        1 => ipv4(writer.piece(), octets),
        2 => ipv6(writer.piece(), octets),
        3 => write_name(octets, writer),
        _ => writer.piece().push(b'.'),
    }
}

/// `52 22 23 N  4 53 32 E  -2m  0m 10000m 10m`
fn loc(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let _version = values.u8()?;
    let (size, horizontal, vertical) = (values.u8()?, values.u8()?, values.u8()?);
    let (latitude, longitude, altitude) = (values.u32()?, values.u32()?, values.u32()?);
    let out = writer.piece();
    degrees(out, latitude, ['S', 'N']);
    out.extend(b"  ");
    degrees(out, longitude, ['W', 'E']);
    out.extend(b"  ");
    // centimetres above a place 100 km below the sphere (RFC 1876 section 2)
    let altitude = i64::from(altitude) - 10_000_000;
    if altitude < 0 {
        out.push(b'-');
    }
    metres(out, altitude.unsigned_abs());
    out.push(b' ');
    for precision in [size, horizontal, vertical] {
        out.push(b' ');
        metres(out, u64::from(precision >> 4) * 10_u64.pow(u32::from(precision & 0xf)));
    }
    Some(())
}

/// Thousandths of a second of arc, counted from 2^31.
fn degrees(out: &mut Vec<u8>, place: u32, sides: [char; 2]) {
    let from_zero = i64::from(place) - (1 << 31);
    let side = sides[usize::from(from_zero >= 0)];
    let thousandths = from_zero.unsigned_abs();
    let (seconds, fraction) = (thousandths / 1_000, thousandths % 1_000);
    let _ = write!(out, "{} {} {}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let _ = write!(out, ".{fraction:03}");
    }
    let _ = write!(out, " {side}");
}

fn metres(out: &mut Vec<u8>, centimetres: u64) {
    decimal(out, centimetres / 100);
    if !centimetres.is_multiple_of(100) {
        let _ = write!(out, ".{:02}", centimetres % 100);
    }
    out.push(b'm');
}

fn types(mut values: Cursor<'_>, writer: &mut Writer<'_>) -> Option<()> {
    while values.left() > 0 {
        let window = values.u8()?;
        let map = values.string()?;
        bits(map, u16::from(window) << 8, |number| write_type(writer, number))?;
    }
    Some(())
}

/// Calls `each` with the number of every bit that is set, counted from `first`.
fn bits(map: &[u8], first: u16, mut each: impl FnMut(u16)) -> Option<()> {
    for (octet, &set) in map.iter().enumerate() {
        for bit in 0..8 {
            if set & 0x80 >> bit != 0 {
                each(first.checked_add(u16::try_from(octet).ok()?.checked_mul(8)? + bit)?);
            }
        }
    }
    Some(())
}

fn write_type(writer: &mut Writer<'_>, number: u16) {
    table::write_type(writer.piece(), number);
}

fn write_name(octets: &[u8], writer: &mut Writer<'_>) {
    let idn = writer.style.idn;
    if let Some(name) = Name::alone(octets) {
        name.write(writer.piece(), idn);
    }
}
