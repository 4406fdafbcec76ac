//! The read requests of a feed: which keys, for which requester, and how many at the same time.
//!
//! Concurrency follows additive increase, multiplicative decrease: each failure halves the number of
//! reads in flight and pauses the queue, with exponential backoff; a window of successful reads adds one.

use crate::config::RetryPolicy;
use crate::feed::{RequestId, SubscriberId};
use crate::kv::Key;

/// The maximum number of concurrent reads over HTTP/1.1, where browsers open six connections to a server.
const MAX_CONCURRENT_READS: usize = 6;

/// The maximum over HTTP/2 and later.
pub(in crate::feed) const MAX_MULTIPLEXED_READS: usize = 64;

/// How often a key is read again whose entry is older than what was delivered already.
const MAX_STALE_READS: u8 = 5;

/// How often the read of a key may fail while reads of other keys succeed.
const MAX_READ_FAILURES: u8 = 5;

/// The pauses after failures in a row.
const PAUSES: RetryPolicy = RetryPolicy {
    enabled: true,
    max_attempts: -1.0,
    initial: 250.0,
    max: 30_000.0,
    multiplier: 2.0,
};

/// What an entry is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::feed) enum Requester {
    /// The resync of the feed.
    Feed,
    /// The initial entries of a subscriber.
    Subscriber(SubscriberId),
}

#[derive(Debug)]
struct Batch {
    requester: Requester,
    /// The last is read first.
    keys: Vec<Key>,
    in_flight: usize,
    /// How many are read at a time, if not as many as the queue allows.
    at_a_time: usize,
    /// How many at the end are read again, after a failure.
    retried: usize,
}

#[derive(Debug)]
pub(in crate::feed) struct InFlightRead {
    request: RequestId,
    pub(in crate::feed) key: Key,
    pub(in crate::feed) requesters: Vec<Requester>,
    stale: u8,
    /// Whether it was sent before the current listing: its entry may be older.
    is_old: bool,
}

/// A key whose read failed.
#[derive(Debug)]
struct Failing {
    key: Key,
    failures: u8,
    /// How many reads had succeeded when it failed first.
    since: usize,
}

/// The keys to read, and the reads in flight.
#[derive(Debug)]
pub(in crate::feed) struct FetchQueue {
    /// The one that was served last is last.
    batches: Vec<Batch>,
    in_flight: Vec<InFlightRead>,
    failing: Vec<Failing>,
    max_concurrent: usize,
    /// How many reads may be in flight now.
    window: usize,
    /// Successful reads, all and since the window last changed.
    succeeded: usize,
    in_window: usize,
    /// Pauses in a row.
    pauses: f64,
    paused: bool,
}

impl FetchQueue {
    pub(in crate::feed) const fn new() -> Self {
        Self {
            batches: Vec::new(),
            in_flight: Vec::new(),
            failing: Vec::new(),
            max_concurrent: MAX_CONCURRENT_READS,
            window: MAX_CONCURRENT_READS,
            succeeded: 0,
            in_window: 0,
            pauses: 0.0,
            paused: false,
        }
    }

    /// Allows more reads in flight, where one connection carries many.
    pub(in crate::feed) fn set_max_concurrent(&mut self, max_concurrent: usize) {
        if self.max_concurrent < max_concurrent {
            self.max_concurrent = max_concurrent;
            self.window = max_concurrent;
        }
    }

    /// Adds keys to read, the last first, and at most so many at a time. There must be some.
    pub(in crate::feed) fn add(&mut self, requester: Requester, keys: Vec<Key>, at_a_time: usize) {
        self.batches.push(Batch {
            requester,
            keys,
            in_flight: 0,
            at_a_time,
            retried: 0,
        });
    }

    /// Begins to read the next key, if more may be read now.
    pub(in crate::feed) fn next(
        &mut self,
        mut request: impl FnMut() -> RequestId,
    ) -> Option<(RequestId, Key)> {
        let mut idle = 0;
        while !self.paused && self.in_flight.len() < self.window && idle < self.batches.len() {
            let mut batch = self.batches.remove(0);
            let is_free = batch.in_flight < batch.at_a_time || batch.retried > 0;
            let key = if is_free { batch.keys.pop() } else { None };
            let requester = batch.requester;
            if key.is_some() {
                batch.in_flight += 1;
                batch.retried = batch.retried.saturating_sub(1);
            }
            self.batches.push(batch);
            let Some(key) = key else {
                idle += 1;
                continue;
            };
            idle = 0;
            let is_same = |read: &&mut InFlightRead| read.key == key && !read.is_old;
            if let Some(read) = self.in_flight.iter_mut().find(is_same) {
                read.requesters.push(requester);
                continue;
            }
            let request = request();
            self.in_flight.push(InFlightRead {
                request,
                key: key.clone(),
                requesters: vec![requester],
                stale: 0,
                is_old: false,
            });
            return Some((request, key));
        }
        None
    }

    /// A new listing begins: requests in flight do not serve it.
    pub(in crate::feed) fn begin_listing(&mut self) {
        for read in &mut self.in_flight {
            read.is_old = true;
        }
    }

    /// A response has arrived.
    pub(in crate::feed) fn complete(&mut self, request: RequestId) -> Option<InFlightRead> {
        let at = self.in_flight.iter().position(|f| f.request == request)?;
        Some(self.in_flight.swap_remove(at))
    }

    /// The server answers again: the next pause is a short one.
    pub(in crate::feed) const fn end_pauses(&mut self) {
        self.pauses = 0.0;
    }

    /// A read has succeeded.
    pub(in crate::feed) fn note_success(&mut self, key: &Key) {
        self.end_pauses();
        self.succeeded += 1;
        self.in_window += 1;
        if self.in_window >= self.window {
            self.in_window = 0;
            self.window = (self.window + 1).min(self.max_concurrent);
        }
        if !self.failing.is_empty() {
            self.failing.retain(|failing| failing.key != *key);
        }
    }

    /// A request has failed: fewer reads at a time, after a pause. Gives the pause to begin, in
    /// milliseconds; none: one has begun already.
    pub(in crate::feed) fn slow_down(&mut self) -> Option<f64> {
        if self.paused {
            return None;
        }
        self.window = (self.window / 2).max(1);
        self.in_window = 0;
        self.paused = true;
        self.pauses += 1.0;
        Some(PAUSES.backoff(self.pauses))
    }

    pub(in crate::feed) const fn resume(&mut self) {
        self.paused = false;
    }

    /// Puts the key of a failed read back. False: it fails again and again while others can be read.
    pub(in crate::feed) fn retry(&mut self, read: &InFlightRead) -> bool {
        let succeeded = self.succeeded;
        let at = self.failing.iter().position(|f| f.key == read.key);
        let at = at.unwrap_or_else(|| {
            self.failing.push(Failing {
                key: read.key.clone(),
                failures: 0,
                since: succeeded,
            });
            self.failing.len() - 1
        });
        let failing = &mut self.failing[at];
        failing.failures = failing.failures.saturating_add(1);
        if failing.failures >= MAX_READ_FAILURES && failing.since < succeeded {
            self.failing.swap_remove(at);
            return false;
        }
        for requester in &read.requesters {
            let batch = self.batches.iter_mut().find(|b| b.requester == *requester);
            if let Some(batch) = batch {
                batch.in_flight = batch.in_flight.saturating_sub(1);
                // Before those that are still to be read, so that others show whether it alone fails.
                let mut at = 0;
                if batch.at_a_time < usize::MAX {
                    at = batch.keys.len();
                    batch.retried += 1;
                }
                batch.keys.insert(at, read.key.clone());
            }
        }
        true
    }

    /// Reads a key again whose entry was stale. False: it was read too often.
    pub(in crate::feed) fn again(&mut self, read: &mut InFlightRead, request: RequestId) -> bool {
        if read.stale == MAX_STALE_READS {
            return false;
        }
        self.in_flight.push(InFlightRead {
            request,
            key: read.key.clone(),
            requesters: std::mem::take(&mut read.requesters),
            stale: read.stale + 1,
            is_old: false,
        });
        true
    }

    /// A key of the requester is done. Gives whether it was the last.
    pub(in crate::feed) fn done(&mut self, requester: Requester) -> bool {
        let is_of = |batch: &Batch| batch.requester == requester;
        let Some(at) = self.batches.iter().position(is_of) else {
            return false;
        };
        let batch = &mut self.batches[at];
        batch.in_flight = batch.in_flight.saturating_sub(1);
        if batch.in_flight == 0 && batch.at_a_time == 0 {
            batch.at_a_time = usize::MAX;
        }
        let last = batch.in_flight == 0 && batch.keys.is_empty();
        if last {
            self.batches.remove(at);
        }
        last
    }

    /// The keys of the requester of which no read was begun, and the other keys that are not read yet, if
    /// few are read at a time.
    pub(in crate::feed) fn unread(&self, requester: Requester) -> Option<(&[Key], Vec<Key>)> {
        let is_narrow = |b: &&Batch| b.requester == requester && b.at_a_time < usize::MAX;
        let batch = self.batches.iter().find(is_narrow)?;
        let (unread, retried) = batch.keys.split_at(batch.keys.len() - batch.retried);
        let mut others = retried.to_vec();
        for read in &self.in_flight {
            if read.requesters.contains(&requester) {
                others.push(read.key.clone());
            }
        }
        Some((unread, others))
    }

    /// Reads no further keys for the requester.
    pub(in crate::feed) fn cut_short(&mut self, requester: Requester) {
        for batch in &mut self.batches {
            if batch.requester == requester {
                batch.keys.drain(..batch.keys.len() - batch.retried);
            }
        }
    }

    /// Changes how many keys of the requester are read at a time. 0: the reads in flight decide; if they
    /// are done and nothing has changed, as many as the queue allows.
    pub(in crate::feed) fn set_at_a_time(&mut self, requester: Requester, at_a_time: usize) {
        for batch in &mut self.batches {
            if batch.requester == requester {
                batch.at_a_time = at_a_time;
            }
        }
    }

    /// Removes a requester.
    pub(in crate::feed) fn forget(&mut self, requester: Requester) {
        self.batches.retain(|batch| batch.requester != requester);
        for read in &mut self.in_flight {
            read.requesters.retain(|other| *other != requester);
        }
    }

    /// Removes everything. A pause goes on.
    pub(in crate::feed) fn clear(&mut self) {
        self.batches.clear();
        self.in_flight.clear();
        self.failing.clear();
    }
}

/// The keys to read.
pub(in crate::feed) fn filtered(keys: &[Key], wanted: &mut dyn FnMut(&Key) -> bool) -> Vec<Key> {
    let mut filtered = Vec::new();
    for key in keys {
        if wanted(key) {
            filtered.push(key.clone());
        }
    }
    filtered
}
