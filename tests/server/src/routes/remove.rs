//! Conditional removal, on a route of its own: a server that does not know it refuses, instead of
//! removing whatever is there.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use ironflow_browser::kv::wire::PutBody;
use ironflow_browser::kv::{Key, Removal, Revision};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::address::BucketAddress;
use crate::answer::{Refusal, put_body};
use crate::app::App;
use crate::auth::Writer;
use crate::body::{self, ReadError};
use crate::write_id::WriteId;

/// A key of at most 1,024 bytes, each of them escaped, and a little more.
const MAX_REQUEST_BYTES: u64 = 16 << 10;

/// What to remove.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    key: String,
    revision: Revision,
    #[serde(default)]
    purge: bool,
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    at: BucketAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PutBody>, Refusal> {
    // The key is in the body, and a bad key is refused before bad credentials (rule 13).
    let json = match body::read(body, MAX_REQUEST_BYTES).await {
        Err(ReadError::TooLarge) => return Err(invalid("it is too long")),
        read => read?,
    };
    let request = parse(&json)?;
    let key = Key::parse(&request.key)?;
    let (id, expected) = (WriteId::of(&headers)?, Some(request.revision));
    Writer::check(&headers, &app.keys)?;
    let removal = if request.purge {
        Removal::Purge
    } else {
        Removal::Delete
    };
    let written = super::keys::remove_once(&app, &at, &key, removal, expected, id).await?;
    Ok(Json(put_body(written)))
}

/// Reads the request. An object first: serde would take a list of the values too.
fn parse(json: &[u8]) -> Result<Request, Refusal> {
    let object: Map<String, Value> = serde_json::from_slice(json).map_err(invalid)?;
    serde_path_to_error::deserialize(Value::Object(object)).map_err(invalid)
}

fn invalid(error: impl std::fmt::Display) -> Refusal {
    Refusal::bad_request(format!("invalid removal: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_names_its_key_and_revision_and_nothing_unknown() {
        let request = parse(br#"{"key":"k","revision":5}"#).unwrap();
        assert_eq!(
            (&*request.key, request.revision, request.purge),
            ("k", 5, false)
        );
        assert!(
            parse(br#"{"key":"k","revision":5,"purge":true}"#)
                .unwrap()
                .purge
        );
        for json in [
            "",
            "{}",
            r#"["k",5,false]"#,
            r#"{"key":"k"}"#,
            r#"{"revision":5}"#,
            r#"{"key":"k","revision":-1}"#,
            r#"{"key":"k","revision":5.5}"#,
            r#"{"key":"k","revision":"5"}"#,
            r#"{"key":"k","revision":null}"#,
            r#"{"key":"k","revision":5,"purge":"true"}"#,
            r#"{"key":"k","revision":5,"if":1}"#,
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
