//! What a sequence is made of.

use ironflow_conformance::BucketSettings;

use crate::repeats::Sending;

/// A bucket, and what is done to it.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Its settings, still without a name.
    pub settings: BucketSettings,
    pub steps: Vec<Step>,
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Step {
    Write {
        key: String,
        value: Vec<u8>,
        kind: Kind,
        /// How many seconds the key lives, in a bucket without a limit of bytes.
        ttl: Option<u64>,
    },
    Delete(String),
    Purge(String),
    /// A conditional delete, or purge.
    Remove {
        key: String,
        revision: Guess,
        purge: bool,
    },
    /// From now on the server is sent writes in this way.
    SendWrites(Sending),
    /// Sends the server a write of the past again, so many before the last.
    Repeat(usize),
    Get(String),
    History(String),
    GetRevision {
        key: String,
        revision: Guess,
    },
    List(Option<String>),
    Entries(Vec<String>),
    Info,
    Buckets,
    CreateBucket(BucketSettings),
    DeleteBucket,
    Watch(Option<String>),
    /// Ends the watch at this place among those that run.
    Unwatch(usize),
    /// Lets time pass.
    Wait {
        milliseconds: u64,
    },
}

impl Step {
    /// Whether its response has the number of messages.
    pub const fn counts_messages(&self) -> bool {
        matches!(self, Self::Info | Self::Buckets | Self::CreateBucket(_))
    }
}

/// How a value is written.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Put,
    Create,
    Update(Guess),
}

/// The revision of an update, chosen from the known ones when it runs.
#[derive(Debug, Clone, Copy)]
pub enum Guess {
    /// That of the key's last message, markers included; 0 where nothing was ever written.
    Current,
    /// So many less.
    Earlier(u64),
    /// So many more.
    Later(u64),
    /// That of the bucket's last message.
    Newest,
    Exactly(u64),
}
