//! What concerns one subscriber reaches that subscriber only.

use super::super::{SubscriberId, Timer, WatchState};
use super::world::{Asked, World, settings};
use crate::error::Error;

fn refused(status: u16) -> Error {
    Error::status_of(status, "no")
}

/// A world with a connected subscriber of `news`.
fn with_news() -> (World, SubscriberId) {
    let mut world = World::new(settings());
    world.put("secret.a");
    let news = world.watch(&["news"], false);
    world.settle();
    (world, news)
}

/// The subscriber of `news` still gets every change, and no error.
fn news_goes_on(world: &mut World, news: SubscriberId) {
    let delivered = world.delivered_during(news, |world| {
        world.put("news");
        world.settle();
    });
    assert_eq!(delivered.len(), 1, "{delivered:?}");
    assert_eq!(world.errors(news), [""; 0]);
    assert_eq!(world.states(news), [WatchState::Connected]);
    assert_eq!(world.end(news), None);
}

#[test]
fn a_refused_list_ends_the_subscriber_that_it_is_for() {
    for (status, code) in [
        (401, "UNAUTHENTICATED"),
        (403, "UNAUTHORIZED"),
        (400, "HTTP_400"),
    ] {
        let (mut world, news) = with_news();
        let view = world.watch(&["secret.*"], true);
        world.open(1);
        // The listing of the wider connection holds the entries of a view that was there before.
        world.fail_where(
            |asked| matches!(asked, Asked::ResyncListing(_)),
            refused(status),
        );
        world.fail_where(|asked| matches!(asked, Asked::List(_)), refused(status));
        assert_eq!(world.end(view).as_deref(), Some(code));
        world.errors_of(news).clear();
        news_goes_on(&mut world, news);
    }
}

#[test]
fn a_refused_read_of_an_initial_entry_ends_the_subscriber_that_it_is_for() {
    for status in [401, 403] {
        let (mut world, news) = with_news();
        let view = world.watch(&["secret.*"], true);
        world.open(1);
        world.consider(0);
        world.answer(0);
        world.fail_where(
            |asked| matches!(asked, Asked::Read(key) if &**key == "secret.a"),
            refused(status),
        );
        assert!(world.end(view).is_some());
        news_goes_on(&mut world, news);
    }
}

#[test]
fn a_refused_read_of_a_resync_is_reported_to_the_subscribers_of_the_key() {
    let mut world = World::new(settings());
    let news = world.watch(&["news"], false);
    let all = world.watch(&["secret.*"], false);
    world.settle();
    world.put("secret.a");
    world.put("news");
    world.settle();
    world.lose_frames(0);
    world.put("secret.a");
    world.put("news");
    world.wait();
    world.open(0);
    world.consider(0);
    world.answer(0);
    world.fail_where(
        |asked| matches!(asked, Asked::Read(key) if &**key == "secret.a"),
        refused(403),
    );
    world.settle();
    assert_eq!(world.errors(all), ["CONNECTION_LOST!", "UNAUTHORIZED"]);
    assert_eq!(world.errors(news), ["CONNECTION_LOST!"]);
    assert_eq!(world.delivered(news).len(), 2);
    assert_eq!((world.end(all), world.end(news)), (None, None));
}

#[test]
fn a_key_that_can_never_be_read_is_reported_once_and_holds_nothing_up() {
    let mut world = World::new(settings());
    world.put("bad");
    for n in 0..20 {
        world.put(&format!("good.{n}"));
    }
    let news = world.watch(&["news"], false);
    let view = world.watch(&["bad", "good.*"], true);
    let bad = |asked: &Asked| {
        let bad = matches!(asked, Asked::Read(key) if &**key == "bad");
        bad.then(|| refused(500))
    };
    while world.recorders[&view].at_ready.is_none() {
        world.settle_failing(&bad);
        world.fire(Timer::Fetch);
    }
    assert_eq!(world.errors(view), ["HTTP_500!"]);
    assert_eq!(world.delivered(view).len(), 20);
    assert!(world.recorders[&view].at_ready.is_some());
    news_goes_on(&mut world, news);
}

#[test]
fn a_newcomer_whose_connection_is_refused_gets_a_feed_of_its_own() {
    for code in [4401, 4403, 4404, 1008, 1000] {
        let (mut world, news) = with_news();
        let newcomer = world.watch(&["secret.*"], true);
        world.cut(1, code);
        assert_eq!(world.moved[0].subscriber_ids(), [newcomer], "{code}");
        assert_eq!(world.filters(), ["news"]);
        news_goes_on(&mut world, news);
    }
}

#[test]
fn a_newcomer_without_a_valid_token_gets_a_feed_of_its_own() {
    let (mut world, news) = with_news();
    let newcomer = world.watch(&["secret.*"], false);
    let connection_id = world.wires.remove(1).connection_id;
    let invalid = Error::Validation("auth.token must give a string".into());
    world.then(|feed| feed.failed(connection_id, invalid));
    assert_eq!(world.moved[0].subscriber_ids(), [newcomer]);
    news_goes_on(&mut world, news);
}

#[test]
fn a_newcomer_whose_socket_cannot_be_made_is_retried() {
    let (mut world, news) = with_news();
    let newcomer = world.watch(&["secret.*"], true);
    let connection_id = world.wires.remove(1).connection_id;
    let error = Error::ConnectionLost {
        message: "a WebSocket cannot be opened: insecure".into(),
        retryable: false,
    };
    world.then(|feed| feed.failed(connection_id, error));
    assert!(world.moved.is_empty());
    assert!(world.fire(Timer::Widen));
    world.settle();
    assert_eq!(world.delivered(newcomer), ["put secret.a 1"]);
    news_goes_on(&mut world, news);
}

#[test]
fn a_newcomer_is_retried_while_its_connection_fails_and_the_others_keep_theirs() {
    let (mut world, news) = with_news();
    let newcomer = world.watch(&["secret.*"], true);
    for _ in 0..20 {
        assert!(world.cut(1, 1006));
        assert!(world.fire(Timer::Widen));
    }
    assert_eq!(world.errors(newcomer), ["CONNECTION_LOST!"]);
    world.settle();
    assert_eq!(world.delivered(newcomer), ["put secret.a 1"]);
    news_goes_on(&mut world, news);
}

#[test]
fn a_refused_first_connection_is_split_until_only_the_refused_are_left() {
    let mut world = World::new(settings());
    let ids: Vec<_> = ["a", "b", "c", "d"]
        .iter()
        .map(|key| world.watch(&[key], false))
        .collect();
    let mut moved = Vec::new();
    while world.feed.wants(world.wires[0].connection_id) {
        world.cut(0, 4403);
        if world.ended {
            break;
        }
        world.answer_probe(Ok(()));
        moved.extend(
            world
                .moved
                .drain(..)
                .flat_map(|moved| moved.subscriber_ids()),
        );
    }
    assert_eq!(moved, [ids[2], ids[3], ids[1]]);
    assert_eq!(world.end(ids[0]).as_deref(), Some("UNAUTHORIZED"));
}

#[test]
fn plain_watchers_get_no_unchanged_value_because_a_view_has_read_it() {
    for (view_first, keys) in [(true, 20), (false, 20), (true, 1)] {
        let mut world = World::new(settings());
        for n in 0..keys {
            world.put(&format!("user.{n}"));
        }
        let mut plain = None;
        if !view_first {
            plain = Some(world.watch(&["user.>"], false));
            world.settle();
        }
        world.watch(&["user.>"], true);
        world.settle();
        let plain = plain.unwrap_or_else(|| world.watch(&["user.>"], false));
        world.settle();
        let delivered = world.delivered_during(plain, |world| {
            world.lose_frames(0);
            world.put("user.0");
            world.settle();
        });
        assert_eq!(delivered, [format!("put user.0 {} resynced", keys + 1)]);
    }
}

#[test]
fn a_newcomer_that_failed_is_retried_after_another_one_was_connected() {
    let mut world = World::new(settings());
    world.watch(&["a.x"], false);
    world.settle();
    let all = world.watch(&[">"], false);
    world.cut(1, 1006);
    world.watch(&["a.*"], false);
    assert!(world.fire(Timer::Widen));
    world.settle();
    assert_eq!(world.states(all), [WatchState::Connected]);
}

#[test]
fn a_refused_reconnect_is_split_and_each_part_goes_on_where_it_was() {
    for follows_moved in [false, true] {
        let mut world = World::new(settings());
        ["a", "b", "c"].iter().for_each(|key| world.put(key));
        let mut ids: Vec<_> = ["a", "b"].map(|key| world.watch(&[key], true)).into();
        ids.push(world.watch(&["b"], false));
        world.settle();
        world.cut(0, 1006);
        world.put("a");
        world.put("b");
        world.wait();
        world.cut(0, 4403);
        world.answer_probe(Ok(()));
        assert_eq!(world.moved[0].subscriber_ids(), [ids[2]]);
        assert!(!world.ended);
        if follows_moved {
            world.follow_moved();
            world.settle();
            assert_eq!(world.delivered(ids[2]), ["put b 5 resynced"]);
            continue;
        }
        // The rest is refused too, and split again.
        world.cut(0, 4403);
        world.answer_probe(Ok(()));
        world.settle();
        assert_eq!(world.delivered(ids[0]), ["put a 1", "put a 4 resynced"]);
        world.moved.remove(0);
        world.follow_moved();
        world.settle();
        assert_eq!(world.delivered(ids[1]), ["put b 2", "put b 5 resynced"]);
        assert!(world.errors(ids[1]).len() == 1, "the lost connection");
    }
}

#[test]
fn a_watch_that_is_refused_alone_at_a_reconnect_ends_and_the_others_go_on() {
    let mut world = World::new(settings());
    let kept = world.watch(&["a"], false);
    let refused = world.watch(&["b"], false);
    world.settle();
    world.cut(0, 1006);
    world.wait();
    world.cut(0, 4403);
    world.answer_probe(Ok(()));
    world.put("a");
    world.settle();
    assert_eq!(world.delivered(kept), ["put a 1 resynced"]);
    world.follow_moved();
    world.cut(0, 4403);
    assert_eq!(world.end(refused).as_deref(), Some("UNAUTHORIZED"));
}

#[test]
fn a_part_of_a_refused_reconnect_gets_what_it_missed_of_keys_that_had_changed_before() {
    let mut world = World::new(settings());
    world.watch(&["a"], false);
    let moved = world.watch(&["b", "c"], false);
    world.settle();
    world.put("b");
    world.put("c");
    world.settle();
    world.cut(0, 1006);
    world.put("b");
    world.delete("c");
    world.wait();
    world.cut(0, 4403);
    world.answer_probe(Ok(()));
    world.follow_moved();
    world.settle();
    let delivered = world.delivered(moved);
    assert_eq!(delivered[..2], ["put b 1", "put c 2"]);
    assert_eq!(delivered[2..], ["delete c 2 resynced", "put b 3 resynced"]);
}

#[test]
fn a_refused_connection_takes_the_wider_one_that_is_being_opened_with_it() {
    let mut world = World::new(settings());
    let kept = world.watch(&["a"], false);
    world.settle();
    world.watch(&["b"], false);
    assert_eq!(world.wires.len(), 2);
    world.cut(0, 4403);
    assert!(world.wires.is_empty(), "{:?}", world.wires);
    world.answer_probe(Ok(()));
    world.settle();
    world.put("a");
    world.settle();
    assert_eq!(world.delivered(kept), ["put a 1"]);
}

#[test]
fn a_watch_that_was_not_ready_yet_takes_what_is_known_to_its_own_feed() {
    let mut world = World::new(settings());
    world.put("a");
    world.put("b");
    world.watch(&["x"], false);
    let loading = world.watch(&["a", "b"], true);
    let fails = |asked: &Asked| {
        let is_b = matches!(asked, Asked::Read(key) if &**key == "b");
        is_b.then(|| refused(503))
    };
    world.settle_failing(&fails);
    assert_eq!(world.delivered(loading), ["put a 1"]);
    world.cut(0, 1006);
    world.delete("a");
    world.wait();
    world.cut(0, 4403);
    world.answer_probe(Ok(()));
    world.follow_moved();
    world.settle();
    let expected = ["put a 1", "delete a 1 resynced", "put b 2"];
    assert_eq!(world.delivered(loading), expected);
}
