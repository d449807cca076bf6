//! The integration tests: one binary, one module for each subject.

#[path = "../dot/mod.rs"]
mod dot;
#[path = "../rdata/mod.rs"]
mod rdata;
#[path = "../shown/mod.rs"]
mod shown;

mod batch;
mod client;
mod corpus;
mod faults;
mod generated;
mod idn;
mod json;
mod pki;
mod presentation;
mod readme;
mod run;
mod server;
mod transport;
mod trust;
