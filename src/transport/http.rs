//! Operations as HTTP requests.
//!
//! gloo-net builds the requests. They are sent, and their answers read, by a few lines of JavaScript
//! (`exchange.js`): gloo-net's own `send` panics, and leaves its promise pending for ever, when
//! `fetch` rejects with something other than an `Error` or resolves to something other than a
//! `Response`, which an abort reason or an app's test double may well be.

use std::cell::RefCell;

use gloo_net::http::{Method, Request, RequestBuilder};
use js_sys::{Date, Math};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestCache};

use super::credentials::Credentials;
use super::fallback::Fallback;
use super::operation::{Limits, Operation};
use super::path;
use crate::config::Attempts;
use crate::error::Error;
use crate::js::{self, Answer, Failure};
use crate::kv::{BucketName, Pattern, Precondition, Removal};

/// A server, and who asks it.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) server_url: String,
    pub(crate) environment: String,
    pub(crate) credentials: RefCell<Credentials>,
    /// How a failed reading is tried again.
    pub(crate) retry: Attempts,
    /// Where to go on if the server cannot be reached, if anywhere.
    pub(crate) fallback: Option<Fallback>,
}

/// Makes the value of an operation from the text of its answer, undefined if it cannot be. None
/// where any success will do.
type Reader = Option<fn(&JsValue) -> JsValue>;

impl Http {
    /// The address of a bucket's watch.
    pub(crate) fn watch_url(&self, bucket: &BucketName, filter: Option<&Pattern>) -> String {
        path::watch(&self.server_url, bucket, &self.environment, filter)
    }

    /// The credential to use now, unless the application has to be asked for it.
    pub(crate) fn credential_at_hand(&self) -> Option<Option<String>> {
        match &*self.credentials.borrow() {
            Credentials::None => Some(None),
            Credentials::Fixed(credential) => Some(Some(credential.clone())),
            Credentials::Ask(_) => None,
        }
    }

    /// The credential to use now.
    pub(crate) async fn credential(&self, limits: &Limits) -> Result<Option<String>, Failure> {
        let credentials = self.credentials.borrow().clone();
        credentials.get(limits, limits.timeout_ms).await
    }

    /// Carries an operation out. A reading that fails for reasons that may pass is tried again, as
    /// long as its time limit and its signal allow.
    pub(crate) async fn carry_out(
        &self,
        operation: &Operation,
        limits: &Limits,
    ) -> Result<JsValue, Failure> {
        let started = Date::now();
        let left = || f64::from(limits.timeout_ms) - (Date::now() - started);
        let mut attempt = 1.0;
        loop {
            let result = self.send(operation, limits, left()).await;
            let wait = match &result {
                Err(Failure::Error { error, .. })
                    if !limits.once
                        && operation.is_reading()
                        && error.retryable()
                        && self.retry.allow_another(attempt) =>
                {
                    self.retry
                        .wait(attempt, error.retry_after(), Math::random())
                }
                _ => None,
            };
            let Some(wait) = wait.filter(|wait| *wait < left()) else {
                return result;
            };
            js::pause(wait, &limits.signal).await;
            limits.check()?;
            attempt += 1.0;
        }
    }

    /// Sends an operation once, with so many milliseconds left, and reads its answer.
    async fn send(
        &self,
        operation: &Operation,
        limits: &Limits,
        left: f64,
    ) -> Result<JsValue, Failure> {
        let started = Date::now();
        let credentials = self.credentials.borrow().clone();
        let credential = credentials.get(limits, left.max(1.0) as u32).await?;
        let controller = AbortController::new().map_err(|error| {
            Failure::caused(
                Error::RequestFailed("no AbortController here".into()),
                error,
            )
        })?;
        let (request, reader) = self.request(operation, credential.as_deref(), &controller)?;
        let request: web_sys::Request = request.into();
        let left = (left - (Date::now() - started)).max(1.0) as u32;
        let exchange = js::exchange(&request, &controller, left, &limits.signal);
        let answer = js::settled(exchange, limits.timeout_ms, |cause, cut| {
            let server = &*self.server_url;
            let error = match cut {
                true => Error::Cut(["the connection to ", server, " was cut"].concat()),
                false => Error::RequestFailed([server, " cannot be reached"].concat()),
            };
            Failure::caused(error, cause)
        });
        read(answer.await?.unchecked_ref(), reader)
    }

    fn request(
        &self,
        operation: &Operation,
        credential: Option<&str>,
        controller: &AbortController,
    ) -> Result<(Request, Reader), Failure> {
        let server = &self.server_url;
        let reads = |reader: fn(&JsValue) -> JsValue| Some(reader);
        let mut body = JsValue::UNDEFINED;
        let mut headers: [Option<(&str, String)>; 2] = [None, None];
        let (method, url, reader) = match operation {
            Operation::CreateBucket(config) => {
                body = js::write_bucket(
                    &config.name,
                    &config.description,
                    config.ttl_seconds as f64,
                    config.max_value_size as f64,
                    config.max_bytes as f64,
                    config.history as f64,
                );
                headers[0] = Some(("Content-Type", "application/json".into()));
                (
                    Method::POST,
                    path::buckets(server),
                    reads(js::read_bucket_info),
                )
            }
            Operation::DeleteBucket(name) => (Method::DELETE, path::bucket(server, name), None),
            Operation::ListBuckets => (Method::GET, path::buckets(server), reads(js::read_buckets)),
            Operation::BucketInfo(name) => (
                Method::GET,
                path::bucket(server, name),
                reads(js::read_bucket_info),
            ),
            Operation::Get(bucket, key) => (
                Method::GET,
                path::key(server, bucket, key),
                reads(js::read_entry),
            ),
            Operation::Put {
                bucket,
                key,
                body: written,
                precondition,
            } => {
                body.clone_from(&written.content);
                headers[0] = Some(("Content-Type", written.content_type.into()));
                headers[1] = match precondition {
                    Precondition::None => None,
                    Precondition::Absent => Some(("If-None-Match", "*".into())),
                    Precondition::Revision(revision) => Some(("If-Match", revision.to_string())),
                };
                (
                    Method::PUT,
                    path::key(server, bucket, key),
                    reads(js::read_put_result),
                )
            }
            Operation::Remove(bucket, key, removal) => {
                let mut url = path::key(server, bucket, key);
                if *removal == Removal::Purge {
                    url.push_str("?purge=true");
                }
                (Method::DELETE, url, None)
            }
            Operation::ListKeys(bucket, filter) => (
                Method::GET,
                path::keys(server, bucket, filter.as_ref()),
                reads(js::read_keys),
            ),
        };
        let mut builder = RequestBuilder::new(&url)
            .method(method)
            .cache(RequestCache::NoStore)
            .abort_signal(Some(&controller.signal()))
            .header("X-Ironflow-Environment", &self.environment);
        if let Some(credential) = credential {
            builder = builder.header("Authorization", &["Bearer ", credential].concat());
        }
        for (name, value) in headers.into_iter().flatten() {
            builder = builder.header(name, &value);
        }
        let request = if body.is_undefined() {
            builder.build()
        } else {
            builder.body(body)
        };
        let request = request.map_err(|error| {
            Error::RequestFailed(match error {
                gloo_net::Error::JsError(error) => error.message,
                gloo_net::Error::GlooError(words) => words,
            })
        })?;
        Ok((request, reader))
    }
}

/// Reads an answer that arrived whole.
fn read(answer: &Answer, reader: Reader) -> Result<JsValue, Failure> {
    let status = answer.status();
    if (200..300).contains(&status) {
        let value = reader.map(|read| read(&answer.text()));
        return match value {
            Some(value) if value.is_undefined() => Err(Error::InvalidResponse { status }.into()),
            value => Ok(value.unwrap_or_default()),
        };
    }
    let refusal = js::read_refusal(&answer.text());
    let mut message = refusal.words();
    if message.is_empty() {
        message.push_str("the request failed");
    }
    Err(Failure::Error {
        error: Error::Http {
            status,
            message,
            retry_after: answer.retry_after(),
        },
        details: refusal.details(),
        cause: JsValue::UNDEFINED,
    })
}
