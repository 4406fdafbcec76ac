//! Who is told of a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Sink;
use super::tree::Tree;
use crate::kv::{Pattern, WatchEvent};

/// Names a watcher of a store. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatcherId(pub(super) u64);

/// The watchers of one bucket, found by the keys they match.
#[derive(Debug)]
pub(super) struct Watchers<S> {
    sinks: Tree<BTreeMap<WatcherId, S>>,
    patterns: BTreeMap<WatcherId, Pattern>,
}

impl<S: Sink> Watchers<S> {
    pub(super) fn new() -> Self {
        Self {
            sinks: Tree::new(),
            patterns: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, id: WatcherId, pattern: Pattern, sink: S) {
        self.sinks
            .get_or_insert_with(pattern.as_str(), BTreeMap::new)
            .insert(id, sink);
        self.patterns.insert(id, pattern);
    }

    pub(super) fn remove(&mut self, id: WatcherId) {
        let Some(pattern) = self.patterns.remove(&id) else {
            return;
        };
        if let Some(sinks) = self.sinks.get_mut(pattern.as_str()) {
            sinks.remove(&id);
            if sinks.is_empty() {
                self.sinks.remove(pattern.as_str());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    pub(super) fn tell(&self, event: &Arc<WatchEvent>) {
        self.sinks.matching(&event.key, &mut |sinks| {
            sinks.values().for_each(|sink| sink.event(event));
        });
    }

    pub(super) fn end(&self) {
        self.sinks.for_each(&mut |sinks| {
            sinks.values().for_each(Sink::bucket_deleted);
        });
    }
}
