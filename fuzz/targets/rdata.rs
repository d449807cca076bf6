//! A record of any type with any data, in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/shown/mod.rs"]
mod shown;

fuzz_target!(|input: (u16, &[u8])| {
    let (record_type, data) = input;
    let Ok(length) = u16::try_from(data.len()) else { return };
    // a header that counts one answer, owned by the root, in IN, of no TTL
    let mut message = b"\0\0\x80\0\0\0\0\x01\0\0\0\0\0".to_vec();
    message.extend(record_type.to_be_bytes());
    message.extend(b"\0\x01\0\0\0\0");
    message.extend(length.to_be_bytes());
    message.extend(data);
    shown::show(&message);
});
