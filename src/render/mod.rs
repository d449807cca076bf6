//! Exchange -> text. One rule: pure. A renderer takes values and a `Write`, and asks nothing of the
//! world.

pub mod certificates;
pub mod dig;
pub mod ink;
pub mod json;
pub mod short;
pub mod trace;
