//! The entries that a feed reads: which, for whom, and no more at a time than leave an application's
//! own requests their share.

use super::{SubscriberId, Ticket};
use crate::kv::Key;

/// How many keys are read at the same time. Browsers open six connections to a server over HTTP/1.1.
const AT_ONCE: usize = 6;

/// How often a key is read again whose entry is older than what was told already.
const STALE_READS: u8 = 5;

/// Whom an entry is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// For everybody: the feed catches up.
    Feed,
    /// For one subscriber's initial entries.
    Subscriber(SubscriberId),
}

#[derive(Debug)]
struct Job {
    reader: Reader,
    /// The last is read first.
    keys: Vec<Key>,
    /// How many are being read.
    reading: usize,
    at_once: usize,
}

#[derive(Debug)]
pub(super) struct Flight {
    ticket: Ticket,
    pub(super) key: Key,
    pub(super) readers: Vec<Reader>,
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
pub(super) struct Reading {
    /// The one that was served last is last.
    jobs: Vec<Job>,
    flights: Vec<Flight>,
}

impl Reading {
    /// Adds keys to read, the last first. There must be some.
    pub(super) fn add(&mut self, reader: Reader, keys: Vec<Key>) {
        self.jobs.push(Job {
            reader,
            keys,
            reading: 0,
            at_once: AT_ONCE,
        });
    }

    /// As [`Reading::add`], one key after another.
    pub(super) fn add_in_turn(&mut self, reader: Reader, keys: Vec<Key>) {
        self.add(reader, keys);
        if let Some(job) = self.jobs.last_mut() {
            job.at_once = 1;
        }
    }

    /// Begins to read the next key, if more may be read now.
    pub(super) fn next(&mut self, mut ticket: impl FnMut() -> Ticket) -> Option<(Ticket, Key)> {
        let mut idle = 0;
        while self.flights.len() < AT_ONCE && idle < self.jobs.len() {
            let mut job = self.jobs.remove(0);
            let free = job.reading < job.at_once;
            let key = if free { job.keys.pop() } else { None };
            let reader = job.reader;
            job.reading += usize::from(key.is_some());
            self.jobs.push(job);
            let Some(key) = key else {
                idle += 1;
                continue;
            };
            idle = 0;
            if let Some(flight) = self.flights.iter_mut().find(|flight| flight.key == key) {
                flight.readers.push(reader);
                continue;
            }
            let ticket = ticket();
            self.flights.push(Flight {
                ticket,
                key: key.clone(),
                readers: vec![reader],
                stale: 0,
            });
            return Some((ticket, key));
        }
        None
    }

    /// The answer has come.
    pub(super) fn land(&mut self, ticket: Ticket) -> Option<Flight> {
        let at = self.flights.iter().position(|f| f.ticket == ticket)?;
        Some(self.flights.swap_remove(at))
    }

    /// Reads the key again: the answer was stale. Not for ever: `false` where it is to be taken as it is.
    pub(super) fn again(&mut self, flight: &mut Flight, ticket: Ticket) -> bool {
        if flight.stale == STALE_READS {
            return false;
        }
        self.flights.push(Flight {
            ticket,
            key: flight.key.clone(),
            readers: std::mem::take(&mut flight.readers),
            stale: flight.stale + 1,
        });
        true
    }

    /// One key of the reader's is done with. Whether it was its last.
    pub(super) fn done(&mut self, reader: Reader) -> bool {
        let Some(at) = self.jobs.iter().position(|job| job.reader == reader) else {
            return false;
        };
        let job = &mut self.jobs[at];
        job.reading = job.reading.saturating_sub(1);
        let last = job.reading == 0 && job.keys.is_empty();
        if last {
            self.jobs.remove(at);
        }
        last
    }

    /// Reads no further keys for the reader.
    pub(super) fn cut_short(&mut self, reader: Reader) {
        for job in &mut self.jobs {
            if job.reader == reader {
                job.keys.clear();
            }
        }
    }

    /// The reader wants nothing any more.
    pub(super) fn forget(&mut self, reader: Reader) {
        while let Some(at) = self.jobs.iter().position(|job| job.reader == reader) {
            self.jobs.remove(at);
        }
        for flight in &mut self.flights {
            while let Some(at) = flight.readers.iter().position(|other| *other == reader) {
                flight.readers.remove(at);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.jobs.clear();
        self.flights.clear();
    }
}
