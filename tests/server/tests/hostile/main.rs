//! The server under clients that mean no good, or know no better: nothing they send makes it panic,
//! hang, grow without bound or neglect the client who behaves.
//!
//! `IRONFLOW_INPUTS` sets how many made-up inputs each test tries.

mod bystander;
mod frames;
mod handshake;
mod idle;
mod oversized;
mod raw;
mod readers;
mod requests;
mod sessions;
mod slow;
mod watchers;

use ironflow_harness::process::{Server, ironflow_server, shared_nats};
use ironflow_harness::{count, in_parallel, say};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use bystander::Bystander;

/// Where failures are kept.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/hostile/proptest-regressions.txt"
);

const MEGABYTE: u64 = 1 << 20;

/// A server of the test's own, on the memory store.
fn on_memory() -> Server {
    start(&[])
}

/// The same on JetStream.
fn on_nats() -> Server {
    start(&["--store", shared_nats()])
}

fn start(arguments: &[&str]) -> Server {
    ironflow_server(env!("CARGO_BIN_EXE_ironflow-server"), arguments).unwrap()
}

/// Tries random inputs on a server while a bystander uses it, and checks the memory it takes.
fn try_out<S: Strategy>(
    what: &str,
    server: &Server,
    strategy: impl Fn() -> S + Sync,
    test: impl AsyncFn(&str, S::Value) -> Result<(), TestCaseError> + Sync,
) {
    let inputs = count("IRONFLOW_INPUTS", 1000);
    let runtime = Runtime::new().unwrap();
    let bystander = Bystander::start(&runtime, &server.address);
    let before = server.resident_bytes();
    in_parallel(inputs, 4, |cases| {
        let config = Config {
            cases,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
            max_shrink_time: 60_000,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(&strategy(), |input| {
                runtime.block_on(test(&server.address, input))
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    });
    let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
    let report = runtime.block_on(bystander.finish());
    say(&format!("{inputs} {what}: {report}, {grown} MiB more"));
    assert!(grown < 64, "the server has grown by {grown} MiB");
}
