//! An operation: one value that either transport executes.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::ffi::{self, Body, Failure};
use crate::kv::{BucketConfig, BucketName, Key, Pattern, Precondition, Removal, Revision};

/// A validated operation.
#[derive(Debug)]
pub(crate) enum Operation {
    /// Checks that the server responds.
    Connect,
    CreateBucket(BucketConfig),
    DeleteBucket(BucketName),
    ListBuckets,
    BucketInfo(BucketName),
    Get(BucketName, Key),
    /// Like `Get`, with undefined for a missing key. The flag is set once the bucket is known to exist: a 404
    /// without a code then means the key.
    Find(BucketName, Key, Rc<Cell<bool>>),
    GetRevision(BucketName, Key, Revision),
    /// The retained revisions of a key.
    History(BucketName, Key),
    /// The entries of keys that any of the patterns matches, ascending.
    Entries(BucketName, Vec<Pattern>),
    Put {
        bucket: BucketName,
        key: Key,
        body: Body,
        precondition: Precondition,
        /// The time to live in seconds; 0: none.
        ttl: u32,
    },
    Remove {
        bucket: BucketName,
        key: Key,
        removal: Removal,
        /// The required last revision of the key, if there is a condition.
        revision: Option<Revision>,
    },
    ListKeys(BucketName, Option<Pattern>),
}

impl Operation {
    /// Whether it is a read request: idempotent, so it may be retried.
    pub(crate) const fn is_read(&self) -> bool {
        matches!(
            self,
            Self::Get(..)
                | Self::Find(..)
                | Self::GetRevision(..)
                | Self::History(..)
                | Self::Entries(..)
                | Self::ListKeys(..)
                | Self::ListBuckets
                | Self::BucketInfo(_)
                | Self::Connect
        )
    }

    /// The server feature that it needs, and the bucket, if any.
    pub(crate) const fn feature(&self) -> Option<(&'static str, &BucketName)> {
        match self {
            Self::Remove {
                bucket,
                revision: Some(_),
                ..
            } => Some(("remove", bucket)),
            Self::Put {
                bucket, ttl: 1.., ..
            } => Some(("key-ttl", bucket)),
            Self::GetRevision(bucket, ..) | Self::History(bucket, _) => Some(("history", bucket)),
            _ => None,
        }
    }

    /// The bucket of the operation.
    pub(crate) fn names(&self) -> Option<BucketName> {
        match self {
            Self::CreateBucket(config) => BucketName::parse(&config.name).ok(),
            Self::DeleteBucket(name) => Some(name.clone()),
            _ => self.bucket().cloned(),
        }
    }

    /// The bucket that must exist for the operation.
    pub(crate) const fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::Connect | Self::CreateBucket(_) | Self::DeleteBucket(_) | Self::ListBuckets => {
                None
            }
            Self::BucketInfo(bucket)
            | Self::Get(bucket, _)
            | Self::Find(bucket, ..)
            | Self::GetRevision(bucket, ..)
            | Self::History(bucket, _)
            | Self::Entries(bucket, _)
            | Self::Put { bucket, .. }
            | Self::Remove { bucket, .. }
            | Self::ListKeys(bucket, _) => Some(bucket),
        }
    }
}

/// The limits of an operation: timeout, signal and retries.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) timeout_ms: u32,
    /// The caller's AbortSignal.
    pub(crate) signal: Option<JsValue>,
    /// Whether a failed read request is not retried.
    pub(crate) once: bool,
    /// Whether the request outlives its page.
    pub(crate) keepalive: bool,
}

impl Limits {
    /// Fails if the caller has already aborted.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match &self.signal {
            Some(signal) if ffi::is_aborted(signal) => {
                Err(Failure::Aborted(ffi::abort_reason(signal)))
            }
            _ => Ok(()),
        }
    }

    /// The caller's AbortSignal, or undefined.
    pub(crate) fn signal(&self) -> JsValue {
        self.signal.clone().unwrap_or_default()
    }
}
