//! The requests of a feed, over the transport of the client's operations.

use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::runner::FeedRunner;
use crate::error::Error;
use crate::feed::{ConnectionId, ReadResult, RequestId, ResyncListing};
use crate::ffi::{self, Failure, Read};
use crate::kv::{Key, Pattern};
use crate::transport::{Limits, Operation, Transport};

/// A request of the feed.
enum Query {
    /// Whether the server answers for the bucket.
    Probe(ConnectionId),
    /// When the bucket was created; then, of which the pattern is, the live keys that match.
    ResyncListing(Listing, Pattern),
    /// The keys of a listing, with when the bucket was created.
    Surveyed(Listing, String),
    /// The live keys that match.
    List(RequestId),
    /// A key's entry.
    Read(RequestId),
}

/// A resync listing, and when it was requested.
struct Listing {
    connection_id: ConnectionId,
    request: RequestId,
    requested: JsValue,
}

impl FeedRunner {
    /// Whether the server answers for the bucket. It is asked once.
    pub(super) fn probe(self: &Rc<Self>, connection_id: ConnectionId) {
        let operation = Operation::BucketInfo(self.bucket.clone());
        self.send(operation, Query::Probe(connection_id));
    }

    /// When the bucket was created, and its live keys that match.
    pub(super) fn listing(
        self: &Rc<Self>,
        connection_id: ConnectionId,
        request: RequestId,
        filter: Pattern,
    ) {
        let listing = Listing {
            connection_id,
            request,
            requested: ffi::mark(),
        };
        let operation = Operation::BucketInfo(self.bucket.clone());
        self.send(operation, Query::ResyncListing(listing, filter));
    }

    /// The live keys that match.
    pub(super) fn list(self: &Rc<Self>, request: RequestId, filter: &Pattern) {
        self.send(self.list_operation(filter), Query::List(request));
    }

    /// A key's entry.
    pub(super) fn read(self: &Rc<Self>, request: RequestId, key: Key) {
        let operation = Operation::Get(self.bucket.clone(), key);
        self.send(operation, Query::Read(request));
    }

    fn list_operation(&self, filter: &Pattern) -> Operation {
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        Operation::ListKeys(self.bucket.clone(), filter.cloned())
    }

    fn send(self: &Rc<Self>, operation: Operation, query: Query) {
        let limits = Limits {
            // The feed retries its reads itself, and slows down meanwhile.
            once: matches!(query, Query::Probe(_) | Query::Read(_)),
            ..self.limits()
        };
        let runner = Rc::clone(self);
        let done = move |outcome: Result<JsValue, Failure>| {
            let answer = outcome.map_err(|failure| match failure {
                Failure::Error(problem) => problem.error,
                _ => Error::RequestFailed("the request was aborted".into()),
            });
            runner.on_response(query, answer);
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

    fn on_response(self: &Rc<Self>, query: Query, answer: Result<JsValue, Error>) {
        if let (Query::Surveyed(..) | Query::List(_), Transport::Http(http)) =
            (&query, &*self.transport)
            && ffi::is_multiplexed(&http.server_url)
        {
            self.feed.borrow_mut().set_multiplexed();
        }
        let answer = match (query, answer) {
            (Query::Probe(connection_id), Ok(_)) if self.may_try_without_subprotocol() => {
                return self.update(|feed| feed.retry_handshake(connection_id));
            }
            (Query::ResyncListing(listing, filter), Ok(info)) => {
                let info: &Read = info.unchecked_ref();
                let created = info.epoch().unwrap_or_else(|| info.created_at());
                return self.send(
                    self.list_operation(&filter),
                    Query::Surveyed(listing, created),
                );
            }
            (query, answer) => (query, answer),
        };
        if let (Query::Surveyed(listing, _), Ok(_)) = &answer
            && let Some(channel) = self.channel(listing.connection_id)
        {
            channel.listed(&listing.requested);
        }
        self.update(|feed| match answer {
            (Query::Probe(connection_id), answer) => feed.probed(connection_id, answer.map(|_| ())),
            (Query::Surveyed(listing, created), answer) => {
                let found = |answer| ResyncListing {
                    created,
                    keys: keys(answer),
                };
                feed.resync_listed(listing.request, answer.map(found));
            }
            (Query::ResyncListing(listing, _), answer) => {
                feed.resync_listed(listing.request, answer.map(|_| ResyncListing::default()));
            }
            (Query::List(request), answer) => feed.listed(request, answer.map(keys)),
            (Query::Read(request), answer) => feed.read(request, entry(answer)),
        });
    }

    /// As long as any other operation.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout_ms,
            signal: None,
            once: false,
            keepalive: false,
        }
    }
}

/// The result of a read: none for a missing key.
fn entry(answer: Result<JsValue, Error>) -> ReadResult<JsValue> {
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
pub(super) fn keys(listing: JsValue) -> Vec<Key> {
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
