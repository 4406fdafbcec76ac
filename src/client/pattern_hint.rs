//! A warning about patterns that look like a prefix search and can match no key.

use crate::ffi::{self, Given};
use crate::kv::Pattern;
use crate::text::concat;

/// Warns once per pattern whose wildcard is only a part of a token: `user:*`.
pub(super) fn warn_of_partial_wildcard(given: &Given, pattern: &Pattern) {
    if pattern.has_partial_wildcard() {
        let message = concat(&[
            "the pattern \"",
            pattern.as_str(),
            "\" matches no key: * and > stand for whole tokens between dots; use keys like \
             \"user.123\" and \"user.*\", or list all keys and filter them",
        ]);
        ffi::warn_once(given, &message);
    }
}
