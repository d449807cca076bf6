//! One JSON object a query: the message as RFC 8427 has it, with kdig's names, and beside it who
//! answered, when, how padded, and why not. One rule: `man/tdig.schema.json` describes every
//! member, no name stands twice, and every text has passed [`crate::text`].

mod asked;
mod batch;
mod edns;
mod message;
mod who;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::dns::fault::{Fault, Gravity};
use crate::dns::message::Message;
use crate::error::{CONDITION, Error, NO_ANSWER};
use crate::event::Event;
use crate::exchange::{Endpoint, Exchange, Packet, Peer, Phases};
use crate::text;
use crate::verdict::TlsFacts;
pub use asked::Asked;
pub use batch::Batch;
use message::MessageView;

/// What was told while a lookup went on, which is all there is of one that failed.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    asked: Asked,
    host: String,
    port: u16,
    peer: Option<Peer>,
    at: Option<Zoned>,
    tls: Option<Arc<TlsFacts>>,
    took: Option<Duration>,
}

impl Heard {
    /// Nothing yet of a lookup that asks this.
    pub fn of(asked: Asked) -> Self {
        Self { asked, ..Self::default() }
    }

    /// The server that was tried last, and its address where it was dialled.
    pub fn from(self, host: &str, port: u16, peer: Option<&Peer>) -> Self {
        Self { host: text::free(host), port, peer: peer.cloned(), ..self }
    }

    /// The session and the server's certificates, once there are any.
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_deref()
    }

    /// Remembers what an event says of the server whose turn it is.
    pub fn hear(&mut self, event: &Event<'_>) {
        match *event {
            Event::Turn { host, port, at } => {
                let asked = std::mem::take(&mut self.asked);
                let at = Some(at.clone());
                *self = Self { asked, host: text::free(host), port, at, ..Self::default() };
            }
            Event::Dialling(peer) => {
                self.peer = Some(peer.clone());
                self.tls = None;
            }
            Event::Met(facts) => self.tls = Some(Arc::clone(facts)),
            Event::GivenUp { took, .. } => self.took = Some(took),
            _ => {}
        }
    }
}

/// A lookup that brought a reply, usable or not.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// Its query.
    pub query: &'a Message<'a>,
    /// Its reply.
    pub reply: &'a Message<'a>,
    /// What is wrong with the reply.
    pub faults: &'a [Fault],
    /// The conditions that did not hold, in words.
    pub failed: &'a [String],
    /// The query is shown too.
    pub qr: bool,
}

/// Writes the object of a reply: indented when `pretty`, in one line otherwise.
pub fn answered(
    heard: &Heard,
    answered: Answered<'_>,
    pretty: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(&Object { heard, outcome: Outcome::Answered(answered) }, pretty, out)
}

/// Writes the object of a lookup without a reply.
pub fn failed(heard: &Heard, error: &Error, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
    write(&Object { heard, outcome: Outcome::Failed(error) }, pretty, out)
}

/// Writes the object of a transfer that came to its end and failed these conditions.
pub fn unfit(
    heard: &Heard,
    failed: &[String],
    pretty: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(&Object { heard, outcome: Outcome::Unfit(failed) }, pretty, out)
}

/// Writes the object of one message of a transfer; that of the first has the `server` that sends it.
pub fn transferred(
    server: Option<&Heard>,
    message: &Message<'_>,
    packet: &Packet,
    pretty: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = MessageView { message, packet };
    match server {
        Some(heard) => write(&Object { heard, outcome: Outcome::Begun(view) }, pretty, out),
        None => write(&view, pretty, out),
    }
}

/// Writes the object of a whole batch, in one line.
pub fn summed_up(batch: &Batch, out: &mut dyn Write) -> io::Result<()> {
    write(batch, false, out)
}

fn write(object: &impl Serialize, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
    if pretty {
        serde_json::to_writer_pretty(&mut *out, object)?;
    } else {
        serde_json::to_writer(&mut *out, object)?;
    }
    out.write_all(b"\n")
}

struct Object<'a> {
    heard: &'a Heard,
    outcome: Outcome<'a>,
}

enum Outcome<'a> {
    Answered(Answered<'a>),
    /// The first message of a transfer.
    Begun(MessageView<'a>),
    Failed(&'a Error),
    Unfit(&'a [String]),
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.outcome {
            Outcome::Answered(answered) => self.answered(answered, &mut map)?,
            Outcome::Begun(view) => {
                view.members(&mut map)?;
                map.serialize_entry("server", &self.server(self.heard.peer.as_ref()))?;
                if let Some(facts) = self.heard.tls() {
                    map.serialize_entry("tls", &who::Tls::new(facts))?;
                }
            }
            Outcome::Failed(error) => self.failed(Some(error), Failure::new(error), &mut map)?,
            Outcome::Unfit(failed) => self.failed(None, Failure::unfit(failed), &mut map)?,
        }
        map.end()
    }
}

impl Object<'_> {
    fn answered<M: SerializeMap>(
        &self,
        answered: &Answered<'_>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        let &Answered { exchange, query, reply, faults, failed, qr } = answered;
        let view = |message, packet| MessageView { message, packet };
        if qr {
            map.serialize_entry("queryMessage", &view(query, &exchange.query))?;
            map.serialize_entry("responseMessage", &view(reply, &exchange.reply))?;
        } else {
            view(reply, &exchange.reply).members(map)?;
        }
        map.serialize_entry("server", &self.server(Some(&exchange.peer)))?;
        if let Some(facts) = &exchange.tls {
            map.serialize_entry("tls", &who::Tls::new(facts))?;
        }
        map.serialize_entry("timing", &Timing::of(exchange))?;
        let padding = PaddingView { query: Padded::of(query), reply: Padded::of(reply) };
        map.serialize_entry("padding", &padding)?;
        if !faults.is_empty() {
            let words: Vec<String> = faults.iter().map(|fault| words(&fault)).collect();
            map.serialize_entry("warnings", &words)?;
        }
        if let Some(signature) = &exchange.signature {
            let (holds, why) = (signature.is_ok(), signature.as_ref().err().map(|it| words(it)));
            map.serialize_entry("signature", &Signature { holds, why })?;
        }
        let failure = match unusable(exchange, faults) {
            Some(message) => Failure { kind: "message", exit_code: NO_ANSWER, message, hint: None },
            None if failed.is_empty() => return Ok(()),
            None => Failure::unfit(failed),
        };
        map.serialize_entry("error", &failure)
    }

    fn failed<M: SerializeMap>(
        &self,
        error: Option<&Error>,
        failure: Failure,
        map: &mut M,
    ) -> Result<(), M::Error> {
        self.heard.asked.members(map)?;
        if !self.heard.host.is_empty() {
            map.serialize_entry("server", &self.server(self.heard.peer.as_ref()))?;
        }
        let refused = match error {
            Some(Error::Refused(facts)) => Some(facts),
            _ => None,
        };
        if let Some(facts) = refused.or(self.heard.tls.as_ref()) {
            map.serialize_entry("tls", &who::Tls::new(facts))?;
        }
        if let (Some(at), Some(took)) = (&self.heard.at, self.heard.took) {
            map.serialize_entry("timing", &Timing::until_failure(at, took))?;
        }
        map.serialize_entry("error", &failure)
    }

    fn server(&self, peer: Option<&Peer>) -> ServerView<'_> {
        ServerView {
            host: &self.heard.host,
            address: peer.map(|peer| match &peer.address {
                Endpoint::Ip(address) => address.ip().to_string(),
                Endpoint::Path(path) => text::free(path),
            }),
            port: match peer.map(|peer| &peer.address) {
                Some(Endpoint::Ip(address)) => address.port(),
                _ => self.heard.port,
            },
            protocol: peer.map(|peer| peer.protocol.to_string()),
        }
    }
}

#[derive(Serialize)]
struct ServerView<'a> {
    host: &'a str,
    address: Option<String>,
    port: u16,
    protocol: Option<String>,
}

/// Milliseconds by phase.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timing {
    date_string: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<f64>,
    total: f64,
}

impl Timing {
    fn of(exchange: &Exchange) -> Self {
        let Phases { reused, connect, handshake, reply } = exchange.phases;
        Self {
            date_string: date(&exchange.reply.at),
            reused: Some(reused),
            connect: Some(milliseconds(connect)),
            handshake: Some(milliseconds(handshake)),
            reply: Some(milliseconds(reply)),
            total: milliseconds(exchange.reply.took),
        }
    }

    fn until_failure(at: &Zoned, took: Duration) -> Self {
        Self {
            date_string: date(at),
            reused: None,
            connect: None,
            handshake: None,
            reply: None,
            total: milliseconds(took),
        }
    }
}

#[derive(Serialize)]
struct PaddingView {
    query: Padded,
    reply: Padded,
}

/// Octets of a message: what is no padding, the padding with the header of its option, and both.
#[derive(Serialize)]
struct Padded {
    content: usize,
    padding: usize,
    total: usize,
}

impl Padded {
    fn of(message: &Message<'_>) -> Self {
        // the option lies within the message
        let (total, padding) = (message.bytes.len(), message.padding().unwrap_or(0));
        Self { content: total - padding, padding, total }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    kind: &'static str,
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn new(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            exit_code: error.exit_code(),
            message: words(error),
            hint: error.hint().map(text::free),
        }
    }

    fn unfit(failed: &[String]) -> Self {
        let message = text::free(failed.join("; "));
        Self { kind: "condition", exit_code: CONDITION, message, hint: None }
    }
}

/// Why a reply is of no use; `None` if it is of some.
fn unusable(exchange: &Exchange, faults: &[Fault]) -> Option<String> {
    let forged = exchange.signature.as_ref().and_then(|it| it.as_ref().err());
    let fault = faults.iter().find(|fault| fault.gravity() != Gravity::Warning);
    fault.map(|it| words(it)).or(forged.map(|it| words(it)))
}

/// What the signature of the reply is worth (RFC 8945).
#[derive(Serialize)]
struct Signature {
    holds: bool,
    why: Option<String>,
}

fn words(what: &dyn std::fmt::Display) -> String {
    text::free(what.to_string())
}

/// kdig's notation of a moment.
fn date(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

#[cfg(test)]
mod tests;
