//! Keys: read, write, compare-and-swap, remove, list.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ironflow_browser::kv::wire::{HistoryBody, KeysBody, PutBody};
use ironflow_browser::kv::{Key, Precondition, Removal, Revision, Ttl};

use crate::address::{BucketAddress, FilterAddress, KeyAddress, query};
use crate::answer::{Refusal, change_body, entry_body, put_body};
use crate::app::App;
use crate::auth::{Reader, Writer};
use crate::backend::{BackendError, PutOptions, Written};
use crate::body;
use crate::write_id::{Write, WriteId};

/// The header that says how many seconds a key lives.
const TTL: HeaderName = HeaderName::from_static("ironflow-ttl");

pub(super) async fn get(
    State(app): State<Arc<App>>,
    at: KeyAddress,
    what: WhatToRead,
    _: Reader,
) -> Result<Response, Refusal> {
    let (bucket, key) = (&at.bucket, &at.key);
    let entry = match what {
        WhatToRead::Current => app.backend.get(bucket, key).await?,
        WhatToRead::Revision(revision) => app.backend.get_revision(bucket, key, revision).await?,
        WhatToRead::History => {
            let changes = app.backend.history(bucket, key).await?;
            let history: Vec<_> = changes.iter().map(change_body).collect();
            let count = history.len();
            return Ok(Json(HistoryBody { history, count }).into_response());
        }
    };
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
    let ttl = ttl(&headers)?;
    let id = WriteId::of(&headers)?;
    let id = id.map(|id| id.stored(&at.key, Write::Put(precondition, ttl)));
    let limits = app.backend.write_limits(&at.bucket).await?;
    if ttl.is_some() && !limits.takes_ttl {
        return Err(BackendError::Unsupported.into());
    }
    let value = body::read(body, limits.value).await?;
    let options = PutOptions {
        precondition,
        ttl,
        id: id.as_ref(),
    };
    let write = async || app.backend.put(&at.bucket, &at.key, value, options).await;
    let written = app.writes.once(&at.bucket, id.as_ref(), write).await?;
    Ok(Json(put_body(written)))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    at: KeyAddress,
    HowToRemove(removal): HowToRemove,
    _: Writer,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let id = WriteId::of(&headers)?;
    remove_once(&app, &at.bucket, &at.key, removal, None, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a key, once however often the request arrives.
pub(super) async fn remove_once(
    app: &App,
    bucket: &BucketAddress,
    key: &Key,
    removal: Removal,
    expected: Option<Revision>,
    id: Option<WriteId>,
) -> Result<Written, Refusal> {
    let id = id.map(|id| id.stored(key, Write::Remove(removal, expected)));
    let write = async || {
        app.backend
            .remove(bucket, key, removal, expected, id.as_ref())
            .await
    };
    Ok(app.writes.once(bucket, id.as_ref(), write).await?)
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

/// What `?history=` and `?revision=` ask for.
pub(super) enum WhatToRead {
    /// The key's newest value.
    Current,
    /// One retained revision.
    Revision(Revision),
    /// Every retained revision.
    History,
}

impl FromRequestParts<Arc<App>> for WhatToRead {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let revision = query(parts, "revision")?;
        match (query(parts, "history")?.as_deref(), revision) {
            (None | Some("false"), None) => Ok(Self::Current),
            (Some("true"), None) => Ok(Self::History),
            (None | Some("false"), Some(text)) => parse_digits(&text)
                .map(Self::Revision)
                .ok_or_else(|| Refusal::bad_request("invalid revision: it is not a number")),
            (Some("true"), Some(_)) => Err(Refusal::bad_request(
                "history and revision exclude each other",
            )),
            (Some(_), _) => Err(Refusal::bad_request(
                "invalid history: it is neither true nor false",
            )),
        }
    }
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

/// How long the key lives, where the request says so.
fn ttl(headers: &HeaderMap) -> Result<Option<Ttl>, Refusal> {
    let Some(text) = single(headers, &TTL)? else {
        return Ok(None);
    };
    let seconds = parse_digits(text).and_then(|seconds| u32::try_from(seconds).ok());
    match seconds.and_then(Ttl::from_seconds) {
        Some(ttl) => Ok(Some(ttl)),
        None => Err(Refusal::bad_request(
            "invalid Ironflow-TTL: it is not a whole number of seconds from 1 to 31536000",
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
    parse_digits(digits)
        .ok_or_else(|| Refusal::bad_request("invalid If-Match: it is not a revision"))
}

/// Reads a number of decimal digits alone: Rust's own parser takes a plus sign too.
fn parse_digits(digits: &str) -> Option<Revision> {
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
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
    fn a_ttl_is_whole_seconds_up_to_a_year() {
        let read = |values: &[&str]| {
            let pairs = values.iter().map(|text| (TTL, text.parse().unwrap()));
            ttl(&pairs.collect()).map(|ttl| ttl.map(Ttl::seconds)).ok()
        };
        assert_eq!(read(&[]), Some(None));
        for (text, seconds) in [("1", 1), ("060", 60), ("31536000", 31_536_000)] {
            assert_eq!(read(&[text]), Some(Some(seconds)), "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            "1s",
            "1e3",
            "31536001",
            "4294967297",
            "18446744073709551617",
        ] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&["1", "1"]), None);
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
