//! Who may open a connection, and for how long.

use ironflow_harness::wire::exchange;
use ironflow_harness::{HttpClient, run};
use std::fs;

use serde_json::json;

use crate::{on_memory, on_nats};

#[tokio::test]
async fn a_connection_wants_a_credential_and_a_reading_one_is_enough() {
    let server = on_memory(&["--api-key", "writer", "--api-key", "reader:read"]);
    let client = HttpClient::new(&server.address);
    for (credential, status) in [
        ("", Some(401)),
        (", ironflow.auth.bearer.c3RyYW5nZXI", Some(401)),
        (", ironflow.auth.bearer.d3JpdGVy", None),
        (", ironflow.auth.bearer.cmVhZGVy", None),
    ] {
        let offers = format!("ironflow.v1, ironflow.v2{credential}");
        let opened = client.handshake("any", &offers).await;
        match opened {
            Err(refused) => assert_eq!(Some(refused.as_u16()), status, "{offers}"),
            Ok((selected, mut session)) => {
                assert_eq!((selected.as_deref(), status), (Some("ironflow.v2"), None));
                session.send(json!({ "type": "ping" })).await;
                session.next_of("tick").await;
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_taken_away_ends_its_connections() {
    const OFFERS: &str = "ironflow.v2, ironflow.auth.bearer.";
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for start in [on_memory, on_nats] {
        fs::write(path, "kept\n\n  gone:read\n").unwrap();
        let server = start(&["--api-key-file", path, "--api-key", "fixed"]);
        let client = HttpClient::new(&server.address);
        let open = async |key| {
            let opened = client.handshake("any", &format!("{OFFERS}{key}")).await;
            opened.map(|(_, session)| session)
        };
        // kept, gone, fixed
        let (mut kept, mut gone) = (open("a2VwdA").await.unwrap(), open("Z29uZQ").await.unwrap());
        open("Zml4ZWQ").await.unwrap();
        let name = format!("w2-keys-{}", run());
        let body = json!({ "name": name }).to_string();
        let create = format!(
            "POST /api/v1/kv/buckets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer fixed\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let created = exchange(&server.address, create.as_bytes()).await.unwrap();
        assert_eq!(created.status, Some(201), "{created:?}");
        gone.subscribe(1, &name, &[">"], json!({ "after": 0 }))
            .await;
        gone.replayed(1).await;
        fs::write(path, "kept\nnew").unwrap();
        server.signal("HUP");
        let refused = gone.next_of("refused").await;
        assert_eq!(
            (&refused["id"], &refused["status"]),
            (&json!(1), &json!(401))
        );
        assert_eq!(gone.receive().await, Err(Some(4401)));
        assert_eq!(open("Z29uZQ").await.unwrap_err(), 401);
        for key in ["a2VwdA", "bmV3", "Zml4ZWQ"] {
            open(key).await.unwrap();
        }
        kept.send(json!({ "type": "ping" })).await;
        kept.next_of("tick").await;
    }
}
