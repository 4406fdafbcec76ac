//! The SDK's own in-memory store, one for each environment.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ironflow_browser::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, Key, KvError, Pattern, Precondition,
    Removal, Revision, Timestamp,
};
use ironflow_browser::store::{Clock, Cursor, Store, WatcherId};

use super::mailbox::{Delivery, Mailbox};
use super::{Creation, Page, Result, Watch};
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

type Environments = HashMap<Environment, Store<SystemClock, Delivery>>;

/// The stores. Cheap to clone: all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Environments>>);

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
        let info = store.create_bucket(config)?;
        Ok(Creation { info, is_new })
    }

    pub(super) fn delete_bucket(&self, at: &BucketAddress) -> Result<()> {
        self.with(at, |store| store.delete_bucket(&at.bucket))
    }

    pub(super) fn buckets(&self, environment: &Environment) -> Vec<BucketInfo> {
        let mut stores = self.lock();
        stores
            .get_mut(environment)
            .map(Store::buckets)
            .unwrap_or_default()
    }

    pub(super) fn bucket_info(&self, at: &BucketAddress) -> Result<BucketInfo> {
        self.with(at, |store| store.bucket_info(&at.bucket))
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
        let delivery = Delivery(Arc::clone(&mailbox));
        let id = self.with(at, |store| store.watch(&at.bucket, pattern, delivery))?;
        let subscription = Subscription {
            memory: self.clone(),
            at: at.clone(),
            id,
        };
        Ok(Watch::new(mailbox, subscription))
    }

    /// Runs an operation on the environment's store. Only `create_bucket` makes one, and it stays:
    /// a watcher's number must never be given out twice.
    fn with<T>(
        &self,
        at: &BucketAddress,
        operation: impl FnOnce(&mut Store<SystemClock, Delivery>) -> std::result::Result<T, KvError>,
    ) -> Result<T> {
        let mut stores = self.lock();
        let store = stores
            .get_mut(&at.environment)
            .ok_or(KvError::BucketNotFound)?;
        Ok(operation(store)?)
    }

    fn lock(&self) -> MutexGuard<'_, Environments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
