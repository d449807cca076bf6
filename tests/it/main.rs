//! The integration tests: one binary, one module for each subject. What needs a shell that limits a
//! process, a signal or a UNIX socket is for systems that have them.

#[path = "../dot/mod.rs"]
mod dot;
#[path = "../rdata/mod.rs"]
mod rdata;
#[path = "../shown/mod.rs"]
mod shown;

mod algorithms;
mod anchors;
mod asked;
mod batch;
#[cfg(unix)]
mod bounds;
mod client;
mod conditions;
mod cookies;
mod corpus;
mod expiry;
mod fallback;
mod faults;
mod files;
mod flaws;
mod generated;
mod greeting;
mod hints;
mod host;
mod house;
mod idn;
mod injection;
mod json;
mod limbo;
mod long_hello;
mod package;
mod pki;
#[cfg(unix)]
mod places;
mod presentation;
mod readme;
#[cfg(target_os = "linux")]
mod resolver;
mod run;
mod secrets;
mod server;
#[cfg(unix)]
mod sessions;
#[cfg(unix)]
mod signals;
mod soak;
mod staple;
#[cfg(unix)]
mod streams;
mod strict;
#[cfg(unix)]
mod time;
mod transport;
mod trust;
#[cfg(unix)]
mod zone;
