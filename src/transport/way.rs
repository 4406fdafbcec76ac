//! The two ways to carry an operation out.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{Fallback, Http, Limits, Memory, Operation};
use crate::js::Failure;

/// One of them.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Http),
    Memory(Rc<Memory>),
}

impl Transport {
    /// The transport that counts now: another than this one where the client has fallen back to a
    /// store in memory. Whoever connects, or connects again, asks anew.
    pub(crate) fn in_force(self: &Rc<Self>) -> Rc<Self> {
        match self.fallback().and_then(Fallback::in_force) {
            Some(memory) => Rc::new(Self::Memory(Rc::clone(memory))),
            None => Rc::clone(self),
        }
    }

    /// Carries an operation out, by the transport in force, and gives what JavaScript is to get.
    pub(crate) async fn carry_out(
        &self,
        operation: &Operation,
        limits: &Limits,
    ) -> Result<JsValue, Failure> {
        limits.check()?;
        let http = match self {
            Self::Memory(memory) => return Ok(memory.carry_out(operation)?),
            Self::Http(http) => http,
        };
        let Some(fallback) = &http.fallback else {
            return http.carry_out(operation, limits).await;
        };
        if let Some(memory) = fallback.in_force() {
            return Ok(memory.carry_out(operation)?);
        }
        let result = http.carry_out(operation, limits).await;
        fallback.judge(operation, result)
    }

    /// The error that tells of falling back to a store in memory: there is one, once.
    pub(crate) fn take_news(&self) -> Option<Failure> {
        self.fallback().and_then(Fallback::take_news)
    }

    fn fallback(&self) -> Option<&Fallback> {
        match self {
            Self::Http(http) => http.fallback.as_ref(),
            Self::Memory(_) => None,
        }
    }
}
