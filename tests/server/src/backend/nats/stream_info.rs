//! A stream's settings and state, and what they are as a bucket's.

use std::collections::BTreeMap;
use std::time::Duration;

use ironflow_browser::kv::{BucketConfig, BucketInfo, BucketName, MAX_VALUE_BYTES, Timestamp};
use serde::{Deserialize, Serialize};

use super::api::Api;
use super::message::timestamp;
use super::names::Names;
use super::settings::Settings;
use crate::backend::{BackendError, Bucket, Epoch, Result};
use crate::features::Features;

/// JetStream counts headers as part of a message: room for the longest that a write here has.
const HEADER_BYTES: u64 = 128;

const NANOSECONDS: u64 = 1_000_000_000;

/// The longest that JetStream looks for repeated messages. Nothing here makes any, but it insists
/// on at most the age of the messages.
const DUPLICATE_WINDOW: u64 = 120 * NANOSECONDS;

/// How long the marker of an expired key stays: the shortest that JetStream takes. It raises every
/// shorter time to live of a message to this one.
const MARKER_TTL: u64 = NANOSECONDS;

/// The metadata of a stream that records whether a message ever had a TTL of its own. Without one, and
/// without `max_age`, no key expires, and clients that resume need no list of the live keys.
pub(super) const USE_OF_TTL: &str = "ironflow.ttl";
const UNUSED: &str = "unused";
pub(super) const USED: &str = "used";

/// What a stream is and holds, as far as it matters.
#[derive(Debug, Deserialize)]
pub(super) struct StreamInfo {
    pub(super) config: StreamConfig,
    pub(super) created: String,
    pub(super) state: StreamState,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StreamConfig {
    pub(super) name: String,
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
    /// As JetStream says. What is asked for is [`NewStream::allow_direct`].
    #[serde(default, skip_serializing)]
    allow_direct: bool,
    /// Whether a message may have a time to live of its own.
    #[serde(default)]
    allow_msg_ttl: bool,
    /// How long the marker of an expired key stays; 0: there is none.
    #[serde(default)]
    subject_delete_marker_ttl: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    /// As JetStream says. What is asked for is [`NewStream::num_replicas`].
    #[serde(default, skip_serializing)]
    num_replicas: u8,
}

/// The settings a stream needs to behave as a bucket.
#[derive(Serialize)]
pub(super) struct NewStream {
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

impl Api {
    pub(super) async fn stream_info(&self, stream: &str) -> super::api::Result<StreamInfo> {
        self.ask(&format!("STREAM.INFO.{stream}")).await
    }
}

impl StreamInfo {
    pub(super) fn into_bucket(self, name: &BucketName) -> Result<Bucket> {
        let features = self.config.features();
        let info = BucketInfo {
            created: self.created_at()?,
            values: self.state.messages,
            bytes: self.state.bytes,
            config: self.config.into_bucket(name),
        };
        let epoch = Epoch::new(&self.created);
        Ok(Bucket {
            info,
            epoch,
            features,
        })
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            value_limit: self.config.value_limit().unwrap_or(MAX_VALUE_BYTES),
            max_age: match self.config.max_age {
                0 => None,
                age => Some(Duration::from_nanos(age)),
            },
            features: self.config.features(),
            expires: self.expires(),
            reads_direct: self.allows_direct() && !self.is_replicated(),
        }
    }

    pub(super) const fn is_replicated(&self) -> bool {
        self.config.num_replicas > 1
    }

    /// Whether its messages can be read one by one, without a consumer.
    pub(super) const fn allows_direct(&self) -> bool {
        self.config.allow_direct
    }

    /// Whether its messages may expire.
    pub(super) fn expires(&self) -> bool {
        let is_unused = || {
            let use_of_ttl = self.config.metadata.get(USE_OF_TTL);
            use_of_ttl.is_some_and(|text| text == UNUSED)
        };
        self.config.max_age > 0 || self.config.allow_msg_ttl && !is_unused()
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
    pub(super) fn is_haunted(&self) -> Result<bool> {
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
        // In a full stream there is no room for a marker, and a message that expires would stay for
        // want of it: a bucket with a limit lets its messages go without markers.
        let has_markers = config.max_bytes == 0;
        Self {
            name: names.stream.clone(),
            description: config.description.clone(),
            max_msgs_per_subject: limit(config.history),
            max_age: config.ttl_seconds.saturating_mul(NANOSECONDS),
            max_bytes: limit(config.max_bytes),
            max_msg_size: limit(message_size),
            num_replicas: 0,
            allow_direct: false,
            allow_msg_ttl: has_markers,
            subject_delete_marker_ttl: if has_markers { MARKER_TTL } else { 0 },
            metadata: has_markers
                .then(|| (USE_OF_TTL.to_owned(), UNUSED.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    /// The extensions that the bucket has. Streams made elsewhere, or by earlier versions, may have no
    /// markers, or markers that stay for longer than the shortest time to live.
    const fn features(&self) -> Features {
        let marker_ttl = self.subject_delete_marker_ttl;
        Features {
            key_ttl: self.allow_msg_ttl && marker_ttl > 0 && marker_ttl <= MARKER_TTL,
            expiry_events: marker_ttl > 0,
        }
    }

    /// The size of the largest value, where there is a limit.
    fn value_limit(&self) -> Option<u64> {
        match u64::try_from(self.max_msg_size) {
            Ok(0) | Err(_) => None,
            Ok(size) => Some(size.saturating_sub(HEADER_BYTES).max(1)),
        }
    }

    /// The bucket's settings. Those of a stream made elsewhere are rendered as well as they can be.
    fn into_bucket(self, name: &BucketName) -> BucketConfig {
        let unlimited = |n: i64| u64::try_from(n).unwrap_or(0);
        BucketConfig {
            name: name.to_string(),
            max_value_size: self.value_limit().unwrap_or(0),
            description: self.description,
            ttl_seconds: self.max_age.div_ceil(NANOSECONDS),
            max_bytes: unlimited(self.max_bytes),
            history: unlimited(self.max_msgs_per_subject).max(1),
        }
    }
}

impl NewStream {
    pub(super) fn new(names: &Names, config: &BucketConfig, replicas: u8) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::BucketAddress;
    use crate::environment::Environment;

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

    #[test]
    fn a_stream_without_short_lived_markers_lacks_extensions() {
        let features = |json: &str| {
            let stream: StreamConfig = serde_json::from_str(json).unwrap();
            let features = stream.features();
            (features.key_ttl, features.expiry_events)
        };
        for (json, wanted) in [
            (r#"{"name":"KV_b"}"#, (false, false)),
            (r#"{"name":"KV_b","allow_msg_ttl":true}"#, (false, false)),
            (
                r#"{"name":"KV_b","allow_msg_ttl":true,"subject_delete_marker_ttl":1000000000}"#,
                (true, true),
            ),
            (
                r#"{"name":"KV_b","allow_msg_ttl":true,"subject_delete_marker_ttl":60000000000}"#,
                (false, true),
            ),
        ] {
            assert_eq!(features(json), wanted, "{json}");
        }
    }
}
