//! What arrives on the socket of a watch, where nothing should.

use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::HttpClient;
use ironflow_harness::wire::exchange;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

use crate::{on_memory, try_out};

const HANDSHAKE: &str = "GET /api/v1/kv/buckets/framed/watch HTTP/1.1\r\nHost: localhost\r\n\
                         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                         Sec-WebSocket-Protocol: ironflow.v1\r\n\r\n";

/// A frame by its first byte, whether it is masked, the length it claims and what it holds.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => select(&[0x81_u8, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x80][..]),
        1 => any::<u8>(),
    ];
    let claimed = prop_oneof![
        4 => Just(None),
        1 => select(&[0_u64, 125, 126, 65_535, 1 << 20, 1 << 40, u64::MAX][..]).prop_map(Some),
    ];
    let held = prop_oneof![6 => vec(any::<u8>(), 0..200), 1 => vec(any::<u8>(), 4000..10_000)];
    (first, prop::bool::weighted(0.9), claimed, held).prop_map(|(first, masked, claimed, held)| {
        let mask = if masked { 0x80 } else { 0 };
        let length = claimed.unwrap_or(held.len() as u64);
        let mut frame = vec![first];
        match length {
            0..=125 => frame.push(mask | length as u8),
            126..=65_535 => {
                frame.push(mask | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend(length.to_be_bytes());
            }
        }
        if masked {
            // A mask of zeros leaves what it masks as it is.
            frame.extend([0; 4]);
        }
        frame.extend(held);
        frame
    })
}

#[test]
fn frames_of_any_kind_end_the_watch_they_arrive_on_at_most() {
    let server = on_memory();
    let runtime = Runtime::new().unwrap();
    let client = HttpClient::new(&server.address);
    let settings = BucketSettings {
        name: "framed".to_owned(),
        ..Default::default()
    };
    runtime.block_on(client.create_bucket(&settings)).unwrap();
    let frames = || vec(frame(), 1..5).prop_map(|frames| frames.concat());
    try_out("frames", &server, frames, async |server, frames| {
        let answer = exchange(server, &[HANDSHAKE.as_bytes(), &frames[..]].concat()).await?;
        prop_assert_eq!(answer.status, Some(101));
        Ok(())
    });
}
