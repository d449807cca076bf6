//! Our text of any RDATA, read back by BIND: `named-rrchecker` must come to the octets that the text
//! was made of, for every type that it knows.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tdig::dns::rdata::{Style, type_from_word};

use crate::process::{Scratch, run, run_with, say, tools};
use crate::rdata::{LAYOUTS, rdata, text};

/// Values of each type.
const SAMPLES: usize = 8;

#[test]
fn bind_reads_the_text_of_any_record_as_the_octets_it_stands_for() {
    const TEST: &str = "presentation";
    let Some([checker]) = tools(TEST, ["named-rrchecker"]) else { return };
    let scratch = Scratch::new(TEST);
    let known = run(&checker, &["-T".into()], scratch.path()).stdout;
    let (mut unknown, mut faults, mut records) = (Vec::new(), Vec::new(), 0);
    let mut runner = TestRunner::deterministic();
    for (name, layout) in LAYOUTS {
        if !known.split_whitespace().any(|word| word == *name) {
            unknown.push(*name);
            continue;
        }
        let number = type_from_word(name).expect("a type with a text has a name");
        for sample in 0..SAMPLES {
            let octets = rdata(layout).new_tree(&mut runner).expect("any value will do").current();
            // every other on several lines
            let style = Style { multiline: sample % 2 == 1, ..Style::default() };
            let text = text(number, &octets, style).expect("it fits its type");
            let input = format!("IN {name} {text}\n");
            let read = run_with(&checker, &["-u".into()], scratch.path(), &input);
            let wanted = format!("CLASS1\tTYPE{number}\t\\# {} {}\n", octets.len(), hex(&octets));
            records += 1;
            if folded(&read.stdout) != folded(&wanted) {
                let said = read.stderr.trim_end();
                faults.push(format!("  {name} {text}\n    {wanted}    {}    {said}", read.stdout));
            }
        }
    }
    say(&format!("BIND read {records} records; it does not know {}", unknown.join(" ")));
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// BIND breaks long data with spaces.
fn folded(line: &str) -> String {
    line.split_whitespace().collect()
}
