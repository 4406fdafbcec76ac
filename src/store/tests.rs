use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::*;

/// A clock set by hand.
#[derive(Clone, Default)]
struct Hand(Rc<Cell<u64>>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.get())
    }
}

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<Revision>>>);

impl Sink for Seen {
    type Value = crate::kv::Value;

    fn event(&self, event: &Arc<WatchEvent>) {
        self.0.borrow_mut().push(event.revision);
    }

    fn bucket_deleted(&self) {
        self.0.borrow_mut().push(0);
    }
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn store(config: BucketConfig) -> (Store<Hand, Seen>, Hand, BucketName) {
    let clock = Hand::default();
    let mut store = Store::new(clock.clone());
    let name = BucketName::parse(&config.name).unwrap();
    store.create_bucket(config).unwrap();
    (store, clock, name)
}

fn put(store: &mut Store<Hand, Seen>, bucket: &BucketName, k: &str, value: &[u8]) -> Revision {
    store
        .put(bucket, &key(k), value.into(), Precondition::None, None)
        .unwrap()
        .revision
}

fn put_for(store: &mut Store<Hand, Seen>, bucket: &BucketName, k: &str, seconds: u32) -> Written {
    let (value, ttl) = (b"v"[..].into(), Ttl::from_seconds(seconds));
    store
        .put(bucket, &key(k), value, Precondition::None, ttl)
        .unwrap()
}

#[test]
fn bytes_count_as_jetstreams_file_storage_does() {
    // Measured there: key abc in bucket c, 5 bytes: put 44, create 100.
    let (mut store, _, c) = store(BucketConfig {
        name: "c".into(),
        history: 64,
        ..BucketConfig::default()
    });
    let mut last = 0;
    let mut grown = |store: &mut Store<_, _>| {
        let bytes = store.bucket_info(&c).unwrap().bytes;
        let grown = bytes - last;
        last = bytes;
        grown
    };
    put(&mut store, &c, "abc", b"12345");
    assert_eq!(grown(&mut store), 44);
    store.remove(&c, &key("abc"), Removal::Delete).unwrap();
    // 74 as measured without an expected revision, and the 40 bytes of that header.
    assert_eq!(grown(&mut store), 114);
    store
        .put(
            &c,
            &key("abc"),
            b"12345"[..].into(),
            Precondition::Absent,
            None,
        )
        .unwrap();
    assert_eq!(grown(&mut store), 100);
}

#[test]
fn headers_of_a_time_to_live_count_as_jetstreams_do() {
    // Measured there: key k in bucket full, 20 bytes, Nats-TTL of 1 s: 108.
    let (mut store, _, full) = store(BucketConfig {
        name: "full".into(),
        ..BucketConfig::default()
    });
    let ttl = Ttl::from_seconds(1);
    let value = [0; 20][..].into();
    store
        .put(&full, &key("k"), value, Precondition::None, ttl)
        .unwrap();
    assert_eq!(store.bucket_info(&full).unwrap().bytes, 108);
}

#[test]
fn expire_emits_what_is_due_and_gives_the_time_of_the_next() {
    let (mut store, clock, b) = store(BucketConfig {
        name: "b".into(),
        ..BucketConfig::default()
    });
    assert_eq!(store.expire(), None);
    let (seen, other) = (Seen::default(), Seen::default());
    let pattern = |text| Pattern::parse(text).unwrap();
    store.watch(&b, pattern(">"), seen.clone()).unwrap();
    store.watch(&b, pattern("other"), other.clone()).unwrap();
    let late = put_for(&mut store, &b, "late", 3); // 1
    assert_eq!(late.expires, Some(Timestamp(3000)));
    put_for(&mut store, &b, "early", 1); // 2
    put(&mut store, &b, "lasting", b""); // 3
    assert_eq!(store.expire(), Some(Timestamp(1000)));
    clock.0.set(1000);
    assert_eq!(store.expire(), Some(Timestamp(3000))); // 4
    assert_eq!(store.life(&b).unwrap().last_vanished, 4);
    put(&mut store, &b, "late", b""); // 5
    clock.0.set(9000);
    assert_eq!(store.expire(), None);
    assert_eq!(store.life(&b).unwrap().last_vanished, 4);
    assert_eq!(*seen.0.borrow(), [1, 2, 3, 4, 5]);
    assert_eq!(*other.0.borrow(), [0; 0]);
}

#[test]
fn the_marker_of_a_purge_expires_silently_as_in_jetstream() {
    let (mut store, clock, b) = store(BucketConfig {
        name: "b".into(),
        ttl_seconds: 1,
        ..BucketConfig::default()
    });
    for (k, removal) in [("deleted", Removal::Delete), ("purged", Removal::Purge)] {
        put(&mut store, &b, k, b"");
        store.remove(&b, &key(k), removal).unwrap();
    }
    clock.0.set(1000);
    assert_eq!(put(&mut store, &b, "next", b""), 6);
    assert_eq!(store.life(&b).unwrap().last_vanished, 5);
}

#[test]
fn a_clock_that_goes_back_does_not_unsort_the_messages() {
    let (mut store, clock, b) = store(BucketConfig {
        name: "b".into(),
        ttl_seconds: 1,
        ..BucketConfig::default()
    });
    clock.0.set(5000);
    put(&mut store, &b, "a", b"");
    clock.0.set(1000);
    put(&mut store, &b, "b", b"");
    assert_eq!(store.get(&b, &key("b")).unwrap().created, Timestamp(5000));
    clock.0.set(6000);
    assert_eq!(store.get(&b, &key("b")), Err(KvError::KeyNotFound));
}

#[test]
fn a_key_rewritten_for_ever_within_its_time_to_live_takes_bounded_memory() {
    let (mut store, _, b) = store(BucketConfig {
        name: "b".into(),
        ttl_seconds: 1,
        ..BucketConfig::default()
    });
    for _ in 0..10_000 {
        put(&mut store, &b, "a", b"");
        put(&mut store, &b, "b", b"");
    }
    assert!(store.buckets[0].1.remembered_expiries() <= 5);
    for _ in 0..10_000 {
        put_for(&mut store, &b, "a", 1000);
        put(&mut store, &b, "b", b"");
    }
    assert!(store.buckets[0].1.remembered_expiries() <= 5);
}

#[test]
fn only_what_expired_goes_and_the_rest_of_the_history_stays() {
    let (mut store, clock, b) = store(BucketConfig {
        name: "b".into(),
        ttl_seconds: 1,
        history: 3,
        ..BucketConfig::default()
    });
    for time in [0, 400, 800] {
        clock.0.set(time);
        put(&mut store, &b, "a", b"x");
    }
    clock.0.set(1399);
    assert_eq!(store.bucket_info(&b).unwrap().values, 2);
    clock.0.set(1400);
    assert_eq!(store.bucket_info(&b).unwrap().values, 1);
    clock.0.set(1800);
    let info = store.bucket_info(&b).unwrap();
    assert_eq!((info.values, info.bytes), (0, 0));
}

#[test]
fn a_removed_watcher_gets_no_events_and_the_others_do() {
    let (mut store, _, b) = store(BucketConfig {
        name: "b".into(),
        ..BucketConfig::default()
    });
    let (left, stayed) = (Seen::default(), Seen::default());
    let pattern = || Pattern::parse("user.*").unwrap();
    let id = store.watch(&b, pattern(), left.clone()).unwrap();
    store.watch(&b, pattern(), stayed.clone()).unwrap();
    put(&mut store, &b, "user.1", b"");
    store.unwatch(&b, id);
    store.unwatch(&b, id);
    put(&mut store, &b, "user.2", b"");
    store.delete_bucket(&b).unwrap();
    assert_eq!(*left.0.borrow(), [1]);
    assert_eq!(*stayed.0.borrow(), [1, 2, 0]);
}

/// Reads changes to their end; gives the revisions of each page and the revision of the end.
fn changes(
    store: &mut Store<Hand, Seen>,
    bucket: &BucketName,
    patterns: &[&str],
    after: Revision,
    mut between: impl FnMut(&mut Store<Hand, Seen>),
) -> (Vec<Vec<Revision>>, Revision) {
    let patterns = patterns.iter().map(|p| Pattern::parse(p).unwrap());
    let mut cursor = store.changes(bucket, patterns.collect(), after).unwrap();
    let mut pages = Vec::new();
    loop {
        let page = store.next_changes(bucket, &mut cursor).unwrap().unwrap();
        pages.push(page.changes.iter().map(|change| change.revision).collect());
        if let Some(end) = page.revision {
            assert!(store.next_changes(bucket, &mut cursor).unwrap().is_none());
            return (pages, end);
        }
        between(store);
    }
}

#[test]
fn changes_are_every_retained_message_after_a_revision() {
    let (mut store, _, b) = store(BucketConfig {
        name: "b".into(),
        history: 2,
        ..BucketConfig::default()
    });
    for k in ["a.1", "a.2", "a.1", "a.1", "b"] {
        put(&mut store, &b, k, b"v"); // 1 to 5, of which 1 is not retained
    }
    store.remove(&b, &key("a.2"), Removal::Delete).unwrap(); // 6
    for (patterns, after, revisions) in [
        (&[">"][..], 0, &[4, 5][..]),
        (&[">"], 1, &[2, 3, 4, 5, 6]),
        (&["a.*", ">", "b"], 3, &[4, 5, 6]),
        (&["a.2"], 1, &[2, 6]),
        (&["a.2"], 0, &[]),
        (&[">"], 6, &[]),
        (&[">"], 99, &[]),
    ] {
        let read = changes(&mut store, &b, patterns, after, |_| ());
        assert_eq!(
            read,
            (vec![revisions.to_vec()], 6),
            "{patterns:?} after {after}"
        );
    }
}

#[test]
fn changes_written_during_a_read_are_in_it() {
    let (mut store, _, b) = store(BucketConfig {
        name: "b".into(),
        history: 1,
        ..BucketConfig::default()
    });
    for number in 0..1200 {
        put(&mut store, &b, &format!("k{number}"), b"v");
    }
    for after in [0, 1] {
        let mut written = false;
        let last = store.life(&b).unwrap().last_revision;
        let (pages, end) = changes(&mut store, &b, &["*"], after, |store| {
            if !std::mem::replace(&mut written, true) {
                // One that was read, one that was not, and one that is new.
                for k in ["k2", "k1100", &format!("new{after}")] {
                    put(store, &b, k, b"w");
                }
                store.remove(&b, &key("k3"), Removal::Purge).unwrap();
            }
        });
        let revisions = pages.concat();
        assert!(pages.iter().all(|page| page.len() <= 500));
        assert!(revisions.is_sorted());
        assert_eq!(end, last + 4);
        assert!(revisions.ends_with(&[last + 1, last + 2, last + 3, last + 4]));
    }
}

#[test]
fn a_read_of_changes_ends_with_the_life_of_the_bucket() {
    let config = BucketConfig {
        name: "b".into(),
        ..BucketConfig::default()
    };
    let (mut store, _, b) = store(config.clone());
    let life = store.life(&b).unwrap();
    assert_eq!(life.last_vanished, 0);
    let mut cursor = store.changes(&b, vec![Pattern::all()], 0).unwrap();
    store.delete_bucket(&b).unwrap();
    store.create_bucket(config).unwrap();
    assert_ne!(store.life(&b).unwrap().number, life.number);
    let ended = store.next_changes(&b, &mut cursor).unwrap_err();
    assert_eq!(ended, KvError::BucketNotFound);
}
