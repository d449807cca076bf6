//! The integration tests: one binary, one module for each subject.

#[path = "../dot/mod.rs"]
mod dot;
#[path = "../rdata/mod.rs"]
mod rdata;
#[path = "../shown/mod.rs"]
mod shown;

mod client;
mod corpus;
mod faults;
mod idn;
mod json;
mod pki;
mod presentation;
mod run;
mod server;
mod trust;
