//! Delivers changes to the subscribers that do not have them yet.

use super::connection::{Phase, is};
use super::freshness::Liveness;
use super::subscribers::BufferedEvent;
use super::{
    Action, Change, ConnectionId, Event, Feed, KeySlot, Name, PendingChange, Recipients,
    SubscriberId,
};
use crate::kv::{Key, Revision};

impl<E: Clone> Feed<E> {
    /// A change arrived. Returns the slot of its key, valid until keys are forgotten, or none if the change is
    /// old.
    pub fn changed(
        &mut self,
        connection_id: ConnectionId,
        change: Change<'_, E>,
    ) -> Option<KeySlot> {
        let (key, known) = self.key_of(connection_id, change.key)?;
        self.liveness = Liveness::Active;
        if self.wires.is_on {
            return self.live_change(key, known, change);
        }
        let (revision, live) = (change.revision, !change.deleted);
        let delivered = match known {
            Some(_) => (self.index).record_at(known, &key, revision, live, connection_id.0),
            None => self.index.record(&key, revision, live, connection_id.0),
        };
        if let Some(slot) = delivered {
            if self.resync.is_listing() {
                self.note_skipped(&key, revision, live, &change.payload);
            }
            let event = Event::Change(change.payload);
            if known.is_some() {
                let to = self.subscribers.take_matching(slot, &key);
                self.deliver_to(&to, &key, revision, event, false);
                self.subscribers.keep_matching(slot, to);
            } else {
                self.deliver(&key, revision, event, false);
            }
            if self.resync.is_done() {
                self.attempts.failed = 0.0;
                let lossless = self.settings.lossless;
                if self.next.is_none() && self.index.forget_tombstones(lossless) {
                    self.subscribers.forget_slots();
                    self.has_forgotten = true;
                }
            }
        } else if self.resync.is_listing() {
            self.pending.push(PendingChange {
                key,
                revision,
                live,
                payload: change.payload,
                skipped: Vec::new(),
            });
        }
        delivered
    }

    /// Keeps a change for the subscribers that have a newer entry of its key: the bucket may be another one.
    #[cold]
    fn note_skipped(&mut self, key: &Key, revision: Revision, live: bool, payload: &E) {
        let skipped = self.subscribers.ahead_of(key, revision);
        if !skipped.is_empty() {
            self.pending.push(PendingChange {
                key: key.clone(),
                revision,
                live,
                payload: payload.clone(),
                skipped,
            });
        }
    }

    /// The key of a change on the open connection, and its slot where it has one.
    pub(super) fn key_of(
        &mut self,
        connection_id: ConnectionId,
        name: Name<'_>,
    ) -> Option<(Key, Option<KeySlot>)> {
        if self.phase != Phase::Open || !is(&self.current, connection_id) {
            return None;
        }
        match name {
            Name::KeySlot(slot) => Some((self.index.key(slot)?.clone(), Some(slot))),
            Name::Text(text) => match Key::parse(text) {
                Ok(key) => Some((key, None)),
                Err(_) => {
                    self.bad_frame(connection_id, "watch frame has an invalid \"key\"".into());
                    None
                }
            },
        }
    }

    /// Delivers an event to the subscribers of the key.
    pub(super) fn deliver(
        &mut self,
        key: &Key,
        revision: Revision,
        event: Event<E>,
        resynced: bool,
    ) {
        let to = self.subscribers.matching_ids(key);
        self.deliver_to(&to, key, revision, event, resynced);
    }

    /// Delivers an event to these subscribers, or buffers it until they have their initial entries.
    pub(super) fn deliver_to(
        &mut self,
        matching_ids: &[SubscriberId],
        key: &Key,
        revision: Revision,
        event: Event<E>,
        resynced: bool,
    ) {
        let is_live = !resynced && matches!(event, Event::Change(_));
        if is_live && self.subscribers.all_take(revision, false) {
            return self.send_to(matching_ids, event, false);
        }
        let gone = matches!(event, Event::Gone(..));
        let complete = self.resync.is_done();
        let mut to = Vec::new();
        for id in matching_ids {
            let Some(subscriber) = self.subscribers.get_mut(*id).filter(|s| s.activated) else {
                continue;
            };
            if subscriber.is_buffering() {
                if gone {
                    subscriber.buffer.retain(|buffer| buffer.key != *key);
                    if subscriber.was_given(key) {
                        to.push(*id);
                    }
                } else {
                    subscriber.buffer.push(BufferedEvent {
                        key: key.clone(),
                        revision,
                        live: self.index.is_live(key),
                        event: event.clone(),
                        resynced,
                    });
                }
                continue;
            }
            let news = gone || subscriber.has(key) < revision;
            if complete && !resynced {
                subscriber.has_come_to(revision);
            }
            if news {
                if !subscriber.was_ready {
                    let first = &mut subscriber.position.first_event;
                    *first = Some(first.map_or(revision, |first| first.min(revision)));
                }
                to.push(*id);
            }
        }
        // No frame brings the delete of a key that has expired.
        self.resync.cost.delivered += usize::from(resynced && !gone && !to.is_empty());
        self.send_to(&to, event, resynced);
    }

    /// Sends an event to these subscribers as it is.
    pub(super) fn send_to(&mut self, ids: &[SubscriberId], event: Event<E>, resynced: bool) {
        if let Some(to) = Recipients::of(ids) {
            self.actions.push(Action::Deliver(to, event, resynced));
        }
    }
}
