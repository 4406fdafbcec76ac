//! Errors of a backend.

/// A backend's error. Every backend returns the same error and message for the same cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum KvError {
    /// No bucket has this name (rule 16).
    BucketNotFound,
    /// The key is missing, deleted, purged or expired (rules 5 to 7).
    KeyNotFound,
    /// `create` of a live key (rule 4).
    KeyExists,
    /// `update` with a revision that is not the key's last (rule 3).
    RevisionMismatch,
    /// The bucket exists with other settings (rule 16).
    BucketExists,
    /// The value is larger than the bucket's limit (rule 12).
    ValueTooLarge,
    /// The write would exceed the bucket's `maxBytes` (rule 13).
    BucketFull,
    /// A name, key, pattern or setting is not well formed (rules 10 and 11).
    Invalid(&'static str),
}

impl KvError {
    /// The message for people.
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

    /// The `code` of an error body, for programs.
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

    /// The HTTP status of this error.
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
