//! An operation: one value that either transport carries out.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::ffi::{self, Body, Failure};
use crate::kv::{BucketConfig, BucketName, Key, Pattern, Precondition, Removal, Revision};

/// What is asked for, checked: nothing in it can be malformed.
#[derive(Debug)]
pub(crate) enum Operation {
    /// Finds out whether the server answers.
    Connect,
    CreateBucket(BucketConfig),
    DeleteBucket(BucketName),
    ListBuckets,
    BucketInfo(BucketName),
    Get(BucketName, Key),
    /// As `Get`, with undefined for a key that is missing. The flag is set once the bucket is known to exist:
    /// a 404 without a code then means the key.
    Find(BucketName, Key, Rc<Cell<bool>>),
    GetRevision(BucketName, Key, Revision),
    /// What the bucket retains of a key.
    History(BucketName, Key),
    /// The entries of keys that any of the patterns matches, ascending.
    Entries(BucketName, Vec<Pattern>),
    Put {
        bucket: BucketName,
        key: Key,
        body: Body,
        precondition: Precondition,
    },
    Remove {
        bucket: BucketName,
        key: Key,
        removal: Removal,
        /// The key's last revision, where it is a condition.
        revision: Option<Revision>,
    },
    ListKeys(BucketName, Option<Pattern>),
}

impl Operation {
    /// Whether it changes nothing: then it may be repeated, whatever became of it.
    pub(crate) const fn is_reading(&self) -> bool {
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

    /// The feature that it needs of the server, and for which bucket, if any.
    pub(crate) const fn feature(&self) -> Option<(&'static str, &BucketName)> {
        match self {
            Self::Remove {
                bucket,
                revision: Some(_),
                ..
            } => Some(("remove", bucket)),
            Self::GetRevision(bucket, ..) | Self::History(bucket, _) => Some(("history", bucket)),
            _ => None,
        }
    }

    /// The bucket it is about.
    pub(crate) fn names(&self) -> Option<BucketName> {
        match self {
            Self::CreateBucket(config) => BucketName::parse(&config.name).ok(),
            Self::DeleteBucket(name) => Some(name.clone()),
            _ => self.bucket().cloned(),
        }
    }

    /// The bucket it uses, which has to be there.
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

/// For how long an operation may go on, and how often be tried.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) timeout_ms: u32,
    /// The caller's AbortSignal.
    pub(crate) signal: Option<JsValue>,
    /// Whether a reading that fails is left at that.
    pub(crate) once: bool,
}

impl Limits {
    /// Refuses to begin where the caller has aborted already.
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
