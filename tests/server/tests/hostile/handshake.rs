//! Handshakes of a watch that are none, or ask for what they must not have.

use ironflow_harness::wire::exchange;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{on_memory, try_out};

const SOUND_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

#[derive(Debug, Clone)]
struct Handshake {
    method: &'static str,
    version: Option<&'static str>,
    key: Option<String>,
    connection: Option<&'static str>,
    upgrade: Option<&'static str>,
    origin: Option<&'static str>,
    offers: Vec<String>,
}

const FOREIGN: &[&str] = &[
    "https://evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://evil.example:80",
    "null",
    "file://",
    "http://localhost@evil.example",
    "chrome-extension://abc",
    "",
];

const WELCOME: &[&str] = &[
    "http://localhost",
    "http://127.0.0.1:5173",
    "http://[::1]:3000",
];

fn handshake() -> impl Strategy<Value = Handshake> {
    let offer = prop_oneof![
        4 => Just("ironflow.v1".to_owned()),
        2 => select(&["ironflow.v2", "graphql-ws", "", " ", ",", "\"ironflow.v1\"", "IRONFLOW.V1"][..])
            .prop_map(str::to_owned),
        2 => "[!-~]{0,40}".prop_map(|text| format!("ironflow.auth.bearer.{text}")),
        1 => (1_usize..60_000).prop_map(|size| "x".repeat(size)),
        1 => (1_usize..5000).prop_map(|count| vec!["ironflow.v2"; count].join(", ")),
    ];
    let key = prop_oneof![
        6 => Just(SOUND_KEY.to_owned()),
        1 => "[ -~]{0,40}".prop_map(|text| text),
        1 => (1_usize..30_000).prop_map(|size| "A".repeat(size)),
    ];
    let sound = |sound: &'static str, others: &'static [&'static str]| {
        option::weighted(0.95, prop_oneof![6 => Just(sound), 1 => select(others)])
    };
    let origin = prop_oneof![2 => select(WELCOME), 1 => select(FOREIGN)];
    (
        prop_oneof![8 => Just("GET"), 1 => select(&["PUT", "POST", "DELETE"][..])],
        sound("13", &["8", "12", "14", "0", "-1", "x", ""]),
        option::weighted(0.95, key),
        sound("Upgrade", &["keep-alive, Upgrade", "close", "", "upgrade"]),
        sound("websocket", &["WebSocket", "h2c", "", "websocket, h2c"]),
        option::weighted(0.7, origin),
        vec(offer, 0..4),
    )
        .prop_map(
            |(method, version, key, connection, upgrade, origin, offers)| Handshake {
                method,
                version,
                key,
                connection,
                upgrade,
                origin,
                offers,
            },
        )
}

impl Handshake {
    fn request(&self) -> String {
        let path = "/api/v1/kv/buckets/watched/watch?key=%3E";
        let mut request = format!("{} {path} HTTP/1.1\r\nHost: localhost\r\n", self.method);
        let headers = [
            ("Sec-WebSocket-Version", self.version),
            ("Sec-WebSocket-Key", self.key.as_deref()),
            ("Connection", self.connection),
            ("Upgrade", self.upgrade),
            ("Origin", self.origin),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request += &format!("{name}: {value}\r\n");
            }
        }
        for offer in &self.offers {
            request += &format!("Sec-WebSocket-Protocol: {offer}\r\n");
        }
        request + "\r\n"
    }

    fn is_foreign(&self) -> bool {
        self.origin.is_some_and(|origin| FOREIGN.contains(&origin))
    }
}

#[test]
fn handshakes_of_any_kind_are_taken_or_refused() {
    let server = on_memory();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bucket = "POST /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                  Content-Length: 18\r\n\r\n{\"name\":\"watched\"}";
    let created = runtime
        .block_on(exchange(&server.address, bucket.as_bytes()))
        .unwrap();
    assert_eq!(created.status, Some(201));
    try_out(
        "handshakes",
        &server,
        handshake,
        async |server, handshake| {
            let answer = exchange(server, handshake.request().as_bytes()).await?;
            let status = answer.check()?;
            if handshake.is_foreign() && status != 431 {
                prop_assert_eq!(status, 403, "{:?}", answer);
            }
            if status == 101 {
                prop_assert_eq!(handshake.method, "GET");
                prop_assert_eq!(handshake.version, Some("13"));
                let selected = answer.header("sec-websocket-protocol");
                let offers = handshake.offers.iter().flat_map(|offers| offers.split(','));
                let offers: Vec<_> = offers.map(str::trim).collect();
                let mut versions = ["ironflow.v2", "ironflow.v1"].into_iter();
                let newest = versions.find(|version| offers.contains(version));
                prop_assert_eq!(selected, newest, "{:?}", answer);
            }
            prop_assert!(!answer.head.contains("bearer"), "{answer:?}");
            Ok(())
        },
    );
}
