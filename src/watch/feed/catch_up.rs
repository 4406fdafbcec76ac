//! How a feed learns what it has not been told: the entries a subscriber begins with, and what
//! changed while there was no connection.
//!
//! On every new connection the bucket is *surveyed*: when it was created, and which keys it has. The
//! first time this is only noted, so that a key's disappearance can be noticed later. After an
//! interruption, keys that are no longer there are reported gone, and every other key is read, unless
//! a change of it has already arrived. What is newer than what was told is told.

use super::reading::Reader;
use super::subscribers::Progress;
use super::{Action, Answer, Event, Feed, SubscriberId, Survey, Ticket, is_final};
use crate::error::Error;
use crate::kv::{Key, Revision};

/// Where catching up stands.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    step: Step,
    /// When the bucket was created, as far as is known.
    created: Option<String>,
    /// Initial entries that are being listed: for whom, and for which of its patterns.
    lists: Vec<(Ticket, SubscriberId, usize)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There is no connection.
    #[default]
    None,
    Surveying(Ticket, Extent),
    Reading(Extent),
    /// Nothing is missing, and nothing will be while the connection lasts.
    Done,
}

/// What is to be read of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The newest key, for its revision, and what was told: nothing was followed before.
    Newest,
    /// Every key that was followed.
    All,
    /// Only the newest keys, down to one that is not newer than this revision: a wider connection took
    /// over from one that was open until then.
    Since(Revision),
}

impl CatchUp {
    pub(super) fn is_done(&self) -> bool {
        self.step == Step::Done
    }

    #[cfg(test)]
    pub(super) fn knows_bucket(&self) -> bool {
        self.created.is_some()
    }

    pub(super) fn is_surveying(&self) -> bool {
        matches!(self.step, Step::Surveying(..))
    }
}

impl<E: Clone> Feed<E> {
    /// A connection is open; `taken_over`: from another that was open until now.
    pub(super) fn begin_catch_up(&mut self, taken_over: bool) {
        let complete = self.catch_up.is_done();
        let extent = if !self.knowledge.has_followed() {
            Extent::Newest
        } else if taken_over && complete {
            Extent::Since(self.knowledge.newest())
        } else {
            Extent::All
        };
        let matters = self.settings.reconnect.enabled || taken_over;
        if self.settings.lossless || !matters {
            self.caught_up();
            return self.admit_all();
        }
        if taken_over {
            self.reading.forget(Reader::Feed);
        } else {
            self.abandon_catch_up();
        }
        if let Some(filter) = self.filter().cloned() {
            let ticket = self.ticket();
            self.catch_up.step = Step::Surveying(ticket, extent);
            for subscriber in self.subscribers.iter_mut() {
                subscriber.surveyed = subscriber.settled;
            }
            self.actions.push_back(Action::Survey(ticket, filter));
        }
    }

    /// Whatever is being asked is of no use any more.
    pub(super) fn abandon_catch_up(&mut self) {
        self.catch_up.step = Step::None;
        self.catch_up.lists.clear();
        self.doubtful.clear();
        self.reading.clear();
        for subscriber in self.subscribers.iter_mut() {
            if subscriber.progress != Progress::Ready {
                subscriber.progress = Progress::Waiting;
                subscriber.listed.clear();
            }
        }
    }

    /// The answer to [`Action::Survey`].
    pub fn surveyed(&mut self, ticket: Ticket, answer: Result<Survey, Error>) {
        let Step::Surveying(asked, extent) = self.catch_up.step else {
            return;
        };
        if asked != ticket {
            return;
        }
        match answer {
            Ok(survey) => self.compare(survey, extent),
            // It was only to be noted: without it, more will be told after an interruption than need be.
            Err(_) if extent == Extent::Newest && self.knowledge.newest() == 0 => {
                self.caught_up();
                self.admit_all();
            }
            Err(error) => self.cannot_catch_up(error),
        }
    }

    fn compare(&mut self, survey: Survey, extent: Extent) {
        let Some(connection) = self.current.clone() else {
            return;
        };
        let link = connection.link.0;
        for key in &survey.keys {
            self.knowledge.list(key, link);
        }
        for key in self.knowledge.unlisted(&connection.filter, link) {
            self.gone(&key);
        }
        let created = self.catch_up.created.replace(survey.created);
        let doubtful = std::mem::take(&mut self.doubtful);
        if created.is_some_and(|created| self.catch_up.created != Some(created)) {
            self.start_over(link);
            for change in doubtful {
                let (key, revision) = (change.key, change.revision);
                if self.knowledge.tell(&key, revision, change.live, link) {
                    self.deliver(&key, revision, Event::Change(change.payload), false);
                }
            }
        }
        let newest = survey.keys.last().filter(|_| extent == Extent::Newest);
        let wanted = |key: &&Key| self.knowledge.follows(key) || Some(*key) == newest;
        let keys: Vec<Key> = survey.keys.iter().filter(wanted).cloned().collect();
        self.catch_up.step = Step::Reading(extent);
        if keys.is_empty() {
            self.caught_up();
        } else if matches!(extent, Extent::Since(_)) {
            self.reading.add_in_turn(Reader::Feed, keys);
        } else {
            self.reading.add(Reader::Feed, keys);
        }
        for id in self.subscribers.ids() {
            match self.awaits_entries(id) {
                Some(true) => self.load(id, &survey.keys),
                Some(false) => self.list(id),
                None => self.admit(id),
            }
        }
        self.read_on();
    }

    /// The bucket is not the one it was: its revisions begin at 1 again.
    fn start_over(&mut self, link: u32) {
        self.knowledge.start_over(link);
        let knowledge = &self.knowledge;
        for subscriber in self.subscribers.iter_mut() {
            subscriber.forget_read();
            let held = &mut subscriber.held;
            held.retain(|held| knowledge.changed_on(&held.key, link));
        }
    }

    /// A key is no longer there; nobody saw it go.
    fn gone(&mut self, key: &Key) {
        let followed = self.knowledge.follows(key);
        if let Some(seen) = self.knowledge.lose(key).filter(|_| followed) {
            self.deliver(key, seen, Event::Gone(key.clone(), seen), true);
        }
    }

    fn caught_up(&mut self) {
        self.catch_up.step = Step::Done;
        self.attempts = 0.0;
        self.reported = false;
        if let Some(filter) = self.filter().cloned() {
            self.knowledge.follow(filter);
        }
    }

    fn admit_all(&mut self) {
        for id in self.subscribers.ids() {
            self.admit(id);
        }
        self.read_on();
    }

    /// Whether a subscriber's initial entries are to be found now: in the last survey, or not.
    fn awaits_entries(&mut self, id: SubscriberId) -> Option<bool> {
        let filter = &self.current.as_ref()?.filter;
        let subscriber = self.subscribers.get_mut(id)?;
        let awaits = subscriber.initial
            && subscriber.settled
            && subscriber.progress == Progress::Waiting
            && subscriber.is_covered_by(filter);
        awaits.then_some(subscriber.surveyed)
    }

    /// Lets a subscriber go on as far as the connection allows.
    pub(super) fn admit(&mut self, id: SubscriberId) {
        if self.phase != super::Phase::Open || self.catch_up.is_surveying() {
            return;
        }
        if self.awaits_entries(id).is_some() {
            self.list(id);
            return self.read_on();
        }
        let done = self.catch_up.is_done();
        let filter = self.current.as_ref().map(|connection| &connection.filter);
        let (Some(filter), Some(subscriber)) = (filter, self.subscribers.get_mut(id)) else {
            return;
        };
        let waits = match subscriber.initial {
            true => subscriber.progress == Progress::Loaded,
            false => subscriber.progress == Progress::Waiting,
        };
        if done && waits && subscriber.settled && subscriber.is_covered_by(filter) {
            self.release(id);
            self.ready(id);
        }
    }

    /// Finds a subscriber's initial entries.
    fn list(&mut self, id: SubscriberId) {
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
            let ticket = self.ticket();
            self.catch_up.lists.push((ticket, id, at));
            self.actions.push_back(Action::List(ticket, pattern));
        }
    }

    /// The answer to [`Action::List`].
    pub fn listed(&mut self, ticket: Ticket, answer: Result<Vec<Key>, Error>) {
        let lists = &mut self.catch_up.lists;
        let Some(found) = lists.iter().position(|(asked, ..)| *asked == ticket) else {
            return;
        };
        let (_, id, at) = lists.swap_remove(found);
        let keys = match answer {
            Ok(keys) => keys,
            Err(error) => return self.cannot_catch_up(error),
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

    /// Reads those of the keys that a subscriber wants.
    fn load(&mut self, id: SubscriberId, keys: &[Key]) {
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let wanted = keys.iter().rev().filter(|key| subscriber.matches(key));
        let wanted: Vec<Key> = wanted.cloned().collect();
        subscriber.progress = Progress::Reading;
        if wanted.is_empty() {
            self.loaded(id);
        } else {
            self.reading.add(Reader::Subscriber(id), wanted);
        }
    }

    /// A subscriber has its initial entries.
    fn loaded(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.progress = Progress::Loaded;
            self.admit(id);
        }
    }

    /// Gives a subscriber the changes that had to wait for its initial entries.
    fn release(&mut self, id: SubscriberId) {
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        for held in std::mem::take(&mut subscriber.held) {
            if held.revision > subscriber.has_read(&held.key) {
                subscriber.note_read(&held.key, held.revision);
                let event = Action::Deliver(vec![id], held.event, held.resynced);
                self.actions.push_back(event);
            }
        }
    }

    fn read_on(&mut self) {
        loop {
            let tickets = &mut self.tickets;
            let next = self.reading.next(|| {
                *tickets += 1;
                Ticket(*tickets)
            });
            let Some((ticket, key)) = next else {
                return;
            };
            self.actions.push_back(Action::Read(ticket, key));
        }
    }

    /// The answer to [`Action::Read`].
    pub fn read(&mut self, ticket: Ticket, answer: Answer<E>) {
        let Some(mut flight) = self.reading.land(ticket) else {
            return;
        };
        let entry = match answer {
            Ok(entry) => entry,
            // As with the survey that it belongs to.
            Err(_)
                if self.catch_up.step == Step::Reading(Extent::Newest)
                    && flight.readers == [Reader::Feed]
                    && !self.knowledge.follows(&flight.key) =>
            {
                None
            }
            Err(error) if is_final(&error) || error.retryable() => {
                return self.cannot_catch_up(error);
            }
            // This key cannot be read, whatever is done; the others can.
            Err(error) => {
                self.actions.push_back(Action::Report(error));
                return self.finish(&flight.readers);
            }
        };
        let revision = entry.as_ref().map_or(0, |(revision, _)| *revision);
        if self.is_stale(&flight.key, revision) {
            let ticket = self.ticket();
            let key = flight.key.clone();
            if self.reading.again(&mut flight, ticket) {
                self.actions.push_back(Action::Read(ticket, key));
                return;
            }
        }
        for reader in &flight.readers {
            match reader {
                Reader::Feed => self.compare_entry(&flight.key, entry.clone()),
                Reader::Subscriber(id) => self.give_entry(*id, &flight.key, entry.clone()),
            }
        }
        self.finish(&flight.readers);
    }

    /// Whether a change that was told already is newer than this entry, 0 where there is none.
    fn is_stale(&self, key: &str, revision: Revision) -> bool {
        let link = self
            .current
            .as_ref()
            .map_or(0, |connection| connection.link.0);
        let told = self.knowledge.changed_on(key, link);
        told && match revision {
            0 => self.knowledge.is_live(key),
            _ => revision < self.knowledge.told(key),
        }
    }

    fn finish(&mut self, readers: &[Reader]) {
        for reader in readers {
            if self.reading.done(*reader) {
                match reader {
                    Reader::Feed => {
                        self.caught_up();
                        self.admit_all();
                    }
                    Reader::Subscriber(id) => self.loaded(*id),
                }
            }
        }
        self.read_on();
    }

    /// Tells everybody of an entry, if it is news.
    fn compare_entry(&mut self, key: &Key, entry: Option<(Revision, E)>) {
        let Step::Reading(extent) = self.catch_up.step else {
            return;
        };
        let link = self
            .current
            .as_ref()
            .map_or(0, |connection| connection.link.0);
        if let (Extent::Newest, Some((revision, _))) = (extent, &entry) {
            self.knowledge.survey(*revision);
        }
        // What has changed on this connection has been told.
        if !self.knowledge.follows(key) || self.knowledge.changed_on(key, link) {
            return;
        }
        match (extent, entry) {
            (_, None) => self.gone(key),
            (Extent::Since(known), Some((revision, _))) if revision <= known => {
                self.reading.cut_short(Reader::Feed);
            }
            (_, Some((revision, payload))) => {
                if self.knowledge.tell(key, revision, true, 0) {
                    self.deliver(key, revision, Event::Entry(payload), true);
                }
            }
        }
    }

    /// Gives a subscriber one of its initial entries.
    fn give_entry(&mut self, id: SubscriberId, key: &Key, entry: Option<(Revision, E)>) {
        let (Some((revision, payload)), Some(subscriber)) = (entry, self.subscribers.get_mut(id))
        else {
            return;
        };
        if subscriber.has_read(key) < revision {
            subscriber.note_read(key, revision);
            self.knowledge.saw(key, revision);
            let event = Event::Entry(payload);
            self.actions
                .push_back(Action::Deliver(vec![id], event, false));
        }
    }

    /// What is there cannot be found out: final, or a reason to begin anew.
    fn cannot_catch_up(&mut self, error: Error) {
        if is_final(&error) || !self.settings.reconnect.enabled {
            return self.end(Some(error));
        }
        self.lost(Error::ConnectionLost {
            message: ["the watch cannot catch up: ", &error.to_string()].concat(),
            retryable: false,
        });
    }
}
