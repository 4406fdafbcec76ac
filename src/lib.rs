//! The Ironflow key-value client for web apps.
//!
//! The modules, from the top down; none imports one above it:
//!
//! - `client`: the classes an app touches, their arguments, and an operation in flight.
//! - [`watch`]: runs a feed: sockets, timers and page events. The life cycle of a view.
//! - [`feed`]: a watch as a pure state machine. Knows no browser and no clock.
//! - [`transport`]: how an operation is carried out: over HTTP, or on the store in memory.
//! - [`store`]: the in-memory backend. Pure.
//! - [`config`]: options, resolved settings and the one retry policy.
//! - [`ffi`]: what is imported from `src/js`, and callbacks by number.
//! - [`error`]: every error of the client.
//! - [`enums`]: the enums that Rust and JavaScript share.
//! - [`kv`]: the vocabulary: keys, patterns, buckets, entries, events, and the subject tree.
//! - [`text`]: builds strings without `format!`.
//!
//! `client` and the parts of the others that touch the platform exist only when compiled to
//! WebAssembly; everything else is tested on the host.
#![deny(missing_docs)]

#[cfg(target_arch = "wasm32")]
mod client;
pub mod config;
pub mod enums;
pub mod error;
pub mod feed;
pub mod ffi;
pub mod kv;
pub mod store;
pub mod text;
pub mod transport;
pub mod watch;

#[cfg(target_arch = "wasm32")]
pub use client::*;

/// Smaller than the default one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
