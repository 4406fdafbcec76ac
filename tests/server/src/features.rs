//! The extensions of the protocol that the server announces.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// The header that names the extensions, on every answer.
pub(crate) const FEATURES: HeaderName = HeaderName::from_static("ironflow-kv-features");

/// The extensions, on either backend.
const ANNOUNCED: HeaderValue = HeaderValue::from_static("write-id, remove, entries, history");

/// Announces the extensions in an answer.
pub(crate) async fn announce(mut response: Response) -> Response {
    response.headers_mut().insert(FEATURES, ANNOUNCED);
    response
}
