//! Version 2 of the wire: a subscription starts after a revision, and the server sends what came since then, then says
//! up to where that is complete.

mod replays;
mod stored;

pub(super) mod position;
pub(super) mod wire_subscriptions;
