//! Messages: bytes in, values out. One rule: pure, and total: no bytes can make it fail.

mod cursor;
pub mod edns;
pub mod fault;
pub mod message;
pub mod name;
mod period;
pub mod query;
pub mod rcode;
pub mod rdata;
