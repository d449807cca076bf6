//! The four sections of a message (RFC 1035 section 4.1). One rule: they stand here in wire order.

use std::fmt;

/// A section of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What was asked.
    Question,
    /// What answers it.
    Answer,
    /// The name servers of the zone, or its SOA record in a negative answer.
    Authority,
    /// What else is useful, and the records about the message itself.
    Additional,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Question => "question",
            Self::Answer => "answer",
            Self::Authority => "authority",
            Self::Additional => "additional",
        })
    }
}
