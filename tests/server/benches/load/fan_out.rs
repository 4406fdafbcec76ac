//! One bucket, many sockets: each receives every change.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::contender::{Client, Party, Watcher};
use crate::{Pace, Report};

const WRITERS: u32 = 4;

pub(crate) async fn measure(parties: &[Party<'_>], sockets: u32, pace: Pace) {
    let changes = (40_000 / (sockets + 9) + 60) / pace.divisor;
    let rounds = pace.rounds.min(5);
    let mut report = Report::new(parties);
    let mut memory = Vec::new();
    let mut ready = Vec::new();
    for party in parties {
        let before = party.resident_bytes();
        let client = party.connect().await;
        let mut watchers = Vec::new();
        for _ in 0..sockets {
            // A connection each, as every browser has.
            watchers.push(party.connect().await.watch().await);
        }
        let each = party.resident_bytes().saturating_sub(before) / u64::from(sockets);
        memory.push(format!("[{each}]"));
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            writers.push(party.connect().await);
        }
        ready.push((client, watchers, writers));
    }
    for _ in 0..rounds {
        for (n, party) in parties.iter().enumerate() {
            let (client, watchers, writers) = &mut ready[n];
            // By then, the earlier writes have been delivered.
            let newest = client.put("first").await;
            sleep(Duration::from_millis(20)).await;
            let goal = newest + u64::from(changes / WRITERS * WRITERS);
            let (before, start) = (party.cpu(), Instant::now());
            let received = write_and_receive(writers, watchers, changes, goal).await;
            let took = start.elapsed();
            report.add(n, took.as_secs_f64() * 1e6, before, party.cpu(), received);
        }
    }
    for (_, watchers, _) in ready {
        for watcher in watchers {
            watcher.end().await;
        }
    }
    report.print("fan_out", sockets);
    report.line("load.bytes", sockets, memory);
}

/// The number of events that all watchers together received until each had received the last.
async fn write_and_receive(
    writers: &[Client],
    watchers: &mut Vec<Watcher>,
    changes: u32,
    goal: u64,
) -> u64 {
    let mut receiving = JoinSet::new();
    for mut watcher in watchers.drain(..) {
        receiving.spawn(async move {
            let mut received = 0;
            loop {
                let revision = watcher.next().await;
                received += 1;
                if revision >= goal {
                    return (watcher, received);
                }
            }
        });
    }
    let mut writing = JoinSet::new();
    for (number, writer) in writers.iter().cloned().enumerate() {
        writing.spawn(async move {
            for n in 0..changes / WRITERS {
                writer.put(&format!("user.{number}.{}", n % 50)).await;
            }
        });
    }
    writing.join_all().await;
    let mut total = 0;
    for (watcher, received) in receiving.join_all().await {
        watchers.push(watcher);
        total += received;
    }
    total
}
