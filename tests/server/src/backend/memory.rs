//! The SDK's own in-memory store, one for each environment.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ironflow_browser::kv::{
    BucketConfig, BucketName, Change, Entry, Key, KvError, Pattern, Precondition, Removal,
    Revision, Timestamp,
};
use ironflow_browser::store::{ChangesCursor, Clock, Cursor, Life, Store, WatcherId};

use super::mailbox::{Delivery, Mailbox, Recipient};
use super::replay::Source;
use super::{Batch, Bucket, Creation, End, Epoch, Page, Result, Wanted, Watch};
use crate::address::BucketAddress;
use crate::environment::Environment;

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let milliseconds = since_1970.unwrap_or_default().as_millis();
        Timestamp(u64::try_from(milliseconds).unwrap_or(u64::MAX))
    }
}

type EnvironmentStore = Store<SystemClock, Delivery>;
type Environments = HashMap<Environment, EnvironmentStore>;

/// The stores. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub(crate) struct Memory {
    stores: Arc<Mutex<Environments>>,
    /// Distinguishes this process from every other, whose buckets have the same numbers.
    run: Arc<str>,
}

impl Default for Memory {
    fn default() -> Self {
        let random = RandomState::new().build_hasher().finish();
        Self {
            stores: Arc::default(),
            run: format!("{random:016x}").into(),
        }
    }
}

impl Memory {
    pub(super) fn create_bucket(
        &self,
        environment: &Environment,
        name: &BucketName,
        config: BucketConfig,
    ) -> Result<Creation> {
        let mut stores = self.lock();
        let store = stores
            .entry(environment.clone())
            .or_insert_with(|| Store::new(SystemClock));
        let is_new = store.bucket_info(name).is_err();
        store.create_bucket(config)?;
        let bucket = self.bucket_in(store, name)?;
        Ok(Creation { bucket, is_new })
    }

    pub(super) fn delete_bucket(&self, at: &BucketAddress) -> Result<()> {
        self.with(at, |store| store.delete_bucket(&at.bucket))
    }

    pub(super) fn buckets(&self, environment: &Environment) -> Vec<Bucket> {
        let mut stores = self.lock();
        let Some(store) = stores.get_mut(environment) else {
            return Vec::new();
        };
        let names = store.buckets().into_iter();
        let names = names.filter_map(|info| BucketName::parse(&info.config.name).ok());
        let names: Vec<_> = names.collect();
        let buckets = names
            .iter()
            .filter_map(|name| self.bucket_in(store, name).ok());
        buckets.collect()
    }

    pub(super) fn bucket(&self, at: &BucketAddress) -> Result<Bucket> {
        self.with(at, |store| self.bucket_in(store, &at.bucket))
    }

    fn bucket_in(
        &self,
        store: &mut EnvironmentStore,
        name: &BucketName,
    ) -> std::result::Result<Bucket, KvError> {
        let info = store.bucket_info(name)?;
        let life = store.life(name)?;
        Ok(Bucket {
            info,
            epoch: self.epoch(life.number),
        })
    }

    /// What names a life of a bucket to clients.
    fn epoch(&self, number: u64) -> Epoch {
        Epoch::new(&format!("{}-{number}", self.run))
    }

    pub(super) fn get(&self, at: &BucketAddress, key: &Key) -> Result<Entry> {
        self.with(at, |store| store.get(&at.bucket, key))
    }

    pub(super) fn put(
        &self,
        at: &BucketAddress,
        key: &Key,
        value: &[u8],
        precondition: Precondition,
    ) -> Result<Revision> {
        let value = value.into();
        self.with(at, |store| store.put(&at.bucket, key, value, precondition))
    }

    pub(super) fn remove(
        &self,
        at: &BucketAddress,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.with(at, |store| {
            store.remove_if(&at.bucket, key, removal, expected)
        })
    }

    pub(super) fn get_revision(
        &self,
        at: &BucketAddress,
        key: &Key,
        revision: Revision,
    ) -> Result<Entry> {
        self.with(at, |store| store.get_revision(&at.bucket, key, revision))
    }

    pub(super) fn history(&self, at: &BucketAddress, key: &Key) -> Result<Vec<Change>> {
        self.with(at, |store| store.history(&at.bucket, key))
    }

    pub(super) fn list_keys(&self, at: &BucketAddress, pattern: &Pattern) -> Result<Vec<Key>> {
        self.with(at, |store| store.list_keys(&at.bucket, pattern))
    }

    pub(super) fn entries(&self, at: &BucketAddress, patterns: Vec<Pattern>) -> Result<Entries> {
        Ok(Entries {
            cursor: self.with(at, |store| store.entries(&at.bucket, patterns))?,
            memory: self.clone(),
            at: at.clone(),
        })
    }

    pub(super) fn watch(&self, at: &BucketAddress, pattern: Pattern) -> Result<Watch> {
        let mailbox = Arc::new(Mailbox::new());
        let recipient: Arc<dyn Recipient> = Arc::clone(&mailbox) as _;
        let watching =
            |store: &mut EnvironmentStore| store.watch(&at.bucket, pattern, Delivery(recipient));
        let subscription = Subscription {
            id: self.with(at, watching)?,
            memory: self.clone(),
            at: at.clone(),
        };
        Ok(Watch::new(mailbox, subscription))
    }

    /// Joins the events of a bucket.
    pub(super) fn attach(&self, at: &BucketAddress) -> Result<Attached> {
        Ok(Attached {
            life: self.with(at, |store| store.life(&at.bucket))?.number,
            memory: self.clone(),
            at: at.clone(),
        })
    }

    pub(super) fn last_revision(&self, at: &BucketAddress, epoch: &Epoch) -> Result<Revision> {
        self.with(at, |store| Ok(self.life(store, at, epoch)?.last_revision))
    }

    /// Starts a replay.
    pub(super) fn replay(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
        wanted: &Wanted,
    ) -> Result<super::Replay> {
        self.with(at, |store| {
            let life = self.life(store, at, epoch)?;
            let (after, is_reset) = wanted.start(epoch, life.last_revision);
            let cursor = store.changes(&at.bucket, wanted.patterns.to_vec(), after)?;
            Ok(super::Replay {
                total: cursor.pending() as u64,
                is_reset,
                source: Source::Memory(Replay {
                    memory: self.clone(),
                    at: at.clone(),
                    patterns: Arc::clone(&wanted.patterns),
                    cursor,
                    // Expiry leaves neither a marker nor a revision.
                    is_pruned: life.expires && after > 0,
                }),
            })
        })
    }

    /// The bucket's life, where it is the one with this epoch.
    fn life(
        &self,
        store: &mut EnvironmentStore,
        at: &BucketAddress,
        epoch: &Epoch,
    ) -> std::result::Result<Life, KvError> {
        let life = store.life(&at.bucket)?;
        if self.epoch(life.number) == *epoch {
            Ok(life)
        } else {
            Err(KvError::BucketNotFound)
        }
    }

    /// Runs an operation on the environment's store. Only `create_bucket` makes one, and it stays:
    /// a watcher's number must never be given out twice.
    fn with<T>(
        &self,
        at: &BucketAddress,
        operation: impl FnOnce(&mut EnvironmentStore) -> std::result::Result<T, KvError>,
    ) -> Result<T> {
        let mut stores = self.lock();
        let store = stores
            .get_mut(&at.environment)
            .ok_or(KvError::BucketNotFound)?;
        Ok(operation(store)?)
    }

    fn lock(&self) -> MutexGuard<'_, Environments> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

/// A reading of many keys. Between two pages others have their turn.
pub(crate) struct Entries {
    memory: Memory,
    at: BucketAddress,
    cursor: Cursor,
}

impl Entries {
    pub(super) fn next(&mut self) -> Result<Option<Page>> {
        let (bucket, cursor) = (&self.at.bucket, &mut self.cursor);
        self.memory
            .with(&self.at, |store| store.next_page(bucket, cursor))
    }
}

/// A watcher of a store, taken away when dropped.
struct Subscription {
    memory: Memory,
    at: BucketAddress,
    id: WatcherId,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(store) = self.memory.lock().get_mut(&self.at.environment) {
            store.unwatch(&self.at.bucket, self.id);
        }
    }
}

/// A share in the events of a bucket.
#[derive(Debug)]
pub(crate) struct Attached {
    memory: Memory,
    at: BucketAddress,
    /// Which life of the bucket.
    life: u64,
}

impl Attached {
    pub(super) fn epoch(&self) -> Epoch {
        self.memory.epoch(self.life)
    }

    /// Delivers the changes of matching keys too.
    pub(super) fn follow(
        &self,
        pattern: Pattern,
        recipient: Arc<dyn Recipient>,
    ) -> Result<impl Send + Sync + use<>> {
        let id = self.memory.with(&self.at, |store| {
            if store.life(&self.at.bucket)?.number != self.life {
                return Err(KvError::BucketNotFound);
            }
            store.watch(&self.at.bucket, pattern, Delivery(recipient))
        })?;
        Ok(Subscription {
            memory: self.memory.clone(),
            at: self.at.clone(),
            id,
        })
    }

    /// The last revision: its event was delivered within the write.
    pub(super) fn progress(&self) -> Option<Revision> {
        let life = self
            .memory
            .with(&self.at, |store| store.life(&self.at.bucket));
        let life = life.ok().filter(|life| life.number == self.life);
        life.map(|life| life.last_revision)
    }
}

/// A replay under way. Between two batches others have their turn.
#[derive(Debug)]
pub(crate) struct Replay {
    memory: Memory,
    at: BucketAddress,
    patterns: Arc<[Pattern]>,
    cursor: ChangesCursor,
    /// Whether deletes may be missing.
    is_pruned: bool,
}

impl Replay {
    pub(super) fn next(&mut self) -> Result<Batch> {
        let (bucket, cursor) = (&self.at.bucket, &mut self.cursor);
        self.memory.with(&self.at, |store| {
            let Some(page) = store.next_changes(bucket, cursor)? else {
                return Ok(Batch::default());
            };
            let end = match page.revision {
                None => None,
                Some(revision) if !self.is_pruned => Some(End {
                    revision,
                    live: None,
                }),
                Some(revision) => {
                    let mut live = HashSet::new();
                    for pattern in self.patterns.iter() {
                        live.extend(store.list_keys(bucket, pattern)?);
                    }
                    let live = Some(live.into_iter().collect());
                    Some(End { revision, live })
                }
            };
            let changes = page.changes;
            Ok(Batch { changes, end })
        })
    }
}
