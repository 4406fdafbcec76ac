//! The promises, under any interleaving of what users, the server and the network do.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::super::{SubscriberId, Timer};
use super::checks::{check_final, check_fresh, check_initial, check_order, check_unchanged};
use super::recorder::StoredEntries;
use super::world::{Order, World, settings};
use crate::error::Error;
use crate::text::{concat, decimal};

/// Where failing seeds are kept; every run begins with them.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/feed/tests/proptest-regressions.txt"
);

pub(super) const KEYS: [&str; 6] = ["a", "b", "a.x", "a.y", "b.x", "a.x.1"];
const FILTERS: [&[&str]; 8] = [
    &[">"],
    &["a"],
    &["a.x"],
    &["a.*"],
    &["a.>"],
    &["b.x", "a"],
    &["a.*", "*.x"],
    &["*"],
];

/// What may happen next. The numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Put(usize),
    Delete(usize),
    Watch(usize, bool),
    Stop(usize),
    Open(usize),
    Deliver(usize),
    Repeat(usize),
    Consider(usize),
    ReadResult(usize),
    Fail(usize, usize),
    Refuse(usize),
    RefuseNewcomers(usize),
    Expire(usize),
    Offline,
    Timer(usize),
    Cut(usize),
    LoseFrames(usize),
    Probe(bool),
    Wait,
    Grace,
    StayUp,
    Online,
    Hide,
    Show(bool),
    Recreate,
    Version(bool),
    ChangeCredential,
    Serve(usize),
    Overflow(usize),
    RefuseSubscription(usize, usize),
    Tick(usize),
    LimitStaleness(usize),
    Silence(usize),
    Prune,
    WatchStored(usize),
    Store(usize),
    WatchAgain(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0usize..8;
    prop_oneof![
        8 => at().prop_map(Step::Put),
        4 => at().prop_map(Step::Delete),
        2 => (at(), any::<bool>()).prop_map(|(n, initial)| Step::Watch(n, initial)),
        1 => at().prop_map(Step::Stop),
        6 => at().prop_map(Step::Open),
        8 => at().prop_map(Step::Deliver),
        1 => at().prop_map(Step::Repeat),
        9 => at().prop_map(Step::Consider),
        9 => at().prop_map(Step::ReadResult),
        2 => (at(), at()).prop_map(|(n, error)| Step::Fail(n, error)),
        1 => at().prop_map(Step::Refuse),
        1 => at().prop_map(Step::RefuseNewcomers),
        1 => at().prop_map(Step::Expire),
        1 => Just(Step::Offline),
        4 => at().prop_map(Step::Timer),
        2 => at().prop_map(Step::Cut),
        1 => at().prop_map(Step::LoseFrames),
        2 => any::<bool>().prop_map(Step::Probe),
        4 => Just(Step::Wait),
        1 => Just(Step::Grace),
        1 => Just(Step::StayUp),
        1 => Just(Step::Online),
        1 => Just(Step::Hide),
        1 => any::<bool>().prop_map(Step::Show),
        1 => Just(Step::Recreate),
        1 => any::<bool>().prop_map(Step::Version),
        1 => Just(Step::ChangeCredential),
        6 => at().prop_map(Step::Serve),
        1 => at().prop_map(Step::Overflow),
        1 => (at(), at()).prop_map(|(n, error)| Step::RefuseSubscription(n, error)),
        1 => at().prop_map(Step::Tick),
        1 => at().prop_map(Step::LimitStaleness),
        1 => at().prop_map(Step::Silence),
        1 => Just(Step::Prune),
        1 => at().prop_map(Step::WatchStored),
        2 => at().prop_map(Step::Store),
        2 => at().prop_map(Step::WatchAgain),
    ]
}

/// An error that may pass.
fn transient(n: usize) -> Error {
    match n % 4 {
        0 => Error::RequestFailed("no".into()),
        1 => Error::Timeout { ms: 10 },
        2 => Error::status_of(503, "not now"),
        _ => Error::Http {
            status: 429,
            message: "slow down".into(),
            retry_after: Some(2.0),
            retryable: None,
        },
    }
}

/// What watches have stored, and the number of their filter.
type Storage = Vec<(usize, StoredEntries)>;

/// Notes what a watch of a filter would store now.
fn store(world: &World, storage: &mut Storage, n: usize) {
    let mut recorders = world.recorders.values().cycle().skip(n);
    let stored = (recorders.by_ref().take(world.recorders.len())).find_map(|recorder| {
        let is_of = |filter: &&[&str]| {
            let texts = recorder.patterns.iter().map(|pattern| pattern.as_str());
            texts.eq(filter.iter().copied())
        };
        Some((FILTERS.iter().position(is_of)?, recorder.to_store()?))
    });
    storage.extend(stored);
}

fn take(world: &mut World, storage: &mut Storage, step: &Step) {
    match *step {
        Step::Put(n) => world.put(KEYS[n % KEYS.len()]),
        Step::Delete(n) => world.delete(KEYS[n % KEYS.len()]),
        Step::Watch(n, initial) if !world.ended => _ = world.watch(FILTERS[n], initial),
        Step::Stop(n) => {
            let ids: Vec<SubscriberId> = world.recorders.keys().copied().collect();
            // The feed is to go on.
            if ids.len() > 1 {
                world.stop(ids[n % ids.len()]);
            }
        }
        Step::Open(n) => _ = world.open(n),
        Step::Deliver(n) => _ = world.deliver(n, false),
        Step::Repeat(n) => _ = world.deliver(n, true),
        Step::Consider(n) => _ = world.consider(n),
        Step::ReadResult(n) => _ = world.answer(n),
        Step::Fail(n, error) => _ = world.fail(n, transient(error)),
        // A refusal ends a subscriber; the feed is to go on.
        Step::Refuse(n) if world.recorders.len() > 1 => _ = world.refuse(n),
        Step::RefuseNewcomers(n) => _ = world.refuse_newcomers([4403, 1008, 1000][n % 3]),
        Step::Expire(n) => _ = world.expire(n),
        Step::Offline => world.then(|feed| feed.offline()),
        Step::Timer(n) => {
            let timers = [
                Timer::Fetch,
                Timer::Widen,
                Timer::Handshake,
                Timer::Freshness,
            ];
            world.fire(timers[n % timers.len()]);
        }
        Step::Cut(n) => _ = world.cut(n, 1006),
        Step::LoseFrames(n) => _ = world.lose_frames(n),
        Step::Probe(fine) => {
            let answer = match fine {
                true => Ok(()),
                false => Err(Error::RequestFailed("no".into())),
            };
            _ = world.answer_probe(answer);
        }
        Step::Wait => _ = world.wait(),
        Step::Grace => _ = world.end_grace(),
        Step::StayUp => _ = world.stay_up(),
        Step::Online => world.then(|feed| feed.online()),
        Step::Hide => world.then(|feed| feed.hidden()),
        Step::Show(long) => world.then(|feed| feed.visible(if long { 60_000.0 } else { 10.0 })),
        Step::Recreate => world.recreate(),
        Step::Version(is_2) => world.is_version_2 = is_2,
        Step::ChangeCredential => world.then(|feed| feed.credential_changed()),
        Step::Serve(n) => _ = world.serve(n),
        Step::Overflow(n) => _ = world.overflow(n),
        // A refusal ends a subscriber; the feed is to go on.
        Step::RefuseSubscription(n, 0) if world.recorders.len() > 1 => {
            _ = world.refuse_subscription(n, &Error::status_of(403, "no"));
        }
        Step::RefuseSubscription(n, error) => {
            _ = world.refuse_subscription(n, &transient(error));
        }
        Step::Tick(n) => _ = world.tick(n),
        Step::LimitStaleness(n) => world.limit_staleness(n),
        Step::Silence(n) => world.silence(n),
        Step::Prune => world.prune(),
        Step::Store(n) => store(world, storage, n),
        Step::WatchStored(n) if !world.ended => _ = world.watch_stored(FILTERS[n], None),
        Step::WatchAgain(n) if !world.ended && !storage.is_empty() => {
            let (filter, stored) = storage[n % storage.len()].clone();
            world.watch_stored(FILTERS[filter], Some(stored));
        }
        Step::WatchStored(_) | Step::WatchAgain(_) => {}
        Step::Watch(..) | Step::Refuse(_) => {}
    }
}

/// What a run begins with.
#[derive(Debug, Clone)]
struct Start {
    replays: bool,
    is_version_2: bool,
    pauses: bool,
    order: Order,
    /// Whether there are other keys, and an order of the listing can be proven.
    is_large: bool,
    puts: Vec<usize>,
}

fn start() -> impl Strategy<Value = Start> {
    let order = prop_oneof![
        3 => Just(Order::LastRevision),
        1 => Just(Order::Name),
        1 => Just(Order::Creation),
        1 => Just(Order::Random),
    ];
    let puts = prop::collection::vec(0usize..8, 0..6);
    (any::<[bool; 4]>(), order, puts).prop_map(
        |([replays, is_version_2, pauses, is_large], order, puts)| Start {
            replays,
            is_version_2,
            pauses,
            order,
            is_large,
            puts,
        },
    )
}

fn run(start: &Start, steps: &[Step]) {
    let mut settings = settings();
    settings.visibility.pause_on_hidden = start.pauses;
    let mut world = World::new(settings);
    (world.replays, world.is_version_2) = (start.replays, start.is_version_2);
    world.order = start.order;
    for key in &start.puts {
        world.put(KEYS[key % KEYS.len()]);
    }
    if start.is_large {
        // Sorted by name, by creation and by revision alike, and before the others.
        (0..18).for_each(|n| world.put(&concat(&["Z", &decimal(100 + n)])));
        world.watch(&[">"], true);
        world.settle();
        for key in &start.puts {
            world.put(KEYS[key % KEYS.len()]);
        }
    }
    world.watch(&[">"], false);
    let mut storage = Storage::new();
    for step in steps {
        take(&mut world, &mut storage, step);
        // One refusal may end several subscribers, and the last of them the feed.
        if world.recorders.is_empty() {
            return;
        }
        world.recorders.values().for_each(check_order);
        world.recorders.values().for_each(check_initial);
        (world.recorders.values()).for_each(|recorder| check_fresh(&world, recorder));
    }
    world.then(|feed| feed.visible(0.0));
    world.settle();
    // A server that lists in another order shows a dead connection only by the keys that are new or gone.
    if start.order == Order::LastRevision && world.feed.subscribers.max_staleness().is_some() {
        world.await_freshness();
    } else {
        while let Some(silent) = world.wires.iter().position(|wire| wire.silent) {
            world.cut(silent, 1006);
            world.settle();
        }
    }
    assert!(!world.ended && world.wires.len() == 1, "{:?}", world.wires);
    for recorder in world.recorders.values() {
        check_order(recorder);
        check_initial(recorder);
        if start.order == Order::LastRevision {
            check_unchanged(&world, recorder);
        }
        check_final(&world, recorder);
        let is_partial = world.blind || !world.unreadable.is_empty();
        assert!(recorder.fresh_by.is_some() || is_partial, "{recorder:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("IRONFLOW_INTERLEAVINGS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn hold_whatever_happens(
        start in start(),
        steps in prop::collection::vec(step(), 0..80),
    ) {
        run(&start, &steps);
    }
}
