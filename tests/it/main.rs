//! The integration tests: one binary, one module for each subject.

#[path = "../dot/mod.rs"]
mod dot;

mod client;
mod corpus;
mod faults;
mod json;
mod pki;
mod run;
mod server;
mod trust;
