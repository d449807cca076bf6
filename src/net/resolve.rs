//! Host names to addresses, and the system's servers. One rule: the system's resolver is asked in a
//! thread of its own, because it knows no deadline; once at a time for a name, however many wait.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::deadline::Deadline;
use crate::cli::server::Server;
use crate::cli::settings::Family;
use crate::error::{Error, system_words};
use crate::plan::Target;

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

/// One question to the system's resolver, under way, and who waits for the answer.
#[derive(Default)]
struct Job {
    found: Mutex<Option<Found>>,
    is_over: Condvar,
}

/// Those under way, by host name. They belong to the process: nobody can end one, and a resolver
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
            // who comes from now on asks anew
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

/// What is behind these locks is whole at any time, whoever panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unresolved(target: &Target, reason: String) -> Error {
    Error::Resolve { server: target.typed(), reason }
}

/// The servers of the system's resolver configuration; the loopback addresses where it names none.
pub(super) fn system_servers() -> Result<Vec<Server>, Error> {
    let text = match std::fs::read_to_string(RESOLV_CONF) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && cfg!(windows) => {
            return Err(Error::Usage {
                message: format!("no server named, and this system has no {RESOLV_CONF}"),
                hint: Some("@1.1.1.1, or the address of another resolver".into()),
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(Error::File { path: RESOLV_CONF.into(), reason: system_words(&error) });
        }
    };
    let servers = nameservers(&text);
    match servers.is_empty() {
        true => Ok(["::1", "127.0.0.1"].map(loopback).into()),
        false => Ok(servers),
    }
}

fn loopback(address: &str) -> Server {
    Server { host: address.into(), port: None, name: None, tls: false }
}

/// The `nameserver` lines of a resolver configuration that can be read.
fn nameservers(text: &str) -> Vec<Server> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().filter(|&it| it == "nameserver")?;
        Server::parse(words.next()?).ok()
    };
    text.lines().filter_map(server).collect()
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
    fn nameserver_lines_are_servers_in_any_notation() {
        let servers = nameservers(
            "# comment\nsearch example\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\n\
             nameserver 127.0.0.1:8853\noptions edns0\nnameserver\n",
        );
        let hosts: Vec<_> = servers.iter().map(|it| (&*it.host, it.port)).collect();
        assert_eq!(hosts, [("192.0.2.1", None), ("2001:db8::1", None), ("127.0.0.1", Some(8853))]);
    }
}
