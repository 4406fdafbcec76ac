//! Direct gets: the last message of a subject, or those after a sequence number a page at a time. JetStream
//! sends messages as they are stored, where its API would send JSON with base64 in it.

use std::time::Duration;

use async_nats::{Message, Request, StatusCode};
use futures_util::StreamExt as _;
use ironflow_browser::kv::Revision;
use serde::Serialize;
use tokio::time::timeout;

use super::Nats;
use super::api::{self, Api, ApiError};
use super::message::{Position, timestamp};
use super::names::Names;
use super::reader::Positioned;
use crate::backend::{BackendError, Result};

/// How many messages are asked for at once: for each page JetStream counts again what is left.
const PAGE: usize = 4000;

/// How many bytes are asked for at once. A single message may be larger.
const PAGE_BYTES: usize = 256 << 10;

/// How long a message may be on its way.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct GetBatch<'a> {
    batch: usize,
    max_bytes: usize,
    seq: Revision,
    next_by_subj: &'a str,
}

/// Some of the messages of a subject, ascending.
pub(super) struct DirectPage {
    pub(super) messages: Vec<Positioned>,
    /// How many follow, as far as the server that answered knows.
    pub(super) pending: u64,
}

impl Api {
    /// The last message of a subject; `None`: there is none. Any replica answers, also one that lags
    /// behind. Without direct gets, or without the stream, there is no responder.
    pub(super) async fn direct_last(
        &self,
        names: &Names,
        subject: &str,
    ) -> api::Result<Option<Positioned>> {
        let get = format!("$JS.API.DIRECT.GET.{}.{subject}", names.stream);
        let message = self.exchange(get, Request::new()).await?;
        match message.status {
            Some(StatusCode::NOT_FOUND) => Ok(None),
            None => positioned(message).map(Some).ok_or(ApiError::Unreachable),
            Some(_) => Err(ApiError::Unreachable),
        }
    }
}

impl Nats {
    /// The messages of a subject, wildcards included, from a sequence number on. Any replica answers,
    /// also one that lags behind.
    pub(super) async fn direct_page(
        &self,
        names: &Names,
        subject: &str,
        from: Revision,
    ) -> Result<DirectPage> {
        match self.request_page(names, subject, from).await? {
            Some(page) => Ok(page),
            None => {
                // There is no answer for a stream that is gone.
                self.api.stream_info(&names.stream).await?;
                Err(BackendError::Unavailable)
            }
        }
    }

    /// `None` where no server answers, or not in full.
    async fn request_page(
        &self,
        names: &Names,
        subject: &str,
        from: Revision,
    ) -> Result<Option<DirectPage>> {
        let unavailable = |_| BackendError::Unavailable;
        let client = &self.api.client;
        let inbox = client.new_inbox();
        let subscribed = client.subscribe(inbox.clone()).await;
        let mut arriving = subscribed.map_err(|_| BackendError::Unavailable)?;
        let request = GetBatch {
            batch: PAGE,
            max_bytes: PAGE_BYTES,
            seq: from,
            next_by_subj: subject,
        };
        let request = serde_json::to_vec(&request).map_err(|_| BackendError::Unexpected)?;
        let get = format!("$JS.API.DIRECT.GET.{}", names.stream);
        client
            .publish_with_reply(get, inbox, request.into())
            .await
            .map_err(unavailable)?;
        let mut page = DirectPage {
            messages: Vec::new(),
            pending: 0,
        };
        let mut last = 0;
        loop {
            let Ok(Some(message)) = timeout(PATIENCE, arriving.next()).await else {
                return Ok(None);
            };
            match message.status {
                None => {}
                Some(StatusCode::NOT_FOUND) => return Ok(Some(page)),
                Some(status) if status.as_u16() == 204 => {
                    page.pending = number(&message, "Nats-Num-Pending").unwrap_or(0);
                    let is_whole = number(&message, "Nats-Last-Sequence") == Some(last);
                    return Ok(is_whole.then_some(page));
                }
                Some(_) => return Ok(None),
            }
            // Each message names the one before it: what was lost on the way is missed here.
            if number(&message, "Nats-Last-Sequence") != Some(last) {
                return Ok(None);
            }
            let positioned = positioned(message).ok_or(BackendError::Unexpected)?;
            last = positioned.1.stream;
            page.messages.push(positioned);
        }
    }
}

/// A message as it was stored, and where.
fn positioned(mut message: Message) -> Option<Positioned> {
    let position = Position {
        stream: number(&message, "Nats-Sequence")?,
        consumer: 0,
        time: timestamp(header(&message, "Nats-Time-Stamp")?)?,
        // The last message of a subject comes alone.
        pending: number(&message, "Nats-Num-Pending").unwrap_or(0),
    };
    message.subject = header(&message, "Nats-Subject")?.to_owned().into();
    Some((message, position))
}

fn number(message: &Message, name: &str) -> Option<u64> {
    header(message, name)?.parse().ok()
}

/// The last header of this name: JetStream writes its own after those of the message.
fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    Some(message.headers.as_ref()?.get_last(name)?.as_str())
}
