//! A feed: the watches of one bucket over one connection, as a pure state machine. Its methods take what
//! has happened; [`Feed::take_actions`] returns what the runner does, in order. It has no socket and no
//! clock.
//!
//! A connection brings changes, and each version of the wire has its own way to what came before them: in [`version_1`]
//! the connection's filter covers what every subscriber watches, and a listing and reads find what was missed, by the
//! revisions in [`key_index`]; in [`version_2`] each subscription starts after a revision. Both end with subscribers
//! that have everything. The store in memory is a connection of version 1 that misses nothing.

mod action;
mod caught_up;
mod connection;
mod delivery;
mod failures;
mod freshness;
mod key_index;
mod platform_events;
mod settings;
mod subscribers;
mod version_1;
mod version_2;

use crate::error::Error;
use crate::kv::{Key, Pattern, Revision};
pub use action::{
    Action, Change, ConnectionId, Delay, Event, KeySlot, Name, ReadResult, Recipients, RequestId,
    ResyncCost, ResyncListing, Subscription, Synced, Timer, WatchState, WireId,
};
use connection::{Attempts, Connection, Phase, is};
use freshness::Liveness;
use key_index::KeyIndex;
pub use settings::Settings;
pub use subscribers::SubscriberId;
use subscribers::{Progress, Subscribers};
use version_1::fetch_queue::{FetchQueue, MAX_MULTIPLEXED_READS, Requester};
use version_1::resync::Resync;
use version_2::wire_subscriptions::WireSubscriptions;

#[derive(Debug)]
struct PendingChange<E> {
    key: Key,
    revision: Revision,
    live: bool,
    payload: E,
    /// The subscribers that have a newer entry of the key, which may be of the bucket that this one replaced.
    /// Empty: the change is old for all of them.
    skipped: Vec<SubscriberId>,
}

impl<E> PendingChange<E> {
    fn is_skipped_delete(&self) -> bool {
        !self.live && !self.skipped.is_empty()
    }
}

/// The longest list of actions whose memory is used again.
const MAX_SPARE_ACTIONS: usize = 64;

/// The changes of one bucket, from the first subscriber to the end. `E` is what subscribers get.
#[derive(Debug)]
pub struct Feed<E> {
    settings: Settings,
    subscribers: Subscribers<E>,
    index: KeyIndex,
    phase: Phase,
    current: Option<Connection>,
    /// A wider connection that is to replace the current one.
    next: Option<Connection>,
    /// Whether it is one for another credential.
    is_replacing: bool,
    resync: Resync,
    /// What takes the place of the resync on version 2 of the wire.
    wires: WireSubscriptions,
    /// Changes that are old, unless the bucket turns out to be another one.
    pending: Vec<PendingChange<E>>,
    fetches: FetchQueue,
    connection_ids: u32,
    requests: u32,
    attempts: Attempts,
    /// Failed attempts in a row at a wider connection.
    widen_attempts: f64,
    /// The close code's error of a connection that is refused, until the probe is answered.
    refused: Option<Error>,
    /// Whether the page is hidden.
    hidden: bool,
    /// The connection that [`Timer::Stable`] is about.
    stable: ConnectionId,
    was_open: bool,
    /// Whether the loss of the connection was reported.
    reported: bool,
    /// Whether the slots of keys have changed.
    has_forgotten: bool,
    /// Whether subscribers may be fresh that were not, or the reverse.
    freshness_may_differ: bool,
    liveness: Liveness,
    /// The limit that the timer of the next look at the connection keeps.
    looks_within: Option<f64>,
    /// The feeds that are to run beside this one.
    moved: Vec<Self>,
    actions: Vec<Action<E>>,
    /// Memory for the next list of actions.
    spare: Vec<Action<E>>,
}

impl<E: Clone> Feed<E> {
    /// A feed without subscribers, in a page that may be hidden or offline.
    pub fn new(settings: Settings, is_hidden: bool, is_offline: bool) -> Self {
        let attempts = Attempts {
            offline: is_offline,
            ..Attempts::default()
        };
        Self {
            settings,
            subscribers: Subscribers::new(),
            index: KeyIndex::new(),
            phase: Phase::Idle,
            current: None,
            next: None,
            is_replacing: false,
            resync: Resync::default(),
            wires: WireSubscriptions::default(),
            pending: Vec::new(),
            fetches: FetchQueue::new(),
            connection_ids: 0,
            requests: 0,
            attempts,
            widen_attempts: 0.0,
            refused: None,
            hidden: is_hidden,
            stable: ConnectionId(0),
            was_open: false,
            reported: false,
            has_forgotten: false,
            freshness_may_differ: false,
            liveness: Liveness::default(),
            looks_within: None,
            moved: Vec::new(),
            actions: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes a feed that is to run beside this one; its subscribers keep their ids.
    pub fn take_moved(&mut self) -> Option<Self> {
        self.moved.pop()
    }

    /// The subscribers.
    pub fn subscriber_ids(&self) -> Vec<SubscriberId> {
        self.subscribers.ids()
    }

    /// Whether requests share one connection (HTTP/2 and later): more reads may be in flight.
    pub fn set_multiplexed(&mut self) {
        self.fetches.set_max_concurrent(MAX_MULTIPLEXED_READS);
    }

    /// Takes what is to be done, in this order.
    pub fn take_actions(&mut self) -> Vec<Action<E>> {
        self.subscribe_waiting();
        self.update_freshness();
        std::mem::replace(&mut self.actions, std::mem::take(&mut self.spare))
    }

    /// Takes back the empty list of actions that were carried out, to use its memory again.
    pub fn recycle(&mut self, actions: Vec<Action<E>>) {
        if actions.capacity() <= MAX_SPARE_ACTIONS {
            self.spare = actions;
        }
    }

    /// The connection to open, taken out before its turn, for a subscriber whose events begin now.
    pub fn take_connect(&mut self) -> Option<(ConnectionId, Pattern)> {
        let is_connect = |action: &Action<E>| matches!(action, Action::Connect(..));
        let at = self.actions.iter().position(is_connect)?;
        match self.actions.remove(at) {
            Action::Connect(connection_id, filter) => Some((connection_id, filter)),
            _ => None,
        }
    }

    /// Whether it is over: nothing will come out any more.
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
    fn remembered(&self) -> usize {
        self.index.remembered()
    }

    /// Whether the connection is still wanted.
    pub fn wants(&self, connection_id: ConnectionId) -> bool {
        !self.has_ended() && (is(&self.current, connection_id) || is(&self.next, connection_id))
    }

    /// What its subscribers watch, as narrow as one pattern can say it.
    pub fn watched(&self) -> Option<Pattern> {
        self.subscribers.union()
    }

    /// Adds a subscriber of the keys that match any of the patterns; with `initial`, it gets the entries there
    /// are first. Nothing is delivered before [`Feed::activated`].
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
        self.connect_for(id);
        id
    }

    /// The call that made the subscriber has returned.
    pub fn activated(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.activated = true;
            self.notify_state(id);
            self.admit(id);
        }
    }

    /// Removes a subscriber.
    pub fn unsubscribe(&mut self, id: SubscriberId) {
        let Some(gone) = self.subscribers.remove(id) else {
            return;
        };
        self.leave_wire(id, gone.position.wire);
        self.fetches.forget(Requester::Subscriber(id));
        if !self.subscribers.is_empty() || self.has_ended() {
            return;
        }
        let connected = matches!(self.phase, Phase::Connecting | Phase::Open);
        if connected && self.settings.grace_ms > 0 {
            self.set_timer(Timer::Grace, f64::from(self.settings.grace_ms), 0.0);
        } else {
            self.end(None);
        }
    }

    /// Whether keys were forgotten since this was last asked: their slots may be others' now.
    pub fn take_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.has_forgotten)
    }

    fn notify_states(&mut self) {
        for id in self.subscribers.ids() {
            self.notify_state(id);
        }
    }

    fn notify_state(&mut self, id: SubscriberId) {
        let phase = self.phase;
        let filter = self.current.as_ref().map(|connection| &connection.filter);
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let covered = filter.is_some_and(|filter| subscriber.is_covered_by(filter));
        let state = match phase {
            Phase::Paused | Phase::Ended => WatchState::Disconnected,
            Phase::Open if covered => WatchState::Connected,
            _ if subscriber.was_connected => WatchState::Reconnecting,
            _ => WatchState::Connecting,
        };
        if state != subscriber.state && subscriber.activated {
            subscriber.state = state;
            subscriber.was_connected |= state == WatchState::Connected;
            self.actions.push(Action::NotifyState(id, state));
        }
    }

    fn ready(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.progress = Progress::Ready;
            subscriber.stored = None;
            let is_first = !std::mem::replace(&mut subscriber.was_ready, true);
            self.update_freshness_of(id);
            if is_first {
                self.actions.push(Action::Ready(id));
            }
        }
    }

    fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
