//! What a server hardly ever sends, as JSON. One rule: it is in the object, and under one name.

use super::*;
use crate::dns::unhex;
use crate::render::dig::tests::exchange;

/// The object of this reply.
fn object(reply: &str) -> serde_json::Value {
    let exchange = exchange(unhex(reply));
    let (query, reply) =
        (Message::read(&exchange.query.bytes), Message::read(&exchange.reply.bytes));
    let mut out = Vec::new();
    let faults = &reply.faults[..];
    let it = Answered {
        exchange: &exchange,
        query: &query,
        reply: &reply,
        faults,
        failed: &[],
        qr: false,
    };
    answered(&Heard::default(), it, false, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn an_option_that_comes_again_is_not_lost_and_takes_no_name_twice() {
    let object = object(
        "9D68 8000 0001 0000 0000 0001 036C6162 00 0001 0001
         00 0029 04D0 0000E001 007C
         0003 0003 6C6162 0003 0002 0178
         0008 0007 0001 18 14 C00002
         000A 0008 0001020304050607
         000A 0018 0001020304050607 08090A0B0C0D0E0F1011121314151617
         000B 0000
         000C 0002 0000 000C 0001 01
         000F 0004 0006 7800 000F 0002 03E7 000F 0001 01
         0013 0006 01 00 00000007
         FDE9 0002 6869 FDE9 0000
         0005 0002 08 0D",
    );
    let edns = &object["EDNS"];
    let expected = serde_json::json!({
        "Version": 0,
        "FLAGS": ["DO", "BIT1", "DE", "BIT15"],
        "RCODE": "NOERROR",
        "UDPSIZE": 1232,
        "NSID": [{ "HEX": "6C6162", "TEXT": "lab" }, { "HEX": "0178", "TEXT": "\\001x" }],
        "ECS": "192.0.2.0/24/20",
        "COOKIE": ["0001020304050607"],
        "OPT10": ["000102030405060708090A0B0C0D0E0F1011121314151617"],
        "KEEPALIVE": null,
        "PADDING": { "LENGTH": 2 },
        "OPT12": ["01"],
        "EDE": [
            { "CODE": 6, "Purpose": "DNSSEC Bogus", "TEXT": "x" },
            { "CODE": 999 }
        ],
        "OPT15": ["01"],
        "ZONEVERSION": { "ZONE": "lab.", "TYPE": "SOA-SERIAL", "VERSION": 7 },
        "OPT65001": ["6869", ""],
        "DAU": [8, 13]
    });
    assert_eq!(edns, &expected);
}

#[test]
fn the_times_of_a_signature_are_those_nearest_to_the_reply() {
    let object = object(
        "9D68 8000 0000 0001 0000 0000
         00 002E 0001 0000003C 0014 0001 0D 00 0000003C FFFFFFFF 00000001 3039 00 AA",
    );
    let text = "A 13 0 60 19691231235959 19700101000001 12345 . qg==";
    assert_eq!(object["answerRRs"][0]["rdataRRSIG"], text);
}

#[test]
fn as_many_options_as_fit_into_a_message_take_no_longer_than_they_should() {
    let count = 16_300_u16;
    let mut reply = unhex("9D68 8000 0000 0000 0000 0001 00 0029 04D0 00000000");
    reply.extend((count * 4).to_be_bytes());
    (0..count).for_each(|code| reply.extend([(1000 + code).to_be_bytes(), [0, 0]].concat()));
    let message = Message::read(&reply);
    assert_eq!(message.faults, []);
    let start = std::time::Instant::now();
    let edns =
        edns::EdnsView { opt: message.opt().unwrap(), rcode: message.rcode(), question: None };
    let object = serde_json::to_value(edns).unwrap();
    assert_eq!(object.as_object().map(serde_json::Map::len), Some(4 + usize::from(count)));
    // a search through all that came before takes half a second and more
    assert!(start.elapsed() < std::time::Duration::from_millis(300), "{:?}", start.elapsed());
}

#[test]
fn several_questions_are_an_array() {
    let object = object("9D68 8000 0002 0000 0000 0000 036C6162 00 0001 0001 00 00FF FDE8");
    assert_eq!(
        object["questionRRs"],
        serde_json::json!([
            { "NAME": "lab.", "TYPE": 1, "TYPEname": "A", "CLASS": 1, "CLASSname": "IN" },
            { "NAME": ".", "TYPE": 255, "TYPEname": "ANY", "CLASS": 65000,
              "CLASSname": "CLASS65000" }
        ])
    );
    assert!(object.get("QNAME").is_none());
}

#[test]
fn data_that_fit_no_type_are_in_hex_alone() {
    let object = object(
        "9D68 8000 0000 0003 0000 0000
         00 0001 0001 0000003C 0003 C00002
         00 FF00 0001 0000003C 0000
         00 0010 0001 0000003C 0002 011B",
    );
    let records = object["answerRRs"].as_array().unwrap();
    assert_eq!(records[0]["RDATAHEX"], "C00002");
    assert!(records[0].get("rdataA").is_none());
    assert_eq!(records[1]["TYPEname"], "TYPE65280");
    assert!(records[1].get("RDATAHEX").is_none());
    assert_eq!(records[2]["rdataTXT"], "\"\\027\"");
    assert_eq!(object["warnings"][0], "malformed A data, shown in hex (answer 1)");
}

#[test]
fn a_message_that_cannot_be_read_to_its_end_is_there_as_octets() {
    let cut = object("9D68 8180 0001 0001 0000 0000 036C6162 00 0001 0001 C00C 00");
    assert_eq!(cut["QNAME"], "lab.");
    assert_eq!(cut["messageOctetsHEX"].as_str().map(str::len), Some(2 * 24));
    assert_eq!(cut["error"]["kind"], "message");
    assert_eq!(cut["error"]["exitCode"], 11);
    let short = object("9D");
    assert_eq!((&short["messageOctetsHEX"], short.get("ID")), (&"9D".into(), None));
}
