//! What matters of each bucket's settings, remembered so that an operation need not ask.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::features::Features;

/// How long an answer holds. This process forgets a bucket it deletes at once; this is for buckets
/// that others delete and create again with other settings.
const LIFETIME: Duration = Duration::from_secs(2);

/// How many are remembered.
const CAPACITY: usize = 10_000;

/// The settings that operations on keys depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// The size of the largest value.
    pub(super) value_limit: u64,
    /// How long a message is retained; `None` for ever.
    pub(super) max_age: Option<Duration>,
    pub(super) features: Features,
    /// Whether messages may expire: with a time to live of their own, if not with the bucket's.
    pub(super) expires: bool,
    /// Whether a direct get gives what the leader has: the stream has one replica. (A mirror that answers
    /// direct gets would lag behind; nothing here makes one.)
    pub(super) reads_direct: bool,
}

#[derive(Debug, Default)]
pub(super) struct KnownSettings(Mutex<HashMap<String, (Settings, Instant)>>);

impl KnownSettings {
    pub(super) fn get(&self, stream: &str) -> Option<Settings> {
        let known = self.lock();
        let (settings, since) = known.get(stream)?;
        (since.elapsed() < LIFETIME).then_some(*settings)
    }

    pub(super) fn set(&self, stream: &str, settings: Settings) {
        let mut known = self.lock();
        if known.len() >= CAPACITY {
            known.retain(|_, (_, since)| since.elapsed() < LIFETIME);
        }
        known.insert(stream.to_owned(), (settings, Instant::now()));
    }

    pub(super) fn forget(&self, stream: &str) {
        self.lock().remove(stream);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Settings, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
