//! Errors as the caller sees them, and the JavaScript class of each.

use crate::enums::ErrorClass;
use std::borrow::Cow;

use crate::kv::KvError;
use crate::text::{concat, decimal};

/// A failed operation or watch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.message())]
pub enum Error {
    /// The server, or the memory transport, responded with an error status.
    Http {
        /// The status.
        status: u16,
        /// The server's message.
        message: String,
        /// The delay before a retry that the server asks for, in seconds.
        retry_after: Option<f64>,
        /// Whether the server says that a retry may succeed; none: the status decides.
        retryable: Option<bool>,
    },
    /// A response that does not match the protocol: garbage, an HTML page, a redirect.
    InvalidResponse {
        /// The status; 0 if the platform hides it.
        status: u16,
        /// What is wrong with it.
        message: String,
    },
    /// No response within the timeout.
    Timeout {
        /// The limit, in milliseconds.
        ms: u32,
    },
    /// The server could not be reached.
    RequestFailed(String),
    /// The runtime has no `fetch`.
    NoFetch,
    /// The connection was lost during the response.
    Interrupted(String),
    /// The server has never been reached, and the client continues in memory.
    FallbackMemory,
    /// A watch's connection was lost or could not be made.
    ConnectionLost {
        /// What happened.
        message: String,
        /// Whether the watch reconnects by itself.
        retryable: bool,
    },
    /// Credentials could not be obtained.
    NoCredentials(String),
    /// An invalid watch frame, or an error that the server reports in one.
    BadFrame(String),
    /// A bad argument or option.
    Validation(String),
    /// The server has not announced a feature that the call needs.
    Unsupported(&'static str),
    /// Used before `configure()`.
    NotConfigured,
}

impl Error {
    /// An error status with a message.
    pub fn status_of(status: u16, message: impl Into<String>) -> Self {
        Self::Http {
            status,
            message: message.into(),
            retry_after: None,
            retryable: None,
        }
    }

    /// Whether the server has responded.
    pub const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Http { .. } | Self::InvalidResponse { .. } | Self::Interrupted(_)
        )
    }

    /// The message. It is concatenated without `format!`, as everywhere in the WebAssembly, to save bytes.
    pub fn message(&self) -> Cow<'_, str> {
        let http = |words: &str, status: u16| {
            if status == 0 {
                return words.to_owned().into();
            }
            let status = decimal(status.into());
            concat(&[words, " (HTTP ", &status, ")"]).into()
        };
        match self {
            Self::Http {
                status, message, ..
            }
            | Self::InvalidResponse { status, message } => http(message, *status),
            Self::Timeout { ms } => {
                concat(&["timed out after ", &decimal((*ms).into()), " ms"]).into()
            }
            Self::RequestFailed(message)
            | Self::Interrupted(message)
            | Self::NoCredentials(message)
            | Self::BadFrame(message)
            | Self::Validation(message)
            | Self::ConnectionLost { message, .. } => message.as_str().into(),
            Self::FallbackMemory => "the server cannot be reached: the client continues in memory \
                                     until the next configure()"
                .into(),
            Self::Unsupported(feature) => concat(&[
                "the server does not announce the feature ",
                feature,
                " for this bucket",
            ])
            .into(),
            Self::NoFetch => "this runtime has no fetch: define globalThis.fetch before any \
                              operation"
                .into(),
            Self::NotConfigured => "the client is not configured: call configure() first".into(),
        }
    }

    /// The error of a lost connection, for a watch that reconnects by itself.
    #[must_use]
    pub fn will_be_retried(self) -> Self {
        Self::ConnectionLost {
            message: match self {
                Self::ConnectionLost { message, .. } => message,
                other => other.message().into_owned(),
            },
            retryable: true,
        }
    }

    /// The JavaScript class of the error.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Http { status: 401, .. } | Self::NoCredentials(_) => ErrorClass::Unauthenticated,
            Self::Http { status: 403, .. } => ErrorClass::Unauthorized,
            Self::Http { .. }
            | Self::InvalidResponse { .. }
            | Self::FallbackMemory
            | Self::Unsupported(_)
            | Self::BadFrame(_) => ErrorClass::Ironflow,
            Self::Timeout { .. } => ErrorClass::Timeout,
            Self::RequestFailed(_)
            | Self::NoFetch
            | Self::Interrupted(_)
            | Self::ConnectionLost { .. } => ErrorClass::Connection,
            Self::Validation(_) => ErrorClass::Validation,
            Self::NotConfigured => ErrorClass::NotConfigured,
        }
    }

    /// The stable code that programs test.
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Http { status: 401, .. } | Self::NoCredentials(_) => "UNAUTHENTICATED".into(),
            Self::Http { status: 403, .. } => "UNAUTHORIZED".into(),
            Self::Http { status, .. } => concat(&["HTTP_", &decimal((*status).into())]).into(),
            Self::InvalidResponse { .. } | Self::BadFrame(_) => "INVALID_RESPONSE".into(),
            Self::Timeout { .. } => "TIMEOUT".into(),
            Self::RequestFailed(_) | Self::NoFetch | Self::Interrupted(_) => {
                "REQUEST_FAILED".into()
            }
            Self::FallbackMemory => "FALLBACK_MEMORY".into(),
            Self::ConnectionLost { .. } => "CONNECTION_LOST".into(),
            Self::Validation(_) => "VALIDATION_ERROR".into(),
            Self::Unsupported(_) => "UNSUPPORTED".into(),
            Self::NotConfigured => "NOT_CONFIGURED".into(),
        }
    }

    /// The HTTP status, if there is one.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Http { status, .. } => Some(*status),
            Self::InvalidResponse { status, .. } if *status > 0 => Some(*status),
            _ => None,
        }
    }

    /// Whether a retry may succeed.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Http {
                retryable: Some(retryable),
                ..
            } => *retryable,
            Self::Http { status, .. } => {
                matches!(*status, 408 | 429 | 500 | 502..=599)
            }
            Self::Timeout { .. } | Self::RequestFailed(_) | Self::Interrupted(_) => true,
            Self::ConnectionLost { retryable, .. } => *retryable,
            _ => false,
        }
    }

    /// The server's `Retry-After`, in seconds.
    pub const fn retry_after(&self) -> Option<f64> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The exceeded timeout, in milliseconds.
    pub const fn timeout_ms(&self) -> Option<u32> {
        match self {
            Self::Timeout { ms } => Some(*ms),
            _ => None,
        }
    }
}

impl From<KvError> for Error {
    /// A malformed argument becomes a `ValidationError` before any request; every other error has the status
    /// of the server's response.
    fn from(error: KvError) -> Self {
        match error {
            KvError::Invalid(words) => Self::Validation(words.into()),
            refusal => Self::status_of(refusal.status(), refusal.message()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_of_errors() {
        use ErrorClass::*;
        let http = |status| Error::status_of(status, "words");
        let connection = || Error::RequestFailed("unreachable".into());
        for (error, class, code, status, retryable) in [
            (
                KvError::KeyNotFound.into(),
                Ironflow,
                "HTTP_404",
                Some(404),
                false,
            ),
            (
                KvError::BucketNotFound.into(),
                Ironflow,
                "HTTP_404",
                Some(404),
                false,
            ),
            (
                KvError::KeyExists.into(),
                Ironflow,
                "HTTP_412",
                Some(412),
                false,
            ),
            (
                KvError::RevisionMismatch.into(),
                Ironflow,
                "HTTP_412",
                Some(412),
                false,
            ),
            (
                KvError::BucketExists.into(),
                Ironflow,
                "HTTP_409",
                Some(409),
                false,
            ),
            (
                http(401),
                Unauthenticated,
                "UNAUTHENTICATED",
                Some(401),
                false,
            ),
            (http(403), Unauthorized, "UNAUTHORIZED", Some(403), false),
            (http(408), Ironflow, "HTTP_408", Some(408), true),
            (http(429), Ironflow, "HTTP_429", Some(429), true),
            (http(500), Ironflow, "HTTP_500", Some(500), true),
            (http(501), Ironflow, "HTTP_501", Some(501), false),
            (http(503), Ironflow, "HTTP_503", Some(503), true),
            (http(418), Ironflow, "HTTP_418", Some(418), false),
            (Error::Timeout { ms: 5 }, Timeout, "TIMEOUT", None, true),
            (connection(), Connection, "REQUEST_FAILED", None, true),
            (
                Error::Interrupted("cut".into()),
                Connection,
                "REQUEST_FAILED",
                None,
                true,
            ),
            (Error::NoFetch, Connection, "REQUEST_FAILED", None, false),
            (
                Error::FallbackMemory,
                Ironflow,
                "FALLBACK_MEMORY",
                None,
                false,
            ),
            (
                Error::InvalidResponse {
                    status: 200,
                    message: "no JSON".into(),
                },
                Ironflow,
                "INVALID_RESPONSE",
                Some(200),
                false,
            ),
            (
                Error::Validation("bad".into()),
                Validation,
                "VALIDATION_ERROR",
                None,
                false,
            ),
            (
                Error::Unsupported("remove"),
                Ironflow,
                "UNSUPPORTED",
                None,
                false,
            ),
            (
                Error::NotConfigured,
                NotConfigured,
                "NOT_CONFIGURED",
                None,
                false,
            ),
        ] {
            assert_eq!(error.class(), class, "{error}");
            assert_eq!(error.code(), code, "{error}");
            assert_eq!(error.status(), status, "{error}");
            assert_eq!(error.retryable(), retryable, "{error}");
        }
    }

    #[test]
    fn the_message_holds_the_servers_words_and_the_status() {
        let error = Error::from(KvError::KeyExists);
        assert_eq!(error.to_string(), "key already exists (HTTP 412)");
    }
}
