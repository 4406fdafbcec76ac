//! Which version a connection is of.

use ironflow_conformance::{Backend as _, Watch as _};
use ironflow_harness::HttpClient;
use serde_json::json;

use crate::{Bucket, on_memory, on_nats};

pub async fn the_server_selects_the_newest_version_that_is_offered(server: &str) {
    let bucket = Bucket::new(server, "negotiation").await;
    for (path, offers, selected) in [
        (&*bucket.name, "ironflow.v1", Ok(Some("ironflow.v1"))),
        (
            &bucket.name,
            "ironflow.v1, ironflow.v2",
            Ok(Some("ironflow.v2")),
        ),
        (&bucket.name, "ironflow.v2", Ok(Some("ironflow.v2"))),
        (
            &bucket.name,
            "ironflow.v2,ironflow.v1",
            Ok(Some("ironflow.v2")),
        ),
        (
            &bucket.name,
            "ironflow.v3, ironflow.v1",
            Ok(Some("ironflow.v1")),
        ),
        (&bucket.name, "", Ok(None)),
        // Version 2 does not look at the bucket.
        (
            "missing",
            "ironflow.v1, ironflow.v2",
            Ok(Some("ironflow.v2")),
        ),
        ("no%20name", "ironflow.v2", Ok(Some("ironflow.v2"))),
        ("missing", "ironflow.v1", Err(404)),
        ("no%20name", "ironflow.v1", Err(400)),
    ] {
        let answer = bucket.client.handshake(path, offers).await;
        let answer = answer.map(|(selected, _)| selected);
        let answer = answer.map_err(|status| status.as_u16());
        let expected = selected.map(|selected| selected.map(str::to_owned));
        assert_eq!(answer, expected, "{path} {offers:?}");
    }
}

pub async fn version_1_is_as_it_was(server: &str) {
    let bucket = Bucket::new(server, "version-1").await;
    let mut watch = bucket
        .client
        .watch(&bucket.name, Some("a.*"))
        .await
        .unwrap();
    let mut session = bucket.client.session().await;
    session
        .subscribe(1, &bucket.name, &["a.*"], json!({}))
        .await;
    session.next_of("synced").await;
    bucket.put("b", "not asked for").await;
    let revision = bucket.put("a.1", "v").await;
    let event = watch.next().await.unwrap();
    assert_eq!((&*event.key, event.revision), ("a.1", revision));
    assert_eq!(session.next_of("kv_update").await["revision"], revision);
}

#[tokio::test]
async fn version_2_can_be_turned_off() {
    for server in [
        on_memory(&["--watch-versions", "1"]),
        on_nats(&["--watch-versions", "1"]),
    ] {
        let bucket = Bucket::new(&server.address, "version-1-only").await;
        for (offers, selected) in [
            ("ironflow.v1, ironflow.v2", Some("ironflow.v1")),
            ("ironflow.v2", None),
        ] {
            let answer = bucket.client.handshake(&bucket.name, offers).await;
            let (answer, _) = answer.unwrap();
            assert_eq!(answer.as_deref(), selected, "{offers}");
        }
        let client = HttpClient::new(&server.address);
        let missing = client.handshake("missing", "ironflow.v1, ironflow.v2");
        assert_eq!(missing.await.unwrap_err().as_u16(), 404);
    }
}
