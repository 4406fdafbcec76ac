//! A bucket of a test's own, as one client sees it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{
    Backend, BucketInfo, BucketSettings, Change, Entry, Event, Expiring, Extended, Failure,
    PutResult, Repeating, Write,
};

static NAMES_SO_FAR: AtomicU32 = AtomicU32::new(0);

/// An unused bucket name. All names of a run have the same length.
pub(crate) fn new_name<B: Backend>(backend: &B) -> String {
    let number = NAMES_SO_FAR.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number:08}", backend.run())
}

/// A bucket, and the client through which a test sees it.
#[derive(Debug)]
pub(crate) struct Bucket<B> {
    pub(crate) backend: B,
    pub(crate) name: String,
}

impl<B: Backend> Bucket<B> {
    /// A new bucket with default settings.
    pub(crate) async fn new(backend: &B) -> Self {
        Self::with(backend, BucketSettings::default()).await
    }

    /// A new bucket that keeps so many revisions of a key.
    pub(crate) async fn with_history(backend: &B, history: u64) -> Self {
        let settings = BucketSettings {
            history,
            ..Default::default()
        };
        Self::with(backend, settings).await
    }

    /// A new bucket with these settings, under a name of its own.
    pub(crate) async fn with(backend: &B, settings: BucketSettings) -> Self {
        let bucket = Self::missing(backend).await;
        let settings = BucketSettings {
            name: bucket.name.clone(),
            ..settings
        };
        bucket.backend.create_bucket(&settings).await.unwrap();
        bucket
    }

    /// A bucket that does not exist.
    pub(crate) async fn missing(backend: &B) -> Self {
        Self {
            backend: backend.client().await,
            name: new_name(backend),
        }
    }

    /// The same bucket through other clients.
    pub(crate) async fn clients(&self, count: usize) -> Vec<Self> {
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            clients.push(Self {
                backend: self.backend.client().await,
                name: self.name.clone(),
            });
        }
        clients
    }

    pub(crate) async fn info(&self) -> Result<BucketInfo, Failure> {
        self.backend.bucket_info(&self.name).await
    }

    /// How many messages it retains.
    pub(crate) async fn values(&self) -> u64 {
        self.info().await.unwrap().values
    }

    /// How many bytes they take.
    pub(crate) async fn bytes(&self) -> u64 {
        self.info().await.unwrap().bytes
    }

    pub(crate) async fn delete_bucket(&self) -> Result<(), Failure> {
        self.backend.delete_bucket(&self.name).await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Entry, Failure> {
        self.backend.get(&self.name, key).await
    }

    /// The bytes of a live key.
    pub(crate) async fn value(&self, key: &str) -> Vec<u8> {
        self.get(key).await.unwrap().value
    }

    pub(crate) async fn put(&self, key: &str, value: impl AsRef<[u8]>) -> Result<u64, Failure> {
        self.backend.put(&self.name, key, value.as_ref()).await
    }

    pub(crate) async fn create(&self, key: &str, value: impl AsRef<[u8]>) -> Result<u64, Failure> {
        self.backend.create(&self.name, key, value.as_ref()).await
    }

    pub(crate) async fn update(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        revision: u64,
    ) -> Result<u64, Failure> {
        let value = value.as_ref();
        self.backend.update(&self.name, key, value, revision).await
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.backend.delete(&self.name, key).await
    }

    pub(crate) async fn purge(&self, key: &str) -> Result<(), Failure> {
        self.backend.purge(&self.name, key).await
    }

    /// Every live key.
    pub(crate) async fn keys(&self) -> Vec<String> {
        self.backend.list_keys(&self.name, None).await.unwrap()
    }

    pub(crate) async fn keys_matching(&self, filter: &str) -> Result<Vec<String>, Failure> {
        self.backend.list_keys(&self.name, Some(filter)).await
    }

    /// Watches every key.
    pub(crate) async fn watch(&self) -> B::Watch {
        self.try_watch(None).await.unwrap()
    }

    /// Watches the keys that match.
    pub(crate) async fn watch_matching(&self, pattern: &str) -> B::Watch {
        self.try_watch(Some(pattern)).await.unwrap()
    }

    pub(crate) async fn try_watch(&self, pattern: Option<&str>) -> Result<B::Watch, Failure> {
        self.backend.watch(&self.name, pattern).await
    }

    /// The event of a write.
    pub(crate) fn put_event(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        revision: u64,
    ) -> Option<Event> {
        Some(Event {
            key: key.to_owned(),
            value: value.as_ref().to_owned(),
            revision,
            operation: "put".to_owned(),
            bucket: self.name.clone(),
        })
    }

    /// The event of a delete or purge.
    pub(crate) fn delete_event(&self, key: &str, revision: u64) -> Option<Event> {
        Some(Event {
            operation: "delete".to_owned(),
            ..self.put_event(key, "", revision)?
        })
    }
}

impl<B: Extended> Bucket<B> {
    /// Deletes a key whose last revision is this one.
    pub(crate) async fn delete_if(&self, key: &str, revision: u64) -> Result<u64, Failure> {
        self.backend.remove(&self.name, key, revision, false).await
    }

    /// Purges a key whose last revision is this one.
    pub(crate) async fn purge_if(&self, key: &str, revision: u64) -> Result<u64, Failure> {
        self.backend.remove(&self.name, key, revision, true).await
    }

    pub(crate) async fn history(&self, key: &str) -> Result<Vec<Change>, Failure> {
        self.backend.history(&self.name, key).await
    }

    /// The entries that match, folded: of each key the last counts. And their revision.
    pub(crate) async fn entries(
        &self,
        filters: &[&str],
    ) -> Result<(Vec<Entry>, Option<u64>), Failure> {
        let (changes, revision) = self.backend.entries(&self.name, filters).await?;
        Ok((fold(changes, revision), revision))
    }

    pub(crate) async fn get_revision(&self, key: &str, revision: u64) -> Result<Entry, Failure> {
        self.backend.get_revision(&self.name, key, revision).await
    }
}

impl<B: Expiring> Bucket<B> {
    /// Writes a key that lives for so many seconds.
    pub(crate) async fn put_for(
        &self,
        key: &str,
        value: &str,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure> {
        let write = Write::Put(value.as_bytes());
        self.write_for(key, write, ttl_seconds).await
    }

    pub(crate) async fn write_for(
        &self,
        key: &str,
        write: Write<'_>,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure> {
        let bucket = &self.name;
        self.backend
            .write_for(bucket, key, write, ttl_seconds)
            .await
    }
}

impl<B: Repeating> Bucket<B> {
    pub(crate) async fn write(
        &self,
        key: &str,
        write: Write<'_>,
        id: &str,
    ) -> Result<Option<u64>, Failure> {
        self.backend.write(&self.name, key, write, id).await
    }
}

/// What changes come to: the live entries, in ascending order of revision.
fn fold(changes: Vec<Change>, revision: Option<u64>) -> Vec<Entry> {
    assert!(changes.is_sorted_by(|a, b| a.revision < b.revision));
    let last = changes.last().map_or(0, |change| change.revision);
    assert!(revision.is_none_or(|revision| last <= revision));
    let mut newest = BTreeMap::new();
    for change in changes {
        newest.insert(change.key.clone(), change);
    }
    let mut live: Vec<Entry> = newest
        .into_values()
        .filter_map(|change| {
            Some(Entry {
                key: change.key,
                value: change.value?,
                revision: change.revision,
                operation: change.operation,
                created_at: change.created_at,
                expires_at: change.expires_at,
            })
        })
        .collect();
    live.sort_unstable_by_key(|entry| entry.revision);
    live
}
