//! The configuration of a client.

#[cfg(target_arch = "wasm32")]
pub(crate) mod from_js;
mod from_serde;
pub mod options;
mod resolved;
mod retry_policy;

pub use from_serde::from_serde;
pub use retry_policy::RetryPolicy;

use crate::config::options::{OptionKind, OptionSpec, Options};
use crate::text::concat;

/// The default address of the server.
pub const DEFAULT_SERVER_URL: &str = "http://localhost:9123";

/// The longest timeout, in milliseconds: the limit of a browser's timers.
pub const MAX_TIMEOUT_MS: f64 = i32::MAX as f64;

/// The transport of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// A server: both `connectrpc` and `websocket`.
    Server(&'static str),
    /// A store in memory.
    Memory,
}

impl TransportKind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "connectrpc" => Self::Server("connectrpc"),
            "websocket" => Self::Server("websocket"),
            "memory" => Self::Memory,
            _ => return None,
        })
    }

    /// The name of the option's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server(word) => word,
            Self::Memory => "memory",
        }
    }
}

/// What a watch does when the page is hidden.
#[derive(Debug, Clone, PartialEq)]
pub struct Visibility {
    /// Whether it pauses.
    pub pause_on_hidden: bool,
    /// Whether it reconnects immediately when the page becomes visible.
    pub reconnect_on_visible: bool,
}

/// The options of a store in memory, except its buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryOptions {
    /// The name by which clients of one environment share a store.
    pub name: Option<String>,
    /// Whether a missing bucket is created on first use.
    pub auto_create: bool,
}

/// A client's configuration, complete and checked. It excludes the credentials, which change separately.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The server's address, without a trailing slash.
    pub server_url: String,
    /// The transport of operations.
    pub transport: TransportKind,
    /// The environment, which isolates its buckets (rule 18).
    pub environment: String,
    /// The timeout of an operation, in milliseconds.
    pub timeout_ms: u32,
    /// The policy for reconnecting watches.
    pub reconnect: RetryPolicy,
    /// How long a server may be silent before the connection is checked, in milliseconds.
    pub heartbeat_ms: f64,
    /// The policy for retrying read requests.
    pub retry: RetryPolicy,
    /// What a watch does when the page is hidden.
    pub visibility: Visibility,
    /// Whether the client falls back to memory if the server has never been reached.
    pub fallback: bool,
    /// The options of the store in memory.
    pub memory: MemoryOptions,
}

/// The range of `timeout`: that of a timer.
pub const TIMEOUT: OptionKind = OptionKind::NumberThat(
    "a number of milliseconds, more than 0 and at most 2147483647",
    |n| n > 0.0 && n <= MAX_TIMEOUT_MS,
);

/// The range of a delay: that of a timer.
const DELAY: OptionKind = OptionKind::NumberThat(
    "a number of milliseconds, 0 or more and at most 2147483647",
    |n| (0.0..=MAX_TIMEOUT_MS).contains(&n),
);

const HEARTBEAT: OptionKind = OptionKind::NumberThat(
    "a number of milliseconds, 100 or more and at most 2147483647",
    |n| (100.0..=MAX_TIMEOUT_MS).contains(&n),
);

const MULTIPLIER: OptionKind =
    OptionKind::NumberThat("a number from 1", |n| n >= 1.0 && n.is_finite());

const MAX_ATTEMPTS: OptionKind =
    OptionKind::NumberThat("a whole number from -1", |n| n >= -1.0 && n.fract() == 0.0);

const API_KEY: OptionKind = OptionKind::TextThat("a string of visible ASCII characters", |key| {
    key.is_empty() || is_header_safe(key)
});

/// The options of `setAuth()`.
pub const AUTH: &[OptionSpec] = &[("apiKey", API_KEY), ("token", OptionKind::Token)];

/// The options of `configure()`.
pub const OPTIONS: &[OptionSpec] = &[
    (
        "serverUrl",
        OptionKind::TextThat(
            "an http:// or https:// address without credentials, query or fragment (in a page a path is \
             one too)",
            |url| server_url(url).is_some(),
        ),
    ),
    (
        "transport",
        OptionKind::TextThat("\"connectrpc\", \"websocket\" or \"memory\"", |word| {
            TransportKind::parse(word).is_some()
        }),
    ),
    (
        "environment",
        OptionKind::TextThat("visible ASCII characters", is_header_safe),
    ),
    ("timeout", TIMEOUT),
    ("auth", OptionKind::Object),
    ("auth.apiKey", API_KEY),
    ("auth.token", OptionKind::Token),
    ("reconnect", OptionKind::Switch),
    ("reconnect.enabled", OptionKind::Bool),
    ("reconnect.maxAttempts", MAX_ATTEMPTS),
    ("reconnect.heartbeat", HEARTBEAT),
    ("reconnect.backoff", OptionKind::Object),
    ("reconnect.backoff.initial", DELAY),
    ("reconnect.backoff.max", DELAY),
    ("reconnect.backoff.multiplier", MULTIPLIER),
    ("retry", OptionKind::Switch),
    ("retry.enabled", OptionKind::Bool),
    ("retry.maxAttempts", MAX_ATTEMPTS),
    ("retry.backoff", OptionKind::Object),
    ("retry.backoff.initial", DELAY),
    ("retry.backoff.max", DELAY),
    ("retry.backoff.multiplier", MULTIPLIER),
    ("visibility", OptionKind::Object),
    ("visibility.pauseOnHidden", OptionKind::Bool),
    ("visibility.reconnectOnVisible", OptionKind::Bool),
    (
        "fallback",
        OptionKind::TextThat("\"memory\"", |word| word == "memory"),
    ),
    ("memory", OptionKind::Object),
    (
        "memory.name",
        OptionKind::TextThat("a string that is not empty", |name| !name.is_empty()),
    ),
    ("memory.autoCreate", OptionKind::Bool),
    // The buckets are read separately, as for createBucket().
    (
        "memory.buckets",
        OptionKind::List("a list of names or settings of buckets"),
    ),
    ("logger", OptionKind::ObjectOrFalse),
    ("onError", OptionKind::Function),
    ("outbox", OptionKind::Storage),
    ("onConflict", OptionKind::Function),
];

/// How many of the [`OPTIONS`], from the first, `configure()` has: only `createClient()` has the last ones.
pub const CONFIGURABLE: usize = OPTIONS.len() - 2;

impl Config {
    /// The configuration that the options of `configure()` make: [`OPTIONS`].
    pub fn from_options(options: &Options) -> Self {
        Self {
            server_url: options
                .text("serverUrl")
                .and_then(server_url)
                .unwrap_or_else(|| DEFAULT_SERVER_URL.into()),
            transport: options
                .text("transport")
                .and_then(TransportKind::parse)
                .unwrap_or(TransportKind::Server("connectrpc")),
            environment: options.text("environment").unwrap_or("default").into(),
            timeout_ms: timeout(options).unwrap_or(30_000),
            reconnect: RetryPolicy::RECONNECT.with_options(options, "reconnect"),
            heartbeat_ms: options.number("reconnect.heartbeat").unwrap_or(30_000.0),
            retry: RetryPolicy::RETRY.with_options(options, "retry"),
            visibility: Visibility {
                pause_on_hidden: options.bool("visibility.pauseOnHidden").unwrap_or(false),
                reconnect_on_visible: options
                    .bool("visibility.reconnectOnVisible")
                    .unwrap_or(true),
            },
            fallback: options.text("fallback").is_some(),
            memory: MemoryOptions {
                name: options.text("memory.name").map(String::from),
                auto_create: options.bool("memory.autoCreate").unwrap_or(false),
            },
        }
    }
}

/// The `timeout` option, in milliseconds.
pub fn timeout(options: &Options) -> Option<u32> {
    options.number("timeout").map(|ms| ms.ceil() as u32)
}

/// Whether text can be sent in a header unchanged: visible ASCII, at least one character.
pub fn is_header_safe(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The address without trailing slashes, if it is a valid server address.
fn server_url(url: &str) -> Option<String> {
    let url = url.trim_ascii();
    let is = |scheme: &str| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| is(scheme))?;
    let rest = url.get(scheme.len()..)?;
    let mut in_authority = true;
    for (at, byte) in rest.bytes().enumerate() {
        in_authority &= byte != b'/';
        let legal = match byte {
            b'?' | b'#' | b'\\' | ..=b' ' => false,
            b'@' => !in_authority,
            b'/' => at > 0,
            _ => true,
        };
        if !legal {
            return None;
        }
    }
    let mut kept = rest;
    while let Some(shorter) = kept.strip_suffix('/') {
        kept = shorter;
    }
    (!kept.is_empty()).then(|| concat(&[scheme, kept]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn config(json: &str) -> Result<Config, Error> {
        let from = &mut serde_json::Deserializer::from_str(json);
        Ok(Config::from_options(&from_serde(from, OPTIONS)?))
    }

    #[test]
    fn the_documented_defaults() {
        let config = config("{}").unwrap();
        assert_eq!(config.server_url, "http://localhost:9123");
        assert_eq!(config.transport, TransportKind::Server("connectrpc"));
        assert_eq!(config.environment, "default");
        assert_eq!(config.timeout_ms, 30_000);
        assert!(config.reconnect.enabled);
        assert_eq!(config.reconnect.max_attempts, 10.0);
        assert_eq!(config.reconnect.initial, 1000.0);
        assert_eq!(config.reconnect.max, 30_000.0);
        assert_eq!(config.reconnect.multiplier, 2.0);
        assert!(!config.visibility.pause_on_hidden);
        assert!(config.visibility.reconnect_on_visible);
        assert_eq!(config.retry, RetryPolicy::RETRY);
        assert!(!config.fallback);
        assert!(!config.memory.auto_create);
        assert_eq!(config.memory.name, None);
    }

    #[test]
    fn a_server_address_may_have_a_base_path_and_trailing_slashes() {
        for (given, kept) in [
            ("http://localhost:9123/", "http://localhost:9123"),
            (
                "HTTPS://kv.example.com/base/",
                "https://kv.example.com/base",
            ),
            ("http://[::1]:9123//", "http://[::1]:9123"),
        ] {
            let config = config(&format!(r#"{{"serverUrl": "{given}"}}"#)).unwrap();
            assert_eq!(config.server_url, kept);
        }
    }

    #[test]
    fn bad_options_are_refused_by_name() {
        for (json, words) in [
            (r#"{"serverUrl": ""}"#, "serverUrl must be an http"),
            (r#"{"serverUrl": "localhost:9123"}"#, "serverUrl must be"),
            (r#"{"serverUrl": "ftp://x"}"#, "serverUrl must be"),
            (r#"{"serverUrl": "http://"}"#, "serverUrl must be"),
            (
                r#"{"serverUrl": "http://me:secret@x"}"#,
                "serverUrl must be",
            ),
            (r#"{"serverUrl": "http://x?a=b"}"#, "serverUrl must be"),
            (r#"{"serverUrl": "http://x/#a"}"#, "serverUrl must be"),
            (
                r#"{"transport": "memroy"}"#,
                "transport must be \"connectrpc\"",
            ),
            (
                r#"{"environment": ""}"#,
                "environment must be visible ASCII",
            ),
            (
                r#"{"environment": "a\nb"}"#,
                "environment must be visible ASCII",
            ),
            (
                r#"{"timeout": 0}"#,
                "timeout must be a number of milliseconds",
            ),
            (r#"{"timeout": -1}"#, "timeout must be"),
            (r#"{"timeout": "5s"}"#, "timeout must be"),
            (r#"{"timeout": 2147483648}"#, "timeout must be"),
            (
                r#"{"reconnect": 3}"#,
                "reconnect must be true, false or an object",
            ),
            (
                r#"{"reconnect": {"maxAttempts": 1.5}}"#,
                "reconnect.maxAttempts must be",
            ),
            (
                r#"{"reconnect": {"maxattempts": 1}}"#,
                "unknown option reconnect.maxattempts",
            ),
            (
                r#"{"reconnect": {"backoff": {"multiplier": 0}}}"#,
                "reconnect.backoff.multiplier must be a number from 1",
            ),
            (
                r#"{"retry": {"backoff": {"initial": -1}}}"#,
                "retry.backoff.initial must be",
            ),
            (
                r#"{"retry": {"backoff": {"max": 2147483648}}}"#,
                "retry.backoff.max must be a number of milliseconds, 0 or more and at most 2147483647",
            ),
            (
                r#"{"reconnect": {"backoff": {"initial": 1e300}}}"#,
                "reconnect.backoff.initial must be",
            ),
            (r#"{"fallback": "none"}"#, "fallback must be \"memory\""),
            (r#"{"memory": {"name": ""}}"#, "memory.name must be"),
            (
                r#"{"memory": {"autocreate": true}}"#,
                "unknown option memory.autocreate",
            ),
            (
                r#"{"visibility": {"pauseOnHidden": 1}}"#,
                "visibility.pauseOnHidden must be true",
            ),
            (
                r#"{"serverURL": "http://x"}"#,
                "unknown option serverURL; known are: serverUrl",
            ),
        ] {
            let error = config(json).unwrap_err();
            assert!(error.to_string().contains(words), "{json}: {error}");
        }
    }

    #[test]
    fn reconnect_can_be_switched_off_in_two_ways() {
        for json in [
            r#"{"reconnect": false}"#,
            r#"{"reconnect": {"enabled": false}}"#,
        ] {
            assert!(!config(json).unwrap().reconnect.enabled);
        }
    }
}
