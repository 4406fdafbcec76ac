//! Rule 21: delete and purge of a revision that is expected.

use futures_util::future::{join, join_all};

use crate::bucket::Bucket;
use crate::refusals::{bucket_not_found, key_not_found, revision_mismatch};
use crate::{Extended, Watch as _};

pub async fn rule_21_remove_succeeds_on_the_last_revision_alone<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("other", "v").await.unwrap(); // 1
    bucket.put("k", "first").await.unwrap(); // 2
    bucket.put("k", "second").await.unwrap(); // 3
    for wrong in [0, 1, 2, 4, u64::MAX] {
        assert_eq!(bucket.delete_if("k", wrong).await, Err(revision_mismatch()));
        assert_eq!(bucket.purge_if("k", wrong).await, Err(revision_mismatch()));
    }
    assert_eq!(bucket.value("k").await, b"second");
    assert_eq!(bucket.delete_if("k", 3).await, Ok(4));
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
    assert_eq!(bucket.values().await, 4, "a delete keeps the history");

    assert_eq!(bucket.create("k", "third").await, Ok(5));
    assert_eq!(bucket.purge_if("k", 5).await, Ok(6));
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
    assert_eq!(bucket.values().await, 2, "a purge leaves its marker");
    assert_eq!(bucket.value("other").await, b"v");
}

pub async fn rule_21_remove_of_a_missing_or_tombstoned_key_is_404_whatever_the_revision<
    B: Extended,
>(
    backend: &B,
) {
    let bucket = Bucket::new(backend).await;
    for revision in [0, 1] {
        assert_eq!(bucket.delete_if("k", revision).await, Err(key_not_found()));
        assert_eq!(bucket.purge_if("k", revision).await, Err(key_not_found()));
    }
    bucket.put("k", "v").await.unwrap(); // 1
    bucket.delete("k").await.unwrap(); // 2
    for revision in [0, 1, 2] {
        assert_eq!(bucket.delete_if("k", revision).await, Err(key_not_found()));
    }
    assert_eq!(bucket.put("k", "v").await, Ok(3));
}

pub async fn rule_21_a_conditional_purge_takes_the_tombstones_revision_alone<B: Extended>(
    backend: &B,
) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "v").await.unwrap(); // 1
    bucket.delete("k").await.unwrap(); // 2
    assert_eq!(bucket.purge_if("k", 1).await, Err(revision_mismatch()));
    assert_eq!(bucket.purge_if("k", 2).await, Ok(3));
    assert_eq!(bucket.values().await, 1);
}

pub async fn rule_21_a_refused_remove_stores_nothing_and_makes_no_event<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "v").await.unwrap(); // 1
    let mut watch = bucket.watch().await;
    assert_eq!(bucket.delete_if("k", 7).await, Err(revision_mismatch()));
    assert_eq!(bucket.delete_if("missing", 1).await, Err(key_not_found()));
    assert_eq!(bucket.values().await, 1);
    assert_eq!(bucket.delete_if("k", 1).await, Ok(2));
    assert_eq!(watch.next().await, bucket.delete_event("k", 2));
    watch.stop().await;
}

pub async fn rule_21_of_concurrent_removes_exactly_one_succeeds<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    for round in 0..5 {
        let revision = bucket.put("k", "v").await.unwrap();
        assert_eq!(revision, 2 * round + 1, "one marker a round");
        let removes = clients.iter().map(|client| client.delete_if("k", revision));
        let results = join_all(removes).await;
        let lost = results.iter().filter(|r| **r == Err(key_not_found()));
        assert_eq!(lost.count(), 7, "{results:?}");
        assert!(results.contains(&Ok(revision + 1)));
    }
}

pub async fn rule_21_a_value_written_meanwhile_is_never_removed<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(2).await;
    for _ in 0..10 {
        let seen = bucket.put("k", "seen").await.unwrap();
        let (removed, written) = join(
            clients[0].delete_if("k", seen),
            clients[1].put("k", "unseen"),
        )
        .await;
        let written = written.unwrap();
        match removed {
            Ok(marker) => assert!(marker < written, "{marker} removed {written}"),
            Err(refusal) => assert_eq!(refusal, revision_mismatch()),
        }
        assert_eq!(bucket.value("k").await, b"unseen");
    }
}

pub async fn rule_21_the_key_and_the_bucket_are_checked_first<B: Extended>(backend: &B) {
    let missing = Bucket::missing(backend).await;
    assert_eq!(missing.delete_if("k", 1).await, Err(bucket_not_found()));
    assert_eq!(missing.purge_if("k", 1).await, Err(bucket_not_found()));
    for malformed in ["", "a..b", "*", "a b"] {
        let refused = missing.delete_if(malformed, 1).await.unwrap_err();
        assert_eq!(refused.status, 400, "{malformed:?}");
    }
}
