//! Completion for bash. One rule: it needs nothing but bash, and works whatever `COMP_WORDBREAKS`
//! holds: readline replaces only what follows the last break, and that alone is offered.

use std::fmt::Write;

use super::{
    NOTICE, Value, classes, dash_options, file_options, off_words, on_words, run, said, servers,
    types, types_and_classes, wrapped,
};

/// completions/tdig.bash
pub(super) fn script() -> String {
    let texts = |words: Vec<super::Word>| words.into_iter().map(|it| it.text).collect::<Vec<_>>();
    let dash = dash_options();
    let dash_words = texts(dash.iter().flat_map(super::Dash::words).collect());
    let mut listed = String::new();
    let mut after = String::new();
    for option in &dash {
        let pattern = option.short.map(|it| format!("-{it}"));
        if let (Value::OneOf(values), Some(long)) = (&option.value, &option.long) {
            let words: Vec<_> = values.iter().map(|it| format!("--{long}={it}")).collect();
            let words = words.join(" ");
            writeln!(listed, "        --{long}=*) words='{words}' ;;").expect("strings grow");
        }
        let (Some(pattern), Some(action)) = (pattern, action(&option.value)) else { continue };
        writeln!(after, "                {pattern}) {action} ;;").expect("strings grow");
    }
    let files = file_options().join("* | ");
    let list = |name: &str, words: &[String]| {
        format!("    local {name}='\n{}'\n", wrapped(words, "        "))
    };
    let lists = [
        list("on", &texts(on_words())),
        list("off", &texts(off_words())),
        list("dash", &dash_words),
        list("types", &types().into_iter().map(str::to_owned).collect::<Vec<_>>()),
        list("classes", &classes().into_iter().map(str::to_owned).collect::<Vec<_>>()),
        list("bare", &types_and_classes().into_iter().map(str::to_owned).collect::<Vec<_>>()),
        list("servers", &servers()),
    ]
    .concat();
    format!(
        r#"# bash completion for tdig: {NOTICE}

_tdig() {{
{lists}
    # the whole word: bash cuts it at COMP_WORDBREAKS, and $2 is only what follows the last cut
    local line=${{COMP_LINE:0:COMP_POINT}} gap=$'\x01' word stem candidate words= key value rest
    word=${{line//\\ /$gap}}
    word=${{word##*[[:space:]]}}
    word=${{word//$gap/\\ }}
    word=${{word#[\"\']}}
    stem=${{word%"$2"}}
    COMPREPLY=()

    case $word in
        {files}*)
            while IFS= read -r candidate; do
                [[ -d $candidate ]] && candidate+=/
                candidate=${{word%%=*}}=$candidate
                COMPREPLY+=("${{candidate#"$stem"}}")
            done < <(compgen -f -- "${{word#*=}}")
            compopt -o filenames 2>/dev/null
            [[ ${{#COMPREPLY[@]}} == 1 && ${{COMPREPLY[0]}} == */ ]] && compopt -o nospace 2>/dev/null
            return ;;
{listed}        +*=*) return ;;
        +n*) words="$on $off" ;;
        +*) words=$on ;;
        -*) words=$dash ;;
        @*)
            if [[ -r /etc/resolv.conf ]]; then
                while read -r key value rest; do
                    [[ $key == nameserver ]] && words+=" @$value"
                done </etc/resolv.conf
            fi
            words+=" $servers" ;;
        *)
            case ${{COMP_WORDS[COMP_CWORD-1]}} in
{after}                *) words=$bare ;;
            esac
            [[ $word == [[:lower:]]* ]] && words=$(tr '[:upper:]' '[:lower:]' <<<"$words") ;;
    esac

    read -r -d '' -a words <<<"$words"
    for candidate in "${{words[@]}}"; do
        [[ $candidate == "$word"* ]] && COMPREPLY+=("${{candidate#"$stem"}}")
    done
    # a value follows at once
    [[ ${{#COMPREPLY[@]}} == 1 && ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}}

complete -F _tdig tdig
"#
    )
}

/// What to do with the word after an option.
fn action(value: &Value) -> Option<String> {
    match value {
        Value::Nothing => None,
        Value::Free => Some("return".into()),
        Value::Type => Some("words=$types".into()),
        Value::Class => Some("words=$classes".into()),
        Value::File => Some("compopt -o default 2>/dev/null; return".into()),
        Value::OneOf(values) => Some(format!("words='{}'", values.join(" "))),
    }
}

/// What bash offers at the end of `line`, as readline would insert it in place of `replaced`.
fn offered(line: &str, replaced: &str) -> Option<Vec<String>> {
    let script = r#"
        source completions/tdig.bash || exit
        COMP_LINE=$1 COMP_POINT=${#1}
        read -r -a COMP_WORDS <<<"${1//[=:]/ & }"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _tdig tdig "$2" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = run("bash", &["--norc", "--noprofile", "-c", script, "bash", line, replaced])?;
    Some(said(&output).lines().filter(|it| !it.is_empty()).map(str::to_owned).collect())
}

#[test]
fn bash_offers_what_can_be_typed_next() {
    for (line, replaced, expected) in [
        ("tdig +tls-mo", "+tls-mo", &["+tls-mozilla"][..]),
        ("tdig +tls-ca", "+tls-ca", &["+tls-ca", "+tls-ca="]),
        ("tdig +tls-host", "+tls-host", &["+tls-hostname="]),
        ("tdig +notls-h", "+notls-h", &["+notls-hostname"]),
        ("tdig +tls-hostname=", "", &[]),
        ("tdig --col", "--col", &["--color="]),
        ("tdig --color=a", "a", &["auto", "always"]),
        ("tdig --color=a", "--color=a", &["--color=auto", "--color=always"]),
        ("tdig example.com ns", "ns", &["ns", "nsap", "nsap-ptr", "nsec", "nsec3", "nsec3param"]),
        ("tdig example.com AA", "AA", &["AAAA"]),
        ("tdig -t NSA", "NSA", &["NSAP", "NSAP-PTR"]),
        ("tdig -c C", "C", &["CH"]),
        ("tdig -q m", "m", &[]),
        // the word is cut at each colon
        ("tdig @2620:fe::f", "f", &["fe#dns.quad9.net"]),
        ("tdig @2620:fe::f", "@2620:fe::f", &["@2620:fe::fe#dns.quad9.net"]),
        ("tdig '@8.8.8", "@8.8.8", &["@8.8.8.8#dns.google"]),
        ("tdig +tls-ca=src/cl", "src/cl", &["src/cli/"]),
        ("tdig +tls-pin=./Cargo.l", "./Cargo.l", &["./Cargo.lock"]),
        ("tdig +tls-ca=src/cl", "+tls-ca=src/cl", &["+tls-ca=src/cli/"]),
    ] {
        let Some(found) = offered(line, replaced) else { return };
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn bash_offers_the_no_forms_once_they_are_meant() {
    let Some(found) = offered("tdig +", "+") else { return };
    assert!(found.contains(&"+all".into()) && !found.contains(&"+noall".into()));
    let found = offered("tdig +n", "+n").expect("bash was there a moment ago");
    assert!(found.contains(&"+nsid".into()) && found.contains(&"+noall".into()));
}
