//! Rules 8, 14 and 24 where a key has a time to live of its own, and the events of expiry.

use crate::bucket::Bucket;
use crate::refusals::{invalid, key_exists, key_not_found, revision_mismatch};
use crate::time::milliseconds;
use crate::{BucketSettings, Detail, DetailedWatch as _, Event, Expiring, Watch as _, Write};

async fn with_ttl<B: Expiring>(backend: &B, ttl_seconds: u64) -> Bucket<B> {
    let settings = BucketSettings {
        ttl_seconds,
        history: 5,
        ..Default::default()
    };
    Bucket::with(backend, settings).await
}

/// Lets time pass until a key has expired, at most 5 s. A backend may be 0.4 s late; the rest is for a
/// busy machine.
async fn until_gone<B: Expiring>(bucket: &Bucket<B>, key: &str) {
    for _ in 0..100 {
        if bucket.get(key).await == Err(key_not_found()) {
            return;
        }
        bucket.backend.pass_time(50).await;
    }
    panic!("{key} is still there");
}

/// What a watch reports of an expiry.
fn expired<B: Expiring>(bucket: &Bucket<B>, key: &str, revision: u64) -> Option<(Event, Detail)> {
    let detail = Detail {
        reason: Some("expired".to_owned()),
        expires_at: None,
    };
    Some((bucket.delete_event(key, revision)?, detail))
}

pub async fn rule_14_a_key_with_a_ttl_of_its_own_expires_alone<B: Expiring>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["lasting", "other"] {
        bucket.put(key, "v").await.unwrap();
    }
    assert_eq!(bucket.put_for("k", "v", 2).await.unwrap().revision, 3);
    assert_eq!(bucket.value("k").await, b"v");
    backend.pass_time(2000).await;
    until_gone(&bucket, "k").await;
    assert_eq!(bucket.keys().await, ["lasting", "other"]);
}

pub async fn rule_14_an_expiry_is_one_event_with_a_revision_of_its_own<B: Expiring>(backend: &B) {
    for ttl_seconds in [0, 1] {
        let bucket = with_ttl(backend, ttl_seconds).await;
        let (mut all, mut one) = (bucket.watch().await, bucket.watch_matching("k").await);
        if ttl_seconds == 0 {
            bucket.put_for("k", "v", 1).await.unwrap(); // 1
        } else {
            bucket.put("k", "v").await.unwrap(); // 1
        }
        let put = bucket.put_event("k", "v", 1);
        assert_eq!(all.next().await, put);
        assert_eq!(one.next().await, put);
        backend.pass_time(1000).await;
        assert_eq!(all.next_detailed().await, expired(&bucket, "k", 2));
        assert_eq!(one.next_detailed().await, expired(&bucket, "k", 2));
        assert_eq!(bucket.put("fence", "v").await, Ok(3));
        assert_eq!(all.next().await, bucket.put_event("fence", "v", 3));
        assert_eq!(bucket.put("k", "again").await, Ok(4));
        assert_eq!(one.next().await, bucket.put_event("k", "again", 4));
    }
}

pub async fn rule_14_a_rewrite_without_ttl_ends_it_and_one_with_ttl_restarts_it<B: Expiring>(
    backend: &B,
) {
    let bucket = Bucket::with_history(backend, 5).await;
    for key in ["kept", "deleted", "purged", "restarted", "gone"] {
        bucket.put_for(key, "v", 4).await.unwrap(); // 1 to 5
    }
    bucket.put("kept", "w").await.unwrap(); // 6
    bucket.delete("deleted").await.unwrap(); // 7
    bucket.purge("purged").await.unwrap(); // 8
    backend.pass_time(2000).await;
    bucket.put_for("restarted", "w", 5).await.unwrap(); // 9
    let mut watch = bucket.watch().await;
    backend.pass_time(2000).await;
    assert_eq!(watch.next_detailed().await, expired(&bucket, "gone", 10));
    assert_eq!(bucket.value("restarted").await, b"w");
    backend.pass_time(3000).await;
    assert_eq!(
        watch.next_detailed().await,
        expired(&bucket, "restarted", 11)
    );
    assert_eq!(bucket.keys().await, ["kept"]);
    assert_eq!(bucket.purge("deleted").await, Ok(()));
    assert_eq!(bucket.purge("purged").await, Ok(()));
}

pub async fn rule_14_create_and_update_take_a_ttl<B: Expiring>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("updated", "v").await.unwrap(); // 1
    bucket.put("lasting", "v").await.unwrap(); // 2
    let created = bucket.write_for("created", Write::Create(b"c"), 2).await;
    assert_eq!(created.unwrap().revision, 3);
    let updated = bucket.write_for("updated", Write::Update(b"u", 1), 2).await;
    assert_eq!(updated.unwrap().revision, 4);
    let refused = bucket.write_for("lasting", Write::Create(b"c"), 1).await;
    assert_eq!(refused, Err(key_exists()));
    let refused = bucket.write_for("lasting", Write::Update(b"u", 1), 1).await;
    assert_eq!(refused, Err(revision_mismatch()));
    assert_eq!(bucket.value("created").await, b"c");
    assert_eq!(bucket.value("updated").await, b"u");
    backend.pass_time(2000).await;
    until_gone(&bucket, "created").await;
    until_gone(&bucket, "updated").await;
    assert_eq!(bucket.get("lasting").await.unwrap().expires_at, None);
    assert_eq!(bucket.keys().await, ["lasting"]);
}

/// On JetStream the marker of the expiry still stands.
pub async fn rule_14_right_after_its_expiry_a_key_is_as_if_never_written<B: Expiring>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let keys = ["put", "created", "updated", "read"];
    for key in keys {
        bucket.put_for(key, "v", 1).await.unwrap(); // 1 to 4
    }
    backend.pass_time(1000).await;
    for key in keys {
        until_gone(&bucket, key).await; // 5 to 8
    }
    assert_eq!(bucket.delete("read").await, Err(key_not_found()));
    assert_eq!(bucket.purge("read").await, Err(key_not_found()));
    assert_eq!(bucket.delete_if("read", 4).await, Err(key_not_found()));
    assert_eq!(bucket.purge_if("read", 4).await, Err(key_not_found()));
    assert_eq!(bucket.history("read").await, Ok(vec![]));
    for revision in 1..=8 {
        let read = bucket.get_revision("read", revision).await;
        assert_eq!(read, Err(key_not_found()));
    }
    let stale = bucket.update("updated", "w", 3).await;
    assert_eq!(stale, Err(revision_mismatch()));
    let (entries, revision) = bucket.entries(&[]).await.unwrap();
    assert_eq!((entries, revision.unwrap_or(8)), (vec![], 8));
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(bucket.update("updated", "w", 0).await, Ok(9));
    assert_eq!(bucket.create("created", "w").await, Ok(10));
    assert_eq!(bucket.put("put", "w").await, Ok(11));
    for (key, revision) in [("updated", 9), ("created", 10), ("put", 11)] {
        let history = bucket.history(key).await.unwrap();
        let revisions: Vec<_> = history.iter().map(|change| change.revision).collect();
        assert_eq!(revisions, [revision], "{key}");
    }
}

pub async fn rule_14_everything_says_when_a_value_expires<B: Expiring>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let mut watch = bucket.watch().await;
    bucket.put("lasting", "v").await.unwrap(); // 1
    let put = bucket.put_for("k", "v", 60).await.unwrap(); // 2
    let expires_at = put.expires_at.clone().unwrap();
    let entry = bucket.get("k").await.unwrap();
    let lifetime = milliseconds(&expires_at) - milliseconds(&entry.created_at);
    assert_eq!(lifetime, 60_000);
    assert_eq!(entry.expires_at, put.expires_at);
    assert_eq!(bucket.get_revision("k", 2).await, Ok(entry.clone()));
    let history = bucket.history("k").await.unwrap();
    assert_eq!(history[0].expires_at, put.expires_at);
    let lasting = bucket.get("lasting").await.unwrap();
    assert_eq!(lasting.expires_at, None);
    let (entries, revision) = bucket.entries(&[]).await.unwrap();
    assert_eq!((entries, revision.unwrap_or(2)), (vec![lasting, entry], 2));
    let mut details = Vec::new();
    for _ in 0..2 {
        details.push(watch.next_detailed().await.unwrap().1);
    }
    bucket.delete("k").await.unwrap(); // 3
    details.push(watch.next_detailed().await.unwrap().1);
    let detail = |expires_at| Detail {
        reason: None,
        expires_at,
    };
    let wanted = [detail(None), detail(put.expires_at), detail(None)];
    assert_eq!(details, wanted);
    let history = bucket.history("k").await.unwrap();
    assert_eq!(history[1].expires_at, None);
}

pub async fn rule_14_a_ttl_is_1_to_31536000_seconds<B: Expiring>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let why = "it is not a whole number of seconds from 1 to 31536000";
    for ttl_seconds in [0, 31_536_001, u64::MAX] {
        let refused = bucket.put_for("k", "v", ttl_seconds).await;
        assert_eq!(refused, Err(invalid("Ironflow-TTL", why)), "{ttl_seconds}");
    }
    let longest = bucket.put_for("k", "v", 31_536_000).await.unwrap();
    assert_eq!(longest.revision, 1);
    let created = milliseconds(&bucket.get("k").await.unwrap().created_at);
    let expires = milliseconds(&longest.expires_at.unwrap());
    assert_eq!(expires - created, 31_536_000_000);
}

pub async fn rule_08_a_write_with_a_ttl_drops_the_keys_older_revisions<B: Expiring>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for value in ["a", "b", "c"] {
        bucket.put("k", value).await.unwrap(); // 1 to 3
        bucket.put("other", value).await.unwrap();
    }
    bucket.put_for("k", "d", 60).await.unwrap(); // 7
    assert_eq!(bucket.values().await, 4);
    bucket.put("k", "e").await.unwrap(); // 8
    let history = bucket.history("k").await.unwrap();
    let revisions: Vec<_> = history.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [7, 8]);
    assert_eq!(history[1].expires_at, None);
}

pub async fn rule_22_history_leaves_an_older_revision_with_a_ttl_when_its_time_comes<
    B: Expiring,
>(
    backend: &B,
) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put_for("k", "a", 2).await.unwrap(); // 1
    bucket.put("k", "b").await.unwrap(); // 2
    assert_eq!(bucket.history("k").await.unwrap().len(), 2);
    backend.pass_time(2000).await;
    for _ in 0..100 {
        if bucket.get_revision("k", 1).await == Err(key_not_found()) {
            break;
        }
        backend.pass_time(50).await;
    }
    let history = bucket.history("k").await.unwrap();
    let revisions: Vec<_> = history.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [2]);
    assert_eq!(bucket.put("fence", "v").await, Ok(3), "no event, no number");
}

pub async fn rule_24_the_earlier_of_a_keys_and_the_buckets_ttl_counts<B: Expiring>(backend: &B) {
    let bucket = with_ttl(backend, 4).await;
    bucket.put("buckets", "v").await.unwrap(); // 1
    bucket.put_for("later", "v", 60).await.unwrap(); // 2
    let earlier = bucket.put_for("earlier", "v", 2).await.unwrap(); // 3
    for (key, seconds) in [("buckets", 4), ("later", 4), ("earlier", 2)] {
        let entry = bucket.get(key).await.unwrap();
        let expires_at = milliseconds(&entry.expires_at.clone().unwrap());
        let lifetime = expires_at - milliseconds(&entry.created_at);
        assert_eq!(lifetime, seconds * 1000, "{key}");
        if key == "earlier" {
            assert_eq!(earlier.expires_at, entry.expires_at);
        }
    }
    let mut watch = bucket.watch().await;
    backend.pass_time(2000).await;
    assert_eq!(watch.next_detailed().await, expired(&bucket, "earlier", 4));
    assert_eq!(bucket.keys().await, ["buckets", "later"]);
    backend.pass_time(2000).await;
    let mut gone = [
        watch.next_detailed().await.unwrap(),
        watch.next_detailed().await.unwrap(),
    ]
    .map(|(event, detail)| (event.key, event.revision, detail.reason));
    gone.sort_unstable_by_key(|(_, revision, _)| *revision);
    let reason = || Some("expired".to_owned());
    let revisions = gone.each_ref().map(|(_, revision, _)| *revision);
    assert_eq!(revisions, [5, 6]);
    gone.sort_unstable();
    assert_eq!(gone[0].0, "buckets");
    assert_eq!(gone[1].0, "later");
    assert!(gone.iter().all(|(_, _, found)| *found == reason()));
}
