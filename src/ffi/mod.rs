//! The border to JavaScript: imports from `src/js`, and callbacks by number.
//!
//! Every import that touches a value of the caller, or calls the platform, is declared `catch` or
//! cannot throw: an exception that unwinds through WebAssembly would leave the client broken.

pub mod slots;

#[cfg(target_arch = "wasm32")]
mod failure;
#[cfg(target_arch = "wasm32")]
mod imports;
#[cfg(target_arch = "wasm32")]
mod listeners;
#[cfg(target_arch = "wasm32")]
mod waiting;
#[cfg(target_arch = "wasm32")]
mod watching;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::{
    failure::{Failure, Problem, Subject},
    imports::*,
    listeners::{Listener, forget, once},
    waiting::{
        Done, HttpRequest, OperationResult, RaceResult, ask_token, call, exchange, later, pause,
    },
    watching::*,
};
