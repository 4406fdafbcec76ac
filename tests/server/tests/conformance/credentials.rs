//! Rule 19: who may do what on which route, and that nothing ever repeats a key.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ironflow_harness::process::{
    Server, ironflow_server, ironflow_server_logging, nats_server_with,
};
use ironflow_harness::wire::{Answer, exchange};
use tokio::runtime::Runtime;

const WRITER: &str = "writers-key-5a1f0c";
const READER: &str = "readers-key-7be2d9";
const STRANGER: &str = "strangers-key-c30486";
const NATS_PASSWORD: &str = "password of nats 91e7";

/// The same, as it has to be written in a URL.
const NATS_PASSWORD_IN_URL: &str = "password%20of%20nats%2091e7";

/// What a request asks for, and whether it writes.
const ROUTES: &[(&str, &str, bool)] = &[
    ("POST", "/api/v1/kv/buckets", true),
    ("GET", "/api/v1/kv/buckets", false),
    ("GET", "/api/v1/kv/buckets/b", false),
    ("PUT", "/api/v1/kv/buckets/b/keys/k", true),
    ("GET", "/api/v1/kv/buckets/b/keys/k", false),
    ("GET", "/api/v1/kv/buckets/b/keys", false),
    ("GET", "/api/v1/kv/buckets/b/keys?filter=%3E", false),
    ("GET", "/api/v1/kv/buckets/b/keys/k?history=true", false),
    ("GET", "/api/v1/kv/buckets/b/entries?filter=%3E", false),
    ("GET", "/api/v1/kv/buckets/b/watch", false),
    ("POST", "/api/v1/kv/buckets/b/remove", true),
    ("PUT", "/api/v1/kv/buckets/b/keys/k", true),
    ("DELETE", "/api/v1/kv/buckets/b/keys/k", true),
    ("DELETE", "/api/v1/kv/buckets/b/keys/k?purge=true", true),
    ("DELETE", "/api/v1/kv/buckets/b", true),
];

const OPEN: &[&str] = &["/health", "/ready"];

/// How a request carries a credential.
#[derive(Debug, Clone, Copy)]
enum Carrier {
    Header,
    Subprotocol,
}

impl Carrier {
    fn headers(self, key: &str) -> String {
        match self {
            Self::Header => format!("Authorization: Bearer {key}\r\n"),
            Self::Subprotocol => format!(
                "Sec-WebSocket-Protocol: ironflow.v1, ironflow.auth.bearer.{}\r\n",
                URL_SAFE_NO_PAD.encode(key)
            ),
        }
    }
}

/// A server that keeps nothing back from its log, and the client that walks its routes.
struct Walk {
    runtime: Runtime,
    server: Server,
    log: tempfile::NamedTempFile,
    answers: Vec<Answer>,
}

impl Walk {
    fn new(arguments: &[&str]) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let reader = format!("{READER}:read");
        let keys = ["--api-key", WRITER, "--api-key", &reader];
        let program = env!("CARGO_BIN_EXE_ironflow-server");
        let server = ironflow_server_logging(program, &[&keys, arguments].concat(), log.path());
        Self {
            runtime: Runtime::new().unwrap(),
            server: server.unwrap(),
            log,
            answers: Vec::new(),
        }
    }

    fn ask(&mut self, method: &str, path: &str, credentials: &str) -> u16 {
        let upgrade = match path.ends_with("/watch") {
            true => {
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
            false => "Connection: close\r\n",
        };
        let body = match method {
            "POST" if path.contains("/remove") => r#"{"key":"k","revision":1}"#,
            "POST" => r#"{"name":"b"}"#,
            "PUT" => "value",
            _ => "",
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}{credentials}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(&self.server.address, request.as_bytes());
        let answer = self.runtime.block_on(answer).unwrap();
        let status = answer.check().unwrap();
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        self.answers.push(answer);
        status
    }

    /// Every route, with credentials that are good for reading, for writing, or for nothing.
    fn every_route(&mut self, carrier: Carrier) {
        let wrong = [
            String::new(),
            carrier.headers(STRANGER),
            carrier.headers(&WRITER[1..]),
            carrier.headers(&format!("{READER}:read")),
            "Authorization: Bearer \r\n".to_owned(),
            format!("Authorization: Basic {}\r\n", STANDARD.encode(WRITER)),
            format!("Authorization: {WRITER}\r\n"),
            format!("X-Api-Key: {WRITER}\r\n"),
            format!("Cookie: token={WRITER}\r\n"),
        ];
        for &(method, path, writes) in ROUTES {
            for credentials in &wrong {
                let status = self.ask(method, path, credentials);
                assert_eq!(status, 401, "{method} {path} with {credentials:?}");
            }
            let query = if path.contains('?') { '&' } else { '?' };
            let in_query = format!("{path}{query}apiKey={WRITER}&token={WRITER}");
            assert_eq!(
                self.ask(method, &in_query, ""),
                401,
                "{method} {path}: in its query"
            );
            if writes {
                let status = self.ask(method, path, &carrier.headers(READER));
                assert_eq!(status, 403, "{method} {path} for reading only");
            }
            let key = if writes { WRITER } else { READER };
            let status = self.ask(method, path, &carrier.headers(key));
            // The second of two removals in a row finds nothing left to delete, and a marker to purge.
            assert!(
                matches!(status, 101 | 200 | 201 | 204),
                "{method} {path}: {status}"
            );
        }
        for path in OPEN {
            for credentials in &wrong {
                assert_eq!(self.ask("GET", path, credentials), 200, "{path}");
            }
        }
    }

    /// Ends the server, and looks for secrets in all it has said.
    fn finish(self) {
        let Self {
            server,
            log,
            answers,
            ..
        } = self;
        for answer in &answers {
            assert!(
                !contains_secret(&answer.head) && !contains_secret(&answer.body),
                "{answer:?}"
            );
        }
        drop(server);
        let lines = lines(log.path());
        assert!(
            lines.len() > answers.len(),
            "a log of {} lines",
            lines.len()
        );
        let leaking: Vec<_> = lines
            .iter()
            .filter(|line| contains_secret(line))
            .take(5)
            .collect();
        assert!(leaking.is_empty(), "{leaking:#?}");
    }
}

/// The lines of a log whose writer may still be at it.
fn lines(log: &Path) -> Vec<String> {
    let log = fs::read(log).unwrap();
    let text = String::from_utf8_lossy(&log);
    text.lines().map(str::to_owned).collect()
}

/// Whether the text contains a secret, plain or in base64.
fn contains_secret(text: &str) -> bool {
    let secrets = [
        WRITER,
        READER,
        STRANGER,
        NATS_PASSWORD,
        NATS_PASSWORD_IN_URL,
    ];
    secrets.iter().any(|secret| {
        text.contains(secret)
            || text.contains(&URL_SAFE_NO_PAD.encode(secret))
            || text.contains(&STANDARD.encode(secret))
    })
}

/// The configuration of a NATS server that wants a password.
fn accounts() -> String {
    format!("authorization {{ user: server, password: {NATS_PASSWORD:?} }}")
}

/// The address of a NATS server, with the password in it.
fn nats_address(address: &str) -> String {
    let credentials = format!("nats://server:{NATS_PASSWORD_IN_URL}@");
    address.replace("nats://", &credentials)
}

/// Every route of a server on memory, with a key in the header and in the handshake's subprotocols.
pub fn walk_on_memory() {
    for carrier in [Carrier::Header, Carrier::Subprotocol] {
        let mut walk = Walk::new(&[]);
        walk.every_route(carrier);
        walk.finish();
    }
}

/// The same on NATS, whose own password stays secret too.
pub fn walk_on_nats() {
    let nats = nats_server_with(&accounts()).unwrap();
    let address = nats_address(&nats.address);
    let mut walk = Walk::new(&["--store", &address]);
    walk.every_route(Carrier::Header);
    walk.finish();
}

#[test]
fn a_password_of_nats_that_is_refused_stays_secret() {
    let nats = nats_server_with(&accounts()).unwrap();
    let address = nats_address(&nats.address);
    let log = tempfile::NamedTempFile::new().unwrap();
    let wrong = address.replace("server:", "stranger:");
    let program = env!("CARGO_BIN_EXE_ironflow-server");
    let refused = ironflow_server_logging(program, &["--store", &wrong], log.path());
    refused.expect_err("a server without access to NATS");
    let lines = lines(log.path());
    assert!(
        !lines.is_empty() && !lines.iter().any(|line| contains_secret(line)),
        "{lines:#?}"
    );
}

#[test]
fn a_token_in_the_url_of_nats_is_used() {
    let nats = nats_server_with("authorization { token: \"a token\" }").unwrap();
    let address = nats.address.replace("nats://", "nats://a%20token@");
    let program = env!("CARGO_BIN_EXE_ironflow-server");
    ironflow_server(program, &["--store", &address]).unwrap();
}
