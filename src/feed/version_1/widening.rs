//! Newcomers: subscribers whose patterns the connection does not cover. A wider connection is opened
//! beside it and takes over when it is open. If it cannot be had, the others keep theirs: the newcomers
//! are retried, or get a feed of their own.

use crate::error::Error;
use crate::feed::connection::Phase;
use crate::feed::freshness::Liveness;
use crate::feed::{Action, Feed, SubscriberId, Timer};
use crate::kv::Pattern;

impl<E: Clone> Feed<E> {
    /// Sees to it that the connection covers a new subscriber.
    pub(in crate::feed) fn widen(&mut self, id: SubscriberId) {
        let Some(widest) = self.next.as_ref().or(self.current.as_ref()) else {
            return;
        };
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let patterns = subscriber.patterns.iter();
        let filter = patterns.fold(widest.filter.clone(), |wide, pattern| wide.union(pattern));
        if filter != widest.filter {
            self.open_wider(filter);
        }
    }

    /// The same for every newcomer, after a failure.
    pub(in crate::feed) fn widen_for_all(&mut self) {
        if self.phase != Phase::Open || self.next.is_some() || self.newcomers().is_empty() {
            return;
        }
        let (current, all) = (self.current.as_ref(), self.subscribers.union());
        if let (Some(current), Some(all)) = (current, all) {
            let filter = current.filter.union(&all);
            self.open_wider(filter);
        }
    }

    /// The credential is another one. A connection of version 2 of the wire goes on until another one is open,
    /// one of version 1 until it is lost. A handshake under way begins again.
    pub fn credential_changed(&mut self) {
        let current = self.current.as_ref().filter(|_| self.wires.is_on);
        match self.phase {
            Phase::Open => {
                self.is_replacing = current.is_some();
                if let Some(connection) = current.or(self.next.as_ref()) {
                    let filter = connection.filter.clone();
                    self.open_wider(filter);
                }
            }
            Phase::Connecting | Phase::Probing => self.connect_freely(),
            Phase::Idle | Phase::Waiting | Phase::Paused | Phase::Ended => {}
        }
    }

    /// The current connection is given up for the one that is to replace it.
    pub(in crate::feed) fn give_up_replaced(&mut self) {
        if !std::mem::take(&mut self.is_replacing) || self.next.is_none() {
            return;
        }
        if self.is_complete() {
            self.index.part();
        }
        self.leave_wires();
        if let Some(replaced) = std::mem::replace(&mut self.current, self.next.take()) {
            self.actions
                .push(Action::Disconnect(replaced.connection_id));
        }
        self.phase = Phase::Connecting;
        self.notify_states();
    }

    fn open_wider(&mut self, filter: Pattern) {
        let wider = self.connection(filter);
        let replaced = match self.phase {
            Phase::Open => self.next.replace(wider),
            _ => self.current.replace(wider),
        };
        if let Some(replaced) = replaced {
            self.actions
                .push(Action::Disconnect(replaced.connection_id));
        }
    }

    /// The wider connection failed: tries again after a delay, or gives the newcomers a feed of their own.
    pub(in crate::feed) fn retry_widening(&mut self, error: Error) {
        self.discard_wider();
        let newcomers = self.newcomers();
        if newcomers.is_empty() {
            return;
        }
        let reconnect = &self.settings.reconnect;
        if !reconnect.allows_another(self.widen_attempts) {
            return self.move_newcomers();
        }
        self.widen_attempts += 1.0;
        let jitter = reconnect.backoff(self.widen_attempts);
        if self.widen_attempts == 1.0 {
            self.actions
                .push(Action::ReportTo(newcomers, error.will_be_retried()));
        }
        self.set_timer(Timer::Widen, 0.0, jitter);
    }

    /// Gives the newcomers a feed of their own: the server refuses what they watch, or refuses it
    /// together with what the others watch.
    pub(in crate::feed) fn move_newcomers(&mut self) {
        self.discard_wider();
        self.widen_attempts = 0.0;
        let newcomers = self.newcomers();
        self.move_out(&newcomers);
    }

    /// Whether a connection may be refused for the sake of a part of its subscribers.
    pub(in crate::feed) fn can_split(&self) -> bool {
        self.subscribers.are_mixed()
    }

    /// The server refuses what all subscribers watch together: gives half of them a feed of their own.
    pub(in crate::feed) fn split(&mut self) {
        let ids = self.subscribers.ids();
        self.part();
        self.move_out(&ids[ids.len().div_ceil(2)..]);
        self.connect();
    }

    pub(in crate::feed) fn discard_wider(&mut self) {
        if let Some(wider) = self.next.take() {
            self.actions.push(Action::Disconnect(wider.connection_id));
        }
    }

    fn newcomers(&mut self) -> Vec<SubscriberId> {
        let Some(current) = &self.current else {
            return Vec::new();
        };
        let filter = &current.filter;
        let newcomers = self
            .subscribers
            .iter_mut()
            .filter(|each| !each.is_covered_by(filter));
        newcomers.map(|subscriber| subscriber.id).collect()
    }

    /// Gives subscribers a feed of their own. It knows what was delivered, unless nothing was delivered to them.
    fn move_out(&mut self, ids: &[SubscriberId]) {
        let mut other = Self::new(self.settings.clone(), self.hidden, self.attempts.offline);
        for id in ids {
            if let Some(subscriber) = self.subscribers.remove(*id) {
                other.was_open |= subscriber.has_begun();
                other.subscribers.push(subscriber);
            }
        }
        if other.subscribers.is_empty() {
            return;
        }
        if other.was_open {
            other.index = self.index.copy();
            other.resync.set_epoch(self.resync.epoch());
            // The index names connections.
            other.connection_ids = self.connection_ids;
        }
        other.freshness_may_differ = true;
        other.connect();
        other.await_sign_of_life(Liveness::Silent);
        self.moved.insert(0, other);
        self.actions.push(Action::Move);
    }
}
