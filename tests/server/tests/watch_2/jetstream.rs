//! What only a server on JetStream meets: streams of other clients, other instances, interruptions.

use std::time::Duration;

use async_nats::Client;
use futures_util::StreamExt as _;
use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::process::{nats_server_as, shared_nats};
use ironflow_harness::{HttpClient, outline};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{Bucket, on_nats, start};

async fn ask(nats: &Client, subject: String, body: Value) -> Value {
    let answer = nats
        .request(subject, body.to_string().into())
        .await
        .unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

/// The names of a stream's consumers.
async fn consumers(nats: &Client, bucket: &str) -> usize {
    let subject = format!("$JS.API.CONSUMER.NAMES.KV_{bucket}");
    let answer = ask(nats, subject, json!({})).await;
    answer["consumers"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_stream_without_direct_gets_is_read_by_other_means() {
    let server = on_nats(&[]);
    let nats = async_nats::connect(shared_nats()).await.unwrap();
    let bucket = Bucket::new(&server.address, "indirect").await;
    let subject = format!("$JS.API.STREAM.INFO.KV_{}", bucket.name);
    let mut config = ask(&nats, subject, json!({})).await["config"].take();
    config["allow_direct"] = json!(false);
    let subject = format!("$JS.API.STREAM.UPDATE.KV_{}", bucket.name);
    let updated = ask(&nats, subject, config).await;
    assert_eq!(updated["config"]["allow_direct"], false, "{updated}");
    bucket.fill(1200, "v").await;
    bucket.delete("k7").await; // 1201
    // The server may still take it for a stream with direct gets.
    let entry = bucket.client.get(&bucket.name, "k8").await.unwrap();
    assert_eq!(entry.value, b"v");
    let mut session = bucket.client.session().await;
    for (id, after, count) in [(1, 0, 1199), (2, 1200, 1), (3, 1, 1199), (4, 1201, 0)] {
        session
            .subscribe(id, &bucket.name, &["*"], json!({ "after": after }))
            .await;
        let replayed = session.replayed(id).await;
        assert_eq!(replayed.synced["revision"], 1201);
        // The deleted key's value is not retained, and its own revision may have been the first.
        let events = replayed.outline();
        let is_there = events.len() == count || (after == 1 && events.len() == count + 1);
        assert!(is_there, "{} after {after}", events.len());
        assert_eq!(
            events.iter().any(|event| event.1 == "delete"),
            id == 2 || id == 3
        );
    }
}

#[tokio::test]
async fn no_client_has_a_consumer_that_lasts() {
    let server = on_nats(&[]);
    let nats = async_nats::connect(shared_nats()).await.unwrap();
    let bucket = Bucket::new(&server.address, "consumers").await;
    bucket.fill(50, "v").await;
    let mut sessions = Vec::new();
    for _ in 0..20 {
        let mut session = bucket.client.session().await;
        for (id, keys, after) in [(1, &[">"][..], 0), (2, &["k1", "k2"], 1), (3, &["*"], 1)] {
            session
                .subscribe(id, &bucket.name, keys, json!({ "after": after }))
                .await;
            session.replayed(id).await;
        }
        sessions.push(session);
    }
    // Those that were read are deleted without an answer.
    while consumers(&nats, &bucket.name).await > 1 {
        sleep(Duration::from_millis(50)).await;
    }
    bucket.put("k1", "w").await;
    for session in &mut sessions {
        assert_eq!(outline(&session.next_of("kv_update").await).0, "k1");
    }
    drop(sessions);
    while consumers(&nats, &bucket.name).await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_replay_of_200_keys_takes_at_most_10_requests_to_nats() {
    let server = on_nats(&[]);
    let nats = async_nats::connect(shared_nats()).await.unwrap();
    let bucket = Bucket::new(&server.address, "requests").await;
    bucket.fill(200, "v").await;
    bucket.put("k7", "w").await;
    let keys: Vec<_> = (0..200).map(|number| format!("k{number}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let mut session = bucket.client.session().await;
    for (id, after, count) in [(1, 0, 200), (2, 200, 1)] {
        let requests = nats.subscribe("$JS.API.>").await.unwrap();
        nats.flush().await.unwrap();
        session
            .subscribe(id, &bucket.name, &keys, json!({ "after": after }))
            .await;
        assert_eq!(session.replayed(id).await.outline().len(), count);
        nats.publish("$JS.API.end", "".into()).await.unwrap();
        // Tests beside this one use the same nats-server.
        let until_end = requests.take_while(|request| {
            let is_end = request.subject.as_str() == "$JS.API.end";
            async move { !is_end }
        });
        let own = until_end.filter(|request| {
            let is_own = request.subject.contains(&bucket.name);
            async move { is_own }
        });
        let own = own.count().await;
        assert!(own <= 10, "{own} requests");
    }
}

#[tokio::test]
async fn another_instance_deletes_and_creates_a_bucket() {
    let [here, there] = [(); 2].map(|()| on_nats(&[]));
    let bucket = Bucket::new(&here.address, "instances").await;
    let other = HttpClient::new(&there.address);
    let mut session = bucket.client.session().await;
    session.subscribe(1, &bucket.name, &[">"], json!({})).await;
    let epoch = session.next_of("synced").await["epoch"].clone();
    other.put(&bucket.name, "k", b"v").await.unwrap();
    assert_eq!(outline(&session.next_of("kv_update").await).2, 1);
    other.delete_bucket(&bucket.name).await.unwrap();
    let settings = BucketSettings {
        name: bucket.name.clone(),
        ..Default::default()
    };
    other.create_bucket(&settings).await.unwrap();
    other.put(&bucket.name, "new", b"v").await.unwrap();
    // The server is not informed: it finds out.
    let refused = timeout(Duration::from_secs(60), session.next_of("refused")).await;
    assert_eq!(refused.unwrap()["status"], 404);
    let more = json!({ "after": 1, "epoch": epoch });
    session.subscribe(1, &bucket.name, &[">"], more).await;
    let replayed = session.replayed(1).await;
    assert_eq!(replayed.synced["reset"], true);
    assert_eq!(
        replayed.outline(),
        [("new".to_owned(), "put".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_nats() {
    let data = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = format!(
        "listen: \"127.0.0.1:{port}\"\nmax_payload: 2MB\njetstream {{ store_dir: {:?} }}\n",
        data.path()
    );
    let nats = nats_server_as(&settings).unwrap();
    let server = start(&["--store", &nats.address]);
    let plain = Bucket::new(&server.address, "plain").await;
    let ttl = BucketSettings {
        ttl_seconds: 3600,
        ..Default::default()
    };
    let expiring = Bucket::with(&server.address, "expiring", ttl).await;
    let mut session = plain.client.session().await;
    for (id, bucket) in [(1, &plain), (2, &expiring)] {
        bucket.put("before", "v").await; // 1
        session
            .subscribe(
                id,
                &bucket.name,
                &["before", "after"],
                json!({ "after": 0 }),
            )
            .await;
        session.replayed(id).await;
        bucket.put("other", "v").await; // 2
    }
    nats.kill();
    session
        .send(json!({ "type": "subscribe", "id": 3, "name": plain.name }))
        .await;
    let refused = session.next_of("refused").await;
    let retry = (
        &refused["status"],
        &refused["retryable"],
        &refused["retry_after"],
    );
    assert_eq!(retry, (&json!(503), &json!(true), &json!(1)));
    let _nats = nats_server_as(&settings).unwrap();
    // Of a bucket whose markers may have come and gone, the live keys are listed.
    let replayed = session.replayed(2).await;
    assert_eq!(replayed.live, Some(vec!["before".to_owned()]));
    assert_eq!(
        (&replayed.synced["pruned"], &replayed.synced["reset"]),
        (&json!(true), &json!(false))
    );
    for bucket in [&plain, &expiring] {
        while bucket
            .client
            .put(&bucket.name, "after", b"v")
            .await
            .is_err()
        {
            sleep(Duration::from_millis(100)).await;
        }
        let update = session.next_of("kv_update").await;
        assert_eq!(
            (&update["name"], &update["key"]),
            (&json!(bucket.name), &json!("after"))
        );
    }
}
