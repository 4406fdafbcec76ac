//! The replays of a connection, one after the other.

use std::sync::Arc;

use axum::extract::ws::Message;

use super::frames::{self, Id, ServerFrame, refused, synced};
use super::job::{Job, Step};
use super::subscriptions::Phase;
use super::{Outcome, Session};
use crate::backend::{Batch, End};

impl Session {
    /// The next replay of those that wait.
    pub(super) fn next_job(&mut self) -> Option<Job> {
        while let Some(id) = self.subscriptions.next_waiting() {
            if let Some(job) = self.job_of(id) {
                return Some(job);
            }
        }
        None
    }

    fn job_of(&self, id: Id) -> Option<Job> {
        let subscription = self.subscriptions.get(id)?;
        let Phase::Replaying(start) = &subscription.phase else {
            return None;
        };
        let lane = self.subscriptions.lane(subscription.lane)?;
        let (at, epoch) = (lane.at.clone(), lane.attachment.epoch().clone());
        let patterns = Arc::clone(&subscription.patterns);
        Some(Job::new(&self.app, id, at, epoch, patterns, start.clone()))
    }

    /// Goes on with the replay under way.
    pub(super) async fn advance(&mut self, step: Step) -> Outcome {
        let Some(job) = &mut self.job else {
            return Ok(());
        };
        let id = job.id;
        match step {
            Step::Begun => Ok(()),
            Step::Failed(error) => {
                self.unsubscribe(id);
                self.send(vec![refused(id, &error.into())]).await
            }
            Step::Batch(Batch { changes, end }, total, lacks_deletes) => {
                let mut frames = Vec::new();
                let changes = {
                    let count = changes.len() as u64;
                    let total = total.max(count);
                    let frames_of = frames::changes(id, &changes);
                    if !job.is_announced && !frames_of.is_empty() {
                        job.is_announced = true;
                        let replay = ServerFrame::Replay {
                            id,
                            total,
                            epoch: Some(job.epoch.as_str()),
                            reset: job.is_reset == Some(true),
                            pruned: lacks_deletes,
                        };
                        frames.push(replay.message());
                    }
                    frames_of
                };
                frames.extend(changes);
                let is_over = end.is_some();
                if let Some(end) = end {
                    frames.extend(self.sync(id, end));
                }
                self.send(frames).await?;
                if is_over {
                    return Ok(());
                }
                // Live events have their turn after each batch.
                let arrivals = self.inbox.try_take();
                self.deliver(arrivals).await?;
                if let Some(job) = &mut self.job {
                    job.go_on();
                }
                Ok(())
            }
        }
    }

    /// Ends the replay under way; gives the frames that say so.
    fn sync(&mut self, id: Id, end: End) -> Vec<Message> {
        let job = self.job.take();
        let is_reset = job.and_then(|job| job.is_reset).unwrap_or(false);
        let is_pruned = end.live.is_some();
        let mut frames = match end.live {
            Some(keys) => frames::live(id, &keys),
            None => Vec::new(),
        };
        let revision = self.subscriptions.synced(id, end.revision);
        let subscription = self.subscriptions.get(id);
        if let Some(lane) = subscription.and_then(|s| self.subscriptions.lane(s.lane)) {
            let epoch = lane.attachment.epoch();
            frames.push(synced(id, revision, epoch, is_reset, is_pruned));
        }
        frames
    }
}

/// Waits for what comes next of the replay under way. It may be dropped and called again.
pub(super) async fn next_step(job: &mut Option<Job>) -> Step {
    match job {
        Some(job) => job.step().await,
        None => std::future::pending().await,
    }
}
