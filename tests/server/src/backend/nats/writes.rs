//! Writes: each is one message, each condition JetStream's own check of the subject's last sequence
//! number, and each id the message's own.
//!
//! JetStream remembers the ids of the last two minutes. A replicated stream looks for the id before
//! it checks the condition, any other stream after it: a failed condition says nothing yet about a
//! repetition, and the id has to be asked for.

use std::time::Duration;

use async_nats::HeaderMap;
use axum::body::Bytes;
use ironflow_browser::kv::{Key, KvError, Precondition, Removal, Revision};
use tokio::time::sleep;

use super::Nats;
use super::api::{self, code};
use super::keys::StoredMessage;
use super::message::{Kind, OPERATION};
use super::names::Names;
use crate::address::BucketAddress;
use crate::backend::{BackendError, Result, Written};
use crate::write_id::StoredId;

const EXPECTED_SEQUENCE: &str = "Nats-Expected-Last-Subject-Sequence";
const MESSAGE_ID: &str = "Nats-Msg-Id";
const ROLLUP: &str = "Nats-Rollup";

/// How often, and after what pauses, a repetition asks for the first one that is being stored.
const IN_FLIGHT_TRIES: u32 = 100;
const IN_FLIGHT_DELAY: Duration = Duration::from_millis(20);

/// What a write is about.
#[derive(Clone, Copy)]
struct Target<'a> {
    names: &'a Names,
    subject: &'a str,
    id: Option<&'a StoredId>,
}

impl Nats {
    pub(crate) async fn put(
        &self,
        at: &BucketAddress,
        key: &Key,
        value: Bytes,
        precondition: Precondition,
        id: Option<&StoredId>,
    ) -> Result<Written> {
        let names = Names::new(at);
        let subject = &names.subject(key);
        let names = &names;
        let target = Target { names, subject, id };
        let (headers, expected) = match precondition {
            Precondition::Absent => return self.create(target, value).await,
            Precondition::None => (HeaderMap::new(), None),
            Precondition::Revision(revision) => (expecting(revision), Some(revision)),
        };
        match self.publish(target, headers, value).await {
            Ok(written) => Ok(written),
            Err(error) if error.is_conflict() => {
                let last = self.last(names, subject).await?;
                let expected = expected.unwrap_or(0);
                self.refuse(target, last.as_ref(), expected, KvError::RevisionMismatch)
                    .await
            }
            Err(error) => Err(self.explain(names, error).await),
        }
    }

    /// Creates a key: over nothing, or over the tombstone that is found in its place. Both can
    /// change in between, so it goes on until it has written, or found a value.
    async fn create(&self, target: Target<'_>, value: Bytes) -> Result<Written> {
        let mut expected = 0;
        loop {
            let published = self.publish(target, expecting(expected), value.clone());
            match published.await {
                Ok(written) => return Ok(written),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(self.explain(target.names, error).await),
            }
            expected = match self.last(target.names, target.subject).await? {
                None => 0,
                Some(last) if last.kind()? == Kind::Value => {
                    return self
                        .refuse(target, Some(&last), 0, KvError::KeyExists)
                        .await;
                }
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
        id: Option<&StoredId>,
    ) -> Result<Written> {
        let names = Names::new(at);
        let subject = &names.subject(key);
        let names = &names;
        let target = Target { names, subject, id };
        loop {
            let last = self.last(names, subject).await?;
            let Some(last) = last else {
                return self.refuse(target, None, 0, KvError::KeyNotFound).await;
            };
            if removal == Removal::Delete && last.kind()? != Kind::Value {
                return self
                    .refuse(target, Some(&last), 0, KvError::KeyNotFound)
                    .await;
            }
            if let Some(expected) = expected.filter(|expected| *expected != last.seq) {
                return self
                    .refuse(target, Some(&last), expected, KvError::RevisionMismatch)
                    .await;
            }
            let mut headers = expecting(last.seq);
            match removal {
                Removal::Delete => headers.insert(OPERATION, "DEL"),
                Removal::Purge => {
                    headers.insert(OPERATION, "PURGE");
                    headers.insert(ROLLUP, "sub");
                }
            }
            match self.publish(target, headers, Bytes::new()).await {
                Ok(written) => return Ok(written),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(self.explain(names, error).await),
            }
        }
    }

    /// Publishes a write with its id, or without where it does not fit beside the value. A repetition
    /// gets the number of the first.
    async fn publish(
        &self,
        target: Target<'_>,
        headers: HeaderMap,
        value: Bytes,
    ) -> api::Result<Written> {
        let subject = target.subject;
        if let Some(id) = target.id {
            let mut headers = headers.clone();
            headers.insert(MESSAGE_ID, id.as_str());
            for tries in 1.. {
                let (headers, value) = (headers.clone(), value.clone());
                match self.api.publish(subject.to_owned(), headers, value).await {
                    Ok(revision) => return Ok(stored(revision)),
                    Err(error) if error.is_too_large() => break,
                    Err(error)
                        if error.is(code::DUPLICATE_IN_FLIGHT) && tries < IN_FLIGHT_TRIES =>
                    {
                        sleep(IN_FLIGHT_DELAY).await;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let revision = self.api.publish(subject.to_owned(), headers, value).await?;
        Ok(Written {
            revision,
            is_id_stored: target.id.is_none(),
        })
    }

    /// The answer to a write whose condition fails: the first one's, where it is a repetition.
    async fn refuse(
        &self,
        target: Target<'_>,
        last: Option<&StoredMessage>,
        expected: Revision,
        refusal: KvError,
    ) -> Result<Written> {
        let Some(id) = target.id else {
            return Err(refusal.into());
        };
        if let Some(last) = last
            && last.header(MESSAGE_ID)?.as_deref() == Some(id.as_str())
        {
            return Ok(stored(last.seq));
        }
        let stream = self.stream(target.names).await?;
        if let Some(revision) = self
            .ask_for(target.subject, id, stream.is_replicated)
            .await?
        {
            return Ok(stored(revision));
        }
        let superseded = last.filter(|last| last.seq > expected);
        let follows = match superseded {
            Some(last) => last.header(EXPECTED_SEQUENCE)? == Some(expected.to_string()),
            None => true,
        };
        // JetStream, started again, knows the ids of retained messages alone.
        if follows || refusal == KvError::KeyNotFound || self.remembers(&stream, expected) {
            return Err(refusal.into());
        }
        Err(BackendError::Uncertain(refusal))
    }

    /// The number of the message that a stream has stored with an id. The question is a message that
    /// is stored under no circumstances: a repetition is acknowledged before JetStream comes to a
    /// header that it refuses. Which one that may be depends on whether the stream has replicas.
    async fn ask_for(
        &self,
        subject: &str,
        id: &StoredId,
        is_replicated: bool,
    ) -> Result<Option<Revision>> {
        let mut headers = HeaderMap::new();
        headers.insert(MESSAGE_ID, id.as_str());
        if is_replicated {
            headers.insert(EXPECTED_SEQUENCE, Revision::MAX.to_string());
        } else {
            headers.insert(ROLLUP, "none");
        }
        let asked = self.api.publish(subject.to_owned(), headers, Bytes::new());
        match asked.await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.is_conflict() || error.is(code::ROLLUP_REFUSED) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

const fn stored(revision: Revision) -> Written {
    Written {
        revision,
        is_id_stored: true,
    }
}

fn expecting(revision: Revision) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(EXPECTED_SEQUENCE, revision.to_string());
    headers
}
