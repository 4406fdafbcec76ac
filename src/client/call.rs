//! The operations that an application calls for, and how their arguments become one value. All of
//! them go through here, so that it is compiled once.

use wasm_bindgen::prelude::*;

use super::arguments;
use crate::error::Error;
use crate::kv::{BucketName, Precondition, Removal};
use crate::transport::Operation;

/// A method that carries out an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    CreateBucket,
    DeleteBucket,
    ListBuckets,
    GetBucketInfo,
    Get,
    Put,
    Create,
    Update,
    Delete,
    Purge,
    ListKeys,
}

impl Method {
    /// What it is called in an error's context.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CreateBucket => "createBucket",
            Self::DeleteBucket => "deleteBucket",
            Self::ListBuckets => "listBuckets",
            Self::GetBucketInfo => "getBucketInfo",
            Self::Get => "get",
            Self::Put => "put",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Purge => "purge",
            Self::ListKeys => "listKeys",
        }
    }
}

/// What a method is called with.
pub(super) struct Arguments<'a> {
    /// The settings or name of a bucket, a key, or a pattern.
    pub(super) first: &'a JsValue,
    pub(super) value: &'a JsValue,
    pub(super) revision: &'a JsValue,
    /// The `RequestOptions`.
    pub(super) options: &'a JsValue,
}

impl<'a> Arguments<'a> {
    /// Those of a method that looks at no more than these.
    pub(super) const fn new(first: &'a JsValue, options: &'a JsValue) -> Self {
        Self {
            first,
            value: first,
            revision: first,
            options,
        }
    }

    /// The operation they stand for. `bucket` and `decode`: the handle's, for the methods of a handle.
    pub(super) fn operation(
        &self,
        method: Method,
        bucket: Option<&BucketName>,
        decode: Option<&JsValue>,
    ) -> Result<Operation, Error> {
        let bucket = match (method, bucket) {
            (Method::CreateBucket, _) => {
                let config = arguments::bucket_config(self.first, "config")?;
                return Ok(Operation::CreateBucket(config));
            }
            (Method::ListBuckets, _) => return Ok(Operation::ListBuckets),
            (Method::DeleteBucket | Method::GetBucketInfo, _) | (_, None) => {
                arguments::bucket_name(self.first)?
            }
            (_, Some(bucket)) => bucket.clone(),
        };
        match method {
            Method::DeleteBucket => return Ok(Operation::DeleteBucket(bucket)),
            Method::GetBucketInfo => return Ok(Operation::BucketInfo(bucket)),
            Method::ListKeys => {
                let filter = arguments::filter(self.first)?;
                return Ok(Operation::ListKeys(bucket, filter));
            }
            _ => {}
        }
        let key = arguments::key(self.first)?;
        let precondition = match method {
            Method::Get => return Ok(Operation::Get(bucket, key)),
            Method::Delete => return Ok(Operation::Remove(bucket, key, Removal::Delete)),
            Method::Purge => return Ok(Operation::Remove(bucket, key, Removal::Purge)),
            Method::Create => Precondition::Absent,
            Method::Update => Precondition::Revision(arguments::revision(self.revision)?),
            _ => Precondition::None,
        };
        Ok(Operation::Put {
            bucket,
            key,
            body: arguments::body(self.first, self.value, decode)?,
            precondition,
        })
    }
}
