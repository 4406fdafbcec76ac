//! The JSON bodies of the server's responses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_conformance::{BucketInfo, Entry};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InfoBody {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) ttl_seconds: u64,
    pub(crate) values: u64,
    pub(crate) bytes: u64,
    pub(crate) history: u64,
    pub(crate) created_at: String,
    pub(crate) epoch: String,
    pub(crate) features: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(crate) struct InfosBody {
    pub(crate) buckets: Vec<InfoBody>,
    pub(crate) count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryBody {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    pub(crate) revision: u64,
    pub(crate) created_at: String,
    pub(crate) operation: String,
    pub(crate) reason: Option<String>,
    pub(crate) expires_at: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct RevisionBody {
    pub(crate) revision: u64,
    pub(crate) expires_at: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct KeysBody {
    pub(crate) keys: Vec<String>,
    pub(crate) count: usize,
}

#[derive(Deserialize)]
pub(crate) struct RefusalBody {
    pub(crate) error: String,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) unknown: bool,
}

impl EntryBody {
    /// The stored bytes, where there are any.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let value = self.value.as_ref()?;
        Some(STANDARD.decode(value).unwrap())
    }
}

impl From<EntryBody> for Entry {
    fn from(body: EntryBody) -> Self {
        Self {
            value: body.bytes().unwrap(),
            key: body.key,
            revision: body.revision,
            operation: body.operation,
            created_at: body.created_at,
            expires_at: body.expires_at,
        }
    }
}

impl From<InfoBody> for BucketInfo {
    fn from(body: InfoBody) -> Self {
        assert!(!body.epoch.is_empty());
        Self {
            name: body.name,
            description: body.description,
            ttl_seconds: body.ttl_seconds,
            values: body.values,
            bytes: body.bytes,
            history: body.history,
            created_at: body.created_at,
        }
    }
}
