//! The network. One rule: nothing here waits past the deadline of its lookup.

pub(crate) mod clock;
pub mod datagram;
pub mod deadline;
pub mod dial;
pub mod lookup;
pub mod pipeline;
mod proxy;
mod resolve;
pub mod session;
