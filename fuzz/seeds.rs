//! Writes what the targets begin with into `corpus/`, beside this file: words of our own, and what
//! the folder has that `TDIG_CORPUS` names, messages and certificates.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use tdig::cli::options::OPTIONS;

const SERVERS: &[&str] = &[
    "192.0.2.1",
    "2001:db8::1",
    "[2001:db8::1]:853",
    "fe80::1%eth0@853",
    "dns.example#853",
    "1.1.1.1:853#one.one.one.one",
    "1.1.1.1@853#one.one.one.one",
    "tls://dns.example:8853/",
];

const LINES: &[&str] = &[
    "@192.0.2.1\n+tls-ca\n+tls-host=dns.example\nexample.com\nMX",
    "-d\n@1.1.1.1\n-p\n853\n-x\n192.0.2.1\n+short\nexample.com\n+noshort",
    "-q\nmx\n-t\nTYPE65280\n-c\nCH\n+subnet=192.0.2.0/24\n+cookie\n+ednsopt=65001:abcd",
    "+tls-pin=T0cdZeo5i1alEQql4G2okmhahC0wNM9mGTgmdT4kCT0=\n+timeout=1500ms\n.",
];

/// What a peer may say first: an alert, the head of a ServerHello, two messages, something else.
const SESSIONS: &[&[u8]] = &[
    b"\x15\x03\x03\0\x02\x02\x28\x01\x01",
    b"\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03\x01\x01",
    b"\0\x03abc\0\0\0\x01d\x01\0",
    b"HTTP/1.1 400 Bad Request\r\n\x01\x01",
];

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let targets =
        ["message", "rdata", "edns", "certificate", "session", "server_notation", "option_words"];
    for target in targets {
        fs::create_dir_all(corpus.join(target))?;
    }
    for (number, server) in SERVERS.iter().enumerate() {
        fs::write(corpus.join("server_notation").join(number.to_string()), server)?;
    }
    for (number, octets) in SESSIONS.iter().enumerate() {
        fs::write(corpus.join("session").join(number.to_string()), octets)?;
    }
    let options =
        OPTIONS.iter().flat_map(|row| [format!("+{}", row.name), format!("+{}=1", row.name)]);
    let lines = LINES.iter().map(ToString::to_string).chain(options);
    for (number, line) in lines.enumerate() {
        fs::write(corpus.join("option_words").join(number.to_string()), line)?;
    }
    let Some(folder) = env::var_os("TDIG_CORPUS").map(PathBuf::from) else {
        println!("TDIG_CORPUS names no folder: messages and certificates begin with nothing");
        return Ok(());
    };
    let messages = messages(&folder.join("dns-messages.tar.gz"), &corpus)?;
    let certificates = certificates(&folder.join("limbo_tls.json"), &corpus)?;
    println!("{messages} messages, {certificates} certificates");
    Ok(())
}

fn messages(archive: &Path, corpus: &Path) -> Result<usize, Box<dyn Error>> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(archive)?));
    let mut count = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let mut octets = Vec::new();
        entry.read_to_end(&mut octets)?;
        fs::write(corpus.join("message").join(count.to_string()), octets)?;
        count += 1;
    }
    Ok(count)
}

/// Every PEM block in any text of the file.
fn certificates(file: &Path, corpus: &Path) -> Result<usize, Box<dyn Error>> {
    let mut count = 0;
    let mut todo = vec![serde_json::from_reader::<_, Value>(File::open(file)?)?];
    while let Some(value) = todo.pop() {
        match value {
            Value::Array(values) => todo.extend(values),
            Value::Object(members) => todo.extend(members.into_iter().map(|member| member.1)),
            Value::String(text) => {
                for der in text.split("-----BEGIN CERTIFICATE-----").skip(1).filter_map(pem) {
                    fs::write(corpus.join("certificate").join(count.to_string()), der)?;
                    count += 1;
                }
            }
            _ => {}
        }
    }
    Ok(count)
}

fn pem(block: &str) -> Option<Vec<u8>> {
    let (base64, _) = block.split_once("-----END")?;
    let base64: String = base64.split_whitespace().collect();
    STANDARD.decode(base64).ok()
}
