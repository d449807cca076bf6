//! What was asked, for the object of a query that failed. One rule: what could be read has the names
//! that it has in a reply, and what could not be read stands there as typed.

use serde::ser::SerializeMap;

use super::message::code;
use crate::dns::rdata;
use crate::text;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The number of the line in a batch.
    line: Option<usize>,
    /// As typed, where that is no query.
    typed: Option<String>,
    name: Option<String>,
    qtype: Option<u16>,
    qclass: Option<u16>,
}

impl Asked {
    /// A query; its name is in presentation format.
    pub fn query(name: String, qtype: u16, qclass: u16) -> Self {
        Self { name: Some(name), qtype: Some(qtype), qclass: Some(qclass), ..Self::default() }
    }

    /// What was typed, which is no query; with a type and a class where they could be read.
    pub fn typed(typed: impl AsRef<[u8]>, qtype: Option<u16>, qclass: Option<u16>) -> Self {
        Self { typed: Some(text::free(typed)), qtype, qclass, ..Self::default() }
    }

    /// The same in this line of a batch.
    pub fn in_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    /// The octets of its text.
    pub fn size(&self) -> usize {
        [&self.typed, &self.name].into_iter().flatten().map(String::capacity).sum()
    }

    pub(super) fn members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(line) = self.line {
            map.serialize_entry("line", &line)?;
        }
        if let Some(typed) = &self.typed {
            map.serialize_entry("typed", typed)?;
        }
        if let Some(name) = &self.name {
            map.serialize_entry("QNAME", name)?;
        }
        if let Some(qtype) = self.qtype {
            map.serialize_entry("QTYPE", &qtype)?;
            map.serialize_entry("QTYPEname", &code(qtype, rdata::write_type))?;
        }
        if let Some(qclass) = self.qclass {
            map.serialize_entry("QCLASS", &qclass)?;
            map.serialize_entry("QCLASSname", &code(qclass, rdata::write_class))?;
        }
        Ok(())
    }
}
