//! Types, classes, names and servers: what is asked of which server.

use super::*;

#[test]
fn each_word_of_kdig_is_its_type() {
    const WORDS: &str = "A:1 NS:2 CNAME:5 SOA:6 NULL:10 PTR:12 HINFO:13 MINFO:14 MX:15 TXT:16 \
        RP:17 AFSDB:18 RT:21 SIG:24 KEY:25 AAAA:28 LOC:29 SRV:33 NAPTR:35 KX:36 CERT:37 DNAME:39 \
        OPT:41 APL:42 DS:43 SSHFP:44 IPSECKEY:45 RRSIG:46 NSEC:47 DNSKEY:48 DHCID:49 NSEC3:50 \
        NSEC3PARAM:51 TLSA:52 SMIMEA:53 CDS:59 CDNSKEY:60 OPENPGPKEY:61 CSYNC:62 ZONEMD:63 SVCB:64 \
        HTTPS:65 DSYNC:66 SPF:99 NID:104 L32:105 L64:106 LP:107 EUI48:108 EUI64:109 NXNAME:128 \
        TKEY:249 TSIG:250 AXFR:252 MAILB:253 MAILA:254 ANY:255 URI:256 CAA:257 RESINFO:261 WALLET:262 CLA:263 IPN:264 DELEG:61440 \
        DELEGPARAM:65433 ALIAS:65401 TYPE0:0 TYPE65535:65535 type28:28";
    for pair in WORDS.split_whitespace() {
        let (word, number) = pair.split_once(':').unwrap();
        for word in [word.to_owned(), word.to_lowercase()] {
            for line in [format!("x {word}"), format!("{word} x"), format!("-t {word} x")] {
                let [lookup] = &lookups(&line)[..] else { panic!("{line} is two queries") };
                assert_eq!(lookup.query.qtype.to_string(), number, "{line}");
            }
        }
    }
}

#[test]
fn each_word_of_kdig_is_its_class() {
    for (word, number) in [
        ("IN", 1),
        ("INTERNET", 1),
        ("CH", 3),
        ("chaos", 3),
        ("HS", 4),
        ("Hesiod", 4),
        ("NONE", 254),
        ("CLASS0", 0),
        ("class65535", 65535),
    ] {
        for line in [format!("x {word}"), format!("{word} x"), format!("-c {word} x")] {
            let [lookup] = &lookups(&line)[..] else { panic!("{line} is two queries") };
            assert_eq!(lookup.query.qclass, number, "{line}");
        }
    }
    // as a bare word it is the type
    assert_eq!(questions("x ANY"), ["x. ANY IN"]);
    assert_eq!(questions("x -c ANY"), ["x. A ANY"]);
}

#[test]
fn the_question_is_what_the_words_say_in_their_order() {
    for (line, expected) in [
        ("", &[". NS IN"][..]),
        ("a.example", &["a.example. A IN"]),
        ("A.eXample", &["A.eXample. A IN"]),
        ("a.example.", &["a.example. A IN"]),
        (".", &[". A IN"]),
        ("www", &["www. A IN"]),
        ("NOPE", &["NOPE. A IN"]),
        ("mx.", &["mx. A IN"]),
        ("-q mx -q any MX", &["mx. A IN", "any. MX IN"]),
        ("-qmx -tmx -cch", &["mx. MX CH"]),
        ("MX x y AAAA z", &["x. MX IN", "y. AAAA IN", "z. MX IN"]),
        ("x MX AAAA", &["x. AAAA IN"]),
        ("CH x y IN", &["x. A CH", "y. A IN"]),
        ("-x 192.0.2.1", &["1.2.0.192.in-addr.arpa. PTR IN"]),
        ("MX -x 192.0.2.1 x", &["1.2.0.192.in-addr.arpa. PTR IN", "x. MX IN"]),
        ("-x 192.0.2.1 SOA", &["1.2.0.192.in-addr.arpa. SOA IN"]),
        (r"a\.b.example", &[r"a\.b.example. A IN"]),
        (r"\097.example", &["a.example. A IN"]),
        (r"a\000b.example", &[r"a\000b.example. A IN"]),
        ("_853._tcp.a.example TLSA", &["_853._tcp.a.example. TLSA IN"]),
        ("*.example", &["*.example. A IN"]),
        ("ä.example", &["xn--4ca.example. A IN"]),
        ("+noidnin ä.example", &[r"\195\164.example. A IN"]),
        ("x +noidnin ä.example", &["x. A IN", "xn--4ca.example. A IN"]),
        ("NOTIFY=7 x y MX", &["x. SOA IN", "y. MX IN"]),
        ("IXFR=7 -x 192.0.2.1 x", &["1.2.0.192.in-addr.arpa. PTR IN", "x. IXFR IN"]),
    ] {
        assert_eq!(questions(line), expected, "{line}");
    }
}

#[test]
fn what_goes_with_a_type_is_for_its_names_alone() {
    for line in ["NOTIFY=7 -x 192.0.2.1", "IXFR=7 -x 192.0.2.1", "x NOTIFY MX", "NOTIFY x MX"] {
        let lookup = lookups(line).remove(0);
        assert_eq!(
            (lookup.query.flags, lookup.query.serial),
            (flag::RD | flag::AD, None),
            "{line}"
        );
        assert!(!lookup.transfer, "{line}");
    }
}

#[test]
fn what_is_no_name_is_told_with_the_name() {
    let label = "a".repeat(70);
    let long = format!("{}example", "abcdefghi.".repeat(26));
    for (name, why) in [
        ("a..b", "an empty label"),
        (".a", "an empty label"),
        ("a..", "an empty label"),
        (r"a\256", "an escape above 255"),
        (r"a\12", "a bad escape"),
        (r"a\", "a bad escape"),
        (&label, "a label has at most 63 octets, one has 70"),
        (&long, "a name has at most 255 octets, this has 261 or more"),
    ] {
        let dot = if name.ends_with('.') { "" } else { "." };
        let expected = format!("'{name}{dot}' is not a valid domain name ({why})");
        assert_eq!(message(&format!("-q {name}")), expected);
    }
    assert_eq!(questions(&"a".repeat(63)), [format!("{}. A IN", "a".repeat(63))]);
}

#[test]
fn a_server_is_where_its_notation_says() {
    for (line, expected) in [
        ("@192.0.2.1", &["192.0.2.1@853"][..]),
        ("@192.0.2.1:5353", &["192.0.2.1@5353"]),
        ("@192.0.2.1@5353", &["192.0.2.1@5353"]),
        ("@192.0.2.1#5353", &["192.0.2.1@5353"]),
        ("@dns.example:5353", &["dns.example@5353"]),
        ("@2001:db8::1", &["2001:db8::1@853"]),
        ("@2001:db8::1@5353", &["2001:db8::1@5353"]),
        ("@[2001:db8::1]", &["2001:db8::1@853"]),
        ("@[2001:db8::1]:5353", &["2001:db8::1@5353"]),
        ("@fe80::1%eth0#5353", &["fe80::1%eth0@5353"]),
        ("@/run/dns.sock", &["/run/dns.sock@UNIX"]),
        ("@/run/dns.sock -p 5353", &["/run/dns.sock@UNIX"]),
        ("@192.0.2.1#dns.example", &["192.0.2.1@853"]),
        ("@192.0.2.1:5353#dns.example", &["192.0.2.1@5353"]),
        ("@tls://dns.example:5353", &["dns.example@5353"]),
        ("@bücher.example", &["xn--bcher-kva.example@853"]),
        // one port for all that name none, wherever it stands
        ("-p 5353 @a.example @b.example", &["a.example@5353", "b.example@5353"]),
        ("@a.example @b.example -p 5353", &["a.example@5353", "b.example@5353"]),
        ("@a.example:1 @b.example -p 5353 x", &["a.example@1", "b.example@5353"]),
        ("@a.example x -p 5353", &["a.example@5353"]),
        ("-p 1 @a.example x -p 5353", &["a.example@5353"]),
        ("@a.example +notls", &["a.example@53"]),
        ("@a.example x @b.example", &["b.example@853"]),
        ("", &["@853"]),
        ("-p 5353 +notls", &["@5353"]),
    ] {
        assert_eq!(servers(line), expected, "{line}");
    }
}

#[test]
fn each_server_is_checked_by_its_own_name() {
    let names = |line: &str| -> Vec<String> {
        let name = |it: &Target| it.policy.name.as_ref().map(|name| name.to_str().into_owned());
        targets_of(&lookups(line)[0]).iter().map(|it| name(it).unwrap_or_default()).collect()
    };
    for (line, expected) in [
        ("+tls-ca @a.example @b.example", &["a.example", "b.example"][..]),
        ("+tls-ca @a.example @192.0.2.1", &["a.example", "192.0.2.1"]),
        ("@192.0.2.1#a.example @192.0.2.2#b.example", &["a.example", "b.example"]),
        ("+tls-host=c.example @a.example @192.0.2.2#b.example", &["c.example", "c.example"]),
        ("+tls-ca @fe80::1%eth0", &["fe80::1"]),
        ("+tls-ca", &[""]),
    ] {
        assert_eq!(names(line), expected, "{line}");
    }
}

/// The name that a target is checked for, and the name that is sent to it.
fn checked_and_sent(target: &Target) -> (String, String) {
    let text = |name: &Option<ServerName<'_>>| {
        name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default()
    };
    (text(&target.policy.name), text(&target.sni))
}

/// Command lines without a server, a server for them, the name checked and the name sent.
const NAMED: &[(&str, &str, &str, &str)] = &[
    ("", "192.0.2.1#a.example", "a.example", "a.example"),
    ("", "192.0.2.1#bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("+tls-ca", "bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("+tls-ca", "192.0.2.1", "192.0.2.1", ""),
    ("+tls-host=b.example", "192.0.2.1", "b.example", "b.example"),
    ("+tls-host=b.example", "192.0.2.1#a.example", "b.example", "b.example"),
    ("+tls-host=192.0.2.9", "192.0.2.1#a.example", "192.0.2.9", ""),
    ("+tls-sni=c.example", "192.0.2.1#a.example", "a.example", "c.example"),
    ("+tls-host=b.example +tls-sni=c.example", "192.0.2.1#a.example", "b.example", "c.example"),
    ("+tls-host=b.example +notls-host", "192.0.2.1#a.example", "a.example", "a.example"),
];

#[test]
fn a_name_typed_with_an_option_is_checked_and_sent_at_every_server() {
    for (words, server, checked, sent) in NAMED {
        let line = format!("{words} @{server} x");
        let seen = checked_and_sent(&targets_of(&lookups(&line)[0])[0]);
        assert_eq!(seen, (checked.to_string(), sent.to_string()), "{line}");
    }
}

#[test]
fn a_server_of_the_system_is_checked_as_one_that_was_typed() {
    for (words, server, checked, sent) in NAMED {
        let template = lookups(&format!("{words} x")).remove(0);
        let Targets::System(template) = &template.route.targets else { panic!("{words}") };
        let target = template.at(&Server::parse(server).unwrap()).unwrap();
        let seen = checked_and_sent(&target);
        assert_eq!(seen, (checked.to_string(), sent.to_string()), "{words}, {server}");
        assert!(!target.policy.is_opportunistic(), "{words}, {server}");
    }
}

#[test]
fn what_is_before_the_first_name_is_for_all_and_what_is_after_it_for_one() {
    let line = "+dnssec -4 @192.0.2.1 x +nodnssec +tls-ca -6 @192.0.2.2 y +nsid -b 192.0.2.9 z";
    let all = lookups(line);
    let plain = facts(&lookups("@192.0.2.1 x")[0]);
    let new = |lookup: &Lookup| -> Vec<String> {
        facts(lookup).into_iter().skip(1).filter(|it| !plain.contains(it)).collect()
    };
    assert_eq!(new(&all[0]), ["to=192.0.2.2@853", "V6", "root=System", "name=192.0.2.2"]);
    assert_eq!(new(&all[1]), ["do", "opt=3:", "from=192.0.2.9:0", "V4"]);
    assert_eq!(new(&all[2]), ["do", "V4"]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    for (line, expected) in [
        ("+tls +notcp x", "TLS runs over TCP"),
        ("+notcp x", "TLS runs over TCP"),
        (
            "+proxy=192.0.2.1-192.0.2.2 a",
            "+proxy is for plain DNS; TLS would need it before the handshake",
        ),
        (
            "+tls-groups=x448 x",
            "invalid +tls-groups=x448 (the groups are X25519MLKEM768, x25519, secp256r1, \
             secp384r1)",
        ),
        (
            "+tls-groups=x25519,X25519 x",
            "invalid +tls-groups=x25519,X25519 (x25519 is there twice)",
        ),
        ("+tls-certfile=c.pem x", "TLS, cannot use client certfile without a keyfile"),
        ("+tls-keyfile=k.pem x", "TLS, cannot use client keyfile without a certfile"),
        (
            "+fallback +tls-ca a",
            "+fallback would give up what the options ask of the server's certificate",
        ),
        (
            "+fallback @192.0.2.1#dns.example a",
            "+fallback would give up what the options ask of the server's certificate",
        ),
        (
            "+fallback @tls://192.0.2.1 a",
            "+fallback contradicts @tls://192.0.2.1, which only TLS can satisfy",
        ),
        ("+fallback +notls x", "+fallback is what to do without TLS, and TLS was not asked for"),
        ("+tls-ca @127.1 x", "no name to check the certificate of 127.1 for"),
        ("+tls-ca @/run/dns.sock x", "no name to check the certificate of /run/dns.sock for"),
        ("+fallback AXFR x", "+fallback is for queries, not for zone transfers"),
    ] {
        assert_eq!(message(line), expected, "{line}");
    }
}

#[test]
fn a_demand_is_never_dropped_for_cleartext() {
    const PIN: &str = "+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (demand, named) in [
        ("@192.0.2.1#dns.example", "@192.0.2.1#dns.example"),
        ("@192.0.2.1:53#dns.example", "@192.0.2.1#dns.example"),
        ("@192.0.2.9 @[2001:db8::1]:53#dns.example", "@2001:db8::1#dns.example"),
        ("@tls://192.0.2.1", "@tls://192.0.2.1"),
        ("@tls://dns.example:53/", "@tls://dns.example"),
        ("@tls:///run/dns.sock", "@tls:///run/dns.sock"),
        ("+tls-expiry=30d", "+tls-expiry"),
        ("@192.0.2.1#dns.example +tls-expiry=30d", "+tls-expiry"),
    ] {
        for line in [
            format!("{demand} +notls x"),
            format!("+notls {demand} x"),
            format!("{demand} x +notls"),
            format!("+notls x {demand}"),
            format!("x +notls +tcp {demand}"),
            format!("{demand} +notls +notcp x"),
        ] {
            let words = format!("+notls contradicts {named}, which only TLS can satisfy");
            assert_eq!(message(&line), words, "{line}");
        }
    }
    for (demand, named) in [
        ("+tls-ca", "+tls-ca"),
        ("+tls-ca=a.pem", "+tls-ca"),
        ("+tls-mozilla", "+tls-mozilla"),
        ("+tls-hostname=dns.example", "+tls-hostname"),
        ("+tls-host=dns.example +tls-ca", "+tls-hostname"),
        (PIN, "+tls-pin"),
        ("+tls-ocsp-stapling", "+tls-ocsp-stapling"),
        ("+tls-sni=dns.example", "+tls-sni"),
        ("+tls-version=1.3", "+tls-version"),
        ("+tls-alpn=dot", "+tls-alpn"),
        ("+tls-certfile=c.pem +tls-keyfile=k.pem", "+tls-certfile"),
        ("+tls-keyfile=k.pem", "+tls-keyfile"),
    ] {
        for line in [format!("{demand} +notls x"), format!("{demand} x +notls")] {
            let words = format!("+notls contradicts {named}, which only TLS can satisfy");
            assert_eq!(message(&line), words, "{line}");
        }
        // typed last, it brings TLS back
        let line = format!("@192.0.2.1 +notls {demand} +tls-certfile=c.pem +tls-keyfile=k.pem x");
        assert_eq!(lookups(&line)[0].route.transport, Transport::Tls, "{line}");
    }
    // what was taken back demands nothing
    for line in [
        "+tls-ca +notls-ca +notls @192.0.2.1 x",
        "+notls-alpn +notls @192.0.2.1 x",
        "@192.0.2.1#dns.example x +notls @192.0.2.2",
        "+tls +notls @192.0.2.1#853 x",
    ] {
        let udp = Transport::Udp { retry: 2, ignore: false };
        assert_eq!(lookups(line)[0].route.transport, udp, "{line}");
    }
}

#[test]
fn a_server_of_the_system_with_a_name_is_not_asked_in_cleartext() {
    let template = lookups("+notls x").remove(0);
    let Targets::System(template) = &template.route.targets else { panic!("no server was typed") };
    assert!(template.at(&Server::parse("192.0.2.1").unwrap()).is_ok());
    for server in ["192.0.2.1#dns.example", "tls://192.0.2.1"] {
        let refused = template.at(&Server::parse(server).unwrap()).unwrap_err();
        let words = format!("+notls contradicts @{server}, which only TLS can satisfy");
        assert_eq!(refused.to_string(), words);
    }
}
