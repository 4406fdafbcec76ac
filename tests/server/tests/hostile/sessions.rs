//! Connections of version 2 of the watch that ask for too much, take too little or make no sense.

use std::time::Duration;

use futures_util::future::join_all;
use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::process::Server;
use ironflow_harness::{HttpClient, Session, run, say};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::bystander::Bystander;
use crate::{MEGABYTE, on_memory, on_nats, try_out};

/// How many connections there are, and how many subscriptions each asks for.
const CONNECTIONS: usize = 50;
const SUBSCRIPTIONS: u64 = 1000;

/// What each subscription is to get.
const KEYS: usize = 200;
const VALUE_BYTES: usize = 10_000;

/// How long a client that behaves waits for its replay while others do their worst.
const PATIENCE: Duration = Duration::from_secs(60);

async fn bucket(server: &str, name: &str, keys: usize, size: usize) -> HttpClient {
    let client = HttpClient::new(server);
    let settings = BucketSettings {
        name: name.to_owned(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    for number in 0..keys {
        let (key, value) = (format!("k{number}"), vec![7; size]);
        client.put(name, &key, &value).await.unwrap();
    }
    client
}

/// A frame that may be right, with ids that are used again, buckets that are not there, and epochs
/// and revisions that are made up.
fn frame() -> impl Strategy<Value = String> {
    let id = prop_oneof![8 => (0_u64..4).prop_map(|n| json!(n)), 1 => odd()];
    let name = prop_oneof![
        6 => Just(json!("sessions")),
        1 => Just(json!("missing")),
        1 => odd()
    ];
    let key = prop_oneof![
        6 => select(&[">", "*", "k1", "k*", "a.*.>", "\u{a0}"][..]).prop_map(|key| json!(key)),
        1 => "[ -~]{0,20}".prop_map(|key| json!(key)),
        1 => odd(),
    ];
    let keys = prop_oneof![8 => vec(key, 0..5).prop_map(Value::from), 1 => odd()];
    let after = prop_oneof![
        4 => select(&[0_u64, 1, 7, 100, u64::MAX][..]).prop_map(|after| json!(after)),
        4 => Just(Value::Null),
        1 => odd(),
    ];
    let epoch = prop_oneof![
        4 => Just(Value::Null),
        2 => "[ -~]{0,40}".prop_map(|epoch| json!(epoch)),
        1 => odd(),
    ];
    let subscribe =
        (id.clone(), name, keys, after, epoch).prop_map(|(id, name, keys, after, epoch)| {
            json!({ "type": "subscribe", "id": id, "name": name, "keys": keys, "after": after,
                    "epoch": epoch })
            .to_string()
        });
    let unsubscribe = id.prop_map(|id| json!({ "type": "unsubscribe", "id": id }).to_string());
    prop_oneof![
        8 => subscribe,
        3 => unsubscribe,
        1 => Just(json!({ "type": "ping" }).to_string()),
        1 => "\\PC{0,200}",
        1 => (0_usize..50_000).prop_map(|size| "[".repeat(size)),
        1 => odd().prop_map(|odd| json!({ "type": odd }).to_string()),
    ]
}

/// What is hardly ever right.
fn odd() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(Value::Null),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|bool| json!(bool)),
        "\\PC{0,50}".prop_map(|text| json!(text)),
        vec(any::<u8>(), 0..10).prop_map(|list| json!(list)),
        (0_usize..5).prop_map(|size| json!({ "k": "v".repeat(size * 1000) })),
    ]
}

#[test]
fn frames_of_any_kind_leave_the_connection_and_other_clients_alone() {
    for server in [on_memory(), on_nats()] {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(bucket(&server.address, "sessions", 20, 100));
        let frames = || vec(frame(), 1..20);
        try_out("sessions", &server, frames, async |server, frames| {
            let mut session = HttpClient::new(server).session().await;
            for frame in frames {
                session.send_text(&frame).await;
            }
            // Ids from here on are its own.
            session
                .subscribe(99, "sessions", &["k7"], json!({ "after": 0 }))
                .await;
            loop {
                let frame = session.next().await;
                prop_assert!(frame["type"].is_string(), "{frame}");
                if frame["id"] == 99 && frame["type"] == "synced" {
                    return Ok(());
                }
            }
        });
        let client = HttpClient::new(&server.address);
        runtime.block_on(client.delete_bucket("sessions")).unwrap();
    }
}

/// Reads a frame now and then, until it is dropped.
async fn sip(mut session: Session) {
    while session.receive().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn subscriptions_without_end_take_little_memory(server: &Server) {
    let name = format!("sessions-{}", run());
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(bucket(&server.address, &name, KEYS, VALUE_BYTES));
    let before = server.resident_bytes();
    let bystander = Bystander::start(&runtime, &server.address);
    let (report, grown) = runtime.block_on(async {
        let hostile = HttpClient::with_small_buffers(&server.address);
        let subscribe = async |number: usize| {
            let mut session = hostile.session().await;
            for id in 0..SUBSCRIPTIONS {
                session
                    .subscribe(id, &name, &[">"], json!({ "after": 0 }))
                    .await;
            }
            (number, session)
        };
        let sessions = join_all((0..CONNECTIONS).map(subscribe)).await;
        let mut deaf = Vec::new();
        for (number, session) in sessions {
            match number % 2 {
                0 => deaf.push(session),
                _ => {
                    tokio::spawn(sip(session));
                }
            }
        }
        // Changes for all of them, too.
        for number in 0..50 {
            let key = format!("k{number}");
            client.put(&name, &key, &[7; VALUE_BYTES]).await.unwrap();
        }
        let mut served = client.session().await;
        for id in 0..3 {
            served
                .subscribe(id, &name, &["*"], json!({ "after": 0 }))
                .await;
            let replayed = timeout(PATIENCE, served.replayed(id)).await;
            let replayed = replayed.expect("a replay for a client that reads");
            assert!(replayed.events().len() >= KEYS);
        }
        let grown = server.resident_bytes().saturating_sub(before) / MEGABYTE;
        (bystander.finish().await, grown)
    });
    let subscriptions = CONNECTIONS as u64 * SUBSCRIPTIONS;
    say(&format!(
        "{subscriptions} subscriptions: {report}, {grown} MiB more"
    ));
    assert!(grown < 64, "the server has grown by {grown} MiB");
}

#[test]
fn subscriptions_without_end_take_little_memory_on_memory() {
    subscriptions_without_end_take_little_memory(&on_memory());
}

#[test]
fn subscriptions_without_end_take_little_memory_on_nats() {
    subscriptions_without_end_take_little_memory(&on_nats());
}
