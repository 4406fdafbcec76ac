//! Rules 1 and 2: the revision counter of a bucket.

use futures_util::future::join_all;

use crate::bucket::Bucket;
use crate::refusals::{invalid, key_exists, key_not_found, revision_mismatch, value_too_large};
use crate::{Backend, BucketSettings, Watch as _};

pub async fn rule_01_the_first_write_of_a_fresh_bucket_gets_1<B: Backend>(backend: &B) {
    let put = Bucket::new(backend).await;
    assert_eq!(put.put("user:123", "v").await, Ok(1));
    let create = Bucket::new(backend).await;
    assert_eq!(create.create("user:123", "v").await, Ok(1));
    let update = Bucket::new(backend).await;
    assert_eq!(update.update("user:123", "v", 0).await, Ok(1));
}

pub async fn rule_01_all_keys_of_a_bucket_share_one_counter<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let other = Bucket::new(backend).await;
    assert_eq!(bucket.put("a", "v").await, Ok(1));
    assert_eq!(other.put("a", "v").await, Ok(1));
    assert_eq!(bucket.put("b", "v").await, Ok(2));
    assert_eq!(bucket.put("a", "v").await, Ok(3));
    assert_eq!(other.put("b", "v").await, Ok(2));
    assert_eq!(bucket.get("a").await.unwrap().revision, 3);
    assert_eq!(bucket.get("b").await.unwrap().revision, 2);
}

pub async fn rule_01_every_stored_message_takes_the_next_number<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.put("k", "1").await, Ok(1));
    assert_eq!(bucket.create("other", "2").await, Ok(2));
    assert_eq!(bucket.update("k", "3", 1).await, Ok(3));
    bucket.delete("k").await.unwrap(); // 4
    assert_eq!(bucket.put("k", "5").await, Ok(5));
    bucket.purge("k").await.unwrap(); // 6
    assert_eq!(bucket.put("k", "7").await, Ok(7));
}

pub async fn rule_01_refused_writes_take_no_number<B: Backend>(backend: &B) {
    let bucket = Bucket::with(
        backend,
        BucketSettings {
            max_value_size: 10,
            ..Default::default()
        },
    )
    .await;
    assert_eq!(bucket.put("k", "v").await, Ok(1));
    assert_eq!(bucket.create("k", "v").await, Err(key_exists()));
    assert_eq!(bucket.update("k", "v", 9).await, Err(revision_mismatch()));
    assert_eq!(
        bucket.put("k", "more than ten").await,
        Err(value_too_large())
    );
    assert_eq!(bucket.delete("missing").await, Err(key_not_found()));
    assert_eq!(bucket.purge("missing").await, Err(key_not_found()));
    assert_eq!(
        bucket.put("a..b", "v").await,
        Err(invalid("key", "a token between the dots is empty"))
    );
    assert_eq!(bucket.put("k", "v").await, Ok(2));
}

pub async fn rule_01_reads_take_no_number<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.put("k", "v").await, Ok(1));
    bucket.get("k").await.unwrap();
    assert_eq!(bucket.get("missing").await, Err(key_not_found()));
    bucket.keys().await;
    bucket.info().await.unwrap();
    bucket.backend.list_buckets().await.unwrap();
    bucket.watch().await.stop().await;
    assert_eq!(bucket.put("k", "v").await, Ok(2));
}

pub async fn rule_01_concurrent_writes_get_one_number_each<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    let revisions = join_all(clients.iter().zip('a'..).map(async |(client, key)| {
        let mut revisions = Vec::new();
        for _ in 0..10 {
            revisions.push(client.put(&key.to_string(), "v").await.unwrap());
        }
        assert!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
        revisions
    }))
    .await;
    let mut revisions = revisions.concat();
    revisions.sort_unstable();
    assert!(revisions.into_iter().eq(1..=80));
}

pub async fn rule_02_the_counter_survives_emptying<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("a", "v").await.unwrap(); // 1
    bucket.put("b", "v").await.unwrap(); // 2
    bucket.purge("a").await.unwrap(); // 3
    bucket.delete("b").await.unwrap(); // 4
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.create("c", "v").await, Ok(5));
}

pub async fn rule_02_a_bucket_deleted_and_created_again_is_empty_and_starts_at_1<B: Backend>(
    backend: &B,
) {
    let bucket = Bucket::new(backend).await;
    for key in ["a", "b", "c"] {
        bucket.put(key, "v").await.unwrap();
    }
    bucket.delete("c").await.unwrap();
    bucket.delete_bucket().await.unwrap();

    let settings = BucketSettings {
        name: bucket.name.clone(),
        ..Default::default()
    };
    let info = bucket.backend.create_bucket(&settings).await.unwrap();
    assert_eq!((info.values, info.bytes), (0, 0));
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.get("a").await, Err(key_not_found()));
    assert_eq!(bucket.update("c", "v", 0).await, Ok(1));
}
