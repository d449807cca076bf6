//! What a server must prove, as data. One rule: it says what must hold and reads no file; what it
//! names is loaded elsewhere.

use std::fmt;
use std::time::Duration;

use rustls::pki_types::ServerName;

/// What a server must prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where trust anchors come from; without any, no chain is verified.
    pub roots: Vec<Root>,
    /// The name or address that the certificate must carry if its chain is verified.
    pub name: Option<ServerName<'static>>,
    /// SHA-256 of the SubjectPublicKeyInfo of the keys to accept; without any, every key.
    pub pins: Vec<[u8; 32]>,
    /// Files that hold more of them.
    pub pin_files: Vec<String>,
    /// A stapled OCSP response, at most this old, must say that the certificate is good.
    pub staple: Option<Duration>,
}

/// A source of trust anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The system's store.
    System,
    /// The built-in Mozilla roots.
    Mozilla,
    /// A file.
    File(String),
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system store"),
            Self::Mozilla => f.write_str("built-in Mozilla roots"),
            Self::File(path) => f.write_str(path),
        }
    }
}

impl Policy {
    /// A name to check, or a staple, needs a trust anchor to check it by.
    pub fn demand_anchor(&mut self) {
        if self.roots.is_empty() {
            self.roots.push(Root::System);
        }
    }

    /// Nothing is verified (RFC 8310 section 5).
    pub fn is_opportunistic(&self) -> bool {
        !self.asks_chain() && !self.asks_pin() && self.staple.is_none()
    }

    /// Chain, dates, purpose and name must hold.
    pub fn asks_chain(&self) -> bool {
        !self.roots.is_empty()
    }

    /// A pin must match.
    pub fn asks_pin(&self) -> bool {
        !self.pins.is_empty() || !self.pin_files.is_empty()
    }
}
