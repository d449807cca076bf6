//! Servers that want to see a cookie (RFC 7873). One rule: a query is repeated with one that can be
//! ours, and with nothing else.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::run::{file, tdig};

/// What we send, in hex and on the wire.
const TYPED: &str = "0102030405060708";
const OURS: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// A server for one session over plain TCP that wants this cookie in place of every other; how
/// often it was asked comes out in the end.
fn wanting(cookie: Vec<u8>) -> (u16, JoinHandle<usize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut asked = 0;
        while let Some(query) = receive(&mut socket) {
            asked += 1;
            let reply = reply(&query, &cookie);
            let framed = [&(reply.len() as u16).to_be_bytes(), &reply[..]].concat();
            if socket.write_all(&framed).is_err() {
                break;
            }
        }
        asked
    });
    (port, serving)
}

fn reply(query: &[u8], cookie: &[u8]) -> Vec<u8> {
    let has_it = !cookie.is_empty() && query.windows(cookie.len()).any(|it| it == cookie);
    // BADCOOKIE is 23: 7 in the header and 1 in the OPT record (RFC 6891 section 6.1.3)
    let (low, high) = if has_it { (0, 0) } else { (7, 1) };
    let question = &query[12..29];
    let header = [query[0], query[1], 0x84, low, 0, 1, 0, 0, 0, 0, 0, 1];
    let length = cookie.len() as u16;
    let opt = [0, 0, 41, 4, 208, high, 0, 0, 0];
    let (of_data, of_option) = ((length + 4).to_be_bytes(), length.to_be_bytes());
    [&header[..], question, &opt, &of_data, &[0, 10], &of_option, cookie].concat()
}

fn receive(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    socket.read_exact(&mut length).ok()?;
    let mut query = vec![0; u16::from_be_bytes(length).into()];
    socket.read_exact(&mut query).ok()?;
    Some(query)
}

/// The same over UDP, for two queries at most.
fn wanting_over_udp(cookie: Vec<u8>) -> (u16, JoinHandle<usize>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let serving = thread::spawn(move || {
        let mut query = [0; 512];
        let mut asked = 0;
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            asked += 1;
            socket.send_to(&reply(&query[..length], &cookie), client).unwrap();
        }
        asked
    });
    (port, serving)
}

#[test]
fn a_query_over_udp_is_repeated_too_and_so_is_one_of_a_batch() {
    let cookie = || [&OURS[..], &[9; 8]].concat();
    let (port, serving) = wanting_over_udp(cookie());
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +cookie={TYPED} example.com"));
    assert!(seen.out.contains("status: NOERROR"), "{seen:#?}");
    assert_eq!(serving.join().unwrap(), 2);
    let (port, serving) = wanting(cookie());
    let path = file("cookies.txt", "example.com\n");
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +tcp +cookie={TYPED} -f {path}"));
    assert!(seen.out.contains("status: NOERROR"), "{seen:#?}");
    assert_eq!(serving.join().unwrap(), 2);
}

#[test]
fn a_query_is_repeated_with_a_cookie_that_holds_ours_and_with_no_other() {
    let with = |octets: usize| [&OURS[..], &vec![9; octets]].concat();
    let sent = format!("+cookie={TYPED}");
    for (options, cookie, asked) in [
        (&*sent, with(8), 2),
        (&sent, with(32), 2),
        (&sent, with(7), 1),
        (&sent, with(33), 1),
        (&sent, with(65_472), 1),
        (&sent, vec![], 1),
        // that of another client
        (&sent, vec![9; 16], 1),
        // none was sent
        ("", with(8), 1),
        ("+cookie +nobadcookie", with(8), 1),
    ] {
        let octets = cookie.len();
        let (port, serving) = wanting(cookie);
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +tcp {options} example.com"));
        assert_eq!(seen.status, 0, "{options} {octets}: {seen:.500?}");
        assert_eq!(serving.join().unwrap(), asked, "{options} {octets}");
        let status = if asked == 2 { "NOERROR" } else { "BADCOOKIE" };
        assert!(
            seen.out.contains(&format!("status: {status}")),
            "{options} {octets}: {seen:.500?}"
        );
        assert_eq!(seen.err.contains("retrying with the received one"), asked == 2, "{seen:.500?}");
    }
}

/// A server over UDP that answers a query with these cookies in turn, and then says nothing.
fn answering_over_udp(cookies: Vec<Vec<u8>>) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        let (length, client) = socket.recv_from(&mut query).unwrap();
        for (place, cookie) in cookies.iter().enumerate() {
            let mut reply = reply(&query[..length], cookie);
            // NOERROR, and RA where the cookie is the last one
            (reply[3], reply[34]) = (if place + 1 == cookies.len() { 0x80 } else { 0 }, 0);
            socket.send_to(&reply, client).unwrap();
        }
        thread::sleep(Duration::from_secs(2));
    });
    port
}

#[test]
fn a_datagram_without_our_cookie_is_discarded_and_waited_past() {
    let mismatch = ";; WARNING: reply discarded: client COOKIE mismatch (RFC 7873 section 5.3)\n";
    let length = ";; WARNING: reply discarded: COOKIE of 7 B, not of 8 or 16 to 40 (RFC 7873 \
                  section 4)\n";
    let ours = || [&OURS[..], &[9; 8]].concat();
    let line = |port| format!("@127.0.0.1#{port} +notls +cookie={TYPED} +timeout=700ms +retry=0");
    for (cookies, words) in [
        (vec![vec![9; 16], ours()], mismatch),
        (vec![vec![9; 8], vec![8; 8], vec![7; 40], ours()], mismatch),
        (vec![vec![9; 7], OURS.to_vec()], length),
        (vec![ours()], ""),
    ] {
        let port = answering_over_udp(cookies);
        let seen = tdig(&format!("{} example.com", line(port)));
        assert_eq!((seen.status, &*seen.err), (0, words), "{seen:#?}");
        assert!(seen.out.contains("Flags: qr aa ra"), "the last reply: {seen:#?}");
    }
    // nothing else comes
    let port = answering_over_udp(vec![vec![9; 16], vec![8; 16]]);
    let seen = tdig(&format!("{} +json example.com", line(port)));
    assert_eq!(seen.status, 9, "{seen:#?}");
    assert!(seen.err.starts_with(mismatch), "{seen:#?}");
    let object: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    assert_eq!(object["error"]["kind"], "timeout", "{object:#}");
    let message = object["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("(after 0.7 s); 2 replies discarded for the COOKIE"), "{message}");
    // a query without a cookie asks for none
    let port = answering_over_udp(vec![vec![9; 7]]);
    let seen = tdig(&format!("@127.0.0.1#{port} +notls +timeout=700ms example.com"));
    assert_eq!((seen.status, &*seen.err), (0, ""), "{seen:#?}");
}

#[test]
fn over_a_session_another_cookie_is_a_warning() {
    for (cookie, words) in [
        (vec![9; 16], "client COOKIE mismatch (RFC 7873 section 5.3)"),
        (vec![9; 7], "COOKIE of 7 B, not of 8 or 16 to 40 (RFC 7873 section 4)"),
    ] {
        let (port, _serving) = wanting(cookie.clone());
        let seen = tdig(&format!("@127.0.0.1#{port} +notls +tcp +cookie={TYPED} example.com"));
        assert_eq!((seen.status, seen.err), (0, format!(";; WARNING: {words}\n")));
        let (port, _serving) = wanting(cookie);
        let line = format!("@127.0.0.1#{port} +notls +tcp +json +cookie={TYPED} example.com");
        let object: serde_json::Value = serde_json::from_str(&tdig(&line).out).unwrap();
        assert_eq!(object["warnings"], serde_json::json!([words]), "{object:#}");
    }
}
