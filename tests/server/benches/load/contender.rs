//! Those whose speed is compared, and their clients.

use std::fs;
use std::sync::Arc;

use ironflow_conformance::{Backend as _, BucketSettings, Watch as _};
use ironflow_harness::process::Server;
use ironflow_harness::{HttpClient, HttpWatch};

use crate::jetstream::{Consumer, JetStream};

/// What is written: 100 bytes.
pub(crate) const VALUE: &[u8] = &[b'v'; 100];

/// How often the kernel counts, a second.
const TICKS: f64 = 100.0;

#[derive(Clone, Copy)]
pub(crate) enum Contender {
    JetStream,
    Server,
}

/// One of those that are compared.
pub(crate) struct Party<'a> {
    /// Also its bucket's name: each contender has its own bucket.
    pub(crate) name: &'static str,
    contender: Contender,
    address: &'a str,
    servers: Vec<&'a Server>,
}

impl<'a> Party<'a> {
    /// `servers`: the one that clients speak to, then those behind it.
    pub(crate) fn new(
        name: &'static str,
        contender: Contender,
        address: &'a str,
        servers: &[&'a Server],
    ) -> Self {
        Self {
            name,
            contender,
            address,
            servers: servers.to_vec(),
        }
    }

    /// JetStream's own client uses the stream that a server makes of a bucket.
    pub(crate) async fn create_bucket(&self, by: &Server) {
        let settings = BucketSettings {
            name: self.name.to_owned(),
            ..Default::default()
        };
        let created = HttpClient::new(&by.address).create_bucket(&settings).await;
        created.expect("a bucket");
    }

    /// A client with connections of its own.
    pub(crate) async fn connect(&self) -> Client {
        match self.contender {
            Contender::JetStream => {
                Client::JetStream(JetStream::connect(self.address, self.name).await)
            }
            Contender::Server => Client::Http(self.name, Arc::new(HttpClient::new(self.address))),
        }
    }

    pub(crate) fn processes(&self) -> usize {
        self.servers.len()
    }

    /// Microseconds that each process has used of the processors.
    pub(crate) fn cpu(&self) -> Vec<f64> {
        let used = |server: &&Server| {
            let path = format!("/proc/{}/stat", server.pid());
            let stat = fs::read_to_string(path).expect("a running server");
            // After the name, which may hold anything, in parentheses.
            let fields = stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .split_whitespace();
            let ticks = fields
                .skip(11)
                .take(2)
                .filter_map(|field| field.parse::<f64>().ok());
            ticks.sum::<f64>() / TICKS * 1e6
        };
        self.servers.iter().map(used).collect()
    }

    /// The memory of the process that clients speak to, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.servers[0].resident_bytes()
    }
}

/// A client of a party.
#[derive(Clone)]
pub(crate) enum Client {
    JetStream(JetStream),
    /// With the name of the bucket.
    Http(&'static str, Arc<HttpClient>),
}

impl Client {
    /// Writes a key; gives its revision.
    pub(crate) async fn put(&self, key: &str) -> u64 {
        match self {
            Self::JetStream(client) => client.put(key).await,
            Self::Http(bucket, client) => client.put(bucket, key, VALUE).await.expect("a revision"),
        }
    }

    pub(crate) async fn get(&self, key: &str) -> u64 {
        match self {
            Self::JetStream(client) => client.get(key).await,
            Self::Http(bucket, client) => client.get(bucket, key).await.expect("an entry").revision,
        }
    }

    pub(crate) async fn watch(&self) -> Watcher {
        match self {
            Self::JetStream(client) => Watcher::JetStream(Box::new(client.consume().await)),
            Self::Http(bucket, client) => {
                let watch = client.watch(bucket, None).await.expect("a watch");
                Watcher::Http(Box::new(watch))
            }
        }
    }
}

/// A watcher of every change.
pub(crate) enum Watcher {
    JetStream(Box<Consumer>),
    Http(Box<HttpWatch>),
}

impl Watcher {
    /// The revision of the next event.
    pub(crate) async fn next(&mut self) -> u64 {
        match self {
            Self::JetStream(consumer) => consumer.next().await,
            Self::Http(watch) => watch.next().await.expect("an event").revision,
        }
    }

    pub(crate) async fn end(self) {
        match self {
            Self::JetStream(consumer) => consumer.end().await,
            Self::Http(mut watch) => watch.stop().await,
        }
    }
}
