//! A reply of any octets, in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/shown/mod.rs"]
mod shown;

fuzz_target!(|octets: &[u8]| {
    shown::show(octets);
});
