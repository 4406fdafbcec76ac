//! What the server of a world does on version 2 of the wire: it replays, in parts, and then sends live changes.

use std::rc::Rc;

use super::super::{ConnectionId, Subscription, Synced, WireId};
use super::network::choose;
use super::world::{Frame, Payload, World};
use crate::enums::ReplayKind;
use crate::error::Error;
use crate::kv::{Key, Pattern};

/// How many changes one part of a replay has.
const PART: usize = 2;

/// The subscriptions of a connection, in the order of their replays.
#[derive(Debug, Default)]
pub(super) struct Session {
    subscriptions: Vec<Served>,
    /// The last revision that was sent live, or that a replay reached.
    last: u64,
}

#[derive(Debug)]
struct Served {
    wire: WireId,
    patterns: Vec<Pattern>,
    /// None: it is live.
    replay: Option<Replay>,
}

#[derive(Debug)]
struct Replay {
    after: u64,
    /// Deletes up to here are not wanted: the client knows of no key.
    from: u64,
    is_reset: bool,
    is_announced: bool,
    is_pruned: bool,
}

impl Served {
    fn matches(&self, key: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(key))
    }
}

impl Session {
    /// Whether a change of the key is sent at once.
    pub(super) fn wants(&self, key: &str) -> bool {
        let mut live = self.subscriptions.iter().filter(|s| s.replay.is_none());
        live.any(|subscription| subscription.matches(key))
    }

    /// Whether a replay of the key is under way.
    pub(super) fn replays(&self, key: &str) -> bool {
        let mut replays = self.subscriptions.iter().filter(|s| s.replay.is_some());
        replays.any(|subscription| subscription.matches(key))
    }
}

impl World {
    fn epoch(&self) -> Rc<str> {
        self.bucket.to_string().into()
    }

    fn session(&mut self, connection_id: ConnectionId) -> Option<&mut Session> {
        let mut wires = self.wires.iter_mut();
        let wire = wires.find(|wire| wire.connection_id == connection_id)?;
        wire.session.as_mut()
    }

    pub(super) fn subscribe(&mut self, connection_id: ConnectionId, wanted: &Subscription) {
        let (epoch, revision, pruned_to) = (self.epoch(), self.revision, self.pruned_to);
        let replay = wanted.after.map(|after| {
            let is_other = wanted.epoch.as_ref().is_some_and(|known| *known != epoch);
            let is_reset = is_other || after > revision;
            let after = if is_reset { 0 } else { after };
            Replay {
                after,
                from: if after == 0 { revision } else { 0 },
                is_reset,
                is_announced: false,
                is_pruned: after > 0 && after < pruned_to,
            }
        });
        let is_live = replay.is_none();
        let served = Served {
            wire: wanted.wire,
            patterns: wanted.patterns.clone(),
            replay,
        };
        let Some(session) = self.session(connection_id) else {
            panic!("a subscription without a session");
        };
        session.subscriptions.push(served);
        if is_live {
            self.sync(connection_id, wanted.wire, false, None);
        }
    }

    fn sync(&mut self, id: ConnectionId, wire: WireId, is_reset: bool, live: Option<Vec<Key>>) {
        let synced = Frame::Synced(Synced {
            wire,
            revision: self.revision,
            epoch: self.epoch(),
            is_reset,
            live,
        });
        self.send(id, synced);
    }

    fn send(&mut self, connection_id: ConnectionId, frame: Frame) {
        let mut wires = self.wires.iter_mut();
        if let Some(wire) = wires.find(|wire| wire.connection_id == connection_id) {
            wire.frames.push_back(frame);
        }
    }

    pub(super) fn end_subscription(&mut self, connection_id: ConnectionId, wire: WireId) {
        if let Some(session) = self.session(connection_id) {
            session.subscriptions.retain(|served| served.wire != wire);
        }
    }

    /// The server sends a part of a replay, or the end of it. False: there is none.
    pub(super) fn serve(&mut self, at: usize) -> bool {
        let has_replay = |session: &Session| {
            let mut subscriptions = session.subscriptions.iter();
            subscriptions.any(|served| served.replay.is_some())
        };
        let sessions = self.wires.iter().map(|wire| wire.session.as_ref());
        let Some(at) = choose(sessions.map(|session| session.is_some_and(has_replay)), at) else {
            return false;
        };
        let connection_id = self.wires[at].connection_id;
        let (revision, bucket, epoch) = (self.revision, self.bucket, self.epoch());
        let mut changes: Vec<(String, u64, bool)> = Vec::new();
        for (key, (revision, live)) in &self.keys {
            changes.push((key.clone(), *revision, *live));
        }
        changes.sort_by_key(|(_, revision, _)| *revision);
        let Some(session) = self.session(connection_id) else {
            return false;
        };
        let mut served = session.subscriptions.iter_mut();
        let Some(served) = served.find(|served| served.replay.is_some()) else {
            return false;
        };
        let wire = served.wire;
        let Some(mut replay) = served.replay.take() else {
            return false;
        };
        changes.retain(|(key, revision, live)| {
            *revision > replay.after && (*live || *revision > replay.from) && served.matches(key)
        });
        if changes.is_empty() {
            let matching: Vec<Pattern> = served.patterns.clone();
            let live = self.live().into_keys();
            let live = live.filter(|key| matching.iter().any(|pattern| pattern.matches(key)));
            let live = live.map(|key| Key::parse(&key).unwrap());
            let live = replay.is_pruned.then(|| live.collect());
            self.sync(connection_id, wire, replay.is_reset, live);
            if let Some(session) = self.session(connection_id) {
                session.last = revision;
            }
            return true;
        }
        changes.truncate(PART);
        replay.after = changes
            .last()
            .map_or(replay.after, |(_, revision, _)| *revision);
        let is_announced = std::mem::replace(&mut replay.is_announced, true);
        let kind = match (replay.is_reset, replay.is_pruned) {
            (true, _) => ReplayKind::Reset,
            (_, true) => ReplayKind::Pruned,
            _ => ReplayKind::Complete,
        };
        served.replay = Some(replay);
        if !is_announced {
            self.send(connection_id, Frame::Replay(wire, Some(epoch), kind));
        }
        for (key, revision, live) in changes {
            let change = Payload {
                key,
                revision,
                live,
                bucket,
                replayed: true,
            };
            self.send(connection_id, Frame::Replayed(wire, change));
        }
        true
    }

    /// A connection is too slow: the server drops the last live changes, and replays them.
    pub(super) fn overflow(&mut self, at: usize) -> bool {
        let open = self.wires.iter().map(|wire| wire.session.is_some());
        let Some(at) = choose(open, at) else {
            return false;
        };
        let wire = &mut self.wires[at];
        let connection_id = wire.connection_id;
        let mut after = self.revision;
        while let Some(Frame::Update(_)) = wire.frames.back() {
            if let Some(Frame::Update(change)) = wire.frames.pop_back() {
                after = change.revision - 1;
            }
        }
        let mut again = Vec::new();
        for served in wire
            .session
            .iter_mut()
            .flat_map(|session| &mut session.subscriptions)
        {
            if served.replay.is_none() {
                again.push(served.wire);
                served.replay = Some(Replay {
                    after,
                    from: 0,
                    is_reset: false,
                    is_announced: true,
                    is_pruned: false,
                });
            }
        }
        for wire in again {
            self.send(
                connection_id,
                Frame::Replay(wire, None, ReplayKind::Complete),
            );
        }
        true
    }

    /// The server refuses a subscription.
    pub(super) fn refuse_subscription(&mut self, at: usize, error: &Error) -> bool {
        let sessions = self.wires.iter().map(|wire| wire.session.as_ref());
        let has_any = sessions.map(|session| session.is_some_and(|s| !s.subscriptions.is_empty()));
        let Some(found) = choose(has_any, at) else {
            return false;
        };
        let connection_id = self.wires[found].connection_id;
        let Some(session) = self.session(connection_id) else {
            return false;
        };
        let number = at % session.subscriptions.len();
        let wire = session.subscriptions.remove(number).wire;
        self.send(connection_id, Frame::Refused(wire, error.clone()));
        true
    }

    /// The server says how far it has sent everything, where no replay is under way.
    pub(super) fn tick(&mut self, at: usize) -> bool {
        let is_live = |session: &Session| session.subscriptions.iter().all(|s| s.replay.is_none());
        let sessions = self.wires.iter().map(|wire| wire.session.as_ref());
        let Some(at) = choose(sessions.map(|session| session.is_some_and(is_live)), at) else {
            return false;
        };
        let (connection_id, revision) = (self.wires[at].connection_id, self.revision);
        self.send(connection_id, Frame::Tick(revision));
        true
    }

    /// The server forgets the deletes that there were.
    pub(super) fn prune(&mut self) {
        if self.is_version_2 && self.wires.iter().all(|wire| wire.session.is_none()) {
            self.keys.retain(|_, (_, live)| *live);
            self.pruned_to = self.revision;
        }
    }
}
