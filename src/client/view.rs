//! Runs a view: opens its watch, and reopens it after a refusal or a change of the client.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Math;
use wasm_bindgen::prelude::*;

use super::state::ClientState;
use super::watch_arguments::WatchArguments;
use crate::config::RetryPolicy;
use crate::enums::ViewKind;
use crate::error::Error;
use crate::ffi::{self, Failure, Listener, Subject, ViewState};
use crate::kv::BucketName;
use crate::watch::Timeout;
use crate::watch::view_lifecycle::{CloseReason, Next, ViewEvent, ViewLifecycle};

/// A view that is not closed. The client's [`ClientState`] keeps it.
pub(super) struct View {
    state: Rc<ClientState>,
    bucket: BucketName,
    /// As [`ffi::decode`] takes it.
    decode: Option<JsValue>,
    arguments: WatchArguments,
    view_state: ViewState,
    lifecycle: RefCell<ViewLifecycle>,
    timer: RefCell<Option<Timeout>>,
    closed: Cell<bool>,
    _listener: Listener,
}

impl View {
    /// Opens a view. `reader`: the handle that the view reads with. `options`: as the caller gave them.
    pub(super) fn open(
        state: &Rc<ClientState>,
        bucket: BucketName,
        decode: Option<JsValue>,
        reader: JsValue,
        options: &JsValue,
    ) -> Result<JsValue, Error> {
        state.configured()?;
        let (arguments, storage) = WatchArguments::of_view(options)?;
        let patterns = arguments.listed_patterns();
        let view = Rc::new_cyclic(|view: &Weak<Self>| {
            let listening = Weak::clone(view);
            let listener = Listener::new(move |kind, number, value| {
                if let Some(view) = listening.upgrade() {
                    view.on_view_event(kind, number as u16, &value);
                }
            });
            let mode = decode.clone().unwrap_or_default();
            let view_state = ffi::new_view_state(
                reader,
                &patterns,
                mode,
                storage,
                arguments.max_staleness,
                listener.number(),
            );
            Self {
                state: Rc::clone(state),
                bucket,
                decode,
                arguments,
                view_state,
                lifecycle: RefCell::new(ViewLifecycle::new()),
                timer: RefCell::default(),
                closed: Cell::new(false),
                _listener: listener,
            }
        });
        state.add_view(&view);
        view.open_watch();
        Ok(view.view_state.view())
    }

    /// Whether the view is of this bucket.
    pub(super) fn is_of(&self, bucket: &BucketName) -> bool {
        self.bucket == *bucket
    }

    /// Reopens the watch after an event that may have fixed what closed it.
    pub(super) fn on_event(self: &Rc<Self>, event: ViewEvent) {
        let next = self.lifecycle.borrow_mut().on_event(event);
        self.carry_out(next);
    }

    /// Handles a new configuration of the client: ignores the old watch, which is about to end.
    pub(super) fn reset(&self) {
        self.timer.take();
        self.lifecycle.replace(ViewLifecycle::after_configure());
        self.view_state.reset();
    }

    /// Opens a watch with the client's configuration.
    pub(super) fn open_watch(self: &Rc<Self>) {
        self.timer.take();
        let Ok(configured) = self.state.configured() else {
            return;
        };
        if self.closed.get() {
            return;
        }
        self.lifecycle.borrow_mut().opened();
        let timeout_ms = configured.config.timeout_ms;
        let callbacks = self.view_state.next_watch(&configured.given, timeout_ms);
        if callbacks.is_undefined() {
            return;
        }
        let arguments = WatchArguments {
            callbacks,
            ..self.arguments.clone()
        };
        let (bucket, decode) = (self.bucket.clone(), self.decode.as_ref());
        if let Ok(watcher) = self.state.watch(bucket, &arguments, decode) {
            self.view_state.attach(&watcher);
        }
    }

    /// Closes the view permanently.
    pub(super) fn close(self: &Rc<Self>, error: &JsValue) {
        self.closed.set(true);
        self.timer.take();
        self.state.remove_view(self);
        self.view_state.close(error);
    }

    fn on_view_event(self: &Rc<Self>, kind: u32, status: u16, code: &JsValue) {
        match ViewKind::from_number(kind) {
            ViewKind::Loaded => self.open_watch(),
            ViewKind::Ready => self.lifecycle.borrow_mut().ready(),
            ViewKind::WatchEnded => {
                let reason = CloseReason::from_error(status, code.as_string().as_deref());
                let configured = self.state.configured();
                let reconnect = configured.is_ok_and(|c| c.config.reconnect.enabled);
                let next = self.lifecycle.borrow_mut().watch_closed(reason, reconnect);
                if self.lifecycle.borrow().drops_entries() {
                    self.view_state.clear();
                }
                self.carry_out(next);
            }
            ViewKind::Stopped => self.close(&JsValue::UNDEFINED),
        }
    }

    fn carry_out(self: &Rc<Self>, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Reopen => self.open_watch(),
            Next::Wait(ms) => {
                let view = Rc::downgrade(self);
                let timer = Timeout::start(ms * Math::random(), move || {
                    if let Some(view) = view.upgrade() {
                        view.on_event(ViewEvent::Timer);
                    }
                });
                self.timer.replace(Some(timer));
            }
            Next::Close => {
                let error = Error::ConnectionLost {
                    message: "the server has finished the watch (close code 1000)".into(),
                    retryable: false,
                };
                let error = Failure::from(error).into_js(Subject {
                    operation: "watch",
                    bucket: Some(&*self.bucket),
                    key: &JsValue::UNDEFINED,
                });
                self.close(&error);
            }
        }
    }
}

/// The delay before a view's nth listing, in milliseconds. `retry_after`: the server's `Retry-After` in
/// seconds. `listeners.js` calls this export by its name.
#[wasm_bindgen]
pub fn poll_delay(attempt: f64, retry_after: f64, random: f64) -> f64 {
    let delay = RetryPolicy::POLL.delay(attempt, Some(retry_after), random);
    // The view's timeout limits the attempts, not the policy.
    delay.unwrap_or(retry_after * 1000.0)
}
