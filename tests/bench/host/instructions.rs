//! Work on the store and on the feed whose instructions are counted: run under callgrind, which
//! collects only what [`measured`] does. The argument names the work; without one all names are
//! printed.

use std::hint::black_box;

use ironflow_bench::{Bench, exactly, few_users_of, key, pattern, users};
use ironflow_browser::feed::{Action, Change, ConnectionId, Feed, KeySlot, Name, Settings};
use ironflow_browser::kv::{Key, Pattern};

type Work = fn();

const WORKS: [(&str, Work); 10] = [
    ("store: 1,000 puts of new keys", create_keys),
    ("store: 1,000 puts among 10,000 keys", put_among_keys),
    ("store: 1,000 gets among 10,000 keys", get_among_keys),
    ("store: 100 puts among 10,000 watchers", put_among_watchers),
    ("index: 10 of 10,000 keys listed, 100 times", list_few),
    ("index: 10,000 keys listed", list_all),
    ("feed: 10,000 watchers join", join),
    ("feed: 1,000 events, 1 watcher", || {
        follow(&[pattern(">")], 1_000)
    }),
    ("feed: 100 events delivered to 100 watchers", || {
        follow(&vec![pattern("user.>"); 100], 100);
    }),
    ("feed: 1,000 events among 10,000 watchers", || {
        follow(&exactly(&users(10_000)), 1_000);
    }),
];

fn main() {
    let Some(name) = std::env::args().nth(1) else {
        WORKS.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let work = WORKS.iter().find(|(known, _)| *known == name);
    work.expect("the name of a work").1();
}

/// Callgrind collects between this function's beginning and its end.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Not a tail call: the function must be there to be returned from.
    black_box(());
}

/// The keys in an order of their own, again and again.
fn turns<K: Clone>(keys: &[K], count: usize) -> Vec<K> {
    let at = |n: usize| keys[n * 7919 % keys.len()].clone();
    (0..count).map(at).collect()
}

fn create_keys() {
    let keys = users(1_000);
    let mut bench = Bench::default();
    measured(&mut || keys.iter().for_each(|key| bench.put(key)));
}

fn put_among_keys() {
    let keys = users(10_000);
    let mut bench = Bench::with_keys(&keys);
    let written = turns(&keys, 1_000);
    measured(&mut || written.iter().for_each(|key| bench.put(key)));
}

fn get_among_keys() {
    let keys = users(10_000);
    let mut bench = Bench::with_keys(&keys);
    let read = turns(&keys, 1_000);
    measured(&mut || {
        for key in &read {
            black_box(bench.store.get(&bench.bucket, key).expect("an entry"));
        }
    });
}

fn put_among_watchers() {
    let keys = users(10_000);
    let mut bench = Bench::with_watchers(&exactly(&keys));
    let written = turns(&keys, 100);
    measured(&mut || written.iter().for_each(|key| bench.put(key)));
}

fn list_few() {
    let mut bench = Bench::with_keys(&few_users_of(10_000));
    let wanted = pattern("user.>");
    measured(&mut || {
        for _ in 0..100 {
            assert_eq!(bench.list(&wanted), 10);
        }
    });
}

fn list_all() {
    let mut bench = Bench::with_keys(&users(10_000));
    measured(&mut || assert_eq!(bench.list(&Pattern::all()), 10_000));
}

/// A feed, and the connection it has activated on.
struct Following {
    feed: Feed<u64>,
    connection_id: Option<ConnectionId>,
    delivered: usize,
}

impl Following {
    fn new() -> Self {
        Self {
            feed: Feed::new(Settings::in_memory(), false, false),
            connection_id: None,
            delivered: 0,
        }
    }

    /// Carries out what is to be done: connections open at once.
    fn run(&mut self) {
        loop {
            let mut actions = self.feed.take_actions();
            if actions.is_empty() {
                return;
            }
            for action in actions.drain(..) {
                match action {
                    Action::Connect(connection_id, _) => {
                        self.feed.opened(connection_id);
                        self.connection_id = Some(connection_id);
                    }
                    Action::Deliver(to, event, _) => {
                        self.delivered += black_box((to, event)).0.ids().len()
                    }
                    _ => {}
                }
            }
            self.feed.recycle(actions);
        }
    }

    fn join(&mut self, pattern: &Pattern) {
        let id = self.feed.subscribe(std::slice::from_ref(pattern), false);
        self.run();
        self.feed.activated(id);
        self.run();
    }

    /// Gives the slot of the key.
    fn receive(&mut self, key: Name<'_>, revision: u64) -> Option<KeySlot> {
        let connection_id = self.connection_id?;
        let change = Change {
            key,
            revision,
            deleted: false,
            payload: revision,
        };
        let slot = self.feed.changed(connection_id, change);
        self.run();
        slot
    }
}

fn join() {
    let patterns = exactly(&users(10_000));
    let mut following = Following::new();
    measured(&mut || patterns.iter().for_each(|pattern| following.join(pattern)));
}

/// Events of known keys, identified by their slots.
fn follow(patterns: &[Pattern], events: u64) {
    let mut following = Following::new();
    patterns.iter().for_each(|pattern| following.join(pattern));
    let keys = users(patterns.len().max(100));
    let receive = |(revision, key): (u64, &Key)| following.receive(Name::Text(key), revision);
    let slots: Vec<KeySlot> = (1..).zip(&keys).filter_map(receive).collect();
    let before = following.delivered;
    let changed = turns(&slots, usize::try_from(events).expect("a number"));
    let newest = keys.len() as u64;
    measured(&mut || {
        for (n, slot) in (1..).zip(&changed) {
            following.receive(Name::KeySlot(*slot), newest + n);
        }
    });
    assert!(following.delivered > before, "{:?} received", key("user.0"));
}
