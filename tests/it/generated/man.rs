//! The manual page. One rule: options, their groups and the exit status come from the tables; prose
//! may mention an option, and a test holds that there is one of that name.
//!
//! In prose, `` `word` `` is typed as it stands, and `{word}` stands for something else. Words that
//! begin with `+` need no marks.

use clap::Arg;
use roff::{Inline, Roff, bold, italic, roman};
use tdig::cli::options::{Argument, Group, OPTIONS, Row};
use tdig::cli::{Command, clap_command, find, help, parse};
use tdig::error::EXIT_STATUS;
use tdig::plan::Lookup;

use super::{NOTICE, run};

/// A day in the month that the page was last read from start to end.
const READ: &str = "2026-11-01";

/// man/tdig.1
pub(super) fn page() -> String {
    let version = concat!("tdig ", env!("CARGO_PKG_VERSION"));
    let mut page = Roff::new();
    page.control("TH", ["TDIG", "1", READ, version, "User Commands"]);
    section(&mut page, "NAME");
    let about = clap_command().get_about().expect("the program says what it is").to_string();
    page.text([roman(format!("tdig - {about}"))]);
    section(&mut page, "SYNOPSIS");
    page.text(synopsis(help::USAGE));
    section(&mut page, "DESCRIPTION");
    opening(&mut page, DESCRIPTION);
    entries(&mut page, PROFILES);
    section(&mut page, "SERVERS");
    opening(&mut page, &SERVERS[..1]);
    entries(&mut page, NOTATIONS);
    paragraphs(&mut page, &SERVERS[1..]);
    section(&mut page, "OPTIONS");
    for argument in clap_command().get_arguments().filter(|it| !it.is_hide_set()) {
        dash_option(&mut page, argument);
    }
    section(&mut page, "+OPTIONS");
    opening(&mut page, PLUS);
    for group in Group::ALL {
        page.control("SS", [group.title()]);
        for row in OPTIONS.iter().filter(|it| it.group == group) {
            option(&mut page, row);
        }
    }
    section(&mut page, "PINS");
    opening(&mut page, &PINS[..1]);
    example(&mut page, PIN_COMMAND);
    paragraphs(&mut page, &PINS[1..]);
    section(&mut page, "OUTPUT");
    opening(&mut page, OUTPUT);
    example(&mut page, OUTPUT_EXAMPLE);
    entries(&mut page, OUTPUT_LINES);
    section(&mut page, "BATCHES");
    opening(&mut page, BATCHES);
    section(&mut page, "EXIT STATUS");
    for (code, meaning) in EXIT_STATUS {
        entry(&mut page, vec![bold(code.to_string())], &format!("{}.", capital(meaning)));
    }
    paragraphs(&mut page, STATUS);
    section(&mut page, "ENVIRONMENT");
    entries(&mut page, ENVIRONMENT);
    section(&mut page, "FILES");
    entries(&mut page, FILES);
    section(&mut page, "EXAMPLES");
    for (position, (line, purpose)) in EXAMPLES.iter().enumerate() {
        if position > 0 {
            page.control("PP", []);
        }
        sentences(&mut page, purpose, None);
        example(&mut page, &[line]);
    }
    section(&mut page, "DIFFERENCES FROM KDIG");
    opening(&mut page, DIFFERENCES);
    section(&mut page, "SEE ALSO");
    page.text(marked("`kdig`(1), `dig`(1), `openssl-s_client`(1), `resolv.conf`(5)", None));
    section(&mut page, "STANDARDS");
    entries(&mut page, STANDARDS);
    // groff has an accent and an arrow of its own for these two
    let text = page.render().replace('~', r"\(ti").replace('^', r"\(ha");
    format!(".\\\" {NOTICE}\n{text}")
}

const DESCRIPTION: &[&str] = &[
    "tdig asks a DNS resolver a question over TLS, on TCP port 853 unless told otherwise. It shows \
     who answered, which is the certificate chain with the SHA-256 pin of every key and a verdict, \
     and what was answered, in the format of `kdig`(1).",
    "Words may be typed in any order. One that begins with `@` is a server, one that begins with + \
     or - is an option. Of the others, one that names a record type or a class, in any case, is \
     that; everything else is a name to ask for. A name that reads like a type is typed with `-q` \
     or with a dot at its end.",
    "Each name is a query of its own. Options, types, classes and servers before the first name are \
     for all queries; those after a name are for that query alone, and its servers replace those \
     of all. Names are taken as they are: no search domain is appended. The type is A by default, \
     PTR with `-x`, and the class is IN. Without any name the root is asked for, by default for \
     its NS records.",
    "Several servers are asked in turn until one replies, and so are all addresses of a server that \
     is given by name.",
    "What is demanded of a server is read off the options. There are two profiles (RFC 8310):",
];

const PROFILES: &[(&str, &str)] = &[
    (
        "opportunistic",
        "None of +tls-ca, +tls-mozilla, +tls-hostname and +tls-pin is given, and no server is \
         given with a name to check. The session is encrypted, but nobody is verified: whoever \
         controls the network may be the one who answers. The verdict says so, and also what a \
         strict client would have said. This is the default.",
    ),
    (
        "strict",
        "Any of them is given. Everything asked for must hold, or the session ends before the query \
         is sent. Nothing is then tried without verification or without TLS.",
    ),
];

const SERVERS: &[&str] = &[
    "A server is a name or an address. Its port is that of `-p`, and 853 by default, unless one is \
     typed with it. An IPv6 address may name a zone, as in `fe80::1%eth0`.",
    "After any of these, #{NAME} is the name to check the certificate for: \
     `@1.1.1.1#one.one.one.one` or `@1.1.1.1:853#one.one.one.one`. It demands the strict profile, \
     and trusts the system's store where no other trust anchor is named. What +tls-hostname says \
     comes before it.",
    "Without any server those of `/etc/resolv.conf` are asked, where the same notations may stand. \
     Address, name checked and name sent (server name indication) are three things: each server is \
     checked for its own name, or for its address where it has none, and an address is never sent.",
];

const NOTATIONS: &[(&str, &str)] = &[
    ("`@`{HOST}", "A name, an IPv4 address or an IPv6 address."),
    ("`@`{HOST}`:`{PORT}", "The port of a name or an IPv4 address."),
    ("`@`{HOST}`@`{PORT}", "The port of any of them."),
    ("`@`{HOST}`#`{PORT}", "The same."),
    ("`@[`{ADDRESS}`]`, `@[`{ADDRESS}`]:`{PORT}", "An IPv6 address in brackets."),
    ("`@tls://`{HOST}[`:`{PORT}]", "A URL."),
];

const PLUS: &[&str] = &[
    "Each has a form that begins with `+no` and undoes it. A name may be shortened while it means \
     one option only; names that kdig knows come before those it does not. The last of several \
     words on the same matter counts, unless an option says otherwise.",
];

const PINS: &[&str] = &[
    "A pin is the SHA-256 hash of the public key of a certificate (SubjectPublicKeyInfo). tdig shows \
     it for every certificate of the chain; of a certificate in a file it is what this prints:",
    "+tls-pin takes base64, hex with or without colons, `sha256//`{BASE64}, several of these joined \
     by `;`, `pin-sha256=\"`{BASE64}`\"`, or the name of a PEM or DER file with the certificate or \
     the public key. A word is a file if it begins with `/` or `.`, or ends as files with keys do \
     (.pem, .der, .crt, .cer, .pub, .key).",
    "A pin counts for keys that were proved: that of the server's own certificate, which signed the \
     handshake, and those of certificates from which its signatures descend. A certificate that a \
     server merely sends along proves nothing.",
];

const PIN_COMMAND: &[&str] = &[
    "openssl x509 -in cert.pem -pubkey -noout |",
    "    openssl pkey -pubin -outform der |",
    "    openssl dgst -sha256 -binary | base64",
];

const OUTPUT: &[&str] = &[
    "A reply is shown as kdig shows it, and every line that tdig adds begins with ;; as comments do. \
     Between the line of the TLS session and the header stands the certificate section:",
];

const OUTPUT_EXAMPLE: &[&str] = &[
    ";; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)",
    ";; CERTIFICATE CHAIN:",
    ";; #1, CN=dns.example",
    ";;     SHA-256 PIN: GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg=",
    ";;     Names: dns.example, 192.0.2.1",
    ";;     Valid: 2026-10-09 to 2027-01-09 UTC, expires in 48days 14h",
    ";;     Key: ECDSA P-256, signed by #2 with ECDSA-SHA384",
    ";; Verdict: trusted for dns.example (chain, dates, name, purpose; no pin asked)",
];

const OUTPUT_LINES: &[(&str, &str)] = &[
    (
        "Chain",
        "The certificates as they were sent, each with its subject, pin, names, dates and key, and \
         who signed it. A pinned key says MATCH. The trust anchor follows where it was not sent. \
         At most four names are shown; `-dd` shows all.",
    ),
    (
        "Verdict",
        "What was checked and how it came out. When a server is refused, one line follows for each \
         question: name, chain, dates, purpose and pin, also for those that hold. The chain of a \
         server that is refused is shown like any other.",
    ),
    ("Phases", "The time that connection, TLS handshake and reply took, one by one."),
    (
        "Padding",
        "The size of query and reply with and without EDNS padding. A padded query that gets a \
         reply without padding is worth a warning.",
    ),
];

const BATCHES: &[&str] = &[
    "With `-f`, each line of a file is a command line: names, types, options and servers, without \
     the program's name. Blank lines and those that begin with # or ; are skipped. What stands on \
     the command line of tdig itself is for all of them. The file is read as it is needed, so it \
     may be of any length or have no end.",
    "Queries that demand the same of the same server share a session, with as many in flight as \
     +pipeline says; with +connections they share several. Results stand in the order of the \
     lines; with +unordered they come as the replies do.",
    "A session that a server closes is opened again, and what it left unanswered is asked again, \
     at most twice. What fails is reported in its place. The time of +timeout is how long a server \
     may owe a reply: one that answers one query after the other owes the next reply only. \
     Transfers, queries over UDP and those that are signed or have a cookie are asked by \
     themselves.",
    "The last line sums up: queries, rate, replies by RCODE, failures by kind, and percentiles of \
     the latency. With +short it is on standard error; with +json it is there, too, as a JSON \
     object in one line. Ctrl-C ends a batch: what is done is shown and summed up. While a batch \
     runs, standard error is a terminal and standard output is not, its progress is shown: done, \
     rate, failures, and the time left where the file is a regular one.",
];

const STATUS: &[&str] =
    &["With several queries it is that of the first that failed. All are asked."];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("`NO_COLOR`", "Set and not empty: write without colour, unless `--color` says otherwise."),
    (
        "`CLICOLOR_FORCE`",
        "Set, not empty and not 0: write in colour where `--color` and `NO_COLOR` say nothing. By \
         default only a terminal gets colour.",
    ),
    ("`SSL_CERT_FILE`", "A PEM file to use in place of the system's store."),
    ("`SSL_CERT_DIR`", "A directory of PEM files to use in place of the system's store."),
    ("`TZ`", "The time zone of the time in a reply's statistics. Certificate dates are UTC."),
];

const FILES: &[(&str, &str)] = &[
    (
        "/etc/resolv.conf",
        "Its `nameserver` lines are asked where no server is typed. Where it has none, `::1` and \
         `127.0.0.1` are.",
    ),
    (
        "/etc/ssl/certs/ca-certificates.crt",
        "The system's store of trust anchors on Debian and its kin. Elsewhere it is found where \
         the system keeps it.",
    ),
];

/// Each is parsed by a test.
const EXAMPLES: &[(&str, &str)] = &[
    ("tdig @192.0.2.1 example.com MX", "Ask over TLS, and look at who answers."),
    (
        "tdig @1.1.1.1#one.one.one.one example.com AAAA",
        "Ask only if the certificate is good for one.one.one.one, by the system's store.",
    ),
    (
        "tdig @dns.example +tls-pin=GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg= example.com",
        "Ask only the holder of a known key.",
    ),
    (
        "tdig -d @192.0.2.1 -p 8853 +tls-ca=ca.pem +tls-host=dns.example example.com",
        "See why the certificate of a resolver with its own authority is refused.",
    ),
    (
        "tdig @9.9.9.9#dns.quad9.net +short +timeout=2s example.com -x 192.0.2.1",
        "Two queries for a script: data alone, two seconds each, and an exit status that tells the \
         causes apart.",
    ),
];

const DIFFERENCES: &[&str] = &[
    "Queries go over TLS, to port 853, without +tls being typed. There is no plain DNS: +notls is \
     an error.",
    "An unknown option is one line with the nearest name, not the help. So is an option with a \
     hyphen that is none.",
    "`TYPE65536` is an error, not a name. A type or class without a name is asked of the root. A \
     port above 65535 is an error.",
    "`-p` is the port of every server that names none, wherever it stands.",
    "Each server is checked for its own name, not for that of the first.",
    "+timeout is one time for the whole lookup, and takes fractions and units.",
    "A pin counts only for a key that was proved. Names, chain and pins must hold together.",
    "The exit status tells causes apart. Text from servers and certificates is escaped.",
];

const STANDARDS: &[(&str, &str)] = &[
    ("RFC 1035", "DNS messages."),
    ("RFC 6891", "EDNS."),
    ("RFC 7830, RFC 8467", "Padding, and how much of it."),
    ("RFC 7858", "DNS over TLS, and its pins."),
    ("RFC 8310", "Usage profiles."),
];

fn section(page: &mut Roff, title: &str) {
    page.control("SH", [title]);
}

/// The first paragraph under a heading needs no mark, and formatters complain of one.
fn opening(page: &mut Roff, texts: &[&str]) {
    if let [first, rest @ ..] = texts {
        sentences(page, first, None);
        paragraphs(page, rest);
    }
}

fn paragraphs(page: &mut Roff, texts: &[&str]) {
    for text in texts {
        page.control("PP", []);
        sentences(page, text, None);
    }
}

fn entries(page: &mut Roff, entries: &[(&str, &str)]) {
    for (tag, text) in entries {
        let tag = if tag.contains(['`', '{']) { marked(tag, None) } else { vec![bold(*tag)] };
        entry(page, tag, text);
    }
}

fn entry(page: &mut Roff, tag: Vec<Inline>, text: &str) {
    page.control("TP", []);
    page.text(tag);
    sentences(page, text, None);
}

fn example(page: &mut Roff, lines: &[&str]) {
    page.control("PP", []).control("RS", ["4"]).control("EX", []);
    for line in lines {
        page.text([roman(*line)]);
    }
    page.control("EE", []).control("RE", []);
}

fn dash_option(page: &mut Roff, argument: &Arg) {
    let names = argument.get_value_names();
    let takes = argument.get_action().takes_values() && argument.get_num_args() != Some(0.into());
    let value = names.and_then(|it| it.first()).filter(|_| takes).map(|it| it.as_str());
    let short = argument.get_short().map(|it| format!("-{it}"));
    let long = argument.get_long().map(|it| format!("--{it}"));
    let mut tag = Vec::new();
    for name in [short, long].into_iter().flatten() {
        if !tag.is_empty() {
            tag.push(roman(", "));
        }
        let joint = if name.starts_with("--") { "=" } else { " " };
        tag.push(bold(name));
        tag.extend(value.iter().flat_map(|&it| [roman(joint), italic(it)]));
    }
    page.control("TP", []).text(tag);
    let help = argument.get_help().expect("every option has a line of help").to_string();
    sentences(page, &help, value);
}

/// Tag, help, manual, and whether it is on: everything from its row.
fn option(page: &mut Roff, row: &Row) {
    let value = match row.argument {
        Argument::None => None,
        Argument::Optional(value) | Argument::Required(value) => Some(value),
    };
    page.control("TP", []).text(synopsis(&help::synopsis(row)));
    sentences(page, row.help, value);
    sentences(page, row.manual, value);
    let default = match row.argument {
        // what is not there by default, its row says
        Argument::Required(_) => "",
        _ if row.on_by_default() => "On by default.",
        _ => "Off by default.",
    };
    sentences(page, default, None);
}

/// What is typed as it stands in bold, what stands for something else in italics:
/// `+[no]tls-ca[=FILE]`, `[name [type] [class]]`.
fn synopsis(text: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |it: char| it.is_ascii_alphanumeric() || "+-@".contains(it);
        let same = is_word(first);
        let end = rest.find(|it| is_word(it) != same).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let before = &text[..text.len() - rest.len()];
        parts.push(match same {
            false => roman(part),
            true if stands_for_something(part, before) => italic(part),
            true => bold(part),
        });
        rest = after;
    }
    parts
}

fn stands_for_something(word: &str, before: &str) -> bool {
    let is_value = before.ends_with('=');
    let is_option = before.starts_with('+') || word.starts_with('+') || word == "tdig";
    is_value || !is_option
}

/// One sentence, one line of the source: so a change is small in a diff.
fn sentences(page: &mut Roff, text: &str, value: Option<&str>) {
    if text.is_empty() {
        return;
    }
    let mut rest = text;
    while let Some((sentence, after)) = rest.split_once(". ") {
        page.text(marked(&format!("{sentence}."), value));
        rest = after;
    }
    page.text(marked(rest, value));
}

/// Marks as the head of this file has them; `value` is italic wherever it stands as a word.
fn marked(text: &str, value: Option<&str>) -> Vec<Inline> {
    let mut parts = Vec::new();
    for (position, part) in text.split('`').enumerate() {
        if position % 2 == 1 {
            parts.push(bold(part));
            continue;
        }
        for (position, part) in part.split(['{', '}']).enumerate() {
            if position % 2 == 1 {
                parts.push(italic(part));
            } else {
                parts.extend(words(part, value));
            }
        }
    }
    parts
}

fn words(text: &str, value: Option<&str>) -> Vec<Inline> {
    let mut parts = Vec::new();
    for word in text.split_inclusive([' ', ',']) {
        let end = word
            .find(|it: char| !it.is_ascii_alphanumeric() && !"+-[]".contains(it))
            .unwrap_or(word.len());
        let (head, tail) = word.split_at(end);
        match value {
            _ if head.len() > 1 && head.starts_with('+') => parts.push(bold(head)),
            Some(value) if head == value => parts.push(italic(head)),
            Some(value) if head.starts_with(&format!("{value}[")) => {
                parts.push(italic(value));
                parts.push(roman(&head[value.len()..]));
            }
            _ => {
                parts.push(roman(word));
                continue;
            }
        }
        parts.push(roman(tail));
    }
    parts
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn every_option_the_manual_mentions_exists() {
    let prose = [DESCRIPTION, SERVERS, PLUS, PINS, OUTPUT, BATCHES, STATUS, DIFFERENCES].concat();
    let pairs = [PROFILES, NOTATIONS, OUTPUT_LINES, ENVIRONMENT, FILES].concat();
    let rows = OPTIONS.iter().flat_map(|row| [row.help, row.manual]);
    let texts = prose.into_iter().chain(pairs.into_iter().map(|it| it.1)).chain(rows);
    let mut mentioned = 0;
    for text in texts {
        let is_end = |it: char| !it.is_ascii_alphanumeric() && it != '-';
        for word in text.split(['+', '`']).skip(1).filter(|it| !it.is_empty()) {
            let word = word.split(is_end).next().unwrap_or_default();
            let word = word.trim_end_matches('-');
            let plus = text.contains(&format!("+{word}")) && !["", "no"].contains(&word);
            let known = !plus || find(word).is_ok();
            assert!(known, "+{word} in: {text}");
            mentioned += usize::from(plus);
        }
    }
    assert!(mentioned > 10, "{mentioned}");
}

#[test]
fn every_example_is_a_command_line_that_can_be_asked() {
    for (line, _) in EXAMPLES {
        let words = line.split(' ').skip(1).map(Into::into);
        let Ok(Command::Look(look)) = parse(words) else { panic!("{line}") };
        assert!(look.warnings.is_empty(), "{line}");
        for query in &look.queries {
            assert!(Lookup::new(query).is_ok(), "{line}");
        }
    }
}

#[test]
fn formatters_find_nothing_to_warn_of() {
    for (program, arguments) in [
        ("mandoc", &["-Tlint", "-W", "warning", "man/tdig.1"][..]),
        ("groff", &["-man", "-ww", "-Tutf8", "-z", "man/tdig.1"]),
    ] {
        let Some(output) = run(program, arguments) else { continue };
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(output.status.success() && told.is_empty(), "{program}: {told}");
    }
}
