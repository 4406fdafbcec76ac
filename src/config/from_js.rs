//! What the application passes in, as `settings.js` reads it.

use wasm_bindgen::prelude::*;

use crate::config::options::{OptionSpec, Options, Setting, ill_formed, invalid};
use crate::enums::SettingKind;
use crate::error::Error;
use crate::ffi::{read_arguments, take_number, take_text};

/// An argument and an object of options, each read once.
pub(crate) struct Arguments {
    text: String,
    /// Where the options end in it.
    end: usize,
}

impl Arguments {
    /// Reads an argument and an object of options. What is neither text nor number is to be taken before
    /// anything else is read.
    pub(crate) fn read(argument: &JsValue, options: &JsValue) -> Self {
        Self::new(read_arguments(argument, options))
    }

    /// Those that [`read_arguments`] has written.
    pub(crate) fn new(text: String) -> Self {
        let mut pairs = text.as_bytes().windows(2);
        let end = pairs.position(|pair| pair == b"\n\n").unwrap_or_default();
        Self { text, end }
    }

    /// Whether the argument is undefined or null.
    pub(crate) fn is_unset(&self) -> bool {
        matches!(kind_of(self.rest()).0, SettingKind::Unset)
    }

    /// The argument, if it is not undefined or null.
    pub(crate) fn argument(&self) -> Option<Setting> {
        let (kind, _) = kind_of(self.rest());
        (!self.is_unset()).then(|| setting(kind, 0))
    }

    /// The argument, a string; `what` names it in errors.
    pub(crate) fn text(&self, what: &str) -> Result<&str, Error> {
        match kind_of(self.rest()) {
            (SettingKind::Text, text) => Ok(text),
            (SettingKind::IllFormed, _) => Err(ill_formed(what)),
            _ => Err(invalid(what, "a string")),
        }
    }

    /// What follows the options: the kind of the argument, and its text.
    fn rest(&self) -> &str {
        self.text.get(self.end + 2..).unwrap_or_default()
    }

    /// The options; `path` names the whole in errors.
    pub(crate) fn options(
        &self,
        path: &str,
        known: &'static [OptionSpec],
    ) -> Result<Options, Error> {
        let mut rest = self.text.get(..self.end).unwrap_or_default();
        let mut at = 0;
        let lines = std::iter::from_fn(|| {
            rest = rest.get(1..)?;
            let end = rest.bytes().position(|byte| byte == b'\n');
            let (line, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            rest = after;
            at += 1;
            let (kind, path) = kind_of(line);
            Some((path, setting(kind, at)))
        });
        // The line of what is no object has no name.
        let is_object = self.end != 2;
        Options::read(path, is_object.then_some(lines), known)
    }
}

/// A kind, written as a digit, and what follows it.
fn kind_of(text: &str) -> (SettingKind, &str) {
    let digit = text.bytes().next().unwrap_or_default();
    let kind = SettingKind::from_number(u32::from(digit.wrapping_sub(b'0')));
    (kind, text.get(1..).unwrap_or_default())
}

fn setting(kind: SettingKind, at: u32) -> Setting {
    match kind {
        SettingKind::Bool => Setting::Bool(take_number(at) != 0.0),
        SettingKind::Number => Setting::Number(take_number(at)),
        SettingKind::Text => Setting::Text(take_text(at)),
        SettingKind::IllFormed => Setting::IllFormed,
        SettingKind::List => Setting::List(at),
        SettingKind::Object => Setting::Object,
        SettingKind::Function => Setting::Function(at),
        SettingKind::Signal => Setting::Signal(at),
        SettingKind::Unset | SettingKind::Other => Setting::Other,
    }
}
