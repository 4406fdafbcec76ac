//! Buckets: their names, settings and state.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{KvError, Timestamp};

/// The largest value, in bytes, in a bucket that sets no `maxValueSize` (rule 12).
pub const MAX_VALUE_BYTES: u64 = 1 << 20;

/// The maximum number of revisions of a key that a bucket can keep (rule 8).
pub const MAX_HISTORY: u64 = 64;

/// The longest time to live: the range of a signed 64-bit count of nanoseconds.
const MAX_TTL_SECONDS: u64 = i64::MAX as u64 / 1_000_000_000;

/// The largest size that every party on the wire, JavaScript's numbers among them, holds exactly.
const MAX_SIZE: u64 = (1 << 53) - 1;

/// The largest `maxValueSize`: JetStream counts messages, headers included, in 31 bits.
const MAX_VALUE_SIZE: u64 = i32::MAX as u64 - 1024;

/// The longest description, in bytes: JetStream's limit.
const MAX_DESCRIPTION_BYTES: usize = 4096;

/// A valid bucket name (rule 11): `[A-Za-z0-9_-]+`, at most 200 bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Arc<str>);

impl BucketName {
    /// Reads a bucket name.
    ///
    /// # Errors
    /// [`KvError::Invalid`] says which part of rule 11 the text breaks.
    pub fn parse(text: &str) -> Result<Self, KvError> {
        if text.is_empty() {
            return Err(KvError::Invalid("invalid bucket name: it is empty"));
        }
        if text.len() > 200 {
            return Err(KvError::Invalid(
                "invalid bucket name: it is longer than 200 bytes",
            ));
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !text.bytes().all(legal) {
            return Err(KvError::Invalid(
                "invalid bucket name: only A-Z, a-z, 0-9, '_' and '-' are allowed",
            ));
        }
        Ok(Self(text.into()))
    }

    /// The name, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Deref for BucketName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The settings of a bucket, as `createBucket` sends them. Zero and unset mean the same: no limit,
/// or the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    /// The bucket's name.
    pub name: String,
    /// A message for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How long a message is kept after it was written, in seconds (rule 14); 0: for ever.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ttl_seconds: u64,
    /// The largest value in bytes (rule 12); 0: [`MAX_VALUE_BYTES`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_value_size: u64,
    /// The most bytes the bucket holds (rule 13); 0: no limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_bytes: u64,
    /// How many revisions of a key are kept (rule 8), 1 to [`MAX_HISTORY`]; 0: 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl BucketConfig {
    /// The default settings, normalized.
    pub fn named(name: &BucketName) -> Self {
        Self {
            name: String::from(&**name),
            history: 1,
            ..Self::default()
        }
    }

    /// Checks the settings and fills in the default history, so that equal settings compare equal.
    ///
    /// # Errors
    /// [`KvError::Invalid`] names the setting that is out of range.
    pub fn normalized(mut self) -> Result<(BucketName, Self), KvError> {
        let name = BucketName::parse(&self.name)?;
        if self.description.len() > MAX_DESCRIPTION_BYTES {
            return Err(KvError::Invalid(
                "invalid description: it is longer than 4096 bytes",
            ));
        }
        if self.history > MAX_HISTORY {
            return Err(KvError::Invalid("invalid history: it is more than 64"));
        }
        if self.ttl_seconds > MAX_TTL_SECONDS {
            return Err(KvError::Invalid("invalid ttl_seconds: it is too large"));
        }
        if self.max_value_size > MAX_VALUE_SIZE {
            return Err(KvError::Invalid("invalid max_value_size: it is too large"));
        }
        if self.max_bytes > MAX_SIZE {
            return Err(KvError::Invalid("invalid max_bytes: it is too large"));
        }
        self.history = self.history.max(1);
        Ok((name, self))
    }

    /// The largest value that the bucket accepts, in bytes.
    pub fn value_limit(&self) -> u64 {
        match self.max_value_size {
            0 => MAX_VALUE_BYTES,
            limit => limit,
        }
    }
}

/// The settings and state of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketInfo {
    /// Its settings, normalized.
    pub config: BucketConfig,
    /// How many messages it retains, markers included (rule 17).
    pub values: u64,
    /// How many bytes they take (rule 17).
    pub bytes: u64,
    /// When it was created.
    pub created: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_rule_11() {
        for good in ["a", "my-bucket", "A_1-z", &"b".repeat(200)] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a.b", "a b", "é", "a/b", "..", &"b".repeat(201)] {
            assert_eq!(BucketName::parse(bad).unwrap_err().status(), 400, "{bad}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let config = |json: &str| -> BucketConfig { serde_json::from_str(json).unwrap() };
        for (json, setting) in [
            (r#"{"name":"a","history":65}"#, "history"),
            (r#"{"name":"a","ttl_seconds":9223372037}"#, "ttl_seconds"),
            (r#"{"name":"a","max_bytes":9007199254740992}"#, "max_bytes"),
            (
                r#"{"name":"a","max_value_size":2147482624}"#,
                "max_value_size",
            ),
        ] {
            let error = config(json).normalized().unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
        let described = |length| BucketConfig {
            name: "a".into(),
            description: "d".repeat(length),
            ..BucketConfig::default()
        };
        assert!(described(4096).normalized().is_ok());
        assert!(described(4097).normalized().is_err());
    }

    #[test]
    fn unset_zero_and_default_are_the_same_settings() {
        let a: BucketConfig = serde_json::from_str(r#"{"name":"a"}"#).unwrap();
        let b: BucketConfig =
            serde_json::from_str(r#"{"name":"a","history":1,"max_bytes":0}"#).unwrap();
        assert_eq!(a.normalized(), b.normalized());
    }
}
