//! `modify`: optimistic read, change, compare-and-swap. After a conflict it backs off and retries from the read.

use std::rc::Rc;

use js_sys::{Math, Reflect};
use wasm_bindgen::prelude::*;

use super::arguments;
use super::request::decoded;
use super::sequence::Sequence;
use crate::config::RetryPolicy;
use crate::error::Error;
use crate::ffi::{self, Done, Failure, OperationResult, Read};
use crate::kv::{BucketName, Key, Precondition, Removal};
use crate::transport::Operation;

/// One operation of `modify` in progress.
pub(super) struct Modify {
    /// Its reads and writes.
    pub(super) sequence: Rc<Sequence>,
    pub(super) bucket: BucketName,
    pub(super) key: Key,
    /// The key as the caller passed it.
    pub(super) key_value: JsValue,
    /// The caller's function.
    pub(super) change: JsValue,
    /// As [`ffi::decode`] takes it.
    pub(super) decode: Option<JsValue>,
    /// The maximum number of attempts; infinity: no limit.
    pub(super) max_attempts: f64,
    /// The time to live of what it writes, in seconds; 0: none.
    pub(super) ttl: u32,
    pub(super) done: Done,
}

/// One attempt: a read, the caller's function, a write.
struct Attempt {
    modify: Modify,
    /// From 1.
    number: f64,
    /// When it began, by the monotonic clock.
    began: f64,
    /// The last conflict.
    conflict: Option<Failure>,
}

impl Modify {
    pub(super) fn start(self) {
        let began = self.sequence.started;
        let attempt = Attempt {
            modify: self,
            number: 1.0,
            began,
            conflict: None,
        };
        Box::new(attempt).read();
    }
}

impl Attempt {
    fn read(self: Box<Self>) {
        let modify = &self.modify;
        let operation = Operation::Get(modify.bucket.clone(), modify.key.clone());
        self.carry_out(operation, Self::change);
    }

    /// Calls the caller's function with the entry.
    fn change(self: Box<Self>, read: OperationResult) {
        let entry = match read {
            Ok(entry) => Some(entry),
            Err(failure) if failure.is_status(404) => None,
            Err(failure) => return self.finish(Err(failure)),
        };
        let revision = entry.as_ref().map(|entry| {
            let entry = entry.unchecked_ref::<Read>();
            entry.revision() as u64
        });
        let entry = match entry {
            Some(entry) => decoded(entry, self.modify.decode.as_ref()),
            None => Ok(JsValue::UNDEFINED),
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(failure) => return self.finish(Err(failure)),
        };
        let modify = &self.modify;
        let (function, signal) = (modify.change.clone(), modify.sequence.limits.signal());
        let left = modify.sequence.left().max(1.0) as u32;
        ffi::call(&function, &entry, left, &signal, move |race| {
            match race.result {
                Ok(value) => self.write(&value, revision),
                Err(end) => {
                    let timeout_ms = self.modify.sequence.limits.timeout_ms;
                    let failure = end.failure(timeout_ms, &|_, error| Failure::Thrown(error));
                    self.finish(Err(failure));
                }
            }
        });
    }

    fn write(self: Box<Self>, value: &JsValue, revision: Option<u64>) {
        if value.is_undefined() {
            let result = ffi::new_put_result(revision.unwrap_or(0) as f64);
            return self.finish(Ok(result));
        }
        let modify = &self.modify;
        if ffi::is_kv_delete(value) {
            let Some(revision) = revision else {
                return self.finish(Ok(ffi::new_put_result(0.0)));
            };
            let operation = Operation::Remove {
                bucket: modify.bucket.clone(),
                key: modify.key.clone(),
                removal: Removal::Delete,
                revision: Some(revision),
            };
            return self.carry_out(operation, Self::removed);
        }
        let body = match arguments::body(&modify.key_value, value, modify.decode.as_ref()) {
            Ok(body) => body,
            Err(error) => return self.finish(Err(error.into())),
        };
        let operation = Operation::Put {
            bucket: modify.bucket.clone(),
            key: modify.key.clone(),
            body,
            precondition: revision.map_or(Precondition::Absent, Precondition::Revision),
            ttl: modify.ttl,
        };
        self.carry_out(operation, Self::written);
    }

    /// As [`Self::written`]: another client may have deleted the key first.
    fn removed(self: Box<Self>, outcome: OperationResult) {
        match outcome {
            Err(failure) if failure.is_status(404) && self.number < self.modify.max_attempts => {
                self.back_off(failure);
            }
            outcome => self.written(outcome),
        }
    }

    /// Completes, or retries after a conflict.
    fn written(self: Box<Self>, outcome: OperationResult) {
        match outcome {
            Err(failure) if is_conflict(&failure) && self.number < self.modify.max_attempts => {
                self.back_off(failure);
            }
            outcome => self.finish(outcome),
        }
    }

    fn back_off(mut self: Box<Self>, conflict: Failure) {
        let policy = RetryPolicy::conflicts(ffi::now() - self.began);
        let delay = policy.backoff(self.number) * Math::random();
        let left = self.modify.sequence.left();
        let signal = self.modify.sequence.limits.signal();
        self.number += 1.0;
        self.conflict = Some(conflict);
        ffi::pause(delay.min(left.max(0.0)), &signal, move |_| {
            if let Err(failure) = self.modify.sequence.limits.check() {
                return self.finish(Err(failure));
            }
            if delay >= left {
                let ms = self.modify.sequence.limits.timeout_ms;
                return self.finish(Err(Error::Timeout { ms }.into()));
            }
            self.began = ffi::now();
            self.read();
        });
    }

    fn carry_out(self: Box<Self>, operation: Operation, then: fn(Box<Self>, OperationResult)) {
        let sequence = Rc::clone(&self.modify.sequence);
        sequence.carry_out(operation, Box::new(move |outcome| then(self, outcome)));
    }

    fn finish(self, mut outcome: OperationResult) {
        if let Err(Failure::Error(problem)) = &mut outcome
            && let Error::Timeout { .. } = problem.error
            && let Some(conflict) = self.conflict
        {
            problem.cause = conflict.into();
        }
        (self.modify.done)(outcome);
    }
}

/// Whether another client's write came first. Where the server does not know whether it was this one, that
/// arrived before, to apply the change again might apply it twice.
fn is_conflict(failure: &Failure) -> bool {
    let Failure::Error(problem) = failure else {
        return false;
    };
    let maybe_applied = Reflect::get(&problem.details, &"maybeApplied".into());
    failure.is_status(412) && !maybe_applied.is_ok_and(|applied| applied.is_truthy())
}
