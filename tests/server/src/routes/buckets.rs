//! Buckets: create, list, inspect, delete.

use std::fmt::Display;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use ironflow_browser::kv::BucketConfig;
use ironflow_browser::kv::wire::BucketsBody;
use serde_json::{Map, Value};

use crate::address::BucketAddress;
use crate::answer::{Refusal, bucket_body};
use crate::app::App;
use crate::auth::{Reader, Writer};
use crate::body::{self, ReadError};
use crate::environment::Environment;

/// Settings are a line or two of JSON.
const MAX_SETTINGS_BYTES: u64 = 64 << 10;

pub(super) async fn create(
    State(app): State<Arc<App>>,
    environment: Environment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    // The name is in the body, and a bad name is refused before bad credentials (rule 13).
    let json = match body::read(body, MAX_SETTINGS_BYTES).await {
        Err(ReadError::TooLarge) => return Err(invalid("they are too long")),
        read => read?,
    };
    let (name, config) = settings(&json)?.normalized()?;
    Writer::check(&headers, &app.keys)?;
    let creation = app
        .backend
        .create_bucket(&environment, name, config)
        .await?;
    let status = if creation.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(bucket_body(&creation.bucket))).into_response())
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    environment: Environment,
    _: Reader,
) -> Result<Response, Refusal> {
    let buckets = app.backend.buckets(&environment).await?;
    let buckets: Vec<_> = buckets.iter().map(bucket_body).collect();
    let count = buckets.len();
    Ok(Json(BucketsBody { buckets, count }).into_response())
}

pub(super) async fn info(
    State(app): State<Arc<App>>,
    at: BucketAddress,
    _: Reader,
) -> Result<Response, Refusal> {
    let bucket = app.backend.bucket(&at).await?;
    Ok(Json(bucket_body(&bucket)).into_response())
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    at: BucketAddress,
    _: Writer,
) -> Result<StatusCode, Refusal> {
    app.backend.delete_bucket(&at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads settings, and where they are ill-typed says which. An object first: serde would take a list
/// of the values too.
fn settings(json: &[u8]) -> Result<BucketConfig, Refusal> {
    let object: Map<String, Value> = serde_json::from_slice(json).map_err(invalid)?;
    serde_path_to_error::deserialize(Value::Object(object)).map_err(invalid)
}

fn invalid(error: impl Display) -> Refusal {
    Refusal::bad_request(format!("invalid bucket settings: {error}"))
}
