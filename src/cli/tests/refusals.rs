//! What is refused, in which words, and what is said to help.

use super::*;

/// The error's message and hint; usage is the only kind there is.
fn refused<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> (String, String) {
    match parse(words.into_iter().map(Into::into)) {
        Err(Error::Usage { message, hint }) => (message, hint.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_makes_no_sense_says_so_and_what_to_type() {
    const HELP: &str = "tdig -h lists the options";
    const COLORS: &str = "one of --color=auto, --color=always, --color=never";
    for (words, message, hint) in [
        (&["+tls-pin"][..], "missing argument: +tls-pin", ""),
        (&["+tls-pin="], "empty argument: +tls-pin=", ""),
        (&["+tls-ca="], "empty argument: +tls-ca=", ""),
        (&["+tls-hots"], "invalid option: +tls-hots", "did you mean +tls-hostname?"),
        (&["+nodnsec"], "invalid option: +nodnsec", "did you mean +nodnssec?"),
        (&["+TLS-CA"], "invalid option: +TLS-CA", "did you mean +tls-ca?"),
        (&["+no-tls-ca"], "invalid option: +no-tls-ca", "did you mean +notls-ca?"),
        (&["+zzz"], "invalid option: +zzz", ""),
        (&["+nono"], "invalid option: +nono", ""),
        (&["+foo"], "invalid option: +foo", ""),
        (&["+tsl"], "invalid option: +tsl", "did you mean +tls?"),
        (&["+notsl"], "invalid option: +notsl", "did you mean +notls?"),
        (
            &["+http"],
            "invalid option: +http",
            "left out on purpose: DNS over HTTPS is another protocol; this is a tool for DNS over \
             TLS",
        ),
        (&["+"], "invalid option: +", ""),
        (
            &["+tls\u{2013}ca"],
            "invalid option: +tls–ca",
            "– (U+2013) is not a hyphen; type +tls-ca",
        ),
        (
            &["+tls-"],
            "ambiguous option: +tls-",
            "one of +tls-ca, +tls-hostname, +tls-sni, +tls-pin, +tls-ocsp-stapling, +tls-certfile, \
             +tls-keyfile",
        ),
        (&["+tls-host=a b"], "invalid +tls-hostname=a b (neither a host name nor an address)", ""),
        (
            &["+tls-pin=AAAA"],
            "invalid +tls-pin=AAAA (a SHA-256 hash has 32 octets, this has 3)",
            "",
        ),
        (&["+subnet=x"], "invalid +subnet=x (no address)", ""),
        (
            &["+subnet=192.0.2.0/33"],
            "invalid +subnet=192.0.2.0/33 (a prefix is at most 32 bits long)",
            "",
        ),
        (&["+cookie=00"], "invalid +cookie=00 (a client cookie is 8 octets long)", ""),
        (
            &["TYPE65536"],
            "bad type TYPE65536 (a number from 0 to 65535)",
            "if TYPE65536 is a name: -q TYPE65536",
        ),
        (
            &["CLASS65536"],
            "bad class CLASS65536 (a number from 0 to 65535)",
            "if CLASS65536 is a name: -q CLASS65536",
        ),
        (&["-t", "NOPE"], "bad type NOPE", ""),
        (&["-c", "NOPE"], "bad class NOPE", ""),
        (&["-p", "65536"], "bad port 65536 (port 65536 is above 65535)", ""),
        (&["-p", "x"], "bad port x (the port x is neither a number nor a known service)", ""),
        (&["-p", "+53"], "bad port +53 (the port +53 is neither a number nor a known service)", ""),
        (&["-b", "192.0.2.1@65536"], "bad address 192.0.2.1@65536 (port 65536 is above 65535)", ""),
        (&["-b", "a.test"], "bad address a.test (no address)", ""),
        (&["-b", "@0"], "bad address @0 (the address is missing)", ""),
        (
            &["-b", "tls://192.0.2.1"],
            "bad address tls://192.0.2.1 (the port //192.0.2.1 is neither a number nor a known service)",
            "",
        ),
        (
            &["+tls-host=\u{200b}"],
            "invalid +tls-hostname=\u{200b} (neither a host name nor an address)",
            "",
        ),
        (&["-x", "1.2.3"], "bad reverse name 1.2.3 (an address is meant)", ""),
        (&["@"], "invalid server @ (the address is missing)", ""),
        (&["@a@"], "invalid server @a@ (the port is missing)", ""),
        (&["@a:99999"], "invalid server @a:99999 (port 99999 is above 65535)", ""),
        (&[""], "invalid empty parameter", ""),
        (&["-q"], "missing name", ""),
        (&["-t"], "missing type", ""),
        (&["-c"], "missing class", ""),
        (&["-x"], "missing address", ""),
        (&["-p"], "missing port", ""),
        (&["-f", ""], "missing filename", ""),
        (&["-v"], "invalid option: -v", HELP),
        (&["-4z"], "invalid option: -4z", HELP),
        (&["--foo"], "invalid option: --foo", HELP),
        (&["-short"], "invalid option: -short", "did you mean +short?"),
        (&["--short"], "invalid option: --short", "did you mean +short?"),
        (&["--tls"], "invalid option: --tls", "did you mean +tls?"),
        (&["x", "--tls-ca=a.pem"], "invalid option: --tls-ca=a.pem", "did you mean +tls-ca?"),
        (&["-dnsec"], "invalid option: -dnsec", "did you mean +dnssec?"),
        (&["--no"], "invalid option: --no", HELP),
        (&["-h=3"], "invalid option: -h=3", HELP),
        (&["-"], "invalid option: -", ""),
        (
            &["-G", "x.tap"],
            "invalid option: -G",
            "left out on purpose: a file of dnstap is for dnstap-read to show",
        ),
        (
            &["+https"],
            "invalid option: +https",
            "left out on purpose: DNS over HTTPS is another \
          protocol; this is a tool for DNS over TLS",
        ),
        (&["--color=pink"], "invalid --color: pink", "one of auto, always, never"),
        (&["--color"], "missing value: --color", COLORS),
        (&["--color", "always"], "missing value: --color", COLORS),
    ] {
        assert_eq!(refused(words), (message.to_owned(), hint.to_owned()), "{words:?}");
    }
}

#[test]
fn a_bad_value_says_what_is_wanted() {
    for (option, why) in [
        ("+timeout=soon", "a number of seconds, or a time as in 1500ms or 2s"),
        ("+timeout=-1", "a number of seconds, or a time as in 1500ms or 2s"),
        ("+bufsize=abc", "a number from 0 to 65535"),
        // a sign is no digit
        ("+bufsize=+1232", "a number from 0 to 65535"),
        ("+timeout=+5", "a number of seconds, or a time as in 1500ms or 2s"),
        ("+retry=+1", "a number from 0 to 1000"),
        ("+edns=+0", "a number from 0 to 255"),
        ("+ednsopt=+7", "a number from 0 to 65535"),
        ("+alignment=+8", "a number from 2 to 65535"),
        ("+padding=+8", "a number from 0 to 65535"),
        ("+msgdelay=+8", "a number from 0 to 4294967295"),
        ("+pipeline=+8", "a number from 1 to 20000"),
        ("+connections=+8", "a number from 1 to 20000"),
        ("+tls-ocsp-stapling=+8", "a number from 1 to 1000000"),
        ("+tls-expiry=+33%", "a time as in 30d, or a share of the lifetime as in 33%"),
        ("+subnet=192.0.2.0/+24", "no prefix length"),
        ("+subnet=0/8", "a prefix is at most 0 bits long"),
        ("+fallback=+53", "the port +53 is neither a number nor a known service"),
        ("+proxy=192.0.2.1#+7-192.0.2.2", "no source address"),
        ("+bufsize=65536", "a number from 0 to 65535"),
        ("+padding=70000", "a number from 0 to 65535"),
        ("+alignment=0", "a number from 2 to 65535"),
        ("+edns=256", "a number from 0 to 255"),
        ("+ednsopt=x", "a number from 0 to 65535"),
        ("+ednsopt=7:x", "no hex"),
        ("+retry=-1", "a number from 0 to 1000"),
        ("+retry=1001", "a number from 0 to 1000"),
        ("+msgdelay=x", "a number from 0 to 4294967295"),
        ("+pipeline=0", "a number from 1 to 20000"),
        ("+connections=20001", "a number from 1 to 20000"),
        ("+tls-ocsp-stapling=0", "a number from 1 to 1000000"),
        ("+fallback=x", "the port x is neither a number nor a known service"),
        ("+tls-ca=~/ca.pem", "nothing expands ~ here; type the whole path"),
        ("+tls-certfile=~me/c.pem", "nothing expands ~ here; type the whole path"),
        ("+tls-pin=~/pin.pem", "nothing expands ~ here; type the whole path"),
    ] {
        let expected = (format!("invalid {option} ({why})"), String::new());
        assert_eq!(refused([option]), expected, "{option}");
    }
}

#[test]
fn every_bad_value_is_told_with_a_reason() {
    let mut tried = 0;
    for row in OPTIONS.iter().filter(|it| it.argument != Argument::None) {
        for typed in ["\u{7}", "-1", "99999999999"] {
            let outcome = row.set(&mut Settings::default(), Value::With(typed));
            let reason = |message: String| message.ends_with(')') && !message.ends_with("()");
            assert!(outcome.map_or_else(reason, |()| true), "+{}={typed}", row.name);
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn an_ambiguity_too_large_to_read_is_counted() {
    let (message, hint) = refused(["+no"]);
    assert_eq!(message, "ambiguous option: +no");
    assert!(hint.ends_with(" options begin so; tdig -h lists them"), "{hint}");
}

#[test]
fn a_type_with_a_value_that_is_no_serial_is_not_a_name() {
    const SERIAL: &str = "a serial is a number from 0 to 4294967295";
    const NONE: &str = "only IXFR and NOTIFY have a serial";
    for (word, why) in [
        ("IXFR=abc", SERIAL),
        ("ixfr=", SERIAL),
        ("IXFR=4294967296", SERIAL),
        ("IXFR=1.5", SERIAL),
        ("IXFR=+1", SERIAL),
        ("NOTIFY=+1", SERIAL),
        ("NOTIFY=x", SERIAL),
        ("NOTIFY=", SERIAL),
        ("MX=3", NONE),
        ("type15=x", NONE),
    ] {
        let message = format!("bad type {word} ({why})");
        let hint = format!("if {word} is a name: -q {word}");
        assert_eq!(refused([word, "a.test"]), (message.clone(), hint), "{word}");
        assert_eq!(refused(["-t", word, "a.test"]).0, message, "-t {word}");
        let line = parse_line(&format!("{word} a.test"), &Settings::default(), &mut Vec::new());
        assert_eq!(line.unwrap_err().to_string(), message, "{word} in a batch");
    }
    assert_eq!(questions("nope=3"), [r"nope\=3. 1 1"]);
}

#[test]
fn what_is_for_a_whole_batch_has_no_place_in_its_lines() {
    let refused = |line: &str| {
        let outcome = parse_line(line, &Settings::default(), &mut Vec::new());
        outcome.expect_err(line).to_string()
    };
    for (line, option) in [
        ("a.test -f x", "-f"),
        ("a.test -h", "-h"),
        ("a.test -V", "-V"),
        ("a.test --color=never", "--color"),
        ("a.test -dd", "-d"),
        ("-4r a.test", "-r"),
        ("a.test +unordered", "+unordered"),
        ("a.test +names", "+names"),
        ("a.test +nonames", "+names"),
        ("a.test +nounord", "+unordered"),
        ("+pipeline=7 a.test", "+pipeline"),
        ("+connections=7 a.test -4", "+connections"),
    ] {
        assert_eq!(refused(line), format!("{option} has no place in a line of a batch"), "{line}");
    }
    for line in ["a.test -4 +short", "a.test -p 8853 @192.0.2.1"] {
        assert!(parse_line(line, &Settings::default(), &mut Vec::new()).is_ok(), "{line}");
    }
}

#[test]
fn a_bad_key_is_named_and_its_secret_is_not() {
    for (line, words) in [
        ("a.test -y", "missing key"),
        ("a.test -k", "missing filename"),
        ("-y labkey:c2VjcmV a.test", "bad key labkey (the secret is not base64)"),
        ("-y labkey: a.test", "bad key labkey (the secret is empty)"),
        ("-y c2VjcmV0 a.test", "bad key (expected [algorithm:]name:base64)"),
    ] {
        assert_eq!(refused(line.split_whitespace()).0, words, "{line}");
    }
    for line in ["-zylabkey:c2VjcmV0", "-ylabkey:c2VjcmVz -z", "-y labkey:c2VjcmVz -4z"] {
        let (message, _) = refused(line.split(' '));
        assert!(["invalid option: -z", "invalid option: -4z"].contains(&&*message), "{message}");
    }
    let look = look("-y labkey:c2VjcmV0 a.test");
    assert!(!format!("{look:?}").contains("c2VjcmV0"));
}

#[test]
fn a_word_that_only_looks_like_an_option_is_refused() {
    for (word, hint) in [
        ("–d", "– (U+2013) is not a hyphen; type -d"),
        ("—d", "— (U+2014) is not a hyphen; type -d"),
        ("−p53", "− (U+2212) is not a hyphen; type -p53"),
        ("‐4", "‐ (U+2010) is not a hyphen; type -4"),
        ("－x", "－ (U+FF0D) is not a hyphen; type -x"),
        ("–short", "– (U+2013) is not a hyphen; type +short"),
        ("––tls‑ca", "– (U+2013) is not a hyphen; type +tls-ca"),
        ("–tls-ca=a.pem", "– (U+2013) is not a hyphen; type +tls-ca=a.pem"),
        ("＋tls-ca", "＋ (U+FF0B) is not a plus sign; type +tls-ca"),
        ("﹢tls–ca", "﹢ (U+FE62) is not a plus sign; type +tls-ca"),
        ("＠192.0.2.1", "＠ (U+FF20) is not an at sign; type @192.0.2.1"),
        ("\u{207b}tls-ca", "\u{207b} (U+207B) is not a hyphen; type +tls-ca"),
        ("\u{2e3a}tls-ca", "\u{2e3a} (U+2E3A) is not a hyphen; type +tls-ca"),
        ("\u{02d6}short", "\u{02d6} (U+02D6) is not a plus sign; type +short"),
        ("“+tls-ca”", "it begins with U+201C; type +tls-ca"),
        ("‘@1.1.1.1’", "it begins with U+2018; type @1.1.1.1"),
        ("\"+tls-ca\"", "it begins with U+0022; type +tls-ca"),
        ("«–d»", "it begins with U+00AB; type -d"),
        ("\u{feff}+tls-ca", "it begins with U+FEFF; type +tls-ca"),
        ("\u{200b}@192.0.2.1", "it begins with U+200B; type @192.0.2.1"),
        ("\u{a0}+tls-ca", "it begins with U+00A0; type +tls-ca"),
        ("\u{a0}–d", "– (U+2013) is not a hyphen; type -d"),
    ] {
        let expected = (format!("invalid option: {word}"), hint.to_owned());
        assert_eq!(refused([word, "a.test"]), expected, "{word:?}");
        assert_eq!(refused(["a.test", word]), expected, "{word:?}");
        // a name, and none of these, is what -q takes
        assert_eq!(parse(["-q", word].map(Into::into)).map(|_| ()).ok(), Some(()), "{word:?}");
    }
    let (message, hint) = refused(["a.test\u{a0}+tls-ca"]);
    assert_eq!(message, "U+00A0 is no blank between two words: a.test\u{a0}+tls-ca");
    assert_eq!(hint, "if it is a name: -q 'a.test\u{a0}+tls-ca'");
    let line = parse_line("a.test –d", &Settings::default(), &mut Vec::new());
    assert_eq!(line.unwrap_err().to_string(), "invalid option: –d");
}

#[test]
fn a_name_that_is_an_options_is_asked_with_a_warning() {
    for (word, option) in [
        ("tls-ca", "+tls-ca"),
        ("TLS-CA", "+tls-ca"),
        ("notls-ca", "+notls-ca"),
        ("tls-ca=Home.pem", "+tls-ca=Home.pem"),
        ("tls-host", "+tls-hostname"),
        ("tls-host=dns.example", "+tls-hostname=dns.example"),
        ("tls–ca", "+tls-ca"),
        ("tls", "+tls"),
        ("notls", "+notls"),
        ("short", "+short"),
        ("json", "+json"),
        ("fail=rcode", "+fail=rcode"),
        ("dnssec", "+dnssec"),
        ("multi=1", "+multiline=1"),
    ] {
        let warning = format!("{word} is asked as a name; the option is {option}");
        for line in [format!("@192.0.2.1 {word} x.test"), format!("x.test {word}")] {
            let look = look(&line);
            assert_eq!(look.warnings, [&*warning], "{line}");
            assert_eq!(look.queries.len(), 2, "{line}");
        }
        let mut warnings = Vec::new();
        parse_line(word, &Settings::default(), &mut warnings).unwrap();
        assert_eq!(warnings, [&*warning], "{word} in a batch");
        assert!(look(&format!("-q {word}")).warnings.is_empty(), "-q {word}");
    }
    for word in ["short.", "tls.test", "www", "sho", "cl", "a-b", "tls-", "x=1", "no", "tls_ca"] {
        assert!(look(word).warnings.is_empty(), "{word}");
    }
}

#[test]
fn a_key_behind_the_wrong_letter_is_not_repeated() {
    for (line, expected) in [
        ("--key=c2VjcmV0c2Vj", "invalid option: --key=..."),
        ("--keyc2VjcmV0c2Vj", "invalid option: --ke..."),
        ("--yc2VjcmV0c2Vj", "invalid option: --yc..."),
        ("--tsig=labkey:c2VjcmV0", "invalid option: --tsig=..."),
        ("-zyc2VjcmV0c2Vj", "invalid option: -z"),
        ("-4zkc2VjcmV0c2Vj", "invalid option: -4z"),
        ("-ӡkc2VjcmV0c2Vj", "invalid option: -ӡ"),
        ("-ӡ", "invalid option: -ӡ"),
        ("+key=labkey:c2VjcmV0", "invalid option: +key=..."),
        ("+yc2VjcmV0c2Vj", "invalid option: +yc2V..."),
        ("+ylabkey:c2VjcmV0", "invalid option: +ylabkey:..."),
        ("+c2VjcmV0c2Vj", "invalid option: +c2Vj..."),
        // what is short, or near to an option, is none
        ("+nonsense", "invalid option: +nonsense"),
        ("+tls-hots=dns.example", "invalid option: +tls-hots=..."),
        ("--tls-ca=a.pem", "invalid option: --tls-ca=a.pem"),
    ] {
        let (message, _) = refused([line]);
        assert_eq!(message, expected, "{line}");
    }
    assert_eq!(look("+k=c2VjcmV0c2Vj").warnings, ["superfluous option argument: +k=..."]);
}

#[test]
fn a_word_of_any_length_is_refused_at_once() {
    let began = std::time::Instant::now();
    for start in ["+", "--", "+no", "+tls\u{2013}"] {
        for _ in 0..50 {
            let (message, hint) = refused([&*format!("{start}{}", "a".repeat(16 * 1024))]);
            assert!(message.len() < 60 && hint.len() < 60, "{start}");
        }
    }
    // each took a tenth of a second where its distance to every option was measured
    assert!(began.elapsed() < std::time::Duration::from_secs(4));
}
