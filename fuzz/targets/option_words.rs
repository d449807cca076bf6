//! Any command line, one word a line; what it asks for is planned, and the query encoded.
#![no_main]

use std::ffi::OsString;

use libfuzzer_sys::fuzz_target;
use tdig::cli::{self, Command};
use tdig::plan::Lookup;

fuzz_target!(|line: &str| {
    let words = line.lines().map(OsString::from);
    let Ok(Command::Look(look)) = cli::parse(words) else { return };
    // a batch has its queries elsewhere
    assert!(!look.queries.is_empty() || look.batch.is_some(), "{line:?}");
    for settings in &look.queries {
        if let Ok(lookup) = Lookup::new(settings) {
            let _ = lookup.query.encode(1, 0);
        }
    }
});
