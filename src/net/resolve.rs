//! Host names to addresses, and the system's servers. One rule: the system's resolver is asked in a
//! thread of its own, because it knows no deadline; once at a time for a name, however many wait.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::pki_types::DnsName;

use super::deadline::Deadline;
use crate::cli::server::{Server, address_of};
use crate::cli::settings::Family;
use crate::error::{Error, system_words};
use crate::plan::Target;
use crate::text;

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The addresses of `target`, in the system's order, of its family only.
pub(super) fn addresses(target: &Target, deadline: &Deadline) -> Result<Vec<SocketAddr>, Error> {
    let found = match target.address() {
        Some(address) => vec![SocketAddr::new(address, target.port)],
        None => by_name(target, deadline)?,
    };
    let fits = |it: &SocketAddr| match target.family {
        Some(Family::V4) => it.is_ipv4(),
        Some(Family::V6) => it.is_ipv6(),
        None => true,
    };
    let fitting: Vec<_> = found.into_iter().filter(fits).collect();
    match (fitting.is_empty(), target.family) {
        (false, _) => Ok(fitting),
        (true, family) => {
            let family = if family == Some(Family::V4) { "IPv4" } else { "IPv6" };
            Err(unresolved(target, format!("no {family} address")))
        }
    }
}

fn by_name(target: &Target, deadline: &Deadline) -> Result<Vec<SocketAddr>, Error> {
    let job = Job::of(&target.host, by_system)
        .map_err(|error| unresolved(target, format!("no thread to ask in: {}", reason(error))))?;
    match job.wait(deadline) {
        Some(Ok(found)) if found.is_empty() => Err(unresolved(target, "no address".into())),
        Some(Ok(mut found)) => {
            found.iter_mut().for_each(|it| it.set_port(target.port));
            Ok(found)
        }
        Some(Err(reason)) => Err(unresolved(target, reason)),
        None => {
            let after = deadline.elapsed().as_secs_f64();
            Err(unresolved(
                target,
                format!("no answer from the system's resolver after {after:.1} s"),
            ))
        }
    }
}

/// The addresses of a host, with port 0, or why there are none.
type Found = Result<Vec<SocketAddr>, String>;

fn by_system(host: &str) -> Found {
    let found = (host, 0).to_socket_addrs();
    found.map(Iterator::collect).map_err(reason)
}

/// What the system says, without the words that every such error begins with.
fn reason(error: io::Error) -> String {
    let words = system_words(&error);
    match words.strip_prefix("failed to lookup address information: ") {
        // kdig has them as the resolver does, with a capital
        Some(words) => words.to_owned(),
        None => words,
    }
}

/// One question to the system's resolver, under way, and the callers that wait for the answer.
#[derive(Default)]
struct Job {
    found: Mutex<Option<Found>>,
    is_over: Condvar,
}

/// Those under way, by host name. They belong to the process: none can be ended, and a resolver
/// that is silent must not cost a thread and a socket more for each query that gave up on it.
static RUNNING: Mutex<BTreeMap<String, Arc<Job>>> = Mutex::new(BTreeMap::new());

impl Job {
    /// The job that finds out about `host`: that under way, or else one that begins now. The error
    /// is that of a system without threads to spare.
    fn of(host: &str, find: fn(&str) -> Found) -> io::Result<Arc<Self>> {
        let mut running = locked(&RUNNING);
        if let Some(job) = running.get(host) {
            return Ok(Arc::clone(job));
        }
        let job = Arc::new(Self::default());
        let (own, name) = (Arc::clone(&job), host.to_owned());
        thread::Builder::new().name("resolver".into()).spawn(move || {
            let found = find(&name);
            // later callers ask anew
            locked(&RUNNING).remove(&name);
            *locked(&own.found) = Some(found);
            own.is_over.notify_all();
        })?;
        running.insert(host.to_owned(), Arc::clone(&job));
        Ok(job)
    }

    /// What was found, or `None` when time was up before.
    fn wait(&self, deadline: &Deadline) -> Option<Found> {
        let found = locked(&self.found);
        let unknown = |it: &mut Option<Found>| it.is_none();
        let found = match deadline.left() {
            Some(left) => self.is_over.wait_timeout_while(found, left, unknown).map(|it| it.0).ok(),
            None => self.is_over.wait_while(found, unknown).ok(),
        };
        found?.clone()
    }
}

/// What is behind these locks is whole at any time, also after a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unresolved(target: &Target, reason: String) -> Error {
    Error::Resolve { server: target.typed(), reason }
}

/// The servers of the system's resolver configuration; the loopback addresses where it names none.
pub(super) fn system_servers() -> Result<Vec<Server>, Error> {
    let octets = match std::fs::read(RESOLV_CONF) {
        Ok(octets) => octets,
        Err(error) if error.kind() == ErrorKind::NotFound && cfg!(windows) => {
            return Err(Error::Usage {
                message: format!("no server named, and this system has no {RESOLV_CONF}"),
                hint: Some("@1.1.1.1, or the address of another resolver".into()),
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(Error::File { path: RESOLV_CONF.into(), reason: system_words(&error) });
        }
    };
    let unreadable = |reason| Error::File { path: RESOLV_CONF.into(), reason };
    let servers = nameservers(&octets).map_err(unreadable)?;
    match servers.is_empty() {
        true => Ok(["::1", "127.0.0.1"].map(loopback).into()),
        false => Ok(servers),
    }
}

fn loopback(address: &str) -> Server {
    Server { host: address.into(), port: None, name: None, tls: false }
}

/// The servers of the `nameserver` lines of a resolver configuration (resolv.conf(5)). A line that
/// cannot be read is passed over, as the C library does. Where none can be read, the error names
/// the first: the servers that somebody meant are not those of a file without any.
///
/// The octets need not be UTF-8: what is in other lines, or in comments, does not matter.
fn nameservers(octets: &[u8]) -> Result<Vec<Server>, String> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    const MAX_SHOWN: usize = 80;
    let octets = octets.strip_prefix(BYTE_ORDER_MARK).unwrap_or(octets);
    let (mut servers, mut unreadable) = (Vec::new(), None);
    for (number, line) in (1..).zip(octets.split(|&octet| octet == b'\n')) {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        if words.next() != Some(b"nameserver") {
            continue;
        }
        match words.next().and_then(nameserver) {
            Some(server) => servers.push(server),
            None => unreadable = unreadable.or(Some((number, line.trim_ascii()))),
        }
    }
    match unreadable {
        Some((number, line)) if servers.is_empty() => {
            let line = text::free(line.get(..MAX_SHOWN).unwrap_or(line));
            Err(format!("no nameserver line can be read; line {number} is: {line}"))
        }
        _ => Ok(servers),
    }
}

/// The server that the word after `nameserver` names; a comment may follow it at once.
fn nameserver(word: &[u8]) -> Option<Server> {
    let word = word.split(|&octet| octet == b';').next()?;
    let server = Server::parse(std::str::from_utf8(word).ok()?).ok()?;
    let is_name = |name: &str| DnsName::try_from(name).is_ok() || address_of(name).is_some();
    let is_place = server.host.starts_with('/') || is_name(&server.host);
    (is_place && server.name.as_deref().is_none_or(is_name)).then_some(server)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_name_is_asked_for_once_at_a_time_however_many_wait() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static GATE: Mutex<()> = Mutex::new(());
        let find = |host: &str| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            drop(locked(&GATE));
            Err(format!("no {host}"))
        };
        let closed = locked(&GATE);
        let soon = || Deadline::new(Some(Duration::from_millis(5)));
        for _ in 0..50 {
            assert_eq!(Job::of("one.test", find).unwrap().wait(&soon()), None);
        }
        let job = Job::of("one.test", find).unwrap();
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
        drop(closed);
        assert_eq!(job.wait(&Deadline::new(None)), Some(Err("no one.test".into())));
        // it is over, and the next one asks anew
        let again = Job::of("one.test", find).unwrap();
        assert_eq!(again.wait(&Deadline::new(None)), Some(Err("no one.test".into())));
        assert_eq!(ASKED.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn nameserver_lines_are_servers_in_any_notation_and_any_file() {
        let one = "192.0.2.1";
        for (octets, hosts) in [
            (&b""[..], &[][..]),
            (b"\n\n", &[]),
            (b"# nameserver 192.0.2.1\n;nameserver 192.0.2.1\n", &[]),
            (b"search example\ndomain example\noptions edns0 timeout:1\n", &[]),
            (b"nameservers 192.0.2.1\nnameserverx 192.0.2.1\nNAMESERVER 192.0.2.1\n", &[]),
            (b"options nameserver 192.0.2.1\n", &[]),
            (b"nameserver 192.0.2.1", &[one]),
            (b"nameserver 192.0.2.1\r\nsearch example\r\n", &[one]),
            (b"\xef\xbb\xbfnameserver 192.0.2.1\n", &[one]),
            (b" nameserver\t\t192.0.2.1\t# comment\n", &[one]),
            (b"nameserver 192.0.2.1; comment\n", &[one]),
            (b"nameserver 192.0.2.1;comment\n", &[one]),
            // octets of other encodings, and none at all
            (b"# caf\xe9\nnameserver 192.0.2.1\n", &[one]),
            (b"nameserver 192.0.2.1\nsearch caf\xe9.example\n", &[one]),
            (b"nameserver 192.0.2.1 # caf\xe9\n", &[one]),
            (b"\0\xff\xfe\nnameserver 192.0.2.1\n", &[one]),
            // lines that cannot be read beside one that can
            (b"nameserver caf\xe9\nnameserver 192.0.2.1\n", &[one]),
            (b"nameserver\nnameserver 192.0.2.1\nnameserver 192.0.2.2:0\n", &[one]),
            (b"nameserver https://dns.example\nnameserver 192.0.2.1\n", &[one]),
            (
                b"nameserver 192.0.2.4\nnameserver 192.0.2.3\nnameserver 192.0.2.2\n\
                  nameserver 192.0.2.1\nnameserver 2001:db8::1\n",
                &["192.0.2.4", "192.0.2.3", "192.0.2.2", one, "2001:db8::1"],
            ),
            (b"nameserver fe80::1%eth0\nnameserver ::1\n", &["fe80::1%eth0", "::1"]),
            (
                b"nameserver /run/dns.sock\nnameserver dns.example\n",
                &["/run/dns.sock", "dns.example"],
            ),
        ] {
            let found = nameservers(octets);
            let found = found.map(|it| it.into_iter().map(|it| it.host).collect::<Vec<_>>());
            let text = String::from_utf8_lossy(octets);
            let hosts: Vec<_> = hosts.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(found, Ok(hosts), "{text:?}");
        }
        let servers = nameservers(b"nameserver 127.0.0.1:8853\nnameserver [::1]:53#one.example\n");
        let [first, second] = &servers.unwrap()[..] else { panic!("two servers") };
        assert_eq!((first.port, first.name.as_deref()), (Some(8853), None));
        assert_eq!((second.port, second.name.as_deref()), (Some(53), Some("one.example")));
    }

    #[test]
    fn a_file_whose_nameserver_lines_cannot_be_read_is_no_file_without_any() {
        for (octets, words) in [
            (&b"nameserver\n"[..], "line 1 is: nameserver"),
            (b"nameserver # 192.0.2.1\n", "line 1 is: nameserver # 192.0.2.1"),
            (b"# x\r\nnameserver caf\xe9\r\n", r"line 2 is: nameserver caf\233"),
            (b"nameserver 192.0.2.1:99999\n", "line 1 is: nameserver 192.0.2.1:99999"),
            (b"nameserver \x1b[2J\nnameserver =\n", r"line 1 is: nameserver \027[2J"),
            (b"nameserver 192.0.2.1#a..b\n", "line 1 is: nameserver 192.0.2.1#a..b"),
            (b"nameserver 192.0.2.1\0\n", r"line 1 is: nameserver 192.0.2.1\000"),
            (b"nameserver 192.0.2.1,192.0.2.2\n", "line 1 is: nameserver 192.0.2.1,192.0.2.2"),
        ] {
            let error = nameservers(octets).expect_err(words);
            assert_eq!(error, format!("no nameserver line can be read; {words}"));
        }
        let long = [b"nameserver ", &b"\xe9"[..].repeat(100_000)[..]].concat();
        assert!(nameservers(&long).unwrap_err().len() < 500);
    }
}
