//! The frames of version 2: those of clients taken apart, those of the server put together.

use std::collections::BTreeMap;

use axum::extract::ws::Message;
use axum::http::StatusCode;
use ironflow_browser::kv::wire::EntryBody;
use ironflow_browser::kv::{
    BucketName, Change, Key, KvError, Operation, Pattern, Revision, WatchEvent,
};
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Refusal, change_head, event_head, with_value};
use crate::backend::Epoch;

/// How much a frame of changes holds, unless a single change is larger.
const MAX_CHANGES: usize = 500;
const MAX_CHANGES_BYTES: usize = 128 << 10;

/// How many keys a frame of live keys holds.
const MAX_LIVE_KEYS: usize = 1000;

/// How many patterns a subscription may have.
const MAX_PATTERNS: usize = 1024;

/// The largest subscription id: every integer up to here is exact in JavaScript.
const MAX_ID: u64 = (1 << 53) - 1;

/// Names a subscription of a connection.
pub(super) type Id = u64;

/// What a client sends.
#[derive(Debug)]
pub(super) enum ClientFrame {
    Subscribe(Id, Box<Subscribe>),
    Unsubscribe(Id),
    Ping,
    /// Of a later version, perhaps.
    Unknown,
}

/// What a client wants to know of.
#[derive(Debug)]
pub(super) struct Subscribe {
    pub(super) bucket: BucketName,
    pub(super) patterns: Vec<Pattern>,
    /// The last revision that the client knows; `None`: nothing before now is wanted.
    pub(super) after: Option<Revision>,
    pub(super) epoch: Option<String>,
}

/// Why a frame is not understood.
#[derive(Debug)]
pub(super) enum Misunderstood {
    /// It names no subscription.
    Frame(&'static str),
    /// It names this one.
    Subscription(Id, Refusal),
}

impl ClientFrame {
    pub(super) fn parse(text: &str) -> Result<Self, Misunderstood> {
        let malformed = |_| Misunderstood::Frame("a frame is not JSON");
        let frame: Value = serde_json::from_str(text).map_err(malformed)?;
        let id = || {
            let id = frame["id"].as_u64().filter(|id| *id <= MAX_ID);
            id.ok_or(Misunderstood::Frame(
                "a frame has no \"id\", which is an integer from 0",
            ))
        };
        match frame["type"].as_str() {
            Some("subscribe") => {
                let id = id()?;
                let refused = |refusal: Refusal| Misunderstood::Subscription(id, refusal);
                let subscribe = Subscribe::parse(&frame).map_err(refused)?;
                Ok(Self::Subscribe(id, Box::new(subscribe)))
            }
            Some("unsubscribe") => Ok(Self::Unsubscribe(id()?)),
            Some("ping") => Ok(Self::Ping),
            Some(_) => Ok(Self::Unknown),
            None => Err(Misunderstood::Frame("a frame has no \"type\"")),
        }
    }
}

impl Subscribe {
    fn parse(frame: &Value) -> Result<Self, Refusal> {
        let invalid = |words| Refusal::from(KvError::Invalid(words));
        let after = match &frame["after"] {
            Value::Null => None,
            after => Some(
                after
                    .as_u64()
                    .ok_or_else(|| invalid("invalid subscription: \"after\" is no revision"))?,
            ),
        };
        let epoch = match &frame["epoch"] {
            Value::Null => None,
            Value::String(epoch) => Some(epoch.clone()),
            _ => return Err(invalid("invalid subscription: \"epoch\" is no string")),
        };
        let name = frame["name"].as_str();
        let name = name.ok_or_else(|| invalid("invalid subscription: \"name\" is no string"))?;
        Ok(Self {
            bucket: BucketName::parse(name)?,
            patterns: patterns(&frame["keys"])?,
            after,
            epoch,
        })
    }
}

/// The patterns of a subscription, without those that others cover.
fn patterns(keys: &Value) -> Result<Vec<Pattern>, Refusal> {
    let keys = match keys {
        Value::Null => return Ok(vec![Pattern::all()]),
        Value::Array(keys) if !keys.is_empty() => keys,
        _ => {
            return Err(Refusal::bad_request(
                "invalid subscription: \"keys\" is no list of patterns",
            ));
        }
    };
    if keys.len() > MAX_PATTERNS {
        let words = "a subscription has more than 1024 patterns";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, words));
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for key in keys {
        let pattern = Pattern::parse(key.as_str().unwrap_or_default())?;
        if !patterns.iter().any(|other| other.covers(&pattern)) {
            patterns.retain(|other| !pattern.covers(other));
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

/// What the server sends.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame<'a> {
    /// A replay begins that has changes: about how many; of which bucket, where it is the first of the
    /// subscription, whether that is another one than the client knows, and whether deletes may be missing.
    Replay {
        id: Id,
        total: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
        reset: bool,
        pruned: bool,
    },
    /// The live keys of a subscription, or some of them.
    Live { id: Id, keys: &'a [&'a str] },
    /// Everything of a subscription up to a revision was sent.
    Synced {
        id: Id,
        revision: Revision,
        epoch: &'a str,
        reset: bool,
        pruned: bool,
    },
    /// A live change, for all subscriptions.
    KvUpdate {
        name: &'a str,
        #[serde(flatten)]
        entry: EntryBody<'a>,
    },
    /// A subscription is over, or never began.
    Refused {
        id: Id,
        status: u16,
        error: &'a str,
        code: &'a str,
        retryable: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// Everything that matches was sent, up to these revisions.
    Tick {
        revisions: BTreeMap<&'a str, Revision>,
    },
    /// A problem of the connection.
    Error { message: &'a str },
}

impl ServerFrame<'_> {
    pub(super) fn message(&self) -> Message {
        // Strings and numbers only: there is nothing in a frame that JSON cannot say.
        Message::text(serde_json::to_string(self).unwrap_or_default())
    }
}

/// A live change.
pub(super) fn update(event: &WatchEvent) -> Message {
    let (name, entry) = (&*event.bucket, event_head(event));
    let value = (event.operation == Operation::Put).then_some(&*event.value);
    Message::text(with_value(value, &ServerFrame::KvUpdate { name, entry }))
}

/// The end of a subscription.
pub(super) fn refused(id: Id, refusal: &Refusal) -> Message {
    let (status, code, error) = refusal.parts();
    let retryable = status == StatusCode::SERVICE_UNAVAILABLE;
    ServerFrame::Refused {
        id,
        status: status.as_u16(),
        error,
        code,
        retryable,
        retry_after: retryable.then_some(1),
    }
    .message()
}

/// A part of a replay, in as many frames as it takes.
pub(super) fn changes(id: Id, changes: &[Change]) -> Vec<Message> {
    let mut frames = Vec::new();
    let mut frame = String::new();
    let mut count = 0;
    for change in changes {
        let change = with_value(change.value.as_deref(), &change_head(change));
        let is_full = count >= MAX_CHANGES || frame.len() + change.len() + 3 > MAX_CHANGES_BYTES;
        if count > 0 && is_full {
            frame.push_str("]}");
            frames.push(Message::text(std::mem::take(&mut frame)));
            count = 0;
        }
        if count == 0 {
            frame = format!("{{\"type\":\"changes\",\"id\":{id},\"events\":[");
        } else {
            frame.push(',');
        }
        frame.push_str(&change);
        count += 1;
    }
    if count > 0 {
        frame.push_str("]}");
        frames.push(Message::text(frame));
    }
    frames
}

/// The live keys of a subscription: at least one frame.
pub(super) fn live(id: Id, keys: &[Key]) -> Vec<Message> {
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    if keys.is_empty() {
        return vec![ServerFrame::Live { id, keys: &[] }.message()];
    }
    let frames = keys.chunks(MAX_LIVE_KEYS);
    frames
        .map(|keys| ServerFrame::Live { id, keys }.message())
        .collect()
}

/// The end of a replay.
pub(super) fn synced(
    id: Id,
    revision: Revision,
    epoch: &Epoch,
    reset: bool,
    pruned: bool,
) -> Message {
    let epoch = epoch.as_str();
    ServerFrame::Synced {
        id,
        revision,
        epoch,
        reset,
        pruned,
    }
    .message()
}
