//! What must hold of the tables, and what becomes of a command line.

mod refusals;

use std::collections::HashSet;

use super::options::{Group, LEFT_OUT, OPTIONS};
use super::spelling::{matching, spell};
use super::*;
use crate::plan::Lookup;

fn look(line: &str) -> Look {
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Look(look)) => *look,
        other => panic!("{line}: {other:?}"),
    }
}

/// `name type class`, as they go out.
fn question(query: &Settings) -> String {
    let query = Lookup::new(query).unwrap().query;
    format!("{} {} {}", query.name, query.qtype, query.qclass)
}

fn questions(line: &str) -> Vec<String> {
    look(line).queries.iter().map(question).collect()
}

fn hosts(query: &Settings) -> Vec<&str> {
    query.servers.iter().map(|it| &*it.host).collect()
}

#[test]
fn no_option_is_spelt_like_another() {
    let mut seen = HashSet::new();
    for row in OPTIONS {
        assert!(seen.insert(row.name.to_owned()), "+{} is there twice", row.name);
        assert!(seen.insert(format!("no{}", row.name)), "+no{} is there twice", row.name);
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        assert!(row.name.bytes().all(plain), "+{}", row.name);
    }
}

#[test]
fn every_row_says_what_it_does() {
    for row in OPTIONS {
        if let Argument::Optional(value) | Argument::Required(value) = row.argument {
            assert!(!value.is_empty(), "+{} names no value", row.name);
        }
        assert!(row.help.ends_with('.'), "+{}", row.name);
        assert!(row.manual.is_empty() || row.manual.ends_with('.'), "+{}", row.name);
        assert!(Group::ALL.contains(&row.group), "+{} is in no chapter", row.name);
    }
    for argument in clap_command().get_arguments().filter(|it| !it.is_hide_set()) {
        let help = argument.get_help().expect("a line of help").to_string();
        assert!(help.ends_with('.'), "{help}");
    }
}

#[test]
fn help_fits_a_terminal() {
    let mut text = Vec::new();
    help::write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().count() < 104, "{} lines", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn the_no_form_undoes_the_option() {
    let defaults = Settings::default();
    for row in OPTIONS.iter().filter(|it| !it.on_by_default()) {
        let value = match row.name {
            "tls-hostname" | "tls-sni" => Value::With("dns.example"),
            "tls-pin" | "tls-certfile" | "tls-keyfile" => Value::With("./pin.pem"),
            "tls-version" => Value::With("1.3"),
            "tls-groups" => Value::With("secp384r1,x25519"),
            "tls-expiry" => Value::With("30d"),
            "fail" => Value::With("rcode"),
            "subnet" | "client" => Value::With("192.0.2.0/24"),
            "bufsize" => Value::With("4096"),
            "ednsopt" => Value::With("65001:00ff"),
            "proxy" => Value::With("192.0.2.1-192.0.2.2"),
            "retry" | "pipeline" | "connections" | "msgdelay" => Value::With("7"),
            // +notimeout is for ever, +notcp is UDP, +nopadding and +notls-alpn are none, +noidnout
            // holds on a terminal too
            "timeout" | "tcp" | "padding" | "tls-alpn" | "idnout" => continue,
            _ => Value::On,
        };
        let mut settings = defaults.clone();
        row.set(&mut settings, value).unwrap();
        assert_ne!(settings, defaults, "+{}", row.name);
        row.set(&mut settings, Value::Off).unwrap();
        assert_eq!(settings.decided(), defaults.decided(), "+no{}", row.name);
    }
}

#[test]
fn on_by_default_is_what_the_defaults_say() {
    let on: Vec<_> = OPTIONS.iter().filter(|it| it.on_by_default()).map(|it| it.name).collect();
    for name in ["tls", "rdflag", "recurse", "adflag", "edns", "badcookie", "cert", "header", "ttl"]
    {
        assert!(on.contains(&name), "+{name}");
    }
    for name in ["tls-ca", "tls-pin", "timeout", "short", "dnssec", "alignment", "qr", "cookie"] {
        assert!(!on.contains(&name), "+{name}");
    }
}

#[test]
fn a_prefix_is_an_option_while_it_is_one_only() {
    for (word, spelt) in [
        ("tls", "+tls"),
        ("tls-ca", "+tls-ca"),
        ("tls-host", "+tls-hostname"),
        ("tls-p", "+tls-pin"),
        ("tls-s", "+tls-sni"),
        ("tls-m", "+tls-mozilla"),
        ("notls-h", "+notls-hostname"),
        ("notls", "+notls"),
        ("opt", "+opt"),
        ("sho", "+short"),
        // what is ambiguous is here as it was typed
        ("al", "+al"),
        ("nsid", "+nsid"),
        ("nor", "+nor"),
        // kdig knows the first alone
        ("cl", "+cl"),
        ("ce", "+cert"),
    ] {
        let found = find(word).map(|it| spell(&it));
        match found {
            Ok(found) => assert_eq!(found, spelt, "+{word}"),
            // what stays as typed is ambiguous
            Err(names) => assert!(names.len() > 1 && spelt == format!("+{word}"), "{names:?}"),
        }
    }
    for word in ["", "x", "tls-hots", "TLS", "tls_ca", "no-tls"] {
        assert!(find(word).is_err_and(|names| names.is_empty()), "+{word}");
    }
}

#[test]
fn kdigs_names_come_before_ours() {
    for row in OPTIONS.iter().filter(|it| it.kdig) {
        for end in 1..row.name.len() {
            let prefix = &row.name[..end];
            let kdigs = matching(|it| it.starts_with(prefix)).iter().filter(|it| it.0.kdig).count();
            let exact = OPTIONS.iter().any(|it| it.name == prefix);
            if kdigs == 1 && !exact {
                let (found, on) = find(prefix).expect(prefix);
                assert_eq!((found.name, on), (row.name, true), "+{prefix}");
            }
        }
    }
}

#[test]
fn what_is_short_in_kdig_is_short_here() {
    // every name of kdig, those that are left out too
    let kdigs = OPTIONS.iter().filter(|it| it.kdig).map(|it| it.name);
    let left_out = LEFT_OUT.iter().map(|(name, _)| *name).filter(|it| !it.starts_with('-'));
    let names: Vec<&str> = kdigs.chain(left_out).collect();
    let all: Vec<String> =
        names.iter().flat_map(|name| [name.to_string(), format!("no{name}")]).collect();
    let mut tried = 0;
    for row in OPTIONS.iter().filter(|it| it.kdig) {
        for (spelt, on) in [(row.name.to_owned(), true), (format!("no{}", row.name), false)] {
            for end in 1..=spelt.len() {
                let prefix = &spelt[..end];
                let means = all.iter().filter(|name| name.starts_with(prefix)).count();
                if means == 1 || prefix == spelt {
                    let (found, is_on) = find(prefix).expect(prefix);
                    assert_eq!((found.name, is_on), (row.name, on), "+{prefix}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn an_argument_follows_its_equals_signs() {
    for line in ["+bufsize=4096", "+bufsize==4096", "+bufsize====4096", "+buf=4096"] {
        assert_eq!(look(line).queries[0].edns.size, 4096, "{line}");
    }
    for (line, odd) in [
        ("+short=", false),
        ("+nobufsize=", false),
        ("+short=1", true),
        ("+noshort=1", true),
        ("+nobufsize=7", true),
        ("+nodnssec=x", true),
    ] {
        let warnings = look(line).warnings;
        let expected = format!("superfluous option argument: {line}");
        assert_eq!(warnings, if odd { vec![expected] } else { vec![] }, "{line}");
    }
}

#[test]
fn what_is_typed_twice_counts_once() {
    let command = |line: &str| parse(line.split_whitespace().map(Into::into)).unwrap();
    for line in ["-V -V", "-VVV", "--version -V"] {
        assert_eq!(command(line), Command::Version, "{line}");
    }
    assert_eq!(command("x -h --help -V"), Command::Help);
    let look = look("-r -r -f one -f two --color=always --color=never x");
    assert_eq!((look.batch.as_deref(), look.color), (Some("two"), Color::Never));
}

#[test]
fn words_come_in_any_order_and_case() {
    for line in [
        "example.com MX CH",
        "MX CH example.com",
        "ch mx example.com",
        "example.com -c ch -t mx",
        "-t Mx -c Ch -q example.com",
        "TYPE15 class3 example.com",
        "a example.com mx ch",
    ] {
        assert_eq!(questions(line), ["example.com. 15 3"], "{line}");
    }
}

#[test]
fn a_lookup_without_a_name_is_of_the_root() {
    for (line, expected) in [
        ("", ". 2 1"),
        ("@192.0.2.1", ". 2 1"),
        ("SOA", ". 6 1"),
        ("-t soa CH", ". 6 3"),
        ("CH", ". 2 3"),
    ] {
        assert_eq!(questions(line), [expected], "{line}");
    }
}

#[test]
fn an_address_in_reverse_is_asked_for_its_name() {
    for (line, expected) in [
        ("-x 192.0.2.1", "1.2.0.192.in-addr.arpa. 12 1"),
        ("-t MX -x 192.0.2.1", "1.2.0.192.in-addr.arpa. 12 1"),
        ("-x 192.0.2.1 SOA", "1.2.0.192.in-addr.arpa. 6 1"),
        ("CH -x 192.0.2.1", "1.2.0.192.in-addr.arpa. 12 3"),
    ] {
        assert_eq!(questions(line), [expected], "{line}");
    }
    assert!(questions("-x 2001:db8::1")[0].ends_with(".8.b.d.0.1.0.0.2.ip6.arpa. 12 1"));
}

#[test]
fn a_name_that_reads_like_a_type_is_asked_for_with_q() {
    assert_eq!(questions("-q mx"), ["mx. 1 1"]);
    assert_eq!(questions("mx."), ["mx. 1 1"]);
    assert_eq!(questions("-q mx mx"), ["mx. 15 1"]);
}

#[test]
fn options_before_the_first_name_are_for_all_and_after_it_for_one() {
    let look = look("@192.0.2.1 +dnssec MX a.example +short @192.0.2.2 b.example AAAA +nodnssec");
    let [a, b] = &look.queries[..] else { panic!("{look:?}") };
    assert_eq!((question(a), question(b)), ("a.example. 15 1".into(), "b.example. 28 1".into()));
    assert!(a.edns.dnssec_ok && !b.edns.dnssec_ok);
    assert_ne!(a.display.format, b.display.format);
    assert_eq!((hosts(a), hosts(b)), (vec!["192.0.2.2"], vec!["192.0.2.1"]));
    assert_eq!(look.common.qtype, Some(15));
}

#[test]
fn servers_of_a_query_replace_those_of_all() {
    let look = look("@192.0.2.1 @192.0.2.2 a.example b.example @192.0.2.3 @192.0.2.4");
    assert_eq!(hosts(&look.queries[0]), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(hosts(&look.queries[1]), ["192.0.2.3", "192.0.2.4"]);
}

#[test]
fn a_port_is_for_every_server_that_names_none() {
    for line in ["-p 8853 @a.example @b.example:853 x", "@a.example @b.example:853 -p 8853 x"] {
        let query = &look(line).queries[0];
        let ports: Vec<_> = query.servers.iter().map(|it| it.port).collect();
        assert_eq!((query.port, ports), (Some(8853), vec![None, Some(853)]), "{line}");
    }
    let look = look("-p 8853 a.example -p 853 b.example");
    let ports: Vec<_> = look.queries.iter().map(|it| it.port).collect();
    assert_eq!(ports, [Some(853), Some(8853)]);
}

#[test]
fn what_is_for_the_whole_line_may_stand_anywhere() {
    let look = look("a.example -d b.example --color=never -d +short=1");
    assert_eq!((look.debug, look.color, look.queries.len()), (2, Color::Never, 2));
    assert_eq!(look.warnings, ["superfluous option argument: +short=1"]);
    assert_eq!(parse(["a.example", "-h"].map(Into::into)).unwrap(), Command::Help);
    assert_eq!(parse(["-V"].map(Into::into)).unwrap(), Command::Version);
}

#[test]
fn a_transfer_takes_a_way_of_its_own() {
    let of = |line: &str| look(line).queries.remove(0);
    let common = of("+notls a.test");
    assert!(of("+notls b.test MX").is_routed_as(&common));
    for line in ["+notls a.test AXFR", "+notls a.test IXFR=7"] {
        assert!(!of(line).is_routed_as(&common), "{line}");
    }
}

#[test]
fn the_last_key_counts_for_all_queries_or_for_one() {
    let key = |typed| Some(KeySource::Typed(Key::parse(typed).unwrap()));
    let file = |path: &str| Some(KeySource::File(path.into()));
    for (line, keys) in [
        ("a.test", vec![None]),
        ("-y hmac-sha1:k:AAAA a.test", vec![key("hmac-sha1:k:AAAA")]),
        ("-k lab.key a.test b.test", vec![file("lab.key"), file("lab.key")]),
        ("a.test -y k:AAAA -k lab.key b.test", vec![file("lab.key"), None]),
        ("-k lab.key a.test -y k:AAAA b.test", vec![key("k:AAAA"), file("lab.key")]),
    ] {
        let look = look(line);
        let found: Vec<_> = look.queries.into_iter().map(|query| query.key).collect();
        assert_eq!(found, keys, "{line}");
    }
}

#[test]
fn a_line_read_as_a_question_asks_what_the_line_says() {
    let common = Settings { qclass: Some(3), ..Settings::default() };
    for line in
        ["a.test", "a.test.", "a.test MX", "a.test ch txt", "a.test  A\tAAAA IN", r"a\.b TYPE7"]
    {
        let question = parse_question(line).unwrap();
        let [settings] = &parse_line(line, &common, &mut Vec::new()).unwrap()[..] else {
            panic!("{line}: not one query");
        };
        assert_eq!(settings.name, Some(Name::Domain(question.name.to_owned())), "{line}");
        assert_eq!(settings.qtype, question.qtype, "{line}");
        assert_eq!(settings.qclass, question.qclass.or(common.qclass), "{line}");
    }
}

#[test]
fn a_line_that_is_more_than_a_question_is_not_read_as_one() {
    for line in [
        "",
        "localhost",
        "MX",
        "A a.test",
        "a.test b.test",
        "a.test +short",
        "@a.test",
        "-x 1.2.3.4",
        "a.test AXFR",
        "a.test IXFR=7",
        "a.test NOTIFY",
        "IXFR=1.5",
        "a.test TYPE65536",
    ] {
        assert_eq!(parse_question(line), None, "{line}");
    }
}
