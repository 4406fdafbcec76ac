//! Bytes that are no HTTP, or hardly.

use ironflow_harness::wire::exchange;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{on_memory, try_out};

const SOUND: &[&str] = &[
    "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /api/v1/kv/buckets/b/keys/k HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "PUT /api/v1/kv/buckets/b/keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nvalue",
    "PUT /api/v1/kv/buckets/b/keys/k HTTP/1.1\r\nHost: localhost\r\nIf-Match: 1\r\n\
     Transfer-Encoding: chunked\r\n\r\n5\r\nvalue\r\n0\r\n\r\n",
    "POST /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{\"name\":\"b\"}",
    "GET /api/v1/kv/buckets/b/watch?key=%3E HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ironflow.v1\r\n\r\n",
    "DELETE /api/v1/kv/buckets/b/keys/k?purge=true HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\
     Access-Control-Request-Method: PUT\r\n\r\n",
];

/// One change to a sound request.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
    Repeat,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index, length: usize| index.index(length + 1).min(length);
        match self {
            Self::Replace(index, byte) if !bytes.is_empty() => {
                let place = index.index(bytes.len());
                bytes[place] = *byte;
            }
            Self::Replace(..) => {}
            Self::Insert(index, more) => {
                let place = at(index, bytes.len());
                bytes.splice(place..place, more.iter().copied());
            }
            Self::Remove(index, count) => {
                let place = at(index, bytes.len());
                let end = (place + count).min(bytes.len());
                bytes.drain(place..end);
            }
            Self::Cut(index) => bytes.truncate(at(index, bytes.len())),
            Self::Repeat => bytes.extend_from_within(..),
        }
    }
}

fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let significant = select(&b"\r\n\0 :/?%,;\"\xff\x80aG0*"[..]);
    let change = prop_oneof![
        4 => (any::<Index>(), prop_oneof![significant.clone(), any::<u8>()])
            .prop_map(|(at, byte)| Change::Replace(at, byte)),
        3 => (any::<Index>(), vec(significant, 1..6)).prop_map(|(at, more)| Change::Insert(at, more)),
        2 => (any::<Index>(), 1_usize..20).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => Just(Change::Repeat),
    ];
    (select(SOUND), vec(change, 0..5)).prop_map(|(sound, changes)| {
        let mut bytes = sound.as_bytes().to_vec();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => spoilt(), 1 => vec(any::<u8>(), 0..2000)]
}

#[test]
fn bytes_of_any_kind_are_answered_or_hung_up_on() {
    let server = on_memory();
    try_out("raw inputs", &server, bytes, async |server, request| {
        let answer = exchange(server, &request).await?;
        if answer.status.is_some_and(|status| status != 101) {
            // Several requests at once have several answers, of which this is the first.
            let status = answer.status.unwrap_or_default();
            prop_assert!(status < 500 || status == 507, "{answer:?}");
        } else if answer.status.is_none() {
            prop_assert!(answer.head.is_empty(), "{answer:?}");
        }
        Ok(())
    });
}
