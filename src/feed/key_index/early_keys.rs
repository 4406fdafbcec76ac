//! Keys that were there before they were followed: their entries are no news to a subscriber that began later.

use super::KeyIndex;
use crate::kv::Revision;

impl KeyIndex {
    /// The bucket has reached this revision, before the keys of this connection's listing are followed that were not.
    pub(in crate::feed) fn reached(&mut self, revision: Revision, connection_id: u32) {
        let followed = self.followed.as_ref();
        self.keys.for_each_mut(&mut |known| {
            let is_followed = followed.is_some_and(|followed| followed.matches(&known.key));
            if known.listed_on >= connection_id && !is_followed {
                known.early_floor = revision;
                known.is_early_old = false;
            }
        });
        if followed.is_none() {
            self.listed_revision = self.listed_revision.max(revision);
        }
    }

    /// Whether this revision of the key is older than the first ready subscriber, and was delivered to none. A key
    /// that the first listing did not have may be new to one.
    pub(in crate::feed) fn is_early(&self, key: &str, revision: Revision) -> bool {
        let known = self.keys.get(key);
        known.is_some_and(|known| {
            let floor = self.listed_revision.max(self.listed_floor);
            known.early && !known.is_shown && revision <= floor.max(known.early_floor)
        })
    }

    /// Up to this revision, a key is not new to the subscribers whose initial entries did not hold it: it was
    /// there before they were ready.
    pub(in crate::feed) fn unread_floor(&self, key: &str) -> Revision {
        match self.keys.get(key) {
            Some(known) if known.early && known.delivered == 0 && self.is_followed(key) => {
                let floor = self.listed_floor.max(self.listed_revision);
                floor.max(known.early_floor)
            }
            _ => 0,
        }
    }
}
