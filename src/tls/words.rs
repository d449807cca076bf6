//! What webpki and rustls refuse, in words. One rule: no identifier of theirs reaches a person;
//! what has no words of its own here is spelled out from its name.

use rustls::{CertificateError, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use super::algorithm::fault_of_signature;
use crate::text;
use crate::verdict::Flaw;

/// What webpki has against a certificate or a chain of them.
pub fn of_webpki(fault: &webpki::Error) -> (Flaw, String) {
    use webpki::Error as E;
    let (flaw, words) = match fault {
        E::BadDer => (Flaw::Malformed, "a certificate is not encoded as it should be (DER)"),
        E::BadDerTime => (Flaw::Malformed, "a date in a certificate cannot be read"),
        E::CaUsedAsEndEntity => {
            (Flaw::CaAsServer, "#1 is a CA's certificate, which must not be a server's")
        }
        E::EndEntityUsedAsCa => (Flaw::NotCa, "a certificate was signed by one that is no CA's"),
        E::CertExpired { .. } => (Flaw::Expired, "a certificate expired"),
        E::CertNotValidYet { .. } => (Flaw::NotYetValid, "a certificate is not valid yet"),
        E::InvalidCertValidity => (Flaw::Malformed, "a certificate ends before it begins"),
        E::CertNotValidForName(_) => (Flaw::OtherName, "the name is not among those of #1"),
        E::CertRevoked => (Flaw::Revoked, "a certificate was revoked"),
        E::CertDistrusted => (Flaw::Revoked, "a certificate is explicitly distrusted"),
        E::EmptyEkuExtension => {
            (Flaw::Malformed, "a certificate is limited to purposes and names none")
        }
        E::RequiredEkuNotFoundContext(_) => {
            (Flaw::OtherPurpose, "a certificate of the chain is not for servers")
        }
        E::ExtensionValueInvalid | E::MalformedExtensions => {
            (Flaw::Malformed, "an extension of a certificate cannot be read")
        }
        E::TrailingData(_) => (Flaw::Malformed, "octets follow where a certificate should end"),
        E::InvalidSerialNumber => {
            (Flaw::Malformed, "the serial number of a certificate is negative or too long")
        }
        E::InvalidNetworkMaskConstraint => {
            (Flaw::Malformed, "a CA is limited to addresses by a mask that is none")
        }
        E::MalformedDnsIdentifier => (Flaw::Malformed, "a name in a certificate is no host name"),
        E::MalformedNameConstraint => {
            (Flaw::Malformed, "the names that a CA is limited to cannot be read")
        }
        E::NameConstraintViolation => {
            (Flaw::NameConstraint, "a CA of the chain is not allowed to certify such names")
        }
        E::PathLenConstraintViolated => {
            (Flaw::PathLength, "a CA of the chain has more CAs below it than it may")
        }
        E::InvalidSignatureForPublicKey => {
            (Flaw::BadSignature, "a signature was not made by the key of the issuer")
        }
        E::SignatureAlgorithmMismatch => {
            (Flaw::Malformed, "a certificate names two algorithms for its one signature")
        }
        E::UnsupportedSignatureAlgorithmContext(it) => {
            let (flaw, fault) = fault_of_signature(&it.signature_algorithm_id);
            return (flaw, format!("a signature is of a kind that is {fault}"));
        }
        E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            (Flaw::UnsupportedAlgorithm, "a signature does not fit the key of its issuer")
        }
        E::UnsupportedCertVersion => {
            (Flaw::OldVersion, "a certificate is of an old version of X.509")
        }
        E::UnsupportedCriticalExtension => {
            (Flaw::UnknownCritical, "a certificate has a critical extension that is not understood")
        }
        E::UnsupportedNameType => (Flaw::Malformed, "a name is of a kind that is not supported"),
        E::UnknownIssuer => (Flaw::UnknownIssuer, "the issuer is no trust anchor"),
        E::UnknownRevocationStatus => {
            (Flaw::BadStaple, "whether a certificate was revoked is not known")
        }
        E::MaximumPathDepthExceeded => {
            (Flaw::TooComplex, "the chain is longer than anyone follows")
        }
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumSignatureChecksExceeded => {
            (Flaw::TooComplex, "the chain has more branches than anyone follows")
        }
        other => return (Flaw::Malformed, spelled_out(other)),
    };
    (flaw, words.to_owned())
}

/// Why a handshake, or a record after it, was refused by us.
pub fn of_rustls(error: &rustls::Error) -> String {
    use rustls::Error as E;
    match error {
        E::PeerIncompatible(why) => incompatible(why),
        E::PeerMisbehaved(why) => misbehaved(why),
        E::InvalidMessage(why) => invalid(why),
        E::InvalidCertificate(why) => certificate(why),
        E::NoCertificatesPresented => "the server sent no certificate".into(),
        E::DecryptError => {
            "what the server sent cannot be decrypted: it was altered on its way".into()
        }
        E::PeerSentOversizedRecord => "the server sent a TLS record that is too long".into(),
        E::InappropriateMessage { .. } | E::InappropriateHandshakeMessage { .. } => {
            "the server sent a TLS message that has no place there".into()
        }
        E::NoApplicationProtocol => "the server speaks no ALPN token that was offered".into(),
        E::InvalidEncryptedClientHello(_) => "encrypted ClientHello failed".into(),
        E::InvalidCertRevocationList(_) => "a list of revoked certificates cannot be read".into(),
        E::InconsistentKeys(_) => "certificate and key do not belong together".into(),
        E::General(words) => text::free(words),
        E::Other(other) => text::free(other.to_string()),
        E::HandshakeNotComplete => "the handshake is not over".into(),
        E::EncryptError => "the message is too long to be encrypted".into(),
        E::FailedToGetCurrentTime => "the system has no clock".into(),
        E::FailedToGetRandomBytes => "the system has no random numbers".into(),
        other => spelled_out(other),
    }
}

fn incompatible(why: &PeerIncompatible) -> String {
    use PeerIncompatible as P;
    match why {
        P::ServerDoesNotSupportTls12Or13 => "the server speaks only TLS 1.1 or older".into(),
        P::ServerTlsVersionIsDisabledByOurConfig | P::Tls12NotOfferedOrEnabled => {
            "the server does not speak the version of TLS that was asked for".into()
        }
        P::NoCipherSuitesInCommon => "the server has no cipher suite in common with us".into(),
        P::NoKxGroupsInCommon => "the server has no key exchange group in common with us".into(),
        P::NoSignatureSchemesInCommon | P::NoCertificateRequestSignatureSchemesInCommon => {
            "the server has no signature scheme in common with us".into()
        }
        P::ExtendedMasterSecretExtensionRequired => {
            "the server's TLS 1.2 lacks the extended master secret (RFC 7627)".into()
        }
        P::ServerRejectedEncryptedClientHello(_) => {
            "the server refused the encrypted ClientHello".into()
        }
        other => format!("the server's TLS does not fit ours: {}", spelled_out(other)),
    }
}

fn misbehaved(why: &PeerMisbehaved) -> String {
    use PeerMisbehaved as P;
    match why {
        P::TooManyWarningAlertsReceived => "the server sent warning alerts without end".into(),
        P::TooManyEmptyFragments => "the server sent empty TLS records without end".into(),
        P::AttemptedDowngradeToTls12WhenTls13IsSupported => {
            "somebody on the way turned TLS 1.3 into TLS 1.2".into()
        }
        P::SelectedUnofferedApplicationProtocol => {
            "the server chose an ALPN token that was not offered".into()
        }
        P::SelectedUnofferedCipherSuite => {
            "the server chose a cipher suite that was not offered".into()
        }
        P::SelectedUnofferedKxGroup | P::WrongGroupForKeyShare => {
            "the server chose a key exchange group that was not offered".into()
        }
        P::SignedHandshakeWithUnadvertisedSigScheme | P::SignedKxWithWrongAlgorithm => {
            "the server signed the handshake with a scheme that was not offered".into()
        }
        P::InvalidKeyShare => "the server's key share is invalid".into(),
        other => format!("the server broke the rules of TLS: {}", spelled_out(other)),
    }
}

fn invalid(why: &InvalidMessage) -> String {
    use InvalidMessage as I;
    match why {
        I::HandshakePayloadTooLarge | I::MessageTooLarge | I::CertificatePayloadTooLarge => {
            "the server sent a TLS message that is longer than anyone takes".into()
        }
        I::UnknownProtocolVersion => "the server answered in an unknown version of TLS".into(),
        I::MissingData(_) | I::MessageTooShort | I::TrailingData(_) => {
            format!("the server sent a TLS message of the wrong length ({})", spelled_out(why))
        }
        other => {
            format!("the server sent a TLS message that cannot be read: {}", spelled_out(other))
        }
    }
}

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::BadSignature => {
            "the server does not hold the key of its certificate: its handshake signature is wrong"
                .into()
        }
        CertificateError::BadEncoding => {
            "the key of certificate #1 cannot be read, so nobody can prove to hold it".into()
        }
        CertificateError::Other(other) => text::free(other.to_string()),
        other => format!("the certificate was refused: {}", spelled_out(other)),
    }
}

/// `SelectedUnofferedPsk` -> `selected unoffered psk`: the name alone, not what it holds.
fn spelled_out(name: &impl std::fmt::Debug) -> String {
    let debug = format!("{name:?}");
    let name: String = debug.chars().take_while(char::is_ascii_alphanumeric).collect();
    let mut words = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
#[path = "words/tests.rs"]
mod tests;
