//! The JavaScript that a watch needs: sockets, timers, the page, watchers and views.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/socket.js")]
extern "C" {
    /// Where a feed keeps keys: a key that it knows need not be handed over as text.
    pub(crate) type Places;
    #[wasm_bindgen(js_name = newPlaces)]
    pub(crate) fn new_places() -> Places;
    /// Notes the place of an event's key.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn add(this: &Places, event: &JsValue, place: usize);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn clear(this: &Places);
    /// The subprotocols to offer: with the credential, in unpadded base64url.
    pub(crate) fn protocols(credential: Option<&str>) -> Array;
    /// Opens a socket and listens to it. The error is a string that says why it cannot.
    #[wasm_bindgen(js_name = openSocket, catch)]
    pub(crate) fn open_socket(
        url: &str,
        offered: &Array,
        places: &Places,
        listener: f64,
    ) -> Result<web_sys::WebSocket, JsValue>;
    #[wasm_bindgen(js_name = leaveSocket)]
    pub(crate) fn leave_socket(socket: &web_sys::WebSocket, at_once: bool);
}

#[wasm_bindgen(module = "/src/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = startTimer)]
    pub(crate) fn start_timer(listener: f64, milliseconds: f64) -> JsValue;
    #[wasm_bindgen(js_name = stopTimer)]
    pub(crate) fn stop_timer(timer: &JsValue);
    #[wasm_bindgen(js_name = listenToPage)]
    pub(crate) fn listen_to_page(listener: f64) -> JsValue;
    #[wasm_bindgen(js_name = leavePage)]
    pub(crate) fn leave_page(listeners: &JsValue);
}

#[wasm_bindgen(module = "/src/js/connection.js")]
extern "C" {
    /// The connection state of a client, over all its watches.
    pub(crate) type Connection;
    #[wasm_bindgen(js_name = newConnection)]
    pub(crate) fn new_connection() -> Connection;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn state(this: &Connection) -> JsValue;
    #[wasm_bindgen(structural, method, js_name = setReached)]
    pub(crate) fn set_reached(this: &Connection, reached: bool);
    /// Gives the function that ends it.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn subscribe(this: &Connection, callback: &JsValue, logger: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/watcher.js")]
extern "C" {
    /// Whoever watches, as a feed sees it.
    #[derive(Clone)]
    pub(crate) type Subscriber;
    #[wasm_bindgen(js_name = newSubscriber)]
    pub(crate) fn new_subscriber(
        callbacks: &JsValue,
        logger: &JsValue,
        decode: &JsValue,
        signal: &JsValue,
        connection: &Connection,
    ) -> Subscriber;
    /// Whether it is an object with any of a watch's callbacks.
    #[wasm_bindgen(js_name = hasCallbacks)]
    pub(crate) fn has_callbacks(value: &JsValue) -> bool;
    /// What is wrong with the arguments of `watch()`, where they are like what it takes.
    #[wasm_bindgen(js_name = callbackMistake)]
    pub(crate) fn callback_mistake(callbacks: &JsValue, options: &JsValue) -> Option<String>;
    /// The callback that is no function, an empty name where there is no object for them.
    #[wasm_bindgen(js_name = unusableCallback)]
    pub(crate) fn unusable_callback(callbacks: &JsValue) -> Option<String>;
    /// Gives the application's side of it. `leaving` is told when it is over, whoever ends it.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn attach(this: &Subscriber, leaving: f64) -> JsValue;
    #[wasm_bindgen(structural, method, js_name = attachAborted)]
    pub(crate) fn attach_aborted(this: &Subscriber) -> JsValue;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn close(this: &Subscriber);

    /// The subscribers of a feed, by their ids.
    pub(crate) type Audience;
    #[wasm_bindgen(js_name = newAudience)]
    pub(crate) fn new_audience() -> Audience;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn size(this: &Audience) -> u32;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn add(this: &Audience, id: u32, subscriber: &Subscriber);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn take(this: &Audience, id: u32) -> Option<Subscriber>;
    /// Whether the event cannot be decoded.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn deliver(this: &Audience, id: u32, event: &JsValue) -> bool;
    /// Whether any of them cannot decode the event.
    #[wasm_bindgen(structural, method, js_name = deliverToAll)]
    pub(crate) fn deliver_to_all(this: &Audience, ids: &[u32], event: &JsValue) -> bool;
    /// Takes the errors of those that could not decode an event.
    #[wasm_bindgen(structural, method, js_name = takeErrors)]
    pub(crate) fn take_errors(this: &Audience) -> Array;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn tell(this: &Audience, id: u32, state: u8);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn ready(this: &Audience, id: u32);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn fail(this: &Audience, error: &JsValue);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn end(this: &Audience, error: &JsValue);
}

#[wasm_bindgen(module = "/src/js/view.js")]
extern "C" {
    /// The keys of a view: a watch's callbacks.
    #[derive(Clone)]
    pub(crate) type Replica;
    #[wasm_bindgen(js_name = newReplica)]
    pub(crate) fn new_replica(bucket: JsValue, patterns: &Array, listener: f64) -> Replica;
    /// The callbacks of a new watch, which replace those of the one before.
    #[wasm_bindgen(structural, method, js_name = nextWatch)]
    pub(crate) fn next_watch(this: &Replica, logger: &JsValue, timeout_ms: u32) -> JsValue;
    /// Takes the watcher of the new watch.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn attach(this: &Replica, watcher: &JsValue);
    /// The application's side of it.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn view(this: &Replica) -> JsValue;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn reset(this: &Replica);
    /// Lets go of the entries.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn clear(this: &Replica);
    /// Closes it for good. Undefined: not because of an error.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn close(this: &Replica, error: &JsValue);
}
