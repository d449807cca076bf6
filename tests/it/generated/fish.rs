//! Completion for fish, with descriptions. One rule: every word is one `complete`, and a condition
//! looks only at the word under the cursor.

use super::{
    NOTICE, Value, classes, dash_options, file_options, off_words, on_words, run, said, servers,
    types, types_and_classes,
};

/// completions/tdig.fish
pub(super) fn script() -> String {
    let dash: String = dash_options().iter().map(dash).collect();
    let files: String = file_options()
        .iter()
        .map(|it| format!("complete -c tdig -n \"__tdig_word '{it}*'\" -F\n"))
        .collect();
    let words = |pattern: &str, words: &[super::Word]| -> String {
        let line = |it: &super::Word| {
            let super::Word { text, help } = it;
            let help = quoted(help);
            format!("complete -c tdig -n \"__tdig_word '{pattern}'\" -a '{text}' -d {help}\n")
        };
        words.iter().map(line).collect()
    };
    let on = words("+*", &on_words());
    let off = words("+n*", &off_words());
    let bare = types_and_classes().join(" ");
    let servers = servers().join(" ");
    format!(
        r#"# fish completion for tdig: {NOTICE}

function __tdig_word -d 'Whether the word under the cursor looks like this'
    string match -q -- $argv[1] (commandline -ct)
end

function __tdig_bare -d 'Whether the word under the cursor is none with a sign before it'
    not string match -qr '^[-+@]' -- (commandline -ct)
end

function __tdig_system -d 'The servers of the system'
    test -r /etc/resolv.conf
    and string replace -rf '^nameserver\s+(\S+).*' '@$1' </etc/resolv.conf
end

complete -c tdig -f
{dash}{files}complete -c tdig -n __tdig_bare -a '{bare}' -d 'Type or class'
complete -c tdig -n "__tdig_word '@*'" -a '(__tdig_system)' -d 'System resolver'
complete -c tdig -n "__tdig_word '@*'" -a '{servers}' -d 'Public resolver'
{on}{off}"#
    )
}

/// One dash option; `-x` is fish's word for "a value, and no file".
fn dash(option: &super::Dash) -> String {
    let short = option.short.map(|it| format!(" -s {it}")).unwrap_or_default();
    let long = option.long.as_ref().map(|it| format!(" -l {it}")).unwrap_or_default();
    let value = match &option.value {
        Value::Nothing => String::new(),
        Value::Free => " -x".into(),
        Value::File => " -r -F".into(),
        Value::Type => format!(" -x -a '{}'", types().join(" ")),
        Value::Class => format!(" -x -a '{}'", classes().join(" ")),
        Value::OneOf(values) => format!(" -x -a '{}'", values.join(" ")),
    };
    format!("complete -c tdig{short}{long}{value} -d {}\n", quoted(&option.help))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// What fish offers at the end of `line`: words, each with its description.
fn offered(line: &str) -> Option<Vec<(String, String)>> {
    let script = "source completions/tdig.fish; complete -C $argv[1]";
    let output = run("fish", &["--no-config", "-c", script, line])?;
    let split = |it: &str| {
        let (word, help) = it.split_once('\t').unwrap_or((it, ""));
        (word.to_owned(), help.to_owned())
    };
    Some(said(&output).lines().map(split).collect())
}

#[test]
fn fish_offers_what_can_be_typed_next() {
    for (line, expected) in [
        ("tdig +tls-mo", &["+tls-mozilla"][..]),
        ("tdig +tls-ca", &["+tls-ca", "+tls-ca="]),
        ("tdig +notls-h", &["+notls-hostname"]),
        ("tdig --color=a", &["--color=always", "--color=auto"]),
        ("tdig example.com nsap", &["NSAP", "NSAP-PTR"]),
        ("tdig -t aaa", &["AAAA"]),
        ("tdig -c c", &["CH"]),
        ("tdig -q cna", &[]),
        ("tdig @2620:fe::f", &["@2620:fe::fe#dns.quad9.net"]),
        ("tdig +tls-ca=src/cl", &["+tls-ca=src/cli/"]),
        ("tdig +tls-pin=Cargo.l", &["+tls-pin=Cargo.lock"]),
    ] {
        let Some(found) = offered(line) else { return };
        let found: Vec<_> = found.into_iter().map(|(word, _)| word).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn fish_describes_what_it_offers() {
    let Some(found) = offered("tdig +") else { return };
    for word in on_words() {
        assert!(found.contains(&(word.text.clone(), word.help)), "{}", word.text);
    }
    assert!(!found.iter().any(|(word, _)| word == "+noall"));
}
