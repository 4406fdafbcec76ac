//! Rule 9: listing keys.

use crate::Backend;
use crate::bucket::Bucket;

pub async fn rule_09_an_empty_bucket_lists_no_keys<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.keys_matching("user.*").await, Ok(vec![]));
}

pub async fn rule_09_live_keys_alone_are_listed<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["deleted", "purged", "live", "empty"] {
        bucket.put(key, "").await.unwrap();
    }
    bucket.delete("deleted").await.unwrap();
    bucket.purge("purged").await.unwrap();
    assert_eq!(bucket.keys().await, ["live", "empty"]);
    bucket.create("purged", "v").await.unwrap();
    assert_eq!(bucket.keys().await, ["live", "empty", "purged"]);
}

pub async fn rule_09_keys_are_listed_by_their_last_revision<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["b", "c.d", "a", "c"] {
        bucket.put(key, "v").await.unwrap();
    }
    assert_eq!(bucket.keys().await, ["b", "c.d", "a", "c"]);
}

pub async fn rule_09_rewriting_a_key_moves_it_to_the_end<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["a", "b", "c"] {
        bucket.put(key, "v").await.unwrap(); // 1 to 3
    }
    bucket.put("a", "v").await.unwrap(); // 4
    assert_eq!(bucket.keys().await, ["b", "c", "a"]);
    bucket.update("b", "v", 2).await.unwrap(); // 5
    assert_eq!(bucket.keys().await, ["c", "a", "b"]);
    bucket.delete("c").await.unwrap(); // 6
    bucket.create("c", "v").await.unwrap(); // 7
    assert_eq!(bucket.keys().await, ["a", "b", "c"]);
}

pub async fn rule_09_a_refused_write_moves_nothing<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for key in ["a", "b"] {
        bucket.put(key, "v").await.unwrap();
    }
    bucket.create("a", "v").await.unwrap_err();
    bucket.update("a", "v", 9).await.unwrap_err();
    assert_eq!(bucket.keys().await, ["a", "b"]);
}

pub async fn rule_09_hundreds_of_keys_are_listed_each_once<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut wanted: Vec<String> = (0..300).map(|n| format!("key.{}", n * 7 % 300)).collect();
    for key in &wanted {
        bucket.put(key, "v").await.unwrap();
    }
    assert_eq!(bucket.keys().await, wanted);
    for key in &wanted[..150] {
        bucket.put(key, "w").await.unwrap();
    }
    wanted.rotate_left(150);
    assert_eq!(bucket.keys().await, wanted);
}
