//! The watches of this process, by stream, so that deleting a bucket can end its watches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::backend::mailbox::Recipient;

#[derive(Debug, Default)]
struct Streams {
    watches: HashMap<String, HashMap<u64, Arc<dyn Recipient>>>,
    so_far: u64,
}

/// Every running watch. Cheap to clone: all clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Registry(Arc<Mutex<Streams>>);

/// A watch's place in the registry, given up when dropped.
#[derive(Debug)]
pub(super) struct Registration {
    registry: Registry,
    stream: String,
    number: u64,
}

impl Registry {
    pub(super) fn add(&self, stream: &str, recipient: Arc<dyn Recipient>) -> Registration {
        let mut streams = self.lock();
        let number = streams.so_far;
        streams.so_far += 1;
        let watches = streams.watches.entry(stream.to_owned()).or_default();
        watches.insert(number, recipient);
        Registration {
            registry: self.clone(),
            stream: stream.to_owned(),
            number,
        }
    }

    /// Ends the watches of a deleted bucket.
    pub(super) fn end(&self, stream: &str) {
        let watches = self.lock().watches.remove(stream).unwrap_or_default();
        for recipient in watches.values() {
            recipient.bucket_deleted();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut streams = self.registry.lock();
        if let Some(watches) = streams.watches.get_mut(&self.stream) {
            watches.remove(&self.number);
            if watches.is_empty() {
                streams.watches.remove(&self.stream);
            }
        }
    }
}
