//! The entries of many keys: the last message of each subject, read through a pull consumer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ironflow_browser::kv::{Change, Pattern, Revision};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::Nats;
use super::consumer::Filter;
use super::names::Names;
use super::reader::{Deliver, Reader, Wanted, change};
use crate::address::BucketAddress;
use crate::backend::{BackendError, Page, Result};

/// How many readings of a bucket there are at a time: a stream has only so many consumers.
const MAX_READERS: usize = 8;

/// How long a reading waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Beyond this many patterns a consumer takes one that covers them all.
const MAX_FILTERS: usize = 256;

/// Up to this many subjects, each is looked up to see whether more has been written.
const MAX_LOOKUPS: usize = 2;

/// How long a consumer is given to notice what has been written.
const MOMENT: Duration = Duration::from_millis(2);

/// Where the readings of each stream wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Queues(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Queues {
    fn of(&self, stream: &str) -> Arc<Semaphore> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(stream).and_then(Weak::upgrade) {
            return queue;
        }
        queues.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Semaphore::new(MAX_READERS));
        queues.insert(stream.to_owned(), Arc::downgrade(&queue));
        queue
    }
}

/// A reading of many keys.
pub(crate) struct Entries {
    names: Names,
    patterns: Arc<[Pattern]>,
    subjects: Vec<String>,
    /// How long a message is retained.
    max_age: Option<Duration>,
    is_replicated: bool,
    reader: Reader,
    /// The stream's last message before the consumer was there. Older tombstones are of keys that
    /// have not been given.
    before: Revision,
    /// The same after it was there: the first state that it may give.
    after: Revision,
    /// The last message that was read, or is known; 0: none.
    last: Revision,
    is_over: bool,
    _turn: OwnedSemaphorePermit,
}

impl Nats {
    pub(crate) async fn entries(
        &self,
        at: &BucketAddress,
        patterns: Vec<Pattern>,
    ) -> Result<Entries> {
        self.read(&Names::new(at), patterns.into(), 0).await
    }

    /// Reads the last message of each key, or where a revision is known, every message after it.
    pub(super) async fn read(
        &self,
        names: &Names,
        patterns: Arc<[Pattern]>,
        known: Revision,
    ) -> Result<Entries> {
        let turn = self.turn(names).await?;
        let stream = self.api.stream_info(&names.stream).await?;
        let before = match known {
            0 => stream.state.last_seq,
            known => known,
        };
        let subjects = subjects(names, &patterns);
        let wanted = Wanted {
            deliver: match known {
                0 => Deliver::LastPerSubject,
                known => Deliver::From(known + 1),
            },
            filter: filter(&subjects),
            headers_only: false,
        };
        let reader = Reader::open(&self.api, names, wanted).await?;
        let after = self.api.stream_info(&names.stream).await?.state.last_seq;
        Ok(Entries {
            names: names.clone(),
            patterns,
            subjects,
            max_age: stream.settings().max_age,
            is_replicated: stream.is_replicated(),
            reader,
            before,
            after,
            last: known,
            is_over: false,
            _turn: turn,
        })
    }

    /// Waits until another consumer may read the bucket.
    pub(super) async fn turn(&self, names: &Names) -> Result<OwnedSemaphorePermit> {
        let turn = self.queues.of(&names.stream).acquire_owned();
        match timeout(MAX_WAIT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(BackendError::Unavailable),
        }
    }
}

/// The filter of a consumer that reads these subjects.
pub(super) fn filter(subjects: &[String]) -> Filter {
    match subjects {
        [subject] => Filter::FilterSubject(subject.clone()),
        _ => Filter::FilterSubjects(subjects.to_vec()),
    }
}

impl Entries {
    /// The next page; `None` after the last. A key that is written meanwhile comes again; once
    /// nothing is left to come, what came is the state at the last message.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>> {
        if self.is_over {
            return Ok(None);
        }
        let batch = loop {
            if let Some(batch) = self.reader.next().await? {
                break batch;
            }
            // The consumer's count of what is pending may be a moment old, and then a message that
            // has just replaced another would be missing, and the other too.
            if !self.is_complete().await? {
                sleep(MOMENT).await;
                self.reader.resume();
                continue;
            }
            self.is_over = true;
            return Ok(Some(Page {
                changes: Vec::new(),
                revision: Some(self.last.max(self.after)),
            }));
        };
        if let Some((_, position)) = batch.last() {
            self.last = self.last.max(position.stream);
        }
        // Most readings fit into one page, which is the last one then.
        self.is_over = self.reader.is_done() && self.is_complete().await?;
        let changes = batch.iter().filter_map(|message| {
            let change = change(&self.names, self.max_age, message)?;
            self.is_wanted(&change).then_some(change)
        });
        Ok(Some(Page {
            changes: changes.collect(),
            revision: self.is_over.then_some(self.last.max(self.after)),
        }))
    }

    /// About how many messages there were to read.
    pub(super) const fn total(&self) -> u64 {
        self.reader.total()
    }

    /// Whether the stream has no message, of the subjects that are read, after the last one read.
    async fn is_complete(&self) -> Result<bool> {
        if self.subjects.len() > MAX_LOOKUPS && !self.is_replicated {
            // A consumer counts all subjects at once when it is created, the leader's messages as there is one
            // replica.
            let wanted = Wanted {
                deliver: Deliver::From(self.last + 1),
                filter: filter(&self.subjects),
                headers_only: true,
            };
            let reader = Reader::open(self.reader.api(), &self.names, wanted).await?;
            return Ok(reader.is_done());
        }
        for subject in &self.subjects {
            let from = self.last + 1;
            if self
                .reader
                .api()
                .has_message(&self.names, subject, from)
                .await?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_wanted(&self, change: &Change) -> bool {
        let is_new = change.value.is_some() || change.revision > self.before;
        is_new && self.patterns.iter().any(|p| p.matches(&change.key))
    }
}

/// The subjects of the keys that any of the patterns matches, or of more where JetStream would
/// refuse the patterns themselves.
pub(super) fn subjects(names: &Names, patterns: &[Pattern]) -> Vec<String> {
    let subjects: Vec<_> = patterns
        .iter()
        .map(|pattern| names.filter(pattern))
        .collect();
    let are_apart = patterns.iter().enumerate().all(|(number, pattern)| {
        let mut others = patterns[number + 1..].iter();
        !others.any(|other| pattern.overlaps(other))
    });
    if patterns.len() <= MAX_FILTERS && are_apart && subjects.iter().all(|s| is_plain(s)) {
        return subjects;
    }
    let cover = patterns
        .iter()
        .cloned()
        .reduce(|cover, pattern| cover.union(&pattern));
    let cover = cover.map(|cover| names.filter(&cover));
    let cover = cover.filter(|subject| is_plain(subject));
    vec![cover.unwrap_or_else(|| names.filter(&Pattern::all()))]
}

/// Whether `*` and `>` are wildcards in it, and never ordinary characters in a longer token. JetStream
/// refuses several filters with such tokens, and when it looks up the next message of a subject, it
/// finds messages that a consumer with the same subject does not deliver.
fn is_plain(subject: &str) -> bool {
    let mut tokens = subject.split('.');
    tokens.all(|token| token.len() == 1 || !token.contains(['*', '>']))
}
