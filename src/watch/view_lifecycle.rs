//! The life cycle of a view: when its watch is opened again after it closed.

use crate::config::RetryPolicy;

/// How often a missing bucket is looked for: it may be created at any time.
const MISSING: RetryPolicy = RetryPolicy {
    enabled: true,
    max_attempts: -1.0,
    initial: 1000.0,
    max: 30_000.0,
    multiplier: 2.0,
};

/// How often a server is tried after `reconnect` has used up its attempts.
const LOST: RetryPolicy = RetryPolicy {
    initial: 30_000.0,
    max: 300_000.0,
    ..MISSING
};

/// Why a view's watch closed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The credentials are not valid, not sufficient, or cannot be had.
    Refused,
    /// There is no such bucket.
    BucketMissing,
    /// The connection is lost, and the attempts to reconnect are used up.
    Lost,
    /// The server has finished the watch.
    Finished,
}

impl CloseReason {
    /// The reason behind an error with this HTTP status (0: none) and code. No code: no error.
    pub fn from_error(status: u16, code: Option<&str>) -> Self {
        match (status, code) {
            (_, None) => Self::Finished,
            (_, Some("HTTP_404")) => Self::BucketMissing,
            (401 | 403, _) | (_, Some("UNAUTHENTICATED" | "UNAUTHORIZED" | "VALIDATION_ERROR")) => {
                Self::Refused
            }
            _ => Self::Lost,
        }
    }
}

/// What may make it worthwhile to open a closed watch again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewEvent {
    /// The credentials were changed.
    AuthChanged,
    /// The client has created the bucket.
    BucketCreated,
    /// The browser is online, or the page is visible.
    PageEvent,
    /// The delay is over that [`Next::Wait`] asked for.
    Timer,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Nothing, until another event.
    Nothing,
    /// Open the watch again.
    Reopen,
    /// Start a timer: the delay is random, between 0 and this many milliseconds (full jitter).
    Wait(f64),
    /// Close the view.
    Close,
}

/// When the watch of one view is opened again.
#[derive(Debug)]
pub struct ViewLifecycle {
    /// Why the watch is closed; none while there is one.
    closed: Option<CloseReason>,
    /// The delays so far, since the view was last complete, and one.
    attempt: f64,
    /// Whether the view holds the entries of an earlier configuration.
    outdated: bool,
}

impl ViewLifecycle {
    /// The life of a view whose watch is being opened.
    #[expect(clippy::new_without_default, reason = "it begins with a watch")]
    pub const fn new() -> Self {
        Self {
            closed: None,
            attempt: 1.0,
            outdated: false,
        }
    }

    /// The life of a view from the client's next configuration on.
    pub const fn after_configure() -> Self {
        Self {
            outdated: true,
            ..Self::new()
        }
    }

    /// The view is complete.
    pub const fn ready(&mut self) {
        self.attempt = 1.0;
        self.outdated = false;
    }

    /// A watch is opened.
    pub const fn opened(&mut self) {
        self.closed = None;
    }

    /// The watch has closed by itself. `reconnect`: whether the client reconnects at all.
    pub fn watch_closed(&mut self, reason: CloseReason, reconnect: bool) -> Next {
        self.closed = Some(reason);
        match reason {
            CloseReason::Finished => Next::Close,
            CloseReason::BucketMissing => Next::Wait(MISSING.backoff(self.attempt)),
            CloseReason::Lost if reconnect => Next::Wait(LOST.backoff(self.attempt)),
            CloseReason::Lost | CloseReason::Refused => Next::Nothing,
        }
    }

    /// Whether the view has to let go of its entries: they are those of an earlier configuration, and in
    /// this one there is no bucket, or no permission to read it.
    pub fn drops_entries(&self) -> bool {
        let refused = Some(CloseReason::Refused);
        self.outdated && (self.closed == refused || self.closed == Some(CloseReason::BucketMissing))
    }

    /// An event that may have removed the cause.
    pub fn on_event(&mut self, event: ViewEvent) -> Next {
        let Some(reason) = self.closed else {
            return Next::Nothing;
        };
        if event == ViewEvent::Timer {
            self.attempt += 1.0;
        }
        match (event, reason) {
            (ViewEvent::Timer | ViewEvent::PageEvent, _)
            | (ViewEvent::AuthChanged, CloseReason::Refused | CloseReason::Lost)
            | (ViewEvent::BucketCreated, CloseReason::BucketMissing) => Next::Reopen,
            _ => Next::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CloseReason::{BucketMissing, Finished, Lost, Refused};
    use super::Next::{Close, Nothing, Reopen, Wait};
    use super::ViewEvent::{AuthChanged, BucketCreated, PageEvent, Timer};
    use super::*;

    #[test]
    fn close_reason_follows_the_status_then_the_code() {
        for (status, code, reason) in [
            (0, None, Finished),
            (401, Some("UNAUTHENTICATED"), Refused),
            (0, Some("UNAUTHENTICATED"), Refused),
            (403, Some("UNAUTHORIZED"), Refused),
            (0, Some("VALIDATION_ERROR"), Refused),
            (404, Some("HTTP_404"), BucketMissing),
            (0, Some("CONNECTION_LOST"), Lost),
            (0, Some("TIMEOUT"), Lost),
            (200, Some("INVALID_RESPONSE"), Lost),
            (404, Some("INVALID_RESPONSE"), Lost),
            (500, Some("HTTP_500"), Lost),
        ] {
            assert_eq!(CloseReason::from_error(status, code), reason, "{code:?}");
        }
    }

    #[test]
    fn each_close_reason_is_reopened_by_its_events_only() {
        let events = [AuthChanged, BucketCreated, PageEvent, Timer];
        for (reason, next, reopened_by) in [
            (Refused, Nothing, vec![AuthChanged, PageEvent, Timer]),
            (
                BucketMissing,
                Wait(1000.0),
                vec![BucketCreated, PageEvent, Timer],
            ),
            (Lost, Wait(30_000.0), vec![AuthChanged, PageEvent, Timer]),
        ] {
            for event in events {
                let mut life = ViewLifecycle::new();
                assert_eq!(life.watch_closed(reason, true), next);
                let expected = match reopened_by.contains(&event) {
                    true => Reopen,
                    false => Nothing,
                };
                assert_eq!(life.on_event(event), expected, "{reason:?} {event:?}");
            }
        }
    }

    #[test]
    fn a_finished_watch_closes_the_view() {
        assert_eq!(ViewLifecycle::new().watch_closed(Finished, true), Close);
    }

    #[test]
    fn events_while_the_watch_runs_do_nothing() {
        let mut life = ViewLifecycle::new();
        life.watch_closed(BucketMissing, true);
        life.opened();
        for event in [AuthChanged, BucketCreated, PageEvent, Timer] {
            assert_eq!(life.on_event(event), Nothing);
        }
    }

    #[test]
    fn delays_grow_until_the_view_is_complete() {
        let mut life = ViewLifecycle::new();
        let mut bounds = Vec::new();
        for _ in 0..7 {
            bounds.push(life.watch_closed(BucketMissing, true));
            life.on_event(Timer);
            life.opened();
        }
        let expected = [1000.0, 2000.0, 4000.0, 8000.0, 16_000.0, 30_000.0, 30_000.0];
        assert_eq!(bounds, expected.map(Wait));
        life.ready();
        assert_eq!(life.watch_closed(BucketMissing, true), Wait(1000.0));
    }

    #[test]
    fn entries_of_an_earlier_configuration_are_dropped_where_the_bucket_cannot_be_read() {
        for (reason, dropped) in [(Refused, true), (BucketMissing, true), (Lost, false)] {
            let mut life = ViewLifecycle::after_configure();
            assert!(!life.drops_entries());
            life.watch_closed(reason, true);
            assert_eq!(life.drops_entries(), dropped, "{reason:?}");
            life.opened();
            life.ready();
            life.watch_closed(reason, true);
            assert!(!life.drops_entries(), "{reason:?} once it was ready");
        }
    }

    #[test]
    fn page_events_do_not_lengthen_the_delay() {
        let mut life = ViewLifecycle::new();
        for _ in 0..20 {
            assert_eq!(life.watch_closed(Lost, true), Wait(30_000.0));
            assert_eq!(life.on_event(PageEvent), Reopen);
            life.opened();
        }
    }

    #[test]
    fn without_reconnect_a_lost_watch_waits_for_events_only() {
        let mut life = ViewLifecycle::new();
        assert_eq!(life.watch_closed(Lost, false), Nothing);
        assert_eq!(life.on_event(PageEvent), Reopen);
    }
}
