//! How tdig greets a server: versions, groups, ALPN, a certificate of its own. One rule: what was
//! offered is read off the server's accounts.

use std::ffi::OsString;

use rustls::{NamedGroup, ProtocolVersion};
use tdig::cli::{self, Command};
use tdig::net;
use tdig::plan::{Lookup, Targets};
use tdig::tls::hello::can_post_quantum;

use crate::dot::{Behaviour, Credential, Pki, Server};
use crate::run::{Seen, file, not_there, program, root, say, tdig};

fn ask(server: &Server, options: &str) -> Seen {
    let (port, root) = (server.port(), root());
    tdig(&format!("@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test {options} example.com"))
}

#[test]
fn the_tokens_offered_are_those_typed() {
    let tokens = |list: &[&str]| list.iter().map(|it| it.as_bytes().to_vec()).collect::<Vec<_>>();
    for (options, offered) in [
        ("", tokens(&["dot"])),
        ("+tls-alpn=h2", tokens(&["h2"])),
        ("+tls-alpn=h2 +tls-alpn=dot", tokens(&["h2", "dot"])),
        ("+notls-alpn", tokens(&[])),
        ("+notls-alpn +tls-alpn=dot", tokens(&["dot"])),
    ] {
        let server = Server::with(Credential::Good).alpn(&[]).start();
        assert_eq!(ask(&server, options).status, 0, "{options}");
        assert_eq!(server.hello().unwrap().alpn, offered, "{options}");
    }
}

#[test]
fn a_server_that_refuses_the_token_gets_a_hint_that_helps() {
    let server = Server::with(Credential::Good).alpn(&["h2"]).start();
    let seen = ask(&server, "");
    assert_eq!(seen.status, 5);
    assert_eq!(
        seen.err,
        format!(
            ";; WARNING: TLS, handshake failed (the peer sent the alert no_application_protocol \
             (120): it speaks no ALPN token that was offered)\n\
             ;; ERROR: failed to query server 127.0.0.1@{}(TLS)\n;; HINT: +notls-alpn\n",
            server.port()
        )
    );
    assert_eq!(ask(&server, "+notls-alpn").status, 0);
    assert_eq!(ask(&server, "+tls-alpn=h2").status, 0);
}

#[test]
fn only_the_version_asked_for_is_spoken() {
    for (options, version) in [
        ("", ProtocolVersion::TLSv1_3),
        ("+tls-version=1.3", ProtocolVersion::TLSv1_3),
        ("+tls-version=1.2", ProtocolVersion::TLSv1_2),
    ] {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        assert_eq!(ask(&server, options).status, 0, "{options}");
        assert_eq!(server.finish().sessions[0].version, version, "{options}");
    }
    let old = Server::with(Credential::Good).tls12().start();
    let seen = ask(&old, "+tls-version=1.3");
    assert_eq!(seen.status, 5);
    assert!(seen.err.contains("it speaks no TLS version that was offered"), "{seen:#?}");
    assert_eq!(ask(&old, "").status, 0);
}

#[test]
fn nothing_in_common_is_said_in_words() {
    let server = Server::with(Credential::Good).groups(&[NamedGroup::secp384r1]).start();
    assert_eq!(ask(&server, "").status, 0, "another group is asked for and taken");
    let seen = ask(&Server::start(Credential::WrongKey, Behaviour::Answer), "");
    assert_eq!(seen.status, 5);
    let words = "the server does not hold the key of its certificate";
    assert!(seen.err.contains(words), "{seen:#?}");
}

#[test]
fn a_post_quantum_group_is_taken_where_both_have_it() {
    if !can_post_quantum() {
        return say("skipped the post-quantum group: this processor has none");
    }
    let server = Server::with(Credential::Good).post_quantum().start();
    let seen = ask(&server, "");
    assert_eq!(seen.status, 0, "{seen:#?}");
    let line = ";; TLS session (TLS1.3)-(X25519-MLKEM768)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)\n";
    assert!(seen.out.starts_with(line), "{seen:#?}");
    let groups = server.hello().unwrap().groups;
    assert_eq!(groups[..2], [NamedGroup::X25519MLKEM768, NamedGroup::X25519]);
    // a server without it answers at once, for a share of X25519 is offered too
    let other = Server::with(Credential::Good).groups(&[NamedGroup::X25519]).start();
    let seen = ask(&other, "");
    assert!(seen.out.starts_with(";; TLS session (TLS1.3)-(ECDHE-X25519)-"), "{seen:#?}");
    assert_eq!(ask(&Server::with(Credential::Good).tls12().start(), "").status, 0);
}

#[test]
fn the_groups_offered_are_those_typed_in_their_order() {
    use NamedGroup::{X25519, X25519MLKEM768, secp256r1, secp384r1};
    let mut rows = vec![
        ("+tls-groups=secp384r1", vec![secp384r1], "ECDHE-SECP384R1"),
        ("+tls-groups=SECP256R1,x25519", vec![secp256r1, X25519], "ECDHE-SECP256R1"),
        ("+tls-groups=x25519 +tls-version=1.2", vec![X25519], "ECDHE-X25519"),
    ];
    if can_post_quantum() {
        let default = vec![X25519MLKEM768, X25519, secp256r1, secp384r1];
        rows.extend([
            ("+tls-groups=x25519 +notls-groups", default, "X25519-MLKEM768"),
            ("+tls-groups=x25519mlkem768", vec![X25519MLKEM768], "X25519-MLKEM768"),
            (
                "+tls-groups=secp256r1,X25519MLKEM768",
                vec![secp256r1, X25519MLKEM768],
                "ECDHE-SECP256R1",
            ),
            // TLS 1.2 has no such group
            ("+tls-groups=X25519MLKEM768,x25519 +tls-version=1.2", vec![X25519], "ECDHE-X25519"),
        ]);
    } else {
        say("skipped the post-quantum group: this processor has none");
    }
    for (options, offered, chosen) in rows {
        let setup = Server::with(Credential::Good);
        let server = if can_post_quantum() { setup.post_quantum() } else { setup }.start();
        let seen = ask(&server, options);
        assert_eq!(seen.status, 0, "{options}: {seen:#?}");
        assert!(seen.out.contains(&format!(")-({chosen})-(")), "{options}: {seen:#?}");
        assert_eq!(server.hello().unwrap().groups, offered, "{options}");
    }
    // nothing in common
    let server = Server::with(Credential::Good).groups(&[X25519]).start();
    assert_eq!(ask(&server, "+tls-groups=secp256r1").status, 5);
    assert_eq!(ask(&server, "+tls-groups=secp256r1,x25519").status, 0, "another is asked for");
    let server = Server::with(Credential::Good).tls12().start().expect_anything();
    for (options, status) in [
        ("+tls-groups=X25519MLKEM768 +tls-version=1.2", 1),
        ("+tls-groups=X25519MLKEM768", if can_post_quantum() { 5 } else { 1 }),
        ("+tls-groups=", 1),
        ("+tls-groups", 1),
    ] {
        let seen = ask(&server, options);
        assert_eq!(seen.status, status, "{options}: {seen:#?}");
    }
}

#[test]
fn without_the_processor_for_it_x25519_comes_first() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let line = format!("@127.0.0.1#{} example.com", server.port());
    let Ok(Command::Look(look)) = cli::parse(line.split(' ').map(OsString::from)) else {
        panic!("it is a lookup");
    };
    let mut lookup = Lookup::new(&look.queries[0]).unwrap();
    let route = std::sync::Arc::make_mut(&mut lookup.route);
    let Targets::Given(targets) = &mut route.targets else { panic!("a server was named") };
    targets[0].hello.post_quantum = false;
    let exchange = net::lookup::Asker::default().ask(&lookup, &mut |_| {}).unwrap();
    assert_eq!(exchange.tls.unwrap().session.key_exchange, "ECDHE-X25519");
    let groups = server.hello().unwrap().groups;
    assert_eq!(groups[0], NamedGroup::X25519);
    assert!(!groups.contains(&NamedGroup::X25519MLKEM768));
}

/// Files of a certificate of the lab's root and its key.
fn own() -> (String, String) {
    let own = Pki::shared().identity(Credential::ClientPurpose);
    (file("own.pem", &own.pem()), file("own.key", &own.key_pem()))
}

#[test]
fn a_server_that_wants_a_certificate_says_so_and_gets_one() {
    let (chain, key) = own();
    for old in [false, true] {
        let setup = Server::with(Credential::Good).require_client_certificate();
        let server = if old { setup.tls12() } else { setup }.start();
        let seen = ask(&server, "-d");
        assert_eq!(seen.status, if old { 5 } else { 9 }, "{seen:#?}");
        assert!(seen.err.contains("certificate"), "{seen:#?}");
        assert!(seen.err.ends_with(";; HINT: +tls-certfile=FILE +tls-keyfile=FILE\n"), "{seen:#?}");

        let seen = ask(&server, &format!("-d +tls-certfile={chain} +tls-keyfile={key}"));
        assert_eq!(seen.status, 0, "{seen:#?}");
        let added = format!(";; DEBUG: TLS, added client certfile '{chain}' and keyfile '{key}'\n");
        assert!(seen.out.contains(&added), "{seen:#?}");
        let sent = "TLS, the server asked for a client certificate, one was sent";
        assert!(seen.out.contains(sent), "{seen:#?}");
        assert_eq!(server.finish().sessions.last().unwrap().client_certificates, 2);
    }
}

#[test]
fn certificate_and_key_come_together_and_can_be_read() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let (chain, key) = own();
    let pem = |label, text| format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
    let encrypted = file("encrypted.key", &pem("ENCRYPTED PRIVATE KEY", "MAAwAA=="));
    let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\nMAAwAA==";
    let old = file("encrypted-old.key", &pem("RSA PRIVATE KEY", header));
    let other = file("other.key", &Pki::shared().identity(Credential::Good).key_pem());
    for (options, status, words) in [
        (format!("+tls-certfile={chain}"), 1, "TLS, cannot use client certfile without a keyfile"),
        (format!("+tls-keyfile={key}"), 1, "TLS, cannot use client keyfile without a certfile"),
        (format!("+tls-certfile=/none +tls-keyfile={key}"), 8, &not_there("/none")),
        (format!("+tls-certfile={chain} +tls-keyfile=/none"), 8, "/none: no such file or"),
        (format!("+tls-certfile={key} +tls-keyfile={key}"), 8, "own.key: holds no certificate"),
        (format!("+tls-certfile={chain} +tls-keyfile={chain}"), 8, "holds no private key"),
        (
            format!("+tls-certfile={chain} +tls-keyfile={encrypted}"),
            8,
            "encrypted.key: the key is encrypted; openssl pkey -in FILE decrypts it\n",
        ),
        (
            format!("+tls-certfile={chain} +tls-keyfile={old}"),
            8,
            "encrypted-old.key: the key is encrypted; openssl pkey -in FILE decrypts it\n",
        ),
        (
            format!("+tls-certfile={chain} +tls-keyfile={other}"),
            8,
            "other.key: is not the key of the certificate in ",
        ),
    ] {
        let seen = ask(&server, &options);
        assert_eq!(seen.status, status, "{options}: {seen:#?}");
        assert!(seen.err.contains(words), "{options}: {seen:#?}");
    }
    assert!(server.queries().is_empty());
}

#[test]
fn keys_are_logged_only_where_somebody_asks_for_it() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let log = std::path::PathBuf::from(file("keys.log", ""));
    let line = format!("@127.0.0.1#{} example.com", server.port());
    assert_eq!(program(&[], &line).status, 0);
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "");
    let variable = ("SSLKEYLOGFILE", log.to_str().unwrap());
    assert_eq!(program(&[variable], &line).status, 0);
    let keys = std::fs::read_to_string(&log).unwrap();
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0 "), "{keys}");
    let seen = program(&[("SSLKEYLOGFILE", "/nonexistent/keys.log")], &line);
    assert_eq!(seen.status, 8, "{seen:#?}");
}

#[cfg(unix)]
#[test]
fn a_key_log_is_for_its_owner_alone_and_holds_no_lookup_up() {
    use std::os::unix::fs::PermissionsExt;

    let server = Server::start(Credential::Good, Behaviour::Answer);
    let line = format!("@127.0.0.1#{} +timeout=2 a.test b.test", server.port());
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("key-log");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let run = |path: &str| {
        let begun = std::time::Instant::now();
        let seen = program(&[("SSLKEYLOGFILE", path)], &line);
        assert!(begun.elapsed().as_secs_f64() < 2.5, "{path}: {:?}", begun.elapsed());
        seen
    };
    let mode = |path: &str| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let secrets = |text: &str| text.matches("CLIENT_TRAFFIC_SECRET_0 ").count();

    let new = path("new");
    assert_eq!(run(&new).status, 0);
    assert_eq!(mode(&new), 0o600);
    let text = std::fs::read_to_string(&new).unwrap();
    assert_eq!(secrets(&text), 2, "{text}");
    for line in text.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        let is_hex = |text: &str, len| {
            text.len() == len && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
        };
        assert!(fields.len() == 3 && is_hex(fields[1], 64), "{line}");
        assert!(is_hex(fields[2], 64) || is_hex(fields[2], 96), "{line}");
    }
    // what is there is added to, and keeps its mode
    std::fs::set_permissions(&new, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(run(&new).status, 0);
    assert_eq!((mode(&new), secrets(&std::fs::read_to_string(&new).unwrap())), (0o640, 4));

    assert_eq!(run("/dev/null").status, 0);
    let seen = run(folder.to_str().unwrap());
    assert_eq!(seen.status, 8, "{seen:#?}");
    // a FIFO that nobody reads, one that is read, and one that is full
    let fifo = path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let seen = run(&fifo);
    assert_eq!(seen.status, 8, "{seen:#?}");
    assert!(seen.err.contains("no such device or address"), "{seen:#?}");
    let reader = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
    assert_eq!(run(&fifo).status, 0);
    let mut text = vec![0; 4096];
    let length = std::io::Read::read(&mut &reader, &mut text).unwrap();
    assert_eq!(secrets(&String::from_utf8_lossy(&text[..length])), 2);
    // a pipe holds 64 KiB, or less where the system says so
    let mut dd = std::process::Command::new("dd");
    dd.args(["if=/dev/zero", "bs=4096", "oflag=nonblock", &format!("of={fifo}")]);
    assert!(!dd.stderr(std::process::Stdio::null()).status().unwrap().success());
    assert_eq!(run(&fifo).status, 0);
}

#[test]
fn debug_lines_say_what_was_offered_and_chosen_and_what_came_after() {
    let server = Server::with(Credential::Good).tickets(3).start();
    let seen = ask(&server, "-d +tls-alpn=dot +tls-alpn=x");
    for line in [
        "TLS, sent SNI dot.test, offered ALPN dot, x, the server chose dot",
        "TLS, the server stapled no OCSP response",
        "TLS, session tickets received: 3",
    ] {
        assert!(seen.out.contains(&format!(";; DEBUG: {line}\n")), "{line}: {}", seen.out);
    }
}
