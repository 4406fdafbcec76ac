//! Failures, and their conversion to JavaScript errors.

use wasm_bindgen::prelude::*;

use super::make_error;
use crate::error::Error;

/// Why an operation is rejected.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of the client.
    Error(Box<Problem>),
    /// An abort by the caller's AbortSignal, with its reason.
    Aborted(JsValue),
    /// A JavaScript error: an IronflowError, or an exception of the caller's function.
    Thrown(JsValue),
}

/// An error of the client, with details from JavaScript.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) error: Error,
    /// The server's whole response, if it is an object.
    pub(crate) details: JsValue,
    /// The platform's error, if there is one.
    pub(crate) cause: JsValue,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::caused(error.into(), JsValue::UNDEFINED)
    }
}

impl Failure {
    pub(crate) fn caused(error: Error, cause: JsValue) -> Self {
        Self::Error(Box::new(Problem {
            error,
            details: JsValue::UNDEFINED,
            cause,
        }))
    }

    /// Whether it is an error that the server answered with.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Error(problem) => matches!(problem.error, Error::Http { .. }),
            _ => false,
        }
    }

    /// Whether the server responded with this status and an API error message.
    pub(crate) fn is_status(&self, expected: u16) -> bool {
        match self {
            Self::Error(problem) => {
                matches!(problem.error, Error::Http { status, .. } if status == expected)
            }
            _ => false,
        }
    }
}

/// The subject of an error, for its message and fields.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The called method; empty if it has no subject.
    pub(crate) operation: &'static str,
    pub(crate) bucket: Option<&'a str>,
    /// The key or pattern as the caller wrote it.
    pub(crate) key: &'a JsValue,
}

impl Failure {
    /// The JavaScript error.
    pub(crate) fn into_js(self, subject: Subject<'_>) -> JsValue {
        match self {
            Self::Aborted(error) | Self::Thrown(error) => error,
            Self::Error(problem) => {
                let error = problem.error;
                make_error(
                    error.class() as u8,
                    &error.message(),
                    &error.code(),
                    error.retryable(),
                    error.status(),
                    error.retry_after(),
                    error.timeout_ms(),
                    &problem.details,
                    &problem.cause,
                    subject.operation,
                    subject.bucket,
                    subject.key,
                )
            }
        }
    }
}

impl From<Failure> for JsValue {
    /// The JavaScript error of an error without a bucket.
    fn from(failure: Failure) -> Self {
        failure.into_js(Subject {
            operation: "",
            bucket: None,
            key: &Self::UNDEFINED,
        })
    }
}
