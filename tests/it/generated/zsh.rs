//! Completion for zsh, with descriptions. One rule: as bash's, it completes whole words itself,
//! because `_arguments` knows no options that begin with `+` and have a `no` form.

use std::fmt::Write;

use super::{
    NOTICE, Value, classes, dash_options, file_options, off_words, on_words, run, said, servers,
    types, types_and_classes, wrapped,
};

/// completions/_tdig
pub(super) fn script() -> String {
    let ends = |it: &super::Word| it.text.ends_with('=');
    let (valued, plain): (Vec<_>, Vec<_>) = on_words().into_iter().partition(ends);
    let dash = dash_options();
    let dash_words = dash.iter().flat_map(super::Dash::words);
    let (dash_valued, dash_plain): (Vec<_>, Vec<_>) = dash_words.partition(ends);
    let described = |name: &str, words: &[super::Word]| {
        let lines: String = words.iter().map(|it| format!("    {}\n", description(it))).collect();
        format!("  {name}=(\n{lines}  )\n")
    };
    let mut listed = String::new();
    let mut after = String::new();
    for option in &dash {
        if let (Value::OneOf(values), Some(long)) = (&option.value, &option.long) {
            let values = values.join(" ");
            writeln!(
                listed,
                "    (--{long}=*) compset -P '*='; _wanted values expl value compadd {values} ;;"
            )
            .expect("strings grow");
        }
        let (Some(short), Some(action)) = (option.short, action(&option.value)) else { continue };
        writeln!(after, "        (-{short}) {action} ;;").expect("strings grow");
    }
    let lists = [
        described("plain", &plain),
        described("valued", &valued),
        described("off", &off_words()),
        described("dash", &dash_plain),
        described("dash_valued", &dash_valued),
        format!("  types=(\n{}\n  )\n", wrapped(&types(), "    ")),
        format!("  classes=({})\n", classes().join(" ")),
        format!("  bare=(\n{}\n  )\n", wrapped(&types_and_classes(), "    ")),
        format!("  servers=(\n    '{}'\n  )\n", servers().join("'\n    '")),
    ]
    .concat();
    let files = file_options().join("*|");
    format!(
        r#"#compdef tdig
# {NOTICE}

_tdig() {{
  local expl word=${{PREFIX#[\"\']}}
  local -a plain valued off dash dash_valued types classes bare servers system
  # types and classes in any case
  local -a anycase=(-M 'm:{{[:lower:]}}={{[:upper:]}}')
{lists}
  case $word in
    ({files}*) compset -P '*='; _files ;;
{listed}    (+*=*) _message value ;;
    (+*)
      [[ $word == +n* ]] && plain+=($off)
      _describe -t options option plain -- valued -S '' ;;
    (-*) _describe -t options option dash -- dash_valued -S '' ;;
    (@*)
      [[ -r /etc/resolv.conf ]] && system=(${{(M)${{(f)"$(</etc/resolv.conf)"}}:#nameserver[[:space:]]*}})
      servers+=(@${{^${{${{system##nameserver[[:space:]]##}}%%[[:space:]]*}}}})
      _wanted servers expl server compadd -a servers ;;
    (*)
      case $words[CURRENT-1] in
{after}        (*) _wanted types expl 'record type or class' compadd $anycase -a bare ;;
      esac ;;
  esac
}}

if [[ $funcstack[1] == _tdig ]]; then
  _tdig "$@"
else
  compdef _tdig tdig
fi
"#
    )
}

/// `'+tls-ca:Trust the system'\''s store, ...'`
fn description(word: &super::Word) -> String {
    let quoted = |text: &str| text.replace('\'', r"'\''");
    format!("'{}:{}'", word.text.replace(':', r"\:"), quoted(&word.help))
}

/// What to do with the word after an option.
fn action(value: &Value) -> Option<String> {
    let all = |what: &str, from: &str| format!("_wanted values expl '{what}' compadd {from}");
    match value {
        Value::Nothing => None,
        Value::Free => Some("_message value".into()),
        Value::Type => Some(all("record type", "$anycase -a types")),
        Value::Class => Some(all("class", "$anycase -a classes")),
        Value::File => Some("_files".into()),
        Value::OneOf(values) => Some(all("value", &values.join(" "))),
    }
}

/// The line that a real zsh makes of `typed` and a press of Tab, and what it lists under it.
fn completed(typed: &str) -> Option<(String, String)> {
    // the line is printed by a key of its own, so that no screen has to be read
    let script = r#"
        zmodload zsh/zpty || exit
        zpty shell zsh -f -i
        expect() {
            local read seen= end=$((SECONDS + 20))
            until [[ $seen == *"$1"* ]]; do
                ((SECONDS < end)) || { print -u2 "no $1 in: $seen"; exit 1 }
                zpty -rt shell read && seen+=$read || sleep 0.01
            done
            REPLY=$seen
        }
        zpty -w shell "source tests/it/generated/zsh-prompt.zsh"
        expect '[ready]'
        zpty -n -w shell "$1"$'\t\x18'
        expect '[end]'
        print -r -- "$REPLY"
        zpty -d shell
    "#;
    let output = run("zsh", &["-f", "-c", script, "zsh", typed])?;
    let screen = said(&output);
    let (listed, line) = screen.rsplit_once("[line]").expect("the key prints the line");
    let line = line.split("[end]").next().unwrap_or_default();
    Some((line.to_owned(), listed.to_owned()))
}

#[test]
fn zsh_completes_what_can_be_typed_next() {
    for (typed, expected) in [
        ("tdig +tls-mo", "tdig +tls-mozilla "),
        ("tdig +tls-host", "tdig +tls-hostname="),
        ("tdig +notls-h", "tdig +notls-hostname "),
        ("tdig --col", "tdig --color="),
        ("tdig --color=al", "tdig --color=always "),
        ("tdig example.com nsap-", "tdig example.com NSAP-PTR "),
        ("tdig -t AAA", "tdig -t AAAA "),
        ("tdig -c c", "tdig -c CH "),
        ("tdig -q cna", "tdig -q cna"),
        ("tdig @2620:fe::f", r"tdig @2620:fe::fe\#dns.quad9.net "),
        ("tdig +tls-ca=src/cl", "tdig +tls-ca=src/cli/"),
        ("tdig +tls-pin=Cargo.l", "tdig +tls-pin=Cargo.lock "),
    ] {
        let Some((line, _)) = completed(typed) else { return };
        assert_eq!(line, expected, "{typed}");
    }
}

#[test]
fn zsh_describes_what_it_offers() {
    let Some((_, listed)) = completed("tdig +tls-") else { return };
    for row in tdig::cli::options::OPTIONS.iter().filter(|it| it.name.starts_with("tls-")) {
        assert!(listed.contains(row.help), "{}: {listed}", row.name);
    }
}
