//! Options as the application gives them.

use wasm_bindgen::prelude::*;

use js_sys::{Array, JsString, Reflect};

use crate::config::options::{Given, OptionSpec, Options, Setting, unreadable};
use crate::error::Error;
use crate::ffi::{copy_list, flatten, is_unset};

/// Reads an object of options; `path` names it in errors.
///
/// # Errors
/// As [`Options::read`].
pub(crate) fn options(path: &str, value: &JsValue, known: &[OptionSpec]) -> Result<Options, Error> {
    Options::read(path, given(value, known), known)
}

/// An object of options, by their paths. Of the members that it has from a class only those that are known.
pub(crate) fn given(value: &JsValue, known: &[OptionSpec]) -> Option<Given> {
    if is_unset(value) {
        return Some(Given::new());
    }
    let flat = flatten(value)?;
    let mut given = Given::new();
    let mut at = 0;
    while at < flat.length() {
        let mut path = flat.get(at).as_string().unwrap_or_default();
        let value = flat.get(at + 1);
        at += 2;
        if path.bytes().any(|byte| byte == b'?') {
            path.retain(|character| character != '?');
            if !known.iter().any(|(name, _)| *name == path) {
                continue;
            }
        }
        given.push((path, setting(&value)));
    }
    Some(given)
}

fn setting(value: &JsValue) -> Setting {
    if value.is_null() {
        Setting::Object
    } else if let Some(value) = value.as_bool() {
        Setting::Bool(value)
    } else if let Some(number) = value.as_f64() {
        Setting::Number(number)
    } else {
        value.as_string().map_or(Setting::Other, Setting::Text)
    }
}

/// A member of the caller's object; undefined where it is no object.
///
/// # Errors
/// [`Error::Validation`] where reading it throws.
pub(crate) fn member(object: &JsValue, name: &str) -> Result<JsValue, Error> {
    if !object.is_object() {
        return Ok(JsValue::UNDEFINED);
    }
    Reflect::get(object, &JsString::from(name)).map_err(|_| unreadable(name))
}

/// A copy of the caller's array; none where it is no array.
///
/// # Errors
/// [`Error::Validation`] where reading it throws.
pub(crate) fn list(value: &JsValue, name: &str) -> Result<Option<Array>, Error> {
    copy_list(value).map_err(|_| unreadable(name))
}
