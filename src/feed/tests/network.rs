//! What the network of a world does: it connects, delivers, loses, repeats and delays. `at` chooses among
//! what there is; each gives whether there was anything.

use super::super::{Change, ConnectionId, Name, ResyncListing, Timer, WireId};
use super::session::Session;
use super::world::{Answered, Asked, Frame, Order, Payload, Query, Wire, World};
use crate::error::Error;

impl World {
    pub(super) fn filters(&self) -> Vec<&str> {
        self.wires.iter().map(|wire| wire.filter.as_str()).collect()
    }

    /// The server takes a handshake. False: there is none.
    pub(super) fn open(&mut self, at: usize) -> bool {
        // A wider connection trusts the documented order until a known revision disagrees.
        let is_trusted = self.order == Order::LastRevision;
        while !is_trusted && self.deliver(0, false) {}
        let Some(at) = choose(self.wires.iter().map(|wire| !wire.open), at) else {
            return false;
        };
        let replayed = if self.replays {
            self.list(&self.wires[at].filter)
        } else {
            Vec::new()
        };
        let wire = &mut self.wires[at];
        wire.open = true;
        let connection_id = wire.connection_id;
        if self.is_version_2 {
            wire.session = Some(Session::default());
            self.feed.opened_resumable(connection_id);
            self.run();
            return true;
        }
        for key in replayed {
            let (revision, live) = self.keys[&*key];
            let key = key.to_string();
            let bucket = self.bucket;
            self.wires[at].frames.push_back(Frame::Update(Payload {
                key,
                revision,
                live,
                bucket,
                replayed: false,
            }));
        }
        self.feed.opened(connection_id);
        self.run();
        true
    }

    /// A handshake fails, or a connection is cut with all that is on it.
    pub(super) fn cut(&mut self, at: usize, code: u16) -> bool {
        if self.wires.is_empty() {
            return false;
        }
        let wire = self.wires.swap_remove(at % self.wires.len());
        self.feed.closed(wire.connection_id, code);
        self.run();
        true
    }

    /// A connection is dead from now on, without being closed.
    pub(super) fn silence(&mut self, at: usize) {
        let count = self.wires.len().max(1);
        if let Some(wire) = self.wires.get_mut(at % count) {
            wire.silent = true;
        }
    }

    /// Time passes, until a connection that is silent has been found out.
    pub(super) fn await_freshness(&mut self) {
        // Two looks, a probe, and the wait for a frame of what it found; the same for one that replaced it.
        for _ in 0..8 {
            let pings = std::mem::take(&mut self.pings);
            let silent = self.wires.iter().position(|wire| wire.silent);
            match silent {
                // The socket waits for the answer, and closes itself.
                Some(at) if pings > 0 => _ = self.cut(at, 1006),
                _ => _ = self.fire(Timer::Freshness),
            }
            self.settle();
        }
    }

    /// A connection breaks: nothing comes over it any more, but it does not close.
    pub(super) fn lose_frames(&mut self, at: usize) -> bool {
        if self.wires.is_empty() {
            return false;
        }
        let at = at % self.wires.len();
        self.wires[at].frames.clear();
        self.cut(at, 1006)
    }

    /// The next frame of a connection arrives; `twice`: and once more.
    pub(super) fn deliver(&mut self, at: usize, twice: bool) -> bool {
        let has_frames = self
            .wires
            .iter()
            .map(|wire| wire.open && !wire.silent && !wire.frames.is_empty());
        let Some(at) = choose(has_frames, at) else {
            return false;
        };
        let wire = &mut self.wires[at];
        let connection_id = wire.connection_id;
        let Some(frame) = wire.frames.pop_front() else {
            return false;
        };
        for _ in 0..1 + usize::from(twice && wire.session.is_none()) {
            match &frame {
                Frame::Update(change) => self.change(connection_id, None, change),
                Frame::Replayed(wire, change) => self.change(connection_id, Some(*wire), change),
                Frame::Replay(wire, epoch, kind) => {
                    (self.feed).replay_begins(connection_id, *wire, epoch.clone(), *kind, 1);
                }
                Frame::Synced(synced) => self.feed.synced(connection_id, synced.clone()),
                Frame::Refused(wire, error) => {
                    self.feed.refused(connection_id, *wire, error.clone());
                }
                Frame::Tick(revision) => self.feed.ticked(connection_id, *revision),
            }
            self.run();
        }
        true
    }

    /// A change arrives; of this subscription's replay, if it is of one.
    fn change(&mut self, connection_id: ConnectionId, replay: Option<WireId>, frame: &Payload) {
        let known = self.slots.get(&frame.key);
        let change = Change {
            key: known.map_or(Name::Text(&frame.key), |slot| Name::KeySlot(*slot)),
            revision: frame.revision,
            deleted: !frame.live,
            payload: frame.clone(),
        };
        let slot = match replay {
            Some(wire) => self.feed.replayed(connection_id, wire, change),
            None => self.feed.changed(connection_id, change),
        };
        if let Some(slot) = slot {
            self.slots.insert(frame.key.clone(), slot);
        }
        if self.feed.take_forgotten() {
            self.slots.clear();
        }
    }

    /// The server considers a query; what it says is on its way then.
    pub(super) fn consider(&mut self, at: usize) -> bool {
        let Some(at) = choose(self.queries.iter().map(|q| q.answer.is_none()), at) else {
            return false;
        };
        self.consider_at(at)
    }

    fn consider_at(&mut self, at: usize) -> bool {
        let answer = match &self.queries[at].asked {
            Asked::ResyncListing(filter) => {
                let keys = self.list(filter);
                let created = self.bucket.to_string();
                Answered::ResyncListing(ResyncListing { created, keys })
            }
            Asked::List(filter) => Answered::List(self.list(filter)),
            Asked::Read(key) => {
                let live = self.keys.get(&**key).filter(|(_, live)| *live);
                Answered::Read(live.map(|&(revision, live)| {
                    let payload = Payload {
                        key: key.to_string(),
                        revision,
                        live,
                        bucket: self.bucket,
                        replayed: false,
                    };
                    (revision, payload)
                }))
            }
        };
        self.queries[at].answer = Some(answer);
        self.queries[at].answered_at = self.revision;
        true
    }

    /// What the server said arrives.
    pub(super) fn answer(&mut self, at: usize) -> bool {
        let Some(at) = choose(self.queries.iter().map(|q| q.answer.is_some()), at) else {
            return false;
        };
        let Query {
            request,
            answer,
            answered_at,
            ..
        } = self.queries.swap_remove(at);
        match answer.unwrap_or(Answered::Nothing) {
            Answered::ResyncListing(listing) => {
                let surveying = self.feed.resync.is_listing();
                self.feed.resync_listed(request, Ok(listing));
                if surveying && !self.feed.resync.is_listing() {
                    self.listed_at = answered_at;
                }
            }
            Answered::List(keys) => self.feed.listed(request, Ok(keys)),
            Answered::Read(entry) => self.feed.read(request, Ok(entry)),
            Answered::Nothing => {}
        }
        self.run();
        true
    }

    /// A query fails.
    pub(super) fn fail(&mut self, at: usize, error: Error) -> bool {
        if self.queries.is_empty() {
            return false;
        }
        let at = at % self.queries.len();
        let Query { request, asked, .. } = self.queries.swap_remove(at);
        let (reports, key) = (self.reports, asked.key());
        let is_final = !error.retryable();
        match asked {
            Asked::ResyncListing(_) => {
                self.blind = true;
                self.feed.resync_listed(request, Err(error));
            }
            Asked::List(_) => self.feed.listed(request, Err(error)),
            Asked::Read(_) => self.feed.read(request, Err(error)),
        }
        self.run();
        if self.reports > reports {
            self.unreadable.extend(key);
        } else if key.is_some() && is_final {
            // It may have been read to know the bucket's revision.
            self.blind = true;
        }
        true
    }

    /// The server refuses a read or a list of initial entries.
    pub(super) fn refuse(&mut self, at: usize) -> bool {
        let fits = |query: &Query| !matches!(query.asked, Asked::ResyncListing(_));
        match choose(self.queries.iter().map(fits), at) {
            Some(at) => self.fail(at, Error::status_of(403, "no")),
            None => false,
        }
    }

    /// The server refuses a wider connection, beside the one there is.
    pub(super) fn refuse_newcomers(&mut self, code: u16) -> bool {
        // A new credential that is refused ends the watches.
        if self.feed.is_replacing {
            return false;
        }
        let wider = self.feed.next.as_ref().map(|next| next.connection_id);
        let fits = |wire: &Wire| Some(wire.connection_id) == wider;
        match self.wires.iter().position(fits) {
            Some(at) => self.cut(at, code),
            None => false,
        }
    }

    /// The credential expires, and the application can give another one.
    pub(super) fn expire(&mut self, at: usize) -> bool {
        self.feed.set_renewable(true);
        self.feed.can_renew() && self.cut(at, 4401)
    }

    /// The first request of this kind fails, before the server has considered it.
    pub(super) fn fail_where(&mut self, which: impl Fn(&Asked) -> bool, error: Error) -> bool {
        let unconsidered = |query: &Query| query.answer.is_none() && which(&query.asked);
        match self.queries.iter().position(unconsidered) {
            Some(at) => self.fail(at, error),
            None => false,
        }
    }

    /// The server considers the first request, and answers with an error if this function gives one.
    pub(super) fn fail_if(&mut self, fails: &dyn Fn(&Asked) -> Option<Error>) -> bool {
        let first = self.queries.iter().position(|query| query.answer.is_none());
        let Some(at) = first else {
            return false;
        };
        match fails(&self.queries[at].asked) {
            Some(error) => self.fail(at, error),
            None => self.consider_at(at),
        }
    }

    pub(super) fn answer_probe(&mut self, answer: Result<(), Error>) -> bool {
        let Some(connection_id) = self.probe.take() else {
            return false;
        };
        self.feed.probed(connection_id, answer);
        self.run();
        true
    }

    /// The server answers for the bucket, and another kind of handshake is tried.
    pub(super) fn retry_handshake(&mut self) {
        if let Some(connection_id) = self.probe.take() {
            self.feed.retry_handshake(connection_id);
            self.run();
        }
    }

    pub(super) fn wait(&mut self) -> bool {
        if self.backoff.take().is_none() {
            return false;
        }
        self.feed.timer(Timer::Backoff);
        self.run();
        true
    }

    /// A timer of this kind runs out. False: none runs.
    pub(super) fn fire(&mut self, timer: Timer) -> bool {
        let Some(at) = self.timers.iter().position(|other| *other == timer) else {
            return false;
        };
        self.timers.swap_remove(at);
        self.feed.timer(timer);
        self.run();
        true
    }

    /// The connection stays up for a while.
    pub(super) fn stay_up(&mut self) -> bool {
        if !std::mem::take(&mut self.stable) {
            return false;
        }
        self.feed.timer(Timer::Stable);
        self.run();
        true
    }

    pub(super) fn end_grace(&mut self) -> bool {
        if !std::mem::take(&mut self.grace) {
            return false;
        }
        self.feed.timer(Timer::Grace);
        self.run();
        true
    }
}

/// The one of those that fit that `at` stands for.
pub(super) fn choose(fits: impl Iterator<Item = bool>, at: usize) -> Option<usize> {
    let fitting: Vec<_> = fits
        .enumerate()
        .filter(|(_, fits)| *fits)
        .map(|(n, _)| n)
        .collect();
    (!fitting.is_empty()).then(|| fitting[at % fitting.len()])
}
