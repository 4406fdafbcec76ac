//! The events on their way to one watcher.
//!
//! A watcher may read more slowly than keys change. Its mailbox then forgets the superseded
//! revisions of a key, never the newest (rule 15), so it holds at most about twice the newest
//! events of the keys that changed. Where even those are too many, the watch is ended and the
//! client starts over.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironflow_browser::kv::WatchEvent;
use ironflow_browser::store::Sink;
use tokio::sync::Notify;

/// Below this a mailbox keeps every revision.
const RELAXED: Size = Size {
    events: 1024,
    bytes: 4 << 20,
};

/// Beyond this, superseded revisions not counted, the watcher is given up.
const LIMIT: Size = Size {
    events: 1 << 18,
    bytes: 64 << 20,
};

/// How much is handed over at once.
const BATCH: Size = Size {
    events: 64,
    bytes: 256 << 10,
};

/// Roughly what an event takes beside its key and value.
const EVENT_BYTES: usize = 128;

/// Why a watch is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchEnd {
    /// The bucket is gone.
    BucketDeleted,
    /// The watcher falls further and further behind.
    TooSlow,
    /// Keys may have expired without an event.
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Size {
    pub(super) fn of(event: &WatchEvent) -> Self {
        Self {
            events: 1,
            bytes: EVENT_BYTES + event.key.len() + event.value.len(),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            bytes: self.bytes + other.bytes,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            events: self.events - other.events,
            bytes: self.bytes - other.bytes,
        }
    }

    pub(super) fn exceeds(self, limit: Self) -> bool {
        self.events > limit.events || self.bytes > limit.bytes
    }
}

/// Where the events of a bucket go. Called under locks: it puts the event aside and returns.
pub(crate) trait Recipient: fmt::Debug + Send + Sync {
    /// A key changed.
    fn event(&self, event: &Arc<WatchEvent>);
    /// The bucket is gone: no more events come.
    fn bucket_deleted(&self);
    /// Markers may have come and gone without an event.
    fn interrupted(&self) {}
}

/// A queue of events with one reader.
#[derive(Debug)]
pub(super) struct Mailbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug)]
struct Queue {
    events: VecDeque<Arc<WatchEvent>>,
    size: Size,
    /// The size at which superseded revisions are forgotten next.
    compact_beyond: Size,
    end: Option<WatchEnd>,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                events: VecDeque::new(),
                size: Size::default(),
                compact_beyond: RELAXED,
                end: None,
            }),
            filled: Notify::new(),
        }
    }

    /// Adds an event, whose revision is larger than any before.
    pub(super) fn push(&self, event: Arc<WatchEvent>) {
        self.lock().push(event);
        self.filled.notify_one();
    }

    /// Ends the watch, once what is in the mailbox has been read.
    pub(super) fn end(&self, end: WatchEnd) {
        self.lock().end.get_or_insert(end);
        self.filled.notify_one();
    }

    /// Takes the oldest events, waiting for them where there are none.
    pub(super) async fn take(&self) -> Result<Vec<Arc<WatchEvent>>, WatchEnd> {
        loop {
            {
                let mut queue = self.lock();
                let batch = queue.take();
                if !batch.is_empty() {
                    return Ok(batch);
                }
                if let Some(end) = queue.end {
                    return Err(end);
                }
            }
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, event: Arc<WatchEvent>) {
        if self.end.is_some() {
            return;
        }
        self.size = self.size.plus(Size::of(&event));
        self.events.push_back(event);
        if self.size.exceeds(self.compact_beyond) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut seen = HashSet::new();
        let newest = mem::take(&mut self.events)
            .into_iter()
            .rev()
            .filter(|event| seen.insert(event.key.clone()));
        let mut events: VecDeque<_> = newest.collect();
        events.make_contiguous().reverse();
        self.size = events
            .iter()
            .fold(Size::default(), |size, event| size.plus(Size::of(event)));
        self.events = events;
        // Twice the size left, so that the work is spread over as many events as it looks at.
        let twice = self.size.plus(self.size);
        self.compact_beyond = Size {
            events: twice.events.max(RELAXED.events),
            bytes: twice.bytes.max(RELAXED.bytes),
        };
        if self.size.exceeds(LIMIT) {
            self.events = VecDeque::new();
            self.size = Size::default();
            self.end = Some(WatchEnd::TooSlow);
        }
    }

    fn take(&mut self) -> Vec<Arc<WatchEvent>> {
        let mut batch = Vec::new();
        let mut taken = Size::default();
        while !taken.exceeds(BATCH)
            && let Some(event) = self.events.pop_front()
        {
            taken = taken.plus(Size::of(&event));
            batch.push(event);
        }
        self.size = self.size.minus(taken);
        if self.events.is_empty() {
            self.compact_beyond = RELAXED;
        }
        batch
    }
}

impl Recipient for Mailbox {
    fn interrupted(&self) {
        self.end(WatchEnd::Interrupted);
    }

    fn event(&self, event: &Arc<WatchEvent>) {
        self.push(Arc::clone(event));
    }

    fn bucket_deleted(&self) {
        self.end(WatchEnd::BucketDeleted);
    }
}

/// A recipient as the store's watchers have it.
#[derive(Debug)]
pub(super) struct Delivery(pub(super) Arc<dyn Recipient>);

impl Sink for Delivery {
    type Value = ironflow_browser::kv::Value;

    fn event(&self, event: &Arc<WatchEvent>) {
        self.0.event(event);
    }

    fn bucket_deleted(&self) {
        self.0.bucket_deleted();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironflow_browser::kv::{Key, Operation, Timestamp};

    fn event(key: &str, revision: u64, value: usize) -> Arc<WatchEvent> {
        Arc::new(WatchEvent {
            bucket: "b".into(),
            key: Key::parse(key).unwrap(),
            value: vec![0; value].into(),
            revision,
            operation: Operation::Put,
            created: Timestamp::default(),
            reason: None,
            expires: None,
        })
    }

    async fn drain(mailbox: &Mailbox) -> Vec<Arc<WatchEvent>> {
        mailbox.end(WatchEnd::BucketDeleted);
        let mut all = Vec::new();
        while let Ok(batch) = mailbox.take().await {
            all.extend(batch);
        }
        all
    }

    #[tokio::test]
    async fn a_reader_who_keeps_up_gets_every_revision() {
        let mailbox = Mailbox::new();
        for revision in 1..=5000 {
            mailbox.push(event("k", revision, 1));
            assert_eq!(mailbox.take().await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_slow_reader_gets_the_newest_of_each_key_in_order() {
        let mailbox = Mailbox::new();
        for revision in 1..=100_000 {
            mailbox.push(event(&format!("k{}", revision % 50), revision, 1));
        }
        assert!(mailbox.lock().events.len() <= RELAXED.events);
        let events = drain(&mailbox).await;
        assert!(events.is_sorted_by_key(|event| event.revision));
        let newest: HashSet<_> = events.iter().map(|event| event.revision).collect();
        assert!((99_951..=100_000).all(|revision| newest.contains(&revision)));
    }

    #[tokio::test]
    async fn large_values_count_by_their_bytes() {
        let mailbox = Mailbox::new();
        for revision in 1..=100 {
            mailbox.push(event("k", revision, 1 << 20));
        }
        assert!(mailbox.lock().size.bytes <= RELAXED.bytes + (2 << 20));
        assert_eq!(drain(&mailbox).await.last().unwrap().revision, 100);
    }

    #[tokio::test]
    async fn an_interruption_ends_the_watch_after_what_came_before() {
        let mailbox = Mailbox::new();
        mailbox.push(event("k", 1, 1));
        mailbox.interrupted();
        assert_eq!(mailbox.take().await.unwrap().len(), 1);
        assert_eq!(mailbox.take().await, Err(WatchEnd::Interrupted));
    }

    #[tokio::test]
    async fn a_watcher_too_far_behind_is_given_up() {
        let mailbox = Mailbox::new();
        for revision in 1..=200 {
            mailbox.push(event(&format!("k{revision}"), revision, 1 << 20));
        }
        assert_eq!(mailbox.take().await, Err(WatchEnd::TooSlow));
    }
}
