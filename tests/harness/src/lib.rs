//! What the tests of the host share: clients of a server and of the store behind the suite's
//! [`ironflow_conformance::Backend`], and the processes they speak to.
#![deny(missing_docs)]

mod bodies;
mod client;
mod extended;
pub mod process;
mod proxy;
mod session;
mod store;
mod subscribed;
mod watch;
pub mod wire;

use std::io::Write as _;

pub use client::{HttpClient, UNKNOWN, run};
pub use proxy::Proxy;
pub use session::{Replayed, Session, outline};
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

/// Spreads so much work over threads, each of which is given its share.
///
/// # Panics
/// Where one of them does.
pub fn in_parallel(total: u32, threads: u32, work: impl Fn(u32) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let share = total / threads + u32::from(thread < total % threads);
            let work = &work;
            scope.spawn(move || work(share));
        }
    });
}

/// Prints a line to standard error directly, which the test harness does not capture.
pub fn say(line: &str) {
    // Standard error may be closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}
