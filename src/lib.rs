//! tdig asks a DNS resolver a question over TLS, shows who answered and what was answered.

pub mod cli;
pub mod display;
pub mod dns;
pub mod error;
pub mod exchange;
pub mod moment;
pub mod render;
pub mod text;
