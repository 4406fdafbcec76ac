//! What the page goes through: hidden, shown, offline, online.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::js;

/// What happens to a page.
pub(crate) enum PageEvent {
    Online,
    Hidden,
    /// It is shown again, after so many milliseconds.
    Visible(f64),
}

/// Listens to the page, where there is one, until it is dropped.
pub(crate) struct Page {
    stop: Function,
    _listener: Closure<dyn Fn(u8, f64)>,
}

impl Page {
    pub(crate) fn listen(tell: impl Fn(PageEvent) + 'static) -> Self {
        let listener: Closure<dyn Fn(u8, f64)> = Closure::wrap(Box::new(move |kind, ms| {
            tell(match kind {
                0 => PageEvent::Online,
                1 => PageEvent::Hidden,
                _ => PageEvent::Visible(ms),
            });
        }));
        Self {
            stop: js::listen_to_page(listener.as_ref().unchecked_ref()),
            _listener: listener,
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It removes listeners, and cannot fail.
        let _ = self.stop.call0(&JsValue::UNDEFINED);
    }
}
