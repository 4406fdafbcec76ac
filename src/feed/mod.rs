//! A feed: everything that one connection to a bucket's changes goes through, for all who watch the
//! bucket. What has happened goes in by its methods; what is to be done comes out by
//! [`Feed::next_action`], to be carried out in that order. It knows no socket and no clock.
//!
//! The connection's filter covers what every subscriber watches. [`catch_up`] is how a feed learns
//! what it missed; [`knowledge`] is what it remembers in order to tell.

mod action;
mod catch_up;
mod connection;
mod initial;
mod knowledge;
mod reading;
mod settings;
mod subscribers;

use std::collections::VecDeque;

use crate::kv::{Key, Pattern, Revision};
pub use action::{
    Action, Answer, Change, Event, Link, Name, Place, Recipients, State, Survey, Ticket, Timer,
};
use catch_up::CatchUp;
use connection::{Connection, Phase, is, is_final};
use knowledge::Knowledge;
use reading::{Reader, Reading};
pub use settings::Settings;
pub use subscribers::SubscriberId;
use subscribers::{Held, Progress, Subscribers};

#[derive(Debug)]
struct Doubtful<E> {
    key: Key,
    revision: Revision,
    live: bool,
    payload: E,
    /// Those who were given a newer entry of the key, of the bucket before if it is another one. Empty: the
    /// change is old for everyone.
    skipped: Vec<SubscriberId>,
}

/// The changes of one bucket, from the first subscriber to the end. `E` is what subscribers get.
#[derive(Debug)]
pub struct Feed<E> {
    settings: Settings,
    subscribers: Subscribers<E>,
    knowledge: Knowledge,
    phase: Phase,
    current: Option<Connection>,
    /// A wider connection that is to take the current one's place.
    next: Option<Connection>,
    catch_up: CatchUp,
    /// Changes that are old, unless the bucket turns out to be another one.
    doubtful: Vec<Doubtful<E>>,
    reading: Reading,
    links: u32,
    tickets: u32,
    /// RetryPolicy in a row that came to nothing.
    attempts: f64,
    /// The connection that [`Timer::Steady`] is about.
    steady: Link,
    was_open: bool,
    /// Whether subscribers know that the connection is lost.
    reported: bool,
    /// Whether the places of keys have changed.
    has_forgotten: bool,
    actions: VecDeque<Action<E>>,
}

impl<E: Clone> Feed<E> {
    /// A feed that nobody has subscribed to.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            subscribers: Subscribers::new(),
            knowledge: Knowledge::new(),
            phase: Phase::Idle,
            current: None,
            next: None,
            catch_up: CatchUp::default(),
            doubtful: Vec::new(),
            reading: Reading::default(),
            links: 0,
            tickets: 0,
            attempts: 0.0,
            steady: Link(0),
            was_open: false,
            reported: false,
            has_forgotten: false,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action<E>> {
        self.actions.pop_front()
    }

    /// The connection to open, taken out before its turn, for a subscriber whose events begin now.
    pub fn take_connect(&mut self) -> Option<(Link, Pattern)> {
        let is_connect = |action: &Action<E>| matches!(action, Action::Connect(..));
        let at = self.actions.iter().position(is_connect)?;
        match self.actions.remove(at) {
            Some(Action::Connect(link, filter)) => Some((link, filter)),
            _ => None,
        }
    }

    /// Whether it is over: nothing will come out any more.
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
    fn remembered(&self) -> usize {
        self.knowledge.remembered()
    }

    /// Whether the connection is still wanted.
    pub fn wants(&self, link: Link) -> bool {
        !self.has_ended() && (is(&self.current, link) || is(&self.next, link))
    }

    /// What its subscribers watch, as narrow as one pattern can say it.
    pub fn watched(&self) -> Option<Pattern> {
        self.subscribers.cover()
    }

    /// What the connection is for: every key, or those that match.
    fn filter(&self) -> Option<&Pattern> {
        Some(&self.current.as_ref()?.filter)
    }

    /// Somebody wants the changes of the keys that match any of the patterns; with `initial`, the
    /// entries there are first. Nothing is told before [`Feed::settled`].
    pub fn subscribe(&mut self, patterns: &[Pattern], initial: bool) -> SubscriberId {
        // A pattern that another covers would only find the same keys twice.
        let mut kept: Vec<Pattern> = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            if !kept.iter().any(|other| other.covers(pattern)) {
                kept.retain(|other| !pattern.covers(other));
                kept.push(pattern.clone());
            }
        }
        let id = self.subscribers.add(kept, initial);
        match self.phase {
            Phase::Idle => self.connect(),
            Phase::Connecting | Phase::Open => self.widen(id),
            // The next connection will cover it.
            Phase::Waiting | Phase::Probing | Phase::Paused | Phase::Ended => {}
        }
        id
    }

    /// The call that made the subscriber has returned.
    pub fn settled(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.settled = true;
            self.tell_state(id);
            self.admit(id);
        }
    }

    /// Somebody wants no more.
    pub fn unsubscribe(&mut self, id: SubscriberId) {
        if !self.subscribers.remove(id) {
            return;
        }
        self.reading.forget(Reader::Subscriber(id));
        if !self.subscribers.is_empty() || self.has_ended() {
            return;
        }
        let connected = matches!(self.phase, Phase::Connecting | Phase::Open);
        if connected && self.settings.grace_ms > 0 {
            let grace = f64::from(self.settings.grace_ms);
            self.actions
                .push_back(Action::SetTimer(Timer::Grace, grace));
        } else {
            self.end(None);
        }
    }

    /// A change arrived. Gives the place of its key, by which it can be named until keys are forgotten;
    /// none where it is no news.
    pub fn changed(&mut self, link: Link, change: Change<'_, E>) -> Option<Place> {
        if self.phase != Phase::Open || !is(&self.current, link) {
            return None;
        }
        let (key, known) = match change.key {
            Name::Place(place) => (self.knowledge.key(place)?.clone(), Some(place)),
            Name::Text(text) => match Key::parse(text) {
                Ok(key) => (key, None),
                Err(_) => {
                    self.bad_frame(link, "watch frame has an invalid \"key\"".into());
                    return None;
                }
            },
        };
        let (revision, live) = (change.revision, !change.deleted);
        let told = match known {
            Some(_) => (self.knowledge).tell_at(known, &key, revision, live, link.0),
            None => self.knowledge.tell(&key, revision, live, link.0),
        };
        if let Some(place) = told {
            if self.catch_up.is_surveying() {
                self.note_skipped(&key, revision, live, &change.payload);
            }
            let event = Event::Change(change.payload);
            if known.is_some() {
                let to = self.subscribers.take_wanting(place, &key);
                self.deliver_to(&to, &key, revision, event, false);
                self.subscribers.keep_wanting(place, to);
            } else {
                self.deliver(&key, revision, event, false);
            }
            if self.catch_up.is_done() {
                self.attempts = 0.0;
                let lossless = self.settings.lossless;
                if self.next.is_none() && self.knowledge.forget_tombstones(lossless) {
                    self.subscribers.forget_places();
                    self.has_forgotten = true;
                }
            }
        } else if self.catch_up.is_surveying() {
            self.doubtful.push(Doubtful {
                key,
                revision,
                live,
                payload: change.payload,
                skipped: Vec::new(),
            });
        }
        told
    }

    /// Keeps a change for those who were given a newer entry of its key, in case that it is of another bucket.
    #[cold]
    fn note_skipped(&mut self, key: &Key, revision: Revision, live: bool, payload: &E) {
        let skipped = self.subscribers.ahead_of(key, revision);
        if !skipped.is_empty() {
            self.doubtful.push(Doubtful {
                key: key.clone(),
                revision,
                live,
                payload: payload.clone(),
                skipped,
            });
        }
    }

    /// Whether keys were forgotten since this was last asked: their places may be others' now.
    pub fn take_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.has_forgotten)
    }

    fn tell_states(&mut self) {
        for id in self.subscribers.ids() {
            self.tell_state(id);
        }
    }

    fn tell_state(&mut self, id: SubscriberId) {
        let phase = self.phase;
        let filter = self.current.as_ref().map(|connection| &connection.filter);
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let covered = filter.is_some_and(|filter| subscriber.is_covered_by(filter));
        let state = match phase {
            Phase::Paused | Phase::Ended => State::Disconnected,
            Phase::Open if covered => State::Connected,
            _ if subscriber.was_connected => State::Reconnecting,
            _ => State::Connecting,
        };
        if state != subscriber.state && subscriber.settled {
            subscriber.state = state;
            subscriber.was_connected |= state == State::Connected;
            self.actions.push_back(Action::Tell(id, state));
        }
    }

    /// Gives an event to those who want the key.
    fn deliver(&mut self, key: &Key, revision: Revision, event: Event<E>, resynced: bool) {
        let to = self.subscribers.wanting(key);
        self.deliver_to(&to, key, revision, event, resynced);
    }

    /// Gives an event to these subscribers, or keeps it for them until they have their initial entries.
    fn deliver_to(
        &mut self,
        wanting: &[SubscriberId],
        key: &Key,
        revision: Revision,
        event: Event<E>,
        resynced: bool,
    ) {
        let gone = matches!(event, Event::Gone(..));
        let complete = self.catch_up.is_done();
        let (mut first, mut all) = (None, Vec::new());
        let mut add = |id| match first {
            None => first = Some(id),
            Some(first) => {
                if all.is_empty() {
                    all.reserve(wanting.len());
                    all.push(first);
                }
                all.push(id);
            }
        };
        for id in wanting {
            let Some(subscriber) = self.subscribers.get_mut(*id).filter(|s| s.settled) else {
                continue;
            };
            if subscriber.holds() {
                if gone {
                    subscriber.held.retain(|held| held.key != *key);
                    if subscriber.was_given(key) {
                        add(*id);
                    }
                } else {
                    subscriber.held.push(Held {
                        key: key.clone(),
                        revision,
                        live: self.knowledge.is_live(key),
                        event: event.clone(),
                        resynced,
                    });
                }
                continue;
            }
            let news = gone || subscriber.has_read(key) < revision;
            if complete && !resynced {
                subscriber.has_come_to(revision);
            }
            if news {
                add(*id);
            }
        }
        let to = match first {
            None => return,
            Some(first) if all.is_empty() => Recipients::One(first),
            Some(_) => Recipients::Several(all),
        };
        self.actions.push_back(Action::Deliver(to, event, resynced));
    }

    fn ready(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.progress = Progress::Ready;
            if !std::mem::replace(&mut subscriber.was_ready, true) {
                self.actions.push_back(Action::Ready(id));
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
