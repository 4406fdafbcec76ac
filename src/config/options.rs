//! Reading the option objects a caller passes in: what is known and what each option takes is written
//! down in tables, and errors name the option and say what it takes. Options come as a flat list of
//! paths: from the JavaScript face, or from any serde format.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::text::concat;

/// A value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// True or false.
    Bool(bool),
    /// A number, of whatever kind.
    Number(f64),
    /// A string.
    Text(String),
    /// More options, which follow in the list.
    Object,
    /// Anything else: a function, a list, …
    Other,
}

/// What an option takes, in words where they are not always the same.
#[derive(Debug, Clone, Copy)]
pub enum OptionKind {
    /// True or false.
    Bool,
    /// A string.
    Text,
    /// A string that passes a test.
    TextThat(&'static str, fn(&str) -> bool),
    /// A number that passes a test.
    NumberThat(&'static str, fn(f64) -> bool),
    /// More options.
    Object,
    /// More options, or true or false.
    Switch,
    /// What is read elsewhere.
    Anything,
}

/// An option: its path, with dots between the names, and what it takes.
pub type OptionSpec = (&'static str, OptionKind);

/// What was given, by paths; options that are null are left out.
pub type Given = Vec<(String, Setting)>;

/// Options that are all known and right.
#[derive(Debug)]
pub struct Options(Given);

impl Options {
    /// Checks what was given; `path` names the whole in errors. None: it is not an object.
    ///
    /// # Errors
    /// [`Error::Validation`] for the first option that is unknown or has a value it does not take.
    pub fn read(path: &str, given: Option<Given>, known: &[OptionSpec]) -> Result<Self, Error> {
        let given = given.ok_or_else(|| {
            let name = if path.is_empty() { "options" } else { path };
            invalid(name, "an object")
        })?;
        for (name, setting) in &given {
            let full = match path.is_empty() {
                true => name.clone(),
                false => concat(&[path, ".", name]),
            };
            let Some((_, takes)) = known.iter().find(|(known, _)| known == name) else {
                return Err(unknown(&full, name, known));
            };
            if let Some(words) = takes.refuse(setting) {
                return Err(invalid(&full, words));
            }
        }
        Ok(Self(given))
    }

    fn find(&self, name: &str) -> Option<&Setting> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, setting)| setting)
    }

    /// The string that was given, if any.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(Setting::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The truth value that was given, if any.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.find(name) {
            Some(Setting::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// The number that was given, if any.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.find(name) {
            Some(Setting::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

impl OptionKind {
    /// What it takes instead, where it does not take this.
    fn refuse(self, setting: &Setting) -> Option<&'static str> {
        let (takes, words) = match (self, setting) {
            (Self::Anything, _) => (true, ""),
            (Self::Bool, _) => (matches!(setting, Setting::Bool(_)), "true or false"),
            (Self::Object, _) => (*setting == Setting::Object, "an object"),
            (Self::Switch, _) => (
                matches!(setting, Setting::Bool(_) | Setting::Object),
                "true, false or an object",
            ),
            (Self::TextThat(words, passes), Setting::Text(text)) => (passes(text), words),
            (Self::Text | Self::TextThat(..), _) => {
                (matches!(setting, Setting::Text(_)), "a string")
            }
            (Self::NumberThat(words, passes), Setting::Number(number)) => (passes(*number), words),
            (Self::NumberThat(words, _), _) => (false, words),
        };
        (!takes).then_some(words)
    }
}

/// The error for a value that an option does not take.
pub fn invalid(name: &str, takes: &str) -> Error {
    Error::Validation(concat(&[name, " must be ", takes]))
}

/// The error for a value that throws when it is read: a revoked Proxy, a detached buffer, a getter.
pub fn unreadable(name: &str) -> Error {
    Error::Validation(concat(&[name, " cannot be read"]))
}

/// The error for an option that is not known, with those beside it.
fn unknown(full: &str, name: &str, known: &[OptionSpec]) -> Error {
    let is_dot = |byte| byte == b'.';
    let level = name.bytes().rposition(is_dot).map_or(0, |dot| dot + 1);
    let level = name.get(..level).unwrap_or_default();
    let mut words = concat(&["unknown option ", full, "; known are: "]);
    let beside = known.iter().filter_map(|(known, _)| {
        let name = known.strip_prefix(level)?;
        (!name.bytes().any(is_dot)).then_some(name)
    });
    for (at, name) in beside.enumerate() {
        words.push_str(if at == 0 { "" } else { ", " });
        words.push_str(name);
    }
    Error::Validation(words)
}

/// Options from a serde format. Null is the empty object; None: it is not an object.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Option<Given> {
    let mut given = Given::new();
    let whole = Flat {
        path: String::new(),
        given: &mut given,
    };
    match whole.deserialize(from) {
        Ok(None | Some(Setting::Object)) => Some(given),
        _ => None,
    }
}

/// Adds what lies below a path to the list, and gives what the path itself is.
struct Flat<'a> {
    path: String,
    given: &'a mut Given,
}

impl<'de> DeserializeSeed<'de> for Flat<'_> {
    type Value = Option<Setting>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Setting>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flat<'_> {
    type Value = Option<Setting>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option")
    }

    fn visit_unit<E>(self) -> Result<Option<Setting>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Text(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Setting>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Setting::Other))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Setting>, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = match self.path.is_empty() {
                true => name,
                false => concat(&[&*self.path, ".", &*name]),
            };
            let at = self.given.len();
            let below = Flat {
                path: path.clone(),
                given: &mut *self.given,
            };
            if let Some(setting) = map.next_value_seed(below)? {
                self.given.insert(at, (path, setting));
            }
        }
        Ok(Some(Setting::Object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[OptionSpec] = &[
        (
            "serverUrl",
            OptionKind::TextThat("an address", |url| !url.is_empty()),
        ),
        ("reconnect", OptionKind::Switch),
        ("auth", OptionKind::Object),
        ("auth.apiKey", OptionKind::Text),
        ("auth.token", OptionKind::Anything),
        (
            "timeout",
            OptionKind::NumberThat("a positive number", |n| n > 0.0),
        ),
    ];

    fn read(json: &str) -> Result<Options, Error> {
        let given = deserialize(&mut serde_json::Deserializer::from_str(json));
        Options::read("", given, KNOWN)
    }

    #[test]
    fn what_is_known_and_right_is_read() {
        let options = read(r#"{"auth": {"apiKey": "k", "token": []}, "timeout": 5}"#).unwrap();
        assert_eq!(options.text("auth.apiKey"), Some("k"));
        assert_eq!(options.number("timeout"), Some(5.0));
        assert_eq!(options.bool("reconnect"), None);
    }

    #[test]
    fn an_option_of_the_wrong_type_is_named_with_what_it_takes() {
        for (json, words) in [
            (r#"{"serverUrl": 5}"#, "serverUrl must be a string"),
            (r#"{"serverUrl": ""}"#, "serverUrl must be an address"),
            (
                r#"{"auth": {"apiKey": true}}"#,
                "auth.apiKey must be a string",
            ),
            (r#"{"auth": []}"#, "auth must be an object"),
            (
                r#"{"reconnect": 1}"#,
                "reconnect must be true, false or an object",
            ),
            (r#"{"timeout": "5"}"#, "timeout must be a positive number"),
            (r#"{"timeout": {}}"#, "timeout must be a positive number"),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn an_unknown_option_is_named_with_those_that_are_known_beside_it() {
        for (json, words) in [
            (
                r#"{"serverURL": "x"}"#,
                "unknown option serverURL; known are: serverUrl, reconnect, auth, timeout",
            ),
            (
                r#"{"auth": {"key": {"a": 1}}}"#,
                "unknown option auth.key; known are: apiKey, token",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn null_is_unset() {
        let options = read(r#"{"serverUrl": null, "auth": {"apiKey": null}}"#).unwrap();
        assert_eq!(options.text("serverUrl"), None);
        assert_eq!(options.text("auth.apiKey"), None);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for json in ["5", "\"x\"", "[]", "true"] {
            assert_eq!(
                read(json).unwrap_err().to_string(),
                "options must be an object"
            );
        }
        assert!(read("null").is_ok());
    }
}
