//! TLS, and what it proves of the peer. One rule: facts first, judgement second, so that a refused
//! certificate is drawn by the same code as an accepted one.

mod algorithm;
mod anchor;
mod authority;
pub mod certificate;
mod chain;
pub mod diagnosis;
mod files;
pub mod groups;
pub mod hello;
mod host;
mod key_log;
mod names;
mod ocsp;
mod pem;
pub mod policy;
mod reason;
pub mod roots;
mod signature;
mod staple;
pub mod trust;
pub mod words;
