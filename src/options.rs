//! Reading the option objects a caller passes in, with errors that name the option and say what it
//! takes. They come as [`Setting`]s: from the JavaScript face, or from any serde format.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

/// Options whose values are functions or objects of the platform. They are recognised here and read
/// by the JavaScript face; their insides are not looked at.
pub const OPAQUE: [&str; 4] = ["logger", "onError", "signal", "token"];

/// A value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// True or false.
    Bool(bool),
    /// A number, of whatever kind.
    Number(f64),
    /// A string.
    Text(String),
    /// More options. Those that are null are left out.
    Object(Vec<(String, Setting)>),
    /// Anything else: a function, a list, …
    Other,
}

/// An object of options, read one by one and then [finished](Options::finish). What is wrong with
/// any of them comes out there; an option that is wrong reads as one that is missing.
#[derive(Debug)]
pub struct Options {
    path: String,
    settings: Vec<(String, Setting)>,
    known: Vec<&'static str>,
    error: Option<Error>,
}

impl Options {
    /// Reads an object; `path` names it in errors. Nothing at all is the empty object.
    ///
    /// # Errors
    /// [`Error::Validation`] where it is not an object.
    pub fn of(path: &str, given: Option<Setting>) -> Result<Self, Error> {
        match given {
            None => Ok(Self::new(path.into(), Vec::new())),
            Some(Setting::Object(settings)) => Ok(Self::new(path.into(), settings)),
            Some(_) => Err(invalid(path, "an object")),
        }
    }

    /// As [`Options::of`], from a serde format. Null is nothing.
    ///
    /// # Errors
    /// As [`Options::of`].
    pub fn read<'de, D: Deserializer<'de>>(path: &str, from: D) -> Result<Self, Error> {
        Self::of(
            path,
            Option::<Setting>::deserialize(from).unwrap_or(Some(Setting::Other)),
        )
    }

    fn new(path: String, settings: Vec<(String, Setting)>) -> Self {
        Self {
            path,
            settings,
            known: Vec::new(),
            error: None,
        }
    }

    /// Takes a string.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Setting::Text(text) => Some(text),
            _ => self.refuse(name, "a string"),
        }
    }

    /// Takes a boolean.
    pub fn bool(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Setting::Bool(value) => Some(value),
            _ => self.refuse(name, "true or false"),
        }
    }

    /// Takes a number that `accepts`; `takes` says in words which those are.
    pub fn number(
        &mut self,
        name: &'static str,
        takes: &str,
        accepts: fn(f64) -> bool,
    ) -> Option<f64> {
        match self.take(name)? {
            Setting::Number(n) if accepts(n) => Some(n),
            _ => self.refuse(name, takes),
        }
    }

    /// Takes an object of options, to be given back to [`Options::absorb`]; a missing one is empty.
    pub fn object(&mut self, name: &'static str) -> Self {
        let settings = match self.take(name) {
            None => Vec::new(),
            Some(Setting::Object(settings)) => settings,
            Some(_) => self.refuse(name, "an object").unwrap_or_default(),
        };
        Self::new(self.name(name), settings)
    }

    /// Takes a boolean, or an object of options as [`Options::object`] does.
    pub fn bool_or_object(&mut self, name: &'static str) -> (Option<bool>, Self) {
        let (value, settings) = match self.take(name) {
            None => (None, Vec::new()),
            Some(Setting::Bool(value)) => (Some(value), Vec::new()),
            Some(Setting::Object(settings)) => (None, settings),
            Some(_) => (self.refuse(name, "true, false or an object"), Vec::new()),
        };
        (value, Self::new(self.name(name), settings))
    }

    /// Finishes an object of these options.
    pub fn absorb(&mut self, object: Self) {
        let error = object.finish().err();
        self.error = self.error.take().or(error);
    }

    /// Accepts an option that is read elsewhere.
    pub fn opaque(&mut self, name: &'static str) {
        self.take(name);
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::Validation`] for the first option that was refused, or else for one that nobody took.
    pub fn finish(self) -> Result<(), Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let Some((unknown, _)) = self.settings.first() else {
            return Ok(());
        };
        let known = self.known.join(", ");
        let name = self.name(unknown);
        Err(Error::Validation(
            ["unknown option ", &name, "; known are: ", &known].concat(),
        ))
    }

    /// Takes note of a value that an option does not take.
    pub fn refuse<T>(&mut self, name: &str, takes: &str) -> Option<T> {
        if self.error.is_none() {
            self.error = Some(invalid(&self.name(name), takes));
        }
        None
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

    fn words(options: Options) -> String {
        options.finish().unwrap_err().to_string()
    }

    #[test]
    fn an_option_of_the_wrong_type_is_named_with_what_it_takes() {
        let mut options = read(r#"{"serverUrl": 5}"#);
        assert_eq!(options.text("serverUrl"), None);
        assert_eq!(words(options), "serverUrl must be a string");
        let mut options = read(r#"{"auth": {"apiKey": true}}"#);
        let mut auth = options.object("auth");
        assert_eq!(auth.text("apiKey"), None);
        options.absorb(auth);
        assert_eq!(words(options), "auth.apiKey must be a string");
    }

    #[test]
    fn the_first_that_is_wrong_is_told_of() {
        let mut options = read(r#"{"a": 1, "b": {"c": 2}, "d": 3}"#);
        options.text("d");
        let b = options.object("b");
        options.absorb(b);
        options.text("a");
        assert_eq!(words(options), "d must be a string");
    }

    #[test]
    fn an_unknown_option_is_named_with_those_that_are_known() {
        let mut options = read(r#"{"serverURL": "x"}"#);
        options.text("serverUrl");
        options.bool("reconnect");
        assert_eq!(
            words(options),
            "unknown option serverURL; known are: serverUrl, reconnect"
        );
    }

    #[test]
    fn null_is_unset_and_lists_are_of_no_type() {
        let mut options = read(r#"{"a": null, "b": [1, {}]}"#);
        assert_eq!(options.text("a"), None);
        assert_eq!(options.text("b"), None);
        assert_eq!(words(options), "b must be a string");
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
