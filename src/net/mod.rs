//! The network. One rule: nothing here waits past the deadline of its lookup.

pub mod deadline;
pub mod lookup;
pub mod resolve;
pub mod session;
