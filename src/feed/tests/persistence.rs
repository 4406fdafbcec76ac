//! A failure that may pass ends no watch, and keeps what has been done.

use super::super::{SubscriberId, Timer, WatchState};
use super::world::{Asked, World, settings};
use crate::error::Error;

fn connected(limit: f64) -> (World, SubscriberId) {
    let mut settings = settings();
    settings.reconnect.max_attempts = limit;
    let mut world = World::new(settings);
    let id = world.watch(&[">"], false);
    world.settle();
    (world, id)
}

#[test]
fn a_view_loads_from_a_server_that_limits_the_rate() {
    for status in [429, 500, 503] {
        let mut world = World::new(settings());
        for n in 0..300 {
            world.put(&format!("user.{n}"));
        }
        // 100 requests, then as many as come back while the feed pauses.
        let tokens = std::cell::Cell::new(100);
        let view = world.watch(&["user.*"], true);
        let limited = |asked: &Asked| {
            let is_free = tokens.get() > 0;
            tokens.set((tokens.get() - 1).max(0));
            (!is_free && matches!(asked, Asked::Read(_)))
                .then(|| Error::status_of(status, "slow down"))
        };
        world.settle_failing(&limited);
        while world.recorders[&view].at_ready.is_none() {
            tokens.set(25);
            assert!(world.fire(Timer::Fetch));
            world.settle_failing(&limited);
        }
        assert_eq!(world.delivered(view).len(), 300);
        assert!(world.reads <= 600, "{} reads", world.reads);
        assert_eq!((world.end(view), world.connects), (None, 1));
    }
}

#[test]
fn a_server_is_given_the_time_that_it_asks_for() {
    let mut world = World::new(settings());
    world.put("a");
    world.watch(&["a"], true);
    world.open(0);
    world.consider(0);
    world.answer(0);
    let error = Error::Http {
        status: 429,
        message: "slow down".into(),
        retryable: None,
        retry_after: Some(7.0),
    };
    world.fail_where(|asked| matches!(asked, Asked::Read(_)), error);
    assert!(world.pause.is_some_and(|pause| pause.least == 7000.0));
}

#[test]
fn a_failed_list_or_listing_is_requested_again_on_the_same_connection() {
    let failures: [fn(&Asked) -> bool; 3] = [
        |asked| matches!(asked, Asked::ResyncListing(_)),
        |asked| matches!(asked, Asked::List(_)),
        |asked| matches!(asked, Asked::Read(_)),
    ];
    for fails in failures {
        let (mut world, id) = connected(10.0);
        world.put("a");
        world.settle();
        world.lose_frames(0);
        world.put("a");
        world.wait();
        world.open(0);
        let late = world.watch(&["a.*", "a"], true);
        let connects = world.connects;
        let count = std::cell::Cell::new(0);
        world.settle_failing(&|asked| {
            count.set(count.get() + usize::from(fails(asked)));
            (fails(asked) && count.get() <= 4).then(|| Error::status_of(503, "not now"))
        });
        assert!(world.pause.is_some());
        world.settle();
        assert_eq!(world.connects, connects);
        assert_eq!(world.delivered(id), ["put a 1", "put a 2 resynced"]);
        assert_eq!(world.delivered(late), ["put a 2"]);
    }
}

#[test]
fn a_refused_resync_listing_is_reported_and_changes_go_on() {
    let (mut world, id) = connected(10.0);
    world.put("a");
    world.settle();
    world.lose_frames(0);
    world.wait();
    world.open(0);
    world.fail(0, Error::status_of(403, "no"));
    world.settle();
    assert_eq!(world.errors(id), ["CONNECTION_LOST!", "UNAUTHORIZED"]);
    world.put("b");
    world.settle();
    assert_eq!(world.delivered(id), ["put a 1", "put b 2"]);
}

#[test]
fn a_bucket_that_is_gone_ends_the_watch() {
    let (mut world, id) = connected(10.0);
    world.put("a");
    world.settle();
    world.lose_frames(0);
    world.wait();
    world.open(0);
    world.fail(0, Error::status_of(404, "bucket not found"));
    assert_eq!(world.end(id).as_deref(), Some("HTTP_404"));
}

#[test]
fn a_token_that_cannot_be_had_for_the_moment_is_asked_for_again() {
    for error in [
        Error::NoCredentials("no token".into()),
        Error::Timeout { ms: 10 },
    ] {
        let mut world = World::new(settings());
        let id = world.watch(&[">"], false);
        let connection_id = world.wires.remove(0).connection_id;
        world.then(|feed| feed.failed(connection_id, error));
        assert!(world.backoff.is_some());
        world.settle();
        assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
    }
}

#[test]
fn a_socket_that_cannot_be_made_at_a_reconnect_is_a_failed_attempt() {
    let error = || Error::ConnectionLost {
        message: "a WebSocket cannot be opened: insecure".into(),
        retryable: false,
    };
    let (mut world, id) = connected(3.0);
    world.cut(0, 1006);
    for attempt in 1..=3 {
        assert!(world.wait(), "attempt {attempt}");
        let connection_id = world.wires.remove(0).connection_id;
        world.then(|feed| feed.failed(connection_id, error()));
        assert_eq!(world.end(id).is_some(), attempt == 3, "attempt {attempt}");
    }
}

#[test]
fn attempts_do_not_count_while_the_browser_is_offline() {
    let (mut world, id) = connected(3.0);
    world.then(|feed| feed.offline());
    for _ in 0..50 {
        world.cut(0, 1006);
        world.answer_probe(Err(Error::RequestFailed("offline".into())));
        world.wait();
    }
    assert_eq!(world.end(id), None);
    world.then(|feed| feed.online());
    world.settle();
    assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
}

#[test]
fn attempts_that_page_events_caused_do_not_count() {
    let (mut world, id) = connected(3.0);
    world.cut(0, 1006);
    for _ in 0..50 {
        world.then(|feed| feed.visible(10.0));
        world.cut(0, 1006);
        world.answer_probe(Err(Error::RequestFailed("no".into())));
    }
    assert_eq!(world.end(id), None);
}

#[test]
fn a_new_watch_skips_the_backoff_and_gets_all_attempts() {
    let (mut world, id) = connected(3.0);
    for _ in 0..2 {
        world.cut(0, 1006);
        world.answer_probe(Err(Error::RequestFailed("no".into())));
        if world.feed.attempts.failed < 2.0 {
            world.wait();
        }
    }
    let connects = world.connects;
    world.watch(&["a"], false);
    assert_eq!(world.connects, connects + 1);
    assert_eq!(world.feed.attempts.failed, 0.0);
    world.settle();
    assert_eq!(world.end(id), None);
}

#[test]
fn a_handshake_that_hangs_is_lost_after_its_timeout() {
    let (mut world, id) = connected(-1.0);
    world.cut(0, 1006);
    world.wait();
    // Slow, then timed out.
    assert!(world.fire(Timer::Handshake) && world.wires.len() == 1);
    assert!(world.fire(Timer::Handshake) && world.wires.is_empty());
    world.settle();
    assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
}

#[test]
fn a_slow_handshake_is_replaced_by_whatever_may_have_mended_the_network() {
    let events: [fn(&mut World); 3] = [
        |world| world.then(|feed| feed.online()),
        |world| world.then(|feed| feed.visible(10.0)),
        |world| _ = world.watch(&["a"], false),
    ];
    for event in events {
        let mut world = World::new(settings());
        world.watch(&[">"], false);
        world.fire(Timer::Handshake);
        let hung = world.wires[0].connection_id;
        event(&mut world);
        assert_eq!(world.wires.len(), 1);
        assert_ne!(world.wires[0].connection_id, hung);
    }
}

#[test]
fn an_open_connection_is_not_trusted_after_the_network_was_away() {
    let (mut world, id) = connected(-1.0);
    world.put("a");
    world.settle();
    world.put("a");
    // The socket stays open, and nothing comes over it any more.
    world.wires[0].frames.clear();
    world.then(|feed| feed.offline());
    world.then(|feed| feed.online());
    world.settle();
    assert_eq!(world.delivered(id), ["put a 1", "put a 2 resynced"]);
}

#[test]
fn a_refused_credential_is_replaced_once_by_a_fresh_token() {
    type Refusal = fn(&mut World);
    let refusals: [Refusal; 3] = [
        |world| _ = world.cut(0, 4401),
        |world| {
            world.cut(0, 1006);
            world.wait();
            world.cut(0, 1006);
            world.answer_probe(Err(Error::status_of(401, "expired")));
        },
        |world| {
            world.cut(0, 1006);
            world.wait();
            world.open(0);
            world.fail(0, Error::status_of(401, "expired"));
        },
    ];
    for refuse in refusals {
        for renewable in [true, false] {
            let (mut world, id) = connected(-1.0);
            world.put("a");
            world.settle();
            world.feed.set_renewable(renewable);
            refuse(&mut world);
            if renewable {
                assert_eq!(world.wires.len(), 1);
                world.settle();
                assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
                // Another time, later.
                refuse(&mut world);
                assert!(!world.ended);
            }
        }
    }
}

#[test]
fn a_credential_that_is_refused_again_ends_the_watch() {
    let (mut world, id) = connected(-1.0);
    world.feed.set_renewable(true);
    world.cut(0, 4401);
    world.cut(0, 4401);
    assert_eq!(world.end(id).as_deref(), Some("UNAUTHENTICATED"));
}

#[test]
fn a_watch_that_begins_hidden_waits_for_the_page() {
    let mut settings = settings();
    settings.visibility.pause_on_hidden = true;
    let mut world = World::new(settings);
    world.then(|feed| feed.hidden());
    let id = world.watch(&[">"], false);
    assert!(world.wires.is_empty());
    assert_eq!(world.states(id), [WatchState::Disconnected]);
    world.then(|feed| feed.visible(60_000.0));
    world.settle();
    assert_eq!(world.states(id).last(), Some(&WatchState::Connected));
}

#[test]
fn a_token_function_that_fails_for_a_request_is_called_again() {
    let mut world = World::new(settings());
    world.put("a");
    let id = world.watch(&[">"], true);
    let failed = std::cell::RefCell::new(Vec::new());
    let fails = |asked: &Asked| {
        let kind = std::mem::discriminant(asked);
        let is_first = !failed.borrow().contains(&kind);
        failed.borrow_mut().push(kind);
        is_first.then(|| Error::NoCredentials("the function auth.token failed".into()))
    };
    world.settle_failing(&fails);
    while world.fire(Timer::Fetch) {
        world.settle_failing(&fails);
    }
    world.cut(0, 1006);
    world.put("b");
    world.settle_failing(&fails);
    while world.fire(Timer::Fetch) {
        world.settle_failing(&fails);
    }
    assert_eq!(world.delivered(id), ["put a 1", "put b 2 resynced"]);
    assert_eq!((world.end(id), world.errors(id).len()), (None, 1));
    assert!(failed.borrow().len() > 4);
}
