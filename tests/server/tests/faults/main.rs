//! NATS servers, and the server itself, that crash in the middle of the work. Every write that was
//! acknowledged is there afterwards, once; a write with an id that is repeated gets the answer that was
//! lost, or an answer that says that it is unknown; clients get only errors that say to retry; and the
//! server recovers by itself.
//!
//! Most take minutes: `make soak` runs them. `IRONFLOW_FAULTS` sets how many crashes there are.

mod cluster;
mod load;
mod restarts;

use std::time::Duration;

use ironflow_conformance::{Backend as _, BucketSettings, Repeating as _, Write};
use ironflow_harness::process::{Server, ironflow_server, nats_server, nats_server_as};
use ironflow_harness::{HttpClient, Proxy, count, say};
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

/// Creates a bucket, as soon as the server can.
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
    bucket(&client, "crash-own").await;
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
    bucket(&client, "cluster-own").await;
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make soak runs it"]
async fn the_server_crashes_between_writes_and_their_answers() {
    let crashes = count("IRONFLOW_FAULTS", 3);
    let nats = nats_server().unwrap();
    let arguments = ["--store", &nats.address];
    let mut running = server(&arguments);
    let proxy = Proxy::start(&running.address, 0).await;
    let client = HttpClient::resending(&proxy.address);
    bucket(&client, "b").await;
    bucket(&client, "b-own").await;
    let load = Load::start_unwatched(&proxy.address, "b").await;
    for _ in 0..crashes {
        load.wait_for_progress(PATIENCE).await;
        running.kill();
        running = server(&arguments);
        proxy.redirect(&running.address);
    }
    load.wait_for_progress(PATIENCE).await;
    say(&format!(
        "{crashes} crashes of the server: {}",
        load.finish(&client).await
    ));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a while: make soak runs it"]
async fn a_replicated_bucket_carries_a_write_out_once_whatever_instance_is_asked() {
    let cluster = Cluster::start().await;
    let arguments = ["--store", cluster.address(), "--replicas", "3"];
    let servers = [(); 2].map(|()| server(&arguments));
    let [one, other] = servers
        .each_ref()
        .map(|server| HttpClient::new(&server.address));
    bucket(&one, "b").await;
    for number in 0..14 {
        let (kind, is_superseded) = (number % 7, number >= 7);
        let key = format!("k{number}");
        let last = match kind {
            0 => 0,
            _ => one.put("b", &key, b"old").await.unwrap(),
        };
        let write = match kind {
            0 => Write::Create(b"new"),
            1 => Write::Put(b"new"),
            2 => Write::Update(b"new", last),
            3 => Write::Delete,
            4 => Write::Purge,
            5 => Write::DeleteIf(last),
            _ => Write::PurgeIf(last),
        };
        let id = format!("id-of-a-write_{number:08}");
        let first = one.write("b", &key, write, &id).await.unwrap();
        if is_superseded {
            one.put("b", &key, b"newer").await.unwrap();
            one.put("b", &key, b"newest").await.unwrap();
        }
        let before = one.bucket_info("b").await.unwrap();
        let repeated = other.write("b", &key, write, &id).await;
        assert_eq!(repeated, Ok(first), "{write:?} {is_superseded}");
        let refused = other
            .write("b", &key, Write::Update(b"v", last + 100), &id)
            .await;
        assert_eq!(refused.unwrap_err().message, "revision mismatch");
        assert_eq!(one.bucket_info("b").await.unwrap(), before);
    }
}
