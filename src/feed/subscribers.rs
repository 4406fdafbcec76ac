//! The subscribers of a feed.

use std::rc::Rc;

use crate::kv::Tree;
use crate::kv::{Key, Pattern, Revision};

use super::caught_up::CaughtUp;
use super::version_2::position::Position;
use super::{ConnectionId, Event, KeySlot, WatchState};

/// Identifies a subscriber of a feed. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub(super) u32);

impl SubscriberId {
    /// The id as a number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// How far a subscriber has come on the way to `ready`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Progress {
    /// A connection that covers it is awaited.
    Waiting,
    /// So many lists of its initial entries are awaited.
    Listing(usize),
    /// Its initial entries are being read.
    Reading,
    /// It has its initial entries; the resync is not done.
    Loaded,
    /// It is ready.
    Ready,
}

#[derive(Debug)]
pub(super) struct Subscriber<E> {
    pub(super) id: SubscriberId,
    pub(super) patterns: Vec<Pattern>,
    pub(super) initial: bool,
    pub(super) progress: Progress,
    /// The last state it was notified of.
    pub(super) state: WatchState,
    pub(super) was_connected: bool,
    /// `onReady` is called once.
    pub(super) was_ready: bool,
    /// Whether events may be delivered: the `watch()` call has returned.
    pub(super) activated: bool,
    /// The revisions of its initial entries, as long as they may still come as changes.
    pub(super) read: Tree<Revision>,
    pub(super) newest_read: Revision,
    /// The same, of the bucket that this one has replaced: its entries may have to be deleted.
    read_earlier: Tree<Revision>,
    /// Whether it was active when the resync listing was requested, so that the listing has its keys.
    pub(super) in_listing: bool,
    /// The keys of its initial entries, as far as they are listed.
    pub(super) listed: Vec<Key>,
    /// What is to come after the initial entries.
    pub(super) buffer: Vec<BufferedEvent<E>>,
    pub(super) position: Position,
    /// The connection of which it has everything.
    pub(super) fresh_by: Option<ConnectionId>,
    /// How old its freshness may become, in milliseconds.
    pub(super) max_staleness: Option<f64>,
    /// Whether it stores what it gets.
    pub(super) is_stored: bool,
    /// The stored entries that it begins with, as lines, until it has everything.
    pub(super) stored: Option<Rc<str>>,
}

#[derive(Debug)]
pub(super) struct BufferedEvent<E> {
    pub(super) key: Key,
    pub(super) revision: Revision,
    /// Whether the key is alive then.
    pub(super) live: bool,
    pub(super) event: Event<E>,
    pub(super) resynced: bool,
}

impl<E> Subscriber<E> {
    pub(super) fn matches(&self, key: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(key))
    }

    pub(super) fn is_covered_by(&self, filter: &Pattern) -> bool {
        self.patterns.iter().all(|pattern| filter.covers(pattern))
    }

    /// Whether its initial entries are still to come, and changes have to wait for them.
    pub(super) fn is_buffering(&self) -> bool {
        self.initial && !matches!(self.progress, Progress::Ready)
    }

    /// The newest revision of the key that it has read.
    pub(super) fn has_read(&self, key: &str) -> Revision {
        if self.newest_read == 0 {
            return 0;
        }
        self.read.get(key).copied().unwrap_or(0)
    }

    /// The revision up to which it has the changes of the key, also from version 2 of the wire.
    pub(super) fn has(&self, key: &str) -> Revision {
        self.has_read(key).max(self.position.revision())
    }

    /// Whether it was given an entry of the key, also of the bucket that this one has replaced.
    pub(super) fn was_given(&self, key: &str) -> bool {
        self.has_read(key) > 0 || self.read_earlier.get(key).is_some()
    }

    /// Whether anything was delivered to it, or it was ready.
    pub(super) fn has_begun(&self) -> bool {
        self.was_ready || self.newest_read > 0 || self.position.first_event.is_some()
    }

    pub(super) fn note_read(&mut self, key: &str, revision: Revision) {
        *self.read.get_or_insert_with(key, || revision) = revision;
        self.newest_read = self.newest_read.max(revision);
    }

    /// Forgets the revisions it has read, once the changes have come as far. Nothing may be missing then.
    pub(super) fn has_come_to(&mut self, revision: Revision) {
        if self.newest_read > 0
            && revision >= self.newest_read
            && matches!(self.progress, Progress::Ready)
        {
            self.forget_read();
        }
    }

    pub(super) fn forget_read(&mut self) {
        self.read = Tree::new();
        self.newest_read = 0;
        self.read_earlier = Tree::new();
    }

    /// The bucket is another one, with this epoch: its revisions begin at 1 again.
    pub(super) fn start_over_in(&mut self, epoch: &Rc<str>) {
        if self.position.started_over.as_ref() != Some(epoch) {
            self.start_over();
            self.position.started_over = Some(Rc::clone(epoch));
            self.position.skipped_to = 0;
        }
    }

    /// The bucket is another one: its revisions begin at 1 again.
    pub(super) fn start_over(&mut self) {
        if self.newest_read > 0 {
            self.read_earlier = std::mem::replace(&mut self.read, Tree::new());
            self.newest_read = 0;
        }
    }
}

/// The subscribers, found by key.
#[derive(Debug)]
pub(super) struct Subscribers<E> {
    /// In ascending order of their ids.
    list: Vec<Subscriber<E>>,
    by_pattern: Tree<Vec<SubscriberId>>,
    /// The subscribers of a key by its slot, until a subscriber is added or removed.
    by_slot: Vec<Vec<SubscriberId>>,
    /// What is known of all subscribers, until one is changed.
    caught_up: Option<CaughtUp>,
    /// Where one was that is not caught up.
    behind_at: usize,
    next_id: u32,
}

impl<E> Subscribers<E> {
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            by_pattern: Tree::new(),
            by_slot: Vec::new(),
            caught_up: None,
            behind_at: 0,
            next_id: 0,
        }
    }

    pub(super) fn add(&mut self, patterns: Vec<Pattern>, initial: bool) -> SubscriberId {
        let id = SubscriberId(self.next_id);
        self.push(Subscriber {
            id,
            patterns,
            initial,
            progress: Progress::Waiting,
            state: WatchState::Connecting,
            was_connected: false,
            was_ready: false,
            activated: false,
            in_listing: false,
            read: Tree::new(),
            newest_read: 0,
            read_earlier: Tree::new(),
            listed: Vec::new(),
            buffer: Vec::new(),
            position: Position::default(),
            fresh_by: None,
            max_staleness: None,
            is_stored: false,
            stored: None,
        });
        id
    }

    /// Adds a subscriber that has an id already, greater than those of the others.
    pub(super) fn push(&mut self, subscriber: Subscriber<E>) {
        self.forget_slots();
        let id = subscriber.id;
        self.next_id = id.0 + 1;
        for pattern in &subscriber.patterns {
            let ids = self
                .by_pattern
                .get_or_insert_with(pattern.as_str(), Vec::new);
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        self.list.push(subscriber);
    }

    /// Removes a subscriber. None: there is none with this id.
    pub(super) fn remove(&mut self, id: SubscriberId) -> Option<Subscriber<E>> {
        let at = self.position(id).ok()?;
        self.forget_slots();
        let gone = self.list.remove(at);
        for pattern in &gone.patterns {
            let Some(ids) = self.by_pattern.get_mut(pattern.as_str()) else {
                continue;
            };
            if let Ok(at) = ids.binary_search(&id) {
                ids.remove(at);
            }
            if ids.is_empty() {
                self.by_pattern.remove(pattern.as_str());
            }
        }
        Some(gone)
    }

    pub(super) fn get(&self, id: SubscriberId) -> Option<&Subscriber<E>> {
        self.list.get(self.position(id).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: SubscriberId) -> Option<&mut Subscriber<E>> {
        self.caught_up = None;
        let at = self.position(id).ok()?;
        self.list.get_mut(at)
    }

    /// Whether each subscriber takes a live change of its keys. `on_version_2`: of the wire.
    pub(super) fn all_take(&mut self, revision: Revision, on_version_2: bool) -> bool {
        if self.caught_up.is_none() {
            self.caught_up = CaughtUp::of(&self.list, &mut self.behind_at);
        }
        (self.caught_up).is_some_and(|all| all.take(revision, on_version_2))
    }

    /// Takes the subscribers of the key at a slot; [`Subscribers::keep_matching`] puts them back.
    pub(super) fn take_matching(&mut self, slot: KeySlot, key: &str) -> Vec<SubscriberId> {
        let known = self.by_slot.get_mut(slot.0).map(std::mem::take);
        match known {
            Some(known) if !known.is_empty() => known,
            _ => self.matching_ids(key),
        }
    }

    /// Keeps the subscribers of the key at a slot, until a subscriber is added or removed.
    pub(super) fn keep_matching(&mut self, slot: KeySlot, matching_ids: Vec<SubscriberId>) {
        while self.by_slot.len() <= slot.0 {
            self.by_slot.push(Vec::new());
        }
        self.by_slot[slot.0] = matching_ids;
    }

    /// Forgets the subscribers by slot.
    pub(super) fn forget_slots(&mut self) {
        self.caught_up = None;
        self.by_slot.clear();
    }

    /// The subscribers of the key, each once, in the order they were added.
    pub(super) fn matching_ids(&self, key: &str) -> Vec<SubscriberId> {
        let mut found = Vec::new();
        self.by_pattern.matching(key, &mut |ids| {
            for id in ids {
                if found.last() < Some(id) {
                    found.push(*id);
                } else if let Err(at) = found.binary_search(id) {
                    found.insert(at, *id);
                }
            }
        });
        found
    }

    /// Retains the subscribers that have an entry of the key.
    pub(super) fn retain_readers(&mut self, ids: &mut Vec<SubscriberId>, key: &str) {
        ids.retain(|id| self.get_mut(*id).is_some_and(|each| each.was_given(key)));
    }

    /// The subscribers of the key that have an entry of this revision or a newer one.
    pub(super) fn ahead_of(&self, key: &str, revision: Revision) -> Vec<SubscriberId> {
        let ahead = |each: &&Subscriber<E>| {
            each.activated && !each.is_buffering() && each.has(key) >= revision && each.matches(key)
        };
        let ahead = self.list.iter().filter(ahead);
        ahead.map(|subscriber| subscriber.id).collect()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Subscriber<E>> {
        self.caught_up = None;
        self.list.iter_mut()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn ids(&self) -> Vec<SubscriberId> {
        self.list.iter().map(|subscriber| subscriber.id).collect()
    }

    /// How old the freshness of any of them may become, in milliseconds.
    pub(super) fn max_staleness(&self) -> Option<f64> {
        let limits = self.list.iter().filter_map(|each| each.max_staleness);
        limits.min_by(f64::total_cmp)
    }

    /// Whether not all of them watch the same.
    pub(super) fn are_mixed(&self) -> bool {
        let first = self.list.first();
        let is_other =
            |each: &Subscriber<E>| first.is_some_and(|first| first.patterns != each.patterns);
        self.list.iter().any(is_other)
    }

    /// The narrowest pattern that covers what all of them watch.
    pub(super) fn union(&self) -> Option<Pattern> {
        self.union_of(|_| true)
    }

    /// The same, of those that are or were ready.
    pub(super) fn ready_union(&self) -> Option<Pattern> {
        self.union_of(|subscriber| subscriber.was_ready)
    }

    fn union_of(&self, which: impl Fn(&Subscriber<E>) -> bool) -> Option<Pattern> {
        let subscribers = self.list.iter().filter(|subscriber| which(subscriber));
        let mut patterns = subscribers.flat_map(|subscriber| &subscriber.patterns);
        let first = patterns.next()?.clone();
        Some(patterns.fold(first, |wide, pattern| wide.union(pattern)))
    }

    fn position(&self, id: SubscriberId) -> Result<usize, usize> {
        // If none was removed, the ids are contiguous.
        let first = self.list.first().map_or(0, |subscriber| subscriber.id.0);
        let likely = id.0.wrapping_sub(first) as usize;
        if self.list.get(likely).is_some_and(|found| found.id == id) {
            return Ok(likely);
        }
        self.list
            .binary_search_by_key(&id, |subscriber| subscriber.id)
    }
}
