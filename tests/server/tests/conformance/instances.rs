//! Rule 20 where a repetition reaches a server that has no record of the first: another instance, or
//! the same one started again.

use ironflow_conformance::{Backend as _, BucketSettings, Repeating as _, Write};
use ironflow_harness::HttpClient;
use ironflow_harness::process::{ironflow_server, nats_server};
use ironflow_harness::wire::exchange;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ironflow-server");

/// An id that no other write of a test has: 22 characters of base64url.
fn id(number: u32) -> String {
    format!("id-of-a-write_{number:08}")
}

#[tokio::test]
async fn another_instance_on_the_same_nats_knows_a_write() {
    let nats = nats_server().unwrap();
    let arguments = ["--store", &nats.address];
    let servers = [(); 2].map(|()| ironflow_server(PROGRAM, &arguments).unwrap());
    let [one, other] = servers
        .each_ref()
        .map(|server| HttpClient::new(&server.address));
    let settings = BucketSettings {
        name: "b".to_owned(),
        ..Default::default()
    };
    one.create_bucket(&settings).await.unwrap();

    for is_superseded in [false, true] {
        for kind in 0..7 {
            let key = format!("k{kind}.{is_superseded}");
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
            let id = id(kind + if is_superseded { 10 } else { 0 });
            let first = one.write("b", &key, write, &id).await.unwrap();
            if is_superseded {
                one.put("b", &key, b"newer").await.unwrap();
                one.put("b", &key, b"newest").await.unwrap();
            }
            let before = one.bucket_info("b").await.unwrap();
            let repeated = other.write("b", &key, write, &id).await;
            assert_eq!(repeated, Ok(first), "{write:?} {is_superseded}");
            assert_eq!(one.bucket_info("b").await.unwrap(), before);
            if is_superseded {
                assert_eq!(one.get("b", &key).await.unwrap().value, b"newest");
            }
        }
    }
}

/// The body of the refusal of an update with an id.
async fn refused_update(server: &str, key: &str, revision: u64, number: u32) -> Value {
    let request = format!(
        "PUT /api/v1/kv/buckets/b/keys/{key} HTTP/1.1\r\nHost: localhost\r\nIf-Match: {revision}\r\n\
         Ironflow-Write-Id: {}\r\nConnection: close\r\nContent-Length: 1\r\n\r\nv",
        id(number)
    );
    let answer = exchange(server, request.as_bytes()).await.unwrap();
    assert_eq!(answer.status, Some(412), "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn an_update_that_may_have_been_carried_out_says_so() {
    let nats = nats_server().unwrap();
    let arguments = ["--store", &nats.address];
    let old = ironflow_server(PROGRAM, &arguments).unwrap();
    let client = HttpClient::new(&old.address);
    let settings = BucketSettings {
        name: "b".to_owned(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    for value in ["1", "2", "3"] {
        client
            .put("b", "superseded", value.as_bytes())
            .await
            .unwrap(); // 1 to 3
    }
    client.put("b", "followed", b"4").await.unwrap(); // 4
    client.update("b", "followed", b"5", 4).await.unwrap(); // 5

    let mismatch = json!({ "error": "revision mismatch", "code": "revision_mismatch" });
    let mut unknown = mismatch.clone();
    unknown["unknown"] = json!(true);
    // This one has been there since before the first write: nothing can have been carried out that
    // JetStream forgot.
    let plain = refused_update(&old.address, "superseded", 1, 1).await;
    assert_eq!(plain, mismatch);
    // This one cannot know how long NATS has been there.
    let new = ironflow_server(PROGRAM, &arguments).unwrap();
    let uncertain = refused_update(&new.address, "superseded", 1, 2).await;
    assert_eq!(uncertain, unknown);
    // Where the next message is that of another write, the update was not carried out.
    let plain = refused_update(&new.address, "followed", 4, 3).await;
    assert_eq!(plain, mismatch);
    // What is written from here on, is while NATS runs.
    for value in ["6", "7", "8"] {
        client
            .put("b", "superseded", value.as_bytes())
            .await
            .unwrap(); // 6 to 8
    }
    let plain = refused_update(&new.address, "superseded", 6, 4).await;
    assert_eq!(plain, mismatch);
}
