//! Lookup -> Exchange: the servers in turn, the addresses of each in turn. One rule: what happens is
//! reported while it happens, and what fails is reported before the next is tried.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::ProtoError;
use jiff::Zoned;

use super::deadline::Deadline;
use super::resolve;
use super::session::Session;
use crate::error::Error;
use crate::exchange::{Event, Exchange, Packet, Phases, Protocol, Source};
use crate::plan::{Lookup, Target, Targets};
use crate::tls::trust::{Root, Trust};

/// Asks until somebody answers. The error is that of the last server, and was reported already.
pub fn run(lookup: &Lookup, tell: &mut dyn FnMut(Event<'_>)) -> Result<Exchange, Error> {
    let deadline = Deadline::new(lookup.timeout);
    let mut asking = Asking { lookup, deadline, tell };
    let mut last = None;
    for target in targets(lookup)? {
        match asking.server(&target) {
            Ok(exchange) => return Ok(exchange),
            Err(error) => {
                let server = format!("{}({})", target.typed(), Protocol::Tls);
                (asking.tell)(Event::GivenUp { server: &server, error: &error });
                last = Some(error);
            }
        }
    }
    // neither a command line nor a system's configuration yields no server at all
    Err(last.unwrap_or_else(|| Error::Internal("no servers to query".into())))
}

fn targets(lookup: &Lookup) -> Result<Vec<Target>, Error> {
    match &lookup.targets {
        Targets::Given(targets) => Ok(targets.clone()),
        Targets::System(template) => {
            resolve::system_servers()?.iter().map(|server| template.at(server)).collect()
        }
    }
}

struct Asking<'a> {
    lookup: &'a Lookup,
    deadline: Deadline,
    tell: &'a mut dyn FnMut(Event<'_>),
}

/// Messages of a stranger that are read past before a peer is believed to have lost its mind.
const MOST_STRAYS: usize = 1000;

impl Asking<'_> {
    /// The addresses of one server in turn.
    fn server(&mut self, target: &Target) -> Result<Exchange, Error> {
        let addresses = resolve::addresses(target, &self.deadline)
            .inspect_err(|error| (self.tell)(Event::Failed(error)))?;
        let mut trust = None;
        let mut last = None;
        for address in addresses {
            match self.address(target, address, &mut trust) {
                Ok(exchange) => return Ok(exchange),
                Err(error) => {
                    (self.tell)(Event::Failed(&error));
                    last = Some(error);
                }
            }
        }
        // a server without an address is an error above
        Err(last.unwrap_or_else(|| Error::Internal("no address to query".into())))
    }

    fn address(
        &mut self,
        target: &Target,
        address: SocketAddr,
        trust: &mut Option<Arc<Trust>>,
    ) -> Result<Exchange, Error> {
        let Self { lookup, deadline, tell } = self;
        let query = &lookup.query;
        tell(Event::Querying {
            owner: &query.owner(),
            qclass: query.qclass,
            qtype: query.qtype,
            host: &target.host,
            port: target.port,
        });
        let start = deadline.elapsed();
        let at = Zoned::now();
        let opened = Session::open(target, address, deadline, || match trust {
            Some(trust) => Ok(Arc::clone(trust)),
            None => {
                let loaded = Arc::new(Trust::load(&target.policy)?);
                for (root, count) in &loaded.anchors.imported {
                    let source = match root {
                        Root::System => Source::System,
                        Root::Mozilla => Source::Mozilla,
                        Root::File(path) => Source::File(path),
                    };
                    tell(Event::Imported { source, count: *count });
                }
                Ok(Arc::clone(trust.insert(loaded)))
            }
        });
        if let Ok(Session { facts, .. }) | Err(Error::Refused(facts)) = &opened {
            tell(Event::Met(facts));
        }
        let mut session = opened?;
        let exchange = self.ask(&mut session, start, at);
        (self.tell)(Event::Ended(&session.facts_now()));
        session.close();
        exchange
    }

    /// One query, and the reply to it. A reply with another ID is not ours; it is the outcome only
    /// if nothing better comes.
    fn ask(
        &mut self,
        session: &mut Session,
        start: Duration,
        at: Zoned,
    ) -> Result<Exchange, Error> {
        let deadline = self.deadline;
        let query = self.encode()?;
        session.send(&query, &deadline)?;
        let sent = deadline.elapsed();
        let mut stray = None;
        for _ in 0..MOST_STRAYS {
            let reply = match session.receive(&deadline) {
                Ok(reply) => reply,
                Err(error) => match stray {
                    Some(_) => break,
                    None => return Err(error),
                },
            };
            if reply.get(..2).is_some_and(|id| id != &query[..2]) {
                if stray.is_none() {
                    let id = |octets: &[u8]| u16::from_be_bytes([octets[0], octets[1]]);
                    (self.tell)(Event::Stray { id: id(&reply), expected: id(&query) });
                }
                stray = Some(reply);
                continue;
            }
            stray = Some(reply);
            break;
        }
        let received = deadline.elapsed();
        Ok(Exchange {
            peer: session.peer,
            query: Packet { bytes: query, at: at.clone(), took: sent - start },
            reply: Packet { bytes: stray.unwrap_or_default(), at, took: received - start },
            tls: Some(session.facts_now()),
            phases: Phases {
                reused: false,
                connect: session.connect,
                handshake: session.handshake,
                reply: received - sent,
            },
        })
    }

    fn encode(&self) -> Result<Vec<u8>, Error> {
        const COOKIE: u16 = 10;
        let too_long =
            |error: ProtoError| Error::usage(format!("can't create query packet ({error})"));
        if !self.lookup.random_cookie {
            return self.lookup.query.encode(rand::random()).map_err(too_long);
        }
        let mut query = self.lookup.query.clone();
        let options = query.edns.iter_mut().flat_map(|edns| &mut edns.options);
        for (_, data) in options.filter(|(code, _)| *code == COOKIE) {
            *data = rand::random::<[u8; 8]>().to_vec();
        }
        query.encode(rand::random()).map_err(too_long)
    }
}
