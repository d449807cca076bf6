//! Transcripts of kdig 3.6, run again with tdig: the folder that `TDIG_REFERENCE` names.
//!
//! `kdig-lab/` there has the zones and the configuration of BIND behind them, and each file of
//! `kdig-transcripts/` a command line and what it printed. Ports, certificates and pins are made
//! anew, and the old ones rewritten in both. The lists of what is left out say why, and a
//! transcript on the list of differences that does not differ is a failure too.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use rcgen::DnType;

use crate::alterations::{Author, Kdig, altered};
use crate::commands::Subject;
use crate::compare::difference;
use crate::pki::{Pki, Subjects};
use crate::process::{Run, Scratch, run, say, skip, tools};
use crate::servers::start_named;

/// The transcripts that are run, by number.
const RANGES: [RangeInclusive<u32>; 9] = [
    1..=49,
    200..=299,
    403..=404,
    410..=410,
    426..=427,
    436..=436,
    453..=453,
    458..=491,
    496..=515,
];

/// Some transcripts that are left out, by number, and why.
type Excluded = (&'static [u32], &'static str);

/// Not run: what they need is not there.
const NOT_RUN: &[Excluded] = &[
    (&[31, 32, 35, 36, 235, 236, 243, 244, 245, 246], "asks a server that is not BIND"),
    (&[234, 507], "asks a port where nobody listens, which may be in use here"),
    (&[464, 465], "asks a UNIX socket"),
    (&[461], "needs an IPv6 zone of this machine's loopback"),
];

/// Run, and different on purpose.
const EXPECTED_EXCLUDED: &[Excluded] = &[
    (&[231, 232, 233, 237], "JSON has more members and one line an object"),
    (&[228, 229, 230], "a server cookie has the time"),
    (&[222, 223, 224, 225, 226], "a TSIG record has the time and a digest of it"),
    (&[37, 38], "a certificate without its key is an error before anybody is asked"),
    (&[49, 240], "+notls is UDP again, where kdig's leaves TCP on"),
    (&[215, 485], "under +short the debug lines are on standard error"),
    (&[26], "a common name is no name to check"),
    (&[48], "a trailing dot of the name to check is ignored"),
    (&[221], "IXFR without a serial is a type all the same, not another name"),
    (&[241], "kdig's +noshort restores the format alone"),
    (&[487], "a type without a name is for the root"),
    (&[472], "TYPE65536 is an error, not another type"),
    (&[453], "-q without a name is an error, not a query without a question"),
    (&[482, 489], "a usage error is one line, not the whole help"),
    (&[478, 479, 480, 481, 483, 484], "help and version are of this program"),
];

/// The exit status of tdig where kdig's is 1; any but 0 where nothing is said here.
const STATUS: &[(i32, &[u32])] = &[
    (6, &[15, 18, 19, 20, 21, 22, 23, 24, 26, 27, 29, 30, 42, 47]),
    (7, &[12, 13, 16]),
    (8, &[37, 38, 39, 40]),
];

/// The keys behind the transcripts: which leaf (or `inter`) had which pin.
const PINS: &[(&str, &str)] = &[
    ("good", "T0cdZeo5i1alEQql4G2okmhahC0wNM9mGTgmdT4kCT0="),
    ("inter", "YUBrol3IZHu9DWZX1/5ZuKDHbrFNX1psBF/6SAXCbeo="),
    ("wrong", "JPXqtWGjKqCbuXGYP4ZxdnlaSTwcjeuN3MYA6gWxfu4="),
    ("expired", "1cA6y3NDL+kdzF7kMSy6vfTdxr+LJDQPOnbS0Un3E9k="),
    ("notyet", "oO/l3hnytHoaxD4tDCoTjrFUDrQkJvSSxI8Z4N7DCQk="),
    ("self", "RxtM6P3zVO/j7cXKkNxQoJqnyAgG6CMA8yvrs187/Kg="),
    ("cnonly", "iYftrfozlZzWd5sDRgMhjwTTf44RpxV0zt9iIvKu5Yc="),
    ("clienteku", "Ps4Hpwvd0OjXw+Mgxw2ho2WVumZdq5C5lS8qYHHVDMo="),
    ("nodn", "B+Io2XAmxhI9NyjwXopyyfZxqvrM21k3uhiI0tBiEh0="),
    ("rsa", "XTiRkIn9I3m0/czfFbIeJOAcwRHxp7A2BISoM3QBkNg="),
];

const SUBJECTS: Subjects = Subjects {
    root: &[
        (DnType::CountryName, "CZ"),
        (DnType::OrganizationName, "Lab Root"),
        (DnType::CommonName, "Lab Root CA"),
    ],
    issuing: &[
        (DnType::CountryName, "CZ"),
        (DnType::OrganizationName, "Lab Root"),
        (DnType::CommonName, "Lab Issuing CA"),
    ],
    unrelated: &[(DnType::CommonName, "Unrelated CA")],
};

#[test]
fn transcripts_of_kdig_hold_for_tdig() {
    const TEST: &str = "transcripts";
    let Some(reference) = std::env::var_os("TDIG_REFERENCE").map(PathBuf::from) else {
        say(&format!("skipped {TEST}: TDIG_REFERENCE names no folder"));
        return;
    };
    if !reference.join("kdig-transcripts").is_dir() {
        return skip(TEST, &format!("{} has no kdig-transcripts", reference.display()));
    }
    let Some([named]) = tools(TEST, ["named"]) else { return };
    let lab = Lab::start(&reference.join("kdig-lab"), &named);
    let subject = Subject::of_this_run();

    let (mut equal, mut all) = (0, 0);
    let mut faults = Vec::new();
    for transcript in read_all(&reference.join("kdig-transcripts")) {
        all += 1;
        if let Some(why) = excluded(NOT_RUN, transcript.number) {
            say(&format!("not run: {}: {why}", transcript.name));
            continue;
        }
        let on_purpose = excluded(EXPECTED_EXCLUDED, transcript.number);
        match (lab.fault(&subject, &transcript), on_purpose) {
            (None, None) => equal += 1,
            // the list is about tdig alone
            (None, Some(_)) if subject.is_kdig => equal += 1,
            (Some(_), Some(why)) => say(&format!("differs: {}: {why}", transcript.name)),
            (Some(fault), None) => faults.push(format!("  {}:\n{fault}", transcript.name)),
            (None, Some(_)) => {
                faults.push(format!("  {}: excluded, but equal", transcript.name));
            }
        }
    }
    say(&format!("{equal} of {all} equal"));
    assert!(all > 0, "the folder has no transcripts");
    assert!(faults.is_empty(), "{} are wrong:\n{}", faults.len(), faults.join("\n"));
}

/// BIND as it was behind the transcripts.
struct Lab {
    _server: crate::process::Server,
    /// Old text and new: ports and pins.
    rewritten: Vec<(String, String)>,
    scratch: Scratch,
}

impl Lab {
    fn start(folder: &Path, named: &Path) -> Lab {
        let scratch = Scratch::new("transcripts");
        let pki = Pki::make(&scratch, "lab/pki", SUBJECTS);
        for entry in fs::read_dir(folder).expect("the lab can be read").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".zone") {
                let text = fs::read_to_string(entry.path()).expect("a zone can be read");
                scratch.write(&name, &text);
            }
        }
        let conf = fs::read_to_string(folder.join("named.conf")).expect("BIND has a file");
        let conf = in_this_folder(&conf);
        let old = ports_of(&conf);
        let renamed = |ports: &[u16]| {
            let pairs = old.iter().zip(ports);
            pairs.fold(conf.clone(), |conf, (old, new)| conf.replace(old, &new.to_string()))
        };
        let (server, ports) = start_named(&scratch, named, old.len(), renamed);
        let new = ports.iter().map(u16::to_string);
        let mut rewritten: Vec<(String, String)> = old.iter().cloned().zip(new).collect();
        rewritten
            .extend(PINS.iter().map(|(name, old)| (old.to_string(), pki.pin(name).to_owned())));
        Lab { _server: server, rewritten, scratch }
    }

    fn rewrite(&self, text: &str) -> String {
        let pairs = self.rewritten.iter();
        pairs.fold(text.to_owned(), |text, (old, new)| text.replace(old.as_str(), new))
    }

    fn run(&self, subject: &Subject, transcript: &Transcript) -> Run {
        run(&subject.program, &self.words(subject, transcript), self.scratch.path())
    }

    fn words(&self, subject: &Subject, transcript: &Transcript) -> Vec<String> {
        let mut words = words_of(&self.rewrite(&transcript.command));
        if !subject.is_kdig && !words.iter().any(|word| word.starts_with("+tls")) {
            // kdig asks over UDP if nothing else is said
            words.insert(0, "+notls".into());
        }
        words
    }

    /// What is wrong with tdig's run of the transcript, or None.
    fn fault(&self, subject: &Subject, transcript: &Transcript) -> Option<String> {
        let ours = self.run(subject, transcript);
        let status = STATUS.iter().find(|(_, numbers)| numbers.contains(&transcript.number));
        let held = match (transcript.status, status) {
            (0, _) => ours.status == 0,
            (_, Some((status, _))) if !subject.is_kdig => ours.status == *status,
            _ => ours.status != 0,
        };
        let wanted = altered(&self.rewrite(&transcript.stdout), Author::Kdig36);
        let mut found = altered(&ours.stdout, subject.author(Kdig::V36));
        if subject.is_kdig {
            found = altered(&found.join("\n"), Author::Tdig(Kdig::V36));
        }
        let text = difference(&wanted, &found);
        if held && text.is_none() {
            return None;
        }
        Some(format!(
            "    $ tdig {}\n    exits {} (kdig {}); it said: {}\n{}",
            self.words(subject, transcript).join(" "),
            ours.status,
            transcript.status,
            ours.stderr.trim_end(),
            text.unwrap_or_default()
        ))
    }
}

/// One file: a command line and what kdig made of it.
#[derive(Debug, PartialEq, Eq)]
struct Transcript {
    number: u32,
    name: String,
    /// As typed into a shell, without the program.
    command: String,
    stdout: String,
    status: i32,
}

impl Transcript {
    /// None if the text is of another form, or the number outside the ranges.
    fn parse(name: &str, text: &str) -> Option<Transcript> {
        let number = name.split('-').next()?.parse().ok()?;
        if !RANGES.iter().any(|range| range.contains(&number)) {
            return None;
        }
        let command = text.strip_prefix("$ kdig ")?.lines().next()?.to_owned();
        let (_, rest) = text.split_once("--- stdout\n")?;
        let (stdout, rest) = match rest.strip_prefix("--- stderr\n") {
            Some(rest) => ("", rest),
            None => rest.split_once("\n--- stderr\n")?,
        };
        let (_, status) = rest.rsplit_once("--- exit status: ")?;
        let status = status.split_whitespace().next()?.parse().ok()?;
        let stdout = stdout.to_owned();
        Some(Transcript { number, name: name.to_owned(), command, stdout, status })
    }
}

fn read_all(folder: &Path) -> Vec<Transcript> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the transcripts can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read(entry.path()).expect("a transcript can be read");
        found.extend(Transcript::parse(&name, &String::from_utf8_lossy(&text)));
    }
    found.sort_by(|one, two| one.name.cmp(&two.name));
    found
}

fn excluded(list: &[Excluded], number: u32) -> Option<&'static str> {
    list.iter().find(|(numbers, _)| numbers.contains(&number)).map(|(_, why)| *why)
}

/// The words of a command line as a shell reads them: backslashes and single quotes.
pub(crate) fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The configuration with its files in the folder that BIND is started in.
fn in_this_folder(conf: &str) -> String {
    conf.replace("pid-file \"lab/named/named.pid\"", "pid-file none")
        .replace("session-keyfile \"lab/named/session.key\"", "session-keyfile none")
        .replace("directory \"lab/named\"", "directory \".\"")
}

/// Every port that the configuration names, once each.
fn ports_of(conf: &str) -> Vec<String> {
    let mut ports = Vec::new();
    for rest in conf.split("port ").skip(1) {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() && !ports.contains(&digits) {
            ports.push(digits);
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_has_five_parts() {
        let text = "$ kdig -d x\n# binary: kdig\n--- stdout\na\n\nb\n--- stderr\ne\n\
                    --- exit status: 1 (wall .01 s)\n";
        let parsed = Transcript::parse("012-what.txt", text).expect("it is well formed");
        assert_eq!((parsed.number, parsed.status), (12, 1));
        assert_eq!((parsed.command.as_str(), parsed.stdout.as_str()), ("-d x", "a\n\nb"));
        assert_eq!(Transcript::parse("999-what.txt", text), None);
        let empty = "$ kdig x\n--- stdout\n--- stderr\n--- exit status: 0 (wall .01 s)\n";
        assert_eq!(Transcript::parse("001-what.txt", empty).map(|t| t.stdout), Some(String::new()));
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(words_of(r"@\[::1\]:53 x\\.dot -q ''"), ["@[::1]:53", r"x\.dot", "-q", ""]);
    }

    #[test]
    fn ports_are_found_once() {
        let conf = "listen-on port 17053 { a; }; listen-on-v6 port 17053 { b; }; x port 9 {";
        assert_eq!(ports_of(conf), ["17053", "9"]);
    }

    #[test]
    fn no_transcript_is_on_two_lists() {
        let listed = |list: &[Excluded]| -> Vec<u32> {
            list.iter().flat_map(|(numbers, _)| numbers.iter().copied()).collect()
        };
        let mut numbers = [listed(NOT_RUN), listed(EXPECTED_EXCLUDED)].concat();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }
}
