//! The words of presentation format, and the octets that each kind of them stands for. One rule: a
//! word that is not of its kind is None.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A word of a text.
#[derive(Debug)]
pub struct Token {
    pub quoted: bool,
    /// With its escapes, without its quotes.
    pub raw: String,
}

/// Words between blanks: parentheses and comments are left out (RFC 1035 section 5.1).
pub fn tokens(text: &str) -> Vec<Token> {
    let mut list: Vec<Token> = Vec::new();
    let (mut chars, mut quoted, mut open) = (text.chars().peekable(), false, false);
    while let Some(it) = chars.next() {
        match it {
            ';' if !quoted => {
                open = false;
                while chars.peek().is_some_and(|it| *it != '\n') {
                    chars.next();
                }
            }
            '"' if quoted => {
                (quoted, open) = (false, chars.peek().is_some_and(|it| !it.is_whitespace()));
            }
            // a value behind `key=` is part of its word
            '"' if open => quoted = true,
            '"' => {
                list.push(Token { quoted: true, raw: String::new() });
                (quoted, open) = (true, true);
            }
            '(' | ')' | ' ' | '\t' | '\n' if !quoted => open = false,
            it => {
                if !open {
                    list.push(Token { quoted: false, raw: String::new() });
                    open = true;
                }
                let raw = &mut list.last_mut().unwrap().raw;
                raw.push(it);
                if it == '\\' {
                    raw.extend(chars.next());
                }
            }
        }
    }
    list
}

/// The octets behind the escapes of a text.
pub fn unescaped(raw: &str) -> Option<Vec<u8>> {
    let (mut octets, mut rest) = (Vec::new(), raw.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            octets.push(first);
            continue;
        }
        if rest.first()?.is_ascii_digit() {
            let (digits, after) = rest.split_at_checked(3)?;
            octets.push(std::str::from_utf8(digits).ok()?.parse().ok()?);
            rest = after;
        } else {
            octets.push(rest[0]);
            rest = &rest[1..];
        }
    }
    Some(octets)
}

pub fn counted(octets: Vec<u8>) -> Option<Vec<u8>> {
    Some([&[u8::try_from(octets.len()).ok()?][..], &octets].concat())
}

pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(|pair| (pair.len() == 2).then(|| octet(pair))?).collect()
}

pub fn name(raw: &str) -> Option<Vec<u8>> {
    if raw == "." {
        return Some(vec![0]);
    }
    let (mut octets, mut label, mut chars) = (Vec::new(), String::new(), raw.chars());
    while let Some(it) = chars.next() {
        match it {
            '.' => octets.extend(counted(unescaped(&std::mem::take(&mut label))?)?),
            '\\' => {
                label.push('\\');
                label.push(chars.next()?);
            }
            it => label.push(it),
        }
    }
    octets.push(0);
    label.is_empty().then_some(octets)
}

/// A bit map without octets of zeros at its end.
pub fn map(bits: &[u16]) -> Vec<u8> {
    let octets = bits.iter().max().map_or(0, |last| usize::from(last / 8) + 1);
    let mut map = vec![0; octets];
    for bit in bits {
        map[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    map
}

/// Seconds since 1970 in the lower 32 bits (RFC 4034 section 3.2).
pub fn time(digits: &str) -> Option<u32> {
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    // years that begin in March
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let clock = part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?;
    Some(((days - 719_468) * 86_400 + clock) as u32)
}

/// Centimetres.
pub fn centimetres(word: &str) -> Option<i64> {
    let word = word.strip_suffix('m')?;
    let (negative, word) = word.strip_prefix('-').map_or((false, word), |word| (true, word));
    let (metres, rest) = word.split_once('.').unwrap_or((word, "00"));
    let length = metres.parse::<i64>().ok()? * 100 + rest.parse::<i64>().ok()?;
    Some(if negative { -length } else { length })
}

/// RCODEs and errors of TSIG (RFC 8945 section 3).
pub fn error(word: &str) -> Option<u16> {
    let names = [
        (
            0,
            "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMPL REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH \
             NOTZONE",
        ),
        (16, "BADSIG BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE"),
    ];
    let mut named = names.iter().flat_map(|(first, names)| names.split(' ').zip(*first..));
    named.find(|(name, _)| *name == word).map(|named| named.1).or_else(|| word.parse().ok())
}

pub fn base32hex(digits: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut octets) = (0_u32, 0, Vec::new());
    for digit in digits.chars() {
        (bits, count) = (bits << 5 | digit.to_digit(32)?, count + 5);
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(octets)
}

pub fn windows(types: &[u16]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut windows: Vec<u16> = types.iter().map(|number| number >> 8).collect();
    windows.dedup();
    for window in windows {
        let inside = types.iter().filter(|number| *number >> 8 == window);
        octets.push(window as u8);
        octets.extend(counted(map(&inside.map(|number| number & 0xff).collect::<Vec<_>>()))?);
    }
    Some(octets)
}

/// `!1:192.0.2.0/24` (RFC 3123 section 5)
pub fn prefix(word: &str) -> Option<Vec<u8>> {
    let (not, word) = word.strip_prefix('!').map_or((0, word), |word| (0x80, word));
    let (family, word) = word.split_once(':')?;
    let (address, prefix) = word.rsplit_once('/')?;
    let prefix: u8 = prefix.parse().ok()?;
    let mut octets = match family {
        "1" => address.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
        _ => address.parse::<Ipv6Addr>().ok()?.octets().to_vec(),
    };
    // as some readers do, who keep nothing beyond the prefix
    for (place, octet) in octets.iter_mut().enumerate() {
        let kept = usize::from(prefix).saturating_sub(8 * place).min(8);
        *octet &= (0xff00_u16 >> kept) as u8;
    }
    while octets.last() == Some(&0) {
        octets.pop();
    }
    let family: u16 = family.parse().ok()?;
    let length = octets.len() as u8;
    Some([&family.to_be_bytes()[..], &[prefix, not | length], &octets].concat())
}

/// `key=value` (RFC 9460 section 2.1)
pub fn parameter(word: &str) -> Option<Vec<u8>> {
    let (name, value) = word.split_once('=').map_or((word, None), |it| (it.0, Some(it.1)));
    const NAMES: [&str; 9] = [
        "mandatory",
        "alpn",
        "no-default-alpn",
        "port",
        "ipv4hint",
        "ech",
        "ipv6hint",
        "dohpath",
        "ohttp",
    ];
    let key = |name: &str| match NAMES.iter().position(|it| *it == name) {
        Some(key) => Some(key as u16),
        None => name.strip_prefix("key")?.parse().ok(),
    };
    let number = key(name)?;
    let value = unescaped(value.unwrap_or_default())?;
    let words = || std::str::from_utf8(&value).map(|it| it.split(',')).ok();
    let value = match number {
        0 => words()?.map(|it| Some(key(it)?.to_be_bytes())).collect::<Option<Vec<_>>>()?.concat(),
        1 => items(&value)?.into_iter().map(counted).collect::<Option<Vec<_>>>()?.concat(),
        3 => words()?.next()?.parse::<u16>().ok()?.to_be_bytes().to_vec(),
        4 => words()?
            .filter_map(|it| Some(it.parse::<Ipv4Addr>().ok()?.octets()))
            .flatten()
            .collect(),
        5 => STANDARD.decode(&value).ok()?,
        6 => words()?
            .filter_map(|it| Some(it.parse::<Ipv6Addr>().ok()?.octets()))
            .flatten()
            .collect(),
        _ => value,
    };
    let length = u16::try_from(value.len()).ok()?;
    Some([&number.to_be_bytes()[..], &length.to_be_bytes(), &value].concat())
}

/// The items of a list with commas, in which a backslash takes the next octet as it is (RFC 9460
/// appendix A.1).
pub fn items(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut items = vec![Vec::new()];
    let mut octets = list.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b',' => items.push(Vec::new()),
            b'\\' => items.last_mut()?.push(*octets.next()?),
            octet => items.last_mut()?.push(octet),
        }
    }
    Some(items)
}
