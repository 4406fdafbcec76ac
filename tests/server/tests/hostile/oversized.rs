//! More than anybody needs: heads, headers, addresses and bodies.

use ironflow_harness::wire::exchange;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;

use crate::bystander::Bystander;
use crate::{MEGABYTE, on_memory, on_nats};

const KEY: &str = "/api/v1/kv/buckets/b/keys/k";

fn put(headers: &str, body: &str) -> Vec<u8> {
    format!("PUT {KEY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}")
        .into_bytes()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
        .into_bytes()
}

/// What a request has too much of, the request, and the statuses it may be answered with; none at all
/// is hanging up.
type Case = (&'static str, Vec<u8>, &'static [Option<u16>]);

fn cases() -> Vec<Case> {
    let megabytes = |count: u64| "x".repeat((count * MEGABYTE) as usize);
    let sized = |body: String| put(&format!("Content-Length: {}\r\n", body.len()), &body);
    let chunks = "100000\r\n".to_owned() + &megabytes(1) + "\r\n";
    let chunked = put("Transfer-Encoding: chunked\r\n", &chunks.repeat(20));
    let long = "x".repeat(200_000);
    vec![
        (
            "a header of 200 kB",
            get("/health", &format!("X: {long}\r\n")),
            &[Some(431)],
        ),
        (
            "10,000 headers",
            get("/health", &"X: y\r\n".repeat(10_000)),
            &[Some(431)],
        ),
        (
            "a path of 200 kB",
            get(&format!("{KEY}{long}"), ""),
            &[Some(414), Some(431)],
        ),
        (
            "a query of 60 kB",
            get(
                &format!("/api/v1/kv/buckets/b/keys?filter={}", &long[..60_000]),
                "",
            ),
            &[Some(400)],
        ),
        (
            "a key of 60 kB",
            get(&format!("{KEY}{}", &long[..60_000]), ""),
            &[Some(400)],
        ),
        ("a value of 2 MiB", sized(megabytes(2)), &[Some(413)]),
        (
            "a value of 20 MiB",
            sized(megabytes(20)),
            &[Some(413), None],
        ),
        ("an endless value in chunks", chunked, &[Some(413), None]),
        (
            "a length of all there is",
            put("Content-Length: 18446744073709551615\r\n", ""),
            &[Some(431)],
        ),
        (
            "a length beyond all",
            put("Content-Length: 99999999999999999999999\r\n", ""),
            &[Some(400)],
        ),
        (
            "a negative length",
            put("Content-Length: -1\r\n", ""),
            &[Some(400)],
        ),
        (
            "two lengths",
            put("Content-Length: 1\r\nContent-Length: 2\r\n", "x"),
            &[Some(400)],
        ),
        (
            "a chunk without end",
            put("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\n"),
            &[Some(400)],
        ),
        (
            "a chunk that is none",
            put("Transfer-Encoding: chunked\r\n", "zz\r\nvalue\r\n"),
            &[Some(400)],
        ),
        (
            "less than was promised",
            put("Content-Length: 100\r\n", "value"),
            &[Some(400)],
        ),
        (
            "settings of 2 MiB",
            format!(
                "POST /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{}",
                2 * MEGABYTE,
                megabytes(2),
            )
            .into_bytes(),
            &[Some(400)],
        ),
    ]
}

async fn all(server: &str) -> Result<(), TestCaseError> {
    let bucket = "POST /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                  Content-Length: 12\r\n\r\n{\"name\":\"b\"}";
    exchange(server, bucket.as_bytes()).await?;
    for (what, request, expected) in cases() {
        let answer = exchange(server, &request).await?;
        assert!(expected.contains(&answer.status), "{what}: {answer:?}");
        if answer.status.is_some() {
            answer.check()?;
        }
    }
    Ok(())
}

#[test]
fn too_much_of_anything_is_refused() {
    for server in [on_memory(), on_nats()] {
        let runtime = Runtime::new().unwrap();
        let bystander = Bystander::start(&runtime, &server.address);
        let before = server.resident_bytes();
        for _ in 0..3 {
            runtime.block_on(all(&server.address)).unwrap();
        }
        runtime.block_on(bystander.finish());
        let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
        assert!(grown < 64, "the server has grown by {grown} MiB");
    }
}
