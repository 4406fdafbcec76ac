//! One bucket: its keys, its revision counter, its limits and its watchers.

use std::sync::Arc;

use super::Sink;
use super::expiry::{Expiries, Expiry};
use super::history::{
    Content, History, Message, delete_headers, message_bytes, purge_headers, write_headers,
};
use super::watchers::{WatcherId, Watchers};
use crate::kv::Tree;
use crate::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, Key, KvError, Operation, Pattern,
    Precondition, Reason, Removal, Revision, Stored as _, Timestamp, Ttl, WatchEvent, Written,
};

#[derive(Debug)]
pub(super) struct Bucket<S: Sink> {
    name: Arc<str>,
    /// No other bucket of the store has it, nor ever had.
    number: u64,
    config: BucketConfig,
    created: Timestamp,
    last_revision: Revision,
    /// The last revision when a key last expired, and left no trace.
    last_vanished: Revision,
    keys: Tree<History<S::Value>>,
    /// Those of its messages that expire.
    expiries: Expiries,
    values: u64,
    bytes: u64,
    watchers: Watchers<S>,
}

/// A message that is about to be stored.
struct Draft<V> {
    content: Content<V>,
    bytes: u64,
    /// In seconds.
    lifetime: Option<u64>,
    /// Whether the key's older messages go.
    replaces_all: bool,
}

impl<S: Sink> Bucket<S> {
    pub(super) fn new(
        name: &BucketName,
        number: u64,
        config: BucketConfig,
        now: Timestamp,
    ) -> Self {
        Self {
            name: name.shared(),
            number,
            config,
            created: now,
            last_revision: 0,
            last_vanished: 0,
            keys: Tree::new(),
            expiries: Expiries::new(),
            values: 0,
            bytes: 0,
            watchers: Watchers::new(),
        }
    }

    pub(super) fn info(&mut self, now: Timestamp) -> BucketInfo {
        self.expire(now);
        BucketInfo {
            config: self.config.clone(),
            values: self.values,
            bytes: self.bytes,
            created: self.created,
        }
    }

    /// Whether anything it holds expires.
    pub(super) fn expires(&self) -> bool {
        !self.expiries.is_empty()
    }

    pub(super) fn get(&self, key: &Key) -> Result<Entry<S::Value>, KvError> {
        let history = self.keys.get(key).ok_or(KvError::KeyNotFound)?;
        let (message, value) = history.live().ok_or(KvError::KeyNotFound)?;
        Ok(Entry {
            key: history.key.clone(),
            value: value.clone(),
            revision: message.revision,
            created: message.time,
            expires: message.expires,
        })
    }

    pub(super) fn put(
        &mut self,
        key: &Key,
        value: S::Value,
        precondition: Precondition,
        ttl: Option<Ttl>,
        now: Timestamp,
    ) -> Result<Written, KvError> {
        self.expire(now);
        if value.size() as u64 > self.config.value_limit() {
            return Err(KvError::ValueTooLarge);
        }
        let history = self.keys.get(key);
        let last = history
            .and_then(History::last)
            .map_or(0, |message| message.revision);
        let expected = match precondition {
            Precondition::None => None,
            Precondition::Absent if history.and_then(History::live).is_some() => {
                return Err(KvError::KeyExists);
            }
            Precondition::Revision(wanted) if wanted != last => {
                return Err(KvError::RevisionMismatch);
            }
            Precondition::Absent | Precondition::Revision(_) => Some(last),
        };
        let lifetime = self.lifetime(ttl);
        let headers = write_headers(expected, ttl.map(Ttl::seconds));
        let bytes = message_bytes(&self.name, key, value.size(), headers);
        let draft = Draft {
            content: Content::Put(value),
            bytes,
            lifetime,
            replaces_all: ttl.is_some(),
        };
        self.append(key, draft, now)
    }

    /// How many seconds a message is retained: the shorter of its own time and the bucket's (rule 24).
    fn lifetime(&self, ttl: Option<Ttl>) -> Option<u64> {
        let buckets = Some(self.config.ttl_seconds).filter(|seconds| *seconds > 0);
        ttl.map(Ttl::seconds).into_iter().chain(buckets).min()
    }

    /// What is retained of a key, oldest first.
    pub(super) fn history(&self, key: &Key) -> Vec<Change<S::Value>> {
        let history = self.keys.get(key);
        history.map_or_else(Vec::new, |history| history.changes().collect())
    }

    /// Removes a key: whatever its last revision is, or only where it is the expected one.
    pub(super) fn remove(
        &mut self,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
        now: Timestamp,
    ) -> Result<Revision, KvError> {
        self.expire(now);
        let history = self.keys.get(key).ok_or(KvError::KeyNotFound)?;
        let last = history.last().ok_or(KvError::KeyNotFound)?.revision;
        let (headers, reason) = match removal {
            Removal::Delete if history.live().is_none() => return Err(KvError::KeyNotFound),
            Removal::Delete => (delete_headers(last), None),
            Removal::Purge => (purge_headers(last), Some(Reason::Purged)),
        };
        if expected.is_some_and(|expected| expected != last) {
            return Err(KvError::RevisionMismatch);
        }
        let draft = Draft {
            content: Content::Tombstone(reason),
            bytes: message_bytes(&self.name, key, 0, headers),
            lifetime: self.lifetime(None),
            replaces_all: removal == Removal::Purge,
        };
        Ok(self.append(key, draft, now)?.revision)
    }

    pub(super) fn list_keys(&self, pattern: &Pattern) -> Vec<Key> {
        let mut live = Vec::new();
        self.keys.select(pattern, &mut |history| {
            if let Some((message, _)) = history.live() {
                live.push((message.revision, history.key.clone()));
            }
        });
        live.sort_unstable_by_key(|(revision, _)| *revision);
        live.into_iter().map(|(_, key)| key).collect()
    }

    /// Identifies one life of the bucket: created again with the same name, it has another.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Its keys.
    pub(super) const fn keys(&self) -> &Tree<History<S::Value>> {
        &self.keys
    }

    /// The number of its last message.
    pub(super) const fn last_revision(&self) -> Revision {
        self.last_revision
    }

    /// The number of its last message when a key last expired.
    pub(super) const fn last_vanished(&self) -> Revision {
        self.last_vanished
    }

    pub(super) fn watch(&mut self, id: WatcherId, pattern: Pattern, sink: S) {
        self.watchers.add(id, pattern, sink);
    }

    pub(super) fn unwatch(&mut self, id: WatcherId) {
        self.watchers.remove(id);
    }

    pub(super) fn end_watches(self) {
        self.watchers.end();
    }

    /// Stores a message under the next revision, trims the key's history, and notifies the watchers.
    fn append(
        &mut self,
        key: &Key,
        draft: Draft<S::Value>,
        now: Timestamp,
    ) -> Result<Written, KvError> {
        let Draft { content, bytes, .. } = draft;
        let limit = self.config.max_bytes;
        if limit > 0 && self.bytes + bytes > limit && !self.replaces(key, bytes) {
            return Err(KvError::BucketFull);
        }

        self.last_revision += 1;
        let revision = self.last_revision;
        let (value, reason) = match &content {
            Content::Put(value) => (Some(value.clone()), None),
            Content::Tombstone(reason) => (None, *reason),
        };
        let expires = draft
            .lifetime
            .map(|seconds| Timestamp(now.0.saturating_add(seconds.saturating_mul(1000))));
        let history = self
            .keys
            .get_or_insert_with(key, || History::new(key.clone()));
        history.messages.push(Message {
            revision,
            time: now,
            content,
            expires,
            bytes,
        });
        self.values += 1;
        self.bytes += bytes;
        let retained = match draft.replaces_all {
            true => 1,
            false => self.config.history as usize,
        };
        let excess = history.messages.len().saturating_sub(retained);
        self.drop_oldest(key, excess);
        if let Some(at) = expires {
            let key = key.clone();
            self.expiries.push(Expiry { at, revision, key });
        }
        self.compact_expiries();

        let expires_at = value.as_ref().and(expires);
        self.emit(key, value, reason, expires_at, now);
        Ok(Written { revision, expires })
    }

    /// Notifies the watchers of the last revision.
    fn emit(
        &self,
        key: &Key,
        value: Option<S::Value>,
        reason: Option<Reason>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) {
        if self.watchers.is_empty() {
            return;
        }
        let operation = match value {
            Some(_) => Operation::Put,
            None => Operation::Delete,
        };
        self.watchers.notify(&Arc::new(WatchEvent {
            bucket: Arc::clone(&self.name),
            key: key.clone(),
            value: value.unwrap_or_default(),
            revision: self.last_revision,
            operation,
            created: now,
            reason,
            expires,
        }));
    }

    /// Whether a message replaces another that is at least as large.
    fn replaces(&self, key: &Key, bytes: u64) -> bool {
        self.keys
            .get(key)
            .filter(|history| history.messages.len() as u64 >= self.config.history)
            .and_then(|history| history.messages.first())
            .is_some_and(|oldest| oldest.bytes >= bytes)
    }

    /// Drops a key's oldest messages, and the key with its last.
    fn drop_oldest(&mut self, key: &Key, count: usize) {
        let Some(history) = self.keys.get_mut(key) else {
            return;
        };
        for message in history.messages.drain(..count) {
            self.values -= 1;
            self.bytes -= message.bytes;
        }
        if history.messages.is_empty() {
            self.keys.remove(key);
        }
    }

    /// Drops expired messages (rule 14) and notifies the watchers of the keys that expired with them.
    /// Returns the time when a message expires next.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some(next) = self.expiries.peek() {
            // The messages of a key expire in the order they were written: this is its oldest, or gone.
            let history = self.keys.get(&next.key);
            let is_retained = history
                .and_then(|history| history.messages.first())
                .is_some_and(|message| message.revision == next.revision);
            if is_retained && next.at > now {
                return Some(next.at);
            }
            let key = self.expiries.pop()?.key;
            if is_retained {
                self.drop_expired(&key, now);
            }
        }
        None
    }

    /// Forgets the expiries of dropped messages once they outnumber the retained messages.
    fn compact_expiries(&mut self) {
        if self.expiries.len() as u64 <= 2 * self.values {
            return;
        }
        for expiry in std::mem::take(&mut self.expiries) {
            // The messages of a key are dropped in the order they were written.
            let oldest = self.keys.get(&expiry.key).and_then(|h| h.messages.first());
            if oldest.is_some_and(|message| message.revision <= expiry.revision) {
                self.expiries.push(expiry);
            }
        }
    }

    /// Drops a key's oldest message. If it was the only one, the expiry takes a revision and emits an
    /// event, as in JetStream not for a purged key.
    fn drop_expired(&mut self, key: &Key, now: Timestamp) {
        let last = self.keys.get(key).and_then(History::last);
        let was_purged =
            last.is_some_and(|last| matches!(last.content, Content::Tombstone(Some(_))));
        self.drop_oldest(key, 1);
        if self.keys.get(key).is_some() {
            return;
        }
        if !was_purged {
            self.last_revision += 1;
            self.emit(key, None, Some(Reason::Expired), None, now);
        }
        self.last_vanished = self.last_revision;
    }

    #[cfg(test)]
    pub(super) fn remembered_expiries(&self) -> usize {
        self.expiries.len()
    }
}
