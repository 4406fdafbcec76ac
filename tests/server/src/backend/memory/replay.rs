//! Replays of a store in memory.

use std::collections::HashSet;
use std::sync::Arc;

use ironflow_browser::kv::{Pattern, Revision};
use ironflow_browser::store::ChangesCursor;

use super::Memory;
use crate::address::BucketAddress;
use crate::backend::replay::Source;
use crate::backend::{Batch, End, Epoch, Result, Wanted};

impl Memory {
    pub(in crate::backend) fn last_revision(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
    ) -> Result<Revision> {
        self.with(at, |store| Ok(self.life(store, at, epoch)?.last_revision))
    }

    /// Starts a replay.
    pub(in crate::backend) fn replay(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
        wanted: &Wanted,
    ) -> Result<crate::backend::Replay> {
        self.with(at, |store| {
            let life = self.life(store, at, epoch)?;
            let (after, is_reset) = wanted.start(epoch, life.last_revision);
            let cursor = store.changes(&at.bucket, wanted.patterns.to_vec(), after)?;
            let known = match after {
                0 => life.last_revision,
                after => after,
            };
            Ok(crate::backend::Replay {
                total: cursor.pending() as u64,
                is_reset,
                may_lack_deletes: life.last_vanished > known,
                source: Source::Memory(Replay {
                    memory: self.clone(),
                    at: at.clone(),
                    patterns: Arc::clone(&wanted.patterns),
                    cursor,
                    known,
                }),
            })
        })
    }
}

/// A replay under way. Between two batches others have their turn.
#[derive(Debug)]
pub(crate) struct Replay {
    memory: Memory,
    at: BucketAddress,
    patterns: Arc<[Pattern]>,
    cursor: ChangesCursor,
    /// What expires after this revision is missing.
    known: Revision,
}

impl Replay {
    pub(in crate::backend) fn next(&mut self) -> Result<Batch> {
        let (bucket, cursor) = (&self.at.bucket, &mut self.cursor);
        self.memory.with(&self.at, |store| {
            let Some(page) = store.next_changes(bucket, cursor)? else {
                return Ok(Batch::default());
            };
            let end = match page.revision {
                None => None,
                Some(revision) if store.life(bucket)?.last_vanished <= self.known => Some(End {
                    revision,
                    live: None,
                }),
                Some(revision) => {
                    let mut live = HashSet::new();
                    for pattern in self.patterns.iter() {
                        live.extend(store.list_keys(bucket, pattern)?);
                    }
                    let live = Some(live.into_iter().collect());
                    Some(End { revision, live })
                }
            };
            let changes = page.changes;
            Ok(Batch { changes, end })
        })
    }
}
