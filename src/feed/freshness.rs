//! Freshness: which subscribers have everything that was sent to them, so that each sign of life of their
//! connection shows that they are complete. When that was is noted where the frames arrive.

use super::subscribers::Progress;
use super::{Action, Feed, Phase, SubscriberId};

impl<E: Clone> Feed<E> {
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
}
