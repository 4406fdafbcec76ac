//! The JavaScript that a watch needs: sockets, timers, the page, watchers and views.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::Given;

#[wasm_bindgen(module = "/src/js/socket.js")]
extern "C" {
    /// The slots of a feed's keys: a known key need not be passed as text.
    pub(crate) type KeySlots;
    #[wasm_bindgen(js_name = newKeySlots)]
    pub(crate) fn new_key_slots() -> KeySlots;
    /// Stores the slot of an event's key.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn add(this: &KeySlots, event: &JsValue, slot: usize);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn clear(this: &KeySlots);
    /// The subprotocols to offer, one with the credential in unpadded base64url.
    pub(crate) fn protocols(credential: Option<&str>) -> Array;
}

#[wasm_bindgen(module = "/src/js/session.js")]
extern "C" {
    /// The sockets of a client's watches.
    #[derive(Clone)]
    pub(crate) type Session;
    /// How long the server may be silent, and how long it may take to give a sign of life, in milliseconds.
    #[wasm_bindgen(js_name = newSession)]
    pub(crate) fn new_session(heartbeat_ms: f64, timeout_ms: f64) -> Session;
    /// Whether a channel needs no handshake.
    #[wasm_bindgen(structural, method, getter, js_name = isOpen)]
    pub(crate) fn is_open(this: &Session) -> bool;
    /// Asks the server for a sign of life.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn check(this: &Session);
    /// Replaces the socket that channels share.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn replace(this: &Session);
    /// Opens a channel. The error is a message.
    #[wasm_bindgen(structural, method, catch)]
    pub(crate) fn open(
        this: &Session,
        url: &str,
        offered: &Array,
        bucket: &str,
        slots: &KeySlots,
        listener: f64,
    ) -> Result<Channel, JsValue>;

    /// A feed's way to the server.
    #[derive(Clone)]
    pub(crate) type Channel;
    /// Closes it: at once, or, if it is still connecting, when it is open.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn leave(this: &Channel, at_once: bool);
    /// Asks for a subscription. `after`: -1 for changes from now on.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn subscribe(
        this: &Channel,
        wire: u32,
        keys: &Array,
        after: f64,
        epoch: Option<&str>,
    );
    #[wasm_bindgen(structural, method)]
    pub(crate) fn unsubscribe(this: &Channel, wire: u32);
    /// A listing that was requested at this moment was complete.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn listed(this: &Channel, requested: &JsValue);
}

#[wasm_bindgen(module = "/src/js/clock.js")]
extern "C" {
    /// The current moment.
    pub(crate) fn mark() -> JsValue;
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
    #[wasm_bindgen(js_name = isMultiplexed)]
    pub(crate) fn is_multiplexed(server_url: &str) -> bool;
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
    /// Returns the function that unsubscribes.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn subscribe(this: &Connection, callback: &JsValue, logger: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/watch-arguments.js")]
extern "C" {
    /// Reads the arguments of `watch()`, as [`super::read_arguments`] does: the argument are the callbacks.
    /// The error is a message for the caller.
    #[wasm_bindgen(js_name = readWatch, catch)]
    pub(crate) fn read_watch(first: &JsValue, second: &JsValue) -> Result<String, JsValue>;
}

#[wasm_bindgen(module = "/src/js/watcher.js")]
extern "C" {
    /// A subscriber of a feed.
    #[derive(Clone)]
    pub(crate) type Subscriber;
    #[wasm_bindgen(js_name = newSubscriber)]
    pub(crate) fn new_subscriber(
        bucket: &str,
        callbacks: &JsValue,
        logger: &JsValue,
        decode: &JsValue,
        signal: &JsValue,
        connection: &Connection,
    ) -> Subscriber;
    /// Returns the application's watcher. The listener `leaving` is called when the watch ends.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn attach(this: &Subscriber, leaving: f64) -> JsValue;
    /// Gives the listener of `attach`, for another feed to take the subscriber.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn detach(this: &Subscriber) -> f64;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn reattach(this: &Subscriber, leaving: f64);
    /// Ends with an error.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn end(this: &Subscriber, error: &JsValue);
    #[wasm_bindgen(structural, method, js_name = attachAborted)]
    pub(crate) fn attach_aborted(this: &Subscriber) -> JsValue;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn close(this: &Subscriber);
}

#[wasm_bindgen(module = "/src/js/subscriber-set.js")]
extern "C" {
    /// The subscribers of a feed, by their ids.
    pub(crate) type SubscriberSet;
    #[wasm_bindgen(js_name = newSubscriberSet)]
    pub(crate) fn new_subscriber_set() -> SubscriberSet;
    #[wasm_bindgen(structural, method, getter)]
    pub(crate) fn size(this: &SubscriberSet) -> u32;
    /// Adds a subscriber; gives the stored entries that it begins with, as lines, or none
    /// if it stores nothing.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn add(this: &SubscriberSet, id: u32, subscriber: &Subscriber) -> Option<String>;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn take(this: &SubscriberSet, id: u32) -> Option<Subscriber>;
    /// Delivers an event to one subscriber; whether it cannot be decoded.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn deliver(this: &SubscriberSet, id: u32, event: &JsValue) -> bool;
    /// Delivers an event; whether any subscriber cannot decode it.
    #[wasm_bindgen(structural, method, js_name = deliverToAll)]
    pub(crate) fn deliver_to_all(this: &SubscriberSet, ids: &[u32], event: &JsValue) -> bool;
    /// Takes the errors of subscribers that could not decode an event.
    #[wasm_bindgen(structural, method, js_name = takeErrors)]
    pub(crate) fn take_errors(this: &SubscriberSet) -> Array;
    #[wasm_bindgen(structural, method, js_name = setState)]
    pub(crate) fn set_state(this: &SubscriberSet, id: u32, state: u8);
    /// What shows when a subscriber was fresh: a channel, true for now; undefined: nothing from now on.
    #[wasm_bindgen(structural, method, js_name = setSource)]
    pub(crate) fn set_source(this: &SubscriberSet, id: u32, source: &JsValue);
    /// So many initial entries come.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn expect(this: &SubscriberSet, id: u32, total: u32);
    /// It begins with its stored entries, or without them.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn resume(this: &SubscriberSet, id: u32, is_stored: bool);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn synced(this: &SubscriberSet, id: u32, epoch: &str, revision: f64);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn ready(this: &SubscriberSet, id: u32);
    #[wasm_bindgen(structural, method, js_name = failOne)]
    pub(crate) fn fail_one(this: &SubscriberSet, id: u32, error: &JsValue);
    #[wasm_bindgen(structural, method)]
    pub(crate) fn fail(this: &SubscriberSet, error: &JsValue);
    #[wasm_bindgen(structural, method, js_name = end)]
    pub(crate) fn end_all(this: &SubscriberSet, error: &JsValue);
}

#[wasm_bindgen(module = "/src/js/view.js")]
extern "C" {
    /// The keys of a view: a watch's callbacks.
    #[derive(Clone)]
    pub(crate) type ViewState;
    #[wasm_bindgen(js_name = newViewState)]
    pub(crate) fn new_view_state(
        bucket: JsValue,
        patterns: &Array,
        decode: JsValue,
        storage: JsValue,
        max_staleness: Option<f64>,
        listener: f64,
    ) -> ViewState;
    /// The callbacks of a new watch, which replace the previous ones; undefined until the storage was read.
    #[wasm_bindgen(structural, method, js_name = nextWatch)]
    pub(crate) fn next_watch(this: &ViewState, given: &Given, timeout_ms: u32) -> JsValue;
    /// Sets the watcher of the new watch.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn attach(this: &ViewState, watcher: &JsValue);
    /// The application's view.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn view(this: &ViewState) -> JsValue;
    #[wasm_bindgen(structural, method)]
    pub(crate) fn reset(this: &ViewState);
    /// Removes the entries.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn clear(this: &ViewState);
    /// Closes it permanently. Undefined: without an error.
    #[wasm_bindgen(structural, method)]
    pub(crate) fn close(this: &ViewState, error: &JsValue);
}
