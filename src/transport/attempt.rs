//! The attempts at an operation: retries, deferred operations, the fallback.

use std::mem;
use std::rc::Rc;

use js_sys::Math;
use wasm_bindgen::prelude::*;

use super::keepalive::KeptAlive;
use super::refusal::{refusal, worse};
use super::write_id::{WRITE_ID_LIFETIME_MS, new_write_id};
use super::{Fallback, Http, Limits, Operation};
use crate::enums::RaceKind;
use crate::error::Error;
use crate::ffi::{self, Done, Failure, HttpResponse, OperationResult, RaceResult, Read};
use crate::text::concat;

impl Http {
    /// Carries an operation out. A reading, or a write with an id, that fails for reasons that may pass is
    /// tried again, as long as its time limit and its signal allow. What needs a feature is sent only once the server
    /// has announced it: before the server's first response, the bucket's info is read first.
    pub(super) fn carry_out(self: &Rc<Self>, operation: Operation, limits: Limits, done: Done) {
        let mut attempt = Attempt {
            http: Rc::clone(self),
            deferred: None,
            write_id: None,
            kept_alive: KeptAlive::new(&operation, &limits),
            operation,
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
}

/// One try at an operation, and all that another one needs.
struct Attempt {
    http: Rc<Http>,
    operation: Operation,
    /// What is sent after it, if the server announces what it needs.
    deferred: Option<Operation>,
    /// The id of a write that the server carries out once, the same for each attempt.
    write_id: Option<String>,
    /// Held for as long as it is in flight.
    #[expect(dead_code, reason = "held for its drop")]
    kept_alive: KeptAlive,
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
        let mut request = http.request(&self.operation);
        if self.write_id.is_none() && self.is_write_of_key() && http.takes_write_ids.get() {
            self.write_id = new_write_id();
        }
        request.write_id.clone_from(&self.write_id);
        request.keepalive = self.limits.keepalive;
        let headers = http.headers(credential);
        let (left, signal) = (self.left(), self.limits.signal());
        let (method, url) = (request.method, request.url.clone());
        let features = &http.features;
        ffi::exchange(&request, features, &headers, left, &signal, move |race| {
            self.spent_ms += race.elapsed_ms;
            self.http.takes_write_ids.set(race.takes_write_ids);
            let outcome = self.outcome(race.result, &url);
            self.finish(outcome, method, &url);
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

    /// Rejects a result of a server that ignored the feature: another revision than the requested one, or a
    /// write with a TTL that does not expire.
    fn checked(&self, value: JsValue) -> OperationResult {
        match self.operation {
            Operation::GetRevision(_, _, revision)
                if value.unchecked_ref::<Read>().revision() != revision as f64 =>
            {
                Err(Error::Unsupported("history").into())
            }
            Operation::Put { ttl: 1.., .. }
                if value.unchecked_ref::<Read>().expires_at().is_undefined() =>
            {
                Err(Error::Unsupported("key-ttl").into())
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
    fn finish(mut self: Box<Self>, outcome: OperationResult, method: &str, url: &str) {
        if let Some(delay) = self.delay(&outcome) {
            self.number += 1.0;
            if let Err(Failure::Error(problem)) = &outcome {
                let cause = problem.error.message();
                ffi::log_retry(&self.http.given, method, url, delay, self.number, &cause);
            }
            if let Some(fallback) = &self.http.fallback {
                fallback.note(&outcome);
            }
            if let Err(failure) = outcome
                && failure.is_refusal()
            {
                self.refusal = Some(failure);
            }
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

    const fn is_write_of_key(&self) -> bool {
        matches!(
            self.operation,
            Operation::Put { .. } | Operation::Remove { .. }
        )
    }

    /// Whether the server, as far as is known, carries it out once, however often it is sent.
    fn is_carried_out_once(&self) -> bool {
        self.write_id.is_some()
            && self.spent_ms < WRITE_ID_LIFETIME_MS
            && self.http.takes_write_ids.get()
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
            && (self.operation.is_read() || self.is_carried_out_once())
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
