//! What a request is answered with: JSON, and every refusal as `{"error":"<words>","code":"<code>"}`.

use std::borrow::Cow;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_browser::kv::wire::{BucketBody, EntryBody, ErrorBody, PutBody, encode};
use ironflow_browser::kv::{Change, Entry, KvError, Operation, Reason, Timestamp, WatchEvent};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::backend::{BackendError, Bucket, Written};

/// A request that is not carried out, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    words: Cow<'static, str>,
    /// Whether the write may have been carried out before.
    is_uncertain: bool,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, words: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: code(status),
            words: words.into(),
            is_uncertain: false,
        }
    }

    /// Its status, code and words.
    pub(crate) fn parts(&self) -> (StatusCode, &str, &str) {
        (self.status, self.code, &self.words)
    }

    pub(crate) fn bad_request(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }
}

/// The `code` of a refusal for which the status says enough.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::NOT_IMPLEMENTED => "unsupported",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_client_error() => "invalid_request",
        _ => "internal",
    }
}

impl From<KvError> for Refusal {
    fn from(error: KvError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let words: Cow<'static, str> = match error {
            KvError::Invalid(words) => words.into(),
            other => other.to_string().into(),
        };
        Self {
            status,
            code: error.code(),
            words,
            is_uncertain: false,
        }
    }
}

impl From<BackendError> for Refusal {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Refused(error) => error.into(),
            BackendError::Uncertain(error) => Self {
                is_uncertain: true,
                ..error.into()
            },
            BackendError::Unsupported => Self::new(
                StatusCode::NOT_IMPLEMENTED,
                "the keys of this bucket cannot have a TTL: see the features of the bucket",
            ),
            BackendError::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the storage is not available, try again",
            ),
            BackendError::Unexpected => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the storage gave an unexpected answer",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(ErrorBody {
            error: self.words,
            code: self.code,
            unknown: self.is_uncertain,
        });
        let mut response = (self.status, body).into_response();
        let extra = match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((RETRY_AFTER, "1"))
            }
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer")),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// No route takes the path.
pub(crate) async fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no such resource")
}

/// A route takes the path, but not with this method.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
}

/// A write as it is answered.
pub(crate) fn put_body(written: Written) -> PutBody {
    PutBody {
        revision: written.revision,
        write_id: (!written.is_id_stored).then_some(false),
        expires_at: written.expires.map(rfc3339),
    }
}

/// A bucket as it is answered.
pub(crate) fn bucket_body(bucket: &Bucket) -> BucketBody<'_> {
    let info = &bucket.info;
    let config = &info.config;
    BucketBody {
        name: &config.name,
        description: &config.description,
        ttl_seconds: (config.ttl_seconds > 0).then_some(config.ttl_seconds),
        values: info.values,
        bytes: info.bytes,
        history: config.history,
        created_at: rfc3339(info.created),
        epoch: bucket.epoch.as_str(),
        features: bucket.features.names_if_fewer(),
    }
}

/// An entry as it is answered.
pub(crate) fn entry_body(entry: &Entry) -> EntryBody<'_> {
    EntryBody {
        key: &entry.key,
        value: Some(encode(&entry.value)),
        revision: entry.revision,
        created_at: rfc3339(entry.created),
        operation: Operation::Put.as_str(),
        reason: None,
        expires_at: entry.expires.map(rfc3339),
    }
}

/// A retained revision as it is answered.
pub(crate) fn change_body(change: &Change) -> EntryBody<'_> {
    EntryBody {
        value: change.value.as_deref().map(encode),
        ..change_head(change)
    }
}

/// The same without its value.
pub(crate) fn change_head(change: &Change) -> EntryBody<'_> {
    EntryBody {
        key: &change.key,
        value: None,
        revision: change.revision,
        created_at: rfc3339(change.created),
        operation: change.operation().as_str(),
        reason: change.reason.map(Reason::as_str),
        expires_at: change.expires.map(rfc3339),
    }
}

/// A change that just happened, as a watch of version 2 reports it, without its value.
pub(crate) fn event_head(event: &WatchEvent) -> EntryBody<'_> {
    EntryBody {
        key: &event.key,
        value: None,
        revision: event.revision,
        created_at: rfc3339(event.created),
        operation: event.operation.as_str(),
        reason: event.reason.map(Reason::as_str),
        expires_at: event.expires.map(rfc3339),
    }
}

/// JSON of something, an object, with a value in front. The value is most of it: it is written in
/// place, and its base64 needs no escapes.
pub(crate) fn with_value(value: Option<&[u8]>, head: &impl Serialize) -> String {
    // Strings and numbers only: there is nothing in a head that JSON cannot say.
    let head = serde_json::to_string(head).unwrap_or_default();
    let Some(value) = value else {
        return head;
    };
    let mut json = String::with_capacity(head.len() + value.len() * 4 / 3 + 16);
    json.push_str("{\"value\":\"");
    STANDARD.encode_string(value, &mut json);
    json.push_str("\",");
    json.push_str(head.strip_prefix('{').unwrap_or_default());
    json
}

/// The time in RFC 3339. A clock beyond the year 9999, the format's last, reads as 1970.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.0) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_in_front_of_what_goes_with_it() {
        for (value, json) in [
            (None, r#"{"code":7}"#),
            (Some(&b""[..]), r#"{"value":"","code":7}"#),
            (Some(b"\xff\xfe\""), r#"{"value":"//4i","code":7}"#),
        ] {
            let head = serde_json::json!({ "code": 7 });
            assert_eq!(with_value(value, &head), json);
        }
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            rfc3339(Timestamp(1_771_754_400_120)),
            "2026-02-22T10:00:00.12Z"
        );
        assert_eq!(rfc3339(Timestamp(u64::MAX)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn refusals_carry_what_their_status_asks_for() {
        let status = |error: BackendError| Refusal::from(error).into_response();
        assert_eq!(
            status(BackendError::Unavailable).headers()[RETRY_AFTER],
            "1"
        );
        assert_eq!(status(BackendError::Unexpected).status(), 500);
        assert_eq!(status(KvError::BucketFull.into()).status(), 507);
    }

    #[test]
    fn every_refusal_carries_a_code() {
        for (refusal, code) in [
            (KvError::KeyNotFound.into(), "key_not_found"),
            (KvError::BucketNotFound.into(), "bucket_not_found"),
            (KvError::KeyExists.into(), "key_exists"),
            (KvError::RevisionMismatch.into(), "revision_mismatch"),
            (BackendError::Unavailable.into(), "unavailable"),
            (BackendError::Unsupported.into(), "unsupported"),
            (BackendError::Unexpected.into(), "internal"),
            (Refusal::bad_request("why"), "invalid_request"),
            (
                Refusal::new(StatusCode::UNAUTHORIZED, "why"),
                "unauthorized",
            ),
        ] {
            let refusal: Refusal = refusal;
            assert_eq!(refusal.code, code);
        }
    }
}
