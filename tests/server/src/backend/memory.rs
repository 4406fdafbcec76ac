//! The SDK's own in-memory store, one for each environment.

mod expiring;
mod replay;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironflow_browser::kv::{
    BucketConfig, BucketName, Change, Entry, Key, KvError, Pattern, Removal, Revision, Timestamp,
};
use ironflow_browser::store::{Clock, Cursor, Life, Store, WatcherId};

use super::mailbox::{Delivery, Mailbox, Recipient};
use super::{Bucket, Creation, Epoch, Page, PutOptions, Result, Watch, WriteLimits, Written};
use crate::address::BucketAddress;
use crate::environment::Environment;
use crate::features::Features;
use expiring::Stores;
pub(crate) use replay::Replay;

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        super::now()
    }
}

type EnvironmentStore = Store<SystemClock, Delivery>;

/// The stores. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub(crate) struct Memory {
    stores: Arc<Mutex<Stores>>,
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
            .of_environments
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
        let Some(store) = stores.of_environments.get_mut(environment) else {
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

    /// A bucket in memory has every extension.
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
            features: Features::ALL,
        })
    }

    /// What names a life of a bucket to clients.
    fn epoch(&self, number: u64) -> Epoch {
        Epoch::new(&format!("{}-{number}", self.run))
    }

    pub(super) fn write_limits(&self, at: &BucketAddress) -> Result<WriteLimits> {
        let bucket = self.bucket(at)?;
        Ok(WriteLimits {
            value: bucket.info.config.value_limit(),
            takes_ttl: true,
        })
    }

    pub(super) fn get(&self, at: &BucketAddress, key: &Key) -> Result<Entry> {
        self.with(at, |store| store.get(&at.bucket, key))
    }

    pub(super) fn put(
        &self,
        at: &BucketAddress,
        key: &Key,
        value: &[u8],
        PutOptions {
            precondition, ttl, ..
        }: PutOptions<'_>,
    ) -> Result<Written> {
        let (bucket, value) = (&at.bucket, value.into());
        let put = self.with(at, |store| store.put(bucket, key, value, precondition, ttl))?;
        if let Some(time) = put.expires {
            self.expire_at(time);
        }
        Ok(Written {
            expires: ttl.and(put.expires),
            ..written(put.revision)
        })
    }

    pub(super) fn remove(
        &self,
        at: &BucketAddress,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
    ) -> Result<Written> {
        self.with(at, |store| {
            store.remove_if(&at.bucket, key, removal, expected)
        })
        .map(written)
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
            .of_environments
            .get_mut(&at.environment)
            .ok_or(KvError::BucketNotFound)?;
        Ok(operation(store)?)
    }

    fn lock(&self) -> MutexGuard<'_, Stores> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write to memory. It keeps no ids: it forgets them when it forgets the data.
const fn written(revision: Revision) -> Written {
    Written {
        revision,
        is_id_stored: true,
        expires: None,
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
        let mut stores = self.memory.lock();
        if let Some(store) = stores.of_environments.get_mut(&self.at.environment) {
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
