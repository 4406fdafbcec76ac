//! Keys that are gone without a delete: what was listed, what is missing in a listing, what a bucket that
//! was created again does not have, and deletes that are forgotten.

use super::{KeyIndex, MANY_TOMBSTONES};
use crate::kv::{Key, Pattern, Revision};

impl KeyIndex {
    /// Records that the key was listed, at this place. Returns its place in the listing of the connection
    /// `previous`, 0 if it was not in it or was deleted since.
    pub(in crate::feed) fn list(
        &mut self,
        key: &Key,
        connection_id: u32,
        rank: u32,
        previous: u32,
    ) -> u32 {
        let followed = self.is_followed(key);
        let known = self.entry(key);
        known.early |= !followed;
        let listed_on = known.listed_on;
        known.listed_on = listed_on.max(connection_id);
        let before = std::mem::replace(&mut known.rank, rank);
        // If an event of the key was delivered, only delivered events change its state.
        if !known.is_shown {
            let was_live = known.live;
            known.live = true;
            self.count(was_live, true);
        }
        before * u32::from(listed_on == previous)
    }

    /// Marks a key as deleted whose tombstone was not seen. Gives its last known revision, 0 if none is
    /// known. None if there is nothing to deliver: it was not live, or it was only ever listed, so that no
    /// subscriber knows of it as live. (Its last event may be a tombstone that was forgotten, with a
    /// revision that is not known any more.)
    pub(in crate::feed) fn lose(&mut self, key: &str) -> Option<Revision> {
        let known = self.keys.get_mut(key).filter(|known| known.live)?;
        known.live = false;
        known.rank = 0;
        let early = known.early && !std::mem::replace(&mut known.lost, true);
        let (seen, matters) = (known.seen, known.is_shown || early);
        self.count(true, false);
        matters.then_some(seen)
    }

    /// The live keys that neither the list nor a change on this connection confirms.
    pub(in crate::feed) fn unlisted(&self, filter: &Pattern, connection_id: u32) -> Vec<Key> {
        let mut keys = Vec::new();
        self.keys.select(filter, &mut |known| {
            if known.live && known.listed_on.max(known.changed_on) < connection_id {
                keys.push(known.key.clone());
            }
        });
        keys
    }

    /// Forgets every revision but those this connection brought: the bucket is another one, which counts
    /// from 1 again.
    pub(in crate::feed) fn start_over(&mut self, connection_id: u32) {
        self.floor = 0;
        self.listed_floor = 0;
        self.newest = 0;
        self.listed_revision = 0;
        self.forgotten = 0;
        let newest = &mut self.newest;
        self.keys.for_each_mut(&mut |known| {
            known.early_floor = 0;
            if known.changed_on >= connection_id {
                *newest = (*newest).max(known.delivered);
            } else {
                known.delivered = 0;
                known.seen = 0;
            }
        });
        self.order.start_over(self.newest);
    }

    /// Forgets deleted keys where they are many, and says whether it did. May be done where one connection
    /// brings the changes and none is missing: what it brings later is newer than all that it brought
    /// before. `lossless`: no entry is ever read that is older than a change. Otherwise every live key has
    /// to be known, for a stale entry of a forgotten key to be noticed.
    pub(in crate::feed) fn forget_tombstones(&mut self, lossless: bool) -> bool {
        if self.tombstones < MANY_TOMBSTONES.max(self.live) || !(self.complete || lossless) {
            return false;
        }
        let mut gone = Vec::with_capacity(self.tombstones);
        self.keys.for_each_mut(&mut |known| {
            if !known.live {
                gone.push(known.key.clone());
            }
        });
        for key in &gone {
            self.keys.remove(key);
        }
        self.tombstones = 0;
        self.floor = self.floor.max(self.newest);
        self.listed_floor = self.listed_floor.max(self.floor);
        if self.complete {
            self.forgotten = self.newest;
        }
        true
    }
}
