//! Rule 14: messages that leave with age.

use crate::bucket::Bucket;
use crate::refusals::{key_not_found, revision_mismatch};
use crate::{Backend, BucketSettings, Watch as _};

async fn with_ttl<B: Backend>(backend: &B, ttl_seconds: u64, history: u64) -> Bucket<B> {
    let settings = BucketSettings {
        ttl_seconds,
        history,
        ..Default::default()
    };
    Bucket::with(backend, settings).await
}

/// Lets time pass, at least 6 s if need be, until the bucket retains so many messages. A backend may
/// be 0.4 s late and keep the marker of an expiry for another second; the rest is for a busy machine.
async fn until_values<B: Backend>(bucket: &Bucket<B>, wanted: u64) {
    for _ in 0..60 {
        if bucket.values().await == wanted {
            return;
        }
        bucket.backend.pass_time(100).await;
    }
    panic!("6 s later the bucket does not retain {wanted} messages");
}

pub async fn rule_14_an_expired_key_is_as_if_never_written<B: Backend>(backend: &B) {
    let bucket = with_ttl(backend, 1, 5).await;
    let lasting = Bucket::new(backend).await;
    for key in ["a", "b", "c"] {
        bucket.put(key, "v").await.unwrap(); // 1 to 3
        lasting.put(key, "v").await.unwrap();
    }
    bucket.backend.pass_time(1000).await;
    until_values(&bucket, 0).await; // 4 to 6

    assert_eq!(bucket.get("a").await, Err(key_not_found()));
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.bytes().await, 0);
    assert_eq!(bucket.delete("a").await, Err(key_not_found()));
    assert_eq!(bucket.purge("a").await, Err(key_not_found()));
    assert_eq!(bucket.update("a", "v", 1).await, Err(revision_mismatch()));
    assert_eq!(bucket.create("a", "v").await, Ok(7));
    assert_eq!(bucket.update("b", "v", 0).await, Ok(8));
    assert_eq!(bucket.put("c", "v").await, Ok(9));

    assert_eq!(lasting.keys().await, ["a", "b", "c"]);
}

pub async fn rule_14_a_key_lives_until_its_time<B: Backend>(backend: &B) {
    let bucket = with_ttl(backend, 60, 1).await;
    assert_eq!(bucket.info().await.unwrap().ttl_seconds, 60);
    bucket.put("k", "v").await.unwrap();
    bucket.backend.pass_time(100).await;
    assert_eq!(bucket.value("k").await, b"v");
}

pub async fn rule_14_markers_expire_too<B: Backend>(backend: &B) {
    let bucket = with_ttl(backend, 2, 5).await;
    for key in ["deleted", "purged"] {
        bucket.put(key, "v").await.unwrap(); // 1 and 2
    }
    bucket.delete("deleted").await.unwrap(); // 3
    bucket.purge("purged").await.unwrap(); // 4
    bucket.backend.pass_time(2000).await;
    until_values(&bucket, 0).await;
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.purge("deleted").await, Err(key_not_found()));
    // The expiry of a marker may have taken a number.
    for key in ["deleted", "purged"] {
        assert!(bucket.update(key, "v", 0).await.unwrap() > 4);
    }
}

pub async fn rule_14_rewriting_restarts_the_clock<B: Backend>(backend: &B) {
    let bucket = with_ttl(backend, 4, 5).await;
    bucket.put("k", "first").await.unwrap();
    bucket.backend.pass_time(2000).await;
    bucket.put("k", "second").await.unwrap();
    assert_eq!(bucket.values().await, 2);
    bucket.backend.pass_time(2000).await;
    until_values(&bucket, 1).await;
    assert_eq!(bucket.value("k").await, b"second");
    until_values(&bucket, 0).await;
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
}

pub async fn rule_14_an_expiry_is_a_delete_event_and_takes_a_revision<B: Backend>(backend: &B) {
    let bucket = with_ttl(backend, 1, 1).await;
    let mut watch = bucket.watch().await;
    bucket.put("k", "v").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("k", "v", 1));
    bucket.backend.pass_time(1000).await;
    until_values(&bucket, 0).await;
    assert_eq!(watch.next().await, bucket.delete_event("k", 2));
    assert_eq!(bucket.put("fence", "v").await, Ok(3));
    assert_eq!(watch.next().await, bucket.put_event("fence", "v", 3));
}

pub async fn rule_14_what_expires_makes_room<B: Backend>(backend: &B) {
    let settings = BucketSettings {
        ttl_seconds: 1,
        max_bytes: 5000,
        ..Default::default()
    };
    let bucket = Bucket::with(backend, settings).await;
    bucket.put("a", [0; 4000]).await.unwrap();
    bucket.backend.pass_time(1000).await;
    until_values(&bucket, 0).await;
    assert!(bucket.put("b", [0; 4000]).await.is_ok());
}
