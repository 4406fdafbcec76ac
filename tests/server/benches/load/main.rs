//! The reference server under load, on memory and on JetStream, beside JetStream itself and an echo on the
//! same HTTP stack: what the server adds. They work in alternation, on the same machine as their clients. A line of JSON for
//! each thing: microseconds, round by round, and for what is called `cpu`, what the processes used.
//! `QUICK=1` makes the rounds few and short.

mod contender;
mod echo;
mod fan_out;
mod jetstream;

use std::time::Instant;

use ironflow_harness::process::{ironflow_server, nats_server};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use contender::{Contender, Party};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ironflow-server");

/// File descriptors: a thousand sockets of each, and their other ends.
const FILES: u64 = 16_000;

/// How much is done.
#[derive(Clone, Copy)]
struct Pace {
    rounds: u32,
    /// A batch is that much smaller.
    divisor: u32,
}

fn main() {
    if echo::is_wanted() {
        return Runtime::new().expect("a runtime").block_on(echo::serve());
    }
    // Cargo passes arguments of its own; there is nothing to choose.
    let quick = std::env::var("QUICK").is_ok_and(|quick| quick == "1");
    let pace = match quick {
        true => Pace {
            rounds: 2,
            divisor: 10,
        },
        false => Pace {
            rounds: 9,
            divisor: 1,
        },
    };
    // The servers inherit the limit, so it comes first.
    rlimit::increase_nofile_limit(FILES).expect("a limit");
    let nats = nats_server().expect("a nats-server");
    let on_memory = ironflow_server(PROGRAM, &[]).expect("a server");
    let on_nats = ironflow_server(PROGRAM, &["--store", &nats.address]).expect("a server");
    let echo = echo::start().expect("a server");
    let parties = [
        Party::new("jetstream", Contender::JetStream, &nats.address, &[&nats]),
        Party::new(
            "nats",
            Contender::Server,
            &on_nats.address,
            &[&on_nats, &nats],
        ),
        Party::new(
            "memory",
            Contender::Server,
            &on_memory.address,
            &[&on_memory],
        ),
        Party::new("echo", Contender::Server, &echo.address, &[&echo]),
    ];
    Runtime::new().expect("a runtime").block_on(async {
        for (party, server) in parties.iter().zip([&on_nats, &on_nats, &on_memory]) {
            party.create_bucket(server).await;
        }
        for clients in [1, 8] {
            throughput(&parties, "put", clients, pace).await;
            throughput(&parties, "get", clients, pace).await;
        }
        for sockets in [1, 100, 1_000] {
            fan_out::measure(&parties, sockets, pace).await;
        }
    });
}

/// Operations by so many clients at once, each on a key of its own.
async fn throughput(parties: &[Party<'_>], operation: &'static str, clients: u32, pace: Pace) {
    let each = 1_200 / (clients + 3) / pace.divisor * 4;
    let mut report = Report::new(parties);
    let mut connected = Vec::new();
    for party in parties {
        let mut all = Vec::new();
        for number in 0..clients {
            let client = party.connect().await;
            client.put(&format!("key.{number}")).await;
            all.push(client);
        }
        connected.push(all);
    }
    for _ in 0..pace.rounds {
        for (n, party) in parties.iter().enumerate() {
            let (before, start) = (party.cpu(), Instant::now());
            let mut tasks = JoinSet::new();
            for (number, client) in connected[n].iter().cloned().enumerate() {
                tasks.spawn(async move {
                    let key = format!("key.{number}");
                    for _ in 0..each {
                        match operation {
                            "put" => client.put(&key).await,
                            _ => client.get(&key).await,
                        };
                    }
                });
            }
            tasks.join_all().await;
            let took = start.elapsed();
            report.add(
                n,
                took.as_secs_f64() * 1e6,
                before,
                party.cpu(),
                u64::from(each * clients),
            );
        }
    }
    report.print(operation, clients);
}

/// What is measured of each party: time, and what its processes used of the processors.
struct Report<'a> {
    parties: &'a [Party<'a>],
    times: Vec<Vec<f64>>,
    /// Microseconds, by process.
    used: Vec<Vec<f64>>,
    units: Vec<u64>,
}

impl<'a> Report<'a> {
    fn new(parties: &'a [Party<'a>]) -> Self {
        Self {
            parties,
            times: vec![Vec::new(); parties.len()],
            used: parties
                .iter()
                .map(|party| vec![0.0; party.processes()])
                .collect(),
            units: vec![0; parties.len()],
        }
    }

    /// Adds a batch of so many units.
    fn add(&mut self, n: usize, took: f64, before: Vec<f64>, after: Vec<f64>, units: u64) {
        self.times[n].push(took / units as f64);
        for (used, (before, after)) in self.used[n].iter_mut().zip(before.iter().zip(after)) {
            *used += after - before;
        }
        self.units[n] += units;
    }

    fn print(&self, name: &str, size: u32) {
        let times = self
            .times
            .iter()
            .map(|times| format!("{times:?}"))
            .collect();
        self.line(&format!("load.{name}"), size, times);
        // The first process is the one that clients speak to, the next the one behind it.
        for (place, kind) in ["cpu", "behind"].into_iter().enumerate() {
            let used = self.used.iter().zip(&self.units);
            let each = used.map(|(used, units)| match used.get(place) {
                Some(used) => format!("[{:?}]", used / *units as f64),
                None => String::new(),
            });
            self.line(&format!("load.{kind}.{name}"), size, each.collect());
        }
    }

    fn line(&self, id: &str, size: u32, values: Vec<String>) {
        let samples = self.parties.iter().zip(values);
        let samples = samples.filter(|(_, value)| !value.is_empty());
        let samples: Vec<_> = samples
            .map(|(party, value)| format!(r#""{}":{value}"#, party.name))
            .collect();
        let samples = samples.join(",");
        println!(r#"{{"id":"{id}","size":{size},"samples":{{{samples}}}}}"#);
    }
}
