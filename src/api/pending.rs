//! An operation on its way, and the promise of it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::state::{Context, State};
use crate::js::{self, Deferred, Failure, Outcome};

/// An operation that is under way.
pub(super) struct Pending {
    pub(super) state: Rc<State>,
    pub(super) context: Context,
    pub(super) stage: RefCell<Stage>,
}

/// How far it is.
pub(super) enum Stage {
    Begun,
    /// It was over before there was a promise, as it is in memory.
    Over(Outcome),
    /// There is a promise, to be settled.
    Promised(Deferred),
}

impl Pending {
    /// It is over.
    pub(super) fn settle(self: Rc<Self>, outcome: Outcome) {
        match self.stage.replace(Stage::Begun) {
            Stage::Promised(deferred) => self.finish(deferred, outcome),
            _ => {
                self.stage.replace(Stage::Over(outcome));
            }
        }
    }

    /// The promise of it.
    pub(super) fn promise(self: Rc<Self>) -> Promise {
        match self.stage.replace(Stage::Begun) {
            Stage::Over(Ok(value)) => {
                self.state.tell_of_fallback(&self.context);
                Promise::resolve(&value)
            }
            stage => {
                let deferred = js::new_deferred();
                let promise = deferred.promise();
                match stage {
                    Stage::Over(outcome) => self.finish(deferred, outcome),
                    _ => {
                        self.stage.replace(Stage::Promised(deferred));
                    }
                }
                promise
            }
        }
    }

    fn finish(self: Rc<Self>, deferred: Deferred, outcome: Outcome) {
        self.state.tell_of_fallback(&self.context);
        let failure = match outcome {
            Ok(value) => return deferred.resolve(&value),
            Err(failure) => failure,
        };
        // Handlers are never called before the operation's promise is in the caller's hands.
        js::later(Box::new(move || {
            let quiet = self.context.quiet || matches!(failure, Failure::Aborted(_));
            let error = JsValue::from(failure);
            if !quiet {
                self.state.tell_handlers(&error, &self.context);
            }
            deferred.reject(&error);
        }));
    }
}
