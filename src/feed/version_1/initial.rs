//! The initial entries of a subscriber with `initial`: listed, read, and followed by the changes that
//! arrived meanwhile.

use super::fetch_queue::{Requester, filtered};
use crate::error::Error;
use crate::feed::subscribers::Progress;
use crate::feed::{Action, Event, Feed, Phase, Recipients, RequestId, SubscriberId};
use crate::kv::{Key, Pattern, Revision};

impl<E: Clone> Feed<E> {
    /// Whether a subscriber's initial entries are to be found now: in the last listing, or not.
    pub(in crate::feed) fn awaits_entries(&mut self, id: SubscriberId) -> Option<bool> {
        let filter = &self.current.as_ref()?.filter;
        let subscriber = self.subscribers.get_mut(id)?;
        let awaits = subscriber.initial
            && subscriber.activated
            && matches!(subscriber.progress, Progress::Waiting)
            && subscriber.is_covered_by(filter);
        awaits.then_some(subscriber.in_listing)
    }

    pub(in crate::feed) fn admit_all(&mut self) {
        for id in self.subscribers.ids() {
            self.admit(id);
        }
        self.read_on();
    }

    /// Moves a subscriber on as far as the connection allows.
    pub(in crate::feed) fn admit(&mut self, id: SubscriberId) {
        if self.wires.is_on {
            return self.wires.await_subscription(id);
        }
        // A list of its own is not to be older than what is known of the bucket.
        if self.phase != Phase::Open || self.resync.is_beginning() {
            return;
        }
        if self.awaits_entries(id).is_some() {
            self.list(id);
            return self.read_on();
        }
        let done = self.resync.is_done();
        let filter = self.current.as_ref().map(|connection| &connection.filter);
        let (Some(filter), Some(subscriber)) = (filter, self.subscribers.get_mut(id)) else {
            return;
        };
        let waits = match subscriber.initial {
            true => matches!(subscriber.progress, Progress::Loaded),
            false => matches!(subscriber.progress, Progress::Waiting),
        };
        if done && waits && subscriber.activated && subscriber.is_covered_by(filter) {
            self.release(id);
            self.ready(id);
        }
    }

    /// Lists a subscriber's initial entries.
    pub(in crate::feed) fn list(&mut self, id: SubscriberId) {
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let (mut keys, mut patterns) = (Vec::new(), Vec::new());
        for (at, pattern) in subscriber.patterns.iter().enumerate() {
            // An exact key need not be listed to be read.
            match pattern.as_key() {
                Some(key) => keys.push(key),
                None => patterns.push((at, pattern.clone())),
            }
        }
        if patterns.is_empty() {
            return self.load(id, &keys);
        }
        subscriber.progress = Progress::Listing(patterns.len());
        subscriber.listed = keys;
        for (at, pattern) in patterns {
            self.request_list(id, at, pattern);
        }
    }

    /// Lists the keys of one of a subscriber's patterns.
    pub(in crate::feed) fn request_list(&mut self, id: SubscriberId, at: usize, pattern: Pattern) {
        let request = self.request();
        self.resync.lists.push((request, id, at));
        self.actions.push(Action::List(request, pattern));
    }

    /// The response to [`Action::List`].
    pub fn listed(&mut self, request: RequestId, answer: Result<Vec<Key>, Error>) {
        let lists = &mut self.resync.lists;
        let Some(found) = lists.iter().position(|(asked, ..)| *asked == request) else {
            return;
        };
        let (_, id, at) = lists.swap_remove(found);
        let keys = match answer {
            Ok(keys) => keys,
            Err(error) => return self.list_failed(id, at, error),
        };
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let Progress::Listing(left) = subscriber.progress else {
            return;
        };
        // A key that several patterns match counts for the first.
        let earlier = &subscriber.patterns[..at];
        let new = keys
            .into_iter()
            .filter(|key| !earlier.iter().any(|p| p.matches(key)));
        subscriber.listed.extend(new);
        subscriber.progress = Progress::Listing(left - 1);
        if left == 1 {
            let keys = std::mem::take(&mut subscriber.listed);
            self.load(id, &keys);
            self.read_on();
        }
    }

    /// Reads the keys that match a subscriber's patterns.
    pub(in crate::feed) fn load(&mut self, id: SubscriberId, keys: &[Key]) {
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let mut wanted = filtered(keys, &mut |key| subscriber.matches(key));
        wanted.reverse();
        subscriber.progress = Progress::Reading;
        if !subscriber.was_ready {
            let total = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
            self.actions.push(Action::Expect(id, total));
        }
        if wanted.is_empty() {
            self.loaded(id);
        } else {
            self.fetches
                .add(Requester::Subscriber(id), wanted, usize::MAX);
        }
    }

    /// A subscriber has its initial entries.
    pub(in crate::feed) fn loaded(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.progress = Progress::Loaded;
            self.admit(id);
        }
    }

    /// Delivers the changes that were buffered until the initial entries were complete.
    fn release(&mut self, id: SubscriberId) {
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        for buffer in std::mem::take(&mut subscriber.buffer) {
            if buffer.revision > subscriber.has_read(&buffer.key) {
                subscriber.note_read(&buffer.key, buffer.revision);
                let event = Action::Deliver(Recipients::One(id), buffer.event, buffer.resynced);
                self.actions.push(event);
            }
        }
    }

    /// Delivers one of the initial entries.
    pub(in crate::feed) fn give_entry(
        &mut self,
        id: SubscriberId,
        key: &Key,
        entry: Option<(Revision, E)>,
    ) {
        let (Some((revision, payload)), Some(subscriber)) = (entry, self.subscribers.get_mut(id))
        else {
            return;
        };
        if subscriber.has_read(key) < revision {
            subscriber.note_read(key, revision);
            self.index.saw(key, revision);
            let event = Event::Entry(payload);
            self.actions
                .push(Action::Deliver(Recipients::One(id), event, false));
        }
    }
}
