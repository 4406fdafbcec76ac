//! How much one connection may ask for.

use serde_json::json;

use crate::Bucket;

pub async fn a_connection_has_1000_subscriptions(server: &str) {
    let bucket = Bucket::new(server, "subscriptions").await;
    bucket.put("k", "v").await;
    let mut session = bucket.client.session().await;
    for id in 0..1000 {
        session
            .subscribe(id, &bucket.name, &["k"], json!({ "after": 0 }))
            .await;
    }
    for id in 0..1000 {
        assert_eq!(session.replayed(id).await.events().len(), 1);
    }
    session
        .subscribe(1000, &bucket.name, &["k"], json!({}))
        .await;
    let refused = session.next_of("refused").await;
    assert_eq!(
        (&refused["id"], &refused["status"]),
        (&json!(1000), &json!(413))
    );
    session
        .send(json!({ "type": "unsubscribe", "id": 500 }))
        .await;
    session
        .subscribe(1000, &bucket.name, &["k"], json!({}))
        .await;
    assert_eq!(session.next_of("synced").await["id"], 1000);
    bucket.put("k", "v").await;
    let updates = session.fence(&bucket.name, 2).await;
    assert_eq!(updates.len(), 1);
}

pub async fn a_connection_has_1_mib_of_patterns(server: &str) {
    let bucket = Bucket::new(server, "patterns").await;
    let mut session = bucket.client.session().await;
    let patterns = |id: u64| -> Vec<String> {
        let pattern = |number| format!("{id}.{number}.{}", "p".repeat(900));
        (0..250).map(pattern).collect()
    };
    let mut refused = None;
    for id in 0..5 {
        let patterns = patterns(id);
        let patterns: Vec<_> = patterns.iter().map(|pattern| &**pattern).collect();
        session
            .subscribe(id, &bucket.name, &patterns, json!({}))
            .await;
        let frame = session.next().await;
        if frame["type"] == "refused" {
            assert_eq!(frame["status"], 413, "{frame}");
            refused = Some(id);
            break;
        }
    }
    assert_eq!(refused, Some(4), "the first beyond 1 MiB");
    session
        .send(json!({ "type": "unsubscribe", "id": 0 }))
        .await;
    let patterns = patterns(4);
    let patterns: Vec<_> = patterns.iter().map(|pattern| &**pattern).collect();
    session
        .subscribe(4, &bucket.name, &patterns, json!({}))
        .await;
    assert_eq!(session.next_of("synced").await["id"], 4);
}

pub async fn a_frame_has_256_kib(server: &str) {
    let bucket = Bucket::new(server, "frame").await;
    let mut session = bucket.client.session().await;
    let mut frame = json!({ "type": "ping", "more": "" });
    frame["more"] = json!("m".repeat((256 << 10) - frame.to_string().len()));
    session.send(frame.clone()).await;
    session.next_of("tick").await;
    session.send_text(&format!("{frame} ")).await;
    // The server hangs up.
    session.receive().await.unwrap_err();
}
