//! Freshness: which subscribers have everything that was sent to them, so that each sign of life of their
//! connection shows that they are complete. When that was is noted where the frames arrive.

use super::subscribers::Progress;
use super::{Action, Feed, Phase, SubscriberId, Timer};

/// So much of the allowed staleness passes between two looks at the connection: a frame that came right after
/// one look is less old than allowed at the second one after it, which probes the connection.
const LOOK_AFTER: f64 = 0.4;

/// What the frames say of the open connection.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Liveness {
    /// None has come since the last look.
    #[default]
    Silent,
    /// One has come since then.
    Active,
    /// There were changes that it has not brought.
    Doubtful,
}

impl<E: Clone> Feed<E> {
    /// Whether nothing is missing that the server has sent.
    pub(super) fn is_complete(&self) -> bool {
        match self.wires.is_on {
            true => self.wires.are_complete(),
            false => self.resync.is_done(),
        }
    }

    /// Notes which subscribers are fresh, after something that may have changed it.
    pub(super) fn update_freshness(&mut self) {
        if std::mem::take(&mut self.freshness_may_differ) && !self.has_ended() {
            for id in self.subscribers.ids() {
                self.update_freshness_of(id);
            }
        }
    }

    /// Notes whether a subscriber is fresh, and by which connection.
    pub(super) fn update_freshness_of(&mut self, id: SubscriberId) {
        let current = self.current.as_ref().filter(|_| self.phase == Phase::Open);
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let is_fresh = match self.wires.is_on {
            true => subscriber.position.is_live,
            false => {
                self.resync.is_done()
                    && !self.resync.is_partial
                    && matches!(subscriber.progress, Progress::Ready)
            }
        };
        let connection =
            current.filter(|current| is_fresh && subscriber.is_covered_by(&current.filter));
        let fresh_by = connection.map(|connection| connection.connection_id);
        if subscriber.fresh_by != fresh_by {
            subscriber.fresh_by = fresh_by;
            self.actions.push(Action::SetFresh(id, fresh_by));
        }
    }

    /// Limits how old a subscriber's freshness may become, in milliseconds: a connection that is silent is probed in time.
    pub fn limit_staleness(&mut self, id: SubscriberId, max_staleness: f64) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.max_staleness = Some(max_staleness);
            if self.looks_within.is_none_or(|limit| max_staleness < limit) {
                self.await_sign_of_life(self.liveness);
            }
        }
    }

    /// Starts the timer of the next look at the connection.
    pub(super) fn await_sign_of_life(&mut self, liveness: Liveness) {
        self.looks_within = self.subscribers.max_staleness();
        if let Some(limit) = self.looks_within.filter(|_| !self.settings.lossless) {
            self.liveness = liveness;
            let delay = match liveness {
                // What was read may have been faster than its frame.
                Liveness::Doubtful => f64::from(self.settings.handshake_ms),
                _ => limit * LOOK_AFTER,
            };
            self.set_timer(Timer::Freshness, delay, 0.0);
        }
    }

    /// Looks at the open connection: probes one that is silent, and replaces one that did not bring what changed.
    pub(super) fn check_liveness(&mut self) {
        if self.subscribers.max_staleness().is_none() {
            self.looks_within = None;
            return;
        }
        let liveness = self.liveness;
        self.await_sign_of_life(Liveness::Silent);
        match liveness {
            _ if self.phase != Phase::Open => {}
            Liveness::Doubtful if self.settings.reconnect.enabled => self.connect_freely(),
            Liveness::Silent if self.wires.is_on => self.actions.push(Action::Ping),
            Liveness::Silent if self.resync.is_done() => self.begin_probe(),
            _ => {}
        }
    }

    /// Finds out what the connection should have brought, on version 1 of the wire.
    fn begin_probe(&mut self) {
        if let Some(current) = &self.current {
            self.index.take_over(current.connection_id.0);
            self.resync.is_probe = true;
            self.begin_resync(true);
        }
    }
}
