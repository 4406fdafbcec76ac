//! Operations as HTTP requests.
//!
//! Requests are sent, and their answers read, by a few lines of JavaScript (`fetch.js`, `exchange.js`).
//! gloo-net's own `send` panics, and leaves its promise pending for ever, when `fetch` rejects with
//! something other than an `Error` or resolves to something other than a `Response`, which an abort reason
//! or an app's test double may well be; its `Headers` write names in lower case, which apps' doubles of
//! `fetch` do not look up. It writes the queries (`path.rs`).

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;

use js_sys::Math;
use wasm_bindgen::prelude::*;

use super::credentials::{CredentialCallback, Credentials};
use super::fallback::Fallback;
use super::operation::{Limits, Operation};
use super::path;
use super::refusal::{refusal, worse};
use crate::config::RetryPolicy;
use crate::enums::{Expected, RaceKind};
use crate::error::Error;
use crate::ffi::{
    self, Done, Failure, Features, HttpRequest, HttpResponse, OperationResult, RaceResult, Read,
};
use crate::kv::{BucketName, Pattern, Precondition, Removal};
use crate::text::{concat, decimal};

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
    /// Those that the server has announced.
    pub(crate) features: Features,
    /// Whether the server selects the subprotocol of a watch, once a handshake has succeeded.
    pub(crate) selects_subprotocol: Cell<Option<bool>>,
    /// The credential that was used last, and the headers with it.
    pub(crate) cached_headers: RefCell<Option<(Option<String>, JsValue)>>,
}

impl Http {
    /// The address of a bucket's watch.
    pub(crate) fn watch_url(&self, bucket: &BucketName, filter: Option<&Pattern>) -> String {
        path::watch(&self.server_url, bucket, &self.environment, filter)
    }

    /// Carries an operation out. A reading that fails for reasons that may pass is tried again, as
    /// long as its time limit and its signal allow. What needs a feature is sent only once the server
    /// has announced it: before the server's first response, the bucket's info is read first.
    pub(super) fn carry_out(self: &Rc<Self>, operation: Operation, limits: Limits, done: Done) {
        let mut attempt = Attempt {
            http: Rc::clone(self),
            operation,
            deferred: None,
            limits,
            done,
            spent_ms: 0.0,
            number: 1.0,
            refusal: None,
        };
        if let Some((feature, bucket)) = attempt.operation.feature() {
            match self.features.has(feature, bucket) {
                Some(true) => {}
                Some(false) => return (attempt.done)(Err(Error::Unsupported(feature).into())),
                None => {
                    let info = Operation::BucketInfo(bucket.clone());
                    attempt.deferred = Some(mem::replace(&mut attempt.operation, info));
                }
            }
        }
        Box::new(attempt).begin();
    }

    /// Gets the credential to use now, asking the application anew if it is to be asked.
    pub(crate) fn credential(&self, limits: &Limits, left_ms: u32, then: CredentialCallback) {
        let credentials = self.credentials.borrow().clone();
        credentials.get(limits, left_ms, then);
    }

    /// The headers of every request, as a plain object.
    fn headers(&self, credential: Option<String>) -> JsValue {
        let mut cached_headers = self.cached_headers.borrow_mut();
        if let Some((known, headers)) = &*cached_headers
            && *known == credential
        {
            return headers.clone();
        }
        let headers = ffi::new_headers(&self.environment, credential.as_deref());
        cached_headers.insert((credential, headers)).1.clone()
    }

    /// What an operation is as a request.
    fn request(&self, operation: &Operation) -> HttpRequest {
        let server = &self.server_url;
        let mut request = HttpRequest {
            method: "GET",
            url: String::new(),
            body: JsValue::UNDEFINED,
            condition: Precondition::None,
            expected: Expected::Nothing,
            key: None,
        };
        match operation {
            Operation::CreateBucket(config) => {
                request.method = "POST";
                request.url = path::buckets(server);
                request.expected = Expected::BucketInfo;
                request.body = ffi::write_bucket(
                    &config.name,
                    &config.description,
                    config.ttl_seconds as f64,
                    config.max_value_size as f64,
                    config.max_bytes as f64,
                    config.history as f64,
                );
            }
            Operation::DeleteBucket(name) => {
                request.method = "DELETE";
                request.url = path::bucket(server, name);
            }
            Operation::ListBuckets => {
                request.url = path::buckets(server);
                request.expected = Expected::Buckets;
            }
            Operation::Connect => {
                request.url = path::buckets(server);
                request.expected = Expected::Connected;
            }
            Operation::BucketInfo(name) => {
                request.url = path::bucket(server, name);
                request.expected = Expected::BucketInfo;
            }
            Operation::Get(bucket, key)
            | Operation::Find(bucket, key, _)
            | Operation::GetRevision(bucket, key, _)
            | Operation::History(bucket, key) => {
                request.url = path::key(server, bucket, key);
                request.expected = Expected::Entry;
                request.key = Some(key.clone());
                match operation {
                    Operation::Find(..) => request.expected = Expected::Found,
                    Operation::GetRevision(.., revision) => {
                        request.url.push_str("?revision=");
                        request.url.push_str(&decimal(*revision));
                    }
                    Operation::History(..) => {
                        request.url.push_str("?history=true");
                        request.expected = Expected::History;
                    }
                    _ => {}
                }
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
            } => {
                request.method = "PUT";
                request.url = path::key(server, bucket, key);
                request.body.clone_from(body);
                request.condition = *precondition;
                request.expected = Expected::PutResult;
            }
            Operation::Remove {
                bucket,
                key,
                removal,
                revision,
            } => {
                let purge = *removal == Removal::Purge;
                if let Some(revision) = revision {
                    request.method = "POST";
                    request.url = path::remove(server, bucket);
                    request.body = ffi::write_removal(key, *revision as f64, purge);
                    request.expected = Expected::PutResult;
                } else {
                    request.method = "DELETE";
                    request.url = path::key(server, bucket, key);
                    if purge {
                        request.url.push_str("?purge=true");
                    }
                }
            }
            Operation::ListKeys(bucket, filter) => {
                request.url = path::keys(server, bucket, filter.as_ref());
                request.expected = Expected::Keys;
            }
            Operation::Entries(bucket, patterns) => {
                request.url = path::entries(server, bucket, patterns);
                request.expected = Expected::Entries;
            }
        }
        request
    }
}

/// One try at an operation, and all that another one needs.
struct Attempt {
    http: Rc<Http>,
    operation: Operation,
    /// What is sent after it, if the server announces what it needs.
    deferred: Option<Operation>,
    limits: Limits,
    done: Done,
    /// How many milliseconds have been spent on it so far.
    spent_ms: f64,
    /// Which it is, from 1.
    number: f64,
    /// The last answer of the server that was an error.
    refusal: Option<Failure>,
}

impl Attempt {
    /// How many milliseconds are left, 1 at least.
    fn left(&self) -> u32 {
        self.left_or_none().max(1.0) as u32
    }

    fn left_or_none(&self) -> f64 {
        f64::from(self.limits.timeout_ms) - self.spent_ms
    }

    fn begin(mut self: Box<Self>) {
        let http = Rc::clone(&self.http);
        let (limits, left) = (self.limits.clone(), self.left());
        http.credential(
            &limits,
            left,
            Box::new(move |credential, elapsed_ms| {
                self.spent_ms += elapsed_ms;
                match credential {
                    Ok(credential) => self.send(credential),
                    // Nothing was sent: it says nothing about the server.
                    Err(failure) => (self.done)(Err(failure)),
                }
            }),
        );
    }

    fn send(mut self: Box<Self>, credential: Option<String>) {
        let http = Rc::clone(&self.http);
        let request = http.request(&self.operation);
        let headers = http.headers(credential);
        let (left, signal) = (self.left(), self.limits.signal());
        let url = request.url.clone();
        let features = &http.features;
        ffi::exchange(&request, features, &headers, left, &signal, move |race| {
            self.spent_ms += race.elapsed_ms;
            let outcome = self.outcome(race.result, &url);
            self.finish(outcome);
        });
    }

    fn outcome(&self, result: RaceResult, url: &str) -> OperationResult {
        let end = match result {
            Ok(value) => return self.checked(value),
            Err(end) => end,
        };
        let server = &*self.http.server_url;
        let failed = |kind, value: JsValue| {
            let error = match kind {
                RaceKind::Refused => return self.refused(value.unchecked_ref(), url),
                RaceKind::Interrupted => {
                    Error::Interrupted(concat(&["the connection to ", server, " was cut"]))
                }
                _ => Error::RequestFailed(concat(&[server, " cannot be reached"])),
            };
            Failure::caused(error, value)
        };
        Err(end.failure(self.limits.timeout_ms, &failed))
    }

    /// Refuses another revision than the one asked for: the server does not know the query.
    fn checked(&self, value: JsValue) -> OperationResult {
        match self.operation {
            Operation::GetRevision(_, _, revision)
                if value.unchecked_ref::<Read>().revision() != revision as f64 =>
            {
                Err(Error::Unsupported("history").into())
            }
            _ => Ok(value),
        }
    }

    fn refused(&self, answer: &HttpResponse, url: &str) -> Failure {
        match (self.operation.feature(), answer.status()) {
            // Another server than the one that announced it, or another bucket of this name.
            (Some((feature, _)), 404 | 405) if !answer.announces() => {
                Error::Unsupported(feature).into()
            }
            (Some((feature, _)), 501) => Error::Unsupported(feature).into(),
            _ => refusal(answer, url),
        }
    }

    /// Retries, or is done.
    fn finish(mut self: Box<Self>, outcome: OperationResult) {
        if let Some(delay) = self.delay(&outcome) {
            if let Some(fallback) = &self.http.fallback {
                fallback.note(&outcome);
            }
            if let Err(failure) = outcome
                && failure.is_refusal()
            {
                self.refusal = Some(failure);
            }
            self.number += 1.0;
            let signal = self.limits.signal();
            return ffi::pause(delay, &signal, move |elapsed_ms| {
                self.spent_ms += elapsed_ms;
                match self.limits.check() {
                    Ok(()) => self.begin(),
                    Err(failure) => (self.done)(Err(failure)),
                }
            });
        }
        let outcome = outcome.map_err(|failure| worse(self.refusal.take(), failure));
        let outcome = match &self.http.fallback {
            Some(fallback) => fallback.apply_fallback(&self.operation, outcome),
            None => outcome,
        };
        match self.deferred.take() {
            Some(operation) => self.proceed(operation, outcome),
            None => self.conclude(outcome),
        }
    }

    /// Sends what was deferred until the bucket's info was read.
    fn proceed(mut self: Box<Self>, operation: Operation, info: OperationResult) {
        let memory = self.http.fallback.as_ref().and_then(Fallback::active);
        let outcome = match (memory, operation.feature()) {
            (Some(memory), _) => memory.carry_out(&operation),
            (None, Some((feature, bucket)))
                if self.http.features.has(feature, bucket) != Some(true) =>
            {
                info.and(Err(Error::Unsupported(feature).into()))
            }
            _ => {
                self.operation = operation;
                self.number = 1.0;
                return self.begin();
            }
        };
        (self.done)(outcome);
    }

    /// Is done. Where `Find` may miss the key or the bucket, the bucket's info says which.
    fn conclude(mut self: Box<Self>, outcome: OperationResult) {
        let done = self.done;
        let exists = match (&self.operation, &outcome) {
            (Operation::Find(.., exists), Ok(value)) if *value == JsValue::FALSE => exists.clone(),
            _ => return done(outcome),
        };
        let bucket = self.operation.bucket().filter(|_| !exists.get()).cloned();
        let Some(bucket) = bucket else {
            return done(Ok(JsValue::UNDEFINED));
        };
        self.operation = Operation::BucketInfo(bucket);
        self.number = 1.0;
        self.done = Box::new(move |info| {
            exists.set(info.is_ok());
            done(info.map(|_| JsValue::UNDEFINED));
        });
        self.begin();
    }

    /// How long to wait before another attempt, in milliseconds. None: there is none.
    fn delay(&self, outcome: &OperationResult) -> Option<f64> {
        let retry = &self.http.retry;
        let Err(Failure::Error(problem)) = outcome else {
            return None;
        };
        // A timeout has used up the whole time limit, though a timer may fire a moment early.
        let is_timeout = matches!(problem.error, Error::Timeout { .. });
        let another = !self.limits.once
            && self.operation.is_reading()
            && problem.error.retryable()
            && !is_timeout
            && retry.allows_another(self.number);
        if !another {
            return None;
        }
        let delay = retry.delay(self.number, problem.error.retry_after(), Math::random());
        delay.filter(|delay| *delay < self.left_or_none())
    }
}
