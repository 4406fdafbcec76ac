//! What a subscription gets before it is live.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::outline;
use serde_json::{Value, json};

use crate::Bucket;

fn put(key: &str, revision: u64) -> (String, String, u64) {
    (key.to_owned(), "put".to_owned(), revision)
}

fn delete(key: &str, revision: u64) -> (String, String, u64) {
    (key.to_owned(), "delete".to_owned(), revision)
}

/// A bucket with a history of one key that was rewritten, one that was deleted and one that was purged.
async fn bucket_with_a_past(server: &str, test: &str) -> Bucket {
    let settings = BucketSettings {
        history: 5,
        ..Default::default()
    };
    let bucket = Bucket::with(server, test, settings).await;
    bucket.put("user.1", "first").await; // 1
    bucket.put("user.2", "deleted").await; // 2
    bucket.put("user.1", "second").await; // 3
    bucket.put("flag", "purged").await; // 4
    bucket.delete("user.2").await; // 5
    bucket.purge("flag").await; // 6
    bucket.put("flag.a", "last").await; // 7
    bucket
}

pub async fn without_after_only_what_follows_comes(server: &str) {
    let bucket = bucket_with_a_past(server, "now").await;
    let mut session = bucket.client.session().await;
    session.subscribe(7, &bucket.name, &[">"], json!({})).await;
    let synced = session.next_of("synced").await;
    assert_eq!((&synced["id"], &synced["revision"]), (&json!(7), &json!(7)));
    assert_eq!(
        (&synced["reset"], &synced["pruned"]),
        (&json!(false), &json!(false))
    );
    assert!(synced["epoch"].is_string(), "{synced}");
    bucket.put("user.1", "third").await;
    let update = session.next_of("kv_update").await;
    assert_eq!(outline(&update), put("user.1", 8));
}

pub async fn after_0_gives_the_current_entries_without_markers(server: &str) {
    let bucket = bucket_with_a_past(server, "entries").await;
    let mut session = bucket.client.session().await;
    for (id, keys, expected) in [
        (1, &[">"][..], vec![put("user.1", 3), put("flag.a", 7)]),
        (2, &["user.*"], vec![put("user.1", 3)]),
        (
            3,
            &["user.*", "flag.>"],
            vec![put("user.1", 3), put("flag.a", 7)],
        ),
        (4, &["none"], vec![]),
    ] {
        session
            .subscribe(id, &bucket.name, keys, json!({ "after": 0 }))
            .await;
        let replayed = session.replayed(id).await;
        assert_eq!(replayed.outline(), expected, "{keys:?}");
        assert_eq!(replayed.synced["revision"], 7);
        assert_eq!(replayed.synced["reset"], false);
        let count = expected.len() as u64;
        assert_eq!(replayed.announced.is_some(), count > 0);
        if let Some(frame) = replayed.announced {
            // On NATS, markers count too.
            assert!(frame["total"].as_u64() >= Some(count), "{frame:?}");
            assert_eq!(frame["epoch"], replayed.synced["epoch"]);
            assert_eq!(
                (&frame["reset"], &frame["pruned"]),
                (&json!(false), &json!(false))
            );
        }
        assert_eq!(replayed.live, None);
    }
}

pub async fn after_a_revision_every_change_comes_deletes_included(server: &str) {
    let bucket = bucket_with_a_past(server, "changes").await;
    let mut session = bucket.client.session().await;
    let (d2, p) = (delete("user.2", 5), delete("flag", 6));
    for (id, keys, after, expected) in [
        (
            1,
            &[">"][..],
            2,
            vec![put("user.1", 3), d2.clone(), p.clone(), put("flag.a", 7)],
        ),
        (2, &["user.*"], 3, vec![d2.clone()]),
        (3, &["user.*", "flag"], 4, vec![d2.clone(), p.clone()]),
        (4, &["flag"], 1, vec![p.clone()]),
        (5, &[">"], 6, vec![put("flag.a", 7)]),
        (6, &[">"], 7, vec![]),
        (7, &["none"], 1, vec![]),
    ] {
        session
            .subscribe(id, &bucket.name, keys, json!({ "after": after }))
            .await;
        let replayed = session.replayed(id).await;
        assert_eq!(replayed.outline(), expected, "{keys:?} after {after}");
        assert_eq!(replayed.synced["revision"], 7);
        assert_eq!(replayed.synced["reset"], false);
        assert_eq!(replayed.synced["pruned"], false);
    }
}

pub async fn an_event_carries_what_an_entry_does(server: &str) {
    let bucket = Bucket::new(server, "event").await;
    let bytes: Vec<u8> = (0..=255).collect();
    let mut session = bucket.client.session().await;
    session.subscribe(1, &bucket.name, &[">"], json!({})).await;
    session.next_of("synced").await;
    bucket
        .client
        .put(&bucket.name, "a/b?c#🦀", &bytes)
        .await
        .unwrap();
    bucket.put("empty", "").await;
    bucket.put("gone", "v").await;
    bucket.purge("gone").await;
    let live = session.fence(&bucket.name, 4).await;
    session
        .subscribe(2, &bucket.name, &[">"], json!({ "after": 0 }))
        .await;
    let current = session.replayed(2).await.events();
    session
        .subscribe(3, &bucket.name, &[">"], json!({ "after": 2 }))
        .await;
    let changes = session.replayed(3).await.events();
    let entry = bucket.client.get(&bucket.name, "a/b?c#🦀").await.unwrap();
    for event in [&live[0], &current[0]] {
        assert_eq!(outline(event), put("a/b?c#🦀", 1));
        assert_eq!(event["value"], STANDARD.encode(&bytes));
        assert_eq!(event["created_at"], entry.created_at);
        assert_eq!(event.get("reason"), None);
    }
    for event in [&live[1], &current[1]] {
        assert_eq!(
            (outline(event), &event["value"]),
            (put("empty", 2), &json!(""))
        );
    }
    for event in [&live[3], changes.last().unwrap()] {
        assert_eq!(outline(event), delete("gone", 4));
        assert_eq!(
            (event.get("value"), &event["reason"]),
            (None, &json!("purged"))
        );
        assert!(event["created_at"].is_string());
    }
    assert_eq!(live[0]["name"], bucket.name);
}

pub async fn a_replay_comes_in_batches_of_500_and_says_how_many(server: &str) {
    let bucket = Bucket::new(server, "batches").await;
    bucket.fill(1200, "v").await;
    let mut session = bucket.client.session().await;
    for (id, after, count) in [(1, 0, 1200), (2, 1, 1199), (3, 800, 400)] {
        session
            .subscribe(id, &bucket.name, &[">"], json!({ "after": after }))
            .await;
        let replayed = session.replayed(id).await;
        assert!(replayed.frames.iter().all(|events| events.len() <= 500));
        let revisions: Vec<u64> = replayed.outline().iter().map(|(_, _, n)| *n).collect();
        assert!(revisions.is_sorted(), "{revisions:?}");
        assert_eq!(revisions.len(), count);
        let announced = replayed.announced.map(|frame| frame["total"].clone());
        assert_eq!(announced, Some(json!(count)));
        assert_eq!(replayed.synced["revision"], 1200);
    }
}

pub async fn a_batch_has_256_kib_unless_a_value_is_larger(server: &str) {
    let bucket = Bucket::new(server, "bytes").await;
    bucket.fill(20, &"v".repeat(50_000)).await;
    bucket.put("large", &"v".repeat(1 << 20)).await;
    let mut session = bucket.client.session().await;
    for (id, after) in [(1, 0), (2, 1)] {
        session
            .subscribe(id, &bucket.name, &[">"], json!({ "after": after }))
            .await;
        let replayed = session.replayed(id).await;
        assert_eq!(replayed.events().len(), 21 - usize::from(after > 0));
        for events in replayed.frames {
            let size = Value::from(events.clone()).to_string().len();
            assert!(size <= 256 << 10 || events.len() == 1, "{size} bytes");
        }
    }
}

pub async fn several_patterns_and_odd_keys(server: &str) {
    let bucket = Bucket::new(server, "odd").await;
    for key in ["a.1", "b.1", "us", "\u{a0}.x", "é", "c.1.2", "d"] {
        bucket.put(key, "v").await;
    }
    let mut session = bucket.client.session().await;
    for (id, keys, expected) in [
        (1, &["a.*", "b.*", "d"][..], &["a.1", "b.1", "d"][..]),
        (
            2,
            &["*.1", "a.>", ">"],
            &["a.1", "b.1", "us", "\u{a0}.x", "é", "c.1.2", "d"],
        ),
        (3, &["us*", "user:*"], &[]),
        (4, &["\u{a0}.*", "é"], &["\u{a0}.x", "é"]),
        (5, &["c.*.*", "c.>", "c.1.2"], &["c.1.2"]),
    ] {
        for (id, after) in [(id * 10, 0), (id * 10 + 1, 1)] {
            let more = json!({ "after": after });
            session.subscribe(id, &bucket.name, keys, more).await;
            let outline = session.replayed(id).await.outline();
            let found: Vec<_> = outline.iter().map(|(key, _, _)| &**key).collect();
            let expected = expected.iter().filter(|key| after == 0 || **key != "a.1");
            let expected: Vec<_> = expected.copied().collect();
            assert_eq!(found, expected, "{keys:?} after {after}");
        }
    }
}

pub async fn a_replay_under_writes_loses_and_repeats_nothing(server: &str) {
    const WRITES: u64 = 3000;
    let bucket = Bucket::new(server, "busy").await;
    bucket.fill(600, "v").await;
    let writing = async {
        for number in 600..WRITES {
            bucket.put(&format!("k{}", number % 700), "w").await;
        }
    };
    let watching = async {
        let mut session = bucket.client.session().await;
        let mut id = 0;
        loop {
            id += 2;
            session.subscribe(id, &bucket.name, &[">"], json!({})).await;
            session
                .subscribe(id + 1, &bucket.name, &["*"], json!({ "after": 0 }))
                .await;
            // The revisions that the second one has, in the order in which they came.
            let mut revisions: Vec<u64> = Vec::new();
            let mut is_synced = false;
            let mut last = 0;
            for _ in 0..200 {
                let frame = session.next().await;
                match frame["type"].as_str() {
                    // Those of an earlier round may still be on their way.
                    Some("changes") if frame["id"] == id + 1 => {
                        assert!(!is_synced, "{frame}");
                        let events = frame["events"].as_array().unwrap().iter();
                        revisions.extend(events.map(|event| outline(event).2));
                    }
                    Some("synced") if frame["id"] == id + 1 => {
                        is_synced = true;
                        last = frame["revision"].as_u64().unwrap();
                        assert!(revisions.last().is_none_or(|newest| *newest <= last));
                    }
                    Some("kv_update") if is_synced => {
                        let revision = outline(&frame).2;
                        // One writer, and every write is an event: none is missing.
                        if revision > last {
                            assert_eq!(revision, last + 1);
                            last = revision;
                        }
                    }
                    _ => {}
                }
                if is_synced && last == WRITES {
                    break;
                }
            }
            assert!(revisions.is_sorted(), "{revisions:?}");
            if last == WRITES {
                return;
            }
            for id in [id, id + 1] {
                session
                    .send(json!({ "type": "unsubscribe", "id": id }))
                    .await;
            }
        }
    };
    tokio::join!(writing, watching);
}

pub async fn hundreds_of_exact_keys(server: &str) {
    let bucket = Bucket::new(server, "exact").await;
    bucket.fill(1000, "v").await; // 1 to 1000, in any order
    let keys: Vec<_> = (0..300).map(|number| format!("k{}", number * 3)).collect();
    let mut session = bucket.client.session().await;
    for (id, count) in [(1, 100), (2, 200), (3, 300)] {
        let keys: Vec<_> = keys[..count].iter().map(|key| &**key).collect();
        for (id, after) in [(id, 0), (id + 10, 500)] {
            let more = json!({ "after": after });
            session.subscribe(id, &bucket.name, &keys, more).await;
            let outline = session.replayed(id).await.outline();
            assert!(
                outline
                    .iter()
                    .all(|(key, _, n)| keys.contains(&&**key) && *n > after)
            );
            assert!(after > 0 || outline.len() == count);
        }
    }
    for revision in 1001..=1010 {
        bucket
            .put(&format!("k{}", (revision - 1001) * 3), "w")
            .await;
        assert_eq!(outline(&session.next_of("kv_update").await).2, revision);
    }
}
