//! Operations on a store in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Date, JsString};
use wasm_bindgen::prelude::*;

use super::operation::Operation;
use crate::js;
use crate::kv::{BucketInfo, BucketName, KvError, Pattern, Timestamp, WatchEvent, wire};
use crate::store::{Clock, Sink, Store, WatcherId};

/// A store that lives as long as the client's configuration.
#[derive(Debug)]
pub(crate) struct Memory {
    store: RefCell<Store<PlatformClock, Rc<EventQueue>>>,
}

#[derive(Debug)]
struct PlatformClock;

impl Clock for PlatformClock {
    fn now(&self) -> Timestamp {
        Timestamp(Date::now() as u64)
    }
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            store: RefCell::new(Store::new(PlatformClock)),
        }
    }

    pub(crate) fn carry_out(&self, operation: &Operation) -> Result<JsValue, KvError> {
        let mut store = self.store.borrow_mut();
        Ok(match operation {
            Operation::CreateBucket(config) => bucket_info(&store.create_bucket(config.clone())?),
            Operation::DeleteBucket(name) => {
                store.delete_bucket(name)?;
                JsValue::UNDEFINED
            }
            Operation::ListBuckets => {
                let infos = store.buckets();
                infos.iter().map(bucket_info).collect::<Array>().into()
            }
            Operation::BucketInfo(name) => bucket_info(&store.bucket_info(name)?),
            Operation::Get(bucket, key) => {
                let entry = store.get(bucket, key)?;
                let value = wire::encode(&entry.value);
                js::new_entry(
                    &entry.key,
                    &value,
                    entry.revision as f64,
                    entry.created.0 as f64,
                )
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
            } => {
                let value = body.to_vec().into();
                js::new_put_result(store.put(bucket, key, value, *precondition)? as f64)
            }
            Operation::Remove(bucket, key, removal) => {
                store.remove(bucket, key, *removal)?;
                JsValue::UNDEFINED
            }
            Operation::ListKeys(bucket, filter) => {
                let pattern = filter.clone().unwrap_or_else(Pattern::all);
                let keys = store.list_keys(bucket, &pattern)?;
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
        let pattern = filter.cloned().unwrap_or_else(Pattern::all);
        self.store.borrow_mut().watch(bucket, pattern, queue)
    }

    pub(crate) fn unwatch(&self, bucket: &BucketName, id: WatcherId) {
        self.store.borrow_mut().unwatch(bucket, id);
    }
}

fn bucket_info(info: &BucketInfo) -> JsValue {
    js::new_bucket_info(
        &info.config.name,
        &info.config.description,
        info.config.ttl_seconds as f64,
        info.values as f64,
        info.bytes as f64,
        info.config.history as f64,
        info.created.0 as f64,
    )
}

/// The events of one watcher, between the write that caused them and their delivery, which is for a
/// later microtask: a callback must not run in the middle of a write.
pub(crate) struct EventQueue {
    events: RefCell<VecDeque<Arc<WatchEvent>>>,
    bucket_deleted: Cell<bool>,
    /// Called when the queue is no longer empty.
    wake: Box<dyn Fn()>,
}

impl EventQueue {
    pub(crate) fn new(wake: Box<dyn Fn()>) -> Self {
        Self {
            events: RefCell::default(),
            bucket_deleted: Cell::new(false),
            wake,
        }
    }

    /// The next event, as JavaScript gets it.
    pub(crate) fn next(&self) -> Option<JsValue> {
        let event = self.events.borrow_mut().pop_front()?;
        Some(js::new_event(
            &event.key,
            &wire::encode(&event.value),
            event.revision as f64,
            event.operation.as_str(),
            &event.bucket,
        ))
    }

    /// Whether the bucket is gone, and with it the watch.
    pub(crate) fn bucket_deleted(&self) -> bool {
        self.bucket_deleted.get()
    }
}

impl Sink for Rc<EventQueue> {
    fn event(&self, event: &Arc<WatchEvent>) {
        let mut events = self.events.borrow_mut();
        events.push_back(Arc::clone(event));
        if events.len() == 1 {
            (self.wake)();
        }
    }

    fn bucket_deleted(&self) {
        self.bucket_deleted.set(true);
        (self.wake)();
    }
}

impl std::fmt::Debug for EventQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventQueue")
    }
}
