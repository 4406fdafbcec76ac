//! Clients that ask for all entries of a large bucket, and take them slowly.

use std::time::Duration;

use futures_util::future::join_all;
use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::process::Server;
use ironflow_harness::wire::exchange;
use ironflow_harness::{HttpClient, run, say};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::bystander::Bystander;
use crate::{MEGABYTE, on_memory, on_nats};

/// How many readings the server allows at a time.
const READERS: usize = 4;

const KEYS: usize = 500;
const VALUE_BYTES: usize = 64 << 10;

/// How long a reading may take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);

async fn fill(server: &str, bucket: &str) {
    let client = HttpClient::new(server);
    let settings = BucketSettings {
        name: bucket.to_owned(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    let value = vec![7; VALUE_BYTES];
    for number in 0..KEYS {
        let key = format!("k{number}");
        client.put(bucket, &key, &value).await.unwrap();
    }
}

fn request(bucket: &str) -> String {
    format!(
        "GET /api/v1/kv/buckets/{bucket}/entries HTTP/1.1\r\nHost: localhost\r\n\
         Connection: close\r\n\r\n"
    )
}

/// Asks, and takes the beginning of the answer.
async fn begin(server: &str, bucket: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request(bucket).as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    stream
}

/// Takes the rest; gives its size and its last bytes.
async fn finish(mut stream: TcpStream) -> (usize, String) {
    let (mut size, mut end) = (0, Vec::new());
    let mut chunk = vec![0; 64 << 10];
    while let count @ 1.. = stream.read(&mut chunk).await.unwrap() {
        size += count;
        end.extend_from_slice(&chunk[..count]);
        end.drain(..end.len().saturating_sub(100));
    }
    (size, String::from_utf8_lossy(&end).into_owned())
}

fn slow_readers_take_little_memory(server: &Server) {
    let bucket = format!("entries-{}", run());
    let runtime = Runtime::new().unwrap();
    runtime.block_on(fill(&server.address, &bucket));
    let before = server.resident_bytes();
    let bystander = Bystander::start(&runtime, &server.address);
    let report = runtime.block_on(async {
        let begun = (0..READERS).map(|_| begin(&server.address, &bucket));
        let begun = join_all(begun).await;
        let one_more = exchange(&server.address, request(&bucket).as_bytes()).await;
        let refused = one_more.unwrap();
        assert_eq!(refused.status, Some(429), "{refused:?}");
        assert_eq!(refused.header("retry-after"), Some("1"));

        let read = join_all(begun.into_iter().map(finish));
        for (size, end) in timeout(PATIENCE, read).await.unwrap() {
            assert!(size > KEYS * VALUE_BYTES, "{size} bytes");
            let count = format!("\"count\":{KEYS}}}");
            assert!(end.contains(&count), "{end}");
        }
        finish(begin(&server.address, &bucket).await).await;
        HttpClient::new(&server.address)
            .delete_bucket(&bucket)
            .await
            .unwrap();
        bystander.finish().await
    });
    let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
    say(&format!(
        "{READERS} readers of {} MiB: {report}, {grown} MiB more",
        KEYS * VALUE_BYTES / MEGABYTE as usize
    ));
    assert!(grown < 64, "the server has grown by {grown} MiB");
}

#[test]
fn slow_readers_of_entries_take_little_memory() {
    slow_readers_take_little_memory(&on_memory());
}

#[test]
fn slow_readers_of_entries_take_little_memory_on_nats() {
    slow_readers_take_little_memory(&on_nats());
}
