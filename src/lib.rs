//! The Ironflow key-value client for web apps.
//!
//! The rooms, from the top down; each knows only those below it:
//!
//! - `api`: what JavaScript sees: the client, its buckets, its watchers.
//! - [`watch`]: a watch as a state machine, and the socket that drives it.
//! - [`transport`]: how an operation is carried out: over HTTP, or on the store in memory.
//! - [`store`]: the in-memory key-value store. Knows no browser and has no clock of its own.
//! - `js`: the few functions that are better off in JavaScript.
//! - [`config`], [`options`], [`error`]: a client's settings, how they are read, what can go wrong.
//! - [`kv`]: the vocabulary: keys, patterns, buckets, entries, watch events, refusals.
//! - [`text`], [`slots`]: text put together by hand, and things kept under numbers.
//!
//! `api`, `js` and the parts of `watch` and `transport` that touch the platform exist only when
//! compiled to WebAssembly; all else is tested on the host.
#![deny(missing_docs)]

#[cfg(target_arch = "wasm32")]
mod api;
pub mod config;
pub mod error;
#[cfg(target_arch = "wasm32")]
mod js;
pub mod kv;
pub mod options;
pub mod slots;
pub mod store;
pub mod text;
pub mod transport;
pub mod watch;

#[cfg(target_arch = "wasm32")]
pub use api::*;

/// Smaller than the default one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
