//! Slow clients: those that are slow to send the request's head, its body, or to read the response.

use std::time::{Duration, Instant};

use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::wire::exchange;
use ironflow_harness::{HttpClient, say};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::bystander::Bystander;
use crate::{MEGABYTE, on_memory};

/// How many send slowly, a head or a body.
const SENDERS: usize = 400;

/// How many do not take their answers. Each answer is large, and so is the work of writing it.
const DEAF: usize = 4;

/// Between two bytes.
const DRIP: Duration = Duration::from_millis(200);

const GET: &str = "GET /api/v1/kv/buckets/slow/keys/large HTTP/1.1\r\nHost: localhost\r\n\r\n";

const PUT: &str = "PUT /api/v1/kv/buckets/slow/keys/k HTTP/1.1\r\nHost: localhost\r\n\
                   Content-Length: 1000\r\n\r\n";

/// Stores what [`GET`] asks for.
async fn write_what_is_large(server: &str) {
    let client = HttpClient::new(server);
    let settings = BucketSettings {
        name: "slow".to_owned(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    let value = vec![0; MEGABYTE as usize];
    client.put("slow", "large", &value).await.unwrap();
}

/// Sends the beginning at once and the rest byte by byte, until the server hangs up.
async fn drip(server: String, at_once: &'static str, rest: &'static [u8]) {
    let mut stream = TcpStream::connect(&server).await.unwrap();
    stream.write_all(at_once.as_bytes()).await.unwrap();
    for byte in rest {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(DRIP).await;
    }
}

/// Asks for much and takes none of it, until the server hangs up.
async fn ask_and_ignore(server: String) {
    let mut stream = TcpStream::connect(&server).await.unwrap();
    while stream.write_all(GET.as_bytes()).await.is_ok() {
        sleep(DRIP).await;
    }
}

#[test]
fn slow_clients_delay_no_other_client() {
    let server = on_memory();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(write_what_is_large(&server.address));
    let before = server.resident_bytes();
    let bystander = Bystander::start(&runtime, &server.address);
    let report = runtime.block_on(async {
        let mut crowd = JoinSet::new();
        let address = || server.address.clone();
        for _ in 0..SENDERS / 2 {
            crowd.spawn(drip(address(), "", GET.as_bytes()));
            crowd.spawn(drip(address(), PUT, &[0; 1000]));
        }
        for _ in 0..DEAF {
            crowd.spawn(ask_and_ignore(address()));
        }
        sleep(Duration::from_secs(3)).await;
        bystander.finish().await
    });
    let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
    let clients = SENDERS + DEAF;
    say(&format!(
        "{clients} slow clients: {report}, {grown} MiB more"
    ));
    assert!(grown < 128, "the server has grown by {grown} MiB");
}

#[test]
fn a_client_that_sends_no_more_is_still_answered() {
    let server = on_memory();
    Runtime::new().unwrap().block_on(async {
        let health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for _ in 0..100 {
            let answer = exchange(&server.address, health.as_bytes()).await.unwrap();
            assert_eq!(answer.status, Some(200));
            let cut = exchange(&server.address, &health.as_bytes()[..20])
                .await
                .unwrap();
            assert_eq!(cut.status, None, "half a request is none");
        }
    });
}

#[test]
#[ignore = "waits for the server's time limits: make soak runs it"]
fn slow_clients_are_hung_up_on() {
    let server = on_memory();
    Runtime::new().unwrap().block_on(async {
        write_what_is_large(&server.address).await;
        for request in ["", "GET /health HTTP/1.1\r\n", PUT] {
            let start = Instant::now();
            let mut stream = TcpStream::connect(&server.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut received = Vec::new();
            let end = stream.read_to_end(&mut received);
            let ended = timeout(Duration::from_secs(60), end).await;
            assert!(ended.is_ok(), "{request:?}: still connected after a minute");
            say(&format!(
                "{request:?}: hung up on after {:?}",
                start.elapsed()
            ));
        }
        let start = Instant::now();
        let deaf = timeout(
            Duration::from_secs(60),
            ask_and_ignore(server.address.clone()),
        );
        deaf.await.expect("who takes no answer is hung up on");
        say(&format!(
            "no answer taken: hung up on after {:?}",
            start.elapsed()
        ));
    });
}
