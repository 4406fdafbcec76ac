//! Many subscribers, one connection.

use super::super::WatchState;
use super::world::{World, settings};

#[test]
fn a_thousand_watchers_of_one_key_each_hold_one_connection() {
    let mut world = World::new(settings());
    let ids: Vec<_> = (0..1000)
        .map(|n| world.watch(&[&format!("user.{n}")], n % 2 == 0))
        .collect();
    world.settle();
    assert_eq!(world.filters(), ["user.*"]);
    assert_eq!(world.connects, 2);
    world.put("user.7");
    world.settle();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(world.delivered(id).len(), usize::from(n == 7));
        assert_eq!(world.states(id), [WatchState::Connected]);
    }
}

#[test]
fn who_is_covered_needs_nothing_new() {
    let mut world = World::new(settings());
    world.watch(&["user.>"], false);
    world.settle();
    let id = world.watch(&["user.1", "user.*.name"], false);
    assert_eq!(world.states(id), [WatchState::Connected]);
    assert!(world.recorders[&id].at_ready.is_some());
    assert_eq!(world.connects, 1);
}

#[test]
fn a_wider_connection_takes_over_without_a_gap() {
    let mut world = World::new(settings());
    world.put("user.1");
    let one = world.watch(&["user.1"], false);
    world.settle();
    let other = world.watch(&["flag"], false);
    assert_eq!(
        world.filters(),
        ["user.1", ">"],
        "the narrow one stays until the wide one is open"
    );
    world.put("user.1");
    world.deliver(0, false);
    assert_eq!(world.delivered(one), ["put user.1 2"]);
    // On the narrow one's way when it is let go.
    world.put("user.1");
    world.open(0);
    assert_eq!(world.filters(), [">"]);
    world.put("flag");
    world.settle();
    assert_eq!(
        world.delivered(one),
        ["put user.1 2", "put user.1 3 resynced"]
    );
    assert_eq!(world.delivered(other), ["put flag 4"]);
    assert_eq!(world.states(one), [WatchState::Connected]);
    assert!(world.errors(one).is_empty());
}

#[test]
fn taking_over_reads_only_what_may_be_new() {
    let keys: Vec<String> = (0..50).map(|n| format!("user.{n}")).collect();
    let mut world = World::new(settings());
    let id = world.watch(&["user.*"], false);
    world.settle();
    for key in &keys {
        world.put(key);
    }
    world.settle();
    let reads = world.reads;
    world.watch(&["flag"], false);
    world.settle();
    assert_eq!(world.reads, reads + 1);
    assert_eq!(world.delivered(id).len(), 50);
}

#[test]
fn taking_over_where_nothing_has_changed_delivers_nothing() {
    let mut world = World::new(settings());
    (0..50).for_each(|n| world.put(&format!("user.{n}")));
    let id = world.watch(&["user.*"], false);
    world.settle();
    let reads = world.reads;
    world.watch(&["flag"], false);
    world.settle();
    assert_eq!((world.delivered(id).len(), world.reads), (0, reads + 1));
}

#[test]
fn after_an_interruption_the_connection_is_for_those_who_are_left() {
    let mut world = World::new(settings());
    world.watch(&["user.1"], false);
    let wide = world.watch(&[">"], false);
    world.settle();
    assert_eq!(world.filters(), [">"]);
    world.stop(wide);
    assert_eq!(world.filters(), [">"]);
    world.cut(0, 1006);
    world.wait();
    assert_eq!(world.filters(), ["user.1"]);
}

#[test]
fn an_event_that_several_patterns_match_comes_once() {
    let mut world = World::new(settings());
    let id = world.watch(&["a.*", "*.b", "a.b", "a.*"], false);
    world.settle();
    world.put("a.b");
    world.settle();
    assert_eq!(world.delivered(id), ["put a.b 1"]);
}

#[test]
fn a_change_that_is_still_on_its_way_when_a_wider_connection_takes_over_is_delivered() {
    let mut world = World::new(settings());
    let id = world.watch(&["a"], false);
    world.open(0);
    world.put("a");
    world.put("a");
    // The list and the read are ahead of the frames.
    world.consider(0);
    world.answer(0);
    world.deliver(0, false);
    world.consider(0);
    world.answer(0);
    world.watch(&["a.x"], false);
    world.settle();
    assert_eq!(world.delivered(id), ["put a 1", "put a 2 resynced"]);
}

#[test]
fn a_read_from_before_a_wider_connection_does_not_serve_its_resync() {
    let mut world = World::new(settings());
    let id = world.watch(&["a"], true);
    world.open(0);
    world.consider(0);
    world.answer(0);
    // The key is missing when it is read.
    world.consider(0);
    world.watch(&["a.x"], false);
    world.put("a");
    // The frame is lost with the narrower connection.
    world.open(0);
    world.settle();
    assert_eq!(world.delivered(id), ["put a 1 resynced"]);
}

#[test]
fn a_newcomer_gets_no_value_after_a_reconnect_that_was_there_before_it() {
    for first in [&["a"][..], &["x"], &["a", "x"]] {
        let mut world = World::new(settings());
        ["a", "b", "c"].iter().for_each(|key| world.put(key));
        world.watch(first, false);
        world.settle();
        let newcomer = world.watch(&["b"], false);
        world.settle();
        world.cut(0, 1006);
        world.settle();
        assert_eq!(world.delivered(newcomer), [""; 0], "{first:?}");
    }
}
