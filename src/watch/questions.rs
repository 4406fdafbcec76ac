//! What a feed asks about its bucket, by the transport that operations go by.

use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use crate::error::Error;
use crate::feed::{Answer, Link, Survey, Ticket};
use crate::ffi::{Failure, Read};
use crate::kv::{Key, Pattern};
use crate::transport::{Limits, Operation, Transport};

/// What a feed has asked, and will be told.
enum Question {
    /// Whether the server answers for the bucket.
    Probe(Link),
    /// When the bucket was created; then, of which the pattern is, the live keys that match.
    Survey(Ticket, Pattern),
    /// The keys of a survey, with when the bucket was created.
    Surveyed(Ticket, String),
    /// The live keys that match.
    List(Ticket),
    /// A key's entry.
    Read(Ticket),
}

impl Driver {
    /// Whether the server answers for the bucket. It is asked once.
    pub(super) fn probe(self: &Rc<Self>, link: Link) {
        let operation = Operation::BucketInfo(self.bucket.clone());
        self.ask(operation, Question::Probe(link));
    }

    /// When the bucket was created, and its live keys that match.
    pub(super) fn survey(self: &Rc<Self>, ticket: Ticket, filter: Pattern) {
        let operation = Operation::BucketInfo(self.bucket.clone());
        self.ask(operation, Question::Survey(ticket, filter));
    }

    /// The live keys that match.
    pub(super) fn list(self: &Rc<Self>, ticket: Ticket, filter: &Pattern) {
        self.ask(self.listing(filter), Question::List(ticket));
    }

    /// A key's entry.
    pub(super) fn read(self: &Rc<Self>, ticket: Ticket, key: Key) {
        let operation = Operation::Get(self.bucket.clone(), key);
        self.ask(operation, Question::Read(ticket));
    }

    fn listing(&self, filter: &Pattern) -> Operation {
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        Operation::ListKeys(self.bucket.clone(), filter.cloned())
    }

    fn ask(self: &Rc<Self>, operation: Operation, question: Question) {
        let limits = Limits {
            once: matches!(question, Question::Probe(_)),
            ..self.limits()
        };
        let driver = Rc::clone(self);
        let done = move |outcome: Result<JsValue, Failure>| {
            let answer = outcome.map_err(|failure| match failure {
                Failure::Error(problem) => problem.error,
                _ => Error::RequestFailed("the request was aborted".into()),
            });
            driver.answered(question, answer);
        };
        self.transport.carry_out(operation, limits, Box::new(done));
    }

    /// Whether a handshake that failed is tried once more without the subprotocol.
    fn may_try_without_subprotocol(&self) -> bool {
        match &*self.transport {
            Transport::Http(http) => self.handshake.try_without(http.selects_subprotocol.get()),
            Transport::Memory(_) => false,
        }
    }

    fn answered(self: &Rc<Self>, question: Question, answer: Result<JsValue, Error>) {
        let answer = match (question, answer) {
            (Question::Probe(link), Ok(_)) if self.may_try_without_subprotocol() => {
                return self.tell(|feed| feed.retry_handshake(link));
            }
            (Question::Survey(ticket, filter), Ok(info)) => {
                let created = info.unchecked_ref::<Read>().created_at();
                return self.ask(self.listing(&filter), Question::Surveyed(ticket, created));
            }
            (question, answer) => (question, answer),
        };
        self.tell(|feed| match answer {
            (Question::Probe(link), answer) => feed.probed(link, answer.map(|_| ())),
            (Question::Surveyed(ticket, created), answer) => {
                let survey = |answer| Survey {
                    created,
                    keys: keys(answer),
                };
                feed.surveyed(ticket, answer.map(survey));
            }
            (Question::Survey(ticket, _), answer) => {
                feed.surveyed(ticket, answer.map(|_| Survey::default()));
            }
            (Question::List(ticket), answer) => feed.listed(ticket, answer.map(keys)),
            (Question::Read(ticket), answer) => feed.read(ticket, entry(answer)),
        });
    }

    /// As long as any other operation.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout_ms,
            signal: None,
            once: false,
        }
    }
}

/// What a feed takes for an entry: none where there is no such key.
fn entry(answer: Result<JsValue, Error>) -> Answer<JsValue> {
    match answer {
        Ok(entry) => {
            let revision = entry.unchecked_ref::<Read>().revision();
            Ok(Some((revision as u64, entry)))
        }
        Err(Error::Http { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those of a listing. A key that could not be read anyway is left out.
fn keys(listing: JsValue) -> Vec<Key> {
    let listing: Array = listing.unchecked_into();
    let mut keys = Vec::new();
    for at in 0..listing.length() {
        let key = listing.get(at);
        if let Ok(key) = Key::parse(&String::from(key.unchecked_ref::<JsString>())) {
            keys.push(key);
        }
    }
    keys
}
