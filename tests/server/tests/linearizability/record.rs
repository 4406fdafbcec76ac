//! Histories of a real server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use ironflow_conformance::{
    Backend as _, BucketSettings, Extended as _, Failure, Repeating as _, Write,
};
use ironflow_harness::{HttpClient, Proxy};

use crate::history::{Call, Operation, Outcome, Value};

const KEY: &str = "key";

/// A client's next operation. Its updates use revisions that it has received.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Put,
    Create,
    /// From the last received revision, or one that many before.
    Update {
        back: usize,
    },
    Delete,
    /// Of the last received revision.
    DeleteIf,
    Get,
}

/// The clients of a history: those of a server, and those of a proxy that repeats their requests, whose
/// writes have ids.
pub struct Clients {
    pub direct: HttpClient,
    pub clients: Vec<HttpClient>,
    pub proxy: Option<Proxy>,
}

/// Runs the steps of all clients concurrently, and records the results. The last call reads what is left.
pub async fn record(clients: &Clients, bucket: &str, scripts: &[Vec<Step>]) -> Vec<Call> {
    let Clients {
        direct,
        clients,
        proxy,
    } = clients;
    let settings = BucketSettings {
        name: bucket.to_owned(),
        ..Default::default()
    };
    direct.create_bucket(&settings).await.unwrap();
    let start = Instant::now();
    let calls = clients
        .iter()
        .zip(scripts)
        .zip(0..)
        .map(|((client, steps), number)| {
            let client = Client::new(client, bucket, start, proxy.is_some());
            client.take(steps, number * 1000)
        });
    let mut history = join_all(calls).await.concat();
    if let Some(proxy) = proxy {
        proxy.settled().await;
    }
    let reader = Client::new(direct, bucket, start, false);
    history.extend(reader.take(&[Step::Get], 0).await);
    let written = |call: &&Call| matches!(call.outcome, Outcome::Written(_) | Outcome::Deleted);
    let (_, last) = direct.entries(bucket, &[]).await.unwrap();
    let acknowledged = history.iter().filter(written).count() as u64;
    assert_eq!(
        last,
        Some(acknowledged),
        "one revision for each acknowledged write"
    );
    direct.delete_bucket(bucket).await.unwrap();
    history
}

static IDS_SO_FAR: AtomicU64 = AtomicU64::new(0);

struct Client<'a> {
    http: &'a HttpClient,
    bucket: &'a str,
    start: Instant,
    received: Vec<u64>,
    has_ids: bool,
}

impl<'a> Client<'a> {
    fn new(http: &'a HttpClient, bucket: &'a str, start: Instant, has_ids: bool) -> Self {
        Self {
            http,
            bucket,
            start,
            received: vec![0],
            has_ids,
        }
    }

    /// Takes its steps, one after the other. Its values begin with `first`.
    async fn take(mut self, steps: &[Step], first: Value) -> Vec<Call> {
        let mut calls = Vec::new();
        for (step, value) in steps.iter().zip(first..) {
            let last = self.received[self.received.len() - 1];
            let operation = match step {
                Step::Put => Operation::Put(value),
                Step::DeleteIf => Operation::DeleteIf(last),
                Step::Create => Operation::Create(value),
                Step::Update { back } => {
                    let index = self.received.len().saturating_sub(1 + back);
                    Operation::Update(value, self.received[index])
                }
                Step::Delete => Operation::Delete,
                Step::Get => Operation::Get,
            };
            let called = self.now();
            let outcome = self.carry_out(operation).await;
            let returned = self.now();
            if let Outcome::Written(revision) | Outcome::Found(_, revision) = outcome {
                self.received.push(revision);
            }
            calls.push(Call {
                operation,
                outcome,
                called,
                returned,
            });
        }
        calls
    }

    async fn carry_out(&self, operation: Operation) -> Outcome {
        if self.has_ids && operation != Operation::Get {
            return self.write_with_id(operation).await;
        }
        let (http, bucket) = (self.http, self.bucket);
        let result = match operation {
            Operation::Put(value) => {
                let bytes = value.to_be_bytes();
                http.put(bucket, KEY, &bytes).await.map(Outcome::Written)
            }
            Operation::DeleteIf(revision) => {
                let removed = http.remove(bucket, KEY, revision, false).await;
                removed.map(Outcome::Written)
            }
            Operation::Create(value) => {
                let bytes = value.to_be_bytes();
                http.create(bucket, KEY, &bytes).await.map(Outcome::Written)
            }
            Operation::Update(value, revision) => {
                let bytes = value.to_be_bytes();
                let updated = http.update(bucket, KEY, &bytes, revision).await;
                updated.map(Outcome::Written)
            }
            Operation::Delete => http.delete(bucket, KEY).await.map(|()| Outcome::Deleted),
            Operation::Get => http.get(bucket, KEY).await.map(|entry| {
                let value = entry.value.try_into().expect("a value that was written");
                Outcome::Found(Value::from_be_bytes(value), entry.revision)
            }),
        };
        result.unwrap_or_else(|refusal| refused(&refusal))
    }

    async fn write_with_id(&self, operation: Operation) -> Outcome {
        let number = IDS_SO_FAR.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:022}");
        let bytes;
        let write = match operation {
            Operation::Put(value) | Operation::Create(value) | Operation::Update(value, _) => {
                bytes = value.to_be_bytes();
                match operation {
                    Operation::Create(_) => Write::Create(&bytes),
                    Operation::Update(_, revision) => Write::Update(&bytes, revision),
                    _ => Write::Put(&bytes),
                }
            }
            Operation::DeleteIf(revision) => Write::DeleteIf(revision),
            Operation::Delete => Write::Delete,
            Operation::Get => panic!("no write"),
        };
        match self.http.write(self.bucket, KEY, write, &id).await {
            Ok(revision) => revision.map_or(Outcome::Deleted, Outcome::Written),
            Err(refusal) => refused(&refusal),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

fn refused(refusal: &Failure) -> Outcome {
    match refusal.status {
        404 => Outcome::Missing,
        412 => Outcome::Refused,
        _ => panic!("neither missing nor refused: {refusal:?}"),
    }
}

/// How many outcomes of each kind there are.
pub fn tally(history: &[Call]) -> HashMap<&'static str, usize> {
    let mut kinds = HashMap::new();
    for call in history {
        let kind = match call.outcome {
            Outcome::Written(_) => "written",
            Outcome::Deleted => "deleted",
            Outcome::Found(..) => "found",
            Outcome::Missing => "missing",
            Outcome::Refused => "refused",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}
