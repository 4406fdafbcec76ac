//! Watches: runs [feeds](crate::feed) over sockets or the store in memory, with timers and page events; and
//! the life cycle of a view.

pub mod view_lifecycle;

#[cfg(target_arch = "wasm32")]
mod handshake;
#[cfg(target_arch = "wasm32")]
mod log;
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
