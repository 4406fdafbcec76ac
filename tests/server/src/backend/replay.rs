//! Reading what a subscription has missed: the current entries, or every change since a revision.

use std::fmt;
use std::sync::Arc;

use ironflow_browser::kv::{Change, Key, Pattern, Revision};

use super::{memory, nats};

/// Names one life of a bucket to clients: deleted and created again, it has another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Epoch(Arc<str>);

impl Epoch {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be replayed.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) patterns: Arc<[Pattern]>,
    /// The last revision that is known; 0: none, and the current entries come first.
    pub(crate) after: Revision,
    /// Which life of the bucket that revision is of, where that is known.
    pub(crate) epoch: Option<Epoch>,
}

impl Wanted {
    /// Where the replay of a bucket starts, and whether that is at the beginning because the client
    /// knows another life of the bucket, or a revision that the bucket does not have.
    pub(super) fn start(&self, epoch: &Epoch, last_revision: Revision) -> (Revision, bool) {
        let is_other = self.epoch.as_ref().is_some_and(|known| known != epoch);
        let is_reset = is_other || self.after > last_revision;
        (if is_reset { 0 } else { self.after }, is_reset)
    }
}

/// A replay under way.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(super) source: Source,
    /// About how many changes there are.
    pub(crate) total: u64,
    /// Whether it starts at the beginning although the client knows a revision.
    pub(crate) is_reset: bool,
    /// Whether deletes may be missing, until its end says which keys are live.
    pub(crate) may_lack_deletes: bool,
}

#[derive(Debug)]
pub(super) enum Source {
    Memory(memory::Replay),
    Nats(Box<nats::Replay>),
}

/// A part of a replay.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Ascending, across batches too.
    pub(crate) changes: Vec<Change>,
    /// Of the last batch.
    pub(crate) end: Option<End>,
}

/// The end of a replay.
#[derive(Debug)]
pub(crate) struct End {
    /// Everything that matches up to here was in a batch.
    pub(crate) revision: Revision,
    /// The live keys, where deletes may have left the history.
    pub(crate) live: Option<Vec<Key>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_starts_over_where_the_client_knows_another_bucket() {
        let bucket = Epoch::new("now");
        for (after, epoch, start) in [
            (0, None, (0, false)),
            (0, Some("now"), (0, false)),
            (0, Some("before"), (0, true)),
            (5, None, (5, false)),
            (7, Some("now"), (7, false)),
            (8, Some("now"), (0, true)),
            (5, Some("before"), (0, true)),
            (u64::MAX, None, (0, true)),
        ] {
            let wanted = Wanted {
                patterns: [Pattern::all()].into(),
                after,
                epoch: epoch.map(Epoch::new),
            };
            assert_eq!(wanted.start(&bucket, 7), start, "{after} {epoch:?}");
        }
    }
}
