//! The key index: the last revisions of each key, to deduplicate events and to find what changed while
//! disconnected. It holds no values.

mod early_keys;
mod lost_keys;

use super::KeySlot;
use super::version_1::list_order::ListOrder;
use crate::kv::Tree;
use crate::kv::{Key, Pattern, Revision};

/// How many deleted keys are remembered before any of them is forgotten.
const MANY_TOMBSTONES: usize = if cfg!(test) { 2 } else { 1024 };

/// What is known of one key.
#[derive(Debug, Clone)]
pub(super) struct KeyState {
    pub(super) key: Key,
    /// The newest revision that was delivered to every subscriber; 0: none.
    pub(super) delivered: Revision,
    /// The newest revision that was seen in any way.
    pub(super) seen: Revision,
    pub(super) live: bool,
    /// Whether it existed before its changes were followed, and a revision that the bucket had reached then. While the
    /// connection is open that listed it, a change up to that revision may still come.
    early: bool,
    early_floor: Revision,
    is_early_old: bool,
    /// Whether an event of it was delivered to any subscriber.
    is_shown: bool,
    /// Whether it was reported as deleted without its tombstone, and nothing of it was delivered since.
    lost: bool,
    /// The connection that last brought a change of it, or its subscription on version 2 of the wire; 0: none.
    /// Ids of both ascend together.
    pub(super) changed_on: u32,
    /// The connection on which it was last listed, 0: none; and its place in that listing, from 1 on, 0 if
    /// it was deleted since.
    listed_on: u32,
    pub(super) rank: u32,
}

/// The state of every known key.
#[derive(Debug)]
pub(super) struct KeyIndex {
    pub(super) keys: Tree<KeyState>,
    live: usize,
    tombstones: usize,
    /// Whether any event was delivered.
    has_delivered: bool,
    /// The newest revision that a change brought.
    newest: Revision,
    /// A revision the bucket had reached when it was listed.
    listed_revision: Revision,
    /// The keys whose every change has been delivered. None: of no key.
    followed: Option<Pattern>,
    /// Whether every live key that is followed is known: the bucket was listed.
    complete: bool,
    /// The newest revision when tombstones were last forgotten. A key that is followed and not known
    /// was deleted by then.
    forgotten: Revision,
    /// Up to this revision, a change of a followed key is old...
    pub(super) floor: Revision,
    /// ...and up to this one, if the key was in a listing and no event of it was delivered.
    listed_floor: Revision,
    pub(super) order: ListOrder,
}

impl KeyIndex {
    pub(super) fn new() -> Self {
        Self {
            keys: Tree::new(),
            live: 0,
            tombstones: 0,
            has_delivered: false,
            newest: 0,
            listed_revision: 0,
            followed: None,
            complete: false,
            forgotten: 0,
            floor: 0,
            listed_floor: 0,
            order: ListOrder::default(),
        }
    }

    /// The same, for another feed. Keys get other slots.
    pub(super) fn copy(&mut self) -> Self {
        let mut keys = Tree::new();
        self.keys.for_each_mut(&mut |known| {
            keys.get_or_insert_with(&known.key, || known.clone());
        });
        Self {
            keys,
            followed: self.followed.clone(),
            order: self.order.clone(),
            ..*self
        }
    }

    /// Nothing of these keys is missing now.
    pub(super) fn follow(&mut self, filter: Pattern) {
        self.followed = Some(filter);
    }

    /// Its revisions are compared no longer: version 2 of the wire repeats nothing.
    pub(super) fn unfollow(&mut self) {
        self.followed = None;
    }

    /// Sets whether every live key that matches the connection's filter has been listed.
    pub(super) const fn set_complete(&mut self, complete: bool) {
        self.complete = complete;
    }

    /// Whether an entry of this revision is older than a tombstone of its key that was forgotten.
    pub(super) fn is_deleted(&self, key: &str, revision: Revision) -> bool {
        revision <= self.forgotten && self.is_followed(key) && self.keys.get(key).is_none()
    }

    /// The connection is closed, or another one takes over, and nothing was missed until then: any change older than
    /// the newest one is old, also of an unknown key.
    pub(super) fn part(&mut self) {
        let keys = &mut self.keys;
        keys.for_each_mut(&mut |known| known.is_early_old = true);
        self.listed_floor = self.listed_floor.max(self.listed_revision);
        self.note_complete();
    }

    /// Nothing was missed until now: any change older than the newest one is old.
    pub(super) fn note_complete(&mut self) {
        self.floor = self.floor.max(self.newest);
        self.listed_floor = self.listed_floor.max(self.floor);
    }

    /// The revision up to which nothing was missing when the last connection was closed.
    pub(super) const fn parted_at(&self) -> Revision {
        match self.has_delivered {
            true => self.floor,
            false => self.listed_floor,
        }
    }

    pub(super) const fn has_delivered(&self) -> bool {
        self.has_delivered
    }

    /// The revision up to which nothing is missing while a connection is open. A list or a read may be ahead
    /// of the connection's frames, so it counts only before the first event.
    pub(super) fn complete_up_to(&self) -> Revision {
        match self.has_delivered {
            true => self.newest,
            false => self.newest.max(self.listed_revision).max(self.listed_floor),
        }
    }

    /// Whether changes of the key are delivered by a resync: its changes were followed, or an event of it was
    /// delivered.
    pub(super) fn follows(&self, key: &str) -> bool {
        self.is_followed(key) || self.is_shown(key)
    }

    pub(super) fn is_followed(&self, key: &str) -> bool {
        self.followed.as_ref().is_some_and(|f| f.matches(key))
    }

    pub(super) const fn has_followed(&self) -> bool {
        self.followed.is_some()
    }

    /// The revision up to which changes of the key are old.
    pub(super) fn delivered(&self, key: &str) -> Revision {
        self.delivered_or_floor(key, self.keys.get(key))
    }

    fn delivered_or_floor(&self, key: &str, known: Option<&KeyState>) -> Revision {
        match known {
            Some(known) if known.delivered > 0 => known.delivered,
            _ if !self.is_followed(key) => 0,
            Some(known) if known.early && !known.is_shown && known.is_early_old => {
                self.listed_floor.max(known.early_floor)
            }
            Some(known) if known.early && !known.is_shown => self.listed_floor,
            _ => self.floor,
        }
    }

    /// Whether a change of the key has come on this connection.
    pub(super) fn changed_on(&self, key: &str, connection_id: u32) -> bool {
        let known = self.keys.get(key);
        known.is_some_and(|known| known.changed_on >= connection_id)
    }

    /// Whether a list or a change on this connection, or a later one, has shown that the key is there.
    pub(super) fn is_confirmed(&self, key: &str, connection_id: u32) -> bool {
        let known = self.keys.get(key);
        known.is_some_and(|known| known.listed_on.max(known.changed_on) >= connection_id)
    }

    pub(super) fn is_live(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|known| known.live)
    }

    /// Whether an event of the key was delivered.
    pub(super) fn is_shown(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|known| known.is_shown)
    }

    /// Whether a delete of the key was delivered, and no put after it.
    pub(super) fn was_deleted(&self, key: &str) -> bool {
        let known = self.keys.get(key);
        known.is_some_and(|known| known.is_shown && !known.live)
    }

    /// The key at a slot.
    pub(super) fn key(&self, slot: KeySlot) -> Option<&Key> {
        Some(&self.keys.at(slot.0)?.key)
    }

    /// Records a change. `connection_id`: the connection that brought it, 0 if a read found it. Returns the
    /// slot of the key, or none if the change is old.
    pub(super) fn record(
        &mut self,
        key: &Key,
        revision: Revision,
        live: bool,
        connection_id: u32,
    ) -> Option<KeySlot> {
        let slot = self.keys.slot(key);
        self.record_at(slot.map(KeySlot), key, revision, live, connection_id)
    }

    /// The same, where the key's slot is known already.
    pub(super) fn record_at(
        &mut self,
        slot: Option<KeySlot>,
        key: &Key,
        revision: Revision,
        live: bool,
        connection_id: u32,
    ) -> Option<KeySlot> {
        let known = slot.and_then(|slot| self.keys.at(slot.0));
        if revision <= self.delivered_or_floor(key, known) {
            return None;
        }
        let slot = self.note_at(slot, key, revision, live, connection_id)?;
        self.keys.at_mut(slot.0)?.delivered = revision;
        Some(slot)
    }

    /// Records a change that was delivered to some subscribers, while others of the key are still to get it.
    pub(super) fn note_at(
        &mut self,
        slot: Option<KeySlot>,
        key: &Key,
        revision: Revision,
        live: bool,
        connection_id: u32,
    ) -> Option<KeySlot> {
        let slot = match slot {
            Some(slot) => slot,
            None => {
                self.entry(key);
                KeySlot(self.keys.slot(key)?)
            }
        };
        self.has_delivered = true;
        self.order.newest_seen = self.order.newest_seen.max(revision);
        let known = self.keys.at_mut(slot.0)?;
        let was_live = known.live;
        known.is_shown = true;
        if revision >= known.seen {
            known.seen = revision;
            known.live = live;
            known.rank *= u32::from(live);
        }
        let live = known.live;
        if connection_id > 0 && revision > known.delivered {
            known.changed_on = known.changed_on.max(connection_id);
            self.newest = self.newest.max(revision);
        }
        self.count(was_live, live);
        Some(slot)
    }

    /// What was noted of this connection's changes has been delivered to every subscriber.
    pub(super) fn all_delivered(&mut self, connection_id: u32) {
        self.keys.for_each_mut(&mut |known| {
            if known.changed_on >= connection_id {
                known.delivered = known.seen;
            }
        });
    }

    /// What has come over this connection so far is as if it had come over an earlier one.
    pub(super) fn take_over(&mut self, connection_id: u32) {
        let earlier = connection_id.saturating_sub(1);
        self.order.listed_on = self.order.listed_on.min(earlier);
        self.keys.for_each_mut(&mut |known| {
            known.changed_on = known.changed_on.min(earlier);
            known.listed_on = known.listed_on.min(earlier);
        });
    }

    /// Records a revision that was delivered to one subscriber.
    pub(super) fn saw(&mut self, key: &Key, revision: Revision) {
        self.has_delivered = true;
        self.entry(key).is_shown = true;
        self.note(key, revision);
        let known = self.entry(key);
        if revision > known.delivered {
            let was_live = known.live;
            known.live = true;
            self.count(was_live, true);
        }
    }

    /// Records the revision of an entry that was read.
    pub(super) fn note(&mut self, key: &Key, revision: Revision) {
        self.order.newest_seen = self.order.newest_seen.max(revision);
        if let Some(known) = self.keys.get_mut(key) {
            known.seen = known.seen.max(revision);
        }
    }

    fn entry(&mut self, key: &Key) -> &mut KeyState {
        let mut new = false;
        let known = self.keys.get_or_insert_with(key, || {
            new = true;
            KeyState {
                key: key.clone(),
                delivered: 0,
                seen: 0,
                live: false,
                early: false,
                early_floor: 0,
                is_early_old: false,
                is_shown: false,
                lost: false,
                changed_on: 0,
                listed_on: 0,
                rank: 0,
            }
        });
        if new {
            self.tombstones += 1;
        }
        known
    }

    fn count(&mut self, was_live: bool, live: bool) {
        match (was_live, live) {
            (false, true) => {
                self.live += 1;
                self.tombstones -= 1;
            }
            (true, false) => {
                self.live -= 1;
                self.tombstones += 1;
            }
            _ => {}
        }
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(super) fn remembered(&self) -> usize {
        self.live + self.tombstones
    }
}
