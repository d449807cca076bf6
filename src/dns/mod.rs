//! Messages: bytes in, values out. One rule: pure, and total: no bytes can make it fail.

mod cursor;
pub(crate) mod digits;
pub mod edns;
pub mod fault;
mod idn;
pub mod message;
pub mod name;
mod period;
pub mod query;
pub mod rcode;
pub mod rdata;
pub mod section;
pub mod transfer;
pub mod tsig;

/// The octets that hex digits spell; anything between the digits is for the eye.
#[cfg(test)]
pub(crate) fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(octet).collect()
}
