//! What the tests of the host share: clients of a server and of the store behind the suite's
//! [`ironflow_conformance::Backend`], and the processes they speak to.
#![deny(missing_docs)]

mod client;
pub mod process;
mod store;
mod watch;

pub use client::{HttpClient, run};
pub use store::{ManualClock, START, StoreClient, StoreWatch};
pub use watch::HttpWatch;

/// How many of something are tried: what the environment variable says, or else the default.
///
/// # Panics
/// Where the variable holds no number.
pub fn count(variable: &str, default: u32) -> u32 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => default,
    }
}
