//! Reads the arguments of `watch` and `view`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::arguments;
use crate::config::MAX_TIMEOUT_MS;
use crate::config::from_js::Arguments;
use crate::config::options::{OptionKind, OptionSpec, Options, unreadable};
use crate::error::Error;
use crate::ffi;
use crate::kv::Pattern;

/// The range of `maxStaleness`: a server is not probed more than about twice a second.
const STALENESS: OptionKind = OptionKind::NumberThat(
    "a number of milliseconds, 1000 or more and at most 2147483647",
    |n| (1000.0..=MAX_TIMEOUT_MS).contains(&n),
);

/// The options of `view()`.
const VIEW: &[OptionSpec] = &[
    ("key", OptionKind::Anything),
    ("maxStaleness", STALENESS),
    ("persist", OptionKind::Storage),
];

/// The options of `watch()`.
const WATCH: &[OptionSpec] = &[
    ("key", OptionKind::Anything),
    ("initial", OptionKind::Bool),
    ("maxStaleness", STALENESS),
    ("signal", OptionKind::Signal),
];

/// The arguments of a watch.
#[derive(Clone)]
pub(super) struct WatchArguments {
    /// Undefined: events go to iterations.
    pub(super) callbacks: JsValue,
    pub(super) patterns: Vec<Pattern>,
    pub(super) initial: bool,
    /// How old `freshAsOf` may become, in milliseconds.
    pub(super) max_staleness: Option<f64>,
    pub(super) signal: Option<JsValue>,
}

impl WatchArguments {
    /// Reads `watch(callbacks, options)` or `watch(options)`.
    pub(super) fn read(first: &JsValue, second: &JsValue) -> Result<Self, Error> {
        let read = ffi::read_watch(first, second).map_err(|message| match message.as_string() {
            Some(message) => Error::Validation(message),
            None => unreadable("callbacks"),
        })?;
        let options = Arguments::new(read).options("", WATCH)?;
        Ok(Self {
            callbacks: ffi::take_value(0),
            initial: options.bool("initial").unwrap_or(false),
            max_staleness: options.number("maxStaleness"),
            signal: arguments::signal(&options),
            patterns: patterns(&options)?,
        })
    }

    /// Reads `view(options)`: the arguments of a view's watch, and the storage; undefined: none.
    pub(super) fn of_view(given: &JsValue) -> Result<(Self, JsValue), Error> {
        let options = Arguments::read(&JsValue::UNDEFINED, given).options("", VIEW)?;
        let storage = options.position("persist").map(ffi::take_value);
        let arguments = Self {
            callbacks: JsValue::UNDEFINED,
            patterns: patterns(&options)?,
            initial: true,
            max_staleness: options.number("maxStaleness"),
            signal: None,
        };
        Ok((arguments, storage.unwrap_or_default()))
    }

    /// The patterns for `listKeys`, which takes undefined for every key.
    pub(super) fn listed_patterns(&self) -> Array {
        let text = |pattern: &Pattern| match *pattern == Pattern::all() {
            true => JsValue::UNDEFINED,
            false => pattern.as_str().into(),
        };
        self.patterns.iter().map(text).collect()
    }

    /// Whether the signal is already aborted.
    pub(super) fn is_aborted(&self) -> bool {
        self.signal.as_ref().is_some_and(ffi::is_aborted)
    }
}

/// The option `key`.
fn patterns(options: &Options) -> Result<Vec<Pattern>, Error> {
    arguments::patterns(options.find("key"), "key")
}
