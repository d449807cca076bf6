//! A stapled OCSP response -> what it says of the server's certificate (RFC 6960). One rule: it
//! says nothing until its signature was verified, by the issuer's key or by that of a responder
//! that the issuer appointed.

use der::Decode;
use rustls::crypto::WebPkiSupportedAlgorithms;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspResponse, OcspResponseStatus,
    SingleResponse,
};

use super::certificate::{self, Outline, element, key_octets, sequence};
use super::signature::Signed;
use crate::text;
use crate::verdict::{StapleFacts, StapleStatus};

/// The issuer of the certificate that a staple is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issuer<'a> {
    /// Name, without tag and length.
    pub(super) name: &'a [u8],
    /// SubjectPublicKeyInfo, with tag and length.
    pub(super) spki: &'a [u8],
}

/// What `response` says of the certificate `subject` of `issuer`, as of `now` (seconds since
/// 1970). The error is the reason why it proves nothing.
pub(super) fn read(
    response: &[u8],
    subject: &Outline<'_>,
    issuer: Issuer<'_>,
    now: i64,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<StapleFacts, String> {
    let basic_der = basic(response)?;
    let basic = BasicOcspResponse::from_der(&basic_der).map_err(|error| unreadable(&error))?;
    let parts = Parts::of(&basic_der).ok_or("it cannot be read (no signature was found)")?;
    let responses = &basic.tbs_response_data.responses;
    let about = |it: &&SingleResponse| is_about(&it.cert_id, subject, issuer);
    let single = responses.iter().find(about).ok_or("it is about another certificate")?;
    Ok(StapleFacts {
        signer: parts.signer(issuer, now, algorithms)?,
        status: status(&single.cert_status),
        this_update: seconds(&single.this_update),
        next_update: single.next_update.as_ref().map(seconds),
    })
}

/// The BasicOCSPResponse in `response`, DER (RFC 6960 section 4.2.1).
fn basic(response: &[u8]) -> Result<Vec<u8>, String> {
    const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
    let response = OcspResponse::from_der(response).map_err(|error| unreadable(&error))?;
    let status = match response.response_status {
        OcspResponseStatus::Successful => None,
        OcspResponseStatus::MalformedRequest => Some("malformedRequest"),
        OcspResponseStatus::InternalError => Some("internalError"),
        OcspResponseStatus::TryLater => Some("tryLater"),
        OcspResponseStatus::SigRequired => Some("sigRequired"),
        OcspResponseStatus::Unauthorized => Some("unauthorized"),
    };
    if let Some(status) = status {
        return Err(format!("the responder gave no status, it says {status}"));
    }
    let bytes = response.response_bytes.ok_or("it holds no status")?;
    match bytes.response_type.to_string() {
        kind if kind == BASIC => Ok(bytes.response.into_bytes()),
        kind => Err(format!("it is of the unknown kind {kind}")),
    }
}

fn unreadable(error: &der::Error) -> String {
    format!("it cannot be read ({})", text::free(error.to_string()))
}

fn status(status: &CertStatus) -> StapleStatus {
    /// RFC 5280 section 5.3.1, by number; 7 is not used.
    const REASONS: [&str; 11] = [
        "unspecified",
        "keyCompromise",
        "cACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "",
        "removeFromCRL",
        "privilegeWithdrawn",
        "aACompromise",
    ];
    match status {
        CertStatus::Good(_) => StapleStatus::Good,
        CertStatus::Revoked(info) => StapleStatus::Revoked {
            at: seconds(&info.revocation_time),
            reason: info.revocation_reason.and_then(|it| REASONS.get(it as usize).copied()),
        },
        CertStatus::Unknown(_) => StapleStatus::Unknown,
    }
}

fn seconds(time: &OcspGeneralizedTime) -> i64 {
    time.0.to_unix_duration().as_secs().cast_signed()
}

/// Whether `id` names the certificate `subject` of `issuer` (RFC 6960 section 4.1.1).
fn is_about(id: &CertId, subject: &Outline<'_>, issuer: Issuer<'_>) -> bool {
    let hash = |octets: &[u8]| match &*id.hash_algorithm.oid.to_string() {
        "1.3.14.3.2.26" => Some(Sha1::digest(octets).to_vec()),
        "2.16.840.1.101.3.4.2.1" => Some(Sha256::digest(octets).to_vec()),
        "2.16.840.1.101.3.4.2.2" => Some(Sha384::digest(octets).to_vec()),
        "2.16.840.1.101.3.4.2.3" => Some(Sha512::digest(octets).to_vec()),
        _ => None,
    };
    let significant = |octets: &[u8]| {
        let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
        octets[zeros..].to_vec()
    };
    let name = sequence(issuer.name);
    let Some(key) = key_octets(issuer.spki) else { return false };
    significant(id.serial_number.as_bytes()) == significant(subject.serial)
        && hash(&name).is_some_and(|it| it == id.issuer_name_hash.as_bytes())
        && hash(key).is_some_and(|it| it == id.issuer_key_hash.as_bytes())
}

/// The parts of a BasicOCSPResponse that verification needs, as encoded.
struct Parts<'a> {
    signed: Signed<'a>,
    /// Certificates that came with it, concatenated.
    certificates: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(der: &'a [u8]) -> Option<Self> {
        let (response, _) = element(der)?;
        let (data, rest) = element(response.content)?;
        let (algorithm, rest) = element(rest)?;
        let (signature, rest) = element(rest)?;
        // [0] EXPLICIT SEQUENCE OF Certificate
        let certificates = element(rest)
            .and_then(|(tagged, _)| element(tagged.content))
            .map_or(&[][..], |(list, _)| list.content);
        let signed = Signed {
            octets: data.whole,
            algorithm: algorithm.content,
            // a bit string begins with the number of its unused bits
            signature: signature.content.strip_prefix(&[0])?,
        };
        Some(Self { signed, certificates })
    }

    /// The signer in words: the issuer, or a responder it appointed (RFC 6960 section 4.2.2.2).
    fn signer(
        &self,
        issuer: Issuer<'_>,
        now: i64,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<String, String> {
        if self.signed.by(issuer.spki, algorithms) {
            return Ok("its issuer".into());
        }
        let mut rest = self.certificates;
        // more than a few prove nothing that the first few do not
        for _ in 0..4 {
            let Some((certificate, next)) = element(rest) else { break };
            rest = next;
            if let Some(name) = self.responder(certificate.whole, issuer, now, algorithms) {
                return Ok(name);
            }
        }
        Err("it was not signed by the issuer, nor by a responder that the issuer appointed".into())
    }

    /// The name of the responder whose certificate this is, if the issuer signed that, for this
    /// purpose, and its key signed the response.
    fn responder(
        &self,
        der: &[u8],
        issuer: Issuer<'_>,
        now: i64,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Option<String> {
        let outline = Outline::of(der)?;
        let content = certificate::read(der).content.ok()?;
        let appointed = content.extended_key_usage?.iter().any(|it| it == "OCSP signing");
        let in_time = (content.not_before..=content.not_after).contains(&now);
        (outline.issuer == issuer.name
            && appointed
            && in_time
            && outline.signed().by(issuer.spki, algorithms)
            && self.signed.by(outline.spki, algorithms))
        .then_some(content.subject)
    }
}
