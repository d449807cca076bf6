//! Messages: bytes in, values out. One rule: pure, and total: no bytes can make it fail.

mod cursor;
pub mod name;
mod period;
pub mod rcode;
pub mod rdata;
