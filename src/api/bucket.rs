//! `BrowserKVBucketHandle`: keys.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::client::thrown;
use super::state::{Context, State};
use super::watch_arguments::WatchArguments;
use crate::error::Error;
use crate::js::{self, Ending, Failure};
use crate::kv::{BucketName, Key, Precondition, Removal};
use crate::transport::Operation;

/// A bucket's keys.
#[wasm_bindgen]
pub struct BrowserKVBucketHandle {
    state: Rc<State>,
    name: BucketName,
    /// How values are decoded, for [`crate::js::decode`]; undefined where they stay base64.
    decode: JsValue,
    /// Whether error handlers hear nothing of its operations: those that are a part of another.
    quiet: bool,
}

impl BrowserKVBucketHandle {
    pub(super) fn of(
        state: &Rc<State>,
        name: &JsValue,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        Ok(Self {
            state: Rc::clone(state),
            name: arguments::bucket_name(name).map_err(thrown)?,
            decode: arguments::decode(options).map_err(thrown)?,
            quiet: false,
        })
    }

    fn run(
        &self,
        operation: &'static str,
        key: &JsValue,
        options: &JsValue,
        make: impl FnOnce(BucketName, Key) -> Result<Operation, Error>,
    ) -> Promise {
        let context = self.context(operation, key);
        let made = arguments::key(key).and_then(|key| make(self.name.clone(), key));
        self.state.run(context, options, made)
    }

    fn write(
        &self,
        operation: &'static str,
        key: &JsValue,
        value: &JsValue,
        precondition: Result<Precondition, Error>,
        options: &JsValue,
    ) -> Promise {
        self.run(operation, key, options, |bucket, key| {
            Ok(Operation::Put {
                bucket,
                key,
                body: arguments::body(value)?,
                precondition: precondition?,
            })
        })
    }

    /// A handle for operations that are a part of another.
    fn quiet(&self, decode: &JsValue) -> Self {
        Self {
            state: Rc::clone(&self.state),
            name: self.name.clone(),
            decode: decode.clone(),
            quiet: true,
        }
    }

    fn open_view(&self, options: &JsValue) -> Result<JsValue, Error> {
        let configured = self.state.configured()?;
        let arguments = WatchArguments::of_view(options)?;
        let replica = js::new_replica(
            self.quiet(&JsValue::UNDEFINED).into(),
            options,
            &configured.given.logger(),
            configured.config.timeout_ms,
        );
        let arguments = WatchArguments {
            callbacks: replica.clone().into(),
            ..arguments
        };
        let watcher = self
            .state
            .watch(self.name.clone(), &arguments, &self.decode)?;
        Ok(replica.attach(&watcher))
    }

    fn context(&self, operation: &'static str, key: &JsValue) -> Context {
        Context {
            operation,
            bucket: Some(self.name.clone()),
            key: key.clone(),
            quiet: self.quiet,
        }
    }
}

#[wasm_bindgen]
impl BrowserKVBucketHandle {
    /// A handle with a configuration of its own.
    ///
    /// # Errors
    /// As `configure()`, and a `ValidationError` for a name that no bucket can have.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &JsValue, config: &JsValue) -> Result<Self, JsValue> {
        let state = State::new();
        state.configure(config).map_err(thrown)?;
        Self::of(&state, name, &JsValue::UNDEFINED)
    }

    /// Reads a key.
    pub fn get(&self, key: &JsValue, options: &JsValue) -> Promise {
        let operation = arguments::key(key).map(|key| Operation::Get(self.name.clone(), key));
        let context = self.context("get", key);
        self.state.read(context, options, operation, &self.decode)
    }

    /// Writes a key, whatever it held.
    pub fn put(&self, key: &JsValue, value: &JsValue, options: &JsValue) -> Promise {
        self.write("put", key, value, Ok(Precondition::None), options)
    }

    /// Writes a key that holds nothing.
    pub fn create(&self, key: &JsValue, value: &JsValue, options: &JsValue) -> Promise {
        self.write("create", key, value, Ok(Precondition::Absent), options)
    }

    /// Writes a key whose last revision is still the one given.
    pub fn update(
        &self,
        key: &JsValue,
        value: &JsValue,
        revision: &JsValue,
        options: &JsValue,
    ) -> Promise {
        let precondition = arguments::revision(revision).map(Precondition::Revision);
        self.write("update", key, value, precondition, options)
    }

    /// Reads a key, calls a function with what it holds, and writes what that gives, again and again
    /// until nobody else writes in between.
    pub fn modify(&self, key: &JsValue, change: &JsValue, options: &JsValue) -> Promise {
        let quiet = self.quiet(&self.decode);
        self.state
            .promise(self.context("modify", key), |state, done| {
                let configured = state.configured()?;
                arguments::key(key)?;
                arguments::function(change, "the second argument")?;
                let (limits, max_attempts) =
                    arguments::modify_options(options, configured.config.timeout_ms)?;
                if let Err(failure) = limits.check() {
                    done(Err(failure));
                    return Ok(());
                }
                let (timeout_ms, signal) = (limits.timeout_ms, limits.signal.clone());
                let then = move |ending| {
                    done(match ending {
                        Ending::Answered(value) => Ok(value),
                        Ending::TimedOut => Err(limits.timed_out()),
                        Ending::Aborted(reason) => Err(Failure::Aborted(reason)),
                        Ending::Failed(error) | Ending::Cut(error) => Err(Failure::Thrown(error)),
                    });
                };
                js::modify(
                    quiet.into(),
                    key,
                    change,
                    max_attempts,
                    timeout_ms,
                    &signal,
                    then,
                );
                Ok(())
            })
    }

    /// Puts a tombstone on a key.
    pub fn delete(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.run("delete", key, options, |bucket, key| {
            Ok(Operation::Remove(bucket, key, Removal::Delete))
        })
    }

    /// Removes a key with its history.
    pub fn purge(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.run("purge", key, options, |bucket, key| {
            Ok(Operation::Remove(bucket, key, Removal::Purge))
        })
    }

    /// The live keys, all or those that match a pattern, in ascending order of last revision.
    #[wasm_bindgen(js_name = listKeys)]
    pub fn list_keys(&self, filter: &JsValue, options: &JsValue) -> Promise {
        let operation =
            arguments::filter(filter).map(|filter| Operation::ListKeys(self.name.clone(), filter));
        let context = self.context("listKeys", filter);
        self.state.run(context, options, operation)
    }

    /// Tells of every change, of all keys or those that match: by callbacks, or, without them, to whoever
    /// iterates over what this gives.
    ///
    /// # Errors
    /// A `ValidationError` for bad callbacks or options, a `NotConfiguredError` before `configure()`.
    pub fn watch(&self, callbacks: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
        WatchArguments::read(callbacks, options)
            .and_then(|arguments| {
                self.state
                    .watch(self.name.clone(), &arguments, &self.decode)
            })
            .map_err(thrown)
    }

    /// A live replica of all keys, or of those that match.
    ///
    /// # Errors
    /// A `ValidationError` for bad options, a `NotConfiguredError` before `configure()`.
    pub fn view(&self, options: &JsValue) -> Result<JsValue, JsValue> {
        self.open_view(options).map_err(thrown)
    }
}
