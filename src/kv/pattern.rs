//! Patterns: NATS subject matching over the tokens of a key.

use std::fmt;

use super::key::{has_blank, has_empty_token};
use super::{Key, KvError};

/// A valid pattern (rule 10). A token that is exactly `*` stands for one token, a last token that
/// is exactly `>` for one or more; everywhere else both are ordinary characters, which no key
/// contains. A key is the pattern that matches only itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pattern(Box<str>);

/// One token of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Exactly this token.
    Literal(&'a str),
    /// `*`: any one token.
    One,
    /// `>`: this token and all that follow.
    Rest,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`KvError::Invalid`] on an empty token, a `>` that is not last, white space, or more bytes
    /// than a key may have.
    pub fn parse(text: &str) -> Result<Self, KvError> {
        if text.len() > 1024 {
            return Err(KvError::Invalid(
                "invalid pattern: it is longer than 1024 bytes",
            ));
        }
        if has_empty_token(text) {
            return Err(KvError::Invalid("invalid pattern: a token is empty"));
        }
        if has_blank(text) {
            return Err(KvError::Invalid(
                "invalid pattern: it contains white space or a control character",
            ));
        }
        let pattern = Self(text.into());
        let ends_early = {
            let mut tokens = pattern.tokens();
            tokens.any(|token| token == Token::Rest) && tokens.next().is_some()
        };
        if ends_early {
            return Err(KvError::Invalid(
                "invalid pattern: '>' must be the last token",
            ));
        }
        Ok(pattern)
    }

    /// The pattern that matches every key: `>`.
    pub fn all() -> Self {
        Self(">".into())
    }

    /// The pattern made of the tokens of valid ones.
    pub(super) fn from_tokens(tokens: &[&str]) -> Self {
        let mut text = String::new();
        for (at, token) in tokens.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "." });
            text.push_str(token);
        }
        Self(text.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The only key that matches, if there is exactly one.
    pub fn as_key(&self) -> Option<Key> {
        let literal = self
            .tokens()
            .all(|token| matches!(token, Token::Literal(_)));
        literal.then(|| Key::parse(&self.0).ok()).flatten()
    }

    /// Whether the key, given as text, matches.
    pub fn matches(&self, key: &str) -> bool {
        let mut tokens = Tokens(Some(key));
        for token in self.tokens() {
            match (token, tokens.next()) {
                (_, None) => return false,
                (Token::Rest, Some(_)) => return true,
                (Token::Literal(wanted), Some(found)) if wanted != found => return false,
                _ => {}
            }
        }
        tokens.next().is_none()
    }

    /// Whether a `*` or `>` is only a part of a token, as in `user:*`: then no key matches.
    pub fn has_partial_wildcard(&self) -> bool {
        let is_wildcard = |byte| matches!(byte, b'*' | b'>');
        self.tokens()
            .any(|token| matches!(token, Token::Literal(text) if text.bytes().any(is_wildcard)))
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = Token<'_>> + Clone {
        Tokens(Some(&self.0)).map(|token| match token {
            "*" => Token::One,
            ">" => Token::Rest,
            literal => Token::Literal(literal),
        })
    }
}

/// The first token of a path, and the rest where there is one.
pub(crate) fn split(path: &str) -> (&str, Option<&str>) {
    // Byte by byte: tokens are short, and a general search would cost more than it saves.
    match path.bytes().position(|byte| byte == b'.') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..)),
        None => (path, None),
    }
}

/// The tokens that are left of a path.
#[derive(Clone)]
struct Tokens<'a>(Option<&'a str>);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (token, rest) = split(self.0?);
        self.0 = rest;
        Some(token)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, key: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(key)
    }

    #[test]
    fn partial_wildcards_are_found() {
        let partial = |pattern| Pattern::parse(pattern).unwrap().has_partial_wildcard();
        for pattern in [
            "d*", "user:*", "*s", "**", "us>", ">>", "a.b*", "a.*b.c", "*.x>",
        ] {
            assert!(partial(pattern), "{pattern}");
        }
        for pattern in ["*", ">", "a", "user:123", "a.*", "a.>", "*.>", "a.*.c"] {
            assert!(!partial(pattern), "{pattern}");
        }
    }

    #[test]
    fn the_documented_table() {
        for (pattern, yes, no) in [
            ("*", vec!["user", "flag"], vec!["user.123"]),
            (
                "user.*",
                vec!["user.123", "user.456"],
                vec!["user.123.name", "user:123"],
            ),
            (">", vec!["user", "user.123", "user:123", "a.b.c.d"], vec![]),
            (
                "user.>",
                vec!["user.123", "user.123.name", "user.123.name.first"],
                vec!["config.flags", "user:123", "user"],
            ),
        ] {
            for key in yes {
                assert!(matches(pattern, key), "{pattern} should match {key}");
            }
            for key in no {
                assert!(!matches(pattern, key), "{pattern} should not match {key}");
            }
        }
    }

    #[test]
    fn wildcards_in_every_position() {
        assert!(matches("*.123", "user.123"));
        assert!(matches("user.*.name", "user.123.name"));
        assert!(!matches("user.*.name", "user.123"));
        assert!(matches("user.*.>", "user.123.name.first"));
        assert!(!matches("user.*.>", "user.123"));
        assert!(matches("*.*", "a.b"));
        assert!(matches("user.123", "user.123"));
        assert!(!matches("user.123", "user.1234"));
    }

    #[test]
    fn inside_a_token_wildcards_are_ordinary_characters() {
        for pattern in ["us*", "user:*", "*a", "user.>x", "a*.b"] {
            assert!(!matches(pattern, "user"));
            assert!(!matches(pattern, "user:123"));
            assert!(!matches(pattern, "user.x"));
        }
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for text in ["", ".", "a.", "a..b", ">.a", "a.>.b", "a b", "a\n", "\0"] {
            let error = Pattern::parse(text).unwrap_err();
            assert_eq!(error.status(), 400, "{text:?}");
        }
        assert!(Pattern::parse(&"k".repeat(1025)).is_err());
    }
}
