//! What a server of version 2 of the wire sends: replays of what a subscription missed, then live changes.

use std::rc::Rc;

use crate::enums::ReplayKind;
use crate::feed::freshness::Liveness;
use crate::feed::subscribers::Subscriber;
use crate::feed::{
    Action, Change, ConnectionId, Event, Feed, KeySlot, ResyncCost, SubscriberId, Synced, WireId,
};
use crate::kv::{Key, Revision, Tree};

impl<E: Clone> Feed<E> {
    /// The replay of a subscription begins. `epoch`: of which bucket, if it is another one; `total`: about how many
    /// changes come. A live subscription goes back to a replay where the server could not hold all its changes.
    pub fn replay_begins(
        &mut self,
        connection_id: ConnectionId,
        id: WireId,
        epoch: Option<Rc<str>>,
        kind: ReplayKind,
        total: u32,
    ) {
        let is_reset = kind == ReplayKind::Reset;
        let newest = self.wires.newest;
        let Some(wire) = self.wires.find(id) else {
            return;
        };
        let was_live = !std::mem::replace(&mut wire.is_replaying, true);
        self.freshness_may_differ |= was_live;
        wire.kind = kind;
        wire.epoch = epoch.or(wire.epoch.take());
        let (members, epoch) = (wire.members.clone(), wire.epoch.clone());
        // Stored entries may be of any bucket that there was.
        let is_news = is_reset && !self.forget_stored(&members);
        for member in members {
            let Some(subscriber) = self.subscribers.get_mut(member) else {
                continue;
            };
            if subscriber.initial && !subscriber.was_ready && total > 0 {
                self.actions.push(Action::Expect(member, total));
            }
            let position = &mut subscriber.position;
            if was_live {
                position.is_live = false;
                if let Some((_, revision)) = &mut position.complete {
                    *revision = newest.max(*revision);
                }
                position.skipped_to = position.revision();
            }
            if let (true, Some(epoch)) = (is_reset, &epoch) {
                subscriber.start_over_in(epoch);
                subscriber.position.skipped_to = 0;
            }
            // An earlier replay of the same entries was cut.
            let position = &mut subscriber.position;
            if let Some((of, reached)) = &position.partial
                && Some(of) == epoch.as_ref()
            {
                position.skipped_to = position.skipped_to.max(*reached);
            }
        }
        if let Some(epoch) = epoch {
            self.note_epoch(connection_id, &epoch, is_news);
        }
    }

    /// The bucket is the one with this epoch: another one than before, perhaps.
    fn note_epoch(&mut self, connection_id: ConnectionId, epoch: &Rc<str>, is_reset: bool) {
        for subscriber in self.subscribers.iter_mut() {
            // Version 1 had not named it.
            if let Some((of, _)) = &mut subscriber.position.complete
                && of.is_empty()
            {
                *of = Rc::clone(epoch);
            }
        }
        let known = self.resync.epoch();
        if is_reset || *known != **epoch && !known.is_empty() {
            self.index.start_over(connection_id.0);
            for subscriber in self.subscribers.iter_mut() {
                let position = &subscriber.position;
                if position.complete.is_none() || position.is_of_other(epoch) {
                    subscriber.start_over_in(epoch);
                }
            }
        }
        self.pending.clear();
        self.resync.set_epoch(epoch);
    }

    /// A change of a replay. Returns the slot of its key, if it has one.
    pub fn replayed(
        &mut self,
        connection_id: ConnectionId,
        id: WireId,
        change: Change<'_, E>,
    ) -> Option<KeySlot> {
        let (key, known) = self.key_of(connection_id, change.key)?;
        let (revision, live) = (change.revision, !change.deleted);
        let is_known = self.is_known(connection_id, &key, revision);
        let is_shown = self.index.is_shown(&key);
        let wire = self.wires.find(id)?;
        wire.replayed = wire.replayed.max(revision);
        let is_reset = wire.kind == ReplayKind::Reset;
        let lacks_deletes = wire.lacks_deletes;
        if !live {
            self.wires.note_delete(Some(id), &key, revision);
        }
        let newest = self.wires.newest;
        let (mut to, mut resynced, mut is_missing) = (Vec::new(), false, false);
        for member in self.subscribers.matching_ids(&key) {
            let Some(subscriber) = self.subscribers.get_mut(member) else {
                continue;
            };
            let position = &subscriber.position;
            let is_new = position.wire == Some(id)
                && position.skipped_to < revision
                && subscriber.has_read(&key) < revision
                && !(is_known && position.is_migrated && !is_reset);
            // A key that was there and gone before the subscriber was ready is none of its entries.
            let is_wanted = match subscriber.was_ready {
                true => true,
                false if position.is_migrated => is_shown,
                false => live || !subscriber.initial || subscriber.was_given(&key),
            };
            if is_new && is_wanted {
                resynced = subscriber.was_ready;
                if !resynced {
                    subscriber.note_read(&key, revision);
                }
                to.push(member);
            } else if position.wire != Some(id) {
                let has_it = position.is_live && revision <= newest.max(position.revision());
                is_missing |= subscriber.activated && !has_it;
            }
        }
        let recorded = match is_known && is_missing {
            true => {
                self.note_read(&to, &key, revision);
                None
            }
            false => self.record_for(id.0, &key, known, (revision, live), &to, is_missing),
        };
        if recorded.is_none() && live && !to.is_empty() {
            // Old for the others, perhaps, but its delete will matter.
            self.index.saw(&key, revision);
        }
        let slot = recorded.or(known);
        if (is_reset || lacks_deletes) && live {
            self.index.list(&key, id.0, 0, 0);
        }
        if !to.is_empty() {
            if let Some(wire) = self.wires.find(id) {
                wire.delivered += 1;
            }
            let event = Event::Change(change.payload);
            self.send_to(&to, event, resynced);
        }
        slot
    }

    /// A subscription has everything up to a revision; live changes follow.
    pub fn synced(&mut self, connection_id: ConnectionId, synced: Synced) {
        let Synced {
            wire: id,
            revision,
            epoch,
            is_reset,
            live,
        } = synced;
        let kind = self.wires.find(id).map(|wire| wire.kind);
        if is_reset && kind != Some(ReplayKind::Reset) {
            // There was nothing to replay.
            let epoch = Some(Rc::clone(&epoch));
            self.replay_begins(connection_id, id, epoch, ReplayKind::Reset, 0);
        }
        self.note_epoch(connection_id, &epoch, false);
        self.fetches.end_pauses();
        let Some(wire) = self.wires.find(id) else {
            return;
        };
        wire.is_replaying = false;
        wire.kind = ReplayKind::Complete;
        wire.replayed = 0;
        wire.epoch = Some(Rc::clone(&epoch));
        let lacks_deletes = std::mem::take(&mut wire.lacks_deletes) || is_reset || live.is_some();
        let delivered = std::mem::take(&mut wire.delivered);
        let deleted = std::mem::replace(&mut wire.deleted, Tree::new());
        let members = wire.members.clone();
        for key in live.iter().flatten() {
            self.index.list(key, id.0, 0, 0);
        }
        self.deliver_deletes(id, &deleted, revision);
        let mut was_ready = false;
        for member in members {
            let Some(subscriber) = self.subscribers.get_mut(member) else {
                continue;
            };
            was_ready |= subscriber.was_ready;
            let patterns = subscriber.patterns.clone();
            subscriber.position.complete = Some((Rc::clone(&epoch), revision));
            subscriber.position.partial = None;
            subscriber.position.started_over = None;
            subscriber.position.is_migrated = false;
            subscriber.position.is_live = true;
            let is_stored = subscriber.is_stored;
            self.confirm_stored(member, id, lacks_deletes);
            if lacks_deletes {
                for pattern in &patterns {
                    for key in self.index.unlisted(pattern, id.0) {
                        if let Some(seen) = self.index.lose(&key) {
                            self.lost_key(&key, seen, None);
                        }
                    }
                }
            }
            if is_stored {
                let synced = Action::Synced(member, Rc::clone(&epoch), revision);
                self.actions.push(synced);
            }
            self.ready(member);
        }
        if self.is_complete() {
            self.index.unfollow();
            self.connection_is_complete(Liveness::Silent);
            if std::mem::take(&mut self.wires.has_partial_deliveries) {
                self.index.all_delivered(connection_id.0);
            }
            (self.subscribers.iter_mut()).for_each(Subscriber::forget_read);
        }
        if was_ready && delivered > 0 {
            self.actions.push(Action::Resynced(ResyncCost {
                delivered,
                ..ResyncCost::default()
            }));
        }
    }

    /// Whether every subscriber of version 1 has this change: what they got there is not noted for each.
    fn is_known(&self, connection_id: ConnectionId, key: &Key, revision: Revision) -> bool {
        let delivered = self.index.delivered(key).max(self.index.unread_floor(key));
        !self.index.changed_on(key, connection_id.0) && revision <= delivered
    }

    /// Delivers the deletes up to a revision that came otherwise while a subscription was replayed.
    pub(in crate::feed) fn deliver_deletes(
        &mut self,
        id: WireId,
        deleted: &Tree<(Key, Revision, bool)>,
        up_to: Revision,
    ) {
        deleted.for_each(&mut |(key, at, is_own)| {
            if !is_own && *at <= up_to && !self.index.is_live(key) {
                self.lost_key(key, *at, Some(id));
            }
        });
    }

    /// A key is gone, and a replay has no delete of it: the one of this subscription, or any.
    pub(in crate::feed) fn lost_key(
        &mut self,
        key: &Key,
        revision: Revision,
        wire: Option<WireId>,
    ) {
        let connection_id = self.connection_id();
        let is_known = connection_id.is_some_and(|id| self.is_known(id, key, revision));
        let mut to = self.subscribers.matching_ids(key);
        to.retain(|id| {
            self.subscribers.get_mut(*id).is_some_and(|subscriber| {
                let position = &subscriber.position;
                if wire.is_none() {
                    let may_know = position.complete.is_some() || subscriber.was_given(key);
                    // Stored entries are confirmed on their own.
                    return may_know && subscriber.stored.is_none();
                }
                let is_new = position.wire == wire
                    && position.skipped_to < revision
                    && subscriber.has_read(key) < revision
                    && !(is_known && position.is_migrated);
                let may_know = subscriber.was_ready || position.is_migrated;
                let is_wanted = is_new && (may_know || subscriber.was_given(key));
                if is_wanted {
                    subscriber.note_read(key, revision);
                }
                is_wanted
            })
        });
        self.send_to(&to, Event::Gone(key.clone(), revision), true);
    }

    /// A live change: it is for every subscription that is live and does not have it from its replay.
    pub(in crate::feed) fn live_change(
        &mut self,
        key: Key,
        known: Option<KeySlot>,
        change: Change<'_, E>,
    ) -> Option<KeySlot> {
        let (revision, live) = (change.revision, !change.deleted);
        self.wires.newest = self.wires.newest.max(revision);
        if !live {
            self.wires.note_delete(None, &key, revision);
        }
        let matching = match known {
            Some(slot) => self.subscribers.take_matching(slot, &key),
            None => self.subscribers.matching_ids(&key),
        };
        let (to, is_missing) = match self.subscribers.all_take(revision, true) {
            true => (matching.clone(), false),
            false => self.live_recipients(&matching, revision),
        };
        let slot = self.record_for(
            self.connection_ids,
            &key,
            known,
            (revision, live),
            &to,
            is_missing,
        );
        if let Some(slot) = known {
            self.subscribers.keep_matching(slot, matching);
        }
        if to.is_empty() {
            return slot;
        }
        self.send_to(&to, Event::Change(change.payload), false);
        if self.is_complete() {
            self.attempts.failed = 0.0;
            if self.index.forget_tombstones(true) {
                self.subscribers.forget_slots();
                self.has_forgotten = true;
            }
        }
        slot
    }

    /// Those of the subscribers of a key that take a live change, and whether others are still to get it.
    fn live_recipients(
        &self,
        matching: &[SubscriberId],
        revision: Revision,
    ) -> (Vec<SubscriberId>, bool) {
        let mut to = Vec::with_capacity(matching.len());
        let mut is_missing = false;
        for id in matching {
            let Some(subscriber) = self.subscribers.get(*id) else {
                continue;
            };
            if !subscriber.position.is_live {
                is_missing |= subscriber.activated;
            } else if subscriber.position.revision() < revision {
                to.push(*id);
            }
        }
        (to, is_missing)
    }

    /// Records a change that is delivered to subscribers; `is_missing`: others are still to get it.
    fn record_for(
        &mut self,
        brought_by: u32,
        key: &Key,
        known: Option<KeySlot>,
        (revision, live): (Revision, bool),
        to: &[SubscriberId],
        is_missing: bool,
    ) -> Option<KeySlot> {
        if !is_missing {
            return (self.index).record_at(known, key, revision, live, brought_by);
        }
        self.wires.has_partial_deliveries = true;
        self.note_read(to, key, revision);
        (self.index).note_at(known, key, revision, live, brought_by)
    }

    fn note_read(&mut self, ids: &[SubscriberId], key: &Key, revision: Revision) {
        for id in ids {
            if let Some(subscriber) = self.subscribers.get_mut(*id) {
                subscriber.note_read(key, revision);
            }
        }
    }

    /// The server has sent everything of the bucket up to a revision.
    pub fn ticked(&mut self, connection_id: ConnectionId, revision: Revision) {
        if self.wires.is_on && self.connection_id() == Some(connection_id) {
            self.wires.newest = self.wires.newest.max(revision);
        }
    }
}
