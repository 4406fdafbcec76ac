//! How buckets and keys are named in NATS: a bucket is a stream, a key a subject of it.
//!
//! In the default environment the names are those every NATS key-value client uses: `KV_<bucket>`
//! and `$KV.<bucket>.<key>`. Other environments put `<environment>=` before the bucket; `=` occurs
//! in neither part.

use std::borrow::Cow;

use ironflow_browser::kv::{BucketName, Key, Pattern};

use crate::address::BucketAddress;
use crate::environment::Environment;

/// Covers the subjects of every bucket.
pub(super) const ALL_SUBJECTS: &str = "$KV.*.>";

/// The names of one bucket.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// The stream.
    pub(super) stream: String,
    /// What the subject of each key begins with.
    prefix: String,
}

impl Names {
    pub(super) fn new(at: &BucketAddress) -> Self {
        let bucket = &*at.bucket;
        let full = if at.environment.is_default() {
            bucket.to_owned()
        } else {
            format!("{}={bucket}", at.environment)
        };
        Self {
            stream: format!("KV_{full}"),
            prefix: format!("$KV.{full}."),
        }
    }

    /// The subject that all keys of the bucket fall under.
    pub(super) fn all(&self) -> String {
        format!("{}>", self.prefix)
    }

    pub(super) fn subject(&self, key: &Key) -> String {
        format!("{}{}", self.prefix, escape(key))
    }

    /// The subjects of the keys that match. A pattern's stray `*` may look like an escape, so
    /// a caller that filters by this must check the keys too.
    pub(super) fn filter(&self, pattern: &Pattern) -> String {
        format!("{}{}", self.prefix, escape(pattern.as_str()))
    }

    /// The key a subject stands for. `None` where it stands for none.
    pub(super) fn key(&self, subject: &str) -> Option<Key> {
        let text = unescape(subject.strip_prefix(&self.prefix)?)?;
        Key::parse(&text).ok()
    }
}

/// The bucket a stream holds, where it is one of this environment.
pub(super) fn bucket_of(stream: &str, environment: &Environment) -> Option<BucketName> {
    let name = stream.strip_prefix("KV_")?;
    let (found, bucket) = match name.split_once('=') {
        Some((found, bucket)) => (Environment::parse(found).ok()?, bucket),
        None => (Environment::default(), name),
    };
    if found != *environment {
        return None;
    }
    BucketName::parse(bucket).ok()
}

/// How white space beyond ASCII is written. To a NATS server it is as good as any character, but the
/// NATS client splits a protocol line on it and gives up the connection. No key contains a `*`, and
/// inside a token a subject's `*` is an ordinary character. Each takes as many bytes as what it
/// stands for, so that a bucket counts the same bytes as the in-memory store does.
const ESCAPES: [(char, &str); 19] = [
    ('\u{85}', "*n"),
    ('\u{a0}', "*s"),
    ('\u{1680}', "*80"),
    ('\u{2000}', "*00"),
    ('\u{2001}', "*01"),
    ('\u{2002}', "*02"),
    ('\u{2003}', "*03"),
    ('\u{2004}', "*04"),
    ('\u{2005}', "*05"),
    ('\u{2006}', "*06"),
    ('\u{2007}', "*07"),
    ('\u{2008}', "*08"),
    ('\u{2009}', "*09"),
    ('\u{200a}', "*0a"),
    ('\u{2028}', "*28"),
    ('\u{2029}', "*29"),
    ('\u{202f}', "*2f"),
    ('\u{205f}', "*5f"),
    ('\u{3000}', "*30"),
];

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_whitespace) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match ESCAPES.iter().find(|(space, _)| *space == c) {
            Some((_, escape)) => escaped.push_str(escape),
            None => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Undoes [`escape`]. `None` where the text is not what it writes.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('*') {
        return Some(Cow::Borrowed(text));
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('*') {
        let (plain, escaped) = rest.split_at(at);
        let (space, escape) = ESCAPES.iter().find(|(_, e)| escaped.starts_with(e))?;
        unescaped.push_str(plain);
        unescaped.push(*space);
        rest = &escaped[escape.len()..];
    }
    unescaped.push_str(rest);
    Some(Cow::Owned(unescaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: &str) -> Names {
        Names::new(&BucketAddress {
            environment: Environment::parse(environment).unwrap(),
            bucket: BucketName::parse("b").unwrap(),
        })
    }

    #[test]
    fn the_default_environment_has_the_names_of_every_client() {
        let names = names("default");
        assert_eq!(names.stream, "KV_b");
        assert_eq!(names.all(), "$KV.b.>");
        let key = Key::parse("user.1").unwrap();
        assert_eq!(names.subject(&key), "$KV.b.user.1");
        assert_eq!(names.key("$KV.b.user.1"), Some(key));
        assert_eq!(names.key("$KV.c.user.1"), None);
    }

    #[test]
    fn environments_do_not_meet() {
        let (here, there) = (Environment::default(), Environment::parse("eu").unwrap());
        assert_eq!(names("eu").stream, "KV_eu=b");
        assert!(bucket_of("KV_eu=b", &there).is_some());
        assert!(bucket_of("KV_eu=b", &here).is_none());
        assert!(bucket_of("KV_b", &here).is_some());
        assert!(bucket_of("KV_b", &there).is_none());
        for foreign in ["ORDERS", "KV_", "KV_a.b", "KV_a=b=c", "OBJ_b"] {
            assert!(bucket_of(foreign, &here).is_none(), "{foreign}");
        }
    }

    #[test]
    fn white_space_is_escaped_and_comes_back() {
        let names = names("default");
        for text in ["a\u{a0}b", "\u{3000}", "\u{2003}.\u{85}x", "é.🦀", "a"] {
            let key = Key::parse(text).unwrap();
            let subject = names.subject(&key);
            assert!(!subject.contains(char::is_whitespace), "{subject}");
            assert_eq!(subject.len(), "$KV.b.".len() + text.len());
            assert_eq!(names.key(&subject), Some(key));
        }
        for foreign in ["a*b", "*", "*20*", "*0", "a*", "*0é", "*zz"] {
            assert_eq!(names.key(&format!("$KV.b.{foreign}")), None, "{foreign}");
        }
    }

    #[test]
    fn every_white_space_has_an_escape_of_its_own() {
        let spaces = ('\u{80}'..=char::MAX).filter(|c| c.is_whitespace());
        assert!(spaces.eq(ESCAPES.map(|(space, _)| space)));
        for (space, escape) in ESCAPES {
            assert_eq!(space.len_utf8(), escape.len());
            let same = ESCAPES.iter().filter(|(_, e)| e.starts_with(escape));
            assert_eq!(same.count(), 1, "{escape}");
        }
    }
}
