//! Command lines that kdig and tdig are given alike, and what is compared of their runs.
//!
//! kdig is run twice: a server that answers one question in two ways is no yardstick, and is
//! reported as that.

use std::path::PathBuf;

use crate::alterations::{Author, Kdig, UNKNOWN_TO_KDIG, altered};
use crate::compare::difference;
use crate::process::{has_ipv6, run, say, tools};
use crate::servers::{Lab, ZOO};

/// tdig, or the program that `TDIG_PEERS_SUBJECT` names in its place: with kdig there, a run shows
/// what the servers and the alterations are worth.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The program.
    pub(crate) program: PathBuf,
    /// Is it kdig itself?
    pub(crate) is_kdig: bool,
}

impl Subject {
    /// What is to be compared with kdig in this run.
    pub(crate) fn of_this_run() -> Subject {
        let named = std::env::var_os("TDIG_PEERS_SUBJECT").map(PathBuf::from);
        let program = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_tdig")));
        let is_kdig = program.file_name().is_some_and(|name| name == "kdig");
        Subject { program, is_kdig }
    }

    /// The author of its text.
    pub(crate) fn author(&self, beside: Kdig) -> Author {
        match (self.is_kdig, beside) {
            (false, beside) => Author::Tdig(beside),
            (true, _) => Author::Kdig326,
        }
    }
}

/// One command line: tdig's exit status (kdig's is 1 where this is not 0) and the words.
pub(crate) type Row = (i32, &'static str);

/// The command lines for BIND.
pub(crate) const BIND: &[Row] = &[
    (0, "+tls @127.0.0.1 -p {dot} +keepopen a.zoo.example many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} signed.example AXFR"),
    // the usual command lines
    (0, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1#{dot} many.zoo.example"),
    (0, "-d +tls @127.0.0.1 -p {dot} many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} many.zoo.example AAAA"),
    (0, "+tls -p {dot} @127.0.0.1 zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} zoo.example SOA"),
    (0, "+tls @127.0.0.1 -p {dot} mx.zoo.example MX"),
    (0, "+tls @127.0.0.1 -p {dot} MX mx.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} -t TXT -q txt.zoo.example -c IN"),
    (0, "+tls @127.0.0.1 -p {dot}"),
    // names that lead on, and names that are not there
    (0, "+tls @127.0.0.1 -p {dot} chain.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} outside.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} below.dname.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} anything.wild.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} nowhere.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} a.zoo.example AAAA"),
    (0, "+tls @127.0.0.1 -p {dot} deep.sub.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} elsewhere.test"),
    (0, "+tls @127.0.0.1 -p {dot} many.zoo.example ANY"),
    (0, "+tls @127.0.0.1 -p {dot} -x 198.51.100.7"),
    (0, "+tls @127.0.0.1 -p {dot} -x 2001:db8::7"),
    (0, "+tls @127.0.0.1 -p {dot} CH TXT version.bind"),
    (0, "+tls @127.0.0.1 -p {dot} -c CH -t TXT id.server"),
    // faces
    (0, "+tls @127.0.0.1 -p {dot} +short many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +short mx.zoo.example MX"),
    (0, "+tls @127.0.0.1 -p {dot} +short chain.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +short nowhere.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +answer many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +question +authority many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +additional mx.zoo.example MX"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +header many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +stats many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +opt many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noall +all many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +nocomments many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noheader +nostats many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noquestion +noauthority +noadditional many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +nottl +noclass many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +noclass many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +ttl +class many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +multiline zoo.example SOA"),
    (0, "+tls @127.0.0.1 -p {dot} +multiline many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +generic mx.zoo.example MX"),
    (0, "+tls @127.0.0.1 -p {dot} +qr many.zoo.example"),
    // EDNS and flags
    (0, "+tls @127.0.0.1 -p {dot} +nsid many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +padding=200 +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +alignment=64 +qr many.zoo.example"),
    // 3.2.6 has EDNS off when nothing is padded
    (0, "+tls @127.0.0.1 -p {dot} +edns +nopadding many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +nopadding +noedns +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +bufsize=1400 +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +subnet=198.51.100.0/24 +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +expire zoo.example SOA"),
    // kdig adds these options behind the padding, and so beyond the block
    (0, "+tls @127.0.0.1 -p {dot} +edns +nopadding +ednsopt=65001:abcd +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +edns +nopadding +expire +qr zoo.example SOA"),
    (0, "+tls @127.0.0.1 -p {dot} +cdflag +aaflag +norecurse +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +adflag +tcflag +zflag +qr many.zoo.example"),
    (0, "+tls @127.0.0.1 -p {dot} +edns=1 many.zoo.example"),
    // signatures
    (0, "+tls @127.0.0.1 -p {dot} +dnssec signed.example"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec signed.example SOA"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec +multiline signed.example SOA"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec +multiline signed.example DNSKEY"),
    (0, "+tls @127.0.0.1 -p {dot} signed.example DNSKEY"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec +nocrypto signed.example DNSKEY"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec nowhere.signed.example"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec signed.example AAAA"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec x.wild.signed.example"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec x.sub.signed.example"),
    (0, "+tls @127.0.0.1 -p {dot} type.signed.example NSEC"),
    (0, "+tls @127.0.0.1 -p {dot} signed.example RRSIG"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec nowhere.nsec3.example"),
    (0, "+tls @127.0.0.1 -p {dot} +dnssec +multiline nowhere.nsec3.example"),
    (0, "+tls @127.0.0.1 -p {dot} nsec3.example NSEC3PARAM"),
    (0, "+tls @127.0.0.1 -p {dot} +multiline nsec3.example NSEC3PARAM"),
    // several queries on one line
    (0, "+tls @127.0.0.1 -p {dot} a.zoo.example A aaaa.zoo.example AAAA"),
    // kdig's +noshort restores the format alone
    (
        0,
        "+tls @127.0.0.1 -p {dot} +short a.zoo.example many.zoo.example +noshort +header +opt \
         +stats AAAA",
    ),
    (0, "+tls @127.0.0.1 -p {dot} a.zoo.example many.zoo.example -q mx.zoo.example -t MX +short"),
    (0, "+tls a.zoo.example @127.0.0.1#{dot} many.zoo.example @127.0.0.1#{rsa}"),
    // transfers
    (0, "+tls @127.0.0.1 -p {dot} +short 100.51.198.in-addr.arpa AXFR"),
    // server notations
    (0, "+tls @127.0.0.1@{dot} a.zoo.example"),
    (0, "+tls @127.0.0.1:{dot} a.zoo.example"),
    (0, "+tls @127.0.0.1 @127.0.0.1#{dot} -p {dot} a.zoo.example"),
    (0, "+tls @localhost#{dot} -4 +noall +answer a.zoo.example"),
    // the peer and its certificates
    (0, "-d +tls-ca={ca} @127.0.0.1 -p {dot} a.zoo.example"),
    (0, "-d +tls-ca={ca} +tls-ca={ca2} +tls-host=alt.dot.test @127.0.0.1 -p {dot} a.zoo.example"),
    (0, "-d +tls-pin={pin} @127.0.0.1 -p {dot} a.zoo.example"),
    (0, "-d +tls-pin={pin2} @127.0.0.1 -p {dot} a.zoo.example"),
    (0, "-d +tls-sni=dot.test +tls @127.0.0.1 -p {dot} a.zoo.example"),
    (0, "-d +tls @127.0.0.1 -p {expired} a.zoo.example"),
    (0, "-d +tls @127.0.0.1 -p {self} a.zoo.example"),
    (0, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {rsa} a.zoo.example"),
    (0, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {tls12} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=nobody.test @127.0.0.1 -p {dot} a.zoo.example"),
    (6, "+tls-ca={ca} +tls-host=nobody.test @127.0.0.1 -p {dot} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {wrong} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {expired} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {notyet} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {self} a.zoo.example"),
    (6, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1 -p {clienteku} a.zoo.example"),
    (6, "-d +tls-ca={ca2} +tls-host=dot.test @127.0.0.1 -p {dot} a.zoo.example"),
    (7, "-d +tls-pin={nopin} @127.0.0.1 -p {dot} a.zoo.example"),
    (6, "+tls-ca={ca} +tls-host=nobody.test @127.0.0.1 -p {dot} a.zoo.example a.zoo.example"),
    // no listener, and nothing to send
    (4, "+tls @127.0.0.1 -p 1 a.zoo.example"),
    (1, "+tls @127.0.0.1 -p {dot} +nosuch a.zoo.example"),
    (1, "+tls @127.0.0.1 -p {dot} -t NOSUCH a.zoo.example"),
    (1, "+tls @127.0.0.1 -p {dot} a..zoo.example"),
];

/// The command lines for BIND on ::1.
pub(crate) const IPV6: &[Row] = &[
    (0, "+tls @::1 -p {dot} a.zoo.example"),
    (0, "+tls @::1#{dot} a.zoo.example"),
    (0, "+tls @::1@{dot} a.zoo.example"),
    (0, "+tls @[::1]:{dot} a.zoo.example"),
    (0, "-d +tls-ca={ca} +tls-host=dot.test -6 @::1 -p {dot} a.zoo.example"),
];

/// The command lines for a resolver or a proxy: its session, its EDNS, its own mind.
pub(crate) const RESOLVER: &[Row] = &[
    (0, "+tls @127.0.0.1#{dot} +keepopen a.zoo.example mx.zoo.example MX"),
    (0, "-d +tls-ca={ca} +tls-host=dot.test @127.0.0.1#{dot} many.zoo.example"),
    (0, "-d +tls @127.0.0.1#{dot} many.zoo.example"),
    (0, "-d +tls-pin={pin} @127.0.0.1#{dot} many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} mx.zoo.example MX"),
    (0, "+tls @127.0.0.1#{dot} chain.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} txtlong.zoo.example TXT"),
    (0, "+tls @127.0.0.1#{dot} svcb.zoo.example SVCB"),
    (0, "+tls @127.0.0.1#{dot} https.zoo.example HTTPS"),
    (0, "+tls @127.0.0.1#{dot} type65280.zoo.example TYPE65280"),
    (0, "+tls @127.0.0.1#{dot} nowhere.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} a.zoo.example AAAA"),
    (0, "+tls @127.0.0.1#{dot} +dnssec signed.example"),
    (0, "+tls @127.0.0.1#{dot} +short many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} +noall +answer many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} +qr many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} +edns +nopadding many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} +noedns +nopadding many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} +cdflag +adflag many.zoo.example"),
    (0, "+tls @127.0.0.1#{dot} a.zoo.example mx.zoo.example MX"),
    (6, "-d +tls-ca={ca} +tls-host=nobody.test @127.0.0.1#{dot} a.zoo.example"),
    (7, "-d +tls-pin={nopin} @127.0.0.1#{dot} a.zoo.example"),
];

/// Runs every row against the lab; panics at the end with all that differ.
pub(crate) fn check(lab: &Lab, rows: &[Row]) {
    let rows: Vec<(i32, String)> =
        rows.iter().map(|(status, line)| (*status, line.to_string())).collect();
    check_lines(lab, &rows, true);
}

/// The same for BIND's ::1, where the machine has one.
pub(crate) fn check_ipv6(lab: &Lab) {
    if has_ipv6() {
        check(lab, IPV6);
    } else {
        say("skipped the IPv6 notations: this machine has no ::1");
    }
}

/// Every record of the zone, asked by owner and type, plainly and on several lines.
pub(crate) fn check_every_record(lab: &Lab) {
    const ASK: &str = "+tls @127.0.0.1#{dot}";
    let pairs = owners_and_types(lab);
    if pairs.is_empty() {
        return;
    }
    let mut rows = Vec::new();
    for (owner, kind) in pairs {
        if UNKNOWN_TO_KDIG.iter().any(|(name, _)| *name == kind) {
            continue;
        }
        for face in ["", " +multiline"] {
            // 3.6's +multiline switches sections on, 3.2.6's does not
            let shown = "+noall +question +answer";
            rows.push((0, format!("{ASK}{face} {shown} -q {owner} -t {kind}")));
        }
    }
    assert!(rows.len() >= 150, "only {} questions", rows.len());
    check_lines(lab, &rows, false);
}

/// Each owner and type of the zone once, as dig transfers it; nothing without dig.
pub(crate) fn owners_and_types(lab: &Lab) -> Vec<(String, String)> {
    let Some([dig]) = tools("bind", ["dig"]) else { return Vec::new() };
    let words = lab.words(&format!("@127.0.0.1 -p {{plain}} +tcp +noall +answer {ZOO} AXFR"));
    let transfer = run(&dig, &words, lab.place());
    let mut pairs: Vec<(String, String)> = Vec::new();
    for line in transfer.stdout.lines() {
        let mut fields = line.split_whitespace();
        if let (Some(owner), Some(kind)) = (fields.next(), fields.nth(2)) {
            // kdig 3.2.6 asks in lower case, whatever is typed
            let pair = (owner.to_ascii_lowercase(), kind.to_owned());
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    assert!(!pairs.is_empty(), "the transfer is empty: {}", transfer.stdout);
    pairs
}

fn check_lines(lab: &Lab, rows: &[(i32, String)], twice: bool) {
    let subject = Subject::of_this_run();
    let faults: Vec<String> = rows
        .iter()
        .filter_map(|(status, line)| fault(lab, &subject, *status, line, twice))
        .collect();
    say(&format!("{} of {} command lines equal", rows.len() - faults.len(), rows.len()));
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

/// What is wrong with one row, or None.
///
/// A cache counts down between two runs, so what differs is asked again, three times in all.
fn fault(lab: &Lab, subject: &Subject, status: i32, line: &str, twice: bool) -> Option<String> {
    let words = lab.words(line);
    let mut last = None;
    for _ in 0..3 {
        let once = twice.then(|| run(lab.kdig(), &words, lab.place()));
        let kdig = run(lab.kdig(), &words, lab.place());
        let ours = run(&subject.program, &words, lab.place());
        let wanted = altered(&kdig.stdout, Author::Kdig326);
        last = unsteady(&wanted, once.as_ref().map(|run| run.stdout.as_str()))
            .or_else(|| wrong_status("kdig", i32::from(status != 0), kdig.status, &kdig.stderr))
            .or_else(|| {
                let status = if subject.is_kdig { i32::from(status != 0) } else { status };
                wrong_status("tdig", status, ours.status, &ours.stderr)
            })
            .or_else(|| {
                // a usage error is worded by each in its own way, on whatever stream
                let is_usage = status == 1;
                let found = altered(&ours.stdout, subject.author(Kdig::V326));
                if is_usage { None } else { difference(&wanted, &found) }
            });
        last.as_ref()?;
    }
    last.map(|fault| format!("  $ kdig|tdig {}\n{fault}", words.join(" ")))
}

fn unsteady(wanted: &[String], once: Option<&str>) -> Option<String> {
    let once = altered(once?, Author::Kdig326);
    difference(&once, wanted).map(|text| format!("    two runs of kdig differ:\n{text}"))
}

fn wrong_status(who: &str, wanted: i32, found: i32, stderr: &str) -> Option<String> {
    let text =
        || format!("    {who} exits {found}, not {wanted}; it said: {}\n", stderr.trim_end());
    (wanted != found).then(text)
}
