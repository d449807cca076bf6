//! What is shown of labels in Punycode, and that the tables are those of Unicode.

use idna::uts46::DnsLength;
use unicode_security::GeneralSecurityProfile;
use unicode_security::confusable_detection::skeleton;

use super::*;

fn punycode(label: &str) -> Vec<u8> {
    let ascii = Uts46::new().to_ascii(
        label.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    match ascii {
        Ok(ascii) => ascii.as_bytes().to_vec(),
        // an attacker encodes what UTS 46 does not
        Err(_) => format!("xn--{}", idna::punycode::encode_str(label).unwrap()).into_bytes(),
    }
}

/// The label as it stands, whatever UTS 46 would make of it.
fn raw(label: &str) -> Vec<u8> {
    format!("xn--{}", idna::punycode::encode_str(label).unwrap()).into_bytes()
}

#[test]
fn labels_of_one_script_are_shown_as_they_are_written() {
    for label in [
        "háčkyčárky",
        "münchen",
        "faß",
        "smörgåsbord",
        "ελλάδα",
        "пример",
        "почта",
        "яндекс",
        "тест1",
        "тест-2",
        "բարեւ",
        "日本語",
        "日本ノ木",
        "ノート",
        "東京タワー",
        "한국",
        "例え-テスト",
        "ドメインabc",
        "हिन्दी",
        "संस्कृतः",
        "ไทย",
        "שלום",
        "צה״ל",
        "مثال",
        "۱۰",
        "ქართული",
        "አማርኛ",
        "l·l",
    ] {
        assert_eq!(unicode(&punycode(label), true).as_deref(), Some(label));
    }
}

#[test]
fn labels_that_can_be_taken_for_others_stay_in_punycode() {
    for label in [
        // mixed scripts
        "аpple",
        "pаypal",
        "googlе",
        "gооgle",
        "αpple",
        "appleա",
        "тест-a",
        "abcא",
        "abcا",
        "пδ",
        "кириллицаελ",
        "ａpple",
        // scripts that UTS 39 does not recommend, and symbols
        "ᎪᏢ",
        "ꭺꮲ",
        "ⲁⲃ",
        "ⅼ",
        "i❤",
        "☃",
        "a🙂",
        // marks
        "a\u{2044}b",
        "a\u{2215}b",
        "a\u{29f8}b",
        "a\u{2571}b",
        "a\u{3033}b",
        "a\u{30ce}b",
        "a\u{4e3f}",
        "\u{30ce}",
        "\u{30ce}\u{30ce}",
        "a\u{3002}b",
        "a\u{ff0e}b",
        "a\u{ff61}b",
        "a\u{2024}b",
        "a\u{6d4}b",
        "a\u{701}b",
        "a\u{a4f8}b",
        "a\u{a60e}b",
        "a\u{660}b",
        "\u{6f0}",
        "a\u{a789}b",
        "a\u{5c3}b",
        "\u{5d0}\u{5c3}\u{5d1}",
        "a\u{589}b",
        "a\u{2236}b",
        "a\u{fe55}b",
        "a\u{ff1a}b",
        "a\u{2d0}b",
        "a\u{903}",
        "a\u{30fb}\u{30a0}b",
        "a\u{2010}b",
        "a\u{2011}b",
        "a\u{ff0f}b",
        "a\u{ff20}b",
        "a\u{ff1f}b",
        // invisible
        "a\u{200b}b",
        "a\u{1bca0}b",
        "a\u{3164}b",
        "a\u{ad}b",
        "a\u{e0061}b",
        // the whole label reads as ASCII
        "аррӏе",
        "сор",
        "ѕсоре",
        "οου",
        "օօ",
        "о1",
    ] {
        assert_eq!(unicode(&raw(label), true), None, "{label}");
    }
}

#[test]
fn a_label_that_reads_as_ascii_is_shown_under_a_domain_that_does_not() {
    for label in ["рус", "сор", "ουν"] {
        assert_eq!(unicode(&punycode(label), false).as_deref(), Some(label));
    }
    assert_eq!(unicode(&raw("аpple"), false), None);
}

/// Characters that may stand in an identifier, with what they look like.
fn lookalikes() -> impl Iterator<Item = (char, String)> {
    let characters =
        ('\u{80}'..=char::MAX).filter(|it| GeneralSecurityProfile::identifier_allowed(*it));
    characters.map(|it| (it, skeleton(it.encode_utf8(&mut [0; 4])).collect()))
}

#[test]
fn the_marks_are_those_that_unicode_has() {
    let is_mark = |it: char| "./\\:=?#@%&-".contains(it);
    let marks: Vec<_> =
        lookalikes().filter(|(_, like)| like.contains(is_mark)).map(|(it, _)| it).collect();
    assert_eq!(marks, MARKS);
}

#[test]
fn the_letters_are_those_that_unicode_has() {
    use unicode_security::mixed_script::MixedScript;
    let is_label = |it: char| unicode(&raw(&it.to_string()), false).is_some();
    let is_other = |it: char| {
        let with_latin = format!("a{it}");
        !with_latin.is_single_script() && !('\u{3000}'..='\u{9fff}').contains(&it)
    };
    let letters: String = lookalikes()
        .filter(|(_, like)| like.chars().all(|it| it.is_ascii_alphanumeric()))
        .map(|(it, _)| it)
        .filter(|it| is_label(*it) && is_other(*it))
        .collect();
    assert_eq!(letters, LETTERS);
}
