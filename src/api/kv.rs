//! `BrowserKVClient`: buckets.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::bucket::BrowserKVBucketHandle;
use super::client::thrown;
use super::state::{Context, State};
use crate::error::Error;
use crate::kv::BucketName;
use crate::transport::Operation;

/// The key-value API of a client.
#[wasm_bindgen]
pub struct BrowserKVClient {
    state: Rc<State>,
}

impl BrowserKVClient {
    pub(super) fn of(state: &Rc<State>) -> Self {
        Self {
            state: Rc::clone(state),
        }
    }

    fn run(
        &self,
        operation: &'static str,
        name: Result<BucketName, Error>,
        options: &JsValue,
        make: impl FnOnce(BucketName) -> Operation,
    ) -> Promise {
        let context = Context {
            operation,
            bucket: name.as_ref().ok().cloned(),
            key: JsValue::UNDEFINED,
            quiet: false,
        };
        self.state.run(context, options, name.map(make))
    }
}

#[wasm_bindgen]
impl BrowserKVClient {
    /// A key-value API with a configuration of its own.
    ///
    /// # Errors
    /// As `configure()`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue) -> Result<Self, JsValue> {
        let state = State::new();
        state.configure(config).map_err(thrown)?;
        Ok(Self { state })
    }

    /// Creates a bucket, or confirms one that exists with equal settings.
    #[wasm_bindgen(js_name = createBucket)]
    pub fn create_bucket(&self, config: &JsValue, options: &JsValue) -> Promise {
        let config = arguments::bucket_config(config, "config");
        let name = config.as_ref().ok();
        let context = Context {
            operation: "createBucket",
            bucket: name.and_then(|config| BucketName::parse(&config.name).ok()),
            key: JsValue::UNDEFINED,
            quiet: false,
        };
        self.state
            .run(context, options, config.map(Operation::CreateBucket))
    }

    /// Deletes a bucket with all it holds.
    #[wasm_bindgen(js_name = deleteBucket)]
    pub fn delete_bucket(&self, name: &JsValue, options: &JsValue) -> Promise {
        let name = arguments::bucket_name(name);
        self.run("deleteBucket", name, options, Operation::DeleteBucket)
    }

    /// Every bucket, by name.
    #[wasm_bindgen(js_name = listBuckets)]
    pub fn list_buckets(&self, options: &JsValue) -> Promise {
        let context = Context {
            operation: "listBuckets",
            bucket: None,
            key: JsValue::UNDEFINED,
            quiet: false,
        };
        self.state.run(context, options, Ok(Operation::ListBuckets))
    }

    /// One bucket's settings and state.
    #[wasm_bindgen(js_name = getBucketInfo)]
    pub fn get_bucket_info(&self, name: &JsValue, options: &JsValue) -> Promise {
        let name = arguments::bucket_name(name);
        self.run("getBucketInfo", name, options, Operation::BucketInfo)
    }

    /// A handle for a bucket's keys. Asks nobody whether the bucket exists.
    ///
    /// # Errors
    /// A `ValidationError` for a name that no bucket can have, and for bad options.
    pub fn bucket(
        &self,
        name: &JsValue,
        options: &JsValue,
    ) -> Result<BrowserKVBucketHandle, JsValue> {
        BrowserKVBucketHandle::of(&self.state, name, options)
    }
}
