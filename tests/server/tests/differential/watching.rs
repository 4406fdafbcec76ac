//! Watches on both sides, which must emit the same events.

use std::collections::HashMap;

use ironflow_conformance::{Detail, DetailedWatch as _, Event, Watch as _};
use ironflow_harness::{HttpWatch, StoreWatch};
use proptest::test_runner::TestCaseError;

use crate::run::Outcome;

/// What a watch reports.
pub type Emitted = (Event, Detail);

/// The same watch on both sides.
pub struct Watched {
    pub ours: StoreWatch,
    pub theirs: HttpWatch,
}

/// The watches that run.
#[derive(Default)]
pub struct Watches(Vec<Watched>);

impl Watches {
    pub fn add(&mut self, watched: Watched) {
        self.0.push(watched);
    }

    /// Compares the events since the last call.
    pub async fn settle(&mut self) -> Outcome<()> {
        for watched in &mut self.0 {
            watched.settle().await?;
        }
        Ok(())
    }

    /// Ends one watch, where there are any.
    pub async fn end(&mut self, at: usize) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut watched = self.0.remove(at % self.0.len());
        watched.settle().await?;
        watched.ours.stop().await;
        watched.theirs.stop().await;
        Ok(())
    }

    /// Checks that every watch has ended, without another word.
    pub async fn ended(&mut self) -> Outcome<()> {
        for mut watched in self.0.drain(..) {
            let (ours, theirs) = (watched.ours.next().await, watched.theirs.next().await);
            if (&ours, &theirs) != (&None, &None) {
                let reason = format!("after the end of the bucket: {ours:?}, {theirs:?}");
                return Err(TestCaseError::fail(reason));
            }
        }
        Ok(())
    }
}

impl Watched {
    async fn settle(&mut self) -> Outcome<()> {
        let expected: Vec<_> = self.ours.pending().into_iter().map(undated).collect();
        let mut received: Vec<Emitted> = Vec::new();
        while !has_newest(&expected, &received) {
            match self.theirs.next_detailed().await {
                Some(event) => received.push(undated(event)),
                None => return Err(TestCaseError::fail("the server's watch has ended")),
            }
        }
        if agrees(&expected, &received) {
            return Ok(());
        }
        let reason = format!("the store emitted {expected:?}, the server {received:?}");
        Err(TestCaseError::fail(reason))
    }
}

/// An event that says whether its value expires, but not when.
fn undated((event, mut detail): Emitted) -> Emitted {
    detail.expires_at = detail.expires_at.map(|_| "later".to_owned());
    (event, detail)
}

fn is_expiry((_, detail): &Emitted) -> bool {
    detail.reason.as_deref() == Some("expired")
}

/// Whether the last change, and every expiry after it, has been received: keys that expire about the
/// same time do so in any order.
fn has_newest(expected: &[Emitted], received: &[Emitted]) -> bool {
    let change = expected.iter().rposition(|emitted| !is_expiry(emitted));
    let (before, expired) = expected.split_at(change.map_or(0, |at| at + 1));
    let after = match before.last() {
        None => Some(received),
        Some(change) => received
            .iter()
            .position(|emitted| emitted.0.revision >= change.0.revision)
            .map(|at| &received[at..]),
    };
    after.is_some_and(|after| {
        expired.iter().all(|(event, _)| {
            after
                .iter()
                .any(|emitted| is_expiry(emitted) && emitted.0.key == event.key)
        })
    })
}

/// Whether a watcher that may be slow received what happened (rule 15): nothing else, in order, and
/// of each key the newest at least.
pub fn agrees(happened: &[Emitted], received: &[Emitted]) -> bool {
    let revisions = received.iter().map(|(event, _)| event.revision);
    if !revisions.is_sorted_by(|a, b| a < b) {
        return false;
    }
    let (happened, received) = (in_any_order(happened), in_any_order(received));
    let mut rest = happened.iter();
    let in_order = received
        .iter()
        .all(|event| rest.any(|other| other == event));
    let newest: HashMap<_, _> = happened.iter().map(|event| (&event.0.key, event)).collect();
    in_order && newest.values().all(|event| received.contains(event))
}

/// The events with each run of expiries, whose order is not certain, in the order of their keys, and
/// without their revisions.
fn in_any_order(events: &[Emitted]) -> Vec<Emitted> {
    let mut events = events.to_vec();
    for run in events.chunk_by_mut(|a, b| is_expiry(a) && is_expiry(b)) {
        if is_expiry(&run[0]) {
            run.sort_by(|a, b| a.0.key.cmp(&b.0.key));
            run.iter_mut().for_each(|emitted| emitted.0.revision = 0);
        }
    }
    events
}

#[test]
fn only_superseded_revisions_may_be_missing() {
    let event = |key: &str, revision| {
        let event = Event {
            key: key.to_owned(),
            value: Vec::new(),
            revision,
            operation: "put".to_owned(),
            bucket: "b".to_owned(),
        };
        (event, Detail::default())
    };
    let (first, second, third) = (event("k", 1), event("l", 2), event("k", 3));
    let happened = [first.clone(), second.clone(), third.clone()];
    assert!(agrees(&happened, &happened));
    assert!(agrees(&happened, &[second.clone(), third.clone()]));
    for wrong in [
        vec![],
        vec![first.clone(), second.clone()],
        vec![first.clone(), third.clone()],
        vec![second.clone(), first.clone(), third.clone()],
        vec![second.clone(), third.clone(), third.clone()],
        vec![second.clone(), event("m", 2), third.clone()],
    ] {
        assert!(!agrees(&happened, &wrong), "{wrong:?}");
    }
    let expiry = |key: &str, revision| {
        let (event, mut detail) = event(key, revision);
        detail.reason = Some("expired".to_owned());
        (event, detail)
    };
    let happened = [first.clone(), expiry("k", 2), expiry("l", 3)];
    assert!(agrees(&happened, &happened));
    assert!(agrees(
        &happened,
        &[first.clone(), expiry("l", 2), expiry("k", 4)]
    ));
    assert!(!agrees(&happened, &[first, expiry("k", 2)]));
}
