//! Messages of strangers, of every kind that fuzzers of name servers came upon: `dns-messages.tar.gz`
//! in the folder that `TDIG_CORPUS` names. One rule: whatever they hold, each is shown in every
//! format, in bounded time and space, without a control octet.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use crate::run::say;
use crate::shown::show;

/// Each message may take this long in all formats together: many times what it needs without
/// optimisation, since other tests run beside it.
const BOUND: Duration = Duration::from_secs(5);

#[test]
fn the_messages_of_strangers_are_shown_in_every_format() {
    let Some(folder) = std::env::var_os("TDIG_CORPUS").map(PathBuf::from) else {
        say("skipped the corpus: TDIG_CORPUS names no folder");
        return;
    };
    let archive = File::open(folder.join("dns-messages.tar.gz")).expect("the folder has messages");
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let (mut messages, mut answers) = (0, 0);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut octets = Vec::new();
        entry.read_to_end(&mut octets).unwrap();
        // no message is longer
        octets.truncate(65_535);
        let started = Instant::now();
        answers += show(&octets);
        assert!(started.elapsed() < BOUND, "{name} took {:?}", started.elapsed());
        messages += 1;
    }
    assert!(messages > 0, "the archive is empty");
    say(&format!("{messages} messages of strangers with {answers} answers"));
}
