//! A world around a feed: a server with one bucket, connections that lose and repeat frames, answers
//! that take their time, and subscribers that note everything they are told.

use std::collections::{BTreeMap, VecDeque};

use super::super::{
    Action, Change, Event, Feed, Link, Settings, State, SubscriberId, Survey, Ticket, Timer,
};
use crate::config::{Attempts, Visibility};
use crate::error::Error;
use crate::kv::{Key, Pattern};

/// A change or an entry: all there is to know of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    key: String,
    revision: u64,
    live: bool,
}

/// What a subscriber was told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) live: bool,
    pub(super) resynced: bool,
    /// It came as an entry rather than as a change.
    pub(super) read: bool,
    /// Which of the buckets of this name it is of, as they follow one another.
    pub(super) bucket: u32,
}

#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) patterns: Vec<Pattern>,
    pub(super) initial: bool,
    pub(super) told: Vec<Told>,
    pub(super) states: Vec<State>,
    pub(super) errors: Vec<Error>,
    /// What the server held when it became ready: the live keys.
    pub(super) at_ready: Option<BTreeMap<String, u64>>,
    pub(super) ready_after: usize,
    pub(super) surveyed_at: u64,
    pub(super) ended: Option<Option<Error>>,
}

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) link: Link,
    pub(super) filter: Pattern,
    pub(super) open: bool,
    frames: VecDeque<Payload>,
}

#[derive(Debug)]
enum Asked {
    Survey(Pattern),
    List(Pattern),
    Read(Key),
}

#[derive(Debug)]
enum Answered {
    Survey(Survey),
    List(Vec<Key>),
    Read(Option<(u64, Payload)>),
    Nothing,
}

#[derive(Debug)]
struct Question {
    ticket: Ticket,
    asked: Asked,
    /// What the server said, when it was asked.
    answer: Option<Answered>,
}

pub(super) struct World {
    pub(super) feed: Feed<Payload>,
    /// Whether the server sends the current values first.
    pub(super) replays: bool,
    /// Which bucket of the name it is.
    pub(super) bucket: u32,
    revision: u64,
    /// The last revision of each key, and whether it is alive.
    pub(super) keys: BTreeMap<String, (u64, bool)>,
    pub(super) wires: Vec<Wire>,
    questions: Vec<Question>,
    pub(super) probe: Option<Link>,
    pub(super) backoff: Option<f64>,
    grace: bool,
    pub(super) recorders: BTreeMap<SubscriberId, Recorder>,
    pub(super) connects: usize,
    pub(super) reads: usize,
    pub(super) ended: bool,
    /// Whether a survey failed: keys that were never told of may go unnoticed then.
    pub(super) blind: bool,
    /// The bucket's revision when it was surveyed last.
    surveyed_at: u64,
}

pub(super) fn settings() -> Settings {
    let reconnect = Attempts {
        enabled: true,
        max_attempts: -1.0,
        initial: 10.0,
        max: 100.0,
        multiplier: 2.0,
    };
    let visibility = Visibility {
        pause_on_hidden: false,
        reconnect_on_visible: true,
    };
    Settings::of(reconnect, visibility)
}

pub(super) fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            feed: Feed::new(settings),
            replays: false,
            bucket: 1,
            revision: 0,
            keys: BTreeMap::new(),
            wires: Vec::new(),
            questions: Vec::new(),
            probe: None,
            backoff: None,
            grace: false,
            recorders: BTreeMap::new(),
            connects: 0,
            reads: 0,
            ended: false,
            blind: false,
            surveyed_at: 0,
        }
    }

    // What users do.

    pub(super) fn watch(&mut self, patterns: &[&str], initial: bool) -> SubscriberId {
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        let id = self.feed.subscribe(&patterns, initial);
        let recorder = Recorder {
            patterns,
            initial,
            ..Recorder::default()
        };
        self.recorders.insert(id, recorder);
        self.run();
        let told = &self.recorders[&id];
        assert!(
            told.told.is_empty() && told.states.is_empty(),
            "told before watch() returned"
        );
        self.feed.settled(id);
        self.run();
        id
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
        let revision = self.revision;
        self.keys.insert(key.into(), (revision, live));
        for wire in &mut self.wires {
            if wire.open && wire.filter.matches(key) {
                wire.frames.push_back(Payload {
                    key: key.into(),
                    revision,
                    live,
                });
            }
        }
    }

    pub(super) fn put(&mut self, key: &str) {
        self.write(key, true);
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.write(key, false);
    }

    /// The bucket is deleted and created again while nobody is connected; a feed can only know that of a
    /// bucket it has surveyed.
    pub(super) fn recreate(&mut self) {
        if self.wires.is_empty() && self.feed.catch_up.knows_bucket() {
            self.bucket += 1;
            self.revision = 0;
            self.keys.clear();
        }
    }

    pub(super) fn live(&self) -> BTreeMap<String, u64> {
        let live = self.keys.iter().filter(|(_, (_, live))| *live);
        live.map(|(key, (revision, _))| (key.clone(), *revision))
            .collect()
    }

    fn list(&self, filter: &Pattern) -> Vec<Key> {
        let mut live: Vec<_> = self.live().into_iter().collect();
        live.sort_by_key(|(_, revision)| *revision);
        let matching = live.into_iter().filter(|(key, _)| filter.matches(key));
        matching.map(|(key, _)| Key::parse(&key).unwrap()).collect()
    }

    // What the network does. `at` chooses among what there is.

    /// The server takes a handshake. False: there is none.
    pub(super) fn open(&mut self, at: usize) -> bool {
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
        let link = wire.link;
        for key in replayed {
            let (revision, live) = self.keys[&*key];
            let key = key.to_string();
            self.wires[at].frames.push_back(Payload {
                key,
                revision,
                live,
            });
        }
        self.feed.opened(link);
        self.run();
        true
    }

    /// A handshake fails, or a connection is cut with all that is on it.
    pub(super) fn cut(&mut self, at: usize, code: u16) -> bool {
        if self.wires.is_empty() {
            return false;
        }
        let wire = self.wires.swap_remove(at % self.wires.len());
        self.feed.closed(wire.link, code);
        self.run();
        true
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
            .map(|wire| wire.open && !wire.frames.is_empty());
        let Some(at) = choose(has_frames, at) else {
            return false;
        };
        let wire = &mut self.wires[at];
        let link = wire.link;
        let Some(frame) = wire.frames.pop_front() else {
            return false;
        };
        for _ in 0..1 + usize::from(twice) {
            self.feed.changed(
                link,
                Change {
                    key: &frame.key,
                    revision: frame.revision,
                    deleted: !frame.live,
                    payload: frame.clone(),
                },
            );
            self.run();
        }
        true
    }

    /// The server considers a question; what it says is on its way then.
    pub(super) fn consider(&mut self, at: usize) -> bool {
        let Some(at) = choose(self.questions.iter().map(|q| q.answer.is_none()), at) else {
            return false;
        };
        let answer = match &self.questions[at].asked {
            Asked::Survey(filter) => {
                let keys = self.list(filter);
                let created = self.bucket.to_string();
                self.surveyed_at = self.revision;
                Answered::Survey(Survey { created, keys })
            }
            Asked::List(filter) => Answered::List(self.list(filter)),
            Asked::Read(key) => {
                let live = self.keys.get(&**key).filter(|(_, live)| *live);
                Answered::Read(live.map(|&(revision, live)| {
                    let key = key.to_string();
                    (
                        revision,
                        Payload {
                            key,
                            revision,
                            live,
                        },
                    )
                }))
            }
        };
        self.questions[at].answer = Some(answer);
        true
    }

    /// What the server said arrives.
    pub(super) fn answer(&mut self, at: usize) -> bool {
        let Some(at) = choose(self.questions.iter().map(|q| q.answer.is_some()), at) else {
            return false;
        };
        let Question { ticket, answer, .. } = self.questions.swap_remove(at);
        match answer.unwrap_or(Answered::Nothing) {
            Answered::Survey(survey) => self.feed.surveyed(ticket, Ok(survey)),
            Answered::List(keys) => self.feed.listed(ticket, Ok(keys)),
            Answered::Read(entry) => self.feed.read(ticket, Ok(entry)),
            Answered::Nothing => {}
        }
        self.run();
        true
    }

    /// A question fails.
    pub(super) fn fail(&mut self, at: usize, error: Error) -> bool {
        if self.questions.is_empty() {
            return false;
        }
        let at = at % self.questions.len();
        let Question { ticket, asked, .. } = self.questions.swap_remove(at);
        match asked {
            Asked::Survey(_) => {
                self.blind = true;
                self.feed.surveyed(ticket, Err(error));
            }
            Asked::List(_) => self.feed.listed(ticket, Err(error)),
            Asked::Read(_) => self.feed.read(ticket, Err(error)),
        }
        self.run();
        true
    }

    pub(super) fn answer_probe(&mut self, answer: Result<(), Error>) -> bool {
        let Some(link) = self.probe.take() else {
            return false;
        };
        self.feed.probed(link, answer);
        self.run();
        true
    }

    pub(super) fn wait(&mut self) -> bool {
        if self.backoff.take().is_none() {
            return false;
        }
        self.feed.timer(Timer::Backoff);
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

    pub(super) fn then(&mut self, happening: impl FnOnce(&mut Feed<Payload>)) {
        happening(&mut self.feed);
        self.run();
    }

    /// Lets everything that is under way arrive, until nothing is.
    pub(super) fn settle(&mut self) {
        while self.wait()
            || self.answer_probe(Ok(()))
            || self.open(0)
            || self.consider(0)
            || self.answer(0)
            || self.deliver(0, false)
        {}
    }

    fn run(&mut self) {
        while let Some(action) = self.feed.next_action() {
            assert!(!self.ended, "{action:?} after the end");
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: Action<Payload>) {
        let mut ask = |ticket, asked| {
            self.questions.push(Question {
                ticket,
                asked,
                answer: None,
            });
        };
        match action {
            Action::Survey(ticket, filter) => ask(ticket, Asked::Survey(filter)),
            Action::List(ticket, filter) => ask(ticket, Asked::List(filter)),
            Action::Read(ticket, key) => {
                self.reads += 1;
                ask(ticket, Asked::Read(key));
            }
            Action::Connect(link, filter) => {
                self.connects += 1;
                self.wires.push(Wire {
                    link,
                    filter,
                    open: false,
                    frames: VecDeque::new(),
                });
            }
            Action::Disconnect(link) => self.wires.retain(|wire| wire.link != link),
            Action::Probe(link) => self.probe = Some(link),
            Action::SetTimer(Timer::Backoff, ms) => self.backoff = Some(ms),
            Action::SetTimer(Timer::Grace, _) => self.grace = true,
            Action::Tell(id, state) => {
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    assert_ne!(recorder.states.last(), Some(&state));
                    recorder.states.push(state);
                }
            }
            Action::Ready(id) => {
                let live = self.live();
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    assert!(recorder.at_ready.is_none(), "ready twice");
                    recorder.ready_after = recorder.told.len();
                    recorder.at_ready = Some(live);
                    recorder.surveyed_at = self.surveyed_at;
                }
            }
            Action::Report(error) => {
                for recorder in self.recorders.values_mut() {
                    recorder.errors.push(error.clone());
                }
            }
            Action::Deliver(to, event, resynced) => self.tell(&to, &event, resynced),
            Action::End(error) => {
                self.ended = true;
                self.wires.clear();
                self.questions.clear();
                self.probe = None;
                self.backoff = None;
                for recorder in self.recorders.values_mut() {
                    recorder.ended = Some(error.clone());
                }
            }
        }
    }

    fn tell(&mut self, to: &[SubscriberId], event: &Event<Payload>, resynced: bool) {
        let told = match event {
            Event::Change(payload) | Event::Entry(payload) => payload.clone(),
            Event::Gone(key, revision) => Payload {
                key: key.to_string(),
                revision: *revision,
                live: false,
            },
        };
        for id in to {
            if let Some(recorder) = self.recorders.get_mut(id) {
                recorder.told.push(Told {
                    key: told.key.clone(),
                    revision: told.revision,
                    live: told.live,
                    resynced,
                    read: matches!(event, Event::Entry(_)),
                    bucket: self.bucket,
                });
            }
        }
    }
}

/// The one of those that fit that `at` stands for.
fn choose(fits: impl Iterator<Item = bool>, at: usize) -> Option<usize> {
    let fitting: Vec<_> = fits
        .enumerate()
        .filter(|(_, fits)| *fits)
        .map(|(n, _)| n)
        .collect();
    (!fitting.is_empty()).then(|| fitting[at % fitting.len()])
}
