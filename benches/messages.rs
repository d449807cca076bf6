//! How long it takes to read a reply and to write it as text, and how that grows with the reply.
//! One rule: a size stands beside its half, so that throughput tells whether growth is linear.
//!
//!     cargo bench --bench messages

use std::fmt::Write;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hickory_proto::op;
use hickory_proto::serialize::binary::BinDecodable;
use jiff::Zoned;
use tdig::display::Display;
use tdig::dns::message::Message;
use tdig::exchange::{Endpoint, Exchange, Packet, Peer, Phases, Protocol};
use tdig::render::ink::Ink;
use tdig::render::{dig, json};

criterion_group!(benches, usual, many_records, compressed_names);
criterion_main!(benches);

/// A reply of 500 octets with ten records, beside hickory-proto's own text of it.
fn usual(criterion: &mut Criterion) {
    let reply = usual_reply();
    assert_eq!(reply.len(), 500);
    let mut group = criterion.benchmark_group("500 octets, ten records");
    let exchange = exchange(reply.clone());
    group.bench_function("tdig, full text", |bencher| bencher.iter(|| text(&exchange)));
    group.bench_function("tdig, JSON", |bencher| bencher.iter(|| object(&exchange)));
    group.bench_function("hickory-proto, Display", |bencher| {
        bencher.iter(|| {
            let message = op::Message::from_bytes(black_box(&reply)).unwrap();
            let mut text = String::new();
            write!(text, "{message}").unwrap();
            text
        });
    });
    group.finish();
}

fn many_records(criterion: &mut Criterion) {
    growth(criterion, "records", 4000, |count| {
        let mut reply = start(count);
        for number in 0..count {
            record(&mut reply, QNAME, 1, &u32::from(number).to_be_bytes());
        }
        reply
    });
}

/// Owners of 255 octets, each behind as many pointers as there can be.
fn compressed_names(criterion: &mut Criterion) {
    const LABELS: u16 = 126;
    growth(criterion, "names of 127 pointers", 2500, |count| {
        let mut reply = start(count + 1);
        // the chain lies in the data of a record of a private type
        let chain = u16::try_from(reply.len()).unwrap() + 12;
        let mut data = vec![0];
        for label in 0..LABELS {
            let before = if label == 0 { chain } else { chain + 1 + 4 * (label - 1) };
            data.extend([1, b'a']);
            data.extend((0xc000 | before).to_be_bytes());
        }
        let last = 0xc000 | (chain + 1 + 4 * (LABELS - 1));
        record(&mut reply, QNAME, 65_280, &data);
        for _ in 0..count {
            record(&mut reply, last, 5, &last.to_be_bytes());
        }
        reply
    });
}

/// Times a reply of `count` records beside one of half as many.
fn growth(criterion: &mut Criterion, what: &str, count: u16, reply: impl Fn(u16) -> Vec<u8>) {
    let mut group = criterion.benchmark_group(what);
    let mut took = Vec::new();
    for count in [count / 2, count] {
        let exchange = exchange(reply(count));
        let message = Message::read(&exchange.reply.bytes);
        assert!(message.faults.is_empty(), "{:?}", message.faults);
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| text(&exchange));
        });
        took.push(best(|| text(&exchange)).as_secs_f64());
    }
    group.finish();
    println!("{what}: twice as many take {:.2} times as long", took[1] / took[0]);
}

fn best<T>(mut run: impl FnMut() -> T) -> Duration {
    let time = |run: &mut dyn FnMut() -> T| {
        let started = Instant::now();
        black_box(run());
        started.elapsed()
    };
    // there is always one
    (0..20).map(|_| time(&mut run)).min().unwrap_or_default()
}

fn text(exchange: &Exchange) -> Vec<u8> {
    let message = Message::read(black_box(&exchange.reply.bytes));
    let query = Message::read(&exchange.query.bytes);
    let mut out = Vec::new();
    let display = Display::default();
    dig::reply(exchange, &query, &message, &display, Ink::new(false), &mut out).unwrap();
    out
}

fn object(exchange: &Exchange) -> Vec<u8> {
    let reply = &Message::read(black_box(&exchange.reply.bytes));
    let query = &Message::read(&exchange.query.bytes);
    let mut out = Vec::new();
    let it =
        json::Answered { exchange, query, reply, faults: &reply.faults, failed: &[], qr: false };
    json::answered(&json::Heard::default(), it, false, &mut out).unwrap();
    out
}

fn exchange(reply: Vec<u8>) -> Exchange {
    let packet = |bytes| Packet { bytes, at: Zoned::now(), took: Duration::from_millis(5) };
    Exchange {
        peer: Peer {
            address: Endpoint::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 853))),
            protocol: Protocol::Tls,
        },
        query: packet(start(0)),
        reply: packet(reply),
        tls: None,
        signature: None,
        phases: Phases::default(),
    }
}

/// The pointer to the name asked for, and to `example.com` in it.
const QNAME: u16 = 0xc00c;
const ZONE: u16 = 0xc010;

/// Header and question: `www.example.com A`.
fn start(answers: u16) -> Vec<u8> {
    let mut message = b"\x12\x34\x81\x80\0\x01".to_vec();
    message.extend(answers.to_be_bytes());
    message.extend(b"\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01");
    message
}

fn record(message: &mut Vec<u8>, owner: u16, record_type: u16, data: &[u8]) {
    message.extend(owner.to_be_bytes());
    message.extend(record_type.to_be_bytes());
    message.extend([0, 1, 0, 0, 1, 44]);
    message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    message.extend(data);
}

fn usual_reply() -> Vec<u8> {
    let mut reply = start(5);
    // 3 in authority, 2 in additional
    (reply[9], reply[11]) = (3, 2);
    record(&mut reply, QNAME, 5, b"\x03web\xc0\x10");
    for last in 1..=3 {
        record(&mut reply, 0xc02d, 1, &[192, 0, 2, last]);
    }
    let text = &b"v=spf1 include:_spf.example.com ~all ".repeat(6)[..186];
    record(&mut reply, 0xc02d, 16, &[&[186][..], text].concat());
    record(&mut reply, ZONE, 2, b"\x03ns1\xc0\x10");
    record(&mut reply, ZONE, 2, b"\x03ns2\xc0\x10");
    let signature =
        [&b"\0\x02\x0d\x02\0\0\x01\x2c\x7c\0\0\0\x69\0\0\0\x30\x39"[..], b"\0", &[0x5a; 96]];
    record(&mut reply, ZONE, 46, &signature.concat());
    record(&mut reply, QNAME, 28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    reply.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\0");
    reply
}
