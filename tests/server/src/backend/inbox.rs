//! The live events on their way to one connection, of all the buckets it watches.
//!
//! Each bucket has a lane in it. A connection that takes its events too slowly loses those of a lane,
//! and learns of that alone: what it missed is in the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironflow_browser::kv::{Revision, WatchEvent};
use tokio::sync::Notify;

use super::mailbox::{Recipient, Size};

/// How much waits at most.
const LIMIT: Size = Size {
    events: 2048,
    bytes: 1 << 20,
};

/// How much is taken at once.
const BATCH: Size = Size {
    events: 256,
    bytes: 256 << 10,
};

/// Names a lane of an inbox. Never used twice in one inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LaneId(u64);

/// What arrives on a lane.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A key changed.
    Event(Arc<WatchEvent>),
    /// Events were lost, about so many: what was written since the last one is to be read from the
    /// store.
    Missed(usize),
    /// The bucket is gone. Nothing follows.
    Deleted,
}

/// A queue of events with one reader.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<(LaneId, Arrival)>,
    size: Size,
    lanes: HashMap<LaneId, Lane>,
    lanes_so_far: u64,
}

#[derive(Debug, Default)]
struct Lane {
    /// The newest revision that was put in. Several patterns may match an event.
    last: Revision,
    /// How many events were lost, where the reader does not know of it yet.
    missed: Option<usize>,
}

impl Inbox {
    /// Opens a lane; gives where its events are to go.
    pub(crate) fn open(self: &Arc<Self>) -> (LaneId, Arc<dyn Recipient>) {
        let mut queue = self.lock();
        let lane = LaneId(queue.lanes_so_far);
        queue.lanes_so_far += 1;
        queue.lanes.insert(lane, Lane::default());
        let inbox = Arc::clone(self);
        (lane, Arc::new(Entrance { inbox, lane }))
    }

    /// Closes a lane: what waits on it is dropped.
    pub(crate) fn close(&self, lane: LaneId) {
        self.lock().close(lane);
    }

    /// Whether a lane is open and its bucket was not deleted, as far as is known.
    pub(crate) fn is_open(&self, lane: LaneId) -> bool {
        self.lock().lanes.contains_key(&lane)
    }

    /// What has arrived, oldest first. Waits where nothing has.
    pub(crate) async fn take(&self) -> Vec<(LaneId, Arrival)> {
        loop {
            let batch = self.try_take();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }

    /// What has arrived, oldest first: everything, or a batch.
    pub(crate) fn try_take(&self) -> Vec<(LaneId, Arrival)> {
        self.lock().take()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, lane: LaneId, event: &Arc<WatchEvent>) {
        let Some(state) = self.lanes.get_mut(&lane) else {
            return;
        };
        if event.revision <= state.last {
            return;
        }
        state.last = event.revision;
        if let Some(missed) = &mut state.missed {
            *missed += 1;
            return;
        }
        self.size = self.size.plus(Size::of(event));
        self.items
            .push_back((lane, Arrival::Event(Arc::clone(event))));
        if self.size.exceeds(LIMIT) && self.items.len() > 1 {
            self.overflow();
        }
    }

    /// Drops every event. Each lane that had any has missed them.
    fn overflow(&mut self) {
        let mut dropped: Vec<(LaneId, usize)> = Vec::new();
        let items = std::mem::take(&mut self.items);
        self.size = Size::default();
        for (lane, arrival) in items {
            match arrival {
                Arrival::Event(_) => match dropped.iter_mut().find(|(other, _)| *other == lane) {
                    Some((_, count)) => *count += 1,
                    None => dropped.push((lane, 1)),
                },
                other => self.items.push_back((lane, other)),
            }
        }
        for (lane, count) in dropped {
            self.miss(lane, count);
        }
    }

    /// Lets the reader of a lane know that events are lost.
    fn miss(&mut self, lane: LaneId, count: usize) {
        let Some(state) = self.lanes.get_mut(&lane) else {
            return;
        };
        match &mut state.missed {
            Some(missed) => *missed += count,
            missed => {
                *missed = Some(count);
                self.items.push_back((lane, Arrival::Missed(0)));
            }
        }
    }

    fn delete(&mut self, lane: LaneId) {
        // Nothing comes after it: the lane takes no more.
        if self.lanes.remove(&lane).is_some() {
            self.items.push_back((lane, Arrival::Deleted));
        }
    }

    fn close(&mut self, lane: LaneId) {
        self.lanes.remove(&lane);
        let mut size = self.size;
        self.items.retain(|(other, arrival)| {
            let is_kept = *other != lane;
            if let (false, Arrival::Event(event)) = (is_kept, arrival) {
                size = size.minus(Size::of(event));
            }
            is_kept
        });
        self.size = size;
    }

    fn take(&mut self) -> Vec<(LaneId, Arrival)> {
        let mut batch = Vec::new();
        let mut taken = Size::default();
        while !taken.exceeds(BATCH)
            && let Some((lane, mut arrival)) = self.items.pop_front()
        {
            match &mut arrival {
                Arrival::Event(event) => taken = taken.plus(Size::of(event)),
                Arrival::Missed(count) => {
                    let missed = self.lanes.get_mut(&lane).and_then(|l| l.missed.take());
                    *count = missed.unwrap_or_default();
                }
                Arrival::Deleted => {}
            }
            batch.push((lane, arrival));
        }
        self.size = self.size.minus(taken);
        batch
    }
}

/// A lane as those that fill it have it.
#[derive(Debug)]
struct Entrance {
    inbox: Arc<Inbox>,
    lane: LaneId,
}

impl Entrance {
    fn change(&self, change: impl FnOnce(&mut Queue)) {
        change(&mut self.inbox.lock());
        self.inbox.filled.notify_one();
    }
}

impl Recipient for Entrance {
    fn event(&self, event: &Arc<WatchEvent>) {
        self.change(|queue| queue.push(self.lane, event));
    }

    fn bucket_deleted(&self) {
        self.change(|queue| queue.delete(self.lane));
    }

    fn interrupted(&self) {
        self.change(|queue| queue.miss(self.lane, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironflow_browser::kv::{Key, Operation, Timestamp};

    fn event(revision: u64, value: usize) -> Arc<WatchEvent> {
        Arc::new(WatchEvent {
            bucket: "b".into(),
            key: Key::parse("k").unwrap(),
            value: vec![0; value].into(),
            revision,
            operation: Operation::Put,
            created: Timestamp::default(),
            reason: None,
            expires: None,
        })
    }

    fn revisions(batch: &[(LaneId, Arrival)]) -> Vec<u64> {
        let events = batch.iter().filter_map(|(_, arrival)| match arrival {
            Arrival::Event(event) => Some(event.revision),
            _ => None,
        });
        events.collect()
    }

    #[tokio::test]
    async fn an_event_that_several_patterns_match_arrives_once() {
        let inbox = Arc::new(Inbox::default());
        let (_, entrance) = inbox.open();
        for revision in [1, 1, 2, 2, 2, 5] {
            entrance.event(&event(revision, 1));
        }
        assert_eq!(revisions(&inbox.take().await), [1, 2, 5]);
        assert!(inbox.is_empty());
    }

    #[tokio::test]
    async fn an_overflow_is_one_arrival_with_the_number_of_lost_events() {
        for (count, value) in [(5000, 1), (100, 64 << 10)] {
            let inbox = Arc::new(Inbox::default());
            let (lane, entrance) = inbox.open();
            let (idle, _kept) = inbox.open();
            for revision in 1..=count {
                entrance.event(&event(revision, value));
            }
            assert!(inbox.lock().size.bytes <= LIMIT.bytes);
            let missed = Arrival::Missed(usize::try_from(count).unwrap());
            assert_eq!(inbox.take().await, [(lane, missed)]);
            assert_ne!(lane, idle);
            entrance.event(&event(count + 1, 1));
            assert_eq!(revisions(&inbox.take().await), [count + 1]);
            assert_eq!(inbox.lock().size, Size::default());
        }
    }

    #[tokio::test]
    async fn a_single_event_of_any_size_is_delivered() {
        let inbox = Arc::new(Inbox::default());
        let (_, entrance) = inbox.open();
        entrance.event(&event(1, 2 << 20));
        assert_eq!(revisions(&inbox.take().await), [1]);
    }

    #[tokio::test]
    async fn a_deleted_bucket_comes_after_its_events_and_a_closed_lane_gives_nothing() {
        let inbox = Arc::new(Inbox::default());
        let (lane, entrance) = inbox.open();
        let (closed, other) = inbox.open();
        entrance.event(&event(1, 1));
        other.event(&event(1, 1));
        other.interrupted();
        inbox.close(closed);
        entrance.bucket_deleted();
        entrance.bucket_deleted();
        entrance.event(&event(2, 1));
        other.event(&event(2, 1));
        let batch = inbox.take().await;
        assert_eq!(
            batch,
            [
                (lane, Arrival::Event(event(1, 1))),
                (lane, Arrival::Deleted)
            ]
        );
        assert!(inbox.is_empty());
        assert_eq!(inbox.lock().size, Size::default());
    }
}
