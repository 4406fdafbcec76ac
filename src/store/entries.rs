//! Reading many keys, a page at a time (rule 23).

use super::Sink;
use super::bucket::Bucket;
use super::history::History;
use crate::kv::{Change, Pattern, Revision, Stored};

/// How much a page holds, unless a single entry is larger.
const PAGE_ENTRIES: usize = 500;
const PAGE_BYTES: usize = 256 << 10;

/// How far a reading of many keys has come. It holds no values: what is to be read is remembered by
/// where it lies, four bytes a key.
#[derive(Debug)]
pub struct Cursor {
    /// The bucket's number.
    bucket: u64,
    patterns: Vec<Pattern>,
    /// Where the keys lie that are still to be read, the one with the lowest revision last.
    slots: Vec<u32>,
    /// The bucket's last revision when the reading began.
    revision: Revision,
    is_over: bool,
}

/// A part of what matches.
#[derive(Debug)]
pub struct Page<V> {
    /// Ascending, across pages too: where a key comes again, the later one counts.
    pub changes: Vec<Change<V>>,
    /// Of the last page: the revision whose state all pages together are.
    pub revision: Option<Revision>,
}

impl<V: Stored> Page<V> {
    pub(super) const fn new() -> Self {
        Self {
            changes: Vec::new(),
            revision: None,
        }
    }

    /// Adds changes until the page is full. Returns whether it is.
    pub(super) fn fill(&mut self, changes: impl Iterator<Item = Change<V>>) -> bool {
        let size =
            |change: &Change<V>| change.key.len() + change.value.as_ref().map_or(0, Stored::size);
        let mut bytes: usize = self.changes.iter().map(size).sum();
        for change in changes {
            bytes += size(&change);
            self.changes.push(change);
            if self.changes.len() >= PAGE_ENTRIES || bytes >= PAGE_BYTES {
                return true;
            }
        }
        false
    }
}

impl Cursor {
    pub(super) fn new<S: Sink>(bucket: &Bucket<S>, patterns: Vec<Pattern>) -> Self {
        let mut live = Vec::new();
        bucket.select(&patterns, &mut |slot, history| {
            if let (Some((message, _)), Ok(slot)) = (history.live(), u32::try_from(slot)) {
                live.push((message.revision, slot));
            }
        });
        live.sort_unstable_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        Self {
            bucket: bucket.number(),
            patterns,
            slots: live.into_iter().map(|(_, slot)| slot).collect(),
            revision: bucket.last_revision(),
            is_over: false,
        }
    }

    pub(super) fn is_of<S: Sink>(&self, bucket: &Bucket<S>) -> bool {
        self.bucket == bucket.number()
    }

    /// The next page; `None` after the last. What was written since the reading began is in the
    /// last, deletes included, so that the pages make up one state.
    pub(super) fn page<S: Sink>(&mut self, bucket: &Bucket<S>) -> Option<Page<S::Value>> {
        if self.is_over {
            return None;
        }
        let mut page = Page::new();
        let begun_at = self.revision;
        let slots = std::iter::from_fn(|| self.slots.pop());
        let histories = slots.filter_map(|slot| bucket.history_at(slot as usize));
        let unchanged = histories.filter(|history| is_unchanged(history, begun_at));
        if page.fill(unchanged.filter_map(History::newest)) {
            return Some(page);
        }
        let written_before = page.changes.len();
        if bucket.last_revision() > begun_at {
            bucket.select(&self.patterns, &mut |_, history| {
                if !is_unchanged(history, begun_at) {
                    page.changes.extend(history.newest());
                }
            });
        }
        page.changes[written_before..].sort_unstable_by_key(|change| change.revision);
        page.revision = Some(bucket.last_revision());
        self.is_over = true;
        Some(page)
    }
}

/// Whether nothing was written to the key since the reading began, at this revision of the bucket.
fn is_unchanged<V>(history: &History<V>, begun_at: Revision) -> bool {
    let last = history.last();
    last.is_some_and(|message| message.revision <= begun_at)
}

impl<S: Sink> Bucket<S> {
    /// Visits each key that any of the patterns matches once, and where it lies.
    fn select(&self, patterns: &[Pattern], visit: &mut dyn FnMut(usize, &History<S::Value>)) {
        for (number, pattern) in patterns.iter().enumerate() {
            let earlier = &patterns[..number];
            self.keys().select_slots(pattern, &mut |slot, history| {
                if !earlier.iter().any(|other| other.matches(&history.key)) {
                    visit(slot, history);
                }
            });
        }
    }

    pub(super) fn history_at(&self, slot: usize) -> Option<&History<S::Value>> {
        self.keys().at(slot)
    }
}
