//! Subscribers that all take the same live changes: an event for a thousand of them needs no look at each.

use super::subscribers::Subscriber;
use crate::kv::Revision;

/// Of subscribers that are ready, and have no entries that may come as changes too.
#[derive(Debug, Clone, Copy)]
pub(super) struct CaughtUp {
    /// Up to where one of them has everything.
    complete: Revision,
    /// Whether live changes are delivered to all of them on version 2 of the wire.
    are_live: bool,
}

impl CaughtUp {
    /// None: one of them is not caught up. `behind_at` is where, and where it is likely the next time.
    pub(super) fn of<E>(subscribers: &[Subscriber<E>], behind_at: &mut usize) -> Option<Self> {
        if subscribers.get(*behind_at).is_some_and(is_behind) {
            return None;
        }
        let mut all = Self {
            complete: 0,
            are_live: true,
        };
        for (at, each) in subscribers.iter().enumerate() {
            if is_behind(each) {
                *behind_at = at;
                return None;
            }
            all.complete = all.complete.max(each.position.revision());
            all.are_live &= each.position.is_live;
        }
        Some(all)
    }

    /// Whether each of them takes a live change. `on_version_2`: of the wire.
    pub(super) const fn take(self, revision: Revision, on_version_2: bool) -> bool {
        self.complete < revision && (self.are_live || !on_version_2)
    }
}

fn is_behind<E>(subscriber: &Subscriber<E>) -> bool {
    let may_have_newer = subscriber.is_buffering() || subscriber.newest_read > 0;
    !subscriber.activated || !subscriber.was_ready || may_have_newer
}
