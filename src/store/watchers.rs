//! The watchers of a bucket.

use std::sync::Arc;

use super::Sink;
use crate::kv::Tree;
use crate::kv::{Pattern, WatchEvent};

/// Names a watcher of a store. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatcherId(pub(super) u64);

/// The watchers of one bucket, found by the keys they match.
#[derive(Debug)]
pub(super) struct Watchers<S> {
    sinks: Tree<Vec<(WatcherId, S)>>,
    /// The pattern of each watcher, in ascending order of ids.
    patterns: Vec<(WatcherId, Pattern)>,
}

impl<S: Sink> Watchers<S> {
    pub(super) fn new() -> Self {
        Self {
            sinks: Tree::new(),
            patterns: Vec::new(),
        }
    }

    /// Adds a watcher, whose id is higher than any before.
    pub(super) fn add(&mut self, id: WatcherId, pattern: Pattern, sink: S) {
        self.sinks
            .get_or_insert_with(pattern.as_str(), Vec::new)
            .push((id, sink));
        self.patterns.push((id, pattern));
    }

    pub(super) fn remove(&mut self, id: WatcherId) {
        let Ok(at) = self.patterns.binary_search_by_key(&id, |(id, _)| *id) else {
            return;
        };
        let (_, pattern) = self.patterns.remove(at);
        if let Some(sinks) = self.sinks.get_mut(pattern.as_str()) {
            if let Some(at) = sinks.iter().position(|(other, _)| *other == id) {
                sinks.remove(at);
            }
            if sinks.is_empty() {
                self.sinks.remove(pattern.as_str());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    pub(super) fn notify(&self, event: &Arc<WatchEvent<S::Value>>) {
        self.sinks.matching(&event.key, &mut |sinks| {
            sinks.iter().for_each(|(_, sink)| sink.event(event));
        });
    }

    pub(super) fn end(&self) {
        self.sinks.for_each(&mut |sinks| {
            sinks.iter().for_each(|(_, sink)| sink.bucket_deleted());
        });
    }
}
