//! How subscriptions come and go.

use std::time::Duration;

use axum::extract::ws::Message;
use ironflow_browser::kv::{BucketName, KvError};

use super::Session;
use super::frames::{Id, Subscribe, refused, synced};
use super::subscriptions::{Phase, Start, Subscription};
use crate::address::BucketAddress;
use crate::answer::Refusal;
use crate::backend::{BackendError, Epoch, LaneId};

/// For so long a bucket that was there is taken to be there. One that this server deletes is not: it
/// notices at once.
const CONFIRMED: Duration = Duration::from_secs(1);

impl Session {
    /// Makes a subscription; gives the frames that answer.
    pub(super) async fn subscribe(&mut self, id: Id, wanted: Subscribe) -> Vec<Message> {
        if let Err(refusal) = self.subscriptions.check(id, &wanted.patterns) {
            return vec![refused(id, &refusal)];
        }
        let mut frames = Vec::new();
        if let Some(lane) = self.subscriptions.lane_of(&wanted.bucket)
            && !self.inbox.is_open(lane)
        {
            frames.extend(self.end_lane(lane));
        }
        if let Some(lane) = self.subscriptions.lane_of(&wanted.bucket) {
            match self.subscribe_on(lane, id, &wanted).await {
                // The lane is one of an earlier bucket of this name.
                Err(BackendError::Refused(KvError::BucketNotFound)) => {
                    frames.extend(self.end_lane(lane));
                }
                subscribed => return answer(id, subscribed),
            }
        }
        let subscribed = match self.attach(&wanted.bucket).await {
            Ok(lane) => {
                let subscribed = self.subscribe_on(lane, id, &wanted).await;
                self.leave_if_idle(lane);
                subscribed
            }
            Err(error) => Err(error),
        };
        frames.extend(answer(id, subscribed));
        frames
    }

    async fn attach(&mut self, bucket: &BucketName) -> Result<LaneId, BackendError> {
        let at = BucketAddress {
            environment: self.environment.clone(),
            bucket: bucket.clone(),
        };
        let (lane, recipient) = self.inbox.open();
        match self.app.backend.attach(&at, recipient).await {
            Ok(attachment) => {
                self.subscriptions.add_lane(lane, at, attachment);
                Ok(lane)
            }
            Err(error) => {
                self.inbox.close(lane);
                Err(error)
            }
        }
    }

    /// Makes a subscription of a bucket; gives the frame that follows, where one does at once.
    async fn subscribe_on(
        &mut self,
        lane: LaneId,
        id: Id,
        wanted: &Subscribe,
    ) -> Result<Option<Message>, BackendError> {
        let Some(known) = self.subscriptions.lane(lane) else {
            return Err(KvError::BucketNotFound.into());
        };
        let (at, epoch) = (known.at.clone(), known.attachment.epoch().clone());
        let is_confirmed = known.confirmed.elapsed() < CONFIRMED;
        // Events come from here on; the revision that is asked for next is at least as new.
        self.subscriptions.follow(lane, &wanted.patterns)?;
        let replaying = |after| {
            let epoch = wanted.epoch.as_deref().map(Epoch::new);
            Phase::Replaying(Start { after, epoch })
        };
        let phase = match wanted.after {
            Some(after) if is_confirmed => replaying(after),
            after => match self.app.backend.last_revision(&at, &epoch).await {
                Ok(last) => {
                    self.subscriptions.confirm(lane);
                    after.map_or(Phase::Live(last), replaying)
                }
                Err(error) => {
                    self.subscriptions.unfollow(lane, &wanted.patterns);
                    return Err(error);
                }
            },
        };
        let frame = match phase {
            Phase::Live(revision) => Some(synced(id, revision, &epoch, false, false)),
            Phase::Replaying(_) => None,
        };
        self.subscriptions.add(
            id,
            Subscription {
                lane,
                patterns: wanted.patterns.as_slice().into(),
                phase,
            },
        );
        Ok(frame)
    }

    pub(super) fn unsubscribe(&mut self, id: Id) {
        if self.job.as_ref().is_some_and(|job| job.id == id) {
            self.job = None;
        }
        if let Some(lane) = self.subscriptions.remove(id) {
            self.leave_if_idle(lane);
        }
    }

    fn leave_if_idle(&mut self, lane: LaneId) {
        if self.subscriptions.remove_idle_lane(lane) {
            self.inbox.close(lane);
        }
    }

    /// Ends the subscriptions of a bucket that is gone; gives the frames that say so.
    pub(super) fn end_lane(&mut self, lane: LaneId) -> Vec<Message> {
        self.inbox.close(lane);
        let ids = self.subscriptions.remove_lane(lane);
        if self.job.as_ref().is_some_and(|job| ids.contains(&job.id)) {
            self.job = None;
        }
        let gone = Refusal::from(KvError::BucketNotFound);
        ids.into_iter().map(|id| refused(id, &gone)).collect()
    }
}

fn answer(id: Id, subscribed: Result<Option<Message>, BackendError>) -> Vec<Message> {
    match subscribed {
        Ok(frame) => frame.into_iter().collect(),
        Err(error) => vec![refused(id, &error.into())],
    }
}
