//! The JSON bodies and frames of the protocol, written by the reference server. (The client parses JSON in
//! JavaScript, which is faster than Rust compiled to WebAssembly, and only uses the names.)

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Bytes as they travel in JSON: base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The response to `get`, and an element of `history` and `entries`.
#[derive(Debug, Serialize)]
pub struct EntryBody<'a> {
    /// The key.
    pub key: &'a str,
    /// The value in base64; left out for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The revision of the write.
    pub revision: u64,
    /// The time of the write, RFC 3339.
    pub created_at: String,
    /// `put`, or `delete` for the marker of a delete, purge or expiry.
    pub operation: &'static str,
    /// `purged` or `expired`, if that is why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When the value expires, RFC 3339, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The response to `history`.
#[derive(Debug, Serialize)]
pub struct HistoryBody<'a> {
    /// The retained messages of the key, in ascending order of revision.
    pub history: Vec<EntryBody<'a>>,
    /// How many there are.
    pub count: usize,
}

/// The response to `put`, `create`, `update` and a conditional remove.
#[derive(Debug, Serialize)]
pub struct PutBody {
    /// The revision the write got.
    pub revision: u64,
    /// `false` if the write's id could not be stored with it; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_id: Option<bool>,
    /// When the value expires, RFC 3339, where the write had a time to live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The response to `listKeys`.
#[derive(Debug, Serialize)]
pub struct KeysBody<'a> {
    /// The keys, in ascending order of their last revision.
    pub keys: Vec<&'a str>,
    /// How many there are.
    pub count: usize,
}

/// A bucket, as `createBucket`, `getBucketInfo` and `listBuckets` answer.
#[derive(Debug, Serialize)]
pub struct BucketBody<'a> {
    /// The bucket's name.
    pub name: &'a str,
    /// A message for people.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'a str,
    /// The time to live in seconds; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// Messages retained.
    pub values: u64,
    /// Bytes retained.
    pub bytes: u64,
    /// Revisions kept of each key.
    pub history: u64,
    /// When the bucket was created, RFC 3339.
    pub created_at: String,
    /// The generation of the bucket: a recreated bucket has another.
    pub epoch: &'a str,
    /// The extensions that it has, where the server announces others that it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<&'static str>>,
}

/// The response to `listBuckets`.
#[derive(Debug, Serialize)]
pub struct BucketsBody<'a> {
    /// The buckets, by name.
    pub buckets: Vec<BucketBody<'a>>,
    /// How many there are.
    pub count: usize,
}

/// The body of every error.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// A message for people.
    pub error: Cow<'a, str>,
    /// A code for programs, such as `key_not_found`.
    pub code: &'a str,
    /// Whether the write may have taken effect earlier and been superseded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// A text frame of a watch.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame<'a> {
    /// A key changed.
    KvUpdate {
        /// The key.
        key: &'a str,
        /// The new value in base64, empty for a delete.
        value: String,
        /// The revision of the change.
        revision: u64,
        /// `put` or `delete`.
        operation: &'static str,
        /// The bucket.
        bucket: &'a str,
        /// `purged` or `expired`, if that is why there is no value.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        /// When the value expires, RFC 3339, if it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
    },
    /// The server reports a problem.
    Error {
        /// A message for people.
        message: &'a str,
    },
}
