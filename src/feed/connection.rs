//! What a connection goes through: opened, lost, tried again, made wider, given up.

use super::{Action, ConnectionId, Feed, SubscriberId, Timer};
use crate::error::Error;
use crate::kv::Pattern;
use crate::text::{concat, decimal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
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
pub(super) struct Connection {
    pub(super) connection_id: ConnectionId,
    pub(super) filter: Pattern,
}

/// So long, in milliseconds, a connection stays up before its loss counts as the first.
pub(super) const STABLE_AFTER_MS: f64 = 5000.0;

/// Coming back after more than this, in milliseconds, an open connection is not trusted: phones kill
/// the sockets of hidden pages silently.
const LONG_HIDDEN_MS: f64 = 30_000.0;

impl<E: Clone> Feed<E> {
    /// A connection is open.
    pub fn opened(&mut self, connection_id: ConnectionId) {
        if is(&self.next, connection_id) {
            let old = self.current.take();
            self.current = self.next.take();
            if let Some(old) = old {
                self.actions
                    .push_back(Action::Disconnect(old.connection_id));
            }
            self.phase = Phase::Open;
            self.notify_states();
            self.begin_resync(true);
        } else if self.phase == Phase::Connecting && is(&self.current, connection_id) {
            self.phase = Phase::Open;
            self.was_open = true;
            self.notify_states();
            self.begin_resync(false);
        }
    }

    /// A frame that cannot be used arrived, or one in which the server reports a problem.
    pub fn bad_frame(&mut self, connection_id: ConnectionId, words: String) {
        if self.phase == Phase::Open && is(&self.current, connection_id) {
            self.actions
                .push_back(Action::Report(Error::BadFrame(words)));
        }
    }

    /// A connection is closed, or was refused, with this WebSocket close code.
    pub fn closed(&mut self, connection_id: ConnectionId, code: u16) {
        if self.has_ended() {
            return;
        }
        // Where what was to be wider cannot be had, what is there is given up with it, so that there is one
        // way to go on.
        let current = is(&self.current, connection_id) && self.phase != Phase::Probing;
        if !current && !is(&self.next, connection_id) {
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
            self.actions.push_back(Action::Probe(connection_id));
        } else {
            self.lost(lost_by(code));
        }
    }

    /// A connection could not even be tried.
    pub fn failed(&mut self, connection_id: ConnectionId, error: Error) {
        if !self.wants(connection_id) {
            return;
        }
        match error {
            Error::NoCredentials(_) if self.was_open => self.lost(error),
            Error::Timeout { .. } if self.settings.reconnect.enabled => {
                self.lost(Error::ConnectionLost {
                    message: error.message().into_owned(),
                    retryable: false,
                })
            }
            _ => self.end(Some(error)),
        }
    }

    /// The answer to [`Action::Probe`]: how the server answers about the bucket.
    pub fn probed(&mut self, connection_id: ConnectionId, answer: Result<(), Error>) {
        if self.phase != Phase::Probing || !is(&self.current, connection_id) {
            return;
        }
        match answer {
            Err(error) if is_final(&error) => self.end(Some(error)),
            Ok(()) if !self.was_open => self.lost(Error::ConnectionLost {
                message:
                    "the WebSocket handshake failed, although the bucket exists: the server does \
                          not negotiate the subprotocol ironflow.v1, or a proxy blocks WebSockets"
                        .into(),
                retryable: false,
            }),
            _ => self.lost(lost_by(1006)),
        }
    }

    /// Instead of an answer to [`Action::Probe`]: the server answers for the bucket, and another kind of
    /// handshake is tried at once. It does not count as an attempt to reconnect.
    pub fn retry_handshake(&mut self, connection_id: ConnectionId) {
        if self.phase == Phase::Probing && is(&self.current, connection_id) {
            self.part();
            self.connect();
        }
    }

    /// A timer has run out.
    pub fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Backoff => self.skip_wait(),
            Timer::Grace if self.subscribers.is_empty() => self.end(None),
            Timer::Grace => {}
            Timer::Stable => {
                let stable = self.resync.is_done();
                if stable
                    && self
                        .current
                        .as_ref()
                        .is_some_and(|c| c.connection_id == self.stable)
                {
                    self.attempts = 0.0;
                }
            }
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
            self.notify_states();
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

    pub(super) fn connect(&mut self) {
        let Some(filter) = self.subscribers.union() else {
            return self.end(None);
        };
        let connection = self.connection(filter);
        self.current = Some(connection);
        self.phase = Phase::Connecting;
        self.notify_states();
    }

    fn connection(&mut self, filter: Pattern) -> Connection {
        self.connection_ids += 1;
        let connection_id = ConnectionId(self.connection_ids);
        self.actions
            .push_back(Action::Connect(connection_id, filter.clone()));
        Connection {
            connection_id,
            filter,
        }
    }

    /// Sees to it that the connection covers a new subscriber.
    pub(super) fn widen(&mut self, id: SubscriberId) {
        let Some(widest) = self.next.as_ref().or(self.current.as_ref()) else {
            return;
        };
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return;
        };
        let patterns = subscriber.patterns.iter();
        let filter = patterns.fold(widest.filter.clone(), |wide, pattern| wide.union(pattern));
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
            self.actions
                .push_back(Action::Disconnect(replaced.connection_id));
        }
    }

    /// Lets go of the connections there are.
    pub(super) fn part(&mut self) {
        if self.resync.is_done() {
            self.index.part();
        }
        self.abandon_resync();
        for connection in [self.current.take(), self.next.take()]
            .into_iter()
            .flatten()
        {
            self.actions
                .push_back(Action::Disconnect(connection.connection_id));
        }
    }

    /// The connection is gone, or the way to it: tries again, or ends.
    pub(super) fn lost(&mut self, error: Error) {
        self.part();
        if self.subscribers.is_empty() {
            return self.end(None);
        }
        let reconnect = &self.settings.reconnect;
        if !reconnect.allows_another(self.attempts) {
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
        self.notify_states();
        self.actions
            .push_back(Action::SetTimer(Timer::Backoff, wait));
    }

    pub(super) fn end(&mut self, error: Option<Error>) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            self.abandon_resync();
            self.actions.push_back(Action::End(error));
        }
    }
}

pub(super) fn is(connection: &Option<Connection>, connection_id: ConnectionId) -> bool {
    connection
        .as_ref()
        .is_some_and(|other| other.connection_id == connection_id)
}

/// Whether trying again cannot mend it.
pub(super) fn is_final(error: &Error) -> bool {
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
        message: concat(&[
            "the watch's connection was lost (code ",
            &decimal(code.into()),
            ")",
        ]),
        retryable: false,
    }
}
