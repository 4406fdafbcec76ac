//! Whether the server is alive, and whether it can work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::answer::Refusal;
use crate::app::App;
use crate::backend::BackendError;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Health>, Refusal> {
    if app.backend.is_ready().await {
        Ok(Json(Health { status: "ready" }))
    } else {
        Err(BackendError::Unavailable.into())
    }
}
