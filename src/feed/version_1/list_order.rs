//! The order of listings. Where a listing is proven to be in order of last revision, a resync reads only
//! its tail: the keys after the last one that did not change.
//!
//! The proof, for each listing: of the keys that are not read, at least [`MIN_AGREEING`] known revisions
//! agree with the order and none disagrees. And one key was seen to move when it was rewritten, so that
//! neither an order of names nor an order of creation passes.

use super::fetch_queue::Requester;
use super::resync::ResyncScope;
use crate::feed::key_index::KeyIndex;
use crate::feed::{ConnectionId, Feed};
use crate::kv::{Key, Revision};

/// How many known revisions must agree with the order of a listing.
const MIN_AGREEING: usize = 16;

/// How many keys at the end of a listing are read at a time.
const TAIL_READS: usize = 8;

/// Whether a listing is in order of last revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListingOrder {
    Proven,
    Unproven,
    /// Not proven yet: reads in flight decide.
    Open,
    Refuted,
}

/// What is known of the order of listings.
#[derive(Debug, Clone, Default)]
pub(in crate::feed) struct ListOrder {
    /// Whether a key of a listing in order was seen to move when it was rewritten.
    moves: bool,
    /// The first key that stands behind one that it stood before in the listing before.
    moved: Option<Key>,
    /// The connection of the last listing; 0: what came after the listing before is not known.
    pub(in crate::feed) listed_on: u32,
    /// The newest revision that was seen in any way, now and when the last listing was requested.
    pub(in crate::feed) newest_seen: Revision,
    requested_at: Revision,
    /// Up to this revision, a resync has delivered everything.
    resynced: Revision,
}

impl ListOrder {
    /// A listing is requested.
    pub(in crate::feed) fn request(&mut self) {
        self.requested_at = self.newest_seen;
    }

    /// The resync of the last listing is done: it held all that was seen when it was requested.
    pub(in crate::feed) fn resync_done(&mut self) {
        self.resynced = self.resynced.max(std::mem::take(&mut self.requested_at));
    }

    /// There is no listing of this connection.
    pub(in crate::feed) fn skip_listing(&mut self) {
        self.listed_on = 0;
        self.requested_at = 0;
    }

    /// The bucket is another one.
    pub(in crate::feed) fn start_over(&mut self, newest_seen: Revision) {
        *self = Self {
            listed_on: self.listed_on,
            newest_seen,
            ..Self::default()
        };
    }
}

impl KeyIndex {
    /// Records a listing.
    pub(in crate::feed) fn list_all(&mut self, keys: &[Key], connection_id: u32) {
        let previous = std::mem::replace(&mut self.order.listed_on, connection_id);
        self.order.moved = None;
        let mut last = 0;
        for (at, key) in keys.iter().enumerate() {
            let rank = u32::try_from(at + 1).unwrap_or(0);
            let before = self.list(key, connection_id, rank, previous);
            if 0 < before && before < last && self.order.moved.is_none() {
                self.order.moved = Some(key.clone());
            }
            last = last.max(before);
        }
    }

    /// Up to this revision, every change of a followed key was delivered before the connection was lost.
    pub(in crate::feed) fn known_until(&self) -> Revision {
        self.floor.max(self.order.resynced)
    }

    /// Whether the order of a listing of these keys may be proven.
    fn may_be_in_order(&self, keys: &[Key]) -> bool {
        (self.order.moves || self.order.moved.is_some())
            && self.known_until() > 0
            && keys.iter().all(|key| self.is_followed(key))
    }

    fn rank(&self, key: &Key) -> u32 {
        self.keys.get(key).map_or(0, |known| known.rank)
    }

    /// The known revision of a key, unless its change on this connection may be newer than the listing.
    fn comparable(&self, key: &Key, connection_id: u32) -> Option<Revision> {
        let known = self.keys.get(key)?;
        (known.seen > 0 && known.changed_on != connection_id).then_some(known.seen)
    }

    /// Whether the keys before this one, which did not change, agree with the order of last revision.
    /// `unread`: the keys of which no read was begun, in the order of the listing. `in_flight`: other keys.
    fn check_order(
        &mut self,
        unchanged: (&Key, Revision),
        unread: &[Key],
        in_flight: &[Key],
        connection_id: u32,
    ) -> ListingOrder {
        let (key, revision) = unchanged;
        let is_moved = |key| self.order.moved.as_ref() == Some(key);
        let (mut last, mut agreeing, mut has_moved) = (0, 0, is_moved(key));
        for key in unread {
            if let Some(seen) = self.comparable(key, connection_id) {
                if seen <= last {
                    return ListingOrder::Refuted;
                }
                last = seen;
                agreeing += 1;
                has_moved |= is_moved(key);
            }
        }
        let (rank, mut is_open) = (self.rank(key), false);
        for key in in_flight {
            if self.rank(key) > rank {
                is_open = true;
            } else if let Some(seen) = self.comparable(key, connection_id) {
                if seen <= last || seen >= revision {
                    return ListingOrder::Refuted;
                }
                has_moved |= is_moved(key);
            }
        }
        if last >= revision {
            return ListingOrder::Refuted;
        }
        let agrees = agreeing >= MIN_AGREEING;
        self.order.moves |= agrees && has_moved;
        match agrees && self.order.moves {
            true => ListingOrder::Proven,
            false if is_open => ListingOrder::Open,
            false => ListingOrder::Unproven,
        }
    }
}

impl<E: Clone> Feed<E> {
    /// How many keys of a resync listing are read at a time, from its end.
    pub(in crate::feed) fn reads_at_a_time(&self, scope: ResyncScope, keys: &[Key]) -> usize {
        match scope {
            ResyncScope::Since(_) => 1,
            ResyncScope::All if self.index.may_be_in_order(keys) => TAIL_READS,
            _ => usize::MAX,
        }
    }

    /// The resync has read a key that did not change. Those before it need not be read if the listing is in
    /// order of last revision. Where a wider connection takes over, the documented order is trusted unless
    /// a known revision disagrees.
    pub(in crate::feed) fn read_unchanged(
        &mut self,
        key: &Key,
        revision: Revision,
        is_takeover: bool,
    ) {
        let (Some(connection), Some((unread, in_flight))) =
            (&self.current, self.fetches.unread(Requester::Feed))
        else {
            return;
        };
        let ConnectionId(id) = connection.connection_id;
        let unchanged = (key, revision);
        match (self.index).check_order(unchanged, unread, &in_flight, id) {
            ListingOrder::Proven => self.fetches.cut_short(Requester::Feed),
            ListingOrder::Unproven if is_takeover => self.fetches.cut_short(Requester::Feed),
            // One of the keys behind it may be the one that moved.
            ListingOrder::Open => self.fetches.set_at_a_time(Requester::Feed, 0),
            _ => self.fetches.set_at_a_time(Requester::Feed, usize::MAX),
        }
    }
}
