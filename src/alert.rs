//! The alerts of TLS: their names, and what they mean to a person. One rule: every number has a
//! name, also one that IANA has not assigned.

use std::fmt;

/// A fatal alert that a peer sent (RFC 8446 section 6), by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub u8);

impl Alert {
    /// The server refused to go on without a certificate of ours: TLS 1.3 has an alert for it.
    pub const CERTIFICATE_REQUIRED: Self = Self(116);
    /// The server found nothing that it can do among what was offered (RFC 8446 section 6.2).
    pub const HANDSHAKE_FAILURE: Self = Self(40);
    /// The server speaks none of the ALPN tokens offered (RFC 7301 section 3.2).
    pub const NO_APPLICATION_PROTOCOL: Self = Self(120);
    /// The server does not know the name that was sent (RFC 6066 section 3).
    pub const UNRECOGNIZED_NAME: Self = Self(112);

    /// Whether a server that wants a server name, and got none, may say this.
    pub fn may_want_name(self) -> bool {
        // handshake_failure, access_denied, internal_error
        matches!(self.0, 40 | 49 | 80) || self == Self::UNRECOGNIZED_NAME
    }

    /// Whether a server that cannot read a long ClientHello may say this: unexpected_message,
    /// record_overflow, handshake_failure, illegal_parameter, decode_error, internal_error.
    pub fn may_blame_length(self) -> bool {
        matches!(self.0, 10 | 22 | 40 | 47 | 50 | 80)
    }

    /// What the alert means where no server name was sent.
    pub fn without_name(self) -> String {
        const NONE: &str = "no server name was sent";
        match self.words() {
            // the rest of what they mean is of the name that was sent, or of a client that is known
            (name, _) if matches!(self.0, 49 | 112) => format!("{name} ({}): {NONE}", self.0),
            _ => format!("{self}; {NONE}"),
        }
    }

    /// Name and meaning; the meaning may be empty.
    fn words(self) -> (&'static str, &'static str) {
        match self.0 {
            0 => ("close_notify", ""),
            10 => ("unexpected_message", ""),
            20 => ("bad_record_mac", "it could not decrypt what it got"),
            21 => ("decryption_failed", ""),
            22 => ("record_overflow", ""),
            30 => ("decompression_failure", ""),
            40 => ("handshake_failure", "nothing that was offered is acceptable to it"),
            41 => ("no_certificate", ""),
            42 => ("bad_certificate", "it does not accept our certificate"),
            43 => ("unsupported_certificate", "it does not accept our certificate"),
            44 => ("certificate_revoked", "it does not accept our certificate"),
            45 => ("certificate_expired", "it does not accept our certificate"),
            46 => ("certificate_unknown", "it does not accept our certificate"),
            47 => ("illegal_parameter", ""),
            48 => ("unknown_ca", "it does not know who issued our certificate"),
            49 => ("access_denied", "it knows us and refuses us"),
            50 => ("decode_error", ""),
            51 => ("decrypt_error", ""),
            60 => ("export_restriction", ""),
            70 => ("protocol_version", "it speaks no TLS version that was offered"),
            71 => ("insufficient_security", "it wants stronger ciphers than were offered"),
            80 => ("internal_error", "something is wrong within the server"),
            86 => ("inappropriate_fallback", ""),
            90 => ("user_canceled", ""),
            100 => ("no_renegotiation", ""),
            109 => ("missing_extension", ""),
            110 => ("unsupported_extension", ""),
            111 => ("certificate_unobtainable", ""),
            112 => ("unrecognized_name", "it does not know the server name that was sent"),
            113 => ("bad_certificate_status_response", ""),
            114 => ("bad_certificate_hash_value", ""),
            115 => ("unknown_psk_identity", ""),
            116 => ("certificate_required", "it wants a certificate of the client's"),
            120 => ("no_application_protocol", "it speaks no ALPN token that was offered"),
            121 => ("ech_required", ""),
            _ => ("unassigned", ""),
        }
    }
}

impl fmt::Display for Alert {
    /// `no_application_protocol (120): it speaks no ALPN token that was offered`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, meaning) = self.words();
        let colon = if meaning.is_empty() { "" } else { ": " };
        write!(f, "{name} ({}){colon}{meaning}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_a_name_and_some_a_meaning() {
        assert_eq!(Alert(51).to_string(), "decrypt_error (51)");
        assert_eq!(Alert(255).to_string(), "unassigned (255)");
        let no_token = "no_application_protocol (120): it speaks no ALPN token that was offered";
        assert_eq!(Alert::NO_APPLICATION_PROTOCOL.to_string(), no_token);
    }
}
