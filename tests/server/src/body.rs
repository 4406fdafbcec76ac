//! Request bodies: read within a limit, and what is left of them discarded.
//!
//! A browser that is still sending when the server answers and closes the connection reports a
//! network error, not the answer. So whatever a handler leaves unread is read and thrown away
//! before its answer goes out.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use ironflow_browser::kv::KvError;

use crate::answer::Refusal;

/// The most that is read of any body: larger values are refused whatever the bucket allows, and of
/// a refused body no more than this is discarded.
pub(crate) const MAX_BODY_BYTES: u64 = 16 << 20;

/// Why a body is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    TooLarge,
    /// The client stopped sending.
    BrokenOff,
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => KvError::ValueTooLarge.into(),
            ReadError::BrokenOff => Self::bad_request("the request body broke off"),
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(mut body: Body, limit: u64) -> Result<Bytes, ReadError> {
    let limit = limit.min(MAX_BODY_BYTES);
    if body.size_hint().lower() > limit {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = next_frame(&mut body).await {
        let frame = frame.map_err(|_| ReadError::BrokenOff)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if (bytes.len() + data.len()) as u64 > limit {
            return Err(ReadError::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

async fn next_frame<B>(body: &mut B) -> Option<Result<Frame<Bytes>, B::Error>>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

/// Middleware: discards what the handler left of the body.
pub(crate) async fn discard_rest(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut rest = Shared(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(parts, Body::new(rest.clone()));
    let response = next.run(request).await;

    let mut budget = MAX_BODY_BYTES;
    while rest.size_hint().lower() <= budget
        && let Some(Ok(frame)) = next_frame(&mut rest).await
    {
        let read = frame.data_ref().map_or(0, Bytes::len) as u64;
        let Some(left) = budget.checked_sub(read) else {
            break;
        };
        budget = left;
    }
    response
}

/// A body that outlives the handler it is given to.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn with<T>(&self, f: impl FnOnce(&mut Body) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| HttpBody::size_hint(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse as _;

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        assert_eq!(read(Body::from("abc"), 3).await.unwrap(), "abc");
        assert_eq!(read(Body::empty(), 0).await.unwrap(), "");
        let error = read(Body::from("abcd"), 3).await.unwrap_err();
        assert_eq!(Refusal::from(error).into_response().status(), 413);
    }
}
