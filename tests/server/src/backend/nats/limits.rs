//! The largest value of each bucket, remembered so that a write need not ask.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer holds. This process forgets a bucket it deletes at once; this is for buckets
/// that others delete and create again with another limit.
const LIFETIME: Duration = Duration::from_secs(2);

/// How many are remembered.
const CAPACITY: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<HashMap<String, (u64, Instant)>>);

impl Limits {
    pub(super) fn get(&self, stream: &str) -> Option<u64> {
        let limits = self.lock();
        let (limit, since) = limits.get(stream)?;
        (since.elapsed() < LIFETIME).then_some(*limit)
    }

    pub(super) fn set(&self, stream: &str, limit: u64) {
        let mut limits = self.lock();
        if limits.len() >= CAPACITY {
            limits.retain(|_, (_, since)| since.elapsed() < LIFETIME);
        }
        limits.insert(stream.to_owned(), (limit, Instant::now()));
    }

    pub(super) fn forget(&self, stream: &str) {
        self.lock().remove(stream);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
