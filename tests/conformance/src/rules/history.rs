//! Rules 8 and 17: how much of a key's past is kept, and how it is counted.

use crate::Backend;
use crate::bucket::Bucket;
use crate::refusals::{invalid, key_not_found};
use crate::{BucketSettings, bucket::new_name};

pub async fn rule_08_one_message_a_key_is_kept_by_default<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.info().await.unwrap().history, 1);
    for value in ["a", "b", "c"] {
        bucket.put("k", value).await.unwrap();
        assert_eq!(bucket.values().await, 1);
    }
    bucket.delete("k").await.unwrap();
    assert_eq!(bucket.values().await, 1, "the marker replaces the value");
    bucket.put("other", "v").await.unwrap();
    assert_eq!(bucket.values().await, 2);
}

pub async fn rule_08_as_many_messages_a_key_are_kept_as_history_says<B: Backend>(backend: &B) {
    for history in [1, 2, 5, 64] {
        let bucket = Bucket::with_history(backend, history).await;
        assert_eq!(bucket.info().await.unwrap().history, history);
        for count in 1..=history + 2 {
            bucket.put("k", count.to_string()).await.unwrap();
            assert_eq!(bucket.values().await, count.min(history));
        }
        let newest = (history + 2).to_string();
        assert_eq!(bucket.value("k").await, newest.as_bytes());
    }
}

pub async fn rule_08_markers_count_as_history<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 3).await;
    bucket.put("k", "v").await.unwrap();
    bucket.delete("k").await.unwrap();
    assert_eq!(bucket.values().await, 2);
    bucket.put("k", "v").await.unwrap();
    bucket.delete("k").await.unwrap();
    assert_eq!(bucket.values().await, 3, "the oldest of four has gone");
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
}

pub async fn rule_08_each_key_has_a_history_of_its_own<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 2).await;
    for _ in 0..3 {
        for key in ["a", "a.b", "a:b"] {
            bucket.put(key, "v").await.unwrap();
        }
    }
    bucket.put("c", "v").await.unwrap();
    assert_eq!(bucket.values().await, 7);
}

pub async fn rule_08_more_than_64_is_400<B: Backend>(backend: &B) {
    let settings = BucketSettings {
        name: new_name(backend),
        history: 65,
        ..Default::default()
    };
    assert_eq!(
        backend.create_bucket(&settings).await,
        Err(invalid("history", "it is more than 64"))
    );
}

pub async fn rule_17_values_counts_messages_rather_than_keys<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 10).await;
    assert_eq!(bucket.values().await, 0);
    bucket.put("a", "v").await.unwrap();
    bucket.put("a", "v").await.unwrap();
    bucket.put("b", "").await.unwrap();
    assert_eq!(bucket.values().await, 3);
    bucket.delete("a").await.unwrap();
    assert_eq!(bucket.values().await, 4);
    bucket.purge("a").await.unwrap();
    assert_eq!(bucket.values().await, 2);
    bucket.create("a", "v").await.unwrap();
    assert_eq!(bucket.values().await, 3);
    let listed = bucket.backend.list_buckets().await.unwrap();
    let listed = listed.iter().find(|info| info.name == bucket.name).unwrap();
    assert_eq!(listed.values, 3);
}

pub async fn rule_17_bytes_grow_and_shrink_with_what_is_retained<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 2).await;
    assert_eq!(bucket.bytes().await, 0);
    bucket.put("k", [0; 1000]).await.unwrap();
    let one = bucket.bytes().await;
    assert!(one >= 1000);
    bucket.put("k", [0; 1000]).await.unwrap();
    assert_eq!(bucket.bytes().await, 2 * one);
    bucket.put("k", [0; 3000]).await.unwrap();
    assert_eq!(bucket.bytes().await, 2 * one + 2000, "one of 1000 has gone");
    bucket.delete("k").await.unwrap();
    let deleted = bucket.bytes().await;
    assert!((3000..one + 3000).contains(&deleted), "{deleted}");
    bucket.purge("k").await.unwrap();
    let purged = bucket.bytes().await;
    assert!((1..1000).contains(&purged), "{purged}");
}
