//! Fallback to memory if the server cannot be reached.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{Memory, Operation};
use crate::error::Error;
use crate::ffi::{Failure, OperationResult};

/// A store that replaces the server permanently, if the server cannot be reached before its first response.
#[derive(Debug)]
pub(crate) struct Fallback {
    memory: Rc<Memory>,
    decided: Cell<Decision>,
    /// The error that reports the fallback, until it is taken.
    fallback_error: RefCell<Option<Failure>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Open,
    Server,
    Memory,
}

impl Fallback {
    pub(crate) fn new(memory: Memory) -> Self {
        Self {
            memory: Rc::new(memory),
            decided: Cell::new(Decision::Open),
            fallback_error: RefCell::default(),
        }
    }

    /// The store, if it is active.
    pub(super) fn active(&self) -> Option<&Rc<Memory>> {
        (self.decided.get() == Decision::Memory).then_some(&self.memory)
    }

    /// Records the result of a request. A response of any status rules out the fallback permanently.
    pub(super) fn note(&self, outcome: &OperationResult) {
        if self.decided.get() == Decision::Open && is_answer(outcome) {
            self.decided.set(Decision::Server);
        }
    }

    /// Applies the fallback to the result of an operation's last request. If the server cannot be reached, or
    /// does not respond within the timeout, and has never responded before, the store replaces it. An abort
    /// or a failed token decides nothing.
    pub(super) fn apply_fallback(
        &self,
        operation: &Operation,
        result: OperationResult,
    ) -> OperationResult {
        self.note(&result);
        let unreachable = match &result {
            Err(Failure::Error(problem)) => matches!(
                problem.error,
                Error::RequestFailed(_) | Error::NoFetch | Error::Timeout { .. }
            ),
            _ => false,
        };
        match self.decided.get() {
            Decision::Open if unreachable => {
                self.decided.set(Decision::Memory);
                let cause = result.err().map(JsValue::from).unwrap_or_default();
                let fallback_error = Failure::caused(Error::FallbackMemory, cause);
                self.fallback_error.replace(Some(fallback_error));
            }
            // Another operation has already decided.
            Decision::Memory if unreachable => {}
            _ => return result,
        }
        self.memory.carry_out(operation)
    }

    /// Takes the error that reports the fallback; it is returned once.
    pub(super) fn take_fallback_error(&self) -> Option<Failure> {
        self.fallback_error.take()
    }
}

fn is_answer(result: &OperationResult) -> bool {
    match result {
        Ok(_) => true,
        Err(Failure::Error(problem)) => problem.error.is_answer(),
        Err(_) => false,
    }
}
