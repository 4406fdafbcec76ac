//! What is checked of a subscriber: the promises, as far as what it was delivered shows them.

use std::collections::BTreeMap;

use super::promises::KEYS;
use super::recorder::Recorder;
use super::world::{Frame, World};

/// Promise 1, and that no subscriber gets a key that it does not watch.
pub(super) fn check_order(recorder: &Recorder) {
    let mut last: BTreeMap<&str, (u64, bool, u32)> = BTreeMap::new();
    for delivered in &recorder.delivered {
        let wanted = recorder
            .patterns
            .iter()
            .any(|pattern| pattern.matches(&delivered.key));
        assert!(wanted, "{delivered:?} was not asked for");
        // A delete that was missed has the last known revision of the key.
        let gone = delivered.resynced && !delivered.live;
        if let Some((revision, live, bucket)) = last.get(&*delivered.key).copied() {
            let next =
                delivered.revision > revision || gone && live && delivered.revision == revision;
            // Revisions of a bucket that was created again start at 1; its first events may repeat.
            let again = delivered.bucket > 1 && delivered.revision == revision
                || gone && delivered.bucket > 0;
            assert!(
                next || again || delivered.bucket > bucket,
                "{revision} {delivered:?}"
            );
        }
        last.insert(
            &delivered.key,
            (delivered.revision, delivered.live, delivered.bucket),
        );
    }
}

/// A resync delivers no value that was there when a plain watch began, once that is ready; but for a key whose
/// read failed, and was reported: which revision was there is not known.
pub(super) fn check_unchanged(world: &World, recorder: &Recorder) {
    let (bucket, before) = &recorder.at_watch;
    if recorder.initial || world.blind || recorder.at_ready.is_none() {
        return;
    }
    for delivered in &recorder.delivered[recorder.ready_after..] {
        let was = before.get(&delivered.key).copied().unwrap_or(0);
        let is_known = !world.unreadable.contains(&delivered.key);
        let unchanged = is_known && delivered.bucket == *bucket && delivered.revision <= was;
        assert!(
            !(delivered.resynced && delivered.live && unchanged),
            "{delivered:?} was there before"
        );
    }
}

/// `initial`: entries first, then changes.
pub(super) fn check_initial(recorder: &Recorder) {
    if recorder.initial {
        let before = &recorder.delivered[..match recorder.at_ready {
            Some(_) => recorder.ready_after,
            None => recorder.delivered.len(),
        }];
        let first_change = before
            .iter()
            .position(|delivered| !delivered.read && !delivered.resynced);
        let after = before.iter().skip(first_change.unwrap_or(before.len()));
        assert!(
            !after
                .clone()
                .any(|delivered| delivered.read && !delivered.resynced),
            "{before:?}"
        );
    }
}

/// Promise 2: whatever changed since it was ready, the last word on it is the truth; and with
/// `initial`, so is the last word on everything.
pub(super) fn check_final(world: &World, recorder: &Recorder) {
    check_keys(world, recorder, &|_| true);
}

/// Promise 6: a subscriber that is fresh has everything but what is on its way.
pub(super) fn check_fresh(world: &World, recorder: &Recorder) {
    let Some(connection_id) = recorder.fresh_by else {
        return;
    };
    let wire = world
        .wires
        .iter()
        .find(|wire| wire.connection_id == connection_id);
    let wire = wire.expect("fresh by a connection that is open");
    assert!(wire.open, "fresh by a connection that is not open");
    let on_its_way = |key: &str| {
        let brings = |frame: &Frame| match frame {
            Frame::Update(change) | Frame::Replayed(_, change) => change.key == key,
            // It ends a subscription.
            Frame::Refused(..) => true,
            _ => false,
        };
        let is_replayed = (wire.session.as_ref()).is_some_and(|session| session.replays(key));
        is_replayed || wire.frames.iter().any(brings)
    };
    check_keys(world, recorder, &|key| !on_its_way(key));
}

/// The last word on the keys for which it has to be the truth.
fn check_keys(world: &World, recorder: &Recorder, which: &dyn Fn(&str) -> bool) {
    let Some(at_ready) = &recorder.at_ready else {
        panic!("everything has arrived, and a subscriber is not ready: {recorder:?}");
    };
    let live = world.live();
    let wanted = |key: &&str| recorder.patterns.iter().any(|pattern| pattern.matches(key));
    let readable = |key: &&str| !world.unreadable.contains(*key);
    let keys = KEYS.iter().copied().filter(wanted).filter(readable);
    for key in keys.filter(|key| which(key)) {
        let last = recorder
            .delivered
            .iter()
            .rfind(|delivered| delivered.key == key);
        let now = live.get(key).copied();
        let changed = at_ready.get(key).copied() != now;
        match (last, now) {
            (Some(delivered), Some(revision)) => {
                assert!(
                    delivered.live && delivered.revision == revision,
                    "{key}@{revision}: {delivered:?}"
                );
            }
            (Some(delivered), None) => assert!(!delivered.live, "{key} is gone: {delivered:?}"),
            (None, Some(revision)) => {
                assert!(
                    !changed && !recorder.initial,
                    "{key}@{revision} was never delivered: {recorder:?}"
                );
            }
            (None, None) => {
                // An unknown key has no delete.
                let known = at_ready
                    .get(key)
                    .is_some_and(|at| *at <= recorder.listed_at);
                assert!(
                    !known || world.blind,
                    "{key} is gone, and no delete was delivered"
                );
            }
        }
    }
}
