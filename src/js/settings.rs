//! Options as the application gives them.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::entries_of;
use crate::error::Error;
use crate::options::{OPAQUE, Options, Setting};

/// An object of options.
pub(crate) fn options(path: &str, value: &JsValue) -> Result<Options, Error> {
    Options::of(path, setting(value, 0))
}

/// The value of an option; none where it is unset.
fn setting(value: &JsValue, depth: usize) -> Option<Setting> {
    if is_unset(value) {
        return None;
    }
    Some(if let Some(value) = value.as_bool() {
        Setting::Bool(value)
    } else if let Some(number) = value.as_f64() {
        Setting::Number(number)
    } else if let Some(text) = value.as_string() {
        Setting::Text(text)
    } else if value.is_object() && depth < DEEPEST {
        entries_of(value).map_or(Setting::Other, |entries| object(&entries, depth))
    } else {
        Setting::Other
    })
}

/// How deep options may lie within options.
const DEEPEST: usize = 3;

fn object(entries: &Array, depth: usize) -> Setting {
    let mut settings = Vec::new();
    for at in 0..entries.length() {
        let entry: Array = entries.get(at).unchecked_into();
        let name = entry.get(0).as_string().unwrap_or_default();
        // What is opaque is not looked into.
        let depth = match OPAQUE.contains(&&*name) {
            true => DEEPEST,
            false => depth + 1,
        };
        if let Some(value) = setting(&entry.get(1), depth) {
            settings.push((name, value));
        }
    }
    Setting::Object(settings)
}

/// Whether an option or argument counts as left out.
pub(crate) fn is_unset(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}
