//! What a subscription gets as it happens.

use std::time::{Duration, Instant};

use ironflow_harness::outline;
use serde_json::json;

use crate::Bucket;

fn event(key: &str, operation: &str, revision: u64) -> (String, String, u64) {
    (key.to_owned(), operation.to_owned(), revision)
}

pub async fn a_change_is_sent_once_however_many_subscriptions_match(server: &str) {
    let bucket = Bucket::new(server, "once").await;
    let mut session = bucket.client.session().await;
    for (id, keys) in [
        (1, &[">"][..]),
        (2, &["a.*"]),
        (3, &["a.1", "b"]),
        (4, &[">"]),
    ] {
        session.subscribe(id, &bucket.name, keys, json!({})).await;
        assert_eq!(session.next_of("synced").await["id"], id);
    }
    bucket.put("a.1", "v").await; // 1
    bucket.put("c", "v").await; // 2
    bucket.delete("a.1").await; // 3
    let updates = session.fence(&bucket.name, 3).await;
    let outlines: Vec<_> = updates.iter().map(outline).collect();
    assert_eq!(
        outlines,
        [
            event("a.1", "put", 1),
            event("c", "put", 2),
            event("a.1", "delete", 3)
        ]
    );
    for update in updates {
        assert_eq!(
            (&update["type"], &update["name"]),
            (&json!("kv_update"), &json!(bucket.name))
        );
    }
}

pub async fn one_connection_serves_many_buckets(server: &str) {
    let [one, other] = ["one", "other"].map(|test| Bucket::new(server, test));
    let (one, other) = (one.await, other.await);
    let mut session = one.client.session().await;
    session.subscribe(1, &one.name, &["k"], json!({})).await;
    session.next_of("synced").await;
    session.subscribe(2, &other.name, &["k"], json!({})).await;
    session.next_of("synced").await;
    for (bucket, value) in [(&one, "1"), (&other, "2")] {
        bucket.put("not-asked-for", value).await;
    }
    for bucket in [&one, &other] {
        bucket.put("k", "v").await;
        let update = session.next_of("kv_update").await;
        assert_eq!(
            (outline(&update), &update["name"]),
            (event("k", "put", 2), &json!(bucket.name))
        );
    }
}

pub async fn an_unsubscribed_pattern_gives_nothing_and_its_id_is_free(server: &str) {
    let bucket = Bucket::new(server, "unsubscribe").await;
    let mut session = bucket.client.session().await;
    for (id, keys) in [(1, &["a.*"]), (2, &["b.*"])] {
        session.subscribe(id, &bucket.name, keys, json!({})).await;
        session.next_of("synced").await;
    }
    session
        .send(json!({ "type": "unsubscribe", "id": 1 }))
        .await;
    // No subscription is no problem.
    session
        .send(json!({ "type": "unsubscribe", "id": 99 }))
        .await;
    assert!(session.fence(&bucket.name, 0).await.is_empty());
    bucket.put("a.1", "v").await; // 1
    bucket.put("b.1", "v").await; // 2
    let updates = session.fence(&bucket.name, 2).await;
    assert_eq!(updates.len(), 1, "{updates:?}");
    assert_eq!(outline(&updates[0]), event("b.1", "put", 2));
    session
        .subscribe(1, &bucket.name, &["a.*"], json!({ "after": 0 }))
        .await;
    assert_eq!(
        session.replayed(1).await.outline(),
        [event("a.1", "put", 1)]
    );
    bucket.put("a.1", "v").await; // 3
    assert_eq!(
        outline(&session.next_of("kv_update").await),
        event("a.1", "put", 3)
    );
}

pub async fn a_ping_is_answered_with_what_was_sent(server: &str) {
    let bucket = Bucket::new(server, "tick").await;
    let mut session = bucket.client.session().await;
    session.send(json!({ "type": "ping" })).await;
    assert_eq!(
        session.next().await,
        json!({ "type": "tick", "revisions": {} })
    );
    session.subscribe(1, &bucket.name, &["a"], json!({})).await;
    session.next_of("synced").await;
    for revision in 1..=20 {
        bucket.put("b", "not asked for").await;
        assert!(session.fence(&bucket.name, revision).await.is_empty());
    }
    bucket.put("a", "v").await;
    // What a tick covers came before it.
    let updates = session.fence(&bucket.name, 21).await;
    assert_eq!(
        updates.iter().map(outline).collect::<Vec<_>>(),
        [event("a", "put", 21)]
    );
}

pub async fn a_slow_client_goes_back_to_a_replay(server: &str) {
    const WRITES: u64 = 400;
    let bucket = Bucket::new(server, "slow").await;
    let mut session = bucket.client.session().await;
    for (id, keys) in [(1, &["k0", "k1", "k2"][..]), (2, &["none"])] {
        session.subscribe(id, &bucket.name, keys, json!({})).await;
        session.next_of("synced").await;
    }
    let value = "v".repeat(64 << 10);
    for number in 0..WRITES {
        bucket.put(&format!("k{}", number % 3), &value).await;
    }
    // Nothing was read so far: more than the sockets hold was written.
    let (mut revisions, mut returns, mut synced) = (Vec::new(), Vec::new(), 0);
    while synced < WRITES {
        let frame = session.next().await;
        match frame["type"].as_str() {
            Some("kv_update") => revisions.push(outline(&frame).2),
            Some("changes") => {
                assert_eq!(frame["id"], 1);
                let events = frame["events"].as_array().unwrap();
                revisions.extend(events.iter().map(|event| outline(event).2));
            }
            Some("replay") => {
                assert!(frame["total"].as_u64().unwrap() > 0, "{frame}");
                returns.push(frame["id"].as_u64().unwrap());
            }
            Some("synced") => {
                assert_eq!(
                    (&frame["reset"], &frame["pruned"]),
                    (&json!(false), &json!(false))
                );
                if frame["id"] == 1 {
                    synced = frame["revision"].as_u64().unwrap();
                }
            }
            _ => panic!("{frame}"),
        }
    }
    assert!(revisions.is_sorted(), "{revisions:?}");
    assert!(
        revisions.ends_with(&[WRITES - 2, WRITES - 1, WRITES]),
        "{revisions:?}"
    );
    assert!(returns.contains(&1), "{returns:?}");
    session.fence(&bucket.name, WRITES).await;
    bucket.put("k0", "live again").await;
    assert_eq!(
        outline(&session.next_of("kv_update").await),
        event("k0", "put", WRITES + 1)
    );
}

pub async fn silence_is_broken_by_a_tick(server: &str) {
    let bucket = Bucket::new(server, "silence").await;
    let mut session = bucket.client.session().await;
    session.subscribe(1, &bucket.name, &["a"], json!({})).await;
    session.next_of("synced").await;
    bucket.put("b", "not-asked-for").await;
    let start = Instant::now();
    let tick = session.next_of("tick").await;
    // The storage confirms it although nothing happens.
    assert_eq!(tick["revisions"], json!({ bucket.name: 1 }));
    assert!(
        start.elapsed() > Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
