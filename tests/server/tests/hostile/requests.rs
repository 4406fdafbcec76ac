//! Sound HTTP with unsound contents: every path, query, header and body a route could be given.

use ironflow_harness::process::Server;
use ironflow_harness::wire::exchange;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{on_memory, on_nats, try_out};

const METHODS: &[&str] = &[
    "GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "get",
];

const PATHS: &[&str] = &[
    "",
    "/",
    "/b",
    "/b/",
    "//keys",
    "/b/keys",
    "/b/keys/",
    "/b/watch",
    "/b/watch/x",
    "/../../health",
    "/b/keys/..",
    "/b/keys/%2e%2e",
    "/b/../c",
    "/%00",
    "/b%2Fkeys%2Fk",
    "/b%00/keys/k",
    "/é/keys/k",
    "/*/keys/>",
    "/KV_b/keys/k",
    "/b.c/keys/k",
];

const PARTS: &[&str] = &[
    "k",
    "a.b",
    "*",
    ">",
    "%3E",
    "%2A",
    "%2F",
    "/",
    "%",
    "%4",
    "%zz",
    "%00",
    "%ff",
    "%C3%A9",
    "%C3",
    "é",
    "%0d%0a",
    "%20",
    "+",
    ".",
    "..",
    "%2e",
    "$KV",
    "$JS.API",
    "_INBOX",
    "%7f",
    "?",
    "%3f",
    ";",
    "\\",
    "\"",
    "'",
    "`",
    "{",
    "|",
    "%C2%A0",
    "%E3%80%80",
    "%F0%9F%A6%80",
];

const QUERIES: &[&str] = &[
    "purge=true",
    "purge=TRUE",
    "purge=",
    "purge",
    "purge=true&purge=false",
    "filter=",
    "filter=%3E",
    "filter=a..b",
    "filter=%zz",
    "filter=%ff",
    "key=*",
    "env=",
    "env=%00",
    "env=../x",
    "=&=&&",
    "&&&&",
    "%",
];

const HEADERS: &[&str] = &[
    "If-Match: 1",
    "If-Match: *",
    "If-Match: \"1\"",
    "If-Match: -1",
    "If-Match: 18446744073709551616",
    "If-Match: ",
    "If-None-Match: *",
    "If-None-Match: 1",
    "X-Ironflow-Environment: default",
    "X-Ironflow-Environment: a.b",
    "X-Ironflow-Environment: $KV.b",
    "X-Ironflow-Environment: \u{e9}",
    "X-Ironflow-Environment: ",
    "Authorization: Bearer ",
    "Authorization: Bearer x",
    "Authorization: Basic x",
    "Authorization: \u{e9}",
    "Origin: http://localhost:1",
    "Origin: null",
    "Origin: https://evil.example",
    "Origin: \u{e9}",
    "Host: evil.example",
    "Host: localhost",
    "Content-Type: text/html",
    "Accept-Encoding: gzip",
    "Expect: 100-continue",
    "Expect: nonsense",
    "Range: bytes=0-",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: x",
    "Cookie: a=b",
];

const BODIES: &[&str] = &[
    "",
    "value",
    "{}",
    "[]",
    "null",
    "\"b\"",
    "{\"name\":\"b\"}",
    "{\"name\":\"b\",\"history\":65}",
    "{\"name\":\"b\",\"history\":-1}",
    "{\"name\":\"b\",\"history\":1.5}",
    "{\"name\":\"b\",\"history\":1e400}",
    "{\"name\":\"b\",\"history\":null}",
    "{\"name\":\"b\",\"name\":\"c\"}",
    "{\"name\":5}",
    "{\"name\":\"\\u0000\"}",
    "{\"name\":\"\\ud800\"}",
    "{\"name\":\"b\",\"other\":1}",
    "{\"name\":\"b\"",
    "[\"b\"]",
    "{\"name\":\"b\"}}",
    "\u{feff}{\"name\":\"b\"}",
];

/// A request to a route of buckets, keys or watches, or next to one.
fn request() -> impl Strategy<Value = String> {
    let key = vec(select(PARTS), 1..5).prop_map(|parts| format!("/b/keys/{}", parts.concat()));
    let bucket = vec(select(PARTS), 1..4).prop_map(|parts| format!("/{}/keys", parts.concat()));
    let path = prop_oneof![2 => select(PATHS).prop_map(str::to_owned), 4 => key, 1 => bucket];
    let any_query = vec(select(PARTS), 1..4).prop_map(|parts| format!("filter={}", parts.concat()));
    let query = prop_oneof![2 => select(QUERIES).prop_map(str::to_owned), 1 => any_query];
    let body = prop_oneof![
        6 => select(BODIES).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (0_usize..200_000).prop_map(|size| "[".repeat(size)),
    ];
    let method = prop_oneof![3 => select(&METHODS[..4]), 1 => select(METHODS)];
    let inputs = (
        method,
        path,
        option::of(query),
        vec(select(HEADERS), 0..4),
        body,
    );
    inputs.prop_map(|(method, path, query, headers, body)| {
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let host = match headers.iter().any(|header| header.starts_with("Host")) {
            true => "",
            false => "Host: localhost\r\n",
        };
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let length = body.len();
        format!(
            "{method} /api/v1/kv/buckets{path}{query} HTTP/1.1\r\n{host}{headers}\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    })
}

fn every_request_has_a_proper_answer(what: &str, server: &Server) {
    try_out(what, server, request, async |server, request| {
        let answer = exchange(server, request.as_bytes()).await?;
        let is_head = request.starts_with("HEAD ");
        if !is_head {
            answer.check()?;
        }
        prop_assert!(
            answer
                .status
                .is_some_and(|status| status < 500 || status == 507)
        );
        Ok(())
    });
}

#[test]
fn every_request_has_a_proper_answer_on_memory() {
    every_request_has_a_proper_answer("requests on memory", &on_memory());
}

#[test]
fn every_request_has_a_proper_answer_on_nats() {
    every_request_has_a_proper_answer("requests on NATS", &on_nats());
}
