//! Whether certificates name the keys that signed them: the authority key identifier (RFC 5280
//! section 4.2.1.1). One rule: only a certificate at hand can contradict it, so an issuer of which
//! none is, or that has no subject key identifier, contradicts nothing.

use x509_parser::extensions::{AuthorityKeyIdentifier, GeneralName};

use super::certificate::hex;
use super::chain::{Bench, Path};
use super::names::distinguished_name;
use crate::verdict::{AuthorityFault, AuthorityKey, CertContent, Signer};

/// What the extension says.
pub(super) fn read(it: &AuthorityKeyIdentifier<'_>) -> AuthorityKey {
    let directory = |name: &GeneralName<'_>| match name {
        GeneralName::DirectoryName(name) => Some(distinguished_name(name)),
        _ => None,
    };
    AuthorityKey {
        key_id: it.key_identifier.as_ref().map(|it| it.0.to_vec()),
        issuer: it.authority_cert_issuer.as_ref().and_then(|it| it.iter().find_map(directory)),
        serial: it.authority_cert_serial.map(hex),
    }
}

impl Bench<'_> {
    /// The certificates of `proved` whose authority key identifier is of another key, or of another
    /// certificate, than that of their issuer, each with what does not fit.
    pub(super) fn authority_faults(
        &self,
        proved: &[usize],
        signers: &[Signer],
        path: Option<&Path>,
    ) -> Vec<(usize, AuthorityFault)> {
        let of = |&position: &usize| {
            let fault = self.authority_fault(position, *signers.get(position)?, path)?;
            Some((position, fault))
        };
        proved.iter().filter_map(of).collect()
    }

    fn authority_fault(
        &self,
        position: usize,
        signer: Signer,
        path: Option<&Path>,
    ) -> Option<AuthorityFault> {
        let named = self.content(position)?.authority_key.as_ref()?;
        let key = match signer {
            Signer::Sent(issuer) => self.link(issuer)?.outline.spki.to_vec(),
            Signer::Itself => self.link(position)?.outline.spki.to_vec(),
            Signer::Anchor => self.anchor_key(path?.anchor),
            Signer::Forged(_) | Signer::Unverified(_) | Signer::Unknown => return None,
        };
        // an issuer may have several certificates: one that fits is enough
        let mut faults = Vec::new();
        for issuer in self.namesakes(position) {
            if self.link(issuer).is_some_and(|it| it.outline.spki == key) {
                faults.push(fault_of(named, self.content(issuer)?));
            }
        }
        for anchor in self.namesake_anchors(position) {
            if self.anchor_key(anchor) == key {
                faults.push(fault_of(named, &self.trust.anchors.content(anchor)?.ok()?));
            }
        }
        let first = faults.first().copied().flatten();
        first.filter(|_| faults.iter().all(Option::is_some))
    }
}

/// What of `named` is not so of the certificate of the issuer.
fn fault_of(named: &AuthorityKey, issuer: &CertContent) -> Option<AuthorityFault> {
    let AuthorityKey { key_id, issuer: name, serial } = named;
    let differs = |one: &str, other: &str| !one.eq_ignore_ascii_case(other);
    let key = key_id.as_ref().zip(issuer.subject_key.as_ref());
    if key.is_some_and(|(named, own)| named != own) {
        return Some(AuthorityFault::Key);
    }
    // of one number there are several ways to write it
    let plain = |serial: &str| serial.trim_start_matches('0').to_owned();
    let other_serial =
        serial.as_ref().is_some_and(|it| differs(&plain(it), &plain(&issuer.serial)));
    let other_name = name.as_ref().is_some_and(|it| differs(it, &issuer.issuer));
    (other_serial || other_name).then_some(AuthorityFault::Certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_key_identifier_fits_unless_something_in_it_differs() {
        let issuer = |key: Option<&[u8]>| CertContent {
            issuer: "CN=Root".into(),
            serial: "00A1".into(),
            subject_key: key.map(<[u8]>::to_vec),
            ..CertContent::default()
        };
        let named = |key: Option<&[u8]>, issuer: Option<&str>, serial: Option<&str>| AuthorityKey {
            key_id: key.map(<[u8]>::to_vec),
            issuer: issuer.map(str::to_owned),
            serial: serial.map(str::to_owned),
        };
        let (one, other) = (Some(&b"one"[..]), Some(&b"other"[..]));
        for (named, own, fault) in [
            (named(one, None, None), one, None),
            (named(one, None, None), None, None),
            (named(None, None, None), one, None),
            (named(one, None, None), other, Some(AuthorityFault::Key)),
            (named(one, Some("CN=Root"), Some("A1")), one, None),
            (named(None, Some("cn=root"), Some("00A1")), other, None),
            (named(one, Some("CN=Root"), Some("A2")), one, Some(AuthorityFault::Certificate)),
            (named(one, Some("CN=Other"), Some("A1")), one, Some(AuthorityFault::Certificate)),
            (named(None, None, Some("A2")), None, Some(AuthorityFault::Certificate)),
            (named(one, Some("CN=Other"), None), other, Some(AuthorityFault::Key)),
        ] {
            assert_eq!(fault_of(&named, &issuer(own)), fault, "{named:?}, {own:?}");
        }
    }
}
