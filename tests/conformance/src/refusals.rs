//! The refusals, in the one wording that every backend uses.

use crate::Failure;

fn refusal(status: u16, words: &str) -> Failure {
    Failure {
        status,
        message: words.to_owned(),
    }
}

pub(crate) fn bucket_not_found() -> Failure {
    refusal(404, "bucket not found")
}

pub(crate) fn key_not_found() -> Failure {
    refusal(404, "key not found")
}

pub(crate) fn bucket_exists() -> Failure {
    refusal(409, "bucket already exists with different settings")
}

pub(crate) fn key_exists() -> Failure {
    refusal(412, "key already exists")
}

pub(crate) fn revision_mismatch() -> Failure {
    refusal(412, "revision mismatch")
}

pub(crate) fn value_too_large() -> Failure {
    refusal(413, "value too large")
}

pub(crate) fn bucket_full() -> Failure {
    refusal(507, "bucket is full")
}

pub(crate) fn invalid(what: &str, why: &str) -> Failure {
    refusal(400, &format!("invalid {what}: {why}"))
}
