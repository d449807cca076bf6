//! Extended errors (RFC 8914). One rule: the purposes are in the words of IANA.

/// The purpose of an extended error (RFC 8914); `None` if it is not known.
pub fn error_purpose(code: u16) -> Option<&'static str> {
    PURPOSES.get(usize::from(code)).copied().filter(|purpose| !purpose.is_empty())
}

/// The extra text of an extended error without the NUL that it may end in (RFC 8914 section 2).
pub fn extra_text(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\0").unwrap_or(text)
}

/// IANA "Extended DNS Error Codes", by code; empty where there is none.
static PURPOSES: [&str; 34] = [
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
    "",
    "",
    "Negative Trust Anchor",
];
