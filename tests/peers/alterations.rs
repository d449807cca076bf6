//! The one list of what may differ between kdig's text and ours.
//!
//! Each row says why in a sentence, whose text it alters and beside which kdig it is needed.
//! What no row names must be equal, byte by byte.

/// The author of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// kdig 3.2.6, as Debian 12 has it, run beside tdig.
    Kdig326,
    /// kdig 3.6, in a transcript.
    Kdig36,
    /// tdig, to be compared with that kdig.
    Tdig(Kdig),
}

/// Which kdig a text of tdig is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kdig {
    /// The one of Debian 12.
    V326,
    /// The one of the transcripts.
    V36,
}

/// One permitted difference.
struct Alteration {
    why: &'static str,
    of: fn(Author) -> bool,
    alter: fn(Vec<String>) -> Vec<String>,
}

/// The types that kdig 3.2.6 shows as `TYPEn` with RFC 3597 data, which are compared with dig.
pub(crate) const UNKNOWN_TO_KDIG: &[(&str, u16)] = &[
    ("MB", 7),
    ("MG", 8),
    ("MR", 9),
    ("WKS", 11),
    ("X25", 19),
    ("ISDN", 20),
    ("NSAP", 22),
    ("NSAP-PTR", 23),
    ("PX", 26),
    ("GPOS", 27),
    ("EID", 31),
    ("NIMLOC", 32),
    ("ATMA", 34),
    ("A6", 38),
    ("SINK", 40),
    ("HIP", 55),
    ("NINFO", 56),
    ("RKEY", 57),
    ("TALINK", 58),
    ("AVC", 258),
    ("DOA", 259),
    ("AMTRELAY", 260),
    ("TA", 32768),
    ("DLV", 32769),
];

const ALTERATIONS: &[Alteration] = &[
    Alteration {
        why: "an ID is drawn anew for each message",
        of: everyone,
        alter: |lines| each(lines, |line| number_after(line, "; id: ", "ID")),
    },
    Alteration {
        why: "no two runs take equally long",
        of: everyone,
        alter: |lines| each(lines, duration),
    },
    Alteration {
        why: "the clock goes on",
        of: everyone,
        alter: |lines| each(lines, |line| from_prefix(line, ";; Time ", ";; Time T")),
    },
    Alteration {
        why: "a space or tab at the end of a line is none of the content",
        of: everyone,
        alter: |lines| each(lines, |line| line.trim_end_matches([' ', '\t']).to_owned()),
    },
    Alteration {
        why: "how many roots the system has depends on who reads them, by file or by folder",
        of: everyone,
        alter: |lines| each(lines, |line| number_after(line, "TLS, imported ", "N")),
    },
    Alteration {
        why: "tdig adds the chain, the verdict, the phases and the padding",
        of: is_tdig,
        alter: |lines| lines.into_iter().filter(|line| !is_own(line)).collect(),
    },
    Alteration {
        why: "tdig adds debug lines between those of kdig",
        of: is_tdig,
        alter: |lines| lines.into_iter().filter(|line| !is_own_debug(line)).collect(),
    },
    Alteration {
        why: "tdig shows the trust anchor that ends the path without having been sent",
        of: is_tdig,
        alter: without_anchor,
    },
    Alteration {
        why: "tdig shows the session of a server that it refused",
        of: is_tdig,
        alter: without_refused_session,
    },
    Alteration {
        why: "kdig reports a null pointer of its own when there was no reply",
        of: is_kdig,
        alter: |lines| {
            lines
                .into_iter()
                .filter(|line| line != ";; DEBUG: print_packet: null parameter")
                .collect()
        },
    },
    Alteration {
        why: "kdig glues two comment marks together without a section title",
        of: is_kdig,
        alter: |lines| each(lines, |line| line.replacen(";;;; ", ";; ", 1)),
    },
    Alteration {
        why: "kdig writes the title of an additional section that has nothing but OPT and TSIG",
        of: is_kdig,
        alter: without_empty_additional,
    },
    Alteration {
        why: "3.2.6 names TLS by its transport",
        of: beside_326,
        alter: |lines| each(lines, tcp_as_tls),
    },
    Alteration {
        why: "3.2.6 offers P-256 as its first group",
        of: beside_326,
        alter: |lines| each(lines, |line| line.replace("(ECDHE-SECP256R1)", "(ECDHE-X25519)")),
    },
    Alteration {
        why: "3.2.6 offers to take 4096 octets over UDP",
        of: beside_326,
        alter: |lines| {
            each(lines, |line| line.replace("; UDP size: 4096 B;", "; UDP size: 1232 B;"))
        },
    },
    Alteration {
        why: "3.2.6 glues the EDNS version to its comment mark when there are no titles",
        of: |author| author == Author::Kdig326,
        alter: |lines| each(lines, |line| line.replacen(";;Version: ", ";; Version: ", 1)),
    },
    Alteration {
        why: "3.2.6 lacks the names of some types",
        of: |author| author == Author::Kdig326,
        alter: |lines| each(lines, types_by_name),
    },
    Alteration {
        why: "3.2.6 quotes no alpn and has no name for dohpath",
        of: |author| author == Author::Kdig326,
        alter: |lines| each(lines, |line| quoted_alpn(&line).replace("key7=\"", "dohpath=\"")),
    },
    Alteration {
        why: "3.6 reverses a distinguished name, tdig has the order of the certificate",
        of: |author| author == Author::Kdig36,
        alter: |lines| each(lines, in_encoding_order),
    },
    Alteration {
        why: "the server behind the transcripts rotated the records of a set",
        of: |author| matches!(author, Author::Kdig36 | Author::Tdig(Kdig::V36)),
        alter: sorted_blocks,
    },
];

/// The lines of `text` after all alterations that its author is permitted.
pub(crate) fn altered(text: &str, author: Author) -> Vec<String> {
    let lines = text.lines().map(str::to_owned).collect();
    let permitted = ALTERATIONS.iter().filter(|alteration| (alteration.of)(author));
    permitted.fold(lines, |lines, alteration| (alteration.alter)(lines))
}

fn everyone(_: Author) -> bool {
    true
}

fn is_tdig(author: Author) -> bool {
    matches!(author, Author::Tdig(_))
}

fn is_kdig(author: Author) -> bool {
    !is_tdig(author)
}

fn beside_326(author: Author) -> bool {
    matches!(author, Author::Kdig326 | Author::Tdig(Kdig::V326))
}

fn each(lines: Vec<String>, alter: impl Fn(String) -> String) -> Vec<String> {
    lines.into_iter().map(alter).collect()
}

/// The digits after the first `mark` become `word`, in comment lines only.
fn number_after(line: String, mark: &str, word: &str) -> String {
    match line.split_once(mark) {
        Some((before, after)) if before.starts_with(";;") => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            let is_other_import = mark.contains("imported") && !rest.starts_with(" system");
            if rest.len() == after.len() || is_other_import {
                return line;
            }
            format!("{before}{mark}{word}{rest}")
        }
        _ => line,
    }
}

fn from_prefix(line: String, prefix: &str, instead: &str) -> String {
    if line.starts_with(prefix) { instead.to_owned() } else { line }
}

/// `;; From X in 1.2 ms` and `;; To X in 0.1 ms`.
fn duration(line: String) -> String {
    if !(line.starts_with(";; From ") || line.starts_with(";; To ")) {
        return line;
    }
    match line.rsplit_once(" in ") {
        Some((server, time)) if is_milliseconds(time) => format!("{server} in N ms"),
        _ => line,
    }
}

fn is_milliseconds(time: &str) -> bool {
    time.strip_suffix(" ms").is_some_and(|number| number.parse::<f64>().is_ok())
}

fn tcp_as_tls(line: String) -> String {
    if line.starts_with(";; From ") || line.starts_with(";; To ") {
        line.replacen("(TCP) in ", "(TLS) in ", 1)
    } else {
        line
    }
}

fn is_own(line: &str) -> bool {
    let own =
        [";; CERTIFICATE CHAIN:", ";; #", ";;     ", ";; Verdict:", ";; Phases:", ";; Padding:"];
    own.iter().any(|prefix| line.starts_with(prefix))
}

fn is_own_debug(line: &str) -> bool {
    let kdigs = [
        "Querying for owner(",
        "retrying server ",
        "TLS, imported ",
        "TLS, added client certfile ",
        "TLS, received certificate hierarchy:",
        "TLS, skipping certificate ",
        "TLS, no certificate PIN match",
        "TLS, The certificate is ",
        "TLS, invalid certificate type",
        "TLS, empty certificate list",
        " #",
        "     Subject Alternative Name:",
        "       DNSname: ",
        "       IPAddress: ",
        "       URI: ",
        "       RFC822Name: ",
        "       otherName ",
        "     SHA-256 PIN: ",
    ];
    line.strip_prefix(";; DEBUG: ")
        .is_some_and(|text| !kdigs.iter().any(|prefix| text.starts_with(prefix)))
}

/// `;; DEBUG:  #3, not sent: CN=x` and the pin below it.
fn without_anchor(lines: Vec<String>) -> Vec<String> {
    let heads = |line: &String| {
        line.strip_prefix(";; DEBUG:  #").is_some_and(|text| {
            text.trim_start_matches(char::is_numeric).starts_with(", not sent:")
        })
    };
    let belongs = |at: usize| !(heads(&lines[at]) || at > 0 && heads(&lines[at - 1]));
    (0..lines.len()).filter(|&at| belongs(at)).map(|at| lines[at].clone()).collect()
}

/// A session line that no message follows.
fn without_refused_session(lines: Vec<String>) -> Vec<String> {
    let belongs = |at: usize| {
        !lines[at].starts_with(";; TLS session ")
            || lines.get(at + 1).is_some_and(|next| next.starts_with(";; ->>HEADER<<-"))
    };
    (0..lines.len()).filter(|&at| belongs(at)).map(|at| lines[at].clone()).collect()
}

fn without_empty_additional(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let empty = lines.get(at + 1).is_none_or(String::is_empty);
        if line == ";; ADDITIONAL SECTION:" && empty {
            kept.pop();
        } else {
            kept.push(line.clone());
        }
    }
    kept
}

fn types_by_name(line: String) -> String {
    let is_separator = |c: char| c == ' ' || c == '\t';
    let word = |piece: &str| {
        let text = piece.trim_end_matches(is_separator);
        let number = text.strip_prefix("TYPE").and_then(|digits| digits.parse::<u16>().ok());
        let known = UNKNOWN_TO_KDIG.iter().find(|(_, known)| Some(*known) == number);
        known
            .map_or_else(|| piece.to_owned(), |(name, _)| format!("{name}{}", &piece[text.len()..]))
    };
    line.split_inclusive(is_separator).map(word).collect()
}

fn quoted_alpn(line: &str) -> String {
    let word = |piece: &str| match piece.trim_end().strip_prefix("alpn=") {
        Some(value) if !value.starts_with('"') => {
            format!("alpn=\"{value}\"{}", &piece[piece.trim_end().len()..])
        }
        _ => piece.to_owned(),
    };
    line.split_inclusive([' ', '\t']).map(word).collect()
}

/// `;; DEBUG:  #2, CN=x,O=y` with its attributes the other way round.
fn in_encoding_order(line: String) -> String {
    let Some(rest) = line.strip_prefix(";; DEBUG:  #") else { return line };
    let Some((number, name)) = rest.split_once(", ") else { return line };
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in name.chars() {
        if c == ',' && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        parts.last_mut().expect("there is always a part").push(c);
    }
    parts.reverse();
    format!(";; DEBUG:  #{number}, {}", parts.join(","))
}

/// Sorts the lines between two that are empty or begin with a semicolon.
fn sorted_blocks(mut lines: Vec<String>) -> Vec<String> {
    let is_edge = |line: &String| line.is_empty() || line.starts_with(';');
    for block in lines.split_mut(is_edge) {
        block.sort();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TDIG: Author = Author::Tdig(Kdig::V326);

    #[test]
    fn a_reply_of_both_is_equal_after_the_alterations() {
        let kdig = "\
;; TLS session (TLS1.3)-(ECDHE-SECP256R1)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)
;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 1754
;; Flags: qr aa rd; QUERY: 1; ANSWER: 1; AUTHORITY: 0; ADDITIONAL: 1

;; Received 165 B
;; Time 2026-11-21 19:17:20 UTC
;; From 127.0.0.1@17853(TCP) in 42.4 ms
";
        let tdig = "\
;; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)
;; CERTIFICATE CHAIN:
;; #1, CN=dot.test
;;     SHA-256 PIN: T0cdZeo5i1alEQql4G2okmhahC0wNM9mGTgmdT4kCT0=
;; Verdict: nothing was verified
;;     name:  not asked
;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 9
;; Flags: qr aa rd; QUERY: 1; ANSWER: 1; AUTHORITY: 0; ADDITIONAL: 1

;; Received 165 B
;; Time 2027-01-01 00:00:00 CET
;; Phases: connect 0.1 ms, TLS 1.2 ms, reply 0.3 ms
;; Padding: query 49 B + 79 B = 128 B, reply 60 B + 408 B = 468 B
;; From 127.0.0.1@17853(TLS) in 1.7 ms
";
        assert_eq!(altered(kdig, Author::Kdig326), altered(tdig, TDIG));
    }

    #[test]
    fn a_value_that_differs_stays_different() {
        for (one, two) in [
            ("a.\t60\tIN\tA\t192.0.2.1", "a.\t60\tIN\tA\t192.0.2.2"),
            ("a.\t60\tIN\tA\t192.0.2.1", "a.\t61\tIN\tA\t192.0.2.1"),
            ("a.\t60\tIN\tTXT\t\"in 5 ms\"", "a.\t60\tIN\tTXT\t\"in 6 ms\""),
            ("a.\t60\tIN\tTXT\t\"; id: 5\"", "a.\t60\tIN\tTXT\t\"; id: 6\""),
            (";; Flags: qr aa; QUERY: 1", ";; Flags: qr; QUERY: 1"),
            (";; PADDING: 10 B", ";; PADDING: 11 B"),
            (
                ";; DEBUG: TLS, imported 1 certificates from 'x'",
                ";; DEBUG: TLS, imported 2 certificates from 'x'",
            ),
        ] {
            assert_ne!(altered(one, Author::Kdig326), altered(two, TDIG), "{one}");
        }
    }

    #[test]
    fn every_alteration_alters_what_it_names() {
        let before_and_after = [
            (Author::Kdig326, ";; From ::1@853(TCP) in 0.0 ms", ";; From ::1@853(TLS) in N ms"),
            (
                Author::Kdig326,
                ";;;; Version: 0; flags: ; UDP size: 4096 B; x",
                ";; Version: 0; flags: ; UDP size: 1232 B; x",
            ),
            (
                Author::Kdig326,
                "x.\t1\tIN\tSVCB\t1 . alpn=h2,h3 key7=\"/q\"",
                "x.\t1\tIN\tSVCB\t1 . alpn=\"h2,h3\" dohpath=\"/q\"",
            ),
            (
                Author::Kdig326,
                "x.\t1\tIN\tNSEC\ty. A TYPE55 TYPE9999",
                "x.\t1\tIN\tNSEC\ty. A HIP TYPE9999",
            ),
            (Author::Kdig326, "a\n\n;; ADDITIONAL SECTION:\n\nb", "a\n\nb"),
            (Author::Kdig326, ";; DEBUG: print_packet: null parameter", ""),
            (
                Author::Kdig36,
                ";; DEBUG:  #1, CN=dot.test,O=Acme\\, s.r.o.,C=CZ",
                ";; DEBUG:  #1, C=CZ,O=Acme\\, s.r.o.,CN=dot.test",
            ),
            (Author::Kdig36, "b\na\n\nd\nc\n;; e", "a\nb\n\nc\nd\n;; e"),
            (
                TDIG,
                ";; DEBUG: TLS, imported 145 system certificates",
                ";; DEBUG: TLS, imported N system certificates",
            ),
            (TDIG, ";; TLS session (x)\n;; Verdict: REFUSED", ""),
            (
                TDIG,
                ";; DEBUG:  #2, CN=i\n;; DEBUG:      SHA-256 PIN: b\n\
                 ;; DEBUG:  #3, not sent: CN=r (trust anchor, x)\n;; DEBUG:      SHA-256 PIN: c",
                ";; DEBUG:  #2, CN=i\n;; DEBUG:      SHA-256 PIN: b",
            ),
            (
                TDIG,
                ";; DEBUG: connected in 3 ms\n;; DEBUG: TLS, The certificate is trusted. ",
                ";; DEBUG: TLS, The certificate is trusted.",
            ),
        ];
        for (author, before, after) in before_and_after {
            assert_eq!(altered(before, author).join("\n"), after, "{before}");
        }
    }

    #[test]
    fn every_alteration_says_why() {
        assert!(ALTERATIONS.iter().all(|alteration| alteration.why.contains(' ')));
    }
}
