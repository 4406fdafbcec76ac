//! Three NATS servers that keep the same data.

use std::net::TcpListener;
use std::time::Duration;

use async_nats::ConnectOptions;
use ironflow_harness::process::{Server, nats_server_as};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const SIZE: usize = 3;

/// A port that was free a moment ago. Servers that are to find each other, or to be found again, need
/// to know theirs beforehand.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub struct Cluster {
    settings: Vec<String>,
    nodes: Vec<Option<Server>>,
    addresses: Vec<String>,
    _data: TempDir,
}

#[derive(Deserialize)]
struct Account {
    #[serde(rename = "memory")]
    _memory: u64,
}

#[derive(Deserialize)]
struct StreamInfo {
    cluster: Option<Group>,
}

#[derive(Deserialize)]
struct Group {
    leader: Option<String>,
}

impl Cluster {
    /// Starts them, and waits until they have found each other.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = (0..SIZE).map(|_| free_port()).collect();
        let routes: Vec<String> = ports
            .iter()
            .map(|p| format!("\"nats://127.0.0.1:{p}\""))
            .collect();
        let routes = routes.join(", ");
        let settings: Vec<String> = ports
            .iter()
            .enumerate()
            .map(|(number, route)| {
                format!(
                    "server_name: node-{number}\nlisten: \"127.0.0.1:{}\"\nmax_payload: 2MB\n\
                     jetstream {{ store_dir: {:?} }}\n\
                     cluster {{ name: test, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}\n",
                    free_port(),
                    data.path().join(number.to_string())
                )
            })
            .collect();
        let nodes: Vec<_> = settings
            .iter()
            .map(|node| nats_server_as(node).unwrap())
            .collect();
        let cluster = Self {
            settings,
            addresses: nodes.iter().map(|node| node.address.clone()).collect(),
            nodes: nodes.into_iter().map(Some).collect(),
            _data: data,
        };
        cluster.ask("INFO", |_: Account| Some(())).await;
        cluster
    }

    /// The address of one of its servers, from which clients learn the others.
    pub fn address(&self) -> &str {
        &self.addresses[0]
    }

    /// The number of the server that leads the stream.
    pub async fn leader_of(&self, stream: &str) -> usize {
        let leader = |info: StreamInfo| {
            let leader = info.cluster?.leader?;
            leader.strip_prefix("node-")?.parse().ok()
        };
        self.ask(&format!("STREAM.INFO.{stream}"), leader).await
    }

    /// Asks JetStream until it has an answer of use.
    async fn ask<T: DeserializeOwned, R>(&self, what: &str, read: impl Fn(T) -> Option<R>) -> R {
        let options = ConnectOptions::new().request_timeout(Some(Duration::from_secs(2)));
        let client = options.connect(&self.addresses[..]).await.unwrap();
        let ask = async {
            loop {
                let answer = client.request(format!("$JS.API.{what}"), "".into()).await;
                let read = answer.ok().and_then(|answer| {
                    let answer = serde_json::from_slice(&answer.payload).ok()?;
                    read(answer)
                });
                match read {
                    Some(read) => return read,
                    None => sleep(Duration::from_millis(100)).await,
                }
            }
        };
        timeout(Duration::from_secs(60), ask)
            .await
            .expect("a leader")
    }

    pub fn kill(&mut self, number: usize) {
        let node = self.nodes[number].take().expect("a running server");
        node.kill();
    }

    pub fn restart(&mut self, number: usize) {
        self.nodes[number] = Some(nats_server_as(&self.settings[number]).unwrap());
    }
}
