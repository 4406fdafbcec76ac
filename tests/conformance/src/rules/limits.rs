//! Rule 13: how much a bucket holds, and what is checked first.

use crate::bucket::Bucket;
use crate::refusals::{
    bucket_full, bucket_not_found, invalid, key_exists, key_not_found, revision_mismatch,
    value_too_large,
};
use crate::{Backend, BucketSettings, Watch as _};

/// The size of a value beside which a message's overhead is small.
const SIZE: usize = 4000;

/// How many bytes a put of [`SIZE`] bytes under a key of one byte takes.
async fn message_bytes<B: Backend>(backend: &B) -> u64 {
    let bucket = Bucket::new(backend).await;
    bucket.put("k", [0; SIZE]).await.unwrap();
    bucket.bytes().await
}

/// A bucket that has room for exactly so many puts of [`SIZE`] bytes.
async fn with_room_for<B: Backend>(backend: &B, puts: u64, history: u64) -> Bucket<B> {
    let settings = BucketSettings {
        max_bytes: puts * message_bytes(backend).await,
        history,
        ..Default::default()
    };
    Bucket::with(backend, settings).await
}

pub async fn rule_13_a_full_bucket_is_507_and_stores_nothing<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 1).await;
    assert_eq!(bucket.put("a", [0; SIZE]).await, Ok(1));
    assert_eq!(
        bucket.put("b", [0; SIZE]).await,
        Ok(2),
        "the last that fits"
    );
    assert_eq!(bucket.put("c", [0; SIZE]).await, Err(bucket_full()));
    assert_eq!(bucket.create("c", [0; SIZE]).await, Err(bucket_full()));
    assert_eq!(bucket.update("c", [0; SIZE], 0).await, Err(bucket_full()));
    assert_eq!(bucket.put("c", "").await, Err(bucket_full()));
    assert_eq!(bucket.get("c").await, Err(key_not_found()));
    assert_eq!(bucket.keys().await, ["a", "b"]);
    assert_eq!(bucket.values().await, 2);
    assert_eq!(bucket.put("a", "v").await, Ok(3));
}

pub async fn rule_13_a_value_larger_than_the_bucket_is_507<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 1, 1).await;
    assert_eq!(bucket.put("k", [0; SIZE + 1]).await, Err(bucket_full()));
    assert_eq!(bucket.values().await, 0);
    assert_eq!(bucket.put("k", [0; SIZE]).await, Ok(1));
}

pub async fn rule_13_overwriting_is_credited_with_what_it_replaces<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 1).await;
    bucket.put("a", [0; SIZE]).await.unwrap(); // 1
    bucket.put("b", [0; SIZE]).await.unwrap(); // 2
    assert_eq!(bucket.put("a", [1; SIZE]).await, Ok(3));
    assert_eq!(bucket.put("a", [2; SIZE + 1]).await, Err(bucket_full()));
    assert!(bucket.value("a").await == [1; SIZE]);
    assert_eq!(bucket.update("a", [3; SIZE / 2], 3).await, Ok(4));
}

pub async fn rule_13_a_larger_message_gets_no_credit<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 1).await;
    bucket.put("a", [0; SIZE / 2]).await.unwrap(); // 1
    bucket.put("b", [0; SIZE]).await.unwrap(); // 2
    assert_eq!(bucket.put("a", [1; SIZE]).await, Err(bucket_full()));
    assert!(bucket.value("a").await == [0; SIZE / 2]);
    assert_eq!(bucket.put("a", [1; SIZE / 2]).await, Ok(3));
}

pub async fn rule_13_a_key_below_its_history_limit_gets_no_credit<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 2).await;
    bucket.put("a", [0; SIZE]).await.unwrap(); // 1
    bucket.put("b", [0; SIZE]).await.unwrap(); // 2
    assert_eq!(bucket.put("a", [1; SIZE]).await, Err(bucket_full()));
    assert!(bucket.value("a").await == [0; SIZE]);

    let bucket = with_room_for(backend, 2, 2).await;
    for revision in 1..=4 {
        let put = bucket.put("a", [0; SIZE]).await;
        assert_eq!(put, Ok(revision), "the oldest of two makes room");
    }
}

pub async fn rule_13_removals_make_room<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 1).await;
    bucket.put("a", [0; SIZE]).await.unwrap(); // 1
    bucket.put("b", [0; SIZE]).await.unwrap(); // 2
    bucket.delete("a").await.unwrap(); // 3
    assert_eq!(bucket.put("c", [0; SIZE / 2]).await, Ok(4));
    bucket.purge("b").await.unwrap(); // 5
    assert_eq!(bucket.put("d", [0; SIZE / 2]).await, Ok(6));
}

pub async fn rule_13_a_marker_needs_room_too<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 2, 2).await;
    bucket.put("a", [0; SIZE]).await.unwrap(); // 1
    bucket.put("b", [0; SIZE]).await.unwrap(); // 2
    assert_eq!(bucket.delete("a").await, Err(bucket_full()));
    assert_eq!(bucket.purge("a").await, Err(bucket_full()));
    assert!(bucket.value("a").await == [0; SIZE]);
    assert_eq!(bucket.values().await, 2);
}

pub async fn rule_13_a_refusal_reaches_no_watch<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 1, 1).await;
    let mut watch = bucket.watch().await;
    bucket.put("a", [0; SIZE]).await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("a", [0; SIZE], 1));
    assert_eq!(bucket.put("b", "v").await, Err(bucket_full()));
    bucket.put("a", "fence").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("a", "fence", 2));
}

pub async fn rule_13_the_key_is_checked_before_the_bucket<B: Backend>(backend: &B) {
    let bucket = Bucket::missing(backend).await;
    let refusal = invalid("key", "it contains '*' or '>'");
    assert_eq!(bucket.get("a.*").await, Err(refusal.clone()));
    assert_eq!(bucket.put("a.*", "v").await, Err(refusal.clone()));
    assert_eq!(bucket.delete("a.*").await, Err(refusal));
}

pub async fn rule_13_the_bucket_is_checked_before_the_size<B: Backend>(backend: &B) {
    let bucket = Bucket::missing(backend).await;
    let value = vec![0; (1 << 20) + 1];
    assert_eq!(bucket.put("k", &value).await, Err(bucket_not_found()));
    assert_eq!(bucket.create("k", &value).await, Err(bucket_not_found()));
    assert_eq!(bucket.update("k", &value, 3).await, Err(bucket_not_found()));
}

pub async fn rule_13_the_size_is_checked_before_the_precondition<B: Backend>(backend: &B) {
    let settings = BucketSettings {
        max_value_size: 3,
        ..Default::default()
    };
    let bucket = Bucket::with(backend, settings).await;
    bucket.put("k", "v").await.unwrap();
    assert_eq!(bucket.create("k", "long").await, Err(value_too_large()));
    assert_eq!(bucket.update("k", "long", 9).await, Err(value_too_large()));
}

pub async fn rule_13_the_precondition_is_checked_before_the_capacity<B: Backend>(backend: &B) {
    let bucket = with_room_for(backend, 1, 2).await;
    bucket.put("k", [0; SIZE]).await.unwrap();
    assert_eq!(bucket.create("k", [0; SIZE]).await, Err(key_exists()));
    assert_eq!(
        bucket.update("k", [0; SIZE], 9).await,
        Err(revision_mismatch())
    );
    assert_eq!(bucket.update("k", [0; SIZE], 1).await, Err(bucket_full()));
    assert_eq!(bucket.delete("missing").await, Err(key_not_found()));
    assert_eq!(bucket.purge("missing").await, Err(key_not_found()));
}
