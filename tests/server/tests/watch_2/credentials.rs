//! Who may open a connection, and for how long.

use ironflow_harness::HttpClient;
use serde_json::json;

use crate::on_memory;

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
