//! A feed: everything that one connection to a bucket's changes goes through, for all who watch the
//! bucket. What has happened goes in by its methods; what is to be done comes out by
//! [`Feed::next_action`], to be carried out in that order. It knows no socket and no clock.
//!
//! The connection's filter covers what every subscriber watches. [`catch_up`] is how a feed learns
//! what it missed; [`knowledge`] is what it remembers in order to tell.

mod catch_up;
mod knowledge;
mod reading;
mod settings;
mod subscribers;

use std::collections::VecDeque;

use crate::error::Error;
use crate::kv::{Key, Pattern, Revision};
use catch_up::CatchUp;
use knowledge::Knowledge;
use reading::{Reader, Reading};
pub use settings::Settings;
pub use subscribers::SubscriberId;
use subscribers::{Progress, Subscribers};

/// Names a connection. What happens to one that was given up is of no interest any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(u32);

/// Names a question to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u32);

/// What a subscriber is told of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It has not been connected yet.
    Connecting = 0,
    /// Changes arrive as they happen.
    Connected = 1,
    /// It was connected, and will be again.
    Reconnecting = 2,
    /// It is over, or pauses while the page is hidden.
    Disconnected = 3,
}

/// What a subscriber is told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<E> {
    /// A change, as it arrived.
    Change(E),
    /// An entry, as it was read.
    Entry(E),
    /// The key is gone; nobody saw its tombstone. The revision is the last that was seen of it, 0 where
    /// none was.
    Gone(Key, Revision),
}

/// A change of one key, as it arrived.
#[derive(Debug, Clone)]
pub struct Change<'a, E> {
    /// The key, unchecked.
    pub key: &'a str,
    /// The revision of the change.
    pub revision: Revision,
    /// Whether the key was deleted or purged.
    pub deleted: bool,
    /// All that subscribers are to get.
    pub payload: E,
}

/// The state of a bucket, as far as a feed wants to know.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// When the bucket was created, as the server says it: tells a bucket from its successor.
    pub created: String,
    /// The live keys that match, in ascending order of their last revision.
    pub keys: Vec<Key>,
}

/// What the server answers to [`Action::Read`]: the entry's revision and all that subscribers are to
/// get, or none where there is no such key.
pub type Answer<E> = Result<Option<(Revision, E)>, Error>;

/// What wakes a feed up later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Time to try again.
    Backoff,
    /// Time to let go of a connection that nobody needs.
    Grace,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<E> {
    /// Open a connection for these keys.
    Connect(Link, Pattern),
    /// Let go of a connection.
    Disconnect(Link),
    /// Ask the server about the bucket: a browser does not show why a handshake was refused.
    Probe(Link),
    /// Find out when the bucket was created and which keys it has.
    Survey(Ticket, Pattern),
    /// List the live keys that match.
    List(Ticket, Pattern),
    /// Read a key.
    Read(Ticket, Key),
    /// Wake the feed after so many milliseconds; of a [`Timer::Backoff`], after a random part of them.
    /// Replaces an earlier timer of its kind.
    SetTimer(Timer, f64),
    /// Tell a subscriber of the connection's state.
    Tell(SubscriberId, State),
    /// Give subscribers an event; `true`: it is a result of catching up.
    Deliver(Vec<SubscriberId>, Event<E>, bool),
    /// Tell a subscriber that it has what there was, and will get what comes.
    Ready(SubscriberId),
    /// Tell every subscriber of a problem.
    Report(Error),
    /// Let go of everything, and tell every subscriber that it is over, and because of what. Comes
    /// last, and once.
    End(Option<Error>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody has subscribed yet.
    Idle,
    Connecting,
    /// The handshake failed; the server is asked why.
    Probing,
    Open,
    /// The next attempt is waited for.
    Waiting,
    /// The page is hidden.
    Paused,
    Ended,
}

#[derive(Debug, Clone)]
struct Connection {
    link: Link,
    filter: Pattern,
}

#[derive(Debug)]
struct Doubtful<E> {
    key: Key,
    revision: Revision,
    live: bool,
    payload: E,
}

/// Coming back after more than this, in milliseconds, an open connection is not trusted: phones kill
/// the sockets of hidden pages silently.
const LONG_HIDDEN_MS: f64 = 30_000.0;

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
    /// Attempts in a row that came to nothing.
    attempts: f64,
    was_open: bool,
    /// Whether subscribers know that the connection is lost.
    reported: bool,
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
            was_open: false,
            reported: false,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action<E>> {
        self.actions.pop_front()
    }

    /// Whether it is over: nothing will come out any more.
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether the connection is still wanted.
    pub fn wants(&self, link: Link) -> bool {
        !self.has_ended() && (is(&self.current, link) || is(&self.next, link))
    }

    /// What the connection is for: every key, or those that match.
    pub fn filter(&self) -> Option<&Pattern> {
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

    /// A connection is open.
    pub fn opened(&mut self, link: Link) {
        if is(&self.next, link) {
            let old = self.current.take();
            self.current = self.next.take();
            if let Some(old) = old {
                self.actions.push_back(Action::Disconnect(old.link));
            }
            self.phase = Phase::Open;
            self.tell_states();
            self.begin_catch_up(true);
        } else if self.phase == Phase::Connecting && is(&self.current, link) {
            self.phase = Phase::Open;
            self.was_open = true;
            self.tell_states();
            self.begin_catch_up(false);
        }
    }

    /// A change arrived.
    pub fn changed(&mut self, link: Link, change: Change<'_, E>) {
        if self.phase != Phase::Open || !is(&self.current, link) {
            return;
        }
        let Ok(key) = Key::parse(change.key) else {
            return self.bad_frame(link, "a watch frame's key is not one".into());
        };
        let (revision, live) = (change.revision, !change.deleted);
        if self.knowledge.tell(&key, revision, live, link.0) {
            let event = Event::Change(change.payload);
            self.deliver(&key, revision, event, false);
            if self.catch_up.is_done() && self.next.is_none() {
                self.knowledge.forget_tombstones();
            }
        } else if self.catch_up.is_surveying() {
            self.doubtful.push(Doubtful {
                key,
                revision,
                live,
                payload: change.payload,
            });
        }
    }

    /// A frame that cannot be used arrived, or one in which the server reports a problem.
    pub fn bad_frame(&mut self, link: Link, words: String) {
        if self.phase == Phase::Open && is(&self.current, link) {
            self.actions
                .push_back(Action::Report(Error::BadFrame(words)));
        }
    }

    /// A connection is closed, or was refused, with this WebSocket close code.
    pub fn closed(&mut self, link: Link, code: u16) {
        if is(&self.next, link) {
            // What was to be wider cannot be had; what is there is given up with it, so that there is one
            // way to go on.
            self.next = None;
        } else if !is(&self.current, link) || self.phase == Phase::Probing {
            return;
        }
        if code == 1000 {
            return self.end(None);
        }
        if let Some(error) = refusal(code) {
            return self.end(Some(error));
        }
        if self.phase == Phase::Connecting {
            self.phase = Phase::Probing;
            self.actions.push_back(Action::Probe(link));
        } else {
            self.lost(lost_by(code));
        }
    }

    /// A connection could not even be tried.
    pub fn failed(&mut self, link: Link, error: Error) {
        if !is(&self.current, link) && !is(&self.next, link) {
            return;
        }
        match error {
            Error::NoCredentials(_) if self.was_open => self.lost(error),
            Error::Timeout { .. } if self.was_open => self.lost(Error::ConnectionLost {
                message: error.to_string(),
                retryable: false,
            }),
            _ => self.end(Some(error)),
        }
    }

    /// The answer to [`Action::Probe`]: how the server answers about the bucket.
    pub fn probed(&mut self, link: Link, answer: Result<(), Error>) {
        if self.phase != Phase::Probing || !is(&self.current, link) {
            return;
        }
        match answer {
            Err(error) if is_final(&error) => self.end(Some(error)),
            _ => self.lost(lost_by(1006)),
        }
    }

    /// A timer has run out.
    pub fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Backoff => self.skip_wait(),
            Timer::Grace if self.subscribers.is_empty() => self.end(None),
            Timer::Grace => {}
        }
    }

    /// The network is back.
    pub fn online(&mut self) {
        self.skip_wait();
    }

    /// The page is hidden.
    pub fn hidden(&mut self) {
        let running = !matches!(self.phase, Phase::Idle | Phase::Paused | Phase::Ended);
        if self.settings.visibility.pause_on_hidden && running {
            self.part();
            self.phase = Phase::Paused;
            self.tell_states();
        }
    }

    /// The page is shown again, after so many milliseconds.
    pub fn visible(&mut self, hidden_ms: f64) {
        match self.phase {
            Phase::Paused => self.connect(),
            Phase::Waiting if self.settings.visibility.reconnect_on_visible => self.connect(),
            Phase::Open if hidden_ms > LONG_HIDDEN_MS && self.settings.reconnect.enabled => {
                self.part();
                self.connect();
            }
            _ => {}
        }
    }

    /// It is to end, for everybody.
    pub fn stop(&mut self) {
        self.end(None);
    }

    fn skip_wait(&mut self) {
        if self.phase == Phase::Waiting {
            self.connect();
        }
    }

    fn connect(&mut self) {
        let Some(filter) = self.subscribers.cover() else {
            return self.end(None);
        };
        let connection = self.connection(filter);
        self.current = Some(connection);
        self.phase = Phase::Connecting;
        self.tell_states();
    }

    fn connection(&mut self, filter: Pattern) -> Connection {
        self.links += 1;
        let link = Link(self.links);
        self.actions
            .push_back(Action::Connect(link, filter.clone()));
        Connection { link, filter }
    }

    /// Sees to it that the connection covers a new subscriber.
    fn widen(&mut self, id: SubscriberId) {
        let Some(widest) = self.next.as_ref().or(self.current.as_ref()) else {
            return;
        };
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let patterns = subscriber.patterns.iter();
        let filter = patterns.fold(widest.filter.clone(), |wide, pattern| wide.widened(pattern));
        if filter == widest.filter {
            return;
        }
        let wider = self.connection(filter);
        let replaced = if self.phase == Phase::Open {
            self.next.replace(wider)
        } else {
            self.current.replace(wider)
        };
        if let Some(replaced) = replaced {
            self.actions.push_back(Action::Disconnect(replaced.link));
        }
    }

    /// Lets go of the connections there are.
    fn part(&mut self) {
        if self.catch_up.is_done() {
            self.knowledge.part();
        }
        self.abandon_catch_up();
        for connection in [self.current.take(), self.next.take()]
            .into_iter()
            .flatten()
        {
            self.actions.push_back(Action::Disconnect(connection.link));
        }
    }

    /// The connection is gone, or the way to it: tries again, or ends.
    fn lost(&mut self, error: Error) {
        self.part();
        if self.subscribers.is_empty() {
            return self.end(None);
        }
        let reconnect = &self.settings.reconnect;
        if !reconnect.allow_another(self.attempts) {
            return self.end(Some(error));
        }
        self.attempts += 1.0;
        let wait = reconnect.backoff(self.attempts);
        self.phase = Phase::Waiting;
        if !self.reported {
            self.reported = true;
            self.actions
                .push_back(Action::Report(error.will_be_retried()));
        }
        self.tell_states();
        self.actions
            .push_back(Action::SetTimer(Timer::Backoff, wait));
    }

    fn end(&mut self, error: Option<Error>) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            self.actions.push_back(Action::End(error));
        }
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

    /// Gives an event to those who want the key, or keeps it for them until they have their initial
    /// entries.
    fn deliver(&mut self, key: &Key, revision: Revision, event: Event<E>, resynced: bool) {
        let gone = matches!(event, Event::Gone(..));
        let complete = self.catch_up.is_done();
        let mut to = self.subscribers.wanting(key);
        to.retain(|id| {
            let Some(subscriber) = self.subscribers.get_mut(*id) else {
                return false;
            };
            if !subscriber.settled {
                return false;
            }
            if subscriber.holds() && gone {
                subscriber.held.retain(|held| held.key != *key);
                return subscriber.has_read(key) > 0;
            }
            if subscriber.holds() {
                subscriber.hold(key.clone(), revision, event.clone(), resynced);
                return false;
            }
            let news = gone || subscriber.has_read(key) < revision;
            if complete && !resynced {
                subscriber.has_come_to(revision);
            }
            news
        });
        if !to.is_empty() {
            self.actions.push_back(Action::Deliver(to, event, resynced));
        }
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

fn is(connection: &Option<Connection>, link: Link) -> bool {
    connection.as_ref().is_some_and(|other| other.link == link)
}

/// Whether trying again cannot mend it.
fn is_final(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403 | 404))
}

/// The error behind a close code that says no.
fn refusal(code: u16) -> Option<Error> {
    Some(match code {
        4401 => Error::status_of(401, "invalid or missing credentials"),
        4403 => Error::status_of(403, "not permitted"),
        4404 => Error::status_of(404, "bucket not found"),
        1008 => Error::ConnectionLost {
            message: "the server refuses the watch".into(),
            retryable: false,
        },
        _ => return None,
    })
}

fn lost_by(code: u16) -> Error {
    Error::ConnectionLost {
        message: [
            "the watch's connection was lost (code ",
            &code.to_string(),
            ")",
        ]
        .concat(),
        retryable: false,
    }
}

#[cfg(test)]
mod tests;
