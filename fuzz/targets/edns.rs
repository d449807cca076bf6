//! An OPT record with any options, in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/shown/mod.rs"]
mod shown;

fuzz_target!(|input: (u32, &[u8])| {
    let (flags, options) = input;
    let Ok(length) = u16::try_from(options.len()) else { return };
    // a question that ZONEVERSION may count the labels of
    let mut message = b"\0\0\x80\0\0\x01\0\0\0\0\0\x01\x03www\x03lab\0\0\x01\0\x01".to_vec();
    message.extend(b"\0\0\x29\x04\xd0");
    message.extend(flags.to_be_bytes());
    message.extend(length.to_be_bytes());
    message.extend(options);
    shown::show(&message);
});
