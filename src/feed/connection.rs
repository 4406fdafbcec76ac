//! The life cycle of a connection, from the first attempt to the end.
//!
//! ```text
//! Idle -> Connecting -> Open -> Waiting (backoff) -> Connecting ...
//!             |  ^        |
//!             v  |        +-> Paused (hidden page) -> Connecting
//!          Probing                        any phase -> Ended
//! ```

use super::failures::{is_final, lost_by, refusal};
use super::freshness::Liveness;
use super::{Action, ConnectionId, Delay, Feed, Timer};
use crate::error::Error;
use crate::kv::Pattern;
use crate::text::{concat, decimal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// There was no subscriber yet.
    Idle,
    Connecting,
    /// The handshake failed, and a request for the bucket's info is to show why.
    Probing,
    Open,
    /// The backoff before the next attempt.
    Waiting,
    /// The page is hidden.
    Paused,
    Ended,
}

#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) connection_id: ConnectionId,
    pub(super) filter: Pattern,
}

/// What decides about attempts, beside the retry policy.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// Failed attempts in a row that count.
    pub(super) failed: f64,
    /// Whether the attempt under way does not count: a page event caused it.
    pub(super) free: bool,
    /// Whether the browser is offline: no attempt counts.
    pub(super) offline: bool,
    /// Whether `token()` gives another credential when it is called again.
    pub(super) renewable: bool,
    /// Whether a connection was replaced for a fresh token, and none was refused since.
    pub(super) renewed: bool,
    /// Whether the handshake under way is slow: whatever may have mended the network starts another.
    pub(super) slow: bool,
}

/// How long a connection stays open before it is stable, so that the attempts in a row are reset, in milliseconds.
pub(super) const STABLE_AFTER_MS: f64 = 5000.0;

/// From this duration on a handshake is slow, in milliseconds.
const SLOW_HANDSHAKE_MS: f64 = 5000.0;

impl<E: Clone> Feed<E> {
    /// Opens a connection for all subscribers.
    pub(super) fn connect(&mut self) {
        let Some(filter) = self.subscribers.union() else {
            return self.end(None);
        };
        if self.hidden && self.settings.visibility.pause_on_hidden {
            self.phase = Phase::Paused;
        } else {
            self.current = Some(self.connection(filter));
            self.phase = Phase::Connecting;
        }
        self.notify_states();
    }

    /// As [`Feed::connect`], because of something that may have mended the network.
    pub(super) fn connect_freely(&mut self) {
        self.part();
        self.attempts.free = true;
        self.connect();
    }

    /// A connection can be had now: ends the backoff.
    pub fn connect_now(&mut self) {
        if self.phase == Phase::Waiting {
            self.connect_freely();
        }
    }

    pub(super) fn connection(&mut self, filter: Pattern) -> Connection {
        self.connection_ids += 1;
        let connection_id = ConnectionId(self.connection_ids);
        self.actions
            .push(Action::Connect(connection_id, filter.clone()));
        if !self.settings.lossless {
            self.attempts.slow = false;
            let timeout = f64::from(self.settings.handshake_ms);
            self.set_timer(Timer::Handshake, timeout.min(SLOW_HANDSHAKE_MS), 0.0);
        }
        Connection {
            connection_id,
            filter,
        }
    }

    /// A connection is open, whose server speaks version 2 of the wire.
    pub fn opened_resumable(&mut self, connection_id: ConnectionId) {
        if self.wants(connection_id) {
            if self.is_complete() {
                self.index.part();
            }
            self.leave_wires();
            self.wires.is_on = true;
            self.open(connection_id);
        }
    }

    /// A connection is open.
    pub fn opened(&mut self, connection_id: ConnectionId) {
        if self.wants(connection_id) {
            self.leave_version_2();
            self.open(connection_id);
        }
    }

    fn open(&mut self, connection_id: ConnectionId) {
        if is(&self.next, connection_id) {
            self.is_replacing = false;
            let old = self.current.take();
            self.current = self.next.take();
            self.widen_attempts = 0.0;
            if let Some(old) = old {
                self.actions.push(Action::Disconnect(old.connection_id));
            }
            self.notify_states();
            self.begin_resync(true);
            // Those whose own attempt failed before.
            self.widen_for_all();
        } else if self.phase == Phase::Connecting && is(&self.current, connection_id) {
            self.phase = Phase::Open;
            self.was_open = true;
            self.attempts.free = false;
            self.notify_states();
            self.begin_resync(false);
        }
    }

    /// A frame arrived that is malformed, or in which the server reports a problem.
    pub fn bad_frame(&mut self, connection_id: ConnectionId, message: String) {
        if self.phase == Phase::Open && is(&self.current, connection_id) {
            self.actions.push(Action::Report(Error::BadFrame(message)));
        }
    }

    /// A connection was closed or refused with this WebSocket close code.
    pub fn closed(&mut self, connection_id: ConnectionId, code: u16) {
        if self.is_replacing && self.wants(connection_id) {
            let was_current = is(&self.current, connection_id);
            self.give_up_replaced();
            if was_current {
                return;
            }
        }
        if is(&self.next, connection_id) {
            return match refusal(code) {
                None if code != 1000 => self.retry_widening(lost_by(code)),
                Some(error) if code == 4401 && self.attempts.renewable => {
                    self.retry_widening(error)
                }
                _ => self.move_newcomers(),
            };
        }
        if self.phase == Phase::Probing || !is(&self.current, connection_id) || self.has_ended() {
            return;
        }
        match refusal(code) {
            _ if code == 1000 => self.end(None),
            Some(error) if code == 4401 => self.unauthorized(error),
            Some(error) if code == 4403 && self.can_split() => {
                self.refused = Some(error);
                self.discard_wider();
                self.probe(connection_id);
            }
            Some(error) => self.end(Some(error)),
            None if self.phase == Phase::Connecting => self.probe(connection_id),
            None => self.lost(lost_by(code)),
        }
    }

    fn probe(&mut self, connection_id: ConnectionId) {
        self.phase = Phase::Probing;
        self.actions.push(Action::Probe(connection_id));
    }

    /// The response to [`Action::Probe`].
    pub fn probed(&mut self, connection_id: ConnectionId, answer: Result<(), Error>) {
        if self.phase != Phase::Probing || !is(&self.current, connection_id) {
            return;
        }
        let refused = self.refused.take();
        match (answer, refused) {
            (Err(error), _) if error.status() == Some(401) => self.unauthorized(error),
            (Err(error), _) if is_final(&error) => self.end(Some(error)),
            (Ok(()), Some(_)) => self.split(),
            (Ok(()), None) if !self.was_open => self.lost(Error::ConnectionLost {
                message:
                    "the WebSocket handshake failed, although the bucket exists: the server does \
                          not negotiate the subprotocol ironflow.v1, or a proxy blocks WebSockets"
                        .into(),
                retryable: false,
            }),
            _ => self.lost(lost_by(1006)),
        }
    }

    /// Instead of a response to [`Action::Probe`]: the server answers for the bucket, and another kind of
    /// handshake is tried immediately. It does not count as an attempt.
    pub fn retry_handshake(&mut self, connection_id: ConnectionId) {
        if self.phase == Phase::Probing && is(&self.current, connection_id) {
            self.part();
            self.connect();
        }
    }

    /// The server refuses the credential. If `token()` can give another one, it is tried once.
    pub(super) fn unauthorized(&mut self, error: Error) {
        if !self.can_renew() {
            return self.end(Some(error));
        }
        self.attempts.renewed = true;
        self.part();
        self.connect();
    }

    pub(super) fn can_renew(&self) -> bool {
        self.attempts.renewable && !self.attempts.renewed && self.settings.reconnect.enabled
    }

    /// Whether the credential comes from a function, so that it may be another one after a refusal.
    pub fn set_renewable(&mut self, renewable: bool) {
        self.attempts.renewable = renewable;
    }

    /// The connection, or the attempt at one, is lost: reconnects after a delay, or ends.
    pub(super) fn lost(&mut self, error: Error) {
        self.part();
        if self.subscribers.is_empty() {
            return self.end(None);
        }
        let reconnect = &self.settings.reconnect;
        let is_free = std::mem::take(&mut self.attempts.free) || self.attempts.offline;
        if !reconnect.enabled || !is_free && !reconnect.allows_another(self.attempts.failed) {
            return self.end(Some(error));
        }
        self.attempts.failed += f64::from(u8::from(!is_free));
        let delay = Delay {
            least: 0.0,
            jitter: reconnect.backoff(self.attempts.failed),
        };
        self.phase = Phase::Waiting;
        let cause = error.message().into_owned();
        if !self.reported {
            self.reported = true;
            self.actions.push(Action::Report(error.will_be_retried()));
        }
        self.notify_states();
        self.actions
            .push(Action::Reconnect(delay, self.attempts.failed, cause));
    }

    /// A timer has run out.
    pub fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Backoff if self.phase == Phase::Waiting => self.connect(),
            Timer::Grace if self.subscribers.is_empty() => self.end(None),
            Timer::Stable => {
                let current = self.current.as_ref();
                let is_stable = current.is_some_and(|c| c.connection_id == self.stable);
                if is_stable && self.is_complete() {
                    self.attempts.failed = 0.0;
                }
            }
            Timer::Handshake => self.handshake_is_slow(),
            Timer::Widen => self.widen_for_all(),
            Timer::Fetch => self.resume_fetches(),
            Timer::Freshness => self.check_liveness(),
            Timer::Backoff | Timer::Grace => {}
        }
    }

    fn handshake_is_slow(&mut self) {
        let connecting = self.phase == Phase::Connecting || self.next.is_some();
        let timeout = f64::from(self.settings.handshake_ms);
        if !connecting {
            return;
        }
        if !std::mem::replace(&mut self.attempts.slow, true) && timeout > SLOW_HANDSHAKE_MS {
            return self.set_timer(Timer::Handshake, timeout - SLOW_HANDSHAKE_MS, 0.0);
        }
        let error = Error::ConnectionLost {
            message: concat(&[
                "the WebSocket handshake timed out after ",
                &decimal(self.settings.handshake_ms.into()),
                " ms",
            ]),
            retryable: false,
        };
        self.give_up_replaced();
        match self.next {
            Some(_) => self.retry_widening(error),
            None => self.lost(error),
        }
    }

    /// There is a new subscriber: connects, or sees to it that the connection covers it.
    pub(super) fn connect_for(&mut self, id: super::SubscriberId) {
        match self.phase {
            Phase::Idle => self.connect(),
            Phase::Waiting => {
                self.attempts.failed = 0.0;
                self.connect_freely();
            }
            Phase::Connecting if self.attempts.slow => self.connect_freely(),
            Phase::Connecting | Phase::Open => self.widen(id),
            // The next connection covers it.
            Phase::Probing | Phase::Paused | Phase::Ended => {}
        }
    }

    /// Closes the connections there are.
    pub(super) fn part(&mut self) {
        if self.is_complete() {
            self.index.part();
        }
        self.leave_wires();
        self.is_replacing = false;
        self.abandon_resync();
        let both = [self.current.take(), self.next.take()];
        for connection in both.into_iter().flatten() {
            self.actions
                .push(Action::Disconnect(connection.connection_id));
        }
    }

    /// Ends every watch.
    pub fn stop(&mut self) {
        self.end(None);
    }

    pub(super) fn end(&mut self, error: Option<Error>) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            self.abandon_resync();
            self.actions.push(Action::End(error));
        }
    }

    /// The resync is done: what was missed while there was no connection has been delivered. `liveness`: what the
    /// resync has shown of the connection.
    pub(super) fn connection_is_complete(&mut self, liveness: Liveness) {
        self.await_sign_of_life(liveness);
        self.reported = false;
        self.attempts.renewed = false;
        if let Some(connection) = self.current.clone() {
            if !self.wires.is_on {
                self.index.follow(connection.filter);
            }
            if self.attempts.failed > 0.0 {
                self.stable = connection.connection_id;
                self.set_timer(Timer::Stable, STABLE_AFTER_MS, 0.0);
            }
        }
    }

    pub(super) fn set_timer(&mut self, timer: Timer, least: f64, jitter: f64) {
        self.actions
            .push(Action::SetTimer(timer, Delay { least, jitter }));
    }
}

pub(super) fn is(connection: &Option<Connection>, connection_id: ConnectionId) -> bool {
    connection
        .as_ref()
        .is_some_and(|other| other.connection_id == connection_id)
}
