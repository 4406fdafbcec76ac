//! Promise 6: which subscribers are fresh, and when they are not.

use super::super::SubscriberId;
use super::world::{World, settings};

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
