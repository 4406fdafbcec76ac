//! Keys as subjects: each write is one message, each condition JetStream's own check of the
//! subject's last sequence number.

use async_nats::HeaderMap;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_browser::kv::{Entry, Key, KvError, Precondition, Removal, Revision};
use serde::{Deserialize, Serialize};

use super::Nats;
use super::api::{ApiError, code};
use super::message::{Kind, OPERATION, timestamp};
use super::names::Names;
use crate::address::BucketAddress;
use crate::backend::{BackendError, Result};

const EXPECTED_SEQUENCE: &str = "Nats-Expected-Last-Subject-Sequence";
const ROLLUP: &str = "Nats-Rollup";

#[derive(Serialize)]
struct LastBySubject<'a> {
    last_by_subj: &'a str,
}

#[derive(Serialize)]
struct BySequence {
    seq: Revision,
}

#[derive(Deserialize)]
struct Found {
    message: StoredMessage,
}

/// A message as it is stored. JetStream leaves out what is empty.
#[derive(Deserialize)]
struct StoredMessage {
    subject: String,
    seq: Revision,
    time: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    hdrs: String,
}

impl StoredMessage {
    fn kind(&self) -> Result<Kind> {
        Ok(Kind::of_raw(&decode(&self.hdrs)?))
    }

    /// The entry of a key. A marker is as good as nothing.
    fn into_entry(self, key: &Key) -> Result<Entry> {
        if self.kind()? != Kind::Value {
            return Err(KvError::KeyNotFound.into());
        }
        Ok(Entry {
            key: key.clone(),
            value: decode(&self.data)?.into(),
            revision: self.seq,
            created: timestamp(&self.time).ok_or(BackendError::Unexpected)?,
        })
    }
}

fn decode(base64: &str) -> Result<Vec<u8>> {
    STANDARD
        .decode(base64)
        .map_err(|_| BackendError::Unexpected)
}

impl Nats {
    pub(crate) async fn get(&self, at: &BucketAddress, key: &Key) -> Result<Entry> {
        let names = Names::new(at);
        let last = self.last(&names, &names.subject(key)).await?;
        last.ok_or(KvError::KeyNotFound)?.into_entry(key)
    }

    pub(crate) async fn get_revision(
        &self,
        at: &BucketAddress,
        key: &Key,
        revision: Revision,
    ) -> Result<Entry> {
        let names = Names::new(at);
        if revision == 0 {
            // JetStream refuses the number itself, whether the stream exists or not.
            self.api.stream_info(&names.stream).await?;
            return Err(KvError::KeyNotFound.into());
        }
        let found = self.find(&names, &BySequence { seq: revision }).await?;
        let subject = names.subject(key);
        let found = found.filter(|message| message.subject == subject);
        found.ok_or(KvError::KeyNotFound)?.into_entry(key)
    }

    pub(crate) async fn put(
        &self,
        at: &BucketAddress,
        key: &Key,
        value: Bytes,
        precondition: Precondition,
    ) -> Result<Revision> {
        let names = Names::new(at);
        let subject = names.subject(key);
        let written = match precondition {
            Precondition::Absent => return self.create(&names, subject, value).await,
            Precondition::None => {
                let no_headers = HeaderMap::new();
                self.api.publish(subject, no_headers, value).await
            }
            Precondition::Revision(revision) => {
                self.api.publish(subject, expecting(revision), value).await
            }
        };
        match written {
            Ok(revision) => Ok(revision),
            Err(error) if error.is_conflict() => Err(KvError::RevisionMismatch.into()),
            Err(error) => Err(self.explain(&names, error).await),
        }
    }

    /// Creates a key: over nothing, or over the tombstone that is found in its place. Both can
    /// change in between, so it goes on until it has written, or found a value.
    async fn create(&self, names: &Names, subject: String, value: Bytes) -> Result<Revision> {
        let mut expected = 0;
        loop {
            let headers = expecting(expected);
            let published = self.api.publish(subject.clone(), headers, value.clone());
            match published.await {
                Ok(revision) => return Ok(revision),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(self.explain(names, error).await),
            }
            expected = match self.last(names, &subject).await? {
                None => 0,
                Some(last) if last.kind()? == Kind::Value => return Err(KvError::KeyExists.into()),
                Some(tombstone) => tombstone.seq,
            };
        }
    }

    /// Appends a marker to what it has seen, so that of several at once one succeeds.
    pub(crate) async fn remove(
        &self,
        at: &BucketAddress,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        let names = Names::new(at);
        let subject = names.subject(key);
        loop {
            let last = self.last(&names, &subject).await?;
            let last = last.ok_or(KvError::KeyNotFound)?;
            if removal == Removal::Delete && last.kind()? != Kind::Value {
                return Err(KvError::KeyNotFound.into());
            }
            if expected.is_some_and(|expected| expected != last.seq) {
                return Err(KvError::RevisionMismatch.into());
            }
            let mut headers = expecting(last.seq);
            match removal {
                Removal::Delete => headers.insert(OPERATION, "DEL"),
                Removal::Purge => {
                    headers.insert(OPERATION, "PURGE");
                    headers.insert(ROLLUP, "sub");
                }
            }
            let published = self.api.publish(subject.clone(), headers, Bytes::new());
            match published.await {
                Ok(revision) => return Ok(revision),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(self.explain(&names, error).await),
            }
        }
    }

    /// The newest message of a subject, as the stream's leader has it.
    async fn last(&self, names: &Names, subject: &str) -> Result<Option<StoredMessage>> {
        let last_by_subj = subject;
        self.find(names, &LastBySubject { last_by_subj }).await
    }

    async fn find(
        &self,
        names: &Names,
        which: &(impl Serialize + Sync),
    ) -> Result<Option<StoredMessage>> {
        let get = format!("STREAM.MSG.GET.{}", names.stream);
        let found: std::result::Result<Found, ApiError> = self.api.request(&get, which).await;
        match found {
            Ok(found) => Ok(Some(found.message)),
            Err(error) if error.is(code::MESSAGE_NOT_FOUND) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn expecting(revision: Revision) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(EXPECTED_SEQUENCE, revision.to_string());
    headers
}
