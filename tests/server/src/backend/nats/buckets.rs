//! Buckets as streams.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use ironflow_browser::kv::{BucketConfig, BucketName, KvError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;
use tokio::time::sleep;

use super::Nats;
use super::api::{ApiError, code};
use super::names::{ALL_SUBJECTS, Names, bucket_of};
use super::settings::Settings;
use super::stream_info::{NewStream, StreamInfo, USE_OF_TTL, USED};
use crate::address::BucketAddress;
use crate::backend::{BackendError, Bucket, Creation, Result, WriteLimits};
use crate::environment::Environment;

/// How often a stream whose deleted messages reappear is recreated.
const CREATE_ATTEMPTS: u32 = 10;

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
        self.learn(&names.stream, &stream);
        let bucket = stream.into_bucket(&at.bucket)?;
        let is_new = true;
        Ok(Creation { bucket, is_new })
    }

    /// Remembers what is known of a stream.
    fn learn(&self, name: &str, stream: &StreamInfo) {
        self.remember(name, stream.state.last_seq, stream.is_replicated());
        self.settings.set(name, stream.settings());
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
        self.settings.forget(&stream);
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
        buckets.sort_unstable_by(|a: &Bucket, b| a.info.config.name.cmp(&b.info.config.name));
        Ok(buckets)
    }

    pub(crate) async fn bucket(&self, at: &BucketAddress) -> Result<Bucket> {
        let stream = Names::new(at).stream;
        let info = self.api.stream_info(&stream).await?;
        self.learn(&stream, &info);
        info.into_bucket(&at.bucket)
    }

    pub(crate) async fn write_limits(&self, at: &BucketAddress) -> Result<WriteLimits> {
        let settings = self.settings(&Names::new(at)).await?;
        Ok(WriteLimits {
            value: settings.value_limit,
            takes_ttl: settings.features.key_ttl,
        })
    }

    /// The settings of a bucket, a moment old at most.
    pub(super) async fn settings(&self, names: &Names) -> Result<Settings> {
        let stream = &names.stream;
        match self.settings.get(stream) {
            Some(settings) if self.is_known(stream) => Ok(settings),
            _ => {
                let info = self.api.stream_info(stream).await?;
                self.learn(stream, &info);
                Ok(info.settings())
            }
        }
    }

    /// Records in a stream that its messages may expire, before the first one that does.
    pub(super) async fn note_ttl(&self, at: &BucketAddress, names: &Names) -> Result<()> {
        let _changing = self.lock(at).await;
        if self.settings(names).await?.expires {
            return Ok(());
        }
        let stream = &names.stream;
        let mut info: Value = self.api.ask(&format!("STREAM.INFO.{stream}")).await?;
        let config = &mut info["config"];
        config["metadata"][USE_OF_TTL] = USED.into();
        let update = format!("STREAM.UPDATE.{stream}");
        let updated: StreamInfo = self.api.request(&update, &*config).await?;
        self.learn(stream, &updated);
        Ok(())
    }

    /// The error of a refused publish: a missing stream has no responders.
    pub(super) async fn explain(&self, names: &Names, error: ApiError) -> BackendError {
        if !matches!(error, ApiError::NoResponders) {
            return error.into();
        }
        self.settings.forget(&names.stream);
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
