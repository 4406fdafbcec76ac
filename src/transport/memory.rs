//! Operations on a store in memory.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::operation::Operation;
use crate::config::Config;
use crate::error::Error;
use crate::ffi::{self, Body, Failure, Features, OperationResult};
use crate::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, KvError, Pattern, Reason, Stored,
    Timestamp, WatchEvent,
};
use crate::store::{Clock, Sink, Store, WatcherId};
use crate::text::concat;

/// A store in memory. It lives as long as a configuration uses it.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Rc<SharedStore>,
    /// Whether a missing bucket is created on first use.
    auto_create: bool,
    pub(crate) features: Features,
}

/// The supported features, as a server announces them.
const FEATURES: &str = "write-id,remove,entries,history";

/// A value held by JavaScript: only JavaScript reads it, so it is not copied into the WebAssembly. The default
/// is no value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    value: Option<Body>,
    size: usize,
}

impl Stored for Held {
    fn size(&self) -> usize {
        self.size
    }
}

type SharedStore = RefCell<Store<PlatformClock, Rc<EventQueue>>>;

thread_local! {
    /// The named stores. Unused ones are dropped.
    static NAMED: RefCell<Vec<(String, Weak<SharedStore>)>> = const { RefCell::new(Vec::new()) };
    /// The time of the operation in progress: the clock is read before the store is borrowed.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// The queues to wake once the store is no longer borrowed.
    static FILLED: RefCell<Vec<Rc<EventQueue>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct PlatformClock;

impl Clock for PlatformClock {
    fn now(&self) -> Timestamp {
        Timestamp(NOW.get())
    }
}

/// The store with a name, created if there is none.
fn named(name: String) -> Rc<SharedStore> {
    NAMED.with_borrow_mut(|stores| {
        stores.retain(|(_, store)| store.strong_count() > 0);
        let found = stores.iter().find(|(known, _)| *known == name);
        found
            .and_then(|(_, store)| store.upgrade())
            .unwrap_or_else(|| {
                let store = Rc::new(new_store());
                stores.push((name, Rc::downgrade(&store)));
                store
            })
    })
}

fn new_store() -> SharedStore {
    RefCell::new(Store::new(PlatformClock))
}

impl Memory {
    /// A store with these buckets: a new one, or a shared one of the same name.
    ///
    /// # Errors
    /// As `createBucket`, for a bucket that exists with other settings.
    pub(crate) fn open(config: &Config, buckets: &[BucketConfig]) -> Result<Self, KvError> {
        let store = match &config.memory.name {
            // Environments are isolated (rule 18).
            Some(name) => named(concat(&[&config.environment, " ", name])),
            None => Rc::new(new_store()),
        };
        let memory = Self {
            store,
            auto_create: config.memory.auto_create,
            features: ffi::new_features(Some(FEATURES)),
        };
        for bucket in buckets {
            memory.store().create_bucket(bucket.clone())?;
        }
        Ok(memory)
    }

    /// Borrows the store: no JavaScript may be called until it is released.
    fn store(&self) -> RefMut<'_, Store<PlatformClock, Rc<EventQueue>>> {
        NOW.set(ffi::wall_clock() as u64);
        self.store.borrow_mut()
    }

    /// The same store, which creates missing buckets on first use.
    pub(crate) fn with_auto_create(self) -> Self {
        Self {
            auto_create: true,
            ..self
        }
    }

    fn auto_create_bucket(&self, bucket: &BucketName) {
        if !self.auto_create {
            return;
        }
        let mut store = self.store();
        if store.bucket_info(bucket).is_err() {
            // The name is valid and unused.
            let _ = store.create_bucket(BucketConfig::named(bucket));
        }
    }

    pub(crate) fn carry_out(&self, operation: &Operation) -> OperationResult {
        if let Some(bucket) = operation.bucket() {
            self.auto_create_bucket(bucket);
        }
        let outcome = self.perform(operation);
        FILLED.take().iter().for_each(|queue| (queue.wake)());
        outcome
    }

    fn perform(&self, operation: &Operation) -> OperationResult {
        Ok(match operation {
            Operation::CreateBucket(config) => {
                let info = self.store().create_bucket(config.clone())?;
                bucket_info(&info)
            }
            Operation::DeleteBucket(name) => {
                self.store().delete_bucket(name)?;
                JsValue::UNDEFINED
            }
            Operation::Connect => JsValue::UNDEFINED,
            Operation::ListBuckets => {
                let infos = self.store().buckets();
                infos.iter().map(bucket_info).collect::<Array>().into()
            }
            Operation::BucketInfo(name) => {
                let info = self.store().bucket_info(name)?;
                bucket_info(&info)
            }
            Operation::Get(bucket, key) => {
                let found = self.store().get(bucket, key)?;
                entry(found)?
            }
            Operation::GetRevision(bucket, key, revision) => {
                let found = self.store().get_revision(bucket, key, *revision)?;
                entry(found)?
            }
            Operation::History(bucket, key) => {
                let changes = self.store().history(bucket, key)?;
                let history = Array::new();
                for change in changes {
                    history.push(&retained(change)?);
                }
                history.into()
            }
            Operation::Find(bucket, key, _) => {
                let found = self.store().get(bucket, key);
                match found {
                    Err(KvError::KeyNotFound) => JsValue::UNDEFINED,
                    found => entry(found?)?,
                }
            }
            Operation::Entries(bucket, patterns) => {
                let entries = Array::new();
                for pattern in patterns {
                    let keys = self.store().list_keys(bucket, pattern)?;
                    for key in keys {
                        let found = self.store().get(bucket, &key);
                        if let Ok(found) = found {
                            entries.push(&entry(found)?);
                        }
                    }
                }
                ffi::newest_entries(&entries)
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
            } => {
                let size = body.size().map_err(not_encoded)? as usize;
                let value = Held {
                    value: Some(body.clone()),
                    size,
                };
                let written = self.store().put(bucket, key, value, *precondition, None)?;
                ffi::new_put_result(written.revision as f64)
            }
            Operation::Remove {
                bucket,
                key,
                removal,
                revision,
            } => {
                let marker = self.store().remove_if(bucket, key, *removal, *revision)?;
                ffi::new_put_result(marker as f64)
            }
            Operation::ListKeys(bucket, filter) => {
                let pattern = filter.clone().unwrap_or_else(Pattern::all);
                let keys = self.store().list_keys(bucket, &pattern)?;
                keys.iter()
                    .map(|key| JsString::from(&**key))
                    .collect::<Array>()
                    .into()
            }
        })
    }

    /// Collects the changes of matching keys in the queue.
    pub(crate) fn watch(
        &self,
        bucket: &BucketName,
        filter: Option<&Pattern>,
        queue: Rc<EventQueue>,
    ) -> Result<WatcherId, KvError> {
        self.auto_create_bucket(bucket);
        let pattern = filter.cloned().unwrap_or_else(Pattern::all);
        self.store().watch(bucket, pattern, queue)
    }

    pub(crate) fn unwatch(&self, bucket: &BucketName, id: WatcherId) {
        self.store().unwatch(bucket, id);
    }
}

/// The error if the platform lacks a function to encode a value.
fn not_encoded(cause: JsValue) -> Failure {
    Failure::caused(
        Error::Validation("the value cannot be encoded here".into()),
        cause,
    )
}

/// Converts a retained revision for JavaScript.
fn retained(change: Change<Held>) -> OperationResult {
    let (revision, created) = (change.revision as f64, change.created.0 as f64);
    let reason = change.reason.map(Reason::as_str);
    match change.value.and_then(|held| held.value) {
        Some(value) => value.entry(revision, created).map_err(not_encoded),
        None => Ok(ffi::gone_entry(&change.key, revision, created, reason)),
    }
}

fn entry(entry: Entry<Held>) -> OperationResult {
    let (revision, created) = (entry.revision as f64, entry.created.0 as f64);
    match entry.value.value {
        Some(value) => value.entry(revision, created).map_err(not_encoded),
        None => Ok(JsValue::UNDEFINED),
    }
}

fn bucket_info(info: &BucketInfo) -> JsValue {
    ffi::new_bucket_info(
        &info.config.name,
        &info.config.description,
        info.config.ttl_seconds as f64,
        info.values as f64,
        info.bytes as f64,
        info.config.history as f64,
        info.created.0 as f64,
    )
}

/// The queued events of one watcher. They are delivered in a later microtask, because a callback must not run
/// during a write.
pub(crate) struct EventQueue {
    events: RefCell<VecDeque<Arc<WatchEvent<Held>>>>,
    bucket_deleted: Cell<bool>,
    /// Whether it has been woken since the last read.
    woken: Cell<bool>,
    /// Called when the queue is no longer empty.
    wake: Box<dyn Fn()>,
}

impl EventQueue {
    pub(crate) fn new(wake: Box<dyn Fn()>) -> Self {
        Self {
            events: RefCell::default(),
            bucket_deleted: Cell::new(false),
            woken: Cell::new(false),
            wake,
        }
    }

    /// The next event, converted for JavaScript with the bucket's name.
    pub(crate) fn next(&self, bucket: &JsValue) -> Option<(Arc<WatchEvent<Held>>, JsValue)> {
        self.woken.set(false);
        let event = self.events.borrow_mut().pop_front()?;
        let revision = event.revision as f64;
        let given = match &event.value.value {
            Some(value) => value.event(revision, bucket),
            None => {
                let reason = event.reason.map(Reason::as_str);
                Ok(ffi::gone_event(&event.key, revision, bucket, reason))
            }
        };
        let Ok(given) = given else {
            // The platform cannot encode it now: retry at the next event.
            self.events.borrow_mut().push_front(event);
            return None;
        };
        Some((event, given))
    }

    fn wake_later(self: &Rc<Self>) {
        if !self.woken.replace(true) {
            FILLED.with_borrow_mut(|filled| filled.push(Rc::clone(self)));
        }
    }

    /// Whether the bucket was deleted, which ends the watch.
    pub(crate) fn bucket_deleted(&self) -> bool {
        self.bucket_deleted.get()
    }
}

impl Sink for Rc<EventQueue> {
    type Value = Held;

    fn event(&self, event: &Arc<WatchEvent<Held>>) {
        self.events.borrow_mut().push_back(Arc::clone(event));
        self.wake_later();
    }

    fn bucket_deleted(&self) {
        self.bucket_deleted.set(true);
        self.wake_later();
    }
}

impl std::fmt::Debug for EventQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventQueue")
    }
}
