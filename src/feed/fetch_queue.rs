//! The entries that a feed reads: which, for whom, and no more at a time than leave an application's
//! own requests their share.

use super::{RequestId, SubscriberId};
use crate::kv::Key;

/// How many keys are read at the same time. Browsers open six connections to a server over HTTP/1.1.
const MAX_CONCURRENT_READS: usize = 6;

/// How often a key is read again whose entry is older than what was delivered already.
const MAX_STALE_READS: u8 = 5;

/// Whom an entry is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Requester {
    /// For everybody: the feed catches up.
    Feed,
    /// For one subscriber's initial entries.
    Subscriber(SubscriberId),
}

#[derive(Debug)]
struct Batch {
    requester: Requester,
    /// The last is read first.
    keys: Vec<Key>,
    /// How many are being read.
    fetches: usize,
    max_concurrent: usize,
}

#[derive(Debug)]
pub(super) struct InFlightRead {
    request: RequestId,
    pub(super) key: Key,
    pub(super) requesters: Vec<Requester>,
    stale: u8,
}

/// Those of the keys that are to be read.
pub(super) fn those(keys: &[Key], wanted: &mut dyn FnMut(&Key) -> bool) -> Vec<Key> {
    let mut those = Vec::new();
    for key in keys {
        if wanted(key) {
            those.push(key.clone());
        }
    }
    those
}

/// What is to be read, and what is being read.
#[derive(Debug, Default)]
pub(super) struct FetchQueue {
    /// The one that was served last is last.
    batches: Vec<Batch>,
    in_flight: Vec<InFlightRead>,
}

impl FetchQueue {
    /// Adds keys to read, the last first. There must be some.
    pub(super) fn add(&mut self, requester: Requester, keys: Vec<Key>) {
        self.batches.push(Batch {
            requester,
            keys,
            fetches: 0,
            max_concurrent: MAX_CONCURRENT_READS,
        });
    }

    /// As [`FetchQueue::add`], one key after another.
    pub(super) fn add_in_turn(&mut self, requester: Requester, keys: Vec<Key>) {
        self.add(requester, keys);
        if let Some(batch) = self.batches.last_mut() {
            batch.max_concurrent = 1;
        }
    }

    /// Begins to read the next key, if more may be read now.
    pub(super) fn next(
        &mut self,
        mut request: impl FnMut() -> RequestId,
    ) -> Option<(RequestId, Key)> {
        let mut idle = 0;
        while self.in_flight.len() < MAX_CONCURRENT_READS && idle < self.batches.len() {
            let mut batch = self.batches.remove(0);
            let free = batch.fetches < batch.max_concurrent;
            let key = if free { batch.keys.pop() } else { None };
            let requester = batch.requester;
            batch.fetches += usize::from(key.is_some());
            self.batches.push(batch);
            let Some(key) = key else {
                idle += 1;
                continue;
            };
            idle = 0;
            if let Some(read) = self.in_flight.iter_mut().find(|read| read.key == key) {
                read.requesters.push(requester);
                continue;
            }
            let request = request();
            self.in_flight.push(InFlightRead {
                request,
                key: key.clone(),
                requesters: vec![requester],
                stale: 0,
            });
            return Some((request, key));
        }
        None
    }

    /// The answer has come.
    pub(super) fn complete(&mut self, request: RequestId) -> Option<InFlightRead> {
        let at = self.in_flight.iter().position(|f| f.request == request)?;
        Some(self.in_flight.swap_remove(at))
    }

    /// Reads the key again: the answer was stale. Not for ever: `false` where it is to be taken as it is.
    pub(super) fn again(&mut self, read: &mut InFlightRead, request: RequestId) -> bool {
        if read.stale == MAX_STALE_READS {
            return false;
        }
        self.in_flight.push(InFlightRead {
            request,
            key: read.key.clone(),
            requesters: std::mem::take(&mut read.requesters),
            stale: read.stale + 1,
        });
        true
    }

    /// One key of the requester's is done with. Whether it was its last.
    pub(super) fn done(&mut self, requester: Requester) -> bool {
        let Some(at) = self
            .batches
            .iter()
            .position(|batch| batch.requester == requester)
        else {
            return false;
        };
        let batch = &mut self.batches[at];
        batch.fetches = batch.fetches.saturating_sub(1);
        let last = batch.fetches == 0 && batch.keys.is_empty();
        if last {
            self.batches.remove(at);
        }
        last
    }

    /// Reads no further keys for the requester.
    pub(super) fn cut_short(&mut self, requester: Requester) {
        for batch in &mut self.batches {
            if batch.requester == requester {
                batch.keys.clear();
            }
        }
    }

    /// The requester wants nothing any more.
    pub(super) fn forget(&mut self, requester: Requester) {
        while let Some(at) = self
            .batches
            .iter()
            .position(|batch| batch.requester == requester)
        {
            self.batches.remove(at);
        }
        for read in &mut self.in_flight {
            while let Some(at) = read.requesters.iter().position(|other| *other == requester) {
                read.requesters.remove(at);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.in_flight.clear();
    }
}
