//! The requests of one call, which share a timeout and a signal.

use std::rc::Rc;

use crate::error::Error;
use crate::ffi::{self, Done, Failure, OperationResult};
use crate::transport::{Limits, Operation, Transport};

/// Executes the operations of one call, with the transport of the configuration at its start.
pub(super) struct Sequence {
    pub(super) transport: Rc<Transport>,
    /// The timeout and signal of all operations together.
    pub(super) limits: Limits,
    /// When the call started, by the monotonic clock.
    pub(super) started: f64,
}

impl Sequence {
    pub(super) fn new(transport: &Rc<Transport>, limits: Limits) -> Rc<Self> {
        Rc::new(Self {
            transport: Rc::clone(transport),
            limits,
            started: ffi::now(),
        })
    }

    /// The milliseconds that are left.
    pub(super) fn left(&self) -> f64 {
        f64::from(self.limits.timeout_ms) - (ffi::now() - self.started)
    }

    pub(super) fn carry_out(&self, operation: Operation, done: Done) {
        let ms = self.limits.timeout_ms;
        let limits = Limits {
            timeout_ms: self.left().max(1.0) as u32,
            ..self.limits.clone()
        };
        let done = Box::new(move |mut outcome: OperationResult| {
            if let Err(Failure::Error(problem)) = &mut outcome
                && let Error::Timeout { ms: limit } = &mut problem.error
            {
                // Report the caller's timeout, not what was left of it.
                *limit = ms;
            }
            done(outcome);
        });
        self.transport.carry_out(operation, limits, done);
    }
}
