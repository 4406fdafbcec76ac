//! The subscriptions of a connection, by bucket.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use ironflow_browser::kv::{BucketName, Pattern, Revision, Tree, WatchEvent};

use super::frames::Id;
use crate::address::BucketAddress;
use crate::answer::Refusal;
use crate::backend::{Attachment, BackendError, Epoch, LaneId};

/// How many subscriptions a connection has at most.
const MAX_SUBSCRIPTIONS: usize = 1000;

/// How many bytes of patterns they have together.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// What a pattern takes beside its text.
const PATTERN_BYTES: usize = 32;

/// A subscription of a connection.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) lane: LaneId,
    pub(super) patterns: Arc<[Pattern]>,
    pub(super) phase: Phase,
}

/// What a subscription gets.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing yet: it waits for its replay, or that is under way.
    Replaying(Start),
    /// What is newer than this, as it happens.
    Live(Revision),
}

/// Where a replay starts.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) after: Revision,
    pub(super) epoch: Option<Epoch>,
}

/// A bucket that a connection has subscriptions of.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) at: BucketAddress,
    pub(super) attachment: Attachment,
    /// The newest revision that was taken from the inbox.
    pub(super) last: Revision,
    /// When the bucket was last known to be there.
    pub(super) confirmed: Instant,
    ids: Vec<Id>,
    by_pattern: Tree<Vec<Id>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: HashMap<Id, Subscription>,
    lanes: HashMap<LaneId, Lane>,
    by_bucket: HashMap<BucketName, LaneId>,
    /// Those that wait for their replay, in the order in which they get it.
    waiting: VecDeque<Id>,
    pattern_bytes: usize,
}

impl Subscriptions {
    /// Whether one more may be made.
    pub(super) fn check(&self, id: Id, patterns: &[Pattern]) -> Result<(), Refusal> {
        if self.by_id.contains_key(&id) {
            let words = "the subscription id is in use";
            return Err(Refusal::new(StatusCode::CONFLICT, words));
        }
        let too_many = |words| Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, words));
        if self.by_id.len() >= MAX_SUBSCRIPTIONS {
            return too_many("a connection has at most 1000 subscriptions");
        }
        if self.pattern_bytes + size(patterns) > MAX_PATTERN_BYTES {
            return too_many("the patterns of a connection take at most 1 MiB");
        }
        Ok(())
    }

    pub(super) fn lane_of(&self, bucket: &BucketName) -> Option<LaneId> {
        self.by_bucket.get(bucket).copied()
    }

    pub(super) fn lane(&self, lane: LaneId) -> Option<&Lane> {
        self.lanes.get(&lane)
    }

    pub(super) fn get(&self, id: Id) -> Option<&Subscription> {
        self.by_id.get(&id)
    }

    pub(super) fn add_lane(&mut self, lane: LaneId, at: BucketAddress, attachment: Attachment) {
        self.by_bucket.insert(at.bucket.clone(), lane);
        let last = 0;
        let (ids, by_pattern) = (Vec::new(), Tree::new());
        self.lanes.insert(
            lane,
            Lane {
                at,
                attachment,
                last,
                confirmed: Instant::now(),
                ids,
                by_pattern,
            },
        );
    }

    /// Has the events of a lane delivered that match, before any is wanted.
    pub(super) fn follow(
        &mut self,
        lane: LaneId,
        patterns: &[Pattern],
    ) -> Result<(), BackendError> {
        let Some(lane) = self.lanes.get_mut(&lane) else {
            return Ok(());
        };
        for (number, pattern) in patterns.iter().enumerate() {
            if let Err(error) = lane.attachment.add(pattern) {
                let added = &patterns[..number];
                added.iter().for_each(|p| lane.attachment.remove(p));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes back [`Subscriptions::follow`].
    pub(super) fn unfollow(&mut self, lane: LaneId, patterns: &[Pattern]) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            patterns.iter().for_each(|p| lane.attachment.remove(p));
        }
    }

    /// Adds a subscription, whose patterns are followed.
    pub(super) fn add(&mut self, id: Id, subscription: Subscription) {
        self.pattern_bytes += size(&subscription.patterns);
        if let Some(lane) = self.lanes.get_mut(&subscription.lane) {
            lane.ids.push(id);
            for pattern in subscription.patterns.iter() {
                let ids = lane
                    .by_pattern
                    .get_or_insert_with(pattern.as_str(), Vec::new);
                ids.push(id);
            }
        }
        if matches!(subscription.phase, Phase::Replaying(_)) {
            self.waiting.push_back(id);
        }
        self.by_id.insert(id, subscription);
    }

    /// Notes that the bucket of a lane is there.
    pub(super) fn confirm(&mut self, lane: LaneId) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.confirmed = Instant::now();
        }
    }

    /// Removes a subscription; gives its lane.
    pub(super) fn remove(&mut self, id: Id) -> Option<LaneId> {
        let subscription = self.by_id.remove(&id)?;
        self.pattern_bytes -= size(&subscription.patterns);
        self.waiting.retain(|other| *other != id);
        if let Some(lane) = self.lanes.get_mut(&subscription.lane) {
            lane.ids.retain(|other| *other != id);
            for pattern in subscription.patterns.iter() {
                lane.attachment.remove(pattern);
                if let Some(ids) = lane.by_pattern.get_mut(pattern.as_str()) {
                    ids.retain(|other| *other != id);
                    if ids.is_empty() {
                        lane.by_pattern.remove(pattern.as_str());
                    }
                }
            }
        }
        Some(subscription.lane)
    }

    /// Removes a lane with its subscriptions; gives their ids.
    pub(super) fn remove_lane(&mut self, lane: LaneId) -> Vec<Id> {
        let Some(removed) = self.lanes.get(&lane) else {
            return Vec::new();
        };
        let (ids, bucket) = (removed.ids.clone(), removed.at.bucket.clone());
        for id in &ids {
            self.remove(*id);
        }
        self.lanes.remove(&lane);
        self.by_bucket.remove(&bucket);
        ids
    }

    /// Removes a lane that no subscription is on; whether it did.
    pub(super) fn remove_idle_lane(&mut self, lane: LaneId) -> bool {
        let is_idle = self
            .lanes
            .get(&lane)
            .is_some_and(|lane| lane.ids.is_empty());
        if is_idle {
            self.remove_lane(lane);
        }
        is_idle
    }

    /// Every subscription.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.by_id.keys().copied().collect()
    }

    /// The next one that waits for its replay.
    pub(super) fn next_waiting(&mut self) -> Option<Id> {
        self.waiting.pop_front()
    }

    /// Notes an event of a lane; whether any subscription is to have it.
    pub(super) fn takes(&mut self, lane: LaneId, event: &WatchEvent) -> bool {
        let Some(lane) = self.lanes.get_mut(&lane) else {
            return false;
        };
        lane.last = lane.last.max(event.revision);
        let mut is_taken = false;
        lane.by_pattern.matching(&event.key, &mut |ids| {
            is_taken = is_taken
                || ids.iter().any(|id| match self.by_id.get(id) {
                    Some(subscription) => match subscription.phase {
                        Phase::Live(after) => event.revision > after,
                        Phase::Replaying(_) => false,
                    },
                    None => false,
                });
        });
        is_taken
    }

    /// Ends a replay: from here on a subscription gets what is newer than the revision. Gives the
    /// one that counts: everything taken from the inbox is covered.
    pub(super) fn synced(&mut self, id: Id, revision: Revision) -> Revision {
        let Some(subscription) = self.by_id.get_mut(&id) else {
            return revision;
        };
        let taken = self.lanes.get(&subscription.lane).map_or(0, |l| l.last);
        let revision = revision.max(taken);
        subscription.phase = Phase::Live(revision);
        revision
    }

    /// Has the live subscriptions of a lane replay what it missed; gives their ids.
    pub(super) fn replay_missed(&mut self, lane: LaneId) -> Vec<Id> {
        let Some(lane) = self.lanes.get(&lane) else {
            return Vec::new();
        };
        let mut missed = Vec::new();
        for id in &lane.ids {
            if let Some(subscription) = self.by_id.get_mut(id)
                && let Phase::Live(after) = subscription.phase
            {
                subscription.phase = Phase::Replaying(Start {
                    after: after.max(lane.last),
                    epoch: Some(lane.attachment.epoch().clone()),
                });
                missed.push(*id);
            }
        }
        self.waiting.extend(&missed);
        missed
    }

    /// How far each bucket is known to have been delivered, where no replay is outstanding.
    pub(super) fn progress(&self) -> BTreeMap<LaneId, Revision> {
        let lanes = self.lanes.iter();
        let live = lanes.filter(|(_, lane)| {
            lane.ids.iter().all(|id| {
                let phase = self.by_id.get(id).map(|subscription| &subscription.phase);
                matches!(phase, Some(Phase::Live(_)))
            })
        });
        live.filter_map(|(id, lane)| Some((*id, lane.attachment.progress()?)))
            .collect()
    }
}

fn size(patterns: &[Pattern]) -> usize {
    let sizes = patterns.iter().map(|p| p.as_str().len() + PATTERN_BYTES);
    sizes.sum()
}
