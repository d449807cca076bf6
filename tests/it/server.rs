//! The lab's server does what its behaviours say.
//! One rule: each is seen from outside, by a client that knows nothing of the server's code.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::op::Message;
use rustls::{AlertDescription, CipherSuite, Error, NamedGroup, ProtocolVersion};

use crate::client::{
    Client, Judge, config, config_with_certificate, framed, padded_query, plain_query, tls_error,
};
use crate::dot::{Behaviour, Credential, HOSTILE_TEXT, Pki, Server, Stage};

const SECOND: Duration = Duration::from_secs(1);
const A: u16 = 1;

fn good(behaviour: Behaviour) -> Server {
    Server::start(Credential::Good, behaviour)
}

/// The first reply to a padded query for example.com. A.
fn reply(behaviour: Behaviour) -> Vec<u8> {
    reply_to(behaviour, &padded_query(7, "example.com.", A))
}

fn reply_to(behaviour: Behaviour, query: &[u8]) -> Vec<u8> {
    let server = good(behaviour);
    Client::connect(&server).expect("a session").ask(query).expect("a reply")
}

fn refusal(server: &Server) -> io::Error {
    Client::connect(server).err().expect("no session")
}

fn alert(error: &io::Error) -> Option<AlertDescription> {
    match tls_error(error) {
        Some(Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    }
}

/// Where a lookup with a second of time gets to.
fn stage(behaviour: Behaviour) -> Stage {
    let server = good(behaviour);
    let Ok(mut client) = Client::connect(&server) else { return Stage::Handshake };
    let query = padded_query(7, "example.com.", A);
    let Ok(first) = client.ask(&query) else { return Stage::Reply };
    // a client may skip one stray message, not a thousand
    let mut second = || client.receive().unwrap_or_default();
    match answers(&first, &query) || answers(&second(), &query) {
        true => Stage::Answered,
        false => Stage::Message,
    }
}

/// Whether a message answers the query and its records can be told apart.
fn answers(message: &[u8], query: &[u8]) -> bool {
    let question = 12.."example.com.".len() + 1 + 4 + 12;
    message.len() >= 12
        && message[..2] == query[..2]
        && message[2] & 0xf8 == 0x80
        && message.get(question.clone()) == Some(&query[question])
        && records(message).is_some()
}

/// The types of a message's records, in order; `None` when they cannot be told apart.
fn records(message: &[u8]) -> Option<Vec<u16>> {
    let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let mut at = name_end(message, 12)? + 4;
    let mut types = Vec::new();
    for _ in 0..u32::from(word(6)?) + u32::from(word(8)?) + u32::from(word(10)?) {
        at = name_end(message, at)?;
        types.push(word(at)?);
        at += 10 + usize::from(word(at + 8)?);
    }
    (at <= message.len()).then_some(types)
}

fn name_end(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*message.get(at)?) {
            0 => return Some(at + 1),
            length if length < 64 => at += 1 + length,
            high => {
                let target = (high & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                return (target < at).then_some(at + 2);
            }
        }
    }
}

/// Tries all rows side by side, as many wait for a timeout.
fn side_by_side<T: Sync>(rows: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for row in rows {
            scope.spawn(|| check(row));
        }
    });
}

#[test]
fn every_behaviour_takes_effect_at_its_stage() {
    side_by_side(Behaviour::ALL, |behaviour| {
        assert_eq!(stage(*behaviour), behaviour.stage(), "{behaviour:?}");
    });
}

#[test]
fn an_answer_repeats_the_question_in_its_case_and_is_padded_to_468_octets() {
    let query = padded_query(0x1234, "eXample.COM.", A);
    let reply = reply_to(Behaviour::Answer, &query);
    assert_eq!(reply.len(), 468);
    assert_eq!(reply[..2], query[..2]);
    assert_eq!(reply[12..29], query[12..29]);
    assert_eq!(records(&reply), Some(vec![A, A, 41]));
    let decoded = Message::from_vec(&reply).expect("hickory reads it too");
    assert_eq!(decoded.answers[0].name.to_string(), "eXample.COM.");
    assert_eq!(decoded.edns.expect("EDNS").max_payload(), 1232);
}

#[test]
fn what_was_not_padded_is_not_padded_and_what_had_no_edns_gets_none() {
    let reply = reply_to(Behaviour::Answer, &plain_query(1, "example.com.", A));
    assert_eq!(records(&reply), Some(vec![A, A]));
    assert_eq!(records(&self::reply(Behaviour::NoPadding)), Some(vec![A, A, 41]));
    assert!(self::reply(Behaviour::NoPadding).len() < 128);
}

#[test]
fn the_zone_has_a_record_of_each_common_type_that_hickory_reads() {
    let server = good(Behaviour::Answer);
    let mut client = Client::connect(&server).expect("a session");
    for (name, kind) in [
        ("example.com.", 1),
        ("example.com.", 2),
        ("example.com.", 6),
        ("example.com.", 10),
        ("example.com.", 15),
        ("example.com.", 16),
        ("example.com.", 28),
        ("example.com.", 43),
        ("example.com.", 46),
        ("example.com.", 47),
        ("example.com.", 48),
        ("example.com.", 65),
        ("example.com.", 257),
        ("example.com.", 65280),
        ("_dns.example.com.", 64),
        ("_853._tcp.example.com.", 52),
        ("_imaps._tcp.example.com.", 33),
        ("1.2.0.192.in-addr.arpa.", 12),
        (".", 2),
    ] {
        let reply = client.ask(&plain_query(1, name, kind)).expect("a reply");
        assert_eq!(records(&reply).expect("readable")[0], kind, "{name} TYPE{kind}");
        Message::from_vec(&reply).unwrap_or_else(|error| panic!("{name} TYPE{kind}: {error}"));
    }
}

#[test]
fn a_cname_is_followed_and_what_is_not_there_comes_with_an_soa() {
    let alias = reply_to(Behaviour::Answer, &plain_query(1, "alias.example.com.", A));
    assert_eq!(records(&alias), Some(vec![5, 5, A, A]));
    let absent = reply_to(Behaviour::Answer, &plain_query(1, "no.example.com.", A));
    assert_eq!((absent[3] & 15, records(&absent)), (3, Some(vec![6])));
    let no_data = reply_to(Behaviour::Answer, &plain_query(1, "ns1.example.com.", 28));
    assert_eq!((no_data[3] & 15, records(&no_data)), (0, Some(vec![6])));
}

#[test]
fn the_accounts_have_queries_hellos_sessions_and_the_shape_of_records() {
    let server = good(Behaviour::Answer);
    let query = padded_query(3, "example.com.", A);
    let mut client = Client::connect(&server).expect("a session");
    client.ask(&query).expect("a reply");
    client.send(&framed(&query)[..2]).expect("sent");
    client.send(&query).expect("sent");
    client.receive().expect("a reply");
    drop(client);
    let seen = server.finish();
    assert_eq!(seen.connections, 1);
    assert_eq!(seen.queries, [query.clone(), query]);
    assert_eq!(seen.chunks, [130, 2, 128]);
    assert_eq!(seen.hellos[0].sni.as_deref(), Some("dot.test"));
    assert_eq!(seen.hellos[0].alpn, [b"dot"]);
    assert_eq!(seen.sessions[0].alpn.as_deref(), Some(&b"dot"[..]));
    assert_eq!(seen.sessions[0].version, ProtocolVersion::TLSv1_3);
    assert_eq!(seen.failures, [""; 0]);
}

#[test]
fn versions_suites_and_groups_are_negotiated_as_restricted() {
    let suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
    let server = Server::with(Credential::Good)
        .tls12()
        .suites(&[suite])
        .groups(&[NamedGroup::secp384r1])
        .start();
    let client = Client::connect(&server).expect("a session").stream.conn;
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(client.negotiated_cipher_suite().expect("done").suite(), suite);
    let group = client.negotiated_key_exchange_group().expect("done").name();
    assert_eq!(group, NamedGroup::secp384r1);
}

#[test]
fn a_server_of_h2_alone_refuses_dot_by_alert_and_one_without_alpn_ignores_it() {
    let server = Server::with(Credential::Good).alpn(&["h2"]).start().expect_no_query();
    assert_eq!(alert(&refusal(&server)), Some(AlertDescription::NoApplicationProtocol));
    let server = Server::with(Credential::Good).alpn(&[]).start();
    assert_eq!(Client::connect(&server).expect("a session").stream.conn.alpn_protocol(), None);
}

#[test]
fn a_client_certificate_is_required_and_one_of_the_lab_will_do() {
    let server = Server::with(Credential::Good).require_client_certificate().tls12().start();
    assert_eq!(alert(&refusal(&server)), Some(AlertDescription::CertificateRequired));
    let own = Pki::shared().identity(Credential::ClientPurpose);
    let config = config_with_certificate(own.chain.clone(), own.key.clone_key());
    Client::connect_with(&server, config, SECOND).expect("a session");
    assert_eq!(server.finish().sessions[0].client_certificates, 2);
}

#[test]
fn the_staple_arrives_as_given() {
    let server = Server::with(Credential::Good).staple(b"not OCSP").start();
    let client = Client::connect(&server).expect("a session");
    assert_eq!(*client.staple.lock().expect("no panic while held"), b"not OCSP");
}

#[test]
fn sessions_are_resumed_with_tickets_and_not_without() {
    for (tickets, resumed) in [(2, true), (0, false)] {
        let server = Server::with(Credential::Good).tickets(tickets).start();
        let (config, staple) = config(Judge::believing());
        for _ in 0..2 {
            let config = (config.clone(), staple.clone());
            let mut client = Client::connect_with(&server, config, SECOND).expect("a session");
            client.ask(&padded_query(1, "example.com.", A)).expect("a reply");
        }
        assert_eq!(server.finish().sessions[1].resumed, resumed, "{tickets} tickets");
    }
}

#[test]
fn an_alert_arrives_by_number_and_a_clients_alert_is_entered() {
    let server = good(Behaviour::FatalAlert(48));
    assert_eq!(alert(&refusal(&server)), Some(AlertDescription::UnknownCA));
    let server = Server::start(Credential::UnknownRoot, Behaviour::Answer).expect_no_query();
    let strict = config(Judge::of_the_lab());
    Client::connect_with(&server, strict, SECOND).err().expect("refused");
    assert_eq!(server.finish().failures, ["received fatal alert: UnknownCA"]);
}

#[test]
fn a_close_is_a_close_and_a_reset_is_a_reset() {
    let rows = [
        (Behaviour::CloseOnAccept, ErrorKind::UnexpectedEof),
        (Behaviour::ResetOnAccept, ErrorKind::ConnectionReset),
        (Behaviour::CloseInHandshake, ErrorKind::UnexpectedEof),
        (Behaviour::ResetInHandshake, ErrorKind::ConnectionReset),
        (Behaviour::Silence, ErrorKind::TimedOut),
        (Behaviour::HalfServerHello, ErrorKind::TimedOut),
    ];
    side_by_side(&rows, |(behaviour, expected)| {
        // a reset may arrive before the first write of the handshake
        let kind = match refusal(&good(*behaviour)).kind() {
            ErrorKind::BrokenPipe => ErrorKind::ConnectionReset,
            kind => kind,
        };
        assert_eq!(kind, *expected, "{behaviour:?}");
    });
}

#[test]
fn the_end_of_a_session_is_with_or_without_goodbye_as_said() {
    let rows = [
        (Behaviour::CloseAfterQuery, 0, None),
        (Behaviour::CloseAfterQueryNoNotify, 0, Some(ErrorKind::UnexpectedEof)),
        (Behaviour::ResetAfterQuery, 0, Some(ErrorKind::ConnectionReset)),
        (Behaviour::NoReply, 0, Some(ErrorKind::TimedOut)),
        (Behaviour::HalfMessage, 22, None),
        (Behaviour::HalfMessageNoNotify, 22, Some(ErrorKind::UnexpectedEof)),
        (Behaviour::CutLength, 1, None),
        (Behaviour::CloseAfterEachAnswer, 470, None),
    ];
    side_by_side(&rows, |(behaviour, octets, end)| {
        let server = good(*behaviour);
        let mut client = Client::connect(&server).expect("a session");
        client.send(&framed(&padded_query(7, "example.com.", A))).expect("sent");
        let (rest, ended) = client.rest();
        assert_eq!((rest.len(), ended.err().map(|e| e.kind())), (*octets, *end), "{behaviour:?}");
    });
}

#[test]
fn a_drip_takes_its_time_and_arrives() {
    let drip = Duration::from_millis(1);
    for behaviour in [Behaviour::DripHandshake(drip), Behaviour::DripReply(drip)] {
        let server = good(behaviour);
        let begun = Instant::now();
        let config = config(Judge::believing());
        let mut client = Client::connect_with(&server, config, 10 * SECOND).expect("a session");
        client.ask(&padded_query(7, "example.com.", A)).expect("a reply");
        assert!(begun.elapsed() > 400 * drip, "{behaviour:?} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_slow_answer_waits_as_long_as_it_was_told() {
    let begun = Instant::now();
    reply(Behaviour::Slow(Duration::from_millis(80)));
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[test]
fn answers_come_last_first_when_told_to() {
    let server = good(Behaviour::OutOfOrder(3));
    let mut client = Client::connect(&server).expect("a session");
    for id in 1..=3 {
        client.send(&framed(&padded_query(id, "example.com.", A))).expect("sent");
    }
    let ids: Vec<_> = (0..3).map(|_| client.receive().expect("a reply")[1]).collect();
    assert_eq!(ids, [3, 2, 1]);
}

#[test]
fn an_old_version_is_seen_to_be_one() {
    let error = refusal(&good(Behaviour::OldVersion));
    let expected = rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13;
    assert_eq!(tls_error(&error), Some(&Error::PeerIncompatible(expected)), "{error}");
}

#[test]
fn an_altered_record_is_a_bad_record() {
    let server = good(Behaviour::UndecryptableRecord);
    let mut client = Client::connect(&server).expect("a session");
    let error = client.ask(&padded_query(7, "example.com.", A)).expect_err("altered");
    assert_eq!(tls_error(&error), Some(&Error::DecryptError));
}

#[test]
fn messages_are_wrong_in_the_way_they_say() {
    let flags = |behaviour| u16::from_be_bytes(*reply(behaviour)[2..].first_chunk().expect("two"));
    assert_eq!(flags(Behaviour::NotAReply) & 0x8000, 0);
    assert_eq!(flags(Behaviour::Truncated) & 0x8200, 0x8200);
    assert_eq!(flags(Behaviour::OtherOpcode) >> 11 & 15, 5);
    assert_eq!(flags(Behaviour::Rcode(5)) & 15, 5);
    let rcode = Message::from_vec(&reply(Behaviour::ExtendedRcode(23))).expect("readable");
    assert_eq!(u16::from(rcode.metadata.response_code), 23);
    assert_eq!(reply(Behaviour::ZeroLength).len(), 0);
    assert_eq!(reply(Behaviour::ShortMessage).len(), 5);
    assert_eq!(reply(Behaviour::Largest).len(), 65_535);
    assert_eq!(records(&reply(Behaviour::TwoOpts)), Some(vec![A, A, 41, 41]));
    assert_eq!(records(&reply(Behaviour::RdataMisfit)), Some(vec![A, A, A, 41]));
    assert!(Message::from_vec(&reply(Behaviour::RdataMisfit)).is_err());
    assert!(reply(Behaviour::TrailingOctets).ends_with(b"tail"));
    let hostile = reply(Behaviour::HostileRecords);
    assert!(String::from_utf8_lossy(&hostile).contains(HOSTILE_TEXT));
    let options = reply(Behaviour::Options);
    assert!(String::from_utf8_lossy(&options).contains(HOSTILE_TEXT));
    assert_eq!(options.len() % 468, 0);
}

#[test]
fn octets_that_are_no_tls_arrive_as_they_are() {
    for (behaviour, expected) in [
        (Behaviour::SshBanner, &b"SSH-2.0-"[..]),
        (Behaviour::PlainHttp, b"HTTP/1.1 400"),
        (Behaviour::PlainDns, b"\x00\x0c\x00\x00\x80\x01"),
        (Behaviour::PlainText(b"hello"), b"hello"),
        (Behaviour::FatalAlert(40), b"\x15\x03\x03\x00\x02\x02\x28"),
        (Behaviour::EndlessAlerts, b"\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x02\x01\x5a"),
        (Behaviour::HalfServerHello, b"\x16\x03\x03"),
    ] {
        let server = good(behaviour);
        let mut socket = TcpStream::connect(server.address()).expect("connected");
        socket.write_all(&client_hello()).expect("sent");
        let mut octets = vec![0; expected.len()];
        socket.read_exact(&mut octets).expect("octets");
        assert_eq!(octets, expected, "{behaviour:?}");
    }
}

fn client_hello() -> Vec<u8> {
    let (config, _) = config(Judge::believing());
    let name = "dot.test".try_into().expect("a name");
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).expect("configured");
    let mut octets = Vec::new();
    client.write_tls(&mut octets).expect("a Vec takes all");
    octets
}

#[test]
fn it_listens_where_it_is_told() {
    let addresses: [IpAddr; 3] = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv4Addr::new(127, 0, 0, 9).into(),
        Ipv6Addr::LOCALHOST.into(),
    ];
    for address in addresses {
        // a machine may have no IPv6
        if std::net::TcpListener::bind((address, 0)).is_err() {
            continue;
        }
        let server = Server::with(Credential::Good).on(address).start();
        assert_eq!(server.address().ip(), address);
        Client::connect(&server).expect("a session");
    }
}

#[test]
fn a_plain_server_answers_over_tcp_and_udp() {
    let server = Server::plain().start();
    let query = plain_query(9, "example.com.", A);
    let mut socket = TcpStream::connect(server.address()).expect("connected");
    socket.write_all(&framed(&query)).expect("sent");
    let mut reply = [0; 2];
    socket.read_exact(&mut reply).expect("a reply");
    drop(socket);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    socket.set_read_timeout(Some(SECOND)).expect("a UDP socket");
    socket.send_to(&query, server.address()).expect("sent");
    let mut datagram = [0; 512];
    let length = socket.recv(&mut datagram).expect("a reply");
    assert_eq!(length, usize::from(u16::from_be_bytes(reply)));
    let seen = server.finish();
    assert_eq!((seen.connections, seen.datagrams, seen.queries.len()), (1, 1, 2));
}

#[test]
fn a_server_that_was_never_used_or_used_against_its_word_fails_the_test() {
    let fails = |ending: &dyn Fn()| catch_unwind(AssertUnwindSafe(ending)).is_err();
    let ask = |server: &Server| {
        let mut client = Client::connect(server).expect("a session");
        client.ask(&padded_query(1, "example.com.", A)).expect("a reply");
    };
    assert!(fails(&|| drop(good(Behaviour::Answer))));
    assert!(!fails(&|| drop(good(Behaviour::Answer).expect_unused())));
    assert!(!fails(&|| drop(good(Behaviour::Answer).expect_anything())));
    assert!(fails(&|| ask(&good(Behaviour::Answer).expect_unused())));
    assert!(fails(&|| ask(&good(Behaviour::Answer).expect_no_query())));
    assert!(fails(&|| drop(good(Behaviour::Answer).expect_no_query())));
}

#[test]
fn a_server_ends_in_good_time_though_a_client_still_waits() {
    for behaviour in [Behaviour::Silence, Behaviour::NoReply, Behaviour::FloodAfterAnswer] {
        let server = good(behaviour);
        let mut client = match behaviour {
            Behaviour::Silence => Err(TcpStream::connect(server.address()).expect("connected")),
            _ => Ok(Client::connect(&server).expect("a session")),
        };
        if let Ok(client) = &mut client {
            client.send(&framed(&padded_query(1, "example.com.", A))).expect("sent");
        }
        let begun = Instant::now();
        drop(server);
        assert!(begun.elapsed() < SECOND / 2, "{behaviour:?} took {:?}", begun.elapsed());
        drop(client);
    }
}

#[test]
fn many_clients_are_served_at_once() {
    let server = good(Behaviour::Answer);
    thread::scope(|scope| {
        for id in 0..20 {
            let server = &server;
            scope.spawn(move || {
                let mut client = Client::connect(server).expect("a session");
                client.ask(&padded_query(id, "example.com.", A)).expect("a reply");
            });
        }
    });
    assert_eq!(server.finish().queries.len(), 20);
}
