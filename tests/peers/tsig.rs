//! Signed queries over TLS: every algorithm, a wrong secret and an unknown key, beside kdig.

use crate::commands::Subject;
use crate::process::run;
use crate::servers::{KEYS, Lab};

/// Asks for an answer and for a zone with every key; kdig must come to the same end.
pub(crate) fn check(lab: &Lab) {
    let subject = Subject::of_this_run();
    for (algorithm, secret) in KEYS {
        let wrong = "d3Jvbmcgc2VjcmV0";
        for (key, good) in [
            (format!("{algorithm}:{algorithm}.test:{secret}"), true),
            (format!("{algorithm}:{algorithm}.test:{wrong}"), false),
            (format!("{algorithm}:nobody.test:{secret}"), false),
        ] {
            for what in ["a.zoo.example", "zoo.example AXFR"] {
                let line = format!("+tls @127.0.0.1 -p {{dot}} -y {key} {what}");
                let words = lab.words(&line);
                let kdig = run(lab.kdig(), &words, lab.place());
                let ours = run(&subject.program, &words, lab.place());
                let outcome = |text: &str| -> Vec<String> {
                    let is_told =
                        |line: &&str| line.contains("->>HEADER<<-") || line.contains("\tTSIG\t");
                    text.lines().filter(is_told).map(told).collect()
                };
                let theirs = outcome(&kdig.stdout);
                // of a transfer that is refused 3.2.6 shows nothing
                if good || !what.ends_with("AXFR") {
                    assert_eq!(outcome(&ours.stdout), theirs, "{line}\n{}", ours.stderr);
                }
                assert_eq!(ours.status == 0, good, "{line}: {}\n{}", ours.status, ours.stderr);
                if good {
                    assert_eq!(kdig.status, 0, "{line}\n{}", kdig.stderr);
                    assert!(theirs.iter().any(|it| it.contains("NOERROR")), "{line}: {theirs:?}");
                }
            }
        }
    }
}

/// Status of a header; algorithm, fudge and error of a signature.
fn told(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match line.split_once("status: ") {
        Some((_, rest)) => rest.split(';').next().unwrap_or_default().to_owned(),
        // alg, time, fudge, length, MAC, ID, error
        None => [words.get(4), words.get(6), words.get(words.len().saturating_sub(2))]
            .map(|word| word.copied().unwrap_or_default())
            .join(" "),
    }
}
