//! Why something failed, on its way to JavaScript.

use wasm_bindgen::prelude::*;

use super::make_error;
use crate::error::Error;

/// Why an operation is rejected.
#[derive(Debug)]
pub(crate) enum Failure {
    /// By an error of ours.
    Error(Box<Problem>),
    /// By the caller's AbortSignal, with its reason.
    Aborted(JsValue),
    /// By an error that JavaScript made: one of ours, or what a function of the caller's threw.
    Thrown(JsValue),
}

/// An error of ours, and what JavaScript has to say about it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) error: Error,
    /// The server's whole answer, where it is an object.
    pub(crate) details: JsValue,
    /// The platform's error, where there is one.
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

    /// Whether the server answered with this status, in the message of the API.
    pub(crate) fn is_status(&self, expected: u16) -> bool {
        match self {
            Self::Error(problem) => {
                matches!(problem.error, Error::Http { status, .. } if status == expected)
            }
            _ => false,
        }
    }
}

/// What an error is about: for its message and its fields.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The method that was called; empty: none that has a subject.
    pub(crate) operation: &'static str,
    pub(crate) bucket: Option<&'a str>,
    /// The key or pattern as the caller wrote it.
    pub(crate) key: &'a JsValue,
}

impl Failure {
    /// The error as JavaScript gets it.
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
    /// An error that is about no bucket.
    fn from(failure: Failure) -> Self {
        failure.into_js(Subject {
            operation: "",
            bucket: None,
            key: &Self::UNDEFINED,
        })
    }
}
