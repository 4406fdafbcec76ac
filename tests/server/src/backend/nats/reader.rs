//! Reading a stream to its end through a pull consumer, one bounded batch after the other.

use std::time::Duration;

use async_nats::{Message, StatusCode};
use futures_util::StreamExt as _;
use ironflow_browser::kv::{Change, Revision};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::api::{Api, code};
use super::consumer::{Consumer, Filter, Settings};
use super::expiry::message_expiry;
use super::message::{Kind, Position};
use super::names::Names;
use crate::backend::{BackendError, Result};

/// How many messages are asked for at once.
const BATCH: usize = 1000;

/// How many bytes are asked for at once, unless a single message is larger.
const BATCH_BYTES: usize = 256 << 10;

/// How long a message may be on its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What JetStream says where the next message does not fit into what is left of a batch.
const BATCH_IS_FULL: &str = "Message Size Exceeds MaxBytes";

/// What it says after the last message of a batch whose bytes are limited.
const BATCH_IS_COMPLETE: &str = "Batch Completed";

#[derive(Serialize)]
struct Pull {
    batch: usize,
    max_bytes: usize,
    no_wait: bool,
}

#[derive(Serialize)]
struct NextBySubject<'a> {
    seq: Revision,
    next_by_subj: &'a str,
}

#[derive(Deserialize)]
struct Found {}

/// Which messages of each subject a reader gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deliver {
    All,
    LastPerSubject,
    /// Those with this sequence number or a larger one.
    From(Revision),
}

impl Deliver {
    const fn policy(self) -> (&'static str, Option<Revision>) {
        match self {
            Self::All => ("all", None),
            Self::LastPerSubject => ("last_per_subject", None),
            Self::From(sequence) => ("by_start_sequence", Some(sequence)),
        }
    }
}

/// Which messages a reader gives.
pub(super) struct Wanted {
    pub(super) deliver: Deliver,
    pub(super) filter: Filter,
    /// Whether the values are left out.
    pub(super) headers_only: bool,
}

/// Reads the messages that a stream retains, ascending. Those that are written meanwhile come too.
pub(super) struct Reader {
    api: Api,
    stream: String,
    consumer: Consumer,
    max_bytes: usize,
    /// How many messages were delivered.
    delivered: u64,
    done: bool,
}

impl Api {
    /// Whether the stream has a message of the subject from this number on, as its leader knows.
    pub(super) async fn has_message(
        &self,
        names: &Names,
        subject: &str,
        from: Revision,
    ) -> Result<bool> {
        let get = format!("STREAM.MSG.GET.{}", names.stream);
        let next = NextBySubject {
            seq: from,
            next_by_subj: subject,
        };
        match self.request::<Found>(&get, &next).await {
            Ok(Found {}) => Ok(true),
            Err(error) if error.is(code::MESSAGE_NOT_FOUND) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// A message and where it stands in its stream.
pub(super) type Positioned = (Message, Position);

impl Reader {
    pub(super) async fn open(api: &Api, names: &Names, wanted: Wanted) -> super::api::Result<Self> {
        let (deliver_policy, opt_start_seq) = wanted.deliver.policy();
        let settings = |_| Settings {
            deliver_policy,
            opt_start_seq,
            filter: wanted.filter,
            deliver_subject: None,
            flow_control: false,
            idle_heartbeat: 0,
            headers_only: wanted.headers_only,
        };
        let consumer = Consumer::create(api, &names.stream, settings).await?;
        Ok(Self {
            api: api.clone(),
            stream: names.stream.clone(),
            max_bytes: BATCH_BYTES,
            delivered: 0,
            done: consumer.pending == 0,
            consumer,
        })
    }

    /// The next batch. `None` once everything that was there at that moment has been read.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Positioned>>> {
        let mut batch = Vec::new();
        while batch.is_empty() {
            if self.done {
                return Ok(None);
            }
            self.pull(&mut batch).await?;
        }
        Ok(Some(batch))
    }

    /// Whether nothing was left after the last batch.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Goes on after the end: more has been written.
    pub(super) fn resume(&mut self) {
        self.done = false;
    }

    /// How many messages there were to read when it was opened.
    pub(super) const fn total(&self) -> u64 {
        self.consumer.pending
    }

    pub(super) const fn api(&self) -> &Api {
        &self.api
    }

    async fn pull(&mut self, batch: &mut Vec<Positioned>) -> Result<()> {
        let next = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            self.stream, self.consumer.name
        );
        let pull = Pull {
            batch: BATCH,
            max_bytes: self.max_bytes,
            no_wait: true,
        };
        let pull = serde_json::to_vec(&pull).map_err(|_| BackendError::Unexpected)?;
        self.api
            .client
            .publish_with_reply(next, self.consumer.inbox.clone(), pull.into())
            .await
            .map_err(|_| BackendError::Unavailable)?;
        while batch.len() < BATCH {
            let message = match timeout(PATIENCE, self.consumer.messages.next()).await {
                Ok(Some(message)) => message,
                Ok(None) | Err(_) => return Err(BackendError::Unavailable),
            };
            match message.status {
                None => {}
                // The batch is over early: nothing is left, or was when it was asked for.
                Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => {
                    self.done = batch.is_empty();
                    return Ok(());
                }
                // The batch before, which is known.
                Some(_) if says(&message, BATCH_IS_COMPLETE) => continue,
                Some(_) if says(&message, BATCH_IS_FULL) => {
                    if batch.is_empty() {
                        self.max_bytes *= 2;
                    }
                    return Ok(());
                }
                Some(_) => {
                    // The consumer is gone, most likely with its stream.
                    self.api.stream_info(&self.stream).await?;
                    return Err(BackendError::Unavailable);
                }
            }
            let reply = message.reply.as_deref().unwrap_or_default();
            let position = Position::parse(reply).ok_or(BackendError::Unexpected)?;
            self.delivered += 1;
            if position.consumer != self.delivered {
                // One was lost on the way, and does not come again.
                return Err(BackendError::Unavailable);
            }
            batch.push((message, position));
            if position.pending == 0 {
                self.done = true;
                return Ok(());
            }
        }
        Ok(())
    }
}

fn says(message: &Message, words: &str) -> bool {
    let description = message.description.as_deref();
    description.is_some_and(|text| text.contains(words))
}

/// What a message did to its key. `None` where its subject stands for no key.
pub(super) fn change(
    names: &Names,
    max_age: Option<Duration>,
    (message, position): &Positioned,
) -> Option<Change> {
    let kind = Kind::of(message.headers.as_ref());
    let is_value = kind == Kind::Value;
    Some(Change {
        key: names.key(&message.subject)?,
        value: is_value.then(|| message.payload.as_ref().into()),
        revision: position.stream,
        created: position.time,
        reason: kind.reason(),
        expires: is_value
            .then(|| message_expiry(message, position.time, max_age))
            .flatten(),
    })
}
