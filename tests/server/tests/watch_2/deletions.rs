//! Buckets that go, and keys whose markers have gone.

use std::time::Duration;

use ironflow_conformance::{Backend as _, BucketSettings, Expiring as _, Write};
use ironflow_harness::outline;
use serde_json::json;
use tokio::time::sleep;

use crate::Bucket;

pub async fn a_deleted_bucket_refuses_its_subscriptions_alone(server: &str) {
    let [gone, kept] = ["gone", "kept"].map(|test| Bucket::new(server, test));
    let (gone, kept) = (gone.await, kept.await);
    let mut session = kept.client.session().await;
    for (id, bucket) in [(1, &gone), (2, &kept), (3, &gone)] {
        session.subscribe(id, &bucket.name, &[">"], json!({})).await;
        session.next_of("synced").await;
    }
    gone.put("last", "words").await;
    assert_eq!(session.next_of("kv_update").await["name"], gone.name);
    gone.client_deletes().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let refused = session.next_of("refused").await;
        assert_eq!(
            (&refused["status"], &refused["retryable"]),
            (&json!(404), &json!(false))
        );
        assert_eq!(refused["error"], "bucket not found");
        ids.push(refused["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 3]);
    kept.put("k", "v").await;
    assert_eq!(session.next_of("kv_update").await["name"], kept.name);
    session
        .subscribe(1, &gone.name, &[">"], json!({ "after": 0 }))
        .await;
    assert_eq!(session.next_of("refused").await["status"], 404);
    gone.create(BucketSettings::default()).await;
    gone.put("k", "v").await;
    session
        .subscribe(1, &gone.name, &[">"], json!({ "after": 0 }))
        .await;
    assert_eq!(session.replayed(1).await.events().len(), 1);
    gone.put("k", "v").await;
    assert_eq!(session.next_of("kv_update").await["name"], gone.name);
}

pub async fn where_markers_expire_the_live_keys_are_listed(server: &str) {
    let bucket = Bucket::new(server, "pruned").await;
    bucket.fill(1100, "v").await;
    bucket.put("user.1", "v").await; // 1101
    bucket.delete("k7").await; // 1102
    bucket.put_for("user.2", 1).await; // 1103
    while bucket.client.get(&bucket.name, "user.2").await.is_ok() {
        sleep(Duration::from_millis(50)).await; // 1104
    }
    let mut session = bucket.client.session().await;
    session
        .subscribe(1, &bucket.name, &["*", "k7"], json!({ "after": 1100 }))
        .await;
    let replayed = session.replayed(1).await;
    assert_eq!(replayed.events().iter().map(outline).count(), 1);
    assert_eq!(replayed.synced["pruned"], true);
    // A client that is cut off before the list of live keys must start over.
    assert_eq!(replayed.announced.unwrap()["pruned"], true);
    let mut live = replayed.live.unwrap();
    live.sort_unstable();
    let mut expected: Vec<_> = (0..1100)
        .filter(|n| *n != 7)
        .map(|n| format!("k{n}"))
        .collect();
    expected.sort_unstable();
    assert_eq!(live, expected);
    // There is no list for a client that has no state to prune.
    for (id, more) in [
        (2, json!({ "after": 0 })),
        (3, json!({ "after": 5, "epoch": "" })),
    ] {
        session.subscribe(id, &bucket.name, &["*"], more).await;
        let replayed = session.replayed(id).await;
        assert_eq!(
            (&replayed.synced["pruned"], replayed.live),
            (&json!(false), None)
        );
    }
    session
        .subscribe(4, &bucket.name, &["none"], json!({ "after": 1 }))
        .await;
    let replayed = session.replayed(4).await;
    assert_eq!(
        (&replayed.synced["pruned"], replayed.live),
        (&json!(true), Some(vec![]))
    );
}

pub async fn an_expiry_is_a_live_change(server: &str) {
    let bucket = Bucket::new(server, "expiry").await;
    let mut session = bucket.client.session().await;
    session
        .subscribe(1, &bucket.name, &[">"], json!({ "after": 0 }))
        .await;
    session.next_of("synced").await;
    let expires_at = bucket.put_for("k", 1).await; // 1
    let put = session.next_of("kv_update").await;
    assert_eq!(put["expires_at"].as_str(), Some(&*expires_at));
    let expired = session.next_of("kv_update").await;
    assert_eq!(outline(&expired), ("k".into(), "delete".into(), 2));
    assert_eq!(expired["reason"], "expired");
    assert_eq!(expired["expires_at"], json!(null));
}

impl Bucket {
    /// Writes a key that lives for so many seconds. Gives the time when it expires.
    async fn put_for(&self, key: &str, ttl_seconds: u64) -> String {
        let write = Write::Put(b"v");
        let put = self.client.write_for(&self.name, key, write, ttl_seconds);
        put.await.unwrap().expires_at.unwrap()
    }

    /// Deletes the bucket.
    pub async fn client_deletes(&self) {
        self.client.delete_bucket(&self.name).await.unwrap();
    }
}
