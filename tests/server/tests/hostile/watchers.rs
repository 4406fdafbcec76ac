//! Watchers: many of them, and some that never read.

use std::sync::Arc;

use ironflow_conformance::{Backend as _, BucketSettings, Watch as _};
use ironflow_harness::{HttpClient, say};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::{MEGABYTE, on_memory, on_nats};

/// More than a stream of JetStream takes consumers.
const MANY: usize = 1_100;

/// Watchers that never read.
const DEAF: usize = 50;

/// What is written while they do not.
const CHANGES: usize = 1_500;
const CHANGE_BYTES: usize = 64 << 10;

/// File descriptors that each side needs.
const FILES: u64 = 4_096;

async fn client_of(server: &str, bucket: &str) -> HttpClient {
    let client = HttpClient::new(server);
    let settings = BucketSettings {
        name: bucket.to_owned(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    client
}

#[test]
fn a_bucket_takes_more_watchers_than_a_stream_takes_consumers() {
    rlimit::increase_nofile_limit(FILES).unwrap();
    let server = on_nats();
    Runtime::new().unwrap().block_on(async {
        let bucket = format!("many-{}", server.pid());
        let client = Arc::new(client_of(&server.address, &bucket).await);
        let open = Arc::new(Barrier::new(MANY + 1));
        let mut receiving = JoinSet::new();
        for number in 0..MANY {
            let (client, bucket, open) = (Arc::clone(&client), bucket.clone(), Arc::clone(&open));
            receiving.spawn(async move {
                let pattern = [None, Some("user.*"), Some("user.1")][number % 3];
                let mut watch = client.watch(&bucket, pattern).await.unwrap();
                open.wait().await;
                watch.next().await.unwrap().revision
            });
        }
        open.wait().await;
        assert_eq!(client.put(&bucket, "user.1", b"1").await, Ok(1));
        assert_eq!(receiving.join_all().await, [1; MANY]);
        let keys = client.list_keys(&bucket, None).await;
        assert_eq!(keys.unwrap(), ["user.1"]);
    });
}

#[test]
fn watchers_that_do_not_read_take_no_more_than_the_newest_of_each_key() {
    for server in [on_memory(), on_nats()] {
        Runtime::new().unwrap().block_on(async {
            let bucket = format!("deaf-{}", server.pid());
            let client = client_of(&server.address, &bucket).await;
            let mut deaf = Vec::new();
            for _ in 0..DEAF {
                deaf.push(client.watch(&bucket, None).await.unwrap());
            }
            let mut listening = client.watch(&bucket, None).await.unwrap();
            let before = server.resident_bytes();
            let writing = async {
                let value = vec![b'v'; CHANGE_BYTES];
                let mut newest = 0;
                for number in 0..CHANGES {
                    let key = format!("user.{}", number % 3);
                    newest = client.put(&bucket, &key, &value).await.unwrap();
                }
                newest
            };
            let receiving =
                async { while listening.next().await.unwrap().revision < CHANGES as u64 {} };
            let (newest, ()) = tokio::join!(writing, receiving);
            assert_eq!(newest, CHANGES as u64);
            let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
            let written = (CHANGES * CHANGE_BYTES) as u64 / MEGABYTE;
            say(&format!(
                "{DEAF} deaf watchers of {written} MiB of changes: {grown} MiB more"
            ));
            assert!(grown < written / 2, "the server has grown by {grown} MiB");
            drop(deaf);
        });
    }
}
