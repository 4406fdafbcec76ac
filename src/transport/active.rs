//! The two ways to carry an operation out.

use std::rc::Rc;

use super::{Fallback, Http, Limits, Memory, Operation};
use crate::ffi::{Done, Failure, OperationResult};

/// One of them.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Rc<Http>),
    Memory(Rc<Memory>),
}

impl Transport {
    /// The transport that counts now: another than this one where the client has fallen back to a
    /// store in memory. Whoever connects, or connects again, asks anew.
    pub(crate) fn active(self: &Rc<Self>) -> Rc<Self> {
        match self.fallback().and_then(Fallback::active) {
            Some(memory) => Rc::new(Self::Memory(Rc::clone(memory))),
            None => Rc::clone(self),
        }
    }

    /// Carries an operation out, by the transport in force.
    pub(crate) fn carry_out(&self, operation: Operation, limits: Limits, done: Done) {
        match self.try_sync(&operation, &limits) {
            Some(outcome) => done(outcome),
            None => self.send(operation, limits, done),
        }
    }

    /// Carries an operation out where that takes no waiting: in memory. It also does where the caller has
    /// aborted already.
    pub(crate) fn try_sync(
        &self,
        operation: &Operation,
        limits: &Limits,
    ) -> Option<OperationResult> {
        if let Err(failure) = limits.check() {
            return Some(Err(failure));
        }
        let memory = match self {
            Self::Memory(memory) => memory,
            Self::Http(_) => self.fallback().and_then(Fallback::active)?,
        };
        Some(memory.carry_out(operation))
    }

    /// Carries an operation out that is none for [`Transport::try_sync`].
    pub(crate) fn send(&self, operation: Operation, limits: Limits, done: Done) {
        if let Self::Http(http) = self {
            http.carry_out(operation, limits, done);
        }
    }

    /// The error that tells of falling back to a store in memory: there is one, once.
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
