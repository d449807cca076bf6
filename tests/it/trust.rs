//! Trust: every policy against every flaw of a certificate, with the exit status, the reason and
//! the hint. One rule: a peer that was refused gets no octet of a query.

use tdig::tls::hello::can_post_quantum;

use crate::dot::{Behaviour, Credential, Identity, Server, pin};
use crate::run::{Seen, not_there, program, root, tdig, unrelated_root};

/// The policies of the table, as the options that make them.
#[derive(Clone, Copy, Debug)]
enum Policy {
    /// Nothing is verified.
    Nothing,
    /// The lab's root, and the address dialled.
    Ca,
    /// The lab's root, and a name.
    Name,
    /// The system's store, which holds the lab's root, and a name.
    System,
    /// The system's store, which does not.
    OtherStore,
    /// The key that is served.
    RightPin,
    /// Another key.
    WrongPin,
    /// The lab's root, a name, and the key that is served.
    All,
}

const WRONG_PIN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn ask(server: &Server, policy: Policy) -> Seen {
    let at = format!("@127.0.0.1#{} example.com", server.port());
    let root = root();
    match policy {
        Policy::Nothing => tdig(&at),
        Policy::Ca => tdig(&format!("{at} +tls-ca={root}")),
        Policy::Name => tdig(&format!("{at} +tls-ca={root} +tls-host=dot.test")),
        Policy::System => program(&[("SSL_CERT_FILE", root)], &format!("{at} +tls-host=dot.test")),
        Policy::OtherStore => program(
            &[("SSL_CERT_FILE", unrelated_root())],
            &format!("{at} +tls-ca +tls-host=dot.test"),
        ),
        Policy::RightPin => tdig(&format!("{at} +tls-pin={}", server.pin(0))),
        Policy::WrongPin => tdig(&format!("{at} +tls-pin={WRONG_PIN}")),
        Policy::All => {
            let pin = server.pin(0);
            tdig(&format!("{at} +tls-ca={root} +tls-host=dot.test +tls-pin={pin}"))
        }
    }
}

#[test]
fn every_policy_accepts_what_it_should_and_nothing_else() {
    use Policy::{All, Ca, Name, Nothing, OtherStore, RightPin, System, WrongPin};
    let policies = [Nothing, Ca, Name, System, OtherStore, RightPin, WrongPin, All];
    for (credential, statuses) in [
        // the policies:                 none  CA name sys other pin wrong all
        (Credential::Good, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::Expired, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::NotYetValid, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::WrongName, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::CnOnly, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::EmptySubject, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::ClientPurpose, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::SelfSigned, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::SelfSignedCa, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::UnknownRoot, [0, 6, 6, 6, 0, 0, 7, 6]),
        (Credential::IntermediateMissing, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::OutOfOrder, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::UnrelatedAppended, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::RootSent, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::CaAsLeaf, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::BadSignature, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::WrongKey, [5, 5, 5, 5, 5, 5, 5, 5]),
        (Credential::NameConstraint, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::ExpiredIntermediate, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::NeverTogether, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::CrossSigned, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::ManyCertificates(100), [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::HugeCertificate, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::LongNames, [0, 6, 0, 0, 6, 0, 7, 0]),
        (Credential::HostileNames, [0, 6, 0, 0, 6, 0, 7, 0]),
        (Credential::MultiRdn, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::Rsa2048, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::P384, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::Ed25519, [0, 0, 0, 0, 6, 0, 7, 0]),
        (Credential::Version1, [0, 6, 6, 6, 6, 0, 7, 6]),
        (Credential::UnparsableCertificate, [0, 0, 0, 0, 6, 0, 7, 0]),
    ] {
        for (policy, status) in policies.iter().zip(statuses) {
            let mut server = Server::start(credential, Behaviour::Answer);
            if status != 0 {
                server = server.expect_no_query();
            }
            let seen = ask(&server, *policy);
            assert_eq!(seen.status, status, "{credential:?} by {policy:?}: {seen:#?}");
            assert_eq!(seen.out.contains("status: NOERROR"), status == 0, "{seen:#?}");
        }
    }
}

#[test]
fn octets_that_are_no_certificate_prove_no_key() {
    for policy in [Policy::Nothing, Policy::Ca, Policy::WrongPin] {
        let server = Server::start(Credential::UnparsableLeaf, Behaviour::Answer).expect_no_query();
        let seen = ask(&server, policy);
        assert_eq!(seen.status, 5, "{seen:#?}");
    }
}

#[test]
fn every_flaw_is_told_apart_and_the_hint_fits() {
    for (credential, reason, hint) in [
        (Credential::Expired, "dates: #1 expired on ", None),
        (Credential::NotYetValid, "dates: #1 is not valid before ", None),
        (
            Credential::WrongName,
            "name: dot.test is not among the names of #1: other.test, www.other.test",
            Some("+tls-host=other.test"),
        ),
        (
            Credential::CnOnly,
            "name: #1 has no names, only the common name dot.test, which does not count",
            None,
        ),
        (Credential::Nameless, "name: #1 has no names", None),
        (
            Credential::ClientPurpose,
            "purpose: #1 is for client authentication only, not for servers",
            None,
        ),
        (
            Credential::SelfSigned,
            "chain: #1 is self-signed and is no trust anchor",
            Some("if you know this key: +tls-pin="),
        ),
        (
            Credential::SelfSignedCa,
            "chain: #1 is its own CA's certificate, which must not be a server's",
            Some("if you know this key: +tls-pin="),
        ),
        (Credential::UnknownRoot, "is a root that is no trust anchor", None),
        (
            Credential::IntermediateMissing,
            "chain: the certificate of the issuer of #1, C=CZ,O=Lab Root,CN=Lab Issuing CA, was not \
             sent (it may be fetched from http://aia.lab.test/issuing.crt)",
            None,
        ),
        (Credential::UnrelatedAppended, "chain: #1 is self-signed and is no trust anchor", None),
        (Credential::CaAsLeaf, "name: #1 has no names, only the common name Lab Issuing CA", None),
        (
            Credential::BadSignature,
            "chain: the signature of #1 was not made by the key of its issuer",
            None,
        ),
        (
            Credential::NameConstraint,
            "chain: #2, which may certify other.test only, is not allowed to certify such names as those \
             of #1",
            None,
        ),
        (Credential::ExpiredIntermediate, "dates: #2 expired on ", None),
        (
            Credential::NeverTogether,
            "chain: its certificates were never valid at the same time",
            None,
        ),
        (Credential::Version1, "name: #1 has no names", None),
    ] {
        let server = Server::start(credential, Behaviour::Answer).expect_no_query();
        let seen = ask(&server, Policy::Name);
        assert!(seen.err.contains(reason), "{credential:?}: {reason}\n{}{}", seen.err, seen.out);
        match hint {
            Some(hint) => assert!(seen.err.contains(&format!(";; HINT: {hint}")), "{}", seen.err),
            None => assert!(!seen.err.contains(";; HINT"), "{credential:?}: {}", seen.err),
        }
    }
}

#[test]
fn a_pin_counts_only_for_a_key_that_was_proved() {
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let ask = |server: &Server, pin: &str| {
        tdig(&format!("@127.0.0.1#{} +tls-pin={pin} example.com", server.port()))
    };
    assert_eq!(ask(&good, &good.pin(0)).status, 0);
    let by_issuer = ask(&good, &good.pin(1));
    assert_eq!(by_issuer.status, 0, "the issuer signed it: {by_issuer:#?}");
    assert!(by_issuer.out.contains(&format!("{}, MATCH", good.pin(1))), "{by_issuer:#?}");

    // an attacker appends the real server's certificates to a chain of their own
    for position in [1, 2] {
        let attacker =
            Server::start(Credential::UnrelatedAppended, Behaviour::Answer).expect_no_query();
        let seen = ask(&attacker, &attacker.pin(position));
        assert_eq!(seen.status, 7, "{seen:#?}");
        let number = position + 1;
        let reason =
            format!("pin: matches certificate #{number}, which did not sign #1: not counted");
        assert!(seen.err.contains(&reason), "{seen:#?}");
        assert!(!seen.out.contains("MATCH"), "{seen:#?}");
    }
}

#[test]
fn a_pin_of_the_trust_anchor_counts_although_it_was_not_sent() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let pin = pin(&crate::dot::Pki::shared().root());
    let line =
        format!("@127.0.0.1#{} +tls-ca={} +tls-pin={pin} example.com", server.port(), root());
    assert_eq!(tdig(&line).status, 0);
}

#[test]
fn a_wrong_pin_says_what_was_served_and_expected_and_whether_the_chain_is_good() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_no_query();
    let seen = tdig(&format!(
        "@127.0.0.1#{} +tls-ca={} +tls-pin={WRONG_PIN} example.com",
        server.port(),
        root()
    ));
    assert_eq!(seen.status, 7);
    let served = format!("pin: served {}, expected {WRONG_PIN}", server.pin(0));
    assert!(seen.err.contains(&served), "{seen:#?}");
    assert!(seen.out.contains("chain:   yes, to C=CZ,O=Lab Root,CN=Lab Root CA"), "{seen:#?}");
}

#[test]
fn a_refused_certificate_is_shown_with_its_whole_chain() {
    let server = Server::start(Credential::WrongName, Behaviour::Answer).expect_no_query();
    let seen = ask(&server, Policy::Name);
    for line in [
        ";; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)",
        ";; CERTIFICATE CHAIN:",
        ";; #1, CN=other.test",
        &format!(";;     SHA-256 PIN: {}", server.pin(0)),
        ";; #2, C=CZ,O=Lab Root,CN=Lab Issuing CA",
        &format!(";;     SHA-256 PIN: {}", server.pin(1)),
        ";; Verdict: REFUSED for dot.test",
        ";;     purpose: yes, #1 is for server authentication",
        ";;     pin:     no pin asked",
    ] {
        assert!(seen.out.lines().any(|it| it == line), "{line}\n{}", seen.out);
    }
    assert!(!seen.out.contains("->>HEADER<<-"));
}

#[test]
fn the_name_sent_is_the_name_checked_unless_another_is_asked_for() {
    for (options, sni) in [
        ("", None),
        ("+tls-host=dot.test", Some("dot.test")),
        ("+tls-host=dot.test.", Some("dot.test")),
        ("+tls-host=127.0.0.1", None),
        ("+tls-sni=alt.dot.test", Some("alt.dot.test")),
        ("+tls-host=dot.test +tls-sni=alt.dot.test", Some("alt.dot.test")),
        ("+tls-host=dot.test +tls-sni=127.0.0.1", None),
    ] {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        let root = root();
        let line = format!("@127.0.0.1#{} +tls-ca={root} {options} example.com", server.port());
        let seen = tdig(&line);
        assert_eq!(seen.status, 0, "{seen:#?}");
        let hello = server.hello().unwrap();
        assert_eq!(hello.sni.as_deref(), sni, "{options}");
        assert_eq!(hello.alpn, [b"dot".to_vec()], "{options}");
    }
}

#[test]
fn a_name_typed_with_the_address_is_checked_and_sent() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let environment = [("SSL_CERT_FILE", root())];
    let at = |name: &str| format!("@127.0.0.1:{}#{name} example.com", server.port());
    assert_eq!(program(&environment, &at("alt.dot.test")).status, 0);
    assert_eq!(server.hello().unwrap().sni.as_deref(), Some("alt.dot.test"));
    assert_eq!(program(&environment, &at("other.test")).status, 6);
}

#[test]
fn each_server_is_checked_by_its_own_name() {
    let other = Server::start(Credential::WrongName, Behaviour::Answer).expect_no_query();
    let good = Server::start(Credential::Good, Behaviour::Answer);
    let (first, second) = (other.port(), good.port());
    let seen =
        tdig(&format!("@127.0.0.1#{first} @127.0.0.1#{second} +tls-ca={} example.com", root()));
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.err.contains("127.0.0.1 is not among the names of #1"), "{seen:#?}");
    assert!(seen.out.contains(";; Verdict: trusted for 127.0.0.1"), "{seen:#?}");
}

#[test]
fn the_opportunistic_profile_says_what_a_strict_client_would_have_said() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = ask(&server, Policy::Nothing);
    let verdict = "not verified (opportunistic profile); a strict client would refuse it for \
                   127.0.0.1: chain: #2 was signed by C=CZ,O=Lab Root,CN=Lab Root CA, which is no \
                   trust anchor";
    assert!(seen.out.contains(verdict), "{seen:#?}");
}

#[test]
fn what_a_certificate_says_cannot_forge_a_line_or_move_the_cursor() {
    for options in ["", "-d", "-dd", "+tls-host=dot.test +tls-ca"] {
        let server = Server::start(Credential::HostileNames, Behaviour::Answer).expect_anything();
        let seen = tdig(&format!("{options} @127.0.0.1#{} example.com", server.port()));
        for text in [&seen.out, &seen.err] {
            let odd = |it: char| it.is_control() && it != '\n' && it != '\t';
            assert!(!text.contains(odd) && !text.contains('\u{202e}'), "{text:?}");
            let forged = |line: &str| line.starts_with(";; The certificate is trusted");
            assert!(!text.lines().any(forged), "{text}");
        }
    }
}

#[test]
fn a_store_that_cannot_be_had_is_an_error_and_nobody_is_asked() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let at = format!("@127.0.0.1#{} example.com", server.port());
    let empty = crate::run::file("empty.pem", "no certificate\n");
    for (options, words) in [
        ("+tls-ca=/nonexistent.pem", &*not_there("/nonexistent.pem")),
        (&*format!("+tls-ca={empty}"), "empty.pem: holds no certificate"),
        ("+tls-pin=/nonexistent.pem", &*not_there("/nonexistent.pem")),
        (&*format!("+tls-pin={empty}"), "empty.pem: holds neither a certificate nor a public key"),
    ] {
        let seen = tdig(&format!("{at} {options}"));
        assert_eq!(seen.status, 8, "{seen:#?}");
        assert!(seen.err.contains(words), "{seen:#?}");
    }
    assert!(server.queries().is_empty());
    let store = [("SSL_CERT_FILE", "/nonexistent.pem")];
    let seen = program(&store, &format!("{at} +tls-ca +tls-host=dot.test"));
    assert_eq!(seen.status, 8, "{seen:#?}");
    assert!(seen.err.starts_with(";; ERROR: system trust store: "), "{seen:#?}");
    assert!(seen.err.ends_with("\n;; HINT: +tls-mozilla, whose roots are built in\n"), "{seen:#?}");
    assert!(server.queries().is_empty());
}

#[test]
fn a_pin_may_be_the_file_of_a_certificate() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let file = crate::run::file("leaf.pem", &crate::dot::pem(&server.chain()[0]));
    let seen = tdig(&format!("@127.0.0.1#{} +tls-pin={file} example.com", server.port()));
    assert_eq!(seen.status, 0, "{seen:#?}");
}

#[test]
fn a_certificate_that_signed_itself_is_believed_where_it_is_the_trust_anchor() {
    let server = Server::start(Credential::SelfSigned, Behaviour::Answer);
    let file = crate::run::file("self.pem", &crate::dot::pem(&server.chain()[0]));
    let line = |server: &Server, file: &str| {
        format!("@127.0.0.1#{} +tls-ca={file} example.com", server.port())
    };
    assert_eq!(tdig(&line(&server, &file)).status, 0);
    // one that is marked as a CA's is no server's, unless it is the trust anchor itself; its key
    // may be pinned
    let server = Server::start(Credential::SelfSignedCa, Behaviour::Answer);
    let file = crate::run::file("self-ca.pem", &crate::dot::pem(&server.chain()[0]));
    assert_eq!(tdig(&line(&server, &file)).status, 0);
    let seen = tdig(&line(&server, root()));
    assert_eq!(seen.status, 6);
    assert!(seen.err.contains("#1 is its own CA's certificate, which must not be a server's"));
    let hint = seen.err.lines().last().unwrap().strip_prefix(";; HINT: if you know this key: ");
    let line = format!("@127.0.0.1#{} {} example.com", server.port(), hint.unwrap());
    assert_eq!(tdig(&line).status, 0);
}

#[test]
fn a_weak_signature_is_called_weak_where_its_root_is_trusted() {
    let root = crate::run::file("weak.pem", &crate::dot::Pki::shared().weak_root_pem());
    let server = Server::start(Credential::WeakSignature, Behaviour::Answer).expect_no_query();
    let seen = tdig(&format!("@127.0.0.1#{} +tls-ca={root} example.com", server.port()));
    assert_eq!(seen.status, 6);
    let words = "chain: #1 is signed with RSA-SHA1, which is weak)";
    assert!(seen.err.contains(words), "{seen:#?}");
}

#[test]
fn a_weak_key_is_called_weak_and_not_a_forger() {
    let weak = crate::run::file("weak-key.pem", &crate::dot::Pki::shared().weak_key_root_pem());
    for (options, words) in [
        (format!("+tls-ca={weak}"), "chain: the key of #2, RSA 1024, is weak)"),
        (format!("+tls-ca={}", root()), "chain: the key of #2, RSA 1024, is weak"),
    ] {
        let server = Server::start(Credential::WeakKey, Behaviour::Answer).expect_no_query();
        let seen = tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()));
        assert_eq!(seen.status, 6);
        assert!(seen.err.contains(words), "{seen:#?}");
        assert!(seen.out.contains("signed by #2 (not verified) with RSA-SHA256"), "{seen:#?}");
    }
    let server = Server::start(Credential::WeakKey, Behaviour::Answer).expect_no_query();
    let (port, pin) = (server.port(), server.pin(1));
    let seen = tdig(&format!("@127.0.0.1#{port} +tls-pin={pin} example.com"));
    assert_eq!(seen.status, 7);
    let words = "pin: matches certificate #2, of which nobody can tell whether it signed #1: not \
                 counted";
    assert!(seen.err.contains(words), "{seen:#?}");

    let identity = crate::dot::Pki::shared().identity(Credential::WeakKey);
    let (chain, key) = (vec![identity.chain[0].clone()], identity.key.clone_key());
    let server = Server::presenting(Identity { chain, key }).start().expect_no_query();
    let seen = tdig(&format!("@127.0.0.1#{} +tls-ca={weak} example.com", server.port()));
    let words = "chain: the key of the trust anchor C=CZ,O=Lab Root,CN=Lab Weak Key CA, RSA 1024, \
                 is weak)";
    assert!(seen.err.contains(words), "{seen:#?}");
}

#[test]
fn one_flaw_does_not_hide_another() {
    let server = Server::start(Credential::CaAsLeaf, Behaviour::Answer).expect_no_query();
    let seen = tdig(&format!(
        "@127.0.0.1#{} +tls-ca={} +tls-host=dot.test +tls-pin={WRONG_PIN} +short example.com",
        server.port(),
        root()
    ));
    assert_eq!((seen.status, &*seen.out), (6, ""));
    for reason in
        ["(certificate refused: name: #1 has no", "; chain: #1 is a CA's", "; pin: served"]
    {
        assert!(seen.err.contains(reason), "{reason}: {seen:#?}");
    }
}

#[test]
fn a_strict_client_never_speaks_without_tls() {
    // a handshake that ends early is begun once more, with a short hello
    let early = if can_post_quantum() { 2 } else { 1 };
    for (behaviour, connections) in [
        (Behaviour::SshBanner, 1),
        (Behaviour::PlainDns, 1),
        (Behaviour::FatalAlert(40), early),
        (Behaviour::FatalAlert(70), 1),
        (Behaviour::CloseOnAccept, early),
        (Behaviour::CloseAfterQuery, 1),
    ] {
        let server = Server::start(Credential::Good, behaviour);
        // the same port over UDP is where a fallback would go without asking
        let cleartext = std::net::UdpSocket::bind(server.address()).unwrap();
        cleartext.set_nonblocking(true).unwrap();
        for options in ["", "+tls-ca", "+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            let before = server.connections();
            let seen = tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()));
            assert_ne!(seen.status, 0, "{behaviour:?}: {seen:#?}");
            assert_eq!(server.connections(), before + connections, "{behaviour:?}: {seen:#?}");
        }
        assert!(cleartext.recv(&mut [0; 512]).is_err(), "nothing went out in the clear");
    }
}

#[test]
fn a_listener_without_tls_gets_no_octet_of_a_query() {
    for options in ["", "+tls-ca", "+tls-host=dot.test"] {
        let server = Server::plain().start();
        let seen =
            tdig(&format!("@127.0.0.1#{} {options} +timeout=500ms example.com", server.port()));
        assert_eq!(seen.status, 5, "{seen:#?}");
        assert!(server.finish().queries.iter().all(|it| !it.windows(7).any(|it| it == b"example")));
    }
}

#[test]
fn the_chain_as_pem_is_all_there_is_under_short() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let pem: String = server.chain().iter().map(|it| crate::dot::pem(it)).collect();
    let ask = |options: &str| tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()));
    assert_eq!(ask("+short +pem").out, pem);
    let whole = ask("+pem");
    let section = whole.out.find(";; CERTIFICATE CHAIN:").unwrap();
    let (armour, header) = (whole.out.find(&pem).unwrap(), whole.out.find(";; ->>HEADER").unwrap());
    assert!(section < armour && armour < header, "{whole:#?}");
    let refused = ask("+short +pem +tls-host=other.test +tls-mozilla");
    assert_eq!((refused.status, refused.out), (6, pem));
    let json = ask("+json +pem +tls-host=other.test +tls-mozilla");
    assert!(json.out.starts_with('{') && !json.out.contains("-----BEGIN"), "{json:#?}");
}

#[test]
fn all_that_can_be_said_of_a_certificate_is_said_with_dd() {
    let server = Server::start(Credential::ManyNames, Behaviour::Answer);
    let (port, root) = (server.port(), root());
    let seen = tdig(&format!("-dd @127.0.0.1#{port} +tls-ca={root} example.com"));
    let der = &server.chain()[0];
    let hash = |octets: &[u8]| -> String {
        use sha2::Digest;
        sha2::Sha256::digest(octets).iter().map(|it| format!("{it:02X}")).collect()
    };
    let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
    for line in [
        format!("     Pin forms: sha256//{}", server.pin(0)),
        format!("     TLSA: 3 1 1 {}", hash(parsed.public_key().raw)),
        format!("     SHA-256 fingerprint: {}", hash(der)),
        "     Use: no CA; digital signature; server authentication".to_owned(),
        "     Use: CA, at most 0 CAs below it; key cert sign, crl sign".to_owned(),
        "       DNSname: dot10.test".to_owned(),
        "       IPAddress: 2001:db8::2".to_owned(),
    ] {
        assert!(seen.out.contains(&format!(";; DEBUG: {line}\n")), "{line}\n{}", seen.out);
    }
}

#[test]
fn no_certificate_is_too_odd_to_be_shown_with_its_pin() {
    for credential in Credential::ALL {
        if matches!(credential, Credential::WrongKey | Credential::UnparsableLeaf) {
            // no key was proved, so there is no certificate to show
            continue;
        }
        let server = Server::start(*credential, Behaviour::Answer);
        let seen = tdig(&format!("@127.0.0.1#{} +noall +cert example.com", server.port()));
        assert_eq!(seen.status, 0, "{credential:?}: {seen:#?}");
        let sent = server.chain().len();
        let pins = seen.out.lines().take_while(|it| !it.contains(", not sent: "));
        let pins = pins.filter(|it| it.starts_with(";;     SHA-256 PIN: ")).count();
        assert_eq!(pins, sent, "{credential:?}");
        let longest = seen.out.lines().map(str::len).max().unwrap();
        assert!(longest < 1000, "{credential:?}: a line of {longest} octets");
    }
    let server = Server::start(Credential::UnparsableCertificate, Behaviour::Answer);
    let seen = tdig(&format!("@127.0.0.1#{} example.com", server.port()));
    let line = ";; #2, unreadable: it is no DER, or not all of it\n;;     SHA-256 PIN: none, no key \
                was found\n";
    assert!(seen.out.contains(line), "{seen:#?}");
    let server = Server::start(Credential::LongNames, Behaviour::Answer);
    let seen = tdig(&format!("@127.0.0.1#{} example.com", server.port()));
    assert!(seen.out.contains("... (1800 octets left out)"), "{seen:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_no_failure_of_a_server() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_anything();
    let file = "/no/such/file";
    for options in [format!("+tls-ca={file}"), format!("+tls-certfile={file} +tls-keyfile={file}")]
    {
        let seen = tdig(&format!("@127.0.0.1#{} {options} example.com", server.port()));
        let said = format!(";; ERROR: {}\n", not_there(file));
        assert_eq!((seen.status, seen.err), (8, said), "{options}");
    }
}
