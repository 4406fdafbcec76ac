//! What the benchmarks of the host share: stores and keys to work on.
#![deny(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use ironflow_browser::kv::{
    BucketConfig, BucketName, Key, Pattern, Precondition, Timestamp, WatchEvent,
};
use ironflow_browser::store::{Clock, Sink, Store};

/// A clock that stands still.
#[derive(Debug)]
pub struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

/// A sink that ignores events.
#[derive(Debug)]
pub struct IgnoreEvents;

impl Sink for IgnoreEvents {
    type Value = ironflow_browser::kv::Value;

    fn event(&self, event: &Arc<WatchEvent>) {
        black_box(event);
    }

    fn bucket_deleted(&self) {}
}

/// A store with one bucket.
#[derive(Debug)]
pub struct Bench {
    /// The store.
    pub store: Store<Midnight, IgnoreEvents>,
    /// The bucket's name.
    pub bucket: BucketName,
}

impl Default for Bench {
    fn default() -> Self {
        let bucket = BucketName::parse("bench").expect("a name");
        let mut store = Store::new(Midnight);
        let config = BucketConfig {
            name: bucket.to_string(),
            ..BucketConfig::default()
        };
        store.create_bucket(config).expect("a bucket");
        Self { store, bucket }
    }
}

impl Bench {
    /// With these keys.
    pub fn with_keys(keys: &[Key]) -> Self {
        let mut bench = Self::default();
        keys.iter().for_each(|key| bench.put(key));
        bench
    }

    /// With a watcher of each of these.
    pub fn with_watchers(patterns: &[Pattern]) -> Self {
        let mut bench = Self::default();
        for pattern in patterns {
            let watched = bench
                .store
                .watch(&bench.bucket, pattern.clone(), IgnoreEvents);
            watched.expect("a watcher");
        }
        bench
    }

    /// Writes a key.
    pub fn put(&mut self, key: &Key) {
        let value = b"value"[..].into();
        let written = self
            .store
            .put(&self.bucket, key, value, Precondition::None, None);
        black_box(written.expect("a revision"));
    }

    /// How many keys match.
    pub fn list(&mut self, pattern: &Pattern) -> usize {
        let listed = self.store.list_keys(&self.bucket, pattern);
        black_box(listed.expect("keys")).len()
    }
}

/// A key.
pub fn key(text: &str) -> Key {
    Key::parse(text).expect("a key")
}

/// A pattern.
pub fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).expect("a pattern")
}

/// `user.0`, `user.1` and so on.
pub fn users(count: usize) -> Vec<Key> {
    (0..count).map(|n| key(&format!("user.{n}"))).collect()
}

/// Keys of which 10 begin with `user`.
pub fn few_users_of(count: usize) -> Vec<Key> {
    let kinds = ["order", "cart", "user-session", "flag"];
    let name = |n: usize| match n % (count / 10) {
        0 => format!("user.{n}"),
        _ => format!("{}.{n}", kinds[n % 4]),
    };
    (0..count).map(|n| key(&name(n))).collect()
}

/// A watcher's pattern for each key.
pub fn exactly(keys: &[Key]) -> Vec<Pattern> {
    keys.iter().map(|key| pattern(key)).collect()
}
