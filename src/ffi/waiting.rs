//! Asynchronous calls of JavaScript, with callbacks instead of futures, whose code would be larger than everything
//! that uses them here.

use wasm_bindgen::prelude::*;

use super::listeners::once;
use super::{Failure, Features, begin_asking, begin_call, begin_exchange, begin_pause, queue};
use crate::enums::{Expected, RaceKind};
use crate::error::Error;
use crate::kv::{Key, Precondition};

/// Calls a function in a later microtask.
pub(crate) fn later(task: Box<dyn FnOnce()>) {
    queue(once(Box::new(move |_, _, _| task())));
}

/// The result of an operation.
pub(crate) type OperationResult = Result<JsValue, Failure>;

/// The callback for the result of an operation.
pub(crate) type Done = Box<dyn FnOnce(OperationResult)>;

/// The result of a race in JavaScript: a value, or why there is none.
pub(crate) type RaceResult = Result<JsValue, RaceEnd>;

/// Why a race has no value.
pub(crate) struct RaceEnd {
    kind: RaceKind,
    value: JsValue,
}

/// The result of a race, and the milliseconds it took.
pub(crate) struct Race {
    pub(crate) result: RaceResult,
    pub(crate) elapsed_ms: f64,
    /// Of a request: whether the server has the feature `write-id`.
    pub(crate) takes_write_ids: bool,
}

impl RaceEnd {
    /// Converts it to a failure. `failed` converts an error, or, for a request, a response that is not its
    /// result.
    pub(crate) fn failure(
        self,
        timeout_ms: u32,
        failed: &dyn Fn(RaceKind, JsValue) -> Failure,
    ) -> Failure {
        match self.kind {
            RaceKind::TimedOut => Error::Timeout { ms: timeout_ms }.into(),
            RaceKind::Aborted => Failure::Aborted(self.value),
            RaceKind::NoFetch => Error::NoFetch.into(),
            kind => failed(kind, self.value),
        }
    }
}

/// Added to the kind of a race whose request went to a server with the feature `write-id`.
const TAKES_WRITE_IDS: u32 = 16;

fn race_callback(then: impl FnOnce(Race) + 'static) -> f64 {
    once(Box::new(move |kind, elapsed_ms, value| {
        let result = match RaceKind::from_number(kind % TAKES_WRITE_IDS) {
            RaceKind::Resolved => Ok(value),
            kind => Err(RaceEnd { kind, value }),
        };
        then(Race {
            result,
            elapsed_ms,
            takes_write_ids: kind >= TAKES_WRITE_IDS,
        });
    }))
}

/// A request, without its sender and timeout.
pub(crate) struct HttpRequest {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    /// Undefined: no body.
    pub(crate) body: JsValue,
    pub(crate) condition: Precondition,
    pub(crate) expected: Expected,
    /// The requested key.
    pub(crate) key: Option<Key>,
    pub(crate) write_id: Option<String>,
    /// The time to live of the written value, in seconds; 0: none.
    pub(crate) ttl: u32,
    /// Whether it outlives its page.
    pub(crate) keepalive: bool,
}

/// Sends a request, with these headers, a plain object, beside its own, and reads the whole answer, from
/// which `features` learns: what it resolves to is the result of the request, null for none.
pub(crate) fn exchange(
    request: &HttpRequest,
    features: &Features,
    headers: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Race) + 'static,
) {
    let condition = match request.condition {
        Precondition::None => None,
        Precondition::Absent => Some(-1.0),
        Precondition::Revision(revision) => Some(revision as f64),
    };
    begin_exchange(
        request.method,
        &request.url,
        features,
        headers,
        &request.body,
        condition,
        request.write_id.as_deref(),
        request.ttl,
        request.keepalive,
        request.expected as u8,
        request.key.as_deref(),
        milliseconds,
        signal,
        race_callback(then),
    );
}

/// Calls the application's token function.
pub(crate) fn ask_token(
    token: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Race) + 'static,
) {
    begin_asking(token, milliseconds, signal, race_callback(then));
}

/// Calls a function of the application, which may be async, in a later microtask.
pub(crate) fn call(
    function: &JsValue,
    argument: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Race) + 'static,
) {
    begin_call(
        function,
        argument,
        milliseconds,
        signal,
        race_callback(then),
    );
}

/// Waits for a delay or an abort. Passes the elapsed milliseconds to `then`.
pub(crate) fn pause(milliseconds: f64, signal: &JsValue, then: impl FnOnce(f64) + 'static) {
    begin_pause(
        milliseconds,
        signal,
        once(Box::new(move |_, elapsed_ms, _| then(elapsed_ms))),
    );
}
