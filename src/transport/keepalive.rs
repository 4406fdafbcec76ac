//! Requests that outlive their page. Browsers send at most 64 KiB of them at a time.

use std::cell::Cell;

use super::{Limits, Operation};
use crate::error::Error;

/// How many bytes the bodies of such requests may have together.
const MAX_BYTES: u32 = 65_536;

thread_local! {
    static IN_FLIGHT: Cell<u32> = const { Cell::new(0) };
}

/// The bytes of a request in flight, until it is dropped.
pub(super) struct KeptAlive(u32);

impl KeptAlive {
    pub(super) fn new(operation: &Operation, limits: &Limits) -> Self {
        let bytes = bytes(operation, limits);
        IN_FLIGHT.set(IN_FLIGHT.get() + bytes);
        Self(bytes)
    }
}

impl Drop for KeptAlive {
    fn drop(&mut self) {
        IN_FLIGHT.set(IN_FLIGHT.get() - self.0);
    }
}

/// Whether an operation fits beside those in flight.
pub(super) fn check(operation: &Operation, limits: &Limits) -> Result<(), Error> {
    if bytes(operation, limits) <= MAX_BYTES - IN_FLIGHT.get() {
        return Ok(());
    }
    let message = "with keepalive a browser sends at most 65536 bytes at a time, all requests \
                   together";
    Err(Error::Validation(message.into()))
}

fn bytes(operation: &Operation, limits: &Limits) -> u32 {
    match operation {
        Operation::Put { body, .. } if limits.keepalive => body.size().unwrap_or(u32::MAX / 2),
        _ => 0,
    }
}
