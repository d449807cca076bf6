//! The integration tests: one binary, one module for each subject.

#[path = "../dot/mod.rs"]
mod dot;

mod client;
mod conditions;
mod faults;
mod flaws;
mod greeting;
mod limbo;
mod pki;
mod run;
mod server;
mod staple;
mod trust;
