//! Rules 6 and 7: delete and purge.

use futures_util::future::join_all;

use crate::Backend;
use crate::bucket::Bucket;
use crate::refusals::key_not_found;

pub async fn rule_06_delete_appends_one_marker<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "first").await.unwrap(); // 1
    bucket.put("k", "second").await.unwrap(); // 2
    bucket.delete("k").await.unwrap(); // 3
    assert_eq!(bucket.values().await, 3);
    assert_eq!(bucket.put("k", "third").await, Ok(4));
}

pub async fn rule_06_delete_of_a_missing_key_is_404_and_stores_nothing<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.delete("k").await, Err(key_not_found()));
    assert_eq!(bucket.values().await, 0);
    assert_eq!(bucket.update("k", "v", 0).await, Ok(1));
    for missing in ["missing", "k.k", "K"] {
        assert_eq!(bucket.delete(missing).await, Err(key_not_found()));
    }
    assert_eq!(bucket.put("k", "v").await, Ok(2));
}

pub async fn rule_06_delete_of_a_tombstoned_key_is_404_and_stores_nothing<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["deleted", "purged"] {
        bucket.put(key, "v").await.unwrap(); // 1 and 2
    }
    bucket.delete("deleted").await.unwrap(); // 3
    bucket.purge("purged").await.unwrap(); // 4
    for key in ["deleted", "purged"] {
        assert_eq!(bucket.delete(key).await, Err(key_not_found()));
    }
    assert_eq!(bucket.values().await, 3);
    assert_eq!(bucket.put("k", "v").await, Ok(5));
}

pub async fn rule_06_delete_leaves_every_other_key<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let keys = ["user", "user.1", "user.1.name", "user:1", "User.1"];
    for key in keys {
        bucket.put(key, "v").await.unwrap();
    }
    bucket.delete("user.1").await.unwrap();
    assert_eq!(
        bucket.keys().await,
        ["user", "user.1.name", "user:1", "User.1"]
    );
}

pub async fn rule_06_of_concurrent_deletes_exactly_one_succeeds<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    for round in 0..10 {
        let revision = bucket.put("k", "v").await;
        assert_eq!(revision, Ok(2 * round + 1), "one marker a round");
        let results = join_all(clients.iter().map(|client| client.delete("k"))).await;
        let lost = results.iter().filter(|r| **r == Err(key_not_found()));
        assert_eq!(lost.count(), 7, "{results:?}");
        assert!(results.contains(&Ok(())));
    }
}

pub async fn rule_07_purge_leaves_one_marker_of_the_whole_history<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for value in ["a", "b", "c"] {
        bucket.put("k", value).await.unwrap(); // 1 to 3
    }
    assert_eq!(bucket.values().await, 3);
    bucket.purge("k").await.unwrap(); // 4
    assert_eq!(bucket.values().await, 1);
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
    assert_eq!(bucket.put("k", "d").await, Ok(5));
    assert_eq!(bucket.values().await, 2);
}

pub async fn rule_07_purge_of_a_missing_key_is_404_and_stores_nothing<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.purge("k").await, Err(key_not_found()));
    assert_eq!(bucket.values().await, 0);
    assert_eq!(bucket.update("k", "v", 0).await, Ok(1));
    assert_eq!(bucket.purge("missing").await, Err(key_not_found()));
    assert_eq!(bucket.put("k", "v").await, Ok(2));
}

pub async fn rule_07_purge_of_a_tombstoned_key_succeeds<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "v").await.unwrap(); // 1
    bucket.delete("k").await.unwrap(); // 2
    assert_eq!(bucket.purge("k").await, Ok(())); // 3
    assert_eq!(bucket.values().await, 1);
    assert_eq!(bucket.purge("k").await, Ok(())); // 4
    assert_eq!(bucket.values().await, 1);
    assert_eq!(bucket.update("k", "v", 4).await, Ok(5));
}

pub async fn rule_07_purge_leaves_every_other_key<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let keys = ["user", "user.1", "user.1.name", "user:1", "User.1"];
    for key in keys {
        bucket.put(key, "v").await.unwrap();
        bucket.put(key, "w").await.unwrap();
    }
    bucket.purge("user.1").await.unwrap();
    assert_eq!(
        bucket.keys().await,
        ["user", "user.1.name", "user:1", "User.1"]
    );
    assert_eq!(bucket.values().await, 9);
}
