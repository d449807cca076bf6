//! The integration tests: one binary, one module for each subject.

#[path = "../dot/mod.rs"]
mod dot;

mod batch;
mod client;
mod corpus;
mod faults;
mod generated;
mod json;
mod pki;
mod readme;
mod run;
mod server;
mod transport;
mod trust;
