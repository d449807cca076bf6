//! The servers of the system's resolver configuration. One rule: what is in the file is what is
//! asked, whoever wrote it and in whatever encoding.

use std::path::PathBuf;
use std::process::Command;

use crate::dot::{Credential, Server};
use crate::run::say;

/// Runs tdig with these octets as /etc/resolv.conf: its status and what it says on standard error.
fn with_resolv_conf(name: &str, octets: &[u8], line: &str) -> (Option<i32>, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, octets).unwrap();
    let script = format!(
        "mount --bind {} /etc/resolv.conf && exec {} -r {line}",
        path.display(),
        env!("CARGO_BIN_EXE_tdig")
    );
    let output = Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_configuration_in_any_encoding_names_the_servers_that_are_asked() {
    // a file of the test's own in that place needs a namespace of mounts
    if !Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|it| it.status.success()) {
        return say("skipped the resolver configuration: no namespaces");
    }
    let server = Server::with(Credential::Good).start();
    let at = format!("nameserver 127.0.0.1:{}", server.port()).into_bytes();
    for (before, after) in [
        (&b"# caf\xe9\n"[..], &b"\n"[..]),
        (b"\xef\xbb\xbf", b"\r\nsearch \xff.example\r\n"),
        (b"nameserver caf\xe9\n", b""),
        (b"\t", b";x"),
    ] {
        let octets = [before, &at[..], after].concat();
        let (status, err) = with_resolv_conf("resolv-good.conf", &octets, "+short example.com");
        assert_eq!(status, Some(0), "{:?}: {err}", String::from_utf8_lossy(&octets));
    }
    let (status, err) =
        with_resolv_conf("resolv-bad.conf", b"x\nnameserver caf\xe9\n", "+short example.com");
    assert_eq!(status, Some(8), "{err}");
    let words = r"/etc/resolv.conf: no nameserver line can be read; line 2 is: nameserver caf\233";
    assert_eq!(err, format!(";; ERROR: {words}\n"));
    // a file without such a line stands for the resolver of this machine
    let line = "+timeout=1 -p 1 example.com";
    let (status, err) = with_resolv_conf("resolv-none.conf", b"# none\nsearch x\n", line);
    assert_eq!(status, Some(4), "{err}");
    assert!(err.contains("127.0.0.1@1(TLS)"), "{err}");
    let hint = "the system's resolver may not support TLS; try a public one (@1.1.1.1), or +notls";
    assert!(err.ends_with(&format!(";; HINT: {hint}\n")), "{err}");
}
