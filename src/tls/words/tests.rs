//! Every refusal has words. One rule: an identifier in them is a fault.

use rustls::pki_types::{ServerName, UnixTime};
use webpki::{DerTypeId, InvalidNameContext};

use super::*;

/// Two capitals within a word, or a brace, is how an identifier gives itself away.
fn is_worded(words: &str) -> bool {
    let known = ["TLS", "ClientHello", "DER)", "X.509", "ALPN", "CA's", "CAs", "CA", "(DER)"];
    let odd = |word: &str| {
        !known.contains(&word.trim_end_matches([',', ':']))
            && word.chars().skip(1).any(|it| it.is_ascii_uppercase())
            && !word.starts_with("(RFC")
    };
    !words.is_empty() && !words.contains(['{', '}']) && !words.split(' ').any(odd)
}

#[test]
#[allow(deprecated, reason = "webpki may still return what it deprecates")]
fn every_refusal_of_webpki_has_words() {
    use webpki::Error as E;
    let time = UnixTime::now();
    let expected = ServerName::try_from("dot.test").unwrap();
    for fault in [
        E::BadDer,
        E::BadDerTime,
        E::CaUsedAsEndEntity,
        E::CertDistrusted,
        E::CertExpired { time, not_after: time },
        E::CertNotValidForName(InvalidNameContext { expected, presented: Vec::new() }),
        E::CertNotValidYet { time, not_before: time },
        E::CertRevoked,
        E::CrlExpired { time, next_update: time },
        E::EmptyEkuExtension,
        E::EndEntityUsedAsCa,
        E::ExtensionValueInvalid,
        E::InvalidCertValidity,
        E::InvalidCrlNumber,
        E::InvalidNetworkMaskConstraint,
        E::InvalidSerialNumber,
        E::InvalidCrlSignatureForPublicKey,
        E::InvalidSignatureForPublicKey,
        E::IssuerNotCrlSigner,
        E::MalformedDnsIdentifier,
        E::MalformedExtensions,
        E::MalformedNameConstraint,
        E::MaximumNameConstraintComparisonsExceeded,
        E::MaximumPathBuildCallsExceeded,
        E::MaximumPathDepthExceeded,
        E::MaximumSignatureChecksExceeded,
        E::NameConstraintViolation,
        E::PathLenConstraintViolated,
        E::RequiredEkuNotFound,
        E::SignatureAlgorithmMismatch,
        E::TrailingData(DerTypeId::Certificate),
        E::UnknownIssuer,
        E::UnknownRevocationStatus,
        E::UnsupportedCertVersion,
        E::UnsupportedCriticalExtension,
        E::UnsupportedCrlVersion,
        E::UnsupportedNameType,
        E::UnsupportedSignatureAlgorithm,
        E::UnsupportedSignatureAlgorithmForPublicKey,
    ] {
        let (_, words) = of_webpki(&fault);
        assert!(is_worded(&words), "{fault:?}: {words}");
    }
}

#[test]
fn every_refusal_of_rustls_has_words() {
    use rustls::Error as E;
    let incompatible = [
        PeerIncompatible::EcPointsExtensionRequired,
        PeerIncompatible::ExtendedMasterSecretExtensionRequired,
        PeerIncompatible::IncorrectCertificateTypeExtension,
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon,
        PeerIncompatible::NoCipherSuitesInCommon,
        PeerIncompatible::NoKxGroupsInCommon,
        PeerIncompatible::NoSignatureSchemesInCommon,
        PeerIncompatible::ServerDoesNotSupportTls12Or13,
        PeerIncompatible::ServerSentHelloRetryRequestWithUnknownExtension,
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        PeerIncompatible::Tls12NotOfferedOrEnabled,
        PeerIncompatible::UncompressedEcPointsRequired,
        PeerIncompatible::ServerRejectedEncryptedClientHello(None),
    ];
    let misbehaved = [
        PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported,
        PeerMisbehaved::IllegalTlsInnerPlaintext,
        PeerMisbehaved::InvalidKeyShare,
        PeerMisbehaved::SelectedUnofferedApplicationProtocol,
        PeerMisbehaved::SelectedUnofferedCipherSuite,
        PeerMisbehaved::SelectedUnofferedKxGroup,
        PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
        PeerMisbehaved::TooManyEmptyFragments,
        PeerMisbehaved::TooManyWarningAlertsReceived,
        PeerMisbehaved::UnsolicitedServerHelloExtension,
    ];
    let invalid = [
        InvalidMessage::HandshakePayloadTooLarge,
        InvalidMessage::InvalidContentType,
        InvalidMessage::InvalidCcs,
        InvalidMessage::MessageTooLarge,
        InvalidMessage::MissingData("ServerHello"),
        InvalidMessage::TrailingData("ServerHello"),
        InvalidMessage::UnknownProtocolVersion,
        InvalidMessage::UnexpectedMessage("ServerHello"),
    ];
    let certificates = [
        CertificateError::BadEncoding,
        CertificateError::BadSignature,
        CertificateError::UnknownIssuer,
        CertificateError::UnhandledCriticalExtension,
        CertificateError::InvalidOcspResponse,
    ];
    let others = [
        E::NoCertificatesPresented,
        E::DecryptError,
        E::EncryptError,
        E::PeerSentOversizedRecord,
        E::NoApplicationProtocol,
        E::HandshakeNotComplete,
        E::FailedToGetCurrentTime,
        E::FailedToGetRandomBytes,
        E::UnsupportedNameType,
        E::BadMaxFragmentSize,
    ];
    for error in (incompatible.into_iter().map(E::from))
        .chain(misbehaved.into_iter().map(E::from))
        .chain(invalid.into_iter().map(E::from))
        .chain(certificates.into_iter().map(E::from))
        .chain(others)
    {
        let words = of_rustls(&error);
        assert!(is_worded(&words), "{error:?}: {words}");
    }
}
