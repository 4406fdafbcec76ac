//! Going on in memory where the server cannot be reached.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{Memory, Operation};
use crate::error::Error;
use crate::ffi::{Failure, OperationResult};

/// A store to go on with for good, if the server turns out to be out of reach before it has ever
/// answered.
#[derive(Debug)]
pub(crate) struct Fallback {
    memory: Rc<Memory>,
    decided: Cell<Decision>,
    /// The error that tells of the decision for the store, until somebody takes it.
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

    /// The store, if it is in force.
    pub(super) fn active(&self) -> Option<&Rc<Memory>> {
        (self.decided.get() == Decision::Memory).then_some(&self.memory)
    }

    /// Notes the outcome of a request. An answer of whatever status decides for the server, for good.
    pub(super) fn note(&self, outcome: &OperationResult) {
        if self.decided.get() == Decision::Open && is_answer(outcome) {
            self.decided.set(Decision::Server);
        }
    }

    /// What the outcome of an operation's last request comes to. A server that cannot be reached, or does
    /// not answer within the time limit, decides for the store, unless there was an answer before; an
    /// abort or a failed token decide nothing.
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
            // Another operation was faster to find out.
            Decision::Memory if unreachable => {}
            _ => return result,
        }
        self.memory.carry_out(operation)
    }

    /// OptionKind the error that tells of the decision for the store: there is one, once.
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
