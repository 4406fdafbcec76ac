//! Rule 15: watches. That an event does not come is shown by what comes next in its place.

use futures_util::future::join_all;

use crate::bucket::Bucket;
use crate::refusals::{
    bucket_not_found, key_exists, key_not_found, revision_mismatch, value_too_large,
};
use crate::{Backend, BucketSettings, Detail, DetailedWatch as _, Extended, Watch as _};

pub async fn rule_15_every_kind_of_write_is_one_event<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let mut watch = bucket.watch().await;
    bucket.put("user:123", "put").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("user:123", "put", 1));
    bucket.create("new", "create").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("new", "create", 2));
    bucket.update("new", "update", 2).await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("new", "update", 3));
    bucket.put("empty", "").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("empty", "", 4));
}

pub async fn rule_15_values_arrive_byte_for_byte<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    let value = (0..=255).collect::<Vec<u8>>();
    bucket.put("a/b?c#🦀", &value).await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("a/b?c#🦀", value, 1));
}

pub async fn rule_15_a_delete_is_one_event_with_the_markers_revision<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "first").await.unwrap(); // 1
    bucket.put("k", "second").await.unwrap(); // 2
    let mut watch = bucket.watch().await;
    bucket.delete("k").await.unwrap(); // 3
    bucket.put("fence", "v").await.unwrap(); // 4
    assert_eq!(watch.next().await, bucket.delete_event("k", 3));
    assert_eq!(watch.next().await, bucket.put_event("fence", "v", 4));
}

pub async fn rule_15_a_purge_is_one_event_with_the_markers_revision<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for value in ["first", "second", "third"] {
        bucket.put("k", value).await.unwrap(); // 1 to 3
    }
    let mut watch = bucket.watch().await;
    bucket.purge("k").await.unwrap(); // 4
    assert_eq!(watch.next().await, bucket.delete_event("k", 4));
    bucket.purge("k").await.unwrap(); // 5
    assert_eq!(watch.next().await, bucket.delete_event("k", 5));
    bucket.put("fence", "v").await.unwrap(); // 6
    assert_eq!(watch.next().await, bucket.put_event("fence", "v", 6));
}

pub async fn rule_15_a_purge_gives_its_reason<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    bucket.put("k", "v").await.unwrap(); // 1
    let put = bucket.put_event("k", "v", 1).unwrap();
    assert_eq!(watch.next_detailed().await, Some((put, Detail::default())));
    bucket.delete("k").await.unwrap(); // 2
    let deleted = bucket.delete_event("k", 2).unwrap();
    assert_eq!(
        watch.next_detailed().await,
        Some((deleted, Detail::default()))
    );
    bucket.purge("k").await.unwrap(); // 3
    let purged = bucket.delete_event("k", 3).unwrap();
    let detail = Detail {
        reason: Some("purged".to_owned()),
        expires_at: None,
    };
    assert_eq!(watch.next_detailed().await, Some((purged, detail)));
}

pub async fn rule_15_what_was_written_before_the_watch_makes_no_event<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("before", "v").await.unwrap(); // 1
    bucket.put("deleted", "v").await.unwrap(); // 2
    bucket.delete("deleted").await.unwrap(); // 3
    let mut watch = bucket.watch().await;
    bucket.put("after", "v").await.unwrap(); // 4
    assert_eq!(watch.next().await, bucket.put_event("after", "v", 4));
}

pub async fn rule_15_keys_that_do_not_match_make_no_event<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut one = bucket.watch_matching("user:123").await;
    let mut tokens = bucket.watch_matching("user.*").await;
    let keys = ["user", "user:123", "user.1", "user:1234", "user.1.name"];
    for key in keys {
        bucket.put(key, "v").await.unwrap(); // 1 to 5
    }
    bucket.delete("user").await.unwrap(); // 6
    bucket.delete("user:123").await.unwrap(); // 7
    bucket.delete("user.1").await.unwrap(); // 8
    // A deleted key's earlier put may be skipped: only the newest is certain to come.
    let mut last = one.next().await;
    if last == bucket.put_event("user:123", "v", 2) {
        last = one.next().await;
    }
    assert_eq!(last, bucket.delete_event("user:123", 7));
    let mut last = tokens.next().await;
    if last == bucket.put_event("user.1", "v", 3) {
        last = tokens.next().await;
    }
    assert_eq!(last, bucket.delete_event("user.1", 8));
}

pub async fn rule_15_refused_writes_make_no_event<B: Backend>(backend: &B) {
    let settings = BucketSettings {
        max_value_size: 10,
        ..Default::default()
    };
    let bucket = Bucket::with(backend, settings).await;
    bucket.put("k", "v").await.unwrap(); // 1
    let mut watch = bucket.watch().await;
    assert_eq!(bucket.create("k", "v").await, Err(key_exists()));
    assert_eq!(bucket.update("k", "v", 9).await, Err(revision_mismatch()));
    let long = bucket.put("k", "eleven byte").await;
    assert_eq!(long, Err(value_too_large()));
    assert_eq!(bucket.delete("missing").await, Err(key_not_found()));
    assert_eq!(bucket.purge("missing").await, Err(key_not_found()));
    bucket.put("k.k", "fence").await.unwrap(); // 2
    assert_eq!(watch.next().await, bucket.put_event("k.k", "fence", 2));
}

pub async fn rule_15_other_buckets_make_no_event<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let other = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    other.put("k", "other").await.unwrap();
    bucket.put("k", "v").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("k", "v", 1));
}

pub async fn rule_15_a_watch_emits_changes_of_every_client<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(3).await;
    let mut watches = Vec::new();
    for client in &clients {
        watches.push(client.watch().await);
    }
    for (client, revision) in clients.iter().zip(1..) {
        client.put("k", "v").await.unwrap();
        for watch in &mut watches {
            assert_eq!(watch.next().await, bucket.put_event("k", "v", revision));
        }
    }
}

pub async fn rule_15_a_write_of_each_of_many_keys_is_an_event_in_order<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    let clients = bucket.clients(4).await;
    join_all(clients.iter().zip('a'..).map(async |(client, name)| {
        for n in 0..25 {
            client.put(&format!("{name}.{n}"), "v").await.unwrap();
        }
    }))
    .await;
    for revision in 1..=100 {
        let event = watch.next().await.unwrap();
        assert_eq!(event.revision, revision);
    }
}

pub async fn rule_15_the_newest_revision_of_a_key_rewritten_fast_is_emitted<B: Backend>(
    backend: &B,
) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    let clients = bucket.clients(4).await;
    join_all(clients.iter().map(async |client| {
        for n in 0..50 {
            client.put("k", n.to_string()).await.unwrap();
        }
    }))
    .await;
    let newest = bucket.get("k").await.unwrap();
    assert_eq!(bucket.put("fence", "v").await, Ok(201));

    let mut revisions = Vec::new();
    while revisions.last() != Some(&200) {
        let event = watch.next().await.unwrap();
        revisions.push(event.revision);
        if event.revision == 200 {
            assert_eq!(Some(event), bucket.put_event("k", &newest.value, 200));
        }
    }
    assert!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
    assert_eq!(watch.next().await, bucket.put_event("fence", "v", 201));
}

pub async fn rule_15_a_stopped_watch_emits_nothing<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut stopped = bucket.watch().await;
    let mut running = bucket.watch().await;
    stopped.stop().await;
    bucket.put("k", "v").await.unwrap();
    assert_eq!(running.next().await, bucket.put_event("k", "v", 1));
    assert_eq!(stopped.next().await, None);
}

pub async fn rule_15_a_watch_of_a_missing_bucket_is_404<B: Backend>(backend: &B) {
    let bucket = Bucket::missing(backend).await;
    let refusal = Some(bucket_not_found());
    assert_eq!(bucket.try_watch(None).await.err(), refusal);
    assert_eq!(bucket.try_watch(Some("user.*")).await.err(), refusal);
}
