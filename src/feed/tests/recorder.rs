//! What a subscriber is told, noted.

use std::collections::BTreeMap;

use super::super::State;
use crate::error::Error;
use crate::kv::Pattern;

/// What a subscriber was told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
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
    pub(super) told: Vec<Told>,
    pub(super) states: Vec<State>,
    pub(super) errors: Vec<Error>,
    /// What the server held when it became ready: the live keys.
    pub(super) at_ready: Option<BTreeMap<String, u64>>,
    pub(super) ready_after: usize,
    pub(super) surveyed_at: u64,
    pub(super) ended: Option<Option<Error>>,
}

impl Told {
    /// As `put a 1`, `delete a 2`, with `resynced` where it is.
    pub(super) fn in_words(&self) -> String {
        let what = if self.live { "put" } else { "delete" };
        let resynced = if self.resynced { " resynced" } else { "" };
        format!("{what} {} {}{resynced}", self.key, self.revision)
    }
}
