//! Failed requests of a feed. A refusal reaches the subscriber that it concerns, and no other. Anything
//! that may pass slows the feed down, and is retried with what was read so far kept.

use super::connection::is;
use super::version_1::fetch_queue::{InFlightRead, Requester};
use super::{Action, ConnectionId, Feed, SubscriberId, Timer, WireId};
use crate::error::Error;
use crate::text::{concat, decimal};

impl<E: Clone> Feed<E> {
    /// A read has failed.
    pub(super) fn read_failed(&mut self, read: InFlightRead, error: Error) {
        let status = error.status();
        if status == Some(401) && self.can_renew() {
            return self.unauthorized(error);
        }
        if may_pass(&error) && self.fetches.retry(&read) {
            return self.slow_down(&error);
        }
        let (is_refused, is_probe) = (is_final(&error), self.resync.is_probe);
        for requester in &read.requesters {
            match requester {
                Requester::Subscriber(id) if is_refused => self.refuse(*id, error.clone()),
                Requester::Subscriber(id) => self.report_to(vec![*id], &error),
                // What the newest key is read for only saves work later.
                Requester::Feed if !self.index.follows(&read.key) => {}
                Requester::Feed if is_probe => {
                    self.resync.has_failed_probe |= !self.resync.is_partial;
                    self.resync.is_partial = true;
                }
                Requester::Feed => {
                    self.resync.is_partial = true;
                    let ids = self.subscribers.matching_ids(&read.key);
                    self.report_to(ids, &error);
                }
            }
        }
        self.finish(&read.requesters);
    }

    /// The list of a subscriber's initial entries has failed, for the pattern of this number.
    pub(super) fn list_failed(&mut self, id: SubscriberId, at: usize, error: Error) {
        match error.status() {
            Some(401) if self.can_renew() => self.unauthorized(error),
            Some(404) => self.end(Some(error)),
            _ if may_pass(&error) => {
                self.resync.failed_lists.push((id, at));
                self.slow_down(&error);
            }
            _ => self.refuse(id, error),
        }
    }

    /// The resync listing has failed.
    pub(super) fn resync_listing_failed(&mut self, error: Error, is_needed: bool) {
        match error.status() {
            _ if self.resync.is_probe => self.go_on_without_listing(),
            Some(401) if self.can_renew() => self.unauthorized(error),
            Some(404) => self.end(Some(error)),
            // Without it, a later resync reads more than it must.
            _ if !is_needed => self.go_on_without_listing(),
            _ if may_pass(&error) => {
                self.resync.must_list = true;
                self.slow_down(&error);
            }
            // Changes arrive, but what was missed cannot be found out.
            _ => {
                self.actions.push(Action::Report(error));
                self.resync.is_partial = true;
                self.go_on_without_listing();
            }
        }
    }

    /// Ends one subscriber.
    pub(super) fn refuse(&mut self, id: SubscriberId, error: Error) {
        self.actions.push(Action::Refuse(id, error));
        self.unsubscribe(id);
    }

    fn report_to(&mut self, ids: Vec<SubscriberId>, error: &Error) {
        if !ids.is_empty() {
            self.actions.push(Action::ReportTo(ids, error.clone()));
        }
    }

    /// Pauses the requests of the feed, at least as long as the server asks for (`Retry-After`).
    pub(super) fn slow_down(&mut self, error: &Error) {
        if let Some(backoff) = self.fetches.slow_down() {
            let requested = error.retry_after().unwrap_or(0.0) * 1000.0;
            self.set_timer(Timer::Fetch, requested.max(backoff / 2.0), backoff / 2.0);
        }
    }

    /// The pause is over.
    pub(super) fn resume_fetches(&mut self) {
        self.fetches.resume();
        self.wires.retry();
        if std::mem::take(&mut self.resync.must_list) {
            self.request_resync_listing();
        }
        for (id, at) in std::mem::take(&mut self.resync.failed_lists) {
            let subscriber = self.subscribers.get_mut(id);
            let pattern = subscriber.and_then(|subscriber| subscriber.patterns.get(at).cloned());
            if let Some(pattern) = pattern {
                self.request_list(id, at, pattern);
            }
        }
        self.read_on();
    }

    /// A connection could not be attempted: no credential, no WebSocket, no bucket in memory.
    pub fn failed(&mut self, connection_id: ConnectionId, error: Error) {
        let is_transient = match error {
            Error::NoCredentials(_) | Error::Timeout { .. } => true,
            // The constructor of the socket may throw at one attempt, and not at the next.
            Error::Validation(_) | Error::ConnectionLost { .. } => self.was_open,
            _ => false,
        };
        if is(&self.next, connection_id) {
            self.give_up_replaced();
        }
        if is(&self.next, connection_id) {
            match error {
                Error::NoCredentials(_) | Error::Timeout { .. } | Error::ConnectionLost { .. } => {
                    self.retry_widening(error);
                }
                _ => self.move_newcomers(),
            }
        } else if self.wants(connection_id) {
            match is_transient && self.settings.reconnect.enabled {
                true => self.lost(error),
                false => self.end(Some(error)),
            }
        }
    }

    /// The server refuses a subscription, or ends it.
    pub fn refused(&mut self, connection_id: ConnectionId, id: WireId, error: Error) {
        if self.connection_id() != Some(connection_id) {
            return;
        }
        let Some(mut wire) = self.wires.take(id) else {
            return;
        };
        if error.retryable() && error.status() != Some(401) {
            self.note_positions(&wire);
            for member in &wire.members {
                if let Some(subscriber) = self.subscribers.get_mut(*member) {
                    subscriber.position.wire = Some(id);
                }
            }
            wire.is_replaying = true;
            self.wires.refused.push(wire);
            return self.slow_down(&error);
        }
        self.leave_subscription(&wire);
        let mut members = wire.members;
        match error.status() {
            Some(401) => self.unauthorized(error),
            Some(404) => self.end(Some(error)),
            _ if members.len() > 1 => {
                let rest = members.split_off(members.len().div_ceil(2));
                self.subscribe_for(members);
                self.subscribe_for(rest);
            }
            _ => members
                .iter()
                .for_each(|id| self.refuse(*id, error.clone())),
        }
    }
}

/// Whether a retry cannot help.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403 | 404))
}

/// Whether a request may succeed later: a token function that fails is called again.
fn may_pass(error: &Error) -> bool {
    error.retryable() || matches!(error, Error::NoCredentials(_))
}

/// The error of a close code that refuses the watch.
pub(super) fn refusal(code: u16) -> Option<Error> {
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

pub(super) fn lost_by(code: u16) -> Error {
    Error::ConnectionLost {
        message: concat(&[
            "the watch's connection was lost (code ",
            &decimal(code.into()),
            ")",
        ]),
        retryable: false,
    }
}
