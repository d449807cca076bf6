//! A DNS-over-TLS server in this process, with its own certificate authorities, that can misbehave
//! in every way a resolver can: for the integration tests and for the demo.
//!
//!     Server::start(Credential::Expired, Behaviour::Answer)
//!     Server::with(Credential::Good).alpn(&["h2"]).tls12().start()
//!
//! One rule: it knows nothing of the program it tests, and listens on loopback alone.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each crate that includes this module uses its own part of it"
)]

mod accounts;
mod credential;
pub(crate) mod der;
mod fault;
mod line;
mod long_hello;
mod message;
mod ocsp;
mod pki;
mod server;
mod wire;
mod zone;

pub use accounts::{Accounts, Hello, Session};
pub use credential::{Credential, GARBAGE, GOOD_NAMES, HOSTILE_NAME};
pub use fault::{Behaviour, Stage};
pub use long_hello::OnLong;
pub use message::HOSTILE_TEXT;
pub use ocsp::Staple;
pub(crate) use pki::validity;
pub use pki::{ISSUER_URL, Identity, Pki, pem, pin};
pub use server::{Server, Setup};
pub use wire::Query;
pub use zone::answer;
