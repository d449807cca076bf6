//! What a trust anchor may vouch for. One rule: an anchor whose certificate is at hand certifies
//! others only as far as that certificate allows (RFC 5280 section 6.1.4 k to n, and 4.2); for
//! itself, the end-entity, it stands always. An anchor of which only name and key are known is
//! limited by its name constraints alone.

use rustls::pki_types::UnixTime;
use webpki::{EndEntityCert, KeyUsage, RequiredEkuNotFoundContext};

use super::certificate::element;
use super::chain::{Bench, Path, Usage};
use super::names::distinguished_name_of;
use crate::verdict::{AnchorFacts, CertContent, Flaw};

/// Why an anchor, or a CA below it, may not vouch for what it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) flaw: Flaw,
    pub(super) why: String,
}

/// Extensions that may be critical in an anchor, beside those that webpki knows: the identifiers of
/// keys, which are compared, and policies, which limit nothing where no policy is asked for.
const HARMLESS: [&str; 6] =
    ["2.5.29.14", "2.5.29.35", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54"];
const CERT_SIGN: &str = "key cert sign";

/// Whether an anchor of which this is known may certify a path with `below` CAs between itself and
/// the end-entity, for `usage`; the words follow "the trust anchor NAME".
fn may_vouch(
    content: &Result<CertContent, String>,
    below: usize,
    usage: Usage,
) -> Result<(), (Flaw, String)> {
    let no = |flaw, why: &str| Err((flaw, why.to_owned()));
    let Ok(content) = content else {
        return no(Flaw::Malformed, "has a certificate that cannot be read");
    };
    let mut unknown = content.unknown_critical.iter();
    if let Some(oid) = unknown.find(|it| !HARMLESS.contains(&it.as_str())) {
        let why = format!("has the critical extension {oid}, which is not understood");
        return Err((Flaw::UnknownCritical, why));
    }
    match content.ca {
        Some(it) if it.ca => {}
        Some(_) => return no(Flaw::NotCa, "says that it is no CA's certificate"),
        // a version before 3 cannot say so; that the user lists a root says it (RFC 5280 section
        // 6.1.4 k), as OpenSSL and GnuTLS have it
        None if content.version < 3 && content.issuer == content.subject => {}
        None => {
            let why = "does not say that it is a CA's certificate (basic constraints)";
            return no(Flaw::NotCa, why);
        }
    }
    if content.key_usage.as_ref().is_some_and(|it| !it.iter().any(|it| it == CERT_SIGN)) {
        return no(Flaw::KeyUsage, "has a key usage that does not allow it to sign certificates");
    }
    let most = content.ca.and_then(|it| it.path_len);
    if let Some(most) = most.filter(|&most| u32::try_from(below).is_ok_and(|it| it > most)) {
        let why = format!("may have {most} CAs between itself and #1, and has {below}");
        return Err((Flaw::PathLength, why));
    }
    match &content.extended_key_usage {
        Some(uses) if usage == Usage::Server && !serves(uses) => {
            let why = format!("is for {} only, not for servers", uses.join(", "));
            Err((Flaw::OtherPurpose, why))
        }
        _ => Ok(()),
    }
}

/// RFC 5280 section 4.2.1.12: anyExtendedKeyUsage restricts nothing.
fn serves(uses: &[String]) -> bool {
    uses.iter().any(|it| it == "server authentication" || it == "any")
}

impl Bench<'_> {
    /// Whether the anchor at `index` may be the end of a path with `intermediates`; what it is
    /// refused for is kept.
    pub(super) fn accept_anchor(
        &self,
        index: usize,
        content: Option<&Result<CertContent, String>>,
        path: &webpki::VerifiedPath<'_>,
        usage: Usage,
    ) -> Result<(), webpki::Error> {
        if let Some((position, number)) = self.may_not_sign(path) {
            let why = format!(
                "#{} signed #{number}, but has a key usage that does not allow it to sign \
                 certificates",
                position + 1
            );
            self.unfit.borrow_mut().push(Unfit { flaw: Flaw::KeyUsage, why });
            return Err(webpki::Error::UnknownIssuer);
        }
        let Some(content) = content else { return Ok(()) };
        if path.intermediate_certificates().count() == 0 && self.is_itself(index) {
            return Ok(());
        }
        // RFC 5280 section 6.1.4 l: self-issued certificates are not counted
        let intermediates = path.intermediate_certificates();
        let below = intermediates.filter(|it| it.issuer() != it.subject()).count();
        let Err((flaw, why)) = may_vouch(content, below, usage) else { return Ok(()) };
        let alone = match flaw {
            Flaw::NotCa | Flaw::KeyUsage => "; it stands for itself alone",
            _ => "",
        };
        let why = format!("{} {why}{alone}", self.anchor_words(index));
        self.unfit.borrow_mut().push(Unfit { flaw, why });
        Err(match flaw {
            Flaw::OtherPurpose => {
                webpki::Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext {
                    required: KeyUsage::server_auth(),
                    present: Vec::new(),
                })
            }
            _ => webpki::Error::UnknownIssuer,
        })
    }

    /// The position of an intermediate of `path` whose key usage forbids that it signs certificates
    /// (RFC 5280 section 6.1.4 n), and the number of the one that it signed; webpki does not look.
    fn may_not_sign(&self, path: &webpki::VerifiedPath<'_>) -> Option<(usize, usize)> {
        let mut signed = 1;
        path.intermediate_certificates().find_map(|intermediate| {
            let der = intermediate.der();
            let position = self.chain.iter().position(|it| *it == der)?;
            let number = std::mem::replace(&mut signed, position + 1);
            let usage = self.content(position)?.key_usage.as_ref()?;
            (!usage.iter().any(|it| it == CERT_SIGN)).then_some((position, number))
        })
    }

    /// `the trust anchor CN=Lab Root CA (root.pem)`
    pub(super) fn anchor_words(&self, index: usize) -> String {
        let anchors = &self.trust.anchors;
        let subject = distinguished_name_of(&anchors.anchors[index].subject);
        format!("the trust anchor {subject} ({})", anchors.origin(index))
    }

    /// The first reason for which an anchor was refused that is of a flaw that `is_meant`.
    pub(super) fn unfit(&self, is_meant: impl Fn(Flaw) -> bool) -> Option<Unfit> {
        self.unfit.borrow().iter().find(|it| is_meant(it.flaw)).cloned()
    }

    /// Whether #1 is the end-entity that the anchor at `index` is: the same certificate, or another
    /// of the same key for a name that the anchor's certificate has too, and a purpose. The key
    /// alone does not suffice, or its holder could take any name.
    fn is_itself(&self, index: usize) -> bool {
        let anchors = &self.trust.anchors;
        let (Some(certificate), Some(first), Some(link)) =
            (anchors.certificate(index), self.chain.first(), self.link(0))
        else {
            return false;
        };
        if certificate == first {
            return true;
        }
        let key = element(link.outline.spki).map(|(it, _)| it.content);
        if key != Some(anchors.anchors[index].subject_public_key_info.as_ref()) {
            return false;
        }
        let Some(Ok(content)) = anchors.content(index) else { return false };
        if content.usage_without_signature().is_some() {
            return false;
        }
        let is_for_servers = content.extended_key_usage.is_none_or(|it| serves(&it));
        let is_for_name = |name| {
            EndEntityCert::try_from(certificate)
                .is_ok_and(|it| it.verify_is_valid_for_subject_name(name).is_ok())
        };
        is_for_servers && self.trust.policy.name.as_ref().is_some_and(is_for_name)
    }

    /// The path of #1 alone, where it is a trust anchor itself: it needs no issuer then, and RFC
    /// 5280 section 6.1.4 (k) asks only of those that issue others whether they are a CA's. All
    /// else that webpki asks of an end-entity holds.
    pub(super) fn itself(&self, time: UnixTime, usage: Usage) -> Option<Path> {
        // a renewed certificate stands beside the one before it: the very certificate counts most,
        // then one that is within its dates
        let anchors = &self.trust.anchors;
        let rank = |index: &usize| {
            let is_same = anchors.certificate(*index) == self.chain.first();
            let content = anchors.content(*index).and_then(Result::ok);
            let now = self.seconds();
            let is_valid = content.is_some_and(|it| (it.not_before..=it.not_after).contains(&now));
            (!is_same, !is_valid)
        };
        let candidates = (0..anchors.anchors.len()).filter(|&it| self.is_itself(it));
        let anchor = candidates.min_by_key(rank)?;
        let end_entity = EndEntityCert::try_from(self.chain.first()?).ok()?;
        let alone =
            end_entity.verify_for_usage(self.algorithms.all, &[], &[], time, usage, None, None);
        let holds = match alone.err()? {
            webpki::Error::UnknownIssuer => true,
            // webpki looks at purposes only after this
            webpki::Error::CaUsedAsEndEntity => {
                let uses = self.content(0)?.extended_key_usage.as_ref();
                let is_server = |it: &String| it == "server authentication";
                usage == Usage::Any || uses.is_none_or(|it| it.iter().any(is_server))
            }
            _ => false,
        };
        holds.then(|| Path { certificates: vec![0], anchor, is_itself: true })
    }

    /// Where none of the anchors is a CA's: that they trust nobody but the servers that they are.
    pub(super) fn only_server(&self) -> Option<String> {
        /// More certificates than anyone has servers of their own are a store.
        const MAX_SERVERS: usize = 8;
        let anchors = &self.trust.anchors;
        let is_server = |index| {
            let content = anchors.content(index).and_then(Result::ok);
            content.is_some_and(|it| it.version >= 3 && it.ca.is_none_or(|it| !it.ca))
        };
        let count = anchors.anchors.len();
        let only = (1..=MAX_SERVERS).contains(&count) && (0..count).all(is_server);
        only.then(|| {
            let file = anchors.origin(0);
            format!("{file} holds no CA's certificate: it stands for that one server alone")
        })
    }

    /// Whether the anchor at `index` is within its dates, as far as is known.
    pub(super) fn is_in_dates(&self, index: usize) -> bool {
        let now = self.seconds();
        match self.trust.anchors.content(index) {
            Some(Ok(it)) => (it.not_before..=it.not_after).contains(&now),
            Some(Err(_)) | None => true,
        }
    }

    pub(super) fn anchor(&self, path: &Path) -> AnchorFacts {
        let index = path.anchor;
        let anchor = &self.trust.anchors.anchors[index];
        let content = self.trust.anchors.content(index).and_then(Result::ok);
        AnchorFacts {
            subject: distinguished_name_of(&anchor.subject),
            pin: super::certificate::pin(&self.anchor_key(index)),
            origin: self.trust.anchors.origin(index),
            validity: content.map(|it| (it.not_before, it.not_after)),
            is_first: path.is_itself,
        }
    }
}
