//! Version 1 of the wire, and the store: changes come from now on, and nothing says what was missed. So the keys are
//! listed, compared with what was delivered, and read where they may have changed.

mod initial;
mod reads;
mod widening;

pub(super) mod fetch_queue;
pub(super) mod list_order;
pub(super) mod resync;
