//! What a subscriber is delivered, noted.

use std::collections::BTreeMap;

use super::super::{ConnectionId, WatchState};
use crate::error::Error;
use crate::kv::Pattern;

/// An event that was delivered to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) live: bool,
    pub(super) resynced: bool,
    /// It came as an entry rather than as a change.
    pub(super) read: bool,
    /// Which of the buckets of this name it is of, as they follow one another.
    pub(super) bucket: u32,
}

#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) patterns: Vec<Pattern>,
    pub(super) initial: bool,
    /// The bucket of the name, and its live keys as far as they were listed, when it subscribed.
    pub(super) at_watch: (u32, BTreeMap<String, u64>),
    pub(super) delivered: Vec<Delivery>,
    pub(super) states: Vec<WatchState>,
    pub(super) errors: Vec<Error>,
    /// What the server buffer when it became ready: the live keys.
    pub(super) at_ready: Option<BTreeMap<String, u64>>,
    pub(super) ready_after: usize,
    pub(super) listed_at: u64,
    /// The connection of which it has everything.
    pub(super) fresh_by: Option<ConnectionId>,
    pub(super) ended: Option<Option<Error>>,
}

impl Delivery {
    /// As `put a 1`, `delete a 2`, with `resynced` where it is.
    pub(super) fn in_words(&self) -> String {
        let what = if self.live { "put" } else { "delete" };
        let resynced = if self.resynced { " resynced" } else { "" };
        format!("{what} {} {}{resynced}", self.key, self.revision)
    }
}
