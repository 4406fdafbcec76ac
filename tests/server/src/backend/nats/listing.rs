//! The keys of a bucket: the last message of each subject, without values.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::{Message, StatusCode};
use futures_util::StreamExt as _;
use ironflow_browser::kv::{Key, Pattern, Revision};
use serde::Serialize;
use tokio::time::timeout;

use super::Nats;
use super::consumer::{Consumer, Settings};
use super::message::{Kind, Position};
use super::names::Names;
use crate::address::BucketAddress;
use crate::backend::{BackendError, Result};

/// How many messages are asked for at once.
const BATCH: usize = 1000;

/// How long a message may be on its way.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Pull {
    batch: usize,
    no_wait: bool,
}

impl Nats {
    pub(crate) async fn list_keys(
        &self,
        at: &BucketAddress,
        pattern: &Pattern,
    ) -> Result<Vec<Key>> {
        let names = Names::new(at);
        let settings = |_| Settings {
            deliver_policy: "last_per_subject",
            opt_start_seq: None,
            filter_subject: names.filter(pattern),
            deliver_subject: None,
            flow_control: false,
            idle_heartbeat: 0,
            headers_only: true,
        };
        let mut consumer = Consumer::create(&self.api, &names.stream, settings).await?;
        let mut keys = Keys::default();
        let mut more = consumer.pending > 0;
        while more {
            more = self.pull(&names, &mut consumer, &mut keys).await?;
        }
        Ok(keys.live(pattern))
    }

    /// Reads one batch. Answers whether there may be more.
    async fn pull(&self, names: &Names, consumer: &mut Consumer, keys: &mut Keys) -> Result<bool> {
        let next = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            names.stream, consumer.name
        );
        let pull = Pull {
            batch: BATCH,
            no_wait: true,
        };
        let pull = serde_json::to_vec(&pull).map_err(|_| BackendError::Unexpected)?;
        self.api
            .client
            .publish_with_reply(next, consumer.inbox.clone(), pull.into())
            .await
            .map_err(|_| BackendError::Unavailable)?;
        for read in 0..BATCH {
            let message = match timeout(PATIENCE, consumer.messages.next()).await {
                Ok(Some(message)) => message,
                Ok(None) | Err(_) => return Err(BackendError::Unavailable),
            };
            match message.status {
                None => {}
                // The batch is over early: nothing is left, or was when it was asked for.
                Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => return Ok(read > 0),
                Some(_) => {
                    // The consumer is gone, most likely with its stream.
                    self.api.stream_info(&names.stream).await?;
                    return Err(BackendError::Unavailable);
                }
            }
            let pending = keys.note(names, &message)?;
            if pending == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is known of each key. One that is written during the listing comes again, later.
#[derive(Default)]
struct Keys(HashMap<Key, (Revision, Kind)>);

impl Keys {
    /// Notes a message. Answers how many there are after it.
    fn note(&mut self, names: &Names, message: &Message) -> Result<u64> {
        let reply = message.reply.as_deref().unwrap_or_default();
        let position = Position::parse(reply).ok_or(BackendError::Unexpected)?;
        if let Some(key) = names.key(&message.subject) {
            let kind = Kind::of(message.headers.as_ref());
            self.0.insert(key, (position.stream, kind));
        }
        Ok(position.pending)
    }

    /// The live keys, in ascending order of last revision.
    fn live(self, pattern: &Pattern) -> Vec<Key> {
        let mut live: Vec<_> = self
            .0
            .into_iter()
            .filter(|(key, (_, kind))| *kind == Kind::Value && pattern.matches(key))
            .map(|(key, (revision, _))| (revision, key))
            .collect();
        live.sort_unstable_by_key(|(revision, _)| *revision);
        live.into_iter().map(|(_, key)| key).collect()
    }
}
