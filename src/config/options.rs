//! Validates the caller's options against a schema: a table of the known options and their kinds. Errors name the
//! option and its valid values. Options come as a flat list of paths, from JavaScript or from any serde format.

use super::is_header_safe;
use crate::error::Error;
use crate::text::concat;

/// A value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A string that is not valid Unicode.
    IllFormed,
    /// More options, which follow in the list.
    Object,
    /// A list, and its position among the values that JavaScript holds.
    List(u32),
    /// A function, and its position.
    Function(u32),
    /// An AbortSignal or a storage, and its position.
    Signal(u32),
    /// Anything else.
    Other,
}

/// The kind of an option's value; with a description for messages if a test limits it.
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
    /// A list.
    List(&'static str),
    /// A function.
    Function,
    /// An AbortSignal.
    Signal,
    /// A storage of views, which settings hold as they hold a signal.
    Storage,
    /// An object that is not looked into, or false.
    ObjectOrFalse,
    /// A credential, or a function that gives one.
    Token,
    /// Any value; validated elsewhere.
    Anything,
}

/// An option's spec: its path, with dots between the names, and its kind.
pub type OptionSpec = (&'static str, OptionKind);

/// Validated options.
#[derive(Debug)]
pub struct Options(Vec<(&'static str, Setting)>);

impl Options {
    /// Checks what was given, by paths; `path` names the whole in errors. A path begins with a `?` where an
    /// object has the member from its class: it need not be an option. None: it is not an object.
    ///
    /// # Errors
    /// [`Error::Validation`] for the first option that is unknown or has an invalid value.
    pub fn read<'a>(
        path: &str,
        given: Option<impl IntoIterator<Item = (&'a str, Setting)>>,
        known: &'static [OptionSpec],
    ) -> Result<Self, Error> {
        let given = given.ok_or_else(|| {
            let name = if path.is_empty() { "options" } else { path };
            invalid(name, "an object")
        })?;
        let mut options = Vec::new();
        for (name, setting) in given {
            let inherited = name.strip_prefix('?');
            let name = inherited.unwrap_or(name);
            let found = known.iter().find(|(known, _)| *known == name);
            if let Some((name, takes)) = found
                && takes.refuse(&setting).is_none()
            {
                options.push((*name, setting));
            } else if found.is_some() || inherited.is_none() {
                return Err(refusal(path, name, &setting, known));
            }
        }
        Ok(Self(options))
    }

    /// What was given for an option, if anything.
    pub fn find(&self, name: &str) -> Option<&Setting> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, setting)| setting)
    }

    /// The given string, if any.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(Setting::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The given boolean, if any.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.find(name) {
            Some(Setting::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// The position of the list, function, AbortSignal or storage that was given, if any.
    pub fn position(&self, name: &str) -> Option<u32> {
        match self.find(name) {
            Some(Setting::List(at) | Setting::Function(at) | Setting::Signal(at)) => Some(*at),
            _ => None,
        }
    }

    /// The given number, if any.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.find(name) {
            Some(Setting::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

impl OptionKind {
    /// The description of valid values, if this one is invalid.
    fn refuse(self, setting: &Setting) -> Option<&'static str> {
        let (takes, words) = match (self, setting) {
            (_, Setting::IllFormed) => (false, ""),
            (Self::Anything, _) => (true, ""),
            (Self::Bool, _) => (matches!(setting, Setting::Bool(_)), "true or false"),
            (Self::Object, _) => (matches!(setting, Setting::Object), "an object"),
            (Self::Switch, _) => (
                matches!(setting, Setting::Bool(_) | Setting::Object),
                "true, false or an object",
            ),
            (Self::List(words), _) => (matches!(setting, Setting::List(_)), words),
            (Self::Function, _) => (matches!(setting, Setting::Function(_)), "a function"),
            (Self::Token, _) => (
                match setting {
                    Setting::Text(token) => token.is_empty() || is_header_safe(token),
                    _ => matches!(setting, Setting::Function(_)),
                },
                "a string of visible ASCII characters, or a function that gives one",
            ),
            (Self::Signal, _) => (matches!(setting, Setting::Signal(_)), "an AbortSignal"),
            (Self::Storage, _) => (
                matches!(setting, Setting::Signal(_)),
                "a storage of @ironflow/browser/offline",
            ),
            (Self::ObjectOrFalse, _) => (
                matches!(setting, Setting::Bool(false) | Setting::Object),
                "an object or false",
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

/// The error for an invalid value of an option.
pub fn invalid(name: &str, takes: &str) -> Error {
    Error::Validation(concat(&[name, " must be ", takes]))
}

/// The error for a string that is not valid Unicode.
pub fn ill_formed(name: &str) -> Error {
    Error::Validation(concat(&[name, " is not valid Unicode"]))
}

/// The error for a value that throws when it is read: a revoked Proxy, a detached buffer, a getter.
pub fn unreadable(name: &str) -> Error {
    Error::Validation(concat(&[name, " cannot be read"]))
}

/// The error for an option that is not known or takes another value; `path` names the whole.
fn refusal(path: &str, name: &str, setting: &Setting, known: &[OptionSpec]) -> Error {
    let full = match path.is_empty() {
        true => name.into(),
        false => concat(&[path, ".", name]),
    };
    let found = known.iter().find(|(known, _)| *known == name);
    match (found, setting) {
        (None, _) => unknown(&full, name, known),
        (_, Setting::IllFormed) => ill_formed(&full),
        (Some((_, takes)), _) => invalid(&full, takes.refuse(setting).unwrap_or_default()),
    }
}

/// The error for an unknown option; lists the known ones.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_serde;

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
        from_serde(&mut serde_json::Deserializer::from_str(json), KNOWN)
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
