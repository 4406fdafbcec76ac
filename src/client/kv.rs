//! `BrowserKVClient`: buckets.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::bucket::BrowserKVBucketHandle;
use super::ironflow_client::to_js_error;
use super::request::{ApiMethod, Call, Request};
use super::state::ClientState;

/// The key-value API of a client.
#[wasm_bindgen]
pub struct BrowserKVClient {
    state: Rc<ClientState>,
}

impl BrowserKVClient {
    pub(super) fn from_state(state: &Rc<ClientState>) -> Self {
        Self {
            state: Rc::clone(state),
        }
    }

    /// A handle for a bucket's keys, as Rust has it.
    ///
    /// # Errors
    /// As [`Self::bucket`].
    pub fn new_bucket(
        &self,
        name: &JsValue,
        options: &JsValue,
    ) -> Result<BrowserKVBucketHandle, JsValue> {
        BrowserKVBucketHandle::from_state(&self.state, name, options)
    }

    fn send(&self, method: ApiMethod, call: &Call<'_>) -> Promise {
        Request::new(&self.state, "").send(method, call)
    }
}

#[wasm_bindgen]
impl BrowserKVClient {
    /// A key-value API with its own configuration.
    ///
    /// # Errors
    /// As `configure()`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue) -> Result<Self, JsValue> {
        let state = ClientState::new();
        state.configure(config).map_err(to_js_error)?;
        Ok(Self { state })
    }

    /// Creates a bucket, or confirms one that exists with equal settings.
    #[wasm_bindgen(js_name = createBucket)]
    pub fn create_bucket(&self, config: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::CreateBucket, &Call::new(config, options))
    }

    /// Deletes a bucket with its keys.
    #[wasm_bindgen(js_name = deleteBucket)]
    pub fn delete_bucket(&self, name: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::DeleteBucket, &Call::new(name, options))
    }

    /// Every bucket, by name.
    #[wasm_bindgen(js_name = listBuckets)]
    pub fn list_buckets(&self, options: &JsValue) -> Promise {
        let nothing = JsValue::UNDEFINED;
        self.send(ApiMethod::ListBuckets, &Call::new(&nothing, options))
    }

    /// One bucket's settings and state.
    #[wasm_bindgen(js_name = getBucketInfo)]
    pub fn get_bucket_info(&self, name: &JsValue, options: &JsValue) -> Promise {
        self.send(ApiMethod::GetBucketInfo, &Call::new(name, options))
    }

    /// A handle for a bucket's keys: the same one each time for a name and `decode`. It sends no request, and the
    /// bucket need not exist.
    ///
    /// # Errors
    /// A `ValidationError` for an invalid bucket name, and for bad options.
    pub fn bucket(&self, name: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
        let handle = self.new_bucket(name, options)?;
        let id = handle.id();
        let handles = self.state.handles();
        let found = handles.find(&id);
        Ok(match found.is_undefined() {
            true => handles.add(&id, &handle.into()),
            false => found,
        })
    }
}
