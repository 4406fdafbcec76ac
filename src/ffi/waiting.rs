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
pub(crate) type Outcome = Result<JsValue, Failure>;

/// Whoever waits for it.
pub(crate) type Done = Box<dyn FnOnce(Outcome)>;

/// How something ended that JavaScript did for us.
pub(crate) enum Ending {
    Answered(JsValue),
    Failed(JsValue),
    /// It failed once the server had begun to answer.
    Cut(JsValue),
    TimedOut,
    Aborted(JsValue),
    /// There is no `fetch`.
    NoFetch,
}

impl Ending {
    /// As `exchange.js` numbers them.
    fn of(kind: u32, value: JsValue) -> Self {
        match kind {
            0 => Self::Answered(value),
            2 => Self::TimedOut,
            3 => Self::Aborted(value),
            4 => Self::Cut(value),
            5 => Self::NoFetch,
            _ => Self::Failed(value),
        }
    }
}

impl Ending {
    /// What it comes to. `failed` says what an error means, and is told whether the server had begun to
    /// answer.
    pub(crate) fn outcome(
        self,
        timeout_ms: u32,
        failed: &dyn Fn(JsValue, bool) -> Failure,
    ) -> Outcome {
        Err(match self {
            Self::Answered(value) => return Ok(value),
            Self::TimedOut => Error::Timeout { ms: timeout_ms }.into(),
            Self::Aborted(reason) => Failure::Aborted(reason),
            Self::NoFetch => Error::NoFetch.into(),
            Self::Failed(cause) => failed(cause, false),
            Self::Cut(cause) => failed(cause, true),
        })
    }
}

fn ending(then: impl FnOnce(Ending) + 'static) -> f64 {
    once(Box::new(move |kind, _, value| {
        then(Ending::of(kind, value))
    }))
}

/// A request, in numbers where JavaScript knows the words: strings are slow to hand over.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) body: JsValue,
    pub(crate) content: Content,
    pub(crate) condition: Precondition,
}

/// How a request asks, as `exchange.js` numbers it.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Method {
    Get = 0,
    Put = 1,
    Post = 2,
    Delete = 3,
}

/// What a request carries, as `exchange.js` numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Content {
    Nothing = 0,
    Bytes = 1,
    Json = 2,
}

impl From<u8> for Content {
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
    request: &Request,
    headers: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Ending) + 'static,
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
        ending(then),
    );
}

/// Asks the application for a token.
pub(crate) fn ask_token(
    token: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Ending) + 'static,
) {
    begin_asking(token, milliseconds, signal, ending(then));
}

/// Calls a function of the application, which may be async, in a later microtask.
pub(crate) fn call(
    function: &JsValue,
    argument: &JsValue,
    milliseconds: u32,
    signal: &JsValue,
    then: impl FnOnce(Ending) + 'static,
) {
    begin_call(function, argument, milliseconds, signal, ending(then));
}

/// Waits, but not longer than until an abort.
pub(crate) fn pause(milliseconds: f64, signal: &JsValue, then: impl FnOnce() + 'static) {
    begin_pause(milliseconds, signal, ending(move |_| then()));
}
