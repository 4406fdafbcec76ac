//! The entries of many keys in one answer, written while they are read.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::try_unfold;
use tokio::task::yield_now;

use crate::address::FiltersAddress;
use crate::answer::{Refusal, change_head, with_value};
use crate::app::App;
use crate::auth::Reader;
use crate::backend::{BackendError, Entries, Page};
use crate::readings::Reading;

pub(super) async fn entries(
    State(app): State<Arc<App>>,
    at: FiltersAddress,
    _: Reader,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let holder = app.keys.holder(&headers);
    let reading = app.readings.begin(holder).ok_or_else(|| {
        let words = "too many readings of entries at a time with these credentials";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, words)
    })?;
    let entries = app.backend.entries(&at.bucket, at.patterns).await?;
    let answer = Answer {
        entries,
        is_begun: false,
        count: 0,
        _reading: reading,
    };
    // An answer that breaks off is no JSON: a client notices.
    let body = Body::from_stream(try_unfold(answer, |mut answer| async {
        let chunk = answer.chunk().await.map_err(|error| {
            tracing::debug!(?error, "an answer breaks off");
            BrokenOff
        })?;
        Ok::<_, BrokenOff>(chunk.map(|chunk| (chunk, answer)))
    }));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// The storage gave up in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off")]
struct BrokenOff;

/// An answer that is being written.
struct Answer {
    entries: Entries,
    is_begun: bool,
    /// How many entries have been written.
    count: usize,
    _reading: Reading,
}

impl Answer {
    /// The next piece of the answer, never an empty one.
    async fn chunk(&mut self) -> Result<Option<Bytes>, BackendError> {
        let mut chunk = String::new();
        // A client that reads fast would keep a thread busy for the whole answer.
        yield_now().await;
        while chunk.is_empty() {
            let Some(page) = self.entries.next().await? else {
                return Ok(None);
            };
            self.write(&page, &mut chunk);
        }
        Ok(Some(chunk.into()))
    }

    fn write(&mut self, page: &Page, chunk: &mut String) {
        if !self.is_begun {
            self.is_begun = true;
            chunk.push_str("{\"entries\":[");
        }
        for change in &page.changes {
            if self.count > 0 {
                chunk.push(',');
            }
            self.count += 1;
            chunk.push_str(&with_value(change.value.as_deref(), &change_head(change)));
        }
        if let Some(revision) = page.revision {
            chunk.push_str(&format!(
                "],\"revision\":{revision},\"count\":{}}}",
                self.count
            ));
        }
    }
}
