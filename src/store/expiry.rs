//! When messages expire (rule 14).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::kv::{Key, Revision, Timestamp};

/// A message that expires. The one that does so first is the greatest: at one time, the oldest.
#[derive(Debug)]
pub(super) struct Expiry {
    pub(super) at: Timestamp,
    pub(super) revision: Revision,
    pub(super) key: Key,
}

impl Ord for Expiry {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.revision).cmp(&(self.at, self.revision))
    }
}

impl PartialOrd for Expiry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Expiry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Expiry {}

/// The messages of a bucket that expire, the next one on top. Some may be gone already.
pub(super) type Expiries = BinaryHeap<Expiry>;
