//! What a resync reads, by the order in which a server lists keys.

use super::super::SubscriberId;
use super::world::{Order, World, settings};

/// Names that are in order.
fn name(n: usize) -> String {
    crate::text::concat(&["k", &crate::text::decimal(1000 + n as u64)])
}

/// A view of so many keys, whose revisions it knows; the first few were rewritten while it was connected.
fn viewing(order: Order, keys: usize, rewritten: usize) -> (World, SubscriberId) {
    let mut world = World::new(settings());
    world.order = order;
    (0..keys).for_each(|n| world.put(&name(n)));
    let id = world.watch(&[">"], true);
    world.settle();
    for n in 0..rewritten {
        world.put(&name(n));
    }
    world.settle();
    assert_eq!(world.delivered(id).len(), keys + rewritten);
    (world, id)
}

/// What is delivered after an interruption, and how many requests read a key.
fn resync(world: &mut World, id: SubscriberId, away: impl FnOnce(&mut World)) -> (usize, usize) {
    let reads = world.reads;
    world.lose_frames(0);
    away(world);
    let delivered = world.delivered_during(id, World::settle).len();
    (delivered, world.reads - reads)
}

fn put_each(world: &mut World, keys: std::ops::Range<usize>) {
    keys.for_each(|n| world.put(&name(n)));
}

#[test]
fn a_resync_reads_only_the_tail_of_a_listing_in_order_of_last_revision() {
    let (mut world, id) = viewing(Order::LastRevision, 1000, 3);
    let (delivered, reads) = resync(&mut world, id, |world| {
        put_each(world, 500..550);
        world.delete(&name(7));
    });
    assert_eq!(delivered, 51);
    assert!(reads <= 60, "{reads}");
}

#[test]
fn later_resyncs_read_no_more_than_what_changed_since_the_one_before() {
    let (mut world, id) = viewing(Order::LastRevision, 1000, 3);
    for round in 1..6 {
        let from = round * 50;
        let (delivered, reads) = resync(&mut world, id, |world| put_each(world, from..from + 50));
        assert_eq!(delivered, 50);
        assert!(reads <= 110, "{reads} in round {round}");
    }
}

#[test]
fn a_resync_reads_every_key_of_a_listing_in_another_order() {
    for order in [Order::Name, Order::Creation, Order::Random] {
        for rewritten in [0, 3, 100] {
            let (mut world, id) = viewing(order, 100, rewritten);
            for changed in [20..30, 0..1, 5..15] {
                let expected = changed.len();
                let (delivered, reads) = resync(&mut world, id, |world| put_each(world, changed));
                assert_eq!((delivered, reads), (expected, 100), "{order:?} {rewritten}");
            }
        }
    }
}

#[test]
fn names_and_creation_in_order_of_revision_prove_nothing() {
    for order in [Order::Name, Order::Creation] {
        let (mut world, id) = viewing(order, 100, 0);
        // The newest key by name, by creation and by revision.
        world.put(&name(100));
        world.settle();
        let (delivered, reads) = resync(&mut world, id, |world| put_each(world, 3..4));
        assert_eq!((delivered, reads), (1, 101), "{order:?}");
    }
}

#[test]
fn a_key_that_was_deleted_and_created_again_does_not_count_as_moved() {
    let (mut world, id) = viewing(Order::Creation, 100, 0);
    world.delete(&name(3));
    world.put(&name(3));
    world.settle();
    let (delivered, reads) = resync(&mut world, id, |world| put_each(world, 50..51));
    assert_eq!((delivered, reads), (1, 100));
    // Unseen, between two connections.
    let (delivered, reads) = resync(&mut world, id, |world| {
        world.delete(&name(4));
        world.put(&name(4));
    });
    assert_eq!((delivered, reads), (1, 100));
    let (delivered, reads) = resync(&mut world, id, |world| put_each(world, 60..61));
    assert_eq!((delivered, reads), (1, 100));
}

#[test]
fn fewer_than_sixteen_known_revisions_prove_nothing() {
    for (keys, reads_all) in [(20, true), (40, false)] {
        let (mut world, id) = viewing(Order::LastRevision, keys, 2);
        let (delivered, reads) = resync(&mut world, id, |world| put_each(world, 5..6));
        assert_eq!(delivered, 1);
        assert_eq!(reads == keys, reads_all, "{reads} of {keys}");
    }
}

#[test]
fn revisions_of_an_earlier_bucket_prove_nothing() {
    let (mut world, id) = viewing(Order::LastRevision, 100, 3);
    let (_, reads) = resync(&mut world, id, |world| {
        world.recreate();
        put_each(world, 0..100);
    });
    assert_eq!(reads, 100);
}

#[test]
fn a_plain_watch_knows_the_revisions_after_its_first_resync() {
    let mut world = World::new(settings());
    put_each(&mut world, 0..100);
    let id = world.watch(&[">"], false);
    world.settle();
    put_each(&mut world, 0..2);
    world.settle();
    assert_eq!(
        resync(&mut world, id, |world| put_each(world, 2..4)),
        (2, 100)
    );
    put_each(&mut world, 4..5);
    world.settle();
    let (delivered, reads) = resync(&mut world, id, |world| put_each(world, 5..6));
    assert_eq!(delivered, 1);
    assert!(reads <= 12, "{reads}");
}

#[test]
fn a_failed_read_of_the_tail_is_retried_although_an_unchanged_key_was_read() {
    let (mut world, id) = viewing(Order::LastRevision, 100, 3);
    world.lose_frames(0);
    put_each(&mut world, 50..54);
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    // The reads of the last keys are in flight: the newest fails, the others find an unchanged one.
    world.fail(0, crate::error::Error::status_of(503, "not now"));
    let delivered = world.delivered_during(id, World::settle);
    assert_eq!(delivered.len(), 4);
    assert!(delivered.iter().any(|event| event.contains(&*name(53))));
}

#[test]
fn a_wider_connection_reads_every_key_where_a_known_revision_disagrees() {
    for (order, reads_all) in [
        (Order::LastRevision, false),
        (Order::Name, true),
        (Order::Random, true),
    ] {
        let mut world = World::new(settings());
        world.order = order;
        put_each(&mut world, 0..30);
        let id = world.watch(&["*"], true);
        world.settle();
        put_each(&mut world, 0..3);
        world.settle();
        let reads = world.reads;
        world.watch(&["other.*"], false);
        world.put(&name(3));
        world.settle();
        assert_eq!(world.delivered(id).len(), 34, "{order:?}");
        let all = world.reads - reads == 30;
        assert_eq!(all, reads_all, "{order:?} {}", world.reads - reads);
    }
}
