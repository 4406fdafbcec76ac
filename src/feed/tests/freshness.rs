//! Promise 6: which subscribers are fresh, and when they are not.

use super::super::{SubscriberId, Timer};
use super::world::{Asked, Query, World, settings};
use crate::error::Error;

fn is_fresh(world: &World, id: SubscriberId) -> bool {
    world.recorders[&id].fresh_by.is_some()
}

#[test]
fn a_watch_is_fresh_from_ready_until_its_connection_is_lost() {
    for is_version_2 in [false, true] {
        let mut world = World::new(settings());
        world.is_version_2 = is_version_2;
        world.put("a");
        let id = world.watch(&["a"], true);
        assert!(!is_fresh(&world, id), "before the connection");
        world.open(0);
        assert!(!is_fresh(&world, id), "before the entries");
        world.settle();
        assert!(is_fresh(&world, id));
        world.cut(0, 1006);
        assert!(!is_fresh(&world, id), "without a connection");
        world.wait();
        world.open(0);
        assert!(!is_fresh(&world, id), "before the resync");
        world.settle();
        assert!(is_fresh(&world, id));
    }
}

#[test]
fn a_newcomer_is_fresh_once_it_is_ready_and_the_others_again_once_the_wider_connection_is_compared()
{
    let mut world = World::new(settings());
    let first = world.watch(&["a"], false);
    world.settle();
    let newcomer = world.watch(&["b"], true);
    assert!(is_fresh(&world, first) && !is_fresh(&world, newcomer));
    world.open(0);
    assert!(
        !is_fresh(&world, first),
        "what the wider one missed is not known"
    );
    world.settle();
    assert!(is_fresh(&world, first) && is_fresh(&world, newcomer));
}

#[test]
fn a_watch_of_a_server_that_went_back_to_a_replay_is_fresh_again_after_it() {
    let mut world = World::new(settings());
    world.is_version_2 = true;
    let id = world.watch(&["a"], false);
    world.settle();
    world.overflow(0);
    world.put("a");
    while is_fresh(&world, id) && (world.serve(0) || world.deliver(0, false)) {}
    assert!(!is_fresh(&world, id));
    world.settle();
    assert!(is_fresh(&world, id));
}

/// Looks at a silent connection: the second time at the latest, it is probed.
fn probe(world: &mut World) {
    world.fire(Timer::Freshness);
    assert!(!world.queries.is_empty() || world.fire(Timer::Freshness));
    world.settle();
}

fn limited(patterns: &[&str], initial: bool) -> (World, SubscriberId) {
    let mut world = World::new(settings());
    world.put("a");
    let id = world.watch(patterns, initial);
    world.settle();
    world.limit_staleness(0);
    (world, id)
}

#[test]
fn a_connection_that_died_silently_is_replaced_after_a_probe_has_found_what_it_missed() {
    let (mut world, id) = limited(&[">"], true);
    world.put("b");
    world.settle();
    world.silence(0);
    world.put("a");
    world.put("c");
    world.delete("b");
    let found = world.delivered_during(id, probe);
    let expected = [
        "delete b 2 resynced",
        "put c 4 resynced",
        "put a 3 resynced",
    ];
    assert_eq!(found, expected);
    assert_eq!(world.connects, 1);
    // No frame brings it either.
    world.fire(Timer::Freshness);
    assert_eq!(world.connects, 2);
    let found = world.delivered_during(id, World::settle);
    assert!(found.is_empty() && is_fresh(&world, id), "{found:?}");
    assert!(world.errors(id).is_empty());
}

#[test]
fn a_connection_whose_frame_was_only_slower_than_the_probe_stays() {
    let (mut world, id) = limited(&[">"], false);
    world.silence(0);
    world.put("a");
    let found = world.delivered_during(id, probe);
    assert_eq!(found, ["put a 2 resynced"]);
    world.wires[0].silent = false;
    world.put("a");
    world.settle();
    world.fire(Timer::Freshness);
    assert_eq!((world.connects, world.delivered(id).len()), (1, 2));
}

#[test]
fn a_probe_that_finds_nothing_new_delivers_nothing_to_any_watch() {
    for patterns in [&["a"][..], &["*"], &["a", "b.>"]] {
        let (mut world, reader) = limited(patterns, true);
        let plain = world.watch(&["*"], false);
        world.settle();
        let connects = world.connects;
        for _ in 0..3 {
            assert_eq!(world.delivered_during(plain, probe), [""; 0]);
        }
        assert_eq!(world.delivered(reader), ["put a 1"]);
        assert!(world.connects == connects && is_fresh(&world, reader));
    }
}

#[test]
fn a_probe_that_fails_is_no_problem_of_a_watch() {
    for status in [401, 403, 404, 500, 503] {
        let (mut world, id) = limited(&[">"], false);
        assert!(world.fire(Timer::Freshness) && !world.queries.is_empty());
        let fails = |_: &Asked| Some(Error::status_of(status, "no"));
        world.settle_failing(&fails);
        assert!(world.errors(id).is_empty() && !world.ended, "{status}");
        world.put("a");
        let found = world.delivered_during(id, World::settle);
        assert_eq!(found, ["put a 2"], "{status}");
    }
}

#[test]
fn without_a_limit_nothing_is_probed() {
    let mut world = World::new(settings());
    let id = world.watch(&[">"], false);
    world.settle();
    assert!(!world.fire(Timer::Freshness));
    world.limit_staleness(0);
    let other = world.watch(&["a"], false);
    world.stop(id);
    let asked = world.queries.len();
    assert!(world.fire(Timer::Freshness) && !world.fire(Timer::Freshness));
    assert_eq!(
        (world.queries.len(), is_fresh(&world, other)),
        (asked, true)
    );
}

#[test]
fn an_entry_that_a_view_has_read_is_not_news_to_a_plain_watch_when_the_connection_widens() {
    let mut world = World::new(settings());
    world.put("a.x");
    let plain = world.watch(&["a.*"], false);
    world.settle();
    world.watch(&["a.*"], true);
    world.settle();
    world.watch(&["b"], false);
    world.settle();
    assert_eq!(world.delivered(plain), [""; 0]);
}

#[test]
fn initial_entries_are_listed_again_with_the_newest_key() {
    let mut world = World::new(settings());
    world.put("b");
    let id = world.watch(&["*"], true);
    world.open(0);
    world.consider(0);
    world.silence(0);
    world.put("a");
    world.delete("b");
    world.settle();
    assert_eq!(world.delivered(id), ["put a 2"]);
}

#[test]
fn a_watch_with_initial_lists_its_keys_once_the_revision_of_the_first_listing_is_known() {
    let mut world = World::new(settings());
    world.watch(&[">"], false);
    world.silence(0);
    world.put("a");
    world.open(0);
    world.put("b");
    world.consider(0);
    let id = world.watch(&["*"], true);
    // The listing has `b`, which is gone and back when it is read for its revision.
    world.answer(0);
    let is_list = |query: &Query| matches!(query.asked, Asked::List(_));
    assert!(!world.queries.iter().any(is_list));
    world.delete("b");
    world.put("b");
    world.settle();
    let mut delivered = world.delivered(id);
    delivered.sort();
    assert_eq!(delivered, ["put a 1", "put b 4"]);
}
