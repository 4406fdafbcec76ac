//! Watches: a [feed] is what one connection goes through; around it, the socket or the store in
//! memory that drives it, and the callbacks it ends in.

pub mod feed;

#[cfg(target_arch = "wasm32")]
mod socket;
#[cfg(target_arch = "wasm32")]
mod watcher;

#[cfg(target_arch = "wasm32")]
pub(crate) use watcher::{Owner, Watch};
