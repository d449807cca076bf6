//! Keys that are typed or stored where they do not belong. One rule: no eight octets of a key reach
//! a stream or a server, in whatever notation.

use std::ffi::OsString;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tdig::Surroundings;

use crate::dot::{Behaviour, Credential, Pki, Server};
use crate::run::{Seen, file};

/// A secret of TSIG as it is typed.
const SECRET: &str = "c2VjcmV0LWtleS1vZi10aGUtbGFiLTAxMjM0NTY3ODk=";

/// What any eight octets of `key` look like.
fn notations(key: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for window in key.windows(8) {
        let joined = |each: &dyn Fn(&u8) -> String, between: &str| {
            window.iter().map(each).collect::<Vec<_>>().join(between)
        };
        all.extend(String::from_utf8(window.to_vec()));
        all.push(joined(&|octet| octet.to_string(), ", "));
        all.push(joined(&|octet| format!("{octet:02x}"), ""));
        all.push(joined(&|octet| format!("\\{octet:03}"), ""));
        // what an encoder makes of them depends on what stands before and behind
        all.push(STANDARD.encode(&window[..6]));
    }
    all
}

/// The octets that may not be seen: the digits of a key in PEM, and what they stand for.
fn of_pem(pem: &str) -> Vec<String> {
    let digits: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let octets = STANDARD.decode(&digits).unwrap();
    // the key itself stands behind the names of its algorithms
    [notations(&digits.as_bytes()[36..]), notations(&octets[27..])].concat()
}

fn is_silent(texts: &[&[u8]], secret: &[String], what: &str) {
    for text in texts.iter().map(|text| String::from_utf8_lossy(text)) {
        let lower = text.to_lowercase();
        for piece in secret {
            let shown = text.contains(piece) || lower.contains(&piece.to_lowercase());
            assert!(!shown, "{what}: {piece} in {text}");
        }
    }
}

/// Runs a command line against a server, and looks at all that leaves.
fn run(words: &[&str], secret: &[String], surroundings: &Surroundings) -> Seen {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let at = format!("@127.0.0.1#{}", server.port());
    let mut last = None;
    for format in ["-4", "-d", "+json"] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let own = [&*at, format, "+timeout=2"];
        let args = own.iter().chain(words).map(OsString::from);
        let status = tdig::run(args, surroundings, &mut out, &mut err);
        let asked = server.queries().concat();
        is_silent(&[&out, &err, &asked], secret, &format!("{words:?} {format}"));
        let text = |octets| String::from_utf8(octets).unwrap();
        last = Some(Seen { status, out: text(out), err: text(err) });
    }
    last.unwrap()
}

#[test]
fn no_key_that_is_typed_wrong_is_repeated() {
    let secret = notations(SECRET.as_bytes());
    let nowhere = Surroundings::default();
    for (words, status) in [
        (&["-y", "SECRET"][..], 1),
        (&["-ySECRET"], 1),
        (&["-y=SECRET"], 1),
        (&["-y", "SECRET:name"], 1),
        (&["-y", "SECRET:labkey"], 1),
        (&["-y", "hmac-sha256:SECRET:name"], 1),
        (&["-y", "hmac-sha256:SECRET:labkey"], 1),
        (&["-y", "labkey:SECRET:hmac-sha256"], 1),
        (&["-y", "labkey:SECRET:"], 1),
        (&["-y", "labkey:!SECRET"], 1),
        (&["-y", ":SECRET"], 1),
        (&["-y", "hmac-sha257:labkey:SECRET"], 1),
        (&["-y", "hmac-sha256 labkey SECRET"], 1),
        (&["-y", "labkey: SECRET"], 1),
        (&["-k", "SECRET"], 8),
        (&["-kSECRET"], 8),
        (&["-k", "labkey:SECRET"], 8),
        (&["-k", "hmac-sha256:labkey:SECRET"], 8),
        (&["-k", "hmac-sha256:lab.key:SECRET"], 8),
        (&["--key=SECRET"], 1),
        (&["--key=labkey:SECRET"], 1),
        (&["--keySECRET"], 1),
        (&["--key", "SECRET"], 1),
        (&["--tsig=SECRET"], 1),
        (&["-zySECRET"], 1),
        (&["-zkSECRET"], 1),
        (&["-4zySECRET"], 1),
        (&["+key=SECRET"], 1),
        (&["+keySECRET"], 1),
        (&["+ySECRET"], 1),
        (&["+SECRET"], 1),
        (&["+k=SECRET"], 0),
        (&["+tls-ca=SECRET"], 8),
        (&["+tls-pin=./SECRET.pem"], 8),
    ] {
        let words: Vec<_> = words.iter().map(|word| word.replace("SECRET", SECRET)).collect();
        let mut words: Vec<_> = words.iter().map(|word| &**word).collect();
        words.push("a.test");
        let seen = run(&words, &secret, &nowhere);
        assert_eq!(seen.status, status, "{words:?}: {seen:#?}");
        // the same in a line of a batch
        let line: Vec<_> = words.iter().map(|it| it.replace(' ', "\u{a0}")).collect();
        let list = file("secret-line.txt", &format!("{}\n", line.join(" ")));
        run(&["-f", &list], &secret, &nowhere);
    }
}

#[test]
fn no_file_with_a_key_is_repeated_whatever_its_form() {
    let pem = Pki::shared().identity(Credential::Good).key_pem();
    let secret = of_pem(&pem);
    let nowhere = Surroundings::default();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let utf16 = |to: fn(u16) -> [u8; 2]| pem.encode_utf16().flat_map(to).collect::<Vec<_>>();
    for (form, content) in [
        ("plain", pem.clone().into_bytes()),
        ("escaped", pem.replace('\n', "\\n").into()),
        ("twice-escaped", pem.replace('\n', "\\\\n").into()),
        ("one-line", pem.replace('\n', "").into()),
        ("blanks", pem.replace('\n', " ").into()),
        ("cr", pem.replace('\n', "\r").into()),
        ("no-begin", pem.split_once('\n').unwrap().1.into()),
        ("no-end", pem.rsplit_once("-----END").unwrap().0.into()),
        ("short-begin", pem.replace("-----BEGIN", "----BEGIN").into()),
        ("open-begin", pem.replacen("KEY-----\n", "KEY", 1).into()),
        ("as-certificate", pem.replace("PRIVATE KEY", "CERTIFICATE").into()),
        ("as-unended-certificate", format!("-----BEGIN CERTIFICATE-----{body}").into()),
        ("as-certificate-line", format!("-----BEGIN CERTIFICATE{body}\n").into()),
        ("as-public", pem.replace("PRIVATE KEY", "PUBLIC KEY").into()),
        ("half", pem.replacen("PRIVATE KEY", "CERTIFICATE", 1).into()),
        ("body", body.clone().into()),
        ("base64", STANDARD.encode(&pem).into()),
        ("yaml", format!("key: |\n  {}", pem.replace('\n', "\n  ")).into()),
        ("json", format!("{{\"key\": \"{}\"}}", pem.replace('\n', "\\n")).into()),
        ("bad-digit", pem.replacen("\nM", "\n*M", 1).into()),
        ("utf-16le", utf16(u16::to_le_bytes)),
        ("utf-16be", utf16(u16::to_be_bytes)),
        ("der", STANDARD.decode(&body).unwrap()),
    ] {
        let path = file(&format!("secret-{form}"), "");
        std::fs::write(&path, &content).unwrap();
        let key = Pki::shared().identity(Credential::ClientPurpose);
        let good = file("secret-good.pem", &key.pem());
        for words in [
            &["+tls-ca=PATH"][..],
            &["+tls-pin=PATH", "+tls-pin=./x.pem"],
            &["+tls-certfile=PATH", "+tls-keyfile=PATH"],
            &["+tls-certfile=GOOD", "+tls-keyfile=PATH"],
            &["-k", "PATH"],
            &["-f", "PATH"],
            &["-f", "PATH", "+short"],
        ] {
            let words: Vec<_> = words
                .iter()
                .map(|word| word.replace("PATH", &path).replace("GOOD", &good))
                .collect();
            let words: Vec<_> = words.iter().map(|word| &**word).collect();
            let seen = run(&words, &secret, &nowhere);
            assert_ne!(seen.status, 0, "{form} {words:?}: {seen:#?}");
        }
        // the text in place of the path
        if let Ok(text) = String::from_utf8(content.clone()) {
            for option in ["+tls-ca=", "+tls-pin=", "+tls-certfile=x.pem +tls-keyfile="] {
                let words = format!("{option}\u{0}").replace(' ', "\u{1}");
                let words: Vec<_> =
                    words.split('\u{1}').map(|it| it.replace('\u{0}', &text)).collect();
                let words: Vec<_> = words.iter().map(|word| &**word).collect();
                run(&words, &secret, &nowhere);
            }
        }
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            for (value, json) in [(path.as_ref(), ""), (path.as_ref(), "+json")] {
                let value: &str = value;
                let output = Command::new(env!("CARGO_BIN_EXE_tdig"))
                    .args(["@127.0.0.1#1", "+tls-ca", "a.test", "-d", json])
                    .args(["+timeout=1"])
                    .env_clear()
                    .env(variable, value)
                    .output()
                    .unwrap();
                is_silent(
                    &[&output.stdout, &output.stderr],
                    &secret,
                    &format!("{form} {variable}"),
                );
                assert_ne!(output.status.code(), Some(0));
            }
        }
        let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("secret-home");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join(".tdigrc"), &content).unwrap();
        let seen = run(&["a.test"], &secret, &Surroundings { home: Some(home), ..nowhere });
        assert_eq!(seen.status, 1, "{form}: {seen:#?}");
    }
}

#[test]
fn no_file_of_tsig_keys_is_repeated_whatever_its_form() {
    let secret = notations(SECRET.as_bytes());
    let nowhere = Surroundings::default();
    for (form, text) in [
        ("bind", "key \"labkey\" {\n\talgorithm hmac-sha256;\n\tsecret \"SECRET\";\n};\n"),
        ("bind-line", "key labkey { algorithm hmac-sha256; secret SECRET; };"),
        ("bind-cut", "key labkey { algorithm hmac-sha256; secret \"SECRET"),
        ("bind-two", "key a { algorithm hmac-md5; secret SECRET; };\nkey b { secret SECRET; };"),
        ("bind-odd", "key SECRET { algorithm hmac-sha256; secret labkey; };"),
        ("nsd", "key:\n    name: \"labkey\"\n    algorithm: hmac-sha256\n    secret: \"SECRET\"\n"),
        ("knot", "key:\n  - id: labkey\n    algorithm: hmac-sha256\n    secret: SECRET\n"),
        ("line", "hmac-sha256:labkey:SECRET"),
        ("lines", "labkey:SECRET\nlabkey:SECRET\n"),
        ("swapped", "SECRET:labkey"),
        ("swapped-good", "SECRET:name"),
        ("bare", "SECRET\n"),
        ("json", "{\"algorithm\": \"hmac-sha256\", \"secret\": \"SECRET\"}"),
        ("dnssec", "Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: SECRET\n"),
    ] {
        let path = file(&format!("tsig-{form}"), &text.replace("SECRET", SECRET));
        for words in [&["-k", &*path, "a.test"][..], &["-f", &path], &["-f", &path, "-y", "a:AAAA"]]
        {
            run(words, &secret, &nowhere);
        }
        let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tsig-home");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::copy(&path, home.join(".tdigrc")).unwrap();
        let seen = run(&["a.test"], &secret, &Surroundings { home: Some(home), ..nowhere });
        assert_eq!(seen.status, 1, "{form}: {seen:#?}");
    }
}
