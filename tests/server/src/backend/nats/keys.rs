//! Keys as subjects: reading their messages one at a time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_browser::kv::{Entry, Key, KvError, Revision, Timestamp};
use serde::{Deserialize, Serialize};

use super::Nats;
use super::api::{ApiError, code};
use super::expiry::{TTL, expiry};
use super::message::{Kind, raw_header, timestamp};
use super::names::Names;
use super::reader::{Positioned, change};
use crate::address::BucketAddress;
use crate::backend::{BackendError, Result};

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
pub(super) struct StoredMessage {
    subject: String,
    pub(super) seq: Revision,
    time: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    hdrs: String,
}

impl StoredMessage {
    pub(super) fn kind(&self) -> Result<Kind> {
        Ok(Kind::of_raw(&decode(&self.hdrs)?))
    }

    /// One of its headers.
    pub(super) fn header(&self, name: &str) -> Result<Option<String>> {
        Ok(raw_header(&decode(&self.hdrs)?, name))
    }

    /// When it is no longer retained.
    pub(super) fn expires(&self, max_age: Option<Duration>) -> Result<Option<Timestamp>> {
        Ok(expiry(
            self.stored()?,
            self.header(TTL)?.as_deref(),
            max_age,
        ))
    }

    fn stored(&self) -> Result<Timestamp> {
        timestamp(&self.time).ok_or(BackendError::Unexpected)
    }
}

fn decode(base64: &str) -> Result<Vec<u8>> {
    STANDARD
        .decode(base64)
        .map_err(|_| BackendError::Unexpected)
}

/// The entry of a message as it was stored. A marker is as good as nothing.
fn entry(names: &Names, max_age: Option<Duration>, message: Option<Positioned>) -> Result<Entry> {
    let message = message.ok_or(KvError::KeyNotFound)?;
    let change = change(names, max_age, &message).ok_or(BackendError::Unexpected)?;
    Ok(Entry {
        value: change.value.ok_or(KvError::KeyNotFound)?,
        key: change.key,
        revision: change.revision,
        created: change.created,
        expires: change.expires,
    })
}

impl Nats {
    pub(crate) async fn get(&self, at: &BucketAddress, key: &Key) -> Result<Entry> {
        let names = Names::new(at);
        let subject = names.subject(key);
        let settings = self.settings(&names).await?;
        if settings.reads_direct {
            match self.api.direct_last(&names, &subject).await {
                Ok(message) => return entry(&names, settings.max_age, message),
                // The stream is gone, or is another by now: its leader knows.
                Err(ApiError::NoResponders) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let last = self.last(&names, &subject).await?;
        self.entry(&names, key, last).await
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
        self.entry(&names, key, found).await
    }

    /// The entry of a key. A marker is as good as nothing.
    async fn entry(
        &self,
        names: &Names,
        key: &Key,
        message: Option<StoredMessage>,
    ) -> Result<Entry> {
        let message = message.ok_or(KvError::KeyNotFound)?;
        if message.kind()? != Kind::Value {
            return Err(KvError::KeyNotFound.into());
        }
        let max_age = self.settings(names).await?.max_age;
        Ok(Entry {
            key: key.clone(),
            value: decode(&message.data)?.into(),
            revision: message.seq,
            created: message.stored()?,
            expires: message.expires(max_age)?,
        })
    }

    /// When the message of a subject with this revision expires. `None` where it is gone.
    pub(super) async fn expires(
        &self,
        names: &Names,
        subject: &str,
        revision: Revision,
        max_age: Option<Duration>,
    ) -> Result<Option<Timestamp>> {
        let found = self.find(names, &BySequence { seq: revision }).await?;
        match found.filter(|message| message.subject == subject) {
            Some(message) => message.expires(max_age),
            None => Ok(None),
        }
    }

    /// The newest message of a subject, as the stream's leader has it.
    pub(super) async fn last(&self, names: &Names, subject: &str) -> Result<Option<StoredMessage>> {
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
