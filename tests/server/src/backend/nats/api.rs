//! Requests to JetStream over the one connection that everything shares.

use async_nats::connection::State;
use async_nats::{Client, HeaderMap, Message, Request, RequestError, RequestErrorKind};
use axum::body::Bytes;
use ironflow_browser::kv::KvError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backend::BackendError;

/// JetStream's own numbers for what it refuses.
pub(super) mod code {
    pub(crate) const STREAM_NOT_FOUND: u32 = 10059;
    pub(crate) const STREAM_NAME_IN_USE: u32 = 10058;
    pub(crate) const MESSAGE_NOT_FOUND: u32 = 10037;
    pub(crate) const INVALID_CONFIG: u32 = 10052;
    pub(crate) const MESSAGE_TOO_LARGE: u32 = 10054;
    pub(crate) const STREAM_FULL: u32 = 10077;
    pub(crate) const NO_STORAGE: u32 = 10047;
    pub(crate) const WRONG_LAST_SEQUENCE: u32 = 10071;
    /// The same of a replicated stream, while another write is on its way.
    pub(crate) const WRONG_LAST_SEQUENCE_IN_FLIGHT: u32 = 10164;
    /// A replicated stream is storing another message with the same id.
    pub(crate) const DUPLICATE_IN_FLIGHT: u32 = 10158;
    pub(crate) const ROLLUP_REFUSED: u32 = 10111;
    pub(crate) const TTL_DISABLED: u32 = 10166;
}

/// Why a request fails.
#[derive(Debug)]
pub(super) enum ApiError {
    /// JetStream refuses it.
    Refused { status: u16, code: u32 },
    /// No server responds to requests of this subject.
    NoResponders,
    /// It is larger than a NATS message may be. It was not sent.
    TooLarge,
    /// No answer, or none that can be read.
    Unreachable,
}

impl ApiError {
    pub(super) fn is(&self, wanted: u32) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    /// Whether the message is too large, headers included.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge) || self.is(code::MESSAGE_TOO_LARGE)
    }

    /// Whether the key's last revision is another than the one expected.
    pub(super) fn is_conflict(&self) -> bool {
        self.is(code::WRONG_LAST_SEQUENCE) || self.is(code::WRONG_LAST_SEQUENCE_IN_FLIGHT)
    }
}

impl From<ApiError> for BackendError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::TooLarge => KvError::ValueTooLarge.into(),
            ApiError::NoResponders | ApiError::Unreachable => Self::Unavailable,
            ApiError::Refused { status, code } => match code {
                code::STREAM_NOT_FOUND => KvError::BucketNotFound.into(),
                code::STREAM_NAME_IN_USE => KvError::BucketExists.into(),
                code::MESSAGE_NOT_FOUND => KvError::KeyNotFound.into(),
                code::TTL_DISABLED => Self::Unsupported,
                code::INVALID_CONFIG => KvError::Invalid("the storage refuses the settings").into(),
                code::MESSAGE_TOO_LARGE => KvError::ValueTooLarge.into(),
                code::STREAM_FULL | code::NO_STORAGE => KvError::BucketFull.into(),
                _ if status == 503 => Self::Unavailable,
                _ => Self::Unexpected,
            },
        }
    }
}

pub(super) type Result<T> = std::result::Result<T, ApiError>;

/// The connection, and the requests that go over it. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) client: Client,
}

#[derive(Deserialize)]
struct Outcome {
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: u16,
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Acknowledgement {
    seq: u64,
}

impl Api {
    /// Asks JetStream's API what needs no more words.
    pub(super) async fn ask<T: DeserializeOwned>(&self, subject: &str) -> Result<T> {
        self.send(format!("$JS.API.{subject}"), Request::new())
            .await
    }

    /// Asks JetStream's API.
    pub(super) async fn request<T: DeserializeOwned>(
        &self,
        subject: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|error| {
            tracing::error!(%error, "a request cannot be written");
            ApiError::Unreachable
        })?;
        self.send(
            format!("$JS.API.{subject}"),
            Request::new().payload(body.into()),
        )
        .await
    }

    /// Stores a message, and answers with its number.
    pub(super) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Bytes,
    ) -> Result<u64> {
        let mut message = Request::new().payload(payload);
        if !headers.is_empty() {
            message = message.headers(headers);
        }
        let acknowledgement: Acknowledgement = self.send(subject, message).await?;
        Ok(acknowledgement.seq)
    }

    /// Sends a message, and gives the response.
    pub(super) async fn exchange(&self, subject: String, request: Request) -> Result<Message> {
        // The client would send the message after it has reconnected, when the caller has
        // already got an error.
        if self.client.connection_state() != State::Connected {
            return Err(ApiError::Unreachable);
        }
        Ok(self.client.send_request(subject, request).await?)
    }

    async fn send<T: DeserializeOwned>(&self, subject: String, request: Request) -> Result<T> {
        let answer = self.exchange(subject, request).await?;
        let unreadable = |error: serde_json::Error| {
            tracing::error!(%error, "JetStream gave an answer that cannot be read");
            ApiError::Unreachable
        };
        let outcome: Outcome = serde_json::from_slice(&answer.payload).map_err(unreadable)?;
        match outcome.error {
            None => serde_json::from_slice(&answer.payload).map_err(unreadable),
            Some(failure) => {
                let (status, code) = (failure.code, failure.err_code);
                tracing::debug!(status, code, failure.description, "JetStream refuses");
                Err(ApiError::Refused { status, code })
            }
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error.kind() {
            RequestErrorKind::NoResponders => Self::NoResponders,
            RequestErrorKind::MaxPayloadExceeded => Self::TooLarge,
            kind => {
                tracing::warn!(?kind, "no answer from NATS");
                Self::Unreachable
            }
        }
    }
}
