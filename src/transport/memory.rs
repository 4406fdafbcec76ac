//! Operations on a store in memory.

use std::cell::RefMut;
use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::operation::Operation;
use super::shared_store::{EventQueue, Held, KeyStore, SharedStore, milliseconds};
use crate::config::Config;
use crate::error::Error;
use crate::ffi::{self, Failure, Features, OperationResult};
use crate::kv::{
    BucketConfig, BucketInfo, BucketName, Change, Entry, KvError, Pattern, Reason, Ttl,
};
use crate::store::WatcherId;
use crate::text::concat;

/// A store in memory. It lives as long as a configuration uses it.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Rc<SharedStore>,
    /// Whether a missing bucket is created on first use.
    auto_create: bool,
    pub(crate) features: Features,
}

/// The supported features, as a server announces them.
const FEATURES: &str = "write-id,remove,entries,history,key-ttl,expiry-events";

impl Memory {
    /// A store with these buckets: a new one, or a shared one of the same name.
    ///
    /// # Errors
    /// As `createBucket`, for a bucket that exists with other settings.
    pub(crate) fn open(config: &Config, buckets: &[BucketConfig]) -> Result<Self, KvError> {
        // Environments are isolated (rule 18).
        let name = config.memory.name.as_ref();
        let name = name.map(|name| concat(&[&config.environment, " ", name]));
        let memory = Self {
            store: SharedStore::open(name),
            auto_create: config.memory.auto_create,
            features: ffi::new_features(Some(FEATURES)),
        };
        for bucket in buckets {
            memory.store().create_bucket(bucket.clone())?;
        }
        Ok(memory)
    }

    /// Borrows the store: no JavaScript may be called until it is released.
    fn store(&self) -> RefMut<'_, KeyStore> {
        self.store.borrow()
    }

    /// The same store, which creates missing buckets on first use.
    pub(crate) fn with_auto_create(self) -> Self {
        Self {
            auto_create: true,
            ..self
        }
    }

    fn auto_create_bucket(&self, bucket: &BucketName) {
        if !self.auto_create {
            return;
        }
        let mut store = self.store();
        if store.bucket_info(bucket).is_err() {
            // The name is valid and unused.
            let _ = store.create_bucket(BucketConfig::named(bucket));
        }
    }

    pub(crate) fn carry_out(&self, operation: &Operation) -> OperationResult {
        if let Some(bucket) = operation.bucket() {
            self.auto_create_bucket(bucket);
        }
        let outcome = self.perform(operation);
        self.store.deliver();
        outcome
    }

    fn perform(&self, operation: &Operation) -> OperationResult {
        Ok(match operation {
            Operation::CreateBucket(config) => {
                let info = self.store().create_bucket(config.clone())?;
                bucket_info(&info)
            }
            Operation::DeleteBucket(name) => {
                self.store().delete_bucket(name)?;
                JsValue::UNDEFINED
            }
            Operation::Connect => JsValue::UNDEFINED,
            Operation::ListBuckets => {
                let infos = self.store().buckets();
                infos.iter().map(bucket_info).collect::<Array>().into()
            }
            Operation::BucketInfo(name) => {
                let info = self.store().bucket_info(name)?;
                bucket_info(&info)
            }
            Operation::Get(bucket, key) => {
                let found = self.store().get(bucket, key)?;
                entry(found)?
            }
            Operation::GetRevision(bucket, key, revision) => {
                let found = self.store().get_revision(bucket, key, *revision)?;
                entry(found)?
            }
            Operation::History(bucket, key) => {
                let changes = self.store().history(bucket, key)?;
                let history = Array::new();
                for change in changes {
                    history.push(&retained(change)?);
                }
                history.into()
            }
            Operation::Find(bucket, key, _) => {
                let found = self.store().get(bucket, key);
                match found {
                    Err(KvError::KeyNotFound) => JsValue::UNDEFINED,
                    found => entry(found?)?,
                }
            }
            Operation::Entries(bucket, patterns) => {
                let entries = Array::new();
                for pattern in patterns {
                    let keys = self.store().list_keys(bucket, pattern)?;
                    for key in keys {
                        let found = self.store().get(bucket, &key);
                        if let Ok(found) = found {
                            entries.push(&entry(found)?);
                        }
                    }
                }
                ffi::newest_entries(&entries)
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
                ttl,
            } => {
                let size = body.size().map_err(not_encoded)? as usize;
                let value = Held {
                    value: Some(body.clone()),
                    size,
                };
                let ttl = Ttl::from_seconds(*ttl);
                let written = self.store().put(bucket, key, value, *precondition, ttl)?;
                let expires = written.expires.map_or(0.0, milliseconds);
                body.written(written.revision as f64, expires, ttl.is_some())
            }
            Operation::Remove {
                bucket,
                key,
                removal,
                revision,
            } => {
                let marker = self.store().remove_if(bucket, key, *removal, *revision)?;
                ffi::new_put_result(marker as f64)
            }
            Operation::ListKeys(bucket, filter) => {
                let pattern = filter.clone().unwrap_or_else(Pattern::all);
                let keys = self.store().list_keys(bucket, &pattern)?;
                keys.iter()
                    .map(|key| JsString::from(&**key))
                    .collect::<Array>()
                    .into()
            }
        })
    }

    /// Collects the changes of matching keys in the queue.
    pub(crate) fn watch(
        &self,
        bucket: &BucketName,
        filter: Option<&Pattern>,
        queue: Rc<EventQueue>,
    ) -> Result<WatcherId, KvError> {
        self.auto_create_bucket(bucket);
        let pattern = filter.cloned().unwrap_or_else(Pattern::all);
        self.store.watch(bucket, pattern, queue)
    }

    pub(crate) fn unwatch(&self, bucket: &BucketName, id: WatcherId) {
        self.store.unwatch(bucket, id);
    }
}

/// The error if the platform lacks a function to encode a value.
fn not_encoded(cause: JsValue) -> Failure {
    Failure::caused(
        Error::Validation("the value cannot be encoded here".into()),
        cause,
    )
}

/// Converts a retained revision for JavaScript.
fn retained(change: Change<Held>) -> OperationResult {
    let (revision, created) = (change.revision as f64, milliseconds(change.created));
    let reason = change.reason.map(Reason::as_str);
    match change.value.and_then(|held| held.value) {
        Some(value) => value.entry(revision, created).map_err(not_encoded),
        None => Ok(ffi::gone_entry(&change.key, revision, created, reason)),
    }
}

fn entry(entry: Entry<Held>) -> OperationResult {
    let (revision, created) = (entry.revision as f64, milliseconds(entry.created));
    match entry.value.value {
        Some(value) => value.entry(revision, created).map_err(not_encoded),
        None => Ok(JsValue::UNDEFINED),
    }
}

fn bucket_info(info: &BucketInfo) -> JsValue {
    ffi::new_bucket_info(
        &info.config.name,
        &info.config.description,
        info.config.ttl_seconds as f64,
        info.values as f64,
        info.bytes as f64,
        info.config.history as f64,
        info.created.0 as f64,
    )
}
