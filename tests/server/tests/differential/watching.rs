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
        let expected = self.ours.pending();
        let Some(newest) = expected.last() else {
            return Ok(());
        };
        let mut received: Vec<Emitted> = Vec::new();
        while received
            .last()
            .is_none_or(|(event, _)| event.revision < newest.0.revision)
        {
            match self.theirs.next_detailed().await {
                Some(event) => received.push(event),
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

/// Whether a watcher that may be slow received what happened (rule 15): nothing else, in order, and
/// of each key the newest at least.
pub fn agrees(happened: &[Emitted], received: &[Emitted]) -> bool {
    let mut rest = happened.iter();
    let in_order = received
        .iter()
        .all(|event| rest.any(|other| other == event));
    let newest: HashMap<_, _> = happened.iter().map(|event| (&event.0.key, event)).collect();
    in_order && newest.values().all(|event| received.contains(event))
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
}
