//! Times to live beyond the rules of every backend: buckets that lack them, and repeated writes.

use std::time::Duration;

use ironflow_conformance::{Backend as _, BucketSettings, Expiring as _, Failure, Write};
use ironflow_harness::process::{self, ironflow_server};
use ironflow_harness::wire::exchange;
use ironflow_harness::{HttpClient, run};
use serde_json::{Value, json};
use tokio::time::sleep;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ironflow-server");

/// What a bucket without markers has.
const WITHOUT_EXPIRY: [&str; 4] = ["write-id", "remove", "entries", "history"];

fn settings(word: &str) -> BucketSettings {
    BucketSettings {
        name: format!("{}-{word}", run()),
        ..Default::default()
    }
}

/// Creates the stream of a bucket as the server did before it knew of markers.
async fn create_earlier(settings: &BucketSettings) {
    let stream = format!("KV_{}", settings.name);
    let config = json!({
        "name": stream,
        "subjects": [format!("$KV.{}.>", settings.name)],
        "retention": "limits",
        "discard": "new",
        "storage": "file",
        "num_replicas": 1,
        "max_msgs_per_subject": 1,
        "max_age": settings.ttl_seconds * 1_000_000_000,
        "duplicate_window": settings.ttl_seconds * 1_000_000_000,
        "allow_rollup_hdrs": true,
        "deny_delete": true,
        "allow_direct": true,
    })
    .to_string();
    let subject = format!("$JS.API.STREAM.CREATE.{stream}");
    let lines = format!(
        "CONNECT {{\"verbose\":false}}\r\nPUB {subject} {}\r\n{config}\r\nPING\r\n",
        config.len()
    );
    let nats = process::shared_nats();
    let address = nats.strip_prefix("nats://").unwrap();
    exchange(address, lines.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_bucket_created_earlier_keeps_working_without_ttl_and_events() {
    let client = HttpClient::new(process::server_on_nats(PROGRAM));
    let settings = BucketSettings {
        ttl_seconds: 1,
        ..settings("earlier")
    };
    create_earlier(&settings).await;
    while client.bucket_info(&settings.name).await.is_err() {
        sleep(Duration::from_millis(20)).await;
    }
    let bucket = &settings.name;
    assert_eq!(
        client.create_bucket(&settings).await.unwrap().ttl_seconds,
        1
    );
    let features = client.features_of(bucket).await.unwrap();
    assert_eq!(features, WITHOUT_EXPIRY);
    let write = Write::Put(b"v");
    let refused = client.write_for(bucket, "k", write, 60).await;
    let message = "the keys of this bucket cannot have a TTL: see the features of the bucket";
    let unsupported = Failure {
        status: 501,
        message: message.to_owned(),
    };
    assert_eq!(refused, Err(unsupported));
    assert_eq!(client.put(bucket, "k", b"v").await, Ok(1));
    let entry = client.get(bucket, "k").await.unwrap();
    assert!(entry.expires_at.is_some());
    while client.get(bucket, "k").await.is_ok() {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(client.create(bucket, "k", b"v").await, Ok(2));
}

#[tokio::test]
async fn a_bucket_with_a_limit_of_bytes_has_no_expiry_on_jetstream() {
    let nats = HttpClient::new(process::server_on_nats(PROGRAM));
    let memory = HttpClient::new(process::server_on_memory(PROGRAM));
    let limited = BucketSettings {
        max_bytes: 1000,
        ..settings("limited")
    };
    let unlimited = settings("unlimited");
    for settings in [&limited, &unlimited] {
        nats.create_bucket(settings).await.unwrap();
        memory.create_bucket(settings).await.unwrap();
    }
    assert_eq!(
        nats.features_of(&limited.name).await.unwrap(),
        WITHOUT_EXPIRY
    );
    assert_eq!(nats.features_of(&unlimited.name).await, None);
    assert_eq!(memory.features_of(&limited.name).await, None);
}

/// The body of the answer to a write with a time to live and an id.
async fn put(server: &str, bucket: &str) -> Value {
    let request = format!(
        "PUT /api/v1/kv/buckets/{bucket}/keys/k HTTP/1.1\r\nHost: localhost\r\nIronflow-TTL: 60\r\n\
         Ironflow-Write-Id: id-of-a-write-with-ttl\r\nConnection: close\r\nContent-Length: 1\r\n\r\nv"
    );
    let answer = exchange(server, request.as_bytes()).await.unwrap();
    assert_eq!(answer.status, Some(200), "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_repeated_write_expires_when_its_first_answer_said() {
    let nats = ["--store", process::shared_nats()];
    let other = ironflow_server(PROGRAM, &nats).unwrap();
    let memory = process::server_on_memory(PROGRAM);
    let on_nats = process::server_on_nats(PROGRAM);
    for (first, repeated) in [
        (memory, memory),
        (on_nats, on_nats),
        (on_nats, &other.address),
    ] {
        let word = if repeated == first {
            "repeated"
        } else {
            "other"
        };
        let settings = settings(word);
        let client = HttpClient::new(first);
        client.create_bucket(&settings).await.unwrap();
        let answer = put(first, &settings.name).await;
        assert_eq!(answer["revision"], 1);
        assert_eq!(put(repeated, &settings.name).await, answer);
        let entry = client.get(&settings.name, "k").await.unwrap();
        assert_eq!(
            Some(entry.expires_at.unwrap().as_str()),
            answer["expires_at"].as_str()
        );
    }
}
