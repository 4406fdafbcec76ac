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
use super::expiry::{TTL, expiry};
use super::keys::StoredMessage;
use super::message::{Kind, OPERATION};
use super::names::Names;
use crate::address::BucketAddress;
use crate::backend::{BackendError, PutOptions, Result, Written, now};
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
        options: PutOptions<'_>,
    ) -> Result<Written> {
        let names = Names::new(at);
        let target = Target {
            names: &names,
            subject: &names.subject(key),
            id: options.id,
        };
        let mut headers = HeaderMap::new();
        let Some(ttl) = options.ttl else {
            return self
                .write(target, headers, value, options.precondition)
                .await;
        };
        let settings = self.settings(&names).await?;
        if !settings.features.key_ttl {
            return Err(BackendError::Unsupported);
        }
        if !settings.expires {
            self.note_ttl(at, &names).await?;
        }
        headers.insert(TTL, format!("{}s", ttl.seconds()));
        // An older revision would be the key's value again once this one has expired.
        headers.insert(ROLLUP, "sub");
        let written = self
            .write(target, headers, value, options.precondition)
            .await?;
        let revision = written.revision;
        let stored = self
            .expires(&names, target.subject, revision, settings.max_age)
            .await;
        // A superseded message is no longer there: it was written a moment ago.
        let expires = match stored {
            Ok(Some(expires)) => Some(expires),
            Ok(None) | Err(_) => expiry(
                now(),
                Some(&format!("{}s", ttl.seconds())),
                settings.max_age,
            ),
        };
        Ok(Written { expires, ..written })
    }

    /// Writes a value where the precondition holds. `create` takes the place of any tombstone, and
    /// `update` of revision 0 that of an expired key's marker; both can change in between, so these go
    /// on until they have written, or found what is in their way.
    async fn write(
        &self,
        target: Target<'_>,
        headers: HeaderMap,
        value: Bytes,
        precondition: Precondition,
    ) -> Result<Written> {
        let first = match precondition {
            Precondition::None => None,
            Precondition::Absent => Some(0),
            Precondition::Revision(revision) => Some(revision),
        };
        let mut expected = first;
        loop {
            let mut headers = headers.clone();
            if let Some(expected) = expected {
                headers.insert(EXPECTED_SEQUENCE, expected.to_string());
            }
            match self.publish(target, headers, value.clone()).await {
                Ok(written) => return Ok(written),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(self.explain(target.names, error).await),
            }
            let last = self.last(target.names, target.subject).await?;
            let kind = last.as_ref().map(StoredMessage::kind).transpose()?;
            let (is_free, refusal) = match precondition {
                Precondition::Absent => (kind != Some(Kind::Value), KvError::KeyExists),
                Precondition::Revision(0) => (
                    matches!(kind, None | Some(Kind::Expiry)),
                    KvError::RevisionMismatch,
                ),
                Precondition::None | Precondition::Revision(_) => {
                    (false, KvError::RevisionMismatch)
                }
            };
            if !is_free {
                let first = first.unwrap_or(0);
                return self.refuse(target, last.as_ref(), first, refusal).await;
            }
            expected = Some(last.map_or(0, |last| last.seq));
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
            let is_missing = match last.kind()? {
                Kind::Value => false,
                Kind::Delete | Kind::Purge => removal == Removal::Delete,
                // As if never written (rule 14).
                Kind::Expiry => true,
            };
            if is_missing {
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
            expires: None,
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
        expires: None,
    }
}

fn expecting(revision: Revision) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(EXPECTED_SEQUENCE, revision.to_string());
    headers
}
