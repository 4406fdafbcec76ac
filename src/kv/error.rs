//! Why a backend refuses an operation.

/// A refusal. Every backend gives the same one, in the same words, for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// No bucket has this name (rule 16).
    #[error("bucket not found")]
    BucketNotFound,
    /// The key is missing, deleted, purged or expired (rules 5 to 7).
    #[error("key not found")]
    KeyNotFound,
    /// `create` met a live key (rule 4).
    #[error("key already exists")]
    KeyExists,
    /// `update` named a revision that is not the key's last (rule 3).
    #[error("revision mismatch")]
    RevisionMismatch,
    /// The bucket exists with other settings (rule 16).
    #[error("bucket already exists with different settings")]
    BucketExists,
    /// The value is larger than the bucket takes (rule 12).
    #[error("value too large")]
    ValueTooLarge,
    /// The bucket's `maxBytes` leave no room (rule 13).
    #[error("bucket is full")]
    BucketFull,
    /// A name, key, pattern or setting is not well formed (rules 10 and 11).
    #[error("{0}")]
    Invalid(&'static str),
}

impl KvError {
    /// The HTTP status that carries this refusal.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::BucketNotFound | Self::KeyNotFound => 404,
            Self::BucketExists => 409,
            Self::KeyExists | Self::RevisionMismatch => 412,
            Self::ValueTooLarge => 413,
            Self::BucketFull => 507,
        }
    }
}
