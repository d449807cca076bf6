//! JSON beside kdig's: every member that kdig writes, tdig writes with the same value. What tdig has
//! more is described by its schema.

use serde_json::Value;

use crate::commands::Subject;
use crate::process::{run, say};
use crate::servers::Lab;

const ROWS: &[&str] = &[
    "many.zoo.example",
    "many.zoo.example AAAA",
    "mx.zoo.example MX",
    "chain.zoo.example",
    "nowhere.zoo.example",
    "zoo.example SOA",
    "txt.zoo.example TXT",
    "srv.zoo.example SRV",
    "type65280.zoo.example TYPE65280",
    "+dnssec signed.example DNSKEY",
    "+dnssec nowhere.nsec3.example",
    "+nsid +cookie=0102030405060708 many.zoo.example",
    "+qr +subnet=198.51.100.0/24 many.zoo.example",
    "+qr +edns +nopadding many.zoo.example",
    "+cdflag +aaflag +norecurse +qr many.zoo.example",
    "CH TXT version.bind",
    "elsewhere.test",
];

/// Members that no two runs have alike.
const OTHER_EACH_TIME: &[&str] = &["dateString", "dateSeconds", "ID"];

/// Runs every row with both; panics with what kdig says and tdig does not.
pub(crate) fn check(lab: &Lab) {
    let subject = Subject::of_this_run();
    if subject.is_kdig {
        return;
    }
    let mut faults = Vec::new();
    let mut members = 0;
    for row in ROWS {
        let words = lab.words(&format!("+tls @127.0.0.1#{{dot}} +json {row}"));
        let object = |program| -> Value {
            let run = run(program, &words, lab.place());
            serde_json::from_str(&run.stdout).unwrap_or_else(|fault| panic!("{fault}: {run:#?}"))
        };
        let mut differing = Vec::new();
        members += compare(&object(lab.kdig()), &object(&subject.program), row, &mut differing);
        faults.extend(differing);
    }
    say(&format!("{} of {members} JSON values differ", faults.len()));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Adds what differs to `faults`; how many values kdig has.
fn compare(kdig: &Value, tdig: &Value, place: &str, faults: &mut Vec<String>) -> usize {
    match (kdig, tdig) {
        (Value::Object(members), Value::Object(_)) => members
            .iter()
            .filter(|(name, _)| !OTHER_EACH_TIME.contains(&name.as_str()))
            .map(|(name, value)| compare(value, &tdig[name], &format!("{place} .{name}"), faults))
            .sum(),
        // 3.2.6 has the OPT record among the others, 3.6 and tdig have it in EDNS
        (Value::Array(records), _) if records.iter().any(is_opt) => {
            let rest = records.iter().filter(|it| !is_opt(it)).cloned().collect::<Vec<_>>();
            match rest[..] {
                [] => compare(&Value::Null, tdig, place, faults),
                _ => compare(&rest.into(), tdig, place, faults),
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            let pairs = ours.iter().zip(theirs);
            pairs.map(|(one, two)| compare(one, two, place, faults)).sum()
        }
        // what may come several times is always an array
        (Value::Object(_), Value::Array(elements)) if elements.len() == 1 => {
            compare(kdig, &elements[0], place, faults)
        }
        _ => {
            if kdig != tdig {
                faults.push(format!("  {place}: kdig {kdig}, tdig {tdig}"));
            }
            1
        }
    }
}

fn is_opt(record: &Value) -> bool {
    record["TYPEname"] == "OPT"
}

#[test]
fn a_value_that_differs_or_is_missing_is_found() {
    let kdig = serde_json::json!({ "ID": 1, "a": { "b": [1, 2] }, "n": { "c": 1 }, "d": "x" });
    let tdig = serde_json::json!({ "ID": 2, "a": { "b": [1, 3] }, "n": [{ "c": 1 }], "e": 1 });
    let mut faults = Vec::new();
    assert_eq!(compare(&kdig, &tdig, "", &mut faults), 4);
    assert_eq!(faults, ["   .a .b: kdig 2, tdig 3", "   .d: kdig \"x\", tdig null"]);
}
