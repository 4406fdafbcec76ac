//! One bucket: its keys, its revision counter, its limits and its watchers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Sink;
use super::history::{
    Content, History, Message, delete_headers, message_bytes, purge_headers, write_headers,
};
use super::watchers::{WatcherId, Watchers};
use crate::kv::Tree;
use crate::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, Key, KvError, Operation, Pattern,
    Precondition, Reason, Removal, Revision, Stored as _, Timestamp, WatchEvent,
};

#[derive(Debug)]
pub(super) struct Bucket<S: Sink> {
    name: Arc<str>,
    /// No other bucket of the store has it, nor ever had.
    number: u64,
    config: BucketConfig,
    created: Timestamp,
    last_revision: Revision,
    keys: Tree<History<S::Value>>,
    /// The messages in the order they were written, in a bucket with a time to live; else empty.
    /// Some may be gone already: at most as many as are retained.
    ages: VecDeque<(Revision, Key)>,
    values: u64,
    bytes: u64,
    watchers: Watchers<S>,
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
            keys: Tree::new(),
            ages: VecDeque::new(),
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

    /// Whether what it holds expires.
    pub(super) const fn expires(&self) -> bool {
        self.config.ttl_seconds > 0
    }

    pub(super) fn get(&self, key: &Key) -> Result<Entry<S::Value>, KvError> {
        let history = self.keys.get(key).ok_or(KvError::KeyNotFound)?;
        let (message, value) = history.live().ok_or(KvError::KeyNotFound)?;
        Ok(Entry {
            key: history.key.clone(),
            value: value.clone(),
            revision: message.revision,
            created: message.time,
            expires: None,
        })
    }

    pub(super) fn put(
        &mut self,
        key: &Key,
        value: S::Value,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<Revision, KvError> {
        self.expire(now);
        if value.size() as u64 > self.config.value_limit() {
            return Err(KvError::ValueTooLarge);
        }
        let history = self.keys.get(key);
        let last = history
            .and_then(History::last)
            .map_or(0, |message| message.revision);
        let headers = match precondition {
            Precondition::None => 0,
            Precondition::Absent if history.and_then(History::live).is_some() => {
                return Err(KvError::KeyExists);
            }
            Precondition::Revision(wanted) if wanted != last => {
                return Err(KvError::RevisionMismatch);
            }
            Precondition::Absent | Precondition::Revision(_) => write_headers(last),
        };
        let bytes = message_bytes(&self.name, key, value.size(), headers);
        self.append(key, Content::Put(value), bytes, now)
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
        let bytes = message_bytes(&self.name, key, 0, headers);
        let revision = self.append(key, Content::Tombstone(reason), bytes, now)?;
        if removal == Removal::Purge {
            let all_but_the_marker = self.keys.get(key).map_or(0, |h| h.messages.len() - 1);
            self.drop_oldest(key, all_but_the_marker);
        }
        Ok(revision)
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
        content: Content<S::Value>,
        bytes: u64,
        now: Timestamp,
    ) -> Result<Revision, KvError> {
        let limit = self.config.max_bytes;
        if limit > 0 && self.bytes + bytes > limit && !self.replaces(key, bytes) {
            return Err(KvError::BucketFull);
        }

        self.last_revision += 1;
        let revision = self.last_revision;
        let (operation, value, reason) = match &content {
            Content::Put(value) => (Operation::Put, Some(value.clone()), None),
            Content::Tombstone(reason) => (Operation::Delete, None, *reason),
        };
        let expires = self.expires();
        let history = self
            .keys
            .get_or_insert_with(key, || History::new(key.clone()));
        history.messages.push(Message {
            revision,
            time: now,
            content,
            bytes,
        });
        self.values += 1;
        self.bytes += bytes;
        if expires {
            self.ages.push_back((revision, key.clone()));
        }
        let excess = history
            .messages
            .len()
            .saturating_sub(self.config.history as usize);
        self.drop_oldest(key, excess);
        self.compact_ages();

        if !self.watchers.is_empty() {
            self.watchers.notify(&Arc::new(WatchEvent {
                bucket: Arc::clone(&self.name),
                key: key.clone(),
                value: value.unwrap_or_default(),
                revision,
                operation,
                created: now,
                reason,
                expires: None,
            }));
        }
        Ok(revision)
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

    /// Drops expired messages (rule 14). Revisions and times grow together, so
    /// only messages that expire are looked at, and those that were gone before.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let ttl = self.config.ttl_seconds.saturating_mul(1000);
        while let Some((revision, key)) = self.ages.front() {
            let oldest = self.keys.get(key).and_then(|h| h.messages.first());
            if let Some(message) = oldest.filter(|message| message.revision == *revision) {
                if now.0.saturating_sub(message.time.0) < ttl {
                    break;
                }
                let key = key.clone();
                self.drop_oldest(&key, 1);
            }
            self.ages.pop_front();
        }
    }

    /// Forgets dropped messages once they outnumber the retained ones.
    fn compact_ages(&mut self) {
        if self.ages.len() as u64 <= 2 * self.values {
            return;
        }
        for _ in 0..self.ages.len() {
            let Some((revision, key)) = self.ages.pop_front() else {
                return;
            };
            let oldest = self.keys.get(&key).and_then(|h| h.messages.first());
            if oldest.is_some_and(|message| message.revision <= revision) {
                self.ages.push_back((revision, key));
            }
        }
    }

    #[cfg(test)]
    pub(super) fn remembered_ages(&self) -> usize {
        self.ages.len()
    }
}
