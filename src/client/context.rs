//! What an operation is about, for its errors and for the handlers of errors.

use wasm_bindgen::prelude::*;

use crate::ffi::Subject;
use crate::kv::BucketName;

/// What an operation is called in an error's context, and what it is about.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) operation: &'static str,
    pub(super) bucket: Option<&'a BucketName>,
    /// The key as the caller wrote it.
    pub(super) key: &'a JsValue,
    /// Whether error handlers hear nothing of it.
    pub(super) quiet: bool,
}

impl<'a> Context<'a> {
    /// What an error in this context is about.
    pub(super) fn subject(&self) -> Subject<'a> {
        Subject {
            operation: self.operation,
            bucket: self.bucket.map(|bucket| &**bucket),
            key: self.key,
        }
    }
}
