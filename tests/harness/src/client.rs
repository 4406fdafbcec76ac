//! A client of the server, as near to the wire as an HTTP library gets.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, http::request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use ironflow_conformance::{Backend, BucketInfo, BucketSettings, Entry, Failure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::bodies::{EntryBody, InfoBody, InfosBody, KeysBody, RefusalBody, RevisionBody};
use crate::watch::HttpWatch;

/// Follows the message of a refusal that may come after the write took effect.
pub const UNKNOWN: &str = " (unknown)";

/// Between two attempts of a client that resends.
const PAUSE: Duration = Duration::from_millis(5);

/// How long an answer may take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A small receive buffer, in bytes.
const SMALL_BUFFER: usize = 32 << 10;

/// Everything in a part of a path, or in a query, but what every party leaves as it is. Dots stay,
/// and with them a part that is nothing but dots: the server is to see it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

static RUN: LazyLock<String> =
    LazyLock::new(|| format!("{:016x}", RandomState::new().build_hasher().finish()));

/// An id of this process, unique among all that may use the same server.
pub fn run() -> &'static str {
    &RUN
}

/// A client with connections of its own.
#[derive(Debug)]
pub struct HttpClient {
    http: Client<HttpConnector, Full<Bytes>>,
    server: String,
    environment: String,
    /// Whether its watches are of version 2.
    has_watch_2: bool,
    /// Whether it sends a request again whose answer is lost.
    resends: bool,
}

impl HttpClient {
    /// A client of the server at this address, in the default environment.
    pub fn new(server: &str) -> Self {
        Self::in_environment(server, "default")
    }

    pub(crate) fn environment(&self) -> &str {
        &self.environment
    }

    /// The same, whose watches are of version 2.
    pub fn with_watch_2(server: &str) -> Self {
        Self {
            has_watch_2: true,
            ..Self::new(server)
        }
    }

    /// The same, which sends a request again, with the same id, until it gets an answer.
    pub fn resending(server: &str) -> Self {
        Self {
            resends: true,
            ..Self::new(server)
        }
    }

    /// A client whose sockets hold little of what it does not read.
    pub fn with_small_buffers(server: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_recv_buffer_size(Some(SMALL_BUFFER));
        Self::connecting(connector, server, "default")
    }

    fn in_environment(server: &str, environment: &str) -> Self {
        Self::connecting(HttpConnector::new(), server, environment)
    }

    fn connecting(mut connector: HttpConnector, server: &str, environment: &str) -> Self {
        connector.set_nodelay(true);
        Self {
            http: Client::builder(TokioExecutor::new()).build(connector),
            server: server.to_owned(),
            environment: environment.to_owned(),
            has_watch_2: false,
            resends: false,
        }
    }

    /// A client with connections of its own, of the same server.
    fn another(&self, environment: &str) -> Self {
        Self {
            has_watch_2: self.has_watch_2,
            resends: self.resends,
            ..Self::in_environment(&self.server, environment)
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("http://{}/api/v1/kv/buckets{path}", self.server))
    }

    pub(crate) async fn send(&self, request: request::Builder, body: &[u8]) -> Response<Incoming> {
        let body = Full::new(Bytes::copy_from_slice(body));
        let request = request.body(body).unwrap();
        let what = format!("{} {}", request.method(), request.uri());
        let mut lost = 0;
        let answer = async {
            loop {
                match self.http.request(request.clone()).await {
                    Ok(answer) => return answer,
                    Err(_) if self.resends => {
                        lost += 1;
                        sleep(PAUSE).await;
                    }
                    Err(error) => panic!("{what}: {error:?}"),
                }
            }
        };
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer,
            Err(_) => panic!("{what}: no answer within {PATIENCE:?}, {lost} lost"),
        }
    }

    /// The body of an answer, and its status where the request was carried out.
    pub(crate) async fn exchange(
        &self,
        request: request::Builder,
        body: &[u8],
    ) -> Result<(StatusCode, Bytes), Failure> {
        let request = request.header("X-Ironflow-Environment", &self.environment);
        let answer = self.send(request, body).await;
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        if status.is_success() {
            return Ok((status, body));
        }
        Err(refusal(status, &body))
    }

    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        request: request::Builder,
    ) -> Result<T, Failure> {
        let (status, body) = self.exchange(request, b"").await?;
        assert_eq!(status, StatusCode::OK);
        Ok(serde_json::from_slice(&body).unwrap())
    }

    async fn write(&self, request: request::Builder, value: &[u8]) -> Result<u64, Failure> {
        let request = request.header("Content-Type", "application/octet-stream");
        let (status, body) = self.exchange(request, value).await?;
        assert_eq!(status, StatusCode::OK);
        let body: RevisionBody = serde_json::from_slice(&body).unwrap();
        Ok(body.revision)
    }

    async fn remove(&self, request: request::Builder) -> Result<(), Failure> {
        let (status, body) = self.exchange(request, b"").await?;
        assert_eq!((status, body.len()), (StatusCode::NO_CONTENT, 0));
        Ok(())
    }
}

pub(crate) fn bucket_path(bucket: &str) -> String {
    format!("/{}", encode(bucket))
}

pub(crate) fn key_path(bucket: &str, key: &str) -> String {
    format!("/{}/keys/{}", encode(bucket), encode(key))
}

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let body: RefusalBody = serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{status}, and the body is no refusal: {error}"));
    assert_eq!(code(&body.error, status), body.code, "{}", body.error);
    let mut message = body.error;
    if body.unknown {
        message.push_str(UNKNOWN);
    }
    Failure {
        status: status.as_u16(),
        message,
    }
}

/// The code that a refusal carries beside its words.
fn code(words: &str, status: StatusCode) -> &'static str {
    match (words, status.as_u16()) {
        ("bucket not found", _) => "bucket_not_found",
        ("key not found", _) => "key_not_found",
        ("key already exists", _) => "key_exists",
        ("revision mismatch", _) => "revision_mismatch",
        (_, 400) => "invalid_request",
        (_, 404) => "not_found",
        (_, 409) => "bucket_exists",
        (_, 413) => "value_too_large",
        (_, 429) => "too_many_requests",
        (_, 501) => "unsupported",
        (_, 503) => "unavailable",
        (_, 507) => "bucket_full",
        _ => panic!("{status}: {words}"),
    }
}

impl Backend for HttpClient {
    type Watch = HttpWatch;

    async fn create_bucket(&self, settings: &BucketSettings) -> Result<BucketInfo, Failure> {
        let mut body = json!({ "name": settings.name });
        if !settings.description.is_empty() {
            body["description"] = json!(settings.description);
        }
        for (name, value) in [
            ("ttl_seconds", settings.ttl_seconds),
            ("max_value_size", settings.max_value_size),
            ("max_bytes", settings.max_bytes),
            ("history", settings.history),
        ] {
            if value > 0 {
                body[name] = json!(value);
            }
        }
        let request = self.request(Method::POST, "");
        let request = request.header("Content-Type", "application/json");
        let (status, body) = self.exchange(request, body.to_string().as_bytes()).await?;
        assert!([StatusCode::CREATED, StatusCode::OK].contains(&status));
        let info: InfoBody = serde_json::from_slice(&body).unwrap();
        Ok(info.into())
    }

    async fn delete_bucket(&self, bucket: &str) -> Result<(), Failure> {
        self.remove(self.request(Method::DELETE, &bucket_path(bucket)))
            .await
    }

    async fn list_buckets(&self) -> Result<Vec<BucketInfo>, Failure> {
        let body: InfosBody = self.read(self.request(Method::GET, "")).await?;
        assert_eq!(body.count, body.buckets.len());
        Ok(body.buckets.into_iter().map(BucketInfo::from).collect())
    }

    async fn bucket_info(&self, bucket: &str) -> Result<BucketInfo, Failure> {
        let request = self.request(Method::GET, &bucket_path(bucket));
        self.read::<InfoBody>(request).await.map(BucketInfo::from)
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Entry, Failure> {
        let request = self.request(Method::GET, &key_path(bucket, key));
        self.read::<EntryBody>(request).await.map(Entry::from)
    }

    async fn put(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        let request = self.request(Method::PUT, &key_path(bucket, key));
        self.write(request, value).await
    }

    async fn create(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        let request = self.request(Method::PUT, &key_path(bucket, key));
        self.write(request.header("If-None-Match", "*"), value)
            .await
    }

    async fn update(
        &self,
        bucket: &str,
        key: &str,
        value: &[u8],
        revision: u64,
    ) -> Result<u64, Failure> {
        let request = self.request(Method::PUT, &key_path(bucket, key));
        self.write(request.header("If-Match", revision), value)
            .await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        self.remove(self.request(Method::DELETE, &key_path(bucket, key)))
            .await
    }

    async fn purge(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        let path = format!("{}?purge=true", key_path(bucket, key));
        self.remove(self.request(Method::DELETE, &path)).await
    }

    async fn list_keys(&self, bucket: &str, filter: Option<&str>) -> Result<Vec<String>, Failure> {
        let mut path = format!("{}/keys", bucket_path(bucket));
        if let Some(filter) = filter {
            path += &format!("?filter={}", encode(filter));
        }
        let body: KeysBody = self.read(self.request(Method::GET, &path)).await?;
        assert_eq!(body.count, body.keys.len());
        Ok(body.keys)
    }

    async fn watch(&self, bucket: &str, pattern: Option<&str>) -> Result<HttpWatch, Failure> {
        let environment = encode(&self.environment);
        let mut path = format!("{}/watch?env={environment}", bucket_path(bucket));
        if let Some(pattern) = pattern {
            path += &format!("&key={}", encode(pattern));
        }
        let request = HttpWatch::handshake(self.request(Method::GET, &path), self.has_watch_2);
        let answer = self.send(request, b"").await;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (head, body) = answer.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            return Err(refusal(head.status, &body));
        }
        if self.has_watch_2 {
            return HttpWatch::subscribe(answer, bucket, pattern).await;
        }
        Ok(HttpWatch::open(answer).await)
    }

    async fn client(&self) -> Self {
        self.another(&self.environment)
    }

    async fn in_environment(&self, name: &str) -> Option<Self> {
        Some(self.another(name))
    }

    async fn pass_time(&self, milliseconds: u64) {
        sleep(Duration::from_millis(milliseconds)).await;
    }

    fn run(&self) -> &str {
        run()
    }
}
