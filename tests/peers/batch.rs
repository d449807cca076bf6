//! Batches against a real resolver, in one process and spread over several by GNU parallel. One
//! rule: every line gets its answer, and no object is mixed with another.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::commands::Subject;
use crate::process::{run, tools};
use crate::servers::Lab;

/// A list of names that are there, each of its own.
fn list(range: std::ops::Range<usize>) -> String {
    range.map(|it| format!("n{it}.many.example\n")).collect()
}

fn write(lab: &Lab, name: &str, text: &str) {
    std::fs::write(lab.place().join(name), text).expect("the scratch folder is writable");
}

/// 20,000 names over one session, 5,000 of them in flight.
pub(crate) fn check_many_in_flight(lab: &Lab) {
    let subject = Subject::of_this_run();
    if subject.is_kdig {
        return;
    }
    write(lab, "many.txt", &list(0..20_000));
    let line = "-r -f many.txt +short +pipeline=5000 +timeout=20s @127.0.0.1#{dot}";
    let run = run(&subject.program, &lab.words(line), lab.place());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("20000 queries") && run.stderr.contains("NOERROR 20000"),
        "{run:?}"
    );
    assert_eq!(run.stdout, "198.51.100.7\n".repeat(20_000));
}

/// The recipe of the README: two lists, split by parallel, merged as lines of JSON.
pub(crate) fn check_parallel(test: &str, lab: &Lab) {
    let subject = Subject::of_this_run();
    let Some([_parallel]) = tools(test, ["parallel"]) else { return };
    if subject.is_kdig {
        return;
    }
    write(lab, "one.txt", &list(0..1_500));
    write(lab, "two.txt", &list(1_500..2_500));
    let tdig = subject.program.display();
    let at = lab.words("@127.0.0.1#{dot}").remove(0);
    let recipe = format!(
        "cat one.txt two.txt | parallel --pipe -N 500 --jobs 4 {tdig} -r -f - +json {at} \
         >answers.jsonl 2>summaries.jsonl"
    );
    let run = run(Path::new("/bin/sh"), &["-c".into(), recipe], lab.place());
    let objects = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(lab.place().join(name)).expect("it was written");
        let object = |line| serde_json::from_str(line).unwrap_or_else(|it| panic!("{it}: {line}"));
        text.lines().map(object).collect()
    };
    assert_eq!(run.status, 0, "{run:?}");
    let answers = objects("answers.jsonl");
    let names: BTreeSet<_> = answers.iter().map(|it| it["QNAME"].as_str().unwrap_or("")).collect();
    assert_eq!((answers.len(), names.len()), (2_500, 2_500));
    assert!(answers.iter().all(|it| it["RCODEname"] == "NOERROR"));
    let summaries = objects("summaries.jsonl");
    let queries: u64 = summaries.iter().filter_map(|it| it["queries"].as_u64()).sum();
    assert_eq!((summaries.len(), queries), (5, 2_500));
}
