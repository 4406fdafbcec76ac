//! Histories of a real server.

use std::collections::HashMap;
use std::time::Instant;

use futures_util::future::join_all;
use ironflow_conformance::{Backend as _, BucketSettings, Failure};
use ironflow_harness::HttpClient;

use crate::history::{Call, Operation, Outcome, Value};

const KEY: &str = "key";

/// A client's next operation. Its updates use revisions that it has received.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Create,
    /// From the last received revision, or one that many before.
    Update {
        back: usize,
    },
    Delete,
    Get,
}

/// Runs the steps of all clients concurrently, and records the results.
pub async fn record(clients: &[HttpClient], bucket: &str, scripts: &[Vec<Step>]) -> Vec<Call> {
    let settings = BucketSettings {
        name: bucket.to_owned(),
        ..Default::default()
    };
    clients[0].create_bucket(&settings).await.unwrap();
    let start = Instant::now();
    let calls = clients
        .iter()
        .zip(scripts)
        .zip(0..)
        .map(|((client, steps), number)| {
            let client = Client {
                http: client,
                bucket,
                start,
                received: vec![0],
            };
            client.take(steps, number * 1000)
        });
    let histories = join_all(calls).await;
    clients[0].delete_bucket(bucket).await.unwrap();
    histories.concat()
}

struct Client<'a> {
    http: &'a HttpClient,
    bucket: &'a str,
    start: Instant,
    received: Vec<u64>,
}

impl Client<'_> {
    /// Takes its steps, one after the other. Its values begin with `first`.
    async fn take(mut self, steps: &[Step], first: Value) -> Vec<Call> {
        let mut calls = Vec::new();
        for (step, value) in steps.iter().zip(first..) {
            let operation = match step {
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
        let (http, bucket) = (self.http, self.bucket);
        let result = match operation {
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
