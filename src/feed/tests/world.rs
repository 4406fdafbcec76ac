//! A world around a feed: a server with one bucket, connections that lose and repeat frames, answers
//! that take their time, and subscribers that note everything they are delivered.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    ConnectionId, Delay, Feed, KeySlot, ResyncCost, Settings, SubscriberId, Timer, WatchState,
};
pub(super) use super::parts::{
    Answered, Asked, Frame, Order, Payload, Query, Wire, pattern, settings,
};
use super::recorder::{Delivery, Recorder, StoredEntries};
use crate::error::Error;
use crate::kv::{Key, Pattern};
use crate::text::concat;

pub(super) struct World {
    pub(super) feed: Feed<Payload>,
    /// The slots of keys, as frames name them.
    pub(super) slots: BTreeMap<String, KeySlot>,
    /// Whether the server sends the current values first.
    pub(super) replays: bool,
    /// Whether the server speaks version 2 to connections that are opened from now on.
    pub(super) is_version_2: bool,
    /// Up to which revision deletes may not be known any more.
    pub(super) pruned_to: u64,
    /// Which bucket of the name it is.
    pub(super) bucket: u32,
    pub(super) revision: u64,
    /// The last revision of each key, and whether it is alive.
    pub(super) keys: BTreeMap<String, (u64, bool)>,
    /// The revision that created each key, and the order in which the server lists them.
    created: BTreeMap<String, u64>,
    pub(super) order: Order,
    pub(super) wires: Vec<Wire>,
    pub(super) queries: Vec<Query>,
    pub(super) probe: Option<ConnectionId>,
    pub(super) backoff: Option<f64>,
    pub(super) grace: bool,
    pub(super) stable: bool,
    /// The timers that run, beside those of the backoff, the grace and the stable connection.
    pub(super) timers: Vec<Timer>,
    /// The feeds that are to run beside this one.
    pub(super) moved: Vec<Feed<Payload>>,
    /// The pause that runs.
    pub(super) pause: Option<Delay>,
    /// What resyncs took.
    pub(super) costs: Vec<ResyncCost>,
    pub(super) recorders: BTreeMap<SubscriberId, Recorder>,
    /// The keys whose read failed for good: a problem was reported, and their state may be missed.
    pub(super) unreadable: BTreeSet<String>,
    pub(super) reports: usize,
    /// Those that were refused, or moved.
    pub(super) gone: BTreeMap<SubscriberId, Recorder>,
    pub(super) connects: usize,
    pub(super) reads: usize,
    pub(super) pings: usize,
    pub(super) ended: bool,
    /// Whether a listing failed: keys that had no event may go unnoticed then.
    pub(super) blind: bool,
    /// The bucket's revision when it was listed last.
    pub(super) listed_at: u64,
}

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            feed: Feed::new(settings, false, false),
            slots: BTreeMap::new(),
            replays: false,
            is_version_2: false,
            pruned_to: 0,
            bucket: 1,
            revision: 0,
            keys: BTreeMap::new(),
            created: BTreeMap::new(),
            order: Order::default(),
            wires: Vec::new(),
            queries: Vec::new(),
            probe: None,
            backoff: None,
            grace: false,
            stable: false,
            timers: Vec::new(),
            moved: Vec::new(),
            pause: None,
            costs: Vec::new(),
            recorders: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            reports: 0,
            gone: BTreeMap::new(),
            connects: 0,
            reads: 0,
            pings: 0,
            ended: false,
            blind: false,
            listed_at: 0,
        }
    }

    // What users do.

    pub(super) fn watch(&mut self, patterns: &[&str], initial: bool) -> SubscriberId {
        self.begin(patterns, initial, None)
    }

    /// A watch that stores what it gets, and begins with what an earlier one has stored.
    pub(super) fn watch_stored(
        &mut self,
        patterns: &[&str],
        stored: Option<StoredEntries>,
    ) -> SubscriberId {
        self.begin(patterns, true, Some(stored))
    }

    fn begin(
        &mut self,
        patterns: &[&str],
        initial: bool,
        stored: Option<Option<StoredEntries>>,
    ) -> SubscriberId {
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        let id = self.feed.subscribe(&patterns, initial);
        if let Some(stored) = stored.clone() {
            let lines = stored.map(|stored| stored.lines());
            self.feed.store(id, &lines.unwrap_or_default());
        }
        let recorder = Recorder {
            patterns,
            initial,
            at_watch: (self.bucket, self.listed()),
            stored: stored.flatten(),
            ..Recorder::default()
        };
        self.recorders.insert(id, recorder);
        self.run();
        let delivered = &self.recorders[&id];
        assert!(
            delivered.delivered.is_empty() && delivered.states.is_empty(),
            "delivered before watch() returned"
        );
        self.feed.activated(id);
        self.run();
        id
    }

    pub(super) fn limit_staleness(&mut self, at: usize) {
        let mut ids = self.recorders.keys().copied().cycle();
        if let Some(id) = ids.nth(at) {
            self.then(|feed| feed.limit_staleness(id, 1000.0));
        }
    }

    /// Goes on with a feed that was to run beside this one.
    pub(super) fn follow_moved(&mut self) {
        self.feed = self.moved.remove(0);
        let is_of = |id: &SubscriberId| self.gone.remove(id).map(|recorder| (*id, recorder));
        self.recorders = self
            .feed
            .subscriber_ids()
            .iter()
            .filter_map(is_of)
            .collect();
        (self.wires, self.queries, self.probe) = (Vec::new(), Vec::new(), None);
        self.run();
    }

    pub(super) fn stop(&mut self, id: SubscriberId) {
        self.recorders.remove(&id);
        self.feed.unsubscribe(id);
        self.run();
    }

    // What the server does.

    pub(super) fn write(&mut self, key: &str, live: bool) {
        let was_live = self.keys.get(key).is_some_and(|(_, live)| *live);
        if !live && !was_live {
            return;
        }
        self.revision += 1;
        let (revision, bucket) = (self.revision, self.bucket);
        self.keys.insert(key.into(), (revision, live));
        if !was_live {
            self.created.insert(key.into(), revision);
        }
        for wire in &mut self.wires {
            let is_wanted = match &wire.session {
                Some(session) => session.wants(key),
                None => wire.open && wire.filter.matches(key),
            };
            if is_wanted {
                wire.frames.push_back(Frame::Update(Payload {
                    key: key.into(),
                    revision,
                    live,
                    bucket,
                    replayed: false,
                }));
            }
        }
    }

    pub(super) fn put(&mut self, key: &str) {
        self.write(key, true);
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.write(key, false);
    }

    /// The bucket is deleted and created again while there is no connection; a feed can only know that of a
    /// bucket it has listed.
    pub(super) fn recreate(&mut self) {
        if self.wires.is_empty() && self.feed.resync.knows_bucket() {
            self.bucket += 1;
            self.revision = 0;
            self.listed_at = 0;
            self.pruned_to = 0;
            self.keys.clear();
        }
    }

    pub(super) fn live(&self) -> BTreeMap<String, u64> {
        let live = self.keys.iter().filter(|(_, (_, live))| *live);
        live.map(|(key, (revision, _))| (key.clone(), *revision))
            .collect()
    }

    /// The live keys that a listing has shown, and no frame is to bring.
    fn listed(&self) -> BTreeMap<String, u64> {
        let mut live = self.live();
        let on_its_way = |key: &str| {
            let mut frames = self.wires.iter().flat_map(|wire| &wire.frames);
            frames.any(|frame| matches!(frame, Frame::Update(change) if change.key == key))
        };
        live.retain(|key, revision| *revision <= self.listed_at && !on_its_way(key));
        live
    }

    pub(super) fn list(&self, filter: &Pattern) -> Vec<Key> {
        let mut live: Vec<_> = self.live().into_iter().collect();
        live.sort_by_cached_key(|(key, last)| {
            (self.order).place(
                key,
                *last,
                self.created[key],
                self.revision + self.wires.len() as u64,
            )
        });
        let matching = live.into_iter().filter(|(key, _)| filter.matches(key));
        matching.map(|(key, _)| Key::parse(&key).unwrap()).collect()
    }

    pub(super) fn then(&mut self, socket_event: impl FnOnce(&mut Feed<Payload>)) {
        socket_event(&mut self.feed);
        self.run();
    }

    /// Lets everything that is under way arrive, until nothing is.
    pub(super) fn settle(&mut self) {
        self.settle_failing(&|_| None);
        while self.fire(Timer::Fetch) {
            self.settle_failing(&|_| None);
        }
    }

    /// The same, where the server answers some requests with an error. A pause goes on in the end.
    pub(super) fn settle_failing(&mut self, fails: &dyn Fn(&Asked) -> Option<Error>) {
        while self.wait()
            || self.fire(Timer::Widen)
            || self.answer_probe(Ok(()))
            || self.open(0)
            || self.fail_if(fails)
            || self.answer(0)
            || self.serve(0)
            || self.deliver(0, false)
        {}
    }

    /// What a subscriber was delivered, in words.
    pub(super) fn delivered(&self, id: SubscriberId) -> Vec<String> {
        self.recorders[&id]
            .delivered
            .iter()
            .map(Delivery::in_words)
            .collect()
    }

    /// What a subscriber is delivered while something happens.
    pub(super) fn delivered_during(
        &mut self,
        id: SubscriberId,
        socket_event: impl FnOnce(&mut Self),
    ) -> Vec<String> {
        let before = self.recorders[&id].delivered.len();
        socket_event(self);
        self.delivered(id).split_off(before)
    }

    pub(super) fn states(&self, id: SubscriberId) -> &[WatchState] {
        &self.recorders[&id].states
    }

    pub(super) fn errors_of(&mut self, id: SubscriberId) -> &mut Vec<Error> {
        &mut self.recorders.get_mut(&id).unwrap().errors
    }

    pub(super) fn errors(&self, id: SubscriberId) -> Vec<String> {
        let errors = self.recorders[&id].errors.iter();
        errors
            .map(|error| concat(&[&*error.code(), if error.retryable() { "!" } else { "" }]))
            .collect()
    }

    /// Why it ended: none where it has not, else the code of the error, empty where there was none.
    pub(super) fn end(&self, id: SubscriberId) -> Option<String> {
        let recorder = self.recorders.get(&id).or(self.gone.get(&id))?;
        let ended = recorder.ended.as_ref()?;
        Some(
            ended
                .as_ref()
                .map_or(String::new(), |error| error.code().into_owned()),
        )
    }

    pub(super) fn run(&mut self) {
        loop {
            let actions = self.feed.take_actions();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                assert!(!self.ended, "{action:?} after the end");
                self.carry_out(action);
            }
        }
    }
}
