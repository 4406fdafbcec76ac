//! Rule 20: a write is carried out once, however often its request arrives.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;

use crate::bucket::Bucket;
use crate::refusals::{key_exists, key_not_found, revision_mismatch};
use crate::{Repeating, Watch as _, Write};

static IDS_SO_FAR: AtomicU32 = AtomicU32::new(0);

/// An id that no other write has: 22 characters of base64url.
fn new_id() -> String {
    let number = IDS_SO_FAR.fetch_add(1, Ordering::Relaxed);
    format!("id_of-a-write-{number:08}")
}

/// Each kind of write that succeeds on the newest revision of a live key, and whether its answer
/// has a revision.
fn every_kind(last: u64) -> [(Write<'static>, bool); 6] {
    [
        (Write::Put(b"new"), true),
        (Write::Update(b"new", last), true),
        (Write::Delete, false),
        (Write::Purge, false),
        (Write::DeleteIf(last), true),
        (Write::PurgeIf(last), true),
    ]
}

pub async fn rule_20_a_repeated_write_makes_no_second_revision<B: Repeating>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    for kind in 0..6 {
        let last = bucket.put("k", "old").await.unwrap();
        let (write, has_revision) = every_kind(last)[kind];
        let id = new_id();
        for _ in 0..3 {
            let answer = bucket.write("k", write, &id).await;
            assert_eq!(answer, Ok(has_revision.then_some(last + 1)), "{write:?}");
        }
        assert_eq!(bucket.put("k", "v").await, Ok(last + 2), "{write:?}");
    }
}

pub async fn rule_20_a_repeated_create_makes_no_second_revision<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let (first, second) = (new_id(), new_id());
    let create = Write::Create(b"v");
    assert_eq!(bucket.write("k", create, &first).await, Ok(Some(1)));
    assert_eq!(bucket.write("k", create, &first).await, Ok(Some(1)));
    assert_eq!(bucket.write("k", create, &second).await, Err(key_exists()));
    bucket.delete("k").await.unwrap(); // 2
    assert_eq!(bucket.write("k", create, &first).await, Ok(Some(1)));
    assert_eq!(bucket.get("k").await, Err(key_not_found()));
    assert_eq!(bucket.write("k", create, &new_id()).await, Ok(Some(3)));
}

pub async fn rule_20_a_repetition_that_comes_late_undoes_nothing<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for kind in 0..6 {
        let last = bucket.put("k", "old").await.unwrap();
        let (write, has_revision) = every_kind(last)[kind];
        let id = new_id();
        bucket.write("k", write, &id).await.unwrap();
        bucket.put("k", "newer").await.unwrap();
        let newest = bucket.put("k", "newest").await.unwrap();
        let answer = bucket.write("k", write, &id).await;
        assert_eq!(answer, Ok(has_revision.then_some(last + 1)), "{write:?}");
        assert_eq!(bucket.value("k").await, b"newest", "{write:?}");
        assert_eq!(bucket.get("k").await.unwrap().revision, newest);
    }
}

pub async fn rule_20_repetitions_at_the_same_time_are_carried_out_once<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    for kind in 0..6 {
        let last = bucket.put("k", "old").await.unwrap();
        let (write, has_revision) = every_kind(last)[kind];
        let id = new_id();
        let writes = clients.iter().map(|client| client.write("k", write, &id));
        for answer in join_all(writes).await {
            assert_eq!(answer, Ok(has_revision.then_some(last + 1)), "{write:?}");
        }
        assert_eq!(bucket.put("k", "v").await, Ok(last + 2), "{write:?}");
    }
}

pub async fn rule_20_no_increment_is_lost_or_made_twice<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("n", "0").await.unwrap();
    let clients = bucket.clients(4).await;
    let increments = clients.iter().map(async |client| {
        for _ in 0..10 {
            let id = new_id();
            loop {
                let entry = client.get("n").await.unwrap();
                let count: u32 = String::from_utf8(entry.value).unwrap().parse().unwrap();
                let value = (count + 1).to_string();
                let update = Write::Update(value.as_bytes(), entry.revision);
                let first = client.write("n", update, &id).await;
                let repeated = client.write("n", update, &id).await;
                assert_eq!(first, repeated);
                match first {
                    Ok(_) => break,
                    Err(refusal) => assert_eq!(refusal, revision_mismatch()),
                }
            }
        }
    });
    join_all(increments).await;
    assert_eq!(bucket.value("n").await, b"40");
    assert_eq!(bucket.get("n").await.unwrap().revision, 41);
}

pub async fn rule_20_other_ids_keys_and_operations_are_other_writes<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let (id, put) = (new_id(), Write::Put(b"v"));
    assert_eq!(bucket.write("a", put, &id).await, Ok(Some(1)));
    assert_eq!(bucket.write("b", put, &id).await, Ok(Some(2)));
    assert_eq!(bucket.write("a", put, &new_id()).await, Ok(Some(3)));
    assert_eq!(bucket.write("a", Write::Delete, &id).await, Ok(None));
    assert_eq!(bucket.get("a").await, Err(key_not_found()));
    assert_eq!(
        bucket.write("a", Write::Create(b"v"), &id).await,
        Ok(Some(5))
    );
    let other = Bucket::new(backend).await;
    assert_eq!(other.write("a", put, &id).await, Ok(Some(1)));
}

pub async fn rule_20_a_refused_write_stays_refused_and_uses_no_revision<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("k", "v").await.unwrap(); // 1
    let update = Write::Update(b"w", 7);
    let id = new_id();
    for _ in 0..2 {
        let answer = bucket.write("k", update, &id).await;
        assert_eq!(answer, Err(revision_mismatch()));
    }
    let answer = bucket.write("gone", Write::Delete, &id).await;
    assert_eq!(answer, Err(key_not_found()));
    assert_eq!(bucket.put("k", "v").await, Ok(2));
}

pub async fn rule_20_a_repeated_write_is_one_event<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    let id = new_id();
    for _ in 0..3 {
        bucket.write("k", Write::Put(b"v"), &id).await.unwrap();
    }
    bucket.put("k", "w").await.unwrap();
    assert_eq!(watch.next().await, bucket.put_event("k", "v", 1));
    assert_eq!(watch.next().await, bucket.put_event("k", "w", 2));
    watch.stop().await;
}

pub async fn rule_20_the_largest_value_has_an_id_or_goes_without<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let largest = vec![1; 1 << 20];
    let id = new_id();
    for _ in 0..2 {
        let answer = bucket.write("k", Write::Put(&largest), &id).await;
        assert_eq!(answer, Ok(Some(1)));
    }
    assert!(bucket.value("k").await == largest);
}

pub async fn rule_20_a_malformed_id_is_400<B: Repeating>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for malformed in [
        "",
        "short",
        &new_id()[1..],
        &format!("{}a", new_id()),
        "id+of+a+write+00000000",
    ] {
        let answer = bucket.write("k", Write::Put(b"v"), malformed).await;
        assert_eq!(answer.unwrap_err().status, 400, "{malformed:?}");
    }
    assert_eq!(bucket.put("k", "v").await, Ok(1));
}
