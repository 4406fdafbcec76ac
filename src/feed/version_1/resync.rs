//! The resync: finds what changed while there was no connection.
//!
//! On every new connection the feed requests a resync listing: when the bucket was created, and which
//! keys it has. The first listing is only recorded, to notice later which keys are gone. After an
//! interruption, a missing key is delivered as a delete, and every other key is read, unless a change of
//! it has already arrived. Entries that are newer than what was delivered are delivered.

use super::fetch_queue::{Requester, filtered};
use crate::error::Error;
use crate::feed::freshness::Liveness;
use crate::feed::subscribers::Progress;
use crate::feed::version_2::position::Position;
use crate::feed::{
    Action, Event, Feed, PendingChange, Recipients, RequestId, ResyncCost, ResyncListing,
    SubscriberId,
};
use crate::kv::{Key, Revision};

/// The state of the resync.
#[derive(Debug, Default)]
pub(in crate::feed) struct Resync {
    pub(in crate::feed) step: Step,
    /// When the bucket was created, as far as is known.
    created: Option<String>,
    /// The lists of initial entries in flight: for which subscriber, and which of its patterns.
    pub(in crate::feed) lists: Vec<(RequestId, SubscriberId, usize)>,
    /// The lists that failed, to be sent again after the pause.
    pub(in crate::feed) failed_lists: Vec<(SubscriberId, usize)>,
    /// Whether the resync listing failed and is sent again after the pause.
    pub(in crate::feed) must_list: bool,
    /// Whether it could not find out everything: a listing or a read failed for good.
    pub(in crate::feed) is_partial: bool,
    /// Whether it probes the connection that is open: its failure is no problem of a subscriber.
    pub(in crate::feed) is_probe: bool,
    /// Whether a read of a probe failed. The next probe reads the same keys.
    pub(in crate::feed) has_failed_probe: bool,
    /// The newest key of the listing, while it is read for its revision: other keys were not followed before.
    pub(in crate::feed) newest: Option<Key>,
    pub(in crate::feed) cost: ResyncCost,
}

#[derive(Debug, Default, Clone, Copy)]
pub(in crate::feed) enum Step {
    /// There is no connection.
    #[default]
    None,
    Listing(RequestId, ResyncScope),
    Reading(ResyncScope),
    /// Nothing is missing, and nothing will be while the connection lasts.
    Done,
}

/// Which keys of a listing are read.
#[derive(Debug, Clone, Copy)]
pub(in crate::feed) enum ResyncScope {
    /// The newest key, for its revision, and the keys with delivered events: nothing was followed before.
    Newest,
    /// Every key that was followed.
    All,
    /// Only the newest keys, down to one that is not newer than this revision: a wider connection took
    /// over from one that was open until then.
    Since(Revision),
}

impl Resync {
    pub(in crate::feed) fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    /// Which bucket of the name it is, as far as is known.
    pub(in crate::feed) fn epoch(&self) -> &str {
        self.created.as_deref().unwrap_or_default()
    }

    /// Version 2 of the wire has named the bucket.
    pub(in crate::feed) fn set_epoch(&mut self, epoch: &str) {
        self.created = Some(epoch.into());
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(in crate::feed) fn knows_bucket(&self) -> bool {
        self.created.is_some()
    }

    pub(in crate::feed) fn is_listing(&self) -> bool {
        matches!(self.step, Step::Listing(..))
    }

    /// Whether it is not known yet which revision the bucket has reached.
    pub(in crate::feed) fn is_beginning(&self) -> bool {
        self.newest.is_some() || self.is_listing()
    }
}

impl<E: Clone> Feed<E> {
    /// A connection is open; `taken_over`: from another that was open until now, or it is probed.
    pub(in crate::feed) fn begin_resync(&mut self, taken_over: bool) {
        if self.wires.is_on {
            return self.begin_subscriptions();
        }
        let complete = self.resync.is_done();
        match self.resync.is_probe {
            true => self.index.note_complete(),
            false if taken_over && complete => self.index.part(),
            false => {}
        }
        let scope = if !self.index.has_followed() {
            ResyncScope::Newest
        } else if taken_over && complete {
            ResyncScope::Since(self.index.complete_up_to())
        } else {
            ResyncScope::All
        };
        let pauses = self.settings.visibility.pause_on_hidden;
        let matters = self.settings.reconnect.enabled || pauses || taken_over;
        if self.settings.lossless || !matters {
            self.resync_done();
            return self.admit_all();
        }
        // Initial entries that are being read go on only where nothing else is missing.
        if !taken_over || !complete {
            self.abandon_resync();
        }
        self.list_for_resync(scope);
    }

    pub(in crate::feed) fn list_for_resync(&mut self, scope: ResyncScope) {
        // Reads of the listing before must not count for this one.
        self.fetches.forget(Requester::Feed);
        self.fetches.begin_listing();
        self.index.set_complete(false);
        for subscriber in self.subscribers.iter_mut() {
            subscriber.in_listing = subscriber.activated;
        }
        self.resync.step = Step::Listing(RequestId(0), scope);
        // A probe reads nothing again that could not be read.
        let has_failed_probe = std::mem::take(&mut self.resync.has_failed_probe);
        self.resync.is_partial &= self.resync.is_probe && !has_failed_probe;
        self.freshness_may_differ = true;
        self.request_resync_listing();
    }

    /// Requests the listing of the resync under way.
    pub(in crate::feed) fn request_resync_listing(&mut self) {
        let request = self.request();
        if let (Step::Listing(current, _), Some(connection)) =
            (&mut self.resync.step, &self.current)
        {
            *current = request;
            let filter = connection.filter.clone();
            self.index.order.request();
            self.actions.push(Action::ResyncListing(
                connection.connection_id,
                request,
                filter,
            ));
        }
    }

    /// Goes on without a listing: changes arrive, and initial entries are listed by themselves.
    pub(in crate::feed) fn go_on_without_listing(&mut self) {
        self.pending.clear();
        self.index.order.skip_listing();
        self.resync_done();
        self.admit_all();
    }

    /// Cancels the requests of the resync and of initial entries.
    pub(in crate::feed) fn abandon_resync(&mut self) {
        self.resync.step = Step::None;
        self.resync.is_partial = false;
        self.resync.is_probe = false;
        self.resync.newest = None;
        self.freshness_may_differ = true;
        self.resync.lists.clear();
        self.resync.failed_lists.clear();
        self.resync.must_list = false;
        self.resync.cost = ResyncCost::default();
        // Deletes matter until it is known whether the bucket is another one.
        self.pending.retain(PendingChange::is_skipped_delete);
        self.fetches.clear();
        for subscriber in self.subscribers.iter_mut() {
            if !matches!(subscriber.progress, Progress::Ready) {
                subscriber.progress = Progress::Waiting;
                subscriber.listed.clear();
            }
        }
    }

    /// The response to [`Action::ResyncListing`].
    pub fn resync_listed(&mut self, request: RequestId, answer: Result<ResyncListing, Error>) {
        let Step::Listing(asked, scope) = self.resync.step else {
            return;
        };
        if asked != request {
            return;
        }
        match answer {
            Ok(listing) => self.compare(listing, scope),
            Err(error) => {
                let is_needed = !matches!(scope, ResyncScope::Newest) || self.index.has_delivered();
                self.resync_listing_failed(error, is_needed);
            }
        }
    }

    fn compare(&mut self, listing: ResyncListing, scope: ResyncScope) {
        let Some(connection) = self.current.clone() else {
            return;
        };
        let connection_id = connection.connection_id.0;
        self.index.list_all(&listing.keys, connection_id);
        self.index.set_complete(true);
        for key in self.index.unlisted(&connection.filter, connection_id) {
            self.gone(&key);
        }
        let created = self.resync.created.replace(listing.created);
        let pending = std::mem::take(&mut self.pending);
        if created.is_some_and(|created| self.resync.created != Some(created)) {
            self.start_over(connection_id);
            for change in pending {
                let (key, revision) = (change.key, change.revision);
                let event = Event::Change(change.payload);
                if !change.skipped.is_empty() {
                    if revision < self.index.delivered(&key) {
                        continue;
                    }
                    self.deliver_to(&change.skipped, &key, revision, event, true);
                } else if (self.index)
                    .record(&key, revision, change.live, connection_id)
                    .is_some()
                {
                    self.deliver(&key, revision, event, true);
                }
            }
        }
        let are_followed = listing.keys.iter().all(|key| self.index.follows(key));
        let newest = listing.keys.last().filter(|_| !are_followed);
        self.resync.newest = newest.cloned();
        self.resync.cost.listed = listing.keys.len();
        let keys = filtered(&listing.keys, &mut |key| {
            self.index.follows(key) || Some(key) == newest
        });
        self.resync.step = Step::Reading(scope);
        if keys.is_empty() {
            self.resync_done();
        } else {
            let at_a_time = self.reads_at_a_time(scope, &keys);
            self.fetches.add(Requester::Feed, keys, at_a_time);
        }
        for id in self.subscribers.ids() {
            match self.awaits_entries(id) {
                Some(true) => self.load(id, &listing.keys),
                _ => self.admit(id),
            }
        }
        self.read_on();
    }

    /// The bucket is not the one it was: its revisions begin at 1 again.
    fn start_over(&mut self, connection_id: u32) {
        self.index.start_over(connection_id);
        for subscriber in self.subscribers.iter_mut() {
            // Of the replaced bucket, only deletes of delivered entries still matter.
            for buffer in std::mem::take(&mut subscriber.buffer) {
                let read = subscriber.has_read(&buffer.key);
                if self.index.changed_on(&buffer.key, connection_id) {
                    subscriber.buffer.push(buffer);
                } else if !buffer.live && read > 0 && buffer.revision > read {
                    let event = Action::Deliver(Recipients::One(subscriber.id), buffer.event, true);
                    self.actions.push(event);
                }
            }
            subscriber.start_over();
            subscriber.position = Position {
                first_event: subscriber.position.first_event.map(|_| 0),
                ..Position::default()
            };
        }
    }

    /// A key is gone, and its delete was missed.
    pub(in crate::feed) fn gone(&mut self, key: &Key) {
        let followed = self.index.follows(key);
        if let Some(seen) = self.index.lose(key).filter(|_| followed) {
            self.deliver(key, seen, Event::Gone(key.clone(), seen), true);
        }
    }

    pub(in crate::feed) fn resync_done(&mut self) {
        self.resync.step = Step::Done;
        self.resync.newest = None;
        self.freshness_may_differ = true;
        self.index.order.resync_done();
        let cost = std::mem::take(&mut self.resync.cost);
        let is_probe = std::mem::take(&mut self.resync.is_probe);
        let was_missed = is_probe && cost.delivered > 0;
        self.connection_is_complete(match self.liveness {
            Liveness::Silent if was_missed => Liveness::Doubtful,
            _ => Liveness::Silent,
        });
        if cost.read > 0 && (!is_probe || was_missed) {
            self.actions.push(Action::Resynced(cost));
        }
    }
}
