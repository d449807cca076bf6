//! Who is at the other end. One rule: facts first, judgement second, so that a refused certificate
//! is drawn by the same code as an accepted one.

pub mod certificate;
pub mod diagnosis;
pub mod roots;
pub mod trust;
