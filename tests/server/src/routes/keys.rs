//! Keys: read, write, compare-and-swap, remove, list.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ironflow_browser::kv::wire::{KeysBody, PutBody};
use ironflow_browser::kv::{Precondition, Removal, Revision};

use crate::address::{FilterAddress, KeyAddress, query};
use crate::answer::{Refusal, entry_body};
use crate::app::App;
use crate::auth::{Reader, Writer};
use crate::body;

pub(super) async fn get(
    State(app): State<Arc<App>>,
    at: KeyAddress,
    _: Reader,
) -> Result<Response, Refusal> {
    let entry = app.backend.get(&at.bucket, &at.key).await?;
    Ok(Json(entry_body(&entry)).into_response())
}

pub(super) async fn put(
    State(app): State<Arc<App>>,
    at: KeyAddress,
    _: Writer,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PutBody>, Refusal> {
    let precondition = precondition(&headers)?;
    let limit = app.backend.value_limit(&at.bucket).await?;
    let value = body::read(body, limit).await?;
    let revision = app
        .backend
        .put(&at.bucket, &at.key, value, precondition)
        .await?;
    Ok(Json(PutBody { revision }))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    at: KeyAddress,
    HowToRemove(removal): HowToRemove,
    _: Writer,
) -> Result<StatusCode, Refusal> {
    app.backend.remove(&at.bucket, &at.key, removal).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    at: FilterAddress,
    _: Reader,
) -> Result<Response, Refusal> {
    let keys = app.backend.list_keys(&at.bucket, &at.pattern).await?;
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    let count = keys.len();
    Ok(Json(KeysBody { keys, count }).into_response())
}

/// What `?purge=` asks for.
pub(super) struct HowToRemove(Removal);

impl FromRequestParts<Arc<App>> for HowToRemove {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        match query(parts, "purge")?.as_deref() {
            Some("true") => Ok(Self(Removal::Purge)),
            None | Some("false") => Ok(Self(Removal::Delete)),
            Some(_) => Err(Refusal::bad_request(
                "invalid purge: it is neither true nor false",
            )),
        }
    }
}

fn precondition(headers: &HeaderMap) -> Result<Precondition, Refusal> {
    match (
        single(headers, &IF_MATCH)?,
        single(headers, &IF_NONE_MATCH)?,
    ) {
        (None, None) => Ok(Precondition::None),
        (None, Some("*")) => Ok(Precondition::Absent),
        (Some(revision), None) => Ok(Precondition::Revision(parse_revision(revision)?)),
        (None, Some(_)) => Err(Refusal::bad_request("invalid If-None-Match: only * is")),
        (Some(_), Some(_)) => Err(Refusal::bad_request(
            "If-Match and If-None-Match exclude each other",
        )),
    }
}

/// The header's value. One that comes twice, or is not ASCII text, is as good as an unknown one.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Refusal::bad_request(format!("invalid {name}"))),
        },
        (Some(_), Some(_)) => Err(Refusal::bad_request(format!("more than one {name}"))),
    }
}

/// Reads `5` or `"5"`, and nothing else.
fn parse_revision(text: &str) -> Result<Revision, Refusal> {
    let digits = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    // Rust's own parser takes a plus sign too.
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
        .ok_or_else(|| Refusal::bad_request("invalid If-Match: it is not a revision"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(HeaderName, &str)]) -> Option<Precondition> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        precondition(&headers).ok()
    }

    #[test]
    fn preconditions_are_read_strictly() {
        assert_eq!(read(&[]), Some(Precondition::None));
        assert_eq!(read(&[(IF_NONE_MATCH, "*")]), Some(Precondition::Absent));
        for (text, revision) in [
            ("5", 5),
            ("\"5\"", 5),
            ("0", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            let wanted = Some(Precondition::Revision(revision));
            assert_eq!(read(&[(IF_MATCH, text)]), wanted, "{text}");
        }
        for text in [
            "",
            "\"\"",
            "*",
            "-1",
            "+1",
            "2.0",
            "abc",
            "W/\"5\"",
            "\"5",
            "5, 6",
            "18446744073709551616",
        ] {
            assert_eq!(read(&[(IF_MATCH, text)]), None, "{text}");
        }
        assert_eq!(read(&[(IF_NONE_MATCH, "5")]), None);
        assert_eq!(read(&[(IF_MATCH, "5"), (IF_NONE_MATCH, "*")]), None);
    }
}
