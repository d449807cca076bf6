//! Labels in Punycode as Unicode, for people. One rule: what a reader could take for another name
//! stays in Punycode.

use idna::AsciiDenyList;
use idna::uts46::{Hyphens, Uts46};
use unicode_security::RestrictionLevelDetection;
use unicode_security::restriction_level::RestrictionLevel::HighlyRestrictive;

use crate::text;

/// Look-alikes of marks that part a name or a URL, among the characters that UTS 39 lets stand in an
/// identifier: they are read as letters and digits only beside others of their kind.
const MARKS: [char; 9] = [
    '\u{660}', '\u{6f0}', '\u{903}', '\u{a83}', '\u{2010}', '\u{30a0}', '\u{30ce}', '\u{4e36}',
    '\u{4e3f}',
];

/// Letters and digits of other scripts than Latin and Han that look like ASCII (UTS 39,
/// confusables.txt of Unicode 18).
const LETTERS: &str = "\u{3b1}\u{3b3}\u{3b9}\u{3bd}\u{3bf}\u{3c1}\u{3c3}\u{3c5}\u{430}\u{431}\u{433}\
    \u{435}\u{43e}\u{440}\u{441}\u{443}\u{445}\u{448}\u{455}\u{456}\u{458}\u{4af}\u{4bb}\u{4bd}\
    \u{4cf}\u{4d5}\u{561}\u{563}\u{566}\u{570}\u{575}\u{578}\u{57c}\u{57d}\u{581}\u{582}\u{584}\
    \u{585}\u{5d5}\u{5d8}\u{5df}\u{5e1}\u{627}\u{647}\u{6be}\u{6c1}\u{6d5}\u{6f1}\u{6f5}\u{6f7}\
    \u{966}\u{969}\u{9e6}\u{9ea}\u{9ed}\u{ae6}\u{ae9}\u{b20}\u{ce6}\u{d1f}\u{d20}\u{e50}\u{ed0}\
    \u{1004}\u{101d}\u{1040}\u{105a}\u{10e7}\u{1200}\u{12d0}\u{17e0}";

/// The label in Unicode, if it is Punycode of a host name's label and can be taken for no other.
/// `under_ascii` says that it stands under a top-level domain of ASCII letters.
pub(super) fn unicode(label: &[u8], under_ascii: bool) -> Option<String> {
    let label = is_punycode(label).then_some(label)?;
    let (unicode, valid) = Uts46::new().to_unicode(label, AsciiDenyList::URL, Hyphens::Allow);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
    let is_safe = valid.is_ok()
        && unicode.chars().all(plain)
        && text::free(&*unicode) == unicode
        // one script, or those that are written together (UTS 39 section 5.2)
        && unicode.check_restriction_level(HighlyRestrictive)
        && !has_mark(&unicode)
        && !(under_ascii && looks_like_ascii(&unicode));
    is_safe.then(|| unicode.into_owned())
}

/// Whether a label has the prefix of Punycode (RFC 5890 section 2.3.2.1).
pub(super) fn is_punycode(label: &[u8]) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"xn--"))
}

/// Whether a character of the label can be read as a mark: one of [`MARKS`] alone or beside ASCII.
fn has_mark(label: &str) -> bool {
    let characters: Vec<_> = label.chars().collect();
    (0..characters.len()).filter(|&it| MARKS.contains(&characters[it])).any(|it| {
        let before = it.checked_sub(1).and_then(|it| characters.get(it));
        let mut beside = before.into_iter().chain(characters.get(it + 1)).peekable();
        beside.peek().is_none() || beside.any(|it| it.is_ascii() || MARKS.contains(it))
    })
}

/// Whether the whole label can be read as one of ASCII (UTS 39 section 4, whole-script confusables).
fn looks_like_ascii(label: &str) -> bool {
    label.chars().all(|it| it.is_ascii() || LETTERS.contains(it))
}

#[cfg(test)]
#[path = "idn/tests.rs"]
mod tests;
