//! `+fallback`: cleartext where TLS cannot be had, with a warning, unless a check was asked for.
//! One rule: without the option not one octet of a query leaves in cleartext.

use tdig::tls::hello::can_post_quantum;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{Seen, root, tdig};

fn ask(server: &Server, plain: &Server, options: &str) -> Seen {
    let (port, cleartext) = (server.port(), plain.port());
    tdig(&format!("@127.0.0.1#{port} +fallback={cleartext} {options} +timeout=2 example.com"))
}

#[test]
fn where_tls_cannot_be_had_the_query_goes_out_in_cleartext_and_that_is_said() {
    for behaviour in [Behaviour::FatalAlert(40), Behaviour::SshBanner, Behaviour::CloseOnAccept] {
        let server = Server::start(Credential::Good, behaviour).expect_no_query();
        let plain = Server::plain().start();
        let seen = ask(&server, &plain, "");
        assert_eq!(seen.status, 0, "{behaviour:?}: {seen:#?}");
        let port = plain.port();
        let loudly = format!(
            ";; WARNING: no TLS with 127.0.0.1: asking over TCP on port {port} IN CLEARTEXT, for \
             anyone to read and change\n"
        );
        assert!(seen.err.contains(&loudly), "{seen:#?}");
        assert!(seen.out.contains("(TCP) in ") && !seen.out.contains("TLS session"), "{seen:#?}");
        let accounts = plain.finish();
        assert_eq!((accounts.queries.len(), accounts.datagrams), (1, 0));
        assert_ne!(accounts.queries[0].len() % 128, 0, "cleartext is not padded");
    }
}

#[test]
fn where_tls_can_be_had_nothing_is_in_cleartext() {
    let plain = Server::plain().start().expect_unused();
    let server = Server::start(Credential::SelfSigned, Behaviour::Answer);
    let seen = ask(&server, &plain, "");
    assert_eq!((seen.status, &*seen.err), (0, ""));
    // a session that stood and brought nothing is no reason
    let server = Server::start(Credential::Good, Behaviour::CloseAfterQuery);
    assert_eq!(ask(&server, &plain, "").status, 9);
    // neither is a failure unless it was asked for
    let server = Server::start(Credential::Good, Behaviour::FatalAlert(40)).expect_no_query();
    assert_eq!(ask(&server, &plain, "+nofallback").status, 5);
}

#[test]
fn a_kept_session_in_cleartext_serves_no_other_query() {
    let server = Server::start(Credential::Good, Behaviour::FatalAlert(40)).expect_no_query();
    let plain = Server::plain().start();
    let seen = ask(&server, &plain, "+keepopen example.com");
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert_eq!(seen.err.matches("IN CLEARTEXT").count(), 2, "each is said: {seen:#?}");
    // with a long hello, and with a short one where the long one may be to blame
    let hellos = if can_post_quantum() { 2 } else { 1 };
    assert_eq!(server.connections(), 2 * hellos, "TLS is tried each time");
}

#[test]
fn it_contradicts_every_option_that_asks_something_of_the_server() {
    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    let plain = Server::plain().start().expect_unused();
    let root = root();
    for options in [
        "+tls-ca",
        &format!("+tls-ca={root}"),
        "+tls-mozilla",
        "+tls-host=dot.test",
        "+tls-ocsp-stapling",
        "+tls-pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "@127.0.0.1#dot.test",
        "@tls://127.0.0.1",
        "+notls",
        "-t AXFR",
    ] {
        let seen = ask(&server, &plain, options);
        assert_eq!(seen.status, 1, "{options}: {seen:#?}");
        assert!(seen.err.starts_with(";; ERROR: +fallback "), "{options}: {seen:#?}");
    }
}
