//! Numbers and octets in digits: decimal, hex, base64, addresses and dates. One rule: none knows
//! of what record or text it becomes part.

use std::io::Write;
use std::net::Ipv6Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::cursor::number;

/// Appends a number in decimal.
pub(crate) fn decimal(out: &mut Vec<u8>, mut number: u64) {
    // 64 bits are 20 digits at most
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend(&digits[20 - used..]);
}

/// Appends upper-case hex.
pub(crate) fn hex(out: &mut Vec<u8>, octets: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend(
        octets
            .iter()
            .flat_map(|&octet| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]),
    );
}

/// Upper-case hex.
pub(crate) fn in_hex(octets: &[u8]) -> String {
    let mut text = Vec::with_capacity(2 * octets.len());
    hex(&mut text, octets);
    // digits are ASCII
    String::from_utf8(text).unwrap_or_default()
}

/// Appends lower-case hex, which NSAP and ATMA are written in.
pub(super) fn lower_hex(out: &mut Vec<u8>, octets: &[u8]) {
    let start = out.len();
    hex(out, octets);
    out[start..].make_ascii_lowercase();
}

/// Appends base64, padded.
pub(super) fn base64(out: &mut Vec<u8>, octets: &[u8]) {
    let start = out.len();
    out.resize(start + octets.len().div_ceil(3) * 4, 0);
    // the room is exactly what padded base64 takes
    let written = STANDARD.encode_slice(octets, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
}

/// Lower-case base32hex without padding (RFC 5155 section 3.3).
pub(super) fn base32hex(out: &mut Vec<u8>, octets: &[u8]) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    for chunk in octets.chunks(5) {
        let bits = number(chunk) << (8 * (5 - chunk.len()));
        for digit in 0..(chunk.len() * 8).div_ceil(5) {
            out.push(DIGITS[(bits >> (35 - 5 * digit) & 0x1f) as usize]);
        }
    }
}

/// Appends an address of four octets, `192.0.2.1`.
pub(super) fn ipv4(out: &mut Vec<u8>, octets: &[u8]) {
    for (index, &octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        decimal(out, octet.into());
    }
}

/// Appends an address of sixteen octets (RFC 5952); only one mapped from IPv4 has a part in
/// decimal, `::ffff:192.0.2.1`, as kdig has it.
pub(super) fn ipv6(out: &mut Vec<u8>, octets: &[u8]) {
    let address = octets.iter().fold(0, |bits: u128, &octet| bits << 8 | u128::from(octet));
    // writing to a Vec does not fail
    let _ = write!(out, "{}", Ipv6Addr::from_bits(address));
}

/// Appends each of `parts` in hex, `by` between them.
pub(super) fn joined<'a>(out: &mut Vec<u8>, parts: impl Iterator<Item = &'a [u8]>, by: u8) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(by);
        }
        hex(out, part);
    }
}

/// The lower 32 bits of seconds since 1970 as `YYYYMMDDHHMMSS` (RFC 4034 section 3.2): the time
/// that has them and is nearest to `now`, seconds since 1970 (section 3.1.5).
pub(super) fn time(out: &mut Vec<u8>, serial: u32, now: i64) {
    let apart = serial.wrapping_sub(now as u32) as i32;
    let nearest = now.saturating_add(apart.into());
    let time = Offset::UTC.to_datetime(Timestamp::from_second(nearest).unwrap_or_default());
    let date =
        i64::from(time.year()) * 10_000 + i64::from(time.month()) * 100 + i64::from(time.day());
    let clock =
        i64::from(time.hour()) * 10_000 + i64::from(time.minute()) * 100 + i64::from(time.second());
    decimal(out, (date * 1_000_000 + clock).unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_32_bits_is_the_one_nearest_to_now() {
        let text = |serial, now| {
            let mut out = Vec::new();
            time(&mut out, serial, now);
            String::from_utf8(out).unwrap()
        };
        let (y2026, y2100, y2110) = (1_795_219_200, 4_102_444_800, 4_418_064_000);
        assert_eq!(text(2_046_820_352, y2026), "20341111011232");
        assert_eq!(text(u32::MAX, y2026), "19691231235959");
        assert_eq!(text(1, y2026), "19700101000001");
        assert_eq!(text(u32::MAX, y2100), "21060207062815");
        assert_eq!(text(0, y2100), "21060207062816");
        assert_eq!(text(124_000_000, y2110), "21100112105456");
        // nearest on both sides of half a circle
        assert_eq!(text(1_795_219_200 + 0x7fff_ffff, y2026), "20941209031407");
        assert_eq!(text(1_795_219_200 + 0x8000_0000, y2026), "19581102204552");
        for now in [i64::MIN, i64::MAX] {
            text(0x8000_0000, now);
        }
    }
}
