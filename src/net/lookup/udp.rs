//! One query in cleartext, over UDP or the datagrams of a UNIX socket. One rule: every address has
//! its share of the time that is left, and every try its share of that.

use super::{Attempt, MAX_STRAYS, encode, has_id_of, share, signature};
use crate::dns::message::Message;
use crate::error::{Error, Missing, Reply};
use crate::event::Event;
use crate::exchange::{Endpoint, Exchange, Packet, Peer, Phases, Protocol};
use crate::net::datagram::Datagrams;
use crate::net::deadline::Deadline;
use crate::plan::Target;

impl Attempt<'_> {
    /// One query, repeated, over UDP; with this cookie in place of its own, where there is one.
    pub(super) fn datagrams(
        &mut self,
        target: &Target,
        retry: u32,
        cookie: Option<&[u8]>,
    ) -> Result<Exchange, Error> {
        let start = self.deadline.elapsed();
        let endpoints = match target.is_path() {
            true => vec![Endpoint::Path(target.host.clone())],
            false => self.addresses(target)?.into_iter().map(Endpoint::Ip).collect(),
        };
        let key = self.key()?;
        let (query, mac) = encode(self.lookup, key.as_ref(), cookie)?;
        let mut last = None;
        let count = endpoints.len();
        for (position, endpoint) in endpoints.into_iter().enumerate() {
            if position > 0 && self.deadline.is_over() {
                break;
            }
            let share = share(self.deadline, count - position);
            let peer = Peer { address: endpoint, protocol: Protocol::Udp };
            (self.tell)(Event::Dialling(&peer));
            let socket = match Datagrams::open(&peer, &self.lookup.route) {
                Ok(socket) => socket,
                Err(error) => {
                    (self.tell)(Event::Failed(&error));
                    last = Some(error);
                    continue;
                }
            };
            for left in (1..=retry.saturating_add(1)).rev() {
                let deadline = share.within(share.left().map(|time| time / left));
                let tried = socket.send(&query, &deadline).and_then(|()| {
                    let sent = self.deadline.elapsed();
                    Ok((sent, self.datagram(&socket, &query, &deadline)?))
                });
                let error = match tried {
                    Ok((sent, reply)) => {
                        let received = self.deadline.elapsed();
                        let at = self.at.clone();
                        return Ok(Exchange {
                            signature: signature(key.as_ref(), mac.as_ref(), &reply),
                            peer,
                            query: Packet { bytes: query, at: at.clone(), took: sent - start },
                            reply: Packet { bytes: reply, at, took: received - start },
                            tls: None,
                            phases: Phases { reply: received - sent, ..Phases::default() },
                        });
                    }
                    Err(error) => error,
                };
                (self.tell)(Event::Failed(&error));
                // an unreachable address is not retried; nor is anything once the time is over
                let over = share.is_over();
                let is_final = over || matches!(error, Error::Connect { .. });
                last = Some(error);
                if is_final {
                    break;
                }
                if left > 1 {
                    (self.tell)(Event::Retrying(&peer));
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::Internal("no address to query".into())))
    }

    fn datagram(
        &mut self,
        socket: &Datagrams,
        query: &[u8],
        deadline: &Deadline,
    ) -> Result<Vec<u8>, Error> {
        let asked = Message::read(query);
        let (mut strays, mut discarded) = (0, 0);
        while strays + discarded < MAX_STRAYS {
            let reply = match socket.receive(deadline) {
                Ok(reply) => reply,
                Err(error) => return Err(error.lacking(Missing::cookie(discarded))),
            };
            if !has_id_of(&reply, query) {
                if strays == 0 {
                    self.tell_stray(&reply, query);
                }
                strays += 1;
                continue;
            }
            // anyone can send a datagram in the name of a server, but not our cookie in it
            let Some(fault) = Message::read(&reply).cookie_fault(&asked) else { return Ok(reply) };
            if discarded == 0 {
                (self.tell)(Event::Warning(format_args!("reply discarded: {fault}")));
            }
            discarded += 1;
        }
        let error = Error::Reply { peer: socket.peer.clone(), cause: Reply::OtherId };
        Err(error.lacking(Missing::cookie(discarded)))
    }
}
