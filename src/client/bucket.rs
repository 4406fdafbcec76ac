//! `BrowserKVBucketHandle`: keys.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::ironflow_client::to_js_error;
use super::modify::Modify;
use super::request::{ApiMethod, Call, Request};
use super::sequence::Sequence;
use super::state::ClientState;
use super::view::View;
use super::watch_arguments::WatchArguments;
use crate::config::from_js::Arguments;
use crate::error::Error;
use crate::ffi::{Done, Failure};
use crate::kv::BucketName;
use crate::text::concat;

/// A bucket's keys.
#[wasm_bindgen]
pub struct BrowserKVBucketHandle {
    state: Rc<ClientState>,
    name: BucketName,
    /// How values are decoded, for [`crate::ffi::decode`]; none: they stay base64.
    decode: Option<JsValue>,
    /// Whether its requests are parts of another operation: nothing is decoded, and no error is reported to handlers.
    quiet: bool,
    /// Whether `find` has learned that the bucket exists.
    exists: Rc<Cell<bool>>,
}

impl BrowserKVBucketHandle {
    pub(super) fn from_state(
        state: &Rc<ClientState>,
        name: &JsValue,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        let read = Arguments::read(name, options);
        Ok(Self {
            state: Rc::clone(state),
            name: arguments::bucket_name(&read).map_err(to_js_error)?,
            decode: arguments::decode(&read).map_err(to_js_error)?,
            quiet: false,
            exists: Rc::default(),
        })
    }

    fn send(&self, method: ApiMethod, call: &Call<'_>) -> Promise {
        let decode = self.decode.as_ref().filter(|_| !self.quiet);
        let request = Request::new(&self.state, "");
        let request = request.about(&self.name, call.first, decode, self.quiet);
        request.send(method, call)
    }

    /// A handle for the reads of a view, which are not decoded, and its `modify`.
    fn quiet(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
            name: self.name.clone(),
            decode: self.decode.clone(),
            quiet: true,
            exists: Rc::default(),
        }
    }

    /// Reads the arguments of `modify` and returns the function that starts it.
    fn modifying(
        &self,
        key: &JsValue,
        change: &JsValue,
        options: &JsValue,
    ) -> Result<impl FnOnce(Done) + use<>, Failure> {
        let configured = self.state.configured()?;
        let key_value = key.clone();
        let read = Arguments::read(key, options);
        let timeout_ms = configured.config.timeout_ms;
        let options = arguments::request_options(&read, "modify", timeout_ms);
        let key = arguments::key(&read)?;
        arguments::function(change, "the second argument")?;
        let (limits, options) = options?;
        let max_attempts = arguments::max_attempts(&options);
        let ttl = arguments::ttl_option(&options);
        limits.check()?;
        let (bucket, change, decode) = (self.name.clone(), change.clone(), self.decode.clone());
        Ok(move |done| {
            let modify = Modify {
                bucket,
                key,
                key_value,
                change,
                decode,
                sequence: Sequence::new(&configured.transport, limits),
                max_attempts,
                ttl,
                done,
            };
            modify.start();
        })
    }

    fn open_view(&self, options: &JsValue) -> Result<JsValue, Error> {
        let (bucket, decode) = (self.name.clone(), self.decode.clone());
        View::open(&self.state, bucket, decode, self.quiet().into(), options)
    }

    /// Identifies it among the handles of the client; never empty.
    pub(super) fn id(&self) -> String {
        let decode = self.decode.as_ref().and_then(JsValue::as_string);
        concat(&[&self.name, " ", &decode.unwrap_or_default()])
    }
}

#[wasm_bindgen]
impl BrowserKVBucketHandle {
    /// A handle with its own configuration.
    ///
    /// # Errors
    /// As `configure()`, and a `ValidationError` for an invalid bucket name.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &JsValue, config: &JsValue) -> Result<Self, JsValue> {
        let state = ClientState::new();
        state.configure(config).map_err(to_js_error)?;
        Self::from_state(&state, name, &JsValue::UNDEFINED)
    }

    /// The bucket's name.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        String::from(&*self.name)
    }

    /// Reads a key.
    pub fn get(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::Get, &Call::new(key, options))
    }

    /// Reads a key; undefined if it is missing or deleted.
    pub fn find(&self, key: &JsValue, options: &JsValue) -> Promise {
        let exists = Some(&self.exists);
        let call = Call::new(key, options);
        self.send(ApiMethod::Find, &Call { exists, ..call })
    }

    /// Every retained revision of a key, ascending.
    pub fn history(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::History, &Call::new(key, options))
    }

    /// The entries of all keys, or of those that match any of the patterns, in ascending order of revision.
    pub fn entries(&self, filter: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::Entries, &Call::new(filter, options))
    }

    /// Writes a key unconditionally.
    pub fn put(&self, key: &JsValue, value: &JsValue, options: &JsValue) -> Promise {
        let call = Call::new(key, options);
        self.send(ApiMethod::Put, &Call { value, ..call })
    }

    /// Writes a key that is missing or deleted.
    pub fn create(&self, key: &JsValue, value: &JsValue, options: &JsValue) -> Promise {
        let call = Call::new(key, options);
        self.send(ApiMethod::Create, &Call { value, ..call })
    }

    /// Writes a key if its last revision is still the given one.
    pub fn update(
        &self,
        key: &JsValue,
        value: &JsValue,
        revision: &JsValue,
        options: &JsValue,
    ) -> Promise {
        let call = Call {
            first: key,
            value,
            revision,
            options,
            exists: None,
        };
        self.send(ApiMethod::Update, &call)
    }

    /// Reads a key, calls a function with its entry, and writes what the function returns by
    /// compare-and-swap; retries after a conflict.
    pub fn modify(&self, key: &JsValue, change: &JsValue, options: &JsValue) -> Promise {
        let (promise, done) = Request::new(&self.state, "modify")
            .about(&self.name, key, None, false)
            .pending();
        match self.modifying(key, change, options) {
            Ok(begin) => begin(done),
            Err(failure) => done(Err(failure)),
        }
        promise
    }

    /// Deletes a key by writing a tombstone.
    pub fn delete(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::Delete, &Call::new(key, options))
    }

    /// Removes a key with its history.
    pub fn purge(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::Purge, &Call::new(key, options))
    }

    /// The live keys, all or those that match a pattern, in ascending order of last revision.
    #[wasm_bindgen(js_name = listKeys)]
    pub fn list_keys(&self, filter: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::ListKeys, &Call::new(filter, options))
    }

    /// Watches all keys or those that match. Passes the changes to callbacks, or to iterations over the
    /// returned watcher.
    ///
    /// # Errors
    /// A `ValidationError` for bad callbacks or options, a `NotConfiguredError` before `configure()`.
    pub fn watch(&self, callbacks: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
        WatchArguments::read(callbacks, options)
            .and_then(|arguments| {
                self.state
                    .watch(self.name.clone(), &arguments, self.decode.as_ref())
            })
            .map_err(to_js_error)
    }

    /// A live view of all keys, or of those that match.
    ///
    /// # Errors
    /// A `ValidationError` for bad options, a `NotConfiguredError` before `configure()`.
    pub fn view(&self, options: &JsValue) -> Result<JsValue, JsValue> {
        self.open_view(options).map_err(to_js_error)
    }
}
