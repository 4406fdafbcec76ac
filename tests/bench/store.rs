//! What the store's index saves: each figure is the time of a scan over everything, divided by the
//! time of the store's own way, both measured in alternation in this run.
//!
//! The index is a tree with a level a token (`src/store/tree.rs`). A listing walks only the branches
//! its pattern can match, a write looks up at most three children a token, so neither grows with
//! what cannot match. Run with `make bench`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ironflow_browser::kv::{
    BucketConfig, BucketName, Key, Pattern, Precondition, Timestamp, WatchEvent,
};
use ironflow_browser::store::{Clock, Sink, Store};

struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

struct Nobody;

impl Sink for Nobody {
    fn event(&self, event: &Arc<WatchEvent>) {
        black_box(event);
    }

    fn bucket_deleted(&self) {}
}

fn main() {
    let bucket = BucketName::parse("bench").expect("a name");
    println!("{:62} {:>10} {:>10} {:>9}", "", "scan", "store", "ratio");
    list_few_of_many(&bucket);
    write_among_watchers(&bucket);
}

/// `listKeys("user.>")` where 10 keys of 100,000 match.
fn list_few_of_many(bucket: &BucketName) {
    let mut store = new_store(bucket);
    let keys: Vec<Key> = (0..100_000)
        .map(|n| match n % 10_000 {
            0 => key(&format!("user.{n}")),
            _ => key(&format!(
                "{}.{n}",
                ["order", "cart", "user-session", "flag"][n % 4]
            )),
        })
        .collect();
    for key in &keys {
        put(&mut store, bucket, key);
    }
    let pattern = Pattern::parse("user.>").expect("a pattern");
    let scan = || keys.iter().filter(|key| pattern.matches(key)).count();
    compare(
        "listKeys(\"user.>\"), 10 of 100,000 keys match",
        10,
        &mut || assert_eq!(black_box(scan()), 10),
        &mut || assert_eq!(store.list_keys(bucket, &pattern).expect("keys").len(), 10),
    );
}

/// One write where each of 10,000 watchers watches another key.
fn write_among_watchers(bucket: &BucketName) {
    for count in [10, 100, 1_000, 10_000] {
        let mut store = new_store(bucket);
        let patterns: Vec<Pattern> = (0..count)
            .map(|n| Pattern::parse(&format!("user.{n}")).expect("a pattern"))
            .collect();
        for pattern in &patterns {
            store
                .watch(bucket, pattern.clone(), Nobody)
                .expect("a watcher");
        }
        let written = key("user.7");
        let scan = || {
            patterns
                .iter()
                .filter(|pattern| pattern.matches(&written))
                .count()
        };
        compare(
            &format!("a write among {count} exact-key watchers"),
            1_000,
            &mut || assert_eq!(black_box(scan()), 1),
            &mut || put(&mut store, bucket, &written),
        );
    }
}

fn new_store(bucket: &BucketName) -> Store<Midnight, Nobody> {
    let mut store = Store::new(Midnight);
    let config = BucketConfig {
        name: bucket.to_string(),
        ..BucketConfig::default()
    };
    store.create_bucket(config).expect("a bucket");
    store
}

fn key(text: &str) -> Key {
    Key::parse(text).expect("a key")
}

fn put(store: &mut Store<Midnight, Nobody>, bucket: &BucketName, key: &Key) {
    let value = b"value"[..].into();
    black_box(
        store
            .put(bucket, key, value, Precondition::None)
            .expect("a revision"),
    );
}

/// Runs both in alternation, a batch at a time, and prints the medians and their ratio.
fn compare<'a>(name: &str, batch: u32, scan: &'a mut dyn FnMut(), store: &'a mut dyn FnMut()) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..21 {
        for (times, work) in times.iter_mut().zip([&mut *scan, &mut *store]) {
            let start = Instant::now();
            (0..batch).for_each(|_| work());
            times.push(start.elapsed() / batch);
        }
    }
    let [scan, store] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].max(Duration::from_nanos(1))
    });
    let ratio = scan.as_secs_f64() / store.as_secs_f64();
    println!("{name:62} {scan:>10.1?} {store:>10.1?} {ratio:>8.1}x");
}
