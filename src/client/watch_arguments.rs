//! Reading what a caller passes to `watch`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::arguments;
use crate::config::from_js;
use crate::config::options::{OptionKind, OptionSpec, invalid};
use crate::error::Error;
use crate::ffi::{self, is_unset};
use crate::kv::Pattern;
use crate::text::concat;

/// The options of `watch()`, of which `view()` has the first.
const WATCH: &[OptionSpec] = &[
    ("key", OptionKind::Anything),
    ("initial", OptionKind::Bool),
    ("signal", OptionKind::Anything),
];

/// What is to be watched, and who is to hear of it.
#[derive(Clone)]
pub(super) struct WatchArguments {
    /// Undefined: whoever iterates.
    pub(super) callbacks: JsValue,
    pub(super) patterns: Vec<Pattern>,
    pub(super) initial: bool,
    pub(super) signal: Option<JsValue>,
}

impl WatchArguments {
    /// Reads `watch(callbacks, options)` or `watch(options)`.
    pub(super) fn read(first: &JsValue, second: &JsValue) -> Result<Self, Error> {
        if let Some(mistake) = ffi::callback_mistake(first, second) {
            return Err(Error::Validation(mistake));
        }
        let (callbacks, given) = match is_unset(second) && !ffi::has_callbacks(first) {
            true => (&JsValue::UNDEFINED, first),
            false => (first, second),
        };
        if !is_unset(callbacks) {
            check_callbacks(callbacks)?;
        }
        let options = from_js::options("", given, WATCH)?;
        Ok(Self {
            callbacks: if is_unset(callbacks) {
                JsValue::UNDEFINED
            } else {
                callbacks.clone()
            },
            patterns: patterns(given)?,
            initial: options.bool("initial").unwrap_or(false),
            signal: arguments::signal(given)?,
        })
    }

    /// Reads `view(options)`: what a view watches.
    pub(super) fn of_view(given: &JsValue) -> Result<Self, Error> {
        from_js::options("", given, &WATCH[..1])?;
        Ok(Self {
            callbacks: JsValue::UNDEFINED,
            patterns: patterns(given)?,
            initial: true,
            signal: None,
        })
    }

    /// The patterns for `listKeys`, which takes undefined for every key.
    pub(super) fn listed_patterns(&self) -> Array {
        let text = |pattern: &Pattern| match *pattern == Pattern::all() {
            true => JsValue::UNDEFINED,
            false => pattern.as_str().into(),
        };
        self.patterns.iter().map(text).collect()
    }

    /// Whether there is nothing to begin.
    pub(super) fn is_aborted(&self) -> bool {
        self.signal.as_ref().is_some_and(ffi::is_aborted)
    }
}

/// The option `key`.
fn patterns(given: &JsValue) -> Result<Vec<Pattern>, Error> {
    let key = from_js::member(given, "key")?;
    arguments::patterns(&key, "key")
}

fn check_callbacks(callbacks: &JsValue) -> Result<(), Error> {
    match ffi::unusable_callback(callbacks) {
        None => Ok(()),
        Some(name) if name.is_empty() => Err(invalid("callbacks", "an object")),
        Some(name) => Err(invalid(&concat(&["callbacks.", &name]), "a function")),
    }
}
