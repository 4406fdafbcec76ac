//! Watches that begin with the entries which an earlier one has stored.

use super::super::{Feed, SubscriberId};
use super::recorder::StoredEntries;
use super::world::{World, settings};

/// A world on version 2 after a reload, and what a watch of it had stored: the keys `a` and `b`. `away`: what
/// happened while the app was closed.
fn stored(away: impl FnOnce(&mut World)) -> (World, StoredEntries) {
    let mut world = World::new(settings());
    world.is_version_2 = true;
    for key in ["a", "b"] {
        world.put(key);
    }
    let id = world.watch_stored(&[">"], None);
    world.settle();
    let stored = world.recorders[&id].to_store().unwrap();
    assert_eq!((&*stored.epoch, stored.revision), ("1", 2));
    world.wires.clear();
    away(&mut world);
    world.feed = Feed::new(settings(), false, false);
    world.slots.clear();
    world.recorders.clear();
    (world, stored)
}

/// A watch that has begun with what is stored, and has everything.
fn begin(world: &mut World, stored: StoredEntries) -> SubscriberId {
    let id = world.watch_stored(&[">"], Some(stored));
    world.settle();
    id
}

#[test]
fn stored_entries_are_resumed_from_their_revision() {
    let (mut world, stored) = stored(|world| {
        world.put("a");
        world.delete("b");
        world.put("c");
    });
    let id = begin(&mut world, stored);
    let expected = ["put a 1", "put b 2", "put a 3", "delete b 4", "put c 5"];
    assert_eq!(world.delivered(id), expected);
    assert_eq!(world.reads, 0);
    let again = world.recorders[&id].to_store().unwrap();
    assert_eq!((again.revision, again.entries.len()), (5, 2));
}

#[test]
fn stored_entries_of_a_bucket_that_was_replaced_are_void() {
    let (mut world, stored) = stored(|world| {
        world.recreate();
        world.put("a");
    });
    let id = begin(&mut world, stored);
    assert_eq!(world.delivered(id), ["put a 1"]);
    assert_eq!(world.recorders[&id].position, Some((2, 1)));
}

#[test]
fn stored_entries_that_the_live_keys_do_not_confirm_are_deleted() {
    let (mut world, stored) = stored(|world| {
        world.put("c");
        world.delete("b");
        world.prune();
    });
    let id = begin(&mut world, stored);
    let expected = ["put a 1", "put b 2", "put c 3", "delete b 2 resynced"];
    assert_eq!(world.delivered(id), expected);
}

#[test]
fn stored_entries_are_void_on_version_1() {
    let (mut world, stored) = stored(|world| world.delete("b"));
    world.is_version_2 = false;
    let id = begin(&mut world, stored);
    assert_eq!(world.delivered(id), ["put a 1"]);
    assert_eq!(world.recorders[&id].position, None);
}

#[test]
fn a_cut_replay_begins_with_the_stored_entries_again() {
    let (mut world, stored) = stored(|world| ["c", "d", "e"].iter().for_each(|key| world.put(key)));
    let id = world.watch_stored(&[">"], Some(stored));
    world.open(0);
    world.serve(0);
    while world.deliver(0, false) {}
    world.cut(0, 1006);
    world.settle();
    let expected = ["put a 1", "put b 2", "put c 3", "put d 4", "put e 5"];
    assert_eq!(world.delivered(id), expected);
}

#[test]
fn a_delete_that_overtakes_a_replay_does_not_move_on_what_is_stored() {
    let mut world = World::new(settings());
    world.is_version_2 = true;
    world.put("b.x");
    world.watch(&[">"], false);
    world.open(0);
    let id = world.watch_stored(&["*.x"], None);
    world.settle();
    world.put("a.x");
    world.delete("b.x");
    world.overflow(0);
    // The replay of the other watch has shown the delete when the connection is lost.
    world.serve(0);
    while world.deliver(0, false) {}
    world.cut(0, 1006);
    let delivered = ["put b.x 1", "delete b.x 3 resynced"];
    assert_eq!(world.delivered(id), delivered);
    let stored = world.recorders[&id].to_store();
    assert_eq!(stored.as_ref().map(|stored| stored.revision), Some(1));
    let again = world.watch_stored(&["*.x"], stored);
    world.settle();
    assert_eq!(world.delivered(again), ["put a.x 2"]);
}
