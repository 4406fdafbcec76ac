//! What a server knows of a write that another one, which crashed, has carried out.

use ironflow_conformance::{Backend as _, Repeating as _, Write};
use ironflow_harness::process::{Server, nats_server_as};
use ironflow_harness::{HttpClient, UNKNOWN};

use crate::{bucket, server};

/// Each kind of write, and whether it has a condition. Any but `create` is of a key at this revision.
const fn kinds(last: u64) -> [(Write<'static>, bool); 7] {
    [
        (Write::Create(b"new"), true),
        (Write::Put(b"new"), false),
        (Write::Update(b"new", last), true),
        (Write::Delete, false),
        (Write::Purge, false),
        (Write::DeleteIf(last), true),
        (Write::PurgeIf(last), true),
    ]
}

/// A write, and the answer to it that the client did not get.
struct Lost {
    key: String,
    write: Write<'static>,
    has_condition: bool,
    id: String,
    answer: Option<u64>,
    is_superseded: bool,
}

/// Carries each kind of write out, on a key of its own, and writes to half of the keys afterwards.
async fn write_all(client: &HttpClient) -> Vec<Lost> {
    let mut writes = Vec::new();
    for number in 0..14 {
        let (kind, is_superseded) = (number % 7, number >= 7);
        let key = format!("k{number}");
        let last = match kind {
            0 => 0,
            _ => client.put("b", &key, b"old").await.unwrap(),
        };
        let (write, has_condition) = kinds(last)[kind];
        let id = format!("id-of-a-write_{number:08}");
        let answer = client.write("b", &key, write, &id).await.unwrap();
        if is_superseded {
            client.put("b", &key, b"newer").await.unwrap();
        }
        writes.push(Lost {
            key,
            write,
            has_condition,
            id,
            answer,
            is_superseded,
        });
    }
    writes
}

fn nats(data: &tempfile::TempDir) -> Server {
    let settings = format!(
        "listen: \"127.0.0.1:-1\"\nmax_payload: 2MB\njetstream {{ store_dir: {:?} }}\n",
        data.path()
    );
    nats_server_as(&settings).unwrap()
}

/// The server crashes, and with it NATS or not; then each write is repeated.
async fn crash_and_repeat(with_nats: bool) {
    let data = tempfile::tempdir().unwrap();
    let mut nats_server = nats(&data);
    let first = server(&["--store", &nats_server.address]);
    let client = HttpClient::new(&first.address);
    bucket(&client, "b").await;
    let writes = write_all(&client).await;
    first.kill();
    if with_nats {
        nats_server.kill();
        nats_server = nats(&data);
    }
    let second = server(&["--store", &nats_server.address]);
    let client = HttpClient::new(&second.address);
    for lost in writes {
        let before = client.bucket_info("b").await.unwrap();
        let repeated = client.write("b", &lost.key, lost.write, &lost.id).await;
        let after = client.bucket_info("b").await.unwrap();
        let context = format!("{:?}, superseded: {}", lost.write, lost.is_superseded);
        match repeated {
            Err(refusal) => {
                assert!(lost.has_condition && lost.is_superseded, "{context}");
                assert_eq!(refusal.status, 412, "{context}");
                assert!(refusal.message.ends_with(UNKNOWN), "{context}: {refusal:?}");
            }
            // The limit: NATS has forgotten the id with the message, so the write takes effect again.
            Ok(_) if with_nats && lost.is_superseded && !lost.has_condition => {
                assert_ne!(after, before, "{context}");
                continue;
            }
            Ok(answer) => assert_eq!(answer, lost.answer, "{context}"),
        }
        assert_eq!(after, before, "{context}: nothing is written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_restarted_repeats_no_write() {
    crash_and_repeat(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_of_nats_and_the_server_only_a_superseded_plain_write_repeats() {
    crash_and_repeat(true).await;
}
