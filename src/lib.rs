//! tdig asks a DNS resolver a question over TLS, shows who answered and what was answered.

pub mod display;
pub mod dns;
pub mod exchange;
pub mod render;
pub mod text;
