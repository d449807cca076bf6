//! Messages of BIND's dig and named, byte for byte, and what must not pass. One rule: what was
//! recorded is written here as it was sent.

use super::*;
use crate::dns::unhex;

/// When everything here was recorded, seconds since 1970.
const TIME: u64 = 1_795_297_431;

fn key(typed: &str) -> Key {
    Key::parse(typed).unwrap()
}

/// The message as it was before its TSIG record, which is at its end.
fn before_signing(message: &[u8]) -> Vec<u8> {
    let read = Message::read(message);
    let mut before = message[..signature(&read).unwrap().unwrap().at].to_vec();
    before[11] -= 1;
    before
}

/// The MAC of a message, read from its TSIG record.
fn mac(message: &[u8]) -> Mac {
    let read = Message::read(message);
    Mac(Tsig::read(signature(&read).unwrap().unwrap()).unwrap().mac.to_vec())
}

/// What the verifier says of `reply`, as the answer to `query`.
fn verdict(typed: &str, query: &str, reply: &str) -> Result<(), TsigFault> {
    let key = key(typed);
    Verifier::new(&key, &mac(&unhex(query))).verify(&unhex(reply), TIME)
}

fn words(verdict: Result<(), TsigFault>) -> String {
    verdict.unwrap_err().to_string()
}

#[test]
fn a_query_is_signed_as_dig_signs_it() {
    for (typed, query, _) in EVERY_ALGORITHM {
        let (key, query) = (key(typed), unhex(query));
        let mut message = before_signing(&query);
        let unsigned = message.len();
        let made = sign(&mut message, &key, TIME, FUDGE);
        assert_eq!(message, query, "{key:?}");
        assert_eq!(made, mac(&query));
        assert_eq!(message.len(), unsigned + length(&key));
    }
}

#[test]
fn a_reply_of_named_is_believed() {
    for (typed, query, reply) in EVERY_ALGORITHM {
        assert_eq!(verdict(typed, query, reply), Ok(()), "{typed}");
    }
}

#[test]
fn every_bit_of_a_reply_counts() {
    for (typed, query, reply) in EVERY_ALGORITHM {
        let (key, reply) = (key(typed), unhex(reply));
        let verifier = Verifier::new(&key, &mac(&unhex(query)));
        let record = before_signing(&reply).len();
        // the letters of a name are the same in both cases (RFC 8945 section 4.3.3)
        let algorithm = record + key.wire().len() + 10;
        let names =
            [record..record + key.wire().len(), algorithm..algorithm + key.algorithm.wire.len()];
        for (at, bit) in (0..reply.len()).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit))) {
            let mut changed = reply.clone();
            changed[at] ^= bit;
            let id = at < 2;
            let letter = names.iter().any(|name| name.contains(&at))
                && bit == 0x20
                && changed[at].is_ascii_alphabetic();
            let verdict = verifier.clone().verify(&changed, TIME);
            assert_eq!(verdict.is_ok(), id || letter, "octet {at}, bit {bit:#x}: {verdict:?}");
        }
        for length in 0..reply.len() {
            assert!(verifier.clone().verify(&reply[..length], TIME).is_err(), "{length}");
        }
        let longer = [&*reply, b"\0"].concat();
        assert_eq!(verifier.clone().verify(&longer, TIME), Err(TsigFault::Unreadable));
    }
}

#[test]
fn a_reply_answers_one_query_and_is_made_with_one_key() {
    let [.., sha256, _, _] = EVERY_ALGORITHM;
    let (typed, query, reply) = sha256;
    let mac_wrong = "failed to verify TSIG: the MAC is not that of this reply and key";
    assert_eq!(words(verdict(typed, TRANSFER[0], reply)), mac_wrong);
    assert_eq!(words(verdict("sha256.t:AAAA", query, reply)), mac_wrong);
    // a query sent back is no reply
    assert_eq!(words(verdict(typed, query, query)), mac_wrong);
    for other in ["sha1.t:AAAA", "hmac-sha1:sha256.t:AAAA"] {
        assert_eq!(
            words(verdict(other, query, reply)),
            "TSIG key not recognized or invalid: \
             the reply is signed with sha256.t. (hmac-sha256.)"
        );
    }
}

#[test]
fn a_reply_is_believed_for_as_long_as_it_says() {
    let [.., (typed, query, reply), _, _] = EVERY_ALGORITHM;
    let (key, reply) = (key(typed), unhex(reply));
    let verify = |time| Verifier::new(&key, &mac(&unhex(query))).verify(&reply, time);
    assert_eq!((verify(TIME - 300), verify(TIME + 300)), (Ok(()), Ok(())));
    assert_eq!(
        words(verify(TIME + 301)),
        "TSIG out of time window: signed 301 s ago, 300 s allowed"
    );
    assert_eq!(
        words(verify(0)),
        "TSIG out of time window: signed 1795297431 s ahead of our clock, 300 s allowed"
    );
}

#[test]
fn what_the_server_refuses_it_says_why() {
    for (typed, [query, reply], error, expected) in [
        (
            "sha256.t:AAAA",
            BADSIG,
            "BADSIG",
            "failed to verify TSIG: the server finds the query's MAC wrong (BADSIG)",
        ),
        (
            "nobody.t:AAAA",
            BADKEY,
            "BADKEY",
            "failed to verify TSIG: the server has no such key and algorithm (BADKEY)",
        ),
        (
            SHA256,
            BADTIME,
            "BADTIME",
            "TSIG out of time window: the server's clock is 1000 s ahead (BADTIME)",
        ),
        (
            SHA256,
            BADTRUNC,
            "BADTRUNC",
            "failed to verify TSIG: the server finds the query's MAC too short (BADTRUNC)",
        ),
    ] {
        let fault = verdict(typed, query, reply).unwrap_err();
        assert_eq!(fault.to_string(), expected);
        let TsigFault::Refused { error: rcode, .. } = fault else { panic!("{fault:?}") };
        assert_eq!(rcode.to_string(), error);
    }
    // what the server can sign it must have signed
    for [query, reply] in [BADTIME, BADTRUNC] {
        assert_eq!(verdict("sha256.t:AAAA", query, reply), Err(TsigFault::Mac));
    }
}

#[test]
fn a_reply_without_a_signature_is_told_apart() {
    let [.., (typed, query, reply), _, _] = EVERY_ALGORITHM;
    let key = key(typed);
    let mut verifier = Verifier::new(&key, &mac(&unhex(query)));
    let reply = unhex(reply);
    let unsigned = before_signing(&reply);
    let absent = "expected a TSIG or SIG(0): the reply is not signed";
    assert_eq!(words(verifier.verify(&unsigned, TIME)), absent);
    assert_eq!(words(verifier.finish()), absent);

    // a second TSIG, and a record behind it
    let record = &reply[unsigned.len()..];
    for (more, count) in [(record, 2), (b"\0\0\x29\0\0\0\0\0\0\0\0".as_slice(), 2)] {
        let mut reply = [&reply, more].concat();
        reply[11] = count;
        assert_eq!(verifier.verify(&reply, TIME), Err(TsigFault::Misplaced));
    }
    // fields that say less than the record holds
    let mut short = reply.clone();
    let last = short.len() - 1;
    short[last] = 1;
    assert_eq!(verifier.verify(&short, TIME), Err(TsigFault::Malformed));
    // none of that does the verifier any harm
    assert_eq!(verifier.verify(&reply, TIME), Ok(()));
    assert_eq!(verifier.finish(), Ok(()));
}

#[test]
fn a_short_mac_has_ten_octets_and_half_of_them() {
    let [query, reply] = SHORT;
    assert_eq!(verdict("short.t:c2VjcmV0IG9mIHNob3J0", query, reply), Ok(()));

    for algorithm in ALGORITHMS {
        let key = key(&format!("{}:k:c2VjcmV0", algorithm.name));
        let request = Mac(vec![7; algorithm.octets]);
        let reply = unhex("0001 8180 0000 0000 0000 0000");
        let least = 10.max(algorithm.octets / 2);
        for octets in 0..=algorithm.octets + 1 {
            let mut mac = reply_mac(&key, &request, &reply);
            mac.resize(octets, 0);
            let verdict = Verifier::new(&key, &request).verify(&with(&key, &reply, &mac), TIME);
            match octets {
                _ if octets < least || octets > algorithm.octets => assert_eq!(
                    words(verdict),
                    format!(
                        "failed to verify TSIG: a MAC of {octets} octets, \
                         expected {least} to {}",
                        algorithm.octets
                    )
                ),
                _ => assert_eq!(verdict, Ok(()), "{octets} octets of {algorithm:?}"),
            }
        }
    }
}

#[test]
fn a_transfer_is_a_chain() {
    let key = key(SHA256);
    let [query, replies @ ..] = TRANSFER.map(unhex);
    let mut verifier = Verifier::new(&key, &mac(&query));
    for reply in &replies {
        assert_eq!(verifier.verify(reply, TIME), Ok(()));
        assert_eq!(verifier.finish(), Ok(()));
    }
    // left out, twice, or in another order
    for order in [&[0, 2][..], &[0, 1, 1], &[1], &[0, 2, 1]] {
        let mut verifier = Verifier::new(&key, &mac(&query));
        let broken = order.iter().find_map(|&at| verifier.verify(&replies[at], TIME).err());
        assert_eq!(broken, Some(TsigFault::Mac), "{order:?}");
    }
    // every message but the first is under another rule, and every bit of it counts too
    let mut verifier = Verifier::new(&key, &mac(&query));
    verifier.verify(&replies[0], TIME).unwrap();
    for at in 2..replies[1].len() {
        let mut changed = replies[1].clone();
        changed[at] ^= 1;
        let mut verifier = verifier.clone();
        // what no longer says TSIG is a message without, which another one would have to follow
        let verdict = verifier.verify(&changed, TIME).and_then(|()| verifier.finish());
        assert!(verdict.is_err(), "octet {at}");
    }
}

#[test]
fn ninety_nine_messages_in_a_row_need_no_signature_but_the_next_covers_them() {
    let key = key(SHA256);
    let [query, first, ..] = TRANSFER.map(unhex);
    let unsigned = unhex("b8f0 8400 0000 0000 0000 0000");
    let mut started = Verifier::new(&key, &mac(&query));
    started.verify(&first, TIME).unwrap();
    for (messages, believed) in [(0, true), (1, true), (99, true), (100, false)] {
        let mut verifier = started.clone();
        for number in 1..=messages {
            let verdict = verifier.verify(&unsigned, TIME);
            assert_eq!(verdict.is_ok(), number <= 99);
            let end = TsigFault::End { messages: number.min(99) };
            assert_eq!(verifier.finish(), Err(end));
        }
        let mut covered = prefixed(&mac(&first).0);
        covered.extend(unsigned.repeat(messages));
        let last = key.mac(&[&covered, &unsigned, &timers(TIME, FUDGE)]);
        let verdict = verifier.verify(&with(&key, &unsigned, &last), TIME);
        assert_eq!(verdict.is_ok(), believed, "{messages}");
        assert_eq!(verifier.finish().is_ok(), believed);
    }
    let mut verifier = started.clone();
    verifier.verify(&unsigned, TIME).unwrap();
    assert_eq!(
        words(verifier.finish()),
        "expected a TSIG or SIG(0): the last message is not signed"
    );
    for _ in 1..99 {
        verifier.verify(&unsigned, TIME).unwrap();
    }
    assert_eq!(
        words(verifier.verify(&unsigned, TIME)),
        "expected a TSIG or SIG(0): 100 messages in a row are not signed"
    );
}

/// The MAC of a reply as a server makes it.
fn reply_mac(key: &Key, request: &Mac, reply: &[u8]) -> Vec<u8> {
    let variables = variables(key, &timers(TIME, FUDGE), 0, b"");
    key.mac(&[&prefixed(&request.0), reply, &variables])
}

/// The message with this MAC in a TSIG record.
fn with(key: &Key, message: &[u8], mac: &[u8]) -> Vec<u8> {
    let timers = timers(TIME, FUDGE);
    let id = [message[0], message[1]];
    let rdata = [key.algorithm.wire, &timers, &length_of(mac), mac, &id, &[0; 4]].concat();
    let head = unhex("00fa 00ff 00000000");
    let mut signed = [message, key.wire(), &head, &length_of(&rdata), &rdata].concat();
    signed[11] += 1;
    signed
}

/// A key, `dig +noedns -y KEY www.t A` and the reply of named 9.18 that has the key.
const EVERY_ALGORITHM: [(&str, &str, &str); 6] = [
    (
        "hmac-md5:md5.t:c2VjcmV0IG9mIGhtYWMtbWQ1",
        "a5cc012000010000000000010377777701740000010001036d643501740000fa00ff00000000003a08686d61\
         632d6d6435077369672d616c670372656703696e740000006b021097012c0010e4b3c2855f681e0863d78414\
         bc7e7f44a5cc00000000",
        "a5cc850000010001000000010377777701740000010001c00c000100010000003c0004c0000250036d643501\
         740000fa00ff00000000003a08686d61632d6d6435077369672d616c670372656703696e740000006b021097\
         012c0010cc695e3c190a796129f08ab4d511310aa5cc00000000",
    ),
    (
        "hmac-sha1:sha1.t:c2VjcmV0IG9mIGhtYWMtc2hhMQ==",
        "4811012000010000000000010377777701740000010001047368613101740000fa00ff00000000002f09686d\
         61632d736861310000006b021097012c001467b4fb262f1b2008220e9511922af4563ef5c7d1481100000000",
        "4811850000010001000000010377777701740000010001c00c000100010000003c0004c00002500473686131\
         01740000fa00ff00000000002f09686d61632d736861310000006b021097012c00145c51f69c8cd51d352c8d\
         60b38d86db12b26d3da5481100000000",
    ),
    (
        "hmac-sha224:sha224.t:c2VjcmV0IG9mIGhtYWMtc2hhMjI0",
        "01410120000100000000000103777777017400000100010673686132323401740000fa00ff0000000000390b\
         686d61632d7368613232340000006b021097012c001ca23c5165dc283f6ff1d0eb7fd483764ad5634470278c\
         131870ee1d50014100000000",
        "0141850000010001000000010377777701740000010001c00c000100010000003c0004c00002500673686132\
         323401740000fa00ff0000000000390b686d61632d7368613232340000006b021097012c001c6c890cee138a\
         9a22a1789eed9e2773eb726f298717712d3ac2adeeea014100000000",
    ),
    (
        "hmac-sha256:sha256.t:c2VjcmV0IG9mIGhtYWMtc2hhMjU2",
        "17d30120000100000000000103777777017400000100010673686132353601740000fa00ff00000000003d0b\
         686d61632d7368613235360000006b021097012c0020abcd8ee60c4bb360f281a810bf887a2d271f4498347c\
         a660cac8106f0b90868817d300000000",
        "17d3850000010001000000010377777701740000010001c00c000100010000003c0004c00002500673686132\
         353601740000fa00ff00000000003d0b686d61632d7368613235360000006b021097012c00205cfe6d529019\
         1435b097d122f33319a8421b7abf9bb62e68fdcb6150d3ee7a8217d300000000",
    ),
    (
        "hmac-sha384:sha384.t:c2VjcmV0IG9mIGhtYWMtc2hhMzg0",
        "e3280120000100000000000103777777017400000100010673686133383401740000fa00ff00000000004d0b\
         686d61632d7368613338340000006b021097012c0030b521fd493b63fb06a615a519538058ea5a2d6f6e67a1\
         a1351463356bf9df5ccf96c0564e2cf080533005ea861541e46ae32800000000",
        "e328850000010001000000010377777701740000010001c00c000100010000003c0004c00002500673686133\
         383401740000fa00ff00000000004d0b686d61632d7368613338340000006b021097012c0030889c0f508b16\
         a7e4d19988fc657a2f20fad39a0778eafbca4c6994f53624f093e7051d924fc6d67999daab52cac6e77de328\
         00000000",
    ),
    (
        "hmac-sha512:sha512.t:c2VjcmV0IG9mIGhtYWMtc2hhNTEy",
        "03400120000100000000000103777777017400000100010673686135313201740000fa00ff00000000005d0b\
         686d61632d7368613531320000006b021097012c004082318c8ff138286b12d945449f03e5a85c35e9673492\
         9c245148f26d9a0e031c0932246485d2fc1d58074d997795a848deb984188c34b547ffe7985a820f0c0a0340\
         00000000",
        "0340850000010001000000010377777701740000010001c00c000100010000003c0004c00002500673686135\
         313201740000fa00ff00000000005d0b686d61632d7368613531320000006b021097012c004013ccbc42db57\
         a23e497ad8a923b57ac48c1e180847b1bd04ba945e51bdb96ce6c74d2c9dd1d84b83d1511ca2640b2934c2b3\
         876115225bd2a14c01ba791f50e8034000000000",
    ),
];

const SHA256: &str = "hmac-sha256:sha256.t:c2VjcmV0IG9mIGhtYWMtc2hhMjU2";

/// A query and its reply with MACs of 16 octets: named knows the key as `hmac-sha256-128`.
const SHORT: [&str; 2] = [
    "4ba50120000100000000000103777777017400000100010573686f727401740000fa00ff00000000002d0b68\
     6d61632d7368613235360000006b021097012c0010eb75d49df097da12f2d90d5f0cc9e26e4ba500000000",
    "4ba5850000010001000000010377777701740000010001c00c000100010000003c0004c00002500573686f72\
     7401740000fa00ff00000000002d0b686d61632d7368613235360000006b021097012c00103397052b3ecbbb\
     aaea65c2a34e410d214ba500000000",
];

/// A query signed with another secret than the server has.
const BADSIG: [&str; 2] = [
    "a69c0120000100000000000103777777017400000100010673686132353601740000fa00ff00000000003d0b\
     686d61632d7368613235360000006b021097012c0020af94e5f698496937a7f8a0a4170de42963cafaf95a2e\
     7b11c5fb1cecc1273dfca69c00000000",
    "a69c8109000100000000000103777777017400000100010673686132353601740000fa00ff00000000001d0b\
     686d61632d7368613235360000006b021097012c0000a69c00100000",
];

/// A query signed with a key that the server does not have.
const BADKEY: [&str; 2] = [
    "5253012000010000000000010377777701740000010001066e6f626f647901740000fa00ff00000000003d0b\
     686d61632d7368613235360000006b021097012c0020f342cfcd50c27f0f443cc6cff82aaf01ab4b939ab932\
     c97212d9c0c4784311d2525300000000",
    "5253810900010000000000010377777701740000010001066e6f626f647901740000fa00ff00000000001d0b\
     686d61632d7368613235360000006b021097012c0000525300110000",
];

/// A query signed 1,000 seconds ago.
const BADTIME: [&str; 2] = [
    "12340100000100000000000103777777017400000100010673686132353601740000fa00ff00000000003d0b\
     686d61632d7368613235360000006b020caf012c0020dec0d39da3f0de959987dcfedd968075c53ea431858c\
     8fa93fa6c007e18f6ed5123400000000",
    "12348109000100000000000103777777017400000100010673686132353601740000fa00ff0000000000430b\
     686d61632d7368613235360000006b020caf012c002050e7cedc3b37a65d272daf39da995d5fe5322dcfbe2f\
     1a65310bdbfc09e6e7e112340012000600006b021097",
];

/// A query with a MAC of 16 octets, where the server wants all 32.
const BADTRUNC: [&str; 2] = [
    "12340100000100000000000103777777017400000100010673686132353601740000fa00ff00000000002d0b\
     686d61632d7368613235360000006b021097012c0010745c03037e68e8ea35105ea4b0db3cee123400000000",
    "12348109000100000000000103777777017400000100010673686132353601740000fa00ff00000000003d0b\
     686d61632d7368613235360000006b021097012c0020616eb75591b0b762948298e3135f00d9c3cca7ecef95\
     9cbc0fe870f56bc30c70123400160000",
];

/// `dig +noedns -y KEY t AXFR` and the five messages that named sent (`one-answer`).
const TRANSFER: [&str; 6] = [
    "b8f00020000100000000000101740000fc00010673686132353601740000fa00ff00000000003d0b686d6163\
     2d7368613235360000006b021097012c002086a0d4097812ed211dfa0e44df2a6532af41faa4b141d96e2639\
     a7260269b3bfb8f000000000",
    "b8f08400000100010000000101740000fc0001c00c000600010000003c001d026e73c00c0168c00c00000001\
     000000020000000300000004000000050673686132353601740000fa00ff00000000003d0b686d61632d7368\
     613235360000006b021097012c002048db9fca5fc9ed2fb463c6152e9efb576d2c1eb41119b75f41594c3e88\
     2e0188b8f000000000",
    "b8f084000000000100000001017400000200010000003c0005026e73c00c0673686132353601740000fa00ff\
     00000000003d0b686d61632d7368613235360000006b021097012c00209f49fabf4473d5c11686672d10d6c4\
     5f1f503537a22e99e7a2eb0beca2df7e09b8f000000000",
    "b8f084000000000100000001026e73017400000100010000003c0004c00002010673686132353601740000fa\
     00ff00000000003d0b686d61632d7368613235360000006b021097012c00208a5225dbf87ed40918b2c795fd\
     6701234296dedbe90b7209784e1d242c97140bb8f000000000",
    "b8f08400000000010000000103777777017400000100010000003c0004c00002500673686132353601740000\
     fa00ff00000000003d0b686d61632d7368613235360000006b021097012c002034856bf99851aa97d65e5786\
     c7ed7f1a3629dc64acf966287007e9c1c660ff85b8f000000000",
    "b8f084000000000100000001017400000600010000003c001d026e73c00c0168c00c00000001000000020000\
     000300000004000000050673686132353601740000fa00ff00000000003d0b686d61632d7368613235360000\
     006b021097012c0020fb844005ce6a261b01291e04f0cd6d5b54a5ef37d0e87c87013151d576578d59b8f000\
     000000",
];
