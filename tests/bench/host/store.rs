//! What the store's index saves: how long a scan over everything takes, and how long the store's own
//! way, measured in alternation. A line of JSON for each: microseconds, round by round.
//!
//! The index is a tree with a level a token (`src/store/tree.rs`). A listing walks only the branches
//! its pattern can match, a write looks up at most three children a token, so neither grows with
//! what cannot match.

use std::hint::black_box;
use std::time::Instant;

use ironflow_bench::{Bench, exactly, few_users_of, key, pattern, users};

const ROUNDS: u32 = 21;

fn main() {
    for count in [1_000, 10_000, 100_000] {
        list_few_of_many(count);
    }
    for count in [10, 100, 1_000, 10_000] {
        write_among_watchers(count);
    }
}

/// `listKeys("user.>")` where 10 keys match.
fn list_few_of_many(count: usize) {
    let keys = few_users_of(count);
    let mut bench = Bench::with_keys(&keys);
    let wanted = pattern("user.>");
    let scan = || keys.iter().filter(|key| wanted.matches(key)).count();
    compare(
        "index.listing",
        count,
        10,
        [&mut || assert_eq!(black_box(scan()), 10), &mut || {
            assert_eq!(bench.list(&wanted), 10);
        }],
    );
}

/// One write where each watcher watches another key.
fn write_among_watchers(count: usize) {
    let patterns = exactly(&users(count));
    let mut bench = Bench::with_watchers(&patterns);
    let written = key("user.7");
    let scan = || patterns.iter().filter(|p| p.matches(&written)).count();
    compare(
        "index.write",
        count,
        1_000,
        [&mut || assert_eq!(black_box(scan()), 1), &mut || {
            bench.put(&written);
        }],
    );
}

/// Runs both in alternation, a batch at a time, and prints the times.
fn compare(id: &str, size: usize, batch: u32, mut works: [&mut dyn FnMut(); 2]) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, work) in times.iter_mut().zip(&mut works) {
            let start = Instant::now();
            (0..batch).for_each(|_| work());
            times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(batch));
        }
    }
    let [scan, store] = times;
    println!(r#"{{"id":"{id}","size":{size},"samples":{{"scan":{scan:?},"store":{store:?}}}}}"#);
}
