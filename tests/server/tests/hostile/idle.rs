//! Ten thousand who are connected and say nothing.

use std::fs;
use std::time::Duration;

use ironflow_harness::process::Server;
use ironflow_harness::say;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::bystander::Bystander;
use crate::{MEGABYTE, on_memory};

const WANTED: u64 = 10_000;

/// File descriptors that each side needs for other things.
const SPARE: u64 = 500;

/// How much an idle connection may take.
const BYTES_EACH: u64 = 32 << 10;

/// Every fourth has asked for something before it fell silent, every fourth has begun to.
async fn connect(server: &str, number: u64) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.unwrap();
    match number % 4 {
        0 => {
            let health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(health.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
        }
        1 => stream.write_all(b"GET /hea").await.unwrap(),
        _ => {}
    }
    stream
}

fn open_files(server: &Server) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", server.pid()));
    files.map_or(0, Iterator::count)
}

#[test]
fn ten_thousand_idle_connections_delay_no_other_client() {
    // The server inherits the limit, so it comes first.
    let limit = rlimit::increase_nofile_limit(WANTED + SPARE).unwrap();
    let connections = WANTED.min(limit.saturating_sub(SPARE));
    let server = on_memory();
    let runtime = Runtime::new().unwrap();
    let bystander = Bystander::start(&runtime, &server.address);
    let (files, before) = (open_files(&server), server.resident_bytes());
    let streams = runtime.block_on(async {
        let mut streams = Vec::new();
        for number in 0..connections {
            streams.push(connect(&server.address, number).await);
        }
        streams
    });
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(open_files(&server) >= files + connections as usize);
    drop(streams);
    let report = runtime.block_on(async {
        let closed = async {
            while open_files(&server) > files + 10 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), closed)
            .await
            .expect("the server lets go of them");
        bystander.finish().await
    });
    let megabytes = grown / MEGABYTE;
    say(&format!(
        "{connections} idle connections: {report}, {megabytes} MiB more"
    ));
    assert!(
        grown < 16 * MEGABYTE + connections * BYTES_EACH,
        "{megabytes} MiB more"
    );
}
