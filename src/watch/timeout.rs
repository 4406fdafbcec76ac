//! A timer of the platform.

use wasm_bindgen::prelude::*;

use crate::ffi::{self, Listener};

/// Calls once, unless it is dropped before.
pub(crate) struct Timeout {
    timer: JsValue,
    _listener: Listener,
}

impl Timeout {
    pub(crate) fn start(milliseconds: f64, call: impl Fn() + 'static) -> Self {
        let listener = Listener::new(move |_, _, _| call());
        Self {
            timer: ffi::start_timer(listener.number(), milliseconds),
            _listener: listener,
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        ffi::stop_timer(&self.timer);
    }
}
