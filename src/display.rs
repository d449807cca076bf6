//! Which parts of an exchange are shown, and how: plain data that the command line fills and the
//! renderers read. One rule: `Default` is what a lookup without display options shows.

/// The shape of the whole output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// kdig's text.
    #[default]
    Full,
    /// The RDATA of the answer records, one a line.
    Short,
    /// One JSON object a query, whatever else is or is not to be shown.
    Json,
}

impl Format {
    /// Whether a remark on a reply that is in order goes with it: data alone are for programs, and
    /// JSON has the figures.
    pub fn has_remarks(self) -> bool {
        self == Self::Full
    }

    /// Whether an empty line stands between a result of this format and the next, where `common`
    /// is that of the queries without one of their own: no data are parted, and as in kdig no text
    /// is parted from data that were asked for all queries.
    pub fn is_parted_from(self, next: Self, common: Self) -> bool {
        self == Self::Full || (next == Self::Full && common == Self::Full)
    }
}

/// The display switches. Every field is one `+[no]option`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    /// Text or data alone.
    pub format: Format,
    /// Long records wrapped over several lines.
    pub multiline: bool,
    /// Types as `TYPEn` and RDATA as `\# length hex` (RFC 3597); classes keep their names, as in
    /// kdig.
    pub generic: bool,
    /// Keys, signatures and digests are shown.
    pub crypto: bool,
    /// The query is shown too.
    pub qr: bool,
    /// Header and TLS session line.
    pub header: bool,
    /// Section titles and the blank lines before them.
    pub comments: bool,
    /// EDNS pseudosection.
    pub opt: bool,
    /// Unknown EDNS options as text where it is printable.
    pub opttext: bool,
    /// OPT as a record in presentation format.
    pub optpresent: bool,
    /// Question section.
    pub question: bool,
    /// Answer section.
    pub answer: bool,
    /// Authority section.
    pub authority: bool,
    /// Additional section.
    pub additional: bool,
    /// TSIG pseudosection.
    pub tsig: bool,
    /// Received, time and peer.
    pub stats: bool,
    /// The same behind data alone: it was asked for after those.
    pub stats_of_data: bool,
    /// Class column.
    pub class: bool,
    /// TTL column.
    pub ttl: bool,
    /// Punycode shown as Unicode.
    pub idnout: bool,
    /// Certificate section: the chain, its pins and the verdict.
    pub cert: bool,
    /// The chain as PEM.
    pub pem: bool,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            format: Format::Full,
            multiline: false,
            generic: false,
            crypto: true,
            qr: false,
            header: true,
            comments: true,
            opt: true,
            opttext: false,
            optpresent: false,
            question: true,
            answer: true,
            authority: true,
            additional: true,
            tsig: true,
            stats: true,
            stats_of_data: false,
            class: true,
            ttl: true,
            idnout: false,
            cert: true,
            pem: false,
        }
    }
}
