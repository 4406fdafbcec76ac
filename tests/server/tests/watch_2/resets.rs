//! Clients that know another life of the bucket.

use ironflow_harness::outline;
use serde_json::{Value, json};

use crate::Bucket;

async fn epoch(bucket: &Bucket) -> String {
    let mut session = bucket.client.session().await;
    session
        .subscribe(1, &bucket.name, &["none"], json!({}))
        .await;
    let synced = session.next_of("synced").await;
    synced["epoch"].as_str().unwrap().to_owned()
}

pub async fn another_life_of_a_bucket_or_a_revision_it_does_not_have_is_a_reset(server: &str) {
    let bucket = Bucket::new(server, "reset").await;
    bucket.fill(3, "v").await;
    let before = epoch(&bucket).await;
    assert_eq!(epoch(&bucket).await, before);
    bucket.client_deletes().await;
    bucket.create(Default::default()).await;
    let after = epoch(&bucket).await;
    assert_ne!(after, before);
    bucket.put("a", "v").await; // 1
    bucket.put("b", "v").await; // 2
    let mut session = bucket.client.session().await;
    let cases: [(Value, bool, &[u64]); 9] = [
        (json!({ "after": 1, "epoch": after }), false, &[2]),
        (json!({ "after": 2, "epoch": after }), false, &[]),
        (json!({ "after": 1 }), false, &[2]),
        (json!({ "after": 1, "epoch": before }), true, &[1, 2]),
        (json!({ "after": 2, "epoch": before }), true, &[1, 2]),
        (json!({ "after": 0, "epoch": before }), true, &[1, 2]),
        (json!({ "after": 3, "epoch": after }), true, &[1, 2]),
        (json!({ "after": u64::MAX, "epoch": after }), true, &[1, 2]),
        (json!({ "after": 1, "epoch": "made up" }), true, &[1, 2]),
    ];
    for (id, (more, is_reset, revisions)) in cases.into_iter().enumerate() {
        let id = id as u64;
        session
            .subscribe(id, &bucket.name, &[">"], more.clone())
            .await;
        let replayed = session.replayed(id).await;
        assert_eq!(replayed.synced["reset"], is_reset, "{more}");
        assert_eq!(
            (&replayed.synced["epoch"], &replayed.synced["revision"]),
            (&json!(after), &json!(2))
        );
        let found: Vec<u64> = replayed
            .events()
            .iter()
            .map(|event| outline(event).2)
            .collect();
        assert_eq!(found, revisions, "{more}");
    }
}

pub async fn the_info_of_a_bucket_carries_its_epoch(server: &str) {
    let bucket = Bucket::new(server, "info").await;
    let epoch = epoch(&bucket).await;
    let path = format!(
        "GET /api/v1/kv/buckets/{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        bucket.name
    );
    let answer = ironflow_harness::wire::exchange(server, path.as_bytes())
        .await
        .unwrap();
    let info: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(info["epoch"], epoch, "{info}");
    let path = "GET /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = ironflow_harness::wire::exchange(server, path.as_bytes())
        .await
        .unwrap();
    assert!(
        answer.body.contains(&json!(epoch).to_string()),
        "{}",
        answer.body
    );
}
