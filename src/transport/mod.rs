//! Executes operations: on a server over HTTP, or on a store in memory.

pub mod path;

#[cfg(target_arch = "wasm32")]
mod active;
#[cfg(target_arch = "wasm32")]
mod attempt;
#[cfg(target_arch = "wasm32")]
mod credentials;
#[cfg(target_arch = "wasm32")]
mod fallback;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod keepalive;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod operation;
#[cfg(target_arch = "wasm32")]
mod refusal;
#[cfg(target_arch = "wasm32")]
mod shared_store;
#[cfg(target_arch = "wasm32")]
mod write_id;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::{
    active::Transport,
    credentials::Credentials,
    fallback::Fallback,
    http::Http,
    memory::Memory,
    operation::{Limits, Operation},
    shared_store::EventQueue,
};
