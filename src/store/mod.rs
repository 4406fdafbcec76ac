//! The in-memory key-value store: the rules of the protocol over plain data structures. It behaves
//! as a JetStream-backed server does, down to its revisions and its count of bytes, and serves both
//! the `memory` transport and the reference server.

mod bucket;
mod changes;
mod entries;
mod expiry;
mod history;
mod watchers;

use crate::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, Key, KvError, Pattern, Precondition,
    Removal, Revision, Stored, Timestamp, Ttl, WatchEvent, Written,
};
use bucket::Bucket;
pub use changes::ChangesCursor;
pub use entries::{Cursor, Page};
pub use watchers::WatcherId;

/// A clock. Read at most once per operation; it need not be monotonic.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Receives a watcher's events. Called during a write: it must queue the event and return, and never call
/// the store.
pub trait Sink {
    /// The type of the store's values.
    type Value: Stored;
    /// A matching key has changed.
    fn event(&self, event: &std::sync::Arc<WatchEvent<Self::Value>>);
    /// The bucket was deleted, which ends the watch.
    fn bucket_deleted(&self);
}

/// A generation of a bucket: a recreated bucket of the same name has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// A number that the store never uses for another bucket.
    pub number: u64,
    /// The bucket's last revision.
    pub last_revision: Revision,
    /// The bucket's last revision when a key last expired (rule 14). Deletes up to it may no longer be
    /// retained.
    pub last_vanished: Revision,
}

/// The buckets of one environment.
#[derive(Debug)]
pub struct Store<C, S: Sink> {
    clock: C,
    latest: Timestamp,
    /// In ascending order of their names.
    buckets: Vec<(BucketName, Bucket<S>)>,
    buckets_so_far: u64,
    watchers_so_far: u64,
}

impl<C: Clock, S: Sink> Store<C, S> {
    /// A store without buckets.
    pub fn new(clock: C) -> Self {
        Self {
            clock,
            latest: Timestamp::default(),
            buckets: Vec::new(),
            buckets_so_far: 0,
            watchers_so_far: 0,
        }
    }

    /// Creates a bucket, or confirms one that exists with equal settings (rule 16).
    ///
    /// # Errors
    /// [`KvError::Invalid`] for settings out of range, [`KvError::BucketExists`] where the bucket
    /// exists with others.
    pub fn create_bucket(&mut self, config: BucketConfig) -> Result<BucketInfo, KvError> {
        let (name, config) = config.normalized()?;
        let now = self.now();
        match self.position(&name) {
            Ok(at) => match self.buckets[at].1.info(now) {
                info if info.config == config => Ok(info),
                _ => Err(KvError::BucketExists),
            },
            Err(at) => {
                let mut bucket = Bucket::new(&name, self.buckets_so_far, config, now);
                self.buckets_so_far += 1;
                let info = bucket.info(now);
                self.buckets.insert(at, (name, bucket));
                Ok(info)
            }
        }
    }

    /// Deletes a bucket with its keys and ends its watches (rule 16).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn delete_bucket(&mut self, name: &BucketName) -> Result<(), KvError> {
        let at = self.position(name).or(Err(KvError::BucketNotFound))?;
        let (_, bucket) = self.buckets.remove(at);
        bucket.end_watches();
        Ok(())
    }

    /// Every bucket, by name.
    pub fn buckets(&mut self) -> Vec<BucketInfo> {
        let now = self.now();
        self.buckets.iter_mut().map(|(_, b)| b.info(now)).collect()
    }

    /// One bucket's settings and state.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn bucket_info(&mut self, name: &BucketName) -> Result<BucketInfo, KvError> {
        let (bucket, now) = self.bucket(name)?;
        Ok(bucket.info(now))
    }

    /// Reads a live key (rule 5).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::KeyNotFound`].
    pub fn get(&mut self, bucket: &BucketName, key: &Key) -> Result<Entry<S::Value>, KvError> {
        self.reading(bucket)?.get(key)
    }

    /// Writes a value if the precondition holds (rules 3, 4, 12 and 13). With a TTL of its own the value
    /// expires after it, and the key's older revisions are dropped (rules 8 and 14).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::ValueTooLarge`], [`KvError::KeyExists`],
    /// [`KvError::RevisionMismatch`], [`KvError::BucketFull`], checked in this order.
    pub fn put(
        &mut self,
        bucket: &BucketName,
        key: &Key,
        value: S::Value,
        precondition: Precondition,
        ttl: Option<Ttl>,
    ) -> Result<Written, KvError> {
        let (bucket, now) = self.bucket(bucket)?;
        bucket.put(key, value, precondition, ttl, now)
    }

    /// Deletes or purges a key (rules 6 and 7).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::KeyNotFound`], [`KvError::BucketFull`].
    pub fn remove(
        &mut self,
        bucket: &BucketName,
        key: &Key,
        removal: Removal,
    ) -> Result<(), KvError> {
        self.remove_if(bucket, key, removal, None).map(drop)
    }

    /// Deletes or purges a key, where a revision is expected only if its last message, markers
    /// included, has that one (rule 21). Gives the marker's revision.
    ///
    /// # Errors
    /// As [`Store::remove`], and [`KvError::RevisionMismatch`] after [`KvError::KeyNotFound`].
    pub fn remove_if(
        &mut self,
        bucket: &BucketName,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
    ) -> Result<Revision, KvError> {
        let (bucket, now) = self.bucket(bucket)?;
        bucket.remove(key, removal, expected, now)
    }

    /// Reads a revision of a key that is retained and not a marker (rule 22).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::KeyNotFound`].
    pub fn get_revision(
        &mut self,
        bucket: &BucketName,
        key: &Key,
        revision: Revision,
    ) -> Result<Entry<S::Value>, KvError> {
        let retained = self.reading(bucket)?.history(key);
        let found = retained
            .into_iter()
            .find(|change| change.revision == revision);
        found
            .and_then(Change::into_entry)
            .ok_or(KvError::KeyNotFound)
    }

    /// The retained messages of a key, markers included, oldest first; none for a key that was never
    /// written (rule 22).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn history(
        &mut self,
        bucket: &BucketName,
        key: &Key,
    ) -> Result<Vec<Change<S::Value>>, KvError> {
        Ok(self.reading(bucket)?.history(key))
    }

    /// The live keys that match, in ascending order of last revision (rule 9).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn list_keys(
        &mut self,
        bucket: &BucketName,
        pattern: &Pattern,
    ) -> Result<Vec<Key>, KvError> {
        Ok(self.reading(bucket)?.list_keys(pattern))
    }

    /// Starts reading the entries of all live keys that any of the patterns matches.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn entries(
        &mut self,
        bucket: &BucketName,
        patterns: Vec<Pattern>,
    ) -> Result<Cursor, KvError> {
        Ok(Cursor::new(self.reading(bucket)?, patterns))
    }

    /// The next page of entries; `None` after the last (rule 23).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], also if the bucket was deleted and recreated.
    pub fn next_page(
        &mut self,
        bucket: &BucketName,
        cursor: &mut Cursor,
    ) -> Result<Option<Page<S::Value>>, KvError> {
        let bucket = self.reading(bucket)?;
        if !cursor.is_of(bucket) {
            return Err(KvError::BucketNotFound);
        }
        Ok(cursor.page(bucket))
    }

    /// Starts reading what is retained of the keys that any of the patterns matches, markers included,
    /// above a revision.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn changes(
        &mut self,
        bucket: &BucketName,
        patterns: Vec<Pattern>,
        after: Revision,
    ) -> Result<ChangesCursor, KvError> {
        Ok(ChangesCursor::new(self.reading(bucket)?, patterns, after))
    }

    /// The next page of changes; `None` after the last. The last has the revision up to which all
    /// pages together are complete.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], also if the bucket was deleted and recreated.
    pub fn next_changes(
        &mut self,
        bucket: &BucketName,
        cursor: &mut ChangesCursor,
    ) -> Result<Option<Page<S::Value>>, KvError> {
        let bucket = self.reading(bucket)?;
        if !cursor.is_of(bucket) {
            return Err(KvError::BucketNotFound);
        }
        Ok(cursor.page(bucket))
    }

    /// The generation and last revision of a bucket.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn life(&mut self, bucket: &BucketName) -> Result<Life, KvError> {
        let bucket = self.reading(bucket)?;
        Ok(Life {
            number: bucket.number(),
            last_revision: bucket.last_revision(),
            last_vanished: bucket.last_vanished(),
        })
    }

    /// Sends every later change of a matching key to the sink (rule 15).
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`].
    pub fn watch(
        &mut self,
        bucket: &BucketName,
        pattern: Pattern,
        sink: S,
    ) -> Result<WatcherId, KvError> {
        let id = WatcherId(self.watchers_so_far);
        let (bucket, _) = self.bucket(bucket)?;
        bucket.watch(id, pattern, sink);
        self.watchers_so_far += 1;
        Ok(id)
    }

    /// Drops expired messages and notifies the watchers. Every operation does this for its own bucket;
    /// call it for watchers of buckets without operations. Returns the time when a message expires
    /// next: call it again then, or earlier if something is written that expires earlier.
    pub fn expire(&mut self) -> Option<Timestamp> {
        let now = self.now();
        let buckets = self.buckets.iter_mut();
        buckets.filter_map(|(_, bucket)| bucket.expire(now)).min()
    }

    /// Ends a watch, if it has not already ended.
    pub fn unwatch(&mut self, bucket: &BucketName, id: WatcherId) {
        if let Ok(at) = self.position(bucket) {
            self.buckets[at].1.unwatch(id);
        }
    }

    fn bucket(&mut self, name: &BucketName) -> Result<(&mut Bucket<S>, Timestamp), KvError> {
        let now = self.now();
        let at = self.position(name).or(Err(KvError::BucketNotFound))?;
        Ok((&mut self.buckets[at].1, now))
    }

    /// The bucket without expired messages. Reads the clock only if the bucket has a time to live.
    fn reading(&mut self, name: &BucketName) -> Result<&mut Bucket<S>, KvError> {
        let at = self.position(name).or(Err(KvError::BucketNotFound))?;
        if self.buckets[at].1.expires() {
            let now = self.now();
            self.buckets[at].1.expire(now);
        }
        Ok(&mut self.buckets[at].1)
    }

    /// The index of a bucket, or where to insert it.
    fn position(&self, name: &BucketName) -> Result<usize, usize> {
        self.buckets.binary_search_by(|(other, _)| other.cmp(name))
    }

    /// The time, never earlier than before.
    fn now(&mut self) -> Timestamp {
        self.latest = self.latest.max(self.clock.now());
        self.latest
    }
}

#[cfg(test)]
mod tests;
