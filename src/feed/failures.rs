//! Failed requests of a feed. A refusal reaches the subscriber that it concerns, and no other. Anything
//! that may pass slows the feed down, and is retried with what was read so far kept.

use super::connection::is_final;
use super::fetch_queue::{InFlightRead, Requester};
use super::{Action, Feed, SubscriberId, Timer};
use crate::error::Error;

impl<E: Clone> Feed<E> {
    /// A read has failed.
    pub(super) fn read_failed(&mut self, read: InFlightRead, error: Error) {
        let status = error.status();
        if status == Some(401) && self.can_renew() {
            return self.unauthorized(error);
        }
        if error.retryable() && self.fetches.retry(&read) {
            return self.slow_down(&error);
        }
        let is_refused = is_final(&error);
        for requester in &read.requesters {
            match requester {
                Requester::Subscriber(id) if is_refused => self.refuse(*id, error.clone()),
                Requester::Subscriber(id) => self.report_to(vec![*id], &error),
                // What the newest key is read for only saves work later.
                Requester::Feed if !self.index.follows(&read.key) => {}
                Requester::Feed => {
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
            _ if error.retryable() => {
                self.resync.failed_lists.push((id, at));
                self.slow_down(&error);
            }
            _ => self.refuse(id, error),
        }
    }

    /// The resync listing has failed.
    pub(super) fn resync_listing_failed(&mut self, error: Error, is_needed: bool) {
        match error.status() {
            Some(401) if self.can_renew() => self.unauthorized(error),
            Some(404) => self.end(Some(error)),
            // Without it, a later resync reads more than it must.
            _ if !is_needed => self.go_on_without_listing(),
            _ if error.retryable() => {
                self.resync.must_list = true;
                self.slow_down(&error);
            }
            // Changes arrive, but what was missed cannot be found out.
            _ => {
                self.actions.push(Action::Report(error));
                self.go_on_without_listing();
            }
        }
    }

    /// Ends one subscriber.
    fn refuse(&mut self, id: SubscriberId, error: Error) {
        self.actions.push(Action::Refuse(id, error));
        self.unsubscribe(id);
    }

    fn report_to(&mut self, ids: Vec<SubscriberId>, error: &Error) {
        if !ids.is_empty() {
            self.actions.push(Action::ReportTo(ids, error.clone()));
        }
    }

    /// Pauses the requests of the feed, at least as long as the server asks for (`Retry-After`).
    fn slow_down(&mut self, error: &Error) {
        if let Some(backoff) = self.fetches.slow_down() {
            let requested = error.retry_after().unwrap_or(0.0) * 1000.0;
            self.set_timer(Timer::Fetch, requested.max(backoff / 2.0), backoff / 2.0);
        }
    }

    /// The pause is over.
    pub(super) fn resume_fetches(&mut self) {
        self.fetches.resume();
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
}
