//! What the network of a world does: it connects, delivers, loses, repeats and delays. `at` chooses among
//! what there is; each gives whether there was anything.

use super::super::{Change, Name, Survey, Timer};
use super::world::{Answered, Asked, Payload, Question, World};
use crate::error::Error;

impl World {
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
            let bucket = self.bucket;
            self.wires[at].frames.push_back(Payload {
                key,
                revision,
                live,
                bucket,
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
            let known = self.places.get(&frame.key);
            let change = Change {
                key: known.map_or(Name::Text(&frame.key), |place| Name::Place(*place)),
                revision: frame.revision,
                deleted: !frame.live,
                payload: frame.clone(),
            };
            if let Some(place) = self.feed.changed(link, change) {
                self.places.insert(frame.key.clone(), place);
            }
            if self.feed.take_forgotten() {
                self.places.clear();
            }
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
                Answered::Survey(Survey { created, keys })
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
                    };
                    (revision, payload)
                }))
            }
        };
        self.questions[at].answer = Some(answer);
        self.questions[at].answered_at = self.revision;
        true
    }

    /// What the server said arrives.
    pub(super) fn answer(&mut self, at: usize) -> bool {
        let Some(at) = choose(self.questions.iter().map(|q| q.answer.is_some()), at) else {
            return false;
        };
        let Question {
            ticket,
            answer,
            answered_at,
            ..
        } = self.questions.swap_remove(at);
        match answer.unwrap_or(Answered::Nothing) {
            Answered::Survey(survey) => {
                let surveying = self.feed.catch_up.is_surveying();
                self.feed.surveyed(ticket, Ok(survey));
                if surveying && !self.feed.catch_up.is_surveying() {
                    self.surveyed_at = answered_at;
                }
            }
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

    /// The server answers for the bucket, and another kind of handshake is tried.
    pub(super) fn retry_handshake(&mut self) {
        if let Some(link) = self.probe.take() {
            self.feed.retry_handshake(link);
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

    /// The connection stays up for a while.
    pub(super) fn stay_up(&mut self) -> bool {
        if !std::mem::take(&mut self.steady) {
            return false;
        }
        self.feed.timer(Timer::Steady);
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
fn choose(fits: impl Iterator<Item = bool>, at: usize) -> Option<usize> {
    let fitting: Vec<_> = fits
        .enumerate()
        .filter(|(_, fits)| *fits)
        .map(|(n, _)| n)
        .collect();
    (!fitting.is_empty()).then(|| fitting[at % fitting.len()])
}
