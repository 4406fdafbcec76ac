//! The two transports.

use std::rc::Rc;

use super::keepalive;
use super::{Fallback, Http, Limits, Memory, Operation};
use crate::ffi::{Done, Failure, OperationResult};

/// A transport.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Rc<Http>),
    Memory(Rc<Memory>),
}

impl Transport {
    /// The active transport: the store in memory if the client has fallen back to it. Callers ask for it at
    /// every connection and reconnection.
    pub(crate) fn active(self: &Rc<Self>) -> Rc<Self> {
        match self.fallback().and_then(Fallback::active) {
            Some(memory) => Rc::new(Self::Memory(Rc::clone(memory))),
            None => Rc::clone(self),
        }
    }

    /// Executes an operation with the active transport.
    pub(crate) fn carry_out(&self, operation: Operation, limits: Limits, done: Done) {
        match self.try_sync(&operation, &limits) {
            Some(outcome) => done(outcome),
            None => self.send(operation, limits, done),
        }
    }

    /// Executes an operation if the result is known synchronously: in memory, or if the caller has already
    /// aborted.
    pub(crate) fn try_sync(
        &self,
        operation: &Operation,
        limits: &Limits,
    ) -> Option<OperationResult> {
        if let Err(failure) = limits.check() {
            return Some(Err(failure));
        }
        if let Err(error) = keepalive::check(operation, limits) {
            return Some(Err(error.into()));
        }
        let memory = match self {
            Self::Memory(memory) => memory,
            Self::Http(_) => self.fallback().and_then(Fallback::active)?,
        };
        Some(memory.carry_out(operation))
    }

    /// Executes an operation that [`Transport::try_sync`] did not.
    pub(crate) fn send(&self, operation: Operation, limits: Limits, done: Done) {
        if let Self::Http(http) = self {
            http.carry_out(operation, limits, done);
        }
    }

    /// Takes the error that reports the fallback to memory; it is returned once.
    pub(crate) fn take_fallback_error(&self) -> Option<Failure> {
        self.fallback().and_then(Fallback::take_fallback_error)
    }

    fn fallback(&self) -> Option<&Fallback> {
        match self {
            Self::Http(http) => http.fallback.as_ref(),
            Self::Memory(_) => None,
        }
    }
}
