//! A query as it leaves, and what of its reply is bound to it: the cookie and the signature. One
//! rule: what a server wants to hear again is believed only where it holds what we sent.

use std::fmt::Display;
use std::time::{SystemTime, UNIX_EPOCH};

use hickory_proto::ProtoError;

use crate::cli::settings::KeySource;
use crate::dns::edns::{CLIENT_COOKIE, COOKIE, is_cookie};
use crate::dns::message::Message;
use crate::dns::tsig::{self, Key, Mac, TsigFault, Verifier};
use crate::error::Error;
use crate::file::{self, Wait};
use crate::plan::{Lookup, Route};

/// The query as it is sent: with an ID of its own, a cookie where it has one, and the MAC of its
/// signature where it is signed.
pub(in crate::net) fn encode(
    lookup: &Lookup,
    key: Option<&Key>,
    cookie: Option<&[u8]>,
) -> Result<(Vec<u8>, Option<Mac>), Error> {
    let too_long = |error: ProtoError| Error::usage(format!("can't create query packet ({error})"));
    let (id, tail) = (rand::random(), key.map_or(0, tsig::length));
    let mut bytes = if cookie.is_none() && !lookup.random_cookie {
        lookup.query.encode(id, tail).map_err(too_long)?
    } else {
        let mut query = lookup.query.clone();
        let mut options = query.edns.iter_mut().flat_map(|edns| &mut edns.options);
        // the plan puts the cookie before what +ednsopt says, which goes out as typed
        if let Some((_, data)) = options.find(|(code, _)| *code == COOKIE) {
            *data = match cookie {
                Some(cookie) => cookie.to_vec(),
                None => rand::random::<[u8; 8]>().to_vec(),
            };
        }
        query.encode(id, tail).map_err(too_long)?
    };
    let mac = key.map(|key| tsig::sign(&mut bytes, key, now(), tsig::FUDGE));
    Ok((bytes, mac))
}

/// The key of a route; its file must be read within `wait`.
pub(super) fn key(route: &Route, wait: &Wait) -> Result<Option<Key>, Error> {
    match &route.key {
        None => Ok(None),
        Some(KeySource::Typed(key)) => Ok(Some(key.clone())),
        Some(KeySource::File(path)) => {
            let octets = file::read_of_k(path, wait)?;
            let unusable = |why: &dyn Display| {
                let reason = format!("bad keyfile ({why})");
                Error::File { path: path.clone(), reason }
            };
            let text = file::text(&octets).map_err(|why| unusable(&why))?;
            let key = Key::from_file(&text).map_err(|fault| unusable(&fault))?;
            Ok(Some(key))
        }
    }
}

/// The cookie that a server wants to see in place of the one that was sent: ours, and its own of 8
/// to 32 octets (RFC 7873 section 5.3). Anything else is no cookie for us.
pub(super) fn wanted_cookie(query: &[u8], reply: &[u8]) -> Option<Vec<u8>> {
    const BADCOOKIE: u16 = 23;
    let (query, reply) = (Message::read(query), Message::read(reply));
    if reply.rcode().code != BADCOOKIE {
        return None;
    }
    let (sent, wanted) = (query.cookie()?, reply.cookie()?);
    let ours = wanted.starts_with(sent.get(..CLIENT_COOKIE)?);
    (ours && wanted.len() > CLIENT_COOKIE && is_cookie(wanted)).then(|| wanted.to_vec())
}

/// What the signature of a reply to a signed query is worth.
pub(super) fn signature(
    key: Option<&Key>,
    mac: Option<&Mac>,
    reply: &[u8],
) -> Option<Result<(), TsigFault>> {
    let (key, mac) = key.zip(mac)?;
    Some(Verifier::new(key, mac).verify(reply, now()))
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
