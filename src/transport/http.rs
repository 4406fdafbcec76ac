//! Operations as HTTP requests.
//!
//! JavaScript (`fetch.js`, `exchange.js`) sends the requests and reads the responses.
//! gloo-net's own `send` panics, and leaves its promise pending for ever, when `fetch` rejects with
//! something other than an `Error` or resolves to something other than a `Response`, which an abort reason
//! or an app's test double may well be; its `Headers` write names in lower case, which apps' doubles of
//! `fetch` do not look up. It writes the queries (`path.rs`).

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::credentials::{CredentialCallback, Credentials};
use super::fallback::Fallback;
use super::operation::{Limits, Operation};
use super::path;
use crate::config::RetryPolicy;
use crate::enums::Expected;
use crate::ffi::{self, Features, Given, HttpRequest};
use crate::kv::{BucketName, Pattern, Precondition, Removal};
use crate::text::decimal;

/// A server, and the credentials and settings of its requests.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) server_url: String,
    pub(crate) environment: String,
    pub(crate) credentials: RefCell<Credentials>,
    /// How a failed operation is tried again.
    pub(crate) retry: RetryPolicy,
    /// The fallback if the server cannot be reached, if there is one.
    pub(crate) fallback: Option<Fallback>,
    /// The options that were given: the logger.
    pub(crate) given: Given,
    /// The features that the server has announced.
    pub(crate) features: Features,
    /// Whether it carries out a write with an id once.
    pub(crate) takes_write_ids: Cell<bool>,
    /// Whether the server selects the subprotocol of a watch, once a handshake has succeeded.
    pub(crate) selects_subprotocol: Cell<Option<bool>>,
    /// The last used credential, and its headers.
    pub(crate) cached_headers: RefCell<Option<(Option<String>, JsValue)>>,
}

impl Http {
    /// The URL of a bucket's watch.
    pub(crate) fn watch_url(&self, bucket: &BucketName, filter: Option<&Pattern>) -> String {
        path::watch(&self.server_url, bucket, &self.environment, filter)
    }

    /// Whether `auth.token` is a function, so that it may return another token.
    pub(crate) fn has_renewable_credential(&self) -> bool {
        matches!(*self.credentials.borrow(), Credentials::Ask(_))
    }

    /// Gets the credential for a request; calls the application's token function, if it has one.
    pub(crate) fn credential(&self, limits: &Limits, left_ms: u32, then: CredentialCallback) {
        let credentials = self.credentials.borrow().clone();
        credentials.get(limits, left_ms, then);
    }

    /// The headers of every request, as a plain object.
    pub(super) fn headers(&self, credential: Option<String>) -> JsValue {
        let mut cached_headers = self.cached_headers.borrow_mut();
        if let Some((known, headers)) = &*cached_headers
            && *known == credential
        {
            return headers.clone();
        }
        let headers = ffi::new_headers(&self.environment, credential.as_deref());
        cached_headers.insert((credential, headers)).1.clone()
    }

    /// The HTTP request of an operation.
    pub(super) fn request(&self, operation: &Operation) -> HttpRequest {
        let server = &self.server_url;
        let mut request = HttpRequest {
            method: "GET",
            url: String::new(),
            body: JsValue::UNDEFINED,
            condition: Precondition::None,
            expected: Expected::Nothing,
            key: None,
            write_id: None,
            ttl: 0,
            keepalive: false,
        };
        match operation {
            Operation::CreateBucket(config) => {
                request.method = "POST";
                request.url = path::buckets(server);
                request.expected = Expected::BucketInfo;
                request.body = ffi::write_bucket(
                    &config.name,
                    &config.description,
                    config.ttl_seconds as f64,
                    config.max_value_size as f64,
                    config.max_bytes as f64,
                    config.history as f64,
                );
            }
            Operation::DeleteBucket(name) => {
                request.method = "DELETE";
                request.url = path::bucket(server, name);
            }
            Operation::ListBuckets => {
                request.url = path::buckets(server);
                request.expected = Expected::Buckets;
            }
            Operation::Connect => {
                request.url = path::buckets(server);
                request.expected = Expected::Connected;
            }
            Operation::BucketInfo(name) => {
                request.url = path::bucket(server, name);
                request.expected = Expected::BucketInfo;
            }
            Operation::Get(bucket, key)
            | Operation::Find(bucket, key, _)
            | Operation::GetRevision(bucket, key, _)
            | Operation::History(bucket, key) => {
                request.url = path::key(server, bucket, key);
                request.expected = Expected::Entry;
                request.key = Some(key.clone());
                match operation {
                    Operation::Find(..) => request.expected = Expected::Found,
                    Operation::GetRevision(.., revision) => {
                        request.url.push_str("?revision=");
                        request.url.push_str(&decimal(*revision));
                    }
                    Operation::History(..) => {
                        request.url.push_str("?history=true");
                        request.expected = Expected::History;
                    }
                    _ => {}
                }
            }
            Operation::Put {
                bucket,
                key,
                body,
                precondition,
                ttl,
            } => {
                request.ttl = *ttl;
                request.method = "PUT";
                request.url = path::key(server, bucket, key);
                request.body.clone_from(body);
                request.condition = *precondition;
                request.expected = Expected::PutResult;
            }
            Operation::Remove {
                bucket,
                key,
                removal,
                revision,
            } => {
                let purge = *removal == Removal::Purge;
                if let Some(revision) = revision {
                    request.method = "POST";
                    request.url = path::remove(server, bucket);
                    request.body = ffi::write_removal(key, *revision as f64, purge);
                    request.expected = Expected::PutResult;
                } else {
                    request.method = "DELETE";
                    request.url = path::key(server, bucket, key);
                    if purge {
                        request.url.push_str("?purge=true");
                    }
                }
            }
            Operation::ListKeys(bucket, filter) => {
                request.url = path::keys(server, bucket, filter.as_ref());
                request.expected = Expected::Keys;
            }
            Operation::Entries(bucket, patterns) => {
                request.url = path::entries(server, bucket, patterns);
                request.expected = Expected::Entries;
            }
        }
        request
    }
}
