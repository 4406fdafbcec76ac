//! How an operation is carried out: by a server over HTTP, or by a store in memory.

pub mod path;

#[cfg(target_arch = "wasm32")]
mod credentials;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod operation;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::{
    credentials::Credentials,
    http::Http,
    memory::{EventQueue, Memory},
    operation::{Body, Limits, Operation},
};

/// The two ways.
#[cfg(target_arch = "wasm32")]
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Http),
    Memory(Memory),
}

#[cfg(target_arch = "wasm32")]
impl Transport {
    /// Carries an operation out and gives what JavaScript is to get.
    pub(crate) async fn carry_out(
        &self,
        operation: &Operation,
        limits: &Limits,
    ) -> Result<wasm_bindgen::JsValue, crate::js::Failure> {
        limits.check()?;
        match self {
            Self::Http(http) => http.carry_out(operation, limits).await,
            Self::Memory(memory) => Ok(memory.carry_out(operation)?),
        }
    }
}
