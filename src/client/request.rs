//! A request of an application, from its arguments to its settled promise. Every method that returns a promise
//! uses it.

use std::cell::Cell;
use std::rc::Rc;
use std::slice;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::entries::EntriesReader;
use super::pattern_hint::warn_of_partial_wildcard;
use super::sequence::Sequence;
use super::state::ClientState;
use crate::config::from_js::Arguments;
use crate::error::Error;
use crate::ffi::{self, Done, Failure, OperationResult, Subject};
use crate::kv::{BucketName, Precondition, Removal};
use crate::transport::Operation;

/// A method that executes one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiMethod {
    CreateBucket,
    DeleteBucket,
    ListBuckets,
    GetBucketInfo,
    Get,
    Find,
    History,
    Put,
    Create,
    Update,
    Delete,
    Purge,
    ListKeys,
    Entries,
}

impl ApiMethod {
    /// Its name in an error's context.
    const fn name(self) -> &'static str {
        match self {
            Self::CreateBucket => "createBucket",
            Self::DeleteBucket => "deleteBucket",
            Self::ListBuckets => "listBuckets",
            Self::GetBucketInfo => "getBucketInfo",
            Self::Get => "get",
            Self::Find => "find",
            Self::History => "history",
            Self::Put => "put",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Purge => "purge",
            Self::ListKeys => "listKeys",
            Self::Entries => "entries",
        }
    }
}

/// The arguments of a method.
pub(super) struct Call<'a> {
    /// The settings or name of a bucket, a key, or a pattern.
    pub(super) first: &'a JsValue,
    pub(super) value: &'a JsValue,
    pub(super) revision: &'a JsValue,
    /// The `RequestOptions`.
    pub(super) options: &'a JsValue,
    /// Whether the bucket is known to exist, for `find`.
    pub(super) exists: Option<&'a Rc<Cell<bool>>>,
}

impl<'a> Call<'a> {
    /// The arguments of a method that only has these.
    pub(super) const fn new(first: &'a JsValue, options: &'a JsValue) -> Self {
        Self {
            first,
            value: first,
            revision: first,
            options,
            exists: None,
        }
    }
}

/// A request, and the subject of its errors.
pub(super) struct Request {
    state: Rc<ClientState>,
    operation: &'static str,
    bucket: Option<BucketName>,
    /// The key as the caller wrote it.
    key: JsValue,
    /// Whether its errors are not reported to handlers, because it is a part of another request.
    quiet: bool,
    /// How values are decoded, as [`ffi::decode`] takes it.
    decode: Option<JsValue>,
}

impl Request {
    /// A request of a client, without a bucket.
    pub(super) fn new(state: &Rc<ClientState>, operation: &'static str) -> Self {
        Self {
            state: Rc::clone(state),
            operation,
            bucket: None,
            key: JsValue::UNDEFINED,
            quiet: false,
            decode: None,
        }
    }

    /// A request about a key of a bucket. `decode`: the handle's.
    pub(super) fn about(
        self,
        bucket: &BucketName,
        key: &JsValue,
        decode: Option<&JsValue>,
        quiet: bool,
    ) -> Self {
        Self {
            bucket: Some(bucket.clone()),
            key: key.clone(),
            quiet,
            decode: decode.cloned(),
            ..self
        }
    }

    /// Reads the arguments of a method, executes the operation, and returns its promise. Bad arguments
    /// also reject the promise.
    pub(super) fn send(mut self, method: ApiMethod, call: &Call<'_>) -> Promise {
        self.operation = method.name();
        let configured = self.state.configured();
        let default_ms = configured.as_ref().map_or(0, |now| now.config.timeout_ms);
        let given = Arguments::read(call.first, call.options);
        let options = arguments::request_options(&given, self.operation, default_ms);
        let operation = self.operation(method, &given, call);
        if self.bucket.is_none() {
            self.bucket = operation.as_ref().ok().and_then(Operation::names);
        }
        let prepared = configured.and_then(|configured| {
            let (mut operation, (limits, options)) = (operation?, options?);
            let given = arguments::revision_option(&options);
            operation = match (operation, given) {
                (Operation::Get(bucket, key), Some(revision)) => {
                    Operation::GetRevision(bucket, key, revision)
                }
                (operation, _) => operation,
            };
            if let Operation::Remove { revision, .. } = &mut operation {
                *revision = given;
            }
            if let Operation::Put { ttl, .. } = &mut operation {
                *ttl = arguments::ttl_option(&options);
            }
            Ok((configured, operation, limits))
        });
        if !matches!(
            method,
            ApiMethod::Get | ApiMethod::Find | ApiMethod::History | ApiMethod::Entries
        ) {
            self.decode = None;
        }
        let (configured, operation, limits) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.finished(Err(error.into())),
        };
        let patterns = match &operation {
            Operation::ListKeys(_, Some(pattern)) => slice::from_ref(pattern),
            Operation::Entries(_, patterns) => patterns,
            _ => &[],
        };
        for pattern in patterns {
            warn_of_partial_wildcard(&configured.given, pattern);
        }
        match configured.transport.try_sync(&operation, &limits) {
            Some(outcome) => self.finished(outcome),
            None => {
                let (promise, done) = self.pending();
                match operation {
                    Operation::Entries(bucket, patterns) => {
                        let sequence = Sequence::new(&configured.transport, limits);
                        EntriesReader::start(sequence, bucket, patterns, done);
                    }
                    operation => configured.transport.send(operation, limits, done),
                }
                promise
            }
        }
    }

    /// The validated operation of a method.
    fn operation(
        &self,
        method: ApiMethod,
        given: &Arguments,
        call: &Call<'_>,
    ) -> Result<Operation, Error> {
        let bucket = match (method, &self.bucket) {
            (ApiMethod::CreateBucket, _) => {
                let given = Arguments::read(&JsValue::UNDEFINED, call.first);
                let config = arguments::bucket_config(&given, "config")?;
                return Ok(Operation::CreateBucket(config));
            }
            (ApiMethod::ListBuckets, _) => return Ok(Operation::ListBuckets),
            (_, None) => arguments::bucket_name(given)?,
            (_, Some(bucket)) => bucket.clone(),
        };
        match method {
            ApiMethod::DeleteBucket => return Ok(Operation::DeleteBucket(bucket)),
            ApiMethod::GetBucketInfo => return Ok(Operation::BucketInfo(bucket)),
            ApiMethod::ListKeys => {
                let filter = arguments::filter(given)?;
                return Ok(Operation::ListKeys(bucket, filter));
            }
            ApiMethod::Entries => {
                let patterns = arguments::patterns(given.argument().as_ref(), "the filter")?;
                return Ok(Operation::Entries(bucket, patterns));
            }
            _ => {}
        }
        let key = arguments::key(given)?;
        let precondition = match method {
            ApiMethod::Get => return Ok(Operation::Get(bucket, key)),
            ApiMethod::History => return Ok(Operation::History(bucket, key)),
            ApiMethod::Find => {
                let exists = call.exists.cloned().unwrap_or_default();
                return Ok(Operation::Find(bucket, key, exists));
            }
            ApiMethod::Delete | ApiMethod::Purge => {
                return Ok(Operation::Remove {
                    bucket,
                    key,
                    removal: match method {
                        ApiMethod::Purge => Removal::Purge,
                        _ => Removal::Delete,
                    },
                    revision: None,
                });
            }
            ApiMethod::Create => Precondition::Absent,
            ApiMethod::Update => Precondition::Revision(arguments::revision(call.revision)?),
            _ => Precondition::None,
        };
        Ok(Operation::Put {
            bucket,
            key,
            body: arguments::body(call.first, call.value, self.decode.as_ref())?,
            precondition,
            ttl: 0,
        })
    }

    /// The promise of a request with a known result.
    fn finished(mut self, outcome: OperationResult) -> Promise {
        let outcome = self.decoded(outcome);
        if let Ok(value) = &outcome {
            self.succeeded();
            return Promise::resolve(value);
        }
        let (promise, done) = self.pending();
        done(outcome);
        promise
    }

    /// A promise, and the callback that settles it. A rejection is reported to every error handler.
    pub(super) fn pending(mut self) -> (Promise, Done) {
        let promise = ffi::new_promise();
        let pending = promise.clone();
        let done = move |outcome| {
            self.state.report_fallback(&self.subject());
            match self.decoded(outcome) {
                Ok(value) => {
                    self.succeeded();
                    ffi::settle(&pending, false, &value);
                }
                // Handlers are called only after the caller has the operation's promise.
                Err(failure) => ffi::later(Box::new(move || self.reject(&pending, failure))),
            }
        };
        (promise, Box::new(done))
    }

    fn decoded(&mut self, outcome: OperationResult) -> OperationResult {
        let mode = self.decode.take();
        match self.operation {
            // Only `modify` returns the revision of a marker.
            "delete" | "purge" => outcome.map(|_| JsValue::UNDEFINED),
            _ => outcome.and_then(|value| decoded(value, mode.as_ref())),
        }
    }

    fn succeeded(&self) {
        self.state.report_fallback(&self.subject());
        if let ("createBucket", Some(bucket)) = (self.operation, &self.bucket) {
            self.state.bucket_created(bucket);
        }
    }

    fn reject(&self, promise: &Promise, failure: Failure) {
        let quiet = self.quiet || matches!(failure, Failure::Aborted(_));
        let error = failure.into_js(self.subject());
        if !quiet {
            self.state.notify_handlers(&error, &self.subject());
        }
        ffi::settle(promise, true, &error);
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            operation: self.operation,
            bucket: self.bucket.as_deref(),
            key: &self.key,
        }
    }
}

/// Decodes a value. `decode`: as [`ffi::decode`] takes it.
pub(super) fn decoded(value: JsValue, decode: Option<&JsValue>) -> OperationResult {
    match decode {
        Some(mode) => ffi::decode(&value, mode).map_err(Failure::Thrown),
        None => Ok(value),
    }
}
