//! The watches of a bucket share one feed: a stream accepts at most a thousand consumers, and JetStream sends
//! every message to each of them.
//!
//! The feed follows the whole bucket, and delivers each message to the watchers whose patterns match.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ironflow_browser::kv::{Pattern, Revision, Tree, WatchEvent};
use tokio_util::task::AbortOnDropHandle;

use crate::backend::mailbox::Recipient;

#[derive(Debug)]
struct Watcher {
    number: u64,
    recipient: Arc<dyn Recipient>,
    /// Only newer revisions are delivered: the others were written before the watch began.
    after: Revision,
}

impl Watcher {
    fn deliver(&self, event: &Arc<WatchEvent>) {
        if event.revision > self.after {
            self.recipient.event(event);
        }
    }
}

#[derive(Debug)]
struct Watchers {
    by_pattern: Tree<Vec<Watcher>>,
    so_far: u64,
    ended: bool,
}

/// The watchers of a bucket. Cheap to clone: all clones share the watchers.
#[derive(Debug, Clone)]
pub(super) struct Audience(Arc<Mutex<Watchers>>);

impl Default for Audience {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Watchers {
            by_pattern: Tree::new(),
            so_far: 0,
            ended: false,
        })))
    }
}

impl Audience {
    pub(super) fn deliver(&self, event: &Arc<WatchEvent>) {
        let watchers = self.lock();
        watchers.by_pattern.matching(&event.key, &mut |of_pattern| {
            of_pattern.iter().for_each(|watcher| watcher.deliver(event));
        });
    }

    /// Markers may have come and gone without an event.
    pub(super) fn interrupt(&self) {
        self.lock().by_pattern.for_each(&mut |of_pattern| {
            of_pattern
                .iter()
                .for_each(|watcher| watcher.recipient.interrupted());
        });
    }

    /// The bucket is no more.
    pub(super) fn end(&self) {
        let mut watchers = self.lock();
        watchers.ended = true;
        watchers.by_pattern.for_each(&mut |of_pattern| {
            of_pattern.iter().for_each(|w| w.recipient.bucket_deleted())
        });
    }

    fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Gives the number that the watcher is removed by.
    fn add(&self, pattern: &Pattern, recipient: Arc<dyn Recipient>, after: Revision) -> u64 {
        let mut watchers = self.lock();
        let number = watchers.so_far;
        watchers.so_far += 1;
        if watchers.ended {
            recipient.bucket_deleted();
        }
        let watcher = Watcher {
            number,
            recipient,
            after,
        };
        watchers
            .by_pattern
            .get_or_insert_with(pattern.as_str(), Vec::new)
            .push(watcher);
        number
    }

    fn remove(&self, pattern: &Pattern, number: u64) {
        let mut watchers = self.lock();
        if let Some(of_pattern) = watchers.by_pattern.get_mut(pattern.as_str()) {
            of_pattern.retain(|watcher| watcher.number != number);
            if of_pattern.is_empty() {
                watchers.by_pattern.remove(pattern.as_str());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watchers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a feed has come. Cheap to clone: all clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<(Revision, Instant)>>);

impl Progress {
    pub(super) fn new(revision: Revision) -> Self {
        Self(Arc::new(Mutex::new((revision, Instant::now()))))
    }

    /// The feed has delivered every message up to this one, and JetStream has just confirmed it.
    pub(super) fn confirm(&self, revision: Revision) {
        *self.lock() = (revision, Instant::now());
    }

    /// The last message delivered, where JetStream has confirmed it no longer ago than this.
    pub(super) fn confirmed_within(&self, age: Duration) -> Option<Revision> {
        let (revision, since) = *self.lock();
        (since.elapsed() < age).then_some(revision)
    }

    fn lock(&self) -> MutexGuard<'_, (Revision, Instant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed and its watchers. It runs as long as it has watchers.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) audience: Audience,
    pub(super) progress: Progress,
    /// When the stream was created: another of the same name is another bucket.
    pub(super) created: String,
    pub(super) _task: AbortOnDropHandle<()>,
}

impl Following {
    /// Adds a watcher of the revisions above `after`.
    pub(super) fn join(
        self: Arc<Self>,
        pattern: Pattern,
        recipient: Arc<dyn Recipient>,
        after: Revision,
    ) -> Follower {
        let number = self.audience.add(&pattern, recipient, after);
        Follower {
            following: self,
            pattern,
            number,
        }
    }
}

/// A watcher's membership in the feed, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Follower {
    following: Arc<Following>,
    pattern: Pattern,
    number: u64,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.following.audience.remove(&self.pattern, self.number);
    }
}

type Place = Arc<tokio::sync::Mutex<Weak<Following>>>;

/// The feeds of this process, by stream.
#[derive(Debug, Default)]
pub(super) struct Followings(Mutex<HashMap<String, Place>>);

impl Followings {
    /// The feed of a stream that was created then; where there is none, what `start` makes. Of
    /// several who ask at once, one starts it.
    pub(super) async fn of<E>(
        &self,
        stream: &str,
        created: &str,
        start: impl AsyncFnOnce() -> Result<Following, E>,
    ) -> Result<Arc<Following>, E> {
        let place = self.place(stream);
        let mut known = place.lock().await;
        let running = known.upgrade();
        if let Some(running) = running.filter(|f| f.created == created && !f.audience.has_ended()) {
            return Ok(running);
        }
        let started = Arc::new(start().await?);
        *known = Arc::downgrade(&started);
        Ok(started)
    }

    fn place(&self, stream: &str) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Remove feeds without watchers.
        places.retain(|_, place| {
            let is_dead = place
                .try_lock()
                .is_ok_and(|known| known.strong_count() == 0);
            Arc::strong_count(place) > 1 || !is_dead
        });
        Arc::clone(places.entry(stream.to_owned()).or_default())
    }
}
