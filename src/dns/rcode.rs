//! Response codes. One rule: the names are kdig's (`NOTIMPL`), and what has no name there is a
//! number here too (`RCODE 11`).

use std::fmt;

/// A response code of up to 16 bits, or an error of TSIG, which share most of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcode {
    /// The number.
    pub code: u16,
    /// Whether it is an error of TSIG (RFC 8945 section 3): 16 is BADVERS otherwise.
    pub tsig: bool,
}

impl Rcode {
    /// A response code (RFC 6895 section 2.3).
    pub fn new(code: u16) -> Self {
        Self { code, tsig: false }
    }

    /// An error of TSIG.
    pub fn tsig(code: u16) -> Self {
        Self { code, tsig: true }
    }

    /// Its mnemonic, if it has one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.code {
            0 => "NOERROR",
            1 => "FORMERR",
            2 => "SERVFAIL",
            3 => "NXDOMAIN",
            4 => "NOTIMPL",
            5 => "REFUSED",
            6 => "YXDOMAIN",
            7 => "YXRRSET",
            8 => "NXRRSET",
            9 => "NOTAUTH",
            10 => "NOTZONE",
            16 if self.tsig => "BADSIG",
            16 => "BADVERS",
            17 => "BADKEY",
            18 => "BADTIME",
            19 => "BADMODE",
            20 => "BADNAME",
            21 => "BADALG",
            22 => "BADTRUNC",
            23 => "BADCOOKIE",
            _ => return None,
        })
    }
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "RCODE {}", self.code),
        }
    }
}
