//! An operation that is under way, and whoever waits for it.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::context::Context;
use super::state::{ClientState, decoded};
use crate::ffi::{self, Deferred, Failure, OperationResult};
use crate::kv::BucketName;

/// What is needed once an operation is over.
pub(super) struct Pending {
    state: Rc<ClientState>,
    operation: &'static str,
    bucket: Option<BucketName>,
    key: JsValue,
    quiet: bool,
    decode: Option<JsValue>,
    deferred: Deferred,
}

impl Pending {
    pub(super) fn new(
        state: &Rc<ClientState>,
        context: &Context<'_>,
        decode: Option<&JsValue>,
        deferred: Deferred,
    ) -> Self {
        Self {
            state: Rc::clone(state),
            operation: context.operation,
            bucket: context.bucket.cloned(),
            key: context.key.clone(),
            quiet: context.quiet,
            decode: decode.cloned(),
            deferred,
        }
    }

    /// Settles the promise, and tells every error handler if it is rejected.
    pub(super) fn settle(self, outcome: OperationResult) {
        self.state.report_fallback(&self.context());
        let decoded = |value| decoded(value, self.decode.as_ref());
        let failure = match outcome.and_then(decoded) {
            Ok(value) => {
                self.state.on_success(&self.context());
                return self.deferred.resolve(&value);
            }
            Err(failure) => failure,
        };
        // Handlers are never called before the operation's promise is in the caller's hands.
        ffi::later(Box::new(move || {
            let quiet = self.quiet || matches!(failure, Failure::Aborted(_));
            let error = failure.into_js(self.context().subject());
            if !quiet {
                self.state.notify_handlers(&error, &self.context());
            }
            self.deferred.reject(&error);
        }));
    }

    fn context(&self) -> Context<'_> {
        Context {
            operation: self.operation,
            bucket: self.bucket.as_ref(),
            key: &self.key,
            quiet: self.quiet,
        }
    }
}
