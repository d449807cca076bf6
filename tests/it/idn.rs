//! Names with letters beyond ASCII, in and out.

use tdig::Surroundings;

use crate::dot::{Behaviour, Credential, Server};
use crate::run::{Seen, tdig, tdig_in};

fn ask(surroundings: &Surroundings, words: &str) -> Seen {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    tdig_in(surroundings, &format!("@127.0.0.1#{} {words}", server.port()))
}

#[test]
fn what_is_sent_is_told_while_the_header_is_shown() {
    const INFO: &str = ";; INFO: IDNA qname háčky.lab.test -> xn--hky-ela4t.lab.test\n";
    let plain = Surroundings::default();
    let seen = ask(&plain, "háčky.lab.test");
    assert!(seen.out.starts_with(INFO), "{seen:#?}");
    assert!(seen.out.contains("\n;; xn--hky-ela4t.lab.test.\t\tIN\tA\n"), "{seen:#?}");
    for words in ["+noheader", "+short", "+json"] {
        let seen = ask(&plain, &format!("{words} háčky.lab.test"));
        assert!(!seen.out.contains("INFO"), "{seen:#?}");
    }
    let seen = ask(&plain, "+noidnin háčky.lab.test");
    assert!(seen.out.contains(r"h\195\161\196\141ky.lab.test."), "{seen:#?}");
    assert!(!seen.out.contains("INFO"), "{seen:#?}");
    let seen = ask(&plain, "WwW.LaB.test");
    assert!(seen.out.contains("\n;; WwW.LaB.test.       \t\tIN\tA\n"), "{seen:#?}");
}

#[test]
fn letters_that_no_host_name_has_are_sent_as_they_are() {
    let seen = ask(&Surroundings::default(), "a\u{202e}b.test");
    assert_eq!(seen.status, 0, "{seen:#?}");
    assert!(seen.err.starts_with(";; ERROR: IDNA ("), "{seen:#?}");
    assert!(seen.out.contains(r";; a\226\128\174b.test."), "{seen:#?}");
}

#[test]
fn punycode_is_unicode_on_a_terminal_or_on_demand() {
    let terminal = Surroundings { out_is_terminal: true, no_color: true, ..Default::default() };
    let name = "xn--hkyrky-ptac70bc.lab.test";
    for (surroundings, words, shown) in [
        (&terminal, "", true),
        (&terminal, "+noidnout", false),
        (&Surroundings::default(), "", false),
        (&Surroundings::default(), "+idnout", true),
    ] {
        let seen = ask(surroundings, &format!("{words} {name}"));
        assert_eq!(seen.out.contains(";; háčkyčárky.lab.test."), shown, "{seen:#?}");
        assert_eq!(seen.out.contains(&format!(";; {name}.")), !shown, "{seen:#?}");
    }
    let seen = tdig("+idn @127.0.0.1 example.com");
    assert!(seen.err.starts_with(";; ERROR: ambiguous option: +idn\n"), "{seen:#?}");
}
