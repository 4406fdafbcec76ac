//! The stores of the memory transport: shared by clients that use one name, and by the watches of a client.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasm_bindgen::prelude::*;

use crate::ffi::{self, Body};
use crate::kv::{BucketName, KvError, Pattern, Reason, Stored, Timestamp, WatchEvent};
use crate::store::{Clock, Sink, Store, WatcherId};

/// A time for JavaScript.
pub(super) const fn milliseconds(time: Timestamp) -> f64 {
    time.0 as f64
}

/// A value held by JavaScript: only JavaScript reads it, so it is not copied into the WebAssembly. The default
/// is no value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(super) value: Option<Body>,
    pub(super) size: usize,
}

impl Stored for Held {
    fn size(&self) -> usize {
        self.size
    }
}

/// A store, with a timer that emits the events of expired keys.
#[derive(Debug)]
pub(super) struct SharedStore {
    store: RefCell<KeyStore>,
    /// The number of watches.
    watches: Cell<u32>,
    timer_runs: Cell<bool>,
}

pub(super) type KeyStore = Store<PlatformClock, Rc<EventQueue>>;

/// The longest delay of the timer, in milliseconds: the shortest TTL, so that no key expires before it ends.
/// It also bounds how long the timer keeps Node from exiting after the last watch.
const MAX_DELAY_MS: f64 = 1000.0;

thread_local! {
    /// The named stores. Unused ones are dropped.
    static NAMED: RefCell<Vec<(String, Weak<SharedStore>)>> = const { RefCell::new(Vec::new()) };
    /// The time of the operation in progress: the clock is read before the store is borrowed.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// The queues to wake once the store is no longer borrowed.
    static FILLED: RefCell<Vec<Rc<EventQueue>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
pub(super) struct PlatformClock;

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
                let store = SharedStore::new();
                stores.push((name, Rc::downgrade(&store)));
                store
            })
    })
}

impl SharedStore {
    /// The store with a name, or a new one.
    pub(super) fn open(name: Option<String>) -> Rc<Self> {
        match name {
            Some(name) => named(name),
            None => Self::new(),
        }
    }

    fn new() -> Rc<Self> {
        Rc::new(Self {
            store: RefCell::new(Store::new(PlatformClock)),
            watches: Cell::default(),
            timer_runs: Cell::default(),
        })
    }

    /// Borrows the store: no JavaScript may be called until it is released.
    pub(super) fn borrow(&self) -> RefMut<'_, KeyStore> {
        NOW.set(ffi::wall_clock() as u64);
        self.store.borrow_mut()
    }

    pub(super) fn watch(
        self: &Rc<Self>,
        bucket: &BucketName,
        pattern: Pattern,
        queue: Rc<EventQueue>,
    ) -> Result<WatcherId, KvError> {
        let id = self.borrow().watch(bucket, pattern, queue)?;
        self.watches.set(self.watches.get() + 1);
        self.deliver();
        Ok(id)
    }

    pub(super) fn unwatch(&self, bucket: &BucketName, id: WatcherId) {
        self.watches.set(self.watches.get().saturating_sub(1));
        self.borrow().unwatch(bucket, id);
    }

    /// Wakes the queues that have events. While there are watches, a timer runs until the next expiry.
    pub(super) fn deliver(self: &Rc<Self>) {
        if self.watches.get() > 0 {
            let next = self.borrow().expire();
            if let Some(next) = next
                && !self.timer_runs.replace(true)
            {
                let delay = (next.0.saturating_sub(NOW.get()) as f64).min(MAX_DELAY_MS);
                let store = Rc::clone(self);
                ffi::pause(delay, &JsValue::UNDEFINED, move |_| {
                    store.timer_runs.set(false);
                    store.deliver();
                });
            }
        }
        FILLED.take().iter().for_each(|queue| (queue.wake)());
    }
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
        let (revision, created) = (event.revision as f64, event.created.0 as f64);
        let given = match &event.value.value {
            Some(value) => value.event(revision, bucket, created),
            None => {
                let reason = event.reason.map(Reason::as_str);
                Ok(ffi::gone_event(
                    &event.key, revision, bucket, created, reason,
                ))
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
