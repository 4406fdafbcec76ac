//! Rule 23: the entries of many keys in one call.

use futures_util::future::join;

use crate::bucket::Bucket;
use crate::refusals::bucket_not_found;
use crate::{BucketSettings, Entry, Extended};

/// What the rule says the entries of a pattern are: its keys, each read.
async fn read_one_by_one<B: Extended>(bucket: &Bucket<B>, filter: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for key in bucket.keys_matching(filter).await.unwrap() {
        entries.push(bucket.get(&key).await.unwrap());
    }
    entries
}

pub async fn rule_23_entries_are_the_live_keys_with_their_values<B: Extended>(backend: &B) {
    let bucket = Bucket::with_history(backend, 3).await;
    let (none, revision) = bucket.entries(&[]).await.unwrap();
    assert_eq!((none, revision.unwrap_or(0)), (vec![], 0));
    bucket.put("user.1", "a").await.unwrap(); // 1
    bucket.put("user.2", "").await.unwrap(); // 2
    bucket.put("deleted", "b").await.unwrap(); // 3
    bucket.put("purged", "c").await.unwrap(); // 4
    bucket.put("user.1", "d").await.unwrap(); // 5
    bucket.delete("deleted").await.unwrap(); // 6
    bucket.purge("purged").await.unwrap(); // 7
    let (entries, revision) = bucket.entries(&[]).await.unwrap();
    assert_eq!(revision.unwrap_or(7), 7);
    assert_eq!(entries, read_one_by_one(&bucket, ">").await);
    let keys: Vec<_> = entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["user.2", "user.1"]);
}

pub async fn rule_23_entries_are_filtered_as_listings_are<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for key in [
        "user",
        "user.1",
        "user.1.name",
        "user:1",
        "flag",
        "a\u{a0}b",
        "us.1",
    ] {
        bucket.put(key, key).await.unwrap();
    }
    for filter in [
        ">",
        "*",
        "user.*",
        "user.>",
        "*.1",
        "user.*.name",
        "user:1",
        "us*",
        "missing",
        "a\u{a0}b",
        "*a0*",
    ] {
        let (entries, revision) = bucket.entries(&[filter]).await.unwrap();
        assert_eq!(revision.unwrap_or(7), 7, "{filter}");
        assert_eq!(entries, read_one_by_one(&bucket, filter).await, "{filter}");
    }
}

pub async fn rule_23_several_filters_give_each_matching_key_once<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for key in ["user.1", "user.2.name", "flag.a", "flag.b", "other"] {
        bucket.put(key, key).await.unwrap();
    }
    for (filters, keys) in [
        (
            vec!["user.>", "flag.*"],
            vec!["user.1", "user.2.name", "flag.a", "flag.b"],
        ),
        (vec!["flag.a", "user.1"], vec!["user.1", "flag.a"]),
        (
            vec!["user.>", "user.1", "*.1"],
            vec!["user.1", "user.2.name"],
        ),
        (vec!["flag.a", "flag.a"], vec!["flag.a"]),
        (vec!["missing", "other"], vec!["other"]),
        (vec!["us*", "oth*"], vec![]),
    ] {
        let (entries, _) = bucket.entries(&filters).await.unwrap();
        let found: Vec<_> = entries.iter().map(|entry| &*entry.key).collect();
        assert_eq!(found, keys, "{filters:?}");
    }
}

pub async fn rule_23_thousands_of_entries_come_each_once<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for number in 0..1500 {
        bucket.put(&format!("k.{number}"), "v").await.unwrap();
    }
    let (entries, revision) = bucket.entries(&["k.*"]).await.unwrap();
    assert_eq!((entries.len(), revision.unwrap_or(1500)), (1500, 1500));
    let revisions = entries.iter().map(|entry| entry.revision);
    assert!(revisions.eq(1..=1500));
}

pub async fn rule_23_entries_hold_large_values<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let large = vec![9; 1 << 20];
    for key in ["a", "b", "c", "d"] {
        bucket.put(key, &large).await.unwrap();
        bucket.put(&format!("{key}.small"), "v").await.unwrap();
    }
    let (entries, _) = bucket.entries(&[]).await.unwrap();
    let sizes: Vec<_> = entries.iter().map(|entry| entry.value.len()).collect();
    assert_eq!(sizes, [1 << 20, 1, 1 << 20, 1, 1 << 20, 1, 1 << 20, 1]);
    assert!(
        entries
            .iter()
            .all(|e| e.value.len() == 1 || e.value == large)
    );
}

pub async fn rule_23_entries_read_while_keys_change_are_one_state<B: Extended>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for number in 0..600 {
        bucket.put(&format!("k{number}"), "0").await.unwrap();
    }
    let clients = bucket.clients(2).await;
    for round in 0..5 {
        let writing = async {
            for number in 0..20 {
                clients[0].delete(&format!("k{number}")).await.unwrap();
                let key = format!("k{number}");
                clients[0].put(&key, round.to_string()).await.unwrap();
            }
        };
        let (read, ()) = join(clients[1].entries(&[]), writing).await;
        let (entries, revision) = read.unwrap();
        // Where the revision is not known, the entries say how far the writes have come, but for a delete.
        let newest = entries.iter().map(|entry| entry.revision).max();
        let missing = 600 - entries.len() as u64;
        let revision = revision.or(newest.map(|newest| newest.max(600 + 40 * round) + missing));
        let revision = revision.unwrap();
        // Writes number k0, k0, k1, k1, …: after an odd one a key is missing, after an even one none.
        let written = revision - 600 - 40 * round;
        assert_eq!(entries.len() as u64, 600 - written % 2, "at {revision}");
        let new = entries
            .iter()
            .filter(|entry| entry.revision > 600 + 40 * round);
        assert_eq!(new.count() as u64, written / 2, "at {revision}");
    }
    let (entries, _) = bucket.entries(&[]).await.unwrap();
    assert_eq!(entries, read_one_by_one(&bucket, ">").await);
}

pub async fn rule_23_expired_keys_are_no_entries<B: Extended>(backend: &B) {
    let settings = BucketSettings {
        ttl_seconds: 2,
        ..Default::default()
    };
    let bucket = Bucket::with(backend, settings).await;
    bucket.put("old", "v").await.unwrap();
    backend.pass_time(1000).await;
    bucket.put("new", "v").await.unwrap();
    backend.pass_time(1500).await;
    let (entries, _) = bucket.entries(&[]).await.unwrap();
    let keys: Vec<_> = entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["new"]);
}

pub async fn rule_23_the_filters_and_the_bucket_are_checked_first<B: Extended>(backend: &B) {
    let missing = Bucket::missing(backend).await;
    assert_eq!(missing.entries(&[]).await, Err(bucket_not_found()));
    for filters in [vec![""], vec!["a..b"], vec!["a", ">.a"], vec!["a b", "b"]] {
        let refused = missing.entries(&filters).await.unwrap_err();
        assert_eq!(refused.status, 400, "{filters:?}");
    }
}
