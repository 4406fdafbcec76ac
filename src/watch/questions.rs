//! What a feed asks about its bucket, by the transport that operations go by.

use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::feed::{Link, Survey, Ticket};
use crate::error::Error;
use crate::js::{Failure, Read};
use crate::kv::{Key, Pattern};
use crate::transport::{Limits, Operation};

/// What is done with an answer.
type Then = Box<dyn FnOnce(&Rc<Driver>, Result<JsValue, Error>)>;

impl Driver {
    /// Whether the server answers for the bucket. It is asked once.
    pub(super) fn probe(self: &Rc<Self>, link: Link) {
        let then: Then = Box::new(move |driver, answer| {
            driver.tell(|feed| feed.probed(link, answer.map(|_| ())));
        });
        self.ask(Operation::BucketInfo(self.bucket.clone()), true, then);
    }

    /// When the bucket was created, and its live keys that match.
    pub(super) fn survey(self: &Rc<Self>, ticket: Ticket, filter: Pattern) {
        let then: Then = Box::new(move |driver, answer| match answer {
            Err(error) => driver.tell(|feed| feed.surveyed(ticket, Err(error))),
            Ok(info) => {
                let created = info.unchecked_ref::<Read>().created_at();
                let then: Then = Box::new(move |driver, answer| {
                    let survey = answer.map(|answer| Survey {
                        created,
                        keys: keys(answer),
                    });
                    driver.tell(|feed| feed.surveyed(ticket, survey));
                });
                driver.ask(driver.listing(&filter), false, then);
            }
        });
        self.ask(Operation::BucketInfo(self.bucket.clone()), false, then);
    }

    /// The live keys that match.
    pub(super) fn list(self: &Rc<Self>, ticket: Ticket, filter: &Pattern) {
        let then: Then = Box::new(move |driver, answer| {
            driver.tell(|feed| feed.listed(ticket, answer.map(keys)));
        });
        self.ask(self.listing(filter), false, then);
    }

    /// A key's entry.
    pub(super) fn read(self: &Rc<Self>, ticket: Ticket, key: Key) {
        let then: Then = Box::new(move |driver, answer| {
            let answer = match answer {
                Ok(entry) => {
                    let revision = entry.unchecked_ref::<Read>().revision();
                    Ok(Some((revision as u64, entry)))
                }
                Err(error) if error.status() == Some(404) => Ok(None),
                Err(error) => Err(error),
            };
            driver.tell(|feed| feed.read(ticket, answer));
        });
        self.ask(Operation::Get(self.bucket.clone(), key), false, then);
    }

    fn listing(&self, filter: &Pattern) -> Operation {
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        Operation::ListKeys(self.bucket.clone(), filter.cloned())
    }

    fn ask(self: &Rc<Self>, operation: Operation, once: bool, then: Then) {
        let limits = Limits {
            once,
            ..self.limits()
        };
        let driver = Rc::clone(self);
        let done = Box::new(move |outcome: Result<JsValue, Failure>| {
            let answer = outcome.map_err(|failure| match failure {
                Failure::Error(problem) => problem.error,
                _ => Error::RequestFailed("the request was aborted".into()),
            });
            then(&driver, answer);
        });
        self.transport.carry_out(operation, limits, done);
    }

    /// As long as any other operation.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout_ms,
            signal: JsValue::UNDEFINED,
            once: false,
        }
    }
}

/// Those of a listing. A key that could not be read anyway is left out.
fn keys(listing: JsValue) -> Vec<Key> {
    let listing: Array = listing.unchecked_into();
    let key = |at| {
        let key = listing.get(at);
        Key::parse(&String::from(key.unchecked_ref::<JsString>())).ok()
    };
    (0..listing.length()).filter_map(key).collect()
}
