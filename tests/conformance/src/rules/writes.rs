//! Rules 3 to 5: conditional writes, and reads.

use futures_util::future::join_all;

use crate::bucket::Bucket;
use crate::refusals::{key_exists, key_not_found, revision_mismatch};
use crate::time::instant;
use crate::{Backend, Entry};

/// The largest revision that every client can send.
const HUGE: u64 = (1 << 53) - 1;

pub async fn rule_03_update_succeeds_on_the_last_revision_alone<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "first").await.unwrap(); // 1
    bucket.put("other", "v").await.unwrap(); // 2
    bucket.put("k", "second").await.unwrap(); // 3
    for wrong in [0, 1, 2, 4, HUGE] {
        let refused = bucket.update("k", "third", wrong).await;
        assert_eq!(refused, Err(revision_mismatch()), "revision {wrong}");
    }
    assert_eq!(bucket.value("k").await, b"second");
    assert_eq!(bucket.update("k", "third", 3).await, Ok(4));
    assert_eq!(bucket.value("k").await, b"third");
    assert_eq!(
        bucket.update("k", "fourth", 3).await,
        Err(revision_mismatch())
    );
    assert_eq!(bucket.update("k", "fourth", 4).await, Ok(5));
}

pub async fn rule_03_update_of_a_key_without_messages_takes_0_alone<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for wrong in [1, HUGE] {
        let refused = bucket.update("k", "v", wrong).await;
        assert_eq!(refused, Err(revision_mismatch()), "revision {wrong}");
    }
    assert_eq!(bucket.update("k", "v", 0).await, Ok(1));
    assert_eq!(bucket.value("k").await, b"v");
}

pub async fn rule_03_update_of_a_deleted_key_takes_the_tombstones_revision_alone<B: Backend>(
    backend: &B,
) {
    for history in [1, 5] {
        let bucket = Bucket::with_history(backend, history).await;
        bucket.put("k", "v").await.unwrap(); // 1
        bucket.delete("k").await.unwrap(); // 2
        for wrong in [0, 1, 3] {
            let refused = bucket.update("k", "again", wrong).await;
            assert_eq!(refused, Err(revision_mismatch()), "revision {wrong}");
        }
        assert_eq!(bucket.update("k", "again", 2).await, Ok(3));
        assert_eq!(bucket.value("k").await, b"again");
    }
}

pub async fn rule_03_update_of_a_purged_key_takes_the_markers_revision_alone<B: Backend>(
    backend: &B,
) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "v").await.unwrap(); // 1
    bucket.purge("k").await.unwrap(); // 2
    for wrong in [0, 1, 3] {
        let refused = bucket.update("k", "again", wrong).await;
        assert_eq!(refused, Err(revision_mismatch()), "revision {wrong}");
    }
    assert_eq!(bucket.update("k", "again", 2).await, Ok(3));
    assert_eq!(bucket.value("k").await, b"again");
}

pub async fn rule_03_of_concurrent_updates_exactly_one_wins<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    let mut last = bucket.put("k", "v").await.unwrap();
    for _ in 0..10 {
        let results = join_all(clients.iter().map(|c| c.update("k", "v", last))).await;
        let lost = results.iter().filter(|r| **r == Err(revision_mismatch()));
        assert_eq!(lost.count(), 7, "{results:?}");
        last += 1;
        assert!(results.contains(&Ok(last)), "{results:?}");
    }
}

pub async fn rule_03_no_increment_by_update_is_lost<B: Backend>(backend: &B) {
    const CLIENTS: usize = 8;
    let increments = backend.increments();
    let total = CLIENTS as u64 * increments;

    let bucket = Bucket::new(backend).await;
    bucket.put("counter", "0").await.unwrap(); // 1
    let clients = bucket.clients(CLIENTS).await;
    let revisions = join_all(clients.iter().zip(1..).map(async |(client, pace)| {
        let mut revisions = Vec::new();
        let mut losses = 0;
        while (revisions.len() as u64) < increments {
            let entry = client.get("counter").await.unwrap();
            let text = String::from_utf8(entry.value).unwrap();
            let next = text.parse::<u64>().unwrap() + 1;
            match client
                .update("counter", next.to_string(), entry.revision)
                .await
            {
                Ok(revision) => {
                    revisions.push(revision);
                    losses = 0;
                }
                Err(lost) => {
                    assert_eq!(lost, revision_mismatch());
                    // Back off as an application would, with a different pace for each client, so
                    // that they do not collide repeatedly.
                    losses += 1;
                    client.backend.pass_time(2 * losses * pace).await;
                }
            }
        }
        revisions
    }))
    .await;

    assert_eq!(bucket.value("counter").await, total.to_string().as_bytes());
    let mut revisions = revisions.concat();
    revisions.sort_unstable();
    assert!(revisions.into_iter().eq(2..=total + 1));
}

pub async fn rule_04_create_succeeds_on_a_missing_key<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    assert_eq!(bucket.create("config:feature-flags", "{}").await, Ok(1));
    assert_eq!(bucket.value("config:feature-flags").await, b"{}");
}

pub async fn rule_04_create_of_a_live_key_is_412<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("k", "first").await.unwrap();
    assert_eq!(bucket.create("k", "second").await, Err(key_exists()));
    assert_eq!(bucket.value("k").await, b"first");
    bucket.put("empty", "").await.unwrap();
    assert_eq!(bucket.create("empty", "v").await, Err(key_exists()));
}

pub async fn rule_04_create_succeeds_on_a_deleted_key<B: Backend>(backend: &B) {
    for history in [1, 5] {
        let bucket = Bucket::with_history(backend, history).await;
        bucket.put("k", "v").await.unwrap(); // 1
        bucket.delete("k").await.unwrap(); // 2
        assert_eq!(bucket.create("k", "again").await, Ok(3));
        assert_eq!(bucket.value("k").await, b"again");
        assert_eq!(bucket.create("k", "once more").await, Err(key_exists()));
    }
}

pub async fn rule_04_create_succeeds_on_a_purged_key<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("k", "v").await.unwrap(); // 1
    bucket.purge("k").await.unwrap(); // 2
    assert_eq!(bucket.create("k", "again").await, Ok(3));
    assert_eq!(bucket.value("k").await, b"again");
    assert_eq!(bucket.create("k", "once more").await, Err(key_exists()));
}

pub async fn rule_04_of_concurrent_creates_exactly_one_wins<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(8).await;
    let mut last = 0;
    for round in 0..10 {
        let key = format!("lock.{round}");
        // Every other key has a tombstone, which create has to look past.
        if round % 2 == 1 {
            bucket.put(&key, "v").await.unwrap();
            bucket.delete(&key).await.unwrap();
            last += 2;
        }
        let values = ["0", "1", "2", "3", "4", "5", "6", "7"];
        let tries = clients.iter().zip(values);
        let results = join_all(tries.map(|(client, value)| client.create(&key, value))).await;
        let lost = results.iter().filter(|r| **r == Err(key_exists()));
        assert_eq!(lost.count(), 7, "{results:?}");
        last += 1;
        let winner = results.iter().position(|r| *r == Ok(last)).unwrap();
        assert_eq!(bucket.value(&key).await, values[winner].as_bytes());
    }
}

pub async fn rule_05_get_gives_value_revision_and_operation<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("other", "v").await.unwrap();
    let writes = [
        ("put", bucket.put("k", "put").await),
        ("update", bucket.update("k", "update", 2).await),
        ("put again", bucket.put("k", "put again").await),
    ];
    assert_eq!(writes.map(|(_, revision)| revision), [Ok(2), Ok(3), Ok(4)]);
    let entry = bucket.get("k").await.unwrap();
    let created_at = entry.created_at.clone();
    let wanted = Entry {
        key: "k".to_owned(),
        value: b"put again".to_vec(),
        revision: 4,
        operation: "put".to_owned(),
        created_at,
        expires_at: None,
    };
    assert_eq!(entry, wanted);
    bucket.create("c", "create").await.unwrap();
    assert_eq!(bucket.get("c").await.unwrap().operation, "put");
}

pub async fn rule_05_get_gives_the_time_of_the_write<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    let time = async |key| instant(&bucket.get(key).await.unwrap().created_at);
    bucket.put("a", "v").await.unwrap();
    bucket.backend.pass_time(20).await;
    bucket.put("b", "v").await.unwrap();
    let (a, b) = (time("a").await, time("b").await);
    assert!(a < b, "{a:?} was written before {b:?}");

    bucket.backend.pass_time(20).await;
    assert_eq!(time("a").await, a, "reading changes nothing");
    bucket.put("a", "v").await.unwrap();
    let rewritten = time("a").await;
    assert!(b < rewritten, "{b:?} was written before {rewritten:?}");
}

pub async fn rule_05_get_of_a_missing_key_is_404<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("user.123", "v").await.unwrap();
    for missing in ["missing", "user", "user.12", "user.123.name", "User.123"] {
        assert_eq!(bucket.get(missing).await, Err(key_not_found()), "{missing}");
    }
}

pub async fn rule_05_get_of_a_deleted_or_purged_key_is_404<B: Backend>(backend: &B) {
    let bucket = Bucket::with_history(backend, 5).await;
    bucket.put("deleted", "v").await.unwrap();
    bucket.put("purged", "v").await.unwrap();
    bucket.delete("deleted").await.unwrap();
    bucket.purge("purged").await.unwrap();
    assert_eq!(bucket.get("deleted").await, Err(key_not_found()));
    assert_eq!(bucket.get("purged").await, Err(key_not_found()));
}

pub async fn rule_05_a_client_reads_what_another_has_written<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let clients = bucket.clients(2).await;
    for round in 0..20_u8 {
        clients[0].put("k", [round]).await.unwrap();
        assert_eq!(clients[1].value("k").await, [round]);
        clients[1].delete("k").await.unwrap();
        assert_eq!(clients[0].get("k").await, Err(key_not_found()));
    }
}
