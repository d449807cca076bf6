//! The PROXYv2 header (HAProxy's PROXY protocol, version 2, binary). One rule: it names the
//! addresses that the user gave, and adds nothing.

use std::net::{IpAddr, SocketAddr};

use crate::cli::settings::Proxy;

/// What the header says the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
}

/// The octets before the first message, or before each datagram.
pub(super) fn header(proxy: Proxy, over: Over) -> Vec<u8> {
    const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
    const VERSION_2_PROXY: u8 = 0x21;
    let Proxy { source, destination } = proxy;
    let family = if source.is_ipv4() { 0x10 } else { 0x20 };
    let kind = if over == Over::Tcp { 1 } else { 2 };
    let mut addresses = [octets(source), octets(destination)].concat();
    addresses.extend(source.port().to_be_bytes());
    addresses.extend(destination.port().to_be_bytes());
    let mut header = SIGNATURE.to_vec();
    header.extend([VERSION_2_PROXY, family | kind]);
    // 12 or 36 octets
    header.extend((addresses.len() as u16).to_be_bytes());
    header.extend(addresses);
    header
}

fn octets(address: SocketAddr) -> Vec<u8> {
    match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_signature_family_and_addresses() {
        let proxy = Proxy {
            source: "192.0.2.1:1234".parse().unwrap(),
            destination: "192.0.2.2:53".parse().unwrap(),
        };
        let mut expected = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
        expected.extend([192, 0, 2, 1, 192, 0, 2, 2, 0x04, 0xd2, 0, 53]);
        assert_eq!(header(proxy, Over::Tcp), expected);
        assert_eq!(header(proxy, Over::Udp)[13], 0x12);
    }
}
