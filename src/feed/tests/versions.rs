//! Version 2 of the wire: newcomers whose replay is cut, and servers that come back with the other version.

use super::world::{Order, World, settings};
use crate::error::Error;

#[test]
fn a_newcomer_that_was_served_on_both_versions_misses_nothing_between_them() {
    let mut world = World::new(settings());
    world.is_version_2 = true;
    world.put("a");
    world.watch(&[">"], true);
    world.settle();
    world.put("a");
    let newcomer = world.watch(&[">"], false);
    // Its replay is cut after the first change.
    world.serve(0);
    while world.deliver(0, false) {}
    assert_eq!(world.delivered(newcomer), ["put a 2"]);
    world.put("a");
    world.cut(0, 1006);

    world.is_version_2 = false;
    world.wait();
    world.open(0);
    world.put("b");
    world.deliver(0, false);
    world.cut(0, 1006);

    world.is_version_2 = true;
    world.settle();
    let expected = ["put a 2", "put b 4", "put a 3"];
    assert_eq!(world.delivered(newcomer), expected);
}

#[test]
fn an_entry_that_only_a_newcomer_was_given_is_deleted_with_its_bucket() {
    let mut world = World::new(settings());
    world.is_version_2 = true;
    world.put("b");
    world.watch(&[">"], false);
    world.settle();
    world.put("a.x");
    while world.deliver(0, false) {}
    world.cut(0, 1006);

    let newcomer = world.watch(&["*"], true);
    world.open(0);
    // Its replay is cut before the end.
    world.serve(0);
    world.serve(0);
    for _ in 0..3 {
        world.deliver(0, false);
    }
    assert_eq!(world.delivered(newcomer), ["put b 1"]);
    world.cut(0, 1006);
    world.recreate();
    world.settle();
    assert_eq!(
        world.delivered(newcomer),
        ["put b 1", "delete b 0 resynced"]
    );
}

#[test]
fn a_delete_during_the_replay_of_a_refused_subscription_is_not_missed() {
    let mut world = World::new(settings());
    world.put("a");
    let all = world.watch(&[">"], true);
    let other = world.watch(&[">"], true);
    world.settle();
    world.cut(0, 1006);

    // Version 1 has brought no change, so that the entries are replayed.
    world.is_version_2 = true;
    world.watch(&["a"], false);
    world.open(0);
    world.delete("a");
    world.refuse_subscription(0, &Error::status_of(403, "no"));
    world.settle();
    for id in [all, other] {
        assert_eq!(world.delivered(id), ["put a 1", "delete a 2 resynced"]);
    }
}

#[test]
fn a_delete_of_a_bucket_that_was_replaced_in_turn_hides_no_key_of_the_new_one() {
    let mut world = World::new(settings());
    (0..3).for_each(|_| world.put("a"));
    let reader = world.watch(&[">"], true);
    world.settle();
    let plain = world.watch(&[">"], false);
    world.cut(0, 1006);
    world.recreate();
    world.put("a");
    world.wait();
    world.open(0);
    world.delete("a");
    // Which bucket it is of is not known yet.
    world.deliver(0, false);
    world.cut(0, 1006);
    world.is_version_2 = true;
    world.recreate();
    world.put("a");
    world.settle();
    assert_eq!(world.delivered(reader), ["put a 3", "put a 1 resynced"]);
    assert_eq!(world.delivered(plain), ["delete a 2", "put a 1 resynced"]);
}

#[test]
fn a_watch_without_entries_begins_with_those_there_are_where_version_2_follows() {
    let mut world = World::new(settings());
    world.order = Order::Name;
    world.put("b");
    let id = world.watch(&["b.x"], true);
    world.watch(&[">"], false);
    world.open(0);
    world.silence(0);
    // The listing has no `b.x`, and the read of the newest key is later than that.
    world.consider(0);
    world.put("b.x");
    world.put("b");
    world.settle();
    assert_eq!(world.delivered(id), [""; 0]);
    world.is_version_2 = true;
    world.cut(0, 1006);
    world.settle();
    assert_eq!(world.delivered(id), ["put b.x 2 resynced"]);
}
