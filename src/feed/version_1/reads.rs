//! The reads of a resync and of initial entries, and what becomes of the entries.

use super::fetch_queue::Requester;
use super::resync::{ResyncScope, Step};
use crate::feed::{Action, Event, Feed, ReadResult, RequestId};
use crate::kv::{Key, Revision};

impl<E: Clone> Feed<E> {
    pub(in crate::feed) fn read_on(&mut self) {
        loop {
            let requests = &mut self.requests;
            let next = self.fetches.next(|| {
                *requests += 1;
                RequestId(*requests)
            });
            let Some((request, key)) = next else {
                return;
            };
            self.resync.cost.read += 1;
            self.actions.push(Action::Read(request, key));
        }
    }

    /// The response to [`Action::Read`].
    pub fn read(&mut self, request: RequestId, answer: ReadResult<E>) {
        let Some(mut read) = self.fetches.complete(request) else {
            return;
        };
        let entry = match answer {
            Ok(entry) => entry,
            Err(error) => return self.read_failed(read, error),
        };
        self.fetches.note_success(&read.key);
        // An entry from before a tombstone that was delivered and forgotten: the key is deleted.
        let entry = entry.filter(|(revision, _)| !self.index.is_deleted(&read.key, *revision));
        let revision = entry.as_ref().map_or(0, |(revision, _)| *revision);
        if self.is_stale(&read.key, revision) {
            let request = self.request();
            let key = read.key.clone();
            if self.fetches.again(&mut read, request) {
                self.actions.push(Action::Read(request, key));
                return;
            }
        }
        for requester in &read.requesters {
            match requester {
                Requester::Feed => self.compare_entry(&read.key, entry.clone()),
                Requester::Subscriber(id) => self.give_entry(*id, &read.key, entry.clone()),
            }
        }
        self.finish(&read.requesters);
    }

    /// Whether a change that was delivered already is newer than this entry, 0 where there is none: one that
    /// this connection brought, or the delete of a key that a list did not have.
    fn is_stale(&self, key: &str, revision: Revision) -> bool {
        let (delivered, is_live) = (self.index.delivered(key), self.index.is_live(key));
        let connection_id = self
            .current
            .as_ref()
            .map_or(0, |current| current.connection_id.0);
        match revision {
            0 => is_live && self.index.changed_on(key, connection_id),
            _ if self.index.changed_on(key, connection_id) => revision < delivered,
            _ => self.index.was_deleted(key) && revision <= delivered,
        }
    }

    pub(in crate::feed) fn finish(&mut self, requesters: &[Requester]) {
        for requester in requesters {
            if self.fetches.done(*requester) {
                match requester {
                    Requester::Feed if self.resync.is_listing() => {}
                    Requester::Feed => {
                        self.resync_done();
                        self.admit_all();
                    }
                    Requester::Subscriber(id) => self.loaded(*id),
                }
            }
        }
        self.read_on();
    }

    /// Delivers an entry that the resync has read, if it is new.
    fn compare_entry(&mut self, key: &Key, entry: Option<(Revision, E)>) {
        let Step::Reading(scope) = self.resync.step else {
            return;
        };
        let connection_id = self
            .current
            .as_ref()
            .map_or(0, |connection| connection.connection_id.0);
        if self.resync.newest.as_ref() == Some(key) {
            self.resync.newest = None;
            match &entry {
                Some((revision, _)) => self.index.reached(*revision, connection_id),
                None => {
                    if self.index.follows(key) && !self.index.changed_on(key, connection_id) {
                        self.gone(key);
                    }
                    // It was deleted meanwhile: another one is the newest. Initial entries are listed again too:
                    // they may lack keys that are there now.
                    self.abandon_resync();
                    return self.list_for_resync(scope);
                }
            }
        }
        // What has changed on this connection has been delivered.
        if !self.index.follows(key) || self.index.changed_on(key, connection_id) {
            return;
        }
        match (scope, entry) {
            (_, None) => self.gone(key),
            (ResyncScope::Since(known), Some((revision, _))) if revision <= known => {
                self.read_unchanged(key, revision, true);
            }
            (ResyncScope::Since(_), Some((revision, _))) if self.index.is_early(key, revision) => {}
            (_, Some((revision, payload))) => {
                if matches!(scope, ResyncScope::All) && revision <= self.index.known_until() {
                    self.read_unchanged(key, revision, false);
                }
                let floor = self.index.unread_floor(key);
                if self.index.record(key, revision, true, 0).is_some() {
                    let mut ids = self.subscribers.matching_ids(key);
                    if revision <= floor {
                        // Only the initial entries of these held the key.
                        self.subscribers.retain_readers(&mut ids, key);
                    }
                    self.deliver_to(&ids, key, revision, Event::Entry(payload), true);
                } else {
                    self.index.note(key, revision);
                }
            }
        }
    }
}
