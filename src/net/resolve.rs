//! Host names to addresses, and the system's servers. One rule: the system's resolver is asked in a
//! thread of its own, because it knows no deadline.

use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};

use super::deadline::Deadline;
use crate::cli::server::Server;
use crate::cli::settings::Family;
use crate::error::{Error, system_words};
use crate::plan::Target;

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The addresses of `target`, in the system's order, of its family only.
pub fn addresses(target: &Target, deadline: &Deadline) -> Result<Vec<SocketAddr>, Error> {
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
    let (sender, receiver) = channel();
    let wanted = (target.host.clone(), target.port);
    std::thread::spawn(move || {
        // nobody listens any more when time was up
        let _ = sender.send(wanted.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    });
    let answer = match deadline.left() {
        Some(left) => receiver.recv_timeout(left),
        None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match answer {
        Ok(Ok(found)) if found.is_empty() => Err(unresolved(target, "no address".into())),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            let words = error.to_string();
            let words =
                words.strip_prefix("failed to lookup address information: ").unwrap_or(&words);
            Err(unresolved(target, words.to_owned()))
        }
        Err(_) => {
            let after = deadline.elapsed().as_secs_f64();
            Err(unresolved(
                target,
                format!("no answer from the system's resolver after {after:.1} s"),
            ))
        }
    }
}

fn unresolved(target: &Target, reason: String) -> Error {
    Error::Resolve { server: target.typed(), reason }
}

/// The servers of the system's resolver configuration; the loopback addresses where it names none.
pub fn system_servers() -> Result<Vec<Server>, Error> {
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
    Server { host: address.into(), port: None, name: None }
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
    use super::*;

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
