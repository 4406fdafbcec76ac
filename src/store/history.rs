//! The retained messages of one key.

use crate::kv::{Change, Key, Reason, Revision, Timestamp};

/// The content of a message.
#[derive(Debug, Clone)]
pub(super) enum Content<V> {
    Put(V),
    /// A marker: of a delete without a reason, else of a purge.
    Tombstone(Option<Reason>),
}

#[derive(Debug)]
pub(super) struct Message<V> {
    pub(super) revision: Revision,
    pub(super) time: Timestamp,
    pub(super) content: Content<V>,
    /// When it expires.
    pub(super) expires: Option<Timestamp>,
    /// Its share of the bucket's `bytes`.
    pub(super) bytes: u64,
}

/// The newest messages of a key, oldest first; never empty.
#[derive(Debug)]
pub(super) struct History<V> {
    pub(super) key: Key,
    pub(super) messages: Vec<Message<V>>,
}

impl<V> History<V> {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            messages: Vec::with_capacity(1),
        }
    }

    /// `last(k)` of rule 3: the newest message, markers included.
    pub(super) fn last(&self) -> Option<&Message<V>> {
        self.messages.last()
    }

    /// The newest message, if it is a value.
    pub(super) fn live(&self) -> Option<(&Message<V>, &V)> {
        let message = self.last()?;
        match &message.content {
            Content::Put(value) => Some((message, value)),
            Content::Tombstone(_) => None,
        }
    }

    /// Every message, oldest first.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change<V>>
    where
        V: Clone,
    {
        self.messages.iter().map(|message| self.change(message))
    }

    /// The newest message.
    pub(super) fn newest(&self) -> Option<Change<V>>
    where
        V: Clone,
    {
        Some(self.change(self.last()?))
    }

    /// The message of a revision, if it is retained.
    pub(super) fn at(&self, revision: Revision) -> Option<Change<V>>
    where
        V: Clone,
    {
        let messages = &self.messages;
        let at = messages.binary_search_by_key(&revision, |message| message.revision);
        Some(self.change(messages.get(at.ok()?)?))
    }

    fn change(&self, message: &Message<V>) -> Change<V>
    where
        V: Clone,
    {
        let (value, reason, expires) = match &message.content {
            Content::Put(value) => (Some(value.clone()), None, message.expires),
            Content::Tombstone(reason) => (None, *reason, None),
        };
        Change {
            key: self.key.clone(),
            value,
            revision: message.revision,
            created: message.time,
            reason,
            expires,
        }
    }
}

/// How many bytes a message takes, counted as JetStream's file storage counts: 30 and the subject
/// `$KV.<bucket>.<key>`, the value, and the headers, where there are any, with 4 more.
pub(super) fn message_bytes(bucket: &str, key: &str, value: usize, headers: u64) -> u64 {
    let subject = "$KV..".len() + bucket.len() + key.len();
    let headers = if headers == 0 { 0 } else { headers + 4 };
    (30 + subject + value) as u64 + headers
}

/// The headers of a write: of a conditional one `Nats-Expected-Last-Subject-Sequence`, of one with a
/// time to live of its own `Nats-TTL` and `Nats-Rollup: sub`; 0 where it has none.
pub(super) fn write_headers(expected: Option<Revision>, ttl_seconds: Option<u64>) -> u64 {
    let expectation = expected.map_or(0, |revision| 39 + digits(revision));
    let ttl = ttl_seconds.map_or(0, |seconds| 31 + digits(seconds));
    match expectation + ttl {
        0 => 0,
        headers => 12 + headers,
    }
}

/// The headers of a delete marker: `KV-Operation: DEL` and the expected revision.
pub(super) fn delete_headers(expected: Revision) -> u64 {
    70 + digits(expected)
}

/// The headers of a purge marker: `KV-Operation: PURGE`, `Nats-Rollup: sub` and the expected
/// revision.
pub(super) fn purge_headers(expected: Revision) -> u64 {
    90 + digits(expected)
}

fn digits(n: u64) -> u64 {
    u64::from(n.checked_ilog10().unwrap_or(0)) + 1
}
