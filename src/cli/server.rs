//! The `@server` notations. One rule: what is typed is read, not resolved: no address is looked up
//! and no port is decided here.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// A server as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name, address, or the path of a UNIX socket.
    pub host: String,
    /// The port, where one was typed.
    pub port: Option<u16>,
    /// The name to check instead of `host`: `1.1.1.1#one.one.one.one`.
    pub name: Option<String>,
    /// It was typed as `tls://`, which asks for TLS.
    pub tls: bool,
}

impl Server {
    /// Reads one of: `/path` of a UNIX socket, `host`, `host:port`, `host@port`, `host#port`,
    /// `[address]:port`, IPv6 without brackets, each with or without `#name` after it
    /// (systemd-resolved, Unbound), and `tls://host[:port]`.
    ///
    /// The error says what is wrong, without the text itself.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let (tls, typed) = match typed.split_once("://") {
            Some(("tls", rest)) => (true, rest.strip_suffix('/').unwrap_or(rest)),
            Some((scheme, _)) => return Err(format!("the scheme {scheme}:// is not supported")),
            None => (false, typed),
        };
        if typed.starts_with('/') {
            return Ok(Self { host: typed.to_owned(), port: None, name: None, tls });
        }
        let (address, name) = split_name(typed);
        let (host, port) = split_port(address)?;
        if name == Some("") && !host.is_empty() {
            let what = if port.is_some() { "name" } else { "name or port" };
            return Err(format!("the {what} after # is missing"));
        }
        if host.is_empty() {
            return Err("the address is missing".into());
        }
        let port = port.map(parse_port).transpose()?;
        Ok(Self { host: host.to_owned(), port, name: name.map(str::to_owned), tls })
    }

    /// Reads an address to ask from, or to tell a proxy of: port 0 is any port, as no port is.
    pub fn parse_source(typed: &str) -> Result<SocketAddr, String> {
        let (host, port) = split_port(typed)?;
        let port = match port {
            Some("0") | None => 0,
            Some(port) => parse_port(port)?,
        };
        if host.is_empty() {
            return Err("the address is missing".into());
        }
        // the zone of a link-local address is its scope
        let scoped = format!("[{host}]:{port}").parse::<SocketAddrV6>().map(SocketAddr::V6).ok();
        let plain = address_of(host).map(|address| SocketAddr::new(address, port));
        scoped.or(plain).ok_or_else(|| "no address".into())
    }

    /// What it demands that nothing but TLS can give, as typed; `None` for an address alone.
    pub fn demand(&self) -> Option<String> {
        let Self { host, name, tls, .. } = self;
        match (name, tls) {
            (Some(name), _) => Some(format!("@{host}#{name}")),
            (None, true) => Some(format!("@tls://{host}")),
            (None, false) => None,
        }
    }

    /// The address, where `host` is one. A zone (`%eth0`) is not part of it.
    pub fn address(&self) -> Option<IpAddr> {
        address_of(&self.host)
    }
}

/// The address that `host` spells, without its zone.
pub fn address_of(host: &str) -> Option<IpAddr> {
    host.split('%').next()?.parse().ok()
}

/// A port number, or the name of one of DNS's own services.
pub fn parse_port(text: &str) -> Result<u16, String> {
    match text {
        "" => Err("the port is missing".into()),
        "domain" => Ok(53),
        "domain-s" => Ok(853),
        "https" => Ok(443),
        // a sign is no digit
        _ if text.starts_with('+') => {
            Err(format!("the port {text} is neither a number nor a known service"))
        }
        _ => match text.parse::<u16>() {
            Ok(0) => Err("port 0 cannot be asked".into()),
            Ok(port) => Ok(port),
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(format!("port {text} is above 65535"))
            }
            Err(_) => Err(format!("the port {text} is neither a number nor a known service")),
        },
    }
}

/// Cuts `#name` off; `#853` is a port and stays.
fn split_name(typed: &str) -> (&str, Option<&str>) {
    match typed.rsplit_once('#') {
        Some((_, after)) if !after.is_empty() && is_port(after) => (typed, None),
        Some((address, name)) => (address, Some(name)),
        None => (typed, None),
    }
}

fn is_port(text: &str) -> bool {
    text == "domain" || text == "domain-s" || text.bytes().all(|byte| byte.is_ascii_digit())
}

fn split_port(typed: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = typed.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else {
            return Err("] is missing".into());
        };
        return match after.strip_prefix([':', '#', '@']) {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err("after ] only :port may follow".into()),
        };
    }
    for separator in ['@', '#'] {
        if let Some((host, port)) = typed.split_once(separator) {
            return Ok((host, Some(port)));
        }
    }
    match typed.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, Some(port))),
        _ => Ok((typed, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_says_host_port_and_name() {
        for (typed, host, port, name) in [
            ("1.1.1.1", "1.1.1.1", None, None),
            ("1.1.1.1:8853", "1.1.1.1", Some(8853), None),
            ("1.1.1.1@853", "1.1.1.1", Some(853), None),
            ("1.1.1.1#853", "1.1.1.1", Some(853), None),
            ("dns.example#domain-s", "dns.example", Some(853), None),
            ("dns.example:853", "dns.example", Some(853), None),
            ("dns.example", "dns.example", None, None),
            ("::1", "::1", None, None),
            ("::1#853", "::1", Some(853), None),
            ("::1@853", "::1", Some(853), None),
            ("[::1]", "::1", None, None),
            ("[::1]:853", "::1", Some(853), None),
            ("[::1]:853#dns.example", "::1", Some(853), Some("dns.example")),
            ("fe80::1%eth0@853", "fe80::1%eth0", Some(853), None),
            ("1.1.1.1#one.one.one.one", "1.1.1.1", None, Some("one.one.one.one")),
            ("1.1.1.1:853#one.one.one.one", "1.1.1.1", Some(853), Some("one.one.one.one")),
            ("1.1.1.1@853#one.one.one.one", "1.1.1.1", Some(853), Some("one.one.one.one")),
            ("2606:4700::1111#one.one.one.one", "2606:4700::1111", None, Some("one.one.one.one")),
            ("/run/dns.sock", "/run/dns.sock", None, None),
            ("tls://dns.example", "dns.example", None, None),
            ("tls://1.1.1.1:8853/", "1.1.1.1", Some(8853), None),
        ] {
            let (name, tls) = (name.map(str::to_owned), typed.starts_with("tls://"));
            let expected = Server { host: host.into(), port, name, tls };
            assert_eq!(Server::parse(typed), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused_with_the_reason() {
        for (typed, reason) in [
            ("", "the address is missing"),
            ("[::1", "] is missing"),
            ("[::1]853", "after ] only :port may follow"),
            ("127.0.0.1@", "the port is missing"),
            ("127.0.0.1:", "the port is missing"),
            ("127.0.0.1#", "the name or port after # is missing"),
            ("127.0.0.1:853#", "the name after # is missing"),
            ("127.0.0.1#853#", "the name after # is missing"),
            ("[::1]:853#", "the name after # is missing"),
            ("#", "the address is missing"),
            ("127.0.0.1@99999", "port 99999 is above 65535"),
            ("127.0.0.1@abc", "the port abc is neither a number nor a known service"),
            ("127.0.0.1@0", "port 0 cannot be asked"),
            ("127.0.0.1:+53", "the port +53 is neither a number nor a known service"),
            ("@853", "the address is missing"),
            ("https://dns.example/dns-query", "the scheme https:// is not supported"),
        ] {
            assert_eq!(Server::parse(typed), Err(reason.to_owned()), "{typed}");
        }
    }
}
