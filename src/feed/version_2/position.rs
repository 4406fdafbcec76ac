//! How far a subscriber has come.

use std::rc::Rc;

use crate::feed::WireId;
use crate::kv::Revision;

/// A revision of the bucket with this epoch.
pub(in crate::feed) type Point = (Rc<str>, Revision);

/// How far a subscriber has come on version 2 of the wire.
#[derive(Debug, Default)]
pub(in crate::feed) struct Position {
    /// Up to where it has everything.
    pub(in crate::feed) complete: Option<Point>,
    /// Up to where it has the entries of a bucket that replaced the one of `complete`: the replay was cut.
    pub(in crate::feed) partial: Option<Point>,
    /// The bucket that replaced the one of `complete`, once its reads are those of the one before.
    pub(in crate::feed) started_over: Option<Rc<str>>,
    /// The subscription that serves it.
    pub(in crate::feed) wire: Option<WireId>,
    /// What a replay repeats up to this revision it has already.
    pub(in crate::feed) skipped_to: Revision,
    /// Whether live changes are delivered: its replay is over.
    pub(in crate::feed) is_live: bool,
    /// The earliest event that was delivered to it on version 1.
    pub(in crate::feed) first_event: Option<Revision>,
    /// Whether it was on version 1 since `complete` was noted.
    pub(in crate::feed) was_on_version_1: bool,
    /// Whether `complete` is what was known on version 1.
    pub(in crate::feed) is_migrated: bool,
}

impl Position {
    pub(in crate::feed) fn revision(&self) -> Revision {
        self.complete.as_ref().map_or(0, |(_, revision)| *revision)
    }

    /// Whether `complete` is of another bucket than the one with this epoch.
    pub(in crate::feed) fn is_of_other(&self, epoch: &str) -> bool {
        let is_other = |(of, _): &Point| !epoch.is_empty() && **of != *epoch;
        self.complete.as_ref().is_some_and(is_other)
    }
}
