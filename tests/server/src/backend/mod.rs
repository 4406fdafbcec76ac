//! Where the data is kept: in this process, or in NATS JetStream.

mod attachment;
mod inbox;
mod mailbox;
mod memory;
mod nats;
mod replay;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use ironflow_browser::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, Key, KvError, Pattern, Precondition,
    Removal, Revision, Timestamp, Ttl, Value, WatchEvent,
};

use crate::address::BucketAddress;
use crate::environment::Environment;
use crate::features::Features;
use crate::write_id::StoredId;
pub(crate) use attachment::Attachment;
pub(crate) use inbox::{Arrival, Inbox, LaneId};
pub(crate) use mailbox::WatchEnd;
use mailbox::{Mailbox, Recipient};
pub(crate) use memory::Memory;
pub(crate) use nats::Nats;
pub use nats::NatsError;
pub(crate) use replay::{Batch, End, Epoch, Replay, Wanted};

/// Why an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackendError {
    /// A rule of the protocol refuses it.
    Refused(KvError),
    /// A rule refuses it, and it is not known whether an earlier request carried it out.
    Uncertain(KvError),
    /// The bucket lacks the extension that it needs.
    Unsupported,
    /// The storage cannot be reached; whether a write was carried out is not known.
    Unavailable,
    /// The storage answered what it never should.
    Unexpected,
}

impl From<KvError> for BackendError {
    fn from(error: KvError) -> Self {
        Self::Refused(error)
    }
}

/// A write that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// The revision of its message.
    pub(crate) revision: Revision,
    /// Whether its id, where it has one, is stored with it.
    pub(crate) is_id_stored: bool,
    /// When the value expires, where the write had a time to live.
    pub(crate) expires: Option<Timestamp>,
}

type Result<T> = std::result::Result<T, BackendError>;

/// A bucket, which life of it, and which extensions it has.
pub(crate) struct Bucket {
    pub(crate) info: BucketInfo,
    pub(crate) epoch: Epoch,
    pub(crate) features: Features,
}

/// What a bucket takes.
pub(crate) struct WriteLimits {
    /// The size of the largest value.
    pub(crate) value: u64,
    /// Whether a write may have a time to live.
    pub(crate) takes_ttl: bool,
}

/// A write as it is requested.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PutOptions<'a> {
    pub(crate) precondition: Precondition,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) id: Option<&'a StoredId>,
}

/// A bucket that `create_bucket` answers with.
pub(crate) struct Creation {
    pub(crate) bucket: Bucket,
    /// Whether it did not exist before.
    pub(crate) is_new: bool,
}

/// A running watch. Dropping it ends it.
pub(crate) struct Watch {
    mailbox: Arc<Mailbox>,
    _subscription: Box<dyn Send + Sync>,
}

impl Watch {
    fn new(mailbox: Arc<Mailbox>, subscription: impl Send + Sync + 'static) -> Self {
        Self {
            mailbox,
            _subscription: Box::new(subscription),
        }
    }

    /// The next events, in order of revision, never none; waits for them where there are none.
    pub(crate) async fn next(&self) -> std::result::Result<Vec<Arc<WatchEvent>>, WatchEnd> {
        self.mailbox.take().await
    }
}

/// A part of what a reading of many keys gives, ascending. The last has the revision whose state
/// all of them together are.
pub(crate) type Page = ironflow_browser::store::Page<Value>;

/// A reading of many keys.
pub(crate) enum Entries {
    Memory(memory::Entries),
    Nats(Box<nats::Entries>),
}

impl Entries {
    /// The next page, which may be empty; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>> {
        match self {
            Self::Memory(entries) => entries.next(),
            Self::Nats(entries) => entries.next().await,
        }
    }
}

/// The time now.
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since_1970.unwrap_or_default().as_millis();
    Timestamp(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

/// The operations of the protocol.
#[derive(Debug)]
pub(crate) enum Backend {
    Memory(Memory),
    Nats(Box<Nats>),
}

impl Backend {
    pub(crate) async fn create_bucket(
        &self,
        environment: &Environment,
        name: BucketName,
        config: BucketConfig,
    ) -> Result<Creation> {
        match self {
            Self::Memory(memory) => memory.create_bucket(environment, &name, config),
            Self::Nats(nats) => nats.create_bucket(environment, name, config).await,
        }
    }

    pub(crate) async fn delete_bucket(&self, at: &BucketAddress) -> Result<()> {
        match self {
            Self::Memory(memory) => memory.delete_bucket(at),
            Self::Nats(nats) => nats.delete_bucket(at).await,
        }
    }

    /// Every bucket of the environment, by name.
    pub(crate) async fn buckets(&self, environment: &Environment) -> Result<Vec<Bucket>> {
        match self {
            Self::Memory(memory) => Ok(memory.buckets(environment)),
            Self::Nats(nats) => nats.buckets(environment).await,
        }
    }

    pub(crate) async fn bucket(&self, at: &BucketAddress) -> Result<Bucket> {
        match self {
            Self::Memory(memory) => memory.bucket(at),
            Self::Nats(nats) => nats.bucket(at).await,
        }
    }

    /// What the bucket takes.
    pub(crate) async fn write_limits(&self, at: &BucketAddress) -> Result<WriteLimits> {
        match self {
            Self::Memory(memory) => memory.write_limits(at),
            Self::Nats(nats) => nats.write_limits(at).await,
        }
    }

    pub(crate) async fn get(&self, at: &BucketAddress, key: &Key) -> Result<Entry> {
        match self {
            Self::Memory(memory) => memory.get(at, key),
            Self::Nats(nats) => nats.get(at, key).await,
        }
    }

    pub(crate) async fn put(
        &self,
        at: &BucketAddress,
        key: &Key,
        value: Bytes,
        options: PutOptions<'_>,
    ) -> Result<Written> {
        match self {
            Self::Memory(memory) => memory.put(at, key, &value, options),
            Self::Nats(nats) => nats.put(at, key, value, options).await,
        }
    }

    /// Deletes or purges a key: whatever its last revision is, or only the expected one (rules 6, 7
    /// and 21). Gives the marker's revision.
    pub(crate) async fn remove(
        &self,
        at: &BucketAddress,
        key: &Key,
        removal: Removal,
        expected: Option<Revision>,
        id: Option<&StoredId>,
    ) -> Result<Written> {
        match self {
            Self::Memory(memory) => memory.remove(at, key, removal, expected),
            Self::Nats(nats) => nats.remove(at, key, removal, expected, id).await,
        }
    }

    /// One retained revision of a key, where it is a value (rule 22).
    pub(crate) async fn get_revision(
        &self,
        at: &BucketAddress,
        key: &Key,
        revision: Revision,
    ) -> Result<Entry> {
        match self {
            Self::Memory(memory) => memory.get_revision(at, key, revision),
            Self::Nats(nats) => nats.get_revision(at, key, revision).await,
        }
    }

    /// What is retained of a key, oldest first (rule 22).
    pub(crate) async fn history(&self, at: &BucketAddress, key: &Key) -> Result<Vec<Change>> {
        match self {
            Self::Memory(memory) => memory.history(at, key),
            Self::Nats(nats) => nats.history(at, key).await,
        }
    }

    /// Begins to read every live key that any of the patterns matches (rule 23).
    pub(crate) async fn entries(
        &self,
        at: &BucketAddress,
        patterns: Vec<Pattern>,
    ) -> Result<Entries> {
        match self {
            Self::Memory(memory) => Ok(Entries::Memory(memory.entries(at, patterns)?)),
            Self::Nats(nats) => {
                let entries = nats.entries(at, patterns).await?;
                Ok(Entries::Nats(Box::new(entries)))
            }
        }
    }

    pub(crate) async fn list_keys(
        &self,
        at: &BucketAddress,
        pattern: &Pattern,
    ) -> Result<Vec<Key>> {
        match self {
            Self::Memory(memory) => memory.list_keys(at, pattern),
            Self::Nats(nats) => nats.list_keys(at, pattern).await,
        }
    }

    /// Starts a watch. It misses nothing that happens after this returns.
    pub(crate) async fn watch(&self, at: &BucketAddress, pattern: Pattern) -> Result<Watch> {
        match self {
            Self::Memory(memory) => memory.watch(at, pattern),
            Self::Nats(nats) => nats.watch(at, pattern).await,
        }
    }

    /// Joins the live events of a bucket, which go to the recipient once a pattern is added.
    pub(crate) async fn attach(
        &self,
        at: &BucketAddress,
        recipient: Arc<dyn Recipient>,
    ) -> Result<Attachment> {
        let (source, epoch) = match self {
            Self::Memory(memory) => {
                let attached = memory.attach(at)?;
                let epoch = attached.epoch();
                (attachment::Source::Memory(attached), epoch)
            }
            Self::Nats(nats) => {
                let attached = nats.attach(at, Arc::clone(&recipient)).await?;
                let epoch = Epoch::new(attached.epoch());
                (attachment::Source::Nats(attached), epoch)
            }
        };
        Ok(Attachment::new(source, epoch, recipient))
    }

    /// The last revision of a bucket, in the life with this epoch.
    pub(crate) async fn last_revision(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
    ) -> Result<Revision> {
        match self {
            Self::Memory(memory) => memory.last_revision(at, epoch),
            Self::Nats(nats) => nats.last_revision(at, epoch).await,
        }
    }

    /// Starts a replay of a bucket, in the life with this epoch.
    pub(crate) async fn replay(
        &self,
        at: &BucketAddress,
        epoch: &Epoch,
        wanted: &Wanted,
    ) -> Result<Replay> {
        match self {
            Self::Memory(memory) => memory.replay(at, epoch, wanted),
            Self::Nats(nats) => nats.replay(at, epoch, wanted).await,
        }
    }

    /// The next batch of a replay, of which one has the end.
    pub(crate) async fn next_batch(&self, replay: &mut Replay) -> Result<Batch> {
        match (self, &mut replay.source) {
            (Self::Nats(nats), replay::Source::Nats(replay)) => nats.next_batch(replay).await,
            (_, replay::Source::Memory(replay)) => replay.next(),
            (Self::Memory(_), replay::Source::Nats(_)) => Err(BackendError::Unexpected),
        }
    }

    /// Whether operations can be carried out now.
    pub(crate) async fn is_ready(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Nats(nats) => nats.is_ready().await,
        }
    }
}
