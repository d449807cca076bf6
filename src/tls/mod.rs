//! Who is at the other end. One rule: facts first, judgement second, so that a refused certificate
//! is drawn by the same code as an accepted one.

pub mod certificate;
mod chain;
pub mod diagnosis;
mod files;
pub mod hello;
mod ocsp;
mod pem;
pub mod policy;
mod reason;
pub mod roots;
mod signature;
pub mod trust;
pub mod words;
