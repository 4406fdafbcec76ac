//! The routes of the protocol.

mod buckets;
mod entries;
mod health;
mod keys;
mod remove;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt as _;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::address::BUCKETS_PATH;
use crate::answer::{Refusal, method_not_allowed, not_found};
use crate::app::App;
use crate::{body, features, origin};

/// How long a request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything the server serves: the API, and where it takes no path, the files of a directory.
pub(crate) fn router(app: &Arc<App>, files: Option<&Path>) -> Router {
    let bucket = format!("{BUCKETS_PATH}/{{bucket}}");
    let key = get(keys::get).put(keys::put).delete(keys::remove);
    let router = Router::new()
        .route(BUCKETS_PATH, get(buckets::list).post(buckets::create))
        .route(&bucket, get(buckets::info).delete(buckets::delete))
        .route(&format!("{bucket}/keys"), get(keys::list))
        .route(&format!("{bucket}/entries"), get(entries::entries))
        // An empty key has a route so that it is refused as what it is.
        .route(&format!("{bucket}/keys/"), key.clone())
        .route(&format!("{bucket}/keys/{{*key}}"), key)
        .route(&format!("{bucket}/remove"), post(remove::remove))
        .route(&format!("{bucket}/watch"), get(watch::watch))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(app));
    let router = match files {
        Some(directory) => router.fallback_service(
            ServeDir::new(directory)
                .call_fallback_on_method_not_allowed(true)
                .fallback(not_found.into_service()),
        ),
        None => router.fallback(not_found),
    };
    let guard = middleware::from_fn_with_state(Arc::clone(app), origin::guard);
    // The layer added last sees a request first.
    router
        .layer(middleware::from_fn(body::discard_rest))
        .layer(middleware::from_fn(limit_time))
        .layer(app.origins.cors())
        .layer(guard)
        .layer(SetResponseHeaderLayer::overriding(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(middleware::map_response(features::announce))
        .layer(middleware::from_fn(log))
}

/// Middleware: gives up on requests that take too long. A watch is none: it begins when its
/// request has been answered.
async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response()
        }
    }
}

/// Middleware: logs each request. Neither its headers nor its query: they may carry credentials.
async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(%method, path, status, elapsed = ?start.elapsed(), "request");
    response
}
