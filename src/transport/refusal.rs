//! Converts error responses of a server to errors.

use wasm_bindgen::prelude::*;

use crate::error::Error;
use crate::ffi::{self, Failure, HttpResponse, Problem};
use crate::text::concat;

/// The error of a response that is not the result of its request.
pub(super) fn refusal(answer: &HttpResponse, url: &str) -> Failure {
    let status = answer.status();
    let invalid = |words: &[&str]| {
        let message = concat(words);
        Error::InvalidResponse { status, message }.into()
    };
    if matches!(status, 0 | 300..400) {
        return invalid(&["redirects are not followed: there is one at ", url]);
    }
    let succeeded = (200..300).contains(&status);
    if succeeded || status == 404 {
        if let Some(content_type) = answer.page() {
            return invalid(&[
                "there is a page of type ",
                &content_type,
                ", not the API, at ",
                url,
                ": is serverUrl right?",
            ]);
        }
        if succeeded {
            return invalid(&["the answer is not what the API says, at ", url]);
        }
    }
    let refusal = ffi::read_refusal(answer);
    let mut message = refusal.message();
    if message.is_empty() {
        message.push_str("the request failed");
    }
    let error = Error::Http {
        status,
        message,
        retry_after: refusal.retry_after(),
        retryable: refusal.retryable(),
    };
    Failure::Error(Box::new(Problem {
        error,
        details: refusal.details(),
        cause: JsValue::UNDEFINED,
    }))
}

/// The error of an operation whose last attempt failed: an earlier error response of the server is more
/// informative than a later missing or invalid response.
pub(super) fn worse(refusal: Option<Failure>, failure: Failure) -> Failure {
    let says_little = match &failure {
        Failure::Error(problem) => matches!(
            problem.error,
            Error::RequestFailed(_) | Error::Interrupted(_) | Error::InvalidResponse { .. }
        ),
        _ => false,
    };
    match refusal {
        Some(Failure::Error(mut refusal)) if says_little => {
            refusal.cause = failure.into();
            Failure::Error(refusal)
        }
        _ => failure,
    }
}
