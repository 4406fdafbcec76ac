//! The watches of a bucket share one feed: a stream takes no more than a thousand consumers, and
//! JetStream tells each of them every message anew.
//!
//! The feed follows the whole bucket, and each message is told on here to those whose patterns match.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ironflow_browser::kv::{Pattern, Revision, WatchEvent};
use tokio_util::task::AbortOnDropHandle;

use crate::backend::mailbox::{Mailbox, WatchEnd};

#[derive(Debug)]
struct Watcher {
    number: u64,
    mailbox: Arc<Mailbox>,
    /// What is not newer than this happened before the watch began.
    after: Revision,
}

impl Watcher {
    fn tell(&self, event: &Arc<WatchEvent>) {
        if event.revision > self.after {
            self.mailbox.push(Arc::clone(event));
        }
    }
}

#[derive(Debug, Default)]
struct Watchers {
    /// Those of one key, by the key.
    of_keys: HashMap<Box<str>, Vec<Watcher>>,
    of_patterns: Vec<(Pattern, Watcher)>,
    so_far: u64,
    ended: bool,
}

/// Who hears of a bucket's changes. Cheap to clone: all clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience(Arc<Mutex<Watchers>>);

impl Audience {
    pub(super) fn tell(&self, event: &Arc<WatchEvent>) {
        let watchers = self.lock();
        let of_key = watchers.of_keys.get(&*event.key);
        of_key.into_iter().flatten().for_each(|w| w.tell(event));
        for (pattern, watcher) in &watchers.of_patterns {
            if pattern.matches(&event.key) {
                watcher.tell(event);
            }
        }
    }

    /// The bucket is no more.
    pub(super) fn end(&self) {
        let mut watchers = self.lock();
        watchers.ended = true;
        let of_keys = watchers.of_keys.values().flatten();
        let of_patterns = watchers.of_patterns.iter().map(|(_, watcher)| watcher);
        for watcher in of_keys.chain(of_patterns) {
            watcher.mailbox.end(WatchEnd::BucketDeleted);
        }
    }

    fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Gives the number that the watcher is removed by.
    fn add(&self, pattern: &Pattern, mailbox: Arc<Mailbox>, after: Revision) -> u64 {
        let mut watchers = self.lock();
        let number = watchers.so_far;
        watchers.so_far += 1;
        if watchers.ended {
            mailbox.end(WatchEnd::BucketDeleted);
        }
        let watcher = Watcher {
            number,
            mailbox,
            after,
        };
        match pattern.as_key() {
            Some(_) => {
                let of_key = watchers.of_keys.entry(pattern.as_str().into());
                of_key.or_default().push(watcher);
            }
            None => watchers.of_patterns.push((pattern.clone(), watcher)),
        }
        number
    }

    fn remove(&self, pattern: &Pattern, number: u64) {
        let mut watchers = self.lock();
        watchers.of_patterns.retain(|(_, w)| w.number != number);
        if let Some(of_key) = watchers.of_keys.get_mut(pattern.as_str()) {
            of_key.retain(|watcher| watcher.number != number);
            if of_key.is_empty() {
                watchers.of_keys.remove(pattern.as_str());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watchers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed, and who hears it. It runs as long as anybody does.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) audience: Audience,
    /// When the stream was created: another of the same name is another bucket.
    pub(super) created: String,
    pub(super) _task: AbortOnDropHandle<()>,
}

impl Following {
    /// Has a watcher hear of what is newer than `after`.
    pub(super) fn join(
        self: Arc<Self>,
        pattern: Pattern,
        mailbox: Arc<Mailbox>,
        after: Revision,
    ) -> Follower {
        let number = self.audience.add(&pattern, mailbox, after);
        Follower {
            following: self,
            pattern,
            number,
        }
    }
}

/// A watcher's place in the audience, given up when dropped.
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
        // Those that nobody follows or is about to.
        places.retain(|_, place| {
            let is_dead = place
                .try_lock()
                .is_ok_and(|known| known.strong_count() == 0);
            Arc::strong_count(place) > 1 || !is_dead
        });
        Arc::clone(places.entry(stream.to_owned()).or_default())
    }
}
