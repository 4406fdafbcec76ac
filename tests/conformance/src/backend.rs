//! What the suite asks of a backend.
#![expect(
    async_fn_in_trait,
    reason = "everything runs on one thread: no bounds on the futures are wanted"
)]

/// The settings of a bucket. Zero and empty mean unset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketSettings {
    /// The bucket's name.
    pub name: String,
    /// Words for people.
    pub description: String,
    /// Seconds a message is kept.
    pub ttl_seconds: u64,
    /// The largest value in bytes.
    pub max_value_size: u64,
    /// The most bytes the bucket holds.
    pub max_bytes: u64,
    /// Revisions kept of each key.
    pub history: u64,
}

/// Information about a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketInfo {
    /// The bucket's name.
    pub name: String,
    /// Words for people; empty where there are none.
    pub description: String,
    /// Seconds a message is kept; 0 for ever.
    pub ttl_seconds: u64,
    /// Messages retained.
    pub values: u64,
    /// Bytes retained.
    pub bytes: u64,
    /// Revisions kept of each key.
    pub history: u64,
    /// When the bucket was created, RFC 3339.
    pub created_at: String,
}

/// A key as `get` returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The stored bytes.
    pub value: Vec<u8>,
    /// The revision of the write.
    pub revision: u64,
    /// The word for what the write was.
    pub operation: String,
    /// When the write was, RFC 3339.
    pub created_at: String,
    /// When it expires, RFC 3339, where it does and the backend says so.
    pub expires_at: Option<String>,
}

/// A revision of a key that a bucket retains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// The stored bytes; `None` for a marker.
    pub value: Option<Vec<u8>>,
    /// The revision.
    pub revision: u64,
    /// The word for what was done.
    pub operation: String,
    /// Why there is no value, where it was not simply deleted.
    pub reason: Option<String>,
    /// When it was written, RFC 3339.
    pub created_at: String,
    /// When the value expires, RFC 3339, where it does.
    pub expires_at: Option<String>,
}

/// A change as a watch reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The key that changed.
    pub key: String,
    /// The new bytes.
    pub value: Vec<u8>,
    /// The revision of the change.
    pub revision: u64,
    /// The word for what happened.
    pub operation: String,
    /// The bucket.
    pub bucket: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status; 400 where a client refuses an argument before any request.
    pub status: u16,
    /// The backend's own words, without the status.
    pub message: String,
}

/// A running watch.
pub trait Watch {
    /// The next event, or `None` once the watch has ended. Panics, with words that say so, where
    /// neither comes within a time that is ample for the backend.
    async fn next(&mut self) -> Option<Event>;

    /// Ends the watch.
    async fn stop(&mut self);
}

/// One client of a backend.
pub trait Backend: Sized {
    /// Its watches.
    type Watch: Watch;

    /// `createBucket`.
    async fn create_bucket(&self, settings: &BucketSettings) -> Result<BucketInfo, Failure>;
    /// `deleteBucket`.
    async fn delete_bucket(&self, bucket: &str) -> Result<(), Failure>;
    /// `listBuckets`.
    async fn list_buckets(&self) -> Result<Vec<BucketInfo>, Failure>;
    /// `getBucketInfo`.
    async fn bucket_info(&self, bucket: &str) -> Result<BucketInfo, Failure>;

    /// `get`.
    async fn get(&self, bucket: &str, key: &str) -> Result<Entry, Failure>;
    /// `put`; gives the revision.
    async fn put(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure>;
    /// `create`; gives the revision.
    async fn create(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure>;
    /// `update`; gives the revision.
    async fn update(
        &self,
        bucket: &str,
        key: &str,
        value: &[u8],
        revision: u64,
    ) -> Result<u64, Failure>;
    /// `delete`.
    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Failure>;
    /// `purge`.
    async fn purge(&self, bucket: &str, key: &str) -> Result<(), Failure>;
    /// `listKeys`.
    async fn list_keys(&self, bucket: &str, filter: Option<&str>) -> Result<Vec<String>, Failure>;
    /// `watch`: resolves once every later change will be reported.
    async fn watch(&self, bucket: &str, pattern: Option<&str>) -> Result<Self::Watch, Failure>;

    /// Another client of the same backend, independent of this one.
    async fn client(&self) -> Self;
    /// A client of another environment of the same backend; `None` where it has but one.
    async fn in_environment(&self, name: &str) -> Option<Self>;
    /// Lets so many milliseconds pass for the backend.
    async fn pass_time(&self, milliseconds: u64);
    /// An id of this process and run, unique among all that may use the same backend: at most 100 ASCII
    /// letters and digits, the same at every call.
    fn run(&self) -> &str;

    /// How many increments of one counter each of eight contending clients makes. Fewer where a
    /// request costs much, and the same server is put to the whole by a quicker client.
    fn increments(&self) -> u64 {
        200
    }
}

/// What an event of a backend with the extensions says beside what every event does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// Why there is no value, where it was not simply deleted.
    pub reason: Option<String>,
    /// When the value expires, RFC 3339, where it does.
    pub expires_at: Option<String>,
}

/// A watch of a backend that has the extensions of the protocol.
pub trait DetailedWatch: Watch {
    /// As [`Watch::next`], with the details.
    async fn next_detailed(&mut self) -> Option<(Event, Detail)>;
}

/// What a write with a time to live is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutResult {
    /// The revision of the write.
    pub revision: u64,
    /// When the value expires, RFC 3339.
    pub expires_at: Option<String>,
}

/// A client of a backend that has the extensions of the protocol.
pub trait Extended: Backend<Watch: DetailedWatch> {
    /// A conditional delete or purge; gives the marker's revision.
    async fn remove(
        &self,
        bucket: &str,
        key: &str,
        revision: u64,
        purge: bool,
    ) -> Result<u64, Failure>;
    /// `history`.
    async fn history(&self, bucket: &str, key: &str) -> Result<Vec<Change>, Failure>;
    /// `entries` as they come: the changes, and the revision whose state they make up, where it is known.
    async fn entries(
        &self,
        bucket: &str,
        filters: &[&str],
    ) -> Result<(Vec<Change>, Option<u64>), Failure>;
    /// `get` of one retained revision.
    async fn get_revision(&self, bucket: &str, key: &str, revision: u64) -> Result<Entry, Failure>;
}

/// A write, as a request with an id carries it.
#[derive(Debug, Clone, Copy)]
pub enum Write<'a> {
    /// `put`.
    Put(&'a [u8]),
    /// `create`.
    Create(&'a [u8]),
    /// `update` of this revision.
    Update(&'a [u8], u64),
    /// `delete`.
    Delete,
    /// `purge`.
    Purge,
    /// A conditional delete of this revision.
    DeleteIf(u64),
    /// A conditional purge of this revision.
    PurgeIf(u64),
}

/// A client of a backend that its requests may reach more than once.
pub trait Repeating: Backend {
    /// A write with an id; gives the revision, where the answer has one.
    async fn write(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        id: &str,
    ) -> Result<Option<u64>, Failure>;
}

/// A client of a backend whose keys can have a time to live of their own.
pub trait Expiring: Extended {
    /// A `put`, `create` or `update` with a time to live.
    async fn write_for(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure>;
}
