//! Reading the option objects a caller passes in, with errors that name the option and say what it
//! takes. Options come as plain data from any serde format; in the browser that is
//! serde-wasm-bindgen.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

/// Options whose values are functions or objects of the platform. They are recognised here and read
/// by the JavaScript face; their insides are not looked at.
const OPAQUE: [&str; 4] = ["logger", "onError", "signal", "token"];

/// A value of an option.
#[derive(Debug, Clone, PartialEq)]
enum Setting {
    Bool(bool),
    Number(f64),
    Text(String),
    Object(Vec<(String, Setting)>),
    /// Anything else: a function, a list, …
    Other,
}

/// An object of options, read one by one and then [finished](Options::finish).
#[derive(Debug)]
pub struct Options {
    path: String,
    settings: Vec<(String, Setting)>,
    known: Vec<&'static str>,
}

impl Options {
    /// Reads an object; `path` names it in errors. Nothing at all, or null, is the empty object.
    ///
    /// # Errors
    /// [`Error::Validation`] where it is not an object.
    pub fn read<'de, D: Deserializer<'de>>(path: &str, from: D) -> Result<Self, Error> {
        match Option::<Setting>::deserialize(from) {
            Ok(None) => Ok(Self::new(path, Vec::new())),
            Ok(Some(Setting::Object(settings))) => Ok(Self::new(path, settings)),
            _ => Err(invalid(path, "an object")),
        }
    }

    fn new(path: &str, settings: Vec<(String, Setting)>) -> Self {
        Self {
            path: path.into(),
            settings,
            known: Vec::new(),
        }
    }

    /// Takes a string.
    ///
    /// # Errors
    /// [`Error::Validation`] on any other type.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "a string")),
        }
    }

    /// Takes a boolean.
    ///
    /// # Errors
    /// [`Error::Validation`] on any other type.
    pub fn bool(&mut self, name: &'static str) -> Result<Option<bool>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(self.invalid(name, "true or false")),
        }
    }

    /// Takes a number that `accepts`; `takes` says in words which those are.
    ///
    /// # Errors
    /// [`Error::Validation`] on any other type or number.
    pub fn number(
        &mut self,
        name: &'static str,
        takes: &str,
        accepts: fn(f64) -> bool,
    ) -> Result<Option<f64>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Number(n)) if accepts(n) => Ok(Some(n)),
            Some(_) => Err(self.invalid(name, takes)),
        }
    }

    /// Takes an object of options; a missing one is empty.
    ///
    /// # Errors
    /// [`Error::Validation`] on any other type.
    pub fn object(&mut self, name: &'static str) -> Result<Self, Error> {
        match self.take(name) {
            None => Ok(Self::new(&self.name(name), Vec::new())),
            Some(Setting::Object(settings)) => Ok(Self::new(&self.name(name), settings)),
            Some(_) => Err(self.invalid(name, "an object")),
        }
    }

    /// Takes a boolean, or an object of options.
    ///
    /// # Errors
    /// [`Error::Validation`] on any other type.
    pub fn bool_or_object(&mut self, name: &'static str) -> Result<(Option<bool>, Self), Error> {
        match self.take(name) {
            None => Ok((None, Self::new("", Vec::new()))),
            Some(Setting::Bool(value)) => Ok((Some(value), Self::new("", Vec::new()))),
            Some(Setting::Object(settings)) => Ok((None, Self::new(&self.name(name), settings))),
            Some(_) => Err(self.invalid(name, "true, false or an object")),
        }
    }

    /// Accepts an option that is read elsewhere.
    pub fn opaque(&mut self, name: &'static str) {
        self.take(name);
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::Validation`] for an option that nobody took.
    pub fn finish(self) -> Result<(), Error> {
        let Some((unknown, _)) = self.settings.first() else {
            return Ok(());
        };
        let known = self.known.join(", ");
        let name = self.name(unknown);
        Err(Error::Validation(format!(
            "unknown option {name}; known are: {known}"
        )))
    }

    /// The error for a value that an option does not take.
    pub fn invalid(&self, name: &str, takes: &str) -> Error {
        invalid(&self.name(name), takes)
    }

    fn take(&mut self, name: &'static str) -> Option<Setting> {
        self.known.push(name);
        let at = self.settings.iter().position(|(found, _)| found == name)?;
        Some(self.settings.swap_remove(at).1)
    }

    fn name(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.into()
        } else {
            [&self.path, ".", name].concat()
        }
    }
}

fn invalid(name: &str, takes: &str) -> Error {
    let name = if name.is_empty() { "options" } else { name };
    Error::Validation([name, " must be ", takes].concat())
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

impl<'de> Visitor<'de> for SettingVisitor {
    type Value = Setting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Setting, E> {
        Ok(Setting::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Setting, E> {
        Ok(Setting::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Setting, E> {
        Ok(Setting::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Setting, E> {
        Ok(Setting::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Setting, E> {
        Ok(Setting::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Setting, E> {
        Ok(Setting::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Setting, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Setting::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Setting, A::Error> {
        let mut settings = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if OPAQUE.contains(&name.as_str()) {
                map.next_value::<IgnoredAny>()?;
                settings.push((name, Setting::Other));
                continue;
            }
            // A value that is no data at all, a function say, does not spoil the reading: whoever
            // takes the option finds that it has the wrong type.
            match map.next_value::<Option<Setting>>() {
                Ok(None) => {}
                Ok(Some(setting)) => settings.push((name, setting)),
                Err(_) => settings.push((name, Setting::Other)),
            }
        }
        Ok(Setting::Object(settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Options {
        Options::read("", &mut serde_json::Deserializer::from_str(json)).unwrap()
    }

    #[test]
    fn an_option_of_the_wrong_type_is_named_with_what_it_takes() {
        let mut options = read(r#"{"serverUrl": 5, "auth": {"apiKey": true}}"#);
        let error = options.text("serverUrl").unwrap_err();
        assert_eq!(error.to_string(), "serverUrl must be a string");
        let error = options.object("auth").unwrap().text("apiKey").unwrap_err();
        assert_eq!(error.to_string(), "auth.apiKey must be a string");
    }

    #[test]
    fn an_unknown_option_is_named_with_those_that_are_known() {
        let mut options = read(r#"{"serverURL": "x"}"#);
        options.text("serverUrl").unwrap();
        options.bool("reconnect").unwrap();
        assert_eq!(
            options.finish().unwrap_err().to_string(),
            "unknown option serverURL; known are: serverUrl, reconnect"
        );
    }

    #[test]
    fn null_is_unset_and_lists_are_of_no_type() {
        let mut options = read(r#"{"a": null, "b": [1, {}]}"#);
        assert_eq!(options.text("a").unwrap(), None);
        assert!(options.text("b").is_err());
        options.finish().unwrap();
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for json in ["5", "\"x\"", "[]", "true"] {
            let from = &mut serde_json::Deserializer::from_str(json);
            let error = Options::read("", from).unwrap_err();
            assert_eq!(error.to_string(), "options must be an object");
        }
        assert!(read("null").finish().is_ok());
    }
}
