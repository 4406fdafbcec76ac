//! Page events: hidden, visible, offline, online.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::enums::PageKind;
use crate::ffi::{self, Listener};

/// An event of the page.
pub(crate) enum PageEvent {
    /// The network is back, or another one is used.
    Online,
    Hidden,
    /// The page is shown, after it was hidden for this many milliseconds.
    Visible(f64),
    Offline,
}

/// Listens to the page, where there is one, until it is dropped.
pub(crate) struct Page {
    listeners: JsValue,
    pub(crate) is_hidden: Rc<Cell<bool>>,
    pub(crate) is_offline: Rc<Cell<bool>>,
    _listener: Listener,
}

impl Page {
    pub(crate) fn listen(update: impl Fn(PageEvent) + 'static) -> Self {
        let (is_hidden, is_offline) = (Rc::<Cell<bool>>::default(), Rc::<Cell<bool>>::default());
        let (hidden, offline) = (Rc::clone(&is_hidden), Rc::clone(&is_offline));
        let listener = Listener::new(move |kind, ms, _| {
            let event = match PageKind::from_number(kind) {
                PageKind::Online => PageEvent::Online,
                PageKind::Hidden => PageEvent::Hidden,
                PageKind::Visible => PageEvent::Visible(ms),
                PageKind::Offline => PageEvent::Offline,
            };
            match event {
                PageEvent::Online => offline.set(false),
                PageEvent::Offline => offline.set(true),
                PageEvent::Hidden => hidden.set(true),
                PageEvent::Visible(_) => hidden.set(false),
            }
            update(event);
        });
        Self {
            // It dispatches what the page is like now.
            listeners: ffi::listen_to_page(listener.number()),
            is_hidden,
            is_offline,
            _listener: listener,
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        ffi::leave_page(&self.listeners);
    }
}
