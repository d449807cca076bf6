//! Command lines that kdig refuses, given to tdig: the same status and the same words.
//!
//! They are the transcripts of the folder that `TDIG_REFERENCE` names in which kdig sent nothing.
//! tdig may add a reason in parentheses, or a hint. What else differs is the list `DIFFERS`, and
//! what is on it and does not differ is a failure too.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::commands::Subject;
use crate::process::{Scratch, run, say, skip};
use crate::transcripts::words_of;

/// The transcripts that are about command lines, by number.
const RANGE: RangeInclusive<u32> = 400..=499;

/// Not run, and why.
const NOT_RUN: &[(u32, &str)] = &[
    (433, "asks a port where nobody listens, which may be in use here"),
    (455, "asks the resolver of this machine"),
];

/// Different on purpose: number, status and first line of tdig, and why.
const DIFFERS: &[(u32, i32, &str, &str)] = &[
    (412, 1, "invalid +tls-pin=AAAA (a SHA-256 hash has 32 octets, this has 3)", VALUE),
    (
        415,
        1,
        "invalid +tls-pin=... (a SHA-256 hash has 32 octets, this has 80)",
        "a long value may be the text of a key",
    ),
    (418, 1, "bad reverse name lab.test", "-4x is -4 and -x, as everywhere"),
    (424, 1, "invalid server @ (the address is missing)", EARLIER),
    (
        431,
        1,
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test.' is not",
        NAME,
    ),
    (432, 1, "bad port abc (the port abc is neither a number nor a known service)", EARLIER),
    (434, 1, "bad port 99999 (port 99999 is above 65535)", "a port above 65535 is an error"),
    (435, 4, "can't assign address 192.0.2.1: ", STATUS),
    (437, 1, "bad address x y (no address)", EARLIER),
    (441, 1, "invalid +subnet=300.1.1.1 (no address)", VALUE),
    (442, 1, "invalid +subnet=1.2.3.4/40 (a prefix is at most 32 bits long)", VALUE),
    (443, 1, "invalid +cookie=12 (a client cookie is 8 octets long)", VALUE),
    (450, 1, "bad key (expected [algorithm:]name:base64)", "a secret is not shown"),
    (451, 8, "/nonexistent: no such file or directory", STATUS),
    (456, 4, "no IPv6 address for 127.0.0.1@853", STATUS),
    (457, 4, "no IPv4 address for ::1@", STATUS),
    (461, 4, "Name or service not known for ::1%lo@", STATUS),
    (464, 4, "can't connect to /nonexistent.sock(UDP) (no such file or directory)", STATUS),
    (465, 4, "can't connect to /nonexistent.sock(TLS) (no such file or directory)", STATUS),
    (495, 1, "invalid option: -G", "dnstap files are for another program to show"),
];

const VALUE: &str = "a bad value has one wording, with the reason behind it";
const EARLIER: &str = "what cannot be asked is found before anything is asked";
const NAME: &str = "what is no name is told once";
const STATUS: &str = "the exit status tells causes apart, and the cause is told";

#[test]
fn what_kdig_refuses_is_refused_in_the_same_words() {
    const TEST: &str = "usage";
    let Some(reference) = std::env::var_os("TDIG_REFERENCE").map(PathBuf::from) else {
        return say(&format!("skipped {TEST}: TDIG_REFERENCE names no folder"));
    };
    let folder = reference.join("kdig-transcripts");
    if !folder.is_dir() {
        return skip(TEST, &format!("{} has no kdig-transcripts", reference.display()));
    }
    let scratch = Scratch::new(TEST);
    let subject = Subject::of_this_run();
    let mut faults = Vec::new();
    let mut equal = 0;
    let mut refusals: Vec<Refusal> = fs::read_dir(&folder)
        .expect("the transcripts can be read")
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read(entry.path()).expect("a transcript can be read");
            Refusal::parse(&name, &String::from_utf8_lossy(&text))
        })
        .collect();
    refusals.sort_by_key(|it| it.number);
    for refusal in &refusals {
        if let Some((_, why)) = NOT_RUN.iter().find(|(number, _)| *number == refusal.number) {
            say(&format!("not run: {}: {why}", refusal.number));
            continue;
        }
        let ours = run(&subject.program, &refusal.words(subject.is_kdig), scratch.path());
        let first = said(&ours.stderr);
        let differs = DIFFERS.iter().find(|(number, ..)| *number == refusal.number);
        let held = match differs.filter(|_| !subject.is_kdig) {
            Some((_, status, words, _)) => {
                ours.status == *status
                    && first.starts_with(words)
                    && !(*status == 1 && refusal.is(&first))
            }
            None => ours.status == 1 && refusal.is(&first),
        };
        match held {
            true => equal += 1,
            false => faults.push(format!(
                "  {}: $ tdig {}\n    kdig said {:?}\n    tdig exits {} and said {first:?}",
                refusal.number, refusal.command, refusal.said, ours.status
            )),
        }
    }
    say(&format!("{equal} of {} refused as told", refusals.len()));
    assert!(faults.is_empty(), "{} are wrong:\n{}", faults.len(), faults.join("\n"));
    let all: Vec<u32> = refusals.iter().map(|it| it.number).collect();
    assert!(DIFFERS.iter().all(|(number, ..)| all.contains(number)), "a number is of no refusal");
}

/// A command line and the first thing that kdig said against it.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    number: u32,
    command: String,
    said: String,
}

impl Refusal {
    /// None if kdig accepted it, or the number is outside the range.
    fn parse(name: &str, text: &str) -> Option<Refusal> {
        let number = name.split('-').next()?.parse().ok()?;
        let command = text.strip_prefix("$ kdig ")?.lines().next()?.to_owned();
        let (_, stderr) = text.split_once("--- stderr\n")?;
        let (stderr, status) = stderr.split_once("--- exit status: ")?;
        let refused = RANGE.contains(&number) && status.starts_with("1 ");
        refused.then(|| Refusal { number, command, said: said(stderr) })
    }

    fn words(&self, for_kdig: bool) -> Vec<String> {
        let mut words = words_of(&self.command);
        if !for_kdig && !words.iter().any(|word| word.starts_with("+tls")) {
            // kdig asks over UDP if nothing else is said
            words.insert(0, "+notls".into());
        }
        words
    }

    fn is(&self, said: &str) -> bool {
        said.strip_prefix(&self.said).is_some_and(|more| more.is_empty() || more.starts_with(" ("))
    }
}

/// The first line, without what kind of line it is.
fn said(stderr: &str) -> String {
    let first = stderr.lines().next().unwrap_or_default();
    let kinds = [";; ERROR: ", ";; WARNING: "];
    kinds.iter().find_map(|kind| first.strip_prefix(kind)).unwrap_or(first).to_owned()
}

#[test]
fn a_refusal_is_read_from_its_transcript() {
    let text = "$ kdig -z x\n# binary: kdig\n--- stdout\n--- stderr\n;; ERROR: no\n;; ERROR: b\n\
                --- exit status: 1 (wall .01 s)\n";
    let refusal = Refusal::parse("416-what.txt", text).expect("it is well formed");
    assert_eq!((refusal.number, &*refusal.command, &*refusal.said), (416, "-z x", "no"));
    assert!(refusal.is("no") && refusal.is("no (never)") && !refusal.is("none"));
    assert_eq!(Refusal::parse("200-what.txt", text), None);
    assert_eq!(Refusal::parse("416-what.txt", &text.replace("status: 1", "status: 0")), None);
}
