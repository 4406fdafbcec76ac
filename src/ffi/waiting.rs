//! Waiting for JavaScript: callbacks instead of futures, whose machinery would weigh more than all that
//! it carries here.

use wasm_bindgen::prelude::*;

use super::listeners::once;
use super::{Failure, begin_asking, begin_call, begin_exchange, begin_pause, queue};
use crate::error::Error;
use crate::kv::Precondition;

/// Does something in a later microtask.
pub(crate) fn later(task: Box<dyn FnOnce()>) {
    queue(once(Box::new(move |_, _, _| task())));
}

/// What an operation comes to.
pub(crate) type OperationResult = Result<JsValue, Failure>;

/// Whoever waits for it.
pub(crate) type Done = Box<dyn FnOnce(OperationResult)>;

/// How something ended that JavaScript did for us.
pub(crate) enum RaceResult {
    Answered(JsValue),
    Failed(JsValue),
    /// It failed once the server had begun to answer.
    Interrupted(JsValue),
    TimedOut,
    Aborted(JsValue),
    /// There is no `fetch`.
    NoFetch,
}

impl RaceResult {
    /// As `exchange.js` numbers them.
    fn of(kind: u32, value: JsValue) -> Self {
        match kind {
            0 => Self::Answered(value),
            2 => Self::TimedOut,
            3 => Self::Aborted(value),
            4 => Self::Interrupted(value),
            5 => Self::NoFetch,
            _ => Self::Failed(value),
        }
    }
}

impl RaceResult {
    /// What it comes to. `failed` says what an error means, and is told whether the server had begun to
    /// answer.
    pub(crate) fn outcome(
        self,
        timeout_ms: u32,
        failed: &dyn Fn(JsValue, bool) -> Failure,
    ) -> OperationResult {
        Err(match self {
            Self::Answered(value) => return Ok(value),
            Self::TimedOut => Error::Timeout { ms: timeout_ms }.into(),
            Self::Aborted(reason) => Failure::Aborted(reason),
            Self::NoFetch => Error::NoFetch.into(),
            Self::Failed(cause) => failed(cause, false),
            Self::Interrupted(cause) => failed(cause, true),
        })
    }
}

fn race_callback(then: impl FnOnce(RaceResult) + 'static) -> f64 {
    once(Box::new(move |kind, _, value| {
        then(RaceResult::of(kind, value))
    }))
}

/// A request, in numbers where JavaScript knows the words: strings are slow to hand over.
pub(crate) struct HttpRequest {
    pub(crate) method: HttpMethod,
    pub(crate) url: String,
    pub(crate) body: JsValue,
    pub(crate) content: BodyKind,
    pub(crate) condition: Precondition,
}

/// How a request asks, as `exchange.js` numbers it.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum HttpMethod {
    Get = 0,
    Put = 1,
    Post = 2,
    Delete = 3,
}

/// What a request carries, as `exchange.js` numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BodyKind {
    Nothing = 0,
    Bytes = 1,
    Json = 2,
}

impl From<u8> for BodyKind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Bytes,
            2 => Self::Json,
            _ => Self::Nothing,
        }
    }
}

/// Sends a request, with these headers, a plain object, beside its own, and reads the whole answer.
pub(crate) fn exchange(
    request: &HttpRequest,
    headers: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(RaceResult) + 'static,
) {
    let condition = match request.condition {
        Precondition::None => None,
        Precondition::Absent => Some(-1.0),
        Precondition::Revision(revision) => Some(revision as f64),
    };
    begin_exchange(
        request.method as u8,
        &request.url,
        headers,
        &request.body,
        request.content as u8,
        condition,
        milliseconds,
        signal,
        race_callback(then),
    );
}

/// Asks the application for a token.
pub(crate) fn ask_token(
    token: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(RaceResult) + 'static,
) {
    begin_asking(token, milliseconds, signal, race_callback(then));
}

/// Calls a function of the application, which may be async, in a later microtask.
pub(crate) fn call(
    function: &JsValue,
    argument: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(RaceResult) + 'static,
) {
    begin_call(
        function,
        argument,
        milliseconds,
        signal,
        race_callback(then),
    );
}

/// Waits, but not longer than until an abort.
pub(crate) fn pause(milliseconds: f64, signal: &JsValue, then: impl FnOnce() + 'static) {
    begin_pause(milliseconds, signal, race_callback(move |_| then()));
}
