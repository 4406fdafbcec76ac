//! Why a backend refuses an operation.

/// A refusal. Every backend gives the same one, in the same words, for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum KvError {
    /// No bucket has this name (rule 16).
    BucketNotFound,
    /// The key is missing, deleted, purged or expired (rules 5 to 7).
    KeyNotFound,
    /// `create` met a live key (rule 4).
    KeyExists,
    /// `update` named a revision that is not the key's last (rule 3).
    RevisionMismatch,
    /// The bucket exists with other settings (rule 16).
    BucketExists,
    /// The value is larger than the bucket takes (rule 12).
    ValueTooLarge,
    /// The bucket's `maxBytes` leave no room (rule 13).
    BucketFull,
    /// A name, key, pattern or setting is not well formed (rules 10 and 11).
    Invalid(&'static str),
}

impl KvError {
    /// What is wrong, in words for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BucketNotFound => "bucket not found",
            Self::KeyNotFound => "key not found",
            Self::KeyExists => "key already exists",
            Self::RevisionMismatch => "revision mismatch",
            Self::BucketExists => "bucket already exists with different settings",
            Self::ValueTooLarge => "value too large",
            Self::BucketFull => "bucket is full",
            Self::Invalid(words) => words,
        }
    }

    /// What is wrong, in one word for programs: the `code` of an error body.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BucketNotFound => "bucket_not_found",
            Self::KeyNotFound => "key_not_found",
            Self::KeyExists => "key_exists",
            Self::RevisionMismatch => "revision_mismatch",
            Self::BucketExists => "bucket_exists",
            Self::ValueTooLarge => "value_too_large",
            Self::BucketFull => "bucket_full",
            Self::Invalid(_) => "invalid_request",
        }
    }

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
