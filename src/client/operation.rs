//! The operations that an application calls for, and how their arguments become one value. All of
//! them go through here, so that it is compiled once.

use wasm_bindgen::prelude::*;

use super::arguments;
use crate::error::Error;
use crate::kv::{BucketName, Precondition, Removal};
use crate::transport::Operation;

/// A method that carries out an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiMethod {
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

impl ApiMethod {
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
        method: ApiMethod,
        bucket: Option<&BucketName>,
        decode: Option<&JsValue>,
    ) -> Result<Operation, Error> {
        let bucket = match (method, bucket) {
            (ApiMethod::CreateBucket, _) => {
                let config = arguments::bucket_config(self.first, "config")?;
                return Ok(Operation::CreateBucket(config));
            }
            (ApiMethod::ListBuckets, _) => return Ok(Operation::ListBuckets),
            (ApiMethod::DeleteBucket | ApiMethod::GetBucketInfo, _) | (_, None) => {
                arguments::bucket_name(self.first)?
            }
            (_, Some(bucket)) => bucket.clone(),
        };
        match method {
            ApiMethod::DeleteBucket => return Ok(Operation::DeleteBucket(bucket)),
            ApiMethod::GetBucketInfo => return Ok(Operation::BucketInfo(bucket)),
            ApiMethod::ListKeys => {
                let filter = arguments::filter(self.first)?;
                return Ok(Operation::ListKeys(bucket, filter));
            }
            _ => {}
        }
        let key = arguments::key(self.first)?;
        let precondition = match method {
            ApiMethod::Get => return Ok(Operation::Get(bucket, key)),
            ApiMethod::Delete => return Ok(Operation::Remove(bucket, key, Removal::Delete)),
            ApiMethod::Purge => return Ok(Operation::Remove(bucket, key, Removal::Purge)),
            ApiMethod::Create => Precondition::Absent,
            ApiMethod::Update => Precondition::Revision(arguments::revision(self.revision)?),
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
