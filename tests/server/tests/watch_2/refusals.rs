//! Frames that are wrong, in part or as a whole.

use ironflow_harness::outline;
use serde_json::{Value, json};

use crate::Bucket;

pub async fn what_is_wrong_with_a_subscription_is_refused_alone(server: &str) {
    let bucket = Bucket::new(server, "refused").await;
    let name = &bucket.name;
    let mut session = bucket.client.session().await;
    session.subscribe(1, name, &[">"], json!({})).await;
    session.next_of("synced").await;
    let many: Vec<_> = (0..1025).map(|number| format!("k{number}")).collect();
    let cases: [(Value, u16, &str); 16] = [
        (
            json!({ "id": 1, "name": name, "keys": [">"] }),
            409,
            "in use",
        ),
        (
            json!({ "id": 1, "name": name, "keys": ["a"], "after": 0 }),
            409,
            "in use",
        ),
        (
            json!({ "id": 2, "name": "missing", "keys": [">"] }),
            404,
            "bucket not found",
        ),
        (
            json!({ "id": 2, "name": "missing", "keys": [">"], "after": 0 }),
            404,
            "bucket not found",
        ),
        (
            json!({ "id": 2, "name": "a b", "keys": [">"] }),
            400,
            "bucket name",
        ),
        (json!({ "id": 2, "keys": [">"] }), 400, "name"),
        (json!({ "id": 2, "name": 7, "keys": [">"] }), 400, "name"),
        (json!({ "id": 2, "name": name, "keys": [] }), 400, "keys"),
        (json!({ "id": 2, "name": name, "keys": ">" }), 400, "keys"),
        (
            json!({ "id": 2, "name": name, "keys": ["a", 7] }),
            400,
            "pattern",
        ),
        (
            json!({ "id": 2, "name": name, "keys": ["a..b"] }),
            400,
            "pattern",
        ),
        (
            json!({ "id": 2, "name": name, "keys": [">"], "after": -1 }),
            400,
            "after",
        ),
        (
            json!({ "id": 2, "name": name, "keys": [">"], "after": "1" }),
            400,
            "after",
        ),
        (
            json!({ "id": 2, "name": name, "keys": [">"], "after": 1.5 }),
            400,
            "after",
        ),
        (
            json!({ "id": 2, "name": name, "keys": [">"], "after": 1, "epoch": 7 }),
            400,
            "epoch",
        ),
        (json!({ "id": 2, "name": name, "keys": many }), 413, "1024"),
    ];
    for (mut frame, status, words) in cases {
        frame["type"] = json!("subscribe");
        session.send(frame.clone()).await;
        let refused = session.next_of("refused").await;
        assert_eq!(
            (&refused["id"], &refused["status"]),
            (&frame["id"], &json!(status)),
            "{refused}"
        );
        let error = refused["error"].as_str().unwrap();
        assert!(error.contains(words), "{error}");
        assert_eq!(refused["retryable"], false);
        assert_eq!(refused.get("retry_after"), None);
    }
    // The one that was there goes on, and the id that was refused is free.
    session
        .send(json!({ "type": "subscribe", "id": 2, "name": name }))
        .await;
    assert_eq!(session.next_of("synced").await["id"], 2);
    bucket.put("k", "v").await;
    let updates = session.fence(name, 1).await;
    assert_eq!(updates.len(), 1);
    assert_eq!(outline(&updates[0]).0, "k");
}

pub async fn frames_that_are_none_leave_the_connection_as_it_is(server: &str) {
    let bucket = Bucket::new(server, "malformed").await;
    let mut session = bucket.client.session().await;
    for text in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"ping\"",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","id":"1","name":"b"}"#,
        r#"{"type":"subscribe","id":-1,"name":"b"}"#,
        r#"{"type":"subscribe","id":9007199254740992,"name":"b"}"#,
        r#"{"type":"unsubscribe"}"#,
        r#"{"type":"unsubscribe","id":1.5}"#,
    ] {
        session.send_text(text).await;
        let error = session.next_of("error").await;
        assert!(error["message"].is_string(), "{text}: {error}");
    }
    session.send_text(&"[".repeat(10_000)).await;
    session.next_of("error").await;
    session.send_binary(b"{\"type\":\"ping\"}").await;
    session.next_of("error").await;
    // What is not known is left alone.
    session.send(json!({ "type": "later", "id": 7 })).await;
    session.send(json!({ "type": "ping", "more": [1] })).await;
    session.next_of("tick").await;
    let more = json!({ "later": true });
    session
        .subscribe((1 << 53) - 1, &bucket.name, &["*"], more)
        .await;
    assert_eq!(session.next_of("synced").await["id"], (1_u64 << 53) - 1);
}
