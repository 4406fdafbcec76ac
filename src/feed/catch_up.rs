//! How a feed learns what it has not been told: the entries a subscriber begins with, and what
//! changed while there was no connection.
//!
//! On every new connection the bucket is *surveyed*: when it was created, and which keys it has. The
//! first time this is only noted, so that a key's disappearance can be noticed later. After an
//! interruption, keys that are no longer there are reported gone, and every other key is read, unless
//! a change of it has already arrived. What is newer than what was told is told.

use super::connection::STEADY_MS;
use super::reading::{Reader, those};
use super::subscribers::Progress;
use super::{
    Action, Answer, Event, Feed, Recipients, SubscriberId, Survey, Ticket, Timer, is_final,
};
use crate::error::Error;
use crate::kv::{Key, Revision};
use crate::text::concat;

/// Where catching up stands.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    step: Step,
    /// When the bucket was created, as far as is known.
    created: Option<String>,
    /// Initial entries that are being listed: for whom, and for which of its patterns.
    pub(super) lists: Vec<(Ticket, SubscriberId, usize)>,
}

#[derive(Debug, Default, Clone, Copy)]
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
#[derive(Debug, Clone, Copy)]
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
        matches!(self.step, Step::Done)
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
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
            Extent::Since(self.knowledge.complete_up_to())
        } else {
            Extent::All
        };
        let pauses = self.settings.visibility.pause_on_hidden;
        let matters = self.settings.reconnect.enabled || pauses || taken_over;
        if self.settings.lossless || !matters {
            self.caught_up();
            return self.admit_all();
        }
        // Initial entries that are being read go on only where nothing else is missing.
        if !taken_over || !complete {
            self.abandon_catch_up();
        }
        if let Some(filter) = self.filter().cloned() {
            let ticket = self.ticket();
            self.catch_up.step = Step::Surveying(ticket, extent);
            self.knowledge.set_complete(false);
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
            if !matches!(subscriber.progress, Progress::Ready) {
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
            Err(_) if matches!(extent, Extent::Newest) && !self.knowledge.has_told() => {
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
        self.knowledge.set_complete(true);
        for key in self.knowledge.unlisted(&connection.filter, link) {
            self.gone(&key);
        }
        let created = self.catch_up.created.replace(survey.created);
        let doubtful = std::mem::take(&mut self.doubtful);
        if created.is_some_and(|created| self.catch_up.created != Some(created)) {
            self.start_over(link);
            for change in doubtful {
                let (key, revision) = (change.key, change.revision);
                let event = Event::Change(change.payload);
                if !change.skipped.is_empty() {
                    self.deliver_to(&change.skipped, &key, revision, event, true);
                } else if (self.knowledge)
                    .tell(&key, revision, change.live, link)
                    .is_some()
                {
                    self.deliver(&key, revision, event, true);
                }
            }
        }
        let newest = survey
            .keys
            .last()
            .filter(|_| matches!(extent, Extent::Newest));
        let keys = those(&survey.keys, &mut |key| {
            self.knowledge.follows(key) || Some(key) == newest
        });
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
        for subscriber in self.subscribers.iter_mut() {
            // Of the bucket that is no more, only the end of what was told matters now.
            for held in std::mem::take(&mut subscriber.held) {
                let read = subscriber.has_read(&held.key);
                if self.knowledge.changed_on(&held.key, link) {
                    subscriber.held.push(held);
                } else if !held.live && read > 0 && held.revision > read {
                    let event = Action::Deliver(Recipients::One(subscriber.id), held.event, true);
                    self.actions.push_back(event);
                }
            }
            subscriber.start_over();
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
        self.reported = false;
        if let Some(connection) = self.current.clone() {
            self.knowledge.follow(connection.filter);
            if self.attempts > 0.0 {
                self.steady = connection.link;
                let timer = Action::SetTimer(Timer::Steady, STEADY_MS);
                self.actions.push_back(timer);
            }
        }
    }

    pub(super) fn read_on(&mut self) {
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
                if matches!(self.catch_up.step, Step::Reading(Extent::Newest))
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
        // An entry from before a tombstone that was delivered and forgotten: the key is deleted.
        let entry =
            entry.filter(|(revision, _)| !self.knowledge.is_deleted(&flight.key, *revision));
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

    /// Whether a change that was delivered already is newer than this entry, 0 where there is none: one that
    /// this connection brought, or the delete of a key that a list did not have.
    fn is_stale(&self, key: &str, revision: Revision) -> bool {
        let (told, is_live) = (self.knowledge.told(key), self.knowledge.is_live(key));
        let link = self.current.as_ref().map_or(0, |current| current.link.0);
        match revision {
            0 => is_live && self.knowledge.changed_on(key, link),
            _ if self.knowledge.changed_on(key, link) => revision < told,
            _ => self.knowledge.was_deleted(key) && revision <= told,
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
            (Extent::Since(_), Some((revision, _))) if self.knowledge.is_early(key, revision) => {}
            (_, Some((revision, payload))) => {
                if self.knowledge.tell(key, revision, true, 0).is_some() {
                    self.deliver(key, revision, Event::Entry(payload), true);
                }
            }
        }
    }

    /// What is there cannot be found out: final, or a reason to begin anew.
    pub(super) fn cannot_catch_up(&mut self, error: Error) {
        if is_final(&error) || !self.settings.reconnect.enabled {
            return self.end(Some(error));
        }
        self.lost(Error::ConnectionLost {
            message: concat(&["the watch cannot catch up: ", &error.message()]),
            retryable: false,
        });
    }
}
