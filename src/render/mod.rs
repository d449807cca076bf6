//! Exchange -> text. One rule: pure. A renderer takes values and a `Write`, and asks nothing of the
//! world.

pub mod ink;
