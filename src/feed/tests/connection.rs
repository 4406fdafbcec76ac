//! The life cycle of a connection, and what subscribers are notified of.

use super::super::{Feed, Settings, WatchState};
use super::world::{World, settings};
use crate::error::Error;

/// A world whose settings are changed, with one subscriber, connected.
fn connected(change: impl FnOnce(&mut Settings)) -> (World, super::super::SubscriberId) {
    let mut settings = settings();
    change(&mut settings);
    let mut world = World::new(settings);
    let id = world.watch(&[">"], false);
    world.settle();
    assert_eq!(world.states(id), [WatchState::Connected]);
    (world, id)
}

#[test]
fn the_first_subscriber_connects_immediately_and_is_notified_when_connected() {
    let mut world = World::new(settings());
    let id = world.watch(&["a.*"], false);
    assert_eq!((world.connects, world.filters()), (1, vec!["a.*"]));
    assert!(world.states(id).is_empty());
    world.settle();
    assert_eq!(world.states(id), [WatchState::Connected]);
    assert!(world.recorders[&id].at_ready.is_some());
}

#[test]
fn a_failed_handshake_asks_the_server_why() {
    for (answer, end) in [
        (Err(Error::status_of(401, "no")), Some("UNAUTHENTICATED")),
        (Err(Error::status_of(403, "no")), Some("UNAUTHORIZED")),
        (Err(Error::status_of(404, "no")), Some("HTTP_404")),
        (Err(Error::status_of(500, "no")), None),
        (Err(Error::RequestFailed("no".into())), None),
        (Ok(()), None),
    ] {
        let mut world = World::new(settings());
        let id = world.watch(&[">"], false);
        world.cut(0, 1006);
        assert!(world.probe.is_some() && world.errors(id).is_empty());
        world.answer_probe(answer);
        assert_eq!(world.end(id).as_deref(), end);
        let retried = if end.is_none() {
            vec!["CONNECTION_LOST!"]
        } else {
            vec![]
        };
        assert_eq!(world.errors(id), retried);
        assert_eq!(world.backoff.is_some(), end.is_none());
    }
}

#[test]
fn a_retried_handshake_connects_at_once_and_is_no_attempt_to_reconnect() {
    let mut settings = settings();
    settings.reconnect.max_attempts = 0.0;
    let mut world = World::new(settings);
    let id = world.watch(&[">"], false);
    world.cut(0, 1006);
    world.retry_handshake();
    assert_eq!((world.connects, world.backoff), (2, None));
    assert!(world.errors(id).is_empty() && world.states(id).is_empty());
    world.settle();
    assert_eq!(world.states(id), [WatchState::Connected]);
}

#[test]
fn a_refusal_by_close_code_ends_the_watch_with_its_error() {
    for (code, error) in [
        (4401, "UNAUTHENTICATED"),
        (4403, "UNAUTHORIZED"),
        (4404, "HTTP_404"),
        (1008, "CONNECTION_LOST"),
        (1000, ""),
    ] {
        let mut early = World::new(settings());
        let id = early.watch(&[">"], false);
        early.cut(0, code);
        assert_eq!(early.end(id).as_deref(), Some(error), "{code}");
        let (mut late, id) = connected(|_| {});
        late.cut(0, code);
        assert_eq!(late.end(id).as_deref(), Some(error), "{code}");
        assert!(late.errors(id).is_empty(), "what ends it is delivered once");
    }
}

#[test]
fn a_lost_connection_is_reported_once_and_taken_up_again() {
    for code in [1001, 1005, 1006, 1011, 1012, 1013, 4000] {
        let (mut world, id) = connected(|_| {});
        world.cut(0, code);
        assert_eq!(world.errors(id), ["CONNECTION_LOST!"]);
        world.wait();
        world.cut(0, 1006);
        world.answer_probe(Ok(()));
        world.settle();
        assert_eq!(world.errors(id), ["CONNECTION_LOST!"], "the same outage");
        let states = [
            WatchState::Connected,
            WatchState::Reconnecting,
            WatchState::Connected,
        ];
        assert_eq!(world.states(id), states);
        world.cut(0, 1006);
        assert_eq!(world.errors(id).len(), 2, "another one");
    }
}

#[test]
fn attempts_in_a_row_are_used_up_and_a_connection_that_stayed_up_resets_them() {
    let (mut world, id) = connected(|settings| settings.reconnect.max_attempts = 2.0);
    for _ in 0..3 {
        world.cut(0, 1006);
        world.wait();
        world.cut(0, 1006);
        world.answer_probe(Ok(()));
        world.settle();
        assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
        assert!(world.stay_up());
    }
    let reported = world.errors(id).len();
    world.cut(0, 1006);
    for _ in 0..2 {
        assert!(world.wait());
        world.cut(0, 1006);
        world.answer_probe(Ok(()));
    }
    assert_eq!(world.end(id).as_deref(), Some("CONNECTION_LOST"));
    assert_eq!(world.errors(id).len(), reported + 1);
}

#[test]
fn waits_grow_until_a_connection_has_served_or_stayed_up() {
    let (mut world, _) = connected(|_| {});
    let mut waits = Vec::new();
    world.cut(0, 1006);
    for _ in 0..6 {
        waits.extend(world.backoff);
        world.wait();
        world.cut(0, 1006);
        world.answer_probe(Ok(()));
    }
    assert_eq!(waits, [10.0, 20.0, 40.0, 80.0, 100.0, 100.0]);
    world.settle();
    world.cut(0, 1006);
    assert_eq!(world.backoff, Some(100.0), "it was there for a moment only");
    world.settle();
    world.put("a");
    world.settle();
    world.cut(0, 1006);
    assert_eq!(world.backoff, Some(10.0), "it has served");
}

#[test]
fn without_reconnecting_a_lost_connection_ends_the_watch() {
    let (mut world, id) = connected(|settings| settings.reconnect.enabled = false);
    world.cut(0, 1006);
    assert_eq!(world.end(id).as_deref(), Some("CONNECTION_LOST"));
    assert!(world.errors(id).is_empty() && world.backoff.is_none());
}

#[test]
fn the_network_and_the_page_coming_back_skip_the_wait() {
    for back in [Feed::online, |feed: &mut Feed<_>| feed.visible(5.0)] {
        let (mut world, id) = connected(|_| {});
        world.cut(0, 1006);
        world.then(back);
        assert_eq!(world.wires.len(), 1);
        world.settle();
        assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
    }
    let (mut world, _) = connected(|s| s.visibility.reconnect_on_visible = false);
    world.cut(0, 1006);
    world.then(|feed| feed.visible(60_000.0));
    assert!(world.wires.is_empty());
}

#[test]
fn after_long_hidden_an_open_connection_is_not_trusted() {
    let (mut world, id) = connected(|_| {});
    world.put("a");
    world.deliver(0, false);
    world.then(|feed| feed.visible(30_000.0));
    assert_eq!(world.connects, 1);
    world.put("a");
    world.then(|feed| feed.visible(30_001.0));
    assert_eq!(world.connects, 2);
    let delivered = world.delivered_during(id, World::settle);
    assert_eq!(delivered, ["put a 2 resynced"]);
    assert!(world.errors(id).is_empty(), "nothing went wrong");
}

#[test]
fn a_hidden_page_pauses_where_that_is_wanted() {
    let (mut world, id) = connected(|settings| settings.visibility.pause_on_hidden = true);
    world.then(Feed::hidden);
    assert!(world.wires.is_empty());
    world.then(Feed::online);
    assert!(world.wires.is_empty(), "still hidden");
    world.put("a");
    world.then(|feed| feed.visible(1.0));
    let delivered = world.delivered_during(id, World::settle);
    assert_eq!(delivered, ["put a 1 resynced"]);
    let states = [
        WatchState::Connected,
        WatchState::Disconnected,
        WatchState::Reconnecting,
        WatchState::Connected,
    ];
    assert_eq!(world.states(id), states);
    assert!(world.errors(id).is_empty());
}

#[test]
fn a_pause_is_made_up_for_even_where_nothing_else_is() {
    let (mut world, id) = connected(|settings| {
        settings.visibility.pause_on_hidden = true;
        settings.reconnect.enabled = false;
    });
    world.then(Feed::hidden);
    world.put("a");
    world.then(|feed| feed.visible(1.0));
    assert_eq!(
        world.delivered_during(id, World::settle),
        ["put a 1 resynced"]
    );
}

#[test]
fn a_bad_frame_is_reported_and_ends_nothing() {
    let (mut world, id) = connected(|_| {});
    let connection_id = world.wires[0].connection_id;
    world.then(|feed| feed.bad_frame(connection_id, "not JSON".into()));
    world.put("a");
    world.settle();
    assert_eq!(world.errors(id), ["INVALID_RESPONSE"]);
    assert_eq!(world.delivered(id), ["put a 1"]);
}

#[test]
fn events_of_a_closed_connection_are_ignored() {
    let (mut world, id) = connected(|_| {});
    let old = world.wires[0].connection_id;
    world.cut(0, 1006);
    world.settle();
    world.then(|feed| feed.closed(old, 4404));
    world.then(|feed| feed.opened(old));
    world.then(|feed| feed.bad_frame(old, "late".into()));
    world.then(|feed| feed.failed(old, Error::NotConfigured));
    assert_eq!((world.end(id), world.errors(id).len()), (None, 1));
}

#[test]
fn the_connection_outlives_the_last_subscriber_by_the_grace_period() {
    let (mut world, id) = connected(|_| {});
    world.stop(id);
    let again = world.watch(&["a"], false);
    assert!(world.end_grace() && !world.ended);
    assert_eq!(
        (world.connects, world.states(again)),
        (1, &[WatchState::Connected][..])
    );
    world.stop(again);
    assert!(world.end_grace() && world.ended);
}

#[test]
fn the_last_subscriber_to_leave_while_there_is_no_connection_ends_it_at_once() {
    let (mut world, id) = connected(|_| {});
    world.cut(0, 1006);
    world.stop(id);
    assert!(world.ended);
}

#[test]
fn stopping_ends_it_for_everybody_and_nothing_comes_after() {
    let (mut world, id) = connected(|_| {});
    let connection_id = world.wires[0].connection_id;
    world.then(Feed::stop);
    assert_eq!(world.end(id).as_deref(), Some(""));
    world.then(|feed| feed.closed(connection_id, 1006));
    world.then(Feed::online);
    world.then(|feed| feed.visible(60_000.0));
    world.then(Feed::stop);
}

#[test]
fn answers_that_come_after_the_end_lead_to_nothing() {
    for fails in [false, true] {
        let mut world = World::new(settings());
        (0..20).for_each(|n| world.put(&format!("key.{n}")));
        world.watch(&[">"], true);
        world.open(0);
        world.consider(0);
        world.answer(0);
        world.watch(&["key.*"], true);
        world.then(Feed::stop);
        let lost = || Error::RequestFailed("no".into());
        while world.consider(0) || (fails && world.fail(0, lost())) || world.answer(0) {}
        assert!(world.feed.has_ended() && world.backoff.is_none());
    }
}
