//! The files that a command line names: every form of PEM in every option that takes it. One rule:
//! what is in a file is used, or named by its line, and never in octets of the file.

use crate::dot::{Behaviour, Credential, Pki, Server, pem};
use crate::run::{file, program, root, tdig, unrelated_root};

/// Odd forms of a PEM file, each of which says all that the plain one says.
fn forms(plain: &str) -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    let mut latin = b"# caf\xe9\n".to_vec();
    latin.extend_from_slice(plain.as_bytes());
    vec![
        ("plain", text(plain.to_owned())),
        ("byte-order-mark", text(format!("\u{feff}{plain}"))),
        ("crlf", text(plain.replace('\n', "\r\n"))),
        ("cr", text(plain.replace('\n', "\r"))),
        ("escaped", text(plain.replace('\n', "\\n"))),
        ("one-line", text(plain.replace('\n', " "))),
        ("no-line-feeds", text(plain.replace('\n', ""))),
        ("indented", text(format!("  {}", plain.replace('\n', "\n  ")))),
        ("latin-1", latin),
    ]
}

fn octets(name: &str, content: &[u8]) -> String {
    let path = file(name, "");
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn every_form_of_pem_is_read_by_every_option_that_takes_it() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let at = format!("@127.0.0.1#{} example.com", server.port());
    let unrelated = std::fs::read_to_string(unrelated_root()).unwrap();
    let root = std::fs::read_to_string(root()).unwrap();
    // the one that counts stands behind another, with no line feed between them
    for (form, content) in forms(&(unrelated.trim_end().to_owned() + &root)) {
        let path = octets(&format!("ca-{form}.pem"), &content);
        let seen = tdig(&format!("{at} +tls-ca={path} +tls-host=dot.test -d"));
        assert_eq!(seen.status, 0, "{form}: {seen:#?}");
        assert!(seen.out.contains("TLS, imported 2 certificates"), "{form}: {seen:#?}");
        let store = [("SSL_CERT_FILE", &*path)];
        let seen = program(&store, &format!("{at} +tls-ca +tls-host=dot.test"));
        assert_eq!(seen.status, 0, "{form}: {seen:#?}");
    }
    for (form, content) in forms(&pem(&server.chain()[0])) {
        let path = octets(&format!("pin-{form}.pem"), &content);
        let seen = tdig(&format!("{at} +tls-pin={path}"));
        assert_eq!(seen.status, 0, "{form}: {seen:#?}");
    }
}

#[test]
fn every_form_of_pem_is_a_certificate_of_our_own_and_its_key() {
    let identity = Pki::shared().identity(Credential::ClientPurpose);
    for ((form, chain), (_, key)) in
        forms(&identity.pem()).into_iter().zip(forms(&identity.key_pem()))
    {
        let server = Server::with(Credential::Good).require_client_certificate().start();
        let (chain, key) =
            (octets(&format!("own-{form}.pem"), &chain), octets(&format!("own-{form}.key"), &key));
        let seen = tdig(&format!(
            "@127.0.0.1#{} +tls-certfile={chain} +tls-keyfile={key} example.com",
            server.port()
        ));
        assert_eq!(seen.status, 0, "{form}: {seen:#?}");
        // the chain is sent whole
        assert_eq!(server.finish().sessions[0].client_certificates, 2, "{form}");
    }
}

#[test]
fn what_cannot_be_used_is_named_and_by_its_line() {
    let root = std::fs::read_to_string(root()).unwrap();
    let key = Pki::shared().identity(Credential::Good).key_pem();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
               MAA=\n-----END RSA PRIVATE KEY-----\n";
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(root.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let utf16_key: Vec<u8> = key.encode_utf16().flat_map(u16::to_be_bytes).collect();
    const UTF16: &str = "is UTF-16; iconv -f UTF-16 -t UTF-8 converts it";
    const DECRYPT: &str = "the key is encrypted; openssl pkey -in ";
    let certificate = &["+tls-ca=", "+tls-pin=", "+tls-certfile="][..];
    for (name, content, options, words) in [
        (
            "cut.pem",
            format!("{root}{begin}\nMAA=\n").into_bytes(),
            &certificate[..1],
            "line 13: BEGIN without END",
        ),
        (
            "headless.pem",
            format!("{root}MAA=\n{end}\n").into_bytes(),
            &certificate[..1],
            "END without BEGIN",
        ),
        (
            "no.pem",
            format!("{begin}\nMAA=\n{end}\n").into_bytes(),
            certificate,
            "not PEM (line 1: not what its BEGIN line says)",
        ),
        (
            "bad.pem",
            format!("{begin}\n\n*\n{end}\n").into_bytes(),
            certificate,
            "not PEM (line 3: no base64)",
        ),
        ("utf-16.pem", utf16, certificate, UTF16),
        (
            "key.pem",
            key.clone().into_bytes(),
            &["+tls-ca=", "+tls-certfile="],
            "holds no certificate",
        ),
        (
            "key.pem",
            key.clone().into_bytes(),
            &["+tls-pin="],
            "holds neither a certificate nor a public key",
        ),
        ("utf-16.key", utf16_key, &["+tls-keyfile="], UTF16),
        ("encrypted.key", encrypted.into(), &["+tls-keyfile="], DECRYPT),
        ("encrypted.old.key", old.into(), &["+tls-keyfile="], DECRYPT),
        (
            "encrypted.der",
            vec![0x30, 9, 0x30, 4, 6, 2, 0x2a, 3, 4, 1, 0],
            &["+tls-keyfile="],
            DECRYPT,
        ),
        (
            "cut.key",
            key[..key.len() - 40].into(),
            &["+tls-keyfile="],
            "not PEM (line 1: BEGIN without END)",
        ),
        ("none.key", root.clone().into_bytes(), &["+tls-keyfile="], "holds no private key"),
    ] {
        let path = octets(name, &content);
        for option in options {
            let rest = match *option {
                "+tls-certfile=" => format!("+tls-keyfile={path}"),
                "+tls-keyfile=" => format!("+tls-certfile={}", crate::run::root()),
                _ => String::new(),
            };
            let seen = tdig(&format!("@192.0.2.1 {option}{path} {rest} example.com"));
            assert_eq!(seen.status, 8, "{option}{name}: {seen:#?}");
            assert!(seen.err.contains(&format!("{path}: ")), "{option}{name}: {seen:#?}");
            assert!(seen.err.contains(words), "{option}{name}: {seen:#?}");
        }
    }
}

/// A pipe without a writer.
#[cfg(unix)]
fn pipe(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // one of a run that failed; to write to it would wait for ever
    let _ = std::fs::remove_file(&path);
    let path = path.to_str().unwrap().to_owned();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
#[cfg(unix)]
fn no_file_takes_longer_than_the_lookup_may_or_is_read_without_end() {
    let own = Pki::shared().identity(Credential::ClientPurpose);
    let (chain, key) = (file("late.pem", &own.pem()), file("late.key", &own.key_pem()));
    for (number, words) in [
        "+tls-ca=PATH",
        "+tls-pin=PATH.pem",
        "+tls-certfile=PATH +tls-keyfile=KEY",
        "+tls-certfile=CHAIN +tls-keyfile=PATH",
        "-k PATH",
        "-k PATH +notls",
        "-k PATH +notls +tcp",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("pipe-{number}{}", if words.contains(".pem") { ".pem" } else { "" });
        let pipe = pipe(&name);
        for (path, why) in [
            (&*pipe, "took too long to be read (after 0.4 s)"),
            ("/dev/zero", "is longer than 16 MiB"),
            ("/", "is a directory"),
        ] {
            let words = words.replace("PATH.pem", path).replace("PATH", path);
            let words = words.replace("KEY", &key).replace("CHAIN", &chain);
            let began = std::time::Instant::now();
            let seen = tdig(&format!("@192.0.2.1 {words} +timeout=400ms example.com"));
            assert!(began.elapsed() < std::time::Duration::from_secs(4), "{words}");
            assert_eq!(seen.status, 8, "{words}: {seen:#?}");
            assert!(seen.err.contains(&format!("{path}: {why}")), "{words}: {seen:#?}");
        }
        std::fs::remove_file(pipe).unwrap();
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_is_read_once_for_all_sessions() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let at = format!("@127.0.0.1#{} +tls-host=dot.test", server.port());
    let (pipe, content) = (pipe("ca-pipe"), std::fs::read_to_string(root()).unwrap());
    let path = pipe.clone();
    // after a while, as a command would
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        std::fs::write(path, content).unwrap();
    });
    let seen = tdig(&format!("{at} +tls-ca={pipe} +short a.test b.test"));
    writer.join().unwrap();
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(server.finish().sessions.len(), 2);
    std::fs::remove_file(pipe).unwrap();
}

#[test]
#[cfg(unix)]
fn a_start_file_is_a_file_in_an_absolute_folder_or_there_is_none() {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    let ask = |home: &str| {
        let surroundings =
            tdig::Surroundings { home: Some(home.into()), ..tdig::Surroundings::default() };
        // without a server, and so without the name of a start file
        let seen = crate::run::tdig_in(&surroundings, "@127.0.0.1#1 example.com +nonsense");
        (seen.status, seen.err)
    };
    let none = (1, ";; ERROR: invalid option: +nonsense\n".to_owned());
    for home in ["", ".", "target", "/dev/null", "/nonexistent", "/dev/null/a", "/etc/hostname"] {
        assert_eq!(ask(home), none, "{home}");
    }
    let folder = |name: &str| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        home
    };
    let home = folder("home-empty");
    assert_eq!(ask(home.to_str().unwrap()), none);
    for (name, target, why) in [
        ("home-null", "/dev/null", None),
        ("home-zero", "/dev/zero", Some("is no regular file")),
        ("home-directory", "/", Some("is a directory")),
        ("home-nowhere", "/nonexistent", Some("no such file or directory")),
        ("home-itself", ".tdigrc", Some("too many levels of symbolic links")),
    ] {
        let home = folder(name);
        symlink(target, home.join(".tdigrc")).unwrap();
        let (status, err) = ask(home.to_str().unwrap());
        match why {
            None => assert_eq!((status, err), none, "{name}"),
            Some(why) => {
                assert_eq!(status, 8, "{name}: {err}");
                let path = home.join(".tdigrc");
                assert_eq!(err, format!(";; ERROR: {}: {why}\n", path.display()));
            }
        }
    }
    let home = folder("home-pipe");
    std::fs::rename(pipe("start-pipe"), home.join(".tdigrc")).unwrap();
    let (status, err) = ask(home.to_str().unwrap());
    assert!(status == 8 && err.ends_with(".tdigrc: is no regular file\n"), "{err}");
    let home = folder("home-long");
    std::fs::write(home.join(".tdigrc"), "#".repeat(1024 * 1024 + 1)).unwrap();
    let (status, err) = ask(home.to_str().unwrap());
    assert!(status == 8 && err.ends_with("is longer than 1 MiB\n"), "{err}");
}

#[test]
#[cfg(unix)]
fn the_home_is_that_of_the_environment() {
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("home-named");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join(".tdigrc"), "# caf\u{e9}\n-z\n").unwrap();
    for (named, read) in [
        (home.to_str().unwrap(), true),
        ("", false),
        (".", false),
        ("./", false),
        ("/dev/null", false),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tdig"))
            .args(["+nonsense"])
            .current_dir(&home)
            .env("HOME", named)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let words = if read { "line 2: invalid option: -z" } else { "invalid option: +nonsense" };
        assert!(err.contains(words), "{named}: {err}");
    }
}

#[test]
fn a_comment_ends_a_line_of_a_list() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let list = file(
        "comments.txt",
        "a.test # of mine\nb.test MX ; of theirs\n  # none\nc.test +short #\n",
    );
    let seen = tdig(&format!("-f {list} @127.0.0.1#{} +short", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(server.finish().queries.len(), 3);
}

#[test]
fn nothing_is_asked_of_a_list_behind_a_key() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let list = file("list-and-key.txt", "a.test\n-----BEGIN PRIVATE KEY-----\nMIGH\nb.test\n");
    let seen = tdig(&format!("-f {list} @127.0.0.1#{} +short", server.port()));
    assert_eq!(seen.status, 1, "{seen:#?}");
    let words = ";; ERROR: line 2: a key or a certificate stands there; nothing more is read\n";
    assert!(seen.err.contains(words), "{seen:#?}");
    assert_eq!(server.finish().queries.len(), 1);
}

#[test]
#[cfg(unix)]
fn no_time_zone_is_waited_for() {
    let pipe = pipe("zone-pipe");
    for zone in [&*format!(":{pipe}"), &pipe, ":/dev/zero", ":/dev/tty", "../../../etc/passwd"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tdig"))
            .args(["-r", "-f", "/dev/null", "@127.0.0.1"])
            .env("TZ", zone)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let began = std::time::Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > std::time::Duration::from_secs(10) {
                child.kill().unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        assert!(status.success(), "{zone}");
    }
    std::fs::remove_file(pipe).unwrap();
}
