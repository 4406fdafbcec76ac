//! What the page goes through: hidden, shown, offline, online.

use wasm_bindgen::prelude::*;

use crate::ffi::{self, Listener};

/// What happens to a page.
pub(crate) enum PageEvent {
    Online,
    Hidden,
    /// It is shown again, after so many milliseconds.
    Visible(f64),
}

/// Listens to the page, where there is one, until it is dropped.
pub(crate) struct Page {
    listeners: JsValue,
    _listener: Listener,
}

impl Page {
    pub(crate) fn listen(update: impl Fn(PageEvent) + 'static) -> Self {
        let listener = Listener::new(move |kind, ms, _| {
            update(match kind {
                0 => PageEvent::Online,
                1 => PageEvent::Hidden,
                _ => PageEvent::Visible(ms),
            });
        });
        Self {
            listeners: ffi::listen_to_page(listener.number()),
            _listener: listener,
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        ffi::leave_page(&self.listeners);
    }
}
