//! Reading what changed since a revision, a page at a time.

use super::Sink;
use super::bucket::Bucket;
use super::entries::Page;
use crate::kv::{Pattern, Revision};

/// How far a read of changes has come. A read that starts at revision 0 gives the current entries
/// first, without markers.
///
/// It holds no values: a message is remembered by its revision and the slot of its key, 16 bytes.
#[derive(Debug)]
pub struct ChangesCursor {
    /// The bucket's number.
    bucket: u64,
    patterns: Vec<Pattern>,
    /// The messages that are still to be read, the one with the lowest revision last.
    pending: Vec<(Revision, u32)>,
    /// Everything that matches up to here was pending, or is read.
    revision: Revision,
    is_over: bool,
}

impl ChangesCursor {
    pub(super) fn new<S: Sink>(
        bucket: &Bucket<S>,
        patterns: Vec<Pattern>,
        after: Revision,
    ) -> Self {
        let mut cursor = Self {
            bucket: bucket.number(),
            patterns,
            pending: Vec::new(),
            revision: after,
            is_over: false,
        };
        cursor.collect(bucket);
        cursor
    }

    /// How many changes are still to be read, as far as is known.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn is_of<S: Sink>(&self, bucket: &Bucket<S>) -> bool {
        self.bucket == bucket.number()
    }

    /// The next page; `None` after the last. A message that is superseded before it is read is
    /// skipped (rule 15).
    pub(super) fn page<S: Sink>(&mut self, bucket: &Bucket<S>) -> Option<Page<S::Value>> {
        if self.is_over {
            return None;
        }
        let mut page = Page::new();
        loop {
            let pending = std::iter::from_fn(|| self.pending.pop());
            let changes = pending.filter_map(|(revision, slot)| {
                let history = bucket.history_at(slot as usize)?;
                history.at(revision)
            });
            if page.fill(changes) {
                return Some(page);
            }
            if self.revision >= bucket.last_revision() {
                break;
            }
            // What was written since the read began.
            self.collect(bucket);
        }
        page.revision = Some(bucket.last_revision());
        self.is_over = true;
        Some(page)
    }

    /// Remembers every message above the revision that the cursor has reached: where that is 0, the
    /// newest of each live key.
    fn collect<S: Sink>(&mut self, bucket: &Bucket<S>) {
        let after = self.revision;
        if after >= bucket.last_revision() {
            return;
        }
        let pending = &mut self.pending;
        let mut seen = Bits::default();
        for pattern in &self.patterns {
            bucket.keys().select_slots(pattern, &mut |slot, history| {
                let Ok(short) = u32::try_from(slot) else {
                    return;
                };
                if !seen.insert(slot) {
                    return;
                }
                if after == 0 {
                    pending.extend(history.live().map(|(message, _)| (message.revision, short)));
                    return;
                }
                let newest_first = history
                    .messages
                    .iter()
                    .rev()
                    .map(|message| message.revision);
                let newer = newest_first.take_while(|revision| *revision > after);
                pending.extend(newer.map(|revision| (revision, short)));
            });
        }
        pending.sort_unstable_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        self.revision = bucket.last_revision();
    }
}

/// A set of small numbers, one bit each.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number; whether it was not there before.
    fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }
}
