//! Following the changes, and catching up with those that were missed.

use super::super::SubscriberId;
use super::world::{World, settings};
use crate::error::Error;

/// A world with these keys, and a subscriber to all of them, connected.
fn following(keys: &[&str]) -> (World, SubscriberId) {
    let mut world = World::new(settings());
    keys.iter().for_each(|key| world.put(key));
    let id = world.watch(&[">"], false);
    world.settle();
    (world, id)
}

/// What is delivered because of what happens while the connection is cut.
fn delivered_after(
    world: &mut World,
    id: SubscriberId,
    away: impl FnOnce(&mut World),
) -> Vec<String> {
    world.lose_frames(0);
    away(world);
    world.delivered_during(id, World::settle)
}

#[test]
fn changes_are_delivered_as_they_arrive_each_revision_once() {
    let (mut world, id) = following(&["a"]);
    world.put("a");
    world.delete("a");
    world.put("b");
    while world.deliver(0, true) {}
    assert_eq!(world.delivered(id), ["put a 2", "delete a 3", "put b 4"]);
}

#[test]
fn a_resync_without_changes_delivers_nothing() {
    for keys in [&[][..], &["a"], &["a", "b", "a"]] {
        let (mut world, id) = following(keys);
        assert_eq!(delivered_after(&mut world, id, |_| {}), [""; 0]);
        world.put("a");
        world.settle();
        assert_eq!(delivered_after(&mut world, id, |_| {}), [""; 0]);
    }
}

#[test]
fn changes_missed_while_disconnected_are_delivered_as_resynced() {
    let (mut world, id) = following(&["a", "b", "c", "d"]);
    world.put("b");
    world.settle();
    let delivered = delivered_after(&mut world, id, |world| {
        world.put("a");
        world.put("a");
        world.delete("b");
        world.delete("c");
        world.put("e");
    });
    let mut delivered: Vec<_> = delivered.iter().map(String::as_str).collect();
    delivered.sort_unstable();
    let expected = [
        // Of c no revision was ever seen, only that it was there.
        "delete b 5 resynced",
        "delete c 0 resynced",
        "put a 7 resynced",
        "put e 10 resynced",
    ];
    assert_eq!(delivered, expected);
}

#[test]
fn frames_that_were_lost_are_made_up_for() {
    let (mut world, id) = following(&[]);
    world.put("a");
    world.put("b");
    world.deliver(0, false);
    let delivered = delivered_after(&mut world, id, |_| {});
    assert_eq!(delivered, ["put b 2 resynced"]);
}

#[test]
fn a_key_created_and_deleted_while_disconnected_delivers_nothing() {
    let (mut world, id) = following(&[]);
    let delivered = delivered_after(&mut world, id, |world| {
        world.put("a");
        world.delete("a");
    });
    assert_eq!(delivered, [""; 0]);
}

#[test]
fn a_delivered_delete_is_not_delivered_again() {
    let (mut world, id) = following(&["a"]);
    world.delete("a");
    world.settle();
    assert_eq!(delivered_after(&mut world, id, |_| {}), [""; 0]);
    // Nor if the key existed for a moment without a delivered event.
    world.lose_frames(0);
    world.put("a");
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    world.delete("a");
    assert_eq!(delivered_after(&mut world, id, |_| {}), [""; 0]);
}

#[test]
fn a_key_whose_change_has_arrived_is_not_read_for_nothing() {
    let (mut world, id) = following(&["a", "b"]);
    world.lose_frames(0);
    world.put("a");
    world.wait();
    world.open(0);
    world.put("a");
    world.deliver(0, false);
    let delivered = world.delivered_during(id, World::settle);
    assert_eq!(world.delivered(id), ["put a 4"]);
    assert_eq!(delivered, [""; 0]);
}

#[test]
fn a_server_that_sends_the_current_values_first_repeats_nothing() {
    let (mut world, id) = following(&["a", "b"]);
    world.replays = true;
    world.put("b");
    world.settle();
    let delivered = delivered_after(&mut world, id, |world| world.put("c"));
    assert_eq!(delivered.len(), 1);
    assert!(delivered[0].starts_with("put c 4"));
}

#[test]
fn an_interruption_while_catching_up_starts_it_again() {
    let (mut world, id) = following(&["a", "b", "c"]);
    world.lose_frames(0);
    for key in ["a", "b", "c"] {
        world.put(key);
    }
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    world.consider(0);
    world.answer(0);
    assert_eq!(world.delivered(id).len(), 1);
    let delivered = delivered_after(&mut world, id, |world| world.delete("a"));
    assert_eq!(world.delivered(id).len(), 1 + delivered.len());
    let last = |key: &str| {
        let delivered = world.delivered(id);
        delivered
            .iter()
            .rfind(|delivered| delivered.contains(key))
            .cloned()
    };
    assert!(last(" a ").is_none_or(|delivered| delivered.starts_with("delete")));
    assert_eq!(last(" b ").as_deref(), Some("put b 5 resynced"));
    assert_eq!(last(" c ").as_deref(), Some("put c 6 resynced"));
}

#[test]
fn a_key_that_cannot_be_read_is_reported_and_holds_nothing_up() {
    let (mut world, id) = following(&["a", "b"]);
    world.lose_frames(0);
    world.put("a");
    world.put("b");
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    let invalid = Error::InvalidResponse {
        status: 200,
        message: "no JSON".into(),
    };
    world.fail(0, invalid);
    let delivered = world.delivered_during(id, World::settle);
    assert_eq!(delivered.len(), 1);
    assert_eq!(world.errors(id), ["CONNECTION_LOST!", "INVALID_RESPONSE"]);
}

#[test]
fn without_a_first_listing_a_resync_delivers_more_rather_than_less() {
    let mut world = World::new(settings());
    world.put("a");
    let id = world.watch(&[">"], false);
    world.open(0);
    world.fail(0, Error::RequestFailed("no".into()));
    assert!(world.recorders[&id].at_ready.is_some());
    let delivered = delivered_after(&mut world, id, |world| world.put("b"));
    assert_eq!(delivered.len(), 2);
}

#[test]
fn a_bucket_that_was_created_again_is_delivered_from_its_beginning() {
    let (mut world, id) = following(&["a", "b", "c"]);
    world.put("a");
    world.put("b");
    world.settle();
    let delivered = delivered_after(&mut world, id, |world| {
        world.recreate();
        world.put("b");
    });
    let gone: Vec<_> = delivered
        .iter()
        .filter(|delivered| delivered.starts_with("delete"))
        .collect();
    assert_eq!(gone, ["delete a 4 resynced", "delete c 0 resynced"]);
    assert_eq!(
        delivered.last().map(String::as_str),
        Some("put b 1 resynced")
    );
    world.put("b");
    world.settle();
    assert_eq!(
        world.delivered(id).last().map(String::as_str),
        Some("put b 2")
    );
}

#[test]
fn deleted_keys_are_not_remembered_for_ever() {
    let (mut world, id) = following(&[]);
    for n in 0..5000 {
        let key = format!("session.{n}");
        world.put(&key);
        world.delete(&key);
        world.settle();
    }
    assert_eq!(world.delivered(id).len(), 10_000);
    assert!(world.feed.remembered() < 10, "{}", world.feed.remembered());
    assert_eq!(delivered_after(&mut world, id, |_| {}), [""; 0]);
}

#[test]
fn a_key_that_was_only_listed_after_its_tombstone_was_forgotten_is_not_deleted_again() {
    let (mut world, id) = following(&[]);
    for key in ["a", "b"] {
        world.put(key);
        world.delete(key);
        world.settle();
    }
    assert_eq!(world.feed.remembered(), 0, "both tombstones are forgotten");
    let events = delivered_after(&mut world, id, |world| {
        world.put("b");
        world.wait();
        world.open(0);
        // The list says that b is there; before it is read, the connection is lost.
        world.consider(0);
        world.answer(0);
        world.lose_frames(0);
        world.delete("b");
    });
    assert_eq!(events, [""; 0]);
    world.put("b");
    world.settle();
    assert_eq!(
        world.delivered(id).last().map(String::as_str),
        Some("put b 7")
    );
}

#[test]
fn a_stale_entry_of_a_key_whose_tombstone_was_forgotten_is_not_delivered() {
    for first_list_fails in [false, true] {
        let mut world = World::new(settings());
        ["a", "b"].iter().for_each(|key| world.put(key));
        let all = world.watch(&[">"], false);
        world.open(0);
        if first_list_fails {
            world.fail(0, Error::RequestFailed("no".into()));
        } else {
            world.settle();
        }
        let one = world.watch(&["a"], true);
        // The server reads a, and the answer is still on its way when a and b are deleted.
        world.consider(0);
        for key in ["a", "b"] {
            world.delete(key);
            world.deliver(0, false);
        }
        world.settle();
        assert_eq!(world.delivered(one), ["delete a 3"], "{first_list_fails}");
        world.lose_frames(0);
        world.settle();
        assert_eq!(world.delivered(all), ["delete a 3", "delete b 4"]);
    }
}

#[test]
fn a_list_of_an_earlier_connection_does_not_vouch_for_the_keys_of_this_one() {
    let mut world = World::new(settings());
    world.put("a");
    world.watch(&[">"], false);
    let one = world.watch(&["b", "a"], true);
    world.open(0);
    // Listed, but not read.
    world.consider(0);
    world.answer(0);
    world.fail(0, Error::RequestFailed("no".into()));
    ["c", "b"].iter().for_each(|key| world.put(key));
    world.wait();
    world.open(0);
    // Not listed: b is unknown. Two tombstones are enough to forget them.
    world.fail(0, Error::RequestFailed("no".into()));
    world.delete("a");
    world.delete("c");
    world.deliver(0, false);
    world.deliver(0, false);
    world.settle();
    assert_eq!(world.delivered(one), ["put b 3", "delete a 4"]);
}

#[test]
fn a_key_that_was_reported_deleted_and_then_only_listed_is_not_deleted_again() {
    let (mut world, id) = following(&["a", "b"]);
    let events = delivered_after(&mut world, id, |world| world.delete("b"));
    assert_eq!(events, ["delete b 0 resynced"]);
    let events = delivered_after(&mut world, id, |world| {
        world.put("b");
        world.wait();
        world.open(0);
        // The list says that b is there; when it is read, it is deleted.
        world.consider(0);
        world.delete("b");
    });
    assert_eq!(events, ["delete b 5"]);
}

#[test]
fn changes_of_a_bucket_created_again_are_not_delivered_after_newer_ones() {
    let mut world = World::new(settings());
    (0..4).for_each(|_| world.put("a"));
    let id = world.watch(&[">"], true);
    world.settle();
    world.lose_frames(0);
    world.recreate();
    world.wait();
    world.open(0);
    // Before the listing shows that the bucket is another one: three that look old, and a newer one.
    (0..5).for_each(|_| world.put("a"));
    while world.deliver(0, false) {}
    world.settle();
    let delivered = world.delivered(id);
    assert_eq!(delivered.first().map(String::as_str), Some("put a 4"));
    assert_eq!(delivered.last().map(String::as_str), Some("put a 5"));
}

#[test]
fn reads_of_a_listing_that_is_repeated_do_not_end_the_resync() {
    let mut world = World::new(settings());
    world.put("a.x");
    world.put("a");
    let id = world.watch(&[">"], false);
    world.open(0);
    world.delete("a.x");
    world.put("a");
    world.deliver(0, false);
    world.deliver(0, false);
    world.cut(0, 1006);

    world.put("a");
    world.put("a.x");
    world.put("b");
    world.wait();
    world.open(0);
    // The newest key of the listing is gone before it is read, so that the keys are listed again.
    world.consider(1);
    world.delete("b");
    world.consider(0);
    world.settle();
    let delivered = world.delivered(id);
    assert!(
        delivered.contains(&"put a 5 resynced".into()),
        "{delivered:?}"
    );
}
