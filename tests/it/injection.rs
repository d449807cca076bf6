//! Text of strangers: what a server, a certificate, a file name or an argument brings along. One
//! rule: none of it is a control character, turns the reading direction or begins a line of its own.

use std::ffi::OsString;

use tdig::Surroundings;

use crate::dot::{Behaviour, Credential, HOSTILE_NAME, HOSTILE_TEXT, Server};
use crate::run::{Seen, file, root, tdig};
use crate::shown;

/// Neither stream has a forged line, or anything that steers a terminal.
fn is_honest(seen: &Seen, what: &str) {
    for text in [&seen.out, &seen.err] {
        shown::is_harmless(text);
        for forged in [";; The certificate", ";; ok", ";; forged", "\t;; forged"] {
            assert!(!text.lines().any(|line| line.starts_with(forged)), "{what}: {text}");
        }
    }
}

#[test]
fn nothing_that_a_server_sends_forges_a_line_in_any_format() {
    for (credential, behaviour) in [
        (Credential::HostileNames, Behaviour::HostileRecords),
        (Credential::HostileNames, Behaviour::Options),
        (Credential::Good, Behaviour::GarbageMessage),
        (Credential::Good, Behaviour::PlainText(b"\x1b[2J\n;; forged\r\xc2\x9b\xe2\x80\xae")),
    ] {
        for strict in [String::new(), format!("+tls-ca={} +tls-host=dot.test", root())] {
            let server = Server::start(credential, behaviour).expect_anything();
            for format in
                ["", "-d", "-dd +pem", "+multiline", "+short", "+json", "+idnout +generic"]
            {
                let at = format!("@127.0.0.1#{}", server.port());
                let line = format!("{at} {strict} {format} +opttext +timeout=2 example.com TXT");
                is_honest(&tdig(&line), &line);
            }
            let batch = file("hostile-batch.txt", "example.com TXT\nexample.com\n");
            let line = format!("-f {batch} @127.0.0.1#{} {strict} +timeout=2", server.port());
            is_honest(&tdig(&line), &line);
        }
    }
    assert!(HOSTILE_NAME.contains('\n') && HOSTILE_TEXT.contains('\n'));
}

#[test]
fn nothing_that_is_typed_breaks_the_line_that_repeats_it() {
    const TEXT: &str = "x\n;; forged\r\u{1b}[2J\u{9b}\u{202e}y";
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let typed = |word: &str| word.replace('~', TEXT);
    for words in [
        &["+~"][..],
        &["+tls-ca=~"],
        &["+tls-host=~"],
        &["+tls-sni=~"],
        &["+tls-pin=~"],
        &["+tls-alpn=~"],
        &["+tls-certfile=~", "+tls-keyfile=~"],
        &["+fail=~"],
        &["+timeout=~"],
        &["+subnet=~"],
        &["+ednsopt=~"],
        &["-~"],
        &["-f", "~"],
        &["-k", "~"],
        &["-y", "~:~"],
        &["-b", "~"],
        &["-p", "~"],
        &["-x", "~"],
        &["-t", "~"],
        &["-c", "~"],
        &["@~"],
        &["@/~"],
        &["@/~", "+notls"],
        &["@/~", "+notls", "+tcp"],
        &["@tls://~"],
        &["@192.0.2.1#~"],
        &["@no-such-host.invalid~"],
        &["~"],
        &["a.~.b"],
    ] {
        for format in ["-d", "+json"] {
            let mut args: Vec<OsString> = Vec::new();
            if !words[0].starts_with('@') {
                args.push(OsString::from(&at));
            }
            args.extend(words.iter().map(|word| OsString::from(typed(word))));
            args.extend([format, "+timeout=300ms", "example.com"].map(OsString::from));
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let status = tdig::run(args, &Surroundings::default(), &mut out, &mut err);
            let text = |octets| String::from_utf8(octets).unwrap();
            let seen = Seen { status, out: text(out), err: text(err) };
            is_honest(&seen, &format!("{words:?} {format}"));
        }
    }
}

#[test]
fn no_name_in_a_certificate_looks_like_two_names_or_like_a_field() {
    const PIN: &str = "SHA-256 PIN: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let ia5 = |text: &str| rcgen::string::Ia5String::try_from(text).unwrap();
    let hostile = [
        "dot.test, dns.google (+1, all with -dd)".to_owned(),
        PIN.to_owned(),
        "a, none of which is an address".to_owned(),
        "a; chain: yes".to_owned(),
    ];
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, PIN);
    params.distinguished_name.push(
        rcgen::DnType::CommonName,
        format!("dot.test,O=Bank (trust anchor, system store)\n{PIN}"),
    );
    let mut names: Vec<_> = hostile.iter().map(|it| rcgen::SanType::DnsName(ia5(it))).collect();
    names.extend(hostile.iter().map(|it| rcgen::SanType::URI(ia5(it))));
    names.extend(hostile.iter().map(|it| rcgen::SanType::Rfc822Name(ia5(it))));
    for kind in names.chunks(4) {
        params.subject_alt_names = kind.to_vec();
        let pair = rcgen::KeyPair::generate().unwrap();
        let chain = vec![params.self_signed(&pair).unwrap().der().clone()];
        let pin = crate::dot::pin(&chain[0]);
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(pair.serialize_der()).into();
        let identity = crate::dot::Identity { chain, key };
        let server = Server::presenting(identity).start().expect_anything();
        let strict = format!("+tls-ca={} +tls-host=dot.test", root());
        for words in ["", "-d", "-dd", &strict, &format!("{strict} -d")] {
            let seen = tdig(&format!("@127.0.0.1#{} {words} example.com", server.port()));
            is_honest(&seen, words);
            let (_, first) = seen.out.split_once("PIN: ").unwrap();
            assert!(first.starts_with(&pin), "{words}: {seen:#?}");
            assert_eq!(seen.out.matches("PIN: ").count(), 1, "{words}: {seen:#?}");
            assert!(!seen.err.contains("PIN: "), "{words}: {seen:#?}");
            assert!(!format!("{seen:?}").contains("O=Bank"), "{words}: {seen:#?}");
            for (_, listed) in seen.out.lines().filter_map(|line| line.split_once(" Names: ")) {
                assert_eq!(listed.split(", ").count(), 4, "{words}: {listed}");
            }
            for told in seen.err.lines().filter(|line| line.contains("among the names of #1")) {
                assert!(!told.contains("none of which is"), "{told}");
                let (_, listed) = told.split_once("names of #1: ").unwrap();
                let (listed, _) = listed.split_once("; chain: ").unwrap();
                assert_eq!(listed.split(", ").count(), 3, "{told}");
            }
        }
    }
}
