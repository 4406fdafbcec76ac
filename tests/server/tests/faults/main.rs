//! NATS servers that crash in the middle of the work. Every write that was acknowledged is there
//! afterwards, once; clients were told of nothing but that they should try again; and the server comes
//! back by itself.
//!
//! They take minutes: `make soak` runs them. `IRONFLOW_FAULTS` sets how many crashes there are.

mod cluster;
mod load;

use std::time::Duration;

use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::process::{Server, ironflow_server, nats_server_as};
use ironflow_harness::{HttpClient, count, say};
use tokio::time::{Instant, sleep};

use cluster::{Cluster, free_port};
use load::Load;

/// How long the work goes on before a crash, and between it and the restart.
const WORK: Duration = Duration::from_secs(3);

/// How long the server may take to come back.
const PATIENCE: Duration = Duration::from_secs(60);

fn server(arguments: &[&str]) -> Server {
    ironflow_server(env!("CARGO_BIN_EXE_ironflow-server"), arguments).unwrap()
}

/// Creates a bucket, as soon as there is somebody to do it.
async fn bucket(client: &HttpClient, name: &str) {
    let settings = BucketSettings {
        name: name.to_owned(),
        ..Default::default()
    };
    let start = Instant::now();
    while let Err(refusal) = client.create_bucket(&settings).await {
        assert_eq!(refusal.status, 503, "{refusal:?}");
        assert!(start.elapsed() < PATIENCE, "no bucket within {PATIENCE:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make soak runs it"]
async fn a_nats_server_crashes_and_comes_back() {
    let crashes = count("IRONFLOW_FAULTS", 3);
    let data = tempfile::tempdir().unwrap();
    let settings = format!(
        "listen: \"127.0.0.1:{}\"\nmax_payload: 2MB\n\
         jetstream {{ store_dir: {:?} }}\n",
        free_port(),
        data.path()
    );
    let mut nats = nats_server_as(&settings).unwrap();
    let server = server(&["--store", &nats.address]);
    let client = HttpClient::new(&server.address);
    bucket(&client, "crash").await;
    let load = Load::start(&server.address, "crash").await;
    for _ in 0..crashes {
        sleep(WORK).await;
        nats.kill();
        sleep(WORK).await;
        nats = nats_server_as(&settings).unwrap();
        load.wait_for_progress(PATIENCE).await;
    }
    say(&format!(
        "{crashes} crashes of nats-server: {}",
        load.finish(&client).await
    ));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make soak runs it"]
async fn the_leader_of_a_cluster_crashes() {
    let crashes = count("IRONFLOW_FAULTS", 3);
    let mut cluster = Cluster::start().await;
    let server = server(&["--store", cluster.address(), "--replicas", "3"]);
    let client = HttpClient::new(&server.address);
    bucket(&client, "cluster").await;
    let load = Load::start(&server.address, "cluster").await;
    for _ in 0..crashes {
        sleep(WORK).await;
        let leader = cluster.leader_of("KV_cluster").await;
        cluster.kill(leader);
        load.wait_for_progress(PATIENCE).await;
        sleep(WORK).await;
        cluster.restart(leader);
        load.wait_for_progress(PATIENCE).await;
    }
    say(&format!(
        "{crashes} crashes of a leader: {}",
        load.finish(&client).await
    ));
}
