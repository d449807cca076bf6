//! The key exchange groups that can be offered. One rule: a group has the name that IANA's registry
//! of TLS gives it, in any case of letters.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::kx_group::{SECP256R1, SECP384R1, X25519};

use super::hello::Version;

/// A key exchange group (RFC 8446 section 4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// X25519 and ML-KEM-768 together: post-quantum, and for TLS 1.3 alone.
    X25519MlKem768,
    /// RFC 7748
    X25519,
    /// NIST P-256
    Secp256r1,
    /// NIST P-384
    Secp384r1,
}

impl Group {
    /// All, with their names, in the order in which they are offered by default.
    pub const ALL: [(&'static str, Self); 4] = [
        ("X25519MLKEM768", Self::X25519MlKem768),
        ("x25519", Self::X25519),
        ("secp256r1", Self::Secp256r1),
        ("secp384r1", Self::Secp384r1),
    ];

    /// Reads a list of names, with a comma between two. The error says what is wrong with it.
    pub fn parse_list(typed: &str) -> Result<Vec<Self>, String> {
        let mut groups = Vec::new();
        for word in typed.split(',') {
            let known = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            let Some(&(name, group)) = known else {
                let names: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
                return Err(format!("the groups are {}", names.join(", ")));
            };
            // RFC 8446 section 4.2.8: one key share for a group
            if groups.contains(&group) {
                return Err(format!("{name} is there twice"));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// Whether a version of TLS can use it.
    pub fn is_for(self, version: Version) -> bool {
        self != Self::X25519MlKem768 || version == Version::Tls13
    }

    /// Whether a hello of this version, or of any, can offer `groups`; `post_quantum` says whether
    /// this processor can compute the post-quantum group. The error says why not.
    pub fn can_offer(
        groups: &[Self],
        version: Option<Version>,
        post_quantum: bool,
    ) -> Result<(), String> {
        if groups.contains(&Self::X25519MlKem768) && !post_quantum {
            return Err(
                "+tls-groups names X25519MLKEM768, which this processor cannot compute".into()
            );
        }
        if let Some(version) = version
            && !groups.iter().any(|group| group.is_for(version))
        {
            let names = "+tls-groups names no group that TLS 1.2 has, and +tls-version=1.2 offers";
            return Err(format!("{names} no other version"));
        }
        Ok(())
    }

    /// Its implementation; a processor may be without one.
    pub(super) fn exchange(self) -> Option<&'static dyn SupportedKxGroup> {
        match self {
            Self::X25519MlKem768 => hybrid(),
            Self::X25519 => Some(X25519),
            Self::Secp256r1 => Some(SECP256R1),
            Self::Secp384r1 => Some(SECP384R1),
        }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn hybrid() -> Option<&'static dyn SupportedKxGroup> {
    Some(rustls_graviola::kx::X25519MLKEM768)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn hybrid() -> Option<&'static dyn SupportedKxGroup> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_its_order_and_in_any_case_of_letters() {
        use Group::{Secp256r1, Secp384r1, X25519, X25519MlKem768};
        for (typed, groups) in [
            ("x25519", &[X25519][..]),
            ("X25519", &[X25519]),
            ("SECP384R1,Secp256r1", &[Secp384r1, Secp256r1]),
            ("x25519mlkem768,x25519", &[X25519MlKem768, X25519]),
            (
                "secp256r1,X25519MLKEM768,secp384r1,x25519",
                &[Secp256r1, X25519MlKem768, Secp384r1, X25519],
            ),
        ] {
            assert_eq!(Group::parse_list(typed).as_deref(), Ok(groups), "{typed}");
        }
        let known = "the groups are X25519MLKEM768, x25519, secp256r1, secp384r1";
        for typed in
            ["", ",", "x25519,", ",x25519", "x25519, secp256r1", "secp521r1", "x448", "P-256", "29"]
        {
            assert_eq!(Group::parse_list(typed), Err(known.into()), "{typed}");
        }
        let twice = Group::parse_list("secp256r1,x25519,SECP256R1");
        assert_eq!(twice, Err("secp256r1 is there twice".into()));
    }

    #[test]
    fn what_a_processor_or_a_version_has_not_cannot_be_offered() {
        use Group::{Secp256r1, X25519, X25519MlKem768};
        let (old, new) = (Some(Version::Tls12), Some(Version::Tls13));
        for (groups, version, post_quantum, words) in [
            (&[X25519][..], None, false, ""),
            (&[X25519], old, false, ""),
            (&[X25519MlKem768], None, true, ""),
            (&[X25519MlKem768], new, true, ""),
            (&[X25519MlKem768, Secp256r1], old, true, ""),
            (&[X25519MlKem768], None, false, "this processor cannot compute"),
            (&[X25519, X25519MlKem768], new, false, "this processor cannot compute"),
            (&[X25519MlKem768], old, true, "no group that TLS 1.2 has"),
        ] {
            let refused = Group::can_offer(groups, version, post_quantum).err().unwrap_or_default();
            assert!(refused.contains(words), "{groups:?}: {refused}");
            assert_eq!(refused.is_empty(), words.is_empty(), "{groups:?}: {refused}");
        }
    }

    #[test]
    fn a_group_is_what_its_name_says() {
        use rustls::NamedGroup;
        for (group, named) in [
            (Group::X25519MlKem768, NamedGroup::X25519MLKEM768),
            (Group::X25519, NamedGroup::X25519),
            (Group::Secp256r1, NamedGroup::secp256r1),
            (Group::Secp384r1, NamedGroup::secp384r1),
        ] {
            let exchange = group.exchange();
            assert!(exchange.is_none_or(|it| it.name() == named), "{group:?}");
            assert!(exchange.is_some() || group == Group::X25519MlKem768, "{group:?}");
        }
    }
}
