//! A timer of the platform.

use wasm_bindgen::prelude::*;

use crate::js::{self, Told};

/// Calls once, unless it is dropped before.
pub(super) struct Timeout {
    timer: JsValue,
    _callback: Closure<Told>,
}

impl Timeout {
    pub(super) fn start(milliseconds: f64, call: impl Fn() + 'static) -> Self {
        let callback = js::listener(move |_, _, _| call());
        Self {
            timer: js::start_timer(callback.as_ref(), milliseconds),
            _callback: callback,
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        js::stop_timer(&self.timer);
    }
}
