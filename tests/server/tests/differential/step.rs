//! What a sequence is made of.

use ironflow_conformance::BucketSettings;

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
    Put {
        key: String,
        value: Vec<u8>,
    },
    Create {
        key: String,
        value: Vec<u8>,
    },
    Update {
        key: String,
        value: Vec<u8>,
        revision: Guess,
    },
    Delete(String),
    Purge(String),
    /// A conditional delete, or purge.
    Remove {
        key: String,
        revision: Guess,
        purge: bool,
    },
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
    /// Lets time pass; only where the bucket has a time to live.
    Wait {
        milliseconds: u64,
    },
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
