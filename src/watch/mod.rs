//! Watches: a [feed] is what one connection goes through, for all who watch a bucket; around it, the
//! socket or the store in memory that drives it, and the page it lives in.

pub mod view_lifecycle;

#[cfg(target_arch = "wasm32")]
mod handshake;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod queries;
#[cfg(target_arch = "wasm32")]
mod runner;
#[cfg(target_arch = "wasm32")]
mod socket;
#[cfg(target_arch = "wasm32")]
mod source;
#[cfg(target_arch = "wasm32")]
mod timeout;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::{
    page::{Page, PageEvent},
    runner::{FeedRunner, WatchHost},
    timeout::Timeout,
};
