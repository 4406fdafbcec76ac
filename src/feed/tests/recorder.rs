//! What a subscriber is delivered, noted.

use std::collections::BTreeMap;

use super::super::{ConnectionId, WatchState};
use crate::error::Error;
use crate::kv::{Key, Pattern};

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
    /// What it began with, and the deliveries that stand for that.
    pub(super) stored: Option<StoredEntries>,
    /// Up to where it has everything, if it stores what it gets; and whether live changes move it on.
    pub(super) position: Option<(u32, u64)>,
    pub(super) is_synced: bool,
}

/// What a subscriber stores.
#[derive(Debug, Clone)]
pub(super) struct StoredEntries {
    pub(super) epoch: String,
    pub(super) revision: u64,
    pub(super) entries: Vec<(Key, u64)>,
}

impl StoredEntries {
    pub(super) fn lines(&self) -> String {
        let mut lines = vec![self.epoch.clone(), self.revision.to_string()];
        for (key, revision) in &self.entries {
            lines.extend([key.to_string(), revision.to_string()]);
        }
        lines.join("\n")
    }
}

impl Recorder {
    /// What was delivered is void: it begins with what it has stored, or without it.
    pub(super) fn resume(&mut self, is_stored: bool) {
        assert!(self.at_ready.is_none(), "resumed after it was ready");
        self.delivered.clear();
        let stored = self.stored.as_ref().filter(|_| is_stored);
        for (key, revision) in stored.iter().flat_map(|stored| &stored.entries) {
            self.delivered.push(Delivery {
                key: key.to_string(),
                revision: *revision,
                live: true,
                resynced: false,
                read: true,
                bucket: stored.map_or(0, |stored| stored.epoch.parse().unwrap()),
            });
        }
    }

    /// What it would store now.
    pub(super) fn to_store(&self) -> Option<StoredEntries> {
        let (epoch, revision) = self.position.filter(|_| self.at_ready.is_some())?;
        let mut entries = BTreeMap::new();
        for delivery in &self.delivered {
            match delivery.live {
                true => entries.insert(&delivery.key, delivery.revision),
                false => entries.remove(&delivery.key),
            };
        }
        let entries = entries.into_iter();
        Some(StoredEntries {
            epoch: epoch.to_string(),
            revision,
            entries: entries
                .map(|(key, revision)| (Key::parse(key).unwrap(), revision))
                .collect(),
        })
    }
}

impl Delivery {
    /// As `put a 1`, `delete a 2`, with `resynced` where it is.
    pub(super) fn in_words(&self) -> String {
        let what = if self.live { "put" } else { "delete" };
        let resynced = if self.resynced { " resynced" } else { "" };
        format!("{what} {} {}{resynced}", self.key, self.revision)
    }
}
