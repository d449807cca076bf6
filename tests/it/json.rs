//! `+json` in every situation of the server. One rule: whatever comes, one object is written that is
//! what `man/tdig.schema.json` says, with no name twice and no character that steers a terminal.

use std::collections::HashSet;
use std::fmt;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use tdig::Surroundings;
use tdig::verdict::Flaw;

use crate::dot::{Behaviour, Credential, Server, Stage};
use crate::run::{Seen, root, tdig, tdig_in};

/// The objects of a run, each of them valid.
pub(crate) fn objects(seen: &Seen) -> Vec<Value> {
    let odd = |it: char| (it.is_control() && it != '\n') || matches!(it, '\u{202a}'..='\u{202e}');
    assert!(!seen.out.contains(odd), "{seen:#?}");
    let stream = serde_json::Deserializer::from_str(&seen.out).into_iter::<Distinct>();
    assert!(stream.map(Result::unwrap).count() > 0, "{seen:#?}");
    let stream = serde_json::Deserializer::from_str(&seen.out).into_iter::<Value>();
    stream
        .map(|object| {
            let object = object.unwrap();
            let faults: Vec<_> = schema().iter_errors(&object).map(|it| it.to_string()).collect();
            assert!(faults.is_empty(), "{faults:#?}\n{object:#}");
            object
        })
        .collect()
}

fn object(seen: &Seen) -> Value {
    let mut objects = objects(seen);
    assert_eq!((objects.len(), seen.out.lines().count()), (1, 1), "{seen:#?}");
    objects.remove(0)
}

fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../man/tdig.schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
    })
}

/// The object that sums a batch up, which is the last line of standard error.
pub(crate) fn summary(seen: &Seen) -> Value {
    let text = include_str!("../../man/tdig.schema.json");
    let definitions = serde_json::from_str::<Value>(text).unwrap()["$defs"].take();
    let schema = serde_json::json!({ "$ref": "#/$defs/batch", "$defs": definitions });
    let line = seen.err.lines().last().unwrap_or_default();
    let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{seen:#?}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(&object).map(|it| it.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}\n{object:#}");
    object
}

/// Any JSON in which no object has a name twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, _)) = map.next_entry::<String, Self>()? {
            assert!(names.insert(name.clone()), "{name} stands twice");
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

fn ask(server: &Server, options: &str) -> Seen {
    let (port, root) = (server.port(), root());
    tdig(&format!(
        "@127.0.0.1#{port} +tls-ca={root} +tls-host=dot.test +timeout=700ms +json {options} \
         example.com"
    ))
}

#[test]
fn every_behaviour_of_a_server_makes_one_valid_object() {
    for &behaviour in Behaviour::ALL {
        let replies = matches!(behaviour.stage(), Stage::Answered | Stage::Message);
        // a query without a reply is not shown
        let faces = if replies { &["", "+qr +dnssec +nsid"][..] } else { &[""] };
        for options in faces {
            let server = Server::start(Credential::Good, behaviour);
            let seen = ask(&server, options);
            let object = object(&seen);
            let error = &object["error"];
            assert_eq!(error.is_null(), seen.status == 0, "{behaviour:?}: {object:#}");
            if seen.status != 0 {
                assert_eq!(error["exitCode"], seen.status, "{behaviour:?}");
            }
            let met = behaviour.stage() != Stage::Handshake;
            assert_eq!(object["tls"]["chain"][0]["pin"] == server.pin(0), met, "{behaviour:?}");
            assert_eq!(object["server"]["address"], "127.0.0.1", "{behaviour:?}");
        }
    }
}

#[test]
fn every_certificate_makes_one_valid_object() {
    for &credential in Credential::ALL {
        for strict in [false, true] {
            let server = Server::start(credential, Behaviour::Answer).expect_anything();
            let (port, root) = (server.port(), root());
            let asked =
                if strict { format!("+tls-ca={root} +tls-host=dot.test") } else { "".into() };
            let seen = tdig(&format!("@127.0.0.1#{port} {asked} +json example.com"));
            let object = object(&seen);
            let tls = &object["tls"];
            if seen.status == 5 {
                continue;
            }
            let sent = server.chain().iter().map(|it| tdig::text::base64(it).into());
            let shown = tls["chain"].as_array().unwrap().iter().map(|it| it["der"].clone());
            assert!(shown.eq(sent.collect::<Vec<Value>>()), "{credential:?}");
            if strict || !tls["chain"][0]["pin"].is_null() {
                assert_eq!(tls["chain"][0]["pin"], server.pin(0), "{credential:?}");
            }
            let trusted = strict.then_some(seen.status == 0);
            assert_eq!(tls["trusted"], Value::from(trusted), "{credential:?}");
        }
    }
}

#[test]
fn a_chain_may_be_longer_than_an_octet_counts() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let mut object = object(&ask(&server, ""));
    object["tls"]["path"] = serde_json::json!([0, 300]);
    object["tls"]["chain"][0]["signedBy"] = serde_json::json!({ "position": 300 });
    assert!(schema().is_valid(&object), "{object:#}");
}

#[test]
fn a_reply_has_who_answered_how_long_it_took_and_how_it_was_padded() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let port = server.port();
    let seen = tdig(&format!(
        "@localhost#{port} -4 +tls-ca={} +tls-host=dot.test +json example.com",
        root()
    ));
    let object = object(&seen);
    assert_eq!(object["RCODEname"], "NOERROR");
    assert_eq!(object["QNAME"], "example.com.");
    assert_eq!(object["answerRRs"][0]["TYPEname"], "A");
    assert_eq!(
        object["server"],
        serde_json::json!({
            "host": "localhost", "address": "127.0.0.1", "port": port, "protocol": "TLS"
        })
    );
    let tls = &object["tls"];
    assert_eq!(
        (&tls["profile"], &tls["version"], &tls["alpn"]),
        (&"strict".into(), &"TLS1.3".into(), &"dot".into())
    );
    assert_eq!(tls["verdict"]["name"]["asked"], true);
    assert_eq!(tls["verdict"]["pin"]["asked"], false);
    assert_eq!(tls["path"], serde_json::json!([0, 1]));
    assert_eq!(tls["anchor"]["sent"], false);
    assert_eq!(tls["chain"][0]["signedBy"], serde_json::json!({ "position": 1 }));
    assert_eq!(tls["chain"][1]["signedBy"], "anchor");
    assert_eq!(tls["chain"][0]["names"][0]["value"], "dot.test");
    assert_eq!(object["padding"]["query"]["total"], 128);
    assert!(object["timing"]["total"].as_f64() >= object["timing"]["handshake"].as_f64());
}

#[test]
fn what_failed_says_why_on_standard_output_too() {
    let server = Server::start(Credential::WrongName, Behaviour::Answer).expect_no_query();
    let object = object(&ask(&server, ""));
    assert_eq!(object["error"]["kind"], "certificate");
    assert_eq!(object["error"]["exitCode"], 6);
    assert_eq!(object["error"]["hint"], "+tls-host=other.test");
    assert_eq!(object["tls"]["trusted"], false);
    assert_eq!(object["tls"]["verdict"]["name"]["holds"], false);
    assert_eq!(object["tls"]["verdict"]["chain"]["holds"], true);

    let seen = tdig("@no-such-host.invalid +timeout=3 +json example.com");
    let object = self::object(&seen);
    assert_eq!(object["error"]["kind"], "resolve");
    assert_eq!(object["server"]["host"], "no-such-host.invalid");
    assert_eq!(object["server"]["address"], Value::Null);

    let server = Server::start(Credential::Good, Behaviour::Answer).expect_unused();
    let line = format!("@127.0.0.1#{} +tls-ca=/nonexistent.pem +json x.test", server.port());
    let object = self::object(&tdig(&line));
    assert_eq!(
        (&object["error"]["kind"], &object["error"]["exitCode"]),
        (&"file".into(), &8.into())
    );
}

#[test]
fn plain_dns_names_its_protocol_and_has_no_session() {
    for (options, protocol) in [("", "UDP"), ("+tcp", "TCP")] {
        for behaviour in [Behaviour::Answer, Behaviour::NotAReply, Behaviour::NoReply] {
            let server = Server::plain().behaviour(behaviour).start();
            let at = format!("@127.0.0.1#{} +timeout=300ms", server.port());
            let seen = tdig(&format!("{at} +notls {options} +json example.com"));
            let object = object(&seen);
            assert_eq!(object["server"]["protocol"], protocol, "{object:#}");
            assert!(object.get("tls").is_none(), "{object:#}");
            assert_eq!(object.get("error").is_none(), seen.status == 0, "{object:#}");
        }
    }
}

#[test]
fn a_reply_that_is_not_signed_as_the_query_was_is_of_no_use() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let object = object(&ask(&server, "-y key.test:AAAA"));
    assert_eq!(object["signature"]["holds"], false);
    assert_eq!(object["error"]["kind"], "message");
    assert_eq!(object["error"]["exitCode"], 11);
}

#[test]
fn an_rcode_has_its_upper_bits() {
    let server = Server::start(Credential::Good, Behaviour::ExtendedRcode(23));
    let object = object(&ask(&server, ""));
    assert_eq!(object["RCODE"], 23);
    assert_eq!(object["RCODEname"], "BADCOOKIE");
    assert_eq!(object["EDNS"]["RCODE"], "BADCOOKIE");
}

#[test]
fn display_switches_change_nothing_but_qr() {
    let members = |options: &str| {
        let server = Server::start(Credential::Good, Behaviour::Answer);
        let object = object(&ask(&server, options));
        let (mut all, mut response) = (object.clone(), object["responseMessage"].clone());
        for message in [&mut all, &mut response] {
            for name in ["ID", "dateString", "dateSeconds", "timing", "server"] {
                message.as_object_mut().map(|it| it.remove(name));
            }
        }
        (all, response)
    };
    let (plain, _) = members("");
    for options in ["+noall", "+nocrypto +nottl", "+nocert +generic", "-d"] {
        assert_eq!(members(options).0, plain, "{options}");
    }
    let (_, response) = members("+qr");
    assert_eq!(response["answerRRs"], plain["answerRRs"]);
    assert_eq!(response["QNAME"], plain["QNAME"]);
}

#[test]
fn several_queries_are_one_line_each_and_debug_lines_are_elsewhere() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let seen = tdig(&format!("-d @127.0.0.1#{} +json example.com x.test AAAA", server.port()));
    assert_eq!((objects(&seen).len(), seen.out.lines().count()), (2, 2));
    assert!(seen.err.contains(";; DEBUG: Querying for owner(x.test.)"), "{}", seen.err);
}

#[test]
fn on_a_terminal_an_object_is_indented() {
    let server = Server::start(Credential::Good, Behaviour::Answer);
    let terminal = Surroundings { out_is_terminal: true, no_color: true, ..Default::default() };
    let seen = tdig_in(&terminal, &format!("@127.0.0.1#{} +json example.com", server.port()));
    assert!(seen.out.starts_with("{\n  \"dateString\": \""), "{}", seen.out);
    assert_eq!(objects(&seen).len(), 1);
}

#[test]
fn the_schema_lists_the_word_of_every_flaw() {
    let schema: Value = serde_json::from_str(include_str!("../../man/tdig.schema.json")).unwrap();
    let listed = &schema["$defs"]["answer"]["properties"]["flaw"]["enum"];
    let listed: Vec<_> = listed.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let words = Flaw::ALL.iter().map(Flaw::to_string).collect::<Vec<_>>();
    assert_eq!(listed, words);
    // none is missing: the last one declared has the last place
    let places: Vec<_> = Flaw::ALL.iter().map(|flaw| *flaw as usize).collect();
    assert_eq!(places, (0..=Flaw::OtherKey as usize).collect::<Vec<_>>());
}
