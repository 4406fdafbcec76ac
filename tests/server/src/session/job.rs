//! The replay that a connection has under way.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ironflow_browser::kv::Pattern;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::frames::Id;
use super::subscriptions::Start;
use crate::address::BucketAddress;
use crate::app::App;
use crate::backend::{BackendError, Batch, Epoch, Replay, Wanted};

/// How many replays the server has under way at a time.
const MAX_REPLAYS: usize = 16;

/// Where the replays of all connections wait for their turn.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_REPLAYS)))
    }
}

/// A replay: it waits for its turn, then reads one batch after the other.
pub(super) struct Job {
    app: Arc<App>,
    pub(super) id: Id,
    at: BucketAddress,
    pub(super) epoch: Epoch,
    patterns: Arc<[Pattern]>,
    start: Start,
    /// Whether the client was asked to forget what it knows. `None` before the first batch.
    pub(super) is_reset: Option<bool>,
    /// Whether the client knows how many changes there are.
    pub(super) is_announced: bool,
    phase: Phase,
}

enum Phase {
    Waiting(BoxFuture<'static, Option<OwnedSemaphorePermit>>),
    Reading(BoxFuture<'static, Read>),
    /// The batch before is with the client.
    Paused(Box<Reading>),
    /// It failed.
    Over,
}

/// What is held while a replay reads.
struct Reading {
    replay: Replay,
    _turn: OwnedSemaphorePermit,
}

type Read = Result<(Box<Reading>, Batch), BackendError>;

/// What a replay has come to.
#[derive(Debug)]
pub(super) enum Step {
    /// It has its turn.
    Begun,
    /// A batch, of a replay of about so many changes, and whether it may lack deletes.
    Batch(Batch, u64, bool),
    Failed(BackendError),
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Job {
    pub(super) fn new(
        app: &Arc<App>,
        id: Id,
        at: BucketAddress,
        epoch: Epoch,
        patterns: Arc<[Pattern]>,
        start: Start,
    ) -> Self {
        Self {
            app: Arc::clone(app),
            id,
            at,
            epoch,
            patterns,
            start,
            is_reset: None,
            is_announced: false,
            phase: waiting(app),
        }
    }

    /// Whether it reads from the store: then no live event may overtake what it reads.
    pub(super) const fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading(_))
    }

    /// Waits for what comes next. It may be dropped and called again.
    pub(super) async fn step(&mut self) -> Step {
        match &mut self.phase {
            Phase::Waiting(turn) => match turn.await {
                Some(turn) => {
                    self.open(turn);
                    Step::Begun
                }
                None => self.fail(BackendError::Unavailable),
            },
            Phase::Reading(reading) => match reading.await {
                Ok((reading, batch)) => {
                    if self.is_reset.is_none() {
                        self.is_reset = Some(reading.replay.is_reset);
                        if reading.replay.is_reset {
                            self.start.after = 0;
                        }
                    }
                    if let Some(last) = batch.changes.last() {
                        self.start.after = last.revision;
                    }
                    let (total, lacks_deletes) =
                        (reading.replay.total, reading.replay.may_lack_deletes);
                    self.phase = Phase::Paused(reading);
                    Step::Batch(batch, total, lacks_deletes)
                }
                Err(error) => self.fail(error),
            },
            Phase::Paused(_) | Phase::Over => std::future::pending().await,
        }
    }

    /// Reads the next batch, where the one before has been sent.
    pub(super) fn go_on(&mut self) {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Paused(mut reading) => {
                let app = Arc::clone(&self.app);
                Phase::Reading(Box::pin(async move {
                    let batch = app.backend.next_batch(&mut reading.replay).await?;
                    Ok((reading, batch))
                }))
            }
            other => other,
        };
    }

    /// Lets others have their turn first. Later it goes on after the last batch that it gave.
    pub(super) fn give_way(&mut self) {
        self.start.epoch = Some(self.epoch.clone());
        self.phase = waiting(&self.app);
    }

    fn open(&mut self, turn: OwnedSemaphorePermit) {
        let app = Arc::clone(&self.app);
        let (at, epoch) = (self.at.clone(), self.epoch.clone());
        let wanted = Wanted {
            patterns: Arc::clone(&self.patterns),
            after: self.start.after,
            epoch: self.start.epoch.clone(),
        };
        self.phase = Phase::Reading(Box::pin(async move {
            let mut replay = app.backend.replay(&at, &epoch, &wanted).await?;
            let batch = app.backend.next_batch(&mut replay).await?;
            let reading = Reading {
                replay,
                _turn: turn,
            };
            Ok((Box::new(reading), batch))
        }));
    }

    fn fail(&mut self, error: BackendError) -> Step {
        self.phase = Phase::Over;
        Step::Failed(error)
    }
}

fn waiting(app: &App) -> Phase {
    let turn = Arc::clone(&app.turns.0).acquire_owned();
    Phase::Waiting(Box::pin(async { turn.await.ok() }))
}
