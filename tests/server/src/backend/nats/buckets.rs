//! Buckets as streams.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use ironflow_browser::kv::{BucketConfig, BucketInfo, BucketName, KvError, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use tokio::time::sleep;

use super::Nats;
use super::api::{Api, ApiError, code};
use super::message::timestamp;
use super::names::{ALL_SUBJECTS, Names, bucket_of};
use crate::address::BucketAddress;
use crate::backend::{BackendError, Bucket, Creation, Epoch, Result};
use crate::environment::Environment;

/// JetStream counts headers as part of a message: room for the longest that a write here has.
const HEADER_BYTES: u64 = 128;

const NANOSECONDS: u64 = 1_000_000_000;

/// The longest that JetStream looks for repeated messages. Nothing here makes any, but it insists
/// on at most the age of the messages.
const DUPLICATE_WINDOW: u64 = 120 * NANOSECONDS;

/// How often a stream whose deleted messages reappear is recreated.
const CREATE_ATTEMPTS: u32 = 10;

/// What a stream is and holds, as far as it matters.
#[derive(Debug, Deserialize)]
pub(super) struct StreamInfo {
    config: StreamConfig,
    pub(super) created: String,
    pub(super) state: StreamState,
}

#[derive(Debug, Serialize, Deserialize)]
struct StreamConfig {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default)]
    max_msgs_per_subject: i64,
    #[serde(default)]
    max_age: u64,
    #[serde(default)]
    max_bytes: i64,
    #[serde(default)]
    max_msg_size: i64,
    /// As JetStream says, as the two below. What is asked for is in [`NewStream`].
    #[serde(default, skip_serializing)]
    allow_direct: bool,
    #[serde(default, skip_serializing)]
    allow_msg_ttl: bool,
    #[serde(default, skip_serializing)]
    subject_delete_marker_ttl: u64,
    /// As JetStream says. What is asked for is [`NewStream::num_replicas`].
    #[serde(default, skip_serializing)]
    num_replicas: u8,
}

/// The settings a stream needs to behave as a bucket.
#[derive(Serialize)]
struct NewStream {
    #[serde(flatten)]
    config: StreamConfig,
    subjects: [String; 1],
    retention: &'static str,
    discard: &'static str,
    storage: &'static str,
    num_replicas: u8,
    duplicate_window: u64,
    allow_rollup_hdrs: bool,
    deny_delete: bool,
    deny_purge: bool,
    allow_direct: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamState {
    messages: u64,
    bytes: u64,
    pub(super) last_seq: u64,
    last_ts: String,
}

#[derive(Deserialize)]
struct Done {}

#[derive(Deserialize)]
struct Page {
    total: usize,
    #[serde(default)]
    streams: Option<Vec<StreamInfo>>,
}

#[derive(Serialize)]
struct PageRequest {
    offset: usize,
    subject: &'static str,
}

impl Api {
    pub(super) async fn stream_info(&self, stream: &str) -> super::api::Result<StreamInfo> {
        self.ask(&format!("STREAM.INFO.{stream}")).await
    }
}

impl StreamInfo {
    fn into_bucket(self, name: &BucketName) -> Result<Bucket> {
        let info = BucketInfo {
            created: self.created_at()?,
            values: self.state.messages,
            bytes: self.state.bytes,
            config: self.config.into_bucket(name),
        };
        let epoch = Epoch::new(&self.created);
        Ok(Bucket { info, epoch })
    }

    pub(super) const fn is_replicated(&self) -> bool {
        self.config.num_replicas > 1
    }

    /// Whether its messages can be read one by one, without a consumer.
    pub(super) const fn allows_direct(&self) -> bool {
        self.config.allow_direct
    }

    /// Whether its messages expire.
    pub(super) const fn expires(&self) -> bool {
        self.config.max_age > 0 || self.config.allow_msg_ttl
    }

    /// Whether an expired key leaves a marker for a while.
    pub(super) const fn leaves_markers(&self) -> bool {
        self.config.subject_delete_marker_ttl > 0
    }

    fn created_at(&self) -> Result<Timestamp> {
        timestamp(&self.created).ok_or(BackendError::Unexpected)
    }

    /// Whether the stream, just created, holds what an earlier one of its name held: JetStream
    /// sometimes brings back the data of a stream that was deleted a moment ago.
    fn is_haunted(&self) -> Result<bool> {
        let last = timestamp(&self.state.last_ts).ok_or(BackendError::Unexpected)?;
        Ok(self.state.last_seq > 0 && last < self.created_at()?)
    }
}

impl StreamConfig {
    fn new(names: &Names, config: &BucketConfig) -> Self {
        let limit = |n: u64| match i64::try_from(n) {
            Ok(n) if n > 0 => n,
            _ => -1,
        };
        let message_size = match config.max_value_size {
            0 => 0,
            size => size + HEADER_BYTES,
        };
        Self {
            name: names.stream.clone(),
            description: config.description.clone(),
            max_msgs_per_subject: limit(config.history),
            max_age: config.ttl_seconds.saturating_mul(NANOSECONDS),
            max_bytes: limit(config.max_bytes),
            max_msg_size: limit(message_size),
            num_replicas: 0,
            allow_direct: false,
            allow_msg_ttl: false,
            subject_delete_marker_ttl: 0,
        }
    }

    /// The bucket's settings. Those of a stream made elsewhere are rendered as well as they can be.
    fn into_bucket(self, name: &BucketName) -> BucketConfig {
        let unlimited = |n: i64| u64::try_from(n).unwrap_or(0);
        BucketConfig {
            name: name.to_string(),
            description: self.description,
            ttl_seconds: self.max_age.div_ceil(NANOSECONDS),
            max_value_size: match unlimited(self.max_msg_size) {
                0 => 0,
                size => size.saturating_sub(HEADER_BYTES).max(1),
            },
            max_bytes: unlimited(self.max_bytes),
            history: unlimited(self.max_msgs_per_subject).max(1),
        }
    }
}

impl NewStream {
    fn new(names: &Names, config: &BucketConfig, replicas: u8) -> Self {
        let config = StreamConfig::new(names, config);
        Self {
            subjects: [names.all()],
            retention: "limits",
            discard: "new",
            storage: "file",
            num_replicas: replicas,
            duplicate_window: match config.max_age {
                0 => DUPLICATE_WINDOW,
                age => age.min(DUPLICATE_WINDOW),
            },
            allow_rollup_hdrs: true,
            deny_delete: true,
            deny_purge: false,
            allow_direct: true,
            config,
        }
    }
}

impl Nats {
    pub(crate) async fn create_bucket(
        &self,
        environment: &Environment,
        bucket: BucketName,
        config: BucketConfig,
    ) -> Result<Creation> {
        let environment = environment.clone();
        let at = BucketAddress {
            environment,
            bucket,
        };
        let names = Names::new(&at);
        let _changing = self.lock(&at).await;
        match self.api.stream_info(&names.stream).await {
            Ok(info) => {
                let bucket = info.into_bucket(&at.bucket)?;
                return if bucket.info.config == config {
                    let is_new = false;
                    Ok(Creation { bucket, is_new })
                } else {
                    Err(KvError::BucketExists.into())
                };
            }
            Err(error) if error.is(code::STREAM_NOT_FOUND) => {}
            Err(error) => return Err(error.into()),
        }
        let stream = self.create_stream(&names, &config).await?;
        self.streams.forget(&names.stream);
        self.remember(&names.stream, stream.state.last_seq, stream.is_replicated());
        let bucket = stream.into_bucket(&at.bucket)?;
        let limit = bucket.info.config.value_limit();
        self.limits.set(&names.stream, limit);
        let is_new = true;
        Ok(Creation { bucket, is_new })
    }

    async fn create_stream(&self, names: &Names, config: &BucketConfig) -> Result<StreamInfo> {
        let stream = &names.stream;
        let create = format!("STREAM.CREATE.{stream}");
        for _ in 0..CREATE_ATTEMPTS {
            let info: StreamInfo = self
                .api
                .request(&create, &NewStream::new(names, config, self.replicas))
                .await?;
            if !info.is_haunted()? {
                return Ok(info);
            }
            tracing::warn!(
                stream,
                "a deleted bucket's data reappeared: recreating the stream"
            );
            sleep(Duration::from_millis(100)).await;
            self.delete_stream(stream).await?;
        }
        Err(BackendError::Unexpected)
    }

    pub(crate) async fn delete_bucket(&self, at: &BucketAddress) -> Result<()> {
        let stream = Names::new(at).stream;
        let _changing = self.lock(at).await;
        let deleted = self.delete_stream(&stream).await;
        self.limits.forget(&stream);
        self.streams.forget(&stream);
        if deleted.is_ok() {
            self.registry.end(&stream);
        }
        deleted
    }

    async fn delete_stream(&self, stream: &str) -> Result<()> {
        let Done {} = self.api.ask(&format!("STREAM.DELETE.{stream}")).await?;
        Ok(())
    }

    pub(crate) async fn buckets(&self, environment: &Environment) -> Result<Vec<Bucket>> {
        let mut buckets = Vec::new();
        let mut offset = 0;
        loop {
            let request = PageRequest {
                offset,
                subject: ALL_SUBJECTS,
            };
            let page: Page = self.api.request("STREAM.LIST", &request).await?;
            let streams = page.streams.unwrap_or_default();
            offset += streams.len();
            let is_last = streams.is_empty() || offset >= page.total;
            for stream in streams {
                if let Some(name) = bucket_of(&stream.config.name, environment) {
                    buckets.push(stream.into_bucket(&name)?);
                }
            }
            if is_last {
                break;
            }
        }
        buckets.sort_unstable_by(|a, b| a.info.config.name.cmp(&b.info.config.name));
        Ok(buckets)
    }

    pub(crate) async fn bucket(&self, at: &BucketAddress) -> Result<Bucket> {
        let stream = Names::new(at).stream;
        let info = self.api.stream_info(&stream).await?;
        self.remember(&stream, info.state.last_seq, info.is_replicated());
        let bucket = info.into_bucket(&at.bucket)?;
        let limit = bucket.info.config.value_limit();
        self.limits.set(&stream, limit);
        Ok(bucket)
    }

    pub(crate) async fn value_limit(&self, at: &BucketAddress) -> Result<u64> {
        let stream = Names::new(at).stream;
        match self.limits.get(&stream) {
            Some(limit) if self.is_known(&stream) => Ok(limit),
            _ => Ok(self.bucket(at).await?.info.config.value_limit()),
        }
    }

    /// The error of a refused publish: a missing stream has no responders.
    pub(super) async fn explain(&self, names: &Names, error: ApiError) -> BackendError {
        if !matches!(error, ApiError::NoResponders) {
            return error.into();
        }
        self.limits.forget(&names.stream);
        match self.api.stream_info(&names.stream).await {
            Ok(_) => BackendError::Unavailable,
            Err(error) => error.into(),
        }
    }

    async fn lock(&self, at: &BucketAddress) -> Option<OwnedMutexGuard<()>> {
        let mut hasher = DefaultHasher::new();
        at.hash(&mut hasher);
        let share = (hasher.finish() % self.changing.len() as u64) as usize;
        let lock = self.changing.get(share)?;
        Some(Arc::clone(lock).lock_owned().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> (BucketName, BucketConfig) {
        let config: BucketConfig = serde_json::from_str(json).unwrap();
        config.normalized().unwrap()
    }

    #[test]
    fn settings_survive_the_way_through_a_stream() {
        for json in [
            r#"{"name":"b"}"#,
            r#"{"name":"b","description":"é","ttl_seconds":1,"max_value_size":1,"max_bytes":1,"history":64}"#,
            r#"{"name":"b","ttl_seconds":9223372036,"max_bytes":9007199254740991}"#,
        ] {
            let (bucket, config) = config(json);
            let environment = Environment::default();
            let names = Names::new(&BucketAddress {
                environment,
                bucket: bucket.clone(),
            });
            let stream = StreamConfig::new(&names, &config);
            assert_eq!(stream.into_bucket(&bucket), config);
        }
    }
}
