//! What a world consists of: changes, connections, and queries with their answers.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::super::{ConnectionId, RequestId, ResyncListing, Settings, Synced, WireId};
use super::session::Session;
use crate::config::{RetryPolicy, Visibility};
use crate::enums::ReplayKind;
use crate::error::Error;
use crate::kv::{Key, Pattern};

/// A change or an entry: all there is to know of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) live: bool,
    pub(super) bucket: u32,
    /// Whether it is of a replay.
    pub(super) replayed: bool,
}

/// A frame of the server.
#[derive(Debug)]
pub(super) enum Frame {
    Update(Payload),
    Replay(WireId, Option<Rc<str>>, ReplayKind),
    Replayed(WireId, Payload),
    Synced(Synced),
    Refused(WireId, Error),
    Tick(u64),
}

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) connection_id: ConnectionId,
    pub(super) filter: Pattern,
    pub(super) open: bool,
    /// Whether it is dead without being closed: no frame arrives any more.
    pub(super) silent: bool,
    pub(super) frames: VecDeque<Frame>,
    /// What the client has subscribed to, on version 2.
    pub(super) session: Option<Session>,
}

#[derive(Debug)]
pub(super) enum Asked {
    ResyncListing(Pattern),
    List(Pattern),
    Read(Key),
}

/// How a server lists keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// As the protocol says.
    #[default]
    LastRevision,
    Name,
    Creation,
    Random,
}

impl Order {
    /// Where a key stands in a listing that is made at this revision of the bucket.
    pub(super) fn place(self, key: &str, last: u64, created: u64, at: u64) -> (u64, String) {
        let place = match self {
            Self::LastRevision => last,
            Self::Name => 0,
            Self::Creation => created,
            Self::Random => {
                let mut hasher = DefaultHasher::new();
                (key, at).hash(&mut hasher);
                hasher.finish()
            }
        };
        (place, key.into())
    }
}

impl Asked {
    /// The key that is read.
    pub(super) fn key(&self) -> Option<String> {
        match self {
            Self::Read(key) => Some(key.to_string()),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Answered {
    ResyncListing(ResyncListing),
    List(Vec<Key>),
    Read(Option<(u64, Payload)>),
    Nothing,
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) request: RequestId,
    pub(super) asked: Asked,
    /// What the server said, when it was asked.
    pub(super) answer: Option<Answered>,
    /// The bucket's revision then.
    pub(super) answered_at: u64,
}

pub(super) fn settings() -> Settings {
    let reconnect = RetryPolicy {
        enabled: true,
        max_attempts: -1.0,
        initial: 10.0,
        max: 100.0,
        multiplier: 2.0,
    };
    let visibility = Visibility {
        pause_on_hidden: false,
        reconnect_on_visible: true,
    };
    Settings::for_server(reconnect, visibility, 30_000)
}

pub(super) fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}
