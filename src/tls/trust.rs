//! The one certificate verifier. One rule: it records before it judges, and it judges only after
//! the handshake signature proved the key.

use std::fmt;
use std::sync::{Arc, Mutex};

use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, OtherError,
    PeerMisbehaved, SignatureScheme, SupportedProtocolVersion,
};
use webpki::RawPublicKeyEntity;

use super::algorithm::{fault_of_key, is_supported_key, key_of};
use super::certificate::{self, Outline};
use super::diagnosis;
use super::roots::Trust;
use crate::error::Error;
use crate::text;
use crate::verdict::{CertFacts, Flaw, Question, Verdict};

/// The verifier of one session.
#[derive(Debug)]
pub struct Recorder {
    trust: Arc<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
    now: UnixTime,
    seen: Mutex<Seen>,
}

/// What a handshake showed.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    chain: Vec<CertificateDer<'static>>,
    staple: Vec<u8>,
    /// The scheme of the handshake signature.
    pub scheme: Option<SignatureScheme>,
    /// The certificates and the verdict on them, once it is known whether the key was proved.
    pub judged: Option<(Vec<CertFacts>, Verdict)>,
}

impl Recorder {
    /// A verifier that judges by `trust` as of now.
    pub fn new(trust: Arc<Trust>, provider: &CryptoProvider) -> Arc<Self> {
        Arc::new(Self {
            trust,
            algorithms: provider.signature_verification_algorithms,
            now: UnixTime::now(),
            seen: Mutex::default(),
        })
    }

    /// A client configuration in the making, of a session whose peer this verifier judges.
    pub fn install(
        self: &Arc<Self>,
        provider: Arc<CryptoProvider>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::clone(self) as _))
    }

    /// What was seen in a handshake that is over; `failure` says why it failed, if it did. Where
    /// certificates came and their key was not proved, the verdict on them says so.
    pub fn seen(&self, failure: Option<&dyn fmt::Display>) -> Seen {
        // a lock is poisoned only by a panic, after which the facts are not needed
        let mut seen = self.seen.lock().map(|seen| seen.clone()).unwrap_or_default();
        if let (None, Some(first), Some(failure)) = (&seen.judged, seen.chain.first(), failure) {
            let spki = Outline::of(first).map(|it| it.spki);
            let flaw = match spki.filter(|it| !is_supported_key(it, &self.algorithms)) {
                Some(spki) => fault_of_key(spki).0,
                None => Flaw::KeyUnproved,
            };
            let (facts, mut verdict) = self.verdict(&seen);
            verdict.withdraw_key(flaw, text::free(failure.to_string()));
            seen.judged = Some((facts, verdict));
        }
        seen
    }

    fn verdict(&self, seen: &Seen) -> (Vec<CertFacts>, Verdict) {
        let Seen { chain, staple, .. } = seen;
        let facts: Vec<_> = chain.iter().map(|der| certificate::read(der)).collect();
        let verdict =
            diagnosis::judge(chain, &facts, staple, &self.trust, self.now, &self.algorithms);
        (facts, verdict)
    }

    /// Judges a peer that proved its key with a handshake signature.
    fn judge(&self) -> Result<HandshakeSignatureValid, rustls::Error> {
        let mut seen = self.seen.lock().map_err(|_| rustls::Error::General("poisoned".into()))?;
        let (facts, verdict) = self.verdict(&seen);
        let refusal = verdict.refusal().map(|answer| alert_for(answer.question, answer.flaw));
        seen.judged = Some((facts, verdict));
        match refusal {
            None => Ok(HandshakeSignatureValid::assertion()),
            Some(error) => Err(error.into()),
        }
    }

    fn public_key(&self, der: &[u8]) -> Result<SubjectPublicKeyInfoDer<'static>, rustls::Error> {
        let outline = Outline::of(der).ok_or(CertificateError::BadEncoding)?;
        Ok(SubjectPublicKeyInfoDer::from(outline.spki).into_owned())
    }

    /// Verifies a handshake signature with the bare key, so that a certificate too odd for path
    /// building still proves its key.
    fn prove(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        most: usize,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.seen.lock().map_err(|_| rustls::Error::General("poisoned".into()))?.scheme =
            Some(signed.scheme);
        let key = self.public_key(certificate)?;
        let entity =
            RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        let algorithms =
            self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, algorithms) =
            algorithms.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let proved = algorithms.iter().take(most).any(|algorithm| {
            entity.verify_signature(*algorithm, message, signed.signature()).is_ok()
        });
        if proved {
            return self.judge();
        }
        Err(unproved(&key, &self.algorithms).into())
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen.lock().map_err(|_| rustls::Error::General("poisoned".into()))?;
        seen.chain = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        seen.staple = ocsp_response.to_vec();
        // rustls verifies the handshake signature next; only then is there a key to judge
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.prove(message, certificate, signed, usize::MAX)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !is_tls13(signed.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        // a scheme of TLS 1.3 names its curve: the first algorithm is the one that fits
        self.prove(message, certificate, signed, 1)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // kdig's order: the server chooses, and this is what it is asked to prefer
        const FIRST: [SignatureScheme; 5] = [
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PKCS1_SHA256,
        ];
        let mut schemes = self.algorithms.supported_schemes();
        let place = |it: &SignatureScheme| FIRST.iter().position(|first| first == it);
        schemes.sort_by_key(|it| place(it).unwrap_or(FIRST.len()));
        schemes
    }
}

/// Why a handshake signature proves nothing: that it is wrong is said of no key that cannot be
/// verified with.
fn unproved(spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> CertificateError {
    if is_supported_key(spki, algorithms) {
        return CertificateError::BadSignature;
    }
    let (key, (_, fault)) = (key_of(spki), fault_of_key(spki));
    let why =
        format!("the key of certificate #1, {key}, is {fault}, so nobody can prove to hold it");
    CertificateError::Other(OtherError(Arc::from(
        Box::<dyn std::error::Error + Send + Sync>::from(why),
    )))
}

/// RFC 8446 section 4.2.3: neither PKCS #1 v1.5 nor SHA-1 may sign a TLS 1.3 handshake.
fn is_tls13(scheme: SignatureScheme) -> bool {
    !matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA1
            | SignatureScheme::ECDSA_SHA1_Legacy
            | SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512
    )
}

/// What rustls is told, and so the alert that the peer gets.
fn alert_for(question: Question, flaw: Option<Flaw>) -> CertificateError {
    match (question, flaw) {
        (_, Some(Flaw::Revoked)) => CertificateError::Revoked,
        (Question::Key, _) => CertificateError::BadSignature,
        (Question::Chain, _) => CertificateError::UnknownIssuer,
        (Question::Dates, _) => CertificateError::Expired,
        (Question::Name, _) => CertificateError::NotValidForName,
        (Question::Purpose, _) => CertificateError::InvalidPurpose,
        (Question::Staple, _) => CertificateError::InvalidOcspResponse,
        (Question::Pin, _) => CertificateError::ApplicationVerificationFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::super::certificate::sequence;
    use super::super::signature::ALGORITHMS;
    use super::*;

    /// SubjectPublicKeyInfo of an RSA key of so many bits.
    fn rsa(bits: usize) -> Vec<u8> {
        const ALGORITHM: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let value = |tag, content: &[u8]| {
            let mut der = sequence(content);
            der[0] = tag;
            der
        };
        let modulus = value(2, &[&[0][..], &vec![0xff; bits / 8]].concat());
        let key = sequence(&[modulus, value(2, &[1, 0, 1])].concat());
        sequence(&[sequence(ALGORITHM), value(3, &[&[0][..], &key].concat())].concat())
    }

    #[test]
    fn a_key_of_a_length_that_nobody_verifies_with_is_not_said_to_be_anothers() {
        let algorithms = ALGORITHMS;
        for bits in [2048, 3072, 8192] {
            let error = unproved(&rsa(bits), &algorithms);
            assert_eq!(error, CertificateError::BadSignature, "{bits}");
        }
        for (bits, fault) in
            [(512, "weak"), (1024, "weak"), (2040, "weak"), (8200, "not supported by tdig")]
        {
            let CertificateError::Other(error) = unproved(&rsa(bits), &algorithms) else {
                panic!("{bits}");
            };
            let words = format!("the key of certificate #1, RSA {bits}, is {fault}, so nobody");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
    }
}
