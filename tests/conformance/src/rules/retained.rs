//! Rule 22: the history of a key, and its older revisions.

use crate::bucket::Bucket;
use crate::refusals::{bucket_not_found, key_not_found};
use crate::time::instant;
use crate::{BucketSettings, Change, Extended};

/// What is compared of a retained revision: its number, the value, the reason.
type Outline<'a> = (u64, Option<&'a [u8]>, Option<&'a str>);

fn outline(history: &[Change]) -> Vec<Outline<'_>> {
    for change in history {
        let word = if change.value.is_some() {
            "put"
        } else {
            "delete"
        };
        assert_eq!(change.operation, word);
    }
    history
        .iter()
        .map(|change| {
            let (value, reason) = (change.value.as_deref(), change.reason.as_deref());
            (change.revision, value, reason)
        })
        .collect()
}

pub async fn rule_22_history_gives_what_is_retained_in_order<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 10).await;
    bucket.put("k", "a").await.unwrap(); // 1
    bucket.put("k.k", "of another key").await.unwrap(); // 2
    bucket.put("k", "b").await.unwrap(); // 3
    bucket.delete("k").await.unwrap(); // 4
    bucket.create("k", "c").await.unwrap(); // 5
    let history = bucket.history("k").await.unwrap();
    assert_eq!(
        outline(&history),
        [
            (1, Some(&b"a"[..]), None),
            (3, Some(b"b"), None),
            (4, None, None),
            (5, Some(b"c"), None),
        ]
    );
    assert!(history.iter().all(|change| change.key == "k"));
    let times = history.iter().map(|change| instant(&change.created_at));
    assert!(times.is_sorted());
    assert_eq!(
        history[3].created_at,
        bucket.get("k").await.unwrap().created_at
    );
}

pub async fn rule_22_history_keeps_as_many_as_the_bucket_says<B: Extended>(backend: &B) {
    for limit in [1, 3, 64] {
        let bucket = Bucket::with_history(backend, limit).await;
        for _ in 0..limit {
            bucket.put("k", "v").await.unwrap();
        }
        bucket.put("k", "w").await.unwrap();
        bucket.delete("k").await.unwrap();
        let history = bucket.history("k").await.unwrap();
        let revisions: Vec<u64> = history.iter().map(|change| change.revision).collect();
        assert_eq!(revisions, (3..limit + 3).collect::<Vec<_>>());
    }
}

pub async fn rule_22_history_of_a_purged_key_is_its_marker<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 10).await;
    bucket.put("k", "a").await.unwrap(); // 1
    bucket.put("k", "b").await.unwrap(); // 2
    bucket.purge("k").await.unwrap(); // 3
    let history = bucket.history("k").await.unwrap();
    assert_eq!(outline(&history), [(3, None, Some("purged"))]);
    bucket.put("k", "c").await.unwrap(); // 4
    let history = bucket.history("k").await.unwrap();
    assert_eq!(
        outline(&history),
        [(3, None, Some("purged")), (4, Some(&b"c"[..]), None)]
    );
}

pub async fn rule_22_history_of_a_key_that_was_never_written_is_empty<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 10).await;
    assert_eq!(bucket.history("k").await, Ok(vec![]));
    bucket.put("k.k", "v").await.unwrap();
    assert_eq!(bucket.history("k").await, Ok(vec![]));
}

pub async fn rule_22_history_leaves_what_has_expired<B: Extended>(backend: &B) {
    let settings = BucketSettings {
        history: 5,
        ttl_seconds: 2,
        ..Default::default()
    };
    let bucket = Bucket::with(backend, settings).await;
    bucket.put("k", "old").await.unwrap(); // 1
    backend.pass_time(1000).await;
    bucket.put("k", "new").await.unwrap(); // 2
    backend.pass_time(1500).await;
    let history = bucket.history("k").await.unwrap();
    assert_eq!(outline(&history), [(2, Some(&b"new"[..]), None)]);
    assert_eq!(bucket.get_revision("k", 1).await, Err(key_not_found()));
}

pub async fn rule_22_history_holds_large_and_empty_values<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let large = vec![7; 1 << 20];
    bucket.put("k", &large).await.unwrap();
    bucket.put("k", "").await.unwrap();
    bucket.put("k", &large).await.unwrap();
    let history = bucket.history("k").await.unwrap();
    assert!(
        outline(&history)
            == [
                (1, Some(&large[..]), None),
                (2, Some(b""), None),
                (3, Some(&large), None),
            ]
    );
}

pub async fn rule_22_a_retained_revision_is_read<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 2).await;
    bucket.put("k", "a").await.unwrap(); // 1
    let first = bucket.get("k").await.unwrap();
    bucket.put("k", "b").await.unwrap(); // 2
    assert_eq!(bucket.get_revision("k", 1).await, Ok(first));
    let second = bucket.get("k").await.unwrap();
    assert_eq!(bucket.get_revision("k", 2).await, Ok(second.clone()));
    bucket.delete("k").await.unwrap(); // 3
    assert_eq!(
        bucket.get_revision("k", 2).await,
        Ok(second),
        "older than the tombstone, and still retained"
    );
}

pub async fn rule_22_a_revision_that_is_no_retained_value_of_the_key_is_404<B: Extended>(
    backend: &B,
) {
    let bucket = Bucket::with_history(backend, 2).await;
    bucket.put("other", "v").await.unwrap(); // 1
    bucket.put("k", "a").await.unwrap(); // 2
    bucket.put("k", "b").await.unwrap(); // 3
    bucket.delete("k").await.unwrap(); // 4
    for revision in [0, 1, 2, 4, 5, u64::MAX] {
        assert_eq!(
            bucket.get_revision("k", revision).await,
            Err(key_not_found()),
            "{revision}"
        );
    }
}

pub async fn rule_22_the_key_and_the_bucket_are_checked_first<B: Extended>(backend: &B) {
    let missing = Bucket::missing(backend).await;
    assert_eq!(missing.history("k").await, Err(bucket_not_found()));
    for revision in [0, 1] {
        let read = missing.get_revision("k", revision).await;
        assert_eq!(read, Err(bucket_not_found()));
    }
    for malformed in ["", "a..b", "*", "a b"] {
        let refused = missing.history(malformed).await.unwrap_err();
        assert_eq!(refused.status, 400, "{malformed:?}");
    }
}
