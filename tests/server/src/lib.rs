//! The reference server of the Ironflow key-value protocol: HTTP and WebSocket on one side, the
//! SDK's in-memory store or NATS JetStream on the other.
//!
//! The rooms, from the outside in:
//!
//! - `cli`, `server`: the command line, and the server's life.
//! - `origin`, `auth`, `body`, `readings`, `write_id`: what requests pass: who may call, with what,
//!   how often.
//! - `address`, `environment`, `routes`, `answer`, `features`: a request taken apart, carried out and
//!   answered.
//! - `socket`, `session`: an open watch, of version 1 and of version 2.
//! - `backend`: where the data is.
#![deny(missing_docs)]

mod address;
mod answer;
mod app;
mod auth;
mod backend;
mod body;
pub mod cli;
mod environment;
mod features;
mod origin;
mod readings;
mod routes;
mod server;
mod session;
mod socket;
mod write_id;

pub use auth::ApiKey;
pub use backend::NatsError;
pub use origin::Origin;
pub use server::{Config, KeyLoader, Server, StartError, StoreConfig};
