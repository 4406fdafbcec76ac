//! Operations as HTTP requests.
//!
//! gloo-net makes the headers that all requests have. Requests are sent, and their answers read, by a few
//! lines of JavaScript (`exchange.js`). gloo-net's own `send` panics, and leaves its promise pending for
//! ever, when `fetch` rejects with something other than an `Error` or resolves to something other than a
//! `Response`, which an abort reason or an app's test double may well be. And a `Request` or `Headers` of
//! its own costs more than the rest of an operation: `fetch` makes them anyway.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_net::http::Headers;
use js_sys::Math;
use wasm_bindgen::prelude::*;

use super::credentials::Credentials;
use super::fallback::Fallback;
use super::operation::{Limits, Operation};
use super::path;
use crate::config::RetryPolicy;
use crate::error::Error;
use crate::js::{self, Answer, Content, Done, Ending, Failure, Method, Outcome, Problem, Request};
use crate::kv::{BucketName, Pattern, Precondition, Removal};
use crate::text::concat;

/// A server, and who asks it.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) server_url: String,
    pub(crate) environment: String,
    pub(crate) credentials: RefCell<Credentials>,
    /// How a failed reading is tried again.
    pub(crate) retry: RetryPolicy,
    /// Where to go on if the server cannot be reached, if anywhere.
    pub(crate) fallback: Option<Fallback>,
    /// The credential that was used last, and the headers with it.
    pub(crate) standing: RefCell<Option<(Option<String>, JsValue)>>,
}

/// Makes the value of an operation from its answer, undefined if it cannot be. None where any success
/// will do.
type Reader = Option<fn(&Answer) -> JsValue>;

impl Http {
    /// The address of a bucket's watch.
    pub(crate) fn watch_url(&self, bucket: &BucketName, filter: Option<&Pattern>) -> String {
        path::watch(&self.server_url, bucket, &self.environment, filter)
    }

    /// Carries an operation out. A reading that fails for reasons that may pass is tried again, as
    /// long as its time limit and its signal allow.
    pub(super) fn carry_out(self: &Rc<Self>, operation: Operation, limits: Limits, done: Done) {
        let attempt = Attempt {
            http: Rc::clone(self),
            operation,
            limits,
            done,
            started: js::now(),
            number: 1.0,
        };
        Box::new(attempt).begin();
    }

    /// Gets the credential to use now, asking the application anew if it is to be asked.
    pub(crate) fn credential(
        &self,
        limits: &Limits,
        left_ms: u32,
        then: Box<dyn FnOnce(Result<Option<String>, Failure>)>,
    ) {
        let credentials = self.credentials.borrow().clone();
        credentials.get(limits, left_ms, then);
    }

    /// The headers of every request, as a plain object.
    fn headers(&self, credential: Option<String>) -> JsValue {
        let mut standing = self.standing.borrow_mut();
        if let Some((known, headers)) = &*standing
            && *known == credential
        {
            return headers.clone();
        }
        let headers = Headers::new();
        headers.set("X-Ironflow-Environment", &self.environment);
        if let Some(credential) = &credential {
            headers.set("Authorization", &concat(&["Bearer ", credential]));
        }
        let headers = js::plain_headers(&headers.into_raw());
        standing.insert((credential, headers)).1.clone()
    }

    /// What an operation is as a request, and how its answer is read.
    fn request(&self, operation: &Operation) -> (Request, Reader) {
        let server = &self.server_url;
        let mut request = Request {
            method: Method::Get,
            url: String::new(),
            body: JsValue::UNDEFINED,
            content: Content::Nothing,
            condition: Precondition::None,
        };
        let reader: Reader = match operation {
            Operation::CreateBucket(config) => {
                request.method = Method::Post;
                request.url = path::buckets(server);
                request.content = Content::Json;
                request.body = js::write_bucket(
                    &config.name,
                    &config.description,
                    config.ttl_seconds as f64,
                    config.max_value_size as f64,
                    config.max_bytes as f64,
                    config.history as f64,
                );
                Some(js::read_bucket_info)
            }
            Operation::DeleteBucket(name) => {
                request.method = Method::Delete;
                request.url = path::bucket(server, name);
                None
            }
            Operation::ListBuckets => {
                request.url = path::buckets(server);
                Some(js::read_buckets)
            }
            Operation::BucketInfo(name) => {
                request.url = path::bucket(server, name);
                Some(js::read_bucket_info)
            }
            Operation::Get(bucket, key) => {
                request.url = path::key(server, bucket, key);
                Some(js::read_entry)
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
            } => {
                request.method = Method::Put;
                request.url = path::key(server, bucket, key);
                request.body.clone_from(&body.content);
                request.content = body.kind;
                request.condition = *precondition;
                Some(js::read_put_result)
            }
            Operation::Remove(bucket, key, removal) => {
                request.method = Method::Delete;
                request.url = path::key(server, bucket, key);
                if *removal == Removal::Purge {
                    request.url.push_str("?purge=true");
                }
                None
            }
            Operation::ListKeys(bucket, filter) => {
                request.url = path::keys(server, bucket, filter.as_ref());
                Some(js::read_keys)
            }
        };
        (request, reader)
    }
}

/// One try at an operation, and all that another one needs.
struct Attempt {
    http: Rc<Http>,
    operation: Operation,
    limits: Limits,
    done: Done,
    /// When the first began, by the monotonic clock, in milliseconds.
    started: f64,
    /// Which it is, from 1.
    number: f64,
}

impl Attempt {
    /// How many milliseconds are left, 1 at least.
    fn left(&self) -> u32 {
        self.left_or_none().max(1.0) as u32
    }

    fn left_or_none(&self) -> f64 {
        f64::from(self.limits.timeout_ms) - (js::now() - self.started)
    }

    fn begin(self: Box<Self>) {
        let http = Rc::clone(&self.http);
        let (limits, left) = (self.limits.clone(), self.left());
        http.credential(
            &limits,
            left,
            Box::new(move |credential| match credential {
                Ok(credential) => self.send(credential),
                Err(failure) => self.finish(Err(failure)),
            }),
        );
    }

    fn send(self: Box<Self>, credential: Option<String>) {
        let (request, reader) = self.http.request(&self.operation);
        let headers = self.http.headers(credential);
        let (left, signal) = (self.left(), self.limits.signal());
        js::exchange(&request, &headers, left, &signal, move |ending| {
            let outcome = self.read(ending, reader);
            self.finish(outcome);
        });
    }

    fn read(&self, ending: Ending, reader: Reader) -> Outcome {
        let server = &*self.http.server_url;
        let failed = |cause, cut| {
            let error = match cut {
                true => Error::Cut(concat(&["the connection to ", server, " was cut"])),
                false => Error::RequestFailed(concat(&[server, " cannot be reached"])),
            };
            Failure::caused(error, cause)
        };
        let answer = ending.outcome(self.limits.timeout_ms, &failed)?;
        read(answer.unchecked_ref(), reader)
    }

    /// Tries again, or is done.
    fn finish(mut self: Box<Self>, outcome: Outcome) {
        let retry = &self.http.retry;
        let wait = match &outcome {
            Err(Failure::Error(problem))
                if !self.limits.once
                    && self.operation.is_reading()
                    && problem.error.retryable()
                    && retry.allows_another(self.number) =>
            {
                retry.delay(self.number, problem.error.retry_after(), Math::random())
            }
            _ => None,
        };
        if let Some(wait) = wait.filter(|wait| *wait < self.left_or_none()) {
            self.number += 1.0;
            let signal = self.limits.signal();
            return js::pause(wait, &signal, move || match self.limits.check() {
                Ok(()) => self.begin(),
                Err(failure) => (self.done)(Err(failure)),
            });
        }
        let outcome = match &self.http.fallback {
            Some(fallback) => fallback.judge(&self.operation, outcome),
            None => outcome,
        };
        (self.done)(outcome);
    }
}

/// Reads an answer that arrived whole.
fn read(answer: &Answer, reader: Reader) -> Outcome {
    let status = answer.status();
    if (200..300).contains(&status) {
        let value = reader.map(|read| read(answer));
        return match value {
            Some(value) if value.is_undefined() => Err(Error::InvalidResponse { status }.into()),
            value => Ok(value.unwrap_or_default()),
        };
    }
    let refusal = js::read_refusal(answer);
    let mut message = refusal.words();
    if message.is_empty() {
        message.push_str("the request failed");
    }
    let error = Error::Http {
        status,
        message,
        retry_after: answer.retry_after(),
    };
    Err(Failure::Error(Box::new(Problem {
        error,
        details: refusal.details(),
        cause: JsValue::UNDEFINED,
    })))
}
