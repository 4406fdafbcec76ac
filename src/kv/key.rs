//! Keys: `.`-separated tokens, compared byte for byte.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::KvError;

/// The longest key, in bytes of UTF-8.
const MAX_KEY_BYTES: usize = 1024;

/// A valid key (rule 11): one or more non-empty tokens joined by `.`, without white space, control
/// characters, `*` and `>`, at most 1,024 bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// [`KvError::Invalid`] says which part of rule 11 the text breaks.
    pub fn parse(text: &str) -> Result<Self, KvError> {
        if text.is_empty() {
            return Err(KvError::Invalid("invalid key: it is empty"));
        }
        if text.len() > MAX_KEY_BYTES {
            return Err(KvError::Invalid(
                "invalid key: it is longer than 1024 bytes",
            ));
        }
        if has_empty_token(text) {
            return Err(KvError::Invalid(
                "invalid key: a token between the dots is empty",
            ));
        }
        if text.bytes().any(|b| b == b'*' || b == b'>') {
            return Err(KvError::Invalid("invalid key: it contains '*' or '>'"));
        }
        if has_blank(text) {
            return Err(KvError::Invalid(
                "invalid key: it contains white space or a control character",
            ));
        }
        Ok(Self(text.into()))
    }
}

/// Whether the text has an empty token.
pub(super) fn has_empty_token(text: &str) -> bool {
    let mut last = b'.';
    let doubled = text
        .bytes()
        .any(|b| std::mem::replace(&mut last, b) == b'.' && b == b'.');
    doubled || last == b'.'
}

/// Whether the text has a character that neither a key nor a pattern may contain. Only ASCII is checked: NATS
/// compares bytes, so every other character is ordinary.
pub(super) fn has_blank(text: &str) -> bool {
    text.bytes().any(|b| b <= b' ' || b == 0x7f)
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_legal_kind_are_taken_as_they_are() {
        for text in [
            "user:123",
            "user.123.name",
            "a/b?c#d%e&f+g",
            "é",
            "🦀.🚀",
            "-_=|\\\"'@,;(){}[]<!~^$`",
            "\u{a0}",
        ] {
            assert_eq!(&*Key::parse(text).unwrap(), text);
        }
        assert!(Key::parse(&"k".repeat(1024)).is_ok());
    }

    #[test]
    fn malformed_keys_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            (".", "token"),
            ("..", "token"),
            ("a..b", "token"),
            (".a", "token"),
            ("a.", "token"),
            ("*", "'*'"),
            ("a.*", "'*'"),
            ("a>b", "'>'"),
            ("a b", "white space"),
            ("a\tb", "white space"),
            ("a\r\nb", "white space"),
            ("\0", "control"),
            ("a\u{7f}", "control"),
        ] {
            let error = Key::parse(text).unwrap_err();
            assert_eq!(error.status(), 400, "{text:?}");
            assert!(error.to_string().contains(reason), "{text:?}: {error}");
        }
        assert!(Key::parse(&"k".repeat(1025)).is_err());
        assert!(Key::parse(&"é".repeat(513)).is_err());
    }

    #[test]
    fn keys_are_not_normalised() {
        assert_ne!(
            Key::parse("e\u{301}").unwrap(),
            Key::parse("\u{e9}").unwrap()
        );
    }
}
