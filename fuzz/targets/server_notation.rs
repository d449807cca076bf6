//! Any word behind `@`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tdig::cli::server::Server;

fuzz_target!(|typed: &str| {
    if let Ok(server) = Server::parse(typed) {
        assert!(!server.host.is_empty(), "{typed:?}");
        assert_ne!(server.port, Some(0), "{typed:?}");
    }
});
