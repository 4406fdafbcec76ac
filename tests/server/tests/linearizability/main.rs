//! One key under eight concurrent clients: the results must be possible for some sequential order of the
//! operations.
//!
//! `IRONFLOW_HISTORIES` sets how many histories are recorded on each backend.

mod checker;
mod history;
mod record;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use ironflow_harness::{HttpClient, count, in_parallel, process, say};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use tokio::runtime::Runtime;

use checker::is_linearizable;
use record::{Step, record, tally};

/// Where failing seeds are kept; every run begins with them.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/linearizability/proptest-regressions.txt"
);

const CLIENTS: usize = 8;

/// Together at most what the checker takes.
const STEPS: usize = 8;

#[test]
fn a_key_on_memory_is_linearizable() {
    check(
        "memory",
        process::server_on_memory(env!("CARGO_BIN_EXE_ironflow-server")),
    );
}

#[test]
fn a_key_on_nats_is_linearizable() {
    check(
        "NATS",
        process::server_on_nats(env!("CARGO_BIN_EXE_ironflow-server")),
    );
}

fn scripts() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        2 => Just(Step::Create),
        4 => (0_usize..2).prop_map(|back| Step::Update { back }),
        2 => Just(Step::Delete),
        3 => Just(Step::Get),
    ];
    vec(vec(step, STEPS), CLIENTS)
}

fn check(backend: &str, server: &str) {
    let histories = count("IRONFLOW_HISTORIES", 100);
    let runtime = Runtime::new().unwrap();
    let so_far = AtomicU32::new(0);
    let outcomes: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    in_parallel(histories, 4, |share| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| HttpClient::new(server)).collect();
        let config = Config {
            cases: share,
            // The same steps may well go right the next time.
            max_shrink_iters: 0,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
            ..Config::default()
        };
        TestRunner::new(config)
            .run(&scripts(), |scripts| {
                let number = so_far.fetch_add(1, Ordering::Relaxed);
                let bucket = format!("{}-{backend}-{number}", ironflow_harness::run());
                let history = runtime.block_on(record(&clients, &bucket, &scripts));
                for (kind, count) in tally(&history) {
                    *outcomes.lock().unwrap().entry(kind).or_default() += count;
                }
                prop_assert!(is_linearizable(&history), "{history:#?}");
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    });
    let outcomes = outcomes.into_inner().unwrap();
    say(&format!("{histories} histories on {backend}: {outcomes:?}"));
    assert_eq!(outcomes.len(), 5, "every kind of outcome has been seen");
}
