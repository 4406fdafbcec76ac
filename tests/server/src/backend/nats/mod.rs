//! NATS JetStream: a bucket is a stream, a key a subject, a revision a sequence number.
//!
//! Requests are written and answers read here, by hand: the key-value layers of the NATS clients
//! refuse keys that the protocol allows, and leave rules of it to their callers.

mod api;
mod buckets;
mod consumer;
mod direct;
mod entries;
mod expiry;
mod feed;
mod following;
mod history;
mod keys;
mod listing;
mod message;
mod names;
mod reader;
mod registry;
mod replay;
mod settings;
mod stream_info;
mod streams;
mod writes;

use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{ConnectError, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use tokio::sync::{Mutex, watch};

use api::Api;
pub(crate) use entries::Entries;
use entries::Queues;
pub(crate) use feed::Attached;
use following::Followings;
use registry::Registry;
pub(crate) use replay::Replay;
use settings::KnownSettings;
use streams::Streams;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause between two attempts to connect again.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// The largest value of an ordinary bucket, and the headers of a conditional write.
const WANTED_PAYLOAD: usize = (1 << 20) + 128;

/// Why the server cannot keep its data in NATS.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// No address.
    #[error("this is not the URL of a NATS server")]
    Url,
    /// No connection.
    #[error("cannot connect to NATS at {0}: {1}")]
    Connect(String, ConnectError),
    /// A connection, but no JetStream behind it.
    #[error(
        "this NATS server has no working JetStream for this account (nats-server -js turns it on)"
    )]
    NoJetStream,
}

/// The backend.
#[derive(Debug)]
pub(crate) struct Nats {
    api: Api,
    settings: KnownSettings,
    streams: Streams,
    registry: Registry,
    followings: Followings,
    queues: Queues,
    /// How many servers of a cluster keep each bucket.
    replicas: u8,
    /// Counts connections, so that a feed notices that there is a new one.
    connections: watch::Receiver<u64>,
    /// When the last of them began.
    connected: Arc<StdMutex<Instant>>,
    /// Held while a bucket is created or deleted, one lock for a share of all buckets.
    changing: [Arc<Mutex<()>>; 16],
}

#[derive(Deserialize)]
struct Account {}

impl Nats {
    /// Connects, and makes sure that JetStream is there.
    pub(crate) async fn connect(url: &str, replicas: u8) -> Result<Self, NatsError> {
        let whole: ServerAddr = url.parse().map_err(|_| NatsError::Url)?;
        // The URL may carry credentials. The NATS client logs the one it is given, and our messages
        // name the server too.
        let server: ServerAddr = without_credentials(url)
            .parse()
            .map_err(|_| NatsError::Url)?;
        let address = format!("{}:{}", server.host(), server.port());
        let (count, connections) = watch::channel(0);
        let connected = Arc::new(StdMutex::new(Instant::now()));
        let last_connected = Arc::clone(&connected);
        let client = credentials(&whole)
            .name("ironflow-server")
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .max_reconnects(None)
            .reconnect_delay_callback(|attempts| {
                let delay = Duration::from_millis(50) * u32::try_from(attempts).unwrap_or(u32::MAX);
                delay.min(MAX_RECONNECT_DELAY)
            })
            // Every subject is made of names that have been checked.
            .skip_subject_validation(true)
            .event_callback(move |event| {
                note(&event);
                if matches!(event, Event::Connected) {
                    *last_connected
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = Instant::now();
                    count.send_modify(|count| *count += 1);
                }
                std::future::ready(())
            })
            .connect(server)
            .await
            .map_err(|error| NatsError::Connect(address, error))?;
        if client.max_payload() < WANTED_PAYLOAD {
            tracing::warn!(
                max_payload = client.max_payload(),
                "NATS takes no messages large enough for conditional writes of values of 1 MiB: \
                 set its max_payload to 2MB"
            );
        }
        let api = Api { client };
        if api.ask::<Account>("INFO").await.is_err() {
            return Err(NatsError::NoJetStream);
        }
        Ok(Self {
            api,
            settings: KnownSettings::default(),
            streams: Streams::default(),
            registry: Registry::default(),
            followings: Followings::default(),
            queues: Queues::default(),
            replicas,
            connections,
            connected,
            changing: Default::default(),
        })
    }

    pub(crate) async fn is_ready(&self) -> bool {
        self.api.ask::<Account>("INFO").await.is_ok()
    }
}

/// The credentials in a URL: user and password, or a token in the place of the user.
fn credentials(server: &ServerAddr) -> ConnectOptions {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match (server.username(), server.password()) {
        (None, _) => ConnectOptions::new(),
        (Some(token), None) => ConnectOptions::with_token(decode(token)),
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(decode(user), decode(password))
        }
    }
}

fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn note(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("disconnected from NATS"),
        Event::Closed => tracing::debug!("the connection to NATS is closed"),
        Event::SlowConsumer(_) => tracing::debug!("a NATS subscription overflowed"),
        other => tracing::warn!("NATS: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_rid_of_its_credentials() {
        for (url, bare) in [
            ("nats://host:4222", "nats://host:4222"),
            ("nats://user:pass@host:4222", "nats://host:4222"),
            ("tls://token@[::1]:4222/", "tls://[::1]:4222/"),
            ("nats://a@b:c@host", "nats://host"),
            ("host", "host"),
        ] {
            assert_eq!(without_credentials(url), bare);
        }
    }
}
