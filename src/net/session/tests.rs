//! Messages are what was sent, and sessions are named as kdig names them.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use rustls::{NamedGroup, SignatureScheme};

use super::names::{cipher_name, group_name, signature_name};
use super::*;

proptest! {
    #[test]
    fn messages_come_whole_in_order_and_once_however_their_octets_come(
        lengths in vec(0_usize..3000, 0..30),
        longest in any::<bool>(),
        sizes in vec(1_usize..5000, 1..50),
        taken in vec(any::<bool>(), 1..50),
    ) {
        let longest = longest.then_some(usize::from(u16::MAX));
        let messages: Vec<_> = (0_u8..)
            .zip(lengths.into_iter().chain(longest))
            .map(|(number, length)| vec![number; length])
            .collect();
        let stream: Vec<_> = messages
            .iter()
            .flat_map(|it| [&(it.len() as u16).to_be_bytes(), &it[..]].concat())
            .collect();
        let (mut frames, mut received, mut rest) = (Frames::default(), Vec::new(), &stream[..]);
        for (size, take) in sizes.into_iter().cycle().zip(taken.into_iter().cycle()) {
            let (part, tail) = rest.split_at(size.min(rest.len()));
            rest = tail;
            frames.extend(part);
            if take || rest.is_empty() {
                received.extend(frames.by_ref());
            }
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(received, messages);
        assert_eq!(frames.waiting(), 0);
    }
}

#[test]
fn any_split_of_a_stream_gives_the_same_messages() {
    let stream = b"\0\x03abc\0\0\0\x01d\0\x02ef\0\x09cut";
    let whole = vec![b"abc".to_vec(), Vec::new(), b"d".to_vec(), b"ef".to_vec()];
    for size in 1..=stream.len() {
        let mut frames = Frames::default();
        let mut messages = Vec::new();
        for part in stream.chunks(size) {
            frames.extend(part);
            messages.extend(frames.by_ref());
        }
        assert_eq!(messages, whole, "parts of {size} octets");
    }
}

#[test]
fn a_session_line_uses_the_names_that_kdig_prints() {
    assert_eq!(cipher_name("TLS13_AES_256_GCM_SHA384"), "AES-256-GCM");
    assert_eq!(cipher_name("TLS13_CHACHA20_POLY1305_SHA256"), "CHACHA20-POLY1305");
    assert_eq!(cipher_name("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "AES-128-GCM");
    assert_eq!(signature_name(SignatureScheme::ECDSA_NISTP256_SHA256, false), "ECDSA-SHA256");
    assert_eq!(group_name(NamedGroup::X25519MLKEM768), "X25519-MLKEM768");
}
