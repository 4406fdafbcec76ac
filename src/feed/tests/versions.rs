//! Servers that come back with another version of the wire.

use super::world::{World, settings};

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
