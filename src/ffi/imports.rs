//! Imports from `src/js`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeError)]
    pub(super) fn make_error(
        class: u8,
        message: &str,
        code: &str,
        retryable: bool,
        status: Option<u16>,
        retry_after: Option<f64>,
        timeout_ms: Option<u32>,
        details: &JsValue,
        cause: &JsValue,
        operation: &str,
        bucket: Option<&str>,
        key: &JsValue,
    ) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/listeners.js")]
extern "C" {
    #[wasm_bindgen(js_name = openListeners)]
    pub(super) fn open_listeners(exports: &JsValue);
}

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    #[wasm_bindgen(js_name = entryEvent)]
    pub(crate) fn entry_event(entry: &JsValue, bucket: &JsValue) -> JsValue;
    /// The event of a deleted key. `milliseconds`: when, 0 where that is not known.
    #[wasm_bindgen(js_name = goneEvent)]
    pub(crate) fn gone_event(
        key: &str,
        revision: f64,
        bucket: &JsValue,
        milliseconds: f64,
        reason: Option<&str>,
    ) -> JsValue;
    /// The entry of a marker, in a history.
    #[wasm_bindgen(js_name = goneEntry)]
    pub(crate) fn gone_entry(
        key: &str,
        revision: f64,
        milliseconds: f64,
        reason: Option<&str>,
    ) -> JsValue;
    pub(crate) fn resynced(event: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = newBucketInfo)]
    pub(crate) fn new_bucket_info(
        name: &str,
        description: &str,
        ttl_seconds: f64,
        values: f64,
        bytes: f64,
        history: f64,
        milliseconds: f64,
    ) -> JsValue;
    /// A stored value, held by JavaScript.
    #[derive(Debug, Clone)]
    pub(crate) type Body;
    /// The number of its bytes.
    #[wasm_bindgen(structural, method, getter, catch)]
    pub(crate) fn size(this: &Body) -> Result<u32, JsValue>;
    #[wasm_bindgen(structural, method, catch)]
    pub(crate) fn entry(this: &Body, revision: f64, milliseconds: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(structural, method, catch)]
    pub(crate) fn event(
        this: &Body,
        revision: f64,
        bucket: &JsValue,
        milliseconds: f64,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn written(this: &Body, revision: f64, expires: f64, has_ttl: bool) -> JsValue;

    /// The newest of the entries of each key, ascending by revision.
    #[wasm_bindgen(js_name = newestEntries)]
    pub(crate) fn newest_entries(entries: &Array) -> JsValue;
    /// Puts the keys of several listings in their place, each once.
    #[wasm_bindgen(js_name = flattenListings)]
    pub(crate) fn flatten_listings(listings: &Array);

    /// Whether a value is the package's `KV_DELETE`.
    #[wasm_bindgen(js_name = isKvDelete)]
    pub(crate) fn is_kv_delete(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = newPutResult)]
    pub(crate) fn new_put_result(revision: f64) -> JsValue;

    #[wasm_bindgen(js_name = writeBucket)]
    pub(crate) fn write_bucket(
        name: &str,
        description: &str,
        ttl_seconds: f64,
        max_value_size: f64,
        max_bytes: f64,
        history: f64,
    ) -> JsValue;

    #[wasm_bindgen(js_name = writeRemoval)]
    pub(crate) fn write_removal(key: &str, revision: f64, purge: bool) -> JsValue;

    pub(crate) type Read;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn revision(this: &Read) -> f64;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn created_at(this: &Read) -> String;
    /// Which bucket of the name it is, where the server says so.
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn epoch(this: &Read) -> Option<String>;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn expires_at(this: &Read) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn key(this: &Read) -> String;

    /// An entry or event with its value decoded, as the mode says; or a `ValidationError`.
    #[wasm_bindgen(catch)]
    pub(crate) fn decode(stored: &JsValue, mode: &JsValue) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/js/responses.js")]
extern "C" {
    pub(crate) type Refusal;
    #[wasm_bindgen(js_name = readRefusal)]
    pub(crate) fn read_refusal(answer: &HttpResponse) -> Refusal;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn message(this: &Refusal) -> String;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn retryable(this: &Refusal) -> Option<bool>;
    /// In seconds.
    #[wasm_bindgen(structural, method, getter, js_name = retryAfter)]
    pub(crate) fn retry_after(this: &Refusal) -> Option<f64>;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn details(this: &Refusal) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/clock.js")]
extern "C" {
    /// Milliseconds since 1970, for timestamps; any number if the platform's clock fails.
    #[wasm_bindgen(js_name = wallClock)]
    pub(crate) fn wall_clock() -> f64;
    /// Milliseconds since an arbitrary moment, by a monotonic clock.
    pub(crate) fn now() -> f64;
}

#[wasm_bindgen(module = "/src/js/exchange.js")]
extern "C" {
    pub(super) fn queue(task: f64);
    /// The headers of every request, as a plain object.
    #[wasm_bindgen(js_name = newHeaders)]
    pub(crate) fn new_headers(environment: &str, credential: Option<&str>) -> JsValue;
    #[wasm_bindgen(js_name = exchange)]
    pub(super) fn begin_exchange(
        method: &str,
        url: &str,
        features: &Features,
        headers: &JsValue,
        body: &JsValue,
        condition: Option<f64>,
        write_id: Option<&str>,
        ttl: u32,
        keepalive: bool,
        expected: u8,
        key: Option<&str>,
        milliseconds: u32,
        signal: &JsValue,
        done: f64,
    );
    #[wasm_bindgen(js_name = askToken)]
    pub(super) fn begin_asking(token: &JsValue, milliseconds: u32, signal: &JsValue, done: f64);
    #[wasm_bindgen(js_name = callWith)]
    pub(super) fn begin_call(
        function: &JsValue,
        argument: &JsValue,
        milliseconds: u32,
        signal: &JsValue,
        done: f64,
    );
    #[wasm_bindgen(js_name = pause)]
    pub(super) fn begin_pause(milliseconds: f64, signal: &JsValue, done: f64);
    #[wasm_bindgen(js_name = isAborted)]
    pub(crate) fn is_aborted(signal: &JsValue) -> bool;
    #[wasm_bindgen(js_name = abortReason)]
    pub(crate) fn abort_reason(signal: &JsValue) -> JsValue;

    pub(crate) type HttpResponse;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn status(this: &HttpResponse) -> u16;
    /// The content type of an HTML page.
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn page(this: &HttpResponse) -> Option<String>;
    /// Whether the server announces features.
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn announces(this: &HttpResponse) -> bool;

    /// A promise that [`settle`] settles.
    #[wasm_bindgen(js_name = newPromise)]
    pub(crate) fn new_promise() -> js_sys::Promise;
    pub(crate) fn settle(promise: &js_sys::Promise, failed: bool, value: &JsValue);
}

#[wasm_bindgen(module = "/src/js/features.js")]
extern "C" {
    /// The known features of a server: none, unless its header is given.
    #[wasm_bindgen(js_name = newFeatures)]
    pub(crate) fn new_features(header: Option<&str>) -> Features;

    /// The features that a server announces, learned from its responses.
    #[derive(Debug)]
    pub(crate) type Features;
    /// Their names, a `Set`.
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn names(this: &Features) -> JsValue;
    /// Whether a bucket has a feature; none before the server's first response.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn has(this: &Features, feature: &str, bucket: &str) -> Option<bool>;
}

#[wasm_bindgen]
extern "C" {
    /// Fills a slice with random bytes. The error: the platform has none.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    pub(crate) fn get_random_values(bytes: &mut [u8]) -> Result<(), JsValue>;
}

#[wasm_bindgen(module = "/src/js/body.js")]
extern "C" {
    /// Encodes the value of a key. The error is a message for the caller.
    #[wasm_bindgen(js_name = encodeValue, catch)]
    pub(crate) fn encode_value(
        key: &JsValue,
        value: &JsValue,
        mode: &JsValue,
    ) -> Result<Body, JsValue>;
}

#[wasm_bindgen(module = "/src/js/handles.js")]
extern "C" {
    /// A client's bucket handles, held weakly.
    pub(crate) type Handles;
    #[wasm_bindgen(js_name = newHandles)]
    pub(crate) fn new_handles() -> Handles;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn find(this: &Handles, id: &str) -> JsValue;
    /// Adds and returns the handle.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn add(this: &Handles, id: &str, handle: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/client.js")]
extern "C" {
    pub(crate) fn log(logger: &JsValue, level: &str, message: &str, detail: &JsValue);
    /// Logs that a request is sent again after a delay.
    #[wasm_bindgen(js_name = logRetry)]
    pub(crate) fn log_retry(
        given: &Given,
        method: &str,
        url: &str,
        milliseconds: f64,
        attempt: f64,
        cause: &str,
    );
    /// Logs a warning once for each message and `given`.
    #[wasm_bindgen(js_name = warnOnce)]
    pub(crate) fn warn_once(given: &Given, message: &str);
    pub(crate) fn report(
        logger: &JsValue,
        handlers: &js_sys::Set,
        configured: &JsValue,
        error: &JsValue,
        operation: &str,
        bucket: Option<&str>,
        key: &JsValue,
    );
    pub(crate) fn subscribe(handlers: &js_sys::Set, handler: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = copyOptions, catch)]
    pub(crate) fn copy_options(options: &JsValue) -> Result<Given, JsValue>;
    #[wasm_bindgen(js_name = setAuth, catch)]
    pub(crate) fn set_auth(given: &Given, auth: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = resolveConfig)]
    pub(crate) fn resolve_config(given: &JsValue, resolved: &JsValue) -> JsValue;

    /// A copy of the options of a client, for the members that are not plain data.
    #[derive(Debug)]
    pub(crate) type Given;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn logger(this: &Given) -> JsValue;
    #[wasm_bindgen(structural, method, getter, js_name = onError)]
    pub(crate) fn on_error(this: &Given) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/settings.js")]
extern "C" {
    /// The kinds and names of an argument and of an object of options.
    #[wasm_bindgen(js_name = readArguments)]
    pub(crate) fn read_arguments(argument: &JsValue, options: &JsValue) -> String;
    /// Takes a value of what was read last: the argument is at 0, the first option at 1.
    #[wasm_bindgen(js_name = takeValue)]
    pub(crate) fn take_value(at: u32) -> JsValue;
    /// The same, as a number.
    #[wasm_bindgen(js_name = takeNumber)]
    pub(crate) fn take_number(at: u32) -> f64;
    /// The same, which is a string.
    #[wasm_bindgen(js_name = takeValue)]
    pub(crate) fn take_text(at: u32) -> String;
}
