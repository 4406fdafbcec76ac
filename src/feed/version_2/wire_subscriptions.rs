//! Subscriptions on version 2 of the wire, whose server replays what came after a revision: nothing is
//! listed, and nothing is read. Subscribers that begin alike share one.
//!
//! A subscriber waits, until its subscription is asked for; then what it missed is replayed, and once the
//! subscription is synced it is live. When the connection is lost, each subscriber notes how far it came.

use std::rc::Rc;

use super::position::Point;
use crate::enums::ReplayKind;
use crate::feed::subscribers::Subscriber;
use crate::feed::{Action, ConnectionId, Feed, Recipients, SubscriberId, Subscription, WireId};
use crate::kv::{Key, Pattern, Revision, Tree};

/// How many patterns a subscription has at most. A subscriber that has more asks for what covers them all.
const MAX_PATTERNS: usize = 500;

/// How many bytes they have together.
const MAX_PATTERN_BYTES: usize = 64 << 10;

/// With so many more subscriptions than twice what there were after the last merge, they are merged again.
const MANY_SUBSCRIPTIONS: usize = if cfg!(test) { 0 } else { 32 };

/// A subscription of the connection.
#[derive(Debug)]
pub(in crate::feed) struct WireSubscription {
    id: WireId,
    pub(in crate::feed) members: Vec<SubscriberId>,
    pub(in crate::feed) is_replaying: bool,
    /// The bucket of the replay, as far as the server has named it.
    pub(in crate::feed) epoch: Option<Rc<str>>,
    pub(in crate::feed) kind: ReplayKind,
    /// Whether the replay is of current entries, deletes left out, for subscribers that know entries.
    pub(in crate::feed) lacks_deletes: bool,
    /// Deletes that came while it was replayed, and whether its own replay had them.
    pub(in crate::feed) deleted: Tree<(Key, Revision, bool)>,
    /// The last revision of the replay.
    pub(in crate::feed) replayed: Revision,
    /// How many of its events were delivered.
    pub(in crate::feed) delivered: usize,
}

/// The subscriptions of a feed.
#[derive(Debug, Default)]
pub(in crate::feed) struct WireSubscriptions {
    /// Whether the connection is of version 2.
    pub(in crate::feed) is_on: bool,
    list: Vec<WireSubscription>,
    /// The subscribers to subscribe for.
    waiting: Vec<SubscriberId>,
    /// Those that the server refused for the moment, and whether they are asked for again now.
    pub(in crate::feed) refused: Vec<WireSubscription>,
    is_retrying: bool,
    /// The revision of the newest live change: every live subscriber has everything up to it.
    pub(in crate::feed) newest: Revision,
    /// Whether any change is noted that only some of its subscribers have.
    pub(in crate::feed) has_partial_deliveries: bool,
    /// How many subscriptions there were after they were last merged.
    merged_count: usize,
}

impl WireSubscriptions {
    /// Subscribes for a subscriber soon.
    pub(in crate::feed) fn await_subscription(&mut self, id: SubscriberId) {
        let mut all = self.list.iter().chain(&self.refused);
        if !all.any(|wire| wire.members.contains(&id)) && !self.waiting.contains(&id) {
            self.waiting.push(id);
        }
    }

    /// Whether no subscription is awaited, and each one's replay is over.
    pub(in crate::feed) fn are_complete(&self) -> bool {
        let is_replaying = self.list.iter().any(|wire| wire.is_replaying);
        self.waiting.is_empty() && self.refused.is_empty() && !is_replaying
    }

    /// Subscribes again for those that were refused for the moment.
    pub(in crate::feed) fn retry(&mut self) {
        self.is_retrying = true;
    }

    /// Notes a delete for the replays under way: of one of them, or live.
    pub(in crate::feed) fn note_delete(
        &mut self,
        of: Option<WireId>,
        key: &Key,
        revision: Revision,
    ) {
        let all = self.list.iter_mut().chain(&mut self.refused);
        for wire in all.filter(|wire| wire.is_replaying) {
            let is_own = Some(wire.id) == of;
            let new = || (key.clone(), revision, is_own);
            let (_, at, was_own) = wire.deleted.get_or_insert_with(key, new);
            if revision >= *at {
                *was_own = is_own || *was_own && revision == *at;
                *at = revision;
            }
        }
    }

    pub(in crate::feed) fn find(&mut self, id: WireId) -> Option<&mut WireSubscription> {
        self.list.iter_mut().find(|wire| wire.id == id)
    }

    pub(in crate::feed) fn take(&mut self, id: WireId) -> Option<WireSubscription> {
        let at = self.list.iter().position(|wire| wire.id == id)?;
        Some(self.list.swap_remove(at))
    }
}

/// Where a subscriber's subscription starts. Those that start alike share one.
fn start<E>(subscriber: &Subscriber<E>) -> (Option<&Rc<str>>, bool, bool) {
    let complete = subscriber.position.complete.as_ref();
    let begins_with_entries = complete.is_none() && subscriber.initial;
    let epoch = complete.map(|(epoch, _)| epoch);
    (epoch, begins_with_entries, subscriber.was_ready)
}

impl<E: Clone> Feed<E> {
    /// A connection of version 2 is open.
    pub(in crate::feed) fn begin_subscriptions(&mut self) {
        self.abandon_resync();
        if let Some(current) = &mut self.current {
            current.filter = Pattern::all();
        }
        let known: Point = (self.resync.epoch().into(), self.index.parted_at());
        let has_delivered = self.index.has_delivered();
        for subscriber in self.subscribers.iter_mut() {
            // It comes from version 1, where it may have got events before it was ready.
            let first_event = subscriber.position.first_event;
            let first_event = first_event.filter(|_| !subscriber.initial);
            // With `initial` and nothing delivered it has no entries: they may have been written since the listing.
            let has_entries = subscriber.was_ready && (has_delivered || !subscriber.initial);
            let has_begun = has_entries || first_event.is_some();
            let position = &mut subscriber.position;
            let was_on_version_1 =
                std::mem::take(&mut position.was_on_version_1) || position.complete.is_none();
            if has_begun && was_on_version_1 {
                let mut known = known.clone();
                let complete = position.complete.as_ref().filter(|(of, _)| *of == known.0);
                let reached = match complete {
                    Some((_, revision)) => Some(*revision),
                    None if subscriber.was_ready => None,
                    None => first_event,
                };
                known.1 = known.1.max(reached.unwrap_or(0));
                position.complete = Some(known);
                position.is_migrated = true;
            }
            // Of its initial entries on version 1, only deletes of what it has still matter.
            for buffered in std::mem::take(&mut subscriber.buffer) {
                let read = subscriber.has_read(&buffered.key);
                if !buffered.live && read > 0 && buffered.revision > read {
                    subscriber.note_read(&buffered.key, buffered.revision);
                    let to = Recipients::One(subscriber.id);
                    self.actions.push(Action::Deliver(to, buffered.event, true));
                }
            }
            if subscriber.activated {
                self.wires.waiting.push(subscriber.id);
            }
        }
        self.notify_states();
    }

    /// A connection of version 1 is open: what it brings is noted for all subscribers together.
    pub(in crate::feed) fn leave_version_2(&mut self) {
        self.leave_wires();
        for id in self.subscribers.ids() {
            self.begin_without_stored(id);
        }
        let epoch: Rc<str> = self.resync.epoch().into();
        for subscriber in self.subscribers.iter_mut() {
            subscriber.position.was_on_version_1 = true;
            // Revisions of a bucket that was replaced mean nothing.
            if subscriber.position.is_of_other(&epoch) {
                subscriber.position.complete = None;
                subscriber.start_over_in(&epoch);
            }
        }
    }

    /// Asks for the subscriptions of those that wait.
    pub(in crate::feed) fn subscribe_waiting(&mut self) {
        if std::mem::take(&mut self.wires.is_retrying) {
            for refused in std::mem::take(&mut self.wires.refused) {
                self.subscribe_for(refused.members);
                if let Some(wire) = self.wires.list.last_mut() {
                    wire.deleted = refused.deleted;
                }
            }
        }
        if self.wires.waiting.is_empty() || self.has_ended() {
            return;
        }
        if self.wires.list.len() > self.wires.merged_count * 2 + MANY_SUBSCRIPTIONS {
            self.merge_subscriptions();
        }
        for at in 0..self.wires.waiting.len() {
            self.begin_with_stored(self.wires.waiting[at]);
        }
        let mut groups: Vec<(Vec<SubscriberId>, usize, usize)> = Vec::new();
        for id in std::mem::take(&mut self.wires.waiting) {
            let Some(subscriber) = self.subscribers.get(id) else {
                continue;
            };
            let texts = subscriber.patterns.iter().map(|p| p.as_str().len());
            let (count, bytes) = (subscriber.patterns.len(), texts.sum::<usize>());
            let group = groups.iter_mut().find(|(members, patterns, size)| {
                let first = members
                    .first()
                    .and_then(|first| self.subscribers.get(*first));
                first.is_some_and(|first| start(first) == start(subscriber))
                    && *patterns + count <= MAX_PATTERNS
                    && *size + bytes <= MAX_PATTERN_BYTES
            });
            match group {
                Some((members, patterns, size)) => {
                    members.push(id);
                    *patterns += count;
                    *size += bytes;
                }
                None => groups.push((vec![id], count, bytes)),
            }
        }
        for (members, ..) in groups {
            self.subscribe_for(members);
        }
        self.wires.merged_count = self.wires.merged_count.max(1);
    }

    /// Merges the live subscriptions: there are many, one for each newcomer.
    fn merge_subscriptions(&mut self) {
        let Some(connection_id) = self.connection_id() else {
            return;
        };
        for at in (0..self.wires.list.len()).rev() {
            if !self.wires.list[at].is_replaying {
                let wire = self.wires.list.swap_remove(at);
                self.note_positions(&wire);
                self.wires.waiting.extend(&wire.members);
                self.actions
                    .push(Action::Unsubscribe(connection_id, wire.id));
            }
        }
        let patterns = self.wires.waiting.len();
        self.wires.merged_count = self.wires.list.len() + patterns / MAX_PATTERNS + 1;
    }

    /// Asks for a subscription of subscribers that start alike.
    pub(in crate::feed) fn subscribe_for(&mut self, members: Vec<SubscriberId>) {
        let Some(connection_id) = self.connection_id() else {
            return;
        };
        self.connection_ids += 1;
        let id = WireId(self.connection_ids);
        let live = self.live_point();
        let (mut patterns, mut epoch, mut after) = (Vec::<Pattern>::new(), None::<Rc<str>>, None);
        let mut knows_entries = false;
        for member in &members {
            let Some(subscriber) = self.subscribers.get_mut(*member) else {
                continue;
            };
            let position = &mut subscriber.position;
            position.wire = Some(id);
            position.skipped_to = match position.is_of_other(self.resync.epoch()) {
                true => 0,
                false => position.revision(),
            };
            if let Some((known, revision)) = &position.complete {
                epoch = Some(Rc::clone(known));
                after = Some(after.unwrap_or(*revision).min(*revision));
                knows_entries = true;
            } else if subscriber.initial {
                after = Some(0);
                knows_entries |= subscriber.newest_read > 0;
            } else if let Some((known, revision)) = &live {
                // What is written right after `watch()` may be stored before the subscription arrives.
                epoch = Some(Rc::clone(known));
                after = Some(*revision);
            }
            patterns.extend_from_slice(&subscriber.patterns);
        }
        let bytes: usize = patterns.iter().map(|pattern| pattern.as_str().len()).sum();
        if patterns.len() > MAX_PATTERNS || bytes > MAX_PATTERN_BYTES {
            let all = patterns.into_iter();
            let union = all.reduce(|wide, pattern| wide.union(&pattern));
            patterns = union.into_iter().collect();
        }
        self.wires.list.push(WireSubscription {
            id,
            members,
            is_replaying: true,
            epoch: None,
            kind: ReplayKind::Complete,
            lacks_deletes: knows_entries && after == Some(0),
            deleted: Tree::new(),
            replayed: 0,
            delivered: 0,
        });
        let wanted = Subscription {
            wire: id,
            patterns,
            after,
            // Version 1 may not have named it.
            epoch: epoch.filter(|epoch| !epoch.is_empty()),
        };
        (self.actions).push(Action::Subscribe(connection_id, Box::new(wanted)));
    }

    /// The revision up to which the live subscribers have everything.
    fn live_point(&mut self) -> Option<Point> {
        let newest = self.wires.newest;
        let mut positions = self.subscribers.iter_mut().map(|each| &each.position);
        let live = positions.find(|position| position.is_live)?;
        let (epoch, revision) = live.complete.as_ref()?;
        Some((Rc::clone(epoch), newest.max(*revision)))
    }

    pub(in crate::feed) fn connection_id(&self) -> Option<ConnectionId> {
        Some(self.current.as_ref()?.connection_id)
    }

    /// A subscriber has left.
    pub(in crate::feed) fn leave_wire(&mut self, id: SubscriberId, wire: Option<WireId>) {
        self.wires.waiting.retain(|other| *other != id);
        for refused in &mut self.wires.refused {
            refused.members.retain(|other| *other != id);
        }
        self.wires.refused.retain(|wire| !wire.members.is_empty());
        let Some(found) = wire.and_then(|wire| self.wires.find(wire)) else {
            return;
        };
        found.members.retain(|other| *other != id);
        if found.members.is_empty() {
            let wire = found.id;
            self.wires.take(wire);
            if let Some(connection_id) = self.connection_id() {
                self.actions.push(Action::Unsubscribe(connection_id, wire));
            }
        }
    }

    /// The connection is over: every subscriber notes how far it came.
    pub(in crate::feed) fn leave_wires(&mut self) {
        let mut all = std::mem::take(&mut self.wires.list);
        all.append(&mut self.wires.refused);
        for wire in &all {
            self.leave_subscription(wire);
        }
        if std::mem::take(&mut self.wires.is_on) {
            if let Some(next) = &self.next {
                self.index.take_over(next.connection_id.0);
            }
            // For the case that the server has only version 1 by then.
            if let Some(followed) = self.subscribers.ready_union() {
                self.index.follow(followed);
            }
        }
        self.wires.waiting.clear();
        self.wires.is_retrying = false;
        self.wires.newest = 0;
    }

    /// A subscription is over: the deletes that its replay may not have brought are delivered, and each member notes
    /// how far it came.
    pub(in crate::feed) fn leave_subscription(&mut self, wire: &WireSubscription) {
        self.deliver_deletes(wire.id, &wire.deleted, Revision::MAX);
        self.note_positions(wire);
    }

    pub(in crate::feed) fn note_positions(&mut self, wire: &WireSubscription) {
        let newest = self.wires.newest;
        self.freshness_may_differ = true;
        for member in &wire.members {
            let Some(subscriber) = self.subscribers.get_mut(*member) else {
                continue;
            };
            let position = &mut subscriber.position;
            position.wire = None;
            if subscriber.stored.is_some() {
                continue;
            }
            if std::mem::take(&mut position.is_live) {
                if let Some((_, revision)) = &mut position.complete {
                    *revision = newest.max(*revision);
                }
            } else if let Some(epoch) = wire.epoch.as_ref().filter(|_| wire.replayed > 0) {
                let reached = wire.replayed.max(position.skipped_to);
                let point = Some((Rc::clone(epoch), reached));
                match wire.lacks_deletes || wire.kind != ReplayKind::Complete {
                    true => position.partial = point,
                    false => position.complete = point,
                }
            }
        }
    }
}
