//! Replays: current values through a short-lived consumer, changes after a revision by direct gets.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ironflow_browser::kv::{KvError, Pattern, Revision};
use tokio::time::sleep;

use super::Nats;
use super::entries::{Entries, filter, subjects};
use super::names::Names;
use super::reader::change;
use crate::address::BucketAddress;
use crate::backend::replay::Source;
use crate::backend::{Batch, End, Epoch, Result, Wanted};

/// How long a replica that lags is given before it is asked again.
const MOMENT: Duration = Duration::from_millis(5);

/// For how long the marker of an expired key is there at least.
const MARKERS_LAST: Duration = Duration::from_millis(800);

/// A replay under way.
pub(crate) struct Replay {
    names: Names,
    patterns: Arc<[Pattern]>,
    reading: Reading,
    /// The bucket's last revision before the last batch, as far as is known.
    revision: Revision,
    /// How long a message is retained.
    max_age: Option<Duration>,
    /// Whether deletes may be missing.
    is_pruned: bool,
    /// Until when markers that were written since the replay began are still there.
    markers_last_until: Option<Instant>,
    is_replicated: bool,
}

/// How the messages are read.
enum Reading {
    /// There are none.
    Nothing,
    /// Through a consumer.
    Consumer(Box<Entries>),
    /// Page by page after a revision, the messages of one subject.
    Direct { subject: String, after: Revision },
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Nats {
    pub(crate) async fn last_revision(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
    ) -> Result<Revision> {
        let stream = self.api.stream_info(&Names::new(at).stream).await?;
        if stream.created != epoch.as_str() {
            return Err(KvError::BucketNotFound.into());
        }
        Ok(stream.state.last_seq)
    }

    pub(crate) async fn replay(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
        wanted: &Wanted,
    ) -> Result<crate::backend::Replay> {
        let names = Names::new(at);
        let stream = self.api.stream_info(&names.stream).await?;
        if stream.created != epoch.as_str() {
            return Err(KvError::BucketNotFound.into());
        }
        let last = stream.state.last_seq;
        let (after, is_reset) = wanted.start(epoch, last);
        let patterns = Arc::clone(&wanted.patterns);
        let mut subjects = subjects(&names, &patterns);
        let mut total = last - after;
        let reading = match subjects.pop() {
            _ if after == last => Reading::Nothing,
            Some(subject) if after > 0 && subjects.is_empty() && stream.allows_direct() => {
                Reading::Direct { subject, after }
            }
            _ => {
                let entries = self.read(&names, Arc::clone(&patterns), after).await?;
                total = entries.total();
                Reading::Consumer(Box::new(entries))
            }
        };
        // An expired key's marker, where there is one, goes soon.
        let is_known_whole = stream.leaves_markers() && after == last;
        let replay = Replay {
            names,
            patterns,
            reading,
            revision: last,
            max_age: stream.settings().max_age,
            is_pruned: stream.expires() && after > 0 && !is_known_whole,
            markers_last_until: stream.expires().then(|| Instant::now() + MARKERS_LAST),
            is_replicated: stream.is_replicated(),
        };
        Ok(crate::backend::Replay {
            source: Source::Nats(Box::new(replay)),
            total,
            is_reset,
            may_lack_deletes: stream.expires(),
        })
    }

    /// The next batch, which may be empty.
    pub(crate) async fn next_batch(&self, replay: &mut Replay) -> Result<Batch> {
        let mut batch = Batch::default();
        let is_over = match &mut replay.reading {
            Reading::Nothing => true,
            Reading::Consumer(entries) => match entries.next().await? {
                None => true,
                Some(page) => {
                    batch.changes = page.changes;
                    let end = page.revision;
                    replay.revision = replay.revision.max(end.unwrap_or(0));
                    end.is_some()
                }
            },
            Reading::Direct { subject, after } => {
                let page = self.direct_page(&replay.names, subject, *after + 1).await?;
                let changes = page.messages.iter();
                let changes =
                    changes.filter_map(|message| change(&replay.names, replay.max_age, message));
                let patterns = &replay.patterns;
                let wanted = changes.filter(|c| patterns.iter().any(|p| p.matches(&c.key)));
                batch.changes = wanted.collect();
                if let Some((_, position)) = page.messages.last() {
                    *after = position.stream;
                }
                replay.revision = replay.revision.max(*after);
                let next = *after + 1;
                if page.pending > 0 {
                    false
                } else if replay.is_replicated
                    && self.api.has_message(&replay.names, subject, next).await?
                {
                    // The replica that answered lags behind the leader.
                    sleep(MOMENT).await;
                    false
                } else {
                    true
                }
            }
        };
        if is_over {
            let markers_may_be_gone = replay
                .markers_last_until
                .is_some_and(|end| Instant::now() > end);
            batch.end = Some(End {
                revision: replay.revision,
                live: match replay.is_pruned || markers_may_be_gone {
                    true => Some(self.live_keys(replay).await?),
                    false => None,
                },
            });
        }
        Ok(batch)
    }

    async fn live_keys(&self, replay: &Replay) -> Result<Vec<ironflow_browser::kv::Key>> {
        let (names, patterns) = (&replay.names, &replay.patterns);
        let _turn = match &replay.reading {
            // It has its turn already.
            Reading::Consumer(_) => None,
            _ => Some(self.turn(names).await?),
        };
        let filter = filter(&subjects(names, patterns));
        self.list(names, filter, patterns).await
    }
}
