//! One key under eight concurrent clients: the results must be possible for some sequential order of the
//! operations. The same through a proxy that sends a fifth of the requests twice and loses a fifth of the
//! answers, with writes that have ids (rule 20): each acknowledged write takes effect once.
//!
//! `IRONFLOW_HISTORIES` sets how many histories are recorded of each kind on each backend.

mod checker;
mod history;
mod record;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ironflow_harness::{HttpClient, Proxy, count, in_parallel, process, say};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use tokio::runtime::Runtime;

use checker::is_linearizable;
use record::{Clients, Step, record, tally};

/// Where failing seeds are kept; every run begins with them.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/linearizability/proptest-regressions.txt"
);

const CLIENTS: usize = 8;

/// Together, and with a last one, at most what the checker takes.
const STEPS: usize = 7;

/// How many of a hundred requests the proxy resends, and of how many it loses the answers.
const PERCENT: u64 = 20;

const SERVER: &str = env!("CARGO_BIN_EXE_ironflow-server");

#[test]
fn a_key_on_memory_is_linearizable() {
    let server = process::server_on_memory(SERVER);
    check("memory", 100, async || direct(server));
}

#[test]
fn a_key_on_nats_is_linearizable() {
    let server = process::server_on_nats(SERVER);
    check("NATS", 100, async || direct(server));
}

#[test]
fn a_key_on_memory_is_linearizable_where_requests_are_resent_and_answers_lost() {
    let server = process::server_on_memory(SERVER);
    check("memory-resent", 50, async || behind_a_proxy(server).await);
}

#[test]
fn a_key_on_nats_is_linearizable_where_requests_are_resent_and_answers_lost() {
    let server = process::server_on_nats(SERVER);
    check("NATS-resent", 50, async || behind_a_proxy(server).await);
}

fn direct(server: &str) -> Clients {
    Clients {
        direct: HttpClient::new(server),
        clients: (0..CLIENTS).map(|_| HttpClient::new(server)).collect(),
        proxy: None,
    }
}

async fn behind_a_proxy(server: &str) -> Clients {
    let proxy = Proxy::start(server, PERCENT).await;
    let clients = (0..CLIENTS).map(|_| HttpClient::resending(&proxy.address));
    Clients {
        direct: HttpClient::new(server),
        clients: clients.collect(),
        proxy: Some(proxy),
    }
}

fn scripts() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        2 => Just(Step::Put),
        2 => Just(Step::Create),
        4 => (0_usize..2).prop_map(|back| Step::Update { back }),
        2 => Just(Step::Delete),
        1 => Just(Step::DeleteIf),
        3 => Just(Step::Get),
    ];
    vec(vec(step, STEPS), CLIENTS)
}

fn check(backend: &str, default: u32, connect: impl AsyncFn() -> Clients + Sync) {
    let histories = count("IRONFLOW_HISTORIES", default);
    let runtime = Runtime::new().unwrap();
    let so_far = AtomicU32::new(0);
    let outcomes: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let faults = AtomicU64::new(0);
    in_parallel(histories, 4, |share| {
        let clients = runtime.block_on(connect());
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
        if let Some(proxy) = &clients.proxy {
            let (resent, lost) = proxy.counts();
            assert!(resent > 0 && lost > 0, "{resent} resent, {lost} lost");
            faults.fetch_add(resent + lost, Ordering::Relaxed);
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let faults = faults.into_inner();
    say(&format!(
        "{histories} histories on {backend}, {faults} faults: {outcomes:?}"
    ));
    assert_eq!(outcomes.len(), 5, "every kind of outcome has been seen");
}
