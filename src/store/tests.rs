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
        .put(bucket, &key(k), value.into(), Precondition::None)
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
        .put(&c, &key("abc"), b"12345"[..].into(), Precondition::Absent)
        .unwrap();
    assert_eq!(grown(&mut store), 100);
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
    assert!(store.buckets[0].1.remembered_ages() <= 5);
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
fn a_watcher_that_left_hears_nothing_and_the_others_do() {
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
