//! Entries, revisions and watch events.

use std::sync::Arc;

use super::Key;

/// The number of a stored message: one counter per bucket, from 1 (rule 1).
pub type Revision = u64;

/// Stored bytes, shared rather than copied.
pub type Value = Arc<[u8]>;

/// What a store can hold as a value: bytes, or something of the platform that stands for them.
pub trait Stored: std::fmt::Debug + Clone + Default {
    /// How many bytes it is.
    fn size(&self) -> usize;
}

impl Stored for Value {
    fn size(&self) -> usize {
        self.len()
    }
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp(pub u64);

/// How long a key lives after a write that says so: whole seconds, 1 to 31,536,000 (rule 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(u32);

impl Ttl {
    /// The longest: 365 days.
    pub const MAX_SECONDS: u32 = 31_536_000;

    /// So many seconds. `None` where they are out of range.
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        match seconds {
            1..=Self::MAX_SECONDS => Some(Self(seconds)),
            _ => None,
        }
    }

    /// In seconds.
    pub const fn seconds(self) -> u64 {
        self.0 as u64
    }
}

/// A write that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The revision of its message.
    pub revision: Revision,
    /// When the value expires, where it does (rule 14).
    pub expires: Option<Timestamp>,
}

/// A live key as `get` returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<V = Value> {
    /// The key.
    pub key: Key,
    /// Its newest value, byte for byte.
    pub value: V,
    /// The revision of that write.
    pub revision: Revision,
    /// The time of that write.
    pub created: Timestamp,
    /// When it expires, if it does (rule 14).
    pub expires: Option<Timestamp>,
}

/// Why a key has no value, if it was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The key was purged (rule 7).
    Purged,
    /// The key expired (rule 14).
    Expired,
}

impl Reason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purged => "purged",
            Self::Expired => "expired",
        }
    }
}

/// A revision of a key that a bucket retains: a value or a marker (rule 22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<V = Value> {
    /// The key.
    pub key: Key,
    /// The value; `None` for the marker of a delete, purge or expiry.
    pub value: Option<V>,
    /// The revision.
    pub revision: Revision,
    /// The time of the write.
    pub created: Timestamp,
    /// Why there is no value, if it was not deleted.
    pub reason: Option<Reason>,
    /// When the value expires, if it does (rule 14).
    pub expires: Option<Timestamp>,
}

impl<V> Change<V> {
    /// What the write did.
    pub const fn operation(&self) -> Operation {
        match self.value {
            Some(_) => Operation::Put,
            None => Operation::Delete,
        }
    }

    /// The entry, if it is not a marker.
    pub fn into_entry(self) -> Option<Entry<V>> {
        Some(Entry {
            key: self.key,
            value: self.value?,
            revision: self.revision,
            created: self.created,
            expires: self.expires,
        })
    }
}

impl<V> From<Entry<V>> for Change<V> {
    fn from(entry: Entry<V>) -> Self {
        Self {
            key: entry.key,
            value: Some(entry.value),
            revision: entry.revision,
            created: entry.created,
            reason: None,
            expires: entry.expires,
        }
    }
}

/// The precondition of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: `put`.
    None,
    /// The key is missing, deleted or purged: `create` (rule 4).
    Absent,
    /// The key's last message has this revision, 0 for "no message at all": `update` (rule 3).
    Revision(Revision),
}

/// How a key is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Appends a tombstone; keeps older revisions within the history setting (rule 6).
    Delete,
    /// Removes every message of the key and appends one purge marker (rule 7).
    Purge,
}

/// The operation of a watch event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The key has a new value.
    Put,
    /// The key was deleted or purged.
    Delete,
}

impl Operation {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

/// One change of one key, as a watch reports it (rule 15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchEvent<V = Value> {
    /// The bucket it happened in.
    pub bucket: Arc<str>,
    /// The key that changed.
    pub key: Key,
    /// The new value; empty for a delete.
    pub value: V,
    /// The revision of the change, the marker's for a delete.
    pub revision: Revision,
    /// What happened.
    pub operation: Operation,
    /// When it happened.
    pub created: Timestamp,
    /// Why the key has no value, if it was not deleted.
    pub reason: Option<Reason>,
    /// When the value expires, if it does (rule 14).
    pub expires: Option<Timestamp>,
}
