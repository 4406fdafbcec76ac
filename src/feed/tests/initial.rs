//! The entries that a subscriber begins with.

use super::super::Settings;
use super::world::{World, settings};

fn world(keys: &[&str]) -> World {
    let mut world = World::new(settings());
    keys.iter().for_each(|key| world.put(key));
    world
}

#[test]
fn come_first_then_the_changes_with_no_gap_in_between() {
    let mut world = world(&["a", "b", "c"]);
    let id = world.watch(&[">"], true);
    world.open(0);
    world.put("d");
    world.consider(0);
    world.put("a");
    world.delete("b");
    while world.deliver(0, false) {}
    world.settle();
    let mut delivered = world.delivered(id);
    let changes = delivered.split_off(3);
    delivered.sort_unstable();
    // By the time b was to be read it was gone.
    assert_eq!(delivered, ["put a 5", "put c 3", "put d 4"]);
    assert_eq!(changes, ["delete b 6"]);
    assert_eq!(world.recorders[&id].ready_after, 4);
}

#[test]
fn of_an_empty_bucket_are_none() {
    let mut world = world(&[]);
    let id = world.watch(&[">"], true);
    world.settle();
    assert!(world.delivered(id).is_empty() && world.recorders[&id].at_ready.is_some());
}

#[test]
fn that_several_patterns_match_come_once() {
    let mut world = world(&["a.x", "a.y", "b.x", "c"]);
    let id = world.watch(&["a.*", "*.x", "a.x", "c"], true);
    world.settle();
    let mut delivered = world.delivered(id);
    delivered.sort_unstable();
    assert_eq!(
        delivered,
        ["put a.x 1", "put a.y 2", "put b.x 3", "put c 4"]
    );
    world.put("a.x");
    world.settle();
    assert_eq!(world.delivered(id).len(), 5);
}

#[test]
fn of_a_late_subscriber_are_its_own_affair() {
    let mut world = world(&["a", "b"]);
    let early = world.watch(&[">"], false);
    world.settle();
    world.put("a");
    world.settle();
    let late = world.watch(&[">"], true);
    world.put("b");
    world.settle();
    assert_eq!(world.delivered(early), ["put a 3", "put b 4"]);
    let mut delivered = world.delivered(late);
    delivered.sort_unstable();
    assert_eq!(delivered, ["put a 3", "put b 4"]);
    assert_eq!(world.connects, 1);
}

#[test]
fn of_an_exact_key_are_read_without_a_list() {
    let mut world = world(&["a", "b"]);
    world.watch(&[">"], false);
    world.settle();
    let reads = world.reads;
    let id = world.watch(&["a"], true);
    assert!(world.consider(0) && world.answer(0), "one query");
    assert_eq!(
        (world.delivered(id), world.reads),
        (vec!["put a 1".into()], reads + 1)
    );
    assert!(world.recorders[&id].at_ready.is_some());
}

#[test]
fn that_many_want_at_once_are_read_once() {
    let mut world = world(&["a"]);
    world.watch(&[">"], false);
    world.settle();
    let reads = world.reads;
    let ids: Vec<_> = (0..1000).map(|_| world.watch(&["a"], true)).collect();
    world.settle();
    assert_eq!(world.reads, reads + 1);
    for id in ids {
        assert_eq!(world.delivered(id), ["put a 1"]);
    }
}

#[test]
fn are_read_a_few_at_a_time() {
    let keys: Vec<String> = (0..100).map(|n| format!("key.{n}")).collect();
    let mut world = world(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let id = world.watch(&[">"], true);
    world.open(0);
    world.consider(0);
    world.answer(0);
    let mut max_concurrent = 0;
    while world.consider(0) {
        max_concurrent += 1;
    }
    assert_eq!(max_concurrent, 6);
    world.settle();
    assert_eq!(world.delivered(id).len(), 100);
}

#[test]
fn that_are_stale_are_read_again() {
    let mut world = world(&["a"]);
    world.watch(&[">"], false);
    world.settle();
    let id = world.watch(&["a"], true);
    world.consider(0);
    world.put("a");
    // The change is delivered before the older response arrives.
    world.deliver(0, false);
    world.settle();
    assert_eq!(world.delivered(id), ["put a 2"]);
}

#[test]
fn survive_an_interruption() {
    let mut world = world(&["a", "b"]);
    let id = world.watch(&[">"], true);
    world.open(0);
    world.consider(0);
    world.answer(0);
    world.consider(0);
    world.answer(0);
    assert_eq!(world.delivered(id).len(), 1);
    world.lose_frames(0);
    world.delete("a");
    world.delete("b");
    world.put("c");
    world.settle();
    let delivered = world.delivered(id);
    let first = delivered[0].replace("put", "delete") + " resynced";
    assert!(delivered.contains(&first), "{delivered:?}");
    assert_eq!(delivered.last().map(String::as_str), Some("put c 5"));
}

#[test]
fn come_from_a_store_in_memory_too() {
    let mut world = World::new(Settings::in_memory());
    world.put("a");
    let id = world.watch(&[">"], true);
    world.settle();
    world.put("a");
    world.settle();
    assert_eq!(world.delivered(id), ["put a 1", "put a 2"]);
    world.stop(id);
    assert!(world.ended, "there is no connection to keep");
}

#[test]
fn an_entry_of_a_bucket_that_was_replaced_while_loading_is_deleted() {
    let mut world = World::new(settings());
    world.put("a");
    world.watch(&[">"], false);
    world.open(0);
    let one = world.watch(&["b", "a"], true);
    world.consider(0);
    world.answer(0);
    // The newest key is read, then a; b cannot be.
    world.consider(0);
    world.answer(0);
    world.consider(1);
    world.answer(0);
    assert_eq!(world.delivered(one), ["put a 1"]);
    world.consider(0);
    world.cut(0, 1006);
    world.queries.clear();
    world.recreate();
    world.put("a");
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    world.delete("a");
    world.cut(0, 1006);
    world.settle();
    assert_eq!(world.delivered(one), ["put a 1", "delete a 0 resynced"]);
}

#[test]
fn an_entry_that_was_read_before_its_key_was_missing_in_a_list_is_not_delivered() {
    let mut world = World::new(settings());
    let one = world.watch(&["a.x"], true);
    world.open(0);
    world.consider(0);
    world.put("a.x");
    world.deliver(0, false);
    world.answer(0);
    // Read, and the answer is on its way when a wider connection takes over.
    let two = world.watch(&["a.x"], true);
    world.consider(0);
    world.watch(&[">"], false);
    world.delete("a.x");
    world.settle();
    for id in [one, two] {
        let events = world.delivered(id);
        let last = events.last().map(String::as_str);
        assert!(
            last.is_none_or(|last| last.starts_with("delete")),
            "{events:?}"
        );
    }
}

#[test]
fn a_change_of_a_new_bucket_is_delivered_to_who_was_given_a_newer_one_of_the_old_bucket() {
    let mut world = world(&["a", "a"]);
    world.watch(&[">"], false);
    let one = world.watch(&["a"], true);
    world.settle();
    assert_eq!(world.delivered(one), ["put a 2"]);
    world.lose_frames(0);
    world.recreate();
    world.wait();
    world.open(0);
    // It arrives before the list, which says that it is another bucket.
    world.put("a");
    world.deliver(0, false);
    world.settle();
    assert_eq!(world.delivered(one), ["put a 2", "put a 1 resynced"]);
}
