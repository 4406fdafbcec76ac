//! The in-memory store and JetStream behind the server, put to the same made-up sequences of
//! operations: every answer, revision, listing and watch must be the same, also where the server gets a
//! write with an id more than once, at the same time or later.
//!
//! `IRONFLOW_SEQUENCES` sets how many sequences are tried. What fails is made smaller, and kept in
//! `proptest-regressions.txt` beside this file, to be tried first from then on.

mod generate;
mod regressions;
mod repeats;
mod run;
mod step;
mod times;
mod watching;

use std::sync::atomic::{AtomicUsize, Ordering};

use ironflow_harness::{HttpClient, count, in_parallel, process, say};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestError, TestRunner};
use tokio::runtime::Runtime;

use step::Sequence;

/// Where failures are kept.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/differential/proptest-regressions.txt"
);

#[test]
fn the_store_and_jetstream_do_the_same() {
    let sequences = count("IRONFLOW_SEQUENCES", 2000);
    try_out("sequences", sequences, 8, generate::lasting);
}

/// Far fewer: they take as long as keys live.
#[test]
fn the_store_and_jetstream_let_keys_expire_alike() {
    let sequences = count("IRONFLOW_SEQUENCES", 2000) / 40;
    try_out(
        "sequences with a time to live",
        sequences,
        25,
        generate::expiring,
    );
}

/// Tries so many sequences, spread over threads that share one server.
fn try_out<S: Strategy<Value = Sequence>>(
    what: &str,
    sequences: u32,
    threads: u32,
    strategy: impl Fn() -> S + Sync,
) {
    let server = process::server_on_nats(env!("CARGO_BIN_EXE_ironflow-server"));
    let runtime = Runtime::new().unwrap();
    let operations = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let clients = AtomicUsize::new(0);
    in_parallel(sequences, threads, |share| {
        // Half of them watch with each version.
        let client = match clients.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => HttpClient::new(server),
            _ => HttpClient::with_watch_2(server),
        };
        let tried = runner(share).run(&strategy(), |sequence| {
            operations.fetch_add(sequence.steps.len(), Ordering::Relaxed);
            runtime.block_on(run::run(&client, &sequence))
        });
        if let Err(difference) = tried {
            failed.fetch_add(1, Ordering::Relaxed);
            report(&difference);
        }
    });
    let operations = operations.into_inner();
    say(&format!("{sequences} {what}, {operations} operations"));
    assert_eq!(failed.into_inner(), 0, "differences were found: see above");
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        max_shrink_time: 120_000,
        ..Config::default()
    })
}

fn report(difference: &TestError<Sequence>) {
    match difference {
        TestError::Abort(reason) => say(&format!("given up: {reason}")),
        TestError::Fail(reason, sequence) => say(&format!("{reason}\n{sequence:#?}")),
    }
}
